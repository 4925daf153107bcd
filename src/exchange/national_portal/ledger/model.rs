//! An entry of the ledger: on the wire and as it is stored.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::super::differences::PortalDifference;
use kernel::audit::personal_reads::Shown;
use kernel::db::json_text::JsonText;
use kernel::db::schema::portal_ledger;
use kernel::db::types::Instant;
use kernel::record_types::RecordType;
use kernel::tree::{OrgTree, OrgUnitId};
use kernel::unit_reference::UnitScope;
use kernel::{id, page_of, record, text_enum};
use tthc::dossiers::life::DossierStatus;
use tthc::dossiers::model::{Channel, DossierId};
use tthc::dossiers::row::HeldDossier;

id! {
    /// Id of an entry of the ledger (mục sổ đối soát).
    PortalLedgerEntryId
}

text_enum! {
    /// Which way an entry went (chiều trao đổi).
    pub enum PortalDirection {
        /// It came from a one-stop system.
        Received => "received", "nhận";
        /// It went to the national portal, as its sender reports.
        Sent => "sent", "gửi";
    }
}

text_enum! {
    /// The service by which an entry went (dịch vụ).
    pub enum PortalService {
        /// Dossiers.
        Dossiers => "DongBoHoSoMC", "đồng bộ hồ sơ";
        /// Progress of dossiers.
        Progress => "CapNhatTienDoHoSoMC", "cập nhật tiến độ hồ sơ";
    }
}

text_enum! {
    /// What became of an entry (kết quả).
    pub enum PortalOutcome {
        /// It made a dossier.
        Created => "created", "đã tạo hồ sơ";
        /// It changed a dossier.
        Updated => "updated", "đã cập nhật hồ sơ";
        /// It said what was held already.
        Unchanged => "unchanged", "không thay đổi";
        /// It was not written; the message says why.
        Refused => "refused", "bị từ chối";
        /// It was sent, and no answer is known yet.
        Unanswered => "unanswered", "chưa có trả lời";
        /// It was sent, and the portal took it.
        Accepted => "accepted", "Cổng đã nhận";
        /// It was sent, and the portal refused it.
        Rejected => "rejected", "Cổng từ chối";
    }
}

/// What we held of a dossier when an entry came, before it was written; of a dossier that the entry made, as
/// it was made (dữ liệu đang lưu).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "status": "awaiting_supplement", "procedure_code": "1.001193", "channel": "online", "received_at": "2026-11-02T02:10:00Z", "due_at": null, "due_on": "2026-11-09",
    "resolved_at": null, "returned_at": null, "closed_at": null, "fee_vnd": 8000,
    "resolving_unit_id": "0190a8c0-0000-7000-8000-000000000004", "resolving_unit_name": "Xã Phụng Hiệp",
    "resolving_unit_short_name": "Phụng Hiệp", "version": 2
}))]
pub struct PortalHeld {
    /// Status (trạng thái).
    pub status: DossierStatus,
    /// National code of the procedure (mã TTHC); null in entries of before it was kept.
    #[serde(default)]
    #[schema(required = true)]
    pub procedure_code: Option<String>,
    /// How it came in (kênh thực hiện); null in entries of before it was kept.
    #[serde(default)]
    #[schema(required = true)]
    pub channel: Option<Channel>,
    /// When it was received (thời điểm tiếp nhận).
    pub received_at: Instant,
    /// When it is due (thời điểm hẹn trả), where a moment is held.
    pub due_at: Option<Instant>,
    /// The day on which it is due (ngày hẹn trả).
    pub due_on: Option<NaiveDate>,
    /// When it was resolved (thời điểm xử lý xong).
    pub resolved_at: Option<Instant>,
    /// When the result was returned (thời điểm trả kết quả).
    pub returned_at: Option<Instant>,
    /// When it was withdrawn or refused (thời điểm rút, từ chối).
    pub closed_at: Option<Instant>,
    /// Fees and charges (phí, lệ phí), in đồng; null where none are told, and in entries of before they were kept.
    #[serde(default)]
    #[schema(required = true)]
    pub fee_vnd: Option<i64>,
    /// The unit that resolves it (đơn vị giải quyết).
    pub resolving_unit_id: OrgUnitId,
    /// Its name (tên đơn vị).
    pub resolving_unit_name: String,
    /// Its name without its kind (tên riêng).
    pub resolving_unit_short_name: String,
    /// Version of the dossier (phiên bản).
    pub version: i64,
}

impl PortalHeld {
    /// What is held of a dossier.
    #[must_use]
    pub fn of(held: &HeldDossier, tree: &OrgTree) -> Self {
        let row = &held.row;
        let since = row.holders.0.last().map_or_else(|| row.received_on(), |holder| holder.since);
        let unit = tree.named_on(row.org_unit_id, since);
        Self {
            status: row.status,
            procedure_code: Some(held.procedure.code.clone()),
            channel: Some(row.channel),
            received_at: row.received_at,
            due_at: row.due_at,
            due_on: row.due().on,
            resolved_at: row.resolved_at,
            returned_at: row.returned_at,
            closed_at: row.closed_at,
            fee_vnd: row.fee_vnd,
            resolving_unit_id: row.org_unit_id,
            resolving_unit_name: unit.map(|unit| unit.full_name.clone()).unwrap_or_default(),
            resolving_unit_short_name: unit.map(|unit| unit.name.clone()).unwrap_or_default(),
            version: row.version,
        }
    }
}

/// An entry as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = portal_ledger, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the fields are explained on PortalLedgerEntry")]
pub struct PortalLedgerRow {
    pub id: PortalLedgerEntryId,
    pub province_id: OrgUnitId,
    pub org_unit_id: OrgUnitId,
    pub dossier_id: Option<DossierId>,
    pub code: String,
    pub direction: PortalDirection,
    pub service: PortalService,
    pub recorded_at: Instant,
    pub outcome: PortalOutcome,
    pub error_code: Option<String>,
    pub message: Option<String>,
    pub answered_at: Option<Instant>,
    /// What came, sealed; none once it was erased.
    pub body: Option<String>,
    pub held: JsonText<Option<PortalHeld>>,
    pub differences: JsonText<Vec<PortalDifference>>,
    pub differs: bool,
    pub version: i64,
}

/// An entry of the ledger of the national portal (mục sổ đối soát Cổng dịch vụ công quốc gia).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000041", "direction": "received", "service": "DongBoHoSoMC",
    "code": "H13.44-261102-0007", "dossier_id": "0190a8c0-0000-7000-8000-000000000021",
    "org_unit_id": "0190a8c0-0000-7000-8000-000000000004", "org_unit_code": "31420",
    "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp", "recorded_at": "2026-11-04T02:00:00Z",
    "outcome": "updated", "error_code": "0", "message": "thành công", "answered_at": "2026-11-04T02:00:00Z",
    "held": null, "differs": true,
    "differences": [{"kind": "status_rewritten", "member": "TrangThaiHoSo", "told": "9", "held": "5"}],
    "body": null, "is_erased": false, "version": 1
}))]
pub struct PortalLedgerEntry {
    /// Its id.
    pub id: PortalLedgerEntryId,
    /// Which way it went (chiều trao đổi).
    pub direction: PortalDirection,
    /// By which service (dịch vụ).
    pub service: PortalService,
    /// Code of the dossier, as far as it is one (mã hồ sơ).
    pub code: String,
    /// The dossier (hồ sơ); null where it is not known here.
    pub dossier_id: Option<DossierId>,
    /// The unit that resolves the dossier; the sender's where it is not known (đơn vị).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on that day (tên đơn vị).
    pub org_unit_name: String,
    /// When it was received, or reported as sent (thời điểm ghi nhận).
    pub recorded_at: Instant,
    /// What became of it (kết quả).
    pub outcome: PortalOutcome,
    /// The code of the answer (mã lỗi): ours to what was received, the portal's to what was sent.
    pub error_code: Option<String>,
    /// The answer in words (nội dung trả lời).
    pub message: Option<String>,
    /// When the answer was given, or reported (thời điểm trả lời).
    pub answered_at: Option<Instant>,
    /// What we held (dữ liệu đang lưu); null where that was nothing.
    pub held: Option<PortalHeld>,
    /// Whether anything differs (có sai lệch).
    pub differs: bool,
    /// Where what came and what we held differ (các sai lệch).
    pub differences: Vec<PortalDifference>,
    /// What came or was sent, verbatim (nguyên văn gói tin): in the entry itself only, for whoever may see
    /// personal data of the unit and asked for it; null else, and once it was erased.
    pub body: Option<String>,
    /// Whether what came was erased with the personal data of the dossier (đã xóa).
    pub is_erased: bool,
    /// Version of the record.
    pub version: i64,
    /// In which province's journal it stands.
    #[serde(skip)]
    #[schema(ignore)]
    pub province_id: OrgUnitId,
}
page_of!(PortalLedgerPage, PortalLedgerEntry, "the ledger of the national portal");

record!(PortalLedgerEntry, shown: in_clear);

impl PortalLedgerEntry {
    fn in_clear(&self) -> Option<Shown> {
        self.body.as_ref().map(|_| Shown {
            record_type: RecordType::PortalLedgerEntry.as_str(),
            id: self.id.to_string(),
            version: self.version,
            unit: self.org_unit_id,
            province: Some(self.province_id),
        })
    }
}

/// Which entries a list holds; the latest first.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PortalLedgerFilter {
    /// The unit, by id (đơn vị).
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
    /// Code of the dossier (mã hồ sơ).
    #[validate(length(min = 1, max = 60))]
    #[param(min_length = 1, max_length = 60)]
    pub code: Option<String>,
    /// Which way they went (chiều trao đổi).
    #[param(inline)]
    pub direction: Option<PortalDirection>,
    /// By which service (dịch vụ).
    #[param(inline)]
    pub service: Option<PortalService>,
    /// What became of them (kết quả).
    #[param(inline)]
    pub outcome: Option<PortalOutcome>,
    /// Whether anything differs (có sai lệch).
    pub differs: Option<bool>,
    /// First day, in Vietnam (từ ngày).
    pub from: Option<NaiveDate>,
    /// Last day, in Vietnam (đến ngày).
    pub to: Option<NaiveDate>,
}

/// What the portal answered to an entry that was sent (trả lời của Cổng dịch vụ công quốc gia).
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"error_code": "0", "message": "Đồng bộ thành công"}))]
pub struct PortalAnswer {
    /// The code of the answer (mã lỗi): `0` where it was taken.
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub error_code: String,
    /// The answer in words (nội dung trả lời).
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000)]
    pub message: String,
}
