//! Scalars as the national portal writes them: every one a JSON string, empty for none; times
//! `yyyyMMddHHmmss` as a clock in Vietnam shows them. Some senders write numbers, truth values and null
//! all the same: these are read as the text that they stand for.

use chrono::{DateTime, Datelike, NaiveDateTime};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use kernel::db::types::Instant;
use kernel::text::nfc;

const TIME: &str = "%Y%m%d%H%M%S";

const DATABASE_TIME: &str = "%Y-%m-%dT%H:%M:%S%.f";

/// What a scalar cannot be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// A time `yyyyMMddHHmmss`.
    Time,
    /// `1`, `0` or nothing.
    Flag,
    /// A whole amount of đồng.
    Amount,
}

/// Reads a scalar as its text, in Unicode NFC.
///
/// # Errors
/// For a list or an object.
pub fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_any(Scalar)
}

/// Reads a list, which some senders write as null where it is empty.
///
/// # Errors
/// For what is no list of these.
pub fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

struct Scalar;

impl Visitor<'_> for Scalar {
    type Value = String;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a scalar")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(nfc(text.trim()).into_owned())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<String, E> {
        Ok(if value { "1" } else { "0" }.to_owned())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_unit<E: Error>(self) -> Result<String, E> {
        Ok(String::new())
    }
}

/// A text, where there is one.
#[must_use]
pub fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// A time, where there is one.
///
/// # Errors
/// When it is none.
pub fn time(text: &str) -> Result<Option<Instant>, Unreadable> {
    let Some(text) = given(text) else { return Ok(None) };
    if text.len() != 14 || !text.bytes().all(|letter| letter.is_ascii_digit()) {
        return Err(Unreadable::Time);
    }
    let read = NaiveDateTime::parse_from_str(text, TIME).map_err(|_| Unreadable::Time)?;
    Ok(Some(Instant::from_vietnam_time(read)))
}

/// A time of a member that senders also write as their databases do (`DateTime`): ISO 8601, in Vietnam unless it
/// names an offset, and the first day of all for none.
///
/// # Errors
/// When it is none.
pub fn moment(text: &str) -> Result<Option<Instant>, Unreadable> {
    if !text.contains('-') {
        return time(text);
    }
    let text = text.replacen(' ', "T", 1);
    if let Ok(at) = DateTime::parse_from_rfc3339(&text) {
        return Ok(Some(Instant::from_micros(at.timestamp_micros())).filter(|_| at.year() > 1));
    }
    let read = NaiveDateTime::parse_from_str(&text, DATABASE_TIME).map_err(|_| Unreadable::Time)?;
    Ok(Some(Instant::from_vietnam_time(read)).filter(|_| read.year() > 1))
}

/// A time as the portal writes it; whole seconds.
#[must_use]
pub fn time_text(at: Option<Instant>) -> String {
    at.map(|at| at.vietnam_time().format(TIME).to_string()).unwrap_or_default()
}

/// A truth value.
///
/// # Errors
/// When it is neither `1` nor `0` nor empty.
pub fn flag(text: &str) -> Result<bool, Unreadable> {
    match text {
        "1" => Ok(true),
        "0" | "" => Ok(false),
        _ => Err(Unreadable::Flag),
    }
}

/// A truth value as the portal writes it.
#[must_use]
pub fn flag_text(value: bool) -> String {
    if value { "1" } else { "0" }.to_owned()
}

/// An amount of đồng, where there is one.
///
/// # Errors
/// When it is no whole amount.
pub fn amount(text: &str) -> Result<Option<i64>, Unreadable> {
    let Some(text) = given(text) else { return Ok(None) };
    let whole = match text.split_once('.') {
        Some((whole, part)) if !part.is_empty() && part.bytes().all(|digit| digit == b'0') => whole,
        Some(_) => return Err(Unreadable::Amount),
        None => text,
    };
    let is_number = !whole.is_empty() && whole.bytes().all(|digit| digit.is_ascii_digit());
    let read = is_number.then(|| whole.parse().ok()).flatten();
    read.map(Some).ok_or(Unreadable::Amount)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    struct Read {
        #[serde(default, deserialize_with = "scalar")]
        text: String,
        #[serde(default, deserialize_with = "list")]
        many: Vec<u8>,
    }

    fn read(text: &str) -> Option<(String, Vec<u8>)> {
        let read: Read = serde_json::from_str(text).ok()?;
        Some((read.text, read.many))
    }

    #[test]
    fn whatever_scalar_is_sent_is_read_as_its_text() {
        for (sent, expected) in [
            (r#""a""#, "a"),
            (r#""  a ""#, "a"),
            ("12", "12"),
            ("-1", "-1"),
            ("true", "1"),
            ("false", "0"),
            ("null", ""),
        ] {
            assert_eq!(read(&format!(r#"{{"text": {sent}}}"#)).unwrap().0, expected, "{sent}");
        }
        assert_eq!(read(r#"{"many": null}"#).unwrap().1, [0_u8; 0]);
        assert_eq!(read("{}").unwrap().0, "");
        assert_eq!(read(r#"{"text": []}"#), None);
    }

    #[test]
    fn a_time_is_one_of_vietnam() {
        let at = time("20261102091000").unwrap().unwrap();
        assert_eq!(at.to_string(), "2026-11-02T02:10:00Z");
        assert_eq!(time("").unwrap(), None);
        for wrong in ["2026110209100", "20261302091000", "2026-11-02", "20261102241000", "+0261102091000"] {
            assert_eq!(time(wrong), Err(Unreadable::Time), "{wrong}");
        }
    }

    #[test]
    fn a_time_of_a_database_is_read_too() {
        let read = |text: &str| moment(text).unwrap().map(|at| at.to_string());
        for same in [
            "20261102091000",
            "2026-11-02T09:10:00",
            "2026-11-02 09:10:00.000",
            "2026-11-02T09:10:00+07:00",
            "2026-11-02T02:10:00Z",
        ] {
            assert_eq!(read(same).as_deref(), Some("2026-11-02T02:10:00Z"), "{same}");
        }
        for nothing in ["", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z"] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
        for wrong in ["02-11-2026", "2026-11-02", "hôm-qua", "20261102"] {
            assert_eq!(moment(wrong), Err(Unreadable::Time), "{wrong}");
        }
    }

    #[test]
    fn flags_and_amounts_are_read_strictly() {
        assert_eq!([flag("1"), flag("0"), flag("")], [Ok(true), Ok(false), Ok(false)]);
        assert_eq!(flag("x"), Err(Unreadable::Flag));
        assert_eq!(
            [amount("8000"), amount("8000.00"), amount("")],
            [Ok(Some(8000)), Ok(Some(8000)), Ok(None)]
        );
        for wrong in ["8.000.000", "-1", "8000.5", "tám", "8000.", "99999999999999999999"] {
            assert_eq!(amount(wrong), Err(Unreadable::Amount), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_second_comes_back_as_it_was(seconds in -62_000_000_000_i64..253_000_000_000) {
            let at = Instant::from_micros(0).plus_seconds(seconds);
            prop_assert_eq!(time(&time_text(Some(at))), Ok(Some(at)));
        }

        #[test]
        fn every_text_comes_back_trimmed_and_in_one_form(text in ".*") {
            let sent = serde_json::json!({"text": text}).to_string();
            let once = read(&sent).unwrap().0;
            prop_assert_eq!(&once, &nfc(text.trim()).into_owned());
            let again = serde_json::json!({"text": once}).to_string();
            prop_assert_eq!(read(&again).unwrap().0, once);
        }

        #[test]
        fn every_amount_comes_back(amount_vnd in 0..i64::MAX) {
            prop_assert_eq!(amount(&amount_vnd.to_string()), Ok(Some(amount_vnd)));
        }
    }
}
