//! What a version may be among the units that stand: read in the transaction that stores it.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::VersionRow;
use super::rows::{version_on, versions_of};
use super::rules;
use crate::db::DbConn;
use crate::db::schema::{org_unit_versions, org_units};
use crate::domain::organization::tree::{OrgUnitId, UnitKind};
use crate::error::{ApiError, Bilingual, Fault, Problem};

/// What is wrong with a version among the units that stand, read in the transaction that stores it.
pub(super) fn hold(conn: &mut DbConn, row: &VersionRow) -> Result<(), ApiError> {
    use org_unit_versions as v;
    let mut faults = Vec::new();
    let parent = match row.parent_id {
        None => None,
        Some(parent) => match version_on(conn, parent, row.valid_from)? {
            Some(parent) => Some(parent),
            None => return Err(ApiError::invalid(vec![parent_away(conn, parent, row.valid_from)?])),
        },
    };
    faults.extend(rules::parent_fault(row.kind, parent.as_ref().map(|parent| parent.kind)));
    let mut above = parent.map(|parent| (parent.org_unit_id, parent.parent_id));
    let mut seen = Vec::new();
    while let Some((unit, next)) = above {
        if unit == row.org_unit_id {
            let message = Bilingual::new(
                "Đơn vị không thể trực thuộc chính nó hoặc đơn vị bên dưới nó.",
                "A unit cannot stand under itself or what is under it.",
            );
            faults.push(Fault::new("/parent_id", "cycle", message));
            break;
        }
        seen.push(unit);
        above = match next.filter(|next| !seen.contains(next)) {
            Some(next) => version_on(conn, next, row.valid_from)?.map(|version| (next, version.parent_id)),
            None => None,
        };
    }
    let below: Vec<UnitKind> = v::table
        .filter(v::parent_id.eq(row.org_unit_id))
        .filter(v::valid_from.lt(row.valid_to).and(v::valid_to.gt(row.valid_from)))
        .select(v::kind)
        .distinct()
        .load(conn)?;
    if let Some(child) = below.into_iter().find(|child| !rules::may_stand_under(*child, Some(row.kind))) {
        let message = Bilingual::new(
            format!("Bên dưới còn đơn vị loại {}.", child.label_vi()),
            format!("There is a {child} under the unit."),
        );
        faults.push(Fault::new("/kind", "children", message));
    }
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    taken(conn, row)
}

fn parent_away(conn: &mut DbConn, parent: OrgUnitId, day: NaiveDate) -> Result<Fault, ApiError> {
    let name = versions_of(conn, parent)?.pop().map(|version| version.full_name).unwrap_or_default();
    let message = Bilingual::new(
        format!("Đơn vị cấp trên {name} không có hiệu lực vào ngày {day}."),
        format!("The unit above, {name}, is not in force on {day}."),
    );
    Ok(Fault::new("/parent_id", "not_in_force", message))
}

/// A code or identifier that another unit bears on a day of the span.
fn taken(conn: &mut DbConn, row: &VersionRow) -> Result<(), ApiError> {
    use org_unit_versions as v;
    for (key, is_code) in [(&row.code, true), (&row.identifier, false)] {
        let Some(key) = key else { continue };
        let query = v::table
            .inner_join(org_units::table.on(org_units::id.eq(v::org_unit_id)))
            .into_boxed()
            .filter(org_units::deleted_at.is_null())
            .filter(v::org_unit_id.ne(row.org_unit_id))
            .filter(v::valid_from.lt(row.valid_to).and(v::valid_to.gt(row.valid_from)));
        let query = if is_code { query.filter(v::code.eq(key)) } else { query.filter(v::identifier.eq(key)) };
        let bearer: Option<String> = query.select(v::full_name).first(conn).optional()?;
        if let Some(bearer) = bearer {
            return Err(ApiError::detailed(
                Problem::Duplicate,
                format!("Mã {key} trong thời gian đó thuộc về {bearer}."),
                format!("In that span the code {key} belongs to {bearer}."),
            ));
        }
    }
    Ok(())
}
