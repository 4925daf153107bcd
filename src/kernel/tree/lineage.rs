//! What became of a unit (kế thừa): its predecessors, its successors, and who carries its territory.

use chrono::NaiveDate;

use super::{OrgTree, OrgUnitId, Succession, SuccessionRelation, Unit, UnitKind};

impl OrgTree {
    /// The successions by which other units went into this one (đơn vị tiền thân).
    pub fn predecessors(&self, unit: OrgUnitId) -> impl Iterator<Item = &Succession> {
        self.unit(unit).into_iter().flat_map(|unit| self.rows(&self.arrivals, unit))
    }

    /// The successions by which this unit went into others (đơn vị kế thừa).
    pub fn successors(&self, unit: OrgUnitId) -> impl Iterator<Item = &Succession> {
        self.unit(unit).into_iter().flat_map(|unit| self.rows(&self.departures, unit))
    }

    /// Whether successions lead from one unit to another, by one step or several.
    #[must_use]
    pub fn leads_to(&self, from: OrgUnitId, to: OrgUnitId) -> bool {
        let mut seen = self.none();
        let mut queue: Vec<Unit> = self.unit(from).into_iter().collect();
        while let Some(unit) = queue.pop() {
            if !seen.insert(unit) {
                continue;
            }
            for row in self.rows(&self.departures, unit) {
                if row.successor_id == to {
                    return true;
                }
                queue.extend(self.unit(row.successor_id));
            }
        }
        false
    }

    /// The units in force on the day that carry the territory of this one, by code: itself while it
    /// is in force, else its successors and theirs. A unit without a succession (an ended district)
    /// is carried by the heirs of the administrative units that stood under it on its last day.
    #[must_use]
    pub fn heirs(&self, unit: OrgUnitId, day: NaiveDate) -> Vec<OrgUnitId> {
        let mut seen = self.none();
        let mut heirs = Vec::new();
        let mut queue: Vec<Unit> = self.unit(unit).into_iter().collect();
        while let Some(unit) = queue.pop() {
            if !seen.insert(unit) {
                continue;
            }
            if let Some(version) = self.on(unit, day) {
                heirs.push(&version.row);
            } else {
                queue.extend(self.carriers(unit, day));
            }
        }
        heirs.sort_by(|a, b| a.sibling_order(b));
        heirs.into_iter().map(|version| version.org_unit_id).collect()
    }

    /// The units that carry on one that has ended by the day, in force or not: the next step of its line.
    fn carriers(&self, unit: Unit, day: NaiveDate) -> Vec<Unit> {
        let Some(last) = self.last_held(unit, day) else { return Vec::new() };
        if self.rows(&self.departures, unit).next().is_some() {
            let rows = self.rows(&self.departures, unit).filter(|row| row.effective_on <= day);
            return rows.filter_map(|row| self.unit(row.successor_id)).collect();
        }
        let below = self.below(unit, last).filter(|version| version.row.kind.tier().is_some());
        below.map(|version| version.unit).collect()
    }

    /// The nearest unit in force on the day that holds the whole of this one: itself while it is in
    /// force, the successor into which it went whole, else the nearest unit above all that carry it on.
    /// What was divided is held above its parts, for nobody knows which part of its figures went where;
    /// once all parts have gone whole into one unit, that one has every figure and nothing is guessed.
    ///
    /// The holder is never of a lower tier than the unit was: the affairs of an ended district pass to
    /// the province, even where one commune carries its territory. One that ended without a successor
    /// is held as what stood above it. None where nobody carries it.
    #[must_use]
    pub fn holder(&self, unit: OrgUnitId, day: NaiveDate) -> Option<OrgUnitId> {
        if self.in_force(unit, day) {
            return Some(unit);
        }
        let last = self.last_held(self.unit(unit)?, day)?;
        let is_administrative = self.version_at(unit, last)?.kind.tier().is_some();
        let line = std::iter::once(unit).chain(self.ancestors(unit, last));
        let (carried, heirs) =
            line.map(|above| (above, self.heirs(above, day))).find(|(_, heirs)| !heirs.is_empty())?;
        let tier = self.tier_at(carried, last);
        let is_in_part = heirs.len() == 1 && self.is_carried_in_part(self.unit(carried)?, day);
        let mut lines = heirs
            .iter()
            .map(|heir| std::iter::once(*heir).chain(self.ancestors(*heir, day)).collect::<Vec<OrgUnitId>>());
        let nearest = lines.next()?;
        let others: Vec<_> = lines.collect();
        let holds_all = |above: &OrgUnitId| others.iter().all(|line| line.contains(above));
        let is_fit = |above: &OrgUnitId| {
            self.tier_at(*above, day) <= tier
                && self.version_at(*above, day).is_some_and(|version| {
                    !is_administrative || version.kind.tier().is_some() || version.kind == UnitKind::Country
                })
        };
        nearest.into_iter().skip(usize::from(is_in_part)).filter(holds_all).find(is_fit)
    }

    /// Whether something of the unit went where nobody knows, on the way to those who carry it: beside the
    /// one part that is known, or with a unit that nobody carries on.
    fn is_carried_in_part(&self, unit: Unit, day: NaiveDate) -> bool {
        let is_known_in_part = |unit: Unit| {
            let mut rows = self.rows(&self.departures, unit);
            let is_part = rows.next().is_some_and(|row| row.relation == SuccessionRelation::Division);
            is_part && rows.next().is_none()
        };
        let mut seen = self.none();
        let mut open = vec![unit];
        while let Some(unit) = open.pop() {
            if self.on(unit, day).is_some() || !seen.insert(unit) {
                continue;
            }
            let carriers = self.carriers(unit, day);
            if carriers.is_empty() || is_known_in_part(unit) {
                return true;
            }
            open.extend(carriers);
        }
        false
    }

    /// Whether the unit went into more than one, or not whole into the one that is known (chia tách).
    #[must_use]
    pub fn was_divided(&self, unit: OrgUnitId) -> bool {
        self.unit(unit).is_some_and(|unit| self.is_divided(unit))
    }

    /// The successions that this index has for the unit: `arrivals` into it, `departures` out of it.
    pub(super) fn rows<'t>(
        &'t self,
        index: &'t [Vec<usize>],
        unit: Unit,
    ) -> impl Iterator<Item = &'t Succession> + use<'t> {
        index
            .get(unit.position())
            .into_iter()
            .flatten()
            .filter_map(|position| self.successions.get(*position))
    }

    /// Whether the unit went into more than one, or not whole into the one that is known.
    pub(super) fn is_divided(&self, unit: Unit) -> bool {
        let mut rows = self.rows(&self.departures, unit);
        let first = rows.next().map(|row| (row.relation, row.successor_id));
        first.is_some_and(|(relation, successor)| {
            relation == SuccessionRelation::Division
                || rows
                    .any(|row| row.relation == SuccessionRelation::Division || row.successor_id != successor)
        })
    }
}
