//! The plan as rows of the database, and the national root.

use diesel::prelude::*;

use super::keys::uuid_of_key;
use super::planned::{PlannedSuccession, PlannedUnit, country};
use crate::successions::model::SuccessionRow;
use crate::units::model::{UnitRow, VersionRow};
use crate::units::rows::{unit_entry, units_insert, versions_insert};
use kernel::audit::journal::JournalAction;
use kernel::db::WriteTx;
use kernel::db::epochs::{self, Epoch};
use kernel::db::schema::org_units;
use kernel::db::types::Instant;
use kernel::error::ApiError;
use kernel::text::fold;
use kernel::tree::OrgUnitId;
use kernel::validity::{Certainty, OPEN_BEGINNING, OPEN_END};

/// The rows of a planned unit.
#[must_use]
pub fn planned_unit(unit: &PlannedUnit, at: Instant) -> (UnitRow, Vec<VersionRow>) {
    let versions = unit.versions.iter().enumerate().map(|(position, version)| VersionRow {
        id: uuid_of_key(&format!("{}#{position}", unit.key)).into(),
        org_unit_id: unit.id,
        code: version.code.clone(),
        identifier: None,
        name: version.name.clone(),
        full_name: version.full_name.clone(),
        name_folded: fold(&version.name),
        kind: version.kind,
        unit_class: None,
        parent_id: version.parent,
        valid_from: version.valid_from.unwrap_or(OPEN_BEGINNING),
        valid_from_certainty: version.valid_from_certainty,
        valid_to: version.valid_to.unwrap_or(OPEN_END),
        valid_to_certainty: version.valid_to_certainty.unwrap_or(Certainty::Inferred),
        change_kind: version.change,
        legal_basis: version.legal_basis.clone(),
        note: version.note.clone(),
    });
    (UnitRow { id: unit.id, version: 1, created_at: at, updated_at: at }, versions.collect())
}

/// The row of a planned succession.
#[must_use]
pub fn planned_succession(planned: &PlannedSuccession, at: Instant) -> SuccessionRow {
    SuccessionRow {
        id: uuid_of_key(&format!("{}>{}", planned.predecessor, planned.successor)).into(),
        predecessor_id: planned.predecessor,
        successor_id: planned.successor,
        relation: planned.relation,
        effective_on: planned.effective_on,
        keeps_records: planned.keeps_records,
        legal_basis: planned.legal_basis.clone(),
        note: planned.note.clone(),
        version: 1,
        created_at: at,
        updated_at: at,
    }
}

/// Makes the national root unless it stands.
///
/// # Errors
/// When the database cannot be written.
pub fn root_ensure(tx: &mut WriteTx<'_>) -> Result<OrgUnitId, ApiError> {
    let country = country();
    let standing: Option<OrgUnitId> =
        org_units::table.find(country.id).select(org_units::id).first(tx.conn()).optional()?;
    if standing.is_none() {
        let (unit, versions) = planned_unit(&country, tx.at());
        units_insert(tx.conn(), std::slice::from_ref(&unit))?;
        versions_insert(tx.conn(), &versions)?;
        epochs::raise(tx, Epoch::Units)?;
        let _receipt = tx.journal(unit_entry(JournalAction::Create, &unit, &versions, None)?)?;
    }
    Ok(country.id)
}
