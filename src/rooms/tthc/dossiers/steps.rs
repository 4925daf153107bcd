//! The steps of a dossier's life, and what else is done to it apart from writing it whole: each changes the
//! row by the same rules, moves the counts and leaves its event in the journal.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::apology::{ApologyLetter, DossierExtension};
use super::due::{DueBasis, Wait};
use super::erasure::forget_deleted;
use super::facts::{ClockRules, calendar_from, clock_rules};
use super::history::{Event, journal_entry};
use super::life::{DossierStatus, DossierStep, step};
use super::links::must_have_no_parts;
use super::making::{holder_of, moved_by, working_days};
use super::model::{Dossier, DossierCreate, DossierId};
use super::row::{DossierRow, HeldDossier};
use super::rules;
use super::summaries::contributions::difference;
use super::summaries::deltas::keep;
use super::waits::happened_at;
use super::writes::{Dossiers, save_as};
use kernel::api::IfMatch;
use kernel::api::records::{Draft, Records, Row};
use kernel::audit::journal::JournalAction;
use kernel::auth::scope::Scoped;
use kernel::db::json_text::JsonText;
use kernel::db::schema::dossiers;
use kernel::db::types::Instant;
use kernel::db::{Recorded, WriteTx};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::hide_row;
use kernel::reporting::working_days::Calendar;
use kernel::successors::unit_in_force;
use kernel::text::{day_vi, spaced};
use kernel::tree::OrgUnitId;
use kernel::unit_reference::UnitName;

/// A step that needs no more than when, and perhaps why (bước xử lý).
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"at": "2026-11-03T02:00:00Z"}))]
pub struct DossierStepTaken {
    /// When it happened (thời điểm thực hiện); now where it is not given.
    #[serde(default)]
    pub at: Option<Instant>,
    /// Why (lý do).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: Option<String>,
}

/// A step that says why or what is asked for (bước xử lý có nêu lý do, nội dung).
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Bổ sung bản sao giấy chứng sinh.", "at": "2026-11-03T02:00:00Z"}))]
pub struct DossierStepReasoned {
    /// When it happened (thời điểm thực hiện); now where it is not given.
    #[serde(default)]
    pub at: Option<Instant>,
    /// Why, or what is asked for (lý do, nội dung yêu cầu).
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// That a dossier is resolved (kết quả giải quyết).
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"at": "2026-11-04T08:30:00Z", "result_digitised": true}))]
pub struct DossierResolution {
    /// When it was resolved (thời điểm xử lý xong); now where it is not given.
    #[serde(default)]
    pub at: Option<Instant>,
    /// Whether the result was digitised (số hóa kết quả giải quyết); as before where it is not given.
    #[serde(default)]
    pub result_digitised: Option<bool>,
}

/// To which unit a dossier is handed over (bàn giao hồ sơ).
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"org_unit_code": "31420", "at": "2025-07-01T00:00:00Z", "reason": "Bàn giao khi sắp xếp đơn vị hành chính."}))]
pub struct DossierTransfer {
    /// When it is handed over (thời điểm bàn giao); now where it is not given. From that day on the new unit
    /// has it, and what was counted before stays.
    #[serde(default)]
    pub at: Option<Instant>,
    /// The unit that takes it, by id; exactly one of id, identifier and code (đơn vị nhận bàn giao).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// That unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// That unit by its statistics code, read on the day (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20), custom(function = spaced))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// Why (lý do, văn bản).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: Option<String>,
}

/// Another status of a dossier, because the one that is held was wrong (đính chính trạng thái).
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Hệ thống ghi nhầm đã trả kết quả.", "status": "processing"}))]
pub struct DossierRestatement {
    /// Why it was wrong (lý do đính chính).
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
    /// The status that is true (trạng thái đúng).
    pub status: DossierStatus,
    /// When it was resolved (thời điểm xử lý xong).
    #[serde(default)]
    pub resolved_at: Option<Instant>,
    /// When the result was returned (thời điểm trả kết quả).
    #[serde(default)]
    pub returned_at: Option<Instant>,
    /// When it was withdrawn or refused (thời điểm rút, từ chối).
    #[serde(default)]
    pub closed_at: Option<Instant>,
}

/// What a step does beside changing the status.
#[derive(Debug, Clone)]
pub(super) enum Taken {
    /// Nothing more.
    Plain(DossierStepTaken),
    /// Another day is promised.
    Extended(DossierExtension),
    /// The result may be digitised.
    Resolved(DossierResolution),
    /// Another unit takes it.
    Transferred(DossierTransfer),
}

impl From<DossierStepTaken> for Taken {
    fn from(taken: DossierStepTaken) -> Self {
        Self::Plain(taken)
    }
}

impl From<DossierStepReasoned> for Taken {
    fn from(DossierStepReasoned { at, reason }: DossierStepReasoned) -> Self {
        Self::Plain(DossierStepTaken { at, reason: Some(reason) })
    }
}

impl From<DossierExtension> for Taken {
    fn from(taken: DossierExtension) -> Self {
        Self::Extended(taken)
    }
}

impl From<DossierResolution> for Taken {
    fn from(taken: DossierResolution) -> Self {
        Self::Resolved(taken)
    }
}

impl From<DossierTransfer> for Taken {
    fn from(taken: DossierTransfer) -> Self {
        Self::Transferred(taken)
    }
}

impl Taken {
    fn at(&self) -> Option<Instant> {
        match self {
            Self::Plain(taken) => taken.at,
            Self::Extended(taken) => taken.at,
            Self::Resolved(taken) => taken.at,
            Self::Transferred(taken) => taken.at,
        }
    }

    fn reason(&self) -> Option<String> {
        match self {
            Self::Plain(taken) => taken.reason.clone(),
            Self::Extended(taken) => Some(taken.apology.clone()),
            Self::Resolved(_) => None,
            Self::Transferred(taken) => taken.reason.clone(),
        }
    }

    fn letter(&self) -> Option<ApologyLetter> {
        match self {
            Self::Extended(taken) => taken.letter().told(),
            Self::Plain(_) | Self::Resolved(_) | Self::Transferred(_) => None,
        }
    }
}

/// A dossier by its id that this account may change, as it was read.
pub(super) fn changeable(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: DossierId,
    expected: Option<&IfMatch>,
) -> Result<HeldDossier, ApiError> {
    let held = Dossiers::find(tx.conn(), scoped, id)?;
    expected.map_or(Ok(()), |expected| expected.check(held.row.version))?;
    Ok(held)
}

/// Takes a step of a dossier's life.
///
/// # Errors
/// 422 with the legal steps when this is none of them, or for a time out of order; 412 when the dossier has
/// changed since it was read.
pub(super) fn dossier_step(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: DossierId,
    expected: Option<&IfMatch>,
    kind: DossierStep,
    taken: &Taken,
) -> Result<Recorded<Dossier>, ApiError> {
    let held = changeable(tx, scoped, id, expected)?;
    let status = step(held.row.status, kind)?;
    let at = moment(taken.at(), &held.row, came(&held.row, tx.at()), tx.at())?;
    let event = Event { letter: taken.letter(), ..Event::new(kind.as_str(), at, taken.reason()) };
    if kind == DossierStep::Acceptance {
        return accepted(tx, scoped, held, at, &event);
    }
    let rules = clock_rules(tx.conn())?;
    let mut row = turned(&held.row, kind, status, at, &rules);
    match taken {
        Taken::Plain(_) => {}
        Taken::Extended(extension) => {
            let faults = extension.faults(row.received_on(), at.vietnam_day());
            if !faults.is_empty() {
                return Err(ApiError::invalid(faults));
            }
            row.rescheduled_to = Some(extension.rescheduled_to);
            row.apology_letter = extension.letter().told().map(JsonText);
        }
        Taken::Resolved(resolution) => {
            row.result_digitised = resolution.result_digitised.unwrap_or(row.result_digitised);
        }
        Taken::Transferred(transfer) => handed_over(&mut row, scoped, transfer, at)?,
    }
    count_again(tx, &held.row, &mut row)?;
    stored(tx, scoped, held, row, &event)
}

/// A dossier turned to the status behind a step, with the date of the step.
pub(super) fn turned(
    before: &DossierRow,
    kind: DossierStep,
    status: DossierStatus,
    at: Instant,
    rules: &[ClockRules],
) -> DossierRow {
    let mut row = before.clone();
    turn(&mut row, status, at, rules);
    match kind {
        DossierStep::Resolution => row.resolved_at = Some(at),
        DossierStep::Return => row.returned_at = Some(at),
        DossierStep::Withdrawal | DossierStep::Refusal => row.closed_at = Some(at),
        _ => {}
    }
    row
}

/// Receives a registered dossier: it is received when it is accepted, and due by the deadline and the rules
/// of that day.
fn accepted(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    held: HeldDossier,
    at: Instant,
    event: &Event,
) -> Result<Recorded<Dossier>, ApiError> {
    let draft = acceptance(scoped, held, at)?;
    let made = Dossiers::made(tx, scoped, vec![draft])?;
    let made: Result<Vec<HeldDossier>, ApiError> = made.into_iter().collect();
    let mut made = made?;
    made.iter_mut().for_each(|held| held.revise(tx.at()));
    save_as(tx, scoped, &made, |_| Some(event))?.only()
}

/// What a registered dossier says once it is accepted.
pub(super) fn acceptance(
    scoped: &Scoped,
    held: HeldDossier,
    at: Instant,
) -> Result<Draft<DossierCreate, HeldDossier>, ApiError> {
    let body = held.body(scoped.personal_keys()?)?;
    let body = DossierCreate { received_at: at, status: Some(DossierStatus::Received), ..body };
    Ok(Draft { body, present: Some(held) })
}

/// Says another status of a dossier, because the one that is held was wrong.
///
/// # Errors
/// 422 for dates that the status does not allow, or needs.
pub(super) fn dossier_restate(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: DossierId,
    expected: Option<&IfMatch>,
    restated: DossierRestatement,
) -> Result<Recorded<Dossier>, ApiError> {
    let held = changeable(tx, scoped, id, expected)?;
    let DossierRestatement { reason, status, resolved_at, returned_at, closed_at } = restated;
    let at = tx.at();
    let mut row = held.row.clone();
    let faults = rules::restated_faults(status, row.received_at, [resolved_at, returned_at, closed_at], at);
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    let rules = clock_rules(tx.conn())?;
    // A wait ends with what it waited for, and not when that is told.
    let happened = happened_at(&row.waits.0, row.received_at, [resolved_at, closed_at], at);
    turn(&mut row, status, happened, &rules);
    (row.resolved_at, row.returned_at, row.closed_at) = (resolved_at, returned_at, closed_at);
    count_again(tx, &held.row, &mut row)?;
    let event = Event::new("restatement", at, Some(reason));
    stored(tx, scoped, held, row, &event)
}

/// Deletes a dossier that was entered by mistake; what it added to the counts goes with it, and so do its
/// people and files, which nobody could have erased any more.
///
/// # Errors
/// 409 when others are parts of it, 412 when it has changed.
pub(super) fn dossier_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: DossierId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let held = changeable(tx, scoped, id, Some(expected))?;
    must_have_no_parts(tx.conn(), &held.row)?;
    hide_row!(tx, dossiers, held.row)?;
    keep(tx.conn(), &difference(Some(&held.row), None))?;
    forget_deleted(tx, id)?;
    let row = DossierRow { version: held.row.version + 1, ..held.row.clone() };
    let held = HeldDossier { row, ..held };
    let view = held.answer(&scoped.masked(), tx.at())?;
    Ok(tx.journal(journal_entry(JournalAction::Delete, &view, &held.row, None)?)?.with(()))
}

/// When the unit that has a dossier got it. One that is yet to begin has it from a day to come; until then the one
/// before it goes on.
fn came(row: &DossierRow, now: Instant) -> Option<Instant> {
    let holder = row.holders.0.last().filter(|holder| holder.since <= now.vietnam_day());
    holder.map(|holder| Instant::beginning_of(holder.since))
}

/// When a step happened: not before the one before, nor before the unit got the dossier where that is told, and not
/// in the future.
pub(super) fn moment(
    given: Option<Instant>,
    row: &DossierRow,
    came: Option<Instant>,
    now: Instant,
) -> Result<Instant, ApiError> {
    let waited = row.waits.0.last().map(|wait| wait.until.unwrap_or(wait.since));
    let known = [Some(row.received_at), waited, came, row.resolved_at];
    let last = known.into_iter().flatten().max().unwrap_or(row.received_at);
    let Some(at) = given else { return Ok(now.max(last)) };
    let (code, message) = if at < last {
        let message = Bilingual::new(
            format!("Bước này không thể trước bước liền trước ({last})."),
            format!("A step is not taken before the one before it ({last})."),
        );
        ("before_last_step", message)
    } else if at > now.plus_seconds(rules::CLOCKS_APART) {
        let message = Bilingual::new("Thời điểm này còn ở tương lai.", "This time is still to come.");
        ("in_future", message)
    } else {
        return Ok(at);
    };
    Err(ApiError::invalid(vec![Fault::new("/at", code, message)]))
}

/// Turns a dossier to a status: a wait ends, or begins.
fn turn(row: &mut DossierRow, status: DossierStatus, at: Instant, rules: &[ClockRules]) {
    if status == row.status {
        return;
    }
    if let Some(wait) = row.waits.0.last_mut().filter(|wait| wait.until.is_none()) {
        wait.until = Some(at);
    }
    if status.is_waiting() {
        let stops = rules.iter().any(|rules| rules.version == row.rules_version && rules.stop(status));
        row.waits.0.push(Wait { status, since: at, until: None, stops });
    }
    row.status = status;
}

/// Gives a dossier to the unit that takes it.
fn handed_over(
    row: &mut DossierRow,
    scoped: &Scoped,
    transfer: &DossierTransfer,
    at: Instant,
) -> Result<(), ApiError> {
    let (tree, day) = (scoped.tree(), at.vietnam_day());
    let name = UnitName {
        id: transfer.org_unit_id,
        identifier: transfer.org_unit_identifier.as_deref(),
        code: transfer.org_unit_code.as_deref(),
    };
    let unit = unit_in_force(tree, &name, day)?;
    if let Some(last) = row.holders.0.last().filter(|last| day < last.since) {
        let since = last.since;
        let message = Bilingual::new(
            format!(
                "Đơn vị đang giữ nhận hồ sơ từ ngày {}; không thể bàn giao trước ngày đó.",
                day_vi(since)
            ),
            format!("The present unit has had the dossier since {since}; it was not handed over before."),
        );
        return Err(ApiError::invalid(vec![Fault::new("/at", "before_last_step", message)]));
    }
    if unit == row.org_unit_id {
        let message = Bilingual::new("Đơn vị này đang giữ hồ sơ.", "This unit has the dossier already.");
        return Err(ApiError::invalid(vec![Fault::new(name.pointer(), "same_unit", message)]));
    }
    let holder = holder_of(scoped, unit, day, name.pointer())?;
    (row.org_unit_id, row.province_id) = (holder.unit, holder.province);
    row.holders.0.push(holder);
    Ok(())
}

/// Counts due day and working days again where a wait has ended or the dossier was resolved.
fn count_again(tx: &mut WriteTx<'_>, before: &DossierRow, row: &mut DossierRow) -> Result<(), ApiError> {
    if ended_waits(before, row).is_empty() && row.resolved_at == before.resolved_at {
        return Ok(());
    }
    let today = tx.at().vietnam_day();
    let calendar = calendar_from(tx.conn(), row.received_on(), today)?;
    counted(&calendar, before, row)
}

/// The waits that have ended since.
fn ended_waits<'r>(before: &DossierRow, row: &'r DossierRow) -> Vec<&'r Wait> {
    let lasting = before.waits.0.len() - usize::from(before.waiting().is_some());
    row.waits.0.iter().skip(lasting).filter(|wait| wait.until.is_some()).collect()
}

/// Counts due day and working days again by this calendar.
pub(super) fn counted(
    calendar: &Calendar,
    before: &DossierRow,
    row: &mut DossierRow,
) -> Result<(), ApiError> {
    let ended = ended_waits(before, row);
    let moves = row.due_basis != DueBasis::Nothing && ended.iter().any(|wait| wait.stops);
    if moves {
        let due = moved_by(row.due(), calendar, ended.into_iter())?;
        row.set_due(due);
    }
    if moves || row.resolved_at != before.resolved_at {
        row.working_days = working_days(calendar, row);
    }
    Ok(())
}

/// Stores a dossier as something that happened has changed it.
pub(super) fn stored(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    held: HeldDossier,
    mut row: DossierRow,
    event: &Event,
) -> Result<Recorded<Dossier>, ApiError> {
    row.late_after = row.is_late_after();
    let mut after =
        HeldDossier { row, procedure: held.procedure, before: Some(Box::new(held.row)), masked: None };
    after.revise(tx.at());
    save_as(tx, scoped, &[after], |_| Some(event))?.only()
}
