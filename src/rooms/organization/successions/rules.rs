//! When a unit can have a successor: pure rules.

use chrono::NaiveDate;

/// How a predecessor must end for a succession on the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It stands open and ends now.
    Close,
    /// It ended on that very day.
    Ended,
    /// It ended on another day, or begins on that day or later.
    Another,
}

/// What a succession on the day means for a predecessor whose last version has this span.
#[must_use]
pub fn ending(first: NaiveDate, end: Option<NaiveDate>, effective_on: NaiveDate) -> Ending {
    match end {
        _ if first >= effective_on => Ending::Another,
        None => Ending::Close,
        Some(end) if end == effective_on => Ending::Ended,
        Some(_) => Ending::Another,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_succession_ends_an_open_unit_and_agrees_with_an_ended_one() {
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        let (first, on) = (day("2004-01-01"), day("2025-07-01"));
        assert_eq!(ending(first, None, on), Ending::Close);
        assert_eq!(ending(first, Some(on), on), Ending::Ended);
        assert_eq!(ending(first, Some(day("2025-06-30")), on), Ending::Another);
        assert_eq!(ending(on, None, on), Ending::Another);
    }
}
