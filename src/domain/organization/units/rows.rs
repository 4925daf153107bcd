//! Identities and versions in the database.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use super::model::{UnitRow, VersionRow};
use crate::audit::journal::{Entry, JournalAction};
use crate::db::schema::{org_unit_versions, org_units};
use crate::db::{DbConn, WriteTx};
use crate::domain::organization::tree::OrgUnitId;
use crate::error::{ApiError, Problem};
use crate::on_db;

/// An identity by its id.
///
/// # Errors
/// 404 when there is none.
pub fn unit_row(conn: &mut DbConn, id: OrgUnitId) -> Result<UnitRow, ApiError> {
    Ok(org_units::table
        .find(id)
        .filter(org_units::deleted_at.is_null())
        .select(UnitRow::as_select())
        .first(conn)?)
}

/// All versions of a unit, the oldest first.
///
/// # Errors
/// When the database cannot be read.
pub fn versions_of(conn: &mut DbConn, id: OrgUnitId) -> Result<Vec<VersionRow>, ApiError> {
    Ok(org_unit_versions::table
        .filter(org_unit_versions::org_unit_id.eq(id))
        .order(org_unit_versions::valid_from)
        .select(VersionRow::as_select())
        .load(conn)?)
}

/// All versions of several units, each unit's oldest first.
///
/// # Errors
/// When the database cannot be read.
pub fn versions_of_all(
    conn: &mut DbConn,
    ids: &[OrgUnitId],
) -> Result<HashMap<OrgUnitId, Vec<VersionRow>>, ApiError> {
    let mut found: HashMap<OrgUnitId, Vec<VersionRow>> = HashMap::with_capacity(ids.len());
    for part in ids.chunks(1_000) {
        let rows: Vec<VersionRow> = org_unit_versions::table
            .filter(org_unit_versions::org_unit_id.eq_any(part.to_vec()))
            .order((org_unit_versions::org_unit_id, org_unit_versions::valid_from))
            .select(VersionRow::as_select())
            .load(conn)?;
        for row in rows {
            found.entry(row.org_unit_id).or_default().push(row);
        }
    }
    Ok(found)
}

/// What a unit is on the day, read in the transaction that depends on it.
///
/// # Errors
/// When the database cannot be read.
pub fn version_on(conn: &mut DbConn, id: OrgUnitId, day: NaiveDate) -> Result<Option<VersionRow>, ApiError> {
    use org_unit_versions as v;
    Ok(v::table
        .inner_join(org_units::table.on(org_units::id.eq(v::org_unit_id)))
        .filter(org_units::deleted_at.is_null())
        .filter(v::org_unit_id.eq(id).and(v::valid_from.le(day)).and(v::valid_to.gt(day)))
        .order(v::valid_from.desc())
        .select(VersionRow::as_select())
        .first(conn)
        .optional()?)
}

/// Rows a statement: at 17 values a row far below what either database may bind.
const ROWS: usize = 500;

/// Inserts identities, several a statement.
///
/// # Errors
/// When the database cannot be written.
pub fn units_insert(conn: &mut DbConn, rows: &[UnitRow]) -> Result<(), ApiError> {
    for part in rows.chunks(ROWS) {
        on_db!(conn, |c| diesel::insert_into(org_units::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Inserts versions, several a statement; units and parents must stand.
///
/// # Errors
/// When the database cannot be written.
pub fn versions_insert(conn: &mut DbConn, rows: &[VersionRow]) -> Result<(), ApiError> {
    for part in rows.chunks(ROWS) {
        on_db!(conn, |c| diesel::insert_into(org_unit_versions::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Stores a version that has changed.
///
/// # Errors
/// When the database cannot be written.
pub fn version_update(conn: &mut DbConn, row: &VersionRow) -> Result<(), ApiError> {
    diesel::update(org_unit_versions::table.find(row.id)).set(row).execute(conn)?;
    Ok(())
}

/// Counts one more change to the unit.
///
/// # Errors
/// 412 when somebody else has changed it meanwhile.
pub fn unit_bump(tx: &mut WriteTx<'_>, present: &UnitRow) -> Result<UnitRow, ApiError> {
    let next = UnitRow { version: present.version + 1, updated_at: tx.at(), ..present.clone() };
    let changed =
        diesel::update(org_units::table.find(present.id).filter(org_units::version.eq(present.version)))
            .set((org_units::version.eq(next.version), org_units::updated_at.eq(next.updated_at)))
            .execute(tx.conn())?;
    if changed == 0 { Err(ApiError::new(Problem::PreconditionFailed)) } else { Ok(next) }
}

/// The journal entry of a unit: the identity with all its versions.
///
/// # Errors
/// When the content cannot be written as JSON.
pub fn unit_entry(
    action: JournalAction,
    unit: &UnitRow,
    versions: &[VersionRow],
    province: Option<OrgUnitId>,
) -> Result<Entry, ApiError> {
    #[derive(Serialize)]
    struct Content<'a> {
        #[serde(flatten)]
        unit: &'a UnitRow,
        versions: &'a [VersionRow],
    }
    let content = Content { unit, versions };
    let entry = Entry::new(action, "org_unit", unit.id, unit.version, &content)?;
    Ok(entry.of_unit(unit.id, province.map(|province| province.to_string())))
}
