//! How PostgreSQL finds a page of an index of words.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::{Asked, Expected, Place, TSQUERY, WIDE_TSQUERY};

/// How PostgreSQL looks for a page. It reads the rows of the index in no order, a row in 5 µs, and through
/// rows in their order in 1 µs each, whether they match or not: a common word fills a page out of the newest,
/// and of a rare one all rows are sorted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    /// Through so many rows, the highest first.
    Newest(i64),
    /// In the index for all that is not to be sifted, unless so many rows or more bear it.
    Sifted(i64),
    /// In the index for everything.
    Index,
}

/// What is done until a page is known.
const LOOKS: [Look; 4] = [Look::Newest(1_000), Look::Sifted(3_000), Look::Newest(20_000), Look::Index];
/// The same where few rows are likely to be found.
const FEW_LOOKS: [Look; 2] = [Look::Sifted(3_000), Look::Index];

/// The looks by which so many rows are found.
pub(super) fn looks(expected: Expected) -> &'static [Look] {
    match expected {
        Expected::Few => &FEW_LOOKS,
        Expected::Any => &LOOKS,
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Nullable<BigInt>)]
    place: Option<i64>,
}

/// The places by the first of these looks that knows them.
pub(super) fn places(
    pg: &mut PgConnection,
    asked: &Asked,
    looks: &[Look],
    (below, limit): (i64, i64),
) -> QueryResult<Vec<i64>> {
    let (exactly, widely) = (asked.written(&TSQUERY), asked.written(&WIDE_TSQUERY));
    let bound = |sql: &str, rows: i64| {
        sql_query(sql)
            .bind::<Text, _>(exactly.as_str())
            .bind::<BigInt, _>(below)
            .bind::<BigInt, _>(limit)
            .bind::<BigInt, _>(rows)
    };
    for look in looks {
        match *look {
            Look::Newest(rows) => {
                let found: Vec<Place> = bound(
                    "SELECT place FROM (SELECT place, terms FROM search_words WHERE place < $2 \
                     ORDER BY place DESC LIMIT $4) AS newest \
                     WHERE terms @@ $1::tsquery ORDER BY place DESC LIMIT $3",
                    rows,
                )
                .load(pg)?;
                if i64::try_from(found.len()).is_ok_and(|count| count == limit) {
                    return Ok(found.into_iter().map(|row| row.place).collect());
                }
            }
            Look::Index => {
                let found: Vec<Place> = sql_query(
                    "WITH found AS MATERIALIZED (SELECT place FROM search_words WHERE terms @@ $1::tsquery) \
                     SELECT place FROM found WHERE place < $2 ORDER BY place DESC LIMIT $3",
                )
                .bind::<Text, _>(&exactly)
                .bind::<BigInt, _>(below)
                .bind::<BigInt, _>(limit)
                .load(pg)?;
                return Ok(found.into_iter().map(|row| row.place).collect());
            }
            Look::Sifted(rows) => {
                // Planned without a limit, and read with one: PostgreSQL would read the table through where it
                // takes the words for common. A row without a place says that there were more.
                let found: Vec<Found> = bound(
                    "WITH matching AS MATERIALIZED (SELECT place FROM search_words WHERE terms @@ $5::tsquery), \
                     found AS MATERIALIZED (SELECT place FROM matching LIMIT $4), \
                     page AS MATERIALIZED (SELECT place FROM \
                       (SELECT place FROM found WHERE place < $2 ORDER BY place DESC OFFSET 0) AS sorted \
                       WHERE $1 = $5 OR (SELECT terms @@ $1::tsquery FROM search_words AS words \
                         WHERE words.place = sorted.place) LIMIT $3) \
                     SELECT place FROM page UNION ALL \
                     SELECT NULL WHERE (SELECT count(*) FROM found) >= $4",
                    rows,
                )
                .bind::<Text, _>(&widely)
                .load(pg)?;
                let places: Option<Vec<i64>> = found.into_iter().map(|row| row.place).collect();
                if let Some(places) = places {
                    return Ok(places);
                }
            }
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::DbConn;
    use crate::db::plan::MigratedPostgres;
    use crate::db::word_index::{Term, put};

    fn word(text: &str) -> Asked {
        Asked::Word(Term::word(text))
    }

    #[test]
    fn each_look_knows_a_page_or_leaves_it_to_the_next() {
        let Some(mut postgres) = MigratedPostgres::new() else { return };
        let rows: Vec<(i64, String)> = (1..=40)
            .map(|row| (row, format!("chung {}", ["chan", "le"][usize::from(row % 2 == 1)])))
            .collect();
        put(postgres.conn(), &rows).unwrap();
        let DbConn::Pg(pg) = postgres.conn() else { unreachable!() };
        let odd = Asked::All(vec![word("chung"), Asked::Sifted(Box::new(word("le")))]);
        let mut page = |looks: &[Look], limit| places(pg, &odd, looks, (31, limit)).unwrap();
        let few = [29, 27, 25];
        let all: Vec<i64> = (1..=29).rev().step_by(2).collect();
        // The fourth odd row below is the eighth.
        assert_eq!(page(&[Look::Newest(7)], 4), Vec::<i64>::new());
        assert_eq!(page(&[Look::Newest(8)], 4), [29, 27, 25, 23]);
        assert_eq!(page(&[Look::Newest(5), Look::Index], 3), few);
        // Forty rows bear all else: of forty that are looked at nobody knows whether there are more.
        assert_eq!(page(&[Look::Sifted(40)], 3), Vec::<i64>::new());
        assert_eq!(page(&[Look::Sifted(41)], 3), few);
        assert_eq!(page(&[Look::Sifted(40), Look::Newest(20), Look::Index], 100), all);
        assert_eq!(page(&[Look::Newest(1), Look::Sifted(2), Look::Newest(3), Look::Index], 100), all);
    }
}
