//! Where recommendations stand on a day (tình hình thực hiện kiến nghị): what was asked, paid until then and
//! is outstanding, and since when it is overdue. Before its conclusion nothing is asked, and what was paid before
//! counts from the day of the conclusion on: nothing is ever outstanding below zero.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    AuditRecommendation, AuditRecommendationFilter, AuditRecommendationId, RecommendationKey,
    RecoveryMeasure, recommendation_list, remittances,
};
use crate::remittances::Remitted;
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
use kernel::text::{day_vi, fold};
use kernel::tree::OrgUnitId;
use kernel::{operations, page_of};

/// Where a recommendation stands on a day (tình hình thực hiện kiến nghị).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "recommendation_id": "0190a8c0-0000-7000-8000-000000000104", "org_unit_id": "0190a8c0-0000-7000-8000-000000000006",
    "org_unit_code": "934-BQLDA", "org_unit_name": "Ban Quản lý dự án Đầu tư xây dựng huyện", "code": "08/KL-TTr-2",
    "conclusion_number": "08/KL-TTr", "concluded_on": "2024-03-06", "title": "Trường TH Phương Phú 1",
    "measure": "deduct", "as_of": "2024-06-30", "amount_vnd": 6_483_390, "remitted_vnd": 6_483_390,
    "outstanding_vnd": 0, "remitted_rate": {"numerator": 6_483_390, "denominator": 6_483_390, "rate_percent": 100.0},
    "last_remitted_on": "2024-04-22", "due_on": null, "remarks": []
}))]
pub struct AuditRecommendationProgress {
    /// The recommendation (kiến nghị).
    pub recommendation_id: AuditRecommendationId,
    /// The unit that must pay (đơn vị phải thực hiện).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its name (tên đơn vị).
    pub org_unit_name: String,
    /// Its code (mã kiến nghị).
    pub code: String,
    /// Number of the conclusion (số kết luận).
    pub conclusion_number: String,
    /// Its day (ngày kết luận).
    pub concluded_on: NaiveDate,
    /// Which work or content it is about (công trình, nội dung).
    pub title: String,
    /// What is asked for (hình thức xử lý tài chính).
    pub measure: RecoveryMeasure,
    /// The day of these figures (tính đến ngày).
    pub as_of: NaiveDate,
    /// What is asked, in đồng; 0 before the day of the conclusion (số tiền phải nộp).
    pub amount_vnd: i64,
    /// What was paid until the day (số tiền đã nộp); what was paid before the conclusion counts from its day on.
    pub remitted_vnd: i64,
    /// What is left to pay (số tiền còn phải nộp).
    pub outstanding_vnd: i64,
    /// What was paid of what is asked (tỷ lệ đã nộp).
    pub remitted_rate: StatisticsRate,
    /// Day of the last remittance until then (ngày nộp gần nhất).
    pub last_remitted_on: Option<NaiveDate>,
    /// Last day on which to pay (thời hạn thực hiện).
    pub due_on: Option<NaiveDate>,
    /// What is noticed about it (lưu ý).
    pub remarks: Vec<Remark>,
}
page_of!(
    AuditRecommendationProgressPage,
    AuditRecommendationProgress,
    "recommendations as they stand on a day"
);

impl AuditRecommendationProgress {
    fn of(asked: AuditRecommendation, as_of: NaiveDate, paid: Option<Remitted>) -> Self {
        // Before its conclusion nothing is asked, and nothing was paid towards it.
        let is_concluded = asked.concluded_on <= as_of;
        let paid = paid.filter(|_| is_concluded);
        let remitted_vnd = paid.map_or(0, |paid| paid.amount_vnd);
        let amount_vnd = if is_concluded { asked.amount_vnd } else { 0 };
        let outstanding_vnd = amount_vnd - remitted_vnd;
        Self {
            recommendation_id: asked.id,
            org_unit_id: asked.org_unit_id,
            org_unit_code: asked.org_unit_code,
            org_unit_name: asked.org_unit_name,
            code: asked.code,
            conclusion_number: asked.conclusion_number,
            concluded_on: asked.concluded_on,
            title: asked.title,
            measure: asked.measure,
            as_of,
            amount_vnd,
            remitted_vnd,
            outstanding_vnd,
            remitted_rate: StatisticsRate::of(remitted_vnd, amount_vnd),
            last_remitted_on: paid.map(|paid| paid.last_on),
            due_on: asked.due_on,
            remarks: overdue(asked.due_on, as_of, outstanding_vnd).into_iter().collect(),
        }
    }
}

/// Something that is outstanding after its due day.
fn overdue(due_on: Option<NaiveDate>, as_of: NaiveDate, outstanding_vnd: i64) -> Option<Remark> {
    let due_on = due_on.filter(|day| *day < as_of && outstanding_vnd > 0)?;
    let days = (as_of - due_on).num_days();
    let message = Bilingual::new(
        format!("Còn {outstanding_vnd} đồng chưa nộp, quá hạn ngày {} là {days} ngày.", day_vi(due_on)),
        format!("{outstanding_vnd} đồng are outstanding, {days} days after the due day {due_on}."),
    );
    let remark = Remark::new("/outstanding_vnd", Rule::RemittanceOverdue, message);
    Some(remark.with("outstanding_vnd", outstanding_vnd).with("days", days))
}

/// A page of recommendations as they stand on a day, with one sum for all of them.
fn progress_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &AuditRecommendationFilter,
    page: &PageRequest,
) -> Result<PageRows<AuditRecommendationProgress>, ApiError> {
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let asked = recommendation_list(conn, scoped, filter, page)?;
    let key = |one: &AuditRecommendation| -> RecommendationKey { (one.org_unit_id, fold(&one.code)) };
    let keys: HashSet<RecommendationKey> = asked.items.iter().map(key).collect();
    let paid = remittances::sums(conn, &keys, day)?;
    Ok(asked.map(|one| {
        let paid = paid.get(&key(&one)).copied();
        AuditRecommendationProgress::of(one, day, paid)
    }))
}

/// Mounts the operation.
pub(super) fn routes(mount: &mut impl Mount) {
    operations!(mount, list_audit_recommendation_progress);
}

#[utoipa::path(
    get, path = "/api/v1/public-finance/audit-recommendations/progress",
    operation_id = "list_audit_recommendation_progress", tag = "audit-recommendations", summary = "Show what is outstanding on a day",
    description = "The recommendations that a filter finds as they stand on `as_of` (tình hình thực hiện kiến nghị thanh tra, kiểm toán): asked, paid until then and outstanding; what is outstanding after its due day is remarked. What was paid before the conclusion counts from its day on.",
    params(AuditRecommendationFilter, PageParams),
    responses((status = 200, description = "A page.", body = AuditRecommendationProgressPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_audit_recommendation_progress(
    permit: Permit<Read, PublicFinance>,
    query: ListQuery<AuditRecommendationFilter>,
    app: App,
) -> Result<Listed<AuditRecommendationProgressPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, progress_list).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_outstanding_is_overdue_from_the_day_after_its_due_day() {
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        let due = Some(day("2024-06-06"));
        assert_eq!(overdue(due, day("2024-06-06"), 1), None);
        assert_eq!(overdue(due, day("2024-06-07"), 0), None);
        assert_eq!(overdue(None, day("2024-06-07"), 1), None);
        let remark = overdue(due, day("2024-06-08"), 1).unwrap();
        assert_eq!((remark.code, remark.numbers["days"]), ("remittance_overdue", 2));
    }
}
