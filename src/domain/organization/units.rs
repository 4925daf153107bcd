//! Units (đơn vị): provinces, districts, communes, hamlets and agencies as they stand on any day.
//!
//! A unit is an identity with versions; the answer is the identity and the version in force on
//! `as_of`. Reference data: every token reads them. Correcting a version leaves no trace but in the
//! journal; what really changed on a day is a new version; what ended by merger or division is told
//! by a [succession](super::successions).

use actix_web::{delete, get, patch, post, put, web};
use aws_lc_rs::digest;
use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::catalogue::ChangeKind;
use super::reference::{UnitName, UnitScope};
use super::rules;
use super::store::{
    OrgUnitSuccessionId, OrgUnitVersionId, SuccessionRow, UnitClass, UnitRow, VersionRow, unit_bump,
    unit_entry, unit_row, units_insert, version_on, version_update, versions_insert, versions_of,
    versions_of_all,
};
use super::successors::{not_in_force, unit_in_force};
use super::tree::{OrgTree, OrgUnitId, SuccessionRelation, Tier, UnitKind, UnitVersion};
use crate::api::idempotency::{Answer, Asked};
use crate::api::json::check;
use crate::api::{
    Change, Created, Deleted, Found, IfMatch, ListQuery, Listed, MergePatch, Once, PageParams, PageRequest,
    PageRows, Paged, Patch, Record, Rendered, Saved, ValidJson, ValidPath, ValidQuery,
};
use crate::audit::journal::JournalAction;
use crate::auth::permit::{Organization, Permit, ReadReference, WriteReference};
use crate::auth::scope::Scoped;
use crate::db::conn::MultiBackend;
use crate::db::epochs::{self, Epoch};
use crate::db::schema::{
    clients, grants, org_unit_successions, org_unit_versions, org_units, period_closures, processing_returns,
    users,
};
use crate::db::types::Instant;
use crate::db::{DbConn, Recorded, Weight, WriteTx};
use crate::domain::validity::{Certainty, OPEN_BEGINNING, OPEN_END, Span, span_faults, storable};
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::state::App;
use crate::text::{contains, fold};
use crate::{keyset, page_of, text_enum};

text_enum! {
    /// Order of units (thứ tự).
    pub enum OrgUnitSort {
        /// By name, without regard to tone marks.
        Name => "name", "tên tăng dần";
        /// By name, backwards.
        NameDesc => "-name", "tên giảm dần";
    }
}

/// A unit (đơn vị) as it stands on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "73c0c0b6-6b8e-5a55-8f2e-2f6f4f1d4a10", "code": "31420", "identifier": null, "name": "Phụng Hiệp",
    "full_name": "Xã Phụng Hiệp", "kind": "commune", "tier": "commune", "unit_class": null,
    "parent_id": "1f0a8e2e-54f7-5a0c-9b0e-0f4d6f6f1a92", "parent_code": "92", "parent_name": "Cần Thơ",
    "province_id": "1f0a8e2e-54f7-5a0c-9b0e-0f4d6f6f1a92", "valid_from": "2025-07-01",
    "valid_from_certainty": "exact", "valid_to": null, "valid_to_certainty": null, "change_kind": null,
    "legal_basis": null, "note": null, "version": 1, "created_at": "2026-11-23T01:00:00Z",
    "updated_at": "2026-11-23T01:00:00Z"
}))]
pub struct OrgUnit {
    /// Identity (định danh): never reused, unlike codes.
    pub id: OrgUnitId,
    /// Code of the statistics office (mã đơn vị hành chính).
    pub code: Option<String>,
    /// Electronic identification code (mã định danh điện tử).
    pub identifier: Option<String>,
    /// Name without its kind (tên riêng).
    pub name: String,
    /// Name with its kind (tên đầy đủ).
    pub full_name: String,
    /// Kind (loại đơn vị).
    pub kind: UnitKind,
    /// Tier of local government (cấp chính quyền); none for the country, hamlets and agencies.
    pub tier: Option<Tier>,
    /// Class (phân loại đơn vị).
    pub unit_class: Option<UnitClass>,
    /// The unit above (đơn vị cấp trên); none for the country.
    pub parent_id: Option<OrgUnitId>,
    /// Code of the unit above.
    pub parent_code: Option<String>,
    /// Name of the unit above.
    pub parent_name: Option<String>,
    /// The province in which it stands (tỉnh, thành phố).
    pub province_id: Option<OrgUnitId>,
    /// First day of this version (ngày bắt đầu hiệu lực); null when it is not known.
    pub valid_from: Option<NaiveDate>,
    /// How sure the first day is (độ chắc chắn).
    pub valid_from_certainty: Certainty,
    /// First day on which it no longer holds (ngày hết hiệu lực); null while it does.
    pub valid_to: Option<NaiveDate>,
    /// How sure that day is; null while there is none.
    pub valid_to_certainty: Option<Certainty>,
    /// What began this version (loại biến động); null for the first.
    pub change_kind: Option<ChangeKind>,
    /// Legal basis (căn cứ pháp lý).
    pub legal_basis: Option<String>,
    /// Remark (ghi chú).
    pub note: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
page_of!(OrgUnitPage, OrgUnit, "units");

impl Record for OrgUnit {
    fn id_text(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    /// The day asked for chooses the version and what is said of the units above: a digest of the
    /// answer tells every view from the others.
    fn view(&self) -> Option<String> {
        let text = serde_json::to_vec(self).ok()?;
        let digest = digest::digest(&digest::SHA256, &text);
        Some(digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }
}

impl OrgUnit {
    /// The answer for this version, with the units above as they stood on the day.
    #[must_use]
    pub fn of(tree: &OrgTree, unit: &UnitRow, version: VersionRow, day: NaiveDate) -> Self {
        let parent = version.parent_id.and_then(|parent| tree.version_at(parent, day));
        let province_id = match version.kind {
            UnitKind::Province => Some(unit.id),
            _ => version.parent_id.and_then(|parent| tree.province_of(parent, day)),
        };
        let (valid_from, valid_to) = (version.first_day(), version.end());
        Self {
            id: unit.id,
            code: version.code,
            identifier: version.identifier,
            name: version.name,
            full_name: version.full_name,
            kind: version.kind,
            tier: version.kind.tier(),
            unit_class: version.unit_class,
            parent_id: version.parent_id,
            parent_code: parent.and_then(|parent| parent.code.clone()),
            parent_name: parent.map(|parent| parent.name.clone()),
            province_id,
            valid_from,
            valid_from_certainty: version.valid_from_certainty,
            valid_to,
            valid_to_certainty: valid_to.map(|_| version.valid_to_certainty),
            change_kind: version.change_kind,
            legal_basis: version.legal_basis,
            note: version.note,
            version: unit.version,
            created_at: unit.created_at,
            updated_at: unit.updated_at,
        }
    }
}

/// A unit by name (đơn vị, chỉ tên và mã).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrgUnitName {
    /// Its id.
    pub id: OrgUnitId,
    /// Code of the statistics office (mã đơn vị hành chính).
    pub code: Option<String>,
    /// Name without its kind.
    pub name: String,
    /// Name with its kind.
    pub full_name: String,
}

impl OrgUnitName {
    /// What the unit is called on the day; outside its time, by its last name.
    #[must_use]
    pub fn of(tree: &OrgTree, id: OrgUnitId, day: NaiveDate) -> Option<Self> {
        let version = tree.version_at(id, day).or_else(|| tree.latest(id))?;
        let UnitVersion { org_unit_id, code, name, full_name, .. } = version.clone();
        Some(Self { id: org_unit_id, code, name, full_name })
    }
}

/// One step of a unit's lineage (một bước kế thừa).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrgUnitLineageStep {
    /// The succession.
    pub id: OrgUnitSuccessionId,
    /// The other unit: as a predecessor on its last day, as a successor on its first.
    pub unit: OrgUnitName,
    /// Whether all or part of the predecessor went into the successor.
    pub relation: SuccessionRelation,
    /// First day of the new order (ngày có hiệu lực).
    pub effective_on: NaiveDate,
    /// Whether the successor keeps the records of a divided predecessor (nơi lưu giữ hồ sơ).
    pub keeps_records: bool,
    /// Legal basis (căn cứ pháp lý).
    pub legal_basis: Option<String>,
    /// Remark (ghi chú).
    pub note: Option<String>,
}

/// Where a unit came from and what became of it (lịch sử hình thành và kế thừa).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrgUnitLineage {
    /// The unit on the day, or on the nearest day on which it was in force.
    pub unit: OrgUnit,
    /// What went into it.
    pub predecessors: Vec<OrgUnitLineageStep>,
    /// What it went into. An ended district has none of its own: see `heirs`.
    pub successors: Vec<OrgUnitLineageStep>,
    /// The units in force on the day that carry its territory, by code; the unit itself while it is
    /// in force.
    pub heirs: Vec<OrgUnit>,
}

/// A new unit, or the whole of a corrected version.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Mỹ Thuận 1", "full_name": "Ấp Mỹ Thuận 1", "kind": "hamlet", "parent_code": "31420",
    "valid_from": "2025-07-01", "legal_basis": "Nghị quyết 202/2025/QH15"
}))]
pub struct OrgUnitCreate {
    /// Name without its kind (tên riêng).
    #[validate(length(min = 1, max = 200), custom(function = "crate::text::worded"))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Name with its kind (tên đầy đủ); the name when not given.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "crate::text::worded"))]
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
    #[validate(length(min = 1, max = 200), custom(function = "crate::text::worded"))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Name with its kind (tên đầy đủ); the name when not given.
    #[serde(default)]
    #[validate(length(min = 1, max = 300), custom(function = "crate::text::worded"))]
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
    fn whole(self, present: &VersionRow) -> (ChangeKind, OrgUnitCreate) {
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

/// A member that must be there but may be null: nobody leaves the beginning open by oversight.
fn day_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    Option::deserialize(deserializer)
}

/// Which units a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrgUnitFilter {
    /// The day on which the units are in force (ngày xét); today when not given.
    pub as_of: Option<NaiveDate>,
    /// Code (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub code: Option<String>,
    /// Electronic identification code (mã định danh điện tử).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub identifier: Option<String>,
    /// Kind (loại đơn vị).
    #[param(inline)]
    pub kind: Option<UnitKind>,
    /// Words of the name, without regard to case and tone marks, or the whole code (từ khóa).
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    /// A unit (đơn vị) by its id: at most one of the three names.
    pub org_unit_id: Option<OrgUnitId>,
    /// A unit by its identification code.
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// A unit by its code, read on `as_of`.
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// How far around that unit (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// Order (thứ tự); by name when not given.
    #[param(inline)]
    pub sort: Option<OrgUnitSort>,
}

/// Which units under one unit a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrgUnitBelowFilter {
    /// The day on which the units are in force (ngày xét); today when not given.
    pub as_of: Option<NaiveDate>,
    /// Kind (loại đơn vị).
    #[param(inline)]
    pub kind: Option<UnitKind>,
    /// Words of the name, without regard to case and tone marks, or the whole code (từ khóa).
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    /// Order (thứ tự); by name when not given.
    #[param(inline)]
    pub sort: Option<OrgUnitSort>,
}

/// The day of an answer.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AsOf {
    /// The day (ngày xét); today when not given.
    pub as_of: Option<NaiveDate>,
}

/// The day asked for, within the days that both databases keep.
fn day_of(as_of: Option<NaiveDate>, scoped: &Scoped) -> NaiveDate {
    storable(as_of.unwrap_or_else(|| scoped.today()))
}

/// Which units of the tree.
#[derive(Debug, Clone)]
enum Within {
    Everything,
    One(OrgUnitId),
    /// Directly under it.
    Under(OrgUnitId),
    /// The unit and whatever stands directly under one of these: a province has a hundred units with
    /// others below them, but thousands of hamlets and schools, too many to be named one by one.
    AtOrUnder(OrgUnitId, Vec<OrgUnitId>),
}

impl Within {
    fn subtree(tree: &OrgTree, top: OrgUnitId, day: NaiveDate) -> Self {
        if tree.version_at(top, day).is_some_and(|version| version.kind == UnitKind::Country) {
            return Self::Everything;
        }
        let members = tree.subtree(top, day);
        Self::AtOrUnder(
            top,
            members.into_iter().filter(|unit| !tree.children(*unit, day).is_empty()).collect(),
        )
    }
}

/// What a list holds, whichever operation asks.
#[derive(Debug, Clone)]
struct Selection {
    day: NaiveDate,
    within: Within,
    code: Option<String>,
    identifier: Option<String>,
    kind: Option<UnitKind>,
    q: Option<String>,
    sort: OrgUnitSort,
}

type OfIdentity = dsl::Eq<org_units::id, org_unit_versions::org_unit_id>;
type Joined<'a> = dsl::IntoBoxed<
    'a,
    dsl::InnerJoinOn<org_unit_versions::table, org_units::table, OfIdentity>,
    MultiBackend,
>;

fn matching(selection: &Selection) -> Joined<'_> {
    use org_unit_versions as v;
    let Selection { day, within, code, identifier, kind, q, sort: _ } = selection;
    let mut query = v::table
        .inner_join(org_units::table.on(org_units::id.eq(v::org_unit_id)))
        .into_boxed()
        .filter(org_units::deleted_at.is_null())
        .filter(v::valid_from.le(*day).and(v::valid_to.gt(*day)));
    query = match within {
        Within::Everything => query,
        Within::One(unit) => query.filter(v::org_unit_id.eq(*unit)),
        Within::Under(unit) => query.filter(v::parent_id.eq(*unit)),
        Within::AtOrUnder(top, parents) => {
            query.filter(v::org_unit_id.eq(*top).or(v::parent_id.assume_not_null().eq_any(parents.clone())))
        }
    };
    if let Some(code) = code {
        query = query.filter(v::code.eq(code));
    }
    if let Some(identifier) = identifier {
        query = query.filter(v::identifier.eq(identifier));
    }
    if let Some(kind) = kind {
        query = query.filter(v::kind.eq(kind));
    }
    if let Some(q) = q {
        let is_code = || v::code.is_not_null().and(v::code.assume_not_null().eq(q.trim()));
        let words = fold(q);
        if words.is_empty() {
            query = query.filter(is_code());
        }
        // Each word alone, so that their order does not matter; a code has one word.
        for word in words.split_whitespace() {
            query = query.filter(v::name_folded.like(contains(word)).escape('\\').or(is_code()));
        }
    }
    query
}

fn selected(
    conn: &mut DbConn,
    scoped: &Scoped,
    selection: &Selection,
    page: &PageRequest,
) -> Result<PageRows<OrgUnit>, ApiError> {
    use org_unit_versions as v;
    let query = matching(selection);
    let query = match selection.sort {
        OrgUnitSort::Name => {
            keyset!(query, page, asc v::name_folded => String, v::org_unit_id => OrgUnitId)
        }
        OrgUnitSort::NameDesc => {
            keyset!(query, page, desc v::name_folded => String, v::org_unit_id => OrgUnitId)
        }
    };
    let rows: Vec<(UnitRow, VersionRow)> =
        query.select((UnitRow::as_select(), VersionRow::as_select())).load(conn)?;
    let total = page.include_total().then(|| matching(selection).count().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |(unit, version)| serde_json::json!([version.name_folded, unit.id]));
    Ok(rows.map(|(unit, version)| OrgUnit::of(scoped.tree(), &unit, version, selection.day)))
}

/// A page of units.
///
/// # Errors
/// 422 for a cursor of another order, or a unit that is unknown or not in force on the day.
pub fn org_unit_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &OrgUnitFilter,
    page: &PageRequest,
) -> Result<PageRows<OrgUnit>, ApiError> {
    let day = day_of(filter.as_of, scoped);
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let unit = name.is_given().then(|| unit_in_force(scoped.tree(), &name, day)).transpose()?;
    let within = match (unit, filter.scope) {
        (None, None) => Within::Everything,
        (None, Some(_)) => {
            let message = Bilingual::new(
                "Phạm vi chỉ dùng cùng với một đơn vị.",
                "A scope is given together with a unit only.",
            );
            return Err(ApiError::invalid(vec![Fault::new("/scope", "without_unit", message)]));
        }
        (Some(unit), scope) => match scope.unwrap_or_default() {
            UnitScope::Own => Within::One(unit),
            UnitScope::Children => Within::AtOrUnder(unit, vec![unit]),
            UnitScope::Subtree => Within::subtree(scoped.tree(), unit, day),
        },
    };
    let selection = Selection {
        day,
        within,
        code: filter.code.clone(),
        identifier: filter.identifier.clone(),
        kind: filter.kind,
        q: filter.q.clone(),
        sort: filter.sort.unwrap_or(OrgUnitSort::Name),
    };
    selected(conn, scoped, &selection, page)
}

/// Which units below one.
#[derive(Debug, Clone, Copy)]
pub enum Below {
    /// Those directly under it.
    Children,
    /// The unit and all that stands under it.
    Subtree,
}

/// A page of the units under one unit: directly, or the unit with all that stands under it.
///
/// # Errors
/// As [`org_unit_get`], and 422 for a cursor of another order.
pub fn org_unit_list_below(
    conn: &mut DbConn,
    scoped: &Scoped,
    (unit, below): (OrgUnitId, Below),
    filter: &OrgUnitBelowFilter,
    page: &PageRequest,
) -> Result<PageRows<OrgUnit>, ApiError> {
    let day = day_of(filter.as_of, scoped);
    in_force(conn, scoped, unit, day)?;
    let within = match below {
        Below::Children => Within::Under(unit),
        Below::Subtree => Within::subtree(scoped.tree(), unit, day),
    };
    let selection = Selection {
        day,
        within,
        code: None,
        identifier: None,
        kind: filter.kind,
        q: filter.q.clone(),
        sort: filter.sort.unwrap_or(OrgUnitSort::Name),
    };
    selected(conn, scoped, &selection, page)
}

/// A unit as it stands on the day.
///
/// # Errors
/// 404 when there is none, 422 with its heirs when it is not in force then.
pub fn org_unit_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitId,
    as_of: Option<NaiveDate>,
) -> Result<OrgUnit, ApiError> {
    let day = day_of(as_of, scoped);
    let (unit, version) = in_force(conn, scoped, id, day)?;
    Ok(OrgUnit::of(scoped.tree(), &unit, version, day))
}

fn in_force(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitId,
    day: NaiveDate,
) -> Result<(UnitRow, VersionRow), ApiError> {
    let unit = unit_row(conn, id)?;
    match version_on(conn, id, day)? {
        Some(version) => Ok((unit, version)),
        None => Err(not_in_force(scoped.tree(), &[id], day)),
    }
}

/// The version in force on the day, else the last that began before it, else the first.
fn nearest(versions: &[VersionRow], day: NaiveDate) -> Option<&VersionRow> {
    let begun = || versions.iter().rev().find(|version| version.valid_from <= day);
    versions.iter().rev().find(|version| version.holds_on(day)).or_else(begun).or_else(|| versions.first())
}

/// Units on the day, in the order given; those not in force then are left out.
fn units_on(
    conn: &mut DbConn,
    tree: &OrgTree,
    ids: &[OrgUnitId],
    day: NaiveDate,
) -> Result<Vec<OrgUnit>, ApiError> {
    let mut units = std::collections::HashMap::with_capacity(ids.len());
    for part in ids.chunks(1_000) {
        let rows: Vec<UnitRow> = org_units::table
            .filter(org_units::id.eq_any(part.to_vec()).and(org_units::deleted_at.is_null()))
            .select(UnitRow::as_select())
            .load(conn)?;
        units.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    let versions = versions_of_all(conn, ids)?;
    let answer = |id: &OrgUnitId| {
        let version = versions.get(id)?.iter().rev().find(|version| version.holds_on(day))?;
        Some(OrgUnit::of(tree, units.get(id)?, version.clone(), day))
    };
    Ok(ids.iter().filter_map(answer).collect())
}

/// The units above one on the day, the nearest first.
///
/// # Errors
/// As [`org_unit_get`].
pub fn org_unit_ancestors(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitId,
    as_of: Option<NaiveDate>,
) -> Result<OrgUnitPage, ApiError> {
    let day = day_of(as_of, scoped);
    in_force(conn, scoped, id, day)?;
    let items = units_on(conn, scoped.tree(), &scoped.tree().ancestors(id, day), day)?;
    Ok(OrgUnitPage { items, next_cursor: None, total: None })
}

/// All versions of a unit, the oldest first, each with the units above as they stood on its first
/// day.
///
/// # Errors
/// 404 when there is no such unit.
pub fn org_unit_versions_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitId,
) -> Result<OrgUnitPage, ApiError> {
    let unit = unit_row(conn, id)?;
    let answer = |version: VersionRow| {
        // The day before the end: an open beginning lies before every unit that is known exactly.
        let day = version.nearest_day(version.first_day().unwrap_or(version.valid_to));
        OrgUnit::of(scoped.tree(), &unit, version, day)
    };
    let items = versions_of(conn, id)?.into_iter().map(answer).collect();
    Ok(OrgUnitPage { items, next_cursor: None, total: None })
}

/// Where a unit came from and what became of it.
///
/// # Errors
/// 404 when there is no such unit.
pub fn org_unit_lineage(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitId,
    as_of: Option<NaiveDate>,
) -> Result<OrgUnitLineage, ApiError> {
    use org_unit_successions as s;
    let day = day_of(as_of, scoped);
    let unit = unit_row(conn, id)?;
    // Two queries: SQLite reads no partial index on one side of an OR.
    let standing = || s::table.filter(s::deleted_at.is_null()).select(SuccessionRow::as_select());
    let mut rows: Vec<SuccessionRow> = standing().filter(s::predecessor_id.eq(id)).load(conn)?;
    rows.extend(standing().filter(s::successor_id.eq(id)).load(conn)?);
    let versions = versions_of(conn, id)?;
    let version = nearest(&versions, day).cloned().ok_or_else(ApiError::not_found)?;
    let shown = version.nearest_day(day);
    let mut lineage = OrgUnitLineage {
        unit: OrgUnit::of(scoped.tree(), &unit, version, shown),
        predecessors: Vec::new(),
        successors: Vec::new(),
        heirs: units_on(conn, scoped.tree(), &scoped.tree().heirs(id, day), day)?,
    };
    for row in rows {
        let ends = row.predecessor_id == id;
        let (other, on) = if ends {
            (row.successor_id, row.effective_on)
        } else {
            (row.predecessor_id, row.effective_on.pred_opt().unwrap_or(row.effective_on))
        };
        let Some(other) = OrgUnitName::of(scoped.tree(), other, on) else { continue };
        let step = OrgUnitLineageStep {
            id: row.id,
            unit: other,
            relation: row.relation,
            effective_on: row.effective_on,
            keeps_records: row.keeps_records,
            legal_basis: row.legal_basis,
            note: row.note,
        };
        if ends { lineage.successors.push(step) } else { lineage.predecessors.push(step) }
    }
    for steps in [&mut lineage.predecessors, &mut lineage.successors] {
        steps.sort_by(|a, b| (a.effective_on, &a.unit.code).cmp(&(b.effective_on, &b.unit.code)));
    }
    Ok(lineage)
}

/// The row of a version as it is asked for; every fault that needs no database.
fn version_row(
    tree: &OrgTree,
    body: OrgUnitCreate,
    (id, org_unit_id, change_kind): (OrgUnitVersionId, OrgUnitId, Option<ChangeKind>),
    others: &[VersionRow],
) -> Result<VersionRow, ApiError> {
    check(&body)?;
    let valid_from = body.valid_from.unwrap_or(OPEN_BEGINNING);
    let valid_to = body.valid_to.unwrap_or(OPEN_END);
    let spans: Vec<Span> = others.iter().map(|other| (other.valid_from, other.valid_to)).collect();
    let mut faults = span_faults((valid_from, valid_to), &spans);
    faults.extend(rules::code_fault(body.kind, body.code.as_deref()));
    faults.extend(rules::identifier_fault(body.identifier.as_deref()));
    let name = UnitName {
        id: body.parent_id,
        identifier: body.parent_identifier.as_deref(),
        code: body.parent_code.as_deref(),
    };
    let parent_id = match named_as(name.resolve_optional(tree, valid_from), "parent") {
        Ok(parent) => parent,
        Err(unnamed) => {
            faults.extend(unnamed);
            None
        }
    };
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    Ok(VersionRow {
        id,
        org_unit_id,
        code: body.code,
        identifier: body.identifier,
        name_folded: fold(&body.name),
        full_name: body.full_name.unwrap_or_else(|| body.name.clone()),
        name: body.name,
        kind: body.kind,
        unit_class: body.unit_class,
        parent_id,
        valid_from,
        valid_from_certainty: body.valid_from_certainty,
        valid_to,
        valid_to_certainty: body.valid_to_certainty,
        change_kind,
        legal_basis: body.legal_basis,
        note: body.note,
    })
}

/// The faults of a unit's name, with the members as this body calls them.
pub(super) fn named_as<T>(named: Result<T, Vec<Fault>>, role: &str) -> Result<T, Vec<Fault>> {
    named.map_err(|faults| {
        let renamed = |mut fault: Fault| {
            fault.pointer = fault.pointer.replace("/org_unit_", &format!("/{role}_"));
            fault
        };
        faults.into_iter().map(renamed).collect()
    })
}

/// What is wrong with a version among the units that stand, read in the transaction that stores it.
fn hold(conn: &mut DbConn, row: &VersionRow) -> Result<(), ApiError> {
    use org_unit_versions as v;
    let mut faults = Vec::new();
    let parent = match row.parent_id {
        None => None,
        Some(parent) => match version_on(conn, parent, row.valid_from)? {
            Some(parent) => Some(parent),
            None => return Err(ApiError::invalid(vec![parent_away(conn, parent, row.valid_from)?])),
        },
    };
    faults.extend(rules::parent_fault(row.kind, parent.as_ref().map(|parent| parent.kind)));
    let mut above = parent.map(|parent| (parent.org_unit_id, parent.parent_id));
    let mut seen = Vec::new();
    while let Some((unit, next)) = above {
        if unit == row.org_unit_id {
            let message = Bilingual::new(
                "Đơn vị không thể trực thuộc chính nó hoặc đơn vị bên dưới nó.",
                "A unit cannot stand under itself or what is under it.",
            );
            faults.push(Fault::new("/parent_id", "cycle", message));
            break;
        }
        seen.push(unit);
        above = match next.filter(|next| !seen.contains(next)) {
            Some(next) => version_on(conn, next, row.valid_from)?.map(|version| (next, version.parent_id)),
            None => None,
        };
    }
    let below: Vec<UnitKind> = v::table
        .filter(v::parent_id.eq(row.org_unit_id))
        .filter(v::valid_from.lt(row.valid_to).and(v::valid_to.gt(row.valid_from)))
        .select(v::kind)
        .distinct()
        .load(conn)?;
    if let Some(child) = below.into_iter().find(|child| !rules::may_stand_under(*child, Some(row.kind))) {
        let message = Bilingual::new(
            format!("Bên dưới còn đơn vị loại {}.", child.label_vi()),
            format!("There is a {child} under the unit."),
        );
        faults.push(Fault::new("/kind", "children", message));
    }
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    taken(conn, row)
}

fn parent_away(conn: &mut DbConn, parent: OrgUnitId, day: NaiveDate) -> Result<Fault, ApiError> {
    let name = versions_of(conn, parent)?.pop().map(|version| version.full_name).unwrap_or_default();
    let message = Bilingual::new(
        format!("Đơn vị cấp trên {name} không có hiệu lực vào ngày {day}."),
        format!("The unit above, {name}, is not in force on {day}."),
    );
    Ok(Fault::new("/parent_id", "not_in_force", message))
}

/// A code or identifier that another unit bears on a day of the span.
fn taken(conn: &mut DbConn, row: &VersionRow) -> Result<(), ApiError> {
    use org_unit_versions as v;
    for (key, is_code) in [(&row.code, true), (&row.identifier, false)] {
        let Some(key) = key else { continue };
        let query = v::table
            .inner_join(org_units::table.on(org_units::id.eq(v::org_unit_id)))
            .into_boxed()
            .filter(org_units::deleted_at.is_null())
            .filter(v::org_unit_id.ne(row.org_unit_id))
            .filter(v::valid_from.lt(row.valid_to).and(v::valid_to.gt(row.valid_from)));
        let query = if is_code { query.filter(v::code.eq(key)) } else { query.filter(v::identifier.eq(key)) };
        let bearer: Option<String> = query.select(v::full_name).first(conn).optional()?;
        if let Some(bearer) = bearer {
            return Err(ApiError::detailed(
                Problem::Duplicate,
                format!("Mã {key} trong thời gian đó thuộc về {bearer}."),
                format!("In that span the code {key} belongs to {bearer}."),
            ));
        }
    }
    Ok(())
}

/// Whether the writer may touch the unit; reference data are known to all, so 403 and not 404.
pub(super) fn writable(scoped: &Scoped, unit: Option<OrgUnitId>) -> Result<(), ApiError> {
    match unit {
        _ if scoped.everything() => Ok(()),
        Some(unit) if scoped.reaches(unit) => Ok(()),
        _ => Err(ApiError::new(Problem::Forbidden)),
    }
}

/// Journals the unit as it now is and answers with one of its versions.
fn recorded(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    action: JournalAction,
    unit: &UnitRow,
    shown: VersionRow,
) -> Result<Recorded<OrgUnit>, ApiError> {
    let versions = versions_of(tx.conn(), unit.id)?;
    let day = shown.nearest_day(scoped.today());
    let answer = OrgUnit::of(scoped.tree(), unit, shown, day);
    let entry = unit_entry(action, unit, &versions, answer.province_id)?;
    Ok(tx.journal(entry)?.with(answer))
}

/// Makes a unit with its first version.
///
/// # Errors
/// 403 under a unit out of reach, 409 when its code is taken, 422 when it is not valid.
pub fn org_unit_insert(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    body: OrgUnitCreate,
) -> Result<Recorded<OrgUnit>, ApiError> {
    // First of all: the counter's row lets one writer of units in at a time, on PostgreSQL too.
    epochs::raise(tx, Epoch::Units)?;
    let unit = UnitRow { id: OrgUnitId::new(), version: 1, created_at: tx.at(), updated_at: tx.at() };
    let row = version_row(scoped.tree(), body, (OrgUnitVersionId::new(), unit.id, None), &[])?;
    if row.kind == UnitKind::Country {
        let message = Bilingual::new("Chỉ có một quốc gia.", "There is one country only.");
        return Err(ApiError::invalid(vec![Fault::new("/kind", "one_country", message)]));
    }
    if row.parent_id.is_some() {
        writable(scoped, row.parent_id)?;
    }
    hold(tx.conn(), &row)?;
    units_insert(tx.conn(), std::slice::from_ref(&unit))?;
    versions_insert(tx.conn(), std::slice::from_ref(&row))?;
    recorded(tx, scoped, JournalAction::Create, &unit, row)
}

/// The version that a correction is about: in force on the day, else (with no day named) the
/// latest.
fn corrected(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitId,
    as_of: Option<NaiveDate>,
) -> Result<VersionRow, ApiError> {
    let day = day_of(as_of, scoped);
    match (version_on(conn, id, day)?, as_of) {
        (Some(version), _) => Ok(version),
        (None, Some(_)) => Err(not_in_force(scoped.tree(), &[id], day)),
        (None, None) => versions_of(conn, id)?.pop().ok_or_else(ApiError::not_found),
    }
}

/// Corrects the version in force on the day (today when none is named; the latest of a unit that is
/// not in force today). `whole` makes the corrected version out of the present one.
///
/// # Errors
/// 412 when the unit has changed, 403, 409 and 422 as for a new one.
pub fn org_unit_correct(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    (id, as_of): (OrgUnitId, Option<NaiveDate>),
    expected: &IfMatch,
    whole: impl FnOnce(&VersionRow) -> OrgUnitCreate,
) -> Result<Recorded<OrgUnit>, ApiError> {
    epochs::raise(tx, Epoch::Units)?;
    let unit = unit_row(tx.conn(), id)?;
    writable(scoped, Some(id))?;
    expected.check(unit.version)?;
    let present = corrected(tx.conn(), scoped, id, as_of)?;
    let mut others = versions_of(tx.conn(), id)?;
    others.retain(|other| other.id != present.id);
    let row = version_row(scoped.tree(), whole(&present), (present.id, id, present.change_kind), &others)?;
    moved(scoped, &present, &row)?;
    hold(tx.conn(), &row)?;
    version_update(tx.conn(), &row)?;
    let unit = unit_bump(tx, &unit)?;
    recorded(tx, scoped, JournalAction::Update, &unit, row)
}

/// A unit may be put under another that is in reach; where it stands already it may stay.
fn moved(scoped: &Scoped, present: &VersionRow, next: &VersionRow) -> Result<(), ApiError> {
    let country = |row: &VersionRow| row.kind == UnitKind::Country;
    if country(present) != country(next) {
        let message = Bilingual::new("Chỉ có một quốc gia.", "There is one country only.");
        return Err(ApiError::invalid(vec![Fault::new("/kind", "one_country", message)]));
    }
    if present.parent_id == next.parent_id || next.parent_id.is_none() {
        return Ok(());
    }
    writable(scoped, next.parent_id)
}

/// Makes a new version of a unit from a day on; the version in force that day ends on it.
///
/// # Errors
/// 403, 409 and 422 as for a new unit; 422 when the unit is not in force that day.
pub fn org_unit_version_insert(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: OrgUnitId,
    body: OrgUnitVersionCreate,
) -> Result<Recorded<OrgUnit>, ApiError> {
    epochs::raise(tx, Epoch::Units)?;
    let unit = unit_row(tx.conn(), id)?;
    writable(scoped, Some(id))?;
    let day = day_of(Some(body.valid_from), scoped);
    let Some(mut present) = version_on(tx.conn(), id, day)? else {
        return Err(not_in_force(scoped.tree(), &[id], day));
    };
    if present.valid_from == body.valid_from {
        let message = Bilingual::new(
            "Đã có phiên bản bắt đầu từ ngày này; hãy sửa phiên bản đó.",
            "A version begins on this day already; correct that one.",
        );
        return Err(ApiError::invalid(vec![Fault::new("/valid_from", "same_day", message)]));
    }
    let mut others = versions_of(tx.conn(), id)?;
    others.retain(|other| other.id != present.id);
    let (change, whole) = body.whole(&present);
    let row = version_row(scoped.tree(), whole, (OrgUnitVersionId::new(), id, Some(change)), &others)?;
    moved(scoped, &present, &row)?;
    (present.valid_to, present.valid_to_certainty) = (row.valid_from, Certainty::Exact);
    version_update(tx.conn(), &present)?;
    hold(tx.conn(), &row)?;
    versions_insert(tx.conn(), std::slice::from_ref(&row))?;
    let unit = unit_bump(tx, &unit)?;
    recorded(tx, scoped, JournalAction::Update, &unit, row)
}

/// Deletes a unit that nothing refers to.
///
/// # Errors
/// 412 when it has changed, 409 when something refers to it.
pub fn org_unit_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: OrgUnitId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    epochs::raise(tx, Epoch::Units)?;
    let present = unit_row(tx.conn(), id)?;
    writable(scoped, Some(id))?;
    expected.check(present.version)?;
    let versions = versions_of(tx.conn(), id)?;
    let root = versions.iter().any(|version| version.kind == UnitKind::Country);
    if root || is_used(tx.conn(), id)? {
        return Err(ApiError::new(Problem::InUse));
    }
    let unit = unit_bump(tx, &present)?;
    diesel::update(org_units::table.find(id))
        .set(org_units::deleted_at.eq(Some(tx.at())))
        .execute(tx.conn())?;
    let province = scoped.tree().province_of(id, scoped.tree().last_day(id).unwrap_or(scoped.today()));
    let entry = unit_entry(JournalAction::Delete, &unit, &versions, province)?;
    Ok(tx.journal(entry)?.with(()))
}

/// Whether any record that is not deleted names the unit.
fn is_used(conn: &mut DbConn, id: OrgUnitId) -> Result<bool, ApiError> {
    use org_unit_successions as s;
    use org_unit_versions as v;
    use processing_returns as r;
    let children = v::table
        .inner_join(org_units::table.on(org_units::id.eq(v::org_unit_id)))
        .filter(org_units::deleted_at.is_null())
        .filter(v::parent_id.eq(id));
    let standing = || s::table.filter(s::deleted_at.is_null());
    let ended = standing().filter(s::predecessor_id.eq(id));
    let founded = standing().filter(s::successor_id.eq(id));
    let returns =
        r::table.filter(r::deleted_at.is_null()).filter(r::org_unit_id.eq(id).or(r::province_id.eq(id)));
    let closings = period_closures::table
        .filter(period_closures::org_unit_id.eq(id).or(period_closures::province_id.eq(id)));
    let people = users::table.filter(users::deleted_at.is_null()).filter(users::org_unit_id.eq(id));
    let systems = clients::table.filter(clients::deleted_at.is_null()).filter(clients::org_unit_id.eq(id));
    let granted = grants::table.filter(grants::deleted_at.is_null()).filter(grants::org_unit_id.eq(id));
    Ok(diesel::select(dsl::exists(children)).get_result(conn)?
        || diesel::select(dsl::exists(ended)).get_result(conn)?
        || diesel::select(dsl::exists(founded)).get_result(conn)?
        || diesel::select(dsl::exists(returns)).get_result(conn)?
        || diesel::select(dsl::exists(closings)).get_result(conn)?
        || diesel::select(dsl::exists(people)).get_result(conn)?
        || diesel::select(dsl::exists(systems)).get_result(conn)?
        || diesel::select(dsl::exists(granted)).get_result(conn)?)
}

/// A new version: 201 with the place at which the unit is read on that day.
#[derive(Debug)]
struct NewVersion(OrgUnit);

impl Answer for NewVersion {
    fn render(&self, asked: &Asked) -> Result<Rendered, ApiError> {
        let day = self.0.valid_from.map(|day| format!("?as_of={day}")).unwrap_or_default();
        Rendered::created(&self.0, format!("{}{day}", asked.path().trim_end_matches("/versions")), asked)
    }
}

/// Mounts the operations.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_org_units)
        .service(create_org_unit)
        .service(get_org_unit)
        .service(replace_org_unit)
        .service(patch_org_unit)
        .service(delete_org_unit)
        .service(list_org_unit_children)
        .service(list_org_unit_subtree)
        .service(list_org_unit_ancestors)
        .service(list_org_unit_versions)
        .service(create_org_unit_version)
        .service(get_org_unit_lineage);
}

#[utoipa::path(
    operation_id = "list_org_units", tag = "org-units", summary = "List units",
    description = "A page of the units (đơn vị) in force on `as_of`. A code means a unit only on a day: 31420 was xã Hòa Mỹ and is xã Phụng Hiệp since 1 July 2025.",
    params(OrgUnitFilter, PageParams),
    responses((status = 200, description = "A page.", body = OrgUnitPage, headers(("Link" = String, description = "The next page."))), (status = 422, description = "The unit that is named is not in force on that day.", body = crate::error::ProblemDetails, content_type = "application/problem+json")),
)]
#[get("/api/v1/organization/org-units")]
async fn list_org_units(
    permit: Permit<ReadReference, Organization>,
    query: ListQuery<OrgUnitFilter>,
    app: App,
) -> Result<Listed<OrgUnitPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, org_unit_list).await
}

#[utoipa::path(
    operation_id = "create_org_unit", tag = "org-units", summary = "Create a unit",
    description = "Makes a unit (đơn vị) with its first version.",
    request_body = OrgUnitCreate,
    responses((status = 201, description = "It was made.", body = OrgUnit, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
)]
#[post("/api/v1/organization/org-units")]
async fn create_org_unit(
    permit: Permit<WriteReference, Organization>,
    once: Once,
    app: App,
    body: ValidJson<OrgUnitCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let made = move |tx: &mut WriteTx<'_>| Ok(org_unit_insert(tx, &scoped, body.0)?.map(Created));
    let answer = once.write(&app, author, Weight::Single, made).await?;
    app.units_changed().await?;
    Ok(answer)
}

#[utoipa::path(
    operation_id = "get_org_unit", tag = "org-units", summary = "Get a unit",
    description = "One unit (đơn vị) as it stands on `as_of`. When it is not in force then, the problem names in `successors` those that carry its territory.",
    params(("id" = OrgUnitId, Path, description = "Its id."), AsOf, ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
    responses((status = 200, description = "The unit.", body = OrgUnit, headers(("ETag" = String, description = "Its version and what is shown of it on the day."))), (status = 304, description = "It has not changed."), (status = 422, description = "It is not in force on that day.", body = crate::error::ProblemDetails, content_type = "application/problem+json")),
)]
#[get("/api/v1/organization/org-units/{id}")]
async fn get_org_unit(
    permit: Permit<ReadReference, Organization>,
    id: ValidPath<OrgUnitId>,
    query: ValidQuery<AsOf>,
    app: App,
) -> Result<Found<OrgUnit>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| org_unit_get(conn, &scoped, id.0, query.0.as_of)).await.map(Found)
}

#[utoipa::path(
    operation_id = "replace_org_unit", tag = "org-units", summary = "Correct a unit as a whole",
    description = "Replaces the version of a unit (đơn vị) that is in force on `as_of`; without it the one in force today, else the latest. What really changed on a day is a new version, not a correction.",
    params(("id" = OrgUnitId, Path, description = "Its id."), AsOf, ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body = OrgUnitCreate,
    responses((status = 200, description = "It was corrected.", body = OrgUnit, headers(("ETag" = String, description = "Its version.")))),
)]
#[put("/api/v1/organization/org-units/{id}")]
async fn replace_org_unit(
    permit: Permit<WriteReference, Organization>,
    id: ValidPath<OrgUnitId>,
    query: ValidQuery<AsOf>,
    if_match: IfMatch,
    app: App,
    body: ValidJson<OrgUnitCreate>,
) -> Result<Saved<OrgUnit>, ApiError> {
    let scoped = permit.into_scoped();
    let row = app
        .db
        .write(scoped.author(), move |tx| {
            org_unit_correct(tx, &scoped, (id.0, query.0.as_of), &if_match, |_| body.0)
        })
        .await?;
    app.units_changed().await?;
    Ok(Saved(row))
}

#[utoipa::path(
    operation_id = "patch_org_unit", tag = "org-units", summary = "Correct a unit",
    description = "Corrects single members of the version of a unit (đơn vị) that is in force on `as_of`, after RFC 7396; without it the one in force today, else the latest. `valid_to` ends the unit, or with null lets it go on.",
    params(("id" = OrgUnitId, Path, description = "Its id."), AsOf, ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body(content = OrgUnitPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "It was corrected.", body = OrgUnit, headers(("ETag" = String, description = "Its version.")))),
)]
#[patch("/api/v1/organization/org-units/{id}")]
async fn patch_org_unit(
    permit: Permit<WriteReference, Organization>,
    id: ValidPath<OrgUnitId>,
    query: ValidQuery<AsOf>,
    if_match: IfMatch,
    app: App,
    body: MergePatch<OrgUnitPatch>,
) -> Result<Saved<OrgUnit>, ApiError> {
    let scoped = permit.into_scoped();
    let row = app
        .db
        .write(scoped.author(), move |tx| {
            org_unit_correct(tx, &scoped, (id.0, query.0.as_of), &if_match, |present| body.0.onto(present))
        })
        .await?;
    app.units_changed().await?;
    Ok(Saved(row))
}

#[utoipa::path(
    operation_id = "delete_org_unit", tag = "org-units", summary = "Delete a unit",
    description = "Deletes a unit (đơn vị) that was entered by mistake: 409 when units, returns, accounts, grants or successions refer to it. A unit that ended is not deleted but gets its last day.",
    params(("id" = OrgUnitId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    responses((status = 204, description = "It was deleted.")),
)]
#[delete("/api/v1/organization/org-units/{id}")]
async fn delete_org_unit(
    permit: Permit<WriteReference, Organization>,
    id: ValidPath<OrgUnitId>,
    if_match: IfMatch,
    app: App,
) -> Result<Deleted, ApiError> {
    let scoped = permit.into_scoped();
    app.db.write(scoped.author(), move |tx| org_unit_delete(tx, &scoped, id.0, &if_match)).await?;
    app.units_changed().await?;
    Ok(Deleted)
}

#[utoipa::path(
    operation_id = "list_org_unit_children", tag = "org-units", summary = "List the units under a unit",
    description = "A page of the units directly under this one (đơn vị trực thuộc) on `as_of`.",
    params(("id" = OrgUnitId, Path, description = "The unit above."), OrgUnitBelowFilter, PageParams),
    responses((status = 200, description = "A page.", body = OrgUnitPage, headers(("Link" = String, description = "The next page."))), (status = 422, description = "The unit is not in force on that day.", body = crate::error::ProblemDetails, content_type = "application/problem+json")),
)]
#[get("/api/v1/organization/org-units/{id}/children")]
async fn list_org_unit_children(
    permit: Permit<ReadReference, Organization>,
    id: ValidPath<OrgUnitId>,
    query: ListQuery<OrgUnitBelowFilter>,
    app: App,
) -> Result<Listed<OrgUnitPage>, ApiError> {
    list_below(permit.into_scoped(), (id.0, Below::Children), query, &app).await
}

#[utoipa::path(
    operation_id = "list_org_unit_subtree", tag = "org-units", summary = "List a unit with all under it",
    description = "A page of the unit and all that stands under it (toàn bộ đơn vị bên dưới) on `as_of`.",
    params(("id" = OrgUnitId, Path, description = "The unit at the top."), OrgUnitBelowFilter, PageParams),
    responses((status = 200, description = "A page.", body = OrgUnitPage, headers(("Link" = String, description = "The next page."))), (status = 422, description = "The unit is not in force on that day.", body = crate::error::ProblemDetails, content_type = "application/problem+json")),
)]
#[get("/api/v1/organization/org-units/{id}/subtree")]
async fn list_org_unit_subtree(
    permit: Permit<ReadReference, Organization>,
    id: ValidPath<OrgUnitId>,
    query: ListQuery<OrgUnitBelowFilter>,
    app: App,
) -> Result<Listed<OrgUnitPage>, ApiError> {
    list_below(permit.into_scoped(), (id.0, Below::Subtree), query, &app).await
}

async fn list_below(
    scoped: Scoped,
    from: (OrgUnitId, Below),
    query: ListQuery<OrgUnitBelowFilter>,
    app: &App,
) -> Result<Listed<OrgUnitPage>, ApiError> {
    let below = move |conn: &mut DbConn, scoped: &Scoped, filter: &OrgUnitBelowFilter, page: &PageRequest| {
        org_unit_list_below(conn, scoped, from, filter, page)
    };
    query.answer(scoped, app, below).await
}

#[utoipa::path(
    operation_id = "list_org_unit_ancestors", tag = "org-units", summary = "List the units above a unit",
    description = "The units above this one (đơn vị cấp trên) on `as_of`, the nearest first, on one page.",
    params(("id" = OrgUnitId, Path, description = "The unit."), AsOf),
    responses((status = 200, description = "All of them.", body = OrgUnitPage), (status = 422, description = "The unit is not in force on that day.", body = crate::error::ProblemDetails, content_type = "application/problem+json")),
)]
#[get("/api/v1/organization/org-units/{id}/ancestors")]
async fn list_org_unit_ancestors(
    permit: Permit<ReadReference, Organization>,
    id: ValidPath<OrgUnitId>,
    query: ValidQuery<AsOf>,
    app: App,
) -> Result<Paged<OrgUnitPage>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| org_unit_ancestors(conn, &scoped, id.0, query.0.as_of)).await.map(Paged)
}

#[utoipa::path(
    operation_id = "list_org_unit_versions", tag = "org-units", summary = "List the versions of a unit",
    description = "All versions of a unit (các phiên bản của đơn vị), the oldest first, on one page.",
    params(("id" = OrgUnitId, Path, description = "The unit.")),
    responses((status = 200, description = "All of them.", body = OrgUnitPage)),
)]
#[get("/api/v1/organization/org-units/{id}/versions")]
async fn list_org_unit_versions(
    permit: Permit<ReadReference, Organization>,
    id: ValidPath<OrgUnitId>,
    app: App,
) -> Result<Paged<OrgUnitPage>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| org_unit_versions_list(conn, &scoped, id.0)).await.map(Paged)
}

#[utoipa::path(
    operation_id = "create_org_unit_version", tag = "org-units", summary = "Change a unit from a day on",
    description = "Makes a new version of a unit (đơn vị) that stays itself: it got another name, became another kind or moved under another unit. The version in force on `valid_from` ends on that day.",
    params(("id" = OrgUnitId, Path, description = "The unit.")),
    request_body = OrgUnitVersionCreate,
    responses((status = 201, description = "It was made.", body = OrgUnit, headers(("Location" = String, description = "Where the unit is read on that day."), ("ETag" = String, description = "Its version.")))),
)]
#[post("/api/v1/organization/org-units/{id}/versions")]
async fn create_org_unit_version(
    permit: Permit<WriteReference, Organization>,
    id: ValidPath<OrgUnitId>,
    once: Once,
    app: App,
    body: ValidJson<OrgUnitVersionCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let made =
        move |tx: &mut WriteTx<'_>| Ok(org_unit_version_insert(tx, &scoped, id.0, body.0)?.map(NewVersion));
    let answer = once.write(&app, author, Weight::Single, made).await?;
    app.units_changed().await?;
    Ok(answer)
}

#[utoipa::path(
    operation_id = "get_org_unit_lineage", tag = "org-units", summary = "Get the lineage of a unit",
    description = "What a unit (đơn vị) came from, what it went into, and which units in force on `as_of` carry its territory. An ended district is carried by what became of its communes.",
    params(("id" = OrgUnitId, Path, description = "The unit."), AsOf),
    responses((status = 200, description = "Its lineage.", body = OrgUnitLineage)),
)]
#[get("/api/v1/organization/org-units/{id}/lineage")]
async fn get_org_unit_lineage(
    permit: Permit<ReadReference, Organization>,
    id: ValidPath<OrgUnitId>,
    query: ValidQuery<AsOf>,
    app: App,
) -> Result<web::Json<OrgUnitLineage>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| org_unit_lineage(conn, &scoped, id.0, query.0.as_of)).await.map(web::Json)
}
