//! How units are tied to their successors.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{
    HeldSuccession, OrgUnitSuccession, OrgUnitSuccessionCreate, OrgUnitSuccessionId, SucceededUnits,
    SuccessionRow,
};
use super::rules::{Ending, ending};
use super::store::{succession_entry, succession_row, succession_seen};
use crate::reorganizations::store::{belongs_to_an_act, bound_successions};
use crate::units::endings::{UnitEnd, end_in, units_end};
use crate::units::standing::Standing;
use kernel::api::IfMatch;
use kernel::api::json::check;
use kernel::api::records::{Draft, Records, Written};
use kernel::attachments::Belonging;
use kernel::audit::journal::JournalAction;
use kernel::auth::scope::{Scoped, home_province};
use kernel::db::schema::org_unit_successions;
use kernel::db::types::Instant;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::{ApiError, Bilingual, Fault, Problem};
use kernel::tree::{OrgTree, OrgUnitId, Succession, SuccessionRelation};
use kernel::unit_reference::{UnitName, named_as};
use kernel::validity::{Certainty, OPEN_BEGINNING, day_fault};
use kernel::{hide_row, save_rows};

/// Whose the attachments of a succession are, for whoever may change both units.
///
/// # Errors
/// 404 when there is none, 403 for units out of reach.
pub fn succession_changeable(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitSuccessionId,
) -> Result<Belonging, ApiError> {
    let row = succession_row(conn, id)?;
    let is_reached = |unit| scoped.everything() || scoped.reaches(unit);
    if !is_reached(row.predecessor_id) || !is_reached(row.successor_id) {
        return Err(ApiError::new(Problem::Forbidden));
    }
    succession_seen(conn, scoped, id)
}

/// Successions, as they are written. The natural key is the pair of units; a succession ends the open
/// version of its predecessor.
pub struct OrgUnitSuccessions;

impl Records for OrgUnitSuccessions {
    type Id = OrgUnitSuccessionId;
    type Body = OrgUnitSuccessionCreate;
    type Row = HeldSuccession;
    type View = OrgUnitSuccession;

    /// Lines keep their order. Batches do not meet: one writer of units is let in at a time.
    fn order(_: &OrgUnitSuccessionCreate) -> String {
        String::new()
    }

    fn find(conn: &mut DbConn, _: &Scoped, id: OrgUnitSuccessionId) -> Result<HeldSuccession, ApiError> {
        Ok(stored(succession_row(conn, id)?))
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[OrgUnitSuccessionCreate],
    ) -> Result<Vec<Option<HeldSuccession>>, ApiError> {
        use org_unit_successions as s;
        let pairs: Vec<Option<(OrgUnitId, OrgUnitId)>> =
            bodies.iter().map(|body| units_named(scoped.tree(), body).ok()).collect();
        let predecessors: HashSet<OrgUnitId> = pairs.iter().flatten().map(|(old, _)| *old).collect();
        let rows: Vec<SuccessionRow> = s::table
            .filter(s::deleted_at.is_null())
            .filter(s::predecessor_id.eq_any(predecessors))
            .select(SuccessionRow::as_select())
            .load(tx.conn())?;
        let known: HashMap<_, _> =
            rows.into_iter().map(|row| ((row.predecessor_id, row.successor_id), row)).collect();
        Ok(pairs.into_iter().map(|pair| known.get(&pair?).cloned().map(stored)).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<OrgUnitSuccessionCreate, HeldSuccession>>,
    ) -> Result<Vec<Result<HeldSuccession, ApiError>>, ApiError> {
        let mut standing = Standing::alone(tx, scoped)?;
        let present = drafts.iter().filter_map(|draft| draft.present.as_ref()).map(|held| held.row.id);
        let bound = bound_successions(tx.conn(), present.collect())?;
        let (at, many) = (tx.at(), drafts.len() > 1);
        let made = drafts.into_iter().map(|draft| {
            let made = match draft.present {
                None => new_succession(&standing, draft.body, at)?,
                Some(held) => {
                    let changed = changed_succession(&standing, &held.row, draft.body)?;
                    if bound.contains(&held.row.id) && changed != held {
                        return Err(belongs_to_an_act());
                    }
                    changed
                }
            };
            if many {
                take_place(standing.tree_mut(), &made);
            }
            Ok(made)
        });
        Ok(made.collect())
    }

    fn save(
        tx: &mut WriteTx<'_>,
        _: &Scoped,
        rows: &[HeldSuccession],
    ) -> Result<Written<OrgUnitSuccession>, ApiError> {
        let stored = save_rows!(
            tx.conn(),
            org_unit_successions,
            OrgUnitSuccessionId,
            rows.iter().map(|held| &held.row),
            [keeps_records, legal_basis, note]
        )?;
        let ending = rows.iter().filter(|held| held.ends && stored.contains(&held.row.id));
        let ends: Vec<UnitEnd> = ending.map(UnitEnd::from).collect();
        units_end(tx, &ends)?;
        let entry = |action, _: &OrgUnitSuccession, held: &HeldSuccession| {
            succession_entry(action, &held.row, held.units.province_id)
        };
        let view = |held: &HeldSuccession| OrgUnitSuccession::between(held.units.clone(), held.row.clone());
        Written::journal(tx, rows, &stored, entry, view)
    }
}

impl From<&HeldSuccession> for UnitEnd {
    fn from(held: &HeldSuccession) -> Self {
        Self {
            unit: held.row.predecessor_id,
            on: held.row.effective_on,
            certainty: Certainty::Exact,
            province: held.units.predecessor_province_id,
        }
    }
}

fn stored(row: SuccessionRow) -> HeldSuccession {
    HeldSuccession { row, ends: false, units: SucceededUnits::default() }
}

/// A succession as a line asks for it.
fn new_succession(
    standing: &Standing<'_>,
    body: OrgUnitSuccessionCreate,
    at: Instant,
) -> Result<HeldSuccession, ApiError> {
    check(&body)?;
    if let Some(fault) = day_fault("/effective_on", body.effective_on) {
        return Err(ApiError::invalid(vec![fault]));
    }
    let tree = standing.tree();
    let (predecessor, successor) = units_named(tree, &body)?;
    standing.writable(Some(predecessor))?;
    standing.writable(Some(successor))?;
    let row = SuccessionRow {
        id: OrgUnitSuccessionId::new(),
        predecessor_id: predecessor,
        successor_id: successor,
        relation: body.relation,
        effective_on: body.effective_on,
        keeps_records: body.keeps_records,
        legal_basis: body.legal_basis,
        note: body.note,
        version: 0,
        created_at: at,
        updated_at: at,
    };
    let (ending, faults) = tie_faults(tree, &Succession::from(&row))?;
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    if tree.successors(predecessor).any(|known| known.successor_id == successor) {
        return Err(ApiError::new(Problem::Duplicate));
    }
    Ok(HeldSuccession { units: SucceededUnits::of(tree, &row), ends: ending == Ending::Close, row })
}

/// How the predecessor ends with a succession, and why the two units cannot be tied by it.
///
/// # Errors
/// 404 for a unit that is not there.
pub(crate) fn tie_faults(tree: &OrgTree, tie: &Succession) -> Result<(Ending, Vec<Fault>), ApiError> {
    let (predecessor, successor) = (tie.predecessor_id, tie.successor_id);
    let mut faults: Vec<Fault> = line_fault(tree, predecessor, successor).into_iter().collect();
    if !tree.in_force(successor, tie.effective_on) {
        let message = Bilingual::new(
            "Đơn vị kế thừa không có hiệu lực từ ngày này.",
            "The successor is not in force from this day.",
        );
        faults.push(Fault::new("/successor_id", "not_in_force", message));
    }
    let (ending, fault) = ending_of(tree, predecessor, tie.effective_on)?;
    faults.extend(fault);
    faults.extend(elsewhere_fault(tree, tie));
    faults.extend(keeper_fault(tree, (predecessor, successor), tie.keeps_records));
    Ok((ending, faults))
}

/// How a unit ends on the day, and why it cannot.
///
/// # Errors
/// 404 for a unit that is not there.
pub(crate) fn ending_of(
    tree: &OrgTree,
    unit: OrgUnitId,
    effective_on: NaiveDate,
) -> Result<(Ending, Option<Fault>), ApiError> {
    let last = tree.latest(unit).ok_or_else(ApiError::not_found)?;
    let ending = ending(last.valid_from.unwrap_or(OPEN_BEGINNING), last.valid_to, effective_on);
    let fault = (ending == Ending::Another).then(|| {
        let message = Bilingual::new(
            "Đơn vị cũ bắt đầu hoặc kết thúc vào ngày khác; hãy sửa đơn vị đó trước.",
            "The unit that ended begins or ends on another day; correct that unit first.",
        );
        Fault::new("/effective_on", "not_the_end", message)
    });
    Ok((ending, fault))
}

/// A succession with another keeper, legal basis or remark; units, relation and day stay.
fn changed_succession(
    standing: &Standing<'_>,
    present: &SuccessionRow,
    body: OrgUnitSuccessionCreate,
) -> Result<HeldSuccession, ApiError> {
    check(&body)?;
    let tree = standing.tree();
    standing.writable(Some(present.predecessor_id))?;
    standing.writable(Some(present.successor_id))?;
    // A patch names the units by the ids that stand, which need no look at the day.
    let by_id = (body.predecessor_id, body.successor_id)
        == (Some(present.predecessor_id), Some(present.successor_id));
    let others = [
        &body.predecessor_identifier,
        &body.predecessor_code,
        &body.successor_identifier,
        &body.successor_code,
    ];
    let (predecessor, successor) = if by_id && others.into_iter().all(Option::is_none) {
        (present.predecessor_id, present.successor_id)
    } else {
        units_named(tree, &body)?
    };
    let mut faults: Vec<Fault> = [
        ("/predecessor_id", predecessor == present.predecessor_id),
        ("/successor_id", successor == present.successor_id),
        ("/relation", body.relation == present.relation),
        ("/effective_on", body.effective_on == present.effective_on),
    ]
    .into_iter()
    .filter(|(_, same)| !same)
    .map(|(pointer, _)| {
        let message = Bilingual::new(
            "Không thể thay đổi; hãy xóa quan hệ kế thừa này và tạo quan hệ khác.",
            "This cannot change; delete the succession and make another.",
        );
        Fault::new(pointer, "fixed", message)
    })
    .collect();
    let pair = (present.predecessor_id, present.successor_id);
    faults.extend(keeper_fault(tree, pair, body.keeps_records));
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    let row = SuccessionRow {
        keeps_records: body.keeps_records,
        legal_basis: body.legal_basis,
        note: body.note,
        ..present.clone()
    };
    Ok(HeldSuccession { units: SucceededUnits::of(tree, &row), ends: false, row })
}

/// Lets the lines that follow see this one.
pub(crate) fn take_place(tree: &mut OrgTree, made: &HeldSuccession) {
    let HeldSuccession { row, ends, .. } = made;
    if *ends {
        end_in(tree, row.predecessor_id, row.effective_on);
    }
    tree.tie(Succession::from(row));
}

/// Both units of a body, as they are named.
fn units_named(tree: &OrgTree, body: &OrgUnitSuccessionCreate) -> Result<(OrgUnitId, OrgUnitId), ApiError> {
    let predecessor = UnitName {
        id: body.predecessor_id,
        identifier: body.predecessor_identifier.as_deref(),
        code: body.predecessor_code.as_deref(),
    };
    let successor = UnitName {
        id: body.successor_id,
        identifier: body.successor_identifier.as_deref(),
        code: body.successor_code.as_deref(),
    };
    let before = body.effective_on.pred_opt().unwrap_or(body.effective_on);
    let predecessor = named_as(predecessor.resolve(tree, before), "predecessor");
    let successor = named_as(successor.resolve(tree, body.effective_on), "successor");
    match (predecessor, successor) {
        (Ok(predecessor), Ok(successor)) => Ok((predecessor, successor)),
        (predecessor, successor) => {
            let faults = [predecessor.err(), successor.err()].into_iter().flatten().flatten();
            Err(ApiError::invalid(faults.collect()))
        }
    }
}

/// A unit that would, by one step or several, succeed itself.
fn line_fault(tree: &OrgTree, predecessor: OrgUnitId, successor: OrgUnitId) -> Option<Fault> {
    let (code, message) = if predecessor == successor {
        ("itself", Bilingual::new("Đơn vị không thể kế thừa chính nó.", "A unit cannot succeed itself."))
    } else if tree.leads_to(successor, predecessor) {
        (
            "cycle",
            Bilingual::new(
                "Đơn vị kế thừa lại là tiền thân của đơn vị cũ.",
                "The successor is itself a predecessor of the unit that ended.",
            ),
        )
    } else {
        return None;
    };
    Some(Fault::new("/successor_id", code, message))
}

/// A unit that goes into one whole, and into another too.
pub(crate) fn elsewhere_fault(tree: &OrgTree, tie: &Succession) -> Option<Fault> {
    let is_whole = |known: &Succession| known.relation == SuccessionRelation::Merge;
    let is_against =
        |known: &Succession| known.successor_id != tie.successor_id && (is_whole(tie) || is_whole(known));
    tree.successors(tie.predecessor_id).any(is_against).then(|| {
        let message = Bilingual::new(
            "Đơn vị cũ còn được đơn vị khác kế thừa; nếu chia vào nhiều đơn vị thì mọi quan hệ kế thừa của \
             nó đều là một phần.",
            "The unit that ended is carried on elsewhere too; of one that went into several, each carries \
             on a part.",
        );
        Fault::new("/relation", "carried_on_elsewhere", message)
    })
}

/// A second keeper of the same unit's records.
fn keeper_fault(
    tree: &OrgTree,
    (predecessor, successor): (OrgUnitId, OrgUnitId),
    keeps: bool,
) -> Option<Fault> {
    let is_other = |known: &Succession| known.keeps_records && known.successor_id != successor;
    (keeps && tree.successors(predecessor).any(is_other)).then(|| {
        let message = Bilingual::new(
            "Hồ sơ của đơn vị cũ đã có nơi lưu giữ.",
            "The records of the unit that ended have a keeper already.",
        );
        Fault::new("/keeps_records", "second_keeper", message)
    })
}

/// Deletes a succession. The unit that ended stays ended: its end is corrected on the unit.
///
/// # Errors
/// 412 when it has changed, 403 out of reach, 409 when it belongs to an act of reorganization.
pub fn succession_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: OrgUnitSuccessionId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let standing = Standing::alone(tx, scoped)?;
    let present = succession_row(tx.conn(), id)?;
    standing.writable(Some(present.predecessor_id))?;
    standing.writable(Some(present.successor_id))?;
    expected.check(present.version)?;
    if !bound_successions(tx.conn(), vec![id])?.is_empty() {
        return Err(belongs_to_an_act());
    }
    succession_take_away(tx, standing.tree(), present)
}

/// Takes a succession away.
///
/// # Errors
/// 412 when it has changed.
pub(crate) fn succession_take_away(
    tx: &mut WriteTx<'_>,
    tree: &OrgTree,
    present: SuccessionRow,
) -> Result<Recorded<()>, ApiError> {
    hide_row!(tx, org_unit_successions, present)?;
    let row = SuccessionRow { version: present.version + 1, updated_at: tx.at(), ..present };
    let province = home_province(tree, row.successor_id, row.effective_on);
    Ok(tx.journal(succession_entry(JournalAction::Delete, &row, province)?)?.with(()))
}
