//! What makes a return: whom it is from, for which period, and which line of its form it is.

use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;

use diesel::prelude::*;
use serde_json::Value;

use super::form::{Face, ReturnForm};
use super::life::{ReturnState, Step, step};
use super::naming::{Filer, PeriodsNamed, filing_unit, not_nil, span_faults, stays};
use super::row::{Filed, ReturnRow, UnitReturnId};
use super::steps::save_as;
use super::store::filed_find;
use crate::api::records::{Draft, Records, Written, key_text};
use crate::api::table::Catalogue;
use crate::auth::scope::Scoped;
use crate::db::schema::unit_returns;
use crate::db::{DbConn, WriteTx};
use crate::error::ApiError;
use crate::reporting::closed_periods::OpenPeriods;
use crate::reporting::periods::period_catalogue;

/// The returns of a form, as they are written.
pub struct Returns<F>(PhantomData<F>);

impl<F: ReturnForm> Records for Returns<F> {
    type Id = UnitReturnId;
    type Body = F::Body;
    type Row = Filed;
    type View = F::View;

    fn order(body: &F::Body) -> String {
        let (name, (period_id, period_code)) = (F::unit_name(body), F::period_name(body));
        let line = F::line(&F::parts(body.clone()).1);
        key_text([
            name.id.map(|id| id.written()).as_deref(),
            name.identifier,
            name.code,
            period_id.map(|id| id.written()).as_deref(),
            period_code,
            Some(&line),
        ])
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: UnitReturnId) -> Result<Filed, ApiError> {
        filed_find(conn, scoped, F::RECORD_TYPE.as_str(), id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[F::Body],
    ) -> Result<Vec<Option<Filed>>, ApiError> {
        let facts = PeriodsNamed::load(tx.conn(), bodies.iter().map(F::period_name))?;
        let asked = bodies.iter().map(|body| Asked::of::<F>(scoped, &facts, body).ok());
        let asked: Vec<_> =
            asked.map(|asked| asked.filter(|asked| scoped.reaches(asked.filer.unit))).collect();
        let held = standing(tx.conn(), F::RECORD_TYPE.as_str(), asked.iter().flatten())?;
        let held: HashMap<_, _> =
            held.into_iter().map(|row| ((row.period_id, row.org_unit_id, row.line.clone()), row)).collect();
        let present = |asked: Option<Asked>| {
            let Asked { filer, line, .. } = asked?;
            let line = held.get(&(filer.period.id, filer.unit, line))?.clone();
            Some(Filed { line, period: filer.period, leave: None })
        };
        Ok(asked.into_iter().map(present).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<F::Body, Filed>>,
    ) -> Result<Vec<Result<Filed, ApiError>>, ApiError> {
        let facts = PeriodsNamed::load(tx.conn(), drafts.iter().map(|draft| F::period_name(&draft.body)))?;
        let asked: Vec<_> = drafts
            .into_iter()
            .map(|Draft { body, present }| (Asked::of::<F>(scoped, &facts, &body), present))
            .collect();
        let named = asked.iter().filter_map(|(asked, _)| asked.as_ref().ok());
        let open =
            OpenPeriods::of(tx, scoped.tree(), named.map(|asked| (asked.filer.unit, &asked.filer.period)))?;
        let tx = &*tx;
        let made = |(asked, present): (Result<Asked, ApiError>, Option<Filed>)| match present {
            Some(present) => changed(tx, scoped, &open, present, asked?, F::LINE),
            None => created(tx, scoped, &open, asked?, F::RECORD_TYPE.as_str()),
        };
        Ok(asked.into_iter().map(made).collect())
    }

    fn save(tx: &mut WriteTx<'_>, scoped: &Scoped, rows: &[Filed]) -> Result<Written<F::View>, ApiError> {
        save_as::<F>(tx, scoped, rows, None)
    }

    fn catalogues(conn: &mut DbConn, _scoped: &Scoped) -> Result<Vec<Catalogue>, ApiError> {
        Ok(period_catalogue(conn, "period_code")?.into_iter().collect())
    }
}

/// What a body asks for, of whatever form.
struct Asked {
    filer: Filer,
    face: Face,
    line: String,
    figures: String,
}

impl Asked {
    fn of<F: ReturnForm>(scoped: &Scoped, facts: &PeriodsNamed, body: &F::Body) -> Result<Self, ApiError> {
        crate::api::json::check(body)?;
        let period = facts.named(F::period_name(body))?;
        let (face, columns) = F::parts(body.clone());
        let figures = serde_json::to_value(&columns).map_err(ApiError::internal)?;
        let mut faults = span_faults(face.covers_from, face.covers_to);
        faults.extend((face.nil && has_a_count(&figures)).then(not_nil));
        faults.extend(F::faults(&columns));
        let filer = Filer::named(scoped, &F::unit_name(body), period, faults, |_| None)?;
        let figures = serde_json::to_string(&columns).map_err(ApiError::internal)?;
        Ok(Self { filer, face, line: F::line(&columns), figures })
    }
}

/// Whether a column counts something.
fn has_a_count(figures: &Value) -> bool {
    figures
        .as_object()
        .is_some_and(|columns| columns.values().any(|value| value.as_i64().is_some_and(|n| n != 0)))
}

fn created(
    tx: &WriteTx<'_>,
    scoped: &Scoped,
    open: &OpenPeriods,
    asked: Asked,
    form: &'static str,
) -> Result<Filed, ApiError> {
    let Asked { filer, face, line, figures } = asked;
    if !scoped.reaches(filer.unit) {
        return Err(filer.out_of_reach());
    }
    let leave = open.leave(scoped.tree(), filer.unit, &filer.period)?;
    let at = tx.at();
    let line = ReturnRow {
        id: UnitReturnId::new(),
        province_id: filer.province,
        org_unit_id: filer.unit,
        period_id: filer.period.id,
        form: form.to_owned(),
        line,
        nil: face.nil,
        figures,
        covers_from: face.covers_from,
        covers_to: face.covers_to,
        source_note: face.source_note,
        state: ReturnState::Draft,
        edited_by: tx.author().id().to_owned(),
        filed_by: filing_unit(scoped, filer.unit),
        submitted_at: None,
        reviewed_by: None,
        reviewed_at: None,
        review_reason: None,
        version: 0,
        created_at: at,
        updated_at: at,
    };
    Ok(Filed { line, period: filer.period, leave: Some(leave) })
}

/// A draft, or one that was sent back, with other figures. Unit, period and line name the return and
/// stay.
fn changed(
    tx: &WriteTx<'_>,
    scoped: &Scoped,
    open: &OpenPeriods,
    present: Filed,
    asked: Asked,
    line_at: &'static str,
) -> Result<Filed, ApiError> {
    scoped.must_reach(present.line.org_unit_id)?;
    let Asked { filer, face, line, figures } = asked;
    stays([
        ("/org_unit_id", present.line.org_unit_id == filer.unit),
        ("/period_id", present.line.period_id == filer.period.id),
        (line_at, present.line.line == line),
    ])?;
    let line = ReturnRow {
        nil: face.nil,
        figures,
        covers_from: face.covers_from,
        covers_to: face.covers_to,
        source_note: face.source_note,
        ..present.line.clone()
    };
    // The same figures once more are no edit, in whatever state the return and its period are.
    if line == present.line {
        return Ok(present);
    }
    let leave = open.leave(scoped.tree(), filer.unit, &filer.period)?;
    let line = ReturnRow {
        state: step(present.line.state, Step::Edit)?,
        edited_by: tx.author().id().to_owned(),
        filed_by: filing_unit(scoped, filer.unit),
        ..line
    };
    Ok(Filed { line, leave: Some(leave), ..present })
}

/// The lines of these units for these periods.
fn standing<'a>(
    conn: &mut DbConn,
    form: &'static str,
    asked: impl Iterator<Item = &'a Asked>,
) -> Result<Vec<ReturnRow>, ApiError> {
    use unit_returns as r;
    let (units, of_periods): (HashSet<_>, HashSet<_>) =
        asked.map(|asked| (asked.filer.unit, asked.filer.period.id)).unzip();
    if units.is_empty() {
        return Ok(Vec::new());
    }
    Ok(r::table
        .filter(r::form.eq(form).and(r::period_id.eq_any(of_periods)).and(r::org_unit_id.eq_any(units)))
        .filter(r::deleted_at.is_null())
        .select(ReturnRow::as_select())
        .load(conn)?)
}
