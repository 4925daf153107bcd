//! What is sent of feedback: the whole of it, corrections, and steps of its life.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::model::{FeedbackChannel, FeedbackClass, FeedbackRow, FeedbackStep};
use super::petitioner::Petitioner;
use kernel::api::{Change, Patch};
use kernel::auth::keys::PersonalKeys;
use kernel::db::types::Instant;
use kernel::error::ApiError;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::UnitName;

/// New feedback, or the whole of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "org_unit_code": "31420", "code": "PAKN.20260302.0126", "channel": "portal", "class": "conduct",
    "content": "Hồ sơ đăng ký biến động đất đai đã quá ngày hẹn trả nhưng chưa có kết quả.",
    "received_at": "2026-03-02T02:00:00Z"
}))]
pub struct CitizenFeedbackCreate {
    /// The unit that answers, by id; exactly one of id, identifier and code (đơn vị xử lý, trả lời).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on the day of receipt (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The unit that received it, by id, where that is another (đơn vị tiếp nhận); at most one of id,
    /// identifier and code.
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
    /// Code (mã PAKN): `PAKN.20231225.0126`, the day on which it was sent and a number of that day.
    #[validate(length(min = 1, max = 30))]
    #[schema(min_length = 1, max_length = 30)]
    pub code: String,
    /// How it came (kênh tiếp nhận).
    pub channel: FeedbackChannel,
    /// What it is about, which decides its time limits (loại phản ánh, kiến nghị).
    pub class: FeedbackClass,
    /// What it says (nội dung), without name, address or phone of the sender.
    #[validate(length(min = 1, max = 10_000), custom(function = "kernel::text::worded"))]
    #[schema(min_length = 1, max_length = 10_000)]
    pub content: String,
    /// When it was received (thời điểm tiếp nhận).
    pub received_at: Instant,
    /// When it was refused (thời điểm từ chối).
    #[serde(default)]
    pub refused_at: Option<Instant>,
    /// Why it was refused (lý do từ chối).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub refusal_reason: Option<String>,
    /// When the sender was asked for more (thời điểm yêu cầu bổ sung).
    #[serde(default)]
    pub supplement_requested_at: Option<Instant>,
    /// What was asked for (nội dung yêu cầu bổ sung).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub supplement_request: Option<String>,
    /// When that came (thời điểm nhận bổ sung).
    #[serde(default)]
    pub supplement_received_at: Option<Instant>,
    /// When it was answered (thời điểm trả lời).
    #[serde(default)]
    pub answered_at: Option<Instant>,
    /// Number of the answer (số, ký hiệu văn bản trả lời).
    #[serde(default)]
    #[validate(length(min = 3, max = 50))]
    #[schema(min_length = 3, max_length = 50)]
    pub answer_number: Option<String>,
    /// When the answer was made public (thời điểm công khai kết quả).
    #[serde(default)]
    pub published_at: Option<Instant>,
    /// Note (ghi chú).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
    /// Who sent it (người phản ánh, kiến nghị), where they said so.
    #[serde(default)]
    #[validate(nested)]
    pub petitioner: Option<Petitioner>,
}

impl CitizenFeedbackCreate {
    /// How the unit that answers is named.
    #[must_use]
    pub fn unit_name(&self) -> UnitName<'_> {
        UnitName {
            id: self.org_unit_id,
            identifier: self.org_unit_identifier.as_deref(),
            code: self.org_unit_code.as_deref(),
        }
    }

    /// How the unit that received it is named.
    #[must_use]
    pub fn receiving_unit(&self) -> UnitName<'_> {
        UnitName {
            id: self.receiving_unit_id,
            identifier: self.receiving_unit_identifier.as_deref(),
            code: self.receiving_unit_code.as_deref(),
        }
    }

    /// The whole of what is held; once its petitioner was erased without one.
    ///
    /// # Errors
    /// When the petitioner was sealed under other keys.
    pub(super) fn of(present: FeedbackRow, keys: &PersonalKeys) -> Result<Self, ApiError> {
        let petitioner = present.petitioner(keys)?;
        Ok(Self {
            org_unit_id: Some(present.org_unit_id),
            org_unit_identifier: None,
            org_unit_code: None,
            receiving_unit_id: present.receiving_unit_id,
            receiving_unit_identifier: None,
            receiving_unit_code: None,
            code: present.code,
            channel: present.channel,
            class: present.class,
            content: present.content,
            received_at: present.received_at,
            refused_at: present.refused_at,
            refusal_reason: present.refusal_reason,
            supplement_requested_at: present.supplement_requested_at,
            supplement_request: present.supplement_request,
            supplement_received_at: present.supplement_received_at,
            answered_at: present.answered_at,
            answer_number: present.answer_number,
            published_at: present.published_at,
            note: present.note,
            petitioner,
        })
    }
}

/// Changes to feedback (RFC 7396). The unit that answers stays: the record is its.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"class": "rule"}))]
pub struct CitizenFeedbackPatch {
    /// The unit that received it, where that is another (đơn vị tiếp nhận).
    #[serde(default)]
    #[schema(value_type = Option<OrgUnitId>)]
    pub receiving_unit_id: Patch<OrgUnitId>,
    /// Code (mã PAKN).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 30)]
    pub code: Change<String>,
    /// How it came (kênh tiếp nhận).
    #[serde(default)]
    #[schema(value_type = FeedbackChannel, required = false)]
    pub channel: Change<FeedbackChannel>,
    /// What it is about, which decides its time limits (loại phản ánh, kiến nghị).
    #[serde(default)]
    #[schema(value_type = FeedbackClass, required = false)]
    pub class: Change<FeedbackClass>,
    /// What it says (nội dung), without name, address or phone of the sender.
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 10_000)]
    pub content: Change<String>,
    /// When it was received (thời điểm tiếp nhận).
    #[serde(default)]
    #[schema(value_type = Instant, required = false)]
    pub received_at: Change<Instant>,
    /// When it was refused (thời điểm từ chối).
    #[serde(default)]
    #[schema(value_type = Option<Instant>)]
    pub refused_at: Patch<Instant>,
    /// Why it was refused (lý do từ chối).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub refusal_reason: Patch<String>,
    /// When the sender was asked for more (thời điểm yêu cầu bổ sung).
    #[serde(default)]
    #[schema(value_type = Option<Instant>)]
    pub supplement_requested_at: Patch<Instant>,
    /// What was asked for (nội dung yêu cầu bổ sung).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub supplement_request: Patch<String>,
    /// When that came (thời điểm nhận bổ sung).
    #[serde(default)]
    #[schema(value_type = Option<Instant>)]
    pub supplement_received_at: Patch<Instant>,
    /// When it was answered (thời điểm trả lời).
    #[serde(default)]
    #[schema(value_type = Option<Instant>)]
    pub answered_at: Patch<Instant>,
    /// Number of the answer (số, ký hiệu văn bản trả lời).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 50)]
    pub answer_number: Patch<String>,
    /// When the answer was made public (thời điểm công khai kết quả).
    #[serde(default)]
    #[schema(value_type = Option<Instant>)]
    pub published_at: Patch<Instant>,
    /// Note (ghi chú).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Patch<String>,
    /// Who sent it (người phản ánh, kiến nghị), as a whole.
    #[serde(default)]
    #[schema(value_type = Option<Petitioner>)]
    pub petitioner: Patch<Petitioner>,
}

impl CitizenFeedbackPatch {
    /// The whole feedback after the patch.
    #[must_use]
    pub fn onto(self, present: CitizenFeedbackCreate) -> CitizenFeedbackCreate {
        CitizenFeedbackCreate {
            receiving_unit_id: self.receiving_unit_id.onto(present.receiving_unit_id),
            code: self.code.onto(present.code),
            channel: self.channel.onto(present.channel),
            class: self.class.onto(present.class),
            content: self.content.onto(present.content),
            received_at: self.received_at.onto(present.received_at),
            refused_at: self.refused_at.onto(present.refused_at),
            refusal_reason: self.refusal_reason.onto(present.refusal_reason),
            supplement_requested_at: self.supplement_requested_at.onto(present.supplement_requested_at),
            supplement_request: self.supplement_request.onto(present.supplement_request),
            supplement_received_at: self.supplement_received_at.onto(present.supplement_received_at),
            answered_at: self.answered_at.onto(present.answered_at),
            answer_number: self.answer_number.onto(present.answer_number),
            published_at: self.published_at.onto(present.published_at),
            note: self.note.onto(present.note),
            petitioner: self.petitioner.onto(present.petitioner),
            ..present
        }
    }
}

/// A refusal (từ chối tiếp nhận phản ánh, kiến nghị).
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refusal_reason": "Nội dung đã được trả lời tại Công văn số 06/UBND-VP."}))]
pub struct FeedbackRefusal {
    /// Why it is refused (lý do từ chối).
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub refusal_reason: String,
    /// When (thời điểm từ chối); now where it is not said.
    #[serde(default)]
    pub refused_at: Option<Instant>,
}

/// A request for more (yêu cầu bổ sung thông tin).
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"supplement_request": "Đề nghị cung cấp mã hồ sơ và ngày hẹn trả kết quả."}))]
pub struct FeedbackSupplementRequest {
    /// What is asked for (nội dung yêu cầu bổ sung).
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub supplement_request: String,
    /// When (thời điểm yêu cầu bổ sung); now where it is not said.
    #[serde(default)]
    pub supplement_requested_at: Option<Instant>,
}

/// What was asked for and came (tiếp nhận thông tin bổ sung).
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"supplement_received_at": "2026-03-05T02:00:00Z"}))]
pub struct FeedbackSupplement {
    /// When (thời điểm nhận bổ sung); now where it is not said.
    #[serde(default)]
    pub supplement_received_at: Option<Instant>,
}

/// An answer (trả lời phản ánh, kiến nghị).
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"answer_number": "06/BPTN&TKQ-HC"}))]
pub struct FeedbackAnswer {
    /// Number of the answer (số, ký hiệu văn bản trả lời).
    #[validate(length(min = 3, max = 50))]
    #[schema(min_length = 3, max_length = 50)]
    pub answer_number: String,
    /// When (thời điểm trả lời); now where it is not said.
    #[serde(default)]
    pub answered_at: Option<Instant>,
}

/// A publication of the answer (công khai kết quả trả lời).
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"published_at": "2026-03-24T02:00:00Z"}))]
pub struct FeedbackPublication {
    /// When (thời điểm công khai kết quả); now where it is not said.
    #[serde(default)]
    pub published_at: Option<Instant>,
}

/// A step as it is sent.
pub trait TakenStep: Send + 'static {
    /// Which step.
    const STEP: FeedbackStep;
    /// The whole feedback after the step, taken now where it is not said when.
    fn onto(self, present: CitizenFeedbackCreate, now: Instant) -> CitizenFeedbackCreate;
}

impl TakenStep for FeedbackRefusal {
    const STEP: FeedbackStep = FeedbackStep::Refusal;

    fn onto(self, present: CitizenFeedbackCreate, now: Instant) -> CitizenFeedbackCreate {
        CitizenFeedbackCreate {
            refused_at: self.refused_at.or(Some(now)),
            refusal_reason: Some(self.refusal_reason),
            ..present
        }
    }
}

impl TakenStep for FeedbackSupplementRequest {
    const STEP: FeedbackStep = FeedbackStep::SupplementRequest;

    fn onto(self, present: CitizenFeedbackCreate, now: Instant) -> CitizenFeedbackCreate {
        CitizenFeedbackCreate {
            supplement_requested_at: self.supplement_requested_at.or(Some(now)),
            supplement_request: Some(self.supplement_request),
            ..present
        }
    }
}

impl TakenStep for FeedbackSupplement {
    const STEP: FeedbackStep = FeedbackStep::Supplement;

    fn onto(self, present: CitizenFeedbackCreate, now: Instant) -> CitizenFeedbackCreate {
        CitizenFeedbackCreate { supplement_received_at: self.supplement_received_at.or(Some(now)), ..present }
    }
}

impl TakenStep for FeedbackAnswer {
    const STEP: FeedbackStep = FeedbackStep::Answer;

    fn onto(self, present: CitizenFeedbackCreate, now: Instant) -> CitizenFeedbackCreate {
        CitizenFeedbackCreate {
            answered_at: self.answered_at.or(Some(now)),
            answer_number: Some(self.answer_number),
            ..present
        }
    }
}

impl TakenStep for FeedbackPublication {
    const STEP: FeedbackStep = FeedbackStep::Publication;

    fn onto(self, present: CitizenFeedbackCreate, now: Instant) -> CitizenFeedbackCreate {
        CitizenFeedbackCreate { published_at: self.published_at.or(Some(now)), ..present }
    }
}
