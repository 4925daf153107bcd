//! How form 06a is made of what units have handed in, or read as a closing kept it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::coverage::{
    Form06aCoverage, Form06aEndedLine, Form06aLevelCoverage, Form06aRecordsLine, Form06aStatedLine,
};
use super::model::{
    Form06Columns, Form06Definition, Form06DefinitionUsed, Form06Source, Form06a, Form06aQuery, Form06aRow,
    FormUnit,
};
use crate::auth::permission::Domain;
use crate::auth::scope::Scoped;
use crate::db::schema::procedure_fields;
use crate::db::{DbConn, snapshot};
use crate::domain::organization::reference::{UnitName, UnitScope, label};
use crate::domain::organization::successors::unit_in_force;
use crate::domain::organization::tree::{OrgTree, OrgUnitId, Tier, UnitSet};
use crate::domain::tthc::dossiers::generated::any_generated;
use crate::domain::tthc::dossiers::model::DossierRole;
use crate::domain::tthc::dossiers::summaries::fold::hold_folding;
use crate::domain::tthc::dossiers::summaries::spans::Days;
use crate::domain::tthc::dossiers::summaries::sums::{Count, total_counts, unit_counts};
use crate::domain::tthc::procedures::fields::ProcedureFieldId;
use crate::domain::tthc::processing_returns::lines::{ProcessingLine, processing_lines};
use crate::domain::tthc::record_declarations::declared_since;
use crate::domain::validity::days_in_range;
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::reporting::forms::aggregate::{Aggregated, Cell, EndedLine, StatedLine, aggregate};
use crate::reporting::forms::kept::coverage::{FormCoverageCount, LevelFiled};
use crate::reporting::forms::kept::{self, Figures, KeptForm, Subject, Variant};
use crate::reporting::forms::roster::Roster;
use crate::reporting::forms::rosters::{RosterOf, Rosters};
use crate::reporting::period_closures::{closure_facts, not_the_forms_closure};
use crate::reporting::periods::Period;
use crate::reporting::periods::store::period_of_regime;

/// Form 06a for a unit and period or days: today's, or the one that was kept at a closing.
///
/// # Errors
/// 403 for a unit out of reach, 422 for an unknown period, a day out of range, a unit that is not in
/// force, or a closing of another unit or period.
pub fn form06a(
    conn: &mut DbConn,
    scoped: &Scoped,
    rosters: &Rosters,
    query: &Form06aQuery,
) -> Result<Form06a, ApiError> {
    days_in_range([("/as_of", query.as_of), ("/from", query.from), ("/to", query.to)])?;
    let period = match &query.period {
        Some(code) => Some(period_of_regime(conn, code, query.regime.as_deref())?),
        None => None,
    };
    let asked = Asked::of(query, period.as_ref())?;
    let scope = query.scope.unwrap_or_default();
    let definition = query.definition.unwrap_or(Form06Definition::Circular012020);
    let variant = Variant { definition: definition.as_str(), scope };
    let closing = match (query.snapshot, &period) {
        (Some(id), Some(period)) if asked == Asked::plain(period) => {
            Some(closure_facts(conn, id, period.id)?)
        }
        (Some(_), _) => return Err(not_the_forms_closure()),
        (None, _) => None,
    };
    let as_of = query.as_of.unwrap_or_else(|| match (&closing, &period) {
        (Some(kept), _) => kept.as_of,
        (None, Some(period)) if query.to.is_none() => period.ends_on,
        _ => asked.days.to,
    });
    let tree = scoped.tree();
    let name = UnitName {
        id: query.org_unit_id,
        identifier: query.org_unit_identifier.as_deref(),
        code: query.org_unit_code.as_deref(),
    };
    let unit = unit_in_force(tree, &name, as_of)?;
    if !scoped.reaches_aggregates(unit) {
        return Err(ApiError::new(Problem::Forbidden));
    }
    if let Some(closing) = closing {
        let same = (closing.unit, closing.as_of) == (unit, as_of);
        let kept = if same { kept::snapshot(conn, closing.form.id, &variant)? } else { None };
        let form: Form06a = kept.ok_or_else(not_the_forms_closure)?;
        let days = (Some(asked.days.from), Some(asked.days.to));
        let (from, to) = (form.from.or(days.0), form.to.or(days.1));
        return Ok(Form06a { closure: Some(closing.form), from, to, ..form });
    }
    let wanted = Wanted { unit, period: period.as_ref(), as_of, asked };
    let roster = rosters.of(scoped.units(), wanted.roster_of(scope));
    let gathered = snapshot(conn, |conn| wanted.gathered(conn, tree, &roster, Apart::Together))?;
    let form = Form06a::of(tree, wanted, scope, definition, &roster, &gathered);
    let closure = match &period {
        Some(period) if asked == Asked::plain(period) => {
            kept::closure_of(conn, Subject { unit, period, as_of }, &variant, &form)?
        }
        _ => None,
    };
    Ok(Form06a { closure, ..form })
}

/// What is counted, and for which days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    days: Days,
    source: Option<Form06Source>,
    role: DossierRole,
}

impl Asked {
    /// What a period alone asks for.
    fn plain(period: &Period) -> Self {
        let days = Days { from: period.starts_on, to: period.ends_on };
        Self { days, source: None, role: DossierRole::Resolving }
    }

    fn of(query: &Form06aQuery, period: Option<&Period>) -> Result<Self, ApiError> {
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
struct Wanted<'a> {
    unit: OrgUnitId,
    period: Option<&'a Period>,
    as_of: NaiveDate,
    asked: Asked,
}

/// The lines of a form, and where they come from.
#[derive(Debug, Default)]
struct Gathered {
    lines: Vec<ProcessingLine>,
    /// The units whose dossiers count, and since when they are complete.
    complete: HashMap<OrgUnitId, NaiveDate>,
    /// What such units have handed in all the same.
    replaced: Vec<ProcessingLine>,
    /// Whether dossiers among them may be made up.
    generated: bool,
    /// The rows of all dossiers together, where they alone count.
    counted: Option<Rows>,
}

/// Whether a form needs what was counted of each unit, or of all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apart {
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
    fn roster_of(&self, scope: UnitScope) -> RosterOf {
        let period = match self.period {
            Some(period) => (period.starts_on, period.ends_on),
            None => (self.asked.days.from, self.asked.days.to),
        };
        RosterOf { unit: self.unit, day: self.as_of, scope, period }
    }

    fn roster(&self, tree: &OrgTree, scope: UnitScope) -> Roster {
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

    /// What the form is made of, read in one snapshot or while nobody folds.
    fn gathered(
        &self,
        conn: &mut DbConn,
        tree: &OrgTree,
        roster: &Roster,
        apart: Apart,
    ) -> Result<Gathered, ApiError> {
        let Asked { days, source, role } = self.asked;
        let units = roster.units();
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
                handed_in.contains(&unit) || roster.has_ended(unit) || roster.rank(unit).is_none()
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

/// Rows by level and field.
type Rows = BTreeMap<(Tier, Option<String>), Cell>;

fn cell(count: Count) -> Cell {
    Cell { columns: count.columns, basis: None, transferred: count.transferred }
}

impl Gathered {
    /// What of it belongs to a narrower scope.
    fn within(&self, roster: &Roster) -> Self {
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

    fn aggregated(&self, roster: &Roster) -> Aggregated {
        let complete = self.complete.keys().copied().collect();
        let aggregated = aggregate(roster, &self.lines, &complete);
        match &self.counted {
            None => aggregated,
            Some(rows) => Aggregated { rows: rows.clone(), ..aggregated },
        }
    }

    /// Units of a level whose dossiers count though they handed in a return, and how the two differ.
    fn replaced(&self, level: Tier) -> Vec<(OrgUnitId, NaiveDate, Cell)> {
        let sums = |lines: &[ProcessingLine]| {
            let mut sums: BTreeMap<OrgUnitId, Cell> = BTreeMap::new();
            for line in lines.iter().filter(|line| line.handling_level == level && line.is_handed_in) {
                let cell = Cell { columns: line.columns, basis: None, transferred: line.transferred };
                let sum = sums.entry(line.org_unit_id).or_default();
                *sum = sum.plus(cell);
            }
            sums
        };
        if self.replaced.is_empty() {
            return Vec::new();
        }
        let counted: Vec<_> = self.lines.iter().filter(|line| line.is_counted).cloned().collect();
        let counted = sums(&counted);
        let line = |(unit, handed_in): (OrgUnitId, Cell)| {
            let since = *self.complete.get(&unit)?;
            Some((unit, since, counted.get(&unit).copied().unwrap_or_default().minus(handed_in)))
        };
        sums(&self.replaced).into_iter().filter_map(line).collect()
    }
}

impl KeptForm for Form06a {
    const NAME: &'static str = "06a";
    const DOMAIN: Domain = Domain::Tthc;
    const DEFINITIONS: &'static [&'static str] =
        &[Form06Definition::Circular012020.as_str(), Form06Definition::WithdrawnRefusedApart.as_str()];

    fn all(conn: &mut DbConn, tree: &OrgTree, of: Subject<'_>) -> Result<Vec<(Variant, Self)>, ApiError> {
        let wanted = Wanted::from(of);
        hold_folding(conn)?;
        // The widest scope has the lines of the others.
        let roster = wanted.roster(tree, UnitScope::Subtree);
        let gathered = wanted.gathered(conn, tree, &roster, Apart::Units)?;
        let mut forms = Vec::new();
        for scope in UnitScope::ALL {
            let roster = wanted.roster(tree, *scope);
            let within = gathered.within(&roster);
            for definition in Form06Definition::ALL {
                let variant = Variant { definition: definition.as_str(), scope: *scope };
                forms.push((variant, Self::of(tree, wanted, *scope, *definition, &roster, &within)));
            }
        }
        Ok(forms)
    }

    fn one(conn: &mut DbConn, tree: &OrgTree, of: Subject<'_>, variant: &Variant) -> Result<Self, ApiError> {
        let definition = variant.definition.parse().map_err(|error: String| ApiError::internal(error))?;
        let wanted = Wanted::from(of);
        let roster = wanted.roster(tree, variant.scope);
        let gathered = wanted.gathered(conn, tree, &roster, Apart::Together)?;
        Ok(Self::of(tree, wanted, variant.scope, definition, &roster, &gathered))
    }

    fn figures(&self) -> Figures {
        let line = |row: &Form06aRow| {
            let level = row.handling_level.as_str().to_owned();
            (vec![("handling_level", Some(level)), ("field", row.field.clone())], row.columns().figures())
        };
        Figures { lines: self.rows.iter().map(line).collect(), totals: self.totals.figures() }
    }

    fn filed(&self) -> Vec<LevelFiled> {
        // No country has as many units as an i64 counts.
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let levels = self.coverage.levels.iter().map(|level| LevelFiled {
            level: level.handling_level,
            count: FormCoverageCount {
                units_expected: number(level.units_expected),
                units_filed: number(level.units_filed),
                ended_expected: number(level.ended_expected),
                ended_filed: number(level.ended_filed),
            },
        });
        levels.collect()
    }
}

impl Form06a {
    /// The form of these lines.
    fn of(
        tree: &OrgTree,
        wanted: Wanted<'_>,
        scope: UnitScope,
        definition: Form06Definition,
        roster: &Roster,
        gathered: &Gathered,
    ) -> Self {
        let Wanted { unit, period, as_of, asked } = wanted;
        let aggregated = gathered.aggregated(roster);
        let total = aggregated.rows.values().fold(Cell::default(), |sum, cell| sum.plus(*cell));
        let row = |((level, field), cell): (&(Tier, Option<String>), &Cell)| {
            Form06aRow::of(*level, field.clone(), Form06Columns::of(cell, definition))
        };
        let covers = |day: fn(&ProcessingLine) -> Option<NaiveDate>| covered(&gathered.lines, day);
        Self {
            form: "II.06a/VPCP/KSTT".into(),
            definition: Form06DefinitionUsed {
                name: definition,
                version: Form06Definition::VERSION,
                title: definition.label_vi().into(),
                title_en: definition.title_en().into(),
                identity: definition.identity().into(),
            },
            unit: label(tree, unit, as_of).into(),
            as_of,
            scope,
            rows: aggregated.rows.iter().map(row).collect(),
            totals: Form06Columns::of(&total, definition),
            coverage: Form06aCoverage {
                levels: levels(tree, roster, &aggregated, gathered, wanted, definition),
                covers_from: covers(|line| line.covers_from)
                    .min()
                    .filter(|day| period.is_none_or(|period| *day != period.starts_on)),
                covers_to: covers(|line| line.covers_to)
                    .max()
                    .filter(|day| period.is_none_or(|period| *day != period.ends_on)),
            },
            period: period.cloned(),
            from: Some(asked.days.from),
            to: Some(asked.days.to),
            source: asked.source,
            count_by: Some(asked.role),
            generated: gathered.generated,
            closure: None,
        }
    }
}

/// The days that lines really cover, where they name one.
fn covered(
    lines: &[ProcessingLine],
    day: impl Fn(&ProcessingLine) -> Option<NaiveDate>,
) -> impl Iterator<Item = NaiveDate> {
    lines.iter().filter(|line| line.is_handed_in).filter_map(day)
}

fn levels(
    tree: &OrgTree,
    roster: &Roster,
    aggregated: &Aggregated,
    gathered: &Gathered,
    Wanted { as_of, asked: Asked { source, .. }, .. }: Wanted<'_>,
    definition: Form06Definition,
) -> Vec<Form06aLevelCoverage> {
    let named = |unit: OrgUnitId| FormUnit::from(label(tree, unit, as_of));
    let stated = |line: &StatedLine| Form06aStatedLine {
        unit: named(line.org_unit_id),
        counts: line.counts,
        difference: Form06Columns::of(&line.difference, definition),
    };
    let ended = |line: &EndedLine| Form06aEndedLine {
        unit: named(line.org_unit_id),
        held_by: named(roster.holder(line.org_unit_id)),
        filed: line.filed,
        counts: line.counts,
        figures: Form06Columns::of(&line.total(), definition),
    };
    let records = |(unit, since, difference): (OrgUnitId, NaiveDate, Cell)| Form06aRecordsLine {
        unit: named(unit),
        records_complete_since: since,
        difference: Form06Columns::of(&difference, definition),
    };
    let levels = aggregated.coverage.iter().map(|level| Form06aLevelCoverage {
        handling_level: level.level,
        units_expected: level.expected,
        units_filed: level.filed,
        missing: match source {
            Some(Form06Source::Records) => Vec::new(),
            _ => level.missing.iter().map(|unit| named(*unit)).collect(),
        },
        records: gathered.replaced(level.level).into_iter().map(records).collect(),
        stated: level.stated.iter().map(stated).collect(),
        ended_expected: level.ended.iter().filter(|line| line.expected).count(),
        ended_filed: level.ended.iter().filter(|line| line.expected && line.filed).count(),
        ended: level.ended.iter().filter(|line| line.has_lines()).map(ended).collect(),
    });
    levels.collect()
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
