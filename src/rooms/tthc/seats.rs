//! Whose figures a sum over units has, and in which row each unit stands: pure, over the units of form 06
//! ([`Roster`]).
//!
//! A unit has the figures of those that went whole into it, in its own row. One that was divided is in the
//! sum of the unit above its parts and stands there by itself, with who carries it on.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;

use super::statistics::model::DividedUnit;
use crate::dossiers::summaries::spans::Days;
use kernel::auth::scope::Scoped;
use kernel::error::{ApiError, Problem};
use kernel::reporting::roster::Roster;
use kernel::reporting::rosters::{RosterOf, Rosters};
use kernel::successors::unit_in_force;
use kernel::tree::{Covered, OrgTree, OrgUnitId, UnitSet};
use kernel::unit_reference::{StatisticsUnit, UnitName, UnitScope, label};

/// The units whose records a list of a unit and scope has: those of a sum over it, so that what is counted there is
/// found here, as far as their records are reached. None where no unit is named, or all are wanted and reached.
///
/// # Errors
/// 422 for a unit that is not known or not in force.
pub(super) fn seated_units(
    scoped: &Scoped,
    rosters: &Rosters,
    name: &UnitName<'_>,
    (scope, as_of): (UnitScope, NaiveDate),
) -> Result<Option<Vec<OrgUnitId>>, ApiError> {
    if !name.is_given() {
        return Ok(None);
    }
    let tree = scoped.tree();
    let unit = unit_in_force(tree, name, as_of)?;
    let roster = roster(scoped, rosters, unit, (scope, as_of), Days { from: as_of, to: as_of });
    Ok(match tree.covered(&reached(scoped, &roster, Scoped::reaches)) {
        Covered::Everything => None,
        Covered::Units(units) => Some(units),
    })
}

fn roster(
    scoped: &Scoped,
    rosters: &Rosters,
    unit: OrgUnitId,
    (scope, day): (UnitScope, NaiveDate),
    days: Days,
) -> Arc<Roster> {
    rosters.of(scoped.units(), RosterOf { unit, day, scope, period: (days.from, days.to) })
}

/// The units of a roster that are reached today.
fn reached(scoped: &Scoped, roster: &Roster, is_reached: fn(&Scoped, OrgUnitId) -> bool) -> UnitSet {
    match scoped.everything() {
        true => roster.units().clone(),
        false => roster.units().only(|unit| is_reached(scoped, unit)),
    }
}

/// Which row a unit of the sum stands in.
pub(super) struct Seats {
    roster: Arc<Roster>,
    /// Those of its units that are reached today: what stood under the named unit on the day may have come to
    /// another since.
    units: UnitSet,
    as_of: NaiveDate,
    /// The units in force into which ended ones went whole.
    heirs: HashMap<OrgUnitId, OrgUnitId>,
}

impl Seats {
    /// Those of a unit that a query names, in force on a day, for figures of some days.
    ///
    /// # Errors
    /// 403 for a unit whose sums are out of reach, 422 for one that is not known or not in force.
    pub(super) fn named(
        scoped: &Scoped,
        rosters: &Rosters,
        name: &UnitName<'_>,
        (scope, as_of): (UnitScope, NaiveDate),
        days: Days,
    ) -> Result<Self, ApiError> {
        let tree = scoped.tree();
        let unit = unit_in_force(tree, name, as_of)?;
        if !scoped.reaches_aggregates(unit) {
            return Err(ApiError::new(Problem::Forbidden));
        }
        let roster = roster(scoped, rosters, unit, (scope, as_of), days);
        let ended = roster.units().iter().filter(|unit| roster.has_ended(*unit));
        // Who holds a unit without being its only heir stands above its parts.
        let whole = |unit: OrgUnitId| {
            let holder = roster.holder(unit);
            (tree.heirs(unit, as_of) == [holder]).then_some((unit, holder))
        };
        let heirs = ended.filter_map(whole).collect();
        let units = reached(scoped, &roster, Scoped::reaches_aggregates);
        Ok(Self { roster, units, as_of, heirs })
    }

    /// The unit that was named.
    pub(super) fn unit(&self) -> OrgUnitId {
        self.roster.unit()
    }

    /// The units whose figures are summed up.
    pub(super) fn units(&self) -> &UnitSet {
        &self.units
    }

    /// How many of them there were within the days.
    pub(super) fn count(&self) -> usize {
        self.units().iter().filter(|unit| self.roster.is_expected(*unit)).count()
    }

    /// The unit whose row has this one.
    pub(super) fn row(&self, unit: OrgUnitId) -> OrgUnitId {
        self.heirs.get(&unit).copied().unwrap_or(unit)
    }

    /// Whether it ended and went into several.
    pub(super) fn is_divided(&self, unit: OrgUnitId) -> bool {
        self.roster.has_ended(unit) && !self.heirs.contains_key(&unit)
    }

    /// A unit by its name on the day.
    pub(super) fn label(&self, tree: &OrgTree, unit: OrgUnitId) -> StatisticsUnit {
        label(tree, unit, self.as_of).into()
    }

    /// The units that carry another on.
    pub(super) fn successors(&self, tree: &OrgTree, unit: OrgUnitId) -> Vec<StatisticsUnit> {
        tree.heirs(unit, self.as_of).into_iter().map(|heir| self.label(tree, heir)).collect()
    }

    /// Units that were divided within the days or behind them: those of the sum, and those of which a unit of
    /// the sum carries a part.
    pub(super) fn divided(&self, tree: &OrgTree, days: Days) -> Vec<DividedUnit> {
        let units = self.units();
        let within = units.iter().filter(|unit| self.is_divided(*unit));
        let in_part = units
            .iter()
            .flat_map(|unit| tree.predecessors(unit).map(|row| row.predecessor_id))
            .filter(|unit| !self.roster.contains(*unit) && !tree.in_force(*unit, self.as_of));
        let found: BTreeSet<OrgUnitId> = within.chain(in_part).collect();
        let existed = |unit: &OrgUnitId| tree.last_day(*unit).is_none_or(|last| days.from <= last);
        let told = |unit: OrgUnitId| DividedUnit {
            unit: self.label(tree, unit),
            successors: self.successors(tree, unit),
            counted: self.roster.contains(unit),
        };
        found.into_iter().filter(existed).map(told).collect()
    }
}
