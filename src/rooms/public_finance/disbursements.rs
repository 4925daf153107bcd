//! Disbursements (giải ngân vốn đầu tư công): what was paid out of an investment plan on a day, or in a span
//! of days where the source tells no single payments: "đến ngày 15/5/2024 là 30.612 triệu đồng" is one of
//! the days from the first of January. So the sum until a day is exact wherever no span goes on over it.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};

use super::investment_plans::{PlanKey, columns_of, of_plans};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::api::{PageRequest, PageRows};
use kernel::auth::permit::{Permit, PublicFinance, Read, Write};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::disbursements as columns;
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::fold;
use kernel::tree::OrgUnitId;
use kernel::validity::{day_faults, last_day_fault};
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of a disbursement (giải ngân vốn đầu tư công).
    DisbursementId
}

text_enum! {
    /// Order of disbursements (thứ tự).
    pub enum DisbursementSort {
        /// Earliest first.
        PaidTo => "paid_to", "ngày giải ngân tăng dần";
        /// Latest first.
        PaidToDesc => "-paid_to", "ngày giải ngân giảm dần";
    }
}

unit_fields! {
    table: disbursements, id: DisbursementId, page: DisbursementPage of "disbursements",
    unit on paid_to: {
        shown "The unit whose plan is paid from (đơn vị được giao kế hoạch vốn).", named "Its name on the last day (tên đơn vị).",
        sent "The unit whose plan is paid from, by id; exactly one of id, identifier and code (đơn vị được giao kế hoạch vốn).",
        read "The unit by its statistics code, read on the last day (mã đơn vị hành chính).",
    }
    /// A disbursement as it is stored.
    row: DisbursementRow;
    /// What was paid out of an investment plan (giải ngân vốn đầu tư công).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000103", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
        "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
        "fiscal_year": 2024, "plan_code": "VDTC", "paid_from": "2024-01-01", "paid_to": "2024-05-15", "turn": 1,
        "amount_vnd": 30_612_000_000_i64, "document_number": null, "remarks": [], "source_note": null, "note": null, "version": 1,
        "created_at": "2024-06-15T02:00:00Z", "updated_at": "2024-06-15T02:00:00Z"
    }))]
    answer: Disbursement;
    /// A new disbursement, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "934", "fiscal_year": 2024, "plan_code": "VDTC", "paid_from": "2024-01-01",
        "paid_to": "2024-05-15", "amount_vnd": 30_612_000_000_i64
    }))]
    create: DisbursementCreate;
    /// Changes to a disbursement (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"amount_vnd": 30_650_000_000_i64}))]
    patch: DisbursementPatch;
    fields: {
        /// Of which year the plan is (năm kế hoạch).
        fiscal_year: number(1990..=2100);
        /// Code of the plan (mã kế hoạch, mã dự án).
        plan_code: words(1..=50), folded plan_code_folded,
            sent "Code of the plan in that year, as the unit knows it (mã kế hoạch, mã dự án).";
        /// Its day, or the first of its days (giải ngân từ ngày).
        paid_from: NaiveDate;
        /// Its day again, or the last of its days (giải ngân đến ngày).
        paid_to: NaiveDate;
        /// Which of several payments in the same days it is (lần giải ngân).
        turn: number(1..=100_000), with [#[serde(default = "first_turn")] #[schema(default = 1)]];
        /// How much, in đồng (số tiền giải ngân).
        amount_vnd: number(1..=999_999_999_999_999_i64);
        /// Number of the voucher (số chứng từ).
        document_number: Option<text(1..=50)>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which disbursements a list holds.
    filter: DisbursementFilter of "The unit whose plans are paid from, by id (đơn vị được giao kế hoạch vốn)." {
        /// Of this year (năm ngân sách).
        #[validate(range(min = 1990, max = 2100))]
        #[param(minimum = 1990, maximum = 2100)]
        fiscal_year: Option<i64>,
        /// Out of the plan with this code (mã kế hoạch).
        #[validate(length(min = 1, max = 50))]
        #[param(min_length = 1, max_length = 50)]
        plan_code: Option<String>,
        /// Ended on this day or later (giải ngân từ ngày).
        ends_from: Option<NaiveDate>,
        /// Ended on this day or before (giải ngân đến ngày).
        ends_to: Option<NaiveDate>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<DisbursementSort>,
    }
}

/// Of several payments the first, and of one that is alone the only one.
pub(super) fn first_turn() -> i64 {
    1
}

/// Faults that a body shows by itself.
fn faults(body: &DisbursementCreate) -> Vec<Fault> {
    let days = [("/paid_from", Some(body.paid_from)), ("/paid_to", Some(body.paid_to))];
    let mut faults: Vec<Fault> = day_faults(days).collect();
    faults.extend(last_day_fault("/paid_to", body.paid_from, Some(body.paid_to)));
    faults
}

/// What is noticed about a disbursement.
fn remarks(row: &DisbursementRow) -> Vec<Remark> {
    let paid_in = i64::from(row.paid_from.year());
    if paid_in >= row.fiscal_year {
        return Vec::new();
    }
    let message = Bilingual::new(
        format!("Giải ngân năm {paid_in}, trước năm kế hoạch {}.", row.fiscal_year),
        format!("It was paid in {paid_in}, before the plan's year {}.", row.fiscal_year),
    );
    let remark = Remark::new("/paid_from", Rule::PaidBeforeYear, message);
    vec![remark.with("paid_year", paid_in).with("fiscal_year", row.fiscal_year)]
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a DisbursementFilter, _: NaiveDate) -> Query<'a> {
    if let Some(year) = filter.fiscal_year {
        query = query.filter(columns::fiscal_year.eq(year));
    }
    if let Some(code) = &filter.plan_code {
        query = query.filter(columns::plan_code_folded.eq(fold(code)));
    }
    if let Some(day) = filter.ends_from {
        query = query.filter(columns::paid_to.ge(day));
    }
    if let Some(day) = filter.ends_to {
        query = query.filter(columns::paid_to.le(day));
    }
    query
}

/// What was paid out of a plan, as it is known of a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Paid {
    /// In days up to it.
    pub(super) until_vnd: i64,
    /// In spans that go on over it.
    pub(super) over_vnd: i64,
}

/// What was paid out of plans until a day; a plan without any disbursement is not there.
pub(super) fn sums(
    conn: &mut DbConn,
    plans: &HashSet<PlanKey>,
    day: NaiveDate,
) -> Result<HashMap<PlanKey, Paid>, ApiError> {
    let (units, years, codes) = columns_of(plans);
    let until = sql::<BigInt>("CAST(SUM(CASE WHEN paid_to <= ")
        .bind::<Date, _>(day)
        .sql(" THEN amount_vnd ELSE 0 END) AS BIGINT)");
    let over = sql::<BigInt>("CAST(SUM(CASE WHEN paid_from <= ")
        .bind::<Date, _>(day)
        .sql(" AND paid_to > ")
        .bind::<Date, _>(day)
        .sql(" THEN amount_vnd ELSE 0 END) AS BIGINT)");
    let plan = (columns::org_unit_id, columns::fiscal_year, columns::plan_code_folded);
    let rows: Vec<(OrgUnitId, i64, String, i64, i64)> = columns::table
        .filter(columns::org_unit_id.eq_any(units).and(columns::fiscal_year.eq_any(years)))
        .filter(columns::plan_code_folded.eq_any(codes).and(columns::deleted_at.is_null()))
        .group_by(plan)
        .select((columns::org_unit_id, columns::fiscal_year, columns::plan_code_folded, until, over))
        .load(conn)?;
    let paid = |(unit, year, code, until_vnd, over_vnd)| ((unit, year, code), Paid { until_vnd, over_vnd });
    Ok(rows.into_iter().map(paid).collect())
}

/// How many disbursements of plans are of spans of days, begun until a day, that others overlap; a plan without any is
/// not there.
pub(super) fn overlapping(
    conn: &mut DbConn,
    plans: &HashSet<PlanKey>,
    day: NaiveDate,
) -> Result<HashMap<PlanKey, i64>, ApiError> {
    let (units, years, codes) = columns_of(plans);
    let other = diesel::alias!(columns as other_disbursements);
    let of_the_plan = other
        .field(columns::org_unit_id)
        .eq(columns::org_unit_id)
        .and(other.field(columns::fiscal_year).eq(columns::fiscal_year))
        .and(other.field(columns::plan_code_folded).eq(columns::plan_code_folded));
    let overlaps = other
        .field(columns::paid_from)
        .le(columns::paid_to)
        .and(other.field(columns::paid_to).ge(columns::paid_from))
        .and(other.field(columns::paid_from).le(day));
    let is_another = other.field(columns::id).ne(columns::id).and(other.field(columns::deleted_at).is_null());
    let beside = other.filter(of_the_plan).filter(overlaps).filter(is_another);
    let rows: Vec<(OrgUnitId, i64, String, i64)> = columns::table
        .filter(columns::org_unit_id.eq_any(units).and(columns::fiscal_year.eq_any(years)))
        .filter(columns::plan_code_folded.eq_any(codes).and(columns::deleted_at.is_null()))
        .filter(columns::paid_from.lt(columns::paid_to).and(columns::paid_from.le(day)))
        .filter(diesel::dsl::exists(beside))
        .group_by((columns::org_unit_id, columns::fiscal_year, columns::plan_code_folded))
        .select((columns::org_unit_id, columns::fiscal_year, columns::plan_code_folded, count_star()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(unit, year, code, count)| ((unit, year, code), count)).collect())
}

/// Refuses disbursements out of a plan that is not there.
fn of_a_plan(
    conn: &mut DbConn,
    _: &Scoped,
    made: Vec<Result<DisbursementRow, ApiError>>,
) -> Result<Vec<Result<DisbursementRow, ApiError>>, ApiError> {
    of_plans(conn, made, |row| (row.org_unit_id, row.fiscal_year, row.plan_code_folded.clone()))
}

unit_store! {
    /// Disbursements, as they are written.
    records: Disbursements, record_type: "disbursement",
    table: disbursements, id: DisbursementId, row: DisbursementRow, answer: Disbursement,
    create: DisbursementCreate, filter: DisbursementFilter, unit on: paid_to,
    key: |body| {
        fiscal_year: i64 = body.fiscal_year, plan_code_folded: String = fold(&body.plan_code),
        paid_from: NaiveDate = body.paid_from, paid_to: NaiveDate = body.paid_to, turn: i64 = body.turn,
    },
    sought by: [fiscal_year, plan_code_folded, paid_from],
    order: DisbursementSort::{PaidTo, PaidToDesc} by paid_to: NaiveDate, PaidToDesc first,
    days: [ends_from, ends_to], matching: matching, faults: faults, beside: of_a_plan,
    list: disbursement_list, get: disbursement_get, seen: disbursement_seen, delete: disbursement_delete,
}

/// The records as the open export reads them: as their list does.
///
/// # Errors
/// As the list.
pub(super) fn exported(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &DisbursementFilter,
    page: &PageRequest,
) -> Result<PageRows<Disbursement>, ApiError> {
    disbursement_list(conn, scoped, filter, page)
}

crud! {
    tag: "disbursements", what: "a disbursement", many: "disbursements",
    vi: "giải ngân vốn đầu tư công",
    collection: "/api/v1/public-finance/disbursements", record: "/api/v1/public-finance/disbursements/{id}",
    id: DisbursementId, row: Disbursement, page: DisbursementPage,
    create: DisbursementCreate, patch: DisbursementPatch, filter: DisbursementFilter,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    list: list_disbursements => disbursement_list, get: get_disbursement => disbursement_get,
    create_one: create_disbursement => insert::<Disbursements>,
    replace: replace_disbursement => replace::<Disbursements>, patch_one: patch_disbursement,
    delete: delete_disbursement => disbursement_delete,
    batch: "/api/v1/public-finance/disbursements/batch", batch_disbursements => Disbursements,
    import: "/api/v1/public-finance/disbursements/import", import_disbursements, template: "/api/v1/public-finance/disbursements/template", get_disbursement_template, sheet: "disbursements",
}

attachments! {
    tag: "disbursements", of: "a disbursement", vi: "giải ngân vốn đầu tư công",
    list_path: "/api/v1/public-finance/disbursements/{id}/attachments",
    path: "/api/v1/public-finance/disbursements/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/public-finance/disbursements/{id}/attachments/{attachment_id}/content",
    owner: DisbursementAttachments, record_type: Disbursement, table: "disbursements", id: DisbursementId,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    seen: disbursement_seen, changeable: disbursement_seen,
    list: list_disbursement_attachments, attach: create_disbursement_attachment,
    get: get_disbursement_attachment, content: get_disbursement_attachment_content,
    delete: delete_disbursement_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    attachment_routes(mount);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use kernel::unit_lists_are_indexed;

    unit_lists_are_indexed!(disbursements, DisbursementRow, {
        let none = DisbursementFilter::default;
        let day = NaiveDate::from_ymd_opt(2024, 5, 15);
        [
            none(),
            DisbursementFilter { sort: Some(DisbursementSort::PaidTo), ..none() },
            DisbursementFilter { fiscal_year: Some(2024), plan_code: Some("VDTC".into()), ..none() },
            DisbursementFilter { ends_from: day, ends_to: day, ..none() },
        ]
    });

    #[test]
    fn a_payment_ends_when_it_began_or_later() {
        let codes = |to: &str| -> Vec<String> {
            let body = json!({
                "fiscal_year": 2024, "plan_code": "VDTC", "paid_from": "2024-01-02", "paid_to": to, "amount_vnd": 1,
            });
            let faults = faults(&serde_json::from_value(body).unwrap());
            faults.into_iter().map(|fault| fault.code.into_owned()).collect()
        };
        assert_eq!(codes("2024-01-02"), [""; 0]);
        assert_eq!(codes("2024-01-01"), ["before_start"]);
    }
}
