//! How the tree is made of the rows that stand.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use super::{OrgTree, Succession, Unit, UnitVersion, Units, Version};

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

    /// Adds the next version: they come by unit, then by first day.
    fn add_version(&mut self, unit: Unit, row: UnitVersion) {
        let position = self.versions.len();
        if let Some(span) = self.spans.get_mut(unit.position()) {
            if span.start == span.end {
                span.start = position;
            }
            span.end = position + 1;
        }
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
        for below in &mut self.children {
            below.sort_by(|a, b| match (self.versions.get(*a), self.versions.get(*b)) {
                (Some(a), Some(b)) => a.row.sibling_order(&b.row),
                _ => Ordering::Equal,
            });
        }
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
