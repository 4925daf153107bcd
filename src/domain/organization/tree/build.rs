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
        let mut units =
            Units { ids: Vec::with_capacity(versions.len()), index: HashMap::with_capacity(versions.len()) };
        let mut placed: Vec<(Unit, UnitVersion)> = Vec::with_capacity(versions.len());
        for row in versions.into_iter().filter(UnitVersion::holds_ever) {
            let next = Unit::of(units.ids.len());
            let unit = *units.index.entry(row.org_unit_id).or_insert(next);
            if unit == next {
                units.ids.push(row.org_unit_id);
            }
            placed.push((unit, row));
        }
        placed.sort_by_key(|(unit, row)| (*unit, row.valid_from, row.valid_to));

        let count = units.ids.len();
        let mut spans = vec![0..0; count];
        let mut children = vec![Vec::new(); count];
        let mut codes: HashMap<String, Vec<usize>> = HashMap::with_capacity(count);
        let mut identifiers: HashMap<String, Vec<usize>> = HashMap::new();
        let mut versions = Vec::with_capacity(placed.len());
        for (position, (unit, row)) in placed.into_iter().enumerate() {
            if let Some(span) = spans.get_mut(unit.position()) {
                if span.start == span.end {
                    span.start = position;
                }
                span.end = position + 1;
            }
            let parent = row.parent_id.and_then(|id| units.index.get(&id).copied());
            if let Some(below) = parent.and_then(|parent| children.get_mut(parent.position())) {
                below.push(position);
            }
            for (keys, key) in [(&mut codes, &row.code), (&mut identifiers, &row.identifier)] {
                let Some(key) = key else { continue };
                match keys.get_mut(key) {
                    Some(known) => known.push(position),
                    None => {
                        keys.insert(key.clone(), vec![position]);
                    }
                }
            }
            versions.push(Version { row, unit, parent });
        }
        for below in &mut children {
            below.sort_by(|a, b| match (versions.get(*a), versions.get(*b)) {
                (Some(a), Some(b)) => a.row.sibling_order(&b.row),
                _ => Ordering::Equal,
            });
        }

        let mut arrivals = vec![Vec::new(); count];
        let mut departures = vec![Vec::new(); count];
        let mut known = Vec::with_capacity(successions.len());
        for row in successions {
            let ends = (units.index.get(&row.predecessor_id), units.index.get(&row.successor_id));
            let (Some(old), Some(new)) = ends else { continue };
            if let Some(rows) = departures.get_mut(old.position()) {
                rows.push(known.len());
            }
            if let Some(rows) = arrivals.get_mut(new.position()) {
                rows.push(known.len());
            }
            known.push(row);
        }

        Self {
            units: Arc::new(units),
            versions,
            spans,
            children,
            codes,
            identifiers,
            successions: known,
            arrivals,
            departures,
        }
    }
}
