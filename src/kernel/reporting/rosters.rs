//! Rosters that are asked for again and again: those of many units, as long as the tree stands of which they were
//! made.

use std::sync::{Arc, Mutex, Weak};

use chrono::NaiveDate;

use super::roster::Roster;
use crate::auth::scope::Units;
use crate::tree::OrgUnitId;
use crate::unit_reference::UnitScope;

/// Rosters of fewer units are made as fast as they are found.
const LARGE: usize = 200;

/// As many are held: one of the whole country has two megabytes.
const HELD: usize = 6;

/// Which roster is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RosterOf {
    /// The form's unit.
    pub unit: OrgUnitId,
    /// The day whose structure counts.
    pub day: NaiveDate,
    /// Which units count.
    pub scope: UnitScope,
    /// The first and the last day of the period.
    pub period: (NaiveDate, NaiveDate),
}

/// Rosters that were asked for last.
#[derive(Debug, Default)]
pub struct Rosters(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    /// Of which they were made.
    units: Weak<Units>,
    /// The one that was asked for last stands last.
    rosters: Vec<(RosterOf, Arc<Roster>)>,
}

impl Rosters {
    /// The roster of these units.
    #[must_use]
    pub fn of(&self, units: &Arc<Units>, asked: RosterOf) -> Arc<Roster> {
        if let Some(known) = self.known(units, asked) {
            return known;
        }
        let RosterOf { unit, day, scope, period } = asked;
        let roster = Arc::new(Roster::of(units.tree(), unit, day, scope, period));
        if roster.units().len() >= LARGE {
            self.keep(units, asked, &roster);
        }
        roster
    }

    fn known(&self, units: &Arc<Units>, asked: RosterOf) -> Option<Arc<Roster>> {
        let mut held = self.0.lock().ok()?;
        if !held.is_of(units) {
            return None;
        }
        let place = held.rosters.iter().position(|(known, _)| *known == asked)?;
        held.rosters.get_mut(place..)?.rotate_left(1);
        held.rosters.last().map(|(_, roster)| Arc::clone(roster))
    }

    fn keep(&self, units: &Arc<Units>, asked: RosterOf, roster: &Arc<Roster>) {
        let Ok(mut held) = self.0.lock() else { return };
        if !held.is_of(units) {
            *held = Held { units: Arc::downgrade(units), rosters: Vec::new() };
        }
        held.rosters.retain(|(known, _)| *known != asked);
        let too_many = (held.rosters.len() + 1).saturating_sub(HELD);
        held.rosters.drain(..too_many);
        held.rosters.push((asked, Arc::clone(roster)));
    }
}

impl Held {
    fn is_of(&self, units: &Arc<Units>) -> bool {
        std::ptr::eq(self.units.as_ptr(), Arc::as_ptr(units))
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::wide;
    use super::*;

    fn asked(units: &Units, day: &str) -> RosterOf {
        let day: NaiveDate = day.parse().unwrap();
        let unit = units.tree().by_code("province", day).unwrap();
        RosterOf { unit, day, scope: UnitScope::Subtree, period: (day, day) }
    }

    #[test]
    fn a_large_roster_is_made_once_for_a_tree() {
        let (before, after) = (Arc::new(Units::new(wide(LARGE))), Arc::new(Units::new(wide(LARGE))));
        let rosters = Rosters::default();
        let made = rosters.of(&before, asked(&before, "2025-12-31"));
        assert_eq!(made.units().len(), LARGE + 1);
        assert!(Arc::ptr_eq(&made, &rosters.of(&before, asked(&before, "2025-12-31"))));
        assert!(!Arc::ptr_eq(&made, &rosters.of(&before, asked(&before, "2025-12-30"))), "another day");
        let anew = rosters.of(&after, asked(&after, "2025-12-31"));
        assert_eq!(anew.unit(), after.tree().by_code("province", "2025-12-31".parse().unwrap()).unwrap());
    }

    #[test]
    fn the_ones_that_nobody_asked_for_are_given_up_first() {
        let units = Arc::new(Units::new(wide(LARGE)));
        let rosters = Rosters::default();
        let days: Vec<String> = (10..10 + HELD).map(|day| format!("2025-12-{day}")).collect();
        let made: Vec<_> = days.iter().map(|day| rosters.of(&units, asked(&units, day))).collect();
        // The first is asked for once more, so that the second goes.
        assert!(Arc::ptr_eq(&made[0], &rosters.of(&units, asked(&units, &days[0]))));
        let _another = rosters.of(&units, asked(&units, "2025-12-31"));
        assert!(Arc::ptr_eq(&made[0], &rosters.of(&units, asked(&units, &days[0]))));
        assert!(!Arc::ptr_eq(&made[1], &rosters.of(&units, asked(&units, &days[1]))));
    }

    #[test]
    fn a_small_roster_is_not_held() {
        let units = Arc::new(Units::new(wide(LARGE - 2)));
        let rosters = Rosters::default();
        let of = || rosters.of(&units, asked(&units, "2025-12-31"));
        assert!(!Arc::ptr_eq(&of(), &of()));
    }
}
