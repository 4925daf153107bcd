//! What became of the feedback of a period: every record is held against its limits by the same rule as
//! when it is read by itself, and counted. A district receives some hundreds a year.

use diesel::prelude::*;

use super::limits::TimeLimits;
use super::model::{
    CitizenFeedbackId, CitizenFeedbackSummary, CitizenFeedbackSummaryFilter, FeedbackClass,
    FeedbackLimitCounts, FeedbackStatus, FeedbackStep, FeedbackTimes, TimeLimitOutcome,
};
use super::rules;
use super::store::{Feedback, end_of, standing};
use crate::auth::scope::Scoped;
use crate::db::DbConn;
use crate::db::schema::citizen_feedback;
use crate::db::types::Instant;
use crate::db::unindexed::Unindexed;
use crate::domain::organization::reference::{UnitName, label, scoped_units};
use crate::domain::organization::successors::unit_in_force;
use crate::domain::organization::tree::OrgUnitId;
use crate::domain::validity::{days_in_range, storable};
use crate::error::{ApiError, Bilingual, Fault, Problem};

/// How many rows are held in memory at once.
const PART: i64 = 2_000;

/// Where the next part begins: behind this row.
type Last = (Instant, CitizenFeedbackId);

/// A part of what was received, in its order.
fn part<'a>(units: &[OrgUnitId], filter: &CitizenFeedbackSummaryFilter, last: Option<Last>) -> Feedback<'a> {
    use citizen_feedback as f;
    let mut query = standing()
        .filter(Unindexed(f::org_unit_id).eq_any(units.to_vec()))
        .filter(f::received_at.lt(end_of(filter.received_to)))
        .order((f::received_at, f::id))
        .limit(PART);
    if let Some(class) = filter.class {
        query = query.filter(f::class.eq(class));
    }
    let (from, id) = match last {
        None => {
            return query.filter(f::received_at.ge(Instant::beginning_of(storable(filter.received_from))));
        }
        Some(last) => last,
    };
    query.filter(f::received_at.ge(from)).filter(f::received_at.gt(from).or(f::id.gt(id)))
}

/// What became of what a unit, or those below, received between two days.
///
/// # Errors
/// 403 for a unit out of reach, 422 for one that is not known.
pub(super) fn feedback_summary(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &CitizenFeedbackSummaryFilter,
) -> Result<CitizenFeedbackSummary, ApiError> {
    let (from, to) = (filter.received_from, filter.received_to);
    days_in_range([("/as_of", filter.as_of), ("/received_from", Some(from)), ("/received_to", Some(to))])?;
    if to < from {
        let message = Bilingual::new(
            "Ngày cuối không được trước ngày đầu.",
            "The last day must not be before the first.",
        );
        return Err(ApiError::invalid(vec![Fault::new("/received_to", "before_start", message)]));
    }
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let (tree, as_of) = (scoped.tree(), filter.as_of.unwrap_or_else(|| scoped.today()));
    let unit = unit_in_force(tree, &name, as_of)?;
    if !scoped.reaches(unit) {
        return Err(ApiError::new(Problem::Forbidden));
    }
    let scope = filter.scope.unwrap_or_default();
    let mut units = scoped_units(tree, unit, scope, as_of);
    units.retain(|unit| scoped.reaches(*unit));
    let limits = TimeLimits::load(conn, scoped.today())?;
    let mut counts = Counts::default();
    let mut last = None;
    loop {
        let columns = (citizen_feedback::id, FeedbackTimes::as_select());
        let rows: Vec<(CitizenFeedbackId, FeedbackTimes)> =
            part(&units, filter, last).select(columns).load(conn)?;
        rows.iter().for_each(|(_, times)| counts.add(times, &limits));
        let Some((id, times)) = rows.last() else { break };
        last = Some((times.received_at, *id));
    }
    let label = label(tree, unit, as_of);
    let of = |wanted| counts.statuses.iter().filter(|(status, _)| *status == wanted).map(|(_, n)| n).sum();
    let published: u64 = of(FeedbackStatus::Published);
    let answered: u64 = of(FeedbackStatus::Answered);
    Ok(CitizenFeedbackSummary {
        org_unit_id: label.org_unit_id,
        org_unit_code: label.org_unit_code,
        org_unit_identifier: label.org_unit_identifier,
        org_unit_name: label.org_unit_name,
        scope,
        units: units.len(),
        as_of,
        received_from: from,
        received_to: to,
        class: filter.class,
        received: counts.by_rule + counts.by_conduct,
        by_rule: counts.by_rule,
        by_conduct: counts.by_conduct,
        in_progress: of(FeedbackStatus::Received),
        awaiting_supplement: of(FeedbackStatus::AwaitingSupplement),
        refused: of(FeedbackStatus::Refused),
        answered: answered + published,
        published,
        overdue: counts.overdue,
        limits: counts.limits,
    })
}

/// What has been counted.
#[derive(Debug)]
struct Counts {
    by_rule: u64,
    by_conduct: u64,
    statuses: Vec<(FeedbackStatus, u64)>,
    overdue: u64,
    limits: Vec<FeedbackLimitCounts>,
}

impl Default for Counts {
    /// Nothing, of every step that has a limit.
    fn default() -> Self {
        let steps = FeedbackStep::ALL.iter().filter(|step| **step != FeedbackStep::Supplement);
        let none = |step: &FeedbackStep| FeedbackLimitCounts {
            step: *step,
            in_time: 0,
            late: 0,
            pending: 0,
            pending_late: 0,
        };
        Self {
            by_rule: 0,
            by_conduct: 0,
            statuses: FeedbackStatus::ALL.iter().map(|status| (*status, 0)).collect(),
            overdue: 0,
            limits: steps.map(none).collect(),
        }
    }
}

impl Counts {
    fn add(&mut self, times: &FeedbackTimes, limits: &TimeLimits) {
        match times.class {
            FeedbackClass::Rule => self.by_rule += 1,
            FeedbackClass::Conduct => self.by_conduct += 1,
        }
        let reached = rules::status(times);
        self.statuses.iter_mut().filter(|(status, _)| *status == reached).for_each(|(_, count)| *count += 1);
        let kept = rules::limits(times, limits);
        self.overdue += u64::from(rules::is_overdue(&kept));
        for (limit, outcome) in kept.iter().filter_map(|limit| Some((limit, limit.outcome?))) {
            for counts in self.limits.iter_mut().filter(|counts| counts.step == limit.step) {
                *match outcome {
                    TimeLimitOutcome::InTime => &mut counts.in_time,
                    TimeLimitOutcome::Late => &mut counts.late,
                    TimeLimitOutcome::Pending => &mut counts.pending,
                    TimeLimitOutcome::PendingLate => &mut counts.pending_late,
                } += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn a_period_is_read_from_the_index_by_time() {
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        let day = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let filter = CitizenFeedbackSummaryFilter {
            org_unit_id: None,
            org_unit_identifier: None,
            org_unit_code: None,
            as_of: None,
            scope: None,
            received_from: day,
            received_to: day,
            class: Some(FeedbackClass::Rule),
        };
        let units = [OrgUnitId::new(), OrgUnitId::new()];
        for last in [None, Some((Instant::beginning_of(day), CitizenFeedbackId::new()))] {
            let query = || part(&units, &filter, last).select(FeedbackTimes::as_select());
            let told = plan(&mut conn, query());
            let by_time = "SEARCH citizen_feedback USING INDEX citizen_feedback_by_time";
            assert!(told.iter().any(|step| step.starts_with(by_time)), "{told:?}");
            assert!(!told.iter().any(|step| step.contains("TEMP B-TREE")), "{told:?}");
            if let Some(postgres) = &mut postgres {
                let told = postgres_plan(postgres.conn(), query());
                let is_wrong = |step: &String| step.contains("Sort") || step.contains("Seq Scan");
                assert!(!told.iter().any(is_wrong), "{told:#?}");
            }
        }
    }
}
