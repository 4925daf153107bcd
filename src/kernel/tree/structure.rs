//! What stood where on a day (cơ cấu tổ chức theo ngày): versions, children, ancestors.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::{OrgTree, OrgUnitId, Tier, Unit, UnitKind, UnitVersion, Version};

impl OrgTree {
    /// All versions of a unit, the oldest first.
    pub fn versions(&self, unit: OrgUnitId) -> impl Iterator<Item = &UnitVersion> {
        self.unit(unit).into_iter().flat_map(|unit| self.versions_of(unit)).map(|version| &version.row)
    }

    /// What the unit is on the day; none when it is not in force then.
    #[must_use]
    pub fn version_at(&self, unit: OrgUnitId, day: NaiveDate) -> Option<&UnitVersion> {
        self.on(self.unit(unit)?, day).map(|version| &version.row)
    }

    /// The last version of the unit, ended or not.
    #[must_use]
    pub fn latest(&self, unit: OrgUnitId) -> Option<&UnitVersion> {
        self.versions_of(self.unit(unit)?).last().map(|version| &version.row)
    }

    /// What the unit is called on the day; on a day without it, what it was called last.
    #[must_use]
    pub fn named_on(&self, unit: OrgUnitId, day: NaiveDate) -> Option<&UnitVersion> {
        self.version_at(unit, day).or_else(|| self.latest(unit))
    }

    /// Whether the unit exists on the day (còn hiệu lực).
    #[must_use]
    pub fn in_force(&self, unit: OrgUnitId, day: NaiveDate) -> bool {
        self.version_at(unit, day).is_some()
    }

    /// The tier of a unit; of an agency that of the administrative unit above it.
    #[must_use]
    pub fn tier_at(&self, unit: OrgUnitId, day: NaiveDate) -> Option<Tier> {
        let own = self.version_at(unit, day)?;
        let above = || self.ancestors(unit, day).into_iter();
        own.kind.tier().or_else(|| above().find_map(|above| self.version_at(above, day)?.kind.tier()))
    }

    /// The first day of the unit; none when its beginning is not known.
    #[must_use]
    pub fn first_day(&self, unit: OrgUnitId) -> Option<NaiveDate> {
        self.versions_of(self.unit(unit)?).first()?.row.valid_from
    }

    /// The last day on which an ended unit existed; none while it has a version without an end.
    #[must_use]
    pub fn last_day(&self, unit: OrgUnitId) -> Option<NaiveDate> {
        let ends: Option<Vec<_>> =
            self.versions_of(self.unit(unit)?).iter().map(|version| version.row.valid_to).collect();
        ends?.into_iter().max()?.pred_opt()
    }

    /// The day by which a unit is known today: today itself while it is in force, else the last day that
    /// it was, else the day on which it begins.
    #[must_use]
    pub fn day_by_which_it_is_known(&self, unit: OrgUnitId, today: NaiveDate) -> Option<NaiveDate> {
        if self.in_force(unit, today) {
            return Some(today);
        }
        self.last_held(self.unit(unit)?, today).or_else(|| self.first_day(unit))
    }

    /// The days of a span on which something about some unit was so for the last time, and the last day
    /// of the span: after each of them the structure may be another. Some may be of versions that have
    /// been replaced.
    pub fn days_of_change(&self, first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = NaiveDate> + '_ {
        let until = first.max(last);
        self.last_days.range(first..until).copied().chain([last])
    }

    /// The units directly under this one on the day (đơn vị trực thuộc), by code, then by name.
    #[must_use]
    pub fn children(&self, unit: OrgUnitId, day: NaiveDate) -> Vec<OrgUnitId> {
        self.unit(unit)
            .filter(|unit| self.on(*unit, day).is_some())
            .into_iter()
            .flat_map(|unit| self.below(unit, day))
            .map(|version| version.row.org_unit_id)
            .collect()
    }

    /// The versions, of any time, that stand directly under this unit.
    pub fn placed_under(&self, unit: OrgUnitId) -> impl Iterator<Item = &UnitVersion> {
        let below = self.unit(unit).and_then(|unit| self.children.get(unit.position()));
        let positions = below.into_iter().flatten();
        positions.filter_map(|position| self.versions.get(*position)).map(|version| &version.row)
    }

    /// The unit and all that stands under it on the day, each before what is under it, siblings by
    /// code, then by name. Empty when the unit is not in force then.
    #[must_use]
    pub fn subtree(&self, unit: OrgUnitId, day: NaiveDate) -> Vec<OrgUnitId> {
        self.unit(unit)
            .map(|unit| self.walk(unit, day, |_| true))
            .unwrap_or_default()
            .into_iter()
            .filter_map(|unit| self.id(unit))
            .collect()
    }

    /// The units above this one on the day, the nearest first. The line ends at a parent that is
    /// not in force then.
    #[must_use]
    pub fn ancestors(&self, unit: OrgUnitId, day: NaiveDate) -> Vec<OrgUnitId> {
        self.line(unit, day).skip(1).map(|version| version.row.org_unit_id).collect()
    }

    /// The first day of a half-open span on which the unit is this one or stands under it. Those between
    /// may get another place within the span, so their versions are followed each over its own days.
    #[must_use]
    pub fn first_day_under(
        &self,
        unit: OrgUnitId,
        above: OrgUnitId,
        (from, to): (NaiveDate, NaiveDate),
    ) -> Option<NaiveDate> {
        let mut first: Option<NaiveDate> = None;
        let mut seen = HashSet::new();
        let mut open = vec![(unit, from, to)];
        while let Some(place) = open.pop() {
            let (unit, from, to) = place;
            if unit == above {
                first = Some(first.map_or(from, |known| known.min(from)));
            } else if seen.insert(place) {
                let held = self.versions(unit).filter(|version| version.holds_within(from, to));
                open.extend(held.filter_map(|version| {
                    let begin = version.valid_from.map_or(from, |begin| begin.max(from));
                    let end = version.valid_to.map_or(to, |end| end.min(to));
                    Some((version.parent_id?, begin, end))
                }));
            }
        }
        first
    }

    /// The province in which the unit stands on the day, itself if it is one.
    #[must_use]
    pub fn province_of(&self, unit: OrgUnitId, day: NaiveDate) -> Option<OrgUnitId> {
        self.line(unit, day)
            .find(|version| version.row.kind == UnitKind::Province)
            .map(|version| version.row.org_unit_id)
    }

    /// The version of the unit on the day; of overlapping ones the one that began later.
    pub(super) fn on(&self, unit: Unit, day: NaiveDate) -> Option<&Version> {
        self.versions_of(unit).iter().rev().find(|version| version.row.holds_on(day))
    }

    /// The last day before this one on which a version of the unit ended.
    pub(super) fn last_held(&self, unit: Unit, day: NaiveDate) -> Option<NaiveDate> {
        let ends = self.versions_of(unit).iter().filter_map(|version| version.row.valid_to);
        ends.filter(|end| *end <= day).max()?.pred_opt()
    }

    /// Whether the unit was in force once and is no longer.
    pub(super) fn ended(&self, unit: Unit, today: NaiveDate) -> bool {
        self.on(unit, today).is_none() && self.last_held(unit, today).is_some()
    }

    /// The versions under this unit on the day, in sibling order.
    pub(super) fn below(&self, unit: Unit, day: NaiveDate) -> impl Iterator<Item = &Version> {
        self.children
            .get(unit.position())
            .into_iter()
            .flatten()
            .filter_map(|position| self.versions.get(*position))
            // Of overlapping versions only the one that `on` gives counts, so that a unit never
            // stands under two parents on one day.
            .filter(move |version| {
                self.on(version.unit, day).is_some_and(|held| std::ptr::eq(held, *version))
            })
    }

    /// The unit and those under it on the day, in preorder, without the branches turned down.
    pub(super) fn walk(&self, top: Unit, day: NaiveDate, takes: impl Fn(&Version) -> bool) -> Vec<Unit> {
        let mut members = Vec::new();
        let mut stack: Vec<Unit> = self.on(top, day).map(|version| version.unit).into_iter().collect();
        while let Some(unit) = stack.pop() {
            members.push(unit);
            let start = stack.len();
            // A unit has one parent a day, so only the top itself can be met twice.
            let below = self.below(unit, day).filter(|version| version.unit != top && takes(version));
            stack.extend(below.map(|version| version.unit));
            if let Some(siblings) = stack.get_mut(start..) {
                siblings.reverse();
            }
        }
        members
    }

    /// The unit's version on the day, then its parent's, and so on up.
    fn line(&self, unit: OrgUnitId, day: NaiveDate) -> impl Iterator<Item = &Version> {
        let mut seen: Vec<Unit> = Vec::new();
        std::iter::successors(self.unit(unit).and_then(|unit| self.on(unit, day)), move |version| {
            seen.push(version.unit);
            self.on(version.parent.filter(|parent| !seen.contains(parent))?, day)
        })
    }
}
