//! How one made-up dossier goes on: the days on which it was received, due and over. Pure.

use chrono::{NaiveDate, NaiveTime};

use kernel::db::types::Instant;
use tthc::dossiers::life::DossierStatus;

/// The first day of all.
pub(super) const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2023, 12, 1).unwrap();

/// The last day that a dossier knows.
pub(super) const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 9, 30).unwrap();

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Resolved, and returned on the second day.
    Resolved(NaiveDate, NaiveDate),
    /// Withdrawn.
    Withdrawn(NaiveDate),
    /// Refused.
    Refused(NaiveDate),
    /// It is still pending.
    Open(DossierStatus),
}

/// The days of a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Course {
    pub(super) received: NaiveDate,
    pub(super) due: NaiveDate,
    pub(super) end: End,
}

impl Course {
    pub(super) fn received_at(&self, number: u64) -> Instant {
        // In the order of their numbers within the morning.
        moment(self.received, 8, number % 180)
    }

    pub(super) fn due_at(&self) -> Instant {
        moment(self.due, 17, 0)
    }

    pub(super) fn status(&self) -> DossierStatus {
        match self.end {
            End::Resolved(..) => DossierStatus::Returned,
            End::Withdrawn(_) => DossierStatus::Withdrawn,
            End::Refused(_) => DossierStatus::Refused,
            End::Open(status) => status,
        }
    }

    pub(super) fn resolved_at(&self, number: u64) -> Option<Instant> {
        match self.end {
            End::Resolved(resolved, _) => Some(moment(resolved, 13, number % 180)),
            _ => None,
        }
    }

    pub(super) fn returned_at(&self, number: u64) -> Option<Instant> {
        match self.end {
            End::Resolved(_, returned) => Some(moment(returned, 16, number % 60)),
            _ => None,
        }
    }

    pub(super) fn closed_at(&self, number: u64) -> Option<Instant> {
        match self.end {
            End::Withdrawn(closed) | End::Refused(closed) => Some(moment(closed, 14, number % 120)),
            _ => None,
        }
    }

    /// The day that was promised with an apology, of what was resolved late.
    pub(super) fn rescheduled_to(&self) -> Option<NaiveDate> {
        match self.end {
            End::Resolved(resolved, _) if resolved > self.due => Some(resolved),
            _ => None,
        }
    }
}

/// Minutes of an hour of a day in Vietnam.
fn moment(day: NaiveDate, hour: u32, minutes: u64) -> Instant {
    let minutes = u32::try_from(minutes).unwrap_or_default();
    let time = NaiveTime::from_hms_opt(hour + minutes / 60, minutes % 60, 0).unwrap_or_default();
    Instant::from_vietnam_time(day.and_time(time))
}

/// A number without pattern that follows from a number: the last steps of `SplitMix64`, the same on every
/// machine and in every version.
pub(super) const fn mixed(number: u64, salt: u64) -> u64 {
    let mut mixed = number.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A number below `end`; 0 where that is none.
pub(super) fn below(end: usize, number: u64, salt: u64) -> usize {
    let end = u64::try_from(end).unwrap_or(u64::MAX);
    usize::try_from(mixed(number, salt).checked_rem(end).unwrap_or_default()).unwrap_or_default()
}

/// One of these.
pub(super) fn chosen<T>(of: &[T], number: u64) -> Option<&T> {
    of.get(below(of.len(), number, 7))
}
