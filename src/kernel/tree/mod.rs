//! The unit tree in memory (cây đơn vị): every administrative unit that ever was, with its
//! versions and what became of it, asked for any day.
//!
//! A unit is an identity. What changes about it (name, code, kind, parent) is a **version** with
//! a half-open span of days; a merge or a division makes a new identity, and a **succession**
//! ties the old to the new. Codes of the statistics office are reused (31420 was xã Hòa Mỹ, and is
//! xã Phụng Hiệp since 1 July 2025), so a code means a unit only together with a day.
//!
//! - [`model`] says what a unit, a version and a succession are; [`load`] reads them all from the
//!   database, and `build` makes the tree of them.
//! - `structure` answers what stood where on a day, `names` who bears a code or identifier,
//!   `lineage` what became of a unit.
//! - [`reach`] is the one place that knows how far a grant goes (phạm vi); it answers with sets of
//!   units ([`set`]).

mod build;
mod lineage;
pub mod load;
pub mod model;
mod names;
pub mod reach;
pub mod set;
mod structure;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use chrono::NaiveDate;

pub use load::tree_load;
pub use model::{OrgUnitId, Succession, SuccessionRelation, Tier, UnitClass, UnitKind, UnitVersion};
pub(super) use names::only;
pub use reach::{Covered, Reach};
pub use set::UnitSet;

/// All units with their versions and successions (see the module's text).
///
/// Bad data never hang it: a cycle of parents or of successions is walked once.
#[derive(Debug, Clone, Default)]
pub struct OrgTree {
    units: Arc<Units>,
    /// By unit, then by first day.
    versions: Vec<Version>,
    /// The versions of each unit.
    spans: Vec<Range<usize>>,
    /// Positions of the versions that name this unit as their parent, in sibling order.
    children: Vec<Vec<usize>>,
    codes: HashMap<String, Vec<usize>>,
    identifiers: HashMap<String, Vec<usize>>,
    successions: Vec<Succession>,
    /// Positions of the successions into and out of each unit.
    arrivals: Vec<Vec<usize>>,
    departures: Vec<Vec<usize>>,
    /// The last days of all versions, and of some that have been replaced.
    last_days: BTreeSet<NaiveDate>,
}

/// Position of a unit in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Unit(u32);

impl Unit {
    /// A tree of more than four thousand million units is out of the question; one would find
    /// nothing at the last position.
    fn of(position: usize) -> Self {
        Self(u32::try_from(position).unwrap_or(u32::MAX))
    }

    fn position(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// The arena's identities, shared with the sets over it so that a set outlives the tree.
#[derive(Debug, Clone, Default)]
struct Units {
    ids: Vec<OrgUnitId>,
    index: HashMap<OrgUnitId, Unit>,
}

#[derive(Debug, Clone)]
struct Version {
    row: UnitVersion,
    unit: Unit,
    parent: Option<Unit>,
}

impl OrgTree {
    /// Number of units, ended ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.units.ids.len()
    }

    /// Whether there is no unit at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units.ids.is_empty()
    }

    /// Every unit that ever was.
    pub fn ids(&self) -> impl Iterator<Item = OrgUnitId> + '_ {
        self.units.ids.iter().copied()
    }

    fn unit(&self, id: OrgUnitId) -> Option<Unit> {
        self.units.index.get(&id).copied()
    }

    fn id(&self, unit: Unit) -> Option<OrgUnitId> {
        self.units.ids.get(unit.position()).copied()
    }

    fn versions_of(&self, unit: Unit) -> &[Version] {
        self.spans.get(unit.position()).and_then(|span| self.versions.get(span.clone())).unwrap_or_default()
    }
}
