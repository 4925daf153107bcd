//! What feedback is: on the wire and in its rows; [`bodies`](super::bodies) is what a client sends.

use std::sync::Arc;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::limits::TimeLimits;
use super::petitioner::{Petitioner, PetitionerShown, place};
use super::rules;
use kernel::api::records::Row;
use kernel::audit::personal_reads::Shown;
use kernel::auth::keys::PersonalKeys;
use kernel::db::schema::citizen_feedback;
use kernel::db::types::Instant;
use kernel::error::ApiError;
use kernel::people::PersonKind;
use kernel::record_types::RecordType;
use kernel::remarks::Remark;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitLabel, UnitScope};
use kernel::{id, page_of, record, text_enum};

id! {
    /// Id of feedback (phản ánh, kiến nghị).
    CitizenFeedbackId
}

text_enum! {
    /// How feedback came (kênh tiếp nhận phản ánh, kiến nghị).
    pub enum FeedbackChannel {
        /// By the public service portal.
        Portal => "portal", "Cổng Dịch vụ công";
        /// By a hotline.
        Hotline => "hotline", "đường dây nóng, tổng đài";
        /// In person.
        InPerson => "in_person", "trực tiếp";
        /// By post.
        Postal => "postal", "bưu chính";
        /// By e-mail.
        Email => "email", "thư điện tử";
        /// In another way.
        Other => "other", "kênh khác";
    }
}

text_enum! {
    /// What feedback is about, which decides its time limits (loại phản ánh, kiến nghị).
    pub enum FeedbackClass {
        /// About a rule: it is missing, does not fit, contradicts another.
        Rule => "rule", "về quy định hành chính";
        /// About conduct: delay, trouble, refusal, wrong application of a rule.
        Conduct => "conduct", "về hành vi hành chính";
    }
}

text_enum! {
    /// How far feedback has come (tình trạng xử lý phản ánh, kiến nghị). It follows from the steps taken.
    pub enum FeedbackStatus {
        /// Received, not answered yet.
        Received => "received", "đang xử lý";
        /// The sender was asked for more.
        AwaitingSupplement => "awaiting_supplement", "chờ bổ sung thông tin";
        /// Not taken.
        Refused => "refused", "từ chối tiếp nhận";
        /// Answered, the answer is not public yet.
        Answered => "answered", "đã trả lời";
        /// Answered, and the answer is public.
        Published => "published", "đã công khai kết quả";
    }
}

text_enum! {
    /// A step in the life of feedback (bước xử lý phản ánh, kiến nghị).
    pub enum FeedbackStep {
        /// It is not taken, with the reason.
        Refusal => "refusal", "từ chối tiếp nhận";
        /// The sender is asked for more.
        SupplementRequest => "supplement_request", "yêu cầu bổ sung thông tin";
        /// What was asked for came.
        Supplement => "supplement", "tiếp nhận thông tin bổ sung";
        /// It is answered by a document.
        Answer => "answer", "trả lời";
        /// The answer is made public.
        Publication => "publication", "công khai kết quả";
    }
}

text_enum! {
    /// Whether a step kept its time limit (tình trạng thời hạn).
    pub enum TimeLimitOutcome {
        /// Taken by the due day.
        InTime => "in_time", "đúng hạn";
        /// Taken after it.
        Late => "late", "trễ hạn";
        /// Not taken yet, and not due yet.
        Pending => "pending", "chưa đến hạn";
        /// Not taken yet, and due before today.
        PendingLate => "pending_late", "quá hạn chưa thực hiện";
    }
}

text_enum! {
    /// Order of feedback (thứ tự).
    pub enum CitizenFeedbackSort {
        /// Earliest first.
        ReceivedAt => "received_at", "thời điểm tiếp nhận tăng dần";
        /// Latest first.
        ReceivedAtDesc => "-received_at", "thời điểm tiếp nhận giảm dần";
    }
}

/// Feedback as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = citizen_feedback, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the fields are explained on CitizenFeedback")]
pub struct FeedbackRow {
    pub id: CitizenFeedbackId,
    /// The province that it belongs to.
    pub province_id: OrgUnitId,
    pub org_unit_id: OrgUnitId,
    pub receiving_unit_id: Option<OrgUnitId>,
    pub code: String,
    pub channel: FeedbackChannel,
    pub class: FeedbackClass,
    pub content: String,
    /// The content as it is searched.
    pub content_folded: String,
    pub received_at: Instant,
    pub refused_at: Option<Instant>,
    pub refusal_reason: Option<String>,
    pub supplement_requested_at: Option<Instant>,
    pub supplement_request: Option<String>,
    pub supplement_received_at: Option<Instant>,
    pub answered_at: Option<Instant>,
    pub answer_number: Option<String>,
    pub published_at: Option<Instant>,
    pub note: Option<String>,
    pub petitioner_kind: Option<PersonKind>,
    /// The petitioner, sealed; none where nobody said who they are, and once the data were erased.
    pub petitioner: Option<String>,
    pub erased_at: Option<Instant>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// When which step was taken, and what decides how long each may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = citizen_feedback)]
#[expect(missing_docs, reason = "the fields are explained on CitizenFeedback")]
pub struct FeedbackTimes {
    pub class: FeedbackClass,
    pub received_at: Instant,
    pub refused_at: Option<Instant>,
    pub supplement_requested_at: Option<Instant>,
    pub supplement_received_at: Option<Instant>,
    pub answered_at: Option<Instant>,
    pub published_at: Option<Instant>,
}

impl FeedbackRow {
    /// When which step was taken.
    #[must_use]
    pub const fn times(&self) -> FeedbackTimes {
        FeedbackTimes {
            class: self.class,
            received_at: self.received_at,
            refused_at: self.refused_at,
            supplement_requested_at: self.supplement_requested_at,
            supplement_received_at: self.supplement_received_at,
            answered_at: self.answered_at,
            published_at: self.published_at,
        }
    }

    /// Who sent it, in clear; none where nobody said so, or once erased.
    ///
    /// # Errors
    /// When the keys are not those under which the data were sealed.
    pub fn petitioner(&self, keys: &PersonalKeys) -> Result<Option<Petitioner>, ApiError> {
        let (Some(kind), Some(sealed)) = (self.petitioner_kind, &self.petitioner) else { return Ok(None) };
        Ok(Some(Petitioner::of(kind, place(self.id).open(keys, sealed)?)))
    }
}

/// Feedback with the time limits that it is held against.
#[derive(Debug, Clone)]
pub struct HeldFeedback {
    /// The feedback.
    pub row: FeedbackRow,
    /// The limits, as they are counted today.
    pub limits: Arc<TimeLimits>,
}

/// What the limits make of it today does not make it another record.
impl PartialEq for HeldFeedback {
    fn eq(&self, other: &Self) -> bool {
        self.row == other.row
    }
}

impl Row for HeldFeedback {
    type Id = CitizenFeedbackId;

    fn id(&self) -> CitizenFeedbackId {
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

/// Whether one step keeps its time limit (thời hạn của một bước xử lý).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[schema(example = json!({
    "step": "answer", "working_days": 15, "due_on": "2024-01-16", "done_at": "2024-01-16T03:00:00Z",
    "outcome": "in_time", "legal_basis": "Quyết định số 766/QĐ-TTg ngày 23/6/2022"
}))]
pub struct FeedbackLimit {
    /// The step (bước xử lý).
    pub step: FeedbackStep,
    /// How many working days it may take (thời hạn, số ngày làm việc).
    #[schema(minimum = 1)]
    pub working_days: u32,
    /// The last day on which it is in time (hạn cuối); null while nothing has begun to run, and in a year
    /// whose holidays are not all listed.
    pub due_on: Option<NaiveDate>,
    /// When it was taken (thời điểm thực hiện).
    pub done_at: Option<Instant>,
    /// Whether it kept the limit (tình trạng thời hạn); null where it does not bind: nobody must refuse, or
    /// ask for more.
    pub outcome: Option<TimeLimitOutcome>,
    /// The rule that sets it (căn cứ pháp lý).
    pub legal_basis: String,
}

/// Feedback or a petition, and what became of it (phản ánh, kiến nghị; PAKN).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000024", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
    "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
    "receiving_unit_id": null, "receiving_unit_code": null, "receiving_unit_identifier": null,
    "receiving_unit_name": null, "code": "PAKN.20231225.0126", "channel": "portal", "class": "conduct",
    "content": "Hồ sơ đăng ký biến động đất đai đã quá ngày hẹn trả nhưng chưa có kết quả.",
    "received_at": "2023-12-25T02:00:00Z", "refused_at": null, "refusal_reason": null,
    "supplement_requested_at": null, "supplement_request": null, "supplement_received_at": null,
    "answered_at": "2024-01-16T03:00:00Z", "answer_number": "06/BPTN&TKQ-HC", "published_at": null,
    "status": "answered", "next_steps": ["publication"], "overdue": false, "limits": [
        {"step": "answer", "working_days": 15, "due_on": "2024-01-16", "done_at": "2024-01-16T03:00:00Z",
        "outcome": "in_time", "legal_basis": "Quyết định số 766/QĐ-TTg ngày 23/6/2022"},
        {"step": "publication", "working_days": 2, "due_on": "2024-01-18", "done_at": null,
        "outcome": "pending", "legal_basis": "Quyết định số 766/QĐ-TTg ngày 23/6/2022"}
    ], "remarks": [], "note": null, "petitioner": {"kind": "citizen", "name": "N**** g** t** n*****",
    "id_number": null, "phone": "********12", "address": null}, "erased_at": null, "version": 2, "created_at": "2023-12-25T02:05:00Z",
    "updated_at": "2024-01-16T03:00:00Z"
}))]
pub struct CitizenFeedback {
    /// Its id.
    pub id: CitizenFeedbackId,
    /// The unit that answers (đơn vị xử lý, trả lời).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the day of receipt (tên đơn vị xử lý).
    pub org_unit_name: String,
    /// The unit that received it (đơn vị tiếp nhận); null where that is the one that answers.
    pub receiving_unit_id: Option<OrgUnitId>,
    /// Its statistics code (mã đơn vị tiếp nhận).
    pub receiving_unit_code: Option<String>,
    /// Its identification code (mã định danh đơn vị tiếp nhận).
    pub receiving_unit_identifier: Option<String>,
    /// Its name on the day of receipt (tên đơn vị tiếp nhận).
    pub receiving_unit_name: Option<String>,
    /// Code (mã PAKN).
    pub code: String,
    /// How it came (kênh tiếp nhận).
    pub channel: FeedbackChannel,
    /// What it is about (loại phản ánh, kiến nghị).
    pub class: FeedbackClass,
    /// What it says, without the sender (nội dung).
    pub content: String,
    /// When it was received (thời điểm tiếp nhận).
    pub received_at: Instant,
    /// When it was refused (thời điểm từ chối).
    pub refused_at: Option<Instant>,
    /// Why it was refused (lý do từ chối).
    pub refusal_reason: Option<String>,
    /// When the sender was asked for more (thời điểm yêu cầu bổ sung).
    pub supplement_requested_at: Option<Instant>,
    /// What was asked for (nội dung yêu cầu bổ sung).
    pub supplement_request: Option<String>,
    /// When that came (thời điểm nhận bổ sung).
    pub supplement_received_at: Option<Instant>,
    /// When it was answered (thời điểm trả lời).
    pub answered_at: Option<Instant>,
    /// Number of the answer (số, ký hiệu văn bản trả lời).
    pub answer_number: Option<String>,
    /// When the answer was made public (thời điểm công khai kết quả).
    pub published_at: Option<Instant>,
    /// How far it has come (tình trạng xử lý).
    pub status: FeedbackStatus,
    /// The steps that may be taken now (các bước có thể thực hiện).
    pub next_steps: Vec<FeedbackStep>,
    /// Whether a step is owed that was due before today (quá hạn).
    pub overdue: bool,
    /// The time limits of its steps (thời hạn của các bước xử lý), counted in working days.
    pub limits: Vec<FeedbackLimit>,
    /// What is noticed about it (lưu ý).
    pub remarks: Vec<Remark>,
    /// Note (ghi chú).
    pub note: Option<String>,
    /// Who sent it (người phản ánh, kiến nghị); null where nobody said who they are.
    pub petitioner: Option<PetitionerShown>,
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
page_of!(CitizenFeedbackPage, CitizenFeedback, "feedback and petitions");

record!(CitizenFeedback, shown: in_clear);

impl CitizenFeedback {
    /// The answer of stored feedback, with the units that answer and that received it. Of the petitioner it
    /// tells the kind alone.
    #[must_use]
    pub fn of(held: HeldFeedback, unit: UnitLabel, receiving: Option<UnitLabel>) -> Self {
        let HeldFeedback { row, limits } = held;
        let times = row.times();
        let remarks = rules::remarks(&row, &limits);
        let limits = rules::limits(&times, &limits);
        Self {
            id: row.id,
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            receiving_unit_id: receiving.as_ref().map(|unit| unit.org_unit_id),
            receiving_unit_code: receiving.as_ref().and_then(|unit| unit.org_unit_code.clone()),
            receiving_unit_identifier: receiving.as_ref().and_then(|unit| unit.org_unit_identifier.clone()),
            receiving_unit_name: receiving.map(|unit| unit.org_unit_name),
            code: row.code,
            channel: row.channel,
            class: row.class,
            content: row.content,
            received_at: row.received_at,
            refused_at: row.refused_at,
            refusal_reason: row.refusal_reason,
            supplement_requested_at: row.supplement_requested_at,
            supplement_request: row.supplement_request,
            supplement_received_at: row.supplement_received_at,
            answered_at: row.answered_at,
            answer_number: row.answer_number,
            published_at: row.published_at,
            status: rules::status(&times),
            next_steps: rules::next_steps(&times),
            overdue: rules::is_overdue(&limits),
            limits,
            remarks,
            note: row.note,
            petitioner: row.petitioner_kind.map(PetitionerShown::erased),
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
            record_type: RecordType::CitizenFeedback.as_str(),
            id: self.id.to_string(),
            version: self.version,
            unit: self.org_unit_id,
            province: Some(self.province_id),
        })
    }
}

/// Which feedback a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CitizenFeedbackFilter {
    /// The unit that answers, by id (đơn vị xử lý).
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
    /// Code (mã PAKN).
    #[validate(length(min = 1, max = 30))]
    #[param(min_length = 1, max_length = 30)]
    pub code: Option<String>,
    /// How far they have come (tình trạng xử lý).
    #[param(inline)]
    pub status: Option<FeedbackStatus>,
    /// What they are about (loại phản ánh, kiến nghị).
    #[param(inline)]
    pub class: Option<FeedbackClass>,
    /// How they came (kênh tiếp nhận).
    #[param(inline)]
    pub channel: Option<FeedbackChannel>,
    /// Whether a step is owed that was due before today (quá hạn).
    pub overdue: Option<bool>,
    /// Received on this day or later (tiếp nhận từ ngày).
    pub received_from: Option<NaiveDate>,
    /// Received on this day or before (tiếp nhận đến ngày).
    pub received_to: Option<NaiveDate>,
    /// Words of the content in any order, without regard to case and tone marks.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    /// Order (thứ tự); the latest first when not given.
    #[param(inline)]
    pub sort: Option<CitizenFeedbackSort>,
}
