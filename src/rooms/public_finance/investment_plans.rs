//! Public investment plans (kế hoạch vốn đầu tư công): how much a unit may pay for what in a year, out of
//! which funds. What was given at first stays; [adjustments](super::plan_adjustments) add to it and take from
//! it, [`disbursements`] are paid out of it, and [`progress`] is where all three stand on a day.
//!
//! A unit knows a plan by year and code; its adjustments and disbursements name it so, which is how files of
//! a treasury or a spreadsheet name it too.

pub mod progress;

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{disbursements, plan_adjustments};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::api::{PageRequest, PageRows};
use kernel::auth::permit::{Permit, PublicFinance, Read, Write};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::investment_plans as columns;
use kernel::document_numbers::{document_faults, year_remark};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::text::{contains, fold};
use kernel::tree::OrgUnitId;
use kernel::validity::{OPEN_END, day_faults};
use kernel::{attachments, crud, id, load_held, text_enum, unit_fields, unit_store};

id! {
    /// Id of an investment plan (kế hoạch vốn đầu tư công).
    InvestmentPlanId
}

text_enum! {
    /// Out of which funds it is paid (nguồn vốn).
    pub enum CapitalSource {
        /// The state budget, its level not told apart.
        StateBudget => "state_budget", "ngân sách nhà nước";
        /// The central budget.
        CentralBudget => "central_budget", "ngân sách trung ương";
        /// The province's budget.
        ProvincialBudget => "provincial_budget", "ngân sách cấp tỉnh";
        /// The district's budget.
        DistrictBudget => "district_budget", "ngân sách cấp huyện";
        /// The commune's budget.
        CommuneBudget => "commune_budget", "ngân sách cấp xã";
        /// A loan or grant from abroad.
        Foreign => "foreign", "vốn ODA, vốn vay nước ngoài";
        /// Other lawful funds.
        Other => "other", "nguồn vốn hợp pháp khác";
    }
}

text_enum! {
    /// Order of investment plans (thứ tự).
    pub enum InvestmentPlanSort {
        /// Earliest first.
        ValidFrom => "valid_from", "ngày áp dụng tăng dần";
        /// Latest first.
        ValidFromDesc => "-valid_from", "ngày áp dụng giảm dần";
    }
}

unit_fields! {
    table: investment_plans, id: InvestmentPlanId, page: InvestmentPlanPage of "investment plans",
    unit on valid_from: {
        shown "The unit to which it is given (đơn vị được giao kế hoạch vốn).", named "Its name on the first day (tên đơn vị).",
        sent "The unit to which it is given, by id; exactly one of id, identifier and code (đơn vị được giao kế hoạch vốn).",
        read "The unit by its statistics code, read on the first day (mã đơn vị hành chính).",
    }
    /// A plan as it is stored.
    row: InvestmentPlanRow;
    /// How much a unit may pay for what in a year (kế hoạch vốn đầu tư công).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000101", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
        "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
        "fiscal_year": 2024, "code": "VDTC", "title": "Tổng kế hoạch vốn đầu tư công được giao",
        "capital_source": "state_budget", "amount_vnd": 65_808_000_000_i64, "valid_from": "2024-01-01",
        "document_number": null, "document_on": null, "remarks": [], "source_note": null, "note": null, "version": 1,
        "created_at": "2024-06-15T02:00:00Z", "updated_at": "2024-06-15T02:00:00Z"
    }))]
    answer: InvestmentPlan;
    /// A new plan, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "934", "fiscal_year": 2024, "code": "VDTC", "capital_source": "state_budget",
        "title": "Tổng kế hoạch vốn đầu tư công được giao", "amount_vnd": 65_808_000_000_i64, "valid_from": "2024-01-01"
    }))]
    create: InvestmentPlanCreate;
    /// Changes to a plan (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"document_number": "3301/QĐ-UBND", "document_on": "2023-12-20"}))]
    patch: InvestmentPlanPatch;
    fields: {
        /// For which year it is (năm kế hoạch).
        fiscal_year: number(1990..=2100);
        /// The code by which the unit knows it, such as that of its project (mã kế hoạch, mã dự án).
        code: words(1..=50), folded code_folded,
            sent "The code by which the unit knows it in the year, such as that of its project (mã kế hoạch, mã dự án).";
        /// What it is for (tên dự án, nội dung).
        title: words(1..=500), folded title_folded;
        /// Out of which funds (nguồn vốn).
        capital_source: CapitalSource;
        /// How much was given at first, in đồng (số vốn được giao đầu năm).
        amount_vnd: number(0..=9_007_199_254_740_991_i64);
        /// First day on which it holds (ngày áp dụng).
        valid_from: NaiveDate,
            sent "First day on which it holds; the first of the year where the decision names none (ngày áp dụng).";
        /// Number of the decision that gives it (số quyết định giao kế hoạch).
        document_number: Option<text(3..=50)>;
        /// Its day (ngày quyết định).
        document_on: Option<NaiveDate>;
        /// What is noticed about it (lưu ý).
        remarks: derived Vec<Remark> = remarks(row);
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
    }
    /// Which plans a list holds.
    filter: InvestmentPlanFilter of "The unit to which they are given, by id (đơn vị được giao kế hoạch vốn)." {
        /// Of this year (năm ngân sách).
        #[validate(range(min = 1990, max = 2100))]
        #[param(minimum = 1990, maximum = 2100)]
        fiscal_year: Option<i64>,
        /// Out of these funds (nguồn vốn).
        #[param(inline)]
        capital_source: Option<CapitalSource>,
        /// With this code, however it is written (mã kế hoạch).
        #[validate(length(min = 1, max = 50))]
        #[param(min_length = 1, max_length = 50)]
        code: Option<String>,
        /// Words of the title in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<InvestmentPlanSort>,
    }
}

/// By what adjustments and disbursements name a plan: its unit, year and code.
pub(super) type PlanKey = (OrgUnitId, i64, String);

impl InvestmentPlanRow {
    fn key(&self) -> PlanKey {
        (self.org_unit_id, self.fiscal_year, self.code_folded.clone())
    }
}

/// Faults that a body shows by itself.
fn faults(body: &InvestmentPlanCreate) -> Vec<Fault> {
    let days = [("/valid_from", Some(body.valid_from)), ("/document_on", body.document_on)];
    let document = document_faults(
        ("/document_number", body.document_number.as_deref()),
        ("/document_on", body.document_on),
    );
    day_faults(days).chain(document).collect()
}

/// What is noticed about a plan by itself; what its payments show stands in its progress.
fn remarks(row: &InvestmentPlanRow) -> Vec<Remark> {
    let document = row.document_number.as_deref().zip(row.document_on);
    document.and_then(|(number, day)| year_remark("/document_number", number, day)).into_iter().collect()
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a InvestmentPlanFilter, _: NaiveDate) -> Query<'a> {
    if let Some(year) = filter.fiscal_year {
        query = query.filter(columns::fiscal_year.eq(year));
    }
    if let Some(source) = filter.capital_source {
        query = query.filter(columns::capital_source.eq(source));
    }
    if let Some(code) = &filter.code {
        query = query.filter(columns::code_folded.eq(fold(code)));
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::title_folded.like(contains(word)).escape('\\'));
    }
    query
}

/// The columns of keys, each for itself: what they select holds at least what the keys name.
pub(super) fn columns_of(keys: &HashSet<PlanKey>) -> (HashSet<OrgUnitId>, HashSet<i64>, HashSet<&str>) {
    (
        keys.iter().map(|(unit, ..)| *unit).collect(),
        keys.iter().map(|(_, year, _)| *year).collect(),
        keys.iter().map(|(.., code)| code.as_str()).collect(),
    )
}

/// Refuses those made rows that name no plan of their unit; the plans that are named stay as they are until the
/// transaction ends.
pub(super) fn of_plans<R>(
    conn: &mut DbConn,
    made: Vec<Result<R, ApiError>>,
    key: impl Fn(&R) -> PlanKey,
) -> Result<Vec<Result<R, ApiError>>, ApiError> {
    let named: HashSet<PlanKey> = made.iter().flatten().map(&key).collect();
    let (units, years, codes) = columns_of(&named);
    let standing = columns::org_unit_id
        .eq_any(units)
        .and(columns::fiscal_year.eq_any(years))
        .and(columns::code_folded.eq_any(codes))
        .and(columns::deleted_at.is_null());
    let plans: Vec<InvestmentPlanRow> = load_held!(
        conn,
        columns::table.filter(standing).order_by(columns::id).select(InvestmentPlanRow::as_select())
    )?;
    let plans: HashSet<PlanKey> = plans.iter().map(InvestmentPlanRow::key).collect();
    let of_one = |row: R| if plans.contains(&key(&row)) { Ok(row) } else { Err(no_such_plan()) };
    Ok(made.into_iter().map(|made| made.and_then(of_one)).collect())
}

fn no_such_plan() -> ApiError {
    let message = Bilingual::new(
        "Đơn vị không có kế hoạch vốn nào mang mã này trong năm; hãy nhập kế hoạch trước.",
        "The unit has no plan of this code in the year; enter the plan first.",
    );
    ApiError::invalid(vec![Fault::new("/plan_code", "unknown", message)])
}

/// Those plans that adjustments or disbursements name.
fn named(conn: &mut DbConn, plans: &HashSet<PlanKey>) -> Result<HashSet<PlanKey>, ApiError> {
    let adjusted = plan_adjustments::sums(conn, plans, OPEN_END)?;
    let paid = disbursements::sums(conn, plans, OPEN_END)?;
    Ok(adjusted.into_keys().chain(paid.into_keys()).collect())
}

unit_store! {
    /// Investment plans, as they are written.
    records: InvestmentPlans, record_type: "investment_plan",
    table: investment_plans, id: InvestmentPlanId, row: InvestmentPlanRow, answer: InvestmentPlan,
    create: InvestmentPlanCreate, filter: InvestmentPlanFilter, unit on: valid_from,
    key: |body| { fiscal_year: i64 = body.fiscal_year, code_folded: String = fold(&body.code) },
    sought by: [fiscal_year, code_folded],
    named: PlanKey = InvestmentPlanRow::key, by: named,
    order: InvestmentPlanSort::{ValidFrom, ValidFromDesc} by valid_from: NaiveDate, ValidFromDesc first,
    days: [], matching: matching, faults: faults,
    list: plan_list, get: plan_get, seen: plan_seen, delete: plan_delete,
}

/// The records as the open export reads them: as their list does.
///
/// # Errors
/// As the list.
pub(super) fn exported(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &InvestmentPlanFilter,
    page: &PageRequest,
) -> Result<PageRows<InvestmentPlan>, ApiError> {
    plan_list(conn, scoped, filter, page)
}

crud! {
    tag: "investment-plans", what: "an investment plan", many: "investment plans",
    vi: "kế hoạch vốn đầu tư công",
    collection: "/api/v1/public-finance/investment-plans", record: "/api/v1/public-finance/investment-plans/{id}",
    id: InvestmentPlanId, row: InvestmentPlan, page: InvestmentPlanPage,
    create: InvestmentPlanCreate, patch: InvestmentPlanPatch, filter: InvestmentPlanFilter,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    list: list_investment_plans => plan_list, get: get_investment_plan => plan_get,
    create_one: create_investment_plan => insert::<InvestmentPlans>,
    replace: replace_investment_plan => replace::<InvestmentPlans>, patch_one: patch_investment_plan,
    delete: delete_investment_plan => plan_delete,
    batch: "/api/v1/public-finance/investment-plans/batch", batch_investment_plans => InvestmentPlans,
    import: "/api/v1/public-finance/investment-plans/import", import_investment_plans, template: "/api/v1/public-finance/investment-plans/template", get_investment_plan_template, sheet: "investment-plans",
}

attachments! {
    tag: "investment-plans", of: "an investment plan", vi: "kế hoạch vốn đầu tư công",
    list_path: "/api/v1/public-finance/investment-plans/{id}/attachments",
    path: "/api/v1/public-finance/investment-plans/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/public-finance/investment-plans/{id}/attachments/{attachment_id}/content",
    owner: InvestmentPlanAttachments, record_type: InvestmentPlan, table: "investment_plans", id: InvestmentPlanId,
    read: Permit<Read, PublicFinance>, write: Permit<Write, PublicFinance>,
    seen: plan_seen, changeable: plan_seen,
    list: list_investment_plan_attachments, attach: create_investment_plan_attachment,
    get: get_investment_plan_attachment, content: get_investment_plan_attachment_content,
    delete: delete_investment_plan_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    progress::routes(mount);
    crud_routes(mount);
    attachment_routes(mount);
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::unit_lists_are_indexed;

    unit_lists_are_indexed!(investment_plans, InvestmentPlanRow, {
        let none = InvestmentPlanFilter::default;
        [
            none(),
            InvestmentPlanFilter { sort: Some(InvestmentPlanSort::ValidFrom), ..none() },
            InvestmentPlanFilter {
                fiscal_year: Some(2024),
                capital_source: Some(CapitalSource::StateBudget),
                code: Some("VDTC".into()),
                q: Some("kế hoạch".into()),
                ..none()
            },
        ]
    });
}
