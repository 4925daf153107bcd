//! Open export of a year's investment (dữ liệu mở về vốn đầu tư công), shaped as a Fiscal Data Package 1.0: a
//! descriptor of tables as CSV, in which every column that other countries have too bears the name of its
//! concept, so that tools that know no Vietnamese read what was planned, adjusted and paid.
//!
//! It holds what the account may read, as lists do. The descriptor holds no rows; each table is streamed.

use actix_web::{HttpRequest, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use validator::Validate;

use super::disbursements::{self, Disbursement, DisbursementFilter, DisbursementPage};
use super::investment_plans::{self, InvestmentPlan, InvestmentPlanFilter, InvestmentPlanPage};
use super::plan_adjustments::{self, PlanAdjustment, PlanAdjustmentFilter, PlanAdjustmentPage};
use kernel::api::contract::Contract;
use kernel::api::mount::Mount;
use kernel::api::table::{Column, Columns, Content};
use kernel::api::{ListQuery, Listed, ValidQuery};
use kernel::auth::permit::{Permit, PublicFinance, Read};
use kernel::error::ApiError;
use kernel::operations;
use kernel::state::App;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::UnitScope;

/// The table of adjustments.
const ADJUSTMENTS: &str = "plan-adjustments";

/// Which units and year a package is of.
#[derive(Debug, Clone, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FiscalDataPackageQuery {
    /// Of which year (năm kế hoạch).
    #[validate(range(min = 1990, max = 2100))]
    #[param(minimum = 1990, maximum = 2100)]
    pub fiscal_year: i64,
    /// Of this unit, by id (đơn vị).
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
    /// The unit itself, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
}

/// A year's investment as a Fiscal Data Package (gói dữ liệu tài chính mở).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "profile": "fiscal-data-package", "name": "public-investment-2024", "title": "Vốn đầu tư công năm 2024",
    "resources": [{
        "profile": "tabular-data-resource", "name": "disbursements", "title": "Giải ngân vốn đầu tư công",
        "path": "fiscal-data-package/disbursements?fiscal_year=2024", "format": "csv", "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {
            "fields": [{"name": "amount_vnd", "type": "integer", "title": "Số tiền giải ngân", "columnType": "value"}],
            "primaryKey": "id",
            "extraFields": [{
                "name": "currency", "type": "string", "title": "Đơn vị tiền tệ", "columnType": "value-currency:code",
                "constant": "VND"
            }]
        }
    }]
}))]
pub struct FiscalDataPackage {
    /// Always `fiscal-data-package` (hồ sơ đặc tả).
    pub profile: String,
    /// Its name, for machines (tên gói).
    pub name: String,
    /// Its name, for people (tiêu đề).
    pub title: String,
    /// Its tables (các bảng dữ liệu).
    pub resources: Vec<FiscalTable>,
}

/// A table of a package (bảng dữ liệu của gói dữ liệu tài chính mở).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FiscalTable {
    /// Always `tabular-data-resource` (hồ sơ đặc tả).
    pub profile: String,
    /// Its name, for machines (tên bảng).
    pub name: String,
    /// Its name, for people (tiêu đề).
    pub title: String,
    /// Where it is read, seen from the descriptor, with the same token (đường dẫn).
    pub path: String,
    /// Always `csv` (định dạng).
    pub format: String,
    /// Its media type (kiểu nội dung).
    pub mediatype: String,
    /// Always `utf-8` (bảng mã).
    pub encoding: String,
    /// Its columns (cấu trúc bảng).
    pub schema: FiscalTableSchema,
}

/// The columns of a table of a package (cấu trúc bảng dữ liệu).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FiscalTableSchema {
    /// Those that it has (các cột).
    pub fields: Vec<FiscalColumn>,
    /// By which its rows are told apart (khóa chính).
    pub primary_key: String,
    /// Those that have one value in all rows, and therefore do not stand in it (các cột hằng).
    pub extra_fields: Vec<FiscalColumn>,
}

/// A column of a table of a package (cột dữ liệu).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FiscalColumn {
    /// Its name (tên cột).
    pub name: String,
    /// What its cells hold, after Table Schema (kiểu dữ liệu).
    #[serde(rename = "type")]
    pub kind: String,
    /// The Vietnamese term (tiêu đề cột).
    pub title: String,
    /// The fiscal concept that it tells (khái niệm tài chính); absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column_type: Option<String>,
    /// The one value of all rows (giá trị hằng); absent where each row has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constant: Option<String>,
}

impl FiscalColumn {
    fn of(table: &str, column: &Column) -> Self {
        let kind = match column.content {
            Content::Integer => "integer",
            Content::Number => "number",
            Content::Boolean => "boolean",
            Content::Date => "date",
            Content::Instant => "datetime",
            Content::Nested(_) => "any",
            Content::Id | Content::Text | Content::Choice(_) => "string",
        };
        Self {
            name: column.name.clone(),
            kind: kind.into(),
            title: column.label.clone(),
            column_type: concept(table, &column.name).map(Into::into),
            constant: None,
        }
    }

    fn constant(name: &str, title: &str, concept: &str, value: &str) -> Self {
        Self {
            name: name.into(),
            kind: "string".into(),
            title: title.into(),
            column_type: Some(concept.into()),
            constant: Some(value.into()),
        }
    }
}

/// The `ColumnType` of Fiscal Data Package 1.0 that a column tells.
fn concept(table: &str, column: &str) -> Option<&'static str> {
    Some(match column {
        // Whether it adds or takes away stands in another column.
        "amount_vnd" if table == ADJUSTMENTS => return None,
        "fiscal_year" => "date:fiscal-year",
        "org_unit_id" => "administrative-classification:generic:code",
        "org_unit_name" => "administrative-classification:generic:label",
        "code" | "plan_code" => "activity:generic:project:code",
        "title" => "activity:generic:project:label",
        "paid_from" => "date:fiscal:activity-start",
        "paid_to" => "date:fiscal:activity-end",
        "amount_vnd" => "value",
        _ => return None,
    })
}

/// A table of these records, which tells one phase of the budget.
fn table<T: PartialSchema>(
    contract: &Contract,
    (name, title, phase): (&str, &str, &str),
    query: &str,
) -> FiscalTable {
    FiscalTable {
        profile: "tabular-data-resource".into(),
        name: name.into(),
        title: title.into(),
        path: format!("fiscal-data-package/{name}?{query}"),
        format: "csv".into(),
        mediatype: "text/csv".into(),
        encoding: "utf-8".into(),
        schema: FiscalTableSchema {
            fields: Columns::of::<T>(contract)
                .all()
                .iter()
                .map(|column| FiscalColumn::of(name, column))
                .collect(),
            primary_key: "id".into(),
            extra_fields: vec![
                FiscalColumn::constant("currency", "Đơn vị tiền tệ", "value-currency:code", "VND"),
                FiscalColumn::constant("phase", "Giai đoạn ngân sách", "phase:id", phase),
            ],
        },
    }
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(
        mount,
        get_fiscal_data_package,
        get_fiscal_data_package_plans,
        get_fiscal_data_package_adjustments,
        get_fiscal_data_package_disbursements
    );
}

#[utoipa::path(
    get, path = "/api/v1/public-finance/fiscal-data-package",
    operation_id = "get_fiscal_data_package", tag = "fiscal-data-package", summary = "Describe a year's investment as a Fiscal Data Package",
    description = "The descriptor (datapackage.json) of plans, their adjustments and disbursements of a year, after Fiscal Data Package 1.0 (dữ liệu mở về vốn đầu tư công). Its tables are CSV, within what the account may read; their paths carry this query.",
    params(FiscalDataPackageQuery),
    responses((status = 200, description = "The descriptor.", body = FiscalDataPackage)),
)]
async fn get_fiscal_data_package(
    _permit: Permit<Read, PublicFinance>,
    query: ValidQuery<FiscalDataPackageQuery>,
    req: HttpRequest,
    app: App,
) -> web::Json<FiscalDataPackage> {
    let (contract, carried, year) = (&app.contract, req.query_string(), query.0.fiscal_year);
    let plans = ("investment-plans", "Kế hoạch vốn đầu tư công", "approved");
    let adjustments = (ADJUSTMENTS, "Điều chỉnh kế hoạch vốn đầu tư công", "adjusted");
    let disbursements = ("disbursements", "Giải ngân vốn đầu tư công", "executed");
    web::Json(FiscalDataPackage {
        profile: "fiscal-data-package".into(),
        name: format!("public-investment-{year}"),
        title: format!("Vốn đầu tư công năm {year}"),
        resources: vec![
            table::<InvestmentPlan>(contract, plans, carried),
            table::<PlanAdjustment>(contract, adjustments, carried),
            table::<Disbursement>(contract, disbursements, carried),
        ],
    })
}

#[utoipa::path(
    get, path = "/api/v1/public-finance/fiscal-data-package/investment-plans",
    operation_id = "get_fiscal_data_package_plans", tag = "fiscal-data-package", summary = "Read the plans of a Fiscal Data Package",
    description = "All plans that a filter finds, as CSV in one stream (kế hoạch vốn đầu tư công).",
    params(InvestmentPlanFilter),
    responses((status = 200, description = "All rows.", body = String, content_type = "text/csv", example = json!("id,fiscal_year,code,amount_vnd\n0190a8c0-0000-7000-8000-000000000101,2024,VDTC,65808000000\n"))),
)]
async fn get_fiscal_data_package_plans(
    permit: Permit<Read, PublicFinance>,
    query: ListQuery<InvestmentPlanFilter>,
    app: App,
) -> Result<Listed<InvestmentPlanPage>, ApiError> {
    query.as_csv().answer(permit.into_scoped(), &app, investment_plans::exported).await
}

#[utoipa::path(
    get, path = "/api/v1/public-finance/fiscal-data-package/plan-adjustments",
    operation_id = "get_fiscal_data_package_adjustments", tag = "fiscal-data-package", summary = "Read the adjustments of a Fiscal Data Package",
    description = "All adjustments that a filter finds, as CSV in one stream (điều chỉnh kế hoạch vốn đầu tư công).",
    params(PlanAdjustmentFilter),
    responses((status = 200, description = "All rows.", body = String, content_type = "text/csv", example = json!("id,fiscal_year,plan_code,direction,amount_vnd\n0190a8c0-0000-7000-8000-000000000102,2024,VDTC,increase,1200000000\n"))),
)]
async fn get_fiscal_data_package_adjustments(
    permit: Permit<Read, PublicFinance>,
    query: ListQuery<PlanAdjustmentFilter>,
    app: App,
) -> Result<Listed<PlanAdjustmentPage>, ApiError> {
    query.as_csv().answer(permit.into_scoped(), &app, plan_adjustments::exported).await
}

#[utoipa::path(
    get, path = "/api/v1/public-finance/fiscal-data-package/disbursements",
    operation_id = "get_fiscal_data_package_disbursements", tag = "fiscal-data-package", summary = "Read the disbursements of a Fiscal Data Package",
    description = "All disbursements that a filter finds, as CSV in one stream (giải ngân vốn đầu tư công).",
    params(DisbursementFilter),
    responses((status = 200, description = "All rows.", body = String, content_type = "text/csv", example = json!("id,fiscal_year,plan_code,paid_from,paid_to,amount_vnd\n0190a8c0-0000-7000-8000-000000000103,2024,VDTC,2024-01-01,2024-05-15,30612000000\n"))),
)]
async fn get_fiscal_data_package_disbursements(
    permit: Permit<Read, PublicFinance>,
    query: ListQuery<DisbursementFilter>,
    app: App,
) -> Result<Listed<DisbursementPage>, ApiError> {
    query.as_csv().answer(permit.into_scoped(), &app, disbursements::exported).await
}
