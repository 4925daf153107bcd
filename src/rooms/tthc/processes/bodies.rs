//! What a client sends of a process.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::model::{ProcedureProcess, ProcessKind, ProcessLink, ProcessStep};
use crate::procedures::model::ProcedureId;
use kernel::api::{Change, Patch};
use kernel::tree::OrgUnitId;
use kernel::unit_reference::UnitName;

/// A new process, or the whole of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "org_unit_code": "92", "procedure_code": "1.000593", "kind": "internal",
    "name": "Quy trình nội bộ đăng ký kết hôn lưu động", "decision_number": "2100/QĐ-UBND",
    "decided_on": "2026-01-05", "valid_from": "2026-01-12", "electronic": true, "steps": [
        {"name": "Tiếp nhận hồ sơ", "responsible": "Trung tâm Phục vụ hành chính công", "value": 4, "unit": "working_hour"},
        {"name": "Thẩm định hồ sơ", "responsible": "Công chức tư pháp - hộ tịch", "value": 4, "unit": "working_day"}
    ]
}))]
pub struct ProcedureProcessCreate {
    /// The unit that approved it, by id; exactly one of id, identifier and code (cơ quan phê duyệt).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on the day of approval (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The procedure, by id or by code (thủ tục hành chính).
    #[serde(default)]
    pub procedure_id: Option<ProcedureId>,
    /// The procedure by its national code (mã TTHC).
    #[serde(default)]
    #[validate(length(min = 8, max = 44))]
    #[schema(min_length = 8, max_length = 44)]
    pub procedure_code: Option<String>,
    /// Kind (loại quy trình).
    pub kind: ProcessKind,
    /// The case for which it holds (trường hợp áp dụng), as the procedure's deadline names it; absent for
    /// all.
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub variant: Option<String>,
    /// Name (tên quy trình).
    #[validate(length(min = 1, max = 1000), custom(function = "kernel::text::worded"))]
    #[schema(min_length = 1, max_length = 1000)]
    pub name: String,
    /// Whether the information system carries it out (quy trình điện tử).
    #[serde(default)]
    #[schema(default = false)]
    pub electronic: bool,
    /// Number of the decision that approved it (số quyết định phê duyệt).
    #[validate(length(min = 3, max = 50))]
    #[schema(min_length = 3, max_length = 50)]
    pub decision_number: String,
    /// Its day (ngày phê duyệt).
    pub decided_on: NaiveDate,
    /// First day on which it holds (ngày bắt đầu áp dụng).
    pub valid_from: NaiveDate,
    /// First day on which it no longer holds (ngày hết hiệu lực); null or absent while it does.
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
    /// The procedures that a linked process joins beside its own (thủ tục được liên thông).
    #[serde(default)]
    #[validate(length(max = 20), nested)]
    #[schema(max_items = 20)]
    pub links: Vec<ProcessLink>,
    /// The agencies that take part in a linked process (cơ quan tham gia).
    #[serde(default)]
    #[validate(length(max = 50), custom(function = "agency_names"))]
    #[schema(max_items = 50, example = json!(["Công an tỉnh", "Bảo hiểm xã hội tỉnh"]))]
    pub agencies: Vec<String>,
    /// The steps in their order (các bước thực hiện).
    #[validate(length(min = 1, max = 100), nested)]
    #[schema(min_items = 1, max_items = 100)]
    pub steps: Vec<ProcessStep>,
    /// Note (ghi chú).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

/// Names of agencies that say something.
fn agency_names(names: &[String]) -> Result<(), validator::ValidationError> {
    let is_name = |name: &String| !name.is_empty() && name.chars().count() <= 500;
    names.iter().try_for_each(|name| kernel::text::worded(name))?;
    if names.iter().all(is_name) {
        return Ok(());
    }
    Err(validator::ValidationError::new("length").with_message(
        "Tên cơ quan có từ 1 đến 500 ký tự. | An agency's name has 1 to 500 characters.".into(),
    ))
}

impl ProcedureProcessCreate {
    /// How the approving unit is named.
    #[must_use]
    pub fn unit_name(&self) -> UnitName<'_> {
        UnitName {
            id: self.org_unit_id,
            identifier: self.org_unit_identifier.as_deref(),
            code: self.org_unit_code.as_deref(),
        }
    }
}

/// Changes to a process (RFC 7396). The approving unit and the procedure stay: they name it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"electronic": true}))]
pub struct ProcedureProcessPatch {
    /// Kind (loại quy trình).
    #[serde(default)]
    #[schema(value_type = ProcessKind, required = false)]
    pub kind: Change<ProcessKind>,
    /// The case for which it holds (trường hợp áp dụng); null for all.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub variant: Patch<String>,
    /// Name (tên quy trình).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 1000)]
    pub name: Change<String>,
    /// Whether the information system carries it out (quy trình điện tử).
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub electronic: Change<bool>,
    /// Number of the decision that approved it.
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 3, max_length = 50)]
    pub decision_number: Change<String>,
    /// Its day (ngày phê duyệt).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub decided_on: Change<NaiveDate>,
    /// First day on which it holds.
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub valid_from: Change<NaiveDate>,
    /// First day on which it no longer holds; null while it does.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_to: Patch<NaiveDate>,
    /// The procedures that it joins, all of them.
    #[serde(default)]
    #[schema(value_type = Vec<ProcessLink>, required = false, max_items = 20)]
    pub links: Change<Vec<ProcessLink>>,
    /// The agencies that take part, all of them.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 50)]
    pub agencies: Change<Vec<String>>,
    /// The steps, all of them.
    #[serde(default)]
    #[schema(value_type = Vec<ProcessStep>, required = false, min_items = 1, max_items = 100)]
    pub steps: Change<Vec<ProcessStep>>,
    /// Note (ghi chú).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Patch<String>,
}

impl ProcedureProcessPatch {
    /// The whole process after the patch.
    #[must_use]
    pub fn onto(self, present: &ProcedureProcess) -> ProcedureProcessCreate {
        let present = present.clone();
        ProcedureProcessCreate {
            org_unit_id: Some(present.org_unit_id),
            org_unit_identifier: None,
            org_unit_code: None,
            procedure_id: Some(present.procedure_id),
            procedure_code: None,
            kind: self.kind.onto(present.kind),
            variant: self.variant.onto(present.variant),
            name: self.name.onto(present.name),
            electronic: self.electronic.onto(present.electronic),
            decision_number: self.decision_number.onto(present.decision_number),
            decided_on: self.decided_on.onto(present.decided_on),
            valid_from: self.valid_from.onto(present.valid_from),
            valid_to: self.valid_to.onto(present.valid_to),
            links: self.links.onto(present.links),
            agencies: self.agencies.onto(present.agencies),
            steps: self.steps.onto(present.steps),
            note: self.note.onto(present.note),
        }
    }
}
