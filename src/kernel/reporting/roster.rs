//! Whose lines a form adds up, and where each unit stands in it: pure, over the tree.
//!
//! A form for a period is made on the structure of one day. Units in force on that day stand where they
//! stand then, wherever they stood before, so that one that moved counts once, with whom it is under.
//! What a unit filed that had ended by the day is not lost: it comes to the unit in force that
//! [holds](OrgTree::holder) the whole of it. A commune that went whole into another comes to that one.
//! One that was divided comes to the nearest unit that holds all its successors, and to no form below,
//! for there is no key by which its figures could be split. So each line is in a form once, and in the
//! forms of two units side by side never.
//!
//! A scope counts units in force, and an ended unit comes with its holder, however many ended units
//! stood above it: the form of a unit's children has what the forms of each of them alone have.
//!
//! An ended unit is to file for a period in which it existed. One whose end was entered late may have
//! filed for days after it; that is shown and counts, and nobody waits for more of it.
//!
//! What ended together keeps its order: communes stand under their ended district, so that the line
//! with which it stated their total is held against theirs. What ended under a unit that lives on is
//! part of that unit; what came from elsewhere is added to it, and no line of it replaces what came. A
//! unit that lives on while what stood above it ended, such as a school of an ended district, has no
//! place of its own and stays with what stood above it, or with who holds that.
//!
//! Units founded after the day are not in the structure that was asked for.

mod draft;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::tree::{OrgTree, OrgUnitId, Tier, UnitKind, UnitSet};
use crate::unit_reference::UnitScope;
use draft::Draft;

/// The units of a form, and where they stand.
#[derive(Debug, Clone)]
pub struct Roster {
    unit: OrgUnitId,
    units: UnitSet,
    /// The form's own unit stands first.
    standings: Vec<Standing>,
    positions: HashMap<OrgUnitId, usize>,
}

/// A unit of a form, with what stands directly under it by code.
#[derive(Debug, Clone)]
pub struct Standing {
    unit: OrgUnitId,
    /// What it is, or was on its last day.
    kind: UnitKind,
    /// Who holds it, where it had ended.
    holder: Option<OrgUnitId>,
    is_expected: bool,
    /// Positions of administrative units.
    administrative: Vec<usize>,
    /// Those of agencies and service units, and of hamlets.
    agencies: Vec<usize>,
    /// Those of what ended elsewhere and came to it.
    arrivals: Vec<usize>,
    /// The highest rank of it and of all that stand under it.
    highest: Option<usize>,
}

impl Standing {
    /// The unit.
    #[must_use]
    pub fn unit(&self) -> OrgUnitId {
        self.unit
    }

    /// Where the unit stands among the levels; none for agencies and hamlets.
    #[must_use]
    pub fn rank(&self) -> Option<usize> {
        rank(self.kind)
    }

    /// Whether it, or anything under it, stands at least as high as this.
    #[must_use]
    pub fn comes_up_to(&self, rank: usize) -> bool {
        self.highest.is_some_and(|highest| highest <= rank)
    }

    /// Whether the unit had ended by the day.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.holder.is_some()
    }

    /// Whether the unit is to file for the period: one in force, or one that existed within it.
    #[must_use]
    pub fn is_expected(&self) -> bool {
        self.is_expected
    }

    /// Whether an upper unit's own line waits for the lines of this agency: one in force that could
    /// file. A hamlet handles no procedures.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        !self.has_ended() && self.kind != UnitKind::Hamlet
    }
}

/// Where a kind of unit stands among the levels; agencies and hamlets stand nowhere.
const fn rank(kind: UnitKind) -> Option<usize> {
    match (kind, kind.tier()) {
        (UnitKind::Country, _) => Some(0),
        (_, Some(tier)) => Some(tier_rank(tier)),
        (_, None) => None,
    }
}

/// Where a level stands: a unit of this rank is of that level.
pub const fn tier_rank(tier: Tier) -> usize {
    match tier {
        Tier::Province => 1,
        Tier::District => 2,
        Tier::Commune => 3,
    }
}

impl Roster {
    /// The units of the form for a unit in force on the day and a period of these days.
    ///
    /// The scope counts administrative units; agencies come with the unit under which they hang, and
    /// what ended with the one that holds it.
    #[must_use]
    pub fn of(
        tree: &OrgTree,
        unit: OrgUnitId,
        day: NaiveDate,
        scope: UnitScope,
        period: (NaiveDate, NaiveDate),
    ) -> Self {
        let standings = Draft::standings(tree, unit, day, scope, period);
        let units = tree.set(standings.iter().map(Standing::unit));
        let positions = standings.iter().map(Standing::unit).zip(0..).collect();
        Self { unit, units, standings, positions }
    }

    /// The form's unit.
    #[must_use]
    pub fn unit(&self) -> OrgUnitId {
        self.unit
    }

    /// Every unit whose lines the form needs.
    #[must_use]
    pub fn units(&self) -> &UnitSet {
        &self.units
    }

    /// Whether the form needs the lines of this unit.
    #[must_use]
    pub fn contains(&self, unit: OrgUnitId) -> bool {
        self.positions.contains_key(&unit)
    }

    /// Where a unit of the form stands.
    #[must_use]
    pub fn standing(&self, unit: OrgUnitId) -> Option<&Standing> {
        self.positions.get(&unit).and_then(|position| self.standings.get(*position))
    }

    /// A unit of the form and all that stand under it here.
    #[must_use]
    pub fn below(&self, unit: OrgUnitId) -> Vec<OrgUnitId> {
        let mut below: Vec<_> = self.standing(unit).into_iter().collect();
        let mut done = 0;
        while let Some(standing) = below.get(done).copied() {
            below.extend(self.administrative(standing));
            below.extend(self.agencies(standing).chain(self.arrivals(standing)));
            done += 1;
        }
        below.into_iter().map(Standing::unit).collect()
    }

    /// Whether the unit had ended by the day.
    #[must_use]
    pub fn has_ended(&self, unit: OrgUnitId) -> bool {
        self.standing(unit).is_some_and(Standing::has_ended)
    }

    /// The unit in force that holds this one: itself unless it has ended.
    #[must_use]
    pub fn holder(&self, unit: OrgUnitId) -> OrgUnitId {
        self.standing(unit).and_then(|standing| standing.holder).unwrap_or(unit)
    }

    /// Whether the unit is to file for the period: one in force, or one that existed within it.
    #[must_use]
    pub fn is_expected(&self, unit: OrgUnitId) -> bool {
        self.standing(unit).is_none_or(Standing::is_expected)
    }

    /// Agencies and service units directly under a unit.
    pub fn agencies<'a>(&'a self, of: &'a Standing) -> impl Iterator<Item = &'a Standing> {
        self.at(&of.agencies)
    }

    /// Administrative units directly under a unit.
    pub fn administrative<'a>(&'a self, of: &'a Standing) -> impl Iterator<Item = &'a Standing> {
        self.at(&of.administrative)
    }

    /// What ended elsewhere and came to a unit.
    pub fn arrivals<'a>(&'a self, of: &'a Standing) -> impl Iterator<Item = &'a Standing> {
        self.at(&of.arrivals)
    }

    fn at<'a>(&'a self, positions: &'a [usize]) -> impl Iterator<Item = &'a Standing> {
        positions.iter().filter_map(|position| self.standings.get(*position))
    }
}
