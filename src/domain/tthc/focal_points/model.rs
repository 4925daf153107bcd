//! What a focal point is: on the wire and in its rows.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::rules;
use crate::api::{Change, Patch};
use crate::db::schema::focal_points;
use crate::db::types::Instant;
use crate::domain::organization::reference::{UnitLabel, UnitName, UnitScope};
use crate::domain::organization::tree::{OrgUnitId, Tier};
use crate::domain::remarks::Remark;
use crate::{id, page_of, record, row, text_enum};

id! {
    /// Id of a focal point (đầu mối kiểm soát thủ tục hành chính).
    FocalPointId
}

text_enum! {
    /// What a focal point is charged with (nhiệm vụ đầu mối).
    pub enum FocalPointDuty {
        /// The control of administrative procedures.
        ProcedureControl => "procedure_control", "kiểm soát thủ tục hành chính";
        /// Taking feedback and petitions.
        FeedbackReception => "feedback_reception", "tiếp nhận phản ánh, kiến nghị";
    }
}

text_enum! {
    /// Order of focal points (thứ tự).
    pub enum FocalPointSort {
        /// The earliest first.
        ValidFrom => "valid_from", "ngày bắt đầu tăng dần";
        /// The latest first.
        ValidFromDesc => "-valid_from", "ngày bắt đầu giảm dần";
    }
}

/// A focal point as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = focal_points, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the fields are explained on FocalPoint")]
pub struct FocalPointRow {
    pub id: FocalPointId,
    /// The province that it belongs to.
    pub province_id: OrgUnitId,
    pub org_unit_id: OrgUnitId,
    pub duty: FocalPointDuty,
    pub position_title: String,
    /// The position as it is compared and searched.
    pub position_folded: String,
    pub headcount: i64,
    pub office_phone: Option<String>,
    pub decision_number: Option<String>,
    pub decided_on: Option<NaiveDate>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub note: Option<String>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}
row!(FocalPointRow, FocalPointId);

/// A position whose holders are focal points of their unit (cán bộ, công chức đầu mối kiểm soát TTHC). It
/// names no person.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000023", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
    "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
    "level": "commune", "duty": "procedure_control", "position_title": "Công chức Văn phòng HĐND và UBND",
    "headcount": 2, "office_phone": "0293 3868 123", "decision_number": "61/QĐ-UBND",
    "decided_on": "2026-01-05", "valid_from": "2026-01-05", "valid_to": null, "remarks": [], "note": null,
    "version": 1, "created_at": "2026-01-05T02:00:00Z", "updated_at": "2026-01-05T02:00:00Z"
}))]
pub struct FocalPoint {
    /// Its id.
    pub id: FocalPointId,
    /// The unit (đơn vị).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the first day (tên đơn vị).
    pub org_unit_name: String,
    /// Its tier of government on the first day (cấp); of an agency that of the unit above it.
    pub level: Option<Tier>,
    /// What it is charged with (nhiệm vụ đầu mối).
    pub duty: FocalPointDuty,
    /// The position, never a name (chức danh, chức vụ).
    pub position_title: String,
    /// How many hold it (số người).
    #[schema(minimum = 1)]
    pub headcount: i64,
    /// The office's phone (số điện thoại cơ quan).
    pub office_phone: Option<String>,
    /// Number of the decision that appoints them (số quyết định phân công, kiện toàn).
    pub decision_number: Option<String>,
    /// Its day (ngày ký quyết định).
    pub decided_on: Option<NaiveDate>,
    /// First day (ngày bắt đầu).
    pub valid_from: NaiveDate,
    /// First day on which it no longer is (ngày thôi làm đầu mối); null while it is.
    pub valid_to: Option<NaiveDate>,
    /// What is noticed about it (lưu ý).
    pub remarks: Vec<Remark>,
    /// Note (ghi chú).
    pub note: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
page_of!(FocalPointPage, FocalPoint, "focal points");

record!(FocalPoint);

impl FocalPoint {
    /// The answer of a stored focal point.
    #[must_use]
    pub fn of(row: FocalPointRow, unit: UnitLabel, level: Option<Tier>) -> Self {
        Self {
            id: row.id,
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            level,
            remarks: rules::remarks(&row),
            duty: row.duty,
            position_title: row.position_title,
            headcount: row.headcount,
            office_phone: row.office_phone,
            decision_number: row.decision_number,
            decided_on: row.decided_on,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            note: row.note,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// How many hold a position of which nothing else is said.
const fn one() -> i64 {
    1
}

/// A new focal point, or the whole of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "org_unit_code": "31420", "duty": "procedure_control", "position_title": "Công chức Tư pháp - Hộ tịch",
    "headcount": 1, "office_phone": "0293 3868 123", "valid_from": "2026-01-05"
}))]
pub struct FocalPointCreate {
    /// The unit, by id; exactly one of id, identifier and code (đơn vị).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on the first day (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// What it is charged with (nhiệm vụ đầu mối).
    pub duty: FocalPointDuty,
    /// The position, never a name (chức danh, chức vụ).
    #[validate(length(min = 1, max = 200), custom(function = "crate::text::worded"))]
    #[schema(min_length = 1, max_length = 200)]
    pub position_title: String,
    /// How many hold it (số người).
    #[serde(default = "one")]
    #[validate(range(min = 1, max = 10_000))]
    #[schema(minimum = 1, maximum = 10_000, default = 1)]
    pub headcount: i64,
    /// The office's phone, not that of a person (số điện thoại cơ quan).
    #[serde(default)]
    #[validate(length(min = 3, max = 30))]
    #[schema(min_length = 3, max_length = 30)]
    pub office_phone: Option<String>,
    /// Number of the decision that appoints them (số quyết định phân công, kiện toàn).
    #[serde(default)]
    #[validate(length(min = 3, max = 50))]
    #[schema(min_length = 3, max_length = 50)]
    pub decision_number: Option<String>,
    /// Its day (ngày ký quyết định).
    #[serde(default)]
    pub decided_on: Option<NaiveDate>,
    /// First day (ngày bắt đầu).
    pub valid_from: NaiveDate,
    /// First day on which it no longer is (ngày thôi làm đầu mối); null or absent while it is.
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
    /// Note (ghi chú).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

impl FocalPointCreate {
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

/// Changes to a focal point (RFC 7396). The unit stays: it names it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_to": "2026-09-01"}))]
pub struct FocalPointPatch {
    /// What it is charged with (nhiệm vụ đầu mối).
    #[serde(default)]
    #[schema(value_type = FocalPointDuty, required = false)]
    pub duty: Change<FocalPointDuty>,
    /// The position, never a name (chức danh, chức vụ).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    pub position_title: Change<String>,
    /// How many hold it (số người).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 1, maximum = 10_000)]
    pub headcount: Change<i64>,
    /// The office's phone, not that of a person (số điện thoại cơ quan).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 30)]
    pub office_phone: Patch<String>,
    /// Number of the decision that appoints them (số quyết định phân công, kiện toàn).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 50)]
    pub decision_number: Patch<String>,
    /// Its day (ngày ký quyết định).
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub decided_on: Patch<NaiveDate>,
    /// First day (ngày bắt đầu).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub valid_from: Change<NaiveDate>,
    /// First day on which it no longer is (ngày thôi làm đầu mối); null while it is.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_to: Patch<NaiveDate>,
    /// Note (ghi chú).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Patch<String>,
}

impl FocalPointPatch {
    /// The whole focal point after the patch.
    #[must_use]
    pub fn onto(self, present: &FocalPoint) -> FocalPointCreate {
        let present = present.clone();
        FocalPointCreate {
            org_unit_id: Some(present.org_unit_id),
            org_unit_identifier: None,
            org_unit_code: None,
            duty: self.duty.onto(present.duty),
            position_title: self.position_title.onto(present.position_title),
            headcount: self.headcount.onto(present.headcount),
            office_phone: self.office_phone.onto(present.office_phone),
            decision_number: self.decision_number.onto(present.decision_number),
            decided_on: self.decided_on.onto(present.decided_on),
            valid_from: self.valid_from.onto(present.valid_from),
            valid_to: self.valid_to.onto(present.valid_to),
            note: self.note.onto(present.note),
        }
    }
}

/// Which focal points a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FocalPointFilter {
    /// The unit, by id (đơn vị).
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
    /// What they are charged with (nhiệm vụ đầu mối).
    #[param(inline)]
    pub duty: Option<FocalPointDuty>,
    /// Whether they are focal points on `as_of` (đang làm đầu mối).
    pub standing: Option<bool>,
    /// Words of the position in any order, without regard to case and tone marks.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    /// Order (thứ tự); the latest first when not given.
    #[param(inline)]
    pub sort: Option<FocalPointSort>,
}
