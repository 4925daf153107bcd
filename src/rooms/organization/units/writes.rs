//! How units are made, corrected, changed from a day on, and deleted.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::bodies::{OrgUnitCreate, OrgUnitVersionCreate};
use super::checks::{must_agree_with_successions, must_fit};
use super::model::{ChangeKind, HeldUnit, OrgUnit, OrgUnitVersionId, UnitAbove, UnitRow, VersionRow};
use super::rows::{
    unit_entry, unit_row, units_of, version_on, versions_keyed, versions_of, versions_of_all, versions_save,
};
use super::rules;
use super::standing::Standing;
use super::store::day_of;
use super::uses::is_used;
use kernel::api::IfMatch;
use kernel::api::json::check;
use kernel::api::records::{Draft, Records, Row, Written};
use kernel::audit::journal::JournalAction;
use kernel::auth::scope::{Scoped, home_province};
use kernel::db::schema::{org_unit_versions, org_units};
use kernel::db::types::Instant;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::{ApiError, Bilingual, Fault, Problem};
use kernel::successors::not_in_force;
use kernel::text::fold;
use kernel::tree::{OrgTree, OrgUnitId, UnitKind};
use kernel::unit_reference::{UnitName, identifier_forms, named_as};
use kernel::validity::{Certainty, OPEN_BEGINNING, OPEN_END, Span, span_faults};
use kernel::{hide_row, insert_rows, save_rows};

/// Units, as they are written many at a time. The natural key is the code (of a unit without one the
/// identification code) with the first day: a line that has it corrects the version that begins on that
/// day. What really changed on a day is a new version, which is made one by one.
pub struct OrgUnits;

impl Records for OrgUnits {
    type Id = OrgUnitId;
    type Body = OrgUnitCreate;
    type Row = HeldUnit;
    type View = OrgUnit;

    /// Lines keep their order, for a unit comes behind the one above it. Batches do not meet: one
    /// writer of units is let in at a time.
    fn order(_: &OrgUnitCreate) -> String {
        String::new()
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: OrgUnitId) -> Result<HeldUnit, ApiError> {
        let unit = unit_row(conn, id)?;
        let version = corrected(conn, scoped, id, None)?;
        let others = others_of(versions_of(conn, id)?, &version);
        Ok(HeldUnit { unit, version, others, above: UnitAbove::default() })
    }

    fn present(
        tx: &mut WriteTx<'_>,
        _: &Scoped,
        bodies: &[OrgUnitCreate],
    ) -> Result<Vec<Option<HeldUnit>>, ApiError> {
        let keyed = versions_keyed(
            tx.conn(),
            bodies.iter().filter_map(|body| body.code.as_deref()).collect(),
            &bodies.iter().filter_map(|body| body.identifier.as_deref()).collect::<Vec<_>>(),
        )?;
        let known: HashMap<_, _> = keyed
            .iter()
            .filter_map(|row| Some((natural_key(&row.code, &row.identifier, row.valid_from)?, row)))
            .collect();
        let meant = |body: &OrgUnitCreate| {
            let first = body.valid_from.unwrap_or(OPEN_BEGINNING);
            known.get(&natural_key(&body.code, &body.identifier, first)?).copied()
        };
        let meant: Vec<Option<&VersionRow>> = bodies.iter().map(meant).collect();
        let ids: Vec<OrgUnitId> = meant.iter().flatten().map(|row| row.org_unit_id).collect();
        let (units, versions) = (units_of(tx.conn(), &ids)?, versions_of_all(tx.conn(), &ids)?);
        let held = |version: &VersionRow| {
            let unit = units.get(&version.org_unit_id)?.clone();
            let others = others_of(versions.get(&unit.id)?.clone(), version);
            Some(HeldUnit { unit, version: version.clone(), others, above: UnitAbove::default() })
        };
        Ok(meant.into_iter().map(|row| row.and_then(held)).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<OrgUnitCreate, HeldUnit>>,
    ) -> Result<Vec<Result<HeldUnit, ApiError>>, ApiError> {
        let mut standing = Standing::alone(tx, scoped)?;
        let ids: Vec<OrgUnitId> =
            drafts.iter().filter_map(|draft| draft.present.as_ref()).map(|held| held.unit.id).collect();
        // Since they were found, another writer may have been let in before.
        let units = units_of(tx.conn(), &ids)?;
        let (at, many) = (tx.at(), drafts.len() > 1);
        let made = drafts.into_iter().map(|draft| {
            let made = unit_made(scoped, &standing, &units, draft, at)?;
            if many {
                standing.put(made.unit.id, made.others.iter().chain([&made.version]));
            }
            Ok(made)
        });
        Ok(made.collect())
    }

    fn save(tx: &mut WriteTx<'_>, _: &Scoped, rows: &[HeldUnit]) -> Result<Written<OrgUnit>, ApiError> {
        let stored = save_rows!(tx.conn(), org_units, OrgUnitId, rows.iter().map(|held| &held.unit), [])?;
        let kept = rows.iter().filter(|held| stored.contains(&held.unit.id));
        let (new, changed): (Vec<_>, Vec<_>) = kept.partition(|held| held.unit.version == 1);
        insert_rows!(tx.conn(), org_unit_versions, shown(new))?;
        versions_save(tx.conn(), &shown(changed))?;
        let entry = |action, view: &OrgUnit, held: &HeldUnit| {
            unit_entry(action, &held.unit, &held.versions(), view.province_id)
        };
        let view = |held: &HeldUnit| OrgUnit::under(&held.unit, held.version.clone(), held.above.clone());
        Written::journal(tx, rows, &stored, entry, view)
    }
}

/// By what a version is known: its code, of a unit without one its identification code in whatever spelling,
/// and its first day.
fn natural_key(
    code: &Option<String>,
    identifier: &Option<String>,
    first: NaiveDate,
) -> Option<(bool, String, NaiveDate)> {
    let spelled_alike = |identifier: &String| identifier_forms(identifier).into_iter().next();
    let key = code.clone().or_else(|| identifier.as_ref().and_then(spelled_alike))?;
    Some((code.is_some(), key, first))
}

/// The versions that are made or corrected.
fn shown(held: Vec<&HeldUnit>) -> Vec<&VersionRow> {
    held.into_iter().map(|held| &held.version).collect()
}

fn others_of(mut versions: Vec<VersionRow>, shown: &VersionRow) -> Vec<VersionRow> {
    versions.retain(|other| other.id != shown.id);
    versions
}

/// The unit that a line makes or corrects.
fn unit_made(
    scoped: &Scoped,
    standing: &Standing<'_>,
    units: &HashMap<OrgUnitId, UnitRow>,
    draft: Draft<OrgUnitCreate, HeldUnit>,
    at: Instant,
) -> Result<HeldUnit, ApiError> {
    let Draft { mut body, present } = draft;
    let Some(held) = present else {
        let unit = UnitRow { id: OrgUnitId::new(), version: 0, created_at: at, updated_at: at };
        let row = version_row(standing.tree(), body, (OrgUnitVersionId::new(), unit.id, None), &[])?;
        if row.kind == UnitKind::Country {
            return Err(one_country());
        }
        if row.parent_id.is_some() {
            standing.writable(row.parent_id)?;
        }
        return fitting(scoped, standing, unit, (row, Vec::new()));
    };
    let HeldUnit { unit, version, others, .. } = held;
    if units.get(&unit.id) != Some(&unit) {
        return Err(ApiError::new(Problem::PreconditionFailed));
    }
    standing.writable(Some(unit.id))?;
    // A list of units that leaves the end open does not revive one that ended.
    if body.valid_to.is_none() {
        (body.valid_to, body.valid_to_certainty) = (version.end(), version.valid_to_certainty);
    }
    let row = version_row(standing.tree(), body, (version.id, unit.id, version.change_kind), &others)?;
    moved(standing, &version, &row)?;
    fitting(scoped, standing, unit, (row, others))
}

/// The unit with this version, where it fits among those that stand.
fn fitting(
    scoped: &Scoped,
    standing: &Standing<'_>,
    unit: UnitRow,
    (version, others): (VersionRow, Vec<VersionRow>),
) -> Result<HeldUnit, ApiError> {
    must_fit(standing.tree(), &version)?;
    must_agree_with_successions(standing.tree(), &version, &others)?;
    let day = version.nearest_day(scoped.today());
    let above = UnitAbove::of(standing.tree(), unit.id, &version, day);
    Ok(HeldUnit { unit, version, others, above })
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
    let standing = Standing::alone(tx, scoped)?;
    let unit = unit_row(tx.conn(), id)?;
    standing.writable(Some(id))?;
    expected.check(unit.version)?;
    let present = corrected(tx.conn(), scoped, id, as_of)?;
    let others = others_of(versions_of(tx.conn(), id)?, &present);
    let kept = (present.id, id, present.change_kind);
    let row = version_row(standing.tree(), whole(&present), kept, &others)?;
    moved(&standing, &present, &row)?;
    let mut held = fitting(scoped, &standing, unit, (row, others))?;
    held.revise(tx.at());
    OrgUnits::save(tx, scoped, &[held])?.only()
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
fn moved(standing: &Standing<'_>, present: &VersionRow, next: &VersionRow) -> Result<(), ApiError> {
    let country = |row: &VersionRow| row.kind == UnitKind::Country;
    if country(present) != country(next) {
        return Err(one_country());
    }
    if present.parent_id == next.parent_id || next.parent_id.is_none() {
        return Ok(());
    }
    standing.writable(next.parent_id)
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
    let standing = Standing::alone(tx, scoped)?;
    let unit = unit_row(tx.conn(), id)?;
    standing.writable(Some(id))?;
    let day = day_of(Some(body.valid_from), scoped);
    let Some(mut present) = version_on(tx.conn(), id, day)? else {
        return Err(not_in_force(standing.tree(), &[id], day));
    };
    if present.valid_from == body.valid_from {
        let message = Bilingual::new(
            "Đã có phiên bản bắt đầu từ ngày này; hãy sửa phiên bản đó.",
            "A version begins on this day already; correct that one.",
        );
        return Err(ApiError::invalid(vec![Fault::new("/valid_from", "same_day", message)]));
    }
    let mut others = others_of(versions_of(tx.conn(), id)?, &present);
    let (change, whole) = body.whole(&present);
    let row = version_row(standing.tree(), whole, (OrgUnitVersionId::new(), id, Some(change)), &others)?;
    moved(&standing, &present, &row)?;
    (present.valid_to, present.valid_to_certainty) = (row.valid_from, Certainty::Exact);
    versions_save(tx.conn(), &[&present])?;
    others.push(present);
    let mut held = fitting(scoped, &standing, unit, (row, others))?;
    held.revise(tx.at());
    OrgUnits::save(tx, scoped, &[held])?.only()
}

/// The row of a version as it is asked for; every fault that needs no other unit but the one above.
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
    let standing = Standing::alone(tx, scoped)?;
    let present = unit_row(tx.conn(), id)?;
    standing.writable(Some(id))?;
    expected.check(present.version)?;
    let versions = versions_of(tx.conn(), id)?;
    let root = versions.iter().any(|version| version.kind == UnitKind::Country);
    if root || is_used(tx.conn(), id)? {
        return Err(ApiError::new(Problem::InUse));
    }
    hide_row!(tx, org_units, present)?;
    let unit = UnitRow { version: present.version + 1, updated_at: tx.at(), ..present };
    let province = home_province(standing.tree(), id, scoped.today());
    let entry = unit_entry(JournalAction::Delete, &unit, &versions, province)?;
    Ok(tx.journal(entry)?.with(()))
}
