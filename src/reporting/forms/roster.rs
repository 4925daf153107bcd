//! Whose lines a form adds up, and where each unit stands in it: pure, over the tree.
//!
//! A form for a period is made on the structure of one day. Units in force on that day stand where they
//! stand then, wherever they stood before, so that one that moved counts once, with whom it is under.
//! A unit that existed within the period and had ended by the day still files for its part of it, and
//! its lines are not lost: they come to the unit in force that [holds](OrgTree::holder) the whole of it.
//! A commune that went whole into another comes to that one. One that was divided comes to the nearest
//! unit that holds all its successors, and to no form below, for there is no key by which its figures
//! could be split. So each line is in a form once, and in the forms of two units side by side never.
//!
//! What ended together keeps its order: communes stand under their ended district, so that the line
//! with which it stated their total is held against theirs. What ended under a unit that lives on is
//! part of that unit; what came from elsewhere is added to it, and no line of it replaces what came. A
//! unit that lives on while what stood above it ended, such as a school of an ended district, has no
//! place of its own and stays with what stood above it, or with who holds that.
//!
//! Units founded after the day are not in the structure that was asked for.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use crate::domain::organization::reference::UnitScope;
use crate::domain::organization::tree::{OrgTree, OrgUnitId, Tier, UnitKind, UnitSet};

/// The units of a form, and where they stand.
#[derive(Debug, Clone)]
pub struct Roster {
    unit: OrgUnitId,
    /// What each unit is, or was on its last day.
    kinds: HashMap<OrgUnitId, UnitKind>,
    /// What stands under a unit, by code.
    members: HashMap<OrgUnitId, Vec<OrgUnitId>>,
    /// What ended elsewhere and came to a unit, by code.
    arrivals: HashMap<OrgUnitId, Vec<OrgUnitId>>,
    /// Who holds the units that ended.
    holders: HashMap<OrgUnitId, OrgUnitId>,
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
pub(super) const fn tier_rank(tier: Tier) -> usize {
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
    /// what ended with the one to which it came.
    #[must_use]
    pub fn of(
        tree: &OrgTree,
        unit: OrgUnitId,
        day: NaiveDate,
        scope: UnitScope,
        period: (NaiveDate, NaiveDate),
    ) -> Self {
        let reached = tree.reach(unit, day).aggregates;
        let holders = ended(tree, unit, day, period, &reached);
        let mut seats = Seats::default();
        let mut gone: Vec<_> = holders.iter().map(|(unit, holder)| (*unit, *holder)).collect();
        gone.sort_unstable_by_key(|(unit, _)| (tree.latest(*unit).map(|last| last.code.as_deref()), *unit));
        for (unit, holder) in gone {
            let above = tree.latest(unit).and_then(|last| last.parent_id);
            match above.filter(|above| *above == holder || holders.contains_key(above)) {
                Some(above) => seats.members.entry(above).or_default().push(unit),
                None => seats.arrivals.entry(holder).or_default().push(unit),
            }
        }
        for (unit, above) in unplaced(tree, day, &reached) {
            let above = if holders.contains_key(&above) { Some(above) } else { tree.holder(above, day) };
            if let Some(above) = above {
                seats.members.entry(above).or_default().push(unit);
            }
        }
        let mut roster =
            Self { unit, kinds: HashMap::new(), members: HashMap::new(), arrivals: HashMap::new(), holders };
        let tiers = match scope {
            UnitScope::Own => 0,
            UnitScope::Children => 1,
            UnitScope::Subtree => Tier::ALL.len(),
        };
        roster.enter(tree, day, &mut seats, tiers);
        roster
    }

    /// Walks down from the form's unit, through so many administrative tiers. Each unit is entered once,
    /// whatever the data say.
    fn enter(&mut self, tree: &OrgTree, day: NaiveDate, seats: &mut Seats, tiers: usize) {
        let mut seen = HashSet::from([self.unit]);
        let mut open = vec![(self.unit, tiers)];
        while let Some((unit, tiers)) = open.pop() {
            let version = if self.has_ended(unit) { tree.latest(unit) } else { tree.version_at(unit, day) };
            let Some(kind) = version.map(|version| version.kind) else { continue };
            self.kinds.insert(unit, kind);
            let kind_of = |unit: OrgUnitId| tree.named_on(unit, day).map(|version| version.kind);
            let in_force = tree.children(unit, day);
            let ended = seats.members.remove(&unit).unwrap_or_default();
            for member in in_force.into_iter().chain(ended) {
                let below = match (rank(kind), kind_of(member).and_then(rank)) {
                    (_, None) => tiers,
                    // Ranks only rise on the way down, whatever the data say.
                    (Some(above), Some(below)) if above < below && tiers > 0 => tiers - 1,
                    _ => continue,
                };
                if seen.insert(member) {
                    self.members.entry(unit).or_default().push(member);
                    open.push((member, below));
                }
            }
            for arrival in seats.arrivals.remove(&unit).unwrap_or_default() {
                if seen.insert(arrival) {
                    self.arrivals.entry(unit).or_default().push(arrival);
                    open.push((arrival, tiers));
                }
            }
        }
    }

    /// The form's unit.
    #[must_use]
    pub fn unit(&self) -> OrgUnitId {
        self.unit
    }

    /// Every unit whose lines the form needs.
    #[must_use]
    pub fn units(&self) -> Vec<OrgUnitId> {
        let mut units: Vec<_> = self.kinds.keys().copied().collect();
        units.sort_unstable();
        units
    }

    /// Whether the form needs the lines of this unit.
    #[must_use]
    pub fn contains(&self, unit: OrgUnitId) -> bool {
        self.kinds.contains_key(&unit)
    }

    /// A unit of the form and all that stand under it here.
    #[must_use]
    pub fn below(&self, unit: OrgUnitId) -> Vec<OrgUnitId> {
        let mut below: Vec<_> = self.contains(unit).then_some(unit).into_iter().collect();
        let mut done = 0;
        while let Some(unit) = below.get(done).copied() {
            below.extend(self.under(unit).chain(self.arrivals(unit)));
            done += 1;
        }
        below
    }

    /// Whether the unit had ended by the day.
    #[must_use]
    pub fn has_ended(&self, unit: OrgUnitId) -> bool {
        self.holders.contains_key(&unit)
    }

    /// The unit in force that holds this one: itself unless it has ended.
    #[must_use]
    pub fn holder(&self, unit: OrgUnitId) -> OrgUnitId {
        self.holders.get(&unit).copied().unwrap_or(unit)
    }

    /// Where the unit stands among the levels; none for agencies and hamlets.
    pub(super) fn rank(&self, unit: OrgUnitId) -> Option<usize> {
        self.kinds.get(&unit).copied().and_then(rank)
    }

    /// Whether an upper unit's own line waits for the lines of this agency: one in force that could
    /// file. A hamlet handles no procedures.
    pub(super) fn is_awaited(&self, agency: OrgUnitId) -> bool {
        !self.has_ended(agency) && self.kinds.get(&agency).is_some_and(|kind| *kind != UnitKind::Hamlet)
    }

    /// Agencies and service units directly under a unit.
    pub(super) fn agencies(&self, unit: OrgUnitId) -> impl Iterator<Item = OrgUnitId> + '_ {
        self.under(unit).filter(|member| self.rank(*member).is_none())
    }

    /// Administrative units directly under a unit.
    pub(super) fn administrative(&self, unit: OrgUnitId) -> impl Iterator<Item = OrgUnitId> + '_ {
        self.under(unit).filter(|member| self.rank(*member).is_some())
    }

    /// What ended elsewhere and came to a unit.
    pub(super) fn arrivals(&self, unit: OrgUnitId) -> impl Iterator<Item = OrgUnitId> + '_ {
        self.arrivals.get(&unit).into_iter().flatten().copied()
    }

    fn under(&self, unit: OrgUnitId) -> impl Iterator<Item = OrgUnitId> + '_ {
        self.members.get(&unit).into_iter().flatten().copied()
    }
}

/// Where units that ended stand: under whom they stood, or to whom they came.
#[derive(Default)]
struct Seats {
    members: HashMap<OrgUnitId, Vec<OrgUnitId>>,
    arrivals: HashMap<OrgUnitId, Vec<OrgUnitId>>,
}

/// The units that existed within the period, had ended by the day, and are held by the unit or one
/// under it, each with its holder. Nothing beyond the unit's reach can be among them.
fn ended(
    tree: &OrgTree,
    unit: OrgUnitId,
    day: NaiveDate,
    (starts_on, ends_on): (NaiveDate, NaiveDate),
    reached: &UnitSet,
) -> HashMap<OrgUnitId, OrgUnitId> {
    let existed = |unit: &OrgUnitId| {
        tree.last_day(*unit).is_some_and(|last| starts_on <= last && last < day)
            && tree.first_day(*unit).is_none_or(|first| first <= ends_on)
    };
    let holds = |holder: OrgUnitId| holder == unit || tree.ancestors(holder, day).contains(&unit);
    let ended = reached.iter().filter(existed);
    ended
        .filter_map(|ended| Some((ended, tree.holder(ended, day).filter(|holder| holds(*holder))?)))
        .collect()
}

/// The units in force that have no place on the day, each with the ended one under which they stand.
fn unplaced(tree: &OrgTree, day: NaiveDate, reached: &UnitSet) -> Vec<(OrgUnitId, OrgUnitId)> {
    let above = |unit: OrgUnitId| {
        let above = tree.version_at(unit, day)?.parent_id?;
        (!tree.in_force(above, day)).then_some((unit, above))
    };
    let mut found: Vec<_> = reached.iter().filter_map(above).collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::super::story::{self, Story};
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn roster(s: &Story, unit: &str, on: &str, scope: UnitScope) -> Vec<&'static str> {
        let unit = s.id(unit);
        let roster = Roster::of(&s.tree, unit, day(on), scope, (day("2025-01-01"), day("2025-12-31")));
        s.names(&roster.units())
    }

    #[test]
    fn who_moved_or_ended_is_in_one_form_of_each_tier_only() {
        use UnitScope::Subtree;
        let s = story::reform();
        // Before the reform nobody has ended but the commune that was merged in March.
        assert_eq!(roster(&s, "old one", "2025-06-30", Subtree), ["merged in March", "old one"]);
        let district = [
            "divided",
            "merged in March",
            "moved",
            "old district",
            "old office",
            "old one",
            "old school",
            "old two",
        ];
        assert_eq!(roster(&s, "old district", "2025-06-30", Subtree), district);
        // After it each commune has what went whole into it, and only the province all the rest.
        let new_one = ["merged in March", "new one", "old one"];
        assert_eq!(roster(&s, "new one", "2025-12-31", Subtree), new_one);
        assert_eq!(roster(&s, "new two", "2025-12-31", Subtree), ["new two", "old two"]);
        assert_eq!(roster(&s, "moved", "2025-12-31", Subtree), ["moved"]);
        let whole = roster(&s, "new province", "2025-12-31", Subtree);
        let all: Vec<_> = s.all().into_iter().filter(|name| *name != "country").collect();
        assert_eq!(whole, all);
    }

    #[test]
    fn a_scope_counts_tiers_and_brings_agencies_along() {
        let s = story::reform();
        let on = "2025-06-30";
        let own = ["old district", "old office", "old school"];
        assert_eq!(roster(&s, "old district", on, UnitScope::Own), own);
        let children = ["old district", "old office", "old province", "old school"];
        assert_eq!(roster(&s, "old province", on, UnitScope::Children), children);
        assert_eq!(roster(&s, "old province", on, UnitScope::Own), ["old province"]);
    }

    #[test]
    fn nobody_who_ended_before_the_period_is_in_its_form() {
        let s = story::reform();
        let period = (day("2025-07-01"), day("2025-12-31"));
        let roster = Roster::of(&s.tree, s.id("new province"), day("2025-12-31"), UnitScope::Subtree, period);
        let units = ["moved", "new one", "new province", "new two", "old school"];
        assert_eq!(s.names(&roster.units()), units, "a school lives on, though its district has ended");
    }
}
