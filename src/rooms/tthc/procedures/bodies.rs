//! What is sent of a procedure: a whole version, or corrections to one.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::deadline_text;
use super::fields::ProcedureFieldId;
use super::model::{Deadline, Fee, Paper, ProcedureLevel, ServiceLevel, VersionRow};
use kernel::api::{Change, Patch};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::validity::{Certainty, OPEN_BEGINNING, OPEN_END};

/// A new procedure, or the whole of a corrected or changed version.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "1.000593", "name": "Thủ tục đăng ký kết hôn lưu động", "field_name": "Hộ tịch",
    "level": "commune", "service_level": "partial_online",
    "deadlines": [{"value": 5, "unit": "working_day"}], "valid_from": "2026-01-01"
}))]
pub struct ProcedureCreate {
    /// National code (mã TTHC): `1.001193`, in a province's own version with its agency code behind.
    #[validate(length(min = 8, max = 44))]
    #[schema(min_length = 8, max_length = 44, example = "1.001193")]
    pub code: String,
    /// Name (tên thủ tục).
    #[validate(length(min = 1, max = 1000), custom(function = "kernel::text::worded"))]
    #[schema(min_length = 1, max_length = 1000)]
    pub name: String,
    /// Field (lĩnh vực) by its id: at most one of the two.
    #[serde(default)]
    pub field_id: Option<ProcedureFieldId>,
    /// Field by its name (tên lĩnh vực), as the list of fields has it.
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub field_name: Option<String>,
    /// Who handles it (cấp giải quyết).
    pub level: ProcedureLevel,
    /// How far it can be done online (mức độ dịch vụ công trực tuyến); `unknown` when not given.
    #[serde(default)]
    #[schema(default = "unknown")]
    pub service_level: ServiceLevel,
    /// Deadlines by case (thời hạn giải quyết); when not given, those that `deadline_text` names.
    #[serde(default)]
    #[validate(length(max = 20), nested)]
    #[schema(max_items = 20)]
    pub deadlines: Vec<Deadline>,
    /// The deadlines as the source words them (thời hạn theo nguyên văn).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub deadline_text: Option<String>,
    /// Fees and charges (phí, lệ phí).
    #[serde(default)]
    #[validate(length(max = 50), nested)]
    #[schema(max_items = 50)]
    pub fees: Vec<Fee>,
    /// Papers that an application needs (thành phần hồ sơ).
    #[serde(default)]
    #[validate(length(max = 100), nested)]
    #[schema(max_items = 100)]
    pub papers: Vec<Paper>,
    /// Who decides, as the source names it (cơ quan thực hiện).
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub authority: Option<String>,
    /// The decision that announced this version (quyết định công bố).
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub announcing_decision: Option<String>,
    /// Where it was taken from (nguồn).
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub source: Option<String>,
    /// Remark (ghi chú).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
    /// First day (ngày bắt đầu hiệu lực); null or absent when it is not known.
    #[serde(default)]
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
}

/// Corrections to one version of a procedure (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"service_level": "full_online", "announcing_decision": "1234/QĐ-UBND"}))]
pub struct ProcedurePatch {
    /// National code (mã TTHC), of all versions.
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 8, max_length = 44)]
    pub code: Change<String>,
    /// Name (tên thủ tục).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 1000)]
    pub name: Change<String>,
    /// Field (lĩnh vực) by its id; null for none.
    #[serde(default)]
    #[schema(value_type = Option<ProcedureFieldId>)]
    pub field_id: Patch<ProcedureFieldId>,
    /// Field by its name.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub field_name: Patch<String>,
    /// Who handles it (cấp giải quyết).
    #[serde(default)]
    #[schema(value_type = ProcedureLevel, required = false)]
    pub level: Change<ProcedureLevel>,
    /// How far it can be done online.
    #[serde(default)]
    #[schema(value_type = ServiceLevel, required = false)]
    pub service_level: Change<ServiceLevel>,
    /// Deadlines by case, all of them.
    #[serde(default)]
    #[schema(value_type = Vec<Deadline>, required = false, max_items = 20)]
    pub deadlines: Change<Vec<Deadline>>,
    /// The deadlines as the source words them; without `deadlines` those that it names take their place, and
    /// where it is not understood they must be given.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub deadline_text: Patch<String>,
    /// Fees and charges, all of them.
    #[serde(default)]
    #[schema(value_type = Vec<Fee>, required = false, max_items = 50)]
    pub fees: Change<Vec<Fee>>,
    /// Papers that an application needs, all of them.
    #[serde(default)]
    #[schema(value_type = Vec<Paper>, required = false, max_items = 100)]
    pub papers: Change<Vec<Paper>>,
    /// Who decides, as the source names it.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub authority: Patch<String>,
    /// The decision that announced this version.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub announcing_decision: Patch<String>,
    /// Where it was taken from.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub source: Patch<String>,
    /// Remark.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Patch<String>,
    /// First day; null when it is not known.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_from: Patch<NaiveDate>,
    /// How sure the first day is.
    #[serde(default)]
    #[schema(value_type = Certainty, required = false)]
    pub valid_from_certainty: Change<Certainty>,
    /// First day on which it no longer holds; null makes it hold on.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_to: Patch<NaiveDate>,
    /// How sure that day is.
    #[serde(default)]
    #[schema(value_type = Certainty, required = false)]
    pub valid_to_certainty: Change<Certainty>,
}

impl ProcedurePatch {
    /// The whole version after the patch.
    ///
    /// # Errors
    /// 422 for a text that names no deadlines, where the one before did and none are given beside it.
    pub fn onto(self, code: &str, present: &VersionRow) -> Result<ProcedureCreate, ApiError> {
        let present = present.clone();
        let renamed = self.field_name.is_present();
        let held = present.deadlines.0;
        let text = self.deadline_text.onto(present.deadline_text.clone());
        let deadlines = match text.as_deref() {
            Some(new) if text != present.deadline_text => {
                deadline_text::reworded(held, present.deadline_text.as_deref(), new)
            }
            _ => Some(held),
        };
        let deadlines = match (deadlines, self.deadlines) {
            (None, Change::Absent) => return Err(not_understood()),
            (known, given) => given.onto(known.unwrap_or_default()),
        };
        Ok(ProcedureCreate {
            code: self.code.onto(code.to_owned()),
            name: self.name.onto(present.name),
            // The other name of the field takes its place.
            field_id: self.field_id.onto(present.field_id.filter(|_| !renamed)),
            field_name: self.field_name.onto(None),
            level: self.level.onto(present.level),
            service_level: self.service_level.onto(present.service_level),
            deadlines,
            deadline_text: text,
            fees: self.fees.onto(present.fees.0),
            papers: self.papers.onto(present.papers.0),
            authority: self.authority.onto(present.authority),
            announcing_decision: self.announcing_decision.onto(present.announcing_decision),
            source: self.source.onto(present.source),
            note: self.note.onto(present.note),
            valid_from: self
                .valid_from
                .onto((present.valid_from != OPEN_BEGINNING).then_some(present.valid_from)),
            valid_from_certainty: self.valid_from_certainty.onto(present.valid_from_certainty),
            valid_to: self.valid_to.onto((present.valid_to != OPEN_END).then_some(present.valid_to)),
            valid_to_certainty: self.valid_to_certainty.onto(present.valid_to_certainty),
        })
    }
}

fn not_understood() -> ApiError {
    let message = Bilingual::new(
        "Không đọc được thời hạn trong nội dung mới; hãy nêu cả thời hạn theo từng trường hợp (deadlines).",
        "The deadlines are not understood from the new text; give them beside it (deadlines).",
    );
    ApiError::invalid(vec![Fault::new("/deadline_text", "not_understood", message)])
}
