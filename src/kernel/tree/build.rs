//! How the tree is made of the rows that stand.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::{OrgTree, OrgUnitId, Succession, Unit, UnitVersion, Units, Version};

impl OrgTree {
    /// Builds the tree. A version that holds on no day, and a succession of a unit that has no
    /// version, are left out; where two versions of a unit overlap, the one that began later wins.
    #[must_use]
    pub fn new(versions: Vec<UnitVersion>, successions: Vec<Succession>) -> Self {
        let (units, rows) = identified(versions);
        let count = units.ids.len();
        let mut tree = Self {
            units: Arc::new(units),
            versions: Vec::with_capacity(rows.len()),
            spans: vec![0..0; count],
            children: vec![Vec::new(); count],
            codes: HashMap::with_capacity(count),
            identifiers: HashMap::new(),
            successions: Vec::with_capacity(successions.len()),
            arrivals: vec![Vec::new(); count],
            departures: vec![Vec::new(); count],
            last_days: BTreeSet::new(),
        };
        for (unit, row) in rows {
            tree.add_version(unit, row);
        }
        tree.order_siblings();
        for row in successions {
            tree.add_succession(row);
        }
        tree
    }

    /// Puts these versions in the place of those that the unit has, or adds the unit.
    pub fn put(&mut self, id: OrgUnitId, versions: Vec<UnitVersion>) {
        let mut versions: Vec<_> = versions.into_iter().filter(UnitVersion::holds_ever).collect();
        versions.sort_by_key(|row| (row.valid_from, row.valid_to));
        let unit = self.unit(id).unwrap_or_else(|| self.add_unit(id));
        self.take_versions(unit);
        let parents: Vec<Unit> = versions.iter().filter_map(|row| self.unit(row.parent_id?)).collect();
        for row in versions {
            self.add_version(unit, row);
        }
        for parent in parents {
            self.order_below(parent);
        }
    }

    /// Ties two units, or says anew how they are tied.
    pub fn tie(&mut self, row: Succession) {
        let is_same = |known: &&mut Succession| {
            (known.predecessor_id, known.successor_id) == (row.predecessor_id, row.successor_id)
        };
        match self.successions.iter_mut().find(is_same) {
            Some(known) => *known = row,
            None => self.add_succession(row),
        }
    }

    fn add_unit(&mut self, id: OrgUnitId) -> Unit {
        let unit = Unit::of(self.units.ids.len());
        let units = Arc::make_mut(&mut self.units);
        units.ids.push(id);
        units.index.insert(id, unit);
        self.spans.push(0..0);
        for index in [&mut self.children, &mut self.arrivals, &mut self.departures] {
            index.push(Vec::new());
        }
        unit
    }

    /// Forgets the versions of a unit; their places in the arena stay empty.
    fn take_versions(&mut self, unit: Unit) {
        let Some(span) = self.spans.get_mut(unit.position()).map(std::mem::take) else { return };
        for position in span {
            let Some(Version { row, parent, .. }) = self.versions.get(position) else { continue };
            if let Some(below) = parent.and_then(|parent| self.children.get_mut(parent.position())) {
                below.retain(|known| *known != position);
            }
            for (keys, key) in [(&mut self.codes, &row.code), (&mut self.identifiers, &row.identifier)] {
                if let Some(bearers) = key.as_ref().and_then(|key| keys.get_mut(key)) {
                    bearers.retain(|known| *known != position);
                }
            }
        }
    }

    /// Adds the next version of a unit: they come by first day, and none of another unit between them.
    fn add_version(&mut self, unit: Unit, row: UnitVersion) {
        let position = self.versions.len();
        if let Some(span) = self.spans.get_mut(unit.position()) {
            if span.start == span.end {
                span.start = position;
            }
            span.end = position + 1;
        }
        self.last_days.extend(row.valid_to.and_then(|end| end.pred_opt()));
        let parent = row.parent_id.and_then(|id| self.unit(id));
        if let Some(below) = parent.and_then(|parent| self.children.get_mut(parent.position())) {
            below.push(position);
        }
        for (keys, key) in [(&mut self.codes, &row.code), (&mut self.identifiers, &row.identifier)] {
            if let Some(key) = key {
                keys.entry(key.clone()).or_default().push(position);
            }
        }
        self.versions.push(Version { row, unit, parent });
    }

    fn order_siblings(&mut self) {
        for position in 0..self.children.len() {
            self.order_below(Unit::of(position));
        }
    }

    fn order_below(&mut self, parent: Unit) {
        let Some(below) = self.children.get_mut(parent.position()) else { return };
        below.sort_by(|a, b| match (self.versions.get(*a), self.versions.get(*b)) {
            (Some(a), Some(b)) => a.row.sibling_order(&b.row),
            _ => Ordering::Equal,
        });
    }

    fn add_succession(&mut self, row: Succession) {
        let ends = (self.unit(row.predecessor_id), self.unit(row.successor_id));
        let (Some(old), Some(new)) = ends else { return };
        let position = self.successions.len();
        for (index, unit) in [(&mut self.departures, old), (&mut self.arrivals, new)] {
            if let Some(rows) = index.get_mut(unit.position()) {
                rows.push(position);
            }
        }
        self.successions.push(row);
    }
}

/// Gives each unit its position; the versions by unit, then by first day.
fn identified(versions: Vec<UnitVersion>) -> (Units, Vec<(Unit, UnitVersion)>) {
    let mut units =
        Units { ids: Vec::with_capacity(versions.len()), index: HashMap::with_capacity(versions.len()) };
    let mut rows = Vec::with_capacity(versions.len());
    for row in versions.into_iter().filter(UnitVersion::holds_ever) {
        let next = Unit::of(units.ids.len());
        let unit = *units.index.entry(row.org_unit_id).or_insert(next);
        if unit == next {
            units.ids.push(row.org_unit_id);
        }
        rows.push((unit, row));
    }
    rows.sort_by_key(|(unit, row)| (*unit, row.valid_from, row.valid_to));
    (units, rows)
}
