//! What an act is: on the wire and in its rows.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::rules::remarks;
use crate::successions::model::OrgUnitSuccessionId;
use kernel::db::schema::{reorganization_successions, reorganized_units};
use kernel::owners::Owner;
use kernel::remarks::Remark;
use kernel::tree::{OrgTree, OrgUnitId};
use kernel::unit_reference::{UnitName, UnitScope, label};
use kernel::validity::Certainty;
use kernel::{fields, id, text_enum};

id! {
    /// Id of an act of reorganization (sắp xếp tổ chức bộ máy).
    ReorganizationId
}

text_enum! {
    /// What is done (hình thức sắp xếp).
    pub enum ReorganizationKind {
        /// A unit begins, out of no other.
        Establish => "establish", "thành lập";
        /// Others, or parts of them, go into the unit and end.
        Merge => "merge", "sáp nhập, hợp nhất";
        /// The unit ends and others come out of it.
        Divide => "divide", "chia, tách";
        /// The unit ends; others may take over what it did.
        Dissolve => "dissolve", "giải thể";
        /// The unit gets another name.
        Rename => "rename", "đổi tên";
        /// The unit comes to stand under another.
        Transfer => "transfer", "chuyển cơ quan quản lý";
    }
}

text_enum! {
    /// Order of acts (thứ tự).
    pub enum ReorganizationSort {
        /// Earliest first.
        EffectiveOn => "effective_on", "ngày có hiệu lực tăng dần";
        /// Latest first.
        EffectiveOnDesc => "-effective_on", "ngày có hiệu lực giảm dần";
    }
}

/// Another unit of an act (đơn vị liên quan), as a body names it: by exactly one of id, identifier and code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"org_unit_code": "31429", "partly": false}))]
pub struct ReorganizedUnit {
    /// The unit by its id (đơn vị).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code (mã đơn vị hành chính): that of a unit that ends is read on the day
    /// before, that of one that carries on on the day.
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// Whether only a part of it went into the unit (chỉ một phần); of a merger alone.
    #[serde(default)]
    #[schema(default = false)]
    pub partly: bool,
    /// Whether the records of what was divided stay along this tie (nơi lưu giữ hồ sơ).
    #[serde(default)]
    #[schema(default = false)]
    pub keeps_records: bool,
}

impl ReorganizedUnit {
    /// How the unit is named.
    #[must_use]
    pub fn unit_name(&self) -> UnitName<'_> {
        UnitName {
            id: self.org_unit_id,
            identifier: self.org_unit_identifier.as_deref(),
            code: self.org_unit_code.as_deref(),
        }
    }
}

/// Another unit of an act (đơn vị liên quan): in a merger one that went in, else one that carries on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReorganizedUnitNamed {
    /// The unit (đơn vị).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code then (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code then (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name then (tên đơn vị).
    pub org_unit_name: String,
    /// Whether only a part of it went into the unit (chỉ một phần).
    pub partly: bool,
    /// Whether the records of what was divided stay along this tie (nơi lưu giữ hồ sơ).
    pub keeps_records: bool,
}

/// A unit of an act, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = reorganized_units, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the fields are explained on ReorganizedUnit")]
pub struct UnitOfAct {
    pub reorganization_id: ReorganizationId,
    /// 0 for the unit that the act is about.
    pub position: i32,
    pub org_unit_id: OrgUnitId,
    pub partly: bool,
    pub keeps_records: bool,
    /// Whether the act ended it.
    pub ended: bool,
}

/// A succession of an act, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = reorganization_successions, treat_none_as_default_value = false)]
pub struct SuccessionOfAct {
    /// The succession.
    pub succession_id: OrgUnitSuccessionId,
    /// The act.
    pub reorganization_id: ReorganizationId,
    /// Whether the act made it; else it stood and was taken up.
    pub made: bool,
}

fields! {
    {
        table: reorganizations, id: ReorganizationId, page: ReorganizationPage of "acts of reorganization",
        /// An act as it is stored.
        row: ReorganizationRow (owner: Owner) {
            /// The province that it belongs to.
            pub province_id: OrgUnitId = owner.province;
            pub org_unit_id: OrgUnitId = owner.unit;
        }
        /// An act of reorganization (sắp xếp tổ chức bộ máy).
        #[schema(example = json!({
            "id": "0190a8c0-0000-7000-8000-000000000061", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
            "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
            "others": [{"org_unit_id": "0190a8c0-0000-7000-8000-000000000006", "org_unit_code": "31420",
            "org_unit_identifier": null, "org_unit_name": "Xã Hòa Mỹ", "partly": false, "keeps_records": false}],
            "succession_ids": ["0190a8c0-0000-7000-8000-000000000019"], "kind": "merge",
            "effective_on": "2025-07-01", "effective_on_certainty": "exact",
            "document_number": "1668/NQ-UBTVQH15", "document_on": "2025-06-16", "remarks": [],
            "source_note": null, "note": null, "version": 1, "created_at": "2026-03-16T02:00:00Z",
            "updated_at": "2026-03-16T02:00:00Z"
        }))]
        answer: Reorganization (row, tree: &OrgTree) {
            let unit = label(tree, row.org_unit_id, row.kind.known_on(row.effective_on));
            /// The unit that the act is about (đơn vị được sắp xếp): of a merger the one that results.
            pub org_unit_id: OrgUnitId = unit.org_unit_id;
            /// Its statistics code (mã đơn vị hành chính).
            pub org_unit_code: Option<String> = unit.org_unit_code;
            /// Its identification code (mã định danh).
            pub org_unit_identifier: Option<String> = unit.org_unit_identifier;
            /// Its name; of a unit that ends on its last day (tên đơn vị).
            pub org_unit_name: String = unit.org_unit_name;
            /// The other units (các đơn vị liên quan): those that went into a merger, came out of a division
            /// or took over what a dissolved unit did.
            pub others: Vec<ReorganizedUnitNamed> = Vec::new();
            /// The successions that the act made or took up (quan hệ kế thừa).
            pub succession_ids: Vec<OrgUnitSuccessionId> = Vec::new();
        }
        /// A new act, or the whole of a changed one: kind, day and units stay as they are.
        #[schema(example = json!({
            "org_unit_code": "31420", "kind": "merge", "effective_on": "2025-07-01",
            "others": [{"org_unit_code": "31420"}, {"org_unit_code": "31429", "partly": true}],
            "document_number": "1668/NQ-UBTVQH15", "document_on": "2025-06-16"
        }))]
        create: ReorganizationCreate (present) {
            /// The unit that the act is about, by id; exactly one of id, identifier and code (đơn vị được sắp xếp).
            #[serde(default)]
            pub org_unit_id: Option<OrgUnitId> = Some(present.org_unit_id);
            /// The unit by its identification code (mã định danh).
            #[serde(default)]
            #[validate(length(min = 1, max = 35))]
            #[schema(min_length = 1, max_length = 35)]
            pub org_unit_identifier: Option<String> = None;
            /// The unit by its statistics code (mã đơn vị hành chính): that of a unit that ends is read on the
            /// day before, else on the day.
            #[serde(default)]
            #[validate(length(min = 1, max = 20))]
            #[schema(min_length = 1, max_length = 20)]
            pub org_unit_code: Option<String> = None;
            /// The other units (các đơn vị liên quan): those that go into a merger, come out of a division or
            /// take over what a dissolved unit did.
            #[serde(default)]
            #[validate(length(max = 200), nested)]
            #[schema(max_items = 200)]
            pub others: Vec<ReorganizedUnit> = present.others.iter().map(ReorganizedUnit::from).collect();
        }
        /// Changes to an act (RFC 7396). Its kind, day and units stay: delete it and make another.
        #[schema(example = json!({"document_number": "1668/NQ-UBTVQH15", "document_on": "2025-06-16"}))]
        patch: ReorganizationPatch;
    }
    /// What is done (hình thức sắp xếp).
    kind: ReorganizationKind;
    /// First day of the new order (ngày có hiệu lực).
    effective_on: NaiveDate;
    /// How sure that day is (độ chắc chắn của ngày có hiệu lực).
    effective_on_certainty: Certainty, with [#[serde(default)]];
    /// Number of the document that decided it (số, ký hiệu văn bản).
    document_number: Option<text(3..=50)>;
    /// Its day (ngày văn bản).
    document_on: Option<NaiveDate>;
    /// What is noticed about it (lưu ý).
    remarks: derived Vec<Remark> = remarks(row);
    /// Where it is taken from, word for word (nguồn số liệu).
    source_note: Option<text(1..=2000)>;
    /// Note (ghi chú).
    note: Option<text(1..=2000)>;
}

impl From<&ReorganizedUnitNamed> for ReorganizedUnit {
    fn from(unit: &ReorganizedUnitNamed) -> Self {
        Self {
            org_unit_id: Some(unit.org_unit_id),
            org_unit_identifier: None,
            org_unit_code: None,
            partly: unit.partly,
            keeps_records: unit.keeps_records,
        }
    }
}

impl ReorganizationKind {
    /// The day on which the unit that an act of this kind is about is known by its code and name.
    #[must_use]
    pub fn known_on(self, effective_on: NaiveDate) -> NaiveDate {
        match self {
            Self::Divide | Self::Dissolve => before(effective_on),
            Self::Establish | Self::Merge | Self::Rename | Self::Transfer => effective_on,
        }
    }

    /// The day on which the others are.
    #[must_use]
    pub fn others_known_on(self, effective_on: NaiveDate) -> NaiveDate {
        if self == Self::Merge { before(effective_on) } else { effective_on }
    }
}

/// The day before, on which the old order held for the last time.
pub(super) fn before(day: NaiveDate) -> NaiveDate {
    day.pred_opt().unwrap_or(day)
}

impl ReorganizationCreate {
    /// How the unit is named.
    #[must_use]
    pub fn unit_name(&self) -> UnitName<'_> {
        UnitName {
            id: self.org_unit_id,
            identifier: self.org_unit_identifier.as_deref(),
            code: self.org_unit_code.as_deref(),
        }
    }

    /// The unit that it is about.
    pub(super) fn unit(&self, tree: &OrgTree) -> Option<OrgUnitId> {
        self.unit_name().resolve(tree, self.kind.known_on(self.effective_on)).ok()
    }
}

/// Which acts a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReorganizationFilter {
    /// The unit that they are about, by id (đơn vị được sắp xếp).
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
    /// Those in which this unit takes part, whichever way (đơn vị tham gia).
    pub taking_part: Option<OrgUnitId>,
    /// What is done (hình thức sắp xếp).
    #[param(inline)]
    pub kind: Option<ReorganizationKind>,
    /// Effective on this day or later (có hiệu lực từ ngày).
    pub effective_from: Option<NaiveDate>,
    /// Effective on this day or before (có hiệu lực đến ngày).
    pub effective_to: Option<NaiveDate>,
    /// Order (thứ tự); the latest first when not given.
    #[param(inline)]
    pub sort: Option<ReorganizationSort>,
}

impl ReorganizationFilter {
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
