//! What a dossier is: on the wire.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::due::Timeliness;
use super::life::DossierStatus;
use super::people::{DossierPerson, DossierPersonShown};
use crate::procedures::model::ProcedureId;
use kernel::api::{Change, Patch};
use kernel::db::types::Instant;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitLabel, UnitName};
use kernel::{id, page_of, record, text_enum};

id! {
    /// Id of a dossier (hồ sơ thủ tục hành chính).
    DossierId
}

text_enum! {
    /// How a dossier came in (kênh thực hiện).
    pub enum Channel {
        /// Through a portal.
        Online => "online", "trực tuyến";
        /// At the counter.
        InPerson => "in_person", "trực tiếp";
        /// By public post.
        Postal => "postal", "bưu chính công ích";
    }
}

text_enum! {
    /// As whose a unit sees or counts a dossier (vai trò của đơn vị đối với hồ sơ).
    pub enum DossierRole {
        /// The unit that resolves it.
        Resolving => "resolving", "đơn vị giải quyết";
        /// The unit that received it.
        Receiving => "receiving", "đơn vị tiếp nhận";
    }
}

text_enum! {
    /// Order of dossiers (thứ tự).
    pub enum DossierSort {
        /// The earliest received first.
        ReceivedAt => "received_at", "thời điểm tiếp nhận tăng dần";
        /// The latest received first.
        ReceivedAtDesc => "-received_at", "thời điểm tiếp nhận giảm dần";
    }
}

/// A dossier (hồ sơ thủ tục hành chính): one application for one procedure, from receipt to result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000021", "code": "H13.44-261102-0007",
    "procedure_id": "0190a8c0-0000-7000-8000-000000000011", "procedure_code": "1.001193",
    "procedure_name": "Đăng ký khai sinh", "field_name": "Hộ tịch",
    "receiving_unit_id": "0190a8c0-0000-7000-8000-000000000004", "receiving_unit_code": "31420",
    "receiving_unit_identifier": "H13.44", "receiving_unit_name": "Xã Phụng Hiệp",
    "resolving_unit_id": "0190a8c0-0000-7000-8000-000000000004", "resolving_unit_code": "31420",
    "resolving_unit_identifier": "H13.44", "resolving_unit_name": "Xã Phụng Hiệp", "channel": "online",
    "owner": {"kind": "citizen", "name": "C** h* s* t** n*****", "id_number": "************", "phone": null},
    "submitter": null, "received_at": "2026-11-02T02:10:00Z", "due_at": null, "due_on": "2026-11-05",
    "status": "processing", "timeliness": "early", "portal_status": 4, "rules_version": 1,
    "waiting_since": null, "resolved_at": null, "returned_at": null, "closed_at": null, "rescheduled_to": null,
    "fee_vnd": 8000, "paid_online": true, "input_digitised": true, "result_digitised": false,
    "foreign_code": null, "linked_code": null, "source_updated_at": "2026-11-02T02:15:00Z",
    "generated": false, "erased_at": null, "version": 2, "created_at": "2026-11-02T02:10:05Z",
    "updated_at": "2026-11-02T02:15:05Z"
}))]
pub struct Dossier {
    /// Its id.
    pub id: DossierId,
    /// Code (mã hồ sơ), such as `H30.14-240115-0001`.
    pub code: String,
    /// The procedure (thủ tục hành chính).
    pub procedure_id: ProcedureId,
    /// Its national code (mã TTHC).
    pub procedure_code: String,
    /// Its name when the dossier was received (tên thủ tục).
    pub procedure_name: String,
    /// Its field when the dossier was received (lĩnh vực); null where it has none.
    pub field_name: Option<String>,
    /// The unit that received it (đơn vị tiếp nhận).
    pub receiving_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị tiếp nhận).
    pub receiving_unit_code: Option<String>,
    /// Its identification code (mã định danh đơn vị tiếp nhận).
    pub receiving_unit_identifier: Option<String>,
    /// Its name on the day of receipt (tên đơn vị tiếp nhận).
    pub receiving_unit_name: String,
    /// The unit that resolves it (đơn vị giải quyết).
    pub resolving_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị giải quyết).
    pub resolving_unit_code: Option<String>,
    /// Its identification code (mã định danh đơn vị giải quyết).
    pub resolving_unit_identifier: Option<String>,
    /// Its name since it has the dossier (tên đơn vị giải quyết).
    pub resolving_unit_name: String,
    /// How it came in (kênh thực hiện).
    pub channel: Channel,
    /// Whose dossier it is (chủ hồ sơ).
    pub owner: DossierPersonShown,
    /// Who handed it in, where that is someone else (người nộp hồ sơ).
    pub submitter: Option<DossierPersonShown>,
    /// When it was received (thời điểm tiếp nhận).
    pub received_at: Instant,
    /// When it is due (thời điểm hẹn trả), where a moment is stated or hours are counted.
    pub due_at: Option<Instant>,
    /// The day on which it is due (ngày hẹn trả); null where there is none.
    pub due_on: Option<NaiveDate>,
    /// Status (trạng thái).
    pub status: DossierStatus,
    /// Whether it is in time (tình trạng hạn); null where it is not counted, was withdrawn or refused.
    pub timeliness: Option<Timeliness>,
    /// Code of the status on the national portal (mã trạng thái trên Cổng dịch vụ công quốc gia), 1 to 10;
    /// null for a refusal.
    #[schema(minimum = 1, maximum = 10)]
    pub portal_status: Option<i32>,
    /// The version of the rules under which it was received (phiên bản quy tắc tính hạn).
    pub rules_version: i64,
    /// Since when the unit waits for someone else (chờ từ thời điểm); null where it does not.
    pub waiting_since: Option<Instant>,
    /// When it was resolved (thời điểm xử lý xong).
    pub resolved_at: Option<Instant>,
    /// When the result was returned (thời điểm trả kết quả).
    pub returned_at: Option<Instant>,
    /// When it was withdrawn or refused (thời điểm rút, từ chối).
    pub closed_at: Option<Instant>,
    /// The day that was promised with an apology (ngày hẹn lại); it changes neither due day nor timeliness.
    pub rescheduled_to: Option<NaiveDate>,
    /// Fees and charges (phí, lệ phí), in đồng.
    pub fee_vnd: Option<i64>,
    /// Whether they were paid online (thanh toán trực tuyến).
    pub paid_online: bool,
    /// Whether its papers were digitised (số hóa thành phần hồ sơ).
    pub input_digitised: bool,
    /// Whether its result was digitised (số hóa kết quả giải quyết).
    pub result_digitised: bool,
    /// Its code in another system (mã hồ sơ ở hệ thống khác).
    pub foreign_code: Option<String>,
    /// The code of the linked dossier of which it is a part (mã hồ sơ liên thông gốc); such a part is not
    /// counted again.
    pub linked_code: Option<String>,
    /// When the sending system last changed it (thời điểm cập nhật tại hệ thống nguồn).
    pub source_updated_at: Option<Instant>,
    /// Whether it was made up for a demonstration (hồ sơ sinh tự động để trình diễn).
    pub generated: bool,
    /// When its personal data were erased on order (thời điểm xóa dữ liệu cá nhân).
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
page_of!(DossierPage, Dossier, "dossiers");

record!(Dossier, shown: in_clear);

/// A new dossier, in whatever status, or the whole of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "H13.44-261102-0007", "procedure_code": "1.001193", "receiving_unit_code": "31420",
    "channel": "online", "received_at": "2026-11-02T09:10:00+07:00",
    "owner": {"kind": "citizen", "name": "Chủ hồ sơ thử nghiệm", "id_number": "000000000000"}
}))]
pub struct DossierCreate {
    /// Code (mã hồ sơ), such as `H30.14-240115-0001`.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60)]
    pub code: String,
    /// The procedure, by id or by code (thủ tục hành chính).
    #[serde(default)]
    pub procedure_id: Option<ProcedureId>,
    /// The procedure by its national code (mã TTHC).
    #[serde(default)]
    #[validate(length(min = 8, max = 44))]
    #[schema(min_length = 8, max_length = 44)]
    pub procedure_code: Option<String>,
    /// The unit that received it, by id; exactly one of id, identifier and code (đơn vị tiếp nhận).
    #[serde(default)]
    pub receiving_unit_id: Option<OrgUnitId>,
    /// That unit by its identification code (mã định danh đơn vị tiếp nhận).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub receiving_unit_identifier: Option<String>,
    /// That unit by its statistics code, read on the day of receipt (mã đơn vị tiếp nhận).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub receiving_unit_code: Option<String>,
    /// The unit that resolves it, by id; the receiving unit where none is named (đơn vị giải quyết).
    #[serde(default)]
    pub resolving_unit_id: Option<OrgUnitId>,
    /// That unit by its identification code (mã định danh đơn vị giải quyết).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub resolving_unit_identifier: Option<String>,
    /// That unit by its statistics code, read on the day of receipt (mã đơn vị giải quyết).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub resolving_unit_code: Option<String>,
    /// How it came in (kênh thực hiện).
    pub channel: Channel,
    /// Whose dossier it is (chủ hồ sơ).
    #[validate(nested)]
    pub owner: DossierPerson,
    /// Who handed it in, where that is someone else (người nộp hồ sơ).
    #[serde(default)]
    #[validate(nested)]
    pub submitter: Option<DossierPerson>,
    /// When it was received (thời điểm tiếp nhận).
    pub received_at: Instant,
    /// When it is due (thời điểm hẹn trả); computed from the procedure's deadline where it is not given. A moment that
    /// was computed and is sent back stays computed.
    #[serde(default)]
    pub due_at: Option<Instant>,
    /// Status (trạng thái); what the dates say where it is not given: `returned`, `resolved` or `received`.
    #[serde(default)]
    pub status: Option<DossierStatus>,
    /// Since when the unit waits for someone else (chờ từ thời điểm), of a dossier that is told in a wait; since
    /// receipt, or as it is held, where it is not given.
    #[serde(default)]
    pub waiting_since: Option<Instant>,
    /// When it was resolved (thời điểm xử lý xong).
    #[serde(default)]
    pub resolved_at: Option<Instant>,
    /// When the result was returned (thời điểm trả kết quả).
    #[serde(default)]
    pub returned_at: Option<Instant>,
    /// When it was withdrawn or refused (thời điểm rút, từ chối).
    #[serde(default)]
    pub closed_at: Option<Instant>,
    /// The day that was promised with an apology (ngày hẹn lại).
    #[serde(default)]
    pub rescheduled_to: Option<NaiveDate>,
    /// Fees and charges (phí, lệ phí), in đồng.
    #[serde(default)]
    #[validate(range(min = 0, max = 9_007_199_254_740_991_i64))]
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub fee_vnd: Option<i64>,
    /// Whether they were paid online (thanh toán trực tuyến).
    #[serde(default)]
    #[schema(default = false)]
    pub paid_online: bool,
    /// Whether its papers were digitised (số hóa thành phần hồ sơ).
    #[serde(default)]
    #[schema(default = false)]
    pub input_digitised: bool,
    /// Whether its result was digitised (số hóa kết quả giải quyết).
    #[serde(default)]
    #[schema(default = false)]
    pub result_digitised: bool,
    /// Its code in another system (mã hồ sơ ở hệ thống khác).
    #[serde(default)]
    #[validate(length(min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub foreign_code: Option<String>,
    /// The code of the linked dossier of which it is a part (mã hồ sơ liên thông gốc): one that is held in its
    /// province, or comes with it, and is itself no part.
    #[serde(default)]
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60)]
    pub linked_code: Option<String>,
    /// When the sending system last changed it (thời điểm cập nhật tại hệ thống nguồn); what is older than
    /// the record held is not written.
    #[serde(default)]
    pub source_updated_at: Option<Instant>,
    /// Whether the due day is the one that is held: waits that have ended move it, though it was stated once.
    #[serde(skip)]
    #[schema(ignore)]
    pub keeps_due: bool,
}

impl DossierCreate {
    /// How the receiving unit is named.
    #[must_use]
    pub fn receiving_unit(&self) -> UnitName<'_> {
        UnitName {
            id: self.receiving_unit_id,
            identifier: self.receiving_unit_identifier.as_deref(),
            code: self.receiving_unit_code.as_deref(),
        }
    }

    /// How the resolving unit is named.
    #[must_use]
    pub fn resolving_unit(&self) -> UnitName<'_> {
        UnitName {
            id: self.resolving_unit_id,
            identifier: self.resolving_unit_identifier.as_deref(),
            code: self.resolving_unit_code.as_deref(),
        }
    }

    /// The status, as it is given or follows from the dates.
    #[must_use]
    pub fn status(&self) -> DossierStatus {
        self.status.unwrap_or(match (self.returned_at, self.resolved_at) {
            (Some(_), _) => DossierStatus::Returned,
            (None, Some(_)) => DossierStatus::Resolved,
            (None, None) => DossierStatus::Received,
        })
    }
}

/// Changes to a dossier (RFC 7396). Its code, procedure and units stay; a unit changes by a transfer.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"fee_vnd": 8000, "paid_online": true}))]
pub struct DossierPatch {
    /// How it came in (kênh thực hiện).
    #[serde(default)]
    #[schema(value_type = Channel, required = false)]
    pub channel: Change<Channel>,
    /// Whose dossier it is (chủ hồ sơ), as a whole.
    #[serde(default)]
    #[schema(value_type = DossierPerson, required = false)]
    pub owner: Change<DossierPerson>,
    /// Who handed it in (người nộp hồ sơ), as a whole.
    #[serde(default)]
    #[schema(value_type = Option<DossierPerson>)]
    pub submitter: Patch<DossierPerson>,
    /// When it was received (thời điểm tiếp nhận).
    #[serde(default)]
    #[schema(value_type = Instant, required = false)]
    pub received_at: Change<Instant>,
    /// When it is due (thời điểm hẹn trả); null to have it computed.
    #[serde(default)]
    #[schema(value_type = Option<Instant>)]
    pub due_at: Patch<Instant>,
    /// Status (trạng thái), to which steps must lead.
    #[serde(default)]
    #[schema(value_type = DossierStatus, required = false)]
    pub status: Change<DossierStatus>,
    /// When it was resolved (thời điểm xử lý xong).
    #[serde(default)]
    #[schema(value_type = Option<Instant>)]
    pub resolved_at: Patch<Instant>,
    /// When the result was returned (thời điểm trả kết quả).
    #[serde(default)]
    #[schema(value_type = Option<Instant>)]
    pub returned_at: Patch<Instant>,
    /// When it was withdrawn or refused (thời điểm rút, từ chối).
    #[serde(default)]
    #[schema(value_type = Option<Instant>)]
    pub closed_at: Patch<Instant>,
    /// The day that was promised with an apology (ngày hẹn lại).
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub rescheduled_to: Patch<NaiveDate>,
    /// Fees and charges (phí, lệ phí), in đồng.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub fee_vnd: Patch<i64>,
    /// Whether they were paid online (thanh toán trực tuyến).
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub paid_online: Change<bool>,
    /// Whether its papers were digitised (số hóa thành phần hồ sơ).
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub input_digitised: Change<bool>,
    /// Whether its result was digitised (số hóa kết quả giải quyết).
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub result_digitised: Change<bool>,
    /// Its code in another system (mã hồ sơ ở hệ thống khác).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub foreign_code: Patch<String>,
    /// The code of the linked dossier of which it is a part (mã hồ sơ liên thông gốc).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 60)]
    pub linked_code: Patch<String>,
    /// When the sending system last changed it (thời điểm cập nhật tại hệ thống nguồn).
    #[serde(default)]
    #[schema(value_type = Option<Instant>)]
    pub source_updated_at: Patch<Instant>,
}

impl DossierPatch {
    /// The whole dossier after the patch.
    #[must_use]
    pub fn onto(self, present: DossierCreate) -> DossierCreate {
        let held = present.status();
        let status = self.status.onto(held);
        DossierCreate {
            keeps_due: !self.due_at.is_present(),
            status: Some(status),
            // Another status does not wait since then.
            waiting_since: present.waiting_since.filter(|_| status == held),
            channel: self.channel.onto(present.channel),
            owner: self.owner.onto(present.owner),
            submitter: self.submitter.onto(present.submitter),
            received_at: self.received_at.onto(present.received_at),
            due_at: self.due_at.onto(present.due_at),
            resolved_at: self.resolved_at.onto(present.resolved_at),
            returned_at: self.returned_at.onto(present.returned_at),
            closed_at: self.closed_at.onto(present.closed_at),
            rescheduled_to: self.rescheduled_to.onto(present.rescheduled_to),
            fee_vnd: self.fee_vnd.onto(present.fee_vnd),
            paid_online: self.paid_online.onto(present.paid_online),
            input_digitised: self.input_digitised.onto(present.input_digitised),
            result_digitised: self.result_digitised.onto(present.result_digitised),
            foreign_code: self.foreign_code.onto(present.foreign_code),
            linked_code: self.linked_code.onto(present.linked_code),
            // Who sends no new time of its system changed it now.
            source_updated_at: self.source_updated_at.onto(None),
            ..present
        }
    }
}

/// Whose dossiers are looked for (tra cứu theo số định danh).
#[derive(Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id_number": "000000000000"}))]
pub struct DossierSearch {
    /// The identity number of the owner or submitter (số định danh), as a whole.
    #[validate(length(min = 9, max = 13))]
    #[schema(min_length = 9, max_length = 13, pattern = "^[0-9]{9,13}$")]
    pub id_number: String,
    /// The last dossier of the answer before, where there are more: those behind it are found (hồ sơ cuối của
    /// lần trả lời trước).
    #[serde(default)]
    pub after: Option<DossierId>,
}

impl std::fmt::Debug for DossierSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DossierSearch(..)")
    }
}

/// The dossiers of one person (hồ sơ của một người).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "has_more": false}))]
pub struct DossiersFound {
    /// The dossiers in reach, the latest received first; at most 200.
    #[schema(max_items = 200)]
    pub items: Vec<Dossier>,
    /// Whether there are more than these (còn hồ sơ khác): they are found with the last of these as `after`.
    pub has_more: bool,
}

/// A unit as an answer of a dossier names it.
pub(super) struct Named {
    pub(super) receiving: UnitLabel,
    pub(super) resolving: UnitLabel,
}
