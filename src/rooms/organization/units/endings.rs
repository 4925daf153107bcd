//! How units end (chấm dứt hoạt động), several at once, and how those that ended by mistake are opened again.

use chrono::NaiveDate;

use super::checks::must_fit;
use super::model::{UnitRow, VersionRow};
use super::rows::{unit_entry, units_of, versions_of_all, versions_save};
use super::standing::Standing;
use kernel::audit::journal::JournalAction;
use kernel::auth::scope::home_province;
use kernel::db::WriteTx;
use kernel::db::schema::org_units;
use kernel::error::{ApiError, Problem};
use kernel::save_rows;
use kernel::tree::{OrgTree, OrgUnitId, UnitVersion};
use kernel::validity::{Certainty, OPEN_END};

/// A unit that ends.
#[derive(Debug, Clone)]
pub(crate) struct UnitEnd {
    /// The unit.
    pub(crate) unit: OrgUnitId,
    /// The first day on which it no longer is.
    pub(crate) on: NaiveDate,
    /// How sure that day is.
    pub(crate) certainty: Certainty,
    /// The province that it belongs to.
    pub(crate) province: Option<OrgUnitId>,
}

/// Ends the last version of each unit.
///
/// # Errors
/// 412 when one has changed.
pub(crate) fn units_end(tx: &mut WriteTx<'_>, ends: &[UnitEnd]) -> Result<(), ApiError> {
    if ends.is_empty() {
        return Ok(());
    }
    let ids: Vec<OrgUnitId> = ends.iter().map(|end| end.unit).collect();
    let at = tx.at();
    let (units, mut versions) = (units_of(tx.conn(), &ids)?, versions_of_all(tx.conn(), &ids)?);
    let mut ended = Vec::with_capacity(ends.len());
    for end in ends {
        let unit = units.get(&end.unit).ok_or_else(ApiError::not_found)?;
        let mut versions = versions.remove(&unit.id).unwrap_or_default();
        if let Some(last) = versions.last_mut() {
            (last.valid_to, last.valid_to_certainty) = (end.on, end.certainty);
        }
        let unit = UnitRow { version: unit.version + 1, updated_at: at, ..unit.clone() };
        ended.push((unit, versions, end.province));
    }
    let last: Vec<&VersionRow> = ended.iter().filter_map(|(_, versions, _)| versions.last()).collect();
    versions_save(tx.conn(), &last)?;
    let counted = save_rows!(tx.conn(), org_units, OrgUnitId, ended.iter().map(|(unit, ..)| unit), [])?;
    if counted.len() != ended.len() {
        return Err(ApiError::new(Problem::PreconditionFailed));
    }
    let entries = ended
        .iter()
        .map(|(unit, versions, province)| unit_entry(JournalAction::Update, unit, versions, *province))
        .collect::<Result<Vec<_>, _>>()?;
    // What ends the units gives the receipt.
    let _receipt = tx.journal_all(entries)?;
    Ok(())
}

/// Opens again the units whose end on this day was a mistake; one that has another end by now keeps it.
///
/// # Errors
/// 409 for a code that another unit has borne since, 412 when one has changed.
pub(crate) fn units_reopen(
    tx: &mut WriteTx<'_>,
    standing: &Standing<'_>,
    units: &[OrgUnitId],
    ended_on: NaiveDate,
) -> Result<(), ApiError> {
    let versions = versions_of_all(tx.conn(), units)?;
    let mut opened = Vec::with_capacity(units.len());
    for unit in units {
        let last = versions.get(unit).and_then(|versions| versions.last());
        let Some(last) = last.filter(|last| last.valid_to == ended_on) else { continue };
        must_fit(standing.tree(), &VersionRow { valid_to: OPEN_END, ..last.clone() })?;
        opened.push(UnitEnd {
            unit: *unit,
            on: OPEN_END,
            certainty: Certainty::Exact,
            province: home_province(standing.tree(), *unit, ended_on),
        });
    }
    units_end(tx, &opened)
}

/// Ends a unit in the tree, for the lines that follow.
pub(crate) fn end_in(tree: &mut OrgTree, unit: OrgUnitId, on: NaiveDate) {
    let mut versions: Vec<UnitVersion> = tree.versions(unit).cloned().collect();
    if let Some(last) = versions.last_mut() {
        last.valid_to = Some(on);
    }
    tree.put(unit, versions);
}
