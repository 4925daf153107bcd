//! Successions in the database.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{
    OrgUnitSuccession, OrgUnitSuccessionFilter, OrgUnitSuccessionId, OrgUnitSuccessionSort, SuccessionRow,
};
use kernel::api::{PageRequest, PageRows};
use kernel::attachments::Belonging;
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::scope::{Scoped, home_province};
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::org_unit_successions;
use kernel::error::ApiError;
use kernel::successors::wanted_units;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::UnitName;
use kernel::validity::storable;
use kernel::{keyset, on_db};

fn matching<'a>(
    filter: &'a OrgUnitSuccessionFilter,
    units: Option<&[OrgUnitId]>,
) -> org_unit_successions::BoxedQuery<'a, MultiBackend> {
    use org_unit_successions as s;
    let OrgUnitSuccessionFilter {
        predecessor_id, successor_id, relation, effective_from, effective_to, ..
    } = filter;
    let mut query = s::table.filter(s::deleted_at.is_null()).into_boxed();
    if let Some(units) = units {
        let ended = s::predecessor_id.eq_any(units.to_vec());
        query = query.filter(ended.or(s::successor_id.eq_any(units.to_vec())));
    }
    if let Some(unit) = predecessor_id {
        query = query.filter(s::predecessor_id.eq(unit));
    }
    if let Some(unit) = successor_id {
        query = query.filter(s::successor_id.eq(unit));
    }
    if let Some(relation) = relation {
        query = query.filter(s::relation.eq(relation));
    }
    if let Some(day) = effective_from {
        query = query.filter(s::effective_on.ge(storable(*day)));
    }
    if let Some(day) = effective_to {
        query = query.filter(s::effective_on.le(storable(*day)));
    }
    query
}

/// A page of successions.
///
/// # Errors
/// 422 for a cursor of another order, or a unit that is not in force.
pub fn succession_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &OrgUnitSuccessionFilter,
    page: &PageRequest,
) -> Result<PageRows<OrgUnitSuccession>, ApiError> {
    use org_unit_successions as s;
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let units = wanted_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)?;
    let query = matching(filter, units.as_deref());
    let query = match filter.sort.unwrap_or(OrgUnitSuccessionSort::EffectiveOnDesc) {
        OrgUnitSuccessionSort::EffectiveOn => {
            keyset!(query, page, asc s::effective_on => NaiveDate, s::id => OrgUnitSuccessionId)
        }
        OrgUnitSuccessionSort::EffectiveOnDesc => {
            keyset!(query, page, desc s::effective_on => NaiveDate, s::id => OrgUnitSuccessionId)
        }
    };
    let rows = query.select(SuccessionRow::as_select()).load(conn)?;
    let total = page
        .include_total()
        .then(|| matching(filter, units.as_deref()).count().get_result(conn))
        .transpose()?;
    let rows = page.cut(rows, total, |row| serde_json::json!([row.effective_on, row.id]));
    Ok(rows.map(|row| OrgUnitSuccession::of(scoped.tree(), row)))
}

/// A succession by its id.
///
/// # Errors
/// 404 when there is none.
pub fn succession_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitSuccessionId,
) -> Result<OrgUnitSuccession, ApiError> {
    succession_row(conn, id).map(|row| OrgUnitSuccession::of(scoped.tree(), row))
}

/// Whose the attachments of a succession are: the successor's, as its journal entries are.
///
/// # Errors
/// 404 when there is none.
pub fn succession_seen(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitSuccessionId,
) -> Result<Belonging, ApiError> {
    let row = succession_row(conn, id)?;
    let province = home_province(scoped.tree(), row.successor_id, row.effective_on);
    Ok(Belonging::unit(row.successor_id, province))
}

pub(super) fn succession_row(conn: &mut DbConn, id: OrgUnitSuccessionId) -> Result<SuccessionRow, ApiError> {
    Ok(org_unit_successions::table
        .find(id)
        .filter(org_unit_successions::deleted_at.is_null())
        .select(SuccessionRow::as_select())
        .first(conn)?)
}

/// Rows a statement: at 11 values a row far below what either database may bind.
const ROWS: usize = 500;

/// Inserts successions, several a statement; both units must stand.
///
/// # Errors
/// When the database cannot be written.
pub fn successions_insert(conn: &mut DbConn, rows: &[SuccessionRow]) -> Result<(), ApiError> {
    for part in rows.chunks(ROWS) {
        on_db!(conn, |c| diesel::insert_into(org_unit_successions::table).values(part).execute(c))?;
    }
    Ok(())
}

/// The journal entry of a succession: it belongs to the unit that lives on.
///
/// # Errors
/// When the content cannot be written as JSON.
pub fn succession_entry(
    action: JournalAction,
    row: &SuccessionRow,
    province: Option<OrgUnitId>,
) -> Result<Entry, ApiError> {
    let entry = Entry::new(action, "org_unit_succession", row.id, row.version, row)?;
    Ok(entry.of_unit(row.successor_id, province.map(|province| province.to_string())))
}
