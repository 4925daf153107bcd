//! Which sheets tell of which days: a count of some days is read from those of whole years and months, and from
//! single days at its ends. Pure.

use chrono::{Datelike, NaiveDate};

use super::sheets::Bucket;

/// Days of a count: both of them are within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
}

/// When changes happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    Before,
    FirstDay,
    Behind,
}

/// Days that are read from sheets: from the first to before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    /// Whole years, from their sheets.
    Years(NaiveDate, NaiveDate),
    /// Whole months, from their sheets.
    Months(NaiveDate, NaiveDate),
    /// Days of one month, from its sheet.
    Days(NaiveDate, NaiveDate),
}

impl Span {
    /// The sheets that it is read from, the second no more among them.
    pub(super) fn sheets(self) -> (String, String) {
        match self {
            Self::Years(first, end) => (Bucket::year(first).to_string(), Bucket::year(end).to_string()),
            Self::Months(first, end) => (Bucket::month(first).to_string(), Bucket::month(end).to_string()),
            Self::Days(first, _) => {
                (Bucket::month(first).to_string(), Bucket::month(months_later(first, 1)).to_string())
            }
        }
    }

    /// Whether it is of days of a month.
    pub(super) const fn is_of_days(self) -> bool {
        matches!(self, Self::Days(..))
    }

    /// Whether it is of whole months or years, of which this day is the first.
    pub(super) fn begins_on(self, day: NaiveDate) -> bool {
        match self {
            Self::Years(first, _) | Self::Months(first, _) => first == day,
            Self::Days(..) => false,
        }
    }

    /// Whether a count of this day is meant, where single days are read.
    pub(super) fn holds(self, day: Option<NaiveDate>) -> bool {
        match (self, day) {
            (Self::Days(first, end), Some(day)) => first <= day && day < end,
            _ => true,
        }
    }
}

/// Which sheets tell what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Sheets of months and of years.
    ByYear,
    /// Those of months alone.
    ByMonth,
}

impl Days {
    /// When a day is; none behind the last.
    pub(super) fn time(self, day: NaiveDate) -> Option<Time> {
        (day <= self.to).then(|| match day.cmp(&self.from) {
            std::cmp::Ordering::Less => Time::Before,
            std::cmp::Ordering::Equal => Time::FirstDay,
            std::cmp::Ordering::Greater => Time::Behind,
        })
    }

    /// The spans before the first day and from it on, which together hold every day up to the last once.
    /// Those from the first day on are all told to be behind it: single days know better, and of months and
    /// years [`first_moves`](super::sums::first_moves) tells.
    pub(super) fn spans(self, kept: Kept) -> Vec<(Time, Span)> {
        let end = self.to.succ_opt().unwrap_or(self.to).min(NEVER);
        let of = |time: Time, spans: Vec<Span>| spans.into_iter().map(move |span| (time, span));
        of(Time::Before, between(EVER, self.from, kept))
            .chain(of(Time::Behind, between(self.from, end, kept)))
            .collect()
    }
}

/// Before every day that is counted.
const EVER: NaiveDate = match NaiveDate::from_ymd_opt(0, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// Behind every day that is counted: sheets are found in the order of their names, which have four digits of a year.
const NEVER: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 1) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

fn month_start(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn year_start(day: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap_or(day)
}

fn months_later(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(chrono::Months::new(months)).unwrap_or(NaiveDate::MAX)
}

/// The spans from a first day to before another: days to the end of a month, months to the end of a
/// year, years, and the same backwards.
fn between(first: NaiveDate, end: NaiveDate, kept: Kept) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = first;
    let mut take = |at: NaiveDate, until: NaiveDate, span: fn(NaiveDate, NaiveDate) -> Span| {
        if at < until {
            spans.push(span(at, until));
        }
        at.max(until)
    };
    if at != month_start(at) {
        at = take(at, end.min(months_later(month_start(at), 1)), Span::Days);
    }
    if kept == Kept::ByYear {
        if at != year_start(at) {
            at = take(at, month_start(end).min(months_later(year_start(at), 12)), Span::Months);
        }
        at = take(at, year_start(end), Span::Years);
    }
    at = take(at, month_start(end), Span::Months);
    take(at, end, Span::Days);
    spans
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(offset: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2022, 11, 1).unwrap() + chrono::Days::new(offset)
    }

    /// How often a day is read from the sheets of these spans.
    fn held(spans: &[Span], day: NaiveDate) -> usize {
        let (month, year) = (Bucket::month(day).to_string(), Bucket::year(day).to_string());
        let is_read = |span: &&Span| {
            let (first, end) = span.sheets();
            let is_in = |sheet: &String| first <= *sheet && *sheet < end;
            (is_in(&month) || is_in(&year)) && span.holds(span.is_of_days().then_some(day))
        };
        spans.iter().filter(is_read).count()
    }

    proptest! {
        /// Every day up to the last stands once in the spans before the first day or in those from it on.
        #[test]
        fn every_day_is_read_once(from in 0_u64..900, length in 0_u64..900, asked in 0_u64..2_000, by_year: bool) {
            let days = Days { from: day(from), to: day(from + length) };
            let kept = if by_year { Kept::ByYear } else { Kept::ByMonth };
            for is_before in [true, false] {
                let of_time = |(time, span): (Time, Span)| ((time == Time::Before) == is_before).then_some(span);
                let spans: Vec<Span> = days.spans(kept).into_iter().filter_map(of_time).collect();
                let time = days.time(day(asked));
                let expected = usize::from(time.is_some_and(|time| (time == Time::Before) == is_before));
                prop_assert_eq!(held(&spans, day(asked)), expected, "{} {:?}", is_before, spans);
            }
        }

        /// A long span costs few spans, wherever it begins and ends.
        #[test]
        fn few_spans_hold_many_days(from in 0_u64..900, length in 0_u64..900) {
            let days = Days { from: day(from), to: day(from + length) };
            prop_assert!(days.spans(Kept::ByYear).len() <= 8);
        }
    }
}
