//! What a client sends of a unit: a new one, corrections of a version, a new version.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::model::{ChangeKind, UnitClass, VersionRow};
use kernel::api::{Change, Patch};
use kernel::tree::{OrgUnitId, UnitKind};
use kernel::validity::Certainty;

/// A new unit, or the whole of a corrected version.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Mỹ Thuận 1", "full_name": "Ấp Mỹ Thuận 1", "kind": "hamlet", "parent_code": "31420",
    "valid_from": "2025-07-01", "legal_basis": "Nghị quyết 202/2025/QH15"
}))]
pub struct OrgUnitCreate {
    /// Name without its kind (tên riêng).
    #[validate(length(min = 1, max = 200), custom(function = "kernel::text::worded"))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Name with its kind (tên đầy đủ); the name when not given.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "kernel::text::worded"))]
    #[schema(min_length = 1, max_length = 300)]
    pub full_name: Option<String>,
    /// Kind (loại đơn vị).
    pub kind: UnitKind,
    /// Code (mã đơn vị hành chính): two digits for a province, three for a district, five for a
    /// commune; others may have a code of their own.
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub code: Option<String>,
    /// Electronic identification code (mã định danh điện tử): `000.00.00.H30`, `H30` or `H30.14`.
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub identifier: Option<String>,
    /// Class (phân loại đơn vị).
    #[serde(default)]
    pub unit_class: Option<UnitClass>,
    /// The unit above (đơn vị cấp trên) by its id: exactly one of the three names.
    #[serde(default)]
    pub parent_id: Option<OrgUnitId>,
    /// The unit above by its identification code (mã định danh đơn vị cấp trên).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub parent_identifier: Option<String>,
    /// The unit above by its code (mã đơn vị cấp trên), read on `valid_from`.
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub parent_code: Option<String>,
    /// First day (ngày bắt đầu hiệu lực); null when the beginning is not known.
    #[serde(deserialize_with = "day_or_null")]
    #[schema(required = true)]
    pub valid_from: Option<NaiveDate>,
    /// How sure the first day is (độ chắc chắn của ngày bắt đầu); `exact` when not given.
    #[serde(default)]
    #[schema(default = "exact")]
    pub valid_from_certainty: Certainty,
    /// First day on which it no longer holds (ngày hết hiệu lực); null or absent while it does.
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
    /// How sure that day is (độ chắc chắn của ngày hết hiệu lực); `exact` when not given.
    #[serde(default)]
    #[schema(default = "exact")]
    pub valid_to_certainty: Certainty,
    /// Legal basis (căn cứ pháp lý).
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub legal_basis: Option<String>,
    /// Remark (ghi chú).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

/// A member that must be there but may be null: nobody leaves the beginning open by oversight.
fn day_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    Option::deserialize(deserializer)
}

/// Corrections to one version of a unit (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"identifier": "H13.45", "unit_class": "ii"}))]
pub struct OrgUnitPatch {
    /// Name without its kind (tên riêng).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    pub name: Change<String>,
    /// Name with its kind (tên đầy đủ); null makes it the name.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 300)]
    pub full_name: Patch<String>,
    /// Kind (loại đơn vị).
    #[serde(default)]
    #[schema(value_type = UnitKind, required = false)]
    pub kind: Change<UnitKind>,
    /// Code (mã đơn vị hành chính).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 20)]
    pub code: Patch<String>,
    /// Electronic identification code (mã định danh điện tử).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 35)]
    pub identifier: Patch<String>,
    /// Class (phân loại đơn vị).
    #[serde(default)]
    #[schema(value_type = Option<UnitClass>)]
    pub unit_class: Patch<UnitClass>,
    /// The unit above (đơn vị cấp trên) by its id: at most one of the three names.
    #[serde(default)]
    #[schema(value_type = OrgUnitId, required = false)]
    pub parent_id: Change<OrgUnitId>,
    /// The unit above by its identification code (mã định danh đơn vị cấp trên).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 35)]
    pub parent_identifier: Change<String>,
    /// The unit above by its code (mã đơn vị cấp trên), read on `valid_from`.
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 20)]
    pub parent_code: Change<String>,
    /// First day (ngày bắt đầu hiệu lực); null when the beginning is not known.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_from: Patch<NaiveDate>,
    /// How sure the first day is.
    #[serde(default)]
    #[schema(value_type = Certainty, required = false)]
    pub valid_from_certainty: Change<Certainty>,
    /// First day on which it no longer holds (ngày hết hiệu lực); null makes it hold on.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_to: Patch<NaiveDate>,
    /// How sure that day is.
    #[serde(default)]
    #[schema(value_type = Certainty, required = false)]
    pub valid_to_certainty: Change<Certainty>,
    /// Legal basis (căn cứ pháp lý).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub legal_basis: Patch<String>,
    /// Remark (ghi chú).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Patch<String>,
}

impl OrgUnitPatch {
    /// The whole version after the patch.
    #[must_use]
    pub fn onto(self, present: &VersionRow) -> OrgUnitCreate {
        let Self {
            name,
            full_name,
            kind,
            code,
            identifier,
            unit_class,
            parent_id,
            parent_identifier,
            parent_code,
            valid_from,
            valid_from_certainty,
            valid_to,
            valid_to_certainty,
            legal_basis,
            note,
        } = self;
        let renamed = matches!((&parent_identifier, &parent_code), (Change::Absent, Change::Absent));
        let given = |name: Change<String>| match name {
            Change::Absent => None,
            Change::Value(name) => Some(name),
        };
        OrgUnitCreate {
            name: name.onto(present.name.clone()),
            full_name: full_name.onto(Some(present.full_name.clone())),
            kind: kind.onto(present.kind),
            code: code.onto(present.code.clone()),
            identifier: identifier.onto(present.identifier.clone()),
            unit_class: unit_class.onto(present.unit_class),
            parent_id: match parent_id {
                Change::Value(parent) => Some(parent),
                // Another name for the unit above takes the place of the present id.
                Change::Absent => present.parent_id.filter(|_| renamed),
            },
            parent_identifier: given(parent_identifier),
            parent_code: given(parent_code),
            valid_from: valid_from.onto(present.first_day()),
            valid_from_certainty: valid_from_certainty.onto(present.valid_from_certainty),
            valid_to: valid_to.onto(present.end()),
            valid_to_certainty: valid_to_certainty.onto(present.valid_to_certainty),
            legal_basis: legal_basis.onto(present.legal_basis.clone()),
            note: note.onto(present.note.clone()),
        }
    }
}

/// What a unit is from a day on (biến động không đổi định danh): it got another name, became another
/// kind or moved under another unit. The whole of the new version.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "change_kind": "rename", "valid_from": "2025-01-01", "name": "Huế", "full_name": "Thành phố Huế",
    "kind": "province", "code": "46", "parent_id": "0e7bdb6d-8e53-56c8-a9dd-4f4265eb3bab",
    "legal_basis": "Nghị quyết 175/2024/QH15"
}))]
pub struct OrgUnitVersionCreate {
    /// What changes (loại biến động); `unchanged` for a unit that only moves.
    pub change_kind: ChangeKind,
    /// First day of the new version (ngày bắt đầu hiệu lực); the present one ends on it.
    pub valid_from: NaiveDate,
    /// Name without its kind (tên riêng).
    #[validate(length(min = 1, max = 200), custom(function = "kernel::text::worded"))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Name with its kind (tên đầy đủ); the name when not given.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "kernel::text::worded"))]
    #[schema(min_length = 1, max_length = 300)]
    pub full_name: Option<String>,
    /// Kind (loại đơn vị).
    pub kind: UnitKind,
    /// Code (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub code: Option<String>,
    /// Electronic identification code (mã định danh điện tử).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub identifier: Option<String>,
    /// Class (phân loại đơn vị).
    #[serde(default)]
    pub unit_class: Option<UnitClass>,
    /// The unit above (đơn vị cấp trên) by its id: exactly one of the three names.
    #[serde(default)]
    pub parent_id: Option<OrgUnitId>,
    /// The unit above by its identification code (mã định danh đơn vị cấp trên).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub parent_identifier: Option<String>,
    /// The unit above by its code (mã đơn vị cấp trên), read on `valid_from`.
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub parent_code: Option<String>,
    /// Legal basis (căn cứ pháp lý).
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub legal_basis: Option<String>,
    /// Remark (ghi chú).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

impl OrgUnitVersionCreate {
    /// The same as the whole of a version that ends with the present one.
    pub(super) fn whole(self, present: &VersionRow) -> (ChangeKind, OrgUnitCreate) {
        let Self {
            change_kind,
            valid_from,
            name,
            full_name,
            kind,
            code,
            identifier,
            unit_class,
            parent_id,
            parent_identifier,
            parent_code,
            legal_basis,
            note,
        } = self;
        let whole = OrgUnitCreate {
            name,
            full_name,
            kind,
            code,
            identifier,
            unit_class,
            parent_id,
            parent_identifier,
            parent_code,
            valid_from: Some(valid_from),
            valid_from_certainty: Certainty::Exact,
            valid_to: present.end(),
            valid_to_certainty: present.valid_to_certainty,
            legal_basis,
            note,
        };
        (change_kind, whole)
    }
}
