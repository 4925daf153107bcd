//! Numbers of documents (số, ký hiệu văn bản): `1234/QĐ-UBND`, or with its year `01/2024/QĐ-UBND`.
//! Numbering begins anew each year, so a number names one document of an issuer and year. People write
//! one number in several ways (`67/QĐ- UBND`, `067/QÐ-UBND`): numbers are compared by their key.

use chrono::{Datelike, NaiveDate};

use super::remarks::Remark;
use super::rules::Rule;
use crate::error::{Bilingual, Fault};
use crate::text::{day_vi, fold};

/// The form under which numbers are compared: folded, without white space and leading zeros.
#[must_use]
pub fn number_key(number: &str) -> String {
    let compact: String = fold(number).split_whitespace().collect();
    let bare = compact.trim_start_matches('0');
    if bare.starts_with(|letter: char| letter.is_ascii_digit()) { bare.to_owned() } else { compact }
}

/// The key of the number that a text names, such as `Quyết định số 1234/QĐ-UBND ngày 05/01/2024`.
#[must_use]
pub fn number_named(text: &str) -> Option<String> {
    let compact: String = fold(text).split_whitespace().collect();
    // What stands behind a number: its date, its issuer.
    let compact = ["ngay", "cua", ",", ";", "("]
        .iter()
        .fold(compact.as_str(), |text, word| text.split(word).next().unwrap_or_default());
    let begin = compact.find(|letter: char| letter.is_ascii_digit())?;
    let number = compact.get(begin..)?;
    is_number(number).then(|| number_key(number))
}

/// A number is followed by a stroke or hyphen and the signs of its kind and issuer.
fn is_number(number: &str) -> bool {
    let key = number_key(number);
    let signs = key.trim_start_matches(|letter: char| letter.is_ascii_digit());
    signs.len() < key.len()
        && signs
            .strip_prefix(['/', '-'])
            .is_some_and(|rest| rest.contains(|letter: char| letter.is_alphabetic()))
}

/// A number that is none.
#[must_use]
pub fn number_fault(pointer: &'static str, number: &str) -> Option<Fault> {
    let message = || {
        Bilingual::new(
            "Số, ký hiệu văn bản có dạng 1234/QĐ-UBND hoặc 01/2024/QĐ-UBND.",
            "A document's number is like 1234/QĐ-UBND or 01/2024/QĐ-UBND.",
        )
    };
    (!is_number(number)).then(|| Fault::new(pointer, "number_shape", message()))
}

/// Faults of a document that a record names by its number and day: both, or neither.
#[must_use]
pub fn document_faults(
    number: (&'static str, Option<&str>),
    day: (&'static str, Option<NaiveDate>),
) -> Vec<Fault> {
    let required = |pointer| {
        let message = Bilingual::new(
            "Nêu cả số, ký hiệu và ngày của văn bản.",
            "A document is named by its number and its day.",
        );
        vec![Fault::new(pointer, "required", message)]
    };
    match (number.1, day.1) {
        (None, None) => Vec::new(),
        (None, Some(_)) => required(number.0),
        (Some(_), None) => required(day.0),
        (Some(text), Some(_)) => number_fault(number.0, text).into_iter().collect(),
    }
}

/// The year that stands in a number.
#[must_use]
pub fn year_in(number: &str) -> Option<i32> {
    let key = number_key(number);
    let part = key.split('/').nth(1)?;
    part.parse().ok().filter(|year| part.len() == 4 && (1900..=2100).contains(year))
}

/// The keys under which a document may stand: with its year in the number, where one is known, and
/// without.
#[must_use]
pub fn keys_of_year(number: &str, issued_on: Option<NaiveDate>) -> Vec<String> {
    let (key, year) = (number_key(number), year_in(number));
    let bare = year.map_or_else(|| key.clone(), |year| key.replacen(&format!("/{year}/"), "/", 1));
    let year = year.or_else(|| issued_on.map(|day| day.year()));
    let with_year = year.and_then(|year| {
        let (count, signs) = bare.split_once('/')?;
        Some(format!("{count}/{year}/{signs}"))
    });
    [Some(bare), with_year].into_iter().flatten().collect()
}

/// A number whose year is not that of its date: one of the two was mistyped.
#[must_use]
pub fn year_remark(pointer: &'static str, number: &str, issued_on: NaiveDate) -> Option<Remark> {
    let (in_number, of_date) = (year_in(number)?, issued_on.year());
    if in_number == of_date {
        return None;
    }
    let message = Bilingual::new(
        format!("Số {number} mang năm {in_number} nhưng văn bản ban hành ngày {}.", day_vi(issued_on)),
        format!("The number {number} is of {in_number}, but the document is dated {issued_on}."),
    );
    Some(
        Remark::new(pointer, Rule::NumberYear, message)
            .with("number_year", in_number.into())
            .with("issued_year", of_date.into()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_key_however_it_is_written() {
        for number in ["67/QĐ-UBND", "67/QĐ- UBND", " 067/qđ-ubnd", "67/QÐ-UBND"] {
            assert_eq!(number_key(number), "67/qd-ubnd", "{number}");
        }
        assert_eq!(number_key("08/2023/QĐ-UBND"), "8/2023/qd-ubnd");
        assert_eq!(number_key("00/x"), "00/x");
    }

    #[test]
    fn a_number_is_found_in_the_text_that_names_it() {
        for text in [
            "1234/QĐ-UBND",
            "Quyết định số 1234/QĐ-UBND ngày 05/01/2024",
            "QĐ 1234/QĐ- UBND của Chủ tịch UBND tỉnh",
        ] {
            assert_eq!(number_named(text).as_deref(), Some("1234/qd-ubnd"), "{text}");
        }
        assert_eq!(number_named("Quyết định ngày 05/01/2024"), None);
        assert_eq!(number_named("chưa rõ"), None);
    }

    #[test]
    fn a_number_says_what_it_is_of() {
        for number in ["1234/QĐ-UBND", "01/2024/QĐ-UBND", "18-CT/TW"] {
            assert_eq!(number_fault("/number", number), None, "{number}");
        }
        for number in ["1234", "QĐ-UBND", "Quyết định số 5/QĐ-UBND", "1234/", "12/01/2024"] {
            assert!(number_fault("/number", number).is_some(), "{number}");
        }
    }

    #[test]
    fn a_number_is_sought_with_its_year_and_without() {
        let day = "2011-07-27".parse().ok();
        for number in ["40/QĐ-TTg", "40/2011/QĐ-TTg"] {
            assert_eq!(keys_of_year(number, day), ["40/qd-ttg", "40/2011/qd-ttg"], "{number}");
        }
        assert_eq!(keys_of_year("40/2011/QĐ-TTg", None), ["40/qd-ttg", "40/2011/qd-ttg"]);
        assert_eq!(keys_of_year("40/QĐ-TTg", None), ["40/qd-ttg"]);
    }

    #[test]
    fn the_year_of_a_number_is_held_against_its_date() {
        let day = |text: &str| text.parse().unwrap();
        // The report of Phụng Hiệp dates 08/2023/QĐ-UBND in January 2024.
        let remark = year_remark("/number", "08/2023/QĐ-UBND", day("2024-01-13")).unwrap();
        assert_eq!(
            (remark.code, remark.numbers["number_year"], remark.numbers["issued_year"]),
            ("number_year", 2023, 2024)
        );
        assert_eq!(year_remark("/number", "08/2023/QĐ-UBND", day("2023-01-13")), None);
        assert_eq!(year_remark("/number", "1817/QĐ-UBND", day("2024-02-21")), None);
    }
}
