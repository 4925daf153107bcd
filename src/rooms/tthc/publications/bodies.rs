//! What is sent of a publication: the whole of it, or corrections.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::model::{ProcedurePublication, PublicationItem};
use kernel::api::{Change, Patch};
use kernel::tree::OrgUnitId;
use kernel::unit_reference::UnitName;

/// A new publication, or the whole of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "org_unit_code": "92", "number": "1234/QĐ-UBND", "issued_on": "2026-01-05", "effective_on": "2026-01-12",
    "title": "Công bố danh mục thủ tục hành chính lĩnh vực hộ tịch", "items": [
        {"action": "add", "procedure_code": "1.013999", "level": "commune"},
        {"action": "replace", "procedure_code": "1.013998", "replaced_procedure_code": "1.000593"},
        {"action": "repeal", "procedure_code": "1.000419"}
    ]
}))]
pub struct ProcedurePublicationCreate {
    /// The unit that issued it, by id; exactly one of id, identifier and code (cơ quan ban hành).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on the day of issue (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// Number (số, ký hiệu): `1234/QĐ-UBND`. The issuer gives it once a year.
    #[validate(length(min = 3, max = 50))]
    #[schema(min_length = 3, max_length = 50)]
    pub number: String,
    /// Day of issue (ngày ban hành).
    pub issued_on: NaiveDate,
    /// First day on which it holds (ngày có hiệu lực).
    pub effective_on: NaiveDate,
    /// What it is about (trích yếu).
    #[validate(length(min = 1, max = 2000), custom(function = "kernel::text::worded"))]
    #[schema(min_length = 1, max_length = 2000)]
    pub title: String,
    /// The legal document that sets the procedures (văn bản quy định thủ tục).
    #[serde(default)]
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    pub legal_basis: Option<String>,
    /// When that document takes effect (ngày có hiệu lực của văn bản quy định thủ tục).
    #[serde(default)]
    pub legal_basis_effective_on: Option<NaiveDate>,
    /// When they were made public in the national database (ngày công khai trên CSDL quốc gia về TTHC).
    #[serde(default)]
    pub published_on: Option<NaiveDate>,
    /// What it does to which procedure (danh mục thủ tục được công bố).
    #[serde(default)]
    #[validate(length(max = 500), nested)]
    #[schema(max_items = 500)]
    pub items: Vec<PublicationItem>,
    /// Where it was taken from (nguồn).
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub source: Option<String>,
    /// Note (ghi chú).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

impl ProcedurePublicationCreate {
    /// How the issuer is named.
    #[must_use]
    pub fn unit_name(&self) -> UnitName<'_> {
        UnitName {
            id: self.org_unit_id,
            identifier: self.org_unit_identifier.as_deref(),
            code: self.org_unit_code.as_deref(),
        }
    }
}

/// Changes to a publication (RFC 7396). The issuer stays: it names it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"published_on": "2026-01-09"}))]
pub struct ProcedurePublicationPatch {
    /// Number (số, ký hiệu).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 3, max_length = 50)]
    pub number: Change<String>,
    /// Day of issue (ngày ban hành).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub issued_on: Change<NaiveDate>,
    /// First day on which it holds (ngày có hiệu lực).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub effective_on: Change<NaiveDate>,
    /// What it is about (trích yếu).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 2000)]
    pub title: Change<String>,
    /// The legal document that sets the procedures (văn bản quy định thủ tục).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub legal_basis: Patch<String>,
    /// When that document takes effect.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub legal_basis_effective_on: Patch<NaiveDate>,
    /// When the procedures were made public in the national database.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub published_on: Patch<NaiveDate>,
    /// What it does to which procedure, all of it.
    #[serde(default)]
    #[schema(value_type = Vec<PublicationItem>, required = false, max_items = 500)]
    pub items: Change<Vec<PublicationItem>>,
    /// Where it was taken from (nguồn).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub source: Patch<String>,
    /// Note (ghi chú).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Patch<String>,
}

impl ProcedurePublicationPatch {
    /// The whole publication after the patch.
    #[must_use]
    pub fn onto(self, present: &ProcedurePublication) -> ProcedurePublicationCreate {
        let present = present.clone();
        ProcedurePublicationCreate {
            org_unit_id: Some(present.org_unit_id),
            org_unit_identifier: None,
            org_unit_code: None,
            number: self.number.onto(present.number),
            issued_on: self.issued_on.onto(present.issued_on),
            effective_on: self.effective_on.onto(present.effective_on),
            title: self.title.onto(present.title),
            legal_basis: self.legal_basis.onto(present.legal_basis),
            legal_basis_effective_on: self.legal_basis_effective_on.onto(present.legal_basis_effective_on),
            published_on: self.published_on.onto(present.published_on),
            items: self.items.onto(present.items),
            source: self.source.onto(present.source),
            note: self.note.onto(present.note),
        }
    }
}
