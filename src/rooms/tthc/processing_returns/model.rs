//! The faces of a processing return: answer and filter; `row` is how it is stored,
//! [`bodies`](super::bodies) what a client sends.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::row::ReturnRow;
use kernel::db::types::Instant;
use kernel::reporting::periods::{PeriodFacts, PeriodId};
use kernel::reporting::returns::ReturnState;
use kernel::tree::{OrgUnitId, Tier};
use kernel::unit_reference::{UnitLabel, UnitScope};
use kernel::{id, page_of, record, text_enum};

id! {
    /// Id of a processing return (báo cáo số liệu giải quyết TTHC).
    ProcessingReturnId
}

text_enum! {
    /// Where a carry-over comes from (căn cứ số kỳ trước chuyển sang).
    pub enum CarriedOverBasis {
        /// The unit stated it.
        Stated => "stated", "đơn vị báo cáo";
        /// It follows from the other columns, and stays marked.
        Implied => "implied", "suy ra từ các cột khác";
    }
}

text_enum! {
    /// Order of returns (thứ tự).
    pub enum ProcessingReturnSort {
        /// Oldest first.
        CreatedAt => "created_at", "thời điểm tạo tăng dần";
        /// Newest first.
        CreatedAtDesc => "-created_at", "thời điểm tạo giảm dần";
    }
}

/// Results of handling administrative procedures that a unit reports for a period: one line for each
/// handling level and field (số liệu kết quả giải quyết TTHC). Totals are computed, never stored.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000018", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
    "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp",
    "period_id": "0190a8c0-0000-7000-8000-000000000001", "period_code": "2024-H1",
    "handling_level": "district", "field": null, "nil": false, "received_online": 1882,
    "received_in_person": 5395, "received_postal": 0, "carried_over": 473, "carried_over_basis": "implied",
    "resolved_early": 6986, "resolved_on_time": 88, "resolved_overdue": 13, "pending_in_time": 642,
    "pending_overdue": 2, "withdrawn": 6, "refused": 13, "received_total": 7750, "resolved_total": 7087,
    "pending_total": 644, "difference": 0, "covers_from": null, "covers_to": "2024-07-02",
    "source_note": "Báo cáo 6 tháng đầu năm 2024", "state": "submitted",
    "edited_by": "0190a8c0-0000-7000-8000-000000000002", "filed_by": null,
    "submitted_at": "2024-07-03T02:00:00Z", "reviewed_by": null, "reviewed_at": null,
    "review_reason": null, "version": 2, "created_at": "2024-07-02T08:00:00Z",
    "updated_at": "2024-07-03T02:00:00Z"
}))]
pub struct ProcessingReturn {
    /// Its id.
    pub id: ProcessingReturnId,
    /// The unit that reports (đơn vị báo cáo).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the period's last day (tên đơn vị báo cáo).
    pub org_unit_name: String,
    /// The period (kỳ báo cáo).
    pub period_id: PeriodId,
    /// Its code (mã kỳ).
    pub period_code: String,
    /// The level that handled the dossiers (cấp giải quyết).
    pub handling_level: Tier,
    /// The field (lĩnh vực); null for a line without field.
    pub field: Option<String>,
    /// Whether nothing arose (không phát sinh): a statement, and all columns are zero.
    pub nil: bool,
    /// Column 4: taken in online (tiếp nhận trực tuyến).
    pub received_online: i64,
    /// Taken in in person (tiếp nhận trực tiếp).
    pub received_in_person: i64,
    /// Taken in by post (tiếp nhận qua bưu chính công ích).
    pub received_postal: i64,
    /// Column 6: carried over from the period before (kỳ trước chuyển sang); null while unknown.
    pub carried_over: Option<i64>,
    /// Where the carry-over comes from (căn cứ số kỳ trước chuyển sang).
    pub carried_over_basis: Option<CarriedOverBasis>,
    /// Column 8: resolved before the due day (trước hạn).
    pub resolved_early: i64,
    /// Column 9 without withdrawn and refused: resolved on the due day (đúng hạn).
    pub resolved_on_time: i64,
    /// Column 10: resolved after the due day (quá hạn).
    pub resolved_overdue: i64,
    /// Column 12: pending in time (đang giải quyết trong hạn).
    pub pending_in_time: i64,
    /// Column 13: pending and overdue (đang giải quyết quá hạn).
    pub pending_overdue: i64,
    /// Withdrawn by the applicant (rút hồ sơ).
    pub withdrawn: i64,
    /// Refused (từ chối giải quyết).
    pub refused: i64,
    /// Column 3, computed: taken in and carried over (tổng số nhận giải quyết).
    pub received_total: i64,
    /// Computed: resolved, without withdrawn and refused (tổng số đã giải quyết).
    pub resolved_total: i64,
    /// Column 11, computed: pending (tổng số đang giải quyết).
    pub pending_total: i64,
    /// Computed: received in total less what is accounted for; zero when the form balances (chênh lệch).
    pub difference: i64,
    /// First day really covered, when it is not the period's (số liệu tính từ ngày).
    pub covers_from: Option<NaiveDate>,
    /// Last day really covered, when it is not the period's (số liệu tính đến ngày).
    pub covers_to: Option<NaiveDate>,
    /// The sentence that the figures come from (trích nguồn số liệu).
    pub source_note: Option<String>,
    /// State (trạng thái).
    pub state: ReturnState,
    /// The account that last edited it (người sửa cuối).
    pub edited_by: String,
    /// The unit that filed it, when it is not the reporting one (đơn vị nhập thay).
    pub filed_by: Option<OrgUnitId>,
    /// When it was handed in (thời điểm gửi).
    pub submitted_at: Option<Instant>,
    /// The account that reviewed it (người duyệt).
    pub reviewed_by: Option<String>,
    /// When it was reviewed (thời điểm duyệt).
    pub reviewed_at: Option<Instant>,
    /// Why it was sent back (lý do trả lại).
    pub review_reason: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
record!(ProcessingReturn);
page_of!(ProcessingReturnPage, ProcessingReturn, "processing returns");

impl ProcessingReturn {
    /// The answer of a stored row.
    #[must_use]
    pub fn of(row: ReturnRow, period: &PeriodFacts, unit: UnitLabel) -> Self {
        let columns = row.columns();
        Self {
            id: row.id,
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            period_id: row.period_id,
            period_code: period.code.clone(),
            handling_level: row.handling_level,
            field: Some(row.field).filter(|field| !field.is_empty()),
            nil: row.nil,
            received_online: row.received_online,
            received_in_person: row.received_in_person,
            received_postal: row.received_postal,
            carried_over: row.carried_over,
            carried_over_basis: row.carried_over_basis,
            resolved_early: row.resolved_early,
            resolved_on_time: row.resolved_on_time,
            resolved_overdue: row.resolved_overdue,
            pending_in_time: row.pending_in_time,
            pending_overdue: row.pending_overdue,
            withdrawn: row.withdrawn,
            refused: row.refused,
            received_total: columns.received_total(),
            resolved_total: columns.resolved_total(),
            pending_total: columns.pending_total(),
            difference: columns.imbalance(),
            covers_from: row.covers_from,
            covers_to: row.covers_to,
            source_note: row.source_note,
            state: row.state,
            edited_by: row.edited_by,
            filed_by: row.filed_by,
            submitted_at: row.submitted_at,
            reviewed_by: row.reviewed_by,
            reviewed_at: row.reviewed_at,
            review_reason: row.review_reason,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Which returns a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProcessingReturnFilter {
    /// The unit that reports, by id (đơn vị báo cáo).
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
    /// The period, by id (kỳ báo cáo).
    pub period_id: Option<PeriodId>,
    /// The period by its code in the regime `calendar` (mã kỳ).
    #[validate(length(min = 4, max = 7))]
    #[param(min_length = 4, max_length = 7)]
    pub period_code: Option<String>,
    /// The level that handled the dossiers (cấp giải quyết).
    #[param(inline)]
    pub handling_level: Option<Tier>,
    /// State (trạng thái).
    #[param(inline)]
    pub state: Option<ReturnState>,
    /// Order (thứ tự); oldest first when not given.
    #[param(inline)]
    pub sort: Option<ProcessingReturnSort>,
}
