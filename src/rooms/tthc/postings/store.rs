//! Postings in the database, and how they are written.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;
use serde_json::json;

use super::model::{
    HeldPosting, PostedProcedure, PostingForm, PostingRow, ProcedurePosting, ProcedurePostingCreate,
    ProcedurePostingFilter, ProcedurePostingId, ProcedurePostingSort,
};
use crate::once_at_a_time::{lock_units, once_at_a_time};
use crate::procedures::model::{ProcedureId, ProcedureStatus, VersionRow};
use crate::procedures::named::{NamedBy, ProceduresNamed};
use crate::procedures::store::code_forms;
use kernel::api::json::check;
use kernel::api::records::{Draft, Records, Written, key_text};
use kernel::api::{IfMatch, PageRequest, PageRows};
use kernel::attachments::Belonging;
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::scope::Scoped;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{procedure_postings, procedure_versions, procedures};
use kernel::db::types::Instant;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::owners::Owner;
use kernel::successors::wanted_units;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitName, label};
use kernel::validity::{day_faults, storable};
use kernel::{confine, hide_row, keyset, save_rows};

const RECORD_TYPE: &str = "procedure_posting";

type Joined<'a> = dsl::IntoBoxed<
    'a,
    dsl::InnerJoinOn<
        dsl::InnerJoinOn<
            procedure_postings::table,
            procedures::table,
            dsl::Eq<procedures::id, procedure_postings::procedure_id>,
        >,
        procedure_versions::table,
        dsl::Eq<procedure_versions::procedure_id, procedure_postings::procedure_id>,
    >,
    MultiBackend,
>;

/// Postings with what speaks for their procedures on a day.
fn speaking<'a>(day: NaiveDate) -> Joined<'a> {
    use {procedure_postings as n, procedure_versions as v};
    n::table
        .inner_join(procedures::table.on(procedures::id.eq(n::procedure_id)))
        .inner_join(v::table.on(v::procedure_id.eq(n::procedure_id)))
        .into_boxed()
        .filter(n::deleted_at.is_null())
        .filter(v::speaks_from.le(day).and(v::speaks_to.gt(day)))
}

fn columns() -> (
    <PostingRow as Selectable<MultiBackend>>::SelectExpression,
    procedures::code,
    <VersionRow as Selectable<MultiBackend>>::SelectExpression,
) {
    (
        <PostingRow as Selectable<MultiBackend>>::construct_selection(),
        procedures::code,
        <VersionRow as Selectable<MultiBackend>>::construct_selection(),
    )
}

type Loaded = (PostingRow, String, VersionRow);

fn held((row, code, version): Loaded, day: NaiveDate) -> HeldPosting {
    let status = version.status(day);
    HeldPosting { row, procedure: PostedProcedure { code, name: version.name, status } }
}

/// The answer of a posting, with its unit as it was named on the day of posting.
fn answer(scoped: &Scoped, held: HeldPosting) -> ProcedurePosting {
    let unit = label(scoped.tree(), held.row.org_unit_id, held.row.posted_on);
    ProcedurePosting::of(held, unit)
}

fn matching<'a>(
    scoped: &Scoped,
    filter: &'a ProcedurePostingFilter,
    units: Option<&[OrgUnitId]>,
    day: NaiveDate,
) -> Joined<'a> {
    use {procedure_postings as n, procedure_versions as v};
    let mut query = confine!(speaking(day), scoped, procedure_postings);
    if let Some(units) = units {
        query = query.filter(n::org_unit_id.eq_any(units.to_vec()));
    }
    if let Some(id) = filter.procedure_id {
        query = query.filter(n::procedure_id.eq(id));
    }
    if let Some(code) = &filter.procedure_code {
        query = query.filter(procedures::code.eq_any(code_forms(code)));
    }
    if let Some(form) = filter.form {
        query = query.filter(n::form.eq(form));
    }
    let gone = || n::removed_on.is_not_null().and(n::removed_on.assume_not_null().le(day));
    query = match filter.standing {
        None => query,
        Some(true) => query.filter(n::posted_on.le(day).and(dsl::not(gone()))),
        Some(false) => query.filter(n::posted_on.gt(day).or(gone())),
    };
    match filter.procedure_status {
        None => query,
        Some(ProcedureStatus::NotYetInForce) => query.filter(v::valid_from.gt(day)),
        Some(ProcedureStatus::InForce) => query.filter(v::valid_from.le(day).and(v::valid_to.gt(day))),
        Some(ProcedureStatus::Ended) => query.filter(v::valid_to.le(day)),
    }
}

/// A page of postings.
///
/// # Errors
/// 422 for a cursor of another order, for a unit that is not known.
pub(super) fn posting_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &ProcedurePostingFilter,
    page: &PageRequest,
) -> Result<PageRows<ProcedurePosting>, ApiError> {
    use {ProcedurePostingSort as Sort, procedure_postings as n};
    let day = storable(filter.as_of.unwrap_or_else(|| scoped.today()));
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let units = wanted_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)?;
    let units = units.as_deref();
    let query = matching(scoped, filter, units, day);
    let query = match filter.sort.unwrap_or(Sort::PostedOn) {
        Sort::PostedOn => {
            keyset!(query, page, asc n::posted_on => NaiveDate, n::id => ProcedurePostingId)
        }
        Sort::PostedOnDesc => {
            keyset!(query, page, desc n::posted_on => NaiveDate, n::id => ProcedurePostingId)
        }
    };
    let rows: Vec<Loaded> = query.select(columns()).load(conn)?;
    let total = page
        .include_total()
        .then(|| matching(scoped, filter, units, day).count().get_result(conn))
        .transpose()?;
    let rows = page.cut(rows, total, |(row, _, _)| json!([row.posted_on, row.id]));
    Ok(rows.map(|loaded| answer(scoped, held(loaded, day))))
}

fn held_find(conn: &mut DbConn, scoped: &Scoped, id: ProcedurePostingId) -> Result<HeldPosting, ApiError> {
    let day = storable(scoped.today());
    let loaded: Loaded = speaking(day).filter(procedure_postings::id.eq(id)).select(columns()).first(conn)?;
    scoped.must_reach(loaded.0.org_unit_id)?;
    Ok(held(loaded, day))
}

/// A posting by its id, in reach.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn posting_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedurePostingId,
) -> Result<ProcedurePosting, ApiError> {
    Ok(answer(scoped, held_find(conn, scoped, id)?))
}

/// Whose the evidence of a posting is: its unit's, who may add to it and take from it at any time.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn posting_seen(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedurePostingId,
) -> Result<Belonging, ApiError> {
    let HeldPosting { row, .. } = held_find(conn, scoped, id)?;
    Ok(Belonging::unit(row.org_unit_id, Some(row.province_id)))
}

/// The unit and procedure that a body names.
#[derive(Debug, Clone, Copy)]
struct Named {
    unit: OrgUnitId,
    procedure: ProcedureId,
}

/// What bodies name: procedures of the catalogue, and the postings that stand already.
struct Facts {
    named: ProceduresNamed,
    procedures: HashMap<ProcedureId, PostedProcedure>,
    postings: Vec<HeldPosting>,
}

impl Facts {
    fn load<'a>(
        conn: &mut DbConn,
        scoped: &Scoped,
        bodies: impl Iterator<Item = &'a ProcedurePostingCreate> + Clone,
    ) -> Result<Self, ApiError> {
        use {procedure_postings as n, procedure_versions as v};
        let ids = bodies.clone().filter_map(|body| body.procedure_id).collect();
        let codes = bodies.clone().filter_map(|body| body.procedure_code.as_deref()).collect();
        let named = ProceduresNamed::load_held(conn, ids, codes)?;
        let mut facts = Self { named, procedures: HashMap::new(), postings: Vec::new() };
        let found: Vec<Named> = bodies.filter_map(|body| facts.of(scoped, body).ok()).collect();
        let units: HashSet<OrgUnitId> = found.iter().map(|named| named.unit).collect();
        let ids: HashSet<ProcedureId> = found.iter().map(|named| named.procedure).collect();
        if ids.is_empty() {
            return Ok(facts);
        }
        let day = storable(scoped.today());
        let versions: Vec<VersionRow> = v::table
            .filter(v::procedure_id.eq_any(ids.clone()))
            .filter(v::speaks_from.le(day).and(v::speaks_to.gt(day)))
            .select(VersionRow::as_select())
            .load(conn)?;
        let told = |version: VersionRow| {
            let (id, status) = (version.procedure_id, version.status(day));
            let code = facts.named.code(id)?.to_owned();
            Some((id, PostedProcedure { code, name: version.name, status }))
        };
        facts.procedures = versions.into_iter().filter_map(told).collect();
        lock_units(conn, &units)?;
        let rows: Vec<PostingRow> = n::table
            .filter(n::org_unit_id.eq_any(units).and(n::procedure_id.eq_any(ids)))
            .filter(n::deleted_at.is_null())
            .select(PostingRow::as_select())
            .load(conn)?;
        let held = |row: PostingRow| {
            let procedure = facts.procedure(row.procedure_id)?;
            Ok(HeldPosting { row, procedure })
        };
        facts.postings = rows.into_iter().map(held).collect::<Result<_, ApiError>>()?;
        Ok(facts)
    }

    fn of(&self, scoped: &Scoped, body: &ProcedurePostingCreate) -> Result<Named, Vec<Fault>> {
        let unit = body.unit_name().resolve(scoped.tree(), body.posted_on);
        let by =
            NamedBy { id: body.procedure_id, code: body.procedure_code.as_deref(), pointer: "/procedure_id" };
        match (unit, self.named.resolve(by)) {
            (Ok(unit), Ok(procedure)) => Ok(Named { unit, procedure }),
            (unit, procedure) => Err(unit.err().into_iter().flatten().chain(procedure.err()).collect()),
        }
    }

    fn procedure(&self, id: ProcedureId) -> Result<PostedProcedure, ApiError> {
        self.procedures.get(&id).cloned().ok_or_else(|| ApiError::internal("a procedure has no version"))
    }

    /// The posting of the same unit, procedure and form since the same day.
    fn same(&self, named: Named, form: PostingForm, posted_on: NaiveDate) -> Option<&HeldPosting> {
        let is_same = |row: &PostingRow| {
            (row.org_unit_id, row.procedure_id, row.form, row.posted_on)
                == (named.unit, named.procedure, form, posted_on)
        };
        self.postings.iter().find(|held| is_same(&held.row))
    }
}

/// Whether two postings are of the same unit, procedure and form on one of the same days.
fn overlap(posting: &HeldPosting, other: &HeldPosting) -> bool {
    let (row, other) = (&posting.row, &other.row);
    let of = |row: &PostingRow| (row.org_unit_id, row.procedure_id, row.form);
    of(row) == of(other)
        && row.removed_on.is_none_or(|end| other.posted_on < end)
        && other.removed_on.is_none_or(|end| row.posted_on < end)
}

/// Postings, as they are written.
pub struct ProcedurePostings;

impl Records for ProcedurePostings {
    type Id = ProcedurePostingId;
    type Body = ProcedurePostingCreate;
    type Row = HeldPosting;
    type View = ProcedurePosting;

    fn order(body: &ProcedurePostingCreate) -> String {
        let unit = body.unit_name();
        key_text([
            unit.id.map(|id| id.written()).as_deref(),
            unit.identifier,
            unit.code,
            body.procedure_id.map(|id| id.written()).as_deref(),
            body.procedure_code.as_deref(),
            Some(body.form.as_str()),
            Some(&body.posted_on.to_string()),
        ])
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: ProcedurePostingId) -> Result<HeldPosting, ApiError> {
        held_find(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[ProcedurePostingCreate],
    ) -> Result<Vec<Option<HeldPosting>>, ApiError> {
        let facts = Facts::load(tx.conn(), scoped, bodies.iter())?;
        let present = |body: &ProcedurePostingCreate| {
            let named = facts.of(scoped, body).ok().filter(|named| scoped.reaches(named.unit))?;
            facts.same(named, body.form, body.posted_on).cloned()
        };
        Ok(bodies.iter().map(present).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<ProcedurePostingCreate, HeldPosting>>,
    ) -> Result<Vec<Result<HeldPosting, ApiError>>, ApiError> {
        let facts = Facts::load(tx.conn(), scoped, drafts.iter().map(|draft| &draft.body))?;
        let at = tx.at();
        let made = drafts.into_iter().map(|draft| posting_made(scoped, draft, &facts, at)).collect();
        Ok(once_at_a_time(facts.postings, made, overlap))
    }

    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[HeldPosting],
    ) -> Result<Written<ProcedurePosting>, ApiError> {
        let stored = save_rows!(
            tx.conn(),
            procedure_postings,
            ProcedurePostingId,
            rows.iter().map(|held| &held.row),
            [form, place, posted_on, removed_on, note]
        )?;
        let entry =
            |action, view: &ProcedurePosting, held: &HeldPosting| journal_entry(action, view, &held.row);
        Written::journal(tx, rows, &stored, entry, |held| answer(scoped, held.clone()))
    }
}

fn posting_made(
    scoped: &Scoped,
    draft: Draft<ProcedurePostingCreate, HeldPosting>,
    facts: &Facts,
    at: Instant,
) -> Result<HeldPosting, ApiError> {
    let Draft { body, present } = draft;
    check(&body)?;
    let present = present.map(|held| held.row);
    if let Some(row) = &present {
        scoped.must_reach(row.org_unit_id)?;
    }
    let days = [("/posted_on", Some(body.posted_on)), ("/removed_on", body.removed_on)];
    let mut faults: Vec<Fault> = day_faults(days).collect();
    if body.removed_on.is_some_and(|day| day <= body.posted_on) {
        let message = Bilingual::new(
            "Ngày gỡ bỏ phải sau ngày niêm yết.",
            "The day on which it no longer is posted must be after the first.",
        );
        faults.push(Fault::new("/removed_on", "before_start", message));
    }
    let named = facts.of(scoped, &body).map_err(|found| faults.extend(found)).ok();
    if let (Some(row), Some(named)) = (&present, named) {
        faults.extend(renamed(row, named, &body));
    }
    let Some(named) = named.filter(|_| faults.is_empty()) else { return Err(ApiError::invalid(faults)) };
    let owner = Owner::within_reach(scoped, &body.unit_name(), named.unit)?;
    let present = present.as_ref();
    let row = PostingRow {
        id: present.map_or_else(ProcedurePostingId::new, |row| row.id),
        province_id: present.map_or(owner.province, |row| row.province_id),
        org_unit_id: named.unit,
        procedure_id: named.procedure,
        form: body.form,
        place: body.place,
        posted_on: body.posted_on,
        removed_on: body.removed_on,
        note: body.note,
        version: present.map_or(0, |row| row.version),
        created_at: present.map_or(at, |row| row.created_at),
        updated_at: present.map_or(at, |row| row.updated_at),
    };
    Ok(HeldPosting { row, procedure: facts.procedure(named.procedure)? })
}

/// Unit and procedure name a posting and stay.
fn renamed(row: &PostingRow, named: Named, body: &ProcedurePostingCreate) -> Vec<Fault> {
    let message = || {
        Bilingual::new(
            "Giá trị này xác định bản ghi niêm yết nên không thay đổi được; hãy xóa và tạo bản ghi khác.",
            "This names the posting and cannot change; delete it and make another.",
        )
    };
    [
        (body.unit_name().pointer(), row.org_unit_id == named.unit),
        ("/procedure_id", row.procedure_id == named.procedure),
    ]
    .into_iter()
    .filter(|(_, same)| !same)
    .map(|(pointer, _)| Fault::new(pointer, "names_the_posting", message()))
    .collect()
}

fn journal_entry(
    action: JournalAction,
    view: &ProcedurePosting,
    row: &PostingRow,
) -> Result<Entry, ApiError> {
    Ok(Entry::new(action, RECORD_TYPE, view.id, view.version, view)?
        .of_unit(row.org_unit_id, Some(row.province_id.to_string())))
}

/// Deletes a posting that was entered by mistake. What was taken down is not deleted but gets the day.
///
/// # Errors
/// 412 when it has changed.
pub(super) fn posting_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcedurePostingId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let held = held_find(tx.conn(), scoped, id)?;
    expected.check(held.row.version)?;
    hide_row!(tx, procedure_postings, held.row)?;
    let row = PostingRow { version: held.row.version + 1, ..held.row.clone() };
    let view = answer(scoped, HeldPosting { row: row.clone(), ..held });
    Ok(tx.journal(journal_entry(JournalAction::Delete, &view, &row)?)?.with(()))
}
