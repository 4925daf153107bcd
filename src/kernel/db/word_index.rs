//! An index of words: which rows bear all words of a question, the highest place first. SQLite has one
//! in FTS5, PostgreSQL in GIN over `tsvector`. Neither takes text apart here: both are given terms of
//! letters and digits that are the same on both, so that one question has one answer, and nothing that
//! is typed is ever a word of their query languages.
//!
//! What rows must be confined by is a term too: words and confinement are met in one pass.

mod look;

use std::borrow::Cow;
use std::collections::BTreeSet;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Text};

use super::DbConn;
use super::bulk::PlainSql;

/// Bytes of a term: PostgreSQL takes no more than 2,046.
const LONGEST: usize = 400;

/// Letters of the beginnings that SQLite keeps beside a word. FTS5 gathers all rows of all words that begin
/// so before it answers the first: of the beginnings that people type, and of whole words, it must not.
const BEGINNINGS: std::ops::RangeInclusive<usize> = 2..=6;

/// A word, or a mark under which rows stand. It holds lower-case ASCII letters, digits and `_` alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term(String);

impl Term {
    /// A word.
    #[must_use]
    pub fn word(word: &str) -> Self {
        Self(encoded(String::new(), word))
    }

    /// A mark of this kind, which no word is. The kind `b` is that of beginnings.
    #[must_use]
    pub fn mark(kind: char, text: &str) -> Self {
        Self(encoded(format!("{kind}__"), text))
    }

    /// As the beginning of a word, where it is kept.
    fn beginning(&self) -> Option<Self> {
        BEGINNINGS.contains(&self.0.len()).then(|| Self(format!("b__{}", self.0)))
    }

    /// As it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Letters and digits of ASCII as they are, whatever else by its number between strokes.
fn encoded(mut term: String, text: &str) -> String {
    use std::fmt::Write;
    for letter in text.chars() {
        // A text takes whatever is written.
        let _ = match letter {
            'a'..='z' | '0'..='9' => term.write_char(letter),
            _ => write!(term, "_{:x}_", u32::from(letter)),
        };
        if term.len() >= LONGEST {
            break;
        }
    }
    term
}

/// These terms, and the beginnings of those that are words.
fn with_beginnings(terms: &str) -> String {
    let mut all: BTreeSet<Cow<'_, str>> = terms.split(' ').map(Cow::Borrowed).collect();
    // The second and third letters of a mark are strokes, which those of no word are.
    for word in terms.split(' ').filter(|term| term.get(1..3) != Some("__")) {
        let ends = BEGINNINGS.take_while(|end| *end < word.len());
        all.extend(ends.filter_map(|end| word.get(..end)).map(|beginning| format!("b__{beginning}").into()));
    }
    all.into_iter().collect::<Vec<_>>().join(" ")
}

/// What a row must bear. `All` and `Any` hold one part at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// This term.
    Word(Term),
    /// A term that begins so.
    Beginning(Term),
    /// All of these.
    All(Vec<Asked>),
    /// One of these.
    Any(Vec<Asked>),
    /// The first, and not the second.
    But(Box<[Asked; 2]>),
    /// This, of so many parts that rows which bear all else are better sifted by it, where they are few. It
    /// stands beside other parts of an [`Asked::All`].
    Sifted(Box<Asked>),
}

/// How a database writes a question.
struct Language {
    quote: char,
    beginning: &'static str,
    keeps_beginnings: bool,
    /// Whether what is to be sifted is left out.
    is_wide: bool,
    all: &'static str,
    any: &'static str,
    but: &'static str,
}

const FTS5: Language = Language {
    quote: '"',
    beginning: " *",
    keeps_beginnings: true,
    is_wide: false,
    all: " AND ",
    any: " OR ",
    but: " NOT ",
};
const TSQUERY: Language = Language {
    quote: '\'',
    beginning: ":*",
    keeps_beginnings: false,
    is_wide: false,
    all: " & ",
    any: " | ",
    but: " & !",
};
const WIDE_TSQUERY: Language = Language { is_wide: true, ..TSQUERY };

impl Asked {
    fn written(&self, language: &Language) -> String {
        let joined = |parts: &[Self], by: &str| {
            let parts: Vec<String> = parts.iter().map(|part| part.written(language)).collect();
            format!("({})", parts.join(by))
        };
        let quote = language.quote;
        match self {
            Self::Word(term) => format!("{quote}{}{quote}", term.as_str()),
            Self::Beginning(term) => match term.beginning().filter(|_| language.keeps_beginnings) {
                Some(beginning) => joined(&[Self::Word(term.clone()), Self::Word(beginning)], language.any),
                None => format!("{quote}{}{quote}{}", term.as_str(), language.beginning),
            },
            Self::All(parts) => {
                let is_left_out = |part: &Self| language.is_wide && matches!(part, Self::Sifted(_));
                let parts = parts.iter().filter(|part| !is_left_out(part));
                let parts: Vec<String> = parts.map(|part| part.written(language)).collect();
                format!("({})", parts.join(language.all))
            }
            Self::Any(parts) => joined(parts, language.any),
            Self::But(parts) => joined(parts.as_slice(), language.but),
            Self::Sifted(part) => part.written(language),
        }
    }
}

/// How many rows a question is likely to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A few, such as those that bear one number.
    Few,
    /// Any number.
    Any,
}

/// Makes the index, empty, where there is none.
///
/// # Errors
/// When the database cannot be written.
pub fn make(conn: &mut DbConn) -> QueryResult<()> {
    match conn {
        DbConn::Sqlite(sqlite) => {
            sql_query(
                "CREATE VIRTUAL TABLE search_words USING fts5(terms, content = '', contentless_delete = 1, \
                 detail = none, tokenize = \"ascii tokenchars '_'\")",
            )
            .execute(sqlite)?;
        }
        DbConn::Pg(pg) => {
            sql_query("CREATE TABLE search_words (place BIGINT PRIMARY KEY, terms TSVECTOR NOT NULL)")
                .execute(pg)?;
            // Each question reads through what was written last and is not sorted into the index yet: of the 4 MB
            // that PostgreSQL lets gather, a hundred milliseconds long.
            sql_query(
                "CREATE INDEX search_words_terms ON search_words USING gin (terms) \
                 WITH (gin_pending_list_limit = 256)",
            )
            .execute(pg)?;
        }
    }
    Ok(())
}

/// Takes the index away.
///
/// # Errors
/// When the database cannot be written.
pub fn take_away(conn: &mut DbConn) -> QueryResult<()> {
    sql_query("DROP TABLE IF EXISTS search_words").execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Whether there is an index.
///
/// # Errors
/// When the database cannot be read.
pub fn is_there(conn: &mut DbConn) -> QueryResult<bool> {
    let question = match conn {
        DbConn::Pg(_) => "SELECT count(to_regclass('search_words')) AS count",
        DbConn::Sqlite(_) => "SELECT count(*) AS count FROM sqlite_schema WHERE name = 'search_words'",
    };
    Ok(sql_query(question).get_result::<Count>(conn)?.count > 0)
}

/// Puts rows in: their places, where none stands yet, and their terms with one space between.
///
/// # Errors
/// When the database cannot be written.
pub fn put(conn: &mut DbConn, rows: &[(i64, String)]) -> QueryResult<()> {
    match conn {
        DbConn::Sqlite(sqlite) => {
            for (place, terms) in rows {
                let row = (place.into_sql::<BigInt>(), with_beginnings(terms).into_sql::<Text>());
                let texts = ["INSERT INTO search_words (rowid, terms) VALUES (", ", ", ")"];
                PlainSql { texts, values: row }.execute(sqlite)?;
            }
        }
        DbConn::Pg(pg) => {
            let (places, terms): (Vec<i64>, Vec<&str>) =
                rows.iter().map(|(place, terms)| (*place, terms.as_str())).unzip();
            let texts = [
                "INSERT INTO search_words (place, terms) \
                 SELECT place, array_to_tsvector(string_to_array(terms, ' ')) FROM unnest(",
                ", ",
                ") AS given (place, terms)",
            ];
            let rows = (places.into_sql::<Array<BigInt>>(), terms.into_sql::<Array<Text>>());
            PlainSql { texts, values: rows }.execute(pg)?;
        }
    }
    Ok(())
}

/// Puts a row in beside the entry to which it belongs, whose insert names its place, in one statement; neither where
/// that insert meets another row. Whether they were put in.
///
/// # Errors
/// When the database cannot be written.
pub fn put_beside(pg: &mut PgConnection, entry: impl QueryFragment<Pg>, terms: &str) -> QueryResult<bool> {
    let texts = [
        "WITH entry AS (",
        " RETURNING place) INSERT INTO search_words (place, terms) \
         SELECT place, array_to_tsvector(string_to_array(",
        ", ' ')) FROM entry",
    ];
    Ok(PlainSql { texts, values: (entry, terms.into_sql::<Text>()) }.execute(pg)? == 1)
}

/// Takes the rows at these places out.
///
/// # Errors
/// When the database cannot be written.
pub fn take_out(conn: &mut DbConn, places: &[i64]) -> QueryResult<()> {
    match conn {
        DbConn::Sqlite(sqlite) => {
            for place in places {
                let texts = ["DELETE FROM search_words WHERE rowid = ", "", ""];
                PlainSql { texts, values: (place.into_sql::<BigInt>(), ()) }.execute(sqlite)?;
            }
        }
        DbConn::Pg(pg) => {
            let texts = ["DELETE FROM search_words WHERE place = ANY(", ")", ""];
            PlainSql { texts, values: (places.into_sql::<Array<BigInt>>(), ()) }.execute(pg)?;
        }
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = BigInt)]
    place: i64,
}

/// The places of the rows that bear what is asked, the highest first, below a place where one is named.
///
/// # Errors
/// When the database cannot be read.
pub fn places(
    conn: &mut DbConn,
    asked: &Asked,
    expected: Expected,
    (below, limit): (Option<i64>, i64),
) -> QueryResult<Vec<i64>> {
    let below = below.unwrap_or(i64::MAX);
    let rows: Vec<Place> = match conn {
        DbConn::Sqlite(sqlite) => sql_query(
            "SELECT rowid AS place FROM search_words WHERE search_words MATCH ? AND rowid < ? \
             ORDER BY rowid DESC LIMIT ?",
        )
        .bind::<Text, _>(asked.written(&FTS5))
        .bind::<BigInt, _>(below)
        .bind::<BigInt, _>(limit)
        .load(sqlite)?,
        DbConn::Pg(pg) => {
            return look::places(pg, asked, look::looks(expected), (below, limit));
        }
    };
    Ok(rows.into_iter().map(|row| row.place).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::db::plan::{MigratedPostgres, migrated};

    fn word(text: &str) -> Asked {
        Asked::Word(Term::word(text))
    }

    #[test]
    fn no_word_is_a_mark() {
        assert_eq!(Term::word("quyet").as_str(), "quyet");
        assert_eq!(Term::mark('k', "67/qd").as_str(), "k__67_2f_qd");
        assert_eq!(Term::word("k__").as_str(), "k_5f__5f_");
        assert_eq!(Term::word("字").as_str(), "_5b57_");
    }

    #[test]
    fn words_have_beginnings_and_marks_have_none() {
        assert_eq!(with_beginnings("quyet 7 t__period"), "7 b__qu b__quy b__quye quyet t__period");
        assert_eq!(with_beginnings("_df__df_"), "_df__df_ b___d b___df b___df_ b___df__ b___df__d");
        assert_eq!(Term::word("quyet").beginning(), Some(Term("b__quyet".into())));
        assert_eq!((Term::word("q").beginning(), Term::word("quyetdinh").beginning()), (None, None));
    }

    proptest! {
        #[test]
        fn a_term_is_of_plain_letters_whatever_is_typed(text in any::<String>()) {
            for term in [Term::word(&text), Term::mark('u', &text)] {
                let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
                prop_assert!(term.as_str().bytes().all(is_plain));
                prop_assert!(term.as_str().len() < LONGEST + 12);
            }
            prop_assert!(!Term::word(&text).as_str().starts_with("u__"));
        }
    }

    #[test]
    fn both_databases_give_the_same_places() {
        let (_folder, mut sqlite) = migrated();
        let mut postgres = MigratedPostgres::new();
        let rows =
            [(5, "quyet dinh so 67 nghiengngay u__a"), (9, "quyet dinh 1 u__b"), (7, "quyen loi u__a")];
        let rows = rows.map(|(place, terms)| (place, terms.to_owned()));
        let questions: [(Asked, &[i64]); 10] = [
            (Asked::Beginning(Term::word("quyet")), &[9, 5]),
            (Asked::Beginning(Term::word("nghiengnga")), &[5]),
            (Asked::Beginning(Term::word("nghiengngax")), &[]),
            (word("quyet"), &[9, 5]),
            (Asked::Beginning(Term::word("quye")), &[9, 7, 5]),
            (Asked::All(vec![word("dinh"), word("quyet"), word("67")]), &[5]),
            (Asked::Any(vec![word("67"), word("loi")]), &[7, 5]),
            (
                Asked::But(Box::new([Asked::Beginning(Term::word("qu")), Asked::Word(Term::mark('u', "a"))])),
                &[9],
            ),
            (Asked::All(vec![word("quyet"), Asked::Any(vec![word("khong")])]), &[]),
            (
                Asked::All(vec![
                    Asked::Beginning(Term::word("quy")),
                    Asked::Sifted(Box::new(Asked::Any(vec![word("67"), word("1")]))),
                ]),
                &[9, 5],
            ),
        ];
        let databases = std::iter::once(&mut sqlite).chain(postgres.as_mut().map(MigratedPostgres::conn));
        for conn in databases {
            put(conn, &rows).unwrap();
            for (asked, expected) in &questions {
                for likely in [Expected::Few, Expected::Any] {
                    assert_eq!(places(conn, asked, likely, (None, 10)).unwrap(), *expected, "{asked:?}");
                    let first = places(conn, asked, likely, (None, 1)).unwrap();
                    assert_eq!(first, expected.iter().copied().take(1).collect::<Vec<_>>());
                    let behind = places(conn, asked, likely, (Some(9), 10)).unwrap();
                    assert_eq!(behind, expected.iter().copied().filter(|at| *at < 9).collect::<Vec<_>>());
                }
            }
            take_out(conn, &[5, 9]).unwrap();
            assert!(places(conn, &word("quyet"), Expected::Any, (None, 10)).unwrap().is_empty());
            assert_eq!(places(conn, &word("quyen"), Expected::Any, (None, 10)).unwrap(), [7]);
        }
    }

    #[test]
    fn a_question_reads_through_little_that_waits_for_its_place_in_the_index() {
        let Some(mut postgres) = MigratedPostgres::new() else { return };
        let terms = |row: i64| (0..10).map(|word| format!("tu{row}x{word}")).collect::<Vec<_>>().join(" ");
        let rows: Vec<(i64, String)> = (0..4_000).map(|row| (row, terms(row))).collect();
        for part in rows.chunks(500) {
            put(postgres.conn(), part).unwrap();
        }
        let waiting: Count = sql_query("SELECT gin_clean_pending_list('search_words_terms') AS count")
            .get_result(postgres.conn())
            .unwrap();
        assert!(waiting.count <= 40, "{} pages of 8 kB waited", waiting.count);
    }
}
