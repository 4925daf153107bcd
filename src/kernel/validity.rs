//! From when to when a version of something holds (hiệu lực): half-open spans of days, whose ends may
//! be open, and how sure each end is.

use chrono::NaiveDate;

use crate::error::{ApiError, Bilingual, Fault};
use crate::text::day_vi;
use crate::text_enum;

text_enum! {
    /// Whether a first or last day is known or concluded (độ chắc chắn của mốc thời gian).
    pub enum Certainty {
        /// Named by a decision.
        Exact => "exact", "chính xác";
        /// Concluded from the lists; the decision was not seen.
        Inferred => "inferred", "suy ra";
    }
}

impl Default for Certainty {
    /// What someone states is exact, unless they say otherwise.
    fn default() -> Self {
        Self::Exact
    }
}

/// The stored first day of a version whose beginning is open.
pub const OPEN_BEGINNING: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 1).unwrap();
/// The stored end of a version that still holds.
pub const OPEN_END: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();

/// The day, or the nearest one that a stored span can hold.
#[must_use]
pub fn storable(day: NaiveDate) -> NaiveDate {
    day.clamp(OPEN_BEGINNING, OPEN_END.pred_opt().unwrap_or(OPEN_END))
}

/// A day that the databases do not keep alike.
#[must_use]
pub fn day_fault(pointer: &str, day: NaiveDate) -> Option<Fault> {
    (!(OPEN_BEGINNING..=OPEN_END).contains(&day)).then(|| {
        let message = Bilingual::new("Năm phải từ 1 đến 9999.", "The year must be between 1 and 9999.");
        Fault::new(pointer, "out_of_range", message)
    })
}

/// The faults of days that a body or query names, each with its pointer.
pub fn day_faults<const N: usize>(days: [(&str, Option<NaiveDate>); N]) -> impl Iterator<Item = Fault> {
    days.map(|(pointer, day)| day.and_then(|day| day_fault(pointer, day))).into_iter().flatten()
}

/// An end, the first day on which something no longer is, that is not after its first day.
#[must_use]
pub fn end_fault(pointer: &str, from: NaiveDate, end: Option<NaiveDate>) -> Option<Fault> {
    end.filter(|end| *end <= from).map(|_| {
        let message = Bilingual::new(
            "Ngày kết thúc phải sau ngày bắt đầu.",
            "The day on which it ends must be after the first.",
        );
        Fault::new(pointer, "before_start", message)
    })
}

/// A last day, on which something still is, that is before its first.
#[must_use]
pub fn last_day_fault(pointer: &str, from: NaiveDate, last: Option<NaiveDate>) -> Option<Fault> {
    last.filter(|last| *last < from).map(|_| {
        let message = Bilingual::new(
            "Ngày cuối không được trước ngày đầu.",
            "The last day must not be before the first.",
        );
        Fault::new(pointer, "before_start", message)
    })
}

/// Refuses a query that names days which the databases do not keep alike.
///
/// # Errors
/// 422 with each of them.
pub fn days_in_range<const N: usize>(days: [(&str, Option<NaiveDate>); N]) -> Result<(), ApiError> {
    let faults: Vec<_> = day_faults(days).collect();
    if faults.is_empty() { Ok(()) } else { Err(ApiError::invalid(faults)) }
}

/// Refuses a query whose last day, named by this pointer, is before its first.
///
/// # Errors
/// 422 there.
pub fn days_in_order(from: NaiveDate, (pointer, to): (&str, NaiveDate)) -> Result<(), ApiError> {
    last_day_fault(pointer, from, Some(to)).map_or(Ok(()), |fault| Err(ApiError::invalid(vec![fault])))
}

/// A span of days as it is stored; open ends are [`OPEN_BEGINNING`] and [`OPEN_END`].
pub type Span = (NaiveDate, NaiveDate);

/// A span that is empty, outside the days that both databases keep, or that meets another version of
/// the same record.
#[must_use]
pub fn span_faults(span: Span, others: &[Span]) -> Vec<Fault> {
    let (from, to) = span;
    let mut faults: Vec<Fault> = day_faults([("/valid_from", Some(from)), ("/valid_to", Some(to))]).collect();
    if to <= from {
        let message = Bilingual::new(
            "Ngày hết hiệu lực phải sau ngày bắt đầu.",
            "The day on which it no longer holds must be after the first day.",
        );
        faults.push(Fault::new("/valid_to", "before_start", message));
    } else if others.iter().any(|(begin, end)| from < *end && *begin < to) {
        let message = Bilingual::new(
            "Thời gian hiệu lực trùng với một phiên bản khác của bản ghi.",
            "The span overlaps another version of the record.",
        );
        faults.push(Fault::new("/valid_from", "overlaps", message));
    }
    faults
}

/// Faults of the first day of a version that succeeds another, where none is ever changed. It begins after the
/// last one, and after today: what was received this morning keeps what held when it was received.
#[must_use]
pub fn succession_faults(from: NaiveDate, last: Option<NaiveDate>, today: NaiveDate) -> Vec<Fault> {
    if let Some(fault) = day_fault("/valid_from", from) {
        return vec![fault];
    }
    let mut faults = Vec::new();
    if from <= today {
        let message = Bilingual::new(
            format!("Ngày bắt đầu áp dụng phải sau ngày hôm nay ({}).", day_vi(today)),
            format!("It must begin after today ({today})."),
        );
        faults.push(Fault::new("/valid_from", "not_after_today", message));
    }
    if let Some(last) = last.filter(|last| from <= *last) {
        let message = Bilingual::new(
            format!("Ngày bắt đầu áp dụng phải sau ngày bắt đầu của phiên bản gần nhất ({}).", day_vi(last)),
            format!("It must begin after the last version, which begins on {last}."),
        );
        faults.push(Fault::new("/valid_from", "not_after_last", message));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn who_succeeds_another_begins_after_it_and_after_today() {
        let codes = |from, last: Option<NaiveDate>| -> Vec<String> {
            let faults = succession_faults(from, last, day("2026-11-23"));
            faults.into_iter().map(|fault| fault.code.into_owned()).collect()
        };
        assert_eq!(codes(day("2026-11-24"), None), [""; 0]);
        assert_eq!(codes(day("2026-11-24"), Some(day("2022-06-23"))), [""; 0]);
        assert_eq!(codes(day("2026-11-23"), None), ["not_after_today"]);
        assert_eq!(codes(day("2027-01-01"), Some(day("2027-01-01"))), ["not_after_last"]);
        assert_eq!(codes(NaiveDate::MAX, None), ["out_of_range"]);
    }

    #[test]
    fn versions_of_a_record_never_overlap() {
        let codes = |span, others: &[Span]| -> Vec<String> {
            span_faults(span, others).into_iter().map(|fault| fault.code.into_owned()).collect()
        };
        let first = (OPEN_BEGINNING, day("2025-07-01"));
        assert_eq!(codes((day("2025-07-01"), OPEN_END), &[first]), [""; 0]);
        assert_eq!(codes((day("2025-06-30"), OPEN_END), &[first]), ["overlaps"]);
        assert_eq!(codes((day("2025-06-30"), day("2025-06-30")), &[]), ["before_start"]);
        assert_eq!(codes((day("2025-06-30"), NaiveDate::MAX), &[]), ["out_of_range"]);
    }
}
