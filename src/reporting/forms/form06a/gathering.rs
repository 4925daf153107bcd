//! What form 06a is made of: what units have handed in, and what dossiers count of those that declared them
//! complete.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Form06Source, Form06aQuery};
use crate::reporting::forms::aggregate::{Aggregated, Cell, aggregate};
use crate::reporting::forms::kept::Subject;
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::schema::procedure_fields;
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::reporting::periods::Period;
use kernel::reporting::roster::Roster;
use kernel::reporting::rosters::RosterOf;
use kernel::tree::{OrgTree, OrgUnitId, Tier, UnitSet};
use kernel::unit_reference::UnitScope;
use tthc::dossiers::generated::any_generated;
use tthc::dossiers::model::DossierRole;
use tthc::dossiers::summaries::spans::Days;
use tthc::dossiers::summaries::sums::{Count, total_counts, unit_counts};
use tthc::procedures::fields::ProcedureFieldId;
use tthc::processing_returns::lines::{ProcessingLine, processing_lines};
use tthc::record_declarations::declared_since;

/// What is counted, and for which days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) days: Days,
    pub(super) source: Option<Form06Source>,
    pub(super) role: DossierRole,
}

impl Asked {
    /// What a period alone asks for.
    pub(super) fn plain(period: &Period) -> Self {
        let days = Days { from: period.starts_on, to: period.ends_on };
        Self { days, source: None, role: DossierRole::Resolving }
    }

    pub(super) fn of(query: &Form06aQuery, period: Option<&Period>) -> Result<Self, ApiError> {
        let from = query.from.or_else(|| period.map(|period| period.starts_on));
        let to = query.to.or_else(|| period.map(|period| period.ends_on));
        let (Some(from), Some(to)) = (from, to) else {
            let message = Bilingual::new(
                "Nêu kỳ báo cáo, hoặc cả từ ngày và đến ngày.",
                "Give the period, or both the first and the last day.",
            );
            return Err(ApiError::invalid(vec![Fault::new("/period", "required", message)]));
        };
        let mut faults = Vec::new();
        if to < from {
            let message =
                Bilingual::new("Ngày kết thúc trước ngày bắt đầu.", "The last day is before the first.");
            faults.push(Fault::new("/to", "before_start", message));
        }
        let by_days = query.from.is_some() || query.to.is_some();
        if query.source == Some(Form06Source::Returns) && (by_days || period.is_none()) {
            let message = Bilingual::new(
                "Báo cáo số liệu chỉ có theo kỳ; từ ngày, đến ngày chỉ dùng với hồ sơ.",
                "Returns are of periods; first and last day are for dossiers only.",
            );
            faults.push(Fault::new("/from", "not_for_returns", message));
        }
        if !faults.is_empty() {
            return Err(ApiError::invalid(faults));
        }
        let role = query.count_by.unwrap_or(DossierRole::Resolving);
        Ok(Self { days: Days { from, to }, source: query.source, role })
    }
}

/// What a form is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) unit: OrgUnitId,
    pub(super) period: Option<&'a Period>,
    pub(super) as_of: NaiveDate,
    pub(super) asked: Asked,
}

/// The lines of a form, and where they come from.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) lines: Vec<ProcessingLine>,
    /// The units whose dossiers count, and since when they are complete.
    pub(super) complete: HashMap<OrgUnitId, NaiveDate>,
    /// What such units have handed in all the same.
    pub(super) replaced: Vec<ProcessingLine>,
    /// Whether dossiers among them may be made up.
    pub(super) generated: bool,
    /// The rows of all dossiers together, where they alone count.
    pub(super) counted: Option<Rows>,
}

/// Whether a form needs what was counted of each unit, or of all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Apart {
    /// Of each: narrower forms are made of it too.
    Units,
    /// Together, where nothing that was handed in is held against it.
    Together,
}

impl<'a> From<Subject<'a>> for Wanted<'a> {
    fn from(Subject { unit, period, as_of }: Subject<'a>) -> Self {
        Self { unit, period: Some(period), as_of, asked: Asked::plain(period) }
    }
}

impl Wanted<'_> {
    pub(super) fn roster_of(&self, scope: UnitScope) -> RosterOf {
        let period = match self.period {
            Some(period) => (period.starts_on, period.ends_on),
            None => (self.asked.days.from, self.asked.days.to),
        };
        RosterOf { unit: self.unit, day: self.as_of, scope, period }
    }

    pub(super) fn roster(&self, tree: &OrgTree, scope: UnitScope) -> Roster {
        let RosterOf { unit, day, scope, period } = self.roster_of(scope);
        Roster::of(tree, unit, day, scope, period)
    }

    /// The rows of all dossiers of these units together.
    fn counted(&self, conn: &mut DbConn, units: &UnitSet) -> Result<Rows, ApiError> {
        let Asked { days, role, .. } = self.asked;
        let counts = total_counts(conn, units, role, days)?;
        let names = field_names(conn, counts.keys().filter_map(|(_, field)| *field))?;
        let mut rows = Rows::new();
        for ((tier, field), count) in counts {
            let row = rows.entry((tier, field.and_then(|field| names.get(&field)).cloned())).or_default();
            *row = row.plus(cell(count));
        }
        Ok(rows)
    }

    /// What the form is made of, read in one snapshot or while nobody folds: lines and dossiers of these units
    /// of the roster.
    pub(super) fn gathered(
        &self,
        conn: &mut DbConn,
        tree: &OrgTree,
        roster: &Roster,
        units: &UnitSet,
        apart: Apart,
    ) -> Result<Gathered, ApiError> {
        let Asked { days, source, role } = self.asked;
        if source == Some(Form06Source::Records) {
            let counted = Some(self.counted(conn, units)?);
            let complete = complete_from(conn, tree, units, days.from)?;
            let generated = any_generated(conn)?;
            return Ok(Gathered { complete, generated, counted, ..Gathered::default() });
        }
        let complete = match source {
            None => complete_from(conn, tree, units, days.from)?,
            Some(_) => HashMap::new(),
        };
        let mut lines = match self.period {
            Some(period) => processing_lines(conn, period.id, units)?,
            None => Vec::new(),
        };
        // Dossiers are of the unit's own level. What it states for the units below stands.
        let is_replaced = |line: &mut ProcessingLine| {
            complete.contains_key(&line.org_unit_id)
                && level_of(tree, line.org_unit_id, self.as_of).is_none_or(|own| line.handling_level <= own)
        };
        let replaced: Vec<_> = lines.extract_if(.., is_replaced).collect();
        let mut counting: Vec<OrgUnitId> = complete.keys().copied().collect();
        let generated = !counting.is_empty() && any_generated(conn)?;
        let mut counted = None;
        if apart == Apart::Together && lines.is_empty() && !counting.is_empty() {
            counted = Some(self.counted(conn, &units.only(|unit| complete.contains_key(&unit)))?);
            // These are told one by one as well, and a unit has filed when its agencies have lines.
            let handed_in: HashSet<OrgUnitId> = replaced.iter().map(|line| line.org_unit_id).collect();
            let is_told = |unit: OrgUnitId| {
                handed_in.contains(&unit)
                    || roster.standing(unit).is_none_or(|at| at.has_ended() || at.rank().is_none())
            };
            counting.retain(|unit| is_told(*unit));
        }
        if !counting.is_empty() {
            let counts = unit_counts(conn, &counting, role, days)?;
            let names = field_names(conn, counts.keys().filter_map(|(_, (_, field))| *field))?;
            lines.extend(counts.into_iter().map(|((unit, (tier, field)), count)| ProcessingLine {
                org_unit_id: unit,
                handling_level: tier,
                field: field.and_then(|field| names.get(&field)).cloned(),
                is_counted: true,
                is_handed_in: true,
                columns: count.columns,
                transferred: count.transferred,
                carried_over_basis: None,
                covers_from: None,
                covers_to: None,
            }));
        }
        Ok(Gathered { lines, complete, replaced, generated, counted })
    }
}

/// The units of a roster whose figures an account may see. What stood under the unit on the day may have come to
/// another since, whose figures are its own.
pub(super) fn units_within_reach<'r>(scoped: &Scoped, roster: &'r Roster) -> Cow<'r, UnitSet> {
    if scoped.everything() {
        return Cow::Borrowed(roster.units());
    }
    Cow::Owned(roster.units().only(|unit| scoped.reaches_aggregates(unit)))
}

/// Rows by level and field.
type Rows = BTreeMap<(Tier, Option<String>), Cell>;

fn cell(count: Count) -> Cell {
    Cell { columns: count.columns, basis: None, transferred: count.transferred }
}

impl Gathered {
    /// What of it belongs to a narrower scope.
    pub(super) fn within(&self, roster: &Roster) -> Self {
        let of = |lines: &[ProcessingLine]| {
            lines.iter().filter(|line| roster.contains(line.org_unit_id)).cloned().collect()
        };
        let complete = self.complete.iter().filter(|(unit, _)| roster.contains(**unit));
        Self {
            lines: of(&self.lines),
            complete: complete.map(|(unit, since)| (*unit, *since)).collect(),
            replaced: of(&self.replaced),
            generated: self.generated,
            counted: None,
        }
    }

    pub(super) fn aggregated(&self, roster: &Roster) -> Aggregated {
        let complete = self.complete.keys().copied().collect();
        let aggregated = aggregate(roster, &self.lines, &complete);
        match &self.counted {
            None => aggregated,
            Some(rows) => Aggregated { rows: rows.clone(), ..aggregated },
        }
    }

    /// Units of a level whose dossiers count though they handed in a return, and how the two differ.
    pub(super) fn replaced(&self, level: Tier) -> Vec<(OrgUnitId, NaiveDate, Cell)> {
        let sums = |lines: &[ProcessingLine], is_counted: bool| {
            let mut sums: BTreeMap<OrgUnitId, Cell> = BTreeMap::new();
            let of_level = lines.iter().filter(|line| line.handling_level == level && line.is_handed_in);
            for line in of_level.filter(|line| line.is_counted == is_counted) {
                let cell = Cell { columns: line.columns, basis: None, transferred: line.transferred };
                let sum = sums.entry(line.org_unit_id).or_default();
                *sum = sum.plus(cell);
            }
            sums
        };
        if self.replaced.is_empty() {
            return Vec::new();
        }
        let counted = sums(&self.lines, true);
        let line = |(unit, handed_in): (OrgUnitId, Cell)| {
            let since = *self.complete.get(&unit)?;
            Some((unit, since, counted.get(&unit).copied().unwrap_or_default().minus(handed_in)))
        };
        sums(&self.replaced, false).into_iter().filter_map(line).collect()
    }
}

/// The names of these fields.
pub(in crate::reporting::forms) fn field_names(
    conn: &mut DbConn,
    fields: impl Iterator<Item = ProcedureFieldId>,
) -> Result<HashMap<ProcedureFieldId, String>, ApiError> {
    let ids: BTreeSet<ProcedureFieldId> = fields.collect();
    let rows: Vec<(ProcedureFieldId, String)> = procedure_fields::table
        .filter(procedure_fields::id.eq_any(ids))
        .select((procedure_fields::id, procedure_fields::name))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The units among these whose dossiers are complete from that day on, or from their own first day.
fn complete_from(
    conn: &mut DbConn,
    tree: &OrgTree,
    units: &UnitSet,
    from: NaiveDate,
) -> Result<HashMap<OrgUnitId, NaiveDate>, ApiError> {
    let mut complete = declared_since(conn, units)?;
    complete.retain(|unit, since| *since <= tree.first_day(*unit).map_or(from, |first| first.max(from)));
    Ok(complete)
}

/// The level of a unit, or of the one that an agency hangs under, on the day or the unit's last.
fn level_of(tree: &OrgTree, unit: OrgUnitId, day: NaiveDate) -> Option<Tier> {
    let last = tree.last_day(unit).filter(|last| *last < day);
    tree.tier_at(unit, last.unwrap_or(day))
}
