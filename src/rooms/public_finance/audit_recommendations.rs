//! Recommendations of inspections and audits (kiến nghị thanh tra, kiểm tra, kiểm toán): what a unit must pay
//! back, or what is taken off what it is owed, for one work, by one conclusion. What it paid are
//! [`remittances`]; [`progress`] tells what is outstanding on a day.
//!
//! A unit knows a recommendation by a code; its remittances name it so.

pub mod progress;

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::remittances;
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Permit, PublicFinance, Read, Write};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::audit_recommendations as columns;
use kernel::document_numbers::{number_fault, year_remark};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::text::{contains, fold};
use kernel::tree::OrgUnitId;
use kernel::validity::{OPEN_END, day_faults};
use kernel::{attachments, crud, id, load_locked, text_enum, unit_fields, unit_store};

id! {
    /// Id of a recommendation (kiến nghị thanh tra, kiểm toán).
    AuditRecommendationId
}

text_enum! {
    /// What is asked for (hình thức xử lý tài chính).
    pub enum RecoveryMeasure {
        /// Spending is not recognized and is paid back.
        Disallow => "disallow", "xuất toán";
        /// The amount is taken off what is paid or accounted for.
        Deduct => "deduct", "giảm trừ";
        /// Money is taken back into the budget.
        Recover => "recover", "thu hồi nộp ngân sách";
    }
}

text_enum! {
    /// Order of recommendations (thứ tự).
    pub enum AuditRecommendationSort {
        /// Earliest first.
        ConcludedOn => "concluded_on", "ngày kết luận tăng dần";
        /// Latest first.
        ConcludedOnDesc => "-concluded_on", "ngày kết luận giảm dần";
    }
}

unit_fields! {
    table: audit_recommendations, id: AuditRecommendationId, page: AuditRecommendationPage of "recommendations",
    unit on concluded_on: {
        shown "The unit that must pay (đơn vị phải thực hiện).", named "Its name on the day of the conclusion (tên đơn vị).",
        sent "The unit that must pay, by id; exactly one of id, identifier and code (đơn vị phải thực hiện).",
        read "The unit by its statistics code, read on the day of the conclusion (mã đơn vị hành chính).",
    }
    /// A recommendation as it is stored.
    row: AuditRecommendationRow;
    /// What a unit must pay for one work by one conclusion (kiến nghị thanh tra, kiểm toán về tài chính).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000104", "org_unit_id": "0190a8c0-0000-7000-8000-000000000006",
        "org_unit_code": "934-BQLDA", "org_unit_identifier": null,
        "org_unit_name": "Ban Quản lý dự án Đầu tư xây dựng huyện",
        "code": "08/KL-TTr-2", "conclusion_number": "08/KL-TTr", "concluded_on": "2024-03-06",
        "concluded_by": "Thanh tra Sở Xây dựng tỉnh Hậu Giang", "title": "Trường TH Phương Phú 1",
        "measure": "deduct", "amount_vnd": 6_483_390, "due_on": null, "remarks": [], "source_note": null, "note": null, "version": 1,
        "created_at": "2024-06-15T02:00:00Z", "updated_at": "2024-06-15T02:00:00Z"
    }))]
    answer: AuditRecommendation;
    /// A new recommendation, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "934-BQLDA", "code": "08/KL-TTr-2", "conclusion_number": "08/KL-TTr",
        "concluded_on": "2024-03-06", "concluded_by": "Thanh tra Sở Xây dựng tỉnh Hậu Giang",
        "title": "Trường TH Phương Phú 1", "measure": "deduct", "amount_vnd": 6_483_390
    }))]
    create: AuditRecommendationCreate;
    /// Changes to a recommendation (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"due_on": "2024-06-06"}))]
    patch: AuditRecommendationPatch;
    fields: {
        /// The code by which the unit knows it (mã kiến nghị).
        code: words(1..=50), folded code_folded,
            sent "The code by which the unit knows it, such as the conclusion's number and its place there (mã kiến nghị).";
        /// Number of the conclusion (số kết luận).
        conclusion_number: text(3..=50);
        /// Its day (ngày kết luận).
        concluded_on: NaiveDate;
        /// Who concluded (cơ quan kết luận).
        concluded_by: words(1..=250);
        /// Which work or content it is about (công trình, nội dung).
        title: words(1..=500), folded title_folded;
        /// What is asked for (hình thức xử lý tài chính).
        measure: RecoveryMeasure;
        /// How much, in đồng (số tiền phải nộp).
        amount_vnd: number(1..=9_007_199_254_740_991_i64);
        /// Last day on which to pay (thời hạn thực hiện).
        due_on: Option<NaiveDate>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which recommendations a list holds.
    filter: AuditRecommendationFilter of "The unit that must pay, by id (đơn vị phải thực hiện)." {
        /// With this code, however it is written (mã kiến nghị).
        #[validate(length(min = 1, max = 50))]
        #[param(min_length = 1, max_length = 50)]
        code: Option<String>,
        /// What is asked for (hình thức xử lý tài chính).
        #[param(inline)]
        measure: Option<RecoveryMeasure>,
        /// Concluded on this day or later (kết luận từ ngày).
        concluded_from: Option<NaiveDate>,
        /// Concluded on this day or before (kết luận đến ngày).
        concluded_to: Option<NaiveDate>,
        /// Words of the work in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<AuditRecommendationSort>,
    }
}

/// By what remittances name a recommendation: its unit and code.
pub(super) type RecommendationKey = (OrgUnitId, String);

impl AuditRecommendationRow {
    fn key(&self) -> RecommendationKey {
        (self.org_unit_id, self.code_folded.clone())
    }
}

/// Faults that a body shows by itself.
fn faults(body: &AuditRecommendationCreate) -> Vec<Fault> {
    let days = [("/concluded_on", Some(body.concluded_on)), ("/due_on", body.due_on)];
    let mut faults: Vec<Fault> = day_faults(days).collect();
    faults.extend(number_fault("/conclusion_number", &body.conclusion_number));
    if body.due_on.is_some_and(|day| day < body.concluded_on) {
        let message = Bilingual::new(
            "Thời hạn thực hiện không được trước ngày kết luận.",
            "The due day must not be before the conclusion.",
        );
        faults.push(Fault::new("/due_on", "before_start", message));
    }
    faults
}

/// What is noticed about a recommendation by itself; what is overdue stands in its progress.
fn remarks(row: &AuditRecommendationRow) -> Vec<Remark> {
    year_remark("/conclusion_number", &row.conclusion_number, row.concluded_on).into_iter().collect()
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a AuditRecommendationFilter, _: NaiveDate) -> Query<'a> {
    if let Some(code) = &filter.code {
        query = query.filter(columns::code_folded.eq(fold(code)));
    }
    if let Some(measure) = filter.measure {
        query = query.filter(columns::measure.eq(measure));
    }
    if let Some(day) = filter.concluded_from {
        query = query.filter(columns::concluded_on.ge(day));
    }
    if let Some(day) = filter.concluded_to {
        query = query.filter(columns::concluded_on.le(day));
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::title_folded.like(contains(word)).escape('\\'));
    }
    query
}

/// What is asked by the recommendations of these keys, of which nobody else changes or pays one until the
/// transaction ends.
pub(super) fn asked(
    conn: &mut DbConn,
    keys: &HashSet<RecommendationKey>,
) -> Result<HashMap<RecommendationKey, i64>, ApiError> {
    let units: HashSet<OrgUnitId> = keys.iter().map(|(unit, _)| *unit).collect();
    let codes: HashSet<&str> = keys.iter().map(|(_, code)| code.as_str()).collect();
    let standing = columns::org_unit_id
        .eq_any(units)
        .and(columns::code_folded.eq_any(codes))
        .and(columns::deleted_at.is_null());
    let rows: Vec<AuditRecommendationRow> = load_locked!(
        conn,
        columns::table.filter(standing).order_by(columns::id).select(AuditRecommendationRow::as_select())
    )?;
    Ok(rows.into_iter().map(|row| (row.key(), row.amount_vnd)).collect())
}

/// The days of the conclusions by which recommendations of these keys are made.
pub(super) fn conclusion_days(
    conn: &mut DbConn,
    keys: &HashSet<RecommendationKey>,
) -> Result<HashMap<RecommendationKey, NaiveDate>, ApiError> {
    let units: HashSet<OrgUnitId> = keys.iter().map(|(unit, _)| *unit).collect();
    let codes: HashSet<&str> = keys.iter().map(|(_, code)| code.as_str()).collect();
    let rows: Vec<(OrgUnitId, String, NaiveDate)> = columns::table
        .filter(columns::org_unit_id.eq_any(units).and(columns::code_folded.eq_any(codes)))
        .filter(columns::deleted_at.is_null())
        .select((columns::org_unit_id, columns::code_folded, columns::concluded_on))
        .load(conn)?;
    Ok(rows.into_iter().map(|(unit, code, day)| ((unit, code), day)).collect())
}

/// Those recommendations that were paid towards.
fn paid_towards(
    conn: &mut DbConn,
    names: &HashSet<RecommendationKey>,
) -> Result<HashSet<RecommendationKey>, ApiError> {
    Ok(remittances::sums(conn, names, OPEN_END)?.into_keys().collect())
}

/// Refuses to ask for less than was paid.
fn at_least_what_was_paid(
    conn: &mut DbConn,
    _: &Scoped,
    made: Vec<Result<AuditRecommendationRow, ApiError>>,
) -> Result<Vec<Result<AuditRecommendationRow, ApiError>>, ApiError> {
    let changed = made.iter().flatten().filter(|row| row.version > 0);
    let paid = remittances::sums(conn, &changed.map(AuditRecommendationRow::key).collect(), OPEN_END)?;
    let kept = |row: AuditRecommendationRow| match paid.get(&row.key()) {
        Some(paid) if paid.amount_vnd > row.amount_vnd => Err(less_than_paid(paid.amount_vnd)),
        _ => Ok(row),
    };
    Ok(made.into_iter().map(|made| made.and_then(kept)).collect())
}

fn less_than_paid(paid_vnd: i64) -> ApiError {
    let message = Bilingual::new(
        format!("Số tiền phải nộp không được ít hơn số đã nộp ({paid_vnd} đồng)."),
        format!("What is asked must not be less than what was paid ({paid_vnd} đồng)."),
    );
    ApiError::invalid(vec![Fault::new("/amount_vnd", "less_than_paid", message)])
}

unit_store! {
    /// Recommendations, as they are written.
    records: AuditRecommendations, record_type: "audit_recommendation",
    table: audit_recommendations, id: AuditRecommendationId, row: AuditRecommendationRow, answer: AuditRecommendation,
    create: AuditRecommendationCreate, filter: AuditRecommendationFilter, unit on: concluded_on,
    key: |body| { code_folded: String = fold(&body.code) },
    sought by: [code_folded],
    named: RecommendationKey = AuditRecommendationRow::key, by: paid_towards,
    order: AuditRecommendationSort::{ConcludedOn, ConcludedOnDesc} by concluded_on: NaiveDate, ConcludedOnDesc first,
    days: [concluded_from, concluded_to], matching: matching, faults: faults, beside: at_least_what_was_paid,
    list: recommendation_list, get: recommendation_get, seen: recommendation_seen, delete: recommendation_delete,
}

crud! {
    tag: "audit-recommendations", what: "a recommendation", many: "recommendations of inspections and audits",
    vi: "kiến nghị thanh tra, kiểm toán về tài chính",
    collection: "/api/v1/public-finance/audit-recommendations", record: "/api/v1/public-finance/audit-recommendations/{id}",
    id: AuditRecommendationId, row: AuditRecommendation, page: AuditRecommendationPage,
    create: AuditRecommendationCreate, patch: AuditRecommendationPatch, filter: AuditRecommendationFilter,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    list: list_audit_recommendations => recommendation_list, get: get_audit_recommendation => recommendation_get,
    create_one: create_audit_recommendation => insert::<AuditRecommendations>,
    replace: replace_audit_recommendation => replace::<AuditRecommendations>, patch_one: patch_audit_recommendation,
    delete: delete_audit_recommendation => recommendation_delete,
    batch: "/api/v1/public-finance/audit-recommendations/batch", batch_audit_recommendations => AuditRecommendations,
    import: "/api/v1/public-finance/audit-recommendations/import", import_audit_recommendations, template: "/api/v1/public-finance/audit-recommendations/template", get_audit_recommendation_template, sheet: "audit-recommendations",
}

attachments! {
    tag: "audit-recommendations", of: "a recommendation", vi: "kiến nghị thanh tra, kiểm toán về tài chính",
    list_path: "/api/v1/public-finance/audit-recommendations/{id}/attachments",
    path: "/api/v1/public-finance/audit-recommendations/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/public-finance/audit-recommendations/{id}/attachments/{attachment_id}/content",
    owner: AuditRecommendationAttachments, record_type: AuditRecommendation, table: "audit_recommendations", id: AuditRecommendationId,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    seen: recommendation_seen, changeable: recommendation_seen,
    list: list_audit_recommendation_attachments, attach: create_audit_recommendation_attachment,
    get: get_audit_recommendation_attachment, content: get_audit_recommendation_attachment_content,
    delete: delete_audit_recommendation_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    progress::routes(mount);
    crud_routes(mount);
    attachment_routes(mount);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use kernel::unit_lists_are_indexed;

    unit_lists_are_indexed!(audit_recommendations, AuditRecommendationRow, {
        let none = AuditRecommendationFilter::default;
        let day = NaiveDate::from_ymd_opt(2024, 3, 6);
        [
            none(),
            AuditRecommendationFilter { sort: Some(AuditRecommendationSort::ConcludedOn), ..none() },
            AuditRecommendationFilter {
                code: Some("08/KL-TTr-1".into()),
                measure: Some(RecoveryMeasure::Deduct),
                q: Some("nạo vét".into()),
                ..none()
            },
            AuditRecommendationFilter { concluded_from: day, concluded_to: day, ..none() },
        ]
    });

    #[test]
    fn nothing_is_due_before_it_was_concluded() {
        let codes = |due_on: &str| -> Vec<String> {
            let body = json!({
                "code": "1", "conclusion_number": "08/KL-TTr", "concluded_on": "2024-03-06", "concluded_by": "Thanh tra",
                "title": "Nạo vét kênh", "measure": "disallow", "amount_vnd": 1, "due_on": due_on,
            });
            let faults = faults(&serde_json::from_value(body).unwrap());
            faults.into_iter().map(|fault| fault.code.into_owned()).collect()
        };
        assert_eq!(codes("2024-03-06"), [""; 0]);
        assert_eq!(codes("2024-03-05"), ["before_start"]);
    }
}
