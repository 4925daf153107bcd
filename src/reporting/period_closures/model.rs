//! The faces of a closing: answer, bodies and filter.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::reporting::forms::kept::{FormColumnDifference, FormCoverageDifference, FormLineDifference};
use kernel::db::types::Instant;
use kernel::reporting::closed_periods::{ClosureRow, ClosureScope, ClosureState, PeriodClosureId, Reopening};
use kernel::reporting::periods::PeriodId;
use kernel::tree::{OrgTree, OrgUnitId};
use kernel::unit_reference::{UnitScope, label};
use kernel::{page_of, record, text_enum};

text_enum! {
    /// Order of closings (thứ tự).
    pub enum PeriodClosureSort {
        /// Earliest first.
        ClosedAt => "closed_at", "thời điểm khóa sổ tăng dần";
        /// Latest first.
        ClosedAtDesc => "-closed_at", "thời điểm khóa sổ giảm dần";
    }
}

/// A reopening of a closed period (lần mở lại kỳ).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PeriodReopening {
    /// The unit below for which the period was reopened, with all under it; null for everyone (đơn vị
    /// được mở lại).
    pub org_unit_id: Option<OrgUnitId>,
    /// Its name (tên đơn vị được mở lại).
    pub org_unit_name: Option<String>,
    /// Why (lý do mở lại).
    pub reason: String,
    /// The account that reopened it (người mở lại).
    pub reopened_by: String,
    /// When (thời điểm mở lại).
    pub reopened_at: Instant,
}

/// A closing of a period for a unit (lần khóa sổ kỳ báo cáo).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000021", "org_unit_id": "0190a8c0-0000-7000-8000-000000000003",
    "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
    "period_id": "0190a8c0-0000-7000-8000-000000000001", "period_code": "2024-H1", "scope": "subtree", "number": 1,
    "as_of": "2024-06-30", "state": "partly_reopened", "note": "Số liệu báo cáo 6 tháng đầu năm 2024.",
    "closed_by": "0190a8c0-0000-7000-8000-000000000002", "closed_at": "2024-07-05T03:00:00Z",
    "reopenings": [{
        "org_unit_id": "0190a8c0-0000-7000-8000-000000000004", "org_unit_name": "Xã Hiệp Hưng",
        "reason": "Thiếu 12 hồ sơ hộ tịch.", "reopened_by": "0190a8c0-0000-7000-8000-000000000002",
        "reopened_at": "2024-07-08T02:00:00Z"
    }],
    "superseded_by": null, "version": 2, "updated_at": "2024-07-08T02:00:00Z"
}))]
pub struct PeriodClosure {
    /// Its id.
    pub id: PeriodClosureId,
    /// The unit that closed its period (đơn vị khóa sổ).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on `as_of` (tên đơn vị).
    pub org_unit_name: String,
    /// The period (kỳ báo cáo).
    pub period_id: PeriodId,
    /// Its code (mã kỳ).
    pub period_code: String,
    /// Whose returns it binds (phạm vi khóa sổ).
    pub scope: ClosureScope,
    /// Which closing of the unit and period it is, from 1 (lần khóa sổ).
    pub number: i64,
    /// The day whose structure counts: the period's last one, or the unit's own if that came before
    /// (ngày tính cơ cấu đơn vị).
    pub as_of: NaiveDate,
    /// State (trạng thái).
    pub state: ClosureState,
    /// Remark (ghi chú).
    pub note: Option<String>,
    /// The account that closed it (người khóa sổ).
    pub closed_by: String,
    /// When (thời điểm khóa sổ).
    pub closed_at: Instant,
    /// For whom and why it was reopened, in order (các lần mở lại).
    pub reopenings: Vec<PeriodReopening>,
    /// The next closing, which took its place; null while this is the last (lần khóa sổ kế tiếp).
    pub superseded_by: Option<PeriodClosureId>,
    /// Version of the record.
    pub version: i64,
    /// When it was last changed.
    pub updated_at: Instant,
}
record!(PeriodClosure);
page_of!(PeriodClosurePage, PeriodClosure, "closings of periods");

impl PeriodClosure {
    /// The answer of a stored row.
    #[must_use]
    pub fn of(tree: &OrgTree, row: ClosureRow, period_code: String) -> Self {
        let unit = label(tree, row.org_unit_id, row.as_of);
        let reopened = |reopening: Reopening| PeriodReopening {
            org_unit_id: reopening.org_unit_id,
            org_unit_name: reopening.org_unit_id.map(|unit| label(tree, unit, row.as_of).org_unit_name),
            reason: reopening.reason,
            reopened_by: reopening.by,
            reopened_at: reopening.at,
        };
        Self {
            id: row.id,
            org_unit_id: row.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            period_id: row.period_id,
            period_code,
            scope: row.scope,
            number: row.number,
            as_of: row.as_of,
            state: row.state,
            note: row.note,
            closed_by: row.closed_by,
            closed_at: row.closed_at,
            reopenings: row.reopenings.0.into_iter().map(reopened).collect(),
            superseded_by: row.superseded_by,
            version: row.version,
            updated_at: row.updated_at,
        }
    }
}

/// The closing of a period for a unit.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "org_unit_code": "934", "period_code": "2024-H1", "scope": "subtree",
    "note": "Số liệu báo cáo 6 tháng đầu năm 2024."
}))]
pub struct PeriodClosureCreate {
    /// The unit, by id; exactly one of id, identifier and code (đơn vị khóa sổ).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on the period's last day (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The period, by id; exactly one of id and code (kỳ báo cáo).
    #[serde(default)]
    pub period_id: Option<PeriodId>,
    /// The period by its code in the regime `calendar` (mã kỳ).
    #[serde(default)]
    #[validate(length(min = 4, max = 7))]
    #[schema(min_length = 4, max_length = 7)]
    pub period_code: Option<String>,
    /// Whose returns it binds (phạm vi khóa sổ).
    pub scope: ClosureScope,
    /// Remark (ghi chú).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

/// A unit for which a closed period is reopened (đơn vị được mở lại).
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenedUnit {
    /// By id; exactly one of id, identifier and code.
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// By its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// By its statistics code, read on the closing's `as_of`; where it meant no unit then, on the period's
    /// first day, for a unit that has ended since (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
}

/// Why a closed period is reopened, and for whom (mở lại kỳ đã khóa sổ).
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Xã Hiệp Hưng báo cáo thiếu 12 hồ sơ hộ tịch.", "units": [{"org_unit_code": "31429"}]}))]
pub struct PeriodReopeningCreate {
    /// The reason (lý do mở lại).
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
    /// The units below for which it is reopened, each with all under it; for everyone when not given
    /// (đơn vị được mở lại).
    #[serde(default)]
    #[validate(length(min = 1, max = 100), nested)]
    #[schema(min_items = 1, max_items = 100)]
    pub units: Option<Vec<ReopenedUnit>>,
}

/// Which closings a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeriodClosureFilter {
    /// The unit, by id (đơn vị khóa sổ).
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
    /// The period, by id (kỳ báo cáo).
    pub period_id: Option<PeriodId>,
    /// The period by its code in the regime `calendar` (mã kỳ).
    #[validate(length(min = 4, max = 7))]
    #[param(min_length = 4, max_length = 7)]
    pub period_code: Option<String>,
    /// State (trạng thái).
    #[param(inline)]
    pub state: Option<ClosureState>,
    /// Order (thứ tự); latest first when not given.
    #[param(inline)]
    pub sort: Option<PeriodClosureSort>,
}

/// Which of the kept forms is compared with today's.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DifferencesQuery {
    /// The form (biểu); `06a` when not given.
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20, example = "06a")]
    pub form: Option<String>,
    /// The definition of its columns (cách tính); the form's own first one when not given.
    #[validate(length(min = 1, max = 50))]
    #[param(min_length = 1, max_length = 50, example = "circular-01-2020")]
    pub definition: Option<String>,
    /// The unit itself, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
}

/// How today's form differs from the one kept when the period was closed (chênh lệch so với khi khóa
/// sổ).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "closure": {
        "id": "0190a8c0-0000-7000-8000-000000000021", "org_unit_id": "0190a8c0-0000-7000-8000-000000000003",
        "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
        "period_id": "0190a8c0-0000-7000-8000-000000000001", "period_code": "2024-H1", "scope": "subtree",
        "number": 1, "as_of": "2024-06-30", "state": "reopened", "note": null,
        "closed_by": "0190a8c0-0000-7000-8000-000000000002", "closed_at": "2024-07-05T03:00:00Z",
        "reopenings": [], "superseded_by": null, "version": 2, "updated_at": "2024-07-08T02:00:00Z"
    },
    "form": "06a", "definition": "circular-01-2020", "scope": "subtree", "differs": true, "units_out_of_reach": 0,
    "coverage": [{
        "handling_level": "commune",
        "kept": {"units_expected": 15, "units_filed": 14, "ended_expected": 0, "ended_filed": 0},
        "today": {"units_expected": 15, "units_filed": 15, "ended_expected": 0, "ended_filed": 0},
        "difference": {"units_expected": 0, "units_filed": 1, "ended_expected": 0, "ended_filed": 0}
    }],
    "lines": [{
        "line": {"handling_level": "commune", "field": null},
        "columns": [{"column": "received_total", "kept": 9853, "today": 9865, "difference": 12}]
    }],
    "totals": [{"column": "received_total", "kept": 17603, "today": 17615, "difference": 12}]
}))]
pub struct PeriodClosureDifferences {
    /// The closing.
    pub closure: PeriodClosure,
    /// The form (biểu).
    pub form: String,
    /// The definition of its columns (cách tính).
    pub definition: String,
    /// Which units count (phạm vi).
    pub scope: UnitScope,
    /// Whether any figure differs (có chênh lệch số liệu); null where units of the form are out of reach.
    pub differs: Option<bool>,
    /// How many units of the form are out of reach, such as one that has come to another province since (số đơn vị
    /// ngoài phạm vi). What was kept has their figures, today's has not, and there they do not count as having filed.
    pub units_out_of_reach: usize,
    /// How many units had filed when the period was closed and have today, by level, whether they differ
    /// or not (mức độ đầy đủ).
    pub coverage: Vec<FormCoverageDifference>,
    /// The lines that differ, and no others.
    pub lines: Vec<FormLineDifference>,
    /// The totals that differ, and no others.
    pub totals: Vec<FormColumnDifference>,
}
