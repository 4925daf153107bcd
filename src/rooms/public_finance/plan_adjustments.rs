//! Adjustments of investment plans (điều chỉnh kế hoạch vốn đầu tư công): what a decision adds to a plan or
//! takes from it. The plan keeps what was given at first; what is in force on a day is the sum of the decisions
//! until then.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::investment_plans::{PlanKey, columns_of, of_plans};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::api::{PageRequest, PageRows};
use kernel::auth::permit::{Permit, PublicFinance, Read, Write};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::plan_adjustments as columns;
use kernel::document_numbers::{number_fault, number_key, year_remark};
use kernel::error::{ApiError, Fault};
use kernel::remarks::Remark;
use kernel::text::fold;
use kernel::tree::OrgUnitId;
use kernel::validity::day_faults;
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of an adjustment of a plan (điều chỉnh kế hoạch vốn).
    PlanAdjustmentId
}

text_enum! {
    /// Whether a decision adds to the plan (hướng điều chỉnh).
    pub enum AdjustmentDirection {
        /// It adds.
        Increase => "increase", "điều chỉnh tăng";
        /// It takes away.
        Reduce => "reduce", "điều chỉnh giảm";
    }
}

text_enum! {
    /// Order of adjustments (thứ tự).
    pub enum PlanAdjustmentSort {
        /// Earliest first.
        DecidedOn => "decided_on", "ngày quyết định tăng dần";
        /// Latest first.
        DecidedOnDesc => "-decided_on", "ngày quyết định giảm dần";
    }
}

unit_fields! {
    table: plan_adjustments, id: PlanAdjustmentId, page: PlanAdjustmentPage of "adjustments of plans",
    unit on decided_on: {
        shown "The unit whose plan it is (đơn vị được giao kế hoạch vốn).", named "Its name on the day of the decision (tên đơn vị).",
        sent "The unit whose plan it is, by id; exactly one of id, identifier and code (đơn vị được giao kế hoạch vốn).",
        read "The unit by its statistics code, read on the day of the decision (mã đơn vị hành chính).",
    }
    /// An adjustment as it is stored.
    row: PlanAdjustmentRow;
    /// What a decision adds to a plan or takes from it (điều chỉnh kế hoạch vốn đầu tư công).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000102", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
        "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
        "fiscal_year": 2024, "plan_code": "VDTC", "decided_on": "2024-06-03", "document_number": "4500/QĐ-UBND",
        "direction": "increase", "amount_vnd": 1_200_000_000, "reason": "Bổ sung vốn sự nghiệp", "remarks": [],
        "source_note": null, "note": null, "version": 1,
        "created_at": "2024-06-15T02:00:00Z", "updated_at": "2024-06-15T02:00:00Z"
    }))]
    answer: PlanAdjustment;
    /// A new adjustment, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "934", "fiscal_year": 2024, "plan_code": "VDTC", "decided_on": "2024-06-03",
        "document_number": "4500/QĐ-UBND", "direction": "increase", "amount_vnd": 1_200_000_000
    }))]
    create: PlanAdjustmentCreate;
    /// Changes to an adjustment (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"amount_vnd": 1_250_000_000}))]
    patch: PlanAdjustmentPatch;
    fields: {
        /// Of which year the plan is (năm kế hoạch).
        fiscal_year: number(1990..=2100);
        /// Code of the plan (mã kế hoạch, mã dự án).
        plan_code: words(1..=50), folded plan_code_folded,
            sent "Code of the plan in that year, as the unit knows it (mã kế hoạch, mã dự án).";
        /// Day of the decision, from which on it holds (ngày quyết định).
        decided_on: NaiveDate;
        /// Number of the decision (số quyết định).
        document_number: text(3..=50);
        number_key: kept String = key_of_number(body);
        /// Whether it adds or takes away (hướng điều chỉnh).
        direction: AdjustmentDirection;
        /// By how much, in đồng (số điều chỉnh).
        amount_vnd: number(1..=999_999_999_999_999_i64);
        /// Why (lý do điều chỉnh).
        reason: Option<text(1..=1000)>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which adjustments a list holds.
    filter: PlanAdjustmentFilter of "The unit whose plans they are of, by id (đơn vị được giao kế hoạch vốn)." {
        /// Of this year (năm ngân sách).
        #[validate(range(min = 1990, max = 2100))]
        #[param(minimum = 1990, maximum = 2100)]
        fiscal_year: Option<i64>,
        /// Of the plan with this code (mã kế hoạch).
        #[validate(length(min = 1, max = 50))]
        #[param(min_length = 1, max_length = 50)]
        plan_code: Option<String>,
        /// Which add, or which take away (hướng điều chỉnh).
        #[param(inline)]
        direction: Option<AdjustmentDirection>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<PlanAdjustmentSort>,
    }
}

/// By what its number is compared.
fn key_of_number(body: &PlanAdjustmentCreate) -> String {
    number_key(&body.document_number)
}

/// Faults that a body shows by itself.
fn faults(body: &PlanAdjustmentCreate) -> Vec<Fault> {
    let number = number_fault("/document_number", &body.document_number);
    day_faults([("/decided_on", Some(body.decided_on))]).chain(number).collect()
}

/// What is noticed about an adjustment.
fn remarks(row: &PlanAdjustmentRow) -> Vec<Remark> {
    year_remark("/document_number", &row.document_number, row.decided_on).into_iter().collect()
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a PlanAdjustmentFilter, _: NaiveDate) -> Query<'a> {
    if let Some(year) = filter.fiscal_year {
        query = query.filter(columns::fiscal_year.eq(year));
    }
    if let Some(code) = &filter.plan_code {
        query = query.filter(columns::plan_code_folded.eq(fold(code)));
    }
    if let Some(direction) = filter.direction {
        query = query.filter(columns::direction.eq(direction));
    }
    query
}

/// What decisions until a day added to plans, less what they took away; a plan without any is not there.
pub(super) fn sums(
    conn: &mut DbConn,
    plans: &HashSet<PlanKey>,
    until: NaiveDate,
) -> Result<HashMap<PlanKey, i64>, ApiError> {
    let (units, years, codes) = columns_of(plans);
    let plan = (columns::org_unit_id, columns::fiscal_year, columns::plan_code_folded);
    let rows: Vec<(OrgUnitId, i64, String, i64)> = columns::table
        .filter(columns::org_unit_id.eq_any(units).and(columns::fiscal_year.eq_any(years)))
        .filter(columns::plan_code_folded.eq_any(codes).and(columns::decided_on.le(until)))
        .filter(columns::deleted_at.is_null())
        .group_by(plan)
        .select((
            columns::org_unit_id,
            columns::fiscal_year,
            columns::plan_code_folded,
            sql::<BigInt>(
                "CAST(SUM(CASE direction WHEN 'increase' THEN amount_vnd ELSE -amount_vnd END) AS BIGINT)",
            ),
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(|(unit, year, code, sum)| ((unit, year, code), sum)).collect())
}

/// Refuses adjustments of a plan that is not there.
fn of_a_plan(
    conn: &mut DbConn,
    _: &Scoped,
    made: Vec<Result<PlanAdjustmentRow, ApiError>>,
) -> Result<Vec<Result<PlanAdjustmentRow, ApiError>>, ApiError> {
    of_plans(conn, made, |row| (row.org_unit_id, row.fiscal_year, row.plan_code_folded.clone()))
}

unit_store! {
    /// Adjustments of plans, as they are written.
    records: PlanAdjustments, record_type: "plan_adjustment",
    table: plan_adjustments, id: PlanAdjustmentId, row: PlanAdjustmentRow, answer: PlanAdjustment,
    create: PlanAdjustmentCreate, filter: PlanAdjustmentFilter, unit on: decided_on,
    key: |body| {
        fiscal_year: i64 = body.fiscal_year, plan_code_folded: String = fold(&body.plan_code),
        decided_on: NaiveDate = body.decided_on, number_key: String = key_of_number(body),
    },
    sought by: [fiscal_year, plan_code_folded, decided_on],
    order: PlanAdjustmentSort::{DecidedOn, DecidedOnDesc} by decided_on: NaiveDate, DecidedOnDesc first,
    days: [], matching: matching, faults: faults, beside: of_a_plan,
    list: adjustment_list, get: adjustment_get, seen: adjustment_seen, delete: adjustment_delete,
}

/// The records as the open export reads them: as their list does.
///
/// # Errors
/// As the list.
pub(super) fn exported(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &PlanAdjustmentFilter,
    page: &PageRequest,
) -> Result<PageRows<PlanAdjustment>, ApiError> {
    adjustment_list(conn, scoped, filter, page)
}

crud! {
    tag: "plan-adjustments", what: "an adjustment of a plan", many: "adjustments of plans",
    vi: "điều chỉnh kế hoạch vốn đầu tư công",
    collection: "/api/v1/public-finance/plan-adjustments", record: "/api/v1/public-finance/plan-adjustments/{id}",
    id: PlanAdjustmentId, row: PlanAdjustment, page: PlanAdjustmentPage,
    create: PlanAdjustmentCreate, patch: PlanAdjustmentPatch, filter: PlanAdjustmentFilter,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    list: list_plan_adjustments => adjustment_list, get: get_plan_adjustment => adjustment_get,
    create_one: create_plan_adjustment => insert::<PlanAdjustments>,
    replace: replace_plan_adjustment => replace::<PlanAdjustments>, patch_one: patch_plan_adjustment,
    delete: delete_plan_adjustment => adjustment_delete,
    batch: "/api/v1/public-finance/plan-adjustments/batch", batch_plan_adjustments => PlanAdjustments,
    import: "/api/v1/public-finance/plan-adjustments/import", import_plan_adjustments, template: "/api/v1/public-finance/plan-adjustments/template", get_plan_adjustment_template, sheet: "plan-adjustments",
}

attachments! {
    tag: "plan-adjustments", of: "an adjustment of a plan", vi: "điều chỉnh kế hoạch vốn đầu tư công",
    list_path: "/api/v1/public-finance/plan-adjustments/{id}/attachments",
    path: "/api/v1/public-finance/plan-adjustments/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/public-finance/plan-adjustments/{id}/attachments/{attachment_id}/content",
    owner: PlanAdjustmentAttachments, record_type: PlanAdjustment, table: "plan_adjustments", id: PlanAdjustmentId,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    seen: adjustment_seen, changeable: adjustment_seen,
    list: list_plan_adjustment_attachments, attach: create_plan_adjustment_attachment,
    get: get_plan_adjustment_attachment, content: get_plan_adjustment_attachment_content,
    delete: delete_plan_adjustment_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    attachment_routes(mount);
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::unit_lists_are_indexed;

    unit_lists_are_indexed!(plan_adjustments, PlanAdjustmentRow, {
        let none = PlanAdjustmentFilter::default;
        [
            none(),
            PlanAdjustmentFilter { sort: Some(PlanAdjustmentSort::DecidedOn), ..none() },
            PlanAdjustmentFilter {
                fiscal_year: Some(2024),
                plan_code: Some("VDTC".into()),
                direction: Some(AdjustmentDirection::Reduce),
                ..none()
            },
        ]
    });
}
