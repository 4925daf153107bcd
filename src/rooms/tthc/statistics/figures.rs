//! The figures of a row: counts as they are, rates and times from exact parts. Pure.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::dossiers::summaries::tallies::Tally;
use kernel::rates::{StatisticsRate, two_decimals};

/// How long it took to resolve dossiers, in working days without those waited (thời gian giải quyết).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct StatisticsTimes {
    /// Of how many it is known: all resolved but those in years whose holidays are not listed (số hồ sơ).
    pub known: i64,
    /// Their working days together (tổng số ngày làm việc).
    pub sum_working_days: i64,
    /// Working days of one, on the mean, to two decimals (số ngày làm việc trung bình).
    pub mean_working_days: Option<f64>,
    /// In how many working days nine of ten were resolved (số ngày làm việc của 90% hồ sơ).
    pub p90_working_days: Option<i64>,
}

impl StatisticsTimes {
    /// The times of so many dossiers by their working days.
    #[must_use]
    pub fn of(times: &BTreeMap<i64, i64>) -> Self {
        let known: i64 = times.values().sum();
        let sum_working_days = times.iter().map(|(days, count)| days * count).sum();
        Self {
            known,
            sum_working_days,
            mean_working_days: two_decimals(sum_working_days, known),
            p90_working_days: within(times, known - known / 10),
        }
    }
}

/// The working days within which so many were resolved.
fn within(times: &BTreeMap<i64, i64>, wanted: i64) -> Option<i64> {
    let mut resolved = 0;
    for (days, count) in times {
        resolved += count;
        if resolved >= wanted && wanted > 0 {
            return Some(*days);
        }
    }
    None
}

/// What became of dossiers within the days (số liệu giải quyết hồ sơ). Received, carried over and
/// transferred together are what was resolved, withdrawn or refused, and what is pending.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct StatisticsFigures {
    /// Received (tiếp nhận trong kỳ).
    pub received: i64,
    /// Pending on the eve of the first day (kỳ trước chuyển qua).
    pub carried_over: i64,
    /// Came from other units less what went to them (nhận bàn giao trừ bàn giao đi).
    pub transferred: i64,
    /// Resolved before the due day (giải quyết trước hạn).
    pub resolved_early: i64,
    /// Resolved on the due day, or without one (giải quyết đúng hạn).
    pub resolved_on_time: i64,
    /// Resolved after the due day (giải quyết quá hạn).
    pub resolved_overdue: i64,
    /// Resolved (tổng số đã giải quyết).
    pub resolved_total: i64,
    /// Pending on the last day and in time (đang giải quyết trong hạn).
    pub pending_in_time: i64,
    /// Pending on the last day and overdue (đang giải quyết quá hạn).
    pub pending_overdue: i64,
    /// Pending on the last day (tổng số đang giải quyết).
    pub pending_total: i64,
    /// Withdrawn (rút hồ sơ).
    pub withdrawn: i64,
    /// Refused (từ chối giải quyết).
    pub refused: i64,
    /// Resolved early or on time, out of all resolved (tỷ lệ giải quyết đúng hạn).
    pub on_time: StatisticsRate,
    /// How long it took (thời gian giải quyết).
    pub times: StatisticsTimes,
}

impl From<&Tally> for StatisticsFigures {
    fn from(tally: &Tally) -> Self {
        let in_time = tally.resolved_early + tally.resolved_on_time;
        let resolved_total = in_time + tally.resolved_overdue;
        Self {
            received: tally.received,
            carried_over: tally.carried_over,
            transferred: tally.transferred,
            resolved_early: tally.resolved_early,
            resolved_on_time: tally.resolved_on_time,
            resolved_overdue: tally.resolved_overdue,
            resolved_total,
            pending_in_time: tally.pending_in_time,
            pending_overdue: tally.pending_overdue,
            pending_total: tally.pending_in_time + tally.pending_overdue,
            withdrawn: tally.withdrawn,
            refused: tally.refused,
            on_time: StatisticsRate::of(in_time, resolved_total),
            times: StatisticsTimes::of(&tally.times),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_of_ten_are_resolved_within_the_ninetieth_percentile() {
        let times = |counts: &[(i64, i64)]| StatisticsTimes::of(&counts.iter().copied().collect());
        let ten = times(&[(1, 8), (2, 1), (30, 1)]);
        assert_eq!((ten.known, ten.sum_working_days), (10, 40));
        assert_eq!((ten.mean_working_days, ten.p90_working_days), (Some(4.0), Some(2)));
        assert_eq!(times(&[(1, 8), (2, 2), (30, 1)]).p90_working_days, Some(2), "ten of eleven are needed");
        assert_eq!(times(&[(1, 8), (2, 1), (30, 2)]).p90_working_days, Some(30));
        assert_eq!(times(&[(0, 1)]).p90_working_days, Some(0));
        let none = times(&[]);
        assert_eq!((none.mean_working_days, none.p90_working_days), (None, None));
    }
}
