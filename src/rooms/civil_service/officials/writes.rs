//! Officials as they are written.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use super::bodies::{OfficialCreate, OfficialPatch};
use super::codes::code_key;
use super::erasure::forget_deleted;
use super::model::{Official, OfficialId, OfficialRow};
use super::person::{OfficialPerson, place};
use super::rules;
use super::same_number::Bearers;
use super::store::{answer, opened, row_find};
use kernel::api::IfMatch;
use kernel::api::json::check;
use kernel::api::records::{Draft, Records, Written, key_text, replace};
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::scope::Scoped;
use kernel::db::schema::{officials, personnel_decisions};
use kernel::db::types::Instant;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::{ApiError, Problem};
use kernel::owners::Owner;
use kernel::people::{PersonalDataErasure, must_stand, number_digest};
use kernel::tree::OrgUnitId;
use kernel::unit_records::owner_of;
use kernel::{hide_row, load_locked, save_rows};

const RECORD_TYPE: &str = "official";

/// Officials, as they are written.
pub struct Officials;

/// By what an official is known: the province and the key of the employee code.
type Key = (OrgUnitId, String);

fn key(scoped: &Scoped, body: &OfficialCreate) -> Option<Key> {
    let unit = body.unit_name().resolve(scoped.tree(), body.listed_on).ok()?;
    Some((scoped.home_province(unit)?, code_key(&body.employee_code)))
}

impl Records for Officials {
    type Id = OfficialId;
    type Body = OfficialCreate;
    type Row = OfficialRow;
    type View = Official;

    fn order(body: &OfficialCreate) -> String {
        let unit = body.unit_name();
        key_text([
            Some(code_key(&body.employee_code).as_str()),
            unit.id.map(|id| id.written()).as_deref(),
            unit.identifier,
            unit.code,
        ])
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: OfficialId) -> Result<OfficialRow, ApiError> {
        row_find(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[OfficialCreate],
    ) -> Result<Vec<Option<OfficialRow>>, ApiError> {
        use officials as o;
        let keys: Vec<Option<Key>> = bodies.iter().map(|body| key(scoped, body)).collect();
        let named = || keys.iter().flatten();
        let provinces: HashSet<OrgUnitId> = named().map(|(province, _)| *province).collect();
        let codes: HashSet<&str> = named().map(|(_, code)| code.as_str()).collect();
        let of_list = o::province_id.eq_any(provinces).and(o::employee_key.eq_any(codes));
        // Two lists lock those whom both name in one order, whatever each finds to change.
        let rows: Vec<OfficialRow> = load_locked!(
            tx.conn(),
            o::table
                .filter(of_list.and(o::deleted_at.is_null()))
                .order_by(o::employee_key)
                .select(OfficialRow::as_select())
        )?;
        let found: HashMap<Key, OfficialRow> = rows
            .into_iter()
            .filter(|row| scoped.reaches(row.org_unit_id))
            .map(|row| ((row.province_id, row.employee_key.clone()), row))
            .collect();
        let of_province: Vec<Option<OfficialRow>> =
            keys.iter().map(|key| found.get(key.as_ref()?).cloned()).collect();
        came_with_their_unit(tx.conn(), scoped, bodies, of_province)
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<OfficialCreate, OfficialRow>>,
    ) -> Result<Vec<Result<OfficialRow, ApiError>>, ApiError> {
        let at = tx.at();
        let mut made = Vec::with_capacity(drafts.len());
        for draft in drafts {
            // By its code a batch finds an official: another code is a change of that one alone.
            let key = code_key(&draft.body.employee_code);
            let is_recoded = |row: &&OfficialRow| code_key(&row.employee_code) != key;
            let may_be = match draft.present.as_ref().filter(is_recoded) {
                Some(row) => must_be_unnamed(tx.conn(), row),
                None => Ok(()),
            };
            made.push(may_be.and_then(|()| official_made(scoped, draft, at)));
        }
        Ok(made)
    }

    fn is_told_already(row: &OfficialRow, held: &OfficialRow) -> bool {
        row.tells_as(held)
    }

    fn note(tx: &mut WriteTx<'_>, told_already: &[OfficialRow]) -> Result<bool, ApiError> {
        listed(tx.conn(), told_already.iter())
    }

    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[OfficialRow],
    ) -> Result<Written<Official>, ApiError> {
        save_as(tx, scoped, rows, None)
    }
}

/// Those who are not known in the province by their code, but in the unit: it came to the province since.
fn came_with_their_unit(
    conn: &mut DbConn,
    scoped: &Scoped,
    bodies: &[OfficialCreate],
    mut found: Vec<Option<OfficialRow>>,
) -> Result<Vec<Option<OfficialRow>>, ApiError> {
    use officials as o;
    let of_unit = |body: &OfficialCreate| -> Option<Key> {
        let unit = body.unit_name().resolve(scoped.tree(), body.listed_on).ok()?;
        Some((unit, code_key(&body.employee_code)))
    };
    let missing: Vec<Option<Key>> = bodies
        .iter()
        .zip(&found)
        .map(|(body, found)| found.is_none().then(|| of_unit(body)).flatten())
        .collect();
    let units: HashSet<OrgUnitId> = missing.iter().flatten().map(|(unit, _)| *unit).collect();
    let codes: HashSet<&str> = missing.iter().flatten().map(|(_, code)| code.as_str()).collect();
    if codes.is_empty() {
        return Ok(found);
    }
    let of_units = o::org_unit_id.eq_any(units).and(o::employee_key.eq_any(codes));
    let rows: Vec<OfficialRow> = load_locked!(
        conn,
        o::table
            .filter(of_units.and(o::deleted_at.is_null()))
            .order_by(o::employee_key)
            .select(OfficialRow::as_select())
    )?;
    let rows: HashMap<Key, OfficialRow> = rows
        .into_iter()
        .filter(|row| scoped.reaches(row.org_unit_id))
        .map(|row| ((row.org_unit_id, row.employee_key.clone()), row))
        .collect();
    for (found, key) in found.iter_mut().zip(&missing).filter(|(found, _)| found.is_none()) {
        *found = key.as_ref().and_then(|key| rows.get(key)).cloned();
    }
    Ok(found)
}

/// Refuses to take an employee code away that personnel decisions name.
fn must_be_unnamed(conn: &mut DbConn, row: &OfficialRow) -> Result<(), ApiError> {
    use personnel_decisions as d;
    let naming = d::table
        .filter(d::province_id.eq(row.province_id).and(d::employee_key.eq(&row.employee_key)))
        .filter(d::deleted_at.is_null());
    match diesel::select(diesel::dsl::exists(naming)).get_result(conn)? {
        true => Err(ApiError::new(Problem::InUse)),
        false => Ok(()),
    }
}

/// Stores officials with their journal entries, which also tell the order where their personal data are erased.
pub(super) fn save_as(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    rows: &[OfficialRow],
    order: Option<&PersonalDataErasure>,
) -> Result<Written<Official>, ApiError> {
    let masked = scoped.masked();
    let stored = save_rows!(
        tx.conn(),
        officials,
        OfficialId,
        rows.iter(),
        [
            province_id,
            org_unit_id,
            employee_code,
            employee_key,
            listed_on,
            category,
            position_title,
            rank_title,
            qualification,
            political_theory,
            status,
            since,
            until,
            note,
            person,
            number_digest,
            erased_at,
        ]
    )?;
    listed(tx.conn(), rows.iter().filter(|row| stored.contains(&row.id)))?;
    // Of many that are written together nobody is answered.
    let bearers = if rows.len() == 1 { Bearers::of(tx.conn(), scoped, rows)? } else { Bearers::default() };
    let entry = |action, view: &Official, row: &OfficialRow| journal_entry(action, view, row, order);
    Written::try_journal(tx, rows, &stored, entry, |row| answer(&masked, row.clone(), &bearers))
}

/// Moves on, never back, the day of the newest list that names these officials; whether it did. One statement a day:
/// a whole list has one in all its lines.
fn listed<'a>(conn: &mut DbConn, rows: impl Iterator<Item = &'a OfficialRow>) -> Result<bool, ApiError> {
    use officials as o;
    let mut by_day: BTreeMap<NaiveDate, Vec<OfficialId>> = BTreeMap::new();
    for row in rows.filter(|row| row.listed_on > row.last_listed_on) {
        by_day.entry(row.listed_on).or_default().push(row.id);
    }
    let mut moved = 0;
    for (day, named) in by_day {
        let behind = o::table.filter(o::id.eq_any(named).and(o::last_listed_on.lt(day)));
        moved += diesel::update(behind).set(o::last_listed_on.eq(day)).execute(conn)?;
    }
    Ok(moved > 0)
}

fn official_made(
    scoped: &Scoped,
    draft: Draft<OfficialCreate, OfficialRow>,
    at: Instant,
) -> Result<OfficialRow, ApiError> {
    let Draft { mut body, present } = draft;
    check(&body)?;
    let present = present.as_ref();
    let left_out = present.filter(|_| !body.person.is_present());
    let held = left_out.map(|row| opened(scoped, row)).transpose()?.flatten();
    let person = std::mem::take(&mut body.person).onto(held);
    let faults = rules::faults(&body, person.as_ref(), scoped.today());
    // Whoever moves to another unit stays the same official.
    let owner = owner_of(scoped, &body.unit_name(), body.listed_on, None, faults)?;
    let id = present.map_or_else(OfficialId::new, |row| row.id);
    let (person, number_digest) = sealed(scoped, person.as_ref(), present, id, at)?;
    let Owner { unit, province } = owner;
    let last_listed_on = present.map_or(body.listed_on, |row| row.last_listed_on);
    let key = code_key(&body.employee_code);
    // Whoever stands under their id, for another has the key of their code, stays there while the code stays.
    let is_kept = |row: &&OfficialRow| code_key(&row.employee_code) == key;
    let kept = present.filter(is_kept).map(|row| row.employee_key.clone());
    let row = OfficialRow {
        id,
        province_id: province,
        org_unit_id: unit,
        employee_code: body.employee_code,
        listed_on: body.listed_on,
        category: body.category,
        position_title: body.position_title,
        rank_title: body.rank_title,
        qualification: body.qualification,
        political_theory: body.political_theory,
        status: body.status,
        since: body.since,
        until: body.until,
        note: body.note,
        person,
        number_digest,
        erased_at: present.and_then(|row| row.erased_at),
        version: present.map_or(0, |row| row.version),
        created_at: present.map_or(at, |row| row.created_at),
        updated_at: present.map_or(at, |row| row.updated_at),
        last_listed_on,
        employee_key: kept.unwrap_or(key),
    };
    match present.and_then(|held| rules::older_list_fault(&row, held)) {
        Some(fault) => Err(ApiError::invalid(vec![fault])),
        None => Ok(row),
    }
}

/// Who an official is, sealed, and the digest of the number. One who is told alike stays as they are sealed, and one
/// who was erased stays so.
fn sealed(
    scoped: &Scoped,
    person: Option<&OfficialPerson>,
    present: Option<&OfficialRow>,
    id: OfficialId,
    at: Instant,
) -> Result<(Option<String>, Option<String>), ApiError> {
    let is_erased = present.is_some_and(|row| row.erased_at.is_some());
    let Some(told) = person.filter(|_| !is_erased) else { return Ok((None, None)) };
    let keys = scoped.personal_keys()?;
    let held = present.and_then(|row| row.person.as_deref());
    let person = place(id).seal_over(keys, at, told, held)?;
    Ok((Some(person), told.id_number.as_deref().map(|number| number_digest(keys, number))))
}

/// The journal entry of a write. It tells nobody's name, masked or not: an entry never changes, and personal
/// data must go on order. Nor does it tell what is noticed: whoever reads it may reach fewer officials than its author.
fn journal_entry(
    action: JournalAction,
    view: &Official,
    row: &OfficialRow,
    order: Option<&PersonalDataErasure>,
) -> Result<Entry, ApiError> {
    #[derive(Serialize)]
    struct Content<'a> {
        #[serde(flatten)]
        official: &'a Official,
        #[serde(skip_serializing_if = "Option::is_none")]
        erasure: Option<&'a PersonalDataErasure>,
    }
    let nameless = Official { person: None, remarks: Vec::new(), ..view.clone() };
    let content = Content { official: &nameless, erasure: order };
    let action = order.map_or(action, |_| JournalAction::ErasePersonal);
    Ok(Entry::new(action, RECORD_TYPE, view.id, view.version, &content)?
        .of_unit(row.org_unit_id, Some(row.province_id.to_string())))
}

/// Changes single members of an official; who they are as a whole, for nobody changes what they see masked.
///
/// # Errors
/// 404 when there is none in reach, 409 where it tells again who was erased, 412 when it has changed.
pub(super) fn official_patch(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: OfficialId,
    expected: &IfMatch,
    patch: OfficialPatch,
) -> Result<Recorded<Official>, ApiError> {
    let row = row_find(tx.conn(), scoped, id)?;
    if patch.person.is_present() {
        must_stand(row.erased_at)?;
    }
    let whole = patch.onto(OfficialCreate::of(row));
    replace::<Officials>(tx, scoped, id, expected, whole)
}

/// Deletes an official who was entered by mistake, and leaves nobody behind in the record or beside it.
///
/// # Errors
/// 412 when it has changed, 409 while a personnel decision names the official.
pub(super) fn official_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: OfficialId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let row = row_find(tx.conn(), scoped, id)?;
    expected.check(row.version)?;
    must_be_unnamed(tx.conn(), &row)?;
    hide_row!(tx, officials, row)?;
    let row = OfficialRow { version: row.version + 1, ..row };
    let view = answer(&scoped.masked(), row.clone(), &Bearers::default())?;
    forget_deleted(tx, id)?;
    Ok(tx.journal(journal_entry(JournalAction::Delete, &view, &row, None)?)?.with(()))
}
