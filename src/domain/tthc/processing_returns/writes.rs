//! What makes a processing return: whom it is from, for which period, and that a unit states a level
//! in one way only.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::bodies::ProcessingReturnCreate;
use super::model::{CarriedOverBasis, ProcessingReturn, ProcessingReturnId, ReturnState};
use super::row::{Filed, ReturnRow};
use super::rules::{self, Columns, Step};
use super::steps::save_as;
use super::store::filed_find;
use crate::api::records::{Draft, Records, Written, key_text};
use crate::api::table::Catalogue;
use crate::auth::scope::{Scoped, home_province};
use crate::db::schema::{periods, processing_returns};
use crate::db::{DbConn, WriteTx};
use crate::domain::organization::reference::UnitName;
use crate::domain::organization::successors::{not_in_force, unit_in_force};
use crate::domain::organization::tree::{OrgUnitId, Tier};
use crate::domain::tthc::procedures::fields::procedure_field_catalogue;
use crate::domain::validity::day_faults;
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::load_held;
use crate::reporting::period_closures::OpenPeriods;
use crate::reporting::periods::{PeriodFacts, PeriodId, period_catalogue};

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
        let facts = PeriodsNamed::load(tx.conn(), bodies.iter())?;
        let reached = |body| owner(scoped, &facts, body).ok().filter(|owner| scoped.reaches(owner.unit));
        let owners: Vec<_> = bodies.iter().map(reached).collect();
        let held: HashMap<_, _> = standing(tx.conn(), owners.iter().flatten())?
            .into_iter()
            .map(|row| ((row.period_id, row.org_unit_id, row.handling_level, row.field.clone()), row))
            .collect();
        let present = |body: &ProcessingReturnCreate, owner: Option<Owner>| {
            let Owner { unit, period, .. } = owner?;
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
        let facts = PeriodsNamed::load(tx.conn(), drafts.iter().map(|draft| &draft.body))?;
        let owners: Vec<_> = drafts.iter().map(|draft| owner(scoped, &facts, &draft.body)).collect();
        let named = owners.iter().flatten().map(|owner| (owner.unit, &owner.period));
        let open = OpenPeriods::of(tx, scoped.tree(), named)?;
        let new = drafts.iter().zip(&owners).filter(|(draft, _)| draft.present.is_none());
        let new: Vec<_> = new
            .filter_map(|(draft, owner)| Some((owner.as_ref().ok()?, draft.body.handling_level)))
            .collect();
        let mut kinds = LineKinds::load(tx.conn(), &new)?;
        let tx = &*tx;
        let made = |(draft, owner): (Draft<_, Filed>, Result<Owner, _>)| match draft.present {
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

fn created(
    tx: &WriteTx<'_>,
    scoped: &Scoped,
    open: &OpenPeriods,
    owner: Owner,
    body: ProcessingReturnCreate,
    kinds: &mut LineKinds,
) -> Result<Filed, ApiError> {
    if !scoped.reaches(owner.unit) {
        return Err(ApiError::new(Problem::Forbidden).with_faults(vec![out_of_reach(owner.named_by)]));
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
    owner: &Owner,
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
        state: rules::step(present.line.state, Step::Edit)?,
        edited_by: tx.author().id().to_owned(),
        filed_by: filing_unit(scoped, owner.unit),
        ..line
    };
    Ok(Filed { line, leave: Some(leave), ..present })
}

fn out_of_reach(pointer: &str) -> Fault {
    let message = Bilingual::new(
        "Đơn vị này nằm ngoài phạm vi được giao của tài khoản.",
        "This unit is outside what the account may act on.",
    );
    Fault::new(pointer, "out_of_reach", message)
}

/// The unit and period that a body names.
struct Owner {
    unit: OrgUnitId,
    named_by: &'static str,
    province: OrgUnitId,
    period: PeriodFacts,
}

/// The unit and period that a body names, and whether such a return can be.
fn owner(scoped: &Scoped, facts: &PeriodsNamed, body: &ProcessingReturnCreate) -> Result<Owner, ApiError> {
    let period = facts.of(body)?;
    let tree = scoped.tree();
    let name = UnitName {
        id: body.org_unit_id,
        identifier: body.org_unit_identifier.as_deref(),
        code: body.org_unit_code.as_deref(),
    };
    // A unit that ended within the period still reports for its part of it.
    let unit = match name.resolve(tree, period.ends_on) {
        Ok(unit) => unit,
        Err(_) => match name.resolve(tree, period.starts_on) {
            Ok(unit) => unit,
            Err(_) => {
                unit_in_force(tree, &name, period.ends_on).map_err(|gone| outside(gone, &name, period))?
            }
        },
    };
    if !tree.in_force(unit, period.ends_on) && !tree.in_force(unit, period.starts_on) {
        return Err(outside(not_in_force(tree, &[unit], period.ends_on), &name, period));
    }
    let tier = tree.tier_at(unit, period.ends_on).or_else(|| tree.tier_at(unit, period.starts_on));
    let mut faults = shape_faults(body);
    match tier {
        Some(tier) => faults.extend(rules::level_of_unit(tier, body.handling_level).err()),
        None => faults.push(not_within(&name, period)),
    }
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    let province = home_province(tree, unit).ok_or_else(|| no_province(unit))?;
    Ok(Owner { unit, named_by: name.pointer(), province, period: period.clone() })
}

/// 422 for a unit that had ended by the period, or came after it, with its place in the body.
fn outside(refused: ApiError, name: &UnitName<'_>, period: &PeriodFacts) -> ApiError {
    match refused.problem() {
        Problem::UnitNotInForce => refused.with_faults(vec![not_within(name, period)]),
        _ => refused,
    }
}

fn not_within(name: &UnitName<'_>, period: &PeriodFacts) -> Fault {
    let message = Bilingual::new(
        format!("Đơn vị không tồn tại trong kỳ {}.", period.code),
        format!("The unit does not exist in the period {}.", period.code),
    );
    Fault::new(name.pointer(), "not_in_force", message)
}

fn no_province(unit: OrgUnitId) -> ApiError {
    ApiError::detailed(
        Problem::Invalid,
        "Đơn vị không thuộc tỉnh, thành phố nào nên không báo cáo số liệu này.",
        format!("The unit {unit} stands in no province and does not file this return."),
    )
}

/// The periods that bodies name, by id or by code in the calendar regime.
struct PeriodsNamed {
    by_id: HashMap<PeriodId, PeriodFacts>,
    by_code: HashMap<String, PeriodId>,
}

impl PeriodsNamed {
    fn load<'a>(
        conn: &mut DbConn,
        bodies: impl Iterator<Item = &'a ProcessingReturnCreate>,
    ) -> Result<Self, ApiError> {
        let (mut ids, mut codes) = (HashSet::new(), HashSet::new());
        for body in bodies {
            ids.extend(body.period_id);
            codes.extend(body.period_code.as_deref());
        }
        let calendar = periods::regime.eq("calendar").and(periods::code.eq_any(codes));
        let named = periods::deleted_at.is_null().and(periods::id.eq_any(ids).or(calendar));
        let found: Vec<PeriodFacts> =
            load_held!(conn, periods::table.filter(named).select(PeriodFacts::as_select()))?;
        let by_code = found.iter().filter(|period| period.regime == "calendar");
        Ok(Self {
            by_code: by_code.map(|period| (period.code.clone(), period.id)).collect(),
            by_id: found.into_iter().map(|period| (period.id, period)).collect(),
        })
    }

    fn of(&self, body: &ProcessingReturnCreate) -> Result<&PeriodFacts, ApiError> {
        let fault = |pointer: &str, code: &'static str, vi: &'static str, en: &'static str| {
            ApiError::invalid(vec![Fault::new(pointer, code, Bilingual::new(vi, en))])
        };
        let (pointer, id) = match (body.period_id, &body.period_code) {
            (Some(id), None) => ("/period_id", Some(id)),
            (None, Some(code)) => ("/period_code", self.by_code.get(code).copied()),
            _ => {
                return Err(fault(
                    "/period_code",
                    "exactly_one",
                    "Nêu đúng một trong period_id và period_code.",
                    "Give exactly one of period_id and period_code.",
                ));
            }
        };
        id.and_then(|id| self.by_id.get(&id)).ok_or_else(|| {
            fault(pointer, "unknown_period", "Không có kỳ báo cáo này.", "There is no such reporting period.")
        })
    }
}

/// Faults that the body shows by itself.
fn shape_faults(body: &ProcessingReturnCreate) -> Vec<Fault> {
    let days = [("/covers_from", body.covers_from), ("/covers_to", body.covers_to)];
    let mut faults: Vec<Fault> = day_faults(days).collect();
    if body.nil && body.columns() != Columns::default() {
        faults.push(Fault::new(
            "/nil",
            "not_nil",
            Bilingual::new(
                "Báo cáo không phát sinh thì mọi cột phải bằng 0.",
                "Where nothing arose, every column is zero.",
            ),
        ));
    }
    if let (Some(from), Some(to)) = (body.covers_from, body.covers_to)
        && to < from
    {
        faults.push(Fault::new(
            "/covers_to",
            "before_start",
            Bilingual::new("Ngày kết thúc trước ngày bắt đầu.", "The last day is before the first."),
        ));
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
    fn load(conn: &mut DbConn, new: &[(&Owner, Tier)]) -> Result<Self, ApiError> {
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
    fn admit(&mut self, owner: &Owner, body: &ProcessingReturnCreate) -> Result<(), ApiError> {
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
    owners: impl Iterator<Item = &'a Owner>,
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

fn same_line(present: &ReturnRow, owner: &Owner, body: &ProcessingReturnCreate) -> Result<(), ApiError> {
    let same = [
        ("/org_unit_id", present.org_unit_id == owner.unit),
        ("/period_id", present.period_id == owner.period.id),
        ("/handling_level", present.handling_level == body.handling_level),
        ("/field", present.field == body.field.as_deref().unwrap_or_default()),
    ];
    let faults: Vec<_> = same
        .into_iter()
        .filter(|(_, same)| !same)
        .map(|(pointer, _)| {
            Fault::new(
                pointer,
                "names_the_return",
                Bilingual::new(
                    "Giá trị này xác định báo cáo nên không thay đổi được; hãy xóa và tạo báo cáo khác.",
                    "This names the return and cannot change; delete it and make another.",
                ),
            )
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(ApiError::invalid(faults)) }
}

/// The unit that files for another one: the one that employs the person, else the one over which the
/// account acts.
fn filing_unit(scoped: &Scoped, unit: OrgUnitId) -> Option<OrgUnitId> {
    let own = scoped.principal()?.org_unit_id.or_else(|| scoped.acting_unit(unit));
    own.filter(|own| *own != unit)
}
