//! Identities and versions in the database.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::upsert::excluded;
use serde::Serialize;

use super::model::{UnitRow, VersionRow};
use kernel::audit::journal::{Entry, JournalAction};
use kernel::db::DbConn;
use kernel::db::schema::{org_unit_versions, org_units};
use kernel::error::ApiError;
use kernel::on_db;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::identifier_forms;

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

/// Stores versions of units that are there, new ones and corrected ones.
///
/// # Errors
/// When the database cannot be written.
pub fn versions_save(conn: &mut DbConn, versions: &[&VersionRow]) -> Result<(), ApiError> {
    use org_unit_versions as v;
    for part in versions.chunks(ROWS) {
        on_db!(conn, |c| diesel::insert_into(v::table)
            .values(part.to_vec())
            .on_conflict(v::id)
            .do_update()
            .set((
                v::code.eq(excluded(v::code)),
                v::identifier.eq(excluded(v::identifier)),
                v::name.eq(excluded(v::name)),
                v::full_name.eq(excluded(v::full_name)),
                v::name_folded.eq(excluded(v::name_folded)),
                v::kind.eq(excluded(v::kind)),
                v::unit_class.eq(excluded(v::unit_class)),
                v::parent_id.eq(excluded(v::parent_id)),
                v::valid_from.eq(excluded(v::valid_from)),
                v::valid_from_certainty.eq(excluded(v::valid_from_certainty)),
                v::valid_to.eq(excluded(v::valid_to)),
                v::valid_to_certainty.eq(excluded(v::valid_to_certainty)),
                v::change_kind.eq(excluded(v::change_kind)),
                v::legal_basis.eq(excluded(v::legal_basis)),
                v::note.eq(excluded(v::note)),
            ))
            .execute(c))?;
    }
    Ok(())
}

/// Several identities by their ids.
///
/// # Errors
/// When the database cannot be read.
pub fn units_of(conn: &mut DbConn, ids: &[OrgUnitId]) -> Result<HashMap<OrgUnitId, UnitRow>, ApiError> {
    let mut units = HashMap::with_capacity(ids.len());
    for part in ids.chunks(1_000) {
        let rows: Vec<UnitRow> = org_units::table
            .filter(org_units::id.eq_any(part.to_vec()).and(org_units::deleted_at.is_null()))
            .select(UnitRow::as_select())
            .load(conn)?;
        units.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    Ok(units)
}

/// The versions, of any time, that bear one of these codes, or one of these identification codes in any spelling.
///
/// # Errors
/// When the database cannot be read.
pub fn versions_keyed(
    conn: &mut DbConn,
    codes: Vec<&str>,
    identifiers: &[&str],
) -> Result<Vec<VersionRow>, ApiError> {
    use org_unit_versions as v;
    let standing = || {
        v::table
            .inner_join(org_units::table.on(org_units::id.eq(v::org_unit_id)))
            .filter(org_units::deleted_at.is_null())
            .select(VersionRow::as_select())
    };
    let mut rows: Vec<VersionRow> = Vec::new();
    if !codes.is_empty() {
        rows.extend(standing().filter(v::code.assume_not_null().eq_any(codes)).load(conn)?);
    }
    if !identifiers.is_empty() {
        let forms: Vec<String> = identifiers.iter().flat_map(|one| identifier_forms(one)).collect();
        let of_identifier = standing().filter(v::identifier.is_not_null());
        rows.extend(of_identifier.filter(v::identifier.assume_not_null().eq_any(forms)).load(conn)?);
    }
    Ok(rows)
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
