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
//! not handed in wholly replaces nothing.
//!
//! Whoever states fields speaks of these fields alone, be it an upper unit or its agencies. The lines
//! below of the same fields are replaced, and those of other fields stand beside. A line below without
//! field is about all fields, and nobody can take one of them out of it: as soon as there is one, what
//! is stated by field would either count a part of it twice or lose the rest of it. So it replaces
//! nothing then; all lines below stand, with field or without, and what was stated is shown with its
//! difference. A line without field speaks of everything, and replaces lines of whatever fields. Nor do
//! agencies that state fields of the units below replace the line without field of their own unit.
//!
//! Dossiers are facts, and state nothing for anybody: those of a unit and those of its agencies and of the
//! units below stand beside each other, each counted once. Only a return above them, which speaks for them
//! as for any other line, may stand in their place.
//!
//! An ended unit stated its figures for its own days and its successor for those after them, so they are
//! added. What was pending on the last day stands in both, as it stands in the books of both: pending
//! with one, carried over with the other. What an ended unit stated for one that lives on cannot be told
//! from that one's own lines.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

use kernel::reporting::roster::{Roster, Standing, tier_rank};
use kernel::tree::{OrgUnitId, Tier};
use tthc::processing_returns::lines::ProcessingLine;
use tthc::processing_returns::model::CarriedOverBasis;
use tthc::processing_returns::rules::Columns;

/// What a line counts, and where its carry-over comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// The leaf columns.
    pub columns: Columns,
    /// `implied` as soon as one part of it is.
    pub basis: Option<CarriedOverBasis>,
    /// Came from other units less what went to them.
    pub transferred: i64,
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
        let transferred = self.transferred + other.transferred;
        Self { columns: self.columns.plus(other.columns), basis, transferred }
    }

    /// This less the other; where a carry-over comes from, a difference does not tell.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        let transferred = self.transferred - other.transferred;
        Self { columns: self.columns.minus(other.columns), basis: None, transferred }
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
    pub difference: Cell,
    rows: ByField,
}

/// What a unit that had ended by the day filed for a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedLine {
    /// The unit.
    pub org_unit_id: OrgUnitId,
    /// Whether it was to file: it existed within the period.
    pub expected: bool,
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
    /// Administrative units of the level that existed within the period and had ended by the day, and
    /// those that had ended before it and filed for it all the same.
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

/// The rows of the form of these units. Whose records are complete has filed, with lines or without.
#[must_use]
pub fn aggregate(roster: &Roster, lines: &[ProcessingLine], complete: &HashSet<OrgUnitId>) -> Aggregated {
    let mut filed: HashMap<(OrgUnitId, Tier), Filed> = HashMap::new();
    for line in lines {
        let filed = filed.entry((line.org_unit_id, line.handling_level)).or_default();
        if !line.is_handed_in {
            filed.is_open = true;
            continue;
        }
        let rows = if line.is_counted { &mut filed.dossiers } else { &mut filed.rows };
        let entry = rows.entry(line.field.clone()).or_default();
        let ProcessingLine { columns, transferred, .. } = *line;
        *entry = entry.plus(Cell { columns, basis: line.carried_over_basis, transferred });
    }
    let walk = Walk { roster, filed, complete };
    let mut result = Aggregated::default();
    for level in Tier::ALL {
        let Some(found) = roster.standing(roster.unit()).map(|unit| walk.found(unit, *level)) else {
            continue;
        };
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
    /// What was counted of dossiers.
    dossiers: ByField,
    /// Whether something of it is a draft, or was sent back.
    is_open: bool,
    /// Whether it is all there is, though it may be nothing.
    is_whole: bool,
}

impl Filed {
    fn is_complete(&self) -> bool {
        (self.is_whole || !self.rows.is_empty() || !self.dossiers.is_empty()) && !self.is_open
    }

    fn join(&mut self, other: &Self) {
        add(&mut self.rows, &other.rows);
        add(&mut self.dossiers, &other.dossiers);
        self.is_open |= other.is_open;
    }

    /// What was handed in and what was counted together.
    fn into_all(self) -> ByField {
        let mut all = self.rows;
        add(&mut all, &self.dossiers);
        all
    }
}

/// What a unit says of a level, by itself or through its agencies.
#[derive(Debug, Clone, Default)]
struct Word {
    filed: Filed,
    /// Its own line, where its agencies speak too.
    stated: Option<StatedLine>,
}

struct Walk<'a> {
    roster: &'a Roster,
    filed: HashMap<(OrgUnitId, Tier), Filed>,
    complete: &'a HashSet<OrgUnitId>,
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
        self.expected + self.ended.iter().filter(|line| line.expected).count()
    }

    /// Counts a unit of the level.
    fn count(&mut self, unit: &Standing, filed: bool, rows: &ByField) {
        let org_unit_id = unit.unit();
        if unit.has_ended() {
            let expected = unit.is_expected();
            let line = EndedLine { org_unit_id, expected, filed, counts: true, rows: rows.clone() };
            self.ended.extend((line.expected || line.has_lines()).then_some(line));
        } else {
            self.expected += 1;
            self.missing.extend((!filed).then_some(org_unit_id));
        }
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
    fn found(&self, unit: &Standing, level: Tier) -> Found {
        if !self.filed.is_empty() {
            return self.level(unit, level);
        }
        let mut found = Found::default();
        self.awaited(unit, level, &mut found);
        found
    }

    /// Who is to file for a level, where nobody has a line: of the fifteen thousand units of a country, where
    /// dossiers alone count, there is nothing else to tell.
    fn awaited(&self, unit: &Standing, level: Tier, found: &mut Found) {
        let wanted = tier_rank(level);
        let Some(rank) = unit.rank().filter(|_| unit.comes_up_to(wanted)) else { return };
        if rank == wanted {
            found.count(unit, self.complete.contains(&unit.unit()), &ByField::new());
        }
        if rank < wanted {
            for member in self.roster.administrative(unit) {
                self.awaited(member, level, found);
            }
        }
        for arrival in self.roster.arrivals(unit) {
            self.awaited(arrival, level, found);
        }
    }

    /// What there is of a level at a unit, below it, and in what came to it.
    fn level(&self, unit: &Standing, level: Tier) -> Found {
        let wanted = tier_rank(level);
        let mut found = match unit.rank() {
            Some(rank) if rank == wanted => self.at_its_level(unit, level),
            Some(rank) if rank < wanted => self.above_the_level(unit, level),
            // A unit never speaks for a level above its own.
            Some(_) => Found { covered: true, rows: self.of_level_above(unit, level), ..Found::default() },
            None => {
                let filed = self.of_agency(unit, level);
                Found { covered: filed.is_complete(), rows: filed.into_all(), ..Found::default() }
            }
        };
        if unit.rank().is_some() {
            for arrival in self.roster.arrivals(unit) {
                found.join(self.level(arrival, level));
            }
        }
        found
    }

    /// What an agency says, with what agencies that ended filed before they came to it.
    fn of_agency(&self, agency: &Standing, level: Tier) -> Filed {
        let mut filed = self.word(agency, level).filed;
        for arrival in self.roster.arrivals(agency) {
            filed.join(&self.of_agency(arrival, level));
        }
        filed
    }

    fn word(&self, unit: &Standing, level: Tier) -> Word {
        let mut own = self.filed.get(&(unit.unit(), level)).cloned().unwrap_or_default();
        own.is_whole = self.complete.contains(&unit.unit());
        let mut theirs = Filed::default();
        let (mut awaited, mut silent) = (0_usize, 0_usize);
        for agency in self.roster.agencies(unit) {
            let filed = self.of_agency(agency, level);
            if agency.is_awaited() {
                awaited += 1;
                silent += usize::from(!filed.is_complete());
            }
            theirs.join(&filed);
        }
        if own.rows.is_empty() {
            own.join(&theirs);
            return Word { filed: own, stated: None };
        }
        let (is_open_below, theirs) = (theirs.is_open, theirs.into_all());
        if theirs.is_empty() {
            return Word { filed: own, stated: None };
        }
        // Of the units below, agencies may know some fields alone.
        let is_above = unit.rank().is_some_and(|rank| rank < tier_rank(level));
        let is_part = is_above && own.rows.contains_key(&None) && !theirs.contains_key(&None);
        let all_have_filed = awaited > 0 && silent == 0 && !is_open_below && !is_part;
        let settled = settle(unit.unit(), &own, theirs, all_have_filed);
        let is_open = own.is_open || (!settled.stated.counts && is_open_below);
        let filed = Filed { rows: settled.rows, is_open, ..own };
        Word { filed, stated: Some(settled.stated) }
    }

    /// What there is of a level at a unit that stands below it, and at those under that: dossiers, and what
    /// agencies handed in that hung higher then.
    fn of_level_above(&self, unit: &Standing, level: Tier) -> ByField {
        let own = self.filed.get(&(unit.unit(), level));
        let mut rows = own.map(|filed| filed.dossiers.clone()).unwrap_or_default();
        for agency in self.roster.agencies(unit) {
            add(&mut rows, &self.of_agency(agency, level).into_all());
        }
        for member in self.roster.administrative(unit) {
            add(&mut rows, &self.level(member, level).rows);
        }
        rows
    }

    fn at_its_level(&self, unit: &Standing, level: Tier) -> Found {
        let Word { filed, stated } = self.word(unit, level);
        let covered = filed.is_complete();
        let mut rows = filed.into_all();
        for member in self.roster.administrative(unit) {
            add(&mut rows, &self.level(member, level).rows);
        }
        let mut found = Found { covered, stated: stated.into_iter().collect(), ..Found::default() };
        found.count(unit, covered, &rows);
        Found { rows, ..found }
    }

    fn above_the_level(&self, unit: &Standing, level: Tier) -> Found {
        let mut below = Found { covered: true, ..Found::default() };
        for member in self.roster.administrative(unit) {
            below.join(self.level(member, level));
        }
        below.covered &= below.awaited() > 0;
        let word = self.word(unit, level);
        if word.filed.rows.is_empty() {
            add(&mut below.rows, &word.filed.dossiers);
            return below;
        }
        let settled = settle(unit.unit(), &word.filed, std::mem::take(&mut below.rows), below.covered);
        if settled.stated.counts {
            below.covered |= word.filed.is_complete();
            // What it speaks for does not count beside it, whoever filed it.
            let counts = |rows: &ByField| rows.keys().any(|field| !settled.replaced.contains_key(field));
            below.stated.iter_mut().for_each(|line| line.counts &= counts(&line.rows));
            below.ended.iter_mut().for_each(|line| line.counts &= counts(&line.rows));
        }
        below.rows = settled.rows;
        add(&mut below.rows, &word.filed.dossiers);
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

fn settle(unit: OrgUnitId, word: &Filed, below: ByField, all_below_have_filed: bool) -> Settled {
    let own = &word.rows;
    let is_by_field = !own.contains_key(&None);
    // A line without field is about all of them, and is held against whatever names some.
    let (replaced, beside): (ByField, ByField) =
        below.into_iter().partition(|(field, _)| !is_by_field || field.is_none() || own.contains_key(field));
    let is_narrow = is_by_field && replaced.contains_key(&None);
    // What takes no place counts, though not all of it has been handed in.
    let may_replace = replaced.is_empty() || (word.is_complete() && !is_narrow);
    let counts = !all_below_have_filed && may_replace;
    let difference = total(own).minus(total(&replaced));
    let stated = StatedLine { org_unit_id: unit, counts, difference, rows: own.clone() };
    let mut rows = beside;
    add(&mut rows, if counts { own } else { &replaced });
    Settled { rows, stated, replaced }
}
