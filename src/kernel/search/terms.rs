//! How text is taken apart into terms: folded words of letters and digits. What is kept and what is asked
//! pass the same function, so that a word is found however its tone marks, its case and the signs around
//! it are written.

use std::collections::BTreeSet;

use crate::auth::permission::{Action, Domain};
use crate::db::word_index::{Asked, Term};
use crate::document_numbers::{number_key, number_named};
use crate::record_types::RecordType;
use crate::text::fold;

/// A word as it is written, and without the zeros before the number with which it begins: `067` and `67`
/// are one number.
struct Piece {
    written: String,
    bare: Option<String>,
}

fn pieces(text: &str) -> Vec<Piece> {
    let folded = fold(text);
    let mut pieces = Vec::new();
    for chunk in folded.split(' ') {
        let words = chunk.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        for (at, word) in words.enumerate() {
            let bare = word.trim_start_matches('0');
            let is_number =
                at == 0 && bare.len() < word.len() && bare.starts_with(|c: char| c.is_ascii_digit());
            pieces.push(Piece { written: word.to_owned(), bare: is_number.then(|| bare.to_owned()) });
        }
    }
    pieces
}

/// The words under which a text is found.
pub(super) fn words(text: &str) -> impl Iterator<Item = Term> {
    pieces(text)
        .into_iter()
        .flat_map(|piece| [Some(piece.written), piece.bare])
        .flatten()
        .map(|word| Term::word(&word))
}

/// The whole code or number, as a mark.
pub(super) fn key(code: &str) -> Term {
    Term::mark('k', &number_key(code))
}

/// A record of this kind.
pub(super) fn kind(record_type: RecordType) -> Term {
    Term::mark('t', record_type.as_str())
}

/// A record that whoever may do this in this domain reads.
pub(super) fn access((action, domain): (Action, Domain)) -> Term {
    Term::mark('a', &format!("{action} {domain}"))
}

/// A record in the hands of this unit.
pub(super) fn unit(id: &str) -> Term {
    Term::mark('u', &id.replace('-', ""))
}

/// A record of a unit of this province.
pub(super) fn province(id: &str) -> Term {
    Term::mark('p', &id.replace('-', ""))
}

/// All words of a question, the last as the beginning of one where it is more than a letter; nothing
/// where it says nothing.
pub(super) fn all_words(question: &str) -> Option<Asked> {
    let pieces = pieces(question);
    let last = pieces.len().checked_sub(1)?;
    let asked = pieces.into_iter().enumerate().map(|(at, Piece { written, bare })| {
        let word = |word: &str| {
            let term = Term::word(word);
            if at == last && word.chars().nth(1).is_some() {
                Asked::Beginning(term)
            } else {
                Asked::Word(term)
            }
        };
        match bare {
            Some(bare) => Asked::Any(vec![word(&written), word(&bare)]),
            None => word(&written),
        }
    });
    // A word that is said twice is asked for once.
    let mut all: Vec<Asked> = Vec::new();
    for one in asked {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    Some(Asked::All(all))
}

/// The codes and numbers that a question may be, or names.
pub(super) fn keys(question: &str) -> Asked {
    let named = number_named(question).map(|number| Term::mark('k', &number));
    let keys: BTreeSet<Term> = std::iter::once(key(question)).chain(named).collect();
    Asked::Any(keys.into_iter().map(Asked::Word).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn terms(text: &str) -> Vec<String> {
        words(text).map(|term| term.as_str().to_owned()).collect()
    }

    #[test]
    fn text_falls_into_folded_words() {
        assert_eq!(terms("Kế hoạch  số 067/QĐ-UBND"), ["ke", "hoach", "so", "067", "67", "qd", "ubnd"]);
        assert_eq!(terms("000.00.16.H30-240105-0001"), ["000", "00", "16", "h30", "240105", "0001"]);
        assert_eq!(terms("“!?” — 🙂"), Vec::<String>::new());
    }

    #[test]
    fn a_number_has_one_key_in_every_spelling() {
        for spelling in ["67/QĐ-UBND", "067/QÐ- UBND", " 67/qđ-ubnd ", "Quyết định số 67/QĐ-UBND"]
        {
            let Asked::Any(keys) = keys(spelling) else { panic!("{spelling}") };
            assert!(keys.contains(&Asked::Word(key("67/QĐ-UBND"))), "{spelling}: {keys:?}");
        }
    }

    #[test]
    fn the_last_word_may_be_a_beginning() {
        let word = |word| Asked::Word(Term::word(word));
        assert_eq!(
            all_words("Kiểm tra kiểm tr"),
            Some(Asked::All(vec![word("kiem"), word("tra"), Asked::Beginning(Term::word("tr"))]))
        );
        assert_eq!(all_words("khu a"), Some(Asked::All(vec![word("khu"), word("a")])));
        assert_eq!(all_words(" \" * - "), None);
    }

    proptest! {
        #[test]
        fn both_forms_of_a_text_fall_into_the_same_words(text in any::<String>()) {
            use unicode_normalization::UnicodeNormalization;
            let (composed, taken_apart): (String, String) = (text.nfc().collect(), text.nfd().collect());
            prop_assert_eq!(terms(&composed), terms(&taken_apart));
        }
    }
}
