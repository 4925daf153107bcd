//! What a review is: on the wire and in its rows.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::rules;
use crate::procedures::model::ProcedureId;
use kernel::api::records::Row;
use kernel::db::json_text::JsonText;
use kernel::db::schema::{procedure_review_proposals, procedure_reviews};
use kernel::db::types::Instant;
use kernel::remarks::Remark;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitLabel, UnitScope};
use kernel::{id, page_of, record, text_enum};

id! {
    /// Id of a review of procedures (rà soát thủ tục hành chính).
    ProcedureReviewId
}

text_enum! {
    /// What a review proposes for a procedure (phương án đơn giản hóa).
    pub enum ReviewProposalKind {
        /// It stays as it is.
        Keep => "keep", "giữ nguyên";
        /// Its papers, conditions, forms or steps change.
        Amend => "amend", "sửa đổi, bổ sung";
        /// It is joined with another.
        Merge => "merge", "gộp, thay thế";
        /// It ends.
        Abolish => "abolish", "bãi bỏ";
        /// It takes less time.
        Shorten => "shorten", "rút ngắn thời hạn giải quyết";
    }
}

text_enum! {
    /// How far a review has come (kết quả rà soát).
    pub enum ReviewOutcome {
        /// Procedures are being looked at.
        UnderWay => "under_way", "đang rà soát";
        /// Proposals were handed to whoever decides.
        Proposed => "proposed", "đã kiến nghị";
        /// They were approved.
        Approved => "approved", "đã thông qua";
        /// They are carried out.
        CarriedOut => "carried_out", "đã thực thi";
    }
}

text_enum! {
    /// Order of reviews (thứ tự).
    pub enum ProcedureReviewSort {
        /// Earliest first.
        StartsOn => "starts_on", "ngày bắt đầu tăng dần";
        /// Latest first.
        StartsOnDesc => "-starts_on", "ngày bắt đầu giảm dần";
    }
}

/// What is proposed for one procedure (phương án đối với một thủ tục).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProcedureReviewProposal, example = json!({
    "kind": "shorten", "procedure_code": "1.001193", "cut_working_days": 1,
    "content": "Rút ngắn thời hạn giải quyết từ 03 ngày xuống 02 ngày làm việc"
}))]
pub struct ReviewProposal {
    /// What is proposed (loại phương án).
    pub kind: ReviewProposalKind,
    /// The procedure, by its id (thủ tục hành chính); in answers null where the catalogue has none of this
    /// code.
    #[serde(default)]
    pub procedure_id: Option<ProcedureId>,
    /// The procedure by its national code (mã TTHC).
    #[serde(default)]
    #[validate(length(min = 8, max = 44))]
    #[schema(min_length = 8, max_length = 44)]
    pub procedure_code: Option<String>,
    /// The procedure's name as the review writes it (tên thủ tục); needed where it gives no code.
    #[serde(default)]
    #[validate(length(min = 1, max = 1000), custom(function = "kernel::text::worded"))]
    #[schema(min_length = 1, max_length = 1000)]
    pub procedure_name: Option<String>,
    /// By how many working days its deadline becomes shorter (số ngày làm việc cắt giảm).
    #[serde(default)]
    #[validate(range(min = 1, max = 730))]
    #[schema(minimum = 1, maximum = 730)]
    pub cut_working_days: Option<i64>,
    /// What citizens and enterprises save in a year, in đồng (chi phí tuân thủ cắt giảm, đồng/năm).
    #[serde(default)]
    #[validate(range(min = 0, max = 9_000_000_000_000_i64))]
    #[schema(minimum = 0, maximum = 9_000_000_000_000_i64)]
    pub saved_amount_vnd: Option<i64>,
    /// What is proposed, in words (nội dung phương án).
    #[serde(default)]
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    pub content: Option<String>,
}

/// A review as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = procedure_reviews, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the fields are explained on ProcedureReview")]
pub struct ReviewRow {
    pub id: ProcedureReviewId,
    /// The province that it belongs to.
    pub province_id: OrgUnitId,
    pub org_unit_id: OrgUnitId,
    pub title: String,
    /// The title as it is compared.
    pub title_folded: String,
    /// Title and fields as they are searched.
    pub words_folded: String,
    pub document_number: Option<String>,
    pub document_on: Option<NaiveDate>,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub fields: JsonText<Vec<String>>,
    pub reviewed_count: Option<i64>,
    pub outcome: ReviewOutcome,
    pub approval_number: Option<String>,
    pub approved_on: Option<NaiveDate>,
    pub note: Option<String>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// A proposal as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = procedure_review_proposals, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the fields are explained on ReviewProposal")]
pub struct ProposalRow {
    pub review_id: ProcedureReviewId,
    pub position: i32,
    pub kind: ReviewProposalKind,
    pub procedure_code: Option<String>,
    pub procedure_name: Option<String>,
    pub cut_working_days: Option<i64>,
    pub saved_amount_vnd: Option<i64>,
    pub content: Option<String>,
}

/// A review with its proposals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldReview {
    /// The review.
    pub row: ReviewRow,
    /// Its proposals in their order, with the ids of the procedures that the catalogue has.
    pub proposals: Vec<ReviewProposal>,
}

impl Row for HeldReview {
    type Id = ProcedureReviewId;

    fn id(&self) -> ProcedureReviewId {
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

/// A review of procedures and what it proposes (rà soát, đơn giản hóa thủ tục hành chính). The totals
/// follow from its proposals.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000021", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
    "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
    "title": "Rà soát, đơn giản hóa TTHC lĩnh vực tư pháp năm 2026", "document_number": "125/KH-UBND",
    "document_on": "2026-01-20", "starts_on": "2026-01-20", "ends_on": "2026-06-30",
    "fields": ["Hộ tịch", "Chứng thực"], "field_count": 2, "reviewed_count": 41, "proposals": [
        {"kind": "shorten", "procedure_id": "0190a8c0-0000-7000-8000-000000000011",
        "procedure_code": "1.001193", "procedure_name": null, "cut_working_days": 1,
        "saved_amount_vnd": 12000000, "content": "Rút ngắn thời hạn giải quyết từ 03 ngày xuống 02 ngày làm việc"},
        {"kind": "keep", "procedure_id": null, "procedure_code": null,
        "procedure_name": "Chứng thực chữ ký", "cut_working_days": null, "saved_amount_vnd": null, "content": null}
    ], "proposal_count": 1, "total_cut_working_days": 1, "total_saved_amount_vnd": 12000000,
    "outcome": "approved", "approval_number": "2215/QĐ-UBND", "approved_on": "2026-07-15", "remarks": [],
    "note": null, "version": 1, "created_at": "2026-07-16T02:00:00Z", "updated_at": "2026-07-16T02:00:00Z"
}))]
pub struct ProcedureReview {
    /// Its id.
    pub id: ProcedureReviewId,
    /// The unit that reviews (đơn vị rà soát).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the first day of the review (tên đơn vị).
    pub org_unit_name: String,
    /// What is reviewed (tên đợt rà soát).
    pub title: String,
    /// Number of the plan or decision (số, ký hiệu kế hoạch, quyết định).
    pub document_number: Option<String>,
    /// Its day (ngày văn bản).
    pub document_on: Option<NaiveDate>,
    /// First day (ngày bắt đầu rà soát).
    pub starts_on: NaiveDate,
    /// Last day (ngày kết thúc rà soát); null while it goes on.
    pub ends_on: Option<NaiveDate>,
    /// The fields reviewed, as the review names them (ngành, lĩnh vực được rà soát).
    pub fields: Vec<String>,
    /// How many fields (số ngành, lĩnh vực được rà soát).
    #[schema(minimum = 0)]
    pub field_count: usize,
    /// How many procedures were reviewed (số TTHC được rà soát), as the unit states it.
    #[schema(minimum = 0)]
    pub reviewed_count: Option<i64>,
    /// What is proposed for which procedure (phương án đơn giản hóa).
    pub proposals: Vec<ReviewProposal>,
    /// How many of them change something (số phương án đơn giản hóa).
    #[schema(minimum = 0)]
    pub proposal_count: usize,
    /// Working days cut by all of them (tổng số ngày làm việc cắt giảm).
    #[schema(minimum = 0)]
    pub total_cut_working_days: i64,
    /// What all of them save in a year, in đồng (tổng chi phí tuân thủ cắt giảm, đồng/năm).
    #[schema(minimum = 0)]
    pub total_saved_amount_vnd: i64,
    /// How far it has come (kết quả rà soát).
    pub outcome: ReviewOutcome,
    /// Number of the document that approved the proposals (số văn bản thông qua).
    pub approval_number: Option<String>,
    /// Its day (ngày thông qua).
    pub approved_on: Option<NaiveDate>,
    /// What is noticed about it (lưu ý).
    pub remarks: Vec<Remark>,
    /// Note (ghi chú).
    pub note: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
page_of!(ProcedureReviewPage, ProcedureReview, "reviews of procedures");

record!(ProcedureReview);

impl ProcedureReview {
    /// The answer of a stored review.
    #[must_use]
    pub fn of(held: HeldReview, unit: UnitLabel) -> Self {
        let remarks = rules::remarks(&held);
        let totals = rules::totals(&held.proposals);
        let HeldReview { row, proposals } = held;
        Self {
            id: row.id,
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            title: row.title,
            document_number: row.document_number,
            document_on: row.document_on,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            field_count: row.fields.0.len(),
            fields: row.fields.0,
            reviewed_count: row.reviewed_count,
            proposals,
            proposal_count: totals.proposals,
            total_cut_working_days: totals.cut_working_days,
            total_saved_amount_vnd: totals.saved_amount_vnd,
            outcome: row.outcome,
            approval_number: row.approval_number,
            approved_on: row.approved_on,
            remarks,
            note: row.note,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Which reviews a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProcedureReviewFilter {
    /// The unit that reviews, by id (đơn vị rà soát).
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
    /// How far they have come (kết quả rà soát).
    #[param(inline)]
    pub outcome: Option<ReviewOutcome>,
    /// Begun on this day or later (bắt đầu từ ngày).
    pub starts_from: Option<NaiveDate>,
    /// Begun on this day or before (bắt đầu đến ngày).
    pub starts_to: Option<NaiveDate>,
    /// Those with a proposal for this procedure (thủ tục).
    pub procedure_id: Option<ProcedureId>,
    /// Those with a proposal for the procedure of this code (mã TTHC); with an agency code behind it also
    /// those that write it without.
    #[validate(length(min = 1, max = 44))]
    #[param(min_length = 1, max_length = 44)]
    pub procedure_code: Option<String>,
    /// Words of title and fields in any order, without regard to case and tone marks.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    /// Order (thứ tự); the latest first when not given.
    #[param(inline)]
    pub sort: Option<ProcedureReviewSort>,
}
