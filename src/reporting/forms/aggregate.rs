//! How the lines of many units become the rows of one form: pure, over the tree as it stood.
//!
//! A unit's own line at its own level stands; without one, the lines of its agencies are added up.
//! Where an upper unit states the total of the units below, that line counts until every one of them
//! in force has filed; until then coverage and difference are shown.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use crate::domain::organization::reference::UnitScope;
use crate::domain::organization::tree::{OrgTree, OrgUnitId, Tier, UnitKind};
use crate::domain::tthc::processing_returns::lines::ProcessingLine;
use crate::domain::tthc::processing_returns::model::CarriedOverBasis;
use crate::domain::tthc::processing_returns::rules::Columns;

/// What a line counts, and where its carry-over comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// The leaf columns.
    pub columns: Columns,
    /// `implied` as soon as one part of it is.
    pub basis: Option<CarriedOverBasis>,
}

impl Cell {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        use CarriedOverBasis::Implied;
        let basis = match (self.basis, other.basis) {
            (Some(Implied), _) | (_, Some(Implied)) => Some(Implied),
            (one, other) => one.or(other),
        };
        Self { columns: self.columns.plus(other.columns), basis }
    }
}

type ByField = BTreeMap<Option<String>, Cell>;

fn add(sum: &mut ByField, part: &ByField) {
    for (field, cell) in part {
        let entry = sum.entry(field.clone()).or_default();
        *entry = entry.plus(*cell);
    }
}

fn total(part: &ByField) -> Columns {
    part.values().fold(Columns::default(), |sum, cell| sum.plus(cell.columns))
}

/// An upper unit's line for the units below it, beside what these have filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedLine {
    /// The unit that states it.
    pub org_unit_id: OrgUnitId,
    /// Whether the line counts, or has been replaced by the lines of the units below.
    pub counts: bool,
    /// The stated line less the sum of the lines below.
    pub difference: Columns,
}

/// Who has filed for a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelCoverage {
    /// The level.
    pub level: Tier,
    /// Units of the level in force.
    pub expected: usize,
    /// Those of them that have filed.
    pub filed: usize,
    /// Those that have not.
    pub missing: Vec<OrgUnitId>,
    /// Lines of upper units.
    pub stated: Vec<StatedLine>,
}

/// The rows of a form, and who stands behind them.
#[derive(Debug, Clone, Default)]
pub struct Aggregated {
    /// The rows by level and field, in that order.
    pub rows: BTreeMap<(Tier, Option<String>), Cell>,
    /// Coverage by level.
    pub coverage: Vec<LevelCoverage>,
}

/// The rows of the form for a unit on a day.
#[must_use]
pub fn aggregate(
    tree: &OrgTree,
    unit: OrgUnitId,
    day: NaiveDate,
    scope: UnitScope,
    lines: &[ProcessingLine],
) -> Aggregated {
    let mut filed: HashMap<(OrgUnitId, Tier), ByField> = HashMap::new();
    for line in lines {
        let cell = Cell { columns: line.columns, basis: line.carried_over_basis };
        let by_field = filed.entry((line.org_unit_id, line.handling_level)).or_default();
        let entry = by_field.entry(line.field.clone()).or_default();
        *entry = entry.plus(cell);
    }
    let depth = match scope {
        UnitScope::Own => 0,
        UnitScope::Children => 1,
        UnitScope::Subtree => Tier::ALL.len(),
    };
    let walk = Walk { tree, day, filed };
    let mut result = Aggregated::default();
    for level in Tier::ALL {
        let found = walk.level(unit, *level, depth);
        if found.expected == 0 && found.rows.is_empty() && found.stated.is_empty() {
            continue;
        }
        for (field, cell) in found.rows {
            result.rows.insert((*level, field), cell);
        }
        result.coverage.push(LevelCoverage {
            level: *level,
            expected: found.expected,
            filed: found.expected - found.missing.len(),
            missing: found.missing,
            stated: found.stated,
        });
    }
    result
}

struct Walk<'a> {
    tree: &'a OrgTree,
    day: NaiveDate,
    filed: HashMap<(OrgUnitId, Tier), ByField>,
}

#[derive(Default)]
struct Found {
    rows: ByField,
    expected: usize,
    missing: Vec<OrgUnitId>,
    stated: Vec<StatedLine>,
    /// Whether the rows speak for every unit of the level below.
    covered: bool,
}

/// Where a kind of unit stands above the levels; agencies and hamlets stand nowhere.
fn rank(kind: UnitKind) -> Option<usize> {
    match kind {
        UnitKind::Country => Some(0),
        kind => kind.tier().map(tier_rank),
    }
}

const fn tier_rank(tier: Tier) -> usize {
    match tier {
        Tier::Province => 1,
        Tier::District => 2,
        Tier::Commune => 3,
    }
}

impl Walk<'_> {
    fn rank_of(&self, unit: OrgUnitId) -> Option<usize> {
        rank(self.tree.version_at(unit, self.day)?.kind)
    }

    fn own(&self, unit: OrgUnitId, level: Tier) -> ByField {
        self.filed.get(&(unit, level)).cloned().unwrap_or_default()
    }

    fn level(&self, unit: OrgUnitId, level: Tier, depth: usize) -> Found {
        let own = self.own(unit, level);
        let wanted = tier_rank(level);
        match self.rank_of(unit) {
            Some(rank) if rank == wanted => self.at_its_level(unit, level, own),
            Some(rank) if rank < wanted => self.above_the_level(unit, level, depth, rank, own),
            // A unit never speaks for a level above its own; an agency speaks for itself alone.
            Some(_) => Found::default(),
            None => Found { covered: !own.is_empty(), rows: own, ..Found::default() },
        }
    }

    fn at_its_level(&self, unit: OrgUnitId, level: Tier, own: ByField) -> Found {
        if !own.is_empty() {
            return Found { rows: own, expected: 1, covered: true, ..Found::default() };
        }
        let agencies: Vec<_> = self
            .tree
            .children(unit, self.day)
            .into_iter()
            .filter(|child| self.rank_of(*child).is_none())
            .collect();
        let mut rows = ByField::new();
        let mut silent = agencies.is_empty();
        for agency in agencies {
            let line = self.own(agency, level);
            silent |= line.is_empty();
            add(&mut rows, &line);
        }
        let missing = if silent { vec![unit] } else { Vec::new() };
        Found { rows, expected: 1, missing, covered: !silent, ..Found::default() }
    }

    fn above_the_level(
        &self,
        unit: OrgUnitId,
        level: Tier,
        depth: usize,
        rank: usize,
        own: ByField,
    ) -> Found {
        let mut below = Found { covered: true, ..Found::default() };
        // Ranks only rise on the way down, so bad data cannot make this walk in a circle.
        let children = self.tree.children(unit, self.day).into_iter();
        let administrative = children.filter(|child| self.rank_of(*child).is_some_and(|child| child > rank));
        for child in administrative.take_while(|_| depth > 0) {
            let part = self.level(child, level, depth - 1);
            add(&mut below.rows, &part.rows);
            below.expected += part.expected;
            below.covered &= part.covered || part.expected == 0;
            below.missing.extend(part.missing);
            below.stated.extend(part.stated);
        }
        below.covered &= below.expected > 0;
        if own.is_empty() {
            return below;
        }
        let counts = !below.covered;
        let difference = total(&own).minus(total(&below.rows));
        below.stated.push(StatedLine { org_unit_id: unit, counts, difference });
        if counts {
            // What units below have stated does not count beside the line above them.
            below
                .stated
                .iter_mut()
                .filter(|line| line.org_unit_id != unit)
                .for_each(|line| line.counts = false);
            below.rows = own;
        }
        below.covered = true;
        below
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::organization::tree::UnitVersion;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A province with one district of two communes.
    struct Story {
        tree: OrgTree,
        province: OrgUnitId,
        district: OrgUnitId,
        communes: [OrgUnitId; 2],
    }

    fn story() -> Story {
        let [country, province, district, one, two] = std::array::from_fn(|_| OrgUnitId::new());
        let unit = |id, kind, parent_id, code: &str| UnitVersion {
            org_unit_id: id,
            code: Some(code.into()),
            identifier: None,
            name: code.into(),
            full_name: code.into(),
            kind,
            parent_id,
            valid_from: None,
            valid_to: None,
        };
        let tree = OrgTree::new(
            vec![
                unit(country, UnitKind::Country, None, ""),
                unit(province, UnitKind::Province, Some(country), "93"),
                unit(district, UnitKind::District, Some(province), "934"),
                unit(one, UnitKind::Commune, Some(district), "31429"),
                unit(two, UnitKind::Commune, Some(district), "31420"),
            ],
            Vec::new(),
        );
        Story { tree, province, district, communes: [one, two] }
    }

    fn line(unit: OrgUnitId, level: Tier, received: i64) -> ProcessingLine {
        ProcessingLine {
            org_unit_id: unit,
            handling_level: level,
            field: None,
            columns: Columns { received_online: received, pending_in_time: received, ..Columns::default() },
            carried_over_basis: None,
            covers_from: None,
            covers_to: None,
        }
    }

    fn received(result: &Aggregated, level: Tier) -> Option<i64> {
        result.rows.get(&(level, None)).map(|cell| cell.columns.received_online)
    }

    #[test]
    fn the_districts_line_counts_until_every_commune_has_filed() {
        let s = story();
        let on = day("2024-06-30");
        let mut lines = vec![line(s.district, Tier::Commune, 100)];
        let form = |lines: &[ProcessingLine]| aggregate(&s.tree, s.district, on, UnitScope::Subtree, lines);

        lines.push(line(s.communes[0], Tier::Commune, 40));
        let half = form(&lines);
        assert_eq!(received(&half, Tier::Commune), Some(100));
        let coverage = half.coverage.iter().find(|c| c.level == Tier::Commune).unwrap();
        assert_eq!((coverage.filed, coverage.expected), (1, 2));
        assert_eq!(coverage.missing, vec![s.communes[1]]);
        assert!(coverage.stated[0].counts);
        assert_eq!(coverage.stated[0].difference.received_online, 60);

        lines.push(line(s.communes[1], Tier::Commune, 55));
        let full = form(&lines);
        assert_eq!(received(&full, Tier::Commune), Some(95));
        let coverage = full.coverage.iter().find(|c| c.level == Tier::Commune).unwrap();
        assert!(!coverage.stated[0].counts);
        assert_eq!(coverage.stated[0].difference.received_online, 5);
    }

    #[test]
    fn a_province_adds_up_what_its_districts_stand_for() {
        let s = story();
        let lines = [line(s.district, Tier::Commune, 100), line(s.district, Tier::District, 7)];
        let form = aggregate(&s.tree, s.province, day("2024-06-30"), UnitScope::Subtree, &lines);
        assert_eq!(received(&form, Tier::Commune), Some(100));
        assert_eq!(received(&form, Tier::District), Some(7));
        let province = form.coverage.iter().find(|c| c.level == Tier::Province).unwrap();
        assert_eq!((province.filed, province.expected), (0, 1));
        let own = aggregate(&s.tree, s.province, day("2024-06-30"), UnitScope::Own, &lines);
        assert!(own.rows.is_empty());
    }

    #[test]
    fn an_implied_part_marks_the_whole() {
        let implied = Cell { basis: Some(CarriedOverBasis::Implied), ..Cell::default() };
        let stated = Cell { basis: Some(CarriedOverBasis::Stated), ..Cell::default() };
        assert_eq!(stated.plus(implied).basis, Some(CarriedOverBasis::Implied));
        assert_eq!(Cell::default().plus(stated).basis, Some(CarriedOverBasis::Stated));
    }
}
