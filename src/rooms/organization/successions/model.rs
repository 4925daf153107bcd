//! What a succession is: on the wire and in its row.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use kernel::api::records::Row;
use kernel::api::{Change, Patch};
use kernel::auth::scope::home_province;
use kernel::db::schema::org_unit_successions;
use kernel::db::types::Instant;
use kernel::tree::{OrgTree, OrgUnitId, Succession, SuccessionRelation, UnitVersion};
use kernel::unit_reference::UnitScope;
use kernel::{id, page_of, record, text_enum};

id! {
    /// Id of a succession between two units (quan hệ kế thừa).
    OrgUnitSuccessionId
}

impl From<Uuid> for OrgUnitSuccessionId {
    fn from(value: Uuid) -> Self {
        Self(value.into())
    }
}

text_enum! {
    /// Order of successions (thứ tự).
    pub enum OrgUnitSuccessionSort {
        /// Earliest first.
        EffectiveOn => "effective_on", "ngày có hiệu lực tăng dần";
        /// Latest first.
        EffectiveOnDesc => "-effective_on", "ngày có hiệu lực giảm dần";
    }
}

/// A succession as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = org_unit_successions, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct SuccessionRow {
    /// Its id.
    pub id: OrgUnitSuccessionId,
    /// The unit that ended.
    pub predecessor_id: OrgUnitId,
    /// The unit that carries its territory on.
    pub successor_id: OrgUnitId,
    /// Whether all or part of it went there.
    pub relation: SuccessionRelation,
    /// First day of the new order.
    pub effective_on: NaiveDate,
    /// Whether the successor keeps the records of a divided predecessor.
    pub keeps_records: bool,
    /// Legal basis (căn cứ pháp lý).
    pub legal_basis: Option<String>,
    /// Remark.
    pub note: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl From<&SuccessionRow> for Succession {
    fn from(row: &SuccessionRow) -> Self {
        Self {
            predecessor_id: row.predecessor_id,
            successor_id: row.successor_id,
            relation: row.relation,
            effective_on: row.effective_on,
            keeps_records: row.keeps_records,
        }
    }
}

/// A succession (quan hệ kế thừa) between an ended unit and one that carries its territory on.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "6f0d6e8e-4f7a-5d0c-8b0e-1f4d6f6f1a01", "predecessor_id": "73c0c0b6-6b8e-5a55-8f2e-2f6f4f1d4a10",
    "predecessor_code": "31420", "predecessor_name": "Xã Hòa Mỹ",
    "successor_id": "1f0a8e2e-54f7-5a0c-9b0e-0f4d6f6f1a92", "successor_code": "31408",
    "successor_name": "Xã Hòa An", "relation": "merge", "effective_on": "2025-07-01", "keeps_records": false,
    "legal_basis": "Nghị quyết 1668/NQ-UBTVQH15", "note": null, "version": 1,
    "created_at": "2026-11-23T01:00:00Z", "updated_at": "2026-11-23T01:00:00Z"
}))]
pub struct OrgUnitSuccession {
    /// Its id.
    pub id: OrgUnitSuccessionId,
    /// The unit that ended (đơn vị cũ).
    pub predecessor_id: OrgUnitId,
    /// Its code on its last day (mã đơn vị cũ).
    pub predecessor_code: Option<String>,
    /// Its full name on its last day (tên đơn vị cũ).
    pub predecessor_name: Option<String>,
    /// The unit that carries its territory on (đơn vị kế thừa).
    pub successor_id: OrgUnitId,
    /// Its code on that day (mã đơn vị mới).
    pub successor_code: Option<String>,
    /// Its full name on that day (tên đơn vị mới).
    pub successor_name: Option<String>,
    /// Whether all or part of it went there (quan hệ).
    pub relation: SuccessionRelation,
    /// First day of the new order (ngày có hiệu lực).
    pub effective_on: NaiveDate,
    /// Whether the successor keeps the records of a divided predecessor (nơi lưu giữ hồ sơ).
    pub keeps_records: bool,
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
record!(OrgUnitSuccession);
page_of!(OrgUnitSuccessionPage, OrgUnitSuccession, "successions");

/// What an answer tells of both units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SucceededUnits {
    /// The unit that ended, on its last day.
    pub predecessor: Option<UnitVersion>,
    /// The unit that carries its territory on, on that day.
    pub successor: Option<UnitVersion>,
    /// The province of the unit that ended.
    pub predecessor_province_id: Option<OrgUnitId>,
    /// The province of the unit that carries its territory on: that of the succession.
    pub province_id: Option<OrgUnitId>,
}

impl SucceededUnits {
    /// The units of a succession in this tree.
    #[must_use]
    pub fn of(tree: &OrgTree, row: &SuccessionRow) -> Self {
        let before = row.effective_on.pred_opt().unwrap_or(row.effective_on);
        Self {
            predecessor: tree.named_on(row.predecessor_id, before).cloned(),
            successor: tree.named_on(row.successor_id, row.effective_on).cloned(),
            predecessor_province_id: home_province(tree, row.predecessor_id, row.effective_on),
            province_id: home_province(tree, row.successor_id, row.effective_on),
        }
    }
}

impl OrgUnitSuccession {
    /// The answer for this row.
    pub(super) fn of(tree: &OrgTree, row: SuccessionRow) -> Self {
        let units = SucceededUnits::of(tree, &row);
        Self::between(units, row)
    }

    /// The answer for this row between these units.
    pub(super) fn between(units: SucceededUnits, row: SuccessionRow) -> Self {
        let SuccessionRow {
            id,
            predecessor_id,
            successor_id,
            relation,
            effective_on,
            keeps_records,
            legal_basis,
            note,
            version,
            created_at,
            updated_at,
        } = row;
        let told = |unit: Option<UnitVersion>| unit.map_or((None, None), |it| (it.code, Some(it.full_name)));
        let (predecessor_code, predecessor_name) = told(units.predecessor);
        let (successor_code, successor_name) = told(units.successor);
        Self {
            id,
            predecessor_id,
            predecessor_code,
            predecessor_name,
            successor_id,
            successor_code,
            successor_name,
            relation,
            effective_on,
            keeps_records,
            legal_basis,
            note,
            version,
            created_at,
            updated_at,
        }
    }
}

/// A succession that is made or changed.
#[derive(Debug, Clone)]
pub struct HeldSuccession {
    /// The succession.
    pub row: SuccessionRow,
    /// Whether the predecessor's open version ends with it.
    pub ends: bool,
    /// What is told of both units.
    pub units: SucceededUnits,
}

/// What is told of the units is theirs.
impl PartialEq for HeldSuccession {
    fn eq(&self, other: &Self) -> bool {
        self.row == other.row
    }
}

impl Row for HeldSuccession {
    type Id = OrgUnitSuccessionId;

    fn id(&self) -> OrgUnitSuccessionId {
        self.row.id
    }

    fn version(&self) -> i64 {
        self.row.version
    }

    fn revise(&mut self, at: Instant) {
        self.row.version += 1;
        self.row.updated_at = at;
    }
}

/// A new succession, or the whole of a changed one: units, relation and day stay as they are.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "predecessor_code": "31420", "successor_code": "31408", "relation": "merge", "effective_on": "2025-07-01",
    "legal_basis": "Nghị quyết 1668/NQ-UBTVQH15"
}))]
pub struct OrgUnitSuccessionCreate {
    /// The unit that ended (đơn vị cũ) by its id: exactly one of the three names.
    #[serde(default)]
    pub predecessor_id: Option<OrgUnitId>,
    /// The unit that ended by its identification code (mã định danh đơn vị cũ).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub predecessor_identifier: Option<String>,
    /// The unit that ended by its code (mã đơn vị cũ), read on the day before `effective_on`.
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub predecessor_code: Option<String>,
    /// The unit that carries its territory on (đơn vị kế thừa) by its id: exactly one of the three.
    #[serde(default)]
    pub successor_id: Option<OrgUnitId>,
    /// That unit by its identification code (mã định danh đơn vị mới).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub successor_identifier: Option<String>,
    /// That unit by its code (mã đơn vị mới), read on `effective_on`.
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub successor_code: Option<String>,
    /// Whether all or part of it went there (quan hệ).
    pub relation: SuccessionRelation,
    /// First day of the new order (ngày có hiệu lực); the predecessor ends on it.
    pub effective_on: NaiveDate,
    /// Whether the successor keeps the records of a divided predecessor (nơi lưu giữ hồ sơ).
    #[serde(default)]
    #[schema(default = false)]
    pub keeps_records: bool,
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

/// Changes to a succession (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"keeps_records": true}))]
pub struct OrgUnitSuccessionPatch {
    /// Whether the successor keeps the records of a divided predecessor (nơi lưu giữ hồ sơ).
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub keeps_records: Change<bool>,
    /// Legal basis (căn cứ pháp lý).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub legal_basis: Patch<String>,
    /// Remark (ghi chú).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Patch<String>,
}

impl OrgUnitSuccessionPatch {
    /// The whole succession after the patch.
    #[must_use]
    pub fn onto(self, present: &OrgUnitSuccession) -> OrgUnitSuccessionCreate {
        let Self { keeps_records, legal_basis, note } = self;
        OrgUnitSuccessionCreate {
            predecessor_id: Some(present.predecessor_id),
            predecessor_identifier: None,
            predecessor_code: None,
            successor_id: Some(present.successor_id),
            successor_identifier: None,
            successor_code: None,
            relation: present.relation,
            effective_on: present.effective_on,
            keeps_records: keeps_records.onto(present.keeps_records),
            legal_basis: legal_basis.onto(present.legal_basis.clone()),
            note: note.onto(present.note.clone()),
        }
    }
}

/// Which successions a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrgUnitSuccessionFilter {
    /// Those of this unit, as the one that ended or as the one that carries on, by id (đơn vị).
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
    /// The unit that ended (đơn vị cũ).
    pub predecessor_id: Option<OrgUnitId>,
    /// The unit that carries its territory on (đơn vị kế thừa).
    pub successor_id: Option<OrgUnitId>,
    /// Whether all or part of it went there (quan hệ).
    #[param(inline)]
    pub relation: Option<SuccessionRelation>,
    /// Effective on this day or later (có hiệu lực từ ngày).
    pub effective_from: Option<NaiveDate>,
    /// Effective on this day or earlier (có hiệu lực đến ngày).
    pub effective_to: Option<NaiveDate>,
    /// Order (thứ tự); latest first when not given.
    #[param(inline)]
    pub sort: Option<OrgUnitSuccessionSort>,
}
