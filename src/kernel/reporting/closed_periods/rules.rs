//! What a closing binds, and the steps of its life: pure, without database or HTTP.
//!
//! A closing binds the units whose lines are in the form of its unit, day and scope: it asks the form's
//! own [`Roster`], so that no write that is let through changes a form that was closed. A write has to
//! find the closings that may bind it without asking every one of the period: [`may_count`] names the
//! units in whose forms its lines can be at all.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::row::{ClosureRow, ClosureScope, ClosureState, Reopening};
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::reporting::roster::Roster;
use crate::tree::{OrgTree, OrgUnitId};
use crate::unit_reference::UnitScope;

/// First and last day of a period.
pub type Days = (NaiveDate, NaiveDate);

/// The most reopenings of one closing; behind them it is reopened as a whole.
const MOST_REOPENINGS: usize = 1_000;

/// The day on which a unit stands in the tree for a period: the period's last one, or the unit's own
/// if that came before.
#[must_use]
pub fn standing_day(tree: &OrgTree, unit: OrgUnitId, ends_on: NaiveDate) -> NaiveDate {
    tree.last_day(unit).map_or(ends_on, |last| last.min(ends_on))
}

/// Every unit in whose form for the period this unit's lines can be, itself first.
///
/// A form is made on its unit's last day of the period, so it is asked on each day of it that can be
/// one. The lines of a unit in force are in the forms of those above it, and of those that hold one
/// above that has ended; the lines of a unit that has ended, in the forms of who holds it and of those
/// above.
#[must_use]
pub fn may_count(tree: &OrgTree, unit: OrgUnitId, (starts_on, ends_on): Days) -> Vec<OrgUnitId> {
    let mut found = vec![unit];
    for day in tree.days_of_change(starts_on, ends_on) {
        let mut line: Vec<OrgUnitId> = Vec::new();
        let mut next = tree.holder(unit, day);
        while let Some(above) = next.filter(|above| !line.contains(above)) {
            line.push(above);
            line.extend(tree.ancestors(above, day));
            let top = line.last().and_then(|top| tree.version_at(*top, day));
            next = top.and_then(|top| tree.holder(top.parent_id?, day));
        }
        for above in line {
            if !found.contains(&above) {
                found.push(above);
            }
        }
    }
    found
}

/// Whose returns a closing binds.
pub struct Bound {
    roster: Roster,
    /// Those for whom it was reopened: whose lines are in the form of a unit in force that was named, or
    /// who stand under an ended one.
    open: HashSet<OrgUnitId>,
}

impl Bound {
    /// Whom this closing, which has not been reopened for everyone, binds in a period of these days.
    #[must_use]
    pub fn by(tree: &OrgTree, closure: &ClosureRow, period: Days) -> Self {
        let unit = closure.org_unit_id;
        let scope = match closure.scope {
            ClosureScope::Own => UnitScope::Own,
            ClosureScope::Subtree => UnitScope::Subtree,
        };
        // A unit that turned out later to have ended before the day stands where it stood last.
        let day = standing_day(tree, unit, closure.as_of);
        let roster = Roster::of(tree, unit, day, scope, period);
        let reopened = closure.reopenings.0.iter().filter_map(|reopening| reopening.org_unit_id);
        let opened = |unit: OrgUnitId| match roster.has_ended(unit) {
            true => roster.below(unit),
            false => Roster::of(tree, unit, day, UnitScope::Subtree, period).units().iter().collect(),
        };
        let open = reopened.flat_map(opened).collect();
        Self { roster, open }
    }

    /// Whether it binds the returns of this unit.
    #[must_use]
    pub fn contains(&self, unit: OrgUnitId) -> bool {
        self.roster.contains(unit) && !self.open.contains(&unit)
    }
}

/// The state and reopenings of a closing after it was reopened for these units below, or for everyone.
///
/// # Errors
/// 409 when it binds nobody any more, 422 for units that it does not bind.
pub fn reopened(
    tree: &OrgTree,
    closure: &ClosureRow,
    period: Days,
    units: Option<&[OrgUnitId]>,
    of: impl Fn(Option<OrgUnitId>) -> Reopening,
) -> Result<(ClosureState, Vec<Reopening>), ApiError> {
    let mut reopenings = closure.reopenings.0.clone();
    if closure.superseded_by.is_some() {
        return Err(ApiError::detailed(
            Problem::WrongState,
            "Kỳ đã được khóa sổ lần sau; hãy mở lại lần khóa sổ mới nhất.",
            "The period was closed once more since; reopen the last closing.",
        ));
    }
    if closure.state == ClosureState::Reopened {
        return Err(ApiError::detailed(
            Problem::WrongState,
            "Kỳ đã được mở lại.",
            "The period is open again already.",
        ));
    }
    let Some(units) = units else {
        reopenings.push(of(None));
        return Ok((ClosureState::Reopened, reopenings));
    };
    if reopenings.len() + units.len() > MOST_REOPENINGS {
        return Err(ApiError::detailed(
            Problem::WrongState,
            format!("Một lần khóa sổ được mở lại tối đa cho {MOST_REOPENINGS} đơn vị; hãy mở lại toàn bộ."),
            format!("A closing is reopened for {MOST_REOPENINGS} units at most; reopen it as a whole."),
        ));
    }
    let bound = Bound::by(tree, closure, period);
    let mut faults = Vec::new();
    for (place, unit) in units.iter().enumerate() {
        let is_itself = closure.org_unit_id == *unit;
        let twice = units.iter().take(place).any(|other| other == unit);
        if is_itself || twice || !bound.contains(*unit) {
            let message = Bilingual::new(
                "Lần khóa sổ này không ràng buộc đơn vị này, hoặc kỳ đã được mở lại cho đơn vị.",
                "The closing does not bind this unit, or is open for it again already.",
            );
            faults.push(Fault::new(format!("/units/{place}"), "not_bound", message));
        }
    }
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    reopenings.extend(units.iter().map(|unit| of(Some(*unit))));
    Ok((ClosureState::PartlyReopened, reopenings))
}

/// Lets a period be closed (again) after this last closing of it.
///
/// # Errors
/// 409 while that one binds everyone.
pub fn may_close(last: Option<&ClosureRow>) -> Result<(), ApiError> {
    match last {
        Some(last) if last.state == ClosureState::Closed => Err(ApiError::detailed(
            Problem::WrongState,
            format!("Kỳ đã khóa sổ lần {} và chưa được mở lại.", last.number),
            format!("The period is closed already (closing {}) and has not been reopened.", last.number),
        )),
        _ => Ok(()),
    }
}

/// Whether the signed minutes of a closing may still be added to or taken from.
///
/// # Errors
/// 409 once the next closing took its place: what belongs to this one is history.
pub fn may_take_minutes(closure: &ClosureRow) -> Result<(), ApiError> {
    if closure.superseded_by.is_none() {
        return Ok(());
    }
    Err(ApiError::detailed(
        Problem::WrongState,
        format!(
            "Kỳ đã được khóa sổ lại sau lần {} nên tệp đính kèm của lần khóa sổ này được giữ nguyên.",
            closure.number
        ),
        format!(
            "The period was closed again after closing {}; the attachments of this one stay as they are.",
            closure.number
        ),
    ))
}
