//! How units are made, corrected, changed from a day on, and deleted.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::bodies::{OrgUnitCreate, OrgUnitVersionCreate};
use super::checks::must_fit;
use super::model::{ChangeKind, OrgUnit, OrgUnitVersionId, UnitRow, VersionRow};
use super::rows::{
    unit_bump, unit_entry, unit_row, units_insert, version_on, version_update, versions_insert, versions_of,
};
use super::rules;
use super::store::day_of;
use super::uses::is_used;
use crate::api::IfMatch;
use crate::api::json::check;
use crate::audit::journal::JournalAction;
use crate::auth::scope::{Scoped, home_province};
use crate::db::epochs::{self, Epoch};
use crate::db::schema::org_units;
use crate::db::{DbConn, Recorded, WriteTx};
use crate::domain::organization::reference::{UnitName, named_as};
use crate::domain::organization::successors::not_in_force;
use crate::domain::organization::tree::{OrgTree, OrgUnitId, UnitKind};
use crate::domain::validity::{Certainty, OPEN_BEGINNING, OPEN_END, Span, span_faults};
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::hide_row;
use crate::text::fold;

/// Makes a unit with its first version.
///
/// # Errors
/// 403 under a unit out of reach, 409 when its code is taken, 422 when it is not valid.
pub fn org_unit_insert(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    body: OrgUnitCreate,
) -> Result<Recorded<OrgUnit>, ApiError> {
    // First of all: the counter's row lets one writer of units in at a time, on PostgreSQL too.
    epochs::raise(tx, Epoch::Units)?;
    let unit = UnitRow { id: OrgUnitId::new(), version: 1, created_at: tx.at(), updated_at: tx.at() };
    let row = version_row(scoped.tree(), body, (OrgUnitVersionId::new(), unit.id, None), &[])?;
    if row.kind == UnitKind::Country {
        return Err(one_country());
    }
    if row.parent_id.is_some() {
        writable(scoped, row.parent_id)?;
    }
    must_fit(tx.conn(), &row)?;
    units_insert(tx.conn(), std::slice::from_ref(&unit))?;
    versions_insert(tx.conn(), std::slice::from_ref(&row))?;
    recorded(tx, scoped, JournalAction::Create, &unit, row)
}

fn one_country() -> ApiError {
    let message = Bilingual::new("Chỉ có một quốc gia.", "There is one country only.");
    ApiError::invalid(vec![Fault::new("/kind", "one_country", message)])
}

/// Corrects the version in force on the day (today when none is named; the latest of a unit that is
/// not in force today). `whole` makes the corrected version out of the present one.
///
/// # Errors
/// 412 when the unit has changed, 403, 409 and 422 as for a new one.
pub fn org_unit_correct(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    (id, as_of): (OrgUnitId, Option<NaiveDate>),
    expected: &IfMatch,
    whole: impl FnOnce(&VersionRow) -> OrgUnitCreate,
) -> Result<Recorded<OrgUnit>, ApiError> {
    epochs::raise(tx, Epoch::Units)?;
    let unit = unit_row(tx.conn(), id)?;
    writable(scoped, Some(id))?;
    expected.check(unit.version)?;
    let present = corrected(tx.conn(), scoped, id, as_of)?;
    let mut others = versions_of(tx.conn(), id)?;
    others.retain(|other| other.id != present.id);
    let row = version_row(scoped.tree(), whole(&present), (present.id, id, present.change_kind), &others)?;
    moved(scoped, &present, &row)?;
    must_fit(tx.conn(), &row)?;
    version_update(tx.conn(), &row)?;
    let unit = unit_bump(tx, &unit)?;
    recorded(tx, scoped, JournalAction::Update, &unit, row)
}

/// The version that a correction is about: in force on the day, else (with no day named) the
/// latest.
fn corrected(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitId,
    as_of: Option<NaiveDate>,
) -> Result<VersionRow, ApiError> {
    let day = day_of(as_of, scoped);
    match (version_on(conn, id, day)?, as_of) {
        (Some(version), _) => Ok(version),
        (None, Some(_)) => Err(not_in_force(scoped.tree(), &[id], day)),
        (None, None) => versions_of(conn, id)?.pop().ok_or_else(ApiError::not_found),
    }
}

/// A unit may be put under another that is in reach; where it stands already it may stay.
fn moved(scoped: &Scoped, present: &VersionRow, next: &VersionRow) -> Result<(), ApiError> {
    let country = |row: &VersionRow| row.kind == UnitKind::Country;
    if country(present) != country(next) {
        return Err(one_country());
    }
    if present.parent_id == next.parent_id || next.parent_id.is_none() {
        return Ok(());
    }
    writable(scoped, next.parent_id)
}

/// Makes a new version of a unit from a day on; the version in force that day ends on it.
///
/// # Errors
/// 403, 409 and 422 as for a new unit; 422 when the unit is not in force that day.
pub fn org_unit_version_insert(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: OrgUnitId,
    body: OrgUnitVersionCreate,
) -> Result<Recorded<OrgUnit>, ApiError> {
    epochs::raise(tx, Epoch::Units)?;
    let unit = unit_row(tx.conn(), id)?;
    writable(scoped, Some(id))?;
    let day = day_of(Some(body.valid_from), scoped);
    let Some(mut present) = version_on(tx.conn(), id, day)? else {
        return Err(not_in_force(scoped.tree(), &[id], day));
    };
    if present.valid_from == body.valid_from {
        let message = Bilingual::new(
            "Đã có phiên bản bắt đầu từ ngày này; hãy sửa phiên bản đó.",
            "A version begins on this day already; correct that one.",
        );
        return Err(ApiError::invalid(vec![Fault::new("/valid_from", "same_day", message)]));
    }
    let mut others = versions_of(tx.conn(), id)?;
    others.retain(|other| other.id != present.id);
    let (change, whole) = body.whole(&present);
    let row = version_row(scoped.tree(), whole, (OrgUnitVersionId::new(), id, Some(change)), &others)?;
    moved(scoped, &present, &row)?;
    (present.valid_to, present.valid_to_certainty) = (row.valid_from, Certainty::Exact);
    version_update(tx.conn(), &present)?;
    must_fit(tx.conn(), &row)?;
    versions_insert(tx.conn(), std::slice::from_ref(&row))?;
    let unit = unit_bump(tx, &unit)?;
    recorded(tx, scoped, JournalAction::Update, &unit, row)
}

/// The row of a version as it is asked for; every fault that needs no database.
fn version_row(
    tree: &OrgTree,
    body: OrgUnitCreate,
    (id, org_unit_id, change_kind): (OrgUnitVersionId, OrgUnitId, Option<ChangeKind>),
    others: &[VersionRow],
) -> Result<VersionRow, ApiError> {
    check(&body)?;
    let valid_from = body.valid_from.unwrap_or(OPEN_BEGINNING);
    let valid_to = body.valid_to.unwrap_or(OPEN_END);
    let spans: Vec<Span> = others.iter().map(|other| (other.valid_from, other.valid_to)).collect();
    let mut faults = span_faults((valid_from, valid_to), &spans);
    faults.extend(rules::code_fault(body.kind, body.code.as_deref()));
    faults.extend(rules::identifier_fault(body.identifier.as_deref()));
    let name = UnitName {
        id: body.parent_id,
        identifier: body.parent_identifier.as_deref(),
        code: body.parent_code.as_deref(),
    };
    let parent_id = match named_as(name.resolve_optional(tree, valid_from), "parent") {
        Ok(parent) => parent,
        Err(unnamed) => {
            faults.extend(unnamed);
            None
        }
    };
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    Ok(VersionRow {
        id,
        org_unit_id,
        code: body.code,
        identifier: body.identifier,
        name_folded: fold(&body.name),
        full_name: body.full_name.unwrap_or_else(|| body.name.clone()),
        name: body.name,
        kind: body.kind,
        unit_class: body.unit_class,
        parent_id,
        valid_from,
        valid_from_certainty: body.valid_from_certainty,
        valid_to,
        valid_to_certainty: body.valid_to_certainty,
        change_kind,
        legal_basis: body.legal_basis,
        note: body.note,
    })
}

/// Whether the writer may touch the unit; reference data are known to all, so 403 and not 404.
pub(in crate::domain::organization) fn writable(
    scoped: &Scoped,
    unit: Option<OrgUnitId>,
) -> Result<(), ApiError> {
    match unit {
        _ if scoped.everything() => Ok(()),
        Some(unit) if scoped.reaches(unit) => Ok(()),
        _ => Err(ApiError::new(Problem::Forbidden)),
    }
}

/// Journals the unit as it now is and answers with one of its versions.
fn recorded(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    action: JournalAction,
    unit: &UnitRow,
    shown: VersionRow,
) -> Result<Recorded<OrgUnit>, ApiError> {
    let versions = versions_of(tx.conn(), unit.id)?;
    let day = shown.nearest_day(scoped.today());
    let answer = OrgUnit::of(scoped.tree(), unit, shown, day);
    let entry = unit_entry(action, unit, &versions, answer.province_id)?;
    Ok(tx.journal(entry)?.with(answer))
}

/// Deletes a unit that nothing refers to.
///
/// # Errors
/// 412 when it has changed, 409 when something refers to it.
pub fn org_unit_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: OrgUnitId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    epochs::raise(tx, Epoch::Units)?;
    let present = unit_row(tx.conn(), id)?;
    writable(scoped, Some(id))?;
    expected.check(present.version)?;
    let versions = versions_of(tx.conn(), id)?;
    let root = versions.iter().any(|version| version.kind == UnitKind::Country);
    if root || is_used(tx.conn(), id)? {
        return Err(ApiError::new(Problem::InUse));
    }
    hide_row!(tx, org_units, present)?;
    let unit = UnitRow { version: present.version + 1, updated_at: tx.at(), ..present };
    let province = home_province(scoped.tree(), id);
    let entry = unit_entry(JournalAction::Delete, &unit, &versions, province)?;
    Ok(tx.journal(entry)?.with(()))
}
