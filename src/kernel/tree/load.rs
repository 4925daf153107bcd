//! Reads the whole tree from the database, as every instance holds it in memory.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{OrgTree, OrgUnitId, Succession, SuccessionRelation, UnitClass, UnitKind, UnitVersion};
use crate::db::DbConn;
use crate::db::schema::{org_unit_successions, org_unit_versions, org_units};
use crate::error::ApiError;
use crate::validity::{OPEN_BEGINNING, OPEN_END};

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
        Option<UnitClass>,
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
            v::unit_class,
            v::parent_id,
            v::valid_from,
            v::valid_to,
        ))
        .load(conn)?;
    let versions = rows
        .into_iter()
        .map(|(org_unit_id, code, identifier, name, full_name, kind, unit_class, parent_id, from, to)| {
            UnitVersion {
                org_unit_id,
                code,
                identifier,
                name,
                full_name,
                kind,
                unit_class,
                parent_id,
                valid_from: (from != OPEN_BEGINNING).then_some(from),
                valid_to: (to != OPEN_END).then_some(to),
            }
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
