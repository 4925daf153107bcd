//! What a grant reaches (phạm vi của quyền).

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{OrgTree, OrgUnitId, Tier, Unit, UnitKind, UnitSet};

/// What a grant reaches: of some units every record, of some only the totals.
#[derive(Debug, Clone)]
pub struct Reach {
    /// Units whose single records may be seen.
    pub records: UnitSet,
    /// Units whose totals may be seen: those of `records`, and divided predecessors.
    pub aggregates: UnitSet,
}

/// A set of units as SQL confines a query to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Covered {
    /// The whole country: no condition.
    Everything,
    /// These units only.
    Units(Vec<OrgUnitId>),
}

impl OrgTree {
    /// What a grant on the unit reaches on the day (phạm vi của quyền).
    ///
    /// - The unit and all that stands under it on the day; for a unit that has ended, what stood
    ///   under it on its last day, so that its accounts can finish what began before, except units
    ///   that live on under someone else: those answer to whom they stand under.
    /// - The ended predecessors of all these, and theirs in turn. A whole predecessor comes with its
    ///   own subtree on its last day, except units that stand elsewhere by now.
    /// - A divided predecessor is in the aggregates of every successor. Its records belong to the
    ///   successor that keeps them, else to a province that holds all its successors. One of a
    ///   higher tier than anything the grant covers stays out: no commune reads its former district.
    /// - Units that ended under one of these without a successor: the districts of a province that
    ///   kept its identity.
    /// - From the country: everything that ever was.
    ///
    /// A succession that takes effect after the day, and a predecessor still in force, give nothing.
    #[must_use]
    pub fn reach(&self, unit: OrgUnitId, today: NaiveDate) -> Reach {
        let Some(unit) = self.unit(unit) else {
            return Reach { records: self.none(), aggregates: self.none() };
        };
        let (day, has_ended) = match self.last_held(unit, today) {
            Some(last) if self.on(unit, today).is_none() => (last, true),
            _ => (today, false),
        };
        let members = self.walk(unit, day, |version| !has_ended || !self.is_placed(version.unit, today));

        let kinds =
            || members.iter().filter_map(|member| self.on(*member, day)).map(|version| version.row.kind);
        if kinds().any(|kind| kind == UnitKind::Country) {
            return Reach { records: self.all(), aggregates: self.all() };
        }
        let mut gathering = Gathering {
            tree: self,
            today,
            tier: kinds().filter_map(UnitKind::tier).min(),
            records: self.none(),
            aggregates: self.none(),
            queue: Vec::new(),
            whole: HashMap::new(),
            divided: Vec::new(),
        };
        // A unit that has not begun yet is not among its own members.
        gathering.add(unit, Hold::Records);
        for member in members {
            gathering.add(member, Hold::Records);
        }
        gathering.finish()
    }

    /// Whether a unit has a place on the day: one whose parent ended while it lives on has none.
    fn is_placed(&self, unit: Unit, day: NaiveDate) -> bool {
        let parent = self.on(unit, day).and_then(|version| version.parent);
        parent.is_some_and(|parent| self.on(parent, day).is_some())
    }

    /// The set as SQL needs it to confine a query: no condition at all, or a list of ids.
    #[must_use]
    pub fn covered(&self, set: &UnitSet) -> Covered {
        // A full set without the country is one province alone in its database: units founded
        // after this tree was built must not fall under it unasked.
        let country = |id| self.latest(id).is_some_and(|version| version.kind == UnitKind::Country);
        if set.len() == self.len() && self.ids().all(|id| set.contains(id)) && set.iter().any(country) {
            return Covered::Everything;
        }
        Covered::Units(set.iter().collect())
    }
}

/// How a unit is held by a reach: the stronger includes the weaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hold {
    Aggregates,
    Records,
}

/// A reach while it is being gathered: sets only grow, so it ends whatever the data say.
struct Gathering<'t> {
    tree: &'t OrgTree,
    today: NaiveDate,
    /// The highest tier that the grant itself covers.
    tier: Option<Tier>,
    records: UnitSet,
    aggregates: UnitSet,
    /// Units whose predecessors are still to be followed.
    queue: Vec<(Unit, Hold)>,
    /// Units taken together with their last day's subtree already.
    whole: HashMap<Unit, Hold>,
    divided: Vec<Unit>,
}

impl Gathering<'_> {
    fn add(&mut self, unit: Unit, hold: Hold) {
        let mut new = self.aggregates.insert(unit);
        if hold == Hold::Records {
            new = self.records.insert(unit);
        }
        if new {
            self.queue.push((unit, hold));
        }
    }

    fn add_whole(&mut self, unit: Unit, hold: Hold) {
        if self.whole.get(&unit).is_some_and(|known| *known >= hold) {
            return;
        }
        self.whole.insert(unit, hold);
        let (tree, today) = (self.tree, self.today);
        let Some(last) = tree.last_held(unit, today) else { return };
        // A unit that has a place today is reached from there; one that has none stays with whoever
        // carries the parent.
        for member in tree.walk(unit, last, |version| !tree.is_placed(version.unit, today)) {
            self.add(member, hold);
        }
    }

    fn follow(&mut self, unit: Unit, hold: Hold) {
        let (tree, today) = (self.tree, self.today);
        for row in tree.rows(&tree.arrivals, unit).filter(|row| row.effective_on <= today) {
            let Some(old) = tree.unit(row.predecessor_id).filter(|old| tree.ended(*old, today)) else {
                continue;
            };
            if !tree.is_divided(old) {
                self.add_whole(old, hold);
                continue;
            }
            self.divided.push(old);
            if row.keeps_records {
                self.add(old, hold);
            } else if self.may_read(old) {
                self.add(old, Hold::Aggregates);
            }
        }
        for below in tree.children.get(unit.position()).into_iter().flatten() {
            let Some(version) = tree.versions.get(*below) else { continue };
            let last = tree.versions_of(version.unit).last().is_some_and(|last| std::ptr::eq(last, version));
            let heirless = tree.rows(&tree.departures, version.unit).next().is_none();
            if last && heirless && tree.ended(version.unit, today) {
                self.add_whole(version.unit, hold);
            }
        }
    }

    fn may_read(&self, divided: Unit) -> bool {
        let tier = self.tree.versions_of(divided).last().and_then(|version| version.row.kind.tier());
        tier.is_none_or(|tier| self.tier.is_some_and(|own| own <= tier))
    }

    fn finish(mut self) -> Reach {
        loop {
            while let Some((unit, hold)) = self.queue.pop() {
                self.follow(unit, hold);
            }
            if self.tier != Some(Tier::Province) {
                break;
            }
            self.divided.sort_unstable();
            self.divided.dedup();
            for old in self.divided.clone() {
                let mut into = self.tree.rows(&self.tree.departures, old);
                if into.all(|row| self.records.contains(row.successor_id)) {
                    self.add_whole(old, Hold::Records);
                }
            }
            if self.queue.is_empty() {
                break;
            }
        }
        Reach { records: self.records, aggregates: self.aggregates }
    }
}
