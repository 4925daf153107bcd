//! How the lines of many units become the rows of one form: pure, over the units of a [`Roster`].
//!
//! A unit has filed for a level when it has lines for it, and none of them is a draft or was sent back.
//! Lines that were handed in count all the same.
//!
//! The lines of agencies and service units are those of the administrative unit under which they hang:
//! it has filed when they have, or when it states the figures itself. Where both do, its own lines
//! count until every agency in force has filed, and the difference is shown. In the same way a line
//! with which an upper unit states the total of the units below counts until every one of them that is
//! to file has done so: those in force, and those that ended within the period. What an upper unit has
//! not handed in wholly replaces nothing. Lines by field replace lines of their fields only; what
//! agencies alone state by field does not replace lines without field, which nobody can divide.
//!
//! An ended unit stated its figures for its own days and its successor for those after them, so they are
//! added. What was pending on the last day stands in both, as it stands in the books of both: pending
//! with one, carried over with the other. What an ended unit stated for one that lives on cannot be told
//! from that one's own lines.

use std::collections::{BTreeMap, HashMap};

use super::roster::{Roster, tier_rank};
use crate::domain::organization::tree::{OrgUnitId, Tier};
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

fn total(part: &ByField) -> Cell {
    part.values().fold(Cell::default(), |sum, cell| sum.plus(*cell))
}

/// A unit's line for the units below it or for its own agencies, beside what these have filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedLine {
    /// The unit that states it.
    pub org_unit_id: OrgUnitId,
    /// Whether the line counts, or has been replaced by the lines of those below.
    pub counts: bool,
    /// The stated line less the sum of the lines below that it speaks for.
    pub difference: Columns,
    rows: ByField,
}

/// What a unit that ended within the period filed for a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedLine {
    /// The unit.
    pub org_unit_id: OrgUnitId,
    /// Whether it has filed: all of its lines were handed in.
    pub filed: bool,
    /// Whether its lines count, or a line of the unit above stands for them.
    pub counts: bool,
    rows: ByField,
}

impl EndedLine {
    /// Whether there is any line.
    #[must_use]
    pub fn has_lines(&self) -> bool {
        !self.rows.is_empty()
    }

    /// The sum of its lines.
    #[must_use]
    pub fn total(&self) -> Cell {
        total(&self.rows)
    }
}

/// Who has filed for a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelCoverage {
    /// The level.
    pub level: Tier,
    /// Administrative units of the level in force.
    pub expected: usize,
    /// Those of them that have filed.
    pub filed: usize,
    /// Those that have not.
    pub missing: Vec<OrgUnitId>,
    /// Lines of upper units.
    pub stated: Vec<StatedLine>,
    /// Administrative units of the level that ended within the period.
    pub ended: Vec<EndedLine>,
}

/// The rows of a form, and who stands behind them.
#[derive(Debug, Clone, Default)]
pub struct Aggregated {
    /// The rows by level and field, in that order.
    pub rows: BTreeMap<(Tier, Option<String>), Cell>,
    /// Coverage by level.
    pub coverage: Vec<LevelCoverage>,
}

/// The rows of the form of these units.
#[must_use]
pub fn aggregate(roster: &Roster, lines: &[ProcessingLine]) -> Aggregated {
    let mut filed: HashMap<(OrgUnitId, Tier), Filed> = HashMap::new();
    for line in lines {
        let filed = filed.entry((line.org_unit_id, line.handling_level)).or_default();
        if !line.is_handed_in {
            filed.is_open = true;
            continue;
        }
        let entry = filed.rows.entry(line.field.clone()).or_default();
        *entry = entry.plus(Cell { columns: line.columns, basis: line.carried_over_basis });
    }
    let walk = Walk { roster, filed };
    let mut result = Aggregated::default();
    for level in Tier::ALL {
        let found = walk.level(roster.unit(), *level);
        if found.awaited() == 0 && found.rows.is_empty() && found.stated.is_empty() {
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
            ended: found.ended,
        });
    }
    result
}

/// What a unit has filed for a level.
#[derive(Debug, Clone, Default)]
struct Filed {
    /// What was handed in.
    rows: ByField,
    /// Whether something of it is a draft, or was sent back.
    is_open: bool,
}

impl Filed {
    fn is_complete(&self) -> bool {
        !self.rows.is_empty() && !self.is_open
    }
}

/// What a unit says of a level, by itself or through its agencies.
#[derive(Debug, Clone, Default)]
struct Word {
    filed: Filed,
    /// Whether only its agencies speak.
    is_of_agencies: bool,
    /// Its own line, where its agencies speak too.
    stated: Option<StatedLine>,
}

struct Walk<'a> {
    roster: &'a Roster,
    filed: HashMap<(OrgUnitId, Tier), Filed>,
}

#[derive(Default)]
struct Found {
    rows: ByField,
    expected: usize,
    missing: Vec<OrgUnitId>,
    stated: Vec<StatedLine>,
    ended: Vec<EndedLine>,
    /// Whether the rows speak for every unit of the level that is to file.
    covered: bool,
}

impl Found {
    /// How many units are to file.
    fn awaited(&self) -> usize {
        self.expected + self.ended.len()
    }

    fn join(&mut self, part: Self) {
        add(&mut self.rows, &part.rows);
        self.covered &= part.covered || part.awaited() == 0;
        self.expected += part.expected;
        self.missing.extend(part.missing);
        self.stated.extend(part.stated);
        self.ended.extend(part.ended);
    }
}

impl Walk<'_> {
    /// What there is of a level at a unit, below it, and in what came to it.
    fn level(&self, unit: OrgUnitId, level: Tier) -> Found {
        let wanted = tier_rank(level);
        let mut found = match self.roster.rank(unit) {
            Some(rank) if rank == wanted => self.at_its_level(unit, level),
            Some(rank) if rank < wanted => self.above_the_level(unit, level),
            // A unit never speaks for a level above its own.
            Some(_) => Found { covered: true, ..Found::default() },
            None => {
                let Filed { rows, is_open } = self.of_agency(unit, level);
                Found { covered: !rows.is_empty() && !is_open, rows, ..Found::default() }
            }
        };
        if self.roster.rank(unit).is_some() {
            for arrival in self.roster.arrivals(unit) {
                found.join(self.level(arrival, level));
            }
        }
        found
    }

    /// What an agency says, with what agencies that ended filed before they came to it.
    fn of_agency(&self, agency: OrgUnitId, level: Tier) -> Filed {
        let mut filed = self.word(agency, level).filed;
        for arrival in self.roster.arrivals(agency) {
            let before = self.of_agency(arrival, level);
            add(&mut filed.rows, &before.rows);
            filed.is_open |= before.is_open;
        }
        filed
    }

    fn word(&self, unit: OrgUnitId, level: Tier) -> Word {
        let own = self.filed.get(&(unit, level)).cloned().unwrap_or_default();
        let mut theirs = Filed::default();
        let (mut awaited, mut silent) = (0_usize, 0_usize);
        for agency in self.roster.agencies(unit) {
            let filed = self.of_agency(agency, level);
            if self.roster.is_awaited(agency) {
                awaited += 1;
                silent += usize::from(!filed.is_complete());
            }
            add(&mut theirs.rows, &filed.rows);
            theirs.is_open |= filed.is_open;
        }
        if own.rows.is_empty() {
            let is_open = own.is_open || theirs.is_open;
            return Word { filed: Filed { is_open, ..theirs }, is_of_agencies: true, stated: None };
        }
        if theirs.rows.is_empty() {
            return Word { filed: own, ..Word::default() };
        }
        let all_have_filed = awaited > 0 && silent == 0 && !theirs.is_open;
        let own = Word { filed: own, ..Word::default() };
        let settled = settle(unit, &own, theirs.rows, all_have_filed);
        let is_open = own.filed.is_open || (!settled.stated.counts && theirs.is_open);
        Word {
            filed: Filed { rows: settled.rows, is_open },
            is_of_agencies: false,
            stated: Some(settled.stated),
        }
    }

    fn at_its_level(&self, unit: OrgUnitId, level: Tier) -> Found {
        let Word { filed, stated, .. } = self.word(unit, level);
        let covered = filed.is_complete();
        let mut found = Found { covered, stated: stated.into_iter().collect(), ..Found::default() };
        if self.roster.has_ended(unit) {
            let rows = filed.rows.clone();
            found.ended.push(EndedLine { org_unit_id: unit, filed: covered, counts: true, rows });
        } else {
            found.expected = 1;
            found.missing.extend((!covered).then_some(unit));
        }
        Found { rows: filed.rows, ..found }
    }

    fn above_the_level(&self, unit: OrgUnitId, level: Tier) -> Found {
        let word = self.word(unit, level);
        let mut below = Found { covered: true, ..Found::default() };
        for member in self.roster.administrative(unit) {
            below.join(self.level(member, level));
        }
        below.covered &= below.awaited() > 0;
        if word.filed.rows.is_empty() {
            return below;
        }
        let settled = settle(unit, &word, std::mem::take(&mut below.rows), below.covered);
        if settled.stated.counts {
            below.covered |= word.filed.is_complete();
            // What it speaks for does not count beside it, whoever filed it.
            let counts = |rows: &ByField| rows.keys().any(|field| !settled.replaced.contains_key(field));
            below.stated.iter_mut().for_each(|line| line.counts &= counts(&line.rows));
            below.ended.iter_mut().for_each(|line| line.counts &= counts(&line.rows));
        }
        below.rows = settled.rows;
        below.stated.push(settled.stated);
        below
    }
}

/// What counts of a unit's word and of the lines below it.
struct Settled {
    rows: ByField,
    stated: StatedLine,
    /// The lines below that the word speaks for.
    replaced: ByField,
}

fn settle(unit: OrgUnitId, word: &Word, below: ByField, all_below_have_filed: bool) -> Settled {
    let own = &word.filed.rows;
    let is_by_field = !own.contains_key(&None);
    // A line without field is about all of them, and is held against whatever names some.
    let (replaced, beside): (ByField, ByField) =
        below.into_iter().partition(|(field, _)| !is_by_field || field.is_none() || own.contains_key(field));
    let is_narrow = word.is_of_agencies && is_by_field && replaced.contains_key(&None);
    let none_below = replaced.is_empty() && beside.is_empty();
    let counts = !all_below_have_filed && (none_below || (word.filed.is_complete() && !is_narrow));
    let difference = total(own).columns.minus(total(&replaced).columns);
    let stated = StatedLine { org_unit_id: unit, counts, difference, rows: own.clone() };
    let mut rows = beside;
    add(&mut rows, if counts { own } else { &replaced });
    Settled { rows, stated, replaced }
}

#[cfg(test)]
mod tests {
    use super::super::story::{self, Story};
    use super::*;
    use crate::domain::organization::reference::UnitScope;

    /// A form of a story: what its lines count in each level, and who has filed.
    struct Form<'a> {
        story: &'a Story,
        unit: &'static str,
        on: &'static str,
        scope: UnitScope,
        lines: Vec<ProcessingLine>,
    }

    impl<'a> Form<'a> {
        fn of(story: &'a Story, unit: &'static str, on: &'static str) -> Self {
            Self { story, unit, on, scope: UnitScope::Subtree, lines: Vec::new() }
        }

        fn at(&self, unit: &'static str, on: &'static str, scope: UnitScope) -> Self {
            Self { story: self.story, unit, on, scope, lines: self.lines.clone() }
        }

        /// Files a line that was handed in; `Hộ tịch` names its field, and `-` none.
        fn file(&mut self, unit: &str, level: Tier, field: &str, received: i64) {
            self.line(unit, level, field, received, true);
        }

        fn draft(&mut self, unit: &str, level: Tier, field: &str) {
            self.line(unit, level, field, 1_000, false);
        }

        fn line(&mut self, unit: &str, level: Tier, field: &str, received: i64, is_handed_in: bool) {
            self.lines.push(ProcessingLine {
                org_unit_id: self.story.id(unit),
                handling_level: level,
                field: (field != "-").then(|| field.to_owned()),
                is_handed_in,
                columns: Columns {
                    received_online: received,
                    pending_in_time: received,
                    ..Columns::default()
                },
                carried_over_basis: None,
                covers_from: None,
                covers_to: None,
            });
        }

        fn result(&self) -> Aggregated {
            let day = |text: &str| text.parse().unwrap();
            let period = (day("2025-01-01"), day("2025-12-31"));
            let unit = self.story.id(self.unit);
            let roster = Roster::of(&self.story.tree, unit, day(self.on), self.scope, period);
            let lines: Vec<_> =
                self.lines.iter().filter(|line| roster.contains(line.org_unit_id)).cloned().collect();
            aggregate(&roster, &lines)
        }

        /// What was received at a level, all fields together.
        fn received(&self, level: Tier) -> i64 {
            let rows = self.result().rows;
            rows.iter()
                .filter(|((of, _), _)| *of == level)
                .map(|(_, cell)| cell.columns.received_online)
                .sum()
        }

        fn coverage(&self, level: Tier) -> LevelCoverage {
            self.result().coverage.into_iter().find(|coverage| coverage.level == level).unwrap()
        }

        /// Filed, expected, and who is missing.
        fn filed(&self, level: Tier) -> (usize, usize, Vec<&'static str>) {
            let coverage = self.coverage(level);
            (coverage.filed, coverage.expected, self.story.names(&coverage.missing))
        }

        /// Whether each stated line counts, and its difference.
        fn stated(&self, level: Tier) -> Vec<(bool, i64)> {
            let stated = self.coverage(level).stated;
            stated.iter().map(|line| (line.counts, line.difference.received_online)).collect()
        }

        /// Ended units with lines: whether they have filed and count, and what.
        fn ended(&self, level: Tier) -> Vec<(&'static str, bool, bool, i64)> {
            let ended = self.coverage(level).ended;
            let mut told: Vec<_> = ended
                .iter()
                .filter(|line| line.has_lines())
                .map(|line| {
                    let [name] = self.story.names(&[line.org_unit_id])[..] else { panic!("one unit") };
                    (name, line.filed, line.counts, line.total().columns.received_online)
                })
                .collect();
            told.sort_unstable();
            told
        }
    }

    const COMMUNE: Tier = Tier::Commune;
    const DISTRICT: Tier = Tier::District;
    const ON: &str = "2025-12-31";
    const BEFORE: &str = "2025-06-30";

    #[test]
    fn the_districts_line_counts_until_every_commune_has_filed() {
        let s = story::district();
        let mut form = Form::of(&s, "district", ON);
        form.file("district", COMMUNE, "-", 100);
        form.file("one", COMMUNE, "-", 40);
        assert_eq!(form.received(COMMUNE), 100);
        assert_eq!(form.filed(COMMUNE), (1, 2, vec!["two"]));
        assert_eq!(form.stated(COMMUNE), [(true, 60)]);
        form.file("two", COMMUNE, "-", 55);
        assert_eq!(form.received(COMMUNE), 95);
        assert_eq!(form.stated(COMMUNE), [(false, 5)]);
    }

    #[test]
    fn a_province_adds_up_what_its_districts_stand_for() {
        let s = story::district();
        let mut form = Form::of(&s, "province", ON);
        form.file("district", COMMUNE, "-", 100);
        form.file("district", DISTRICT, "-", 7);
        assert_eq!((form.received(COMMUNE), form.received(DISTRICT)), (100, 7));
        assert_eq!(form.filed(Tier::Province), (0, 1, vec!["province"]));
        assert!(form.at("province", ON, UnitScope::Own).result().rows.is_empty());
    }

    #[test]
    fn a_unit_has_filed_when_nothing_of_its_level_is_open() {
        let s = story::district();
        let mut form = Form::of(&s, "district", ON);
        form.file("one", COMMUNE, "Hộ tịch", 40);
        form.file("two", COMMUNE, "-", 55);
        assert_eq!(form.filed(COMMUNE), (2, 2, vec![]));
        form.draft("one", COMMUNE, "Đất đai");
        assert_eq!(form.filed(COMMUNE), (1, 2, vec!["one"]), "a line is still to come");
        assert_eq!(form.received(COMMUNE), 95, "what was handed in counts, and no draft");
        // So the district's line stands, once it is wholly handed in itself.
        form.draft("district", COMMUNE, "Đất đai");
        form.file("district", COMMUNE, "Hộ tịch", 60);
        assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (95, vec![(false, -35)]));
        form.lines.retain(|line| line.is_handed_in || line.org_unit_id != s.id("district"));
        assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (60, vec![(true, -35)]));
    }

    #[test]
    fn lines_by_field_replace_lines_of_their_fields() {
        let s = story::district();
        let mut form = Form::of(&s, "district", ON);
        form.file("district", COMMUNE, "Hộ tịch", 60);
        form.file("one", COMMUNE, "Hộ tịch", 40);
        form.file("one", COMMUNE, "Đất đai", 7);
        assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (67, vec![(true, 20)]));
        // What only an agency of the district states is one field of many.
        let mut form = Form::of(&s, "district", ON);
        form.file("bureau", COMMUNE, "Hộ tịch", 60);
        assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (60, vec![(true, 60)]));
        form.file("one", COMMUNE, "-", 47);
        assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (47, vec![(false, 13)]));
    }

    #[test]
    fn a_commune_has_filed_when_its_agencies_have_or_it_states_their_figures() {
        let s = story::district();
        let mut form = Form::of(&s, "district", ON);
        form.file("centre", COMMUNE, "-", 30);
        assert_eq!(form.filed(COMMUNE), (1, 2, vec!["two"]), "no hamlet and no second agency is waited for");
        form.draft("office", COMMUNE, "-");
        assert_eq!(form.filed(COMMUNE), (0, 2, vec!["one", "two"]), "but its office is about to file");
        form.file("one", COMMUNE, "-", 50);
        assert_eq!(form.filed(COMMUNE), (1, 2, vec!["two"]));
        assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (50, vec![(true, 20)]));
        form.lines.retain(|line| line.is_handed_in);
        // The office speaks through its section.
        form.file("section", COMMUNE, "-", 15);
        assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (45, vec![(false, 5)]));
        form.file("two", COMMUNE, "-", 1);
        assert_eq!((form.received(COMMUNE), form.filed(COMMUNE)), (46, (2, 2, vec![])));
        // The agency's own form has its own lines.
        assert_eq!(form.at("office", ON, UnitScope::Own).received(COMMUNE), 15);
    }

    #[test]
    fn agencies_count_in_every_scope_and_for_lower_levels_too() {
        let s = story::district();
        let mut form = Form::of(&s, "district", ON);
        form.file("bureau", DISTRICT, "-", 9);
        form.file("bureau", COMMUNE, "-", 20);
        form.file("centre", COMMUNE, "-", 4);
        for (unit, scope, district, commune) in [
            ("district", UnitScope::Own, 9, 20),
            ("district", UnitScope::Children, 9, 20),
            ("province", UnitScope::Children, 9, 20),
            ("province", UnitScope::Subtree, 9, 20),
            ("province", UnitScope::Own, 0, 0),
            ("one", UnitScope::Own, 0, 4),
        ] {
            let form = form.at(unit, ON, scope);
            assert_eq!((form.received(DISTRICT), form.received(COMMUNE)), (district, commune), "{unit}");
        }
        form.file("two", COMMUNE, "-", 5);
        assert_eq!(form.received(COMMUNE), 9, "every commune has filed");
    }

    #[test]
    fn what_ended_within_the_period_is_in_the_form_of_the_province_once() {
        let s = story::reform();
        let mut form = Form::of(&s, "new province", ON);
        form.file("new one", COMMUNE, "-", 1);
        form.file("moved", COMMUNE, "-", 2);
        form.file("old one", COMMUNE, "-", 10);
        form.file("merged in March", COMMUNE, "-", 20);
        form.file("divided", COMMUNE, "-", 40);
        form.file("old district", DISTRICT, "-", 100);
        form.file("old office", DISTRICT, "-", 100);
        form.file("old province", Tier::Province, "-", 1_000);
        for (unit, province, district, commune) in [
            ("country", 1_000, 100, 73),
            ("new province", 1_000, 100, 73),
            ("new one", 0, 0, 31),
            ("new two", 0, 0, 0),
            ("moved", 0, 0, 2),
        ] {
            let form = form.at(unit, ON, UnitScope::Subtree);
            let received = [Tier::Province, DISTRICT, COMMUNE].map(|level| form.received(level));
            assert_eq!(received, [province, district, commune], "{unit}");
        }
        assert_eq!(form.filed(COMMUNE), (2, 3, vec!["new two"]), "n of m is of units in force");
        assert_eq!(form.filed(Tier::Province), (0, 1, vec!["new province"]));
        assert_eq!(form.coverage(COMMUNE).ended.len(), 4, "old two has filed nothing");
        let ended =
            [("divided", true, true, 40), ("merged in March", true, true, 20), ("old one", true, true, 10)];
        assert_eq!(form.ended(COMMUNE), ended);
        assert_eq!(form.ended(DISTRICT), [("old district", true, true, 100)]);
        // The old district on its last day has its own and what had ended by then.
        let before = form.at("old district", BEFORE, UnitScope::Subtree);
        assert_eq!((before.received(COMMUNE), before.received(DISTRICT)), (72, 100));
        assert_eq!(before.filed(COMMUNE), (3, 4, vec!["old two"]));
        assert_eq!(before.ended(COMMUNE), [("merged in March", true, true, 20)]);
    }

    #[test]
    fn an_ended_districts_line_is_held_against_its_own_communes() {
        let s = story::reform();
        let mut form = Form::of(&s, "new province", ON);
        form.file("old district", COMMUNE, "-", 90);
        form.file("old one", COMMUNE, "-", 10);
        form.file("new one", COMMUNE, "-", 1);
        assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (91, vec![(true, 80)]));
        assert_eq!(form.ended(COMMUNE), [("old one", true, false, 10)]);
        for commune in ["old two", "divided", "merged in March"] {
            form.file(commune, COMMUNE, "-", 20);
        }
        assert_eq!((form.received(COMMUNE), form.stated(COMMUNE)), (71, vec![(false, 20)]));
        // A line of the new province is about its own days, and leaves those before alone.
        form.file("new province", COMMUNE, "-", 5);
        assert_eq!(form.received(COMMUNE), 75);
        assert_eq!(form.ended(COMMUNE).iter().filter(|line| line.2).count(), 4);
    }

    #[test]
    fn an_implied_part_marks_the_whole() {
        let implied = Cell { basis: Some(CarriedOverBasis::Implied), ..Cell::default() };
        let stated = Cell { basis: Some(CarriedOverBasis::Stated), ..Cell::default() };
        assert_eq!(stated.plus(implied).basis, Some(CarriedOverBasis::Implied));
        assert_eq!(Cell::default().plus(stated).basis, Some(CarriedOverBasis::Stated));
    }
}
