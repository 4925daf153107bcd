//! Processes in the database, and how they are written.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::json;

use super::bodies::ProcedureProcessCreate;
use super::model::{
    HeldProcess, LinkRow, ProcedureProcess, ProcedureProcessFilter, ProcedureProcessId, ProcedureProcessSort,
    ProcessLink, ProcessRow, ProcessedProcedure,
};
use super::rules;
use crate::procedures::model::{ProcedureId, VersionRow};
use crate::procedures::named::{NamedBy, ProceduresNamed};
use crate::procedures::timeline::Timeline;
use kernel::api::json::check;
use kernel::api::records::{Draft, Records, Written, key_text};
use kernel::api::{IfMatch, PageRequest, PageRows};
use kernel::attachments::Belonging;
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::scope::Scoped;
use kernel::db::conn::MultiBackend;
use kernel::db::json_text::JsonText;
use kernel::db::schema::{procedure_process_links, procedure_processes, procedure_versions};
use kernel::db::types::Instant;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::document_numbers::number_key;
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::successors::wanted_units;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitName, label};
use kernel::validity::storable;
use kernel::{hide_row, keyset, on_db, save_rows};

const RECORD_TYPE: &str = "procedure_process";

type Processes<'a> = procedure_processes::BoxedQuery<'a, MultiBackend>;

/// The answer of a process, with the approving unit as it was named on the day of approval.
fn answer(scoped: &Scoped, held: HeldProcess) -> ProcedureProcess {
    let unit = label(scoped.tree(), held.row.org_unit_id, held.row.decided_on);
    ProcedureProcess::of(held, unit)
}

/// What a filter names, looked up.
struct Wanted {
    units: Option<Vec<OrgUnitId>>,
    procedure: Option<ProcedureId>,
}

impl Wanted {
    fn of(conn: &mut DbConn, scoped: &Scoped, filter: &ProcedureProcessFilter) -> Result<Self, ApiError> {
        let name = UnitName {
            id: filter.org_unit_id,
            identifier: filter.org_unit_identifier.as_deref(),
            code: filter.org_unit_code.as_deref(),
        };
        let day = filter.as_of.unwrap_or_else(|| scoped.today());
        let units = wanted_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)?;
        let (id, code) = (filter.procedure_id, filter.procedure_code.as_deref());
        if id.is_none() && code.is_none() {
            return Ok(Self { units, procedure: None });
        }
        let named = ProceduresNamed::load(conn, id.into_iter().collect(), code.into_iter().collect())?;
        let procedure = named.resolve(NamedBy { id, code, pointer: "/procedure_id" });
        let procedure = procedure.map_err(|fault| ApiError::invalid(vec![fault]))?;
        Ok(Self { units, procedure: Some(procedure) })
    }
}

fn matching<'a>(filter: &'a ProcedureProcessFilter, wanted: &Wanted) -> Processes<'a> {
    use {procedure_process_links as l, procedure_processes as p};
    let mut query = p::table.filter(p::deleted_at.is_null()).into_boxed();
    if let Some(units) = &wanted.units {
        query = query.filter(p::org_unit_id.eq_any(units.clone()));
    }
    if let Some(id) = wanted.procedure {
        let about = l::table.filter(l::procedure_id.eq(id)).select(l::process_id);
        query = query.filter(p::id.eq_any(about));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(p::kind.eq(kind));
    }
    if let Some(electronic) = filter.electronic {
        query = query.filter(p::electronic.eq(electronic));
    }
    if let Some(number) = &filter.decision_number {
        query = query.filter(p::decision_key.eq(number_key(number)));
    }
    if let Some(day) = filter.decided_from {
        query = query.filter(p::decided_on.ge(day));
    }
    if let Some(day) = filter.decided_to {
        query = query.filter(p::decided_on.le(day));
    }
    if let Some(day) = filter.on {
        let stands = p::valid_to.is_null().or(p::valid_to.assume_not_null().gt(day));
        query = query.filter(p::valid_from.le(day).and(stands));
    }
    query
}

/// A page of processes.
///
/// # Errors
/// 422 for a cursor of another order, for a unit or procedure that is not known.
pub(super) fn process_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &ProcedureProcessFilter,
    page: &PageRequest,
) -> Result<PageRows<ProcedureProcess>, ApiError> {
    use {ProcedureProcessSort as Sort, procedure_processes as p};
    let wanted = Wanted::of(conn, scoped, filter)?;
    let query = matching(filter, &wanted);
    let query = match filter.sort.unwrap_or(Sort::DecidedOnDesc) {
        Sort::DecidedOn => {
            keyset!(query, page, asc p::decided_on => NaiveDate, p::id => ProcedureProcessId)
        }
        Sort::DecidedOnDesc => {
            keyset!(query, page, desc p::decided_on => NaiveDate, p::id => ProcedureProcessId)
        }
    };
    let rows: Vec<ProcessRow> = query.select(ProcessRow::as_select()).load(conn)?;
    let total =
        page.include_total().then(|| matching(filter, &wanted).count().get_result(conn)).transpose()?;
    let PageRows { items, last, total } = page.cut(rows, total, |row| json!([row.decided_on, row.id]));
    let held = held_of(conn, scoped, items)?;
    Ok(PageRows { items: held.into_iter().map(|held| answer(scoped, held)).collect(), last, total })
}

/// The day on which a process is held against its procedure: today, or the nearest on which it holds.
fn day_of(row: &ProcessRow, today: NaiveDate) -> NaiveDate {
    let last = row.valid_to.and_then(|end| end.pred_opt()).unwrap_or(NaiveDate::MAX);
    storable(today.min(last).max(row.valid_from))
}

/// The versions of some procedures.
fn timelines(
    conn: &mut DbConn,
    ids: HashSet<ProcedureId>,
) -> Result<HashMap<ProcedureId, Timeline>, ApiError> {
    let rows: Vec<VersionRow> = procedure_versions::table
        .filter(procedure_versions::procedure_id.eq_any(ids))
        .select(VersionRow::as_select())
        .load(conn)?;
    let mut versions: HashMap<ProcedureId, Vec<VersionRow>> = HashMap::new();
    for row in rows {
        versions.entry(row.procedure_id).or_default().push(row);
    }
    Ok(versions.into_iter().map(|(id, versions)| (id, Timeline::new(versions))).collect())
}

/// What a process tells of its procedure.
fn processed(
    row: &ProcessRow,
    named: &ProceduresNamed,
    timelines: &HashMap<ProcedureId, Timeline>,
    today: NaiveDate,
) -> ProcessedProcedure {
    let code = named.code(row.procedure_id).unwrap_or_default().to_owned();
    let version = timelines.get(&row.procedure_id).and_then(|timeline| timeline.on(day_of(row, today)));
    match version {
        Some(version) => {
            ProcessedProcedure { code, name: version.name.clone(), deadlines: version.deadlines.0.clone() }
        }
        None => ProcessedProcedure { code, ..ProcessedProcedure::default() },
    }
}

/// Processes with their procedures.
fn held_of(conn: &mut DbConn, scoped: &Scoped, rows: Vec<ProcessRow>) -> Result<Vec<HeldProcess>, ApiError> {
    use procedure_process_links as l;
    let linked: Vec<LinkRow> = l::table
        .filter(l::position.gt(0))
        .filter(l::process_id.eq_any(rows.iter().map(|row| row.id).collect::<Vec<_>>()))
        .order((l::process_id, l::position))
        .select(LinkRow::as_select())
        .load(conn)?;
    let main: HashSet<ProcedureId> = rows.iter().map(|row| row.procedure_id).collect();
    let all = main.iter().copied().chain(linked.iter().map(|link| link.procedure_id)).collect();
    let named = ProceduresNamed::load(conn, all, HashSet::new())?;
    let timelines = timelines(conn, main)?;
    let mut links: HashMap<ProcedureProcessId, Vec<ProcessLink>> = HashMap::new();
    for link in linked {
        links.entry(link.process_id).or_default().push(known(link.procedure_id, &named));
    }
    let held = |row: ProcessRow| HeldProcess {
        links: links.remove(&row.id).unwrap_or_default(),
        procedure: processed(&row, &named, &timelines, scoped.today()),
        row,
    };
    Ok(rows.into_iter().map(held).collect())
}

fn known(id: ProcedureId, named: &ProceduresNamed) -> ProcessLink {
    ProcessLink { procedure_id: Some(id), procedure_code: named.code(id).map(str::to_owned) }
}

fn held_find(conn: &mut DbConn, scoped: &Scoped, id: ProcedureProcessId) -> Result<HeldProcess, ApiError> {
    let row: ProcessRow = procedure_processes::table
        .find(id)
        .filter(procedure_processes::deleted_at.is_null())
        .select(ProcessRow::as_select())
        .first(conn)?;
    held_of(conn, scoped, vec![row])?.pop().ok_or_else(|| ApiError::internal("a process was lost"))
}

/// A process by its id.
///
/// # Errors
/// 404 when there is none.
pub(super) fn process_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedureProcessId,
) -> Result<ProcedureProcess, ApiError> {
    Ok(answer(scoped, held_find(conn, scoped, id)?))
}

/// Whose the attachments of a process are: nobody's, as the process itself.
///
/// # Errors
/// 404 when there is none.
pub(super) fn process_seen(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedureProcessId,
) -> Result<Belonging, ApiError> {
    held_find(conn, scoped, id).map(|_| Belonging::nobody())
}

/// The same for whoever may change processes.
///
/// # Errors
/// 403 for everyone but an administrator of the whole country, 404 when there is none.
pub(super) fn process_changeable(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedureProcessId,
) -> Result<Belonging, ApiError> {
    scoped.whole_country()?;
    process_seen(conn, scoped, id)
}

/// The procedures that bodies name, which stay until the transaction ends.
fn procedures_named<'a>(
    conn: &mut DbConn,
    bodies: impl Iterator<Item = &'a ProcedureProcessCreate> + Clone,
) -> Result<ProceduresNamed, ApiError> {
    let links = bodies.clone().flat_map(|body| &body.links);
    let ids = bodies.clone().filter_map(|body| body.procedure_id);
    let ids = ids.chain(links.clone().filter_map(|link| link.procedure_id)).collect();
    let codes = bodies.filter_map(|body| body.procedure_code.as_deref());
    let codes = codes.chain(links.filter_map(|link| link.procedure_code.as_deref())).collect();
    ProceduresNamed::load_held(conn, ids, codes)
}

fn named_by(body: &ProcedureProcessCreate) -> NamedBy<'_> {
    NamedBy { id: body.procedure_id, code: body.procedure_code.as_deref(), pointer: "/procedure_id" }
}

/// Processes, as they are written.
pub struct ProcedureProcesses;

impl Records for ProcedureProcesses {
    type Id = ProcedureProcessId;
    type Body = ProcedureProcessCreate;
    type Row = HeldProcess;
    type View = ProcedureProcess;

    fn order(body: &ProcedureProcessCreate) -> String {
        let unit = body.unit_name();
        key_text([
            body.procedure_id.map(|id| id.written()).as_deref(),
            body.procedure_code.as_deref(),
            unit.id.map(|id| id.written()).as_deref(),
            unit.identifier,
            unit.code,
            Some(body.kind.as_str()),
            body.variant.as_deref(),
            Some(&body.valid_from.to_string()),
        ])
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: ProcedureProcessId) -> Result<HeldProcess, ApiError> {
        held_find(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[ProcedureProcessCreate],
    ) -> Result<Vec<Option<HeldProcess>>, ApiError> {
        use procedure_processes as p;
        let named = procedures_named(tx.conn(), bodies.iter())?;
        let ids: HashSet<_> = bodies.iter().filter_map(|body| named.resolve(named_by(body)).ok()).collect();
        let rows: Vec<ProcessRow> = p::table
            .filter(p::procedure_id.eq_any(ids).and(p::deleted_at.is_null()))
            .select(ProcessRow::as_select())
            .load(tx.conn())?;
        let key = |row: &ProcessRow| {
            (row.procedure_id, row.org_unit_id, row.kind, row.variant.clone(), row.valid_from)
        };
        let found: HashMap<_, _> =
            held_of(tx.conn(), scoped, rows)?.into_iter().map(|held| (key(&held.row), held)).collect();
        let present = |body: &ProcedureProcessCreate| {
            let procedure = named.resolve(named_by(body)).ok()?;
            let unit = body.unit_name().resolve(scoped.tree(), body.decided_on).ok()?;
            let variant = body.variant.clone().unwrap_or_default();
            found.get(&(procedure, unit, body.kind, variant, body.valid_from)).cloned()
        };
        Ok(bodies.iter().map(present).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<ProcedureProcessCreate, HeldProcess>>,
    ) -> Result<Vec<Result<HeldProcess, ApiError>>, ApiError> {
        scoped.whole_country()?;
        let bodies = drafts.iter().map(|draft| &draft.body);
        let named = procedures_named(tx.conn(), bodies.clone())?;
        let ids = bodies.filter_map(|body| named.resolve(named_by(body)).ok()).collect();
        let timelines = timelines(tx.conn(), ids)?;
        let at = tx.at();
        let made = |draft: Draft<_, _>| {
            let (row, links) = process_made(scoped, draft, &named, at)?;
            let procedure = processed(&row, &named, &timelines, scoped.today());
            Ok(HeldProcess { row, links, procedure })
        };
        Ok(drafts.into_iter().map(made).collect())
    }

    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[HeldProcess],
    ) -> Result<Written<ProcedureProcess>, ApiError> {
        let stored = save_rows!(
            tx.conn(),
            procedure_processes,
            ProcedureProcessId,
            rows.iter().map(|held| &held.row),
            [
                kind,
                variant,
                name,
                electronic,
                decision_number,
                decision_key,
                decided_on,
                valid_from,
                valid_to,
                agencies,
                steps,
                note,
            ]
        )?;
        links_save(tx.conn(), rows.iter().filter(|held| stored.contains(&held.row.id)))?;
        let entry = |action, view: &ProcedureProcess, held: &HeldProcess| {
            Entry::new(action, RECORD_TYPE, held.row.id, held.row.version, view)
        };
        Written::journal(tx, rows, &stored, entry, |held| answer(scoped, held.clone()))
    }
}

fn process_made(
    scoped: &Scoped,
    draft: Draft<ProcedureProcessCreate, HeldProcess>,
    named: &ProceduresNamed,
    at: Instant,
) -> Result<(ProcessRow, Vec<ProcessLink>), ApiError> {
    let Draft { body, present } = draft;
    check(&body)?;
    let tree = scoped.tree();
    let mut faults = rules::faults(&body);
    let unit = body.unit_name().resolve(tree, body.decided_on).map_err(|found| faults.extend(found)).ok();
    let procedure = named.resolve(named_by(&body)).map_err(|fault| faults.push(fault)).ok();
    let present = present.as_ref().map(|held| &held.row);
    let keeps = [
        (body.unit_name().pointer(), unit.zip(present).is_none_or(|(unit, row)| row.org_unit_id == unit)),
        ("/procedure_id", procedure.zip(present).is_none_or(|(id, row)| row.procedure_id == id)),
    ];
    faults.extend(keeps.into_iter().filter(|(_, keeps)| !keeps).map(|(pointer, _)| renamed(pointer)));
    for (index, step) in body.steps.iter().enumerate() {
        if step.org_unit_id.is_some_and(|unit| tree.latest(unit).is_none()) {
            let message = Bilingual::new("Không có đơn vị nào như vậy.", "There is no such unit.");
            faults.push(Fault::new(format!("/steps/{index}/org_unit_id"), "unknown_unit", message));
        }
    }
    let mut joined = Vec::with_capacity(body.links.len());
    for (index, link) in body.links.iter().enumerate() {
        let pointer = format!("/links/{index}/procedure_id");
        let by = NamedBy { id: link.procedure_id, code: link.procedure_code.as_deref(), pointer: &pointer };
        match named.resolve(by) {
            Ok(id) if procedure == Some(id) || joined.contains(&id) => {
                let message = Bilingual::new(
                    "Thủ tục này đã được nêu trong quy trình.",
                    "The process names this procedure already.",
                );
                faults.push(Fault::new(pointer, "named_twice", message));
            }
            Ok(id) => joined.push(id),
            Err(fault) => faults.push(fault),
        }
    }
    let (Some(org_unit_id), Some(procedure_id), true) = (unit, procedure, faults.is_empty()) else {
        return Err(ApiError::invalid(faults));
    };
    let row = ProcessRow {
        id: present.map_or_else(ProcedureProcessId::new, |row| row.id),
        org_unit_id,
        procedure_id,
        kind: body.kind,
        variant: body.variant.unwrap_or_default(),
        name: body.name,
        electronic: body.electronic,
        decision_key: number_key(&body.decision_number),
        decision_number: body.decision_number,
        decided_on: body.decided_on,
        valid_from: body.valid_from,
        valid_to: body.valid_to,
        agencies: JsonText(body.agencies),
        steps: JsonText(body.steps),
        note: body.note,
        version: present.map_or(0, |row| row.version),
        created_at: present.map_or(at, |row| row.created_at),
        updated_at: present.map_or(at, |row| row.updated_at),
    };
    Ok((row, joined.into_iter().map(|id| known(id, named)).collect()))
}

/// Approving unit and procedure name a process and stay.
fn renamed(pointer: &'static str) -> Fault {
    let message = Bilingual::new(
        "Giá trị này xác định quy trình nên không thay đổi được; hãy xóa và tạo quy trình khác.",
        "This names the process and cannot change; delete it and make another.",
    );
    Fault::new(pointer, "names_the_process", message)
}

/// Puts the procedures that processes are about in the place of those that they had.
fn links_save<'a>(
    conn: &mut DbConn,
    processes: impl Iterator<Item = &'a HeldProcess> + Clone,
) -> Result<(), ApiError> {
    use procedure_process_links as l;
    let changed: Vec<_> =
        processes.clone().filter(|held| held.row.version > 1).map(|held| held.row.id).collect();
    if !changed.is_empty() {
        diesel::delete(l::table.filter(l::process_id.eq_any(changed))).execute(conn)?;
    }
    let links = |held: &'a HeldProcess| {
        let joined = held.links.iter().filter_map(|link| link.procedure_id);
        let all = std::iter::once(held.row.procedure_id).chain(joined);
        (0_i32..).zip(all).map(|(position, procedure_id)| LinkRow {
            process_id: held.row.id,
            position,
            procedure_id,
        })
    };
    let rows: Vec<LinkRow> = processes.flat_map(links).collect();
    for part in rows.chunks(400) {
        on_db!(conn, |c| diesel::insert_into(l::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Deletes a process that was entered by mistake. One that no longer holds is not deleted but gets the
/// day.
///
/// # Errors
/// 412 when it has changed.
pub(super) fn process_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcedureProcessId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    scoped.whole_country()?;
    let held = held_find(tx.conn(), scoped, id)?;
    expected.check(held.row.version)?;
    hide_row!(tx, procedure_processes, held.row)?;
    let version = held.row.version + 1;
    let view = ProcedureProcess { version, ..answer(scoped, held) };
    Ok(tx.journal(Entry::new(JournalAction::Delete, RECORD_TYPE, view.id, version, &view)?)?.with(()))
}
