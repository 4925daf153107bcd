//! What an act means for the units that stand: which end, and what ties them to those that carry on.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{ReorganizationKind, ReorganizationRow, SuccessionOfAct, UnitOfAct, before};
use super::store::{acts_about, bound_successions};
use crate::successions::model::{HeldSuccession, OrgUnitSuccessionId, SucceededUnits, SuccessionRow};
use crate::successions::rules::Ending;
use crate::successions::writes::{elsewhere_fault, ending_of, tie_faults};
use crate::units::endings::UnitEnd;
use kernel::auth::scope::home_province;
use kernel::db::DbConn;
use kernel::db::schema::org_unit_successions;
use kernel::db::types::Instant;
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::tree::{OrgTree, OrgUnitId, Succession, SuccessionRelation, UnitVersion};

/// The successions that stand out of some units, and the acts about them.
pub(super) struct Known {
    rows: HashMap<(OrgUnitId, OrgUnitId), SuccessionRow>,
    /// Those that belong to an act.
    bound: HashSet<OrgUnitSuccessionId>,
    acts: HashSet<(OrgUnitId, ReorganizationKind, NaiveDate)>,
}

impl Known {
    /// Those of these units, acts on these days.
    pub(super) fn load(
        conn: &mut DbConn,
        units: HashSet<OrgUnitId>,
        days: HashSet<NaiveDate>,
    ) -> Result<Self, ApiError> {
        use org_unit_successions as s;
        let acts = acts_about(conn, units.clone(), days)?;
        let rows: Vec<SuccessionRow> = s::table
            .filter(s::deleted_at.is_null())
            .filter(s::predecessor_id.eq_any(units))
            .select(SuccessionRow::as_select())
            .load(conn)?;
        let bound = bound_successions(conn, rows.iter().map(|row| row.id).collect())?;
        let rows = rows.into_iter().map(|row| ((row.predecessor_id, row.successor_id), row)).collect();
        let acts = acts.into_iter().map(|act| (act.org_unit_id, act.kind, act.effective_on)).collect();
        Ok(Self { rows, bound, acts })
    }

    /// Lets the acts that follow see this one.
    pub(super) fn add(&mut self, act: &ReorganizationRow, effects: &Effects) {
        self.acts.insert((act.org_unit_id, act.kind, act.effective_on));
        self.bound.extend(effects.successions.iter().map(|tied| tied.succession_id));
    }

    /// Whether there is an act of this kind about the unit on the day.
    pub(super) fn has_act(&self, unit: OrgUnitId, kind: ReorganizationKind, day: NaiveDate) -> bool {
        self.acts.contains(&(unit, kind, day))
    }
}

/// What is to be written beside the act itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Effects {
    /// Successions that are made.
    pub(super) ties: Vec<HeldSuccession>,
    /// All successions of the act.
    pub(super) successions: Vec<SuccessionOfAct>,
    /// Units that end.
    pub(super) ends: Vec<UnitEnd>,
}

/// A tie between a unit that ends and one that carries on.
struct Tie {
    /// Where the other unit stands among those of the act.
    place: usize,
    predecessor: OrgUnitId,
    successor: OrgUnitId,
    relation: SuccessionRelation,
    keeps_records: bool,
}

/// The ties of an act. Whatever of a dissolved unit goes to one unit goes there whole.
fn ties(kind: ReorganizationKind, unit: OrgUnitId, others: &[UnitOfAct]) -> Vec<Tie> {
    let tie = |(place, other): (usize, &UnitOfAct)| {
        let (predecessor, successor, is_part) = match kind {
            ReorganizationKind::Merge => (other.org_unit_id, unit, other.partly),
            _ => (unit, other.org_unit_id, others.len() > 1),
        };
        let relation = if is_part { SuccessionRelation::Division } else { SuccessionRelation::Merge };
        Tie { place, predecessor, successor, relation, keeps_records: other.keeps_records }
    };
    others.iter().enumerate().map(tie).collect()
}

/// What an act with these other units means.
///
/// # Errors
/// 422 where it cannot have been so.
pub(super) fn effects(
    tree: &OrgTree,
    known: &Known,
    row: &ReorganizationRow,
    others: &[UnitOfAct],
    at: Instant,
) -> Result<Effects, ApiError> {
    let (unit, day) = (row.org_unit_id, row.effective_on);
    let ties = ties(row.kind, unit, others);
    let mut faults: Vec<Fault> = changed_fault(tree, row).into_iter().collect();
    let mut effects = Effects::default();
    let mut ending: Vec<OrgUnitId> = Vec::new();
    for tie in &ties {
        let found = match known.rows.get(&(tie.predecessor, tie.successor)) {
            Some(standing) => match taken_fault(known, standing, tie, row) {
                Some(fault) => vec![fault],
                None => {
                    effects.successions.push(of_act(row, standing.id, false));
                    elsewhere_fault(tree, &Succession::from(standing)).into_iter().collect()
                }
            },
            // An act of the same batch has made it, which the database does not know yet.
            None if tree.successors(tie.predecessor).any(|known| known.successor_id == tie.successor) => {
                vec![fault_of_another_act()]
            }
            None => {
                let made = new_tie(tree, tie, row, at);
                let (how, found) = tie_faults(tree, &Succession::from(&made.row))?;
                if how == Ending::Close {
                    ending.push(tie.predecessor);
                }
                effects.successions.push(of_act(row, made.row.id, true));
                effects.ties.push(made);
                found
            }
        };
        let found = found.into_iter().chain(left_out_fault(tree, tie, &ties));
        faults.extend(found.map(|fault| Fault { pointer: format!("/others/{}", tie.place), ..fault }));
    }
    if ties.is_empty() && row.kind == ReorganizationKind::Dissolve {
        let (how, fault) = ending_of(tree, unit, day)?;
        faults.extend(fault);
        if how == Ending::Close {
            ending.push(unit);
        }
    }
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    ending.sort_unstable();
    ending.dedup();
    let end = |unit| UnitEnd {
        unit,
        on: day,
        certainty: row.effective_on_certainty,
        province: home_province(tree, unit, day),
    };
    effects.ends = ending.into_iter().map(end).collect();
    Ok(effects)
}

fn of_act(row: &ReorganizationRow, succession_id: OrgUnitSuccessionId, made: bool) -> SuccessionOfAct {
    SuccessionOfAct { succession_id, reorganization_id: row.id, made }
}

fn new_tie(tree: &OrgTree, tie: &Tie, row: &ReorganizationRow, at: Instant) -> HeldSuccession {
    let succession = SuccessionRow {
        id: OrgUnitSuccessionId::new(),
        predecessor_id: tie.predecessor,
        successor_id: tie.successor,
        relation: tie.relation,
        effective_on: row.effective_on,
        keeps_records: tie.keeps_records,
        legal_basis: row.document_number.clone(),
        note: None,
        version: 1,
        created_at: at,
        updated_at: at,
    };
    // The act ends the units, each once.
    HeldSuccession { units: SucceededUnits::of(tree, &succession), ends: false, row: succession }
}

/// A succession that stands and does not mean the same, or belongs to another act.
fn taken_fault(known: &Known, standing: &SuccessionRow, tie: &Tie, row: &ReorganizationRow) -> Option<Fault> {
    let is_same = standing.relation == tie.relation
        && standing.effective_on == row.effective_on
        && (standing.keeps_records || !tie.keeps_records);
    if known.bound.contains(&standing.id) {
        return Some(fault_of_another_act());
    }
    (!is_same).then(|| {
        let message = Bilingual::new(
            "Hai đơn vị này đã có quan hệ kế thừa khác về hình thức, ngày có hiệu lực hoặc nơi lưu giữ hồ sơ.",
            "A succession of these two units stands with another relation, day or keeper of records.",
        );
        Fault::new("", "tied_otherwise", message)
    })
}

fn fault_of_another_act() -> Fault {
    let message = Bilingual::new(
        "Quan hệ kế thừa giữa hai đơn vị này đã thuộc về một bản ghi sắp xếp khác.",
        "The succession of these two units belongs to another act.",
    );
    Fault::new("", "of_another_act", message)
}

/// A part of a unit that is known to have gone elsewhere, where the act tells where all parts went. Into
/// a merger a single part goes, the others by acts of their own.
fn left_out_fault(tree: &OrgTree, tie: &Tie, ties: &[Tie]) -> Option<Fault> {
    let is_here = |successor: OrgUnitId| {
        ties.iter().any(|tied| tied.predecessor == tie.predecessor && tied.successor == successor)
    };
    let is_division = ties.iter().filter(|tied| tied.predecessor == tie.predecessor).count() > 1;
    let is_left_out =
        |known: &Succession| known.relation == SuccessionRelation::Division && !is_here(known.successor_id);
    (is_division && tree.successors(tie.predecessor).any(is_left_out)).then(|| {
        let message = Bilingual::new(
            "Đơn vị cũ còn được đơn vị khác kế thừa một phần; hãy nêu đủ các đơn vị kế thừa.",
            "The unit that ended is carried on elsewhere too; name all units that carry it on.",
        );
        Fault::new("", "carried_on_elsewhere", message)
    })
}

/// An act that changes nothing of a unit on its day, where the units say what was changed.
fn changed_fault(tree: &OrgTree, row: &ReorganizationRow) -> Option<Fault> {
    let (unit, day) = (row.org_unit_id, row.effective_on);
    let after = tree.version_at(unit, day);
    let differs = |what: fn(&UnitVersion, &UnitVersion) -> bool| {
        let old = tree.version_at(unit, before(day));
        old.zip(after).is_some_and(|(old, new)| what(old, new))
    };
    let (is_so, code, message) = match row.kind {
        ReorganizationKind::Establish => (
            after.is_some() && tree.first_day(unit) == Some(day),
            "not_the_beginning",
            Bilingual::new(
                "Đơn vị không bắt đầu vào ngày này; hãy sửa ngày bắt đầu của đơn vị trước.",
                "The unit does not begin on this day; correct the unit first.",
            ),
        ),
        ReorganizationKind::Rename => (
            differs(|old, new| old.full_name != new.full_name),
            "not_renamed",
            Bilingual::new(
                "Đơn vị không đổi tên vào ngày này; hãy nhập phiên bản mới của đơn vị trước.",
                "The unit has the same name before and after this day; enter its new version first.",
            ),
        ),
        ReorganizationKind::Transfer => (
            differs(|old, new| old.parent_id != new.parent_id),
            "not_moved",
            Bilingual::new(
                "Đơn vị không chuyển cơ quan quản lý vào ngày này; hãy nhập phiên bản mới của đơn vị trước.",
                "The unit stands under the same unit before and after this day; enter its new version first.",
            ),
        ),
        ReorganizationKind::Merge | ReorganizationKind::Divide | ReorganizationKind::Dissolve => {
            return None;
        }
    };
    (!is_so).then(|| Fault::new("/effective_on", code, message))
}
