//! When a dossier is due: the deadline of the version in force on the day of receipt, counted over the
//! working-day calendar.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::model::{Deadline, Procedure, ProcedureId, ProcedureStatus, ProcedureVersionId};
use super::store::procedure_get;
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::types::Instant;
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::reporting::holidays::calendar;
use kernel::reporting::working_days::{DueDateStep, OfficeSpan, due};
use kernel::text::day_vi;

/// The years that the calendar is read ahead: no deadline is longer than two.
const YEARS_AHEAD: i32 = 3;

/// Which dossier is asked about.
#[derive(Debug, Clone, Copy, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DueDateParams {
    /// When the dossier was received (thời điểm tiếp nhận).
    pub received_at: Instant,
    /// Which of the procedure's deadlines, from 1 in their order (thứ tự thời hạn); needed where there
    /// are several.
    #[validate(range(min = 1, max = 20))]
    #[param(minimum = 1, maximum = 20)]
    pub deadline: Option<usize>,
}

/// When a dossier is due, and how that was counted (ngày hẹn trả và diễn giải).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "procedure_id": "0190a8c0-0000-7000-8000-000000000001",
    "procedure_version_id": "0190a8c0-0000-7000-8000-000000000002", "procedure_code": "1.000593",
    "received_at": "2024-05-03T02:00:00Z", "received_on": "2024-05-03",
    "deadline": {"value": 1, "unit": "working_day", "variant": null}, "due_on": "2024-05-04", "due_at": null,
    "steps": [
        {"day": "2024-05-03", "weekday": 5, "kind": "working_day", "name": null, "counted": false, "count": 0},
        {"day": "2024-05-04", "weekday": 6, "kind": "make_up_workday", "name": "Làm bù cho ngày 29/4/2024", "counted": true, "count": 1}
    ]
}))]
pub struct DueDate {
    /// The procedure.
    pub procedure_id: ProcedureId,
    /// The version in force on the day of receipt, which the dossier keeps.
    pub procedure_version_id: ProcedureVersionId,
    /// National code of the procedure.
    pub procedure_code: String,
    /// When the dossier was received.
    pub received_at: Instant,
    /// The day of receipt in Vietnam (ngày tiếp nhận).
    pub received_on: NaiveDate,
    /// The deadline that was counted; null where none is known.
    pub deadline: Option<Deadline>,
    /// The due day (ngày hẹn trả); null where the law sets no deadline or none is known.
    pub due_on: Option<NaiveDate>,
    /// The due time, where hours are counted (thời điểm hẹn trả).
    pub due_at: Option<Instant>,
    /// Every day from receipt to due day, and why it counted or not.
    pub steps: Vec<DueDateStep>,
}

/// When a dossier received at that moment is due, and why.
///
/// # Errors
/// 404 when there is no such procedure; 422 when it was not in force that day, has several deadlines
/// and none is chosen, or when the count runs into a year whose holidays are not all listed.
pub fn due_date(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedureId,
    params: DueDateParams,
    office: &[OfficeSpan],
) -> Result<DueDate, ApiError> {
    let received = params.received_at.vietnam_time();
    let procedure = procedure_get(conn, scoped, id, Some(received.date()))?;
    if procedure.status != ProcedureStatus::InForce {
        return Err(ApiError::invalid(vec![not_in_force(&procedure, received.date())]));
    }
    let deadline = chosen(&procedure.deadlines, params.deadline)?.cloned();
    let mut answer = DueDate {
        procedure_id: procedure.id,
        procedure_version_id: procedure.version_id,
        procedure_code: procedure.code,
        received_at: params.received_at,
        received_on: received.date(),
        deadline,
        due_on: None,
        due_at: None,
        steps: Vec::new(),
    };
    let Some(span) = answer.deadline.as_ref().and_then(Deadline::span) else { return Ok(answer) };
    let year = received.year();
    let counted = due(&calendar(conn, year..=year + YEARS_AHEAD)?, office, received, span)?;
    answer.due_on = Some(counted.on);
    answer.due_at = counted.at.map(Instant::from_vietnam_time);
    answer.steps = counted.steps;
    Ok(answer)
}

fn not_in_force(procedure: &Procedure, day: NaiveDate) -> Fault {
    let Procedure { code, status, .. } = procedure;
    Fault::new(
        "/received_at",
        "not_in_force",
        Bilingual::new(
            format!("Thủ tục {code} {} vào ngày {}.", status.label_vi(), day_vi(day)),
            format!("The procedure {code} is {} on {day}.", status.as_str().replace('_', " ")),
        ),
    )
}

/// The deadline that is meant: the only one, or the one that is chosen among several.
fn chosen(deadlines: &[Deadline], choice: Option<usize>) -> Result<Option<&Deadline>, ApiError> {
    let refused = |code, vi: String, en: String| {
        Err(ApiError::invalid(vec![Fault::new("/deadline", code, Bilingual::new(vi, en))]))
    };
    let count = deadlines.len();
    match (choice.and_then(|number| number.checked_sub(1)), deadlines) {
        (None, [] | [_]) => Ok(deadlines.first()),
        (None, several) => {
            let listed: Vec<String> =
                several.iter().enumerate().map(|(index, one)| named(index + 1, one)).collect();
            let listed = listed.join("; ");
            refused(
                "choose_deadline",
                format!("Thủ tục có {count} thời hạn; hãy chọn một bằng tham số deadline: {listed}."),
                format!(
                    "The procedure has {count} deadlines; choose one with the parameter deadline: {listed}."
                ),
            )
        }
        (Some(index), _) => match deadlines.get(index) {
            Some(deadline) => Ok(Some(deadline)),
            None => refused(
                "no_such_deadline",
                format!("Thủ tục chỉ có {count} thời hạn."),
                format!("The procedure has {count} deadlines only."),
            ),
        },
    }
}

fn named(number: usize, deadline: &Deadline) -> String {
    let value = deadline.value.map(|value| format!("{value} ")).unwrap_or_default();
    let variant = deadline.variant.as_ref().map(|variant| format!(" ({variant})")).unwrap_or_default();
    format!("{number} = {value}{}{variant}", deadline.unit.label_vi())
}
