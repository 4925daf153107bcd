//! What feedback must satisfy, its life, and how it keeps its time limits: pure, without database or HTTP.

use chrono::NaiveDate;

use super::bodies::CitizenFeedbackCreate;
use super::limits::{TimeLimit, TimeLimits};
use super::model::{
    FeedbackLimit, FeedbackRow, FeedbackStatus, FeedbackStep, FeedbackTimes, TimeLimitOutcome,
};
use super::petitioner::Petitioner;
use kernel::db::types::Instant;
use kernel::document_numbers::{number_fault, year_remark};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::people::kind_fault;
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::text::day_vi;

/// The day that a code carries (mã PAKN): `PAKN.20231225.0126`, the day and a number of that day.
#[must_use]
pub(super) fn code_day(code: &str) -> Option<NaiveDate> {
    let (day, number) = code.strip_prefix("PAKN.")?.split_once('.')?;
    let are_digits = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit());
    let is_number = (4..=6).contains(&number.len()) && are_digits(number);
    let day = (day.len() == 8 && are_digits(day)).then(|| NaiveDate::parse_from_str(day, "%Y%m%d").ok())?;
    day.filter(|_| is_number)
}

/// Faults that the body shows by itself, on a day.
#[must_use]
pub(super) fn faults(body: &CitizenFeedbackCreate, today: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    if code_day(&body.code).is_none() {
        let message = Bilingual::new(
            "Mã PAKN có dạng PAKN.20231225.0126, gồm ngày có thật và số thứ tự trong ngày.",
            "A code is like PAKN.20231225.0126: a real day and a number of that day.",
        );
        faults.push(Fault::new("/code", "code_shape", message));
    }
    faults.extend(pair_faults(body));
    faults.extend(order_faults(body));
    let instants = instants(body).into_iter().filter_map(|(pointer, at)| Some((pointer, at?)));
    faults.extend(instants.filter(|(_, at)| at.vietnam_day() > today).map(|(pointer, _)| {
        let message = Bilingual::new("Thời điểm này chưa đến.", "This moment has not come yet.");
        Fault::new(pointer, "in_future", message)
    }));
    if let Some(number) = &body.answer_number {
        faults.extend(number_fault("/answer_number", number));
    }
    if let Some(Petitioner { kind, id_number, .. }) = &body.petitioner {
        faults.extend(kind_fault(*kind, id_number.as_deref(), "petitioner"));
    }
    faults
}

type Moment = (&'static str, Option<Instant>);

/// Every moment that a body tells, in the order of a life.
fn instants(body: &CitizenFeedbackCreate) -> [Moment; 6] {
    [
        ("/received_at", Some(body.received_at)),
        ("/supplement_requested_at", body.supplement_requested_at),
        ("/supplement_received_at", body.supplement_received_at),
        ("/refused_at", body.refused_at),
        ("/answered_at", body.answered_at),
        ("/published_at", body.published_at),
    ]
}

/// What a step needs beside its moment, and what has no place without another.
fn pair_faults(body: &CitizenFeedbackCreate) -> Vec<Fault> {
    let pairs = [
        ("/refused_at", body.refused_at.is_some(), "/refusal_reason", body.refusal_reason.is_some()),
        (
            "/supplement_requested_at",
            body.supplement_requested_at.is_some(),
            "/supplement_request",
            body.supplement_request.is_some(),
        ),
        ("/answered_at", body.answered_at.is_some(), "/answer_number", body.answer_number.is_some()),
    ];
    let required =
        |pointer, vi: &'static str, en: &'static str| Fault::new(pointer, "required", Bilingual::new(vi, en));
    let mut faults: Vec<Fault> = pairs
        .into_iter()
        .filter_map(|(at, has_moment, told, has_told)| match (has_moment, has_told) {
            (true, false) => Some(required(
                told,
                "Nêu nội dung hoặc số văn bản của bước này.",
                "Say by what or why this step was taken.",
            )),
            (false, true) => {
                Some(required(at, "Nêu thời điểm của bước này.", "Say when this step was taken."))
            }
            _ => None,
        })
        .collect();
    if body.supplement_received_at.is_some() && body.supplement_requested_at.is_none() {
        faults.push(required(
            "/supplement_requested_at",
            "Chỉ nhận bổ sung sau khi đã yêu cầu bổ sung.",
            "A supplement comes after it was asked for.",
        ));
    }
    if body.published_at.is_some() && body.answered_at.is_none() {
        faults.push(required(
            "/answered_at",
            "Chỉ công khai kết quả sau khi đã trả lời.",
            "What is published has been answered.",
        ));
    }
    if body.refused_at.is_some() && body.answered_at.is_some() {
        let message = Bilingual::new(
            "Phản ánh, kiến nghị đã từ chối thì không trả lời.",
            "What was refused is not answered.",
        );
        faults.push(Fault::new("/answered_at", "refused", message));
    }
    faults
}

/// Steps that were taken before one that comes earlier in a life.
fn order_faults(body: &CitizenFeedbackCreate) -> Vec<Fault> {
    let mut latest = None;
    let mut faults = Vec::new();
    for (pointer, at) in instants(body) {
        let Some(at) = at else { continue };
        if latest.is_some_and(|latest| at < latest) {
            let message = Bilingual::new(
                "Thời điểm này trước một bước phải thực hiện trước đó.",
                "This moment is before that of an earlier step.",
            );
            faults.push(Fault::new(pointer, "before_earlier_step", message));
        }
        latest = latest.max(Some(at));
    }
    faults
}

/// How far feedback has come.
#[must_use]
pub(super) const fn status(times: &FeedbackTimes) -> FeedbackStatus {
    if times.refused_at.is_some() {
        FeedbackStatus::Refused
    } else if times.published_at.is_some() {
        FeedbackStatus::Published
    } else if times.answered_at.is_some() {
        FeedbackStatus::Answered
    } else if times.supplement_requested_at.is_some() && times.supplement_received_at.is_none() {
        FeedbackStatus::AwaitingSupplement
    } else {
        FeedbackStatus::Received
    }
}

/// The steps that may be taken now. The sender is asked for more once.
#[must_use]
pub(super) fn next_steps(times: &FeedbackTimes) -> Vec<FeedbackStep> {
    use FeedbackStep::{Answer, Publication, Refusal, Supplement, SupplementRequest};
    match status(times) {
        FeedbackStatus::Received if times.supplement_requested_at.is_none() => {
            vec![Refusal, SupplementRequest, Answer]
        }
        FeedbackStatus::Received => vec![Refusal, Answer],
        FeedbackStatus::AwaitingSupplement => vec![Supplement, Refusal, Answer],
        FeedbackStatus::Answered => vec![Publication],
        FeedbackStatus::Refused | FeedbackStatus::Published => Vec::new(),
    }
}

/// Lets a step be taken that may be taken now.
///
/// # Errors
/// 422 with the steps that may.
pub(super) fn step(times: &FeedbackTimes, step: FeedbackStep) -> Result<(), ApiError> {
    let legal = next_steps(times);
    if legal.contains(&step) {
        return Ok(());
    }
    let listed =
        |name: fn(&FeedbackStep) -> &'static str| legal.iter().map(name).collect::<Vec<_>>().join(", ");
    let (vi, en) = if legal.is_empty() {
        ("không còn bước nào".to_owned(), "none any more".to_owned())
    } else {
        (listed(|step| step.label_vi()), listed(|step| step.as_str()))
    };
    let status = status(times);
    let message = Bilingual::new(
        format!(
            "Phản ánh, kiến nghị {} không thể {}; các bước hợp lệ: {vi}.",
            status.label_vi(),
            step.label_vi()
        ),
        format!("Feedback that is {status} does not take the step {step}; legal are: {en}."),
    );
    Err(ApiError::invalid(vec![Fault::new("/status", "illegal_step", message)]))
}

/// How feedback keeps the limits of its class that held when it was received.
#[must_use]
pub(super) fn limits(times: &FeedbackTimes, limits: &TimeLimits) -> Vec<FeedbackLimit> {
    let received_on = times.received_at.vietnam_day();
    let held_against = |step: &FeedbackStep| {
        let limit = limits.of(times.class, *step, received_on)?;
        Some(kept(times, limit, limits))
    };
    FeedbackStep::ALL.iter().filter_map(held_against).collect()
}

fn kept(times: &FeedbackTimes, limit: &TimeLimit, limits: &TimeLimits) -> FeedbackLimit {
    let Run { from, done_at, is_owed } = run(times, limit.step);
    let working_days = limit.working_days();
    let due_on = from.and_then(|day| limits.due_on(day, working_days).ok());
    let is_open = next_steps(times).contains(&limit.step);
    let outcome = match (done_at, due_on) {
        (Some(done), Some(due)) if done.vietnam_day() <= due => Some(TimeLimitOutcome::InTime),
        (Some(_), Some(_)) => Some(TimeLimitOutcome::Late),
        (None, Some(due)) if is_open && limits.today() <= due => Some(TimeLimitOutcome::Pending),
        (None, Some(_)) if is_open && is_owed => Some(TimeLimitOutcome::PendingLate),
        // Nothing runs while the sender is asked for more.
        (None, None) if is_open && is_owed && from.is_none() => Some(TimeLimitOutcome::Pending),
        _ => None,
    };
    let legal_basis = limit.legal_basis.clone();
    FeedbackLimit { step: limit.step, working_days, due_on, done_at, outcome, legal_basis }
}

/// How the time of a step runs.
struct Run {
    /// The day from which it is counted; none while it does not run.
    from: Option<NaiveDate>,
    /// When the step was taken.
    done_at: Option<Instant>,
    /// Whether it must be taken sooner or later.
    is_owed: bool,
}

/// Refusing and asking for more are counted from the receipt, the answer from the receipt or from what was
/// asked for and came, the publication from the answer.
fn run(times: &FeedbackTimes, step: FeedbackStep) -> Run {
    let day = Instant::vietnam_day;
    let received = Some(day(times.received_at));
    let is_awaited = status(times) == FeedbackStatus::AwaitingSupplement;
    let is_refused = times.refused_at.is_some();
    match step {
        FeedbackStep::Refusal => Run { from: received, done_at: times.refused_at, is_owed: false },
        FeedbackStep::SupplementRequest => {
            Run { from: received, done_at: times.supplement_requested_at, is_owed: false }
        }
        FeedbackStep::Supplement => Run { from: None, done_at: times.supplement_received_at, is_owed: false },
        FeedbackStep::Answer => Run {
            from: times.supplement_received_at.map(day).or(received).filter(|_| !is_awaited && !is_refused),
            done_at: times.answered_at,
            is_owed: true,
        },
        FeedbackStep::Publication => {
            Run { from: times.answered_at.map(day), done_at: times.published_at, is_owed: true }
        }
    }
}

/// Whether a step is owed that was due before today.
#[must_use]
pub(super) fn is_overdue(limits: &[FeedbackLimit]) -> bool {
    limits.iter().any(|limit| limit.outcome == Some(TimeLimitOutcome::PendingLate))
}

/// What is noticed about feedback.
#[must_use]
pub(super) fn remarks(row: &FeedbackRow, limits: &TimeLimits) -> Vec<Remark> {
    let answer = row.answer_number.as_deref().zip(row.answered_at);
    let of_year = answer.and_then(|(number, at)| year_remark("/answer_number", number, at.vietnam_day()));
    let received_on = row.received_at.vietnam_day();
    let other_day = code_day(&row.code).filter(|day| *day != received_on).map(|day| {
        let days = (received_on - day).num_days();
        let message = Bilingual::new(
            format!("Mã PAKN mang ngày {} nhưng tiếp nhận ngày {}.", day_vi(day), day_vi(received_on)),
            format!("The code is of {day}, but it was received on {received_on}."),
        );
        Remark::new("/code", Rule::CodeDay, message).with("days", days)
    });
    let uncounted = self::limits(&row.times(), limits)
        .into_iter()
        .find(|limit| limit.due_on.is_none() && run(&row.times(), limit.step).from.is_some());
    let uncounted = uncounted.map(|_| {
        let message = Bilingual::new(
            "Chưa có đủ dữ liệu ngày nghỉ lễ, tết nên chưa tính được hạn xử lý.",
            "The holidays are not all listed, so its due days cannot be counted.",
        );
        Remark::new("/limits", Rule::UnknownYear, message)
    });
    of_year.into_iter().chain(other_day).chain(uncounted).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::model::FeedbackClass;
    use super::*;
    use kernel::reporting::holidays::bundled_calendar;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Instant {
        serde_json::from_value(json!(format!("{text}T09:00:00+07:00"))).unwrap()
    }

    /// Feedback received on a day, and what was done with it.
    fn times(received: &str) -> FeedbackTimes {
        FeedbackTimes {
            class: FeedbackClass::Conduct,
            received_at: at(received),
            refused_at: None,
            supplement_requested_at: None,
            supplement_received_at: None,
            answered_at: None,
            published_at: None,
        }
    }

    /// The outcomes of refusal, supplement request, answer and publication on a day, and the due days.
    fn told(times: &FeedbackTimes, today: &str) -> Vec<(Option<TimeLimitOutcome>, Option<String>)> {
        let limits = TimeLimits::sample(bundled_calendar(), day(today));
        let kept = super::limits(times, &limits);
        assert_eq!(kept.len(), 4);
        kept.into_iter().map(|limit| (limit.outcome, limit.due_on.map(|day| day.to_string()))).collect()
    }

    fn outcomes(times: &FeedbackTimes, today: &str) -> [Option<TimeLimitOutcome>; 4] {
        let told: Vec<_> = told(times, today).into_iter().map(|(outcome, _)| outcome).collect();
        told.try_into().unwrap()
    }

    const IN_TIME: Option<TimeLimitOutcome> = Some(TimeLimitOutcome::InTime);
    const LATE: Option<TimeLimitOutcome> = Some(TimeLimitOutcome::Late);
    const PENDING: Option<TimeLimitOutcome> = Some(TimeLimitOutcome::Pending);
    const PENDING_LATE: Option<TimeLimitOutcome> = Some(TimeLimitOutcome::PendingLate);

    #[test]
    fn a_code_carries_a_real_day() {
        assert_eq!(code_day("PAKN.20231225.0126"), Some(day("2023-12-25")));
        assert_eq!(code_day("PAKN.20240229.123456"), Some(day("2024-02-29")));
        for code in [
            "PAKN.20230229.0126",
            "PAKN.20231325.0126",
            "PAKN.20231225.126",
            "PAKN.20231225.1234567",
            "PAKN.2023125.0126",
            "PAKN.20231225",
            "PAKN.20231225.01a6",
            "PAKN.+2023125.0126",
            "pakn.20231225.0126",
            "PAKN.20231225.0126.1",
            "",
        ] {
            assert_eq!(code_day(code), None, "{code}");
        }
    }

    #[test]
    fn the_feedback_of_the_report_was_answered_on_its_last_day() {
        let answered = FeedbackTimes { answered_at: Some(at("2024-01-16")), ..times("2023-12-25") };
        let told = told(&answered, "2024-07-02");
        assert_eq!(told[2], (IN_TIME, Some("2024-01-16".into())));
        assert_eq!(told[3], (PENDING_LATE, Some("2024-01-18".into())), "nothing says that it was published");
        let next_day = FeedbackTimes { answered_at: Some(at("2024-01-17")), ..answered };
        assert_eq!(outcomes(&next_day, "2024-07-02")[2], LATE);
    }

    #[test]
    fn what_is_owed_becomes_late_and_what_is_free_to_do_lapses() {
        let received = times("2026-03-02");
        assert_eq!(outcomes(&received, "2026-03-04"), [PENDING, PENDING, PENDING, None]);
        assert_eq!(outcomes(&received, "2026-03-05"), [None, PENDING, PENDING, None]);
        assert_eq!(outcomes(&received, "2026-03-09"), [None, PENDING, PENDING, None]);
        assert_eq!(outcomes(&received, "2026-03-23"), [None, None, PENDING, None]);
        assert_eq!(outcomes(&received, "2026-03-24"), [None, None, PENDING_LATE, None]);
        let refused = FeedbackTimes { refused_at: Some(at("2026-03-05")), ..received };
        assert_eq!(outcomes(&refused, "2026-04-30"), [LATE, None, None, None]);
        let published = FeedbackTimes {
            answered_at: Some(at("2026-03-23")),
            published_at: Some(at("2026-03-26")),
            ..received
        };
        assert_eq!(outcomes(&published, "2026-04-30"), [None, None, IN_TIME, LATE]);
    }

    #[test]
    fn the_answer_is_counted_from_what_was_asked_for_and_came() {
        let asked = FeedbackTimes { supplement_requested_at: Some(at("2026-03-09")), ..times("2026-03-02") };
        assert_eq!(outcomes(&asked, "2026-04-30"), [None, IN_TIME, PENDING, None], "nothing runs");
        assert_eq!(told(&asked, "2026-04-30")[2].1, None);
        let came = FeedbackTimes { supplement_received_at: Some(at("2026-04-01")), ..asked };
        assert_eq!(told(&came, "2026-04-01")[2], (PENDING, Some("2026-04-22".into())));
        assert_eq!(outcomes(&came, "2026-04-23")[2], PENDING_LATE);
        let answered = FeedbackTimes { answered_at: Some(at("2026-04-22")), ..came };
        assert_eq!(outcomes(&answered, "2026-04-23")[2..], [IN_TIME, PENDING]);
    }

    #[test]
    fn a_step_that_may_not_be_taken_names_those_that_may() {
        let received = times("2026-03-02");
        assert!(step(&received, FeedbackStep::Answer).is_ok());
        let refused = step(&received, FeedbackStep::Publication).unwrap_err();
        let faults = refused.faults();
        assert_eq!((faults[0].pointer.as_str(), &*faults[0].code), ("/status", "illegal_step"));
        assert!(faults[0].message.en.ends_with("legal are: refusal, supplement_request, answer."));
        assert!(faults[0].message.vi.contains("từ chối tiếp nhận, yêu cầu bổ sung thông tin, trả lời"));
        let ended = FeedbackTimes { refused_at: Some(at("2026-03-03")), ..received };
        for of_step in FeedbackStep::ALL {
            assert!(step(&ended, *of_step).is_err(), "{of_step}");
        }
    }

    fn codes(change: &Value) -> Vec<(String, String)> {
        let mut body = json!({
            "code": "PAKN.20260302.0001", "channel": "portal", "class": "rule", "content": "Nội dung",
            "received_at": "2026-03-02T02:00:00Z",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body = serde_json::from_value(body).unwrap();
        let faults = faults(&body, day("2026-11-23"));
        faults.into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn steps_come_whole_and_in_their_order() {
        assert_eq!(codes(&json!({})), []);
        let when = "2026-03-03T02:00:00Z";
        for (change, pointer) in [
            (json!({"refused_at": when}), "/refusal_reason"),
            (json!({"refusal_reason": "Trùng lặp"}), "/refused_at"),
            (json!({"supplement_requested_at": when}), "/supplement_request"),
            (json!({"answered_at": when}), "/answer_number"),
            (json!({"answer_number": "06/UBND"}), "/answered_at"),
            (json!({"supplement_received_at": when}), "/supplement_requested_at"),
            (json!({"published_at": when}), "/answered_at"),
        ] {
            assert_eq!(codes(&change), [pair(pointer, "required")], "{change}");
        }
        let both = json!({
            "refused_at": when, "refusal_reason": "Trùng lặp", "answered_at": when, "answer_number": "06/UBND",
        });
        assert_eq!(codes(&both), [pair("/answered_at", "refused")]);
        let early = json!({"answered_at": "2026-03-02T01:59:59Z", "answer_number": "06/UBND"});
        assert_eq!(codes(&early), [pair("/answered_at", "before_earlier_step")]);
        let shape = json!({"answered_at": when, "answer_number": "công văn 6"});
        assert_eq!(codes(&shape), [pair("/answer_number", "number_shape")]);
        let future = json!({"received_at": "2026-11-23T17:00:00Z"});
        assert_eq!(codes(&future), [pair("/received_at", "in_future")], "in Vietnam it is tomorrow");
        assert_eq!(codes(&json!({"received_at": "2026-11-23T16:59:59Z"})), []);
    }

    proptest! {
        /// Whatever was done, the status allows only steps that were not taken, and each leads on.
        #[test]
        fn a_step_is_taken_once_and_leads_on(taken in proptest::collection::vec(0_usize..5, 0..6)) {
            let mut times = times("2026-03-02");
            for (number, choice) in taken.into_iter().enumerate() {
                let legal = next_steps(&times);
                let Some(step) = legal.get(choice % legal.len().max(1)) else { break };
                let when = Some(at(&format!("2026-03-{:02}", number + 3)));
                let before = times;
                let moment = match step {
                    FeedbackStep::Refusal => &mut times.refused_at,
                    FeedbackStep::SupplementRequest => &mut times.supplement_requested_at,
                    FeedbackStep::Supplement => &mut times.supplement_received_at,
                    FeedbackStep::Answer => &mut times.answered_at,
                    FeedbackStep::Publication => &mut times.published_at,
                };
                prop_assert!(moment.is_none(), "{step} again");
                *moment = when;
                prop_assert!(!next_steps(&times).contains(step));
                prop_assert_ne!(before, times);
            }
        }
    }
}
