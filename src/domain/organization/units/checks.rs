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
use crate::text::day_vi;

/// Lets a version be stored that fits among the units that stand.
///
/// # Errors
/// 422 for a place that it cannot have, 409 for a code or identifier that is taken.
pub(super) fn must_fit(conn: &mut DbConn, row: &VersionRow) -> Result<(), ApiError> {
    let parent = match row.parent_id {
        Some(parent) => Some(parent_on(conn, parent, row.valid_from)?),
        None => None,
    };
    let mut faults = Vec::new();
    faults.extend(rules::parent_fault(row.kind, parent.as_ref().map(|parent| parent.kind)));
    if let Some(parent) = parent {
        faults.extend(cycle_fault(conn, row, parent)?);
    }
    faults.extend(children_fault(conn, row)?);
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    must_be_free(conn, row)
}

fn parent_on(conn: &mut DbConn, parent: OrgUnitId, day: NaiveDate) -> Result<VersionRow, ApiError> {
    if let Some(version) = version_on(conn, parent, day)? {
        return Ok(version);
    }
    let name = versions_of(conn, parent)?.pop().map(|version| version.full_name).unwrap_or_default();
    let message = Bilingual::new(
        format!("Đơn vị cấp trên {name} không có hiệu lực vào ngày {}.", day_vi(day)),
        format!("The unit above, {name}, is not in force on {day}."),
    );
    Err(ApiError::invalid(vec![Fault::new("/parent_id", "not_in_force", message)]))
}

/// A unit that would stand under itself.
fn cycle_fault(conn: &mut DbConn, row: &VersionRow, parent: VersionRow) -> Result<Option<Fault>, ApiError> {
    let mut above = Some(parent);
    let mut seen = Vec::new();
    while let Some(unit) = above {
        if unit.org_unit_id == row.org_unit_id {
            let message = Bilingual::new(
                "Đơn vị không thể trực thuộc chính nó hoặc đơn vị bên dưới nó.",
                "A unit cannot stand under itself or what is under it.",
            );
            return Ok(Some(Fault::new("/parent_id", "cycle", message)));
        }
        seen.push(unit.org_unit_id);
        above = match unit.parent_id.filter(|next| !seen.contains(next)) {
            Some(next) => version_on(conn, next, row.valid_from)?,
            None => None,
        };
    }
    Ok(None)
}

/// A unit below, at any time of the version, that may not stand under one of its kind.
fn children_fault(conn: &mut DbConn, row: &VersionRow) -> Result<Option<Fault>, ApiError> {
    use org_unit_versions as v;
    let below: Vec<UnitKind> = v::table
        .inner_join(org_units::table.on(org_units::id.eq(v::org_unit_id)))
        .filter(org_units::deleted_at.is_null())
        .filter(v::parent_id.eq(row.org_unit_id))
        .filter(v::valid_from.lt(row.valid_to).and(v::valid_to.gt(row.valid_from)))
        .select(v::kind)
        .distinct()
        .load(conn)?;
    let child = below.into_iter().find(|child| !rules::may_stand_under(*child, Some(row.kind)));
    Ok(child.map(|child| {
        let message = Bilingual::new(
            format!("Bên dưới còn đơn vị loại {}.", child.label_vi()),
            format!("There is a {child} under the unit."),
        );
        Fault::new("/kind", "children", message)
    }))
}

/// Lets a version be stored whose code and identifier no other unit bears on a day of its span.
fn must_be_free(conn: &mut DbConn, row: &VersionRow) -> Result<(), ApiError> {
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
