//! How form 06a is made of what units have handed in, or read as a closing kept it.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{
    Form06Columns, Form06Definition, Form06DefinitionUsed, Form06a, Form06aCoverage, Form06aEndedLine,
    Form06aLevelCoverage, Form06aQuery, Form06aRow, Form06aStatedLine, FormUnit,
};
use crate::auth::permission::Domain;
use crate::auth::scope::Scoped;
use crate::db::DbConn;
use crate::db::schema::periods;
use crate::domain::organization::reference::{UnitName, UnitScope, label};
use crate::domain::organization::successors::unit_in_force;
use crate::domain::organization::tree::{OrgTree, OrgUnitId, Tier};
use crate::domain::tthc::processing_returns::lines::{ProcessingLine, processing_lines};
use crate::domain::validity::days_in_range;
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::reporting::forms::aggregate::{Aggregated, Cell, EndedLine, StatedLine, aggregate};
use crate::reporting::forms::kept::coverage::{FormCoverageCount, LevelFiled};
use crate::reporting::forms::kept::{self, Figures, KeptForm, Subject, Variant};
use crate::reporting::forms::roster::Roster;
use crate::reporting::period_closures::{closure_facts, not_the_forms_closure};
use crate::reporting::periods::Period;

/// Form 06a for a unit and period: today's, or the one that was kept at a closing.
///
/// # Errors
/// 403 for a unit out of reach, 422 for an unknown period, a day out of range, a unit that is not in
/// force, or a closing of another unit or period.
pub fn form06a(conn: &mut DbConn, scoped: &Scoped, query: &Form06aQuery) -> Result<Form06a, ApiError> {
    days_in_range([("/as_of", query.as_of)])?;
    let period = period_of(conn, query)?;
    let scope = query.scope.unwrap_or_default();
    let definition = query.definition.unwrap_or(Form06Definition::Circular012020);
    let variant = Variant { definition: definition.as_str(), scope };
    let closing = query.snapshot.map(|id| closure_facts(conn, id, period.id)).transpose()?;
    let as_of = query.as_of.unwrap_or_else(|| closing.as_ref().map_or(period.ends_on, |kept| kept.as_of));
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
        return Ok(Form06a { closure: Some(closing.form), ..form });
    }
    let subject = Subject { unit, period: &period, as_of };
    let form = Form06a::one(conn, tree, subject, &variant)?;
    let closure = kept::closure_of(conn, subject, &variant, &form)?;
    Ok(Form06a { closure, ..form })
}

impl KeptForm for Form06a {
    const NAME: &'static str = "06a";
    const DOMAIN: Domain = Domain::Tthc;
    const DEFINITIONS: &'static [&'static str] =
        &[Form06Definition::Circular012020.as_str(), Form06Definition::WithdrawnRefusedApart.as_str()];

    fn all(conn: &mut DbConn, tree: &OrgTree, of: Subject<'_>) -> Result<Vec<(Variant, Self)>, ApiError> {
        // The widest scope has the lines of the others.
        let lines = processing_lines(conn, of.period.id, &roster(tree, of, UnitScope::Subtree).units())?;
        let mut forms = Vec::new();
        for scope in UnitScope::ALL {
            let roster = roster(tree, of, *scope);
            let within: Vec<_> =
                lines.iter().filter(|line| roster.contains(line.org_unit_id)).cloned().collect();
            for definition in Form06Definition::ALL {
                let variant = Variant { definition: definition.as_str(), scope: *scope };
                forms.push((variant, Self::of(tree, of, *scope, *definition, &roster, &within)));
            }
        }
        Ok(forms)
    }

    fn one(conn: &mut DbConn, tree: &OrgTree, of: Subject<'_>, variant: &Variant) -> Result<Self, ApiError> {
        let definition = variant.definition.parse().map_err(|error: String| ApiError::internal(error))?;
        let roster = roster(tree, of, variant.scope);
        let lines = processing_lines(conn, of.period.id, &roster.units())?;
        Ok(Self::of(tree, of, variant.scope, definition, &roster, &lines))
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

fn roster(tree: &OrgTree, of: Subject<'_>, scope: UnitScope) -> Roster {
    Roster::of(tree, of.unit, of.as_of, scope, (of.period.starts_on, of.period.ends_on))
}

impl Form06a {
    /// The form of these lines.
    fn of(
        tree: &OrgTree,
        Subject { unit, period, as_of }: Subject<'_>,
        scope: UnitScope,
        definition: Form06Definition,
        roster: &Roster,
        lines: &[ProcessingLine],
    ) -> Self {
        let aggregated = aggregate(roster, lines);
        let total = aggregated.rows.values().fold(Cell::default(), |sum, cell| sum.plus(*cell));
        let row = |((level, field), cell): (&(Tier, Option<String>), &Cell)| {
            let columns = Form06Columns::of(&cell.columns, cell.basis, definition);
            Form06aRow::of(*level, field.clone(), columns)
        };
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
            totals: Form06Columns::of(&total.columns, total.basis, definition),
            coverage: Form06aCoverage {
                levels: levels(tree, roster, &aggregated, as_of, definition),
                covers_from: covered(lines, |line| line.covers_from)
                    .min()
                    .filter(|day| *day != period.starts_on),
                covers_to: covered(lines, |line| line.covers_to).max().filter(|day| *day != period.ends_on),
            },
            period: period.clone(),
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
    as_of: NaiveDate,
    definition: Form06Definition,
) -> Vec<Form06aLevelCoverage> {
    let named = |unit: OrgUnitId| FormUnit::from(label(tree, unit, as_of));
    let stated = |line: &StatedLine| Form06aStatedLine {
        unit: named(line.org_unit_id),
        counts: line.counts,
        difference: Form06Columns::of(&line.difference, None, definition),
    };
    let ended = |line: &EndedLine| Form06aEndedLine {
        unit: named(line.org_unit_id),
        held_by: named(roster.holder(line.org_unit_id)),
        filed: line.filed,
        counts: line.counts,
        figures: Form06Columns::of(&line.total().columns, line.total().basis, definition),
    };
    let levels = aggregated.coverage.iter().map(|level| Form06aLevelCoverage {
        handling_level: level.level,
        units_expected: level.expected,
        units_filed: level.filed,
        missing: level.missing.iter().map(|unit| named(*unit)).collect(),
        stated: level.stated.iter().map(stated).collect(),
        ended_expected: level.ended.iter().filter(|line| line.expected).count(),
        ended_filed: level.ended.iter().filter(|line| line.expected && line.filed).count(),
        ended: level.ended.iter().filter(|line| line.has_lines()).map(ended).collect(),
    });
    levels.collect()
}

fn period_of(conn: &mut DbConn, query: &Form06aQuery) -> Result<Period, ApiError> {
    let fault = |code: &'static str, vi: &'static str, en: &'static str| {
        vec![Fault::new("/period", code, Bilingual::new(vi, en))]
    };
    let Some(code) = &query.period else {
        let faults = fault("required", "Thiếu kỳ báo cáo.", "The period is required.");
        return Err(ApiError::new(Problem::InvalidParameter).with_faults(faults));
    };
    let regime = query.regime.as_deref().unwrap_or("calendar");
    periods::table
        .filter(periods::code.eq(code).and(periods::regime.eq(regime)).and(periods::deleted_at.is_null()))
        .select(Period::as_select())
        .first(conn)
        .optional()?
        .ok_or_else(|| {
            ApiError::invalid(fault(
                "unknown_period",
                "Không có kỳ báo cáo này.",
                "There is no such reporting period.",
            ))
        })
}
