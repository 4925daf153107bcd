//! What is asked of the coverage, and what it tells.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::postings::model::PostingForm;
use crate::procedures::model::{ProcedureId, ProcedureLevel, ServiceLevel};
use kernel::page_of;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::UnitScope;

/// Whose postings are held against the catalogue.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PostingCoverageFilter {
    /// The unit that posts, by id; exactly one of id, identifier and code (đơn vị niêm yết).
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The day (ngày tra cứu); today when not given.
    pub as_of: Option<NaiveDate>,
    /// The unit itself, with its children, or with all below (phạm vi); `self` when not given. Of those
    /// below, units of a tier of government count, each for what its own tier must show.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// Procedures of this level (cấp thực hiện); those of the unit's own when not given, for a commune
    /// with those that it takes in.
    #[param(inline)]
    pub level: Option<ProcedureLevel>,
    /// Posted in this form (hình thức niêm yết); in any when not given.
    #[param(inline)]
    pub form: Option<PostingForm>,
}

/// A procedure in force that a unit must show and does not (thủ tục chưa niêm yết).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "org_unit_id": "0190a8c0-0000-7000-8000-000000000003", "org_unit_code": "31420",
    "org_unit_identifier": "H30.44", "org_unit_name": "Xã Phụng Hiệp",
    "procedure_id": "0190a8c0-0000-7000-8000-000000000011", "procedure_code": "1.001193",
    "procedure_name": "Đăng ký khai sinh", "level": "commune", "service_level": "full_online"
}))]
pub struct MissingPosting {
    /// The unit that does not show it (đơn vị chưa niêm yết).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the day (tên đơn vị).
    pub org_unit_name: String,
    /// The procedure (thủ tục hành chính).
    pub procedure_id: ProcedureId,
    /// Its national code (mã TTHC).
    pub procedure_code: String,
    /// Its name (tên thủ tục).
    pub procedure_name: String,
    /// Its level (cấp thực hiện).
    pub level: ProcedureLevel,
    /// How far it can be done online (mức độ cung cấp dịch vụ công trực tuyến).
    pub service_level: ServiceLevel,
}
page_of!(MissingPostingPage, MissingPosting, "procedures that are not posted");

/// How much of what units must show they show (tình hình niêm yết). Of several units each procedure
/// counts for each of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "org_unit_id": "0190a8c0-0000-7000-8000-000000000003", "org_unit_code": "31420",
    "org_unit_identifier": "H30.44", "org_unit_name": "Xã Phụng Hiệp", "scope": "self", "units": 1,
    "as_of": "2026-11-23", "levels": ["commune", "commune_reception"], "form": null,
    "required": 162, "posted": 160, "missing": 2, "ended": 1,
    "service_levels": [
        {"service_level": "full_online", "required": 10, "posted": 10},
        {"service_level": "partial_online", "required": 93, "posted": 92},
        {"service_level": "information_only", "required": 59, "posted": 58},
        {"service_level": "unknown", "required": 0, "posted": 0}
    ]
}))]
pub struct PostingCoverage {
    /// The unit (đơn vị niêm yết).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the day (tên đơn vị).
    pub org_unit_name: String,
    /// Which units count (phạm vi).
    pub scope: UnitScope,
    /// How many they are (số đơn vị phải niêm yết).
    #[schema(minimum = 0)]
    pub units: usize,
    /// The day (ngày tra cứu).
    pub as_of: NaiveDate,
    /// The levels whose procedures they must show (cấp thực hiện).
    pub levels: Vec<ProcedureLevel>,
    /// The form that was asked for; null for any (hình thức niêm yết).
    pub form: Option<PostingForm>,
    /// Procedures of these levels in force (số TTHC phải niêm yết).
    #[schema(minimum = 0)]
    pub required: i64,
    /// Those of them that are posted (số TTHC đã niêm yết).
    #[schema(minimum = 0)]
    pub posted: i64,
    /// Those that are not (số TTHC chưa niêm yết).
    #[schema(minimum = 0)]
    pub missing: i64,
    /// Procedures that are posted though they have ended (số TTHC hết hiệu lực chưa gỡ).
    #[schema(minimum = 0)]
    pub ended: i64,
    /// The same by how far a procedure can be done online (theo mức độ dịch vụ công trực tuyến).
    pub service_levels: Vec<PostingServiceLevel>,
}

/// How much is shown of the procedures of one service level (theo mức độ dịch vụ công trực tuyến).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PostingServiceLevel {
    /// How far they can be done online (mức độ cung cấp dịch vụ công trực tuyến).
    pub service_level: ServiceLevel,
    /// Procedures in force (số TTHC phải niêm yết).
    #[schema(minimum = 0)]
    pub required: i64,
    /// Those of them that are posted (số TTHC đã niêm yết).
    #[schema(minimum = 0)]
    pub posted: i64,
}
