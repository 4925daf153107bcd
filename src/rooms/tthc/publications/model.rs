//! What a publication is: on the wire and in its rows.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::procedures::model::{ProcedureId, ProcedureLevel, ProcedureName};
use kernel::api::records::Row;
use kernel::db::schema::{procedure_publication_items, procedure_publications};
use kernel::db::types::Instant;
use kernel::remarks::Remark;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitLabel, UnitScope};
use kernel::{id, page_of, record, text_enum};

id! {
    /// Id of a decision that announces procedures (quyết định công bố thủ tục hành chính).
    ProcedurePublicationId
}

text_enum! {
    /// What a decision does to a procedure (nội dung công bố).
    pub enum PublicationAction {
        /// It is new.
        Add => "add", "ban hành mới";
        /// It is changed.
        Change => "change", "sửa đổi, bổ sung";
        /// It takes the place of another, which ends.
        Replace => "replace", "thay thế";
        /// It ends.
        Repeal => "repeal", "bãi bỏ";
    }
}

text_enum! {
    /// Order of publications (thứ tự).
    pub enum ProcedurePublicationSort {
        /// Earliest first.
        IssuedOn => "issued_on", "ngày ban hành tăng dần";
        /// Latest first.
        IssuedOnDesc => "-issued_on", "ngày ban hành giảm dần";
        /// By the day of effect, earliest first.
        EffectiveOn => "effective_on", "ngày có hiệu lực tăng dần";
        /// By the day of effect, latest first.
        EffectiveOnDesc => "-effective_on", "ngày có hiệu lực giảm dần";
    }
}

/// A publication as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = procedure_publications, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the fields are explained on ProcedurePublication")]
pub struct PublicationRow {
    pub id: ProcedurePublicationId,
    pub org_unit_id: OrgUnitId,
    pub number: String,
    /// The number as it is compared.
    pub number_key: String,
    pub issued_on: NaiveDate,
    /// The year in which the number is given once.
    pub issued_year: i32,
    pub effective_on: NaiveDate,
    pub title: String,
    /// The title as it is searched.
    pub title_folded: String,
    pub legal_basis: Option<String>,
    pub legal_basis_effective_on: Option<NaiveDate>,
    pub published_on: Option<NaiveDate>,
    pub source: Option<String>,
    pub note: Option<String>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// An item as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = procedure_publication_items, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the fields are explained on PublicationItem")]
pub struct ItemRow {
    pub publication_id: ProcedurePublicationId,
    pub position: i32,
    pub action: PublicationAction,
    pub procedure_code: String,
    pub replaced_procedure_code: Option<String>,
    pub level: Option<ProcedureLevel>,
    pub name: Option<String>,
    pub note: Option<String>,
}

/// What a decision does to one procedure (thủ tục được công bố).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProcedurePublicationItem)]
pub struct PublicationItem {
    /// What it does (nội dung công bố).
    pub action: PublicationAction,
    /// The procedure, by its id (thủ tục hành chính); in answers null where the catalogue has none of this
    /// code.
    #[serde(default)]
    pub procedure_id: Option<ProcedureId>,
    /// The procedure by its national code, as the decision writes it (mã TTHC); one that is added need
    /// not be in the catalogue yet.
    #[serde(default)]
    #[validate(length(min = 8, max = 44))]
    #[schema(min_length = 8, max_length = 44)]
    pub procedure_code: Option<String>,
    /// The procedure whose place it takes, by its id (thủ tục bị thay thế).
    #[serde(default)]
    pub replaced_procedure_id: Option<ProcedureId>,
    /// The procedure whose place it takes, by its code (mã TTHC được thay thế).
    #[serde(default)]
    #[validate(length(min = 8, max = 44))]
    #[schema(min_length = 8, max_length = 44)]
    pub replaced_procedure_code: Option<String>,
    /// The level under which the decision lists it (cấp thực hiện).
    #[serde(default)]
    pub level: Option<ProcedureLevel>,
    /// The procedure's name as the decision writes it (tên thủ tục).
    #[serde(default)]
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    pub name: Option<String>,
    /// What changed (nội dung sửa đổi, bổ sung).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

/// A publication with its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPublication {
    /// The decision.
    pub row: PublicationRow,
    /// Its items in their order, with the ids of the procedures that the catalogue has.
    pub items: Vec<PublicationItem>,
}

impl Row for HeldPublication {
    type Id = ProcedurePublicationId;

    fn id(&self) -> ProcedurePublicationId {
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

/// A decision that announces procedures (quyết định công bố thủ tục hành chính). The counts by what it
/// does follow from its items.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000012", "org_unit_id": "0190a8c0-0000-7000-8000-000000000003",
    "org_unit_code": "92", "org_unit_identifier": "H13", "org_unit_name": "Thành phố Cần Thơ",
    "number": "1234/QĐ-UBND", "issued_on": "2026-01-05", "effective_on": "2026-01-12",
    "title": "Công bố danh mục thủ tục hành chính lĩnh vực hộ tịch", "legal_basis": null,
    "legal_basis_effective_on": null, "published_on": "2026-01-09", "items": [{"action": "add",
    "procedure_id": null, "procedure_code": "1.013999", "replaced_procedure_id": null,
    "replaced_procedure_code": null, "level": "commune", "name": "Đăng ký khai sinh liên thông",
    "note": null}, {"action": "repeal", "procedure_id": "0190a8c0-0000-7000-8000-000000000013",
    "procedure_code": "1.000419", "replaced_procedure_id": null, "replaced_procedure_code": null,
    "level": "commune", "name": "Đăng ký khai tử lưu động", "note": null}], "added_count": 1,
    "changed_count": 0, "replaced_count": 0, "repealed_count": 1, "remarks": [], "source": null,
    "note": null, "version": 1, "created_at": "2026-01-12T02:00:00Z", "updated_at": "2026-01-12T02:00:00Z"
}))]
pub struct ProcedurePublication {
    /// Its id.
    pub id: ProcedurePublicationId,
    /// The unit that issued it (cơ quan ban hành).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the day of issue (tên cơ quan ban hành).
    pub org_unit_name: String,
    /// Number (số, ký hiệu).
    pub number: String,
    /// Day of issue (ngày ban hành).
    pub issued_on: NaiveDate,
    /// First day on which it holds (ngày có hiệu lực).
    pub effective_on: NaiveDate,
    /// What it is about (trích yếu).
    pub title: String,
    /// The legal document that sets the procedures (văn bản quy định thủ tục).
    pub legal_basis: Option<String>,
    /// When that document takes effect (ngày có hiệu lực của văn bản quy định thủ tục).
    pub legal_basis_effective_on: Option<NaiveDate>,
    /// When they were made public in the national database (ngày công khai trên CSDL quốc gia về TTHC).
    pub published_on: Option<NaiveDate>,
    /// What it does to which procedure (danh mục thủ tục được công bố).
    pub items: Vec<PublicationItem>,
    /// How many it adds (số TTHC ban hành mới).
    #[schema(minimum = 0)]
    pub added_count: usize,
    /// How many it changes (số TTHC sửa đổi, bổ sung).
    #[schema(minimum = 0)]
    pub changed_count: usize,
    /// How many it replaces (số TTHC thay thế).
    #[schema(minimum = 0)]
    pub replaced_count: usize,
    /// How many it repeals (số TTHC bãi bỏ).
    #[schema(minimum = 0)]
    pub repealed_count: usize,
    /// What is noticed about it (lưu ý).
    pub remarks: Vec<Remark>,
    /// Where it was taken from (nguồn).
    pub source: Option<String>,
    /// Note (ghi chú).
    pub note: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
page_of!(ProcedurePublicationPage, ProcedurePublication, "publications of procedures");

record!(ProcedurePublication);

impl ProcedurePublication {
    /// The answer of a stored publication.
    #[must_use]
    pub fn of(held: HeldPublication, unit: UnitLabel) -> Self {
        let remarks = super::rules::remarks(&held);
        let HeldPublication { row, items } = held;
        let count = |action| items.iter().filter(|item| item.action == action).count();
        Self {
            id: row.id,
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            number: row.number,
            issued_on: row.issued_on,
            effective_on: row.effective_on,
            title: row.title,
            legal_basis: row.legal_basis,
            legal_basis_effective_on: row.legal_basis_effective_on,
            published_on: row.published_on,
            added_count: count(PublicationAction::Add),
            changed_count: count(PublicationAction::Change),
            replaced_count: count(PublicationAction::Replace),
            repealed_count: count(PublicationAction::Repeal),
            items,
            remarks,
            source: row.source,
            note: row.note,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Which publications a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProcedurePublicationFilter {
    /// The unit that issued them, by id (cơ quan ban hành).
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
    /// Number, in whatever way it is written (số, ký hiệu).
    #[validate(length(min = 1, max = 50))]
    #[param(min_length = 1, max_length = 50)]
    pub number: Option<String>,
    /// Issued on this day or later (ban hành từ ngày).
    pub issued_from: Option<NaiveDate>,
    /// Issued on this day or before (ban hành đến ngày).
    pub issued_to: Option<NaiveDate>,
    /// In effect on this day or later (hiệu lực từ ngày).
    pub effective_from: Option<NaiveDate>,
    /// In effect on this day or before (hiệu lực đến ngày).
    pub effective_to: Option<NaiveDate>,
    /// Those with an item about this procedure (thủ tục).
    pub procedure_id: Option<ProcedureId>,
    /// Those with an item about the procedure of this code (mã TTHC); with an agency code behind it also
    /// those that write it without.
    #[validate(length(min = 1, max = 44))]
    #[param(min_length = 1, max_length = 44)]
    pub procedure_code: Option<String>,
    /// Those with an item that does this (nội dung công bố).
    #[param(inline)]
    pub action: Option<PublicationAction>,
    /// Those with an item listed under this level (cấp thực hiện).
    #[param(inline)]
    pub level: Option<ProcedureLevel>,
    /// Words of the title in any order, without regard to case and tone marks.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    /// Order (thứ tự); the latest first when not given.
    #[param(inline)]
    pub sort: Option<ProcedurePublicationSort>,
}

/// How many decisions and procedures (số quyết định, số thủ tục được công bố).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "publications": 12, "added": 31, "changed": 18, "replaced": 6, "repealed": 9, "procedures": 58
}))]
pub struct ProcedurePublicationCounts {
    /// Decisions (số quyết định).
    #[schema(minimum = 0)]
    pub publications: i64,
    /// Procedures that they add (số TTHC ban hành mới).
    #[schema(minimum = 0)]
    pub added: i64,
    /// Procedures that they change (số TTHC sửa đổi, bổ sung).
    #[schema(minimum = 0)]
    pub changed: i64,
    /// Procedures that they put in the place of others (số TTHC thay thế).
    #[schema(minimum = 0)]
    pub replaced: i64,
    /// Procedures that they repeal (số TTHC bãi bỏ).
    #[schema(minimum = 0)]
    pub repealed: i64,
    /// Different procedures among them (số TTHC, mỗi thủ tục tính một lần).
    #[schema(minimum = 0)]
    pub procedures: i64,
}

/// Which differences are asked for.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PublicationDifferenceFilter {
    /// Of decisions that this unit issued only, by id (cơ quan ban hành). Decisions that the catalogue
    /// names and that are not held are nobody's.
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// Decisions in effect on this day, and versions that hold by then (ngày tra cứu), and the day on
    /// which the unit's code and the tree are read; today when not given.
    pub as_of: Option<NaiveDate>,
    /// The unit itself, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// Of this publication only (quyết định công bố).
    pub publication_id: Option<ProcedurePublicationId>,
    /// Only those with this remark code (mã lưu ý).
    #[validate(length(min = 1, max = 50))]
    #[param(min_length = 1, max_length = 50)]
    pub code: Option<String>,
}

/// Where catalogue and decisions do not say the same (sai lệch giữa danh mục và quyết định công bố).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "publication_id": "0190a8c0-0000-7000-8000-000000000012", "publication_number": "1234/QĐ-UBND",
    "effective_on": "2026-01-12", "action": "repeal",
    "procedure_id": "0190a8c0-0000-7000-8000-000000000013", "procedure_code": "1.000419",
    "remark": {"pointer": "/effective_on", "code": "still_in_force", "severity": "finding",
    "message": {"vi": "Thủ tục 1.000419 bị 1234/QĐ-UBND bãi bỏ từ ngày 12/01/2026 nhưng danh mục vẫn còn hiệu lực.",
    "en": "1234/QĐ-UBND ends the procedure 1.000419 on 2026-01-12, but in the catalogue it holds on."},
    "numbers": {}}
}))]
pub struct PublicationDifference {
    /// The decision (quyết định công bố); null where none is held.
    pub publication_id: Option<ProcedurePublicationId>,
    /// Its number (số, ký hiệu); where none is held, what the catalogue names.
    pub publication_number: String,
    /// When it takes effect (ngày có hiệu lực).
    pub effective_on: Option<NaiveDate>,
    /// What it does to the procedure (nội dung công bố).
    pub action: Option<PublicationAction>,
    /// The procedure (thủ tục hành chính); null where the catalogue has none of this code.
    pub procedure_id: Option<ProcedureId>,
    /// Its code (mã TTHC).
    pub procedure_code: String,
    /// How they differ (nội dung sai lệch).
    pub remark: Remark,
}
page_of!(PublicationDifferencePage, PublicationDifference, "differences between catalogue and publications");

/// What the application of a publication did (kết quả cập nhật danh mục theo quyết định).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "publication_id": "0190a8c0-0000-7000-8000-000000000012", "effective_on": "2026-01-12",
    "ended": [{"id": "0190a8c0-0000-7000-8000-000000000013", "code": "1.000419",
    "name": "Đăng ký khai tử lưu động"}],
    "differences": [{"publication_id": "0190a8c0-0000-7000-8000-000000000012",
    "publication_number": "1234/QĐ-UBND", "effective_on": "2026-01-12", "action": "add",
    "procedure_id": null, "procedure_code": "1.013999", "remark": {"pointer": "/procedure_code",
    "code": "not_in_catalogue", "severity": "finding",
    "message": {"vi": "Danh mục chưa có thủ tục 1.013999.",
    "en": "The catalogue does not have the procedure 1.013999."}, "numbers": {}}}]
}))]
pub struct PublicationApplication {
    /// The publication.
    pub publication_id: ProcedurePublicationId,
    /// The day from which on what it repeals no longer holds (ngày có hiệu lực).
    pub effective_on: NaiveDate,
    /// The procedures that were ended (thủ tục hết hiệu lực).
    pub ended: Vec<ProcedureName>,
    /// Where the catalogue still differs from it (sai lệch còn lại).
    pub differences: Vec<PublicationDifference>,
}
