//! What an official is: in the rows, as answered, and what lists are filtered by;
//! [`bodies`](super::bodies) is what a client sends.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::person::OfficialPersonShown;
use crate::personnel_decisions::kinds::StaffCategory;
use kernel::audit::personal_reads::Shown;
use kernel::db::schema::officials;
use kernel::db::types::Instant;
use kernel::record_types::RecordType;
use kernel::remarks::Remark;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitLabel, UnitName, UnitScope};
use kernel::{id, page_of, record, row, text_enum};

id! {
    /// Id of an official (cán bộ, công chức, viên chức, người lao động).
    OfficialId
}

text_enum! {
    /// Level of professional qualification (trình độ chuyên môn).
    pub enum OfficialQualification {
        /// None.
        Untrained => "untrained", "chưa qua đào tạo";
        /// Elementary vocational training.
        Elementary => "elementary", "sơ cấp";
        /// Intermediate vocational training.
        Intermediate => "intermediate", "trung cấp";
        /// College.
        College => "college", "cao đẳng";
        /// University.
        Bachelor => "bachelor", "đại học";
        /// Master.
        Master => "master", "thạc sĩ";
        /// Doctor.
        Doctor => "doctor", "tiến sĩ";
    }
}

text_enum! {
    /// Level of political theory (trình độ lý luận chính trị).
    pub enum PoliticalTheoryLevel {
        /// None.
        Untrained => "untrained", "chưa qua đào tạo";
        /// Elementary.
        Elementary => "elementary", "sơ cấp";
        /// Intermediate.
        Intermediate => "intermediate", "trung cấp";
        /// Advanced.
        Advanced => "advanced", "cao cấp";
        /// University.
        Bachelor => "bachelor", "cử nhân";
    }
}

text_enum! {
    /// Whether an official serves, and if not why (tình trạng công tác).
    pub enum OfficialStatus {
        /// Serves.
        Working => "working", "đang công tác";
        /// Retired.
        Retired => "retired", "nghỉ hưu";
        /// Left of their own will, or at the end of a contract.
        Resigned => "resigned", "thôi việc";
        /// Serves in another province or authority.
        Transferred => "transferred", "chuyển công tác khỏi tỉnh";
        /// Made to leave.
        Dismissed => "dismissed", "buộc thôi việc";
        /// Died.
        Deceased => "deceased", "từ trần";
    }
}

text_enum! {
    /// Order of officials (thứ tự).
    pub enum OfficialSort {
        /// Those of the oldest lists first.
        ListedOn => "listed_on", "ngày của danh sách tăng dần";
        /// Those of the newest lists first.
        ListedOnDesc => "-listed_on", "ngày của danh sách giảm dần";
    }
}

/// An official as they are stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = officials, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the fields are explained on Official")]
pub struct OfficialRow {
    pub id: OfficialId,
    /// The province in which the employee code is known.
    pub province_id: OrgUnitId,
    pub org_unit_id: OrgUnitId,
    pub employee_code: String,
    pub listed_on: NaiveDate,
    pub category: StaffCategory,
    pub position_title: Option<String>,
    pub rank_title: Option<String>,
    pub qualification: Option<OfficialQualification>,
    pub political_theory: Option<PoliticalTheoryLevel>,
    pub status: OfficialStatus,
    pub since: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
    pub note: Option<String>,
    /// Who they are, sealed; none where nobody said so, and once the data were erased.
    pub person: Option<String>,
    /// The digest by which the identity number is found.
    pub number_digest: Option<String>,
    pub erased_at: Option<Instant>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
    /// The day of the newest list that names them. It moves on beside the record, by a statement of its own.
    #[diesel(skip_update)]
    pub last_listed_on: NaiveDate,
    /// By which the employee code is known in the province; of one whose code another has too, their id.
    pub employee_key: String,
}
row!(OfficialRow, OfficialId);

impl OfficialRow {
    /// Whether this tells the same as what is held, be it in another list or with a code in other letters.
    #[must_use]
    pub fn tells_as(&self, held: &Self) -> bool {
        let employee_code = held.employee_code.clone();
        Self { listed_on: held.listed_on, employee_code, ..self.clone() } == *held
    }
}

/// Someone who serves in a unit (cán bộ, công chức, viên chức, người lao động).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000038", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
    "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
    "employee_code": "CB-000123", "listed_on": "2026-11-23", "category": "civil_servant",
    "position_title": "Công chức Tư pháp - Hộ tịch", "rank_title": "Chuyên viên", "qualification": "bachelor",
    "political_theory": "intermediate", "status": "working", "since": "2015-03-01", "until": null, "note": null,
    "person": {"name": "C** b* t** n*****", "date_of_birth": null, "sex": null, "id_number": "************"},
    "remarks": [], "erased_at": null, "version": 1, "created_at": "2026-11-23T02:00:00Z", "updated_at": "2026-11-23T02:00:00Z"
}))]
pub struct Official {
    /// Its id.
    pub id: OfficialId,
    /// The unit in which they serve (đơn vị công tác).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the day of the list (tên đơn vị).
    pub org_unit_name: String,
    /// Their code in the personnel software of the province (mã hồ sơ cán bộ, công chức, viên chức), one code in
    /// capitals and in small letters.
    pub employee_code: String,
    /// The day of the list that first told this (ngày của danh sách); later lists that tell the same leave it.
    pub listed_on: NaiveDate,
    /// As what they serve (đối tượng).
    pub category: StaffCategory,
    /// Their position (chức vụ, chức danh, vị trí việc làm).
    pub position_title: Option<String>,
    /// Their rank or professional title (ngạch, chức danh nghề nghiệp).
    pub rank_title: Option<String>,
    /// Level of professional qualification (trình độ chuyên môn).
    pub qualification: Option<OfficialQualification>,
    /// Level of political theory (trình độ lý luận chính trị).
    pub political_theory: Option<PoliticalTheoryLevel>,
    /// Whether they serve, and if not why (tình trạng công tác).
    pub status: OfficialStatus,
    /// Since when they serve (ngày vào cơ quan, đơn vị nhà nước).
    pub since: Option<NaiveDate>,
    /// The last day on which they served (ngày thôi công tác); null while they do.
    pub until: Option<NaiveDate>,
    /// Note, without personal data (ghi chú).
    pub note: Option<String>,
    /// Who they are (nhân thân); null where nobody said so, and once it was erased.
    pub person: Option<OfficialPersonShown>,
    /// What is noticed about them beside the officials in the account's reach (lưu ý).
    pub remarks: Vec<Remark>,
    /// When their personal data were erased on order (thời điểm xóa dữ liệu cá nhân).
    pub erased_at: Option<Instant>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
    /// In which province's journal it stands.
    #[serde(skip)]
    #[schema(ignore)]
    pub province_id: OrgUnitId,
    /// Whether it shows personal data in clear.
    #[serde(skip)]
    #[schema(ignore)]
    pub is_clear: bool,
}
page_of!(OfficialPage, Official, "officials");

record!(Official, shown: in_clear);

impl Official {
    /// The answer of a stored official, with the unit in which they serve. Of the person it tells nothing, nor what is
    /// noticed.
    #[must_use]
    pub fn of(row: OfficialRow, unit: UnitLabel) -> Self {
        Self {
            id: row.id,
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            employee_code: row.employee_code,
            listed_on: row.listed_on,
            category: row.category,
            position_title: row.position_title,
            rank_title: row.rank_title,
            qualification: row.qualification,
            political_theory: row.political_theory,
            status: row.status,
            since: row.since,
            until: row.until,
            note: row.note,
            person: None,
            remarks: Vec::new(),
            erased_at: row.erased_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            province_id: row.province_id,
            is_clear: false,
        }
    }

    fn in_clear(&self) -> Option<Shown> {
        self.is_clear.then(|| Shown {
            record_type: RecordType::Official.as_str(),
            id: self.id.to_string(),
            version: self.version,
            unit: self.org_unit_id,
            province: Some(self.province_id),
        })
    }
}

/// Which officials a list holds. A name or identity number is never asked for here: an address is logged.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfficialFilter {
    /// The unit in which they serve, by id (đơn vị công tác).
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
    /// Their code in the personnel software, in capitals or small letters (mã hồ sơ).
    #[validate(length(min = 1, max = 30))]
    #[param(min_length = 1, max_length = 30)]
    pub employee_code: Option<String>,
    /// As what they serve (đối tượng).
    #[param(inline)]
    pub category: Option<StaffCategory>,
    /// Whether they serve, and if not why (tình trạng công tác).
    #[param(inline)]
    pub status: Option<OfficialStatus>,
    /// Level of professional qualification (trình độ chuyên môn).
    #[param(inline)]
    pub qualification: Option<OfficialQualification>,
    /// Those who are held as working and were in no list of this day or later: who vanished from a whole list of
    /// that day (đang công tác nhưng không có trong danh sách từ ngày này). Also a list that told nothing new of
    /// someone has named them, though their record, its version and `listed_on` stayed as they were: the day of the
    /// newest list is kept beside the record, and not answered.
    pub not_listed_since: Option<NaiveDate>,
    /// Order (thứ tự); the newest lists first when not given.
    #[param(inline)]
    pub sort: Option<OfficialSort>,
}

impl OfficialFilter {
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

/// Which official is looked for (tra cứu theo số định danh).
#[derive(Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id_number": "000000000000"}))]
pub struct OfficialSearch {
    /// The identity number (số định danh), as a whole.
    #[validate(length(min = 9, max = 12))]
    #[schema(min_length = 9, max_length = 12, pattern = "^[0-9]{9,12}$")]
    pub id_number: String,
    /// The last official of the answer before, where there are more: those behind them are found (người cuối của lần
    /// trả lời trước).
    #[serde(default)]
    pub after: Option<OfficialId>,
}

impl std::fmt::Debug for OfficialSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OfficialSearch(..)")
    }
}

/// The officials with one identity number (cán bộ, công chức, viên chức theo số định danh).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "has_more": false}))]
pub struct OfficialsFound {
    /// The officials in reach, the newest lists first; at most 200.
    #[schema(max_items = 200)]
    pub items: Vec<Official>,
    /// Whether there are more than these (còn người khác): they are found with the last of these as `after`.
    pub has_more: bool,
}
