//! What a process is: on the wire and in its rows.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::procedures::model::{Deadline, DeadlineUnit, ProcedureId};
use kernel::api::records::Row;
use kernel::db::json_text::JsonText;
use kernel::db::schema::{procedure_process_links, procedure_processes};
use kernel::db::types::Instant;
use kernel::remarks::Remark;
use kernel::tree::{OrgUnitId, UnitKind};
use kernel::unit_reference::{UnitLabel, UnitScope};
use kernel::{id, page_of, record, text_enum};

id! {
    /// Id of a process of a procedure (quy trình giải quyết thủ tục hành chính).
    ProcedureProcessId
}

text_enum! {
    /// Kind of process (loại quy trình).
    pub enum ProcessKind {
        /// Of one procedure, inside the agencies that handle it.
        Internal => "internal", "quy trình nội bộ";
        /// It joins several procedures of several agencies.
        Linked => "linked", "quy trình liên thông";
    }
}

text_enum! {
    /// Order of processes (thứ tự).
    pub enum ProcedureProcessSort {
        /// The earliest approved first.
        DecidedOn => "decided_on", "ngày phê duyệt tăng dần";
        /// The latest approved first.
        DecidedOnDesc => "-decided_on", "ngày phê duyệt giảm dần";
    }
}

/// One step of a process (bước thực hiện).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProcedureProcessStep)]
pub struct ProcessStep {
    /// What is done (nội dung công việc).
    #[validate(length(min = 1, max = 1000), custom(function = "kernel::text::worded"))]
    #[schema(min_length = 1, max_length = 1000)]
    pub name: String,
    /// Who does it, in words (người, bộ phận thực hiện).
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub responsible: Option<String>,
    /// The kind of unit that does it (loại đơn vị thực hiện).
    #[serde(default)]
    pub unit_kind: Option<UnitKind>,
    /// The unit that does it (đơn vị thực hiện).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// How many units of time it may take (thời gian thực hiện); none where the unit is `immediate` or
    /// `none`.
    #[serde(default)]
    #[validate(range(min = 1, max = 730))]
    #[schema(minimum = 1, maximum = 730)]
    pub value: Option<u32>,
    /// What that is counted in (đơn vị tính).
    pub unit: DeadlineUnit,
    /// What comes out of it (kết quả của bước).
    #[serde(default)]
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    pub result: Option<String>,
}

/// A procedure that a linked process joins (thủ tục được liên thông).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProcedureProcessLink, example = json!({"procedure_code": "1.000419"}))]
pub struct ProcessLink {
    /// The procedure, by id or by code (thủ tục được liên thông).
    #[serde(default)]
    pub procedure_id: Option<ProcedureId>,
    /// The procedure by its national code (mã TTHC).
    #[serde(default)]
    #[validate(length(min = 8, max = 44))]
    #[schema(min_length = 8, max_length = 44)]
    pub procedure_code: Option<String>,
}

/// A process as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = procedure_processes, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the fields are explained on ProcedureProcess")]
pub struct ProcessRow {
    pub id: ProcedureProcessId,
    pub org_unit_id: OrgUnitId,
    pub procedure_id: ProcedureId,
    pub kind: ProcessKind,
    /// The case, or empty for all.
    pub variant: String,
    pub name: String,
    pub electronic: bool,
    pub decision_number: String,
    /// The number as it is compared.
    pub decision_key: String,
    pub decided_on: NaiveDate,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub agencies: JsonText<Vec<String>>,
    pub steps: JsonText<Vec<ProcessStep>>,
    pub note: Option<String>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// A procedure that a process is about, as it is stored: its own first.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = procedure_process_links, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the fields are explained on ProcessLink")]
pub struct LinkRow {
    pub process_id: ProcedureProcessId,
    pub position: i32,
    pub procedure_id: ProcedureId,
}

/// What a process tells of its procedure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcessedProcedure {
    /// National code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Its deadlines in force.
    pub deadlines: Vec<Deadline>,
}

/// A process with its procedures.
#[derive(Debug, Clone, Eq)]
pub struct HeldProcess {
    /// The process.
    pub row: ProcessRow,
    /// The procedures that it joins, in their order.
    pub links: Vec<ProcessLink>,
    /// The procedure that it is for.
    pub procedure: ProcessedProcedure,
}

/// What is told of the procedure does not make it another process.
impl PartialEq for HeldProcess {
    fn eq(&self, other: &Self) -> bool {
        self.row == other.row && self.links == other.links
    }
}

impl Row for HeldProcess {
    type Id = ProcedureProcessId;

    fn id(&self) -> ProcedureProcessId {
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

/// How a procedure is handled step by step (quy trình giải quyết thủ tục hành chính). The time of all
/// steps follows from them and is held against the procedure's deadline.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000015", "org_unit_id": "0190a8c0-0000-7000-8000-000000000003",
    "org_unit_code": "92", "org_unit_identifier": "H13", "org_unit_name": "Thành phố Cần Thơ",
    "procedure_id": "0190a8c0-0000-7000-8000-000000000011", "procedure_code": "1.001193",
    "procedure_name": "Đăng ký khai sinh", "kind": "internal", "variant": null,
    "name": "Quy trình nội bộ đăng ký khai sinh", "electronic": true, "decision_number": "2100/QĐ-UBND",
    "decided_on": "2026-01-05", "valid_from": "2026-01-12", "valid_to": null, "links": [], "agencies": [],
    "steps": [{"name": "Tiếp nhận hồ sơ", "responsible": "Trung tâm Phục vụ hành chính công",
    "unit_kind": null, "org_unit_id": null, "value": 1, "unit": "working_hour", "result": null},
    {"name": "Thẩm định hồ sơ, trình ký", "responsible": "Công chức tư pháp - hộ tịch", "unit_kind": null,
    "org_unit_id": null, "value": 5, "unit": "working_hour", "result": null}, {"name": "Trả kết quả",
    "responsible": "Trung tâm Phục vụ hành chính công", "unit_kind": null, "org_unit_id": null, "value": 2,
    "unit": "working_hour", "result": null}], "total_working_hours": 8, "total_calendar_days": null,
    "remarks": [], "note": null, "version": 1, "created_at": "2026-01-12T02:00:00Z",
    "updated_at": "2026-01-12T02:00:00Z"
}))]
pub struct ProcedureProcess {
    /// Its id.
    pub id: ProcedureProcessId,
    /// The unit that approved it (cơ quan phê duyệt).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the day of approval (tên cơ quan phê duyệt).
    pub org_unit_name: String,
    /// The procedure (thủ tục hành chính).
    pub procedure_id: ProcedureId,
    /// Its national code (mã TTHC).
    pub procedure_code: String,
    /// Its name (tên thủ tục).
    pub procedure_name: String,
    /// Kind (loại quy trình).
    pub kind: ProcessKind,
    /// The case for which it holds (trường hợp áp dụng); null for all.
    pub variant: Option<String>,
    /// Name (tên quy trình).
    pub name: String,
    /// Whether the information system carries it out (quy trình điện tử).
    pub electronic: bool,
    /// Number of the decision that approved it (số quyết định phê duyệt).
    pub decision_number: String,
    /// Its day (ngày phê duyệt).
    pub decided_on: NaiveDate,
    /// First day on which it holds (ngày bắt đầu áp dụng).
    pub valid_from: NaiveDate,
    /// First day on which it no longer holds (ngày hết hiệu lực); null while it does.
    pub valid_to: Option<NaiveDate>,
    /// The procedures that a linked process joins beside its own (thủ tục được liên thông).
    pub links: Vec<ProcessLink>,
    /// The agencies that take part in a linked process (cơ quan tham gia).
    pub agencies: Vec<String>,
    /// The steps in their order (các bước thực hiện).
    pub steps: Vec<ProcessStep>,
    /// The office hours of all steps, a working day as eight (tổng thời gian, giờ làm việc); null where
    /// they are counted otherwise.
    #[schema(minimum = 0)]
    pub total_working_hours: Option<i64>,
    /// The days of the calendar of all steps (tổng thời gian, ngày); null where they are counted
    /// otherwise.
    #[schema(minimum = 0)]
    pub total_calendar_days: Option<i64>,
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
page_of!(ProcedureProcessPage, ProcedureProcess, "processes of procedures");

record!(ProcedureProcess);

impl ProcedureProcess {
    /// The answer of a stored process.
    #[must_use]
    pub fn of(held: HeldProcess, unit: UnitLabel) -> Self {
        let remarks = super::rules::remarks(&held);
        let HeldProcess { row, links, procedure } = held;
        let total = super::rules::total(&row.steps.0);
        Self {
            id: row.id,
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            procedure_id: row.procedure_id,
            procedure_code: procedure.code,
            procedure_name: procedure.name,
            kind: row.kind,
            variant: Some(row.variant).filter(|variant| !variant.is_empty()),
            name: row.name,
            electronic: row.electronic,
            decision_number: row.decision_number,
            decided_on: row.decided_on,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            links,
            agencies: row.agencies.0,
            steps: row.steps.0,
            total_working_hours: total.and_then(super::rules::Time::working_hours),
            total_calendar_days: total.and_then(super::rules::Time::calendar_days),
            remarks,
            note: row.note,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Which processes a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProcedureProcessFilter {
    /// The unit that approved them, by id (cơ quan phê duyệt).
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
    /// Those for this procedure, and linked ones that join it (thủ tục hành chính).
    pub procedure_id: Option<ProcedureId>,
    /// The procedure by its national code (mã TTHC).
    #[validate(length(min = 1, max = 44))]
    #[param(min_length = 1, max_length = 44)]
    pub procedure_code: Option<String>,
    /// Kind (loại quy trình).
    #[param(inline)]
    pub kind: Option<ProcessKind>,
    /// Whether the information system carries them out (quy trình điện tử).
    pub electronic: Option<bool>,
    /// Number of the decision that approved them, in whatever way it is written (số quyết định phê duyệt).
    #[validate(length(min = 1, max = 50))]
    #[param(min_length = 1, max_length = 50)]
    pub decision_number: Option<String>,
    /// Approved on this day or later (phê duyệt từ ngày).
    pub decided_from: Option<NaiveDate>,
    /// Approved on this day or before (phê duyệt đến ngày).
    pub decided_to: Option<NaiveDate>,
    /// Those that hold on this day (có hiệu lực vào ngày).
    pub on: Option<NaiveDate>,
    /// Order (thứ tự); the latest first when not given.
    #[param(inline)]
    pub sort: Option<ProcedureProcessSort>,
}
