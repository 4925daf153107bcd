//! How form 06a is made of what units have handed in, or read as a closing kept it.

use chrono::NaiveDate;

use super::coverage::{
    Form06aCoverage, Form06aEndedLine, Form06aLevelCoverage, Form06aRecordsLine, Form06aStatedLine,
};
use super::gathering::{Apart, Asked, Gathered, Wanted, units_within_reach};
use super::model::{
    Form06Columns, Form06Definition, Form06DefinitionUsed, Form06Source, Form06a, Form06aQuery, Form06aRow,
    FormUnit,
};
use crate::reporting::forms::aggregate::{Aggregated, Cell, EndedLine, StatedLine};
use crate::reporting::forms::kept::coverage::{FormCoverageCount, LevelFiled};
use crate::reporting::forms::kept::{self, Figures, FormClosure, KeptForm, Reached, Subject, Variant};
use crate::reporting::period_closures::{closure_facts, not_the_forms_closure};
use kernel::auth::permission::Domain;
use kernel::auth::scope::Scoped;
use kernel::db::{DbConn, snapshot};
use kernel::error::{ApiError, Problem};
use kernel::reporting::periods::store::period_of_regime;
use kernel::reporting::roster::Roster;
use kernel::reporting::rosters::Rosters;
use kernel::successors::unit_in_force;
use kernel::tree::{OrgTree, OrgUnitId, Tier};
use kernel::unit_reference::{UnitName, UnitScope, label};
use kernel::validity::days_in_range;
use tthc::dossiers::summaries::fold::hold_folding;
use tthc::processing_returns::lines::ProcessingLine;

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
        let mut form: Form06a = kept.ok_or_else(not_the_forms_closure)?;
        let generated = form.generated;
        // Forms were kept before their rows told it.
        for row in &mut form.rows {
            row.generated = generated;
        }
        let days = (Some(asked.days.from), Some(asked.days.to));
        let (from, to) = (form.from.or(days.0), form.to.or(days.1));
        return Ok(Form06a { closure: Some(closing.form), from, to, ..form });
    }
    let wanted = Wanted { unit, period: period.as_ref(), as_of, asked };
    let roster = rosters.of(scoped.units(), wanted.roster_of(scope));
    let units = units_within_reach(scoped, &roster);
    let gathered = snapshot(conn, |conn| wanted.gathered(conn, tree, &roster, &units, Apart::Together))?;
    let form = Form06a::of(tree, wanted, scope, definition, &roster, &gathered);
    let closure = match &period {
        Some(period) if asked == Asked::plain(period) => {
            kept::closure_of(conn, Subject { unit, period, as_of }, &variant, &form)?
        }
        _ => None,
    };
    // What was kept is of all units, and a part of them is not held against it.
    let is_whole = units.len() == roster.units().len();
    let closure =
        closure.map(|closure| FormClosure { differs: closure.differs.filter(|_| is_whole), ..closure });
    Ok(Form06a { closure, ..form })
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
        let gathered = wanted.gathered(conn, tree, &roster, roster.units(), Apart::Units)?;
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

    fn one(
        conn: &mut DbConn,
        scoped: &Scoped,
        of: Subject<'_>,
        variant: &Variant,
    ) -> Result<Reached<Self>, ApiError> {
        let definition = variant.definition.parse().map_err(|error: String| ApiError::internal(error))?;
        let (tree, wanted) = (scoped.tree(), Wanted::from(of));
        let roster = wanted.roster(tree, variant.scope);
        let units = units_within_reach(scoped, &roster);
        let gathered = wanted.gathered(conn, tree, &roster, &units, Apart::Together)?;
        let form = Self::of(tree, wanted, variant.scope, definition, &roster, &gathered);
        Ok(Reached { form, out_of_reach: roster.units().len() - units.len() })
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
        let row = |((level, field), cell): (&(Tier, Option<String>), &Cell)| Form06aRow {
            generated: gathered.generated,
            ..Form06aRow::of(*level, field.clone(), Form06Columns::of(cell, definition))
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
