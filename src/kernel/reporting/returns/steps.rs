//! The steps of a return's life, and how each is stored with its journal entry.

use diesel::prelude::*;

use super::form::ReturnForm;
use super::life::{Step, accepts_own_edit, must_have_begun, not_reviewed_here, step};
use super::row::{Filed, ReturnRow, UnitReturnId};
use super::store::{answer, filed_find, row_get};
use crate::api::records::{Row, Written};
use crate::api::{IfMatch, Record};
use crate::audit::journal::{Entry, JournalAction, Leave};
use crate::auth::scope::Scoped;
use crate::db::schema::unit_returns;
use crate::db::{Recorded, WriteTx};
use crate::error::ApiError;
use crate::reporting::closed_periods::OpenPeriods;
use crate::{hide_row, save_rows};

/// A return by its id, in reach, that may be written: its period is open for the unit.
fn open_find<F: ReturnForm>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: UnitReturnId,
) -> Result<(Filed, Leave), ApiError> {
    let filed = filed_find(tx.conn(), scoped, F::RECORD_TYPE.as_str(), id)?;
    let leave = OpenPeriods::leave_for(tx, scoped.tree(), filed.line.org_unit_id, &filed.period)?;
    Ok((filed, leave))
}

/// Deletes a draft, or one that was sent back.
///
/// # Errors
/// 409 in another state or a closed period, 412 when it has changed.
pub fn delete<F: ReturnForm>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: UnitReturnId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let (mut filed, leave) = open_find::<F>(tx, scoped, id)?;
    expected.check(filed.line.version)?;
    step(filed.line.state, Step::Delete)?;
    hide_row!(tx, unit_returns, filed.line)?;
    filed.line.version += 1;
    let view = answer::<F>(scoped, filed.clone())?;
    let entry = journal_entry::<F>(JournalAction::Delete, &view, &filed)?;
    Ok(tx.journal(entry.with_leave(leave))?.with(()))
}

/// Hands a return in: from now on it counts.
///
/// # Errors
/// 409 in another state or a closed period, 422 when the period has not begun.
pub fn submit<F: ReturnForm>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: UnitReturnId,
    expected: Option<&IfMatch>,
) -> Result<Recorded<F::View>, ApiError> {
    let (filed, leave) = open_find::<F>(tx, scoped, id)?;
    expected.map_or(Ok(()), |expected| expected.check(filed.line.version))?;
    let state = step(filed.line.state, Step::Submit)?;
    must_have_begun(&filed.period, scoped.today())?;
    let line = ReturnRow {
        state,
        submitted_at: Some(tx.at()),
        reviewed_by: None,
        reviewed_at: None,
        review_reason: None,
        ..filed.line
    };
    stepped::<F>(tx, scoped, JournalAction::Submit, Filed { line, period: filed.period, leave: Some(leave) })
}

/// Accepts a return of a unit below.
///
/// # Errors
/// 403 for what the reviewer edited, 409 in another state or a closed period.
pub fn accept<F: ReturnForm>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: UnitReturnId,
    expected: Option<&IfMatch>,
) -> Result<Recorded<F::View>, ApiError> {
    review::<F>(tx, scoped, id, expected, (Step::Accept, JournalAction::Accept), None)
}

/// Sends a return of a unit below back, with a reason.
///
/// # Errors
/// 409 in another state or a closed period.
pub fn send_back<F: ReturnForm>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: UnitReturnId,
    expected: Option<&IfMatch>,
    reason: String,
) -> Result<Recorded<F::View>, ApiError> {
    review::<F>(tx, scoped, id, expected, (Step::SendBack, JournalAction::SendBack), Some(reason))
}

fn review<F: ReturnForm>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: UnitReturnId,
    expected: Option<&IfMatch>,
    (wanted, action): (Step, JournalAction),
    reason: Option<String>,
) -> Result<Recorded<F::View>, ApiError> {
    let (present, period) = row_get(tx.conn(), F::RECORD_TYPE.as_str(), id)?;
    let is_own_edit = wanted == Step::Accept && present.edited_by == tx.author().id();
    scoped.must_reach(present.org_unit_id).map_err(|refused| not_reviewed_here(refused, is_own_edit))?;
    let leave = OpenPeriods::leave_for(tx, scoped.tree(), present.org_unit_id, &period)?;
    expected.map_or(Ok(()), |expected| expected.check(present.version))?;
    let state = step(present.state, wanted)?;
    if is_own_edit {
        return Err(accepts_own_edit());
    }
    let line = ReturnRow {
        state,
        reviewed_by: Some(tx.author().id().to_owned()),
        reviewed_at: Some(tx.at()),
        review_reason: reason,
        ..present
    };
    stepped::<F>(tx, scoped, action, Filed { line, period, leave: Some(leave) })
}

/// Stores a step of a return's life.
fn stepped<F: ReturnForm>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    action: JournalAction,
    mut filed: Filed,
) -> Result<Recorded<F::View>, ApiError> {
    filed.revise(tx.at());
    save_as::<F>(tx, scoped, &[filed], Some(action))?.only()
}

/// Stores lines with their journal entries: made or changed, unless a step has its own name.
pub(super) fn save_as<F: ReturnForm>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    rows: &[Filed],
    named: Option<JournalAction>,
) -> Result<Written<F::View>, ApiError> {
    // The same figures once more need no leave, unless they are stored as another version.
    let unasked = rows.iter().filter(|filed| filed.leave.is_none());
    let unasked = || unasked.clone().map(|filed| (filed.line.org_unit_id, &filed.period));
    let open = OpenPeriods::of(tx, scoped.tree(), unasked())?;
    unasked().try_for_each(|(unit, period)| open.leave(scoped.tree(), unit, period).map(|_| ()))?;
    let stored = save_rows!(
        tx.conn(),
        unit_returns,
        UnitReturnId,
        rows.iter().map(|filed| &filed.line),
        [
            nil,
            figures,
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
    let entry = |action, view: &F::View, filed: &Filed| {
        let leave = match filed.leave {
            Some(leave) => leave,
            None => open.leave(scoped.tree(), filed.line.org_unit_id, &filed.period)?,
        };
        Ok(journal_entry::<F>(named.unwrap_or(action), view, filed)?.with_leave(leave))
    };
    Written::try_journal(tx, rows, &stored, entry, |filed| answer::<F>(scoped, filed.clone()))
}

fn journal_entry<F: ReturnForm>(
    action: JournalAction,
    view: &F::View,
    Filed { line, .. }: &Filed,
) -> Result<Entry, ApiError> {
    Ok(Entry::new(action, F::RECORD_TYPE.as_str(), line.id, view.version(), view)?
        .of_unit(line.org_unit_id, Some(line.province_id.to_string())))
}
