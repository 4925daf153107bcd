//! How acts are made, changed and deleted.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::model::{
    Reorganization, ReorganizationCreate, ReorganizationId, ReorganizationRow, SuccessionOfAct, UnitOfAct,
};
use super::plan::{Effects, Known, effects};
use super::rules;
use super::store::{
    acts_about, is_any_succeeded, is_built_on, reorganization_row, reorganization_seen, successions_of_acts,
    units_of_acts,
};
use crate::successions::OrgUnitSuccessions;
use crate::successions::model::{HeldSuccession, OrgUnitSuccessionId, SucceededUnits, SuccessionRow};
use crate::successions::writes::{succession_take_away, take_place};
use crate::units::endings::{end_in, units_end, units_reopen};
use crate::units::standing::Standing;
use kernel::api::IfMatch;
use kernel::api::json::check;
use kernel::api::records::{Draft, Records, Row, Written};
use kernel::attachments::Belonging;
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::scope::Scoped;
use kernel::db::schema::{
    org_unit_successions, reorganization_successions, reorganizations, reorganized_units,
};
use kernel::db::types::Instant;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::{ApiError, Bilingual, Fault, Problem};
use kernel::owners::Owner;
use kernel::tree::{OrgTree, OrgUnitId};
use kernel::unit_records::key_of_unit;
use kernel::{hide_row, on_db};

/// An act with its units, and what it still has to do.
#[derive(Debug, Clone)]
pub struct HeldReorganization {
    row: ReorganizationRow,
    units: Vec<UnitOfAct>,
    effects: Effects,
}

/// Units and successions never change.
impl PartialEq for HeldReorganization {
    fn eq(&self, other: &Self) -> bool {
        self.row == other.row
    }
}

impl Row for HeldReorganization {
    type Id = ReorganizationId;

    fn id(&self) -> ReorganizationId {
        self.row.id
    }

    fn version(&self) -> i64 {
        self.row.version
    }

    fn revise(&mut self, at: Instant) {
        self.row.version += 1;
        self.row.updated_at = at;
    }
}

/// Acts, as they are written. The natural key is the unit that one is about, its kind and its day.
pub struct Reorganizations;

impl Records for Reorganizations {
    type Id = ReorganizationId;
    type Body = ReorganizationCreate;
    type Row = HeldReorganization;
    type View = Reorganization;

    /// Lines of one unit stand together. Batches do not meet: one writer of units is let in at a time.
    fn order(body: &ReorganizationCreate) -> String {
        key_of_unit(&body.unit_name(), &[&body.kind, &body.effective_on])
    }

    fn find(
        conn: &mut DbConn,
        scoped: &Scoped,
        id: ReorganizationId,
    ) -> Result<HeldReorganization, ApiError> {
        let row = reorganization_row(conn, scoped, id)?;
        held(conn, vec![row])?.pop().ok_or_else(|| ApiError::internal("an act was lost"))
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[ReorganizationCreate],
    ) -> Result<Vec<Option<HeldReorganization>>, ApiError> {
        let key =
            |body: &ReorganizationCreate| Some((body.unit(scoped.tree())?, body.kind, body.effective_on));
        let keys: Vec<_> = bodies.iter().map(key).collect();
        let units = keys.iter().flatten().map(|(unit, ..)| *unit).filter(|unit| scoped.reaches(*unit));
        let days = keys.iter().flatten().map(|(.., day)| *day).collect();
        let rows = acts_about(tx.conn(), units.collect(), days)?;
        let found: HashMap<_, _> = held(tx.conn(), rows)?
            .into_iter()
            .map(|held| ((held.row.org_unit_id, held.row.kind, held.row.effective_on), held))
            .collect();
        Ok(keys.into_iter().map(|key| found.get(&key?).cloned()).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<ReorganizationCreate, HeldReorganization>>,
    ) -> Result<Vec<Result<HeldReorganization, ApiError>>, ApiError> {
        let mut standing = Standing::alone(tx, scoped)?;
        let days = drafts.iter().map(|draft| draft.body.effective_on).collect();
        let mut known = Known::load(tx.conn(), named(standing.tree(), &drafts), days)?;
        let (at, many) = (tx.at(), drafts.len() > 1);
        let made = drafts.into_iter().map(|draft| {
            let made = match draft.present {
                None => new_act(scoped, &standing, &known, draft.body, at)?,
                Some(held) => changed_act(&standing, held, draft.body, at)?,
            };
            if many {
                known.add(&made.row, &made.effects);
                let tree = standing.tree_mut();
                made.effects.ends.iter().for_each(|end| end_in(tree, end.unit, end.on));
                made.effects.ties.iter().for_each(|tie| take_place(tree, tie));
            }
            Ok(made)
        });
        Ok(made.collect())
    }

    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[HeldReorganization],
    ) -> Result<Written<Reorganization>, ApiError> {
        let acts: Vec<ReorganizationRow> = rows.iter().map(|held| held.row.clone()).collect();
        let stored = ReorganizationRow::store(tx.conn(), &acts)?;
        let kept = rows.iter().filter(|held| stored.contains(&held.row.id));
        let (new, changed): (Vec<_>, Vec<_>) = kept.partition(|held| held.row.version == 1);
        take_effect(tx, scoped, &new)?;
        documents_follow(tx, scoped, &changed)?;
        let entry = |action, view: &Reorganization, held: &HeldReorganization| entry(action, view, &held.row);
        Written::journal(tx, rows, &stored, entry, |held| answer(scoped, held.clone()))
    }
}

fn entry(action: JournalAction, view: &Reorganization, row: &ReorganizationRow) -> Result<Entry, ApiError> {
    Ok(Entry::new(action, "reorganization", view.id, view.version, view)?
        .of_unit(row.org_unit_id, Some(row.province_id.to_string())))
}

fn answer(scoped: &Scoped, held: HeldReorganization) -> Reorganization {
    let mut view = Reorganization::of(held.row, scoped.tree());
    view.complete(scoped, held.units);
    view.succession_ids = held.effects.successions.iter().map(|tied| tied.succession_id).collect();
    view.succession_ids.sort_unstable();
    view
}

/// Acts that stand, with their units and successions.
fn held(conn: &mut DbConn, rows: Vec<ReorganizationRow>) -> Result<Vec<HeldReorganization>, ApiError> {
    let ids: Vec<ReorganizationId> = rows.iter().map(|row| row.id).collect();
    let (mut units, mut successions) = (units_of_acts(conn, &ids)?, successions_of_acts(conn, &ids)?);
    let held = |row: ReorganizationRow| HeldReorganization {
        units: units.remove(&row.id).unwrap_or_default(),
        effects: Effects {
            successions: successions.remove(&row.id).unwrap_or_default(),
            ..Effects::default()
        },
        row,
    };
    Ok(rows.into_iter().map(held).collect())
}

/// All units that new acts name.
fn named(tree: &OrgTree, drafts: &[Draft<ReorganizationCreate, HeldReorganization>]) -> HashSet<OrgUnitId> {
    let new = drafts.iter().filter(|draft| draft.present.is_none()).map(|draft| &draft.body);
    let units = |body: &ReorganizationCreate| -> Vec<OrgUnitId> {
        let day = body.kind.others_known_on(body.effective_on);
        let others = body.others.iter().filter_map(|other| other.unit_name().resolve(tree, day).ok());
        others.chain(body.unit(tree)).collect()
    };
    new.flat_map(units).collect()
}

/// The other units of a body, in their order.
fn others_named(tree: &OrgTree, body: &ReorganizationCreate, faults: &mut Vec<Fault>) -> Vec<OrgUnitId> {
    let day = body.kind.others_known_on(body.effective_on);
    let mut others = Vec::with_capacity(body.others.len());
    for (index, other) in body.others.iter().enumerate() {
        let place = format!("/others/{index}");
        match other.unit_name().resolve(tree, day) {
            Ok(unit) if others.contains(&unit) => {
                let message =
                    Bilingual::new("Đơn vị này đã được nêu.", "This unit is among the others already.");
                faults.push(Fault::new(place, "named_twice", message));
            }
            Ok(unit) => others.push(unit),
            Err(found) => faults.extend(
                found
                    .into_iter()
                    .map(|fault| Fault { pointer: format!("{place}{}", fault.pointer), ..fault }),
            ),
        }
    }
    others
}

/// An act as a line asks for it.
fn new_act(
    scoped: &Scoped,
    standing: &Standing<'_>,
    known: &Known,
    body: ReorganizationCreate,
    at: Instant,
) -> Result<HeldReorganization, ApiError> {
    check(&body)?;
    let tree = standing.tree();
    let mut faults = rules::faults(&body);
    let day = body.kind.known_on(body.effective_on);
    let unit = body.unit_name().resolve(tree, day).map_err(|found| faults.extend(found)).ok();
    let others = others_named(tree, &body, &mut faults);
    let (Some(unit), true) = (unit, faults.is_empty()) else { return Err(ApiError::invalid(faults)) };
    for unit in std::iter::once(unit).chain(others.iter().copied()) {
        standing.writable(Some(unit))?;
    }
    if known.has_act(unit, body.kind, body.effective_on) {
        return Err(ApiError::new(Problem::Duplicate));
    }
    let owner = Owner::within_reach(scoped, &body.unit_name(), unit)?;
    let stated: Vec<(bool, bool)> =
        body.others.iter().map(|other| (other.partly, other.keeps_records)).collect();
    let row = ReorganizationRow::made(body, None, at, owner);
    let first = (unit, (false, false));
    let units: Vec<UnitOfAct> = (0_i32..)
        .zip(std::iter::once(first).chain(others.into_iter().zip(stated)))
        .map(|(position, (org_unit_id, (partly, keeps_records)))| UnitOfAct {
            reorganization_id: row.id,
            position,
            org_unit_id,
            partly,
            keeps_records,
            ended: false,
        })
        .collect();
    let others = units.get(1..).unwrap_or_default();
    let effects = effects(tree, known, &row, others, at)?;
    let ended: HashSet<OrgUnitId> = effects.ends.iter().map(|end| end.unit).collect();
    let units = units
        .into_iter()
        .map(|unit| UnitOfAct { ended: ended.contains(&unit.org_unit_id), ..unit })
        .collect();
    Ok(HeldReorganization { row, units, effects })
}

/// An act with another document or note; kind, day and units stay.
fn changed_act(
    standing: &Standing<'_>,
    present: HeldReorganization,
    body: ReorganizationCreate,
    at: Instant,
) -> Result<HeldReorganization, ApiError> {
    check(&body)?;
    let tree = standing.tree();
    for unit in &present.units {
        standing.writable(Some(unit.org_unit_id))?;
    }
    let mut faults = rules::faults(&body);
    let others = others_named(tree, &body, &mut faults);
    let stated =
        others.iter().zip(&body.others).map(|(unit, other)| (*unit, other.partly, other.keeps_records));
    let standing_others = present.units.iter().filter(|unit| unit.position > 0);
    let standing_others = standing_others.map(|unit| (unit.org_unit_id, unit.partly, unit.keeps_records));
    let row = &present.row;
    let keeps = [
        (body.unit_name().pointer(), body.unit(tree) == Some(row.org_unit_id)),
        ("/kind", body.kind == row.kind),
        ("/effective_on", body.effective_on == row.effective_on),
        ("/effective_on_certainty", body.effective_on_certainty == row.effective_on_certainty),
        ("/others", stated.eq(standing_others)),
    ];
    let fixed = keeps.into_iter().filter(|(_, keeps)| !keeps).map(|(pointer, _)| {
        let message = Bilingual::new(
            "Không thể thay đổi; hãy xóa bản ghi sắp xếp này và tạo bản ghi khác.",
            "This cannot change; delete the act and make another.",
        );
        Fault::new(pointer, "fixed", message)
    });
    faults.extend(fixed);
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    let owner = Owner { unit: row.org_unit_id, province: row.province_id };
    Ok(HeldReorganization { row: ReorganizationRow::made(body, Some(row), at, owner), ..present })
}

/// Rows a statement.
const ROWS: usize = 400;

/// Writes the units of new acts, ends those that end, and ties them to what carries them on.
fn take_effect(tx: &mut WriteTx<'_>, scoped: &Scoped, acts: &[&HeldReorganization]) -> Result<(), ApiError> {
    let units: Vec<&UnitOfAct> = acts.iter().flat_map(|held| &held.units).collect();
    for part in units.chunks(ROWS) {
        on_db!(tx.conn(), |c| diesel::insert_into(reorganized_units::table)
            .values(part.to_vec())
            .execute(c))?;
    }
    let ends: Vec<_> = acts.iter().flat_map(|held| held.effects.ends.iter().cloned()).collect();
    units_end(tx, &ends)?;
    let ties: Vec<HeldSuccession> = acts.iter().flat_map(|held| held.effects.ties.iter().cloned()).collect();
    OrgUnitSuccessions::save(tx, scoped, &ties)?.all()?;
    let links: Vec<&SuccessionOfAct> = acts.iter().flat_map(|held| &held.effects.successions).collect();
    for part in links.chunks(ROWS) {
        on_db!(tx.conn(), |c| diesel::insert_into(reorganization_successions::table)
            .values(part.to_vec())
            .execute(c))?;
    }
    Ok(())
}

/// Lets the successions that acts made name the documents of these.
fn documents_follow(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    acts: &[&HeldReorganization],
) -> Result<(), ApiError> {
    let bases: HashMap<OrgUnitSuccessionId, &Option<String>> = acts
        .iter()
        .flat_map(|held| {
            let made = held.effects.successions.iter().filter(|tied| tied.made);
            made.map(|tied| (tied.succession_id, &held.row.document_number))
        })
        .collect();
    let at = tx.at();
    let changed: Vec<HeldSuccession> = successions(tx.conn(), bases.keys().copied().collect())?
        .into_iter()
        .filter_map(|row| {
            let basis = bases.get(&row.id).filter(|basis| ***basis != row.legal_basis)?;
            let row = SuccessionRow { legal_basis: (**basis).clone(), ..row };
            let mut held =
                HeldSuccession { units: SucceededUnits::of(scoped.tree(), &row), ends: false, row };
            held.revise(at);
            Some(held)
        })
        .collect();
    OrgUnitSuccessions::save(tx, scoped, &changed)?.all()?;
    Ok(())
}

fn successions(conn: &mut DbConn, ids: Vec<OrgUnitSuccessionId>) -> Result<Vec<SuccessionRow>, ApiError> {
    use org_unit_successions as s;
    let rows = s::table.filter(s::deleted_at.is_null()).filter(s::id.eq_any(ids));
    Ok(rows.select(SuccessionRow::as_select()).load(conn)?)
}

/// Whose the attachments of an act are, for whoever may change all of its units.
///
/// # Errors
/// 404 when there is none, 403 for units out of reach.
pub(super) fn reorganization_changeable(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ReorganizationId,
) -> Result<Belonging, ApiError> {
    let units = units_of_acts(conn, &[id])?.remove(&id).unwrap_or_default();
    let is_reached = |unit: &UnitOfAct| scoped.everything() || scoped.reaches(unit.org_unit_id);
    if !units.iter().all(is_reached) {
        return Err(ApiError::new(Problem::Forbidden));
    }
    reorganization_seen(conn, scoped, id)
}

/// Deletes an act that was entered by mistake, with the successions that it made; the units that it ended
/// are opened again, and what it took up is free.
///
/// # Errors
/// 412 when it has changed, 403 out of reach, 409 when a later act is about one of its units, another unit
/// bears the code of one that it ended, or one of these is said to have gone into another by other means.
pub(super) fn reorganization_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ReorganizationId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let standing = Standing::alone(tx, scoped)?;
    let HeldReorganization { row, units, effects } = Reorganizations::find(tx.conn(), scoped, id)?;
    for unit in &units {
        standing.writable(Some(unit.org_unit_id))?;
    }
    expected.check(row.version)?;
    let all = units.iter().map(|unit| unit.org_unit_id).collect();
    if is_built_on(tx.conn(), all, row.effective_on)? {
        return Err(ApiError::new(Problem::InUse));
    }
    hide_row!(tx, reorganizations, row)?;
    let links =
        reorganization_successions::table.filter(reorganization_successions::reorganization_id.eq(row.id));
    diesel::delete(links).execute(tx.conn())?;
    let made = effects.successions.iter().filter(|tied| tied.made).map(|tied| tied.succession_id);
    for succession in successions(tx.conn(), made.collect())? {
        succession_take_away(tx, standing.tree(), succession)?;
    }
    let ended: Vec<OrgUnitId> = units.iter().filter(|unit| unit.ended).map(|unit| unit.org_unit_id).collect();
    if is_any_succeeded(tx.conn(), &ended)? {
        return Err(ApiError::new(Problem::InUse));
    }
    units_reopen(tx, &standing, &ended, row.effective_on)?;
    let row = ReorganizationRow { version: row.version + 1, ..row };
    let view = answer(scoped, HeldReorganization { row: row.clone(), units, effects });
    Ok(tx.journal(entry(JournalAction::Delete, &view, &row)?)?.with(()))
}
