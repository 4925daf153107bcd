//! Where plans stand on a day (tình hình thực hiện kế hoạch vốn): what was given and adjusted until then, what
//! was paid, and the rate of the two from exact parts.
//!
//! A disbursement may be told for a span of days. One that had ended counts whole; of one that goes on over
//! the day nobody knows the part, so it is told apart and not divided.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    CapitalSource, InvestmentPlan, InvestmentPlanFilter, InvestmentPlanId, PlanKey, disbursements,
    plan_adjustments, plan_list,
};
use crate::disbursements::Paid;
use kernel::api::mount::Mount;
use kernel::api::{ListQuery, Listed, PageParams, PageRequest, PageRows};
use kernel::auth::permit::{Permit, PublicFinance, Read};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::error::{ApiError, Bilingual};
use kernel::rates::StatisticsRate;
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::state::App;
use kernel::text::fold;
use kernel::tree::OrgUnitId;
use kernel::{operations, page_of};

/// Where a plan stands on a day (tình hình thực hiện kế hoạch vốn đầu tư công).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "plan_id": "0190a8c0-0000-7000-8000-000000000101", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
    "org_unit_code": "934", "org_unit_name": "Huyện Phụng Hiệp", "fiscal_year": 2024, "code": "VDTC",
    "title": "Tổng kế hoạch vốn đầu tư công được giao", "capital_source": "state_budget", "as_of": "2024-05-15",
    "planned_vnd": 65_808_000_000_i64, "adjusted_vnd": 0, "in_force_vnd": 65_808_000_000_i64,
    "disbursed_vnd": 30_612_000_000_i64, "undivided_vnd": 0,
    "disbursement_rate": {"numerator": 30_612_000_000_i64, "denominator": 65_808_000_000_i64, "rate_percent": 46.52},
    "remarks": []
}))]
pub struct InvestmentPlanProgress {
    /// The plan (kế hoạch vốn).
    pub plan_id: InvestmentPlanId,
    /// The unit to which it is given (đơn vị được giao kế hoạch vốn).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its name (tên đơn vị).
    pub org_unit_name: String,
    /// For which year it is (năm kế hoạch).
    pub fiscal_year: i64,
    /// Its code (mã kế hoạch, mã dự án).
    pub code: String,
    /// What it is for (tên dự án, nội dung).
    pub title: String,
    /// Out of which funds (nguồn vốn).
    pub capital_source: CapitalSource,
    /// The day of these figures (tính đến ngày).
    pub as_of: NaiveDate,
    /// What was given at first, in đồng; 0 before its first day (số vốn được giao đầu năm).
    pub planned_vnd: i64,
    /// What decisions until the day added, less what they took away (số điều chỉnh tăng, giảm).
    pub adjusted_vnd: i64,
    /// The plan in force (kế hoạch vốn đến ngày).
    pub in_force_vnd: i64,
    /// Paid until the day (lũy kế giải ngân).
    pub disbursed_vnd: i64,
    /// Paid in spans of days that go on over the day, of which no part is known (số chưa tách được theo ngày).
    pub undivided_vnd: i64,
    /// What was paid of the plan in force (tỷ lệ giải ngân).
    pub disbursement_rate: StatisticsRate,
    /// What is noticed about it (lưu ý).
    pub remarks: Vec<Remark>,
}
page_of!(InvestmentPlanProgressPage, InvestmentPlanProgress, "plans as they stand on a day");

impl InvestmentPlanProgress {
    fn of(
        plan: InvestmentPlan,
        as_of: NaiveDate,
        adjusted_vnd: i64,
        (paid, overlapping): (Paid, i64),
    ) -> Self {
        let planned_vnd = if plan.valid_from <= as_of { plan.amount_vnd } else { 0 };
        let in_force_vnd = planned_vnd.saturating_add(adjusted_vnd);
        Self {
            plan_id: plan.id,
            org_unit_id: plan.org_unit_id,
            org_unit_code: plan.org_unit_code,
            org_unit_name: plan.org_unit_name,
            fiscal_year: plan.fiscal_year,
            code: plan.code,
            title: plan.title,
            capital_source: plan.capital_source,
            as_of,
            planned_vnd,
            adjusted_vnd,
            in_force_vnd,
            disbursed_vnd: paid.until_vnd,
            undivided_vnd: paid.over_vnd,
            disbursement_rate: StatisticsRate::of(paid.until_vnd, in_force_vnd),
            remarks: remarks(in_force_vnd, paid, overlapping),
        }
    }
}

/// What the sums of a plan show.
fn remarks(in_force_vnd: i64, paid: Paid, overlapping: i64) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if in_force_vnd < 0 {
        let message = Bilingual::new(
            format!("Các quyết định điều chỉnh làm kế hoạch vốn âm {} đồng.", -in_force_vnd),
            format!("Adjustments take {} đồng more than the plan holds.", -in_force_vnd),
        );
        remarks.push(
            Remark::new("/in_force_vnd", Rule::PlanBelowZero, message).with("in_force_vnd", in_force_vnd),
        );
    }
    let beyond = paid.until_vnd.saturating_sub(in_force_vnd.max(0));
    if beyond > 0 {
        let message = Bilingual::new(
            format!("Giải ngân vượt kế hoạch vốn {beyond} đồng."),
            format!("{beyond} đồng more were paid than the plan holds."),
        );
        remarks.push(
            Remark::new("/disbursed_vnd", Rule::PaidBeyondPlan, message)
                .with("disbursed_vnd", paid.until_vnd)
                .with("in_force_vnd", in_force_vnd),
        );
    }
    if paid.over_vnd > 0 {
        let message = Bilingual::new(
            format!(
                "Có {} đồng giải ngân trong khoảng thời gian kéo dài qua ngày tính, không tách được.",
                paid.over_vnd
            ),
            format!(
                "{} đồng were paid in spans that go on over the day and cannot be divided.",
                paid.over_vnd
            ),
        );
        remarks.push(
            Remark::new("/undivided_vnd", Rule::UndividedSpan, message).with("undivided_vnd", paid.over_vnd),
        );
    }
    if overlapping > 0 {
        let message = Bilingual::new(
            format!(
                "Có {overlapping} khoản giải ngân theo khoảng thời gian trùng với khoản khác; kiểm tra có nhập số lũy kế thay cho số phát sinh hay không."
            ),
            format!(
                "{overlapping} disbursements are of spans that others overlap; sums since the year's beginning may stand beside their parts."
            ),
        );
        remarks.push(
            Remark::new("/disbursed_vnd", Rule::OverlappingSpans, message).with("disbursements", overlapping),
        );
    }
    remarks
}

/// A page of plans as they stand on a day, with three sums for all of them.
fn progress_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &InvestmentPlanFilter,
    page: &PageRequest,
) -> Result<PageRows<InvestmentPlanProgress>, ApiError> {
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let plans = plan_list(conn, scoped, filter, page)?;
    let key = |plan: &InvestmentPlan| -> PlanKey { (plan.org_unit_id, plan.fiscal_year, fold(&plan.code)) };
    let keys: HashSet<PlanKey> = plans.items.iter().map(key).collect();
    let adjusted = plan_adjustments::sums(conn, &keys, day)?;
    let paid = disbursements::sums(conn, &keys, day)?;
    let overlapping = disbursements::overlapping(conn, &keys, day)?;
    Ok(plans.map(|plan| {
        let key = key(&plan);
        let adjusted = adjusted.get(&key).copied().unwrap_or_default();
        let paid = paid.get(&key).copied().unwrap_or_default();
        let overlapping = overlapping.get(&key).copied().unwrap_or_default();
        InvestmentPlanProgress::of(plan, day, adjusted, (paid, overlapping))
    }))
}

/// Mounts the operation.
pub(super) fn routes(mount: &mut impl Mount) {
    operations!(mount, list_investment_plan_progress);
}

#[utoipa::path(
    get, path = "/api/v1/public-finance/investment-plans/progress",
    operation_id = "list_investment_plan_progress", tag = "investment-plans", summary = "Show where investment plans stand on a day",
    description = "The plans that a filter finds as they stand on `as_of` (tình hình thực hiện kế hoạch vốn đầu tư công): in force after all adjustments until then, paid until then, and the rate with its exact parts.",
    params(InvestmentPlanFilter, PageParams),
    responses((status = 200, description = "A page.", body = InvestmentPlanProgressPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_investment_plan_progress(
    permit: Permit<Read, PublicFinance>,
    query: ListQuery<InvestmentPlanFilter>,
    app: App,
) -> Result<Listed<InvestmentPlanProgressPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, progress_list).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(in_force_vnd: i64, until_vnd: i64, over_vnd: i64) -> Vec<&'static str> {
        let remarks = remarks(in_force_vnd, Paid { until_vnd, over_vnd }, 0);
        remarks.into_iter().map(|remark| remark.code).collect()
    }

    #[test]
    fn what_is_paid_is_held_against_the_plan_in_force() {
        assert_eq!(codes(65_808_000_000, 30_612_000_000, 0), [""; 0]);
        assert_eq!(codes(100, 100, 0), [""; 0]);
        assert_eq!(codes(100, 101, 0), ["paid_beyond_plan"]);
        assert_eq!(codes(-1, 0, 0), ["plan_below_zero"]);
        assert_eq!(codes(100, 10, 5), ["undivided_span"]);
        let told = remarks(100, Paid { until_vnd: 10, over_vnd: 0 }, 2);
        assert_eq!(told.iter().map(|remark| remark.code).collect::<Vec<_>>(), ["overlapping_spans"]);
    }
}
