//! The life of a return (vòng đời báo cáo số liệu): a unit fills it in and hands it in, a reviewer above
//! accepts it or sends it back with a reason.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::error::{ApiError, Problem};
use crate::reporting::periods::PeriodFacts;
use crate::text::day_vi;
use crate::text_enum;

text_enum! {
    /// State of a return (trạng thái báo cáo).
    pub enum ReturnState {
        /// Being filled in; it need not balance.
        Draft => "draft", "dự thảo";
        /// Handed to the reviewer; it counts.
        Submitted => "submitted", "đã gửi";
        /// Taken by the reviewer; it counts.
        Accepted => "accepted", "đã tiếp nhận";
        /// Returned by the reviewer with a reason; it does not count.
        SentBack => "sent_back", "bị trả lại";
    }
}

/// Why a return is sent back (lý do trả lại).
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Số hồ sơ quá hạn chưa khớp với báo cáo của Bộ phận Một cửa."}))]
pub struct SendBack {
    /// The reason, for the editor.
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

text_enum! {
    /// Step of a return's life (bước xử lý báo cáo).
    pub enum Step {
        /// The editor changes it.
        Edit => "edit", "sửa";
        /// The editor hands it in.
        Submit => "submission", "nộp";
        /// The reviewer accepts it.
        Accept => "acceptance", "tiếp nhận";
        /// The reviewer sends it back, with a reason.
        SendBack => "send-back", "trả lại";
        /// The editor deletes it.
        Delete => "delete", "xóa";
    }
}

/// The state after a step.
///
/// # Errors
/// 409 `wrong-state`, which names the steps that are possible.
pub fn step(state: ReturnState, step: Step) -> Result<ReturnState, ApiError> {
    next(state, step).ok_or_else(|| {
        let possible: Vec<&Step> = Step::ALL.iter().filter(|step| next(state, **step).is_some()).collect();
        let vi = possible.iter().map(|step| step.label_vi()).collect::<Vec<_>>().join(", ");
        let en = possible.iter().map(|step| step.as_str()).collect::<Vec<_>>().join(", ");
        ApiError::detailed(
            Problem::WrongState,
            format!("Báo cáo đang ở trạng thái {}; các bước hợp lệ: {vi}.", state.label_vi()),
            format!("The return is {state}; possible now: {en}."),
        )
    })
}

const fn next(state: ReturnState, step: Step) -> Option<ReturnState> {
    use ReturnState::{Accepted, Draft, SentBack, Submitted};
    match (state, step) {
        (Draft, Step::Edit | Step::Delete) => Some(Draft),
        (SentBack, Step::Edit | Step::Delete) => Some(SentBack),
        (Draft | SentBack, Step::Submit) => Some(Submitted),
        (Submitted, Step::Accept) => Some(Accepted),
        (Submitted | Accepted, Step::SendBack) => Some(SentBack),
        _ => None,
    }
}

/// What a review of a return out of the account's reach is answered: of one that it sees, who reviews it.
#[must_use]
pub fn not_reviewed_here(refused: ApiError, is_own_edit: bool) -> ApiError {
    match refused.problem() {
        Problem::Forbidden if is_own_edit => accepts_own_edit(),
        Problem::Forbidden => reviewed_above(),
        _ => refused,
    }
}

/// Refuses to hand in for a period that has not begun.
///
/// # Errors
/// 422 before its first day.
pub fn must_have_begun(period: &PeriodFacts, today: NaiveDate) -> Result<(), ApiError> {
    if period.starts_on <= today {
        return Ok(());
    }
    let (code, day) = (&period.code, period.starts_on);
    Err(ApiError::detailed(
        Problem::Invalid,
        format!("Kỳ {code} bắt đầu từ ngày {}, chưa đến kỳ nên chưa gửi được báo cáo.", day_vi(day)),
        format!("The period {code} begins on {day}; a return cannot be submitted before."),
    ))
}

/// 403: nobody accepts their own work.
#[must_use]
pub fn accepts_own_edit() -> ApiError {
    ApiError::detailed(
        Problem::Forbidden,
        "Không ai được tiếp nhận báo cáo do chính mình sửa lần cuối.",
        "Nobody accepts a return that they last edited.",
    )
}

/// Of a return that the account sees.
fn reviewed_above() -> ApiError {
    ApiError::detailed(
        Problem::Forbidden,
        "Báo cáo do đơn vị cấp trên tiếp nhận hoặc trả lại; tài khoản này không tiếp nhận, trả lại được báo cáo của đơn vị này.",
        "A return is accepted or sent back by a unit above the one that files it; this account does neither for this unit.",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn only_what_was_submitted_is_ever_accepted(steps in proptest::collection::vec(0_usize..5, 0..30)) {
            let mut state = ReturnState::Draft;
            for index in steps {
                let wanted = Step::ALL[index];
                let before = state;
                if let Ok(after) = step(before, wanted) {
                    state = after;
                }
                if state == ReturnState::Accepted && before != ReturnState::Accepted {
                    prop_assert_eq!((before, wanted), (ReturnState::Submitted, Step::Accept));
                }
            }
        }
    }
}
