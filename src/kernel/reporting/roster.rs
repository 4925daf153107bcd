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

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use crate::tree::{OrgTree, OrgUnitId, Tier, UnitKind, UnitSet, UnitVersion};
use crate::unit_reference::UnitScope;

/// The units of a form, and where they stand.
#[derive(Debug, Clone)]
pub struct Roster {
    unit: OrgUnitId,
    units: UnitSet,
    /// What each unit is, or was on its last day.
    kinds: HashMap<OrgUnitId, UnitKind>,
    /// What stands under a unit.
    members: HashMap<OrgUnitId, Members>,
    /// What ended elsewhere and came to a unit, by code.
    arrivals: HashMap<OrgUnitId, Vec<OrgUnitId>>,
    /// Who holds the units that ended.
    holders: HashMap<OrgUnitId, OrgUnitId>,
    /// Those of them that existed within the period.
    expected: HashSet<OrgUnitId>,
}

/// What stands directly under a unit, by code.
#[derive(Debug, Clone, Default)]
struct Members {
    administrative: Vec<OrgUnitId>,
    /// Agencies and service units, and hamlets.
    agencies: Vec<OrgUnitId>,
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
        let reached = tree.reach(unit, day).aggregates;
        let mut roster = Self {
            unit,
            units: tree.set([]),
            kinds: HashMap::new(),
            members: HashMap::new(),
            arrivals: HashMap::new(),
            holders: HashMap::new(),
            expected: HashSet::new(),
        };
        let entered = roster.enter(tree, day, scope, unplaced(tree, day, &reached));
        let gone = roster.gather(tree, day, period, &reached);
        let places = entered.into_iter().map(|entry| roster.place_in_force(entry));
        let places: Vec<_> = places.chain(gone.into_iter().map(|last| roster.place_ended(last))).collect();
        roster.seat(places);
        roster.units = tree.set(roster.kinds.keys().copied());
        roster
    }

    /// Enters the units in force, down from the form's unit through as many administrative tiers as the
    /// scope counts; answers those below it in that order. Each is entered once, whatever the data say.
    fn enter(
        &mut self,
        tree: &OrgTree,
        day: NaiveDate,
        scope: UnitScope,
        unplaced: Vec<Unplaced>,
    ) -> Vec<Entry> {
        let mut lodged: HashMap<_, Vec<_>> = HashMap::new();
        for Unplaced { unit, above, holder } in unplaced {
            lodged.entry(holder).or_default().push((unit, above));
        }
        let kind_of = |unit: OrgUnitId| tree.version_at(unit, day).map(|version| version.kind);
        let tiers = match scope {
            UnitScope::Own => 0,
            UnitScope::Children => 1,
            UnitScope::Subtree => Tier::ALL.len(),
        };
        self.kinds.extend(kind_of(self.unit).map(|kind| (self.unit, kind)));
        let mut entered = Vec::new();
        let mut open = vec![(self.unit, tiers)];
        while let Some((host, tiers)) = open.pop() {
            let rank_above = self.rank(host);
            let placed = tree.children(host, day).into_iter().map(|member| (member, host));
            for (unit, above) in placed.chain(lodged.remove(&host).into_iter().flatten()) {
                let Some(kind) = kind_of(unit).filter(|_| !self.contains(unit)) else { continue };
                let below = match (rank_above, rank(kind)) {
                    (_, None) => tiers,
                    // Ranks only rise on the way down, whatever the data say.
                    (Some(above), Some(below)) if above < below && tiers > 0 => tiers - 1,
                    _ => continue,
                };
                self.kinds.insert(unit, kind);
                entered.push(Entry { unit, above, host });
                open.push((unit, below));
            }
        }
        entered
    }

    /// Gathers what had ended by the day and is held by a unit that was entered, by code. Nothing beyond
    /// the reach of the form's unit can be among it.
    fn gather<'t>(
        &mut self,
        tree: &'t OrgTree,
        day: NaiveDate,
        (starts_on, ends_on): (NaiveDate, NaiveDate),
        reached: &UnitSet,
    ) -> Vec<&'t UnitVersion> {
        let mut gone = Vec::new();
        for unit in reached.iter() {
            let Some(last_day) = tree.last_day(unit).filter(|last_day| *last_day < day) else { continue };
            let holder = tree.holder(unit, day).filter(|holder| self.contains(*holder));
            let (Some(holder), Some(last)) = (holder, tree.latest(unit)) else { continue };
            if starts_on <= last_day && tree.first_day(unit).is_none_or(|first_day| first_day <= ends_on) {
                self.expected.insert(unit);
            }
            gone.push((last, holder));
        }
        gone.sort_unstable_by_key(|(last, _)| (last.code.as_deref(), last.org_unit_id));
        for (last, holder) in &gone {
            self.kinds.insert(last.org_unit_id, last.kind);
            self.holders.insert(last.org_unit_id, *holder);
        }
        gone.into_iter().map(|(last, _)| last).collect()
    }

    /// The place of a unit in force: where it stands, or with what stood above it until that ended.
    fn place_in_force(&self, Entry { unit, above, host }: Entry) -> Place {
        let above = if self.is_above(above, unit) { above } else { host };
        Place { unit, seat: Seat::Under(above), otherwise: Seat::Under(host) }
    }

    /// The place of an ended unit: where it stood last, or with its holder as what came from elsewhere.
    fn place_ended(&self, last: &UnitVersion) -> Place {
        let unit = last.org_unit_id;
        let holder = self.holder(unit);
        let is_seat =
            |above: &OrgUnitId| (*above == holder || self.has_ended(*above)) && self.is_above(*above, unit);
        let otherwise = Seat::CameTo(holder);
        let seat = last.parent_id.filter(is_seat).map_or(otherwise, Seat::Under);
        Place { unit, seat, otherwise }
    }

    /// Seats every unit so that the form's unit is above all. An ended unit may have gone into one that
    /// stands below what it left behind: places that lead round in a circle are given up for the host's,
    /// who was entered before.
    fn seat(&mut self, places: Vec<Place>) {
        let mut seats: HashMap<_, _> = places.iter().map(|place| (place.unit, place.seat)).collect();
        for place in &places {
            if leads_in_a_circle(&seats, place.unit) {
                seats.insert(place.unit, place.otherwise);
            }
        }
        for Place { unit, .. } in places {
            match seats.get(&unit) {
                Some(Seat::Under(above)) => {
                    let is_agency = self.rank(unit).is_none();
                    let members = self.members.entry(*above).or_default();
                    if is_agency { &mut members.agencies } else { &mut members.administrative }.push(unit);
                }
                Some(Seat::CameTo(holder)) => self.arrivals.entry(*holder).or_default().push(unit),
                None => {}
            }
        }
    }

    /// Whether a unit of the form can stand under another of it: ranks rise on the way down.
    fn is_above(&self, above: OrgUnitId, unit: OrgUnitId) -> bool {
        self.contains(above)
            && match (self.rank(above), self.rank(unit)) {
                (_, None) => true,
                (Some(above), Some(below)) => above < below,
                (None, Some(_)) => false,
            }
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
        self.kinds.contains_key(&unit)
    }

    /// A unit of the form and all that stand under it here.
    #[must_use]
    pub fn below(&self, unit: OrgUnitId) -> Vec<OrgUnitId> {
        let mut below: Vec<_> = self.contains(unit).then_some(unit).into_iter().collect();
        let mut done = 0;
        while let Some(unit) = below.get(done).copied() {
            below.extend(self.administrative(unit).chain(self.agencies(unit)).chain(self.arrivals(unit)));
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

    /// Whether the unit is to file for the period: one in force, or one that existed within it.
    #[must_use]
    pub fn is_expected(&self, unit: OrgUnitId) -> bool {
        !self.has_ended(unit) || self.expected.contains(&unit)
    }

    /// Where the unit stands among the levels; none for agencies and hamlets.
    pub fn rank(&self, unit: OrgUnitId) -> Option<usize> {
        self.kinds.get(&unit).copied().and_then(rank)
    }

    /// Whether an upper unit's own line waits for the lines of this agency: one in force that could
    /// file. A hamlet handles no procedures.
    pub fn is_awaited(&self, agency: OrgUnitId) -> bool {
        !self.has_ended(agency) && self.kinds.get(&agency).is_some_and(|kind| *kind != UnitKind::Hamlet)
    }

    /// Agencies and service units directly under a unit.
    pub fn agencies(&self, unit: OrgUnitId) -> impl Iterator<Item = OrgUnitId> + '_ {
        self.members.get(&unit).into_iter().flat_map(|members| &members.agencies).copied()
    }

    /// Administrative units directly under a unit.
    pub fn administrative(&self, unit: OrgUnitId) -> impl Iterator<Item = OrgUnitId> + '_ {
        self.members.get(&unit).into_iter().flat_map(|members| &members.administrative).copied()
    }

    /// What ended elsewhere and came to a unit.
    pub fn arrivals(&self, unit: OrgUnitId) -> impl Iterator<Item = OrgUnitId> + '_ {
        self.arrivals.get(&unit).into_iter().flatten().copied()
    }
}

/// A unit in force that was entered.
struct Entry {
    unit: OrgUnitId,
    /// What it stands under: its host, or a unit that has ended.
    above: OrgUnitId,
    /// The unit in force that it came in with.
    host: OrgUnitId,
}

/// Where a unit of the form is to stand.
struct Place {
    unit: OrgUnitId,
    seat: Seat,
    otherwise: Seat,
}

#[derive(Clone, Copy)]
enum Seat {
    /// It stands, or stood, under this unit.
    Under(OrgUnitId),
    /// It ended elsewhere and came to this unit.
    CameTo(OrgUnitId),
}

/// Whether who goes up from the unit never comes to a unit without a seat.
fn leads_in_a_circle(seats: &HashMap<OrgUnitId, Seat>, unit: OrgUnitId) -> bool {
    let mut passed = vec![unit];
    let mut at = unit;
    while let Some(Seat::Under(above) | Seat::CameTo(above)) = seats.get(&at) {
        if passed.contains(above) {
            return true;
        }
        passed.push(*above);
        at = *above;
    }
    false
}

/// A unit in force that has no place on the day.
struct Unplaced {
    unit: OrgUnitId,
    /// The ended unit under which it stands.
    above: OrgUnitId,
    /// Who holds that one.
    holder: OrgUnitId,
}

fn unplaced(tree: &OrgTree, day: NaiveDate, reached: &UnitSet) -> Vec<Unplaced> {
    let unplaced = |unit: OrgUnitId| {
        let above = tree.version_at(unit, day)?.parent_id.filter(|above| !tree.in_force(*above, day))?;
        Some(Unplaced { unit, above, holder: tree.holder(above, day)? })
    };
    let mut found: Vec<_> = reached.iter().filter_map(unplaced).collect();
    found.sort_unstable_by_key(|found| (found.unit, found.above));
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
        s.names(&roster.units().iter().collect::<Vec<_>>())
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
    fn what_ended_comes_with_its_holder_whatever_stood_above_it() {
        let s = story::reform();
        let on = "2025-12-31";
        let own = ["divided", "new province", "old district", "old office", "old province", "old school"];
        assert_eq!(roster(&s, "new province", on, UnitScope::Own), own);
        let children = roster(&s, "new province", on, UnitScope::Children);
        assert_eq!(children, roster(&s, "new province", on, UnitScope::Subtree));
    }

    #[test]
    fn nobody_who_ended_before_the_period_is_to_file_for_it() {
        let s = story::reform();
        let expected = |period| {
            let whole = UnitScope::Subtree;
            let roster = Roster::of(&s.tree, s.id("new province"), day("2025-12-31"), whole, period);
            let units: Vec<_> = roster.units().iter().filter(|unit| roster.is_expected(*unit)).collect();
            s.names(&units)
        };
        let units = ["moved", "new one", "new province", "new two", "old school"];
        assert_eq!(
            expected((day("2025-07-01"), day("2025-12-31"))),
            units,
            "a school lives on, though its district has ended"
        );
        let spring = expected((day("2025-04-01"), day("2025-06-30")));
        assert!(spring.contains(&"old one") && !spring.contains(&"merged in March"), "{spring:?}");
    }

    #[test]
    fn what_went_into_a_unit_below_it_leads_nobody_round_in_a_circle() {
        use UnitKind::{Country, OtherAgency, Province};
        let rows = [
            ("country", Country, "", "", ""),
            ("province", Province, "country", "", ""),
            ("bureau", OtherAgency, "province", "", "2025-07-01"),
            ("centre", OtherAgency, "bureau", "", ""),
            ("office", OtherAgency, "centre", "", ""),
        ];
        let s = Story::new(&rows, &[("bureau", "office", "2025-07-01")]);
        let (on, all) = (day("2025-12-31"), ["bureau", "centre", "office"]);
        for unit in ["centre", "office"] {
            let period = (day("2025-01-01"), day("2025-12-31"));
            let roster = Roster::of(&s.tree, s.id(unit), on, UnitScope::Subtree, period);
            assert_eq!(s.names(&roster.units().iter().collect::<Vec<_>>()), all);
            let below = roster.below(s.id(unit));
            assert_eq!((s.names(&below).as_slice(), below.len()), (all.as_slice(), 3), "each once");
        }
    }
}
