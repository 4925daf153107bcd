//! When a dossier is due, and whether it was resolved in time (hạn giải quyết). Pure over the working-day
//! calendar: a due day that nobody states follows from the procedure's deadline, and a wait that stops the
//! clock moves it by the working days waited.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::life::DossierStatus;
use crate::procedures::model::{Deadline, DeadlineUnit};
use kernel::db::types::Instant;
use kernel::reporting::working_days::{Calendar, OfficeSpan, UnknownYear, due};
use kernel::text_enum;

text_enum! {
    /// Where a due day comes from (căn cứ hạn giải quyết).
    pub enum DueBasis {
        /// The sending system states it.
        Stated => "stated", "do hệ thống gửi nêu";
        /// The procedure's deadline in days.
        Days => "days", "tính theo thời hạn bằng ngày";
        /// The procedure's deadline in hours: the very moment counts.
        Hours => "hours", "tính theo thời hạn bằng giờ";
        /// There is no due day.
        Nothing => "none", "không có hạn";
    }
}

text_enum! {
    /// Whether a dossier is in time (tình trạng hạn): one that is resolved by the day on which it was, one
    /// that is pending by today.
    pub enum Timeliness {
        /// Before the due day.
        Early => "early", "trước hạn";
        /// On the due day, without one, or while a wait stops the clock behind it.
        OnTime => "on_time", "đúng hạn";
        /// After the due day.
        Overdue => "overdue", "quá hạn";
    }
}

/// A due day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The day; none where there is no due day.
    pub on: Option<NaiveDate>,
    /// The moment, where it is stated or follows from hours.
    pub at: Option<Instant>,
    /// Where it comes from.
    pub basis: DueBasis,
}

impl Due {
    /// No due day.
    pub const NONE: Self = Self { on: None, at: None, basis: DueBasis::Nothing };

    /// A due day that the sender states.
    #[must_use]
    pub fn stated(at: Instant) -> Self {
        Self { on: Some(at.vietnam_day()), at: Some(at), basis: DueBasis::Stated }
    }

    /// The due day that follows from a procedure's deadline.
    ///
    /// # Errors
    /// When the count runs into a year whose holidays are not all listed.
    pub fn computed(
        calendar: &Calendar,
        office: &[OfficeSpan],
        received_at: Instant,
        deadline: Option<&Deadline>,
    ) -> Result<Self, UnknownYear> {
        let Some((deadline, span)) = deadline.and_then(|it| it.span().map(|span| (it, span))) else {
            return Ok(Self::NONE);
        };
        let counted = due(calendar, office, received_at.vietnam_time(), span)?;
        let basis = match deadline.unit {
            DeadlineUnit::WorkingHour => DueBasis::Hours,
            _ => DueBasis::Days,
        };
        Ok(Self { on: Some(counted.on), at: counted.at.map(Instant::from_vietnam_time), basis })
    }

    /// The due day after a wait of so many working days; the time of day stays.
    ///
    /// # Errors
    /// When the count runs into a year whose holidays are not all listed.
    pub fn moved(self, calendar: &Calendar, working_days: i64) -> Result<Self, UnknownYear> {
        let Some(mut on) = self.on.filter(|_| working_days > 0) else { return Ok(self) };
        let mut left = working_days;
        while left > 0 {
            on = on.succ_opt().ok_or(UnknownYear(9999))?;
            left -= i64::from(calendar.kind(on)?.0.works());
        }
        let at = self.at.map(|at| Instant::from_vietnam_time(on.and_time(at.vietnam_time().time())));
        Ok(Self { on: Some(on), at, ..self })
    }
}

/// A span in which the unit waited for someone else (thời gian chờ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// What was waited for.
    pub status: DossierStatus,
    /// Since when.
    pub since: Instant,
    /// Until when; none while it lasts.
    pub until: Option<Instant>,
    /// Whether it stops the clock, by the rules under which the dossier was received.
    pub stops: bool,
}

impl Wait {
    /// The days on whose end the wait lasted: from the first to before the second.
    #[must_use]
    pub fn days(&self) -> (NaiveDate, NaiveDate) {
        (self.since.vietnam_day(), self.until.map_or(NaiveDate::MAX, Instant::vietnam_day))
    }
}

/// How many working days lie behind the first day up to and with the last.
///
/// # Errors
/// When a year between them has holidays that are not all listed.
pub fn working_days_between(
    calendar: &Calendar,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<i64, UnknownYear> {
    let mut count = 0;
    for day in first.iter_days().skip(1).take_while(|day| *day <= last) {
        count += i64::from(calendar.kind(day)?.0.works());
    }
    Ok(count)
}

/// Whether what is done at a moment is in time: by the days, or by the moments where the service counted hours.
#[must_use]
pub fn outcome(at: Instant, due: Due) -> Timeliness {
    let order = match due {
        Due { on: None, .. } => return Timeliness::OnTime,
        Due { at: Some(due_at), basis: DueBasis::Hours, .. } => at.cmp(&due_at),
        Due { on: Some(on), .. } => at.vietnam_day().cmp(&on),
    };
    match order {
        std::cmp::Ordering::Less => Timeliness::Early,
        std::cmp::Ordering::Equal => Timeliness::OnTime,
        std::cmp::Ordering::Greater => Timeliness::Overdue,
    }
}

/// Whether a pending dossier is in time now; a wait that stops the clock keeps it so.
#[must_use]
pub fn pending(now: Instant, due: Due, is_stopped: bool) -> Timeliness {
    match outcome(now, due) {
        Timeliness::Overdue if is_stopped => Timeliness::OnTime,
        timeliness => timeliness,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::reporting::holidays::bundled_calendar;

    fn at(text: &str) -> Instant {
        Instant::from_vietnam_time(text.parse().unwrap())
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_wait_moves_the_due_day_by_the_working_days_waited() {
        let calendar = bundled_calendar();
        // From Friday to Tuesday: Monday and Tuesday.
        let waited = working_days_between(&calendar, day("2024-06-07"), day("2024-06-11")).unwrap();
        assert_eq!(waited, 2);
        let due = Due::stated(at("2024-06-13T16:30:00")).moved(&calendar, waited).unwrap();
        assert_eq!(due, Due::stated(at("2024-06-17T16:30:00")), "over the weekend, at the same hour");
        let none = Due::NONE.moved(&calendar, waited).unwrap();
        assert_eq!(none, Due::NONE);
    }

    #[test]
    fn days_decide_unless_the_service_counted_hours() {
        let stated = Due::stated(at("2024-06-13T10:00:00"));
        assert_eq!(outcome(at("2024-06-12T23:00:00"), stated), Timeliness::Early);
        assert_eq!(outcome(at("2024-06-13T17:00:00"), stated), Timeliness::OnTime);
        assert_eq!(outcome(at("2024-06-14T00:00:00"), stated), Timeliness::Overdue);
        let hours = Due { basis: DueBasis::Hours, ..stated };
        assert_eq!(outcome(at("2024-06-13T09:59:00"), hours), Timeliness::Early);
        assert_eq!(outcome(at("2024-06-13T10:01:00"), hours), Timeliness::Overdue);
        assert_eq!(outcome(at("2099-01-01T00:00:00"), Due::NONE), Timeliness::OnTime);
    }

    #[test]
    fn what_waits_for_someone_else_is_in_time() {
        let due = Due::stated(at("2024-06-13T10:00:00"));
        assert_eq!(pending(at("2024-06-12T23:00:00"), due, false), Timeliness::Early);
        assert_eq!(pending(at("2024-06-13T23:00:00"), due, false), Timeliness::OnTime);
        assert_eq!(pending(at("2024-06-14T00:00:00"), due, false), Timeliness::Overdue);
        assert_eq!(pending(at("2024-06-14T00:00:00"), due, true), Timeliness::OnTime);
    }
}
