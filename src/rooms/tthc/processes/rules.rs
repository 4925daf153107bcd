//! What a process must satisfy, and how its time stands to the procedure's deadline: pure, without
//! database or HTTP.

use super::bodies::ProcedureProcessCreate;
use super::model::{HeldProcess, ProcessKind, ProcessStep};
use crate::procedures::model::{Deadline, DeadlineUnit};
use crate::procedures::rules::count_fault;
use kernel::document_numbers::{number_fault, year_remark};
use kernel::error::{Bilingual, Fault};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::validity::day_faults;

/// Office hours of a working day (Bộ luật Lao động 2019, Điều 105): processes state steps in hours and
/// procedures their deadline in days.
const HOURS_A_DAY: i64 = 8;

/// Faults that the body shows by itself.
#[must_use]
pub fn faults(body: &ProcedureProcessCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/decided_on", Some(body.decided_on)),
        ("/valid_from", Some(body.valid_from)),
        ("/valid_to", body.valid_to),
    ])
    .collect();
    faults.extend(number_fault("/decision_number", &body.decision_number));
    if body.valid_to.is_some_and(|day| day <= body.valid_from) {
        let message = Bilingual::new(
            "Ngày hết hiệu lực phải sau ngày bắt đầu áp dụng.",
            "The day on which it no longer holds must be after the first day.",
        );
        faults.push(Fault::new("/valid_to", "before_start", message));
    }
    let joined = [("/links", body.links.is_empty()), ("/agencies", body.agencies.is_empty())];
    faults.extend(joined.into_iter().filter_map(|(pointer, is_empty)| match (body.kind, is_empty) {
        (ProcessKind::Linked, true) => {
            let message = Bilingual::new(
                "Quy trình liên thông phải nêu các thủ tục được liên thông và cơ quan tham gia.",
                "A linked process names the procedures that it joins and the agencies that take part.",
            );
            Some(Fault::new(pointer, "required", message))
        }
        (ProcessKind::Internal, false) => {
            let message = Bilingual::new(
                "Chỉ quy trình liên thông mới nêu thủ tục được liên thông và cơ quan tham gia.",
                "Only a linked process names procedures that it joins and agencies that take part.",
            );
            Some(Fault::new(pointer, "not_linked", message))
        }
        _ => None,
    }));
    for (index, step) in body.steps.iter().enumerate() {
        faults.extend(count_fault(format!("/steps/{index}/value"), step.value, step.unit));
        if step.responsible.is_none() && step.unit_kind.is_none() && step.org_unit_id.is_none() {
            let message = Bilingual::new(
                "Phải nêu người, bộ phận hoặc đơn vị thực hiện bước này.",
                "Name who carries out this step.",
            );
            faults.push(Fault::new(format!("/steps/{index}/responsible"), "required", message));
        }
    }
    faults
}

/// A span of time, in what it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Office hours.
    WorkingHours(i64),
    /// Days of the calendar.
    CalendarDays(i64),
}

impl Time {
    /// The time that a number of units is; none where the law sets none.
    fn of(value: Option<u32>, unit: DeadlineUnit) -> Option<Self> {
        let value = i64::from(value.unwrap_or(0));
        match unit {
            DeadlineUnit::WorkingHour => Some(Self::WorkingHours(value)),
            DeadlineUnit::WorkingDay => Some(Self::WorkingHours(value * HOURS_A_DAY)),
            DeadlineUnit::CalendarDay => Some(Self::CalendarDays(value)),
            // Within the day of receipt.
            DeadlineUnit::Immediate => Some(Self::WorkingHours(HOURS_A_DAY)),
            DeadlineUnit::None => None,
        }
    }

    /// Both together; none where they are counted in two ways.
    fn plus(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::WorkingHours(one), Self::WorkingHours(other)) => Some(Self::WorkingHours(one + other)),
            (Self::CalendarDays(one), Self::CalendarDays(other)) => Some(Self::CalendarDays(one + other)),
            _ => None,
        }
    }

    /// How many office hours.
    #[must_use]
    pub const fn working_hours(self) -> Option<i64> {
        match self {
            Self::WorkingHours(hours) => Some(hours),
            Self::CalendarDays(_) => None,
        }
    }

    /// How many days of the calendar.
    #[must_use]
    pub const fn calendar_days(self) -> Option<i64> {
        match self {
            Self::WorkingHours(_) => None,
            Self::CalendarDays(days) => Some(days),
        }
    }

    const fn count(self) -> i64 {
        match self {
            Self::WorkingHours(count) | Self::CalendarDays(count) => count,
        }
    }

    const fn same_measure(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::WorkingHours(_), Self::WorkingHours(_)) | (Self::CalendarDays(_), Self::CalendarDays(_))
        )
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::WorkingHours(_) => ("giờ làm việc", "office hours"),
            Self::CalendarDays(_) => ("ngày", "days of the calendar"),
        }
    }
}

/// The time of all steps; none where a step has none, or where they are counted in two ways. What is
/// done at once adds nothing.
#[must_use]
pub fn total(steps: &[ProcessStep]) -> Option<Time> {
    let mut times = steps
        .iter()
        .filter(|step| step.unit != DeadlineUnit::Immediate)
        .map(|step| Time::of(step.value, step.unit));
    let first = times.next().unwrap_or(Some(Time::WorkingHours(0)))?;
    times.try_fold(first, |sum, time| sum.plus(time?))
}

/// What is noticed about a process.
#[must_use]
pub fn remarks(held: &HeldProcess) -> Vec<Remark> {
    let row = &held.row;
    let mut remarks: Vec<Remark> =
        year_remark("/decision_number", &row.decision_number, row.decided_on).into_iter().collect();
    if row.valid_from < row.decided_on {
        let days = (row.decided_on - row.valid_from).num_days();
        let message = Bilingual::new(
            format!("Quy trình áp dụng trước ngày phê duyệt {days} ngày."),
            format!("The process holds {days} days before it was approved."),
        );
        remarks.push(Remark::new("/valid_from", Rule::BeforeApproval, message).with("days", days));
    }
    remarks.extend(deadline_remark(&row.steps.0, &row.variant, &held.procedure.deadlines));
    remarks
}

/// How the time of all steps stands to the procedure's deadline for the case: that of the same variant,
/// else any of them.
fn deadline_remark(steps: &[ProcessStep], variant: &str, deadlines: &[Deadline]) -> Option<Remark> {
    let remark = |rule, vi: String, en: String| Remark::new("/steps", rule, Bilingual::new(vi, en));
    let of_case: Vec<&Deadline> =
        deadlines.iter().filter(|deadline| deadline.variant.as_deref() == Some(variant)).collect();
    let candidates = if of_case.is_empty() { deadlines.iter().collect() } else { of_case };
    let limits: Vec<Time> =
        candidates.iter().filter_map(|deadline| Time::of(deadline.value, deadline.unit)).collect();
    if limits.is_empty() {
        return None;
    }
    let time = total(steps);
    let comparable = |time: Time| limits.iter().copied().filter(move |limit| limit.same_measure(time));
    let Some((time, limit)) =
        time.and_then(|time| Some((time, comparable(time).max_by_key(|limit| limit.count())?)))
    else {
        return Some(remark(
            Rule::StepsNotComparable,
            "Thời gian các bước và thời hạn của thủ tục tính theo đơn vị khác nhau nên chưa so sánh được."
                .to_owned(),
            "The steps and the procedure's deadline are counted in different units and cannot be compared."
                .to_owned(),
        ));
    };
    let (stated, allowed) = (time.count(), limit.count());
    let (unit_vi, unit_en) = time.words();
    let is_clear = limits.len() == 1;
    let found = match stated.cmp(&allowed) {
        std::cmp::Ordering::Greater => remark(
            Rule::StepsExceedDeadline,
            format!(
                "Tổng thời gian các bước là {stated} {unit_vi}, vượt thời hạn của thủ tục ({allowed} {unit_vi})."
            ),
            format!("The steps take {stated} {unit_en}, more than the procedure's deadline of {allowed}."),
        ),
        std::cmp::Ordering::Equal if is_clear => remark(
            Rule::StepsEqualDeadline,
            format!("Tổng thời gian các bước bằng thời hạn của thủ tục ({allowed} {unit_vi})."),
            format!("The steps take as long as the procedure's deadline ({allowed} {unit_en})."),
        ),
        std::cmp::Ordering::Less if is_clear => remark(
            Rule::StepsWithinDeadline,
            format!(
                "Tổng thời gian các bước là {stated} {unit_vi}, ngắn hơn thời hạn của thủ tục ({allowed} {unit_vi})."
            ),
            format!("The steps take {stated} {unit_en}, less than the procedure's deadline of {allowed}."),
        ),
        _ => remark(
            Rule::SeveralDeadlines,
            "Thủ tục có nhiều thời hạn; hãy nêu trường hợp áp dụng của quy trình để so sánh.".to_owned(),
            "The procedure has several deadlines; name the case of the process to compare them.".to_owned(),
        ),
    };
    Some(found.with("steps", stated).with("deadline", allowed))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn step(value: u32, unit: DeadlineUnit) -> ProcessStep {
        ProcessStep {
            name: "Thẩm định".into(),
            responsible: Some("Công chức".into()),
            unit_kind: None,
            org_unit_id: None,
            value: unit.is_counted().then_some(value),
            unit,
            result: None,
        }
    }

    fn deadline(value: u32, unit: DeadlineUnit, variant: Option<&str>) -> Deadline {
        Deadline { value: unit.is_counted().then_some(value), unit, variant: variant.map(str::to_owned) }
    }

    fn code(steps: &[ProcessStep], variant: &str, deadlines: &[Deadline]) -> Option<&'static str> {
        deadline_remark(steps, variant, deadlines).map(|remark| remark.code)
    }

    use DeadlineUnit::{CalendarDay, Immediate, None as Unlimited, WorkingDay, WorkingHour};

    #[test]
    fn the_time_of_the_steps_is_held_against_the_deadline() {
        let steps = [step(4, WorkingHour), step(4, WorkingDay), step(4, WorkingHour), step(0, Immediate)];
        assert_eq!(total(&steps), Some(Time::WorkingHours(40)));
        let five = [deadline(5, WorkingDay, None)];
        assert_eq!(code(&steps, "", &five), Some("steps_equal_deadline"));
        assert_eq!(code(&steps, "", &[deadline(4, WorkingDay, None)]), Some("steps_exceed_deadline"));
        assert_eq!(code(&steps, "", &[deadline(6, WorkingDay, None)]), Some("steps_within_deadline"));
        assert_eq!(code(&steps, "", &[deadline(6, CalendarDay, None)]), Some("steps_not_comparable"));
        assert_eq!(code(&steps, "", &[deadline(0, Unlimited, None)]), None);
        assert_eq!(code(&steps, "", &[]), None);
        assert_eq!(
            code(&[step(1, WorkingDay)], "", &[deadline(0, Immediate, None)]),
            Some("steps_equal_deadline")
        );
    }

    #[test]
    fn steps_counted_in_two_ways_have_no_sum() {
        assert_eq!(total(&[step(4, WorkingHour), step(1, CalendarDay)]), None);
        assert_eq!(total(&[step(4, WorkingHour), step(0, Unlimited)]), None);
        assert_eq!(total(&[step(3, CalendarDay), step(4, CalendarDay)]), Some(Time::CalendarDays(7)));
        assert_eq!(total(&[step(0, Immediate)]), Some(Time::WorkingHours(0)));
    }

    #[test]
    fn of_several_deadlines_that_of_the_case_counts() {
        let cases =
            [deadline(3, WorkingDay, Some("không xác minh")), deadline(8, WorkingDay, Some("phải xác minh"))];
        let steps = [step(5, WorkingDay)];
        assert_eq!(code(&steps, "không xác minh", &cases), Some("steps_exceed_deadline"));
        assert_eq!(code(&steps, "phải xác minh", &cases), Some("steps_within_deadline"));
        assert_eq!(code(&steps, "", &cases), Some("several_deadlines"));
        assert_eq!(code(&[step(9, WorkingDay)], "", &cases), Some("steps_exceed_deadline"), "of every one");
    }

    proptest! {
        #[test]
        fn a_sum_is_that_of_its_parts(hours in prop::collection::vec((1_u32..100, any::<bool>()), 1..10)) {
            let steps: Vec<_> = hours.iter().map(|(value, days)| step(*value, if *days { WorkingDay } else { WorkingHour })).collect();
            let expected = hours.iter().map(|(value, days)| i64::from(*value) * if *days { 8 } else { 1 }).sum();
            prop_assert_eq!(total(&steps), Some(Time::WorkingHours(expected)));
        }
    }
}
