//! What a client sends of a review.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::model::{ProcedureReview, ReviewOutcome, ReviewProposal};
use kernel::api::{Change, Patch};
use kernel::tree::OrgUnitId;
use kernel::unit_reference::UnitName;

/// A new review, or the whole of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "org_unit_code": "31420", "title": "Rà soát, đơn giản hóa TTHC lĩnh vực tư pháp năm 2026",
    "document_number": "125/KH-UBND", "document_on": "2026-01-20", "starts_on": "2026-01-20",
    "fields": ["Hộ tịch", "Chứng thực"], "reviewed_count": 41, "outcome": "proposed", "proposals": [
        {"kind": "shorten", "procedure_code": "1.000593", "cut_working_days": 1,
        "content": "Rút ngắn thời hạn giải quyết từ 03 ngày xuống 02 ngày làm việc"}
    ]
}))]
pub struct ProcedureReviewCreate {
    /// The unit that reviews, by id; exactly one of id, identifier and code (đơn vị rà soát).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on the first day of the review (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// What is reviewed (tên đợt rà soát). A unit's reviews are told apart by it and their first day.
    #[validate(length(min = 1, max = 250), custom(function = "kernel::text::worded"))]
    #[schema(min_length = 1, max_length = 250)]
    pub title: String,
    /// Number of the plan or decision (số, ký hiệu kế hoạch, quyết định).
    #[serde(default)]
    #[validate(length(min = 3, max = 50))]
    #[schema(min_length = 3, max_length = 50)]
    pub document_number: Option<String>,
    /// Its day (ngày văn bản).
    #[serde(default)]
    pub document_on: Option<NaiveDate>,
    /// First day (ngày bắt đầu rà soát); of a review of a year 1 January.
    pub starts_on: NaiveDate,
    /// Last day (ngày kết thúc rà soát); null or absent while it goes on.
    #[serde(default)]
    pub ends_on: Option<NaiveDate>,
    /// The fields reviewed, as the review names them (ngành, lĩnh vực được rà soát).
    #[serde(default)]
    #[validate(length(max = 100), custom(function = "field_names"))]
    #[schema(max_items = 100, example = json!(["Hộ tịch", "Chứng thực"]))]
    pub fields: Vec<String>,
    /// How many procedures were reviewed (số TTHC được rà soát).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub reviewed_count: Option<i64>,
    /// What is proposed for which procedure (phương án đơn giản hóa); one that stays as it is may be named
    /// too, by `keep`.
    #[serde(default)]
    #[validate(length(max = 500), nested)]
    #[schema(max_items = 500)]
    pub proposals: Vec<ReviewProposal>,
    /// How far it has come (kết quả rà soát).
    pub outcome: ReviewOutcome,
    /// Number of the document that approved the proposals (số văn bản thông qua).
    #[serde(default)]
    #[validate(length(min = 3, max = 50))]
    #[schema(min_length = 3, max_length = 50)]
    pub approval_number: Option<String>,
    /// Its day (ngày thông qua).
    #[serde(default)]
    pub approved_on: Option<NaiveDate>,
    /// Note (ghi chú).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

/// Names of fields that say something.
fn field_names(names: &[String]) -> Result<(), ValidationError> {
    names.iter().try_for_each(|name| kernel::text::worded(name))?;
    let is_name = |name: &String| (1..=200).contains(&name.chars().count());
    if names.iter().all(is_name) {
        return Ok(());
    }
    Err(ValidationError::new("length")
        .with_message("Tên lĩnh vực có từ 1 đến 200 ký tự. | A field's name has 1 to 200 characters.".into()))
}

impl ProcedureReviewCreate {
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

/// Changes to a review (RFC 7396). The unit stays: it names it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "approved", "approval_number": "2215/QĐ-UBND", "approved_on": "2026-07-15"}))]
pub struct ProcedureReviewPatch {
    /// What is reviewed (tên đợt rà soát).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 250)]
    pub title: Change<String>,
    /// Number of the plan or decision (số, ký hiệu kế hoạch, quyết định).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 50)]
    pub document_number: Patch<String>,
    /// Its day (ngày văn bản).
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub document_on: Patch<NaiveDate>,
    /// First day (ngày bắt đầu rà soát).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub starts_on: Change<NaiveDate>,
    /// Last day (ngày kết thúc rà soát); null while it goes on.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub ends_on: Patch<NaiveDate>,
    /// The fields reviewed, all of them (ngành, lĩnh vực được rà soát).
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 100)]
    pub fields: Change<Vec<String>>,
    /// How many procedures were reviewed (số TTHC được rà soát).
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000)]
    pub reviewed_count: Patch<i64>,
    /// What is proposed for which procedure, all of it (phương án đơn giản hóa).
    #[serde(default)]
    #[schema(value_type = Vec<ReviewProposal>, required = false, max_items = 500)]
    pub proposals: Change<Vec<ReviewProposal>>,
    /// How far it has come (kết quả rà soát).
    #[serde(default)]
    #[schema(value_type = ReviewOutcome, required = false)]
    pub outcome: Change<ReviewOutcome>,
    /// Number of the document that approved the proposals (số văn bản thông qua).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 50)]
    pub approval_number: Patch<String>,
    /// Its day (ngày thông qua).
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub approved_on: Patch<NaiveDate>,
    /// Note (ghi chú).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Patch<String>,
}

impl ProcedureReviewPatch {
    /// The whole review after the patch.
    #[must_use]
    pub fn onto(self, present: &ProcedureReview) -> ProcedureReviewCreate {
        let present = present.clone();
        ProcedureReviewCreate {
            org_unit_id: Some(present.org_unit_id),
            org_unit_identifier: None,
            org_unit_code: None,
            title: self.title.onto(present.title),
            document_number: self.document_number.onto(present.document_number),
            document_on: self.document_on.onto(present.document_on),
            starts_on: self.starts_on.onto(present.starts_on),
            ends_on: self.ends_on.onto(present.ends_on),
            fields: self.fields.onto(present.fields),
            reviewed_count: self.reviewed_count.onto(present.reviewed_count),
            proposals: self.proposals.onto(present.proposals),
            outcome: self.outcome.onto(present.outcome),
            approval_number: self.approval_number.onto(present.approval_number),
            approved_on: self.approved_on.onto(present.approved_on),
            note: self.note.onto(present.note),
        }
    }
}
