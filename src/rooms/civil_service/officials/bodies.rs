//! What a client sends of an official.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::model::{OfficialQualification, OfficialRow, OfficialStatus, PoliticalTheoryLevel};
use super::person::OfficialPerson;
use crate::personnel_decisions::kinds::StaffCategory;
use kernel::api::{Change, Patch};
use kernel::tree::OrgUnitId;
use kernel::unit_reference::UnitName;

/// A new official, or the whole of a changed one. The unit may be another than before: who is moved is the same
/// official.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "org_unit_code": "31420", "employee_code": "CB-000123", "listed_on": "2026-11-23", "category": "civil_servant",
    "rank_title": "Chuyên viên", "qualification": "bachelor",
    "person": {"name": "Cán bộ thử nghiệm", "date_of_birth": "1990-01-01", "sex": "female", "id_number": "000000000000"}
}))]
pub struct OfficialCreate {
    /// The unit in which they serve, by id; exactly one of id, identifier and code (đơn vị công tác).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on the day of the list (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// Their code in the personnel software of the province (mã hồ sơ cán bộ, công chức, viên chức), without personal
    /// data; one code in capitals and in small letters.
    #[validate(length(min = 1, max = 30), custom(function = "kernel::text::spaced"))]
    #[schema(min_length = 1, max_length = 30)]
    pub employee_code: String,
    /// The day of the list that tells this (ngày của danh sách): a whole list has one day in all its lines. Where a
    /// batch or import tells what is held already, the record stays, and with it the day of the list that first told
    /// it.
    pub listed_on: NaiveDate,
    /// As what they serve (đối tượng).
    pub category: StaffCategory,
    /// Their position, never a name (chức vụ, chức danh, vị trí việc làm).
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub position_title: Option<String>,
    /// Their rank or professional title (ngạch, chức danh nghề nghiệp).
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub rank_title: Option<String>,
    /// Level of professional qualification (trình độ chuyên môn).
    #[serde(default)]
    pub qualification: Option<OfficialQualification>,
    /// Level of political theory (trình độ lý luận chính trị).
    #[serde(default)]
    pub political_theory: Option<PoliticalTheoryLevel>,
    /// Whether they serve, and if not why (tình trạng công tác); `working` when not given.
    #[serde(default = "working")]
    #[schema(default = "working")]
    pub status: OfficialStatus,
    /// Since when they serve (ngày vào cơ quan, đơn vị nhà nước).
    #[serde(default)]
    pub since: Option<NaiveDate>,
    /// The last day on which they served (ngày thôi công tác); none while they do.
    #[serde(default)]
    pub until: Option<NaiveDate>,
    /// Note, without personal data (ghi chú).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
    /// Who they are (nhân thân), as a whole. Left out, whoever is held stays, so that a list may tell of posts alone;
    /// in a sheet they are left out by having no such column or nothing in its cells. Null removes them.
    #[serde(default)]
    #[validate(nested)]
    #[schema(value_type = Option<OfficialPerson>)]
    pub person: Patch<OfficialPerson>,
}

const fn working() -> OfficialStatus {
    OfficialStatus::Working
}

impl OfficialCreate {
    /// How the unit is named.
    #[must_use]
    pub fn unit_name(&self) -> UnitName<'_> {
        UnitName {
            id: self.org_unit_id,
            identifier: self.org_unit_identifier.as_deref(),
            code: self.org_unit_code.as_deref(),
        }
    }

    /// The whole of what is held; the person stays as they are sealed.
    pub(super) fn of(present: OfficialRow) -> Self {
        Self {
            org_unit_id: Some(present.org_unit_id),
            org_unit_identifier: None,
            org_unit_code: None,
            employee_code: present.employee_code,
            listed_on: present.listed_on,
            category: present.category,
            position_title: present.position_title,
            rank_title: present.rank_title,
            qualification: present.qualification,
            political_theory: present.political_theory,
            status: present.status,
            since: present.since,
            until: present.until,
            note: present.note,
            person: Patch::Absent,
        }
    }
}

/// Changes to an official (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "retired", "until": "2026-11-30"}))]
pub struct OfficialPatch {
    /// The unit in which they serve (đơn vị công tác).
    #[serde(default)]
    #[schema(value_type = OrgUnitId, required = false)]
    pub org_unit_id: Change<OrgUnitId>,
    /// Their code in the personnel software of the province (mã hồ sơ).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 30)]
    pub employee_code: Change<String>,
    /// The day of the list that tells this (ngày của danh sách).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub listed_on: Change<NaiveDate>,
    /// As what they serve (đối tượng).
    #[serde(default)]
    #[schema(value_type = StaffCategory, required = false)]
    pub category: Change<StaffCategory>,
    /// Their position, never a name (chức vụ, chức danh, vị trí việc làm).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub position_title: Patch<String>,
    /// Their rank or professional title (ngạch, chức danh nghề nghiệp).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub rank_title: Patch<String>,
    /// Level of professional qualification (trình độ chuyên môn).
    #[serde(default)]
    #[schema(value_type = Option<OfficialQualification>)]
    pub qualification: Patch<OfficialQualification>,
    /// Level of political theory (trình độ lý luận chính trị).
    #[serde(default)]
    #[schema(value_type = Option<PoliticalTheoryLevel>)]
    pub political_theory: Patch<PoliticalTheoryLevel>,
    /// Whether they serve, and if not why (tình trạng công tác).
    #[serde(default)]
    #[schema(value_type = OfficialStatus, required = false)]
    pub status: Change<OfficialStatus>,
    /// Since when they serve (ngày vào cơ quan, đơn vị nhà nước).
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub since: Patch<NaiveDate>,
    /// The last day on which they served (ngày thôi công tác).
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub until: Patch<NaiveDate>,
    /// Note, without personal data (ghi chú).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Patch<String>,
    /// Who they are (nhân thân), as a whole; null removes them.
    #[serde(default)]
    #[schema(value_type = Option<OfficialPerson>)]
    pub person: Patch<OfficialPerson>,
}

impl OfficialPatch {
    /// The whole official after the patch.
    #[must_use]
    pub fn onto(self, present: OfficialCreate) -> OfficialCreate {
        OfficialCreate {
            org_unit_id: match self.org_unit_id {
                Change::Absent => present.org_unit_id,
                Change::Value(moved) => Some(moved),
            },
            employee_code: self.employee_code.onto(present.employee_code),
            listed_on: self.listed_on.onto(present.listed_on),
            category: self.category.onto(present.category),
            position_title: self.position_title.onto(present.position_title),
            rank_title: self.rank_title.onto(present.rank_title),
            qualification: self.qualification.onto(present.qualification),
            political_theory: self.political_theory.onto(present.political_theory),
            status: self.status.onto(present.status),
            since: self.since.onto(present.since),
            until: self.until.onto(present.until),
            note: self.note.onto(present.note),
            person: self.person,
            ..present
        }
    }
}
