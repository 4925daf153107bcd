//! The faces of a processing return: row, answer, bodies and filter.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::rules::Columns;
use crate::api::records::Row;
use crate::api::{Change, Patch};
use crate::audit::journal::Leave;
use crate::db::schema::processing_returns;
use crate::db::types::Instant;
use crate::domain::organization::reference::UnitLabel;
use crate::domain::organization::tree::{OrgUnitId, Tier};
use crate::reporting::periods::{PeriodFacts, PeriodId};
use crate::{id, page_of, record, text_enum};

id! {
    /// Id of a processing return (báo cáo số liệu giải quyết TTHC).
    ProcessingReturnId
}

text_enum! {
    /// Where a carry-over comes from (căn cứ số kỳ trước chuyển sang).
    pub enum CarriedOverBasis {
        /// The unit stated it.
        Stated => "stated", "đơn vị báo cáo";
        /// It follows from the other columns, and stays marked.
        Implied => "implied", "suy ra từ các cột khác";
    }
}

text_enum! {
    /// State of a return (trạng thái báo cáo).
    pub enum ReturnState {
        /// Being filled in; it need not balance.
        Draft => "draft", "dự thảo";
        /// Handed to the reviewer; it counts.
        Submitted => "submitted", "đã gửi";
        /// Taken by the reviewer; it counts.
        Accepted => "accepted", "đã tiếp nhận";
        /// Returned by the reviewer with a reason; it does not count.
        SentBack => "sent_back", "bị trả lại";
    }
}

text_enum! {
    /// Order of returns (thứ tự).
    pub enum ProcessingReturnSort {
        /// Oldest first.
        CreatedAt => "created_at", "thời điểm tạo tăng dần";
        /// Newest first.
        CreatedAtDesc => "-created_at", "thời điểm tạo giảm dần";
    }
}

/// A return as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = processing_returns, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ReturnRow {
    /// Its id.
    pub id: ProcessingReturnId,
    /// The province that it belongs to.
    pub province_id: OrgUnitId,
    /// The unit that reports.
    pub org_unit_id: OrgUnitId,
    /// The period.
    pub period_id: PeriodId,
    /// The level that handled the dossiers.
    pub handling_level: Tier,
    /// The field, or empty for a line without field.
    pub field: String,
    /// Whether nothing arose.
    pub nil: bool,
    /// Column 4.
    pub received_online: i64,
    /// Part of column 5.
    pub received_in_person: i64,
    /// Part of column 5.
    pub received_postal: i64,
    /// Column 6.
    pub carried_over: Option<i64>,
    /// Where it comes from.
    pub carried_over_basis: Option<CarriedOverBasis>,
    /// Column 8.
    pub resolved_early: i64,
    /// Column 9, without withdrawn and refused.
    pub resolved_on_time: i64,
    /// Column 10.
    pub resolved_overdue: i64,
    /// Column 12.
    pub pending_in_time: i64,
    /// Column 13.
    pub pending_overdue: i64,
    /// Withdrawn.
    pub withdrawn: i64,
    /// Refused.
    pub refused: i64,
    /// First day really covered, when it is not the period's.
    pub covers_from: Option<NaiveDate>,
    /// Last day really covered, when it is not the period's.
    pub covers_to: Option<NaiveDate>,
    /// The sentence that the figures come from.
    pub source_note: Option<String>,
    /// State.
    pub state: ReturnState,
    /// The account that last edited it.
    pub edited_by: String,
    /// The unit that filed it for the reporting one.
    pub filed_by: Option<OrgUnitId>,
    /// When it was handed in.
    pub submitted_at: Option<Instant>,
    /// The account that reviewed it.
    pub reviewed_by: Option<String>,
    /// When.
    pub reviewed_at: Option<Instant>,
    /// Why it was sent back.
    pub review_reason: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl ReturnRow {
    /// The leaf columns; a carry-over that nobody stated counts as none.
    #[must_use]
    pub fn columns(&self) -> Columns {
        Columns {
            received_online: self.received_online,
            received_in_person: self.received_in_person,
            received_postal: self.received_postal,
            carried_over: self.carried_over.unwrap_or_default(),
            resolved_early: self.resolved_early,
            resolved_on_time: self.resolved_on_time,
            resolved_overdue: self.resolved_overdue,
            pending_in_time: self.pending_in_time,
            pending_overdue: self.pending_overdue,
            withdrawn: self.withdrawn,
            refused: self.refused,
        }
    }
}

/// A stored return with its period.
#[derive(Debug, Clone)]
pub struct Filed {
    /// The return.
    pub line: ReturnRow,
    /// Its period.
    pub period: PeriodFacts,
    /// Leave to write it, once it was asked for: the period is open for the unit.
    pub leave: Option<Leave>,
}

/// Whether it may be written does not make it another return.
impl PartialEq for Filed {
    fn eq(&self, other: &Self) -> bool {
        self.line == other.line && self.period == other.period
    }
}

impl Row for Filed {
    type Id = ProcessingReturnId;

    fn id(&self) -> ProcessingReturnId {
        self.line.id
    }

    fn version(&self) -> i64 {
        self.line.version
    }

    fn revise(&mut self, at: Instant) {
        self.line.version += 1;
        self.line.updated_at = at;
    }
}

/// Results of handling administrative procedures that a unit reports for a period: one line for each
/// handling level and field (số liệu kết quả giải quyết TTHC). Totals are computed, never stored.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProcessingReturn {
    /// Its id.
    pub id: ProcessingReturnId,
    /// The unit that reports (đơn vị báo cáo).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code.
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the period's last day.
    pub org_unit_name: String,
    /// The period (kỳ báo cáo).
    pub period_id: PeriodId,
    /// Its code.
    pub period_code: String,
    /// The level that handled the dossiers (cấp giải quyết).
    pub handling_level: Tier,
    /// The field (lĩnh vực); null for a line without field.
    pub field: Option<String>,
    /// Whether nothing arose (không phát sinh): a statement, and all columns are zero.
    pub nil: bool,
    /// Column 4: taken in online (tiếp nhận trực tuyến).
    pub received_online: i64,
    /// Taken in in person (tiếp nhận trực tiếp).
    pub received_in_person: i64,
    /// Taken in by post (tiếp nhận qua bưu chính công ích).
    pub received_postal: i64,
    /// Column 6: carried over from the period before (kỳ trước chuyển sang); null while unknown.
    pub carried_over: Option<i64>,
    /// Where the carry-over comes from.
    pub carried_over_basis: Option<CarriedOverBasis>,
    /// Column 8: resolved before the due day (trước hạn).
    pub resolved_early: i64,
    /// Column 9 without withdrawn and refused: resolved on the due day (đúng hạn).
    pub resolved_on_time: i64,
    /// Column 10: resolved after the due day (quá hạn).
    pub resolved_overdue: i64,
    /// Column 12: pending in time (đang giải quyết trong hạn).
    pub pending_in_time: i64,
    /// Column 13: pending and overdue (đang giải quyết quá hạn).
    pub pending_overdue: i64,
    /// Withdrawn by the applicant (rút hồ sơ).
    pub withdrawn: i64,
    /// Refused (từ chối giải quyết).
    pub refused: i64,
    /// Column 3, computed: taken in and carried over.
    pub received_total: i64,
    /// Computed: resolved, without withdrawn and refused.
    pub resolved_total: i64,
    /// Column 11, computed: pending.
    pub pending_total: i64,
    /// Computed: received in total less what is accounted for; zero when the form balances (chênh lệch).
    pub difference: i64,
    /// First day really covered, when it is not the period's (số liệu tính từ ngày).
    pub covers_from: Option<NaiveDate>,
    /// Last day really covered, when it is not the period's (số liệu tính đến ngày).
    pub covers_to: Option<NaiveDate>,
    /// The sentence that the figures come from (trích nguồn số liệu).
    pub source_note: Option<String>,
    /// State (trạng thái).
    pub state: ReturnState,
    /// The account that last edited it.
    pub edited_by: String,
    /// The unit that filed it, when it is not the reporting one (đơn vị nhập thay).
    pub filed_by: Option<OrgUnitId>,
    /// When it was handed in.
    pub submitted_at: Option<Instant>,
    /// The account that reviewed it.
    pub reviewed_by: Option<String>,
    /// When it was reviewed.
    pub reviewed_at: Option<Instant>,
    /// Why it was sent back (lý do trả lại).
    pub review_reason: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
record!(ProcessingReturn);
page_of!(ProcessingReturnPage, ProcessingReturn, "processing returns");

impl ProcessingReturn {
    /// The answer of a stored row.
    #[must_use]
    pub fn of(row: ReturnRow, period: &PeriodFacts, unit: UnitLabel) -> Self {
        let columns = row.columns();
        Self {
            id: row.id,
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            period_id: row.period_id,
            period_code: period.code.clone(),
            handling_level: row.handling_level,
            field: Some(row.field).filter(|field| !field.is_empty()),
            nil: row.nil,
            received_online: row.received_online,
            received_in_person: row.received_in_person,
            received_postal: row.received_postal,
            carried_over: row.carried_over,
            carried_over_basis: row.carried_over_basis,
            resolved_early: row.resolved_early,
            resolved_on_time: row.resolved_on_time,
            resolved_overdue: row.resolved_overdue,
            pending_in_time: row.pending_in_time,
            pending_overdue: row.pending_overdue,
            withdrawn: row.withdrawn,
            refused: row.refused,
            received_total: columns.received_total(),
            resolved_total: columns.resolved_total(),
            pending_total: columns.pending_total(),
            difference: columns.imbalance(),
            covers_from: row.covers_from,
            covers_to: row.covers_to,
            source_note: row.source_note,
            state: row.state,
            edited_by: row.edited_by,
            filed_by: row.filed_by,
            submitted_at: row.submitted_at,
            reviewed_by: row.reviewed_by,
            reviewed_at: row.reviewed_at,
            review_reason: row.review_reason,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A new return, or the whole of a changed one. Columns that are not given are zero.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune",
    "received_online": 120, "received_in_person": 30, "carried_over": 12, "carried_over_basis": "stated",
    "resolved_early": 130, "resolved_on_time": 20, "pending_in_time": 12
}))]
pub struct ProcessingReturnCreate {
    /// The unit that reports, by id; exactly one of id, identifier and code (đơn vị báo cáo).
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
    /// The level that handled the dossiers (cấp giải quyết).
    pub handling_level: Tier,
    /// The field (lĩnh vực); without it the line is the unit's total.
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub field: Option<String>,
    /// Whether nothing arose (không phát sinh).
    #[serde(default)]
    #[schema(default = false)]
    pub nil: bool,
    /// Column 4: taken in online (tiếp nhận trực tuyến).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub received_online: i64,
    /// Taken in in person (tiếp nhận trực tiếp).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub received_in_person: i64,
    /// Taken in by post (tiếp nhận qua bưu chính công ích).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub received_postal: i64,
    /// Column 6: carried over from the period before (kỳ trước chuyển sang).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64)]
    pub carried_over: Option<i64>,
    /// `stated`, or `implied` to let it follow from the other columns (căn cứ số kỳ trước chuyển sang).
    #[serde(default)]
    pub carried_over_basis: Option<CarriedOverBasis>,
    /// Column 8: resolved before the due day (trước hạn).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub resolved_early: i64,
    /// Column 9 without withdrawn and refused: resolved on the due day (đúng hạn).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub resolved_on_time: i64,
    /// Column 10: resolved after the due day (quá hạn).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub resolved_overdue: i64,
    /// Column 12: pending in time (đang giải quyết trong hạn).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub pending_in_time: i64,
    /// Column 13: pending and overdue (đang giải quyết quá hạn).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub pending_overdue: i64,
    /// Withdrawn by the applicant (rút hồ sơ).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub withdrawn: i64,
    /// Refused (từ chối giải quyết).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub refused: i64,
    /// First day really covered, when it is not the period's (số liệu tính từ ngày).
    #[serde(default)]
    pub covers_from: Option<NaiveDate>,
    /// Last day really covered, when it is not the period's (số liệu tính đến ngày).
    #[serde(default)]
    pub covers_to: Option<NaiveDate>,
    /// The sentence that the figures come from (trích nguồn số liệu).
    #[serde(default)]
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    pub source_note: Option<String>,
}

impl ProcessingReturnCreate {
    /// The leaf columns, with the carry-over as given.
    #[must_use]
    pub fn columns(&self) -> Columns {
        Columns {
            received_online: self.received_online,
            received_in_person: self.received_in_person,
            received_postal: self.received_postal,
            carried_over: self.carried_over.unwrap_or_default(),
            resolved_early: self.resolved_early,
            resolved_on_time: self.resolved_on_time,
            resolved_overdue: self.resolved_overdue,
            pending_in_time: self.pending_in_time,
            pending_overdue: self.pending_overdue,
            withdrawn: self.withdrawn,
            refused: self.refused,
        }
    }
}

/// Changes to a return (RFC 7396). Unit, period, level and field stay: they name it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"pending_in_time": 13, "carried_over": 13}))]
pub struct ProcessingReturnPatch {
    /// Whether nothing arose (không phát sinh).
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub nil: Change<bool>,
    /// Column 4: taken in online (tiếp nhận trực tuyến).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub received_online: Change<i64>,
    /// Taken in in person (tiếp nhận trực tiếp).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub received_in_person: Change<i64>,
    /// Taken in by post (tiếp nhận qua bưu chính công ích).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub received_postal: Change<i64>,
    /// Column 6: carried over from the period before (kỳ trước chuyển sang).
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000_i64)]
    pub carried_over: Patch<i64>,
    /// `stated`, or `implied` to let it follow from the other columns (căn cứ số kỳ trước chuyển sang).
    #[serde(default)]
    #[schema(value_type = Option<CarriedOverBasis>)]
    pub carried_over_basis: Patch<CarriedOverBasis>,
    /// Column 8: resolved before the due day (trước hạn).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub resolved_early: Change<i64>,
    /// Column 9 without withdrawn and refused: resolved on the due day (đúng hạn).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub resolved_on_time: Change<i64>,
    /// Column 10: resolved after the due day (quá hạn).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub resolved_overdue: Change<i64>,
    /// Column 12: pending in time (đang giải quyết trong hạn).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub pending_in_time: Change<i64>,
    /// Column 13: pending and overdue (đang giải quyết quá hạn).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub pending_overdue: Change<i64>,
    /// Withdrawn by the applicant (rút hồ sơ).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub withdrawn: Change<i64>,
    /// Refused (từ chối giải quyết).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub refused: Change<i64>,
    /// First day really covered (số liệu tính từ ngày).
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub covers_from: Patch<NaiveDate>,
    /// Last day really covered (số liệu tính đến ngày).
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub covers_to: Patch<NaiveDate>,
    /// The sentence that the figures come from (trích nguồn số liệu).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    pub source_note: Patch<String>,
}

impl ProcessingReturnPatch {
    /// The whole return after the patch. An implied carry-over follows the other columns anew unless
    /// the patch says otherwise.
    #[must_use]
    pub fn onto(self, present: &ProcessingReturn) -> ProcessingReturnCreate {
        let Self {
            nil,
            received_online,
            received_in_person,
            received_postal,
            carried_over,
            carried_over_basis,
            resolved_early,
            resolved_on_time,
            resolved_overdue,
            pending_in_time,
            pending_overdue,
            withdrawn,
            refused,
            covers_from,
            covers_to,
            source_note,
        } = self;
        let basis_given = carried_over_basis.is_present();
        let count_given = carried_over.is_present();
        let basis = carried_over_basis.onto(present.carried_over_basis);
        let implied = basis == Some(CarriedOverBasis::Implied);
        let carried_over = match (implied, count_given) {
            (true, false) => None,
            _ => carried_over.onto(present.carried_over),
        };
        // A new count alone is a statement; taking the count away takes its basis away.
        let carried_over_basis = if count_given && !basis_given { None } else { basis };
        ProcessingReturnCreate {
            org_unit_id: Some(present.org_unit_id),
            org_unit_identifier: None,
            org_unit_code: None,
            period_id: Some(present.period_id),
            period_code: None,
            handling_level: present.handling_level,
            field: present.field.clone(),
            nil: nil.onto(present.nil),
            received_online: received_online.onto(present.received_online),
            received_in_person: received_in_person.onto(present.received_in_person),
            received_postal: received_postal.onto(present.received_postal),
            carried_over,
            carried_over_basis,
            resolved_early: resolved_early.onto(present.resolved_early),
            resolved_on_time: resolved_on_time.onto(present.resolved_on_time),
            resolved_overdue: resolved_overdue.onto(present.resolved_overdue),
            pending_in_time: pending_in_time.onto(present.pending_in_time),
            pending_overdue: pending_overdue.onto(present.pending_overdue),
            withdrawn: withdrawn.onto(present.withdrawn),
            refused: refused.onto(present.refused),
            covers_from: covers_from.onto(present.covers_from),
            covers_to: covers_to.onto(present.covers_to),
            source_note: source_note.onto(present.source_note.clone()),
        }
    }
}

/// Why a return is sent back (lý do trả lại).
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Số hồ sơ quá hạn chưa khớp với báo cáo của Bộ phận Một cửa."}))]
pub struct SendBack {
    /// The reason, for the editor.
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// Which returns a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProcessingReturnFilter {
    /// The unit that reports, by id (đơn vị báo cáo).
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
    pub scope: Option<crate::domain::organization::reference::UnitScope>,
    /// The period, by id (kỳ báo cáo).
    pub period_id: Option<PeriodId>,
    /// The period by its code in the regime `calendar` (mã kỳ).
    #[validate(length(min = 4, max = 7))]
    #[param(min_length = 4, max_length = 7)]
    pub period_code: Option<String>,
    /// The level that handled the dossiers (cấp giải quyết).
    #[param(inline)]
    pub handling_level: Option<Tier>,
    /// State (trạng thái).
    #[param(inline)]
    pub state: Option<ReturnState>,
    /// Order (thứ tự); oldest first when not given.
    #[param(inline)]
    pub sort: Option<ProcessingReturnSort>,
}
