//! Units in the database: identities, versions and successions.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::tree::{OrgTree, OrgUnitId, Succession, SuccessionRelation, UnitKind, UnitVersion};
use crate::db::DbConn;
use crate::db::schema::{org_unit_successions, org_unit_versions, org_units};
use crate::error::ApiError;

/// The stored first day of a version whose beginning is open.
pub const OPEN_BEGINNING: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 1).unwrap();
/// The stored end of a version that still holds.
pub const OPEN_END: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();

/// The whole tree, as every instance holds it in memory.
///
/// # Errors
/// When the database cannot be read.
pub fn tree_load(conn: &mut DbConn) -> Result<OrgTree, ApiError> {
    type Row = (
        OrgUnitId,
        Option<String>,
        Option<String>,
        String,
        String,
        UnitKind,
        Option<OrgUnitId>,
        NaiveDate,
        NaiveDate,
    );
    use org_unit_versions as v;
    let rows: Vec<Row> = v::table
        .inner_join(org_units::table.on(org_units::id.eq(v::org_unit_id)))
        .filter(org_units::deleted_at.is_null())
        .select((
            v::org_unit_id,
            v::code,
            v::identifier,
            v::name,
            v::full_name,
            v::kind,
            v::parent_id,
            v::valid_from,
            v::valid_to,
        ))
        .load(conn)?;
    let versions = rows
        .into_iter()
        .map(|(org_unit_id, code, identifier, name, full_name, kind, parent_id, from, to)| UnitVersion {
            org_unit_id,
            code,
            identifier,
            name,
            full_name,
            kind,
            parent_id,
            valid_from: (from != OPEN_BEGINNING).then_some(from),
            valid_to: (to != OPEN_END).then_some(to),
        })
        .collect();
    use org_unit_successions as s;
    let rows: Vec<(OrgUnitId, OrgUnitId, SuccessionRelation, NaiveDate, bool)> = s::table
        .filter(s::deleted_at.is_null())
        .select((s::predecessor_id, s::successor_id, s::relation, s::effective_on, s::keeps_records))
        .load(conn)?;
    let successions = rows
        .into_iter()
        .map(|(predecessor_id, successor_id, relation, effective_on, keeps_records)| Succession {
            predecessor_id,
            successor_id,
            relation,
            effective_on,
            keeps_records,
        })
        .collect();
    Ok(OrgTree::new(versions, successions))
}
