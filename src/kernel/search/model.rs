//! What is asked for, and what is found.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::auth::permission::Domain;
use crate::page_of;
use crate::record_types::RecordType;
use crate::tree::OrgUnitId;
use crate::unit_reference::{UnitName, UnitScope};

/// A record that was found (kết quả tìm kiếm).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SearchHit, example = json!({
    "type": "support_activity", "id": "0190a8c0-0000-7000-8000-000000000022",
    "href": "/api/v1/tthc/support-activities/0190a8c0-0000-7000-8000-000000000022",
    "title": "Phân công công chức hỗ trợ nộp hồ sơ trực tuyến", "code": "12/QĐ-UBND",
    "org_unit_id": "0190a8c0-0000-7000-8000-000000000004", "org_unit_code": "31420",
    "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp", "day": "2026-01-05"
}))]
pub struct Hit {
    /// What kind of record (loại bản ghi).
    #[serde(rename = "type")]
    pub record_type: RecordType,
    /// The record's id.
    pub id: String,
    /// Where the record is read.
    pub href: String,
    /// What it is called (tên, trích yếu); what its kind is called where it has no name.
    pub title: String,
    /// Its code or number (mã, số ký hiệu); null where it has none.
    pub code: Option<String>,
    /// The unit that the record belongs to (đơn vị); null where it belongs to none.
    pub org_unit_id: Option<OrgUnitId>,
    /// Its statistics code on the record's day (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code on that day (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on that day (tên đơn vị).
    pub org_unit_name: Option<String>,
    /// The record's day (ngày); the day of its last change where it has none of its own.
    pub day: NaiveDate,
}

page_of!(SearchPage, Hit, "records that were found");

/// What is looked for.
#[derive(Debug, Clone, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchFilter {
    /// Words in any order, without regard to case and tone marks (từ khóa), of which the last may be the
    /// beginning of one; or a code or number, however it is written (mã, số ký hiệu).
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    pub q: String,
    /// Records of this kind only (loại bản ghi).
    #[serde(rename = "type")]
    #[param(inline)]
    pub record_type: Option<RecordType>,
    /// Records of this domain only (lĩnh vực).
    #[param(inline)]
    pub domain: Option<Domain>,
    /// Records of this unit only, by id (đơn vị).
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

impl SearchFilter {
    /// How the unit is named, if one is.
    #[must_use]
    pub fn unit_name(&self) -> UnitName<'_> {
        UnitName {
            id: self.org_unit_id,
            identifier: self.org_unit_identifier.as_deref(),
            code: self.org_unit_code.as_deref(),
        }
    }
}
