//! The time limits of steps (thời hạn xử lý phản ánh, kiến nghị): data with validity, counted over the
//! working-day calendar. Feedback keeps the limits that held on the day of its receipt.

use chrono::{Datelike, NaiveDate, NaiveTime};
use diesel::prelude::*;

use super::model::{FeedbackClass, FeedbackStep};
use crate::feedback_time_limits::FeedbackTimeLimit;
use kernel::db::DbConn;
use kernel::db::schema::feedback_time_limits;
use kernel::error::ApiError;
use kernel::reporting::holidays::calendar;
use kernel::reporting::working_days::{Calendar, Span, UnknownYear, due};
use kernel::validity::OPEN_END;

/// How long a step may take, for what was received while it held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeLimit {
    /// Of feedback about this.
    pub class: FeedbackClass,
    /// The step.
    pub step: FeedbackStep,
    /// First day of receipt for which it holds.
    pub valid_from: NaiveDate,
    /// First day of receipt for which it no longer holds: the next one of its class and step begins.
    pub valid_to: NaiveDate,
    working_days: i32,
    /// The rule that sets it.
    pub legal_basis: String,
}

/// Limits with their ends, of limits in the order of class, step and first day.
fn with_ends(limits: Vec<FeedbackTimeLimit>) -> Vec<TimeLimit> {
    let mut ended: Vec<TimeLimit> = Vec::with_capacity(limits.len());
    for FeedbackTimeLimit { class, step, valid_from, working_days, legal_basis, .. } in limits {
        if let Some(before) = ended.last_mut().filter(|before| (before.class, before.step) == (class, step)) {
            before.valid_to = valid_from;
        }
        ended.push(TimeLimit { class, step, valid_from, valid_to: OPEN_END, working_days, legal_basis });
    }
    ended
}

impl TimeLimit {
    /// How many working days the step may take, counted from the working day after the one from which it
    /// runs.
    #[must_use]
    pub fn working_days(&self) -> u32 {
        u32::try_from(self.working_days).unwrap_or(0)
    }
}

/// The limits, and what is needed to count them today.
#[derive(Debug, Clone, Default)]
pub struct TimeLimits {
    rows: Vec<TimeLimit>,
    calendar: Calendar,
    today: NaiveDate,
}

/// How far back from today something may have begun to run that is due today: a year, for no limit is
/// as long.
const LONGEST: usize = 366;

impl TimeLimits {
    /// The limits as they are counted on this day.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn load(conn: &mut DbConn, today: NaiveDate) -> Result<Self, ApiError> {
        use feedback_time_limits as l;
        let limits = l::table.order((l::class, l::step, l::valid_from));
        let rows = with_ends(limits.select(FeedbackTimeLimit::as_select()).load(conn)?);
        // All listed days: some fifteen a year.
        Ok(Self { rows, calendar: calendar(conn, 1..=9_999)?, today })
    }

    /// The day on which they are counted.
    #[must_use]
    pub const fn today(&self) -> NaiveDate {
        self.today
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, TimeLimit> {
        self.rows.iter()
    }

    /// The limit of a step, for what was received on a day.
    #[must_use]
    pub fn of(&self, class: FeedbackClass, step: FeedbackStep, received_on: NaiveDate) -> Option<&TimeLimit> {
        self.rows.iter().find(|limit| {
            (limit.class, limit.step) == (class, step)
                && (limit.valid_from..limit.valid_to).contains(&received_on)
        })
    }

    /// The last day on which a step is in time that began to run on this one.
    ///
    /// # Errors
    /// When the count runs into a year whose holidays are not all listed.
    pub fn due_on(&self, from: NaiveDate, working_days: u32) -> Result<NaiveDate, UnknownYear> {
        let counted =
            due(&self.calendar, &[], from.and_time(NaiveTime::MIN), Span::WorkingDays(working_days))?;
        Ok(counted.on)
    }

    /// From the first to the last day on which a step must have begun to run to be due before today, as far
    /// as the calendar is known without a gap; none where it is not known at all.
    #[must_use]
    pub fn run_out(&self, working_days: u32) -> Option<(NaiveDate, NaiveDate)> {
        let is_due = |day: &NaiveDate| self.due_on(*day, working_days).is_ok_and(|due| due < self.today);
        let back = std::iter::successors(self.today.pred_opt(), NaiveDate::pred_opt);
        let last = back.take(LONGEST).find(is_due)?;
        let mut year = last.year();
        while self.calendar.knows(year - 1) {
            year -= 1;
        }
        Some((NaiveDate::from_ymd_opt(year, 1, 1)?, last))
    }

    /// Limits for tests, over a calendar of these days.
    #[cfg(test)]
    pub(super) fn sample(calendar: Calendar, today: NaiveDate) -> Self {
        let days = [
            (FeedbackStep::Refusal, 2),
            (FeedbackStep::SupplementRequest, 5),
            (FeedbackStep::Answer, 15),
            (FeedbackStep::Publication, 2),
        ];
        let limit = |class, (step, working_days)| TimeLimit {
            class,
            step,
            valid_from: NaiveDate::from_ymd_opt(2022, 6, 23).unwrap(),
            valid_to: OPEN_END,
            working_days,
            legal_basis: "766".into(),
        };
        let classes = FeedbackClass::ALL.iter();
        let rows = classes.flat_map(|class| days.map(|of_step| limit(*class, of_step))).collect();
        Self { rows, calendar, today }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::feedback_time_limits::FeedbackTimeLimitId;
    use kernel::reporting::holidays::bundled_calendar;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_feedback_of_the_report_was_due_on_the_day_of_its_answer() {
        let limits = TimeLimits::sample(bundled_calendar(), day("2026-11-23"));
        assert_eq!(limits.due_on(day("2023-12-25"), 15), Ok(day("2024-01-16")), "New Year's day is none");
        assert_eq!(limits.due_on(day("2024-02-07"), 2), Ok(day("2024-02-16")), "nor are those of Tết");
        assert_eq!(limits.due_on(day("2019-01-02"), 2), Err(UnknownYear(2019)));
    }

    #[test]
    fn a_limit_holds_until_the_next_one_of_its_step_begins() {
        let limit = |step, from: &str, working_days| FeedbackTimeLimit {
            id: FeedbackTimeLimitId::new(),
            class: FeedbackClass::Rule,
            step,
            valid_from: day(from),
            working_days,
            legal_basis: "766".into(),
        };
        let rows = with_ends(vec![
            limit(FeedbackStep::Answer, "2022-06-23", 15),
            limit(FeedbackStep::Answer, "2027-01-01", 10),
            limit(FeedbackStep::Publication, "2022-06-23", 2),
        ]);
        let limits = TimeLimits { rows, ..TimeLimits::default() };
        let of =
            |step, received| limits.of(FeedbackClass::Rule, step, day(received)).map(TimeLimit::working_days);
        assert_eq!(of(FeedbackStep::Answer, "2026-12-31"), Some(15));
        assert_eq!(of(FeedbackStep::Answer, "2027-01-01"), Some(10));
        assert_eq!(of(FeedbackStep::Publication, "2027-01-01"), Some(2));
    }

    #[test]
    fn what_was_received_before_a_limit_is_not_held_against_it() {
        let limits = TimeLimits::sample(bundled_calendar(), day("2026-11-23"));
        let of = |received| limits.of(FeedbackClass::Rule, FeedbackStep::Answer, day(received));
        assert!(of("2022-06-22").is_none());
        assert_eq!(of("2022-06-23").map(TimeLimit::working_days), Some(15));
        assert!(limits.of(FeedbackClass::Rule, FeedbackStep::Supplement, day("2024-01-01")).is_none());
    }

    #[test]
    fn without_a_calendar_nothing_is_known_to_be_due() {
        let limits = TimeLimits::sample(Calendar::default(), day("2026-11-23"));
        assert_eq!(limits.run_out(15), None);
    }

    proptest! {
        /// A step is due before today exactly when it began to run within the span that has run out.
        #[test]
        fn what_has_run_out_is_what_was_due_before_today(
            today in 0_i64..1_400, began in 0_i64..1_400, working_days in 1_u32..=30,
        ) {
            let first = day("2023-01-01");
            let on = |days| first + chrono::TimeDelta::days(days);
            let limits = TimeLimits::sample(bundled_calendar(), on(today));
            let is_due = limits.due_on(on(began), working_days).is_ok_and(|due| due < limits.today());
            let is_within = limits
                .run_out(working_days)
                .is_some_and(|(from, to)| (from..=to).contains(&on(began)));
            prop_assert_eq!(is_due, is_within);
        }
    }
}
