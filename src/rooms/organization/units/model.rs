//! What a unit is: on the wire and in its rows.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use kernel::api::records::Row;
use kernel::db::schema::{org_unit_versions, org_units};
use kernel::db::types::Instant;
pub use kernel::tree::UnitClass;
use kernel::tree::{OrgTree, OrgUnitId, Tier, UnitKind, UnitVersion};
use kernel::unit_reference::UnitScope;
use kernel::validity::{Certainty, OPEN_BEGINNING, OPEN_END};
use kernel::{id, page_of, record, text_enum};

id! {
    /// Id of one version of a unit (phiên bản của đơn vị).
    OrgUnitVersionId
}

impl From<Uuid> for OrgUnitVersionId {
    fn from(value: Uuid) -> Self {
        Self(value.into())
    }
}

text_enum! {
    /// What began a new version of a unit that stayed itself (biến động không đổi định danh).
    pub enum ChangeKind {
        /// Only its place in the structure changed.
        Unchanged => "unchanged", "giữ nguyên";
        /// It got another name.
        Rename => "rename", "đổi tên";
        /// It became another kind of unit with the same territory.
        Retype => "retype", "đổi loại hình đơn vị";
    }
}

text_enum! {
    /// Order of units (thứ tự).
    pub enum OrgUnitSort {
        /// By name, without regard to tone marks.
        Name => "name", "tên tăng dần";
        /// By name, backwards.
        NameDesc => "-name", "tên giảm dần";
    }
}

/// An identity (định danh đơn vị).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = org_units, treat_none_as_default_value = false)]
pub struct UnitRow {
    /// Its id.
    pub id: OrgUnitId,
    /// Version of the record: one more with every change to any of its versions.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// What a unit is during one span of days, as it is stored.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, Identifiable, AsChangeset,
)]
#[diesel(table_name = org_unit_versions, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct VersionRow {
    /// Its id.
    pub id: OrgUnitVersionId,
    /// The unit.
    pub org_unit_id: OrgUnitId,
    /// Code of the statistics office (mã đơn vị hành chính).
    pub code: Option<String>,
    /// Electronic identification code (mã định danh điện tử).
    pub identifier: Option<String>,
    /// Name without its kind.
    pub name: String,
    /// Name with its kind.
    pub full_name: String,
    /// The name as it is searched and sorted.
    #[serde(skip)]
    pub name_folded: String,
    /// Kind.
    pub kind: UnitKind,
    /// Class (phân loại).
    pub unit_class: Option<UnitClass>,
    /// The unit above.
    pub parent_id: Option<OrgUnitId>,
    /// First day; [`OPEN_BEGINNING`] when it is not known.
    #[serde(serialize_with = "open_day")]
    pub valid_from: NaiveDate,
    /// How sure the first day is.
    pub valid_from_certainty: Certainty,
    /// First day on which it no longer holds; [`OPEN_END`] while it does.
    #[serde(serialize_with = "open_day")]
    pub valid_to: NaiveDate,
    /// How sure that day is.
    pub valid_to_certainty: Certainty,
    /// What began this version.
    pub change_kind: Option<ChangeKind>,
    /// Legal basis (căn cứ pháp lý).
    pub legal_basis: Option<String>,
    /// Remark.
    pub note: Option<String>,
}

fn open_day<S: Serializer>(day: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
    Some(*day).filter(|day| *day != OPEN_BEGINNING && *day != OPEN_END).serialize(serializer)
}

impl From<&VersionRow> for UnitVersion {
    fn from(row: &VersionRow) -> Self {
        Self {
            org_unit_id: row.org_unit_id,
            code: row.code.clone(),
            identifier: row.identifier.clone(),
            name: row.name.clone(),
            full_name: row.full_name.clone(),
            kind: row.kind,
            unit_class: row.unit_class,
            parent_id: row.parent_id,
            valid_from: row.first_day(),
            valid_to: row.end(),
        }
    }
}

impl VersionRow {
    /// Whether it holds on the day.
    #[must_use]
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && day < self.valid_to
    }

    /// The first day, if it is known.
    #[must_use]
    pub fn first_day(&self) -> Option<NaiveDate> {
        Some(self.valid_from).filter(|day| *day != OPEN_BEGINNING)
    }

    /// The first day on which it no longer holds, if there is one.
    #[must_use]
    pub fn end(&self) -> Option<NaiveDate> {
        Some(self.valid_to).filter(|day| *day != OPEN_END)
    }

    /// This day if the version holds on it, else the nearest on which it does.
    #[must_use]
    pub fn nearest_day(&self, day: NaiveDate) -> NaiveDate {
        let last = self.valid_to.pred_opt().unwrap_or(self.valid_from);
        day.clamp(self.valid_from, last.max(self.valid_from))
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
    /// Code of the unit above (mã đơn vị cấp trên).
    pub parent_code: Option<String>,
    /// Name of the unit above (tên đơn vị cấp trên).
    pub parent_name: Option<String>,
    /// The province in which it stands (tỉnh, thành phố).
    pub province_id: Option<OrgUnitId>,
    /// First day of this version (ngày bắt đầu hiệu lực); null when it is not known.
    pub valid_from: Option<NaiveDate>,
    /// How sure the first day is (độ chắc chắn).
    pub valid_from_certainty: Certainty,
    /// First day on which it no longer holds (ngày hết hiệu lực); null while it does.
    pub valid_to: Option<NaiveDate>,
    /// How sure that day is (độ chắc chắn của ngày hết hiệu lực); null while there is none.
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

record!(OrgUnit);

/// What an answer tells of the units above.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitAbove {
    /// Code of the unit above (mã đơn vị cấp trên).
    pub parent_code: Option<String>,
    /// Name of the unit above (tên đơn vị cấp trên).
    pub parent_name: Option<String>,
    /// The province in which the unit stands; itself, if it is one.
    pub province_id: Option<OrgUnitId>,
}

impl UnitAbove {
    /// The units above a version as they stood on the day.
    #[must_use]
    pub fn of(tree: &OrgTree, unit: OrgUnitId, version: &VersionRow, day: NaiveDate) -> Self {
        let parent = version.parent_id.and_then(|parent| tree.version_at(parent, day));
        Self {
            parent_code: parent.and_then(|parent| parent.code.clone()),
            parent_name: parent.map(|parent| parent.name.clone()),
            province_id: match version.kind {
                UnitKind::Province => Some(unit),
                _ => version.parent_id.and_then(|parent| tree.province_of(parent, day)),
            },
        }
    }
}

impl OrgUnit {
    /// The answer for this version, with the units above as they stood on the day.
    #[must_use]
    pub fn of(tree: &OrgTree, unit: &UnitRow, version: VersionRow, day: NaiveDate) -> Self {
        let above = UnitAbove::of(tree, unit.id, &version, day);
        Self::under(unit, version, above)
    }

    /// The answer for this version under these units.
    #[must_use]
    pub fn under(unit: &UnitRow, version: VersionRow, above: UnitAbove) -> Self {
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
            parent_code: above.parent_code,
            parent_name: above.parent_name,
            province_id: above.province_id,
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

/// A unit with the version that is made or corrected.
#[derive(Debug, Clone)]
pub struct HeldUnit {
    /// The identity.
    pub unit: UnitRow,
    /// That version.
    pub version: VersionRow,
    /// Its other versions.
    pub others: Vec<VersionRow>,
    /// What is told of the units above.
    pub above: UnitAbove,
}

impl HeldUnit {
    /// All versions, the oldest first.
    #[must_use]
    pub fn versions(&self) -> Vec<VersionRow> {
        let mut all = self.others.clone();
        all.push(self.version.clone());
        all.sort_by_key(|version| version.valid_from);
        all
    }
}

/// What is told of the units above is theirs.
impl PartialEq for HeldUnit {
    fn eq(&self, other: &Self) -> bool {
        self.unit == other.unit && self.version == other.version
    }
}

impl Row for HeldUnit {
    type Id = OrgUnitId;

    fn id(&self) -> OrgUnitId {
        self.unit.id
    }

    fn version(&self) -> i64 {
        self.unit.version
    }

    fn revise(&mut self, at: Instant) {
        self.unit.version += 1;
        self.unit.updated_at = at;
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
        let UnitVersion { code, name, full_name, .. } = tree.named_on(id, day)?;
        Some(Self { id, code: code.clone(), name: name.clone(), full_name: full_name.clone() })
    }
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
