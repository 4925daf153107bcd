//! Sets of units.

use std::fmt;
use std::sync::Arc;

use super::{OrgTree, OrgUnitId, Unit, Units};

/// A set of units of one tree: one bit a unit.
#[derive(Clone)]
pub struct UnitSet {
    units: Arc<Units>,
    words: Vec<u64>,
    len: usize,
}

impl UnitSet {
    /// Whether the unit is in the set.
    #[must_use]
    pub fn contains(&self, unit: OrgUnitId) -> bool {
        self.units.index.get(&unit).is_some_and(|unit| self.has(*unit))
    }

    /// Number of units in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The units of the set.
    pub fn iter(&self) -> impl Iterator<Item = OrgUnitId> + '_ {
        let ids = self.units.ids.iter().enumerate();
        ids.filter(|(position, _)| self.has(Unit::of(*position))).map(|(_, id)| *id)
    }

    /// The units of the tree that are not in the set.
    pub fn rest(&self) -> impl Iterator<Item = OrgUnitId> + '_ {
        let ids = self.units.ids.iter().enumerate();
        ids.filter(|(position, _)| !self.has(Unit::of(*position))).map(|(_, id)| *id)
    }

    /// Those of the set for which this holds.
    #[must_use]
    pub fn only(&self, holds: impl Fn(OrgUnitId) -> bool) -> Self {
        let mut only = Self { units: Arc::clone(&self.units), words: vec![0; self.words.len()], len: 0 };
        for (position, id) in self.units.ids.iter().enumerate() {
            if self.has(Unit::of(position)) && holds(*id) {
                only.insert(Unit::of(position));
            }
        }
        only
    }

    /// Whether every unit of this set is in the other.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|unit| other.contains(unit))
    }

    fn has(&self, unit: Unit) -> bool {
        let position = unit.position();
        self.words.get(position / 64).is_some_and(|word| word & (1 << (position % 64)) != 0)
    }

    /// Whether the unit is new to the set.
    pub(super) fn insert(&mut self, unit: Unit) -> bool {
        let position = unit.position();
        let Some(word) = self.words.get_mut(position / 64) else { return false };
        let bit = 1 << (position % 64);
        let new = *word & bit == 0;
        *word |= bit;
        self.len += usize::from(new);
        new
    }
}

impl fmt::Debug for UnitSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl OrgTree {
    /// The set without any unit.
    pub(super) fn none(&self) -> UnitSet {
        UnitSet { units: Arc::clone(&self.units), words: vec![0; self.len().div_ceil(64)], len: 0 }
    }

    /// The set of these units, as far as the tree knows them.
    #[must_use]
    pub fn set(&self, units: impl IntoIterator<Item = OrgUnitId>) -> UnitSet {
        let mut set = self.none();
        for unit in units {
            if let Some(unit) = self.units.index.get(&unit) {
                set.insert(*unit);
            }
        }
        set
    }

    /// The set of every unit that ever was.
    pub(super) fn all(&self) -> UnitSet {
        let mut all = self.none();
        for position in 0..self.len() {
            all.insert(Unit::of(position));
        }
        all
    }
}
