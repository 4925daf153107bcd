//! What became of the feedback of a period: every record is held against its limits by the same rule as
//! when it is read by itself, and counted. A district receives some hundreds a year.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::limits::TimeLimits;
use super::model::{
    CitizenFeedbackId, FeedbackClass, FeedbackStatus, FeedbackStep, FeedbackTimes, TimeLimitOutcome,
};
use super::rules;
use super::store::{Feedback, end_of, standing};
use crate::dossiers::summaries::spans::Days;
use crate::seats::Seats;
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::schema::citizen_feedback;
use kernel::db::types::Instant;
use kernel::db::unindexed::Unindexed;
use kernel::error::ApiError;
use kernel::reporting::rosters::Rosters;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitName, UnitScope};
use kernel::validity::{days_in_order, days_in_range, storable};

/// Which feedback is counted.
#[derive(Debug, Clone, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CitizenFeedbackSummaryFilter {
    /// The unit that answers, by id; exactly one of id, identifier and code (đơn vị xử lý).
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The day on which the unit's code and the tree are read; today when not given.
    pub as_of: Option<NaiveDate>,
    /// The unit and its agencies, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// Received on this day or later (tiếp nhận từ ngày).
    pub received_from: NaiveDate,
    /// Received on this day or before (tiếp nhận đến ngày).
    pub received_to: NaiveDate,
    /// What it is about (loại phản ánh, kiến nghị); both when not given.
    #[param(inline)]
    pub class: Option<FeedbackClass>,
}

/// How many kept one time limit (số lượng theo tình trạng thời hạn).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"step": "answer", "in_time": 11, "late": 1, "pending": 2, "pending_late": 0}))]
pub struct FeedbackLimitCounts {
    /// The step (bước xử lý).
    pub step: FeedbackStep,
    /// Taken by the due day (đúng hạn).
    #[schema(minimum = 0)]
    pub in_time: u64,
    /// Taken after it (trễ hạn).
    #[schema(minimum = 0)]
    pub late: u64,
    /// Not taken yet, and not due yet (chưa đến hạn).
    #[schema(minimum = 0)]
    pub pending: u64,
    /// Not taken yet, and due before today (quá hạn chưa thực hiện).
    #[schema(minimum = 0)]
    pub pending_late: u64,
}

/// What became of the feedback received between two days (tình hình tiếp nhận, xử lý phản ánh, kiến nghị).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "org_unit_id": "0190a8c0-0000-7000-8000-000000000004", "org_unit_code": "31420",
    "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp", "scope": "self", "units": 1,
    "as_of": "2026-07-01", "received_from": "2026-01-01", "received_to": "2026-06-30", "class": null,
    "received": 15, "by_rule": 4, "by_conduct": 11, "in_progress": 2, "awaiting_supplement": 0, "refused": 1,
    "answered": 12, "published": 10, "overdue": 1,
    "limits": [{"step": "answer", "in_time": 11, "late": 1, "pending": 2, "pending_late": 0}]
}))]
pub struct CitizenFeedbackSummary {
    /// The unit (đơn vị xử lý).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the day (tên đơn vị).
    pub org_unit_name: String,
    /// Which units beside it (phạm vi).
    pub scope: UnitScope,
    /// How many units these are: those in force, and those that ended within the days (số đơn vị).
    #[schema(minimum = 1)]
    pub units: usize,
    /// The day on which the tree was read (ngày tra cứu).
    pub as_of: NaiveDate,
    /// First day of receipt (tiếp nhận từ ngày).
    pub received_from: NaiveDate,
    /// Last day of receipt (tiếp nhận đến ngày).
    pub received_to: NaiveDate,
    /// What it is about (loại phản ánh, kiến nghị); null for both.
    pub class: Option<FeedbackClass>,
    /// How much was received (số PAKN tiếp nhận).
    #[schema(minimum = 0)]
    pub received: u64,
    /// Of it about rules (số PAKN về quy định hành chính).
    #[schema(minimum = 0)]
    pub by_rule: u64,
    /// Of it about conduct (số PAKN về hành vi hành chính).
    #[schema(minimum = 0)]
    pub by_conduct: u64,
    /// Neither refused nor answered, nothing awaited (đang xử lý).
    #[schema(minimum = 0)]
    pub in_progress: u64,
    /// The sender was asked for more (chờ bổ sung thông tin).
    #[schema(minimum = 0)]
    pub awaiting_supplement: u64,
    /// Refused (từ chối tiếp nhận).
    #[schema(minimum = 0)]
    pub refused: u64,
    /// Answered, whether public or not (đã trả lời).
    #[schema(minimum = 0)]
    pub answered: u64,
    /// Of the answered those whose answer is public (đã công khai kết quả).
    #[schema(minimum = 0)]
    pub published: u64,
    /// Those of which a step is owed that was due before today (quá hạn).
    #[schema(minimum = 0)]
    pub overdue: u64,
    /// How many kept each time limit (tình hình thực hiện từng thời hạn).
    pub limits: Vec<FeedbackLimitCounts>,
}

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

/// What became of what a unit, or those below, received between two days, with what went whole into them.
///
/// # Errors
/// 403 for a unit out of reach, 422 for one that is not known.
pub(super) fn feedback_summary(
    conn: &mut DbConn,
    scoped: &Scoped,
    rosters: &Rosters,
    filter: &CitizenFeedbackSummaryFilter,
) -> Result<CitizenFeedbackSummary, ApiError> {
    let (from, to) = (filter.received_from, filter.received_to);
    days_in_range([("/as_of", filter.as_of), ("/received_from", Some(from)), ("/received_to", Some(to))])?;
    days_in_order(from, ("/received_to", to))?;
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let as_of = filter.as_of.unwrap_or_else(|| scoped.today());
    let scope = filter.scope.unwrap_or_default();
    let seats = Seats::named(scoped, rosters, &name, (scope, as_of), Days { from, to })?;
    let units: Vec<OrgUnitId> = seats.units().iter().collect();
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
    let unit = seats.label(scoped.tree(), seats.unit());
    let of = |wanted| counts.statuses.iter().filter(|(status, _)| *status == wanted).map(|(_, n)| n).sum();
    let published: u64 = of(FeedbackStatus::Published);
    let answered: u64 = of(FeedbackStatus::Answered);
    Ok(CitizenFeedbackSummary {
        org_unit_id: unit.org_unit_id,
        org_unit_code: unit.org_unit_code,
        org_unit_identifier: unit.org_unit_identifier,
        org_unit_name: unit.org_unit_name,
        scope,
        units: seats.count(),
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
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn a_period_is_read_from_the_index_by_time() {
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
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
