//! What a posting is: on the wire and in its rows.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::procedures::model::{ProcedureId, ProcedureStatus};
use kernel::api::records::Row;
use kernel::api::{Change, Patch};
use kernel::db::schema::procedure_postings;
use kernel::db::types::Instant;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitLabel, UnitName, UnitScope};
use kernel::{id, page_of, record, text_enum};

id! {
    /// Id of a posting of a procedure (niêm yết thủ tục hành chính).
    ProcedurePostingId
}

text_enum! {
    /// Where a procedure is posted (hình thức niêm yết).
    pub enum PostingForm {
        /// On the board of the one-stop centre.
        Board => "board", "bảng niêm yết";
        /// On the unit's website or portal.
        Website => "website", "trang, cổng thông tin điện tử";
        /// On an electronic kiosk or screen.
        Kiosk => "kiosk", "màn hình, ki-ốt điện tử";
        /// By a code that is scanned.
        QrCode => "qr_code", "mã QR";
        /// In another way.
        Other => "other", "hình thức khác";
    }
}

text_enum! {
    /// Order of postings (thứ tự).
    pub enum ProcedurePostingSort {
        /// The earliest posted first.
        PostedOn => "posted_on", "ngày niêm yết tăng dần";
        /// The latest posted first.
        PostedOnDesc => "-posted_on", "ngày niêm yết giảm dần";
    }
}

/// A posting as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = procedure_postings, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the fields are explained on ProcedurePosting")]
pub struct PostingRow {
    pub id: ProcedurePostingId,
    /// The province that it belongs to.
    pub province_id: OrgUnitId,
    pub org_unit_id: OrgUnitId,
    pub procedure_id: ProcedureId,
    pub form: PostingForm,
    pub place: Option<String>,
    pub posted_on: NaiveDate,
    pub removed_on: Option<NaiveDate>,
    pub note: Option<String>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// What a posting tells of its procedure, as it stands on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedProcedure {
    /// National code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Whether it is in force.
    pub status: ProcedureStatus,
}

/// A posting with its procedure.
#[derive(Debug, Clone, Eq)]
pub struct HeldPosting {
    /// The posting.
    pub row: PostingRow,
    /// Its procedure.
    pub procedure: PostedProcedure,
}

/// What is told of the procedure does not make it another posting.
impl PartialEq for HeldPosting {
    fn eq(&self, other: &Self) -> bool {
        self.row == other.row
    }
}

impl Row for HeldPosting {
    type Id = ProcedurePostingId;

    fn id(&self) -> ProcedurePostingId {
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

/// A procedure that a unit shows to the public (niêm yết công khai thủ tục hành chính).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000014", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
    "org_unit_code": "31420", "org_unit_identifier": "H30.44", "org_unit_name": "Xã Phụng Hiệp",
    "procedure_id": "0190a8c0-0000-7000-8000-000000000011", "procedure_code": "1.001193",
    "procedure_name": "Đăng ký khai sinh", "procedure_status": "in_force", "form": "board",
    "place": "Trung tâm Phục vụ hành chính công xã Phụng Hiệp", "posted_on": "2026-01-12",
    "removed_on": null, "note": null, "version": 1, "created_at": "2026-01-12T02:00:00Z",
    "updated_at": "2026-01-12T02:00:00Z"
}))]
pub struct ProcedurePosting {
    /// Its id.
    pub id: ProcedurePostingId,
    /// The unit that posts it (đơn vị niêm yết).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the day of posting (tên đơn vị).
    pub org_unit_name: String,
    /// The procedure (thủ tục hành chính).
    pub procedure_id: ProcedureId,
    /// Its national code (mã TTHC).
    pub procedure_code: String,
    /// Its name (tên thủ tục).
    pub procedure_name: String,
    /// Whether it is in force on the day asked for (tình trạng thủ tục): what has ended should be taken down.
    pub procedure_status: ProcedureStatus,
    /// Where it is posted (hình thức niêm yết).
    pub form: PostingForm,
    /// The place or address (địa điểm, địa chỉ).
    pub place: Option<String>,
    /// First day on which it is posted (ngày niêm yết).
    pub posted_on: NaiveDate,
    /// First day on which it no longer is (ngày gỡ bỏ); null while it is.
    pub removed_on: Option<NaiveDate>,
    /// Note (ghi chú).
    pub note: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
page_of!(ProcedurePostingPage, ProcedurePosting, "postings of procedures");

record!(ProcedurePosting);

impl ProcedurePosting {
    /// The answer of a stored posting.
    #[must_use]
    pub fn of(held: HeldPosting, unit: UnitLabel) -> Self {
        let HeldPosting { row, procedure } = held;
        Self {
            id: row.id,
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            procedure_id: row.procedure_id,
            procedure_code: procedure.code,
            procedure_name: procedure.name,
            procedure_status: procedure.status,
            form: row.form,
            place: row.place,
            posted_on: row.posted_on,
            removed_on: row.removed_on,
            note: row.note,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A new posting, or the whole of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "org_unit_code": "31396", "procedure_code": "1.000593", "form": "board",
    "place": "Trung tâm Phục vụ hành chính công", "posted_on": "2026-01-12"
}))]
pub struct ProcedurePostingCreate {
    /// The unit that posts it, by id; exactly one of id, identifier and code (đơn vị niêm yết).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on the day of posting (mã đơn vị hành chính).
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
    /// Where it is posted (hình thức niêm yết).
    pub form: PostingForm,
    /// The place or address (địa điểm, địa chỉ).
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub place: Option<String>,
    /// First day on which it is posted (ngày niêm yết).
    pub posted_on: NaiveDate,
    /// First day on which it no longer is (ngày gỡ bỏ); null or absent while it is.
    #[serde(default)]
    pub removed_on: Option<NaiveDate>,
    /// Note (ghi chú).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

impl ProcedurePostingCreate {
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

/// Changes to a posting (RFC 7396). Unit and procedure stay: they name it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"removed_on": "2026-09-03"}))]
pub struct ProcedurePostingPatch {
    /// Where it is posted (hình thức niêm yết).
    #[serde(default)]
    #[schema(value_type = PostingForm, required = false)]
    pub form: Change<PostingForm>,
    /// The place or address (địa điểm, địa chỉ).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub place: Patch<String>,
    /// First day on which it is posted (ngày niêm yết).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub posted_on: Change<NaiveDate>,
    /// First day on which it no longer is (ngày gỡ bỏ); null while it is.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub removed_on: Patch<NaiveDate>,
    /// Note (ghi chú).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Patch<String>,
}

impl ProcedurePostingPatch {
    /// The whole posting after the patch.
    #[must_use]
    pub fn onto(self, present: &ProcedurePosting) -> ProcedurePostingCreate {
        ProcedurePostingCreate {
            org_unit_id: Some(present.org_unit_id),
            org_unit_identifier: None,
            org_unit_code: None,
            procedure_id: Some(present.procedure_id),
            procedure_code: None,
            form: self.form.onto(present.form),
            place: self.place.onto(present.place.clone()),
            posted_on: self.posted_on.onto(present.posted_on),
            removed_on: self.removed_on.onto(present.removed_on),
            note: self.note.onto(present.note.clone()),
        }
    }
}

/// Which postings a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProcedurePostingFilter {
    /// The unit that posts, by id (đơn vị niêm yết).
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The day on which the unit's code, the tree and the procedures are read; today when not given.
    pub as_of: Option<NaiveDate>,
    /// The unit itself, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// The procedure (thủ tục hành chính).
    pub procedure_id: Option<ProcedureId>,
    /// The procedure by its national code (mã TTHC).
    #[validate(length(min = 1, max = 44))]
    #[param(min_length = 1, max_length = 44)]
    pub procedure_code: Option<String>,
    /// Where it is posted (hình thức niêm yết).
    #[param(inline)]
    pub form: Option<PostingForm>,
    /// Whether it is posted on `as_of` (đang niêm yết).
    pub standing: Option<bool>,
    /// Whether its procedure is in force on `as_of` (tình trạng hiệu lực của thủ tục); with `standing`,
    /// `ended` finds what should be taken down.
    #[param(inline)]
    pub procedure_status: Option<ProcedureStatus>,
    /// Order (thứ tự); the earliest first when not given.
    #[param(inline)]
    pub sort: Option<ProcedurePostingSort>,
}
