//! The steps of a return's life, and how each is stored with its journal entry.

use diesel::prelude::*;

use super::model::{ProcessingReturn, ProcessingReturnId};
use super::row::{Filed, ReturnRow};
use super::rules;
use super::store::{answer, filed_find, row_get};
use kernel::api::IfMatch;
use kernel::api::records::{Row, Written};
use kernel::audit::journal::{Entry, JournalAction, Leave};
use kernel::auth::scope::Scoped;
use kernel::db::schema::processing_returns;
use kernel::db::{Recorded, WriteTx};
use kernel::error::ApiError;
use kernel::reporting::closed_periods::OpenPeriods;
use kernel::reporting::periods::PeriodFacts;
use kernel::reporting::returns::{Step, accepts_own_edit, must_have_begun, not_reviewed_here, step};
use kernel::{hide_row, save_rows};

const RECORD_TYPE: &str = "processing_return";

/// A return by its id, in reach, that may be written: its period is open for the unit.
fn open_find(tx: &mut WriteTx<'_>, scoped: &Scoped, id: ProcessingReturnId) -> Result<Opened, ApiError> {
    let Filed { line, period, .. } = filed_find(tx.conn(), scoped, id)?;
    let leave = OpenPeriods::leave_for(tx, scoped.tree(), line.org_unit_id, &period)?;
    Ok(Opened { line, period, leave })
}

/// A return whose period is open.
struct Opened {
    line: ReturnRow,
    period: PeriodFacts,
    leave: Leave,
}

/// Deletes a draft, or one that was sent back.
///
/// # Errors
/// 409 in another state or a closed period, 412 when it has changed.
pub fn processing_return_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcessingReturnId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let Opened { line: present, period, leave } = open_find(tx, scoped, id)?;
    expected.check(present.version)?;
    step(present.state, Step::Delete)?;
    hide_row!(tx, processing_returns, present)?;
    let row = ReturnRow { version: present.version + 1, ..present };
    let view = answer(scoped, row.clone(), &period);
    let entry = journal_entry(JournalAction::Delete, &view, &row)?.with_leave(leave);
    Ok(tx.journal(entry)?.with(()))
}

/// Hands a return in: from now on it counts.
///
/// # Errors
/// 409 in another state or a closed period, 422 when the form does not balance or the period has not begun.
pub fn processing_return_submit(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcessingReturnId,
    expected: Option<&IfMatch>,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    let Opened { line: present, period, leave } = open_find(tx, scoped, id)?;
    expected.map_or(Ok(()), |expected| expected.check(present.version))?;
    let state = step(present.state, Step::Submit)?;
    must_have_begun(&period, scoped.today())?;
    rules::balanced(&present.columns(), present.carried_over_basis)?;
    let row = ReturnRow {
        state,
        submitted_at: Some(tx.at()),
        reviewed_by: None,
        reviewed_at: None,
        review_reason: None,
        ..present
    };
    stepped(tx, scoped, JournalAction::Submit, Opened { line: row, period, leave })
}

/// Accepts a return of a unit below.
///
/// # Errors
/// 403 for what the reviewer edited, 409 in another state or a closed period.
pub fn processing_return_accept(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcessingReturnId,
    expected: Option<&IfMatch>,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    review(tx, scoped, id, expected, Step::Accept, JournalAction::Accept, None)
}

/// Sends a return of a unit below back, with a reason.
///
/// # Errors
/// 409 in another state or a closed period.
pub fn processing_return_send_back(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcessingReturnId,
    expected: Option<&IfMatch>,
    reason: String,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    review(tx, scoped, id, expected, Step::SendBack, JournalAction::SendBack, Some(reason))
}

fn review(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcessingReturnId,
    expected: Option<&IfMatch>,
    wanted: Step,
    action: JournalAction,
    reason: Option<String>,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    let (present, period) = row_get(tx.conn(), id)?;
    let is_own_edit = wanted == Step::Accept && present.edited_by == tx.author().id();
    scoped.must_reach(present.org_unit_id).map_err(|refused| not_reviewed_here(refused, is_own_edit))?;
    let leave = OpenPeriods::leave_for(tx, scoped.tree(), present.org_unit_id, &period)?;
    expected.map_or(Ok(()), |expected| expected.check(present.version))?;
    let state = step(present.state, wanted)?;
    if is_own_edit {
        return Err(accepts_own_edit());
    }
    let row = ReturnRow {
        state,
        reviewed_by: Some(tx.author().id().to_owned()),
        reviewed_at: Some(tx.at()),
        review_reason: reason,
        ..present
    };
    stepped(tx, scoped, action, Opened { line: row, period, leave })
}

/// Stores a step of a return's life.
fn stepped(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    action: JournalAction,
    Opened { line, period, leave }: Opened,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    let mut filed = Filed { line, period, leave: Some(leave) };
    filed.revise(tx.at());
    save_as(tx, scoped, &[filed], Some(action))?.only()
}

/// Stores lines with their journal entries: made or changed, unless a step has its own name.
pub(super) fn save_as(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    rows: &[Filed],
    step: Option<JournalAction>,
) -> Result<Written<ProcessingReturn>, ApiError> {
    // The same figures once more need no leave, unless they are stored as another version.
    let unasked = rows.iter().filter(|filed| filed.leave.is_none());
    let unasked = || unasked.clone().map(|filed| (filed.line.org_unit_id, &filed.period));
    let open = OpenPeriods::of(tx, scoped.tree(), unasked())?;
    unasked().try_for_each(|(unit, period)| open.leave(scoped.tree(), unit, period).map(|_| ()))?;
    let stored = save_rows!(
        tx.conn(),
        processing_returns,
        ProcessingReturnId,
        rows.iter().map(|filed| &filed.line),
        [
            nil,
            received_online,
            received_in_person,
            received_postal,
            carried_over,
            carried_over_basis,
            resolved_early,
            resolved_on_time,
            resolved_overdue,
            pending_in_time,
            pending_overdue,
            withdrawn,
            refused,
            covers_from,
            covers_to,
            source_note,
            state,
            edited_by,
            filed_by,
            submitted_at,
            reviewed_by,
            reviewed_at,
            review_reason,
        ]
    )?;
    let entry = |action, view: &ProcessingReturn, filed: &Filed| {
        let leave = match filed.leave {
            Some(leave) => leave,
            None => open.leave(scoped.tree(), filed.line.org_unit_id, &filed.period)?,
        };
        Ok(journal_entry(step.unwrap_or(action), view, &filed.line)?.with_leave(leave))
    };
    Written::journal(tx, rows, &stored, entry, |filed| answer(scoped, filed.line.clone(), &filed.period))
}

fn journal_entry(
    action: JournalAction,
    view: &ProcessingReturn,
    line: &ReturnRow,
) -> Result<Entry, ApiError> {
    Ok(Entry::new(action, RECORD_TYPE, view.id, view.version, view)?
        .of_unit(line.org_unit_id, Some(line.province_id.to_string())))
}
