//! What makes a processing return: whom it is from, for which period, and that a unit states a level
//! in one way only.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::bodies::ProcessingReturnCreate;
use super::model::{CarriedOverBasis, ProcessingReturn, ProcessingReturnId};
use super::row::{Filed, ReturnRow};
use super::rules::{self, Columns};
use super::steps::save_as;
use super::store::filed_find;
use crate::procedures::fields::procedure_field_catalogue;
use kernel::api::json::check;
use kernel::api::records::{Draft, Records, Written, key_text};
use kernel::api::table::Catalogue;
use kernel::auth::scope::Scoped;
use kernel::db::schema::processing_returns;
use kernel::db::{DbConn, WriteTx};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::reporting::closed_periods::OpenPeriods;
use kernel::reporting::periods::{PeriodId, period_catalogue};
use kernel::reporting::returns::{
    Filer, PeriodName, PeriodsNamed, ReturnState, Step, filing_unit, not_nil, span_faults, stays, step,
};
use kernel::tree::{OrgUnitId, Tier};
use kernel::unit_reference::UnitName;

/// Processing returns, as they are written.
pub struct ProcessingReturns;

impl Records for ProcessingReturns {
    type Id = ProcessingReturnId;
    type Body = ProcessingReturnCreate;
    type Row = Filed;
    type View = ProcessingReturn;

    fn order(body: &ProcessingReturnCreate) -> String {
        key_text([
            body.org_unit_id.map(|id| id.written()).as_deref(),
            body.org_unit_identifier.as_deref(),
            body.org_unit_code.as_deref(),
            body.period_id.map(|id| id.written()).as_deref(),
            body.period_code.as_deref(),
            Some(body.handling_level.as_str()),
            body.field.as_deref(),
        ])
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: ProcessingReturnId) -> Result<Filed, ApiError> {
        filed_find(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[ProcessingReturnCreate],
    ) -> Result<Vec<Option<Filed>>, ApiError> {
        let facts = PeriodsNamed::load(tx.conn(), bodies.iter().map(period_name))?;
        let reached = |body| owner(scoped, &facts, body).ok().filter(|owner| scoped.reaches(owner.unit));
        let owners: Vec<_> = bodies.iter().map(reached).collect();
        let held: HashMap<_, _> = standing(tx.conn(), owners.iter().flatten())?
            .into_iter()
            .map(|row| ((row.period_id, row.org_unit_id, row.handling_level, row.field.clone()), row))
            .collect();
        let present = |body: &ProcessingReturnCreate, owner: Option<Filer>| {
            let Filer { unit, period, .. } = owner?;
            let field = body.field.clone().unwrap_or_default();
            let line = held.get(&(period.id, unit, body.handling_level, field))?.clone();
            Some(Filed { line, period, leave: None })
        };
        Ok(bodies.iter().zip(owners).map(|(body, owner)| present(body, owner)).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<ProcessingReturnCreate, Filed>>,
    ) -> Result<Vec<Result<Filed, ApiError>>, ApiError> {
        let facts = PeriodsNamed::load(tx.conn(), drafts.iter().map(|draft| period_name(&draft.body)))?;
        let owners: Vec<_> = drafts.iter().map(|draft| owner(scoped, &facts, &draft.body)).collect();
        let named = owners.iter().flatten().map(|owner| (owner.unit, &owner.period));
        let open = OpenPeriods::of(tx, scoped.tree(), named)?;
        let new = drafts.iter().zip(&owners).filter(|(draft, _)| draft.present.is_none());
        let new: Vec<_> = new
            .filter_map(|(draft, owner)| Some((owner.as_ref().ok()?, draft.body.handling_level)))
            .collect();
        let mut kinds = LineKinds::load(tx.conn(), &new)?;
        let tx = &*tx;
        let made = |(draft, owner): (Draft<_, Filed>, Result<Filer, _>)| match draft.present {
            Some(present) => changed(tx, scoped, &open, present, &owner?, draft.body),
            None => created(tx, scoped, &open, owner?, draft.body, &mut kinds),
        };
        Ok(drafts.into_iter().zip(owners).map(made).collect())
    }

    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[Filed],
    ) -> Result<Written<ProcessingReturn>, ApiError> {
        save_as(tx, scoped, rows, None)
    }

    fn catalogues(conn: &mut DbConn, _scoped: &Scoped) -> Result<Vec<Catalogue>, ApiError> {
        let periods = period_catalogue(conn, "period_code")?;
        let fields = procedure_field_catalogue(conn, "field")?;
        Ok(periods.into_iter().chain(fields).collect())
    }
}

fn period_name(body: &ProcessingReturnCreate) -> PeriodName<'_> {
    (body.period_id, body.period_code.as_deref())
}

fn created(
    tx: &WriteTx<'_>,
    scoped: &Scoped,
    open: &OpenPeriods,
    owner: Filer,
    body: ProcessingReturnCreate,
    kinds: &mut LineKinds,
) -> Result<Filed, ApiError> {
    if !scoped.reaches(owner.unit) {
        return Err(owner.out_of_reach());
    }
    let leave = open.leave(scoped.tree(), owner.unit, &owner.period)?;
    kinds.admit(&owner, &body)?;
    let (carried_over, carried_over_basis) = carry_over(&body)?;
    let at = tx.at();
    let line = ReturnRow {
        id: ProcessingReturnId::new(),
        province_id: owner.province,
        org_unit_id: owner.unit,
        period_id: owner.period.id,
        handling_level: body.handling_level,
        field: body.field.unwrap_or_default(),
        nil: body.nil,
        received_online: body.received_online,
        received_in_person: body.received_in_person,
        received_postal: body.received_postal,
        carried_over,
        carried_over_basis,
        resolved_early: body.resolved_early,
        resolved_on_time: body.resolved_on_time,
        resolved_overdue: body.resolved_overdue,
        pending_in_time: body.pending_in_time,
        pending_overdue: body.pending_overdue,
        withdrawn: body.withdrawn,
        refused: body.refused,
        covers_from: body.covers_from,
        covers_to: body.covers_to,
        source_note: body.source_note,
        state: ReturnState::Draft,
        edited_by: tx.author().id().to_owned(),
        filed_by: filing_unit(scoped, owner.unit),
        submitted_at: None,
        reviewed_by: None,
        reviewed_at: None,
        review_reason: None,
        version: 0,
        created_at: at,
        updated_at: at,
    };
    Ok(Filed { line, period: owner.period, leave: Some(leave) })
}

/// A draft, or one that was sent back, with other figures. Unit, period, level and field name the
/// return and stay.
fn changed(
    tx: &WriteTx<'_>,
    scoped: &Scoped,
    open: &OpenPeriods,
    present: Filed,
    owner: &Filer,
    body: ProcessingReturnCreate,
) -> Result<Filed, ApiError> {
    scoped.must_reach(present.line.org_unit_id)?;
    same_line(&present.line, owner, &body)?;
    let (carried_over, carried_over_basis) = carry_over(&body)?;
    let line = ReturnRow {
        nil: body.nil,
        received_online: body.received_online,
        received_in_person: body.received_in_person,
        received_postal: body.received_postal,
        carried_over,
        carried_over_basis,
        resolved_early: body.resolved_early,
        resolved_on_time: body.resolved_on_time,
        resolved_overdue: body.resolved_overdue,
        pending_in_time: body.pending_in_time,
        pending_overdue: body.pending_overdue,
        withdrawn: body.withdrawn,
        refused: body.refused,
        covers_from: body.covers_from,
        covers_to: body.covers_to,
        source_note: body.source_note,
        ..present.line.clone()
    };
    // The same figures once more are no edit, in whatever state the return and its period are.
    if line == present.line {
        return Ok(present);
    }
    let leave = open.leave(scoped.tree(), owner.unit, &owner.period)?;
    let line = ReturnRow {
        state: step(present.line.state, Step::Edit)?,
        edited_by: tx.author().id().to_owned(),
        filed_by: filing_unit(scoped, owner.unit),
        ..line
    };
    Ok(Filed { line, leave: Some(leave), ..present })
}

/// The unit and period that a body names, and whether such a return can be.
fn owner(scoped: &Scoped, facts: &PeriodsNamed, body: &ProcessingReturnCreate) -> Result<Filer, ApiError> {
    check(body)?;
    let period = facts.named(period_name(body))?;
    let name = UnitName {
        id: body.org_unit_id,
        identifier: body.org_unit_identifier.as_deref(),
        code: body.org_unit_code.as_deref(),
    };
    let of_level = |tier| rules::level_of_unit(tier, body.handling_level).err();
    Filer::named(scoped, &name, period, shape_faults(body), of_level)
}

/// Faults that the body shows by itself.
fn shape_faults(body: &ProcessingReturnCreate) -> Vec<Fault> {
    let mut faults = span_faults(body.covers_from, body.covers_to);
    if body.nil && body.columns() != Columns::default() {
        faults.push(not_nil());
    }
    faults.extend(rules::carry_over(&body.columns(), body.carried_over, body.carried_over_basis).err());
    faults
}

fn carry_over(body: &ProcessingReturnCreate) -> Result<(Option<i64>, Option<CarriedOverBasis>), ApiError> {
    rules::carry_over(&body.columns(), body.carried_over, body.carried_over_basis)
        .map_err(|fault| ApiError::invalid(vec![fault]))
}

/// A level that a unit reports for a period.
type LevelOfUnit = (PeriodId, OrgUnitId, Tier);

/// Which levels are stated in one line and which by field: both together would count twice.
struct LineKinds(HashMap<LevelOfUnit, bool>);

impl LineKinds {
    /// The kinds of line that stand already where new ones are to come.
    fn load(conn: &mut DbConn, new: &[(&Filer, Tier)]) -> Result<Self, ApiError> {
        if let DbConn::Pg(pg) = conn {
            // Two lines that a unit files at the same moment must see each other. Row locks, of which the
            // server holds any number; in the order of the lines, as the rows of returns are locked.
            let units: Vec<OrgUnitId> = new.iter().map(|(owner, _)| owner.unit).collect();
            diesel::sql_query(
                "SELECT unit.id FROM unnest($1) WITH ORDINALITY AS line (id, place) \
                 JOIN org_units AS unit ON unit.id = line.id ORDER BY line.place FOR NO KEY UPDATE OF unit",
            )
            .bind::<diesel::sql_types::Array<diesel::sql_types::Text>, _>(units)
            .execute(pg)?;
        }
        let held = standing(conn, new.iter().map(|(owner, _)| *owner))?;
        let kind =
            |row: ReturnRow| ((row.period_id, row.org_unit_id, row.handling_level), !row.field.is_empty());
        Ok(Self(held.into_iter().map(kind).collect()))
    }

    /// Lets a new line in, unless the level is stated the other way.
    fn admit(&mut self, owner: &Filer, body: &ProcessingReturnCreate) -> Result<(), ApiError> {
        let by_field = body.field.is_some();
        let level = (owner.period.id, owner.unit, body.handling_level);
        if *self.0.entry(level).or_insert(by_field) == by_field {
            return Ok(());
        }
        Err(ApiError::invalid(vec![Fault::new(
            "/field",
            "line_and_fields",
            Bilingual::new(
                "Đơn vị đã báo cáo cấp này theo cách khác: hoặc một dòng tổng, hoặc từng lĩnh vực, không cả hai.",
                "The unit has reported this level the other way: either one line, or by field, not both.",
            ),
        )]))
    }
}

/// The lines of these units for these periods.
fn standing<'a>(
    conn: &mut DbConn,
    owners: impl Iterator<Item = &'a Filer>,
) -> Result<Vec<ReturnRow>, ApiError> {
    use processing_returns as r;
    let (units, of_periods): (HashSet<_>, HashSet<_>) =
        owners.map(|owner| (owner.unit, owner.period.id)).unzip();
    if units.is_empty() {
        return Ok(Vec::new());
    }
    Ok(r::table
        .filter(r::period_id.eq_any(of_periods).and(r::org_unit_id.eq_any(units)))
        .filter(r::deleted_at.is_null())
        .select(ReturnRow::as_select())
        .load(conn)?)
}

fn same_line(present: &ReturnRow, owner: &Filer, body: &ProcessingReturnCreate) -> Result<(), ApiError> {
    let same = [
        ("/org_unit_id", present.org_unit_id == owner.unit),
        ("/period_id", present.period_id == owner.period.id),
        ("/handling_level", present.handling_level == body.handling_level),
        ("/field", present.field == body.field.as_deref().unwrap_or_default()),
    ];
    stays(same)
}
