//! How a roster is made: who enters it, and where each is to stand.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::{Standing, rank};
use crate::tree::{OrgTree, OrgUnitId, Tier, UnitKind, UnitSet, UnitVersion};
use crate::unit_reference::UnitScope;

/// Who has entered so far.
pub(super) struct Draft {
    unit: OrgUnitId,
    /// What each unit is, or was on its last day.
    kinds: HashMap<OrgUnitId, UnitKind>,
    /// Who holds the units that ended.
    holders: HashMap<OrgUnitId, OrgUnitId>,
    /// Those of them that existed within the period.
    expected: HashSet<OrgUnitId>,
}

impl Draft {
    /// The units of the form, the form's own first.
    pub(super) fn standings(
        tree: &OrgTree,
        unit: OrgUnitId,
        day: NaiveDate,
        scope: UnitScope,
        period: (NaiveDate, NaiveDate),
    ) -> Vec<Standing> {
        let reached = tree.reach(unit, day).aggregates;
        let (kinds, holders, expected) = (HashMap::new(), HashMap::new(), HashSet::new());
        let mut draft = Self { unit, kinds, holders, expected };
        let entered = draft.enter(tree, day, scope, unplaced(tree, day, &reached));
        let gone = draft.gather(tree, day, period, &reached);
        let places = entered.into_iter().map(|entry| draft.place_in_force(entry));
        let places: Vec<_> = places.chain(gone.into_iter().map(|last| draft.place_ended(last))).collect();
        draft.seated(places)
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
        let holder = self.holders.get(&unit).copied().unwrap_or(unit);
        let has_ended = |above: &OrgUnitId| self.holders.contains_key(above);
        let is_seat =
            |above: &OrgUnitId| (*above == holder || has_ended(above)) && self.is_above(*above, unit);
        let otherwise = Seat::CameTo(holder);
        let seat = last.parent_id.filter(is_seat).map_or(otherwise, Seat::Under);
        Place { unit, seat, otherwise }
    }

    /// Seats every unit so that the form's unit is above all. An ended unit may have gone into one that
    /// stands below what it left behind: places that lead round in a circle are given up for the host's,
    /// who was entered before.
    fn seated(self, places: Vec<Place>) -> Vec<Standing> {
        let mut seats: HashMap<_, _> = places.iter().map(|place| (place.unit, place.seat)).collect();
        for place in &places {
            if leads_in_a_circle(&seats, place.unit) {
                seats.insert(place.unit, place.otherwise);
            }
        }
        let units = std::iter::once(self.unit).chain(places.into_iter().map(|place| place.unit));
        let mut standings: Vec<Standing> = units.filter_map(|unit| self.standing(unit)).collect();
        let positions: HashMap<OrgUnitId, usize> = standings.iter().map(Standing::unit).zip(0..).collect();
        let seat_of = |standing: &Standing| {
            let seat = *seats.get(&standing.unit)?;
            let (Seat::Under(above) | Seat::CameTo(above)) = seat;
            Some((seat, *positions.get(&above)?))
        };
        let seats: Vec<Option<(Seat, usize)>> = standings.iter().map(seat_of).collect();
        for position in 0..standings.len() {
            let own = standings.get(position).and_then(Standing::rank);
            let Some(Some((seat, above))) = seats.get(position).copied() else { continue };
            let Some(host) = standings.get_mut(above) else { continue };
            let list = match (seat, own) {
                (Seat::CameTo(_), _) => &mut host.arrivals,
                (Seat::Under(_), None) => &mut host.agencies,
                (Seat::Under(_), Some(_)) => &mut host.administrative,
            };
            list.push(position);
            raise(&mut standings, &seats, own, above);
        }
        standings
    }

    /// A unit that was entered, with nobody under it yet.
    fn standing(&self, unit: OrgUnitId) -> Option<Standing> {
        let (administrative, agencies, arrivals) = (Vec::new(), Vec::new(), Vec::new());
        let kind = *self.kinds.get(&unit)?;
        let holder = self.holders.get(&unit).copied();
        let is_expected = holder.is_none() || self.expected.contains(&unit);
        let highest = rank(kind);
        Some(Standing { unit, kind, holder, is_expected, administrative, agencies, arrivals, highest })
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

    fn rank(&self, unit: OrgUnitId) -> Option<usize> {
        self.kinds.get(&unit).copied().and_then(rank)
    }

    fn contains(&self, unit: OrgUnitId) -> bool {
        self.kinds.contains_key(&unit)
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

/// Tells those above a unit, from this one on, how high it stands.
fn raise(standings: &mut [Standing], seats: &[Option<(Seat, usize)>], rank: Option<usize>, from: usize) {
    let mut up = Some(from);
    while let (Some(rank), Some(above)) = (rank, up.and_then(|above| standings.get_mut(above))) {
        if above.comes_up_to(rank) {
            break;
        }
        above.highest = Some(rank);
        up = up.and_then(|above| *seats.get(above)?).map(|(_, above)| above);
    }
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
