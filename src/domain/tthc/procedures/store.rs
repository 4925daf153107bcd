//! Procedures in the database: an identity with its timeline of versions, written as one record.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;
use diesel::upsert::excluded;
use serde::Serialize;

use super::fields::FieldNames;
use super::model::{
    IdentityRow, Procedure, ProcedureCreate, ProcedureFilter, ProcedureId, ProcedureName, ProcedureSort,
    ProcedureStatus, ProcedureVersionId, VersionRow,
};
use super::timeline::Timeline;
use super::{deadline_text, rules};
use crate::api::json::check;
use crate::api::records::{Draft, Records, Row, Written};
use crate::api::{IfMatch, PageRequest, PageRows};
use crate::attachments::Belonging;
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::scope::Scoped;
use crate::db::conn::MultiBackend;
use crate::db::json_text::JsonText;
use crate::db::schema::{procedure_fields, procedure_versions, procedures};
use crate::db::types::Instant;
use crate::db::{DbConn, Recorded, WriteTx};
use crate::domain::validity::{OPEN_BEGINNING, OPEN_END, storable};
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::text::{contains, day_vi, fold};
use crate::{hide_row, insert_rows, keyset, on_db, save_rows};

/// A procedure with all its versions.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its identity.
    pub identity: IdentityRow,
    /// Its versions.
    pub timeline: Timeline,
    /// The version that is answered: the one that a write is about, else the latest.
    focus: VersionRow,
    /// The name of its field, where a write named it.
    field_name: Option<String>,
}

impl Held {
    fn of(identity: IdentityRow, versions: Vec<VersionRow>) -> Result<Self, ApiError> {
        let timeline = Timeline::new(versions);
        let focus = timeline.versions().last().cloned();
        let focus = focus.ok_or_else(|| ApiError::internal("a procedure has no version"))?;
        Ok(Self { identity, timeline, focus, field_name: None })
    }

    /// The procedure with another timeline.
    ///
    /// # Errors
    /// When that has no version.
    pub(in crate::domain::tthc) fn with_timeline(self, timeline: &Timeline) -> Result<Self, ApiError> {
        Self::of(self.identity, timeline.versions().to_vec())
    }
}

/// What a write is about does not make it another procedure.
impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.identity == other.identity && self.timeline == other.timeline
    }
}

impl Row for Held {
    type Id = ProcedureId;

    fn id(&self) -> ProcedureId {
        self.identity.id
    }

    fn version(&self) -> i64 {
        self.identity.version
    }

    fn revise(&mut self, at: Instant) {
        self.identity.revise(at);
    }
}

/// A procedure as the journal keeps it.
#[derive(Serialize)]
struct Kept<'a> {
    id: ProcedureId,
    code: &'a str,
    version: i64,
    versions: &'a [VersionRow],
}

fn entry(action: JournalAction, identity: &IdentityRow, timeline: &Timeline) -> Result<Entry, ApiError> {
    let IdentityRow { id, code, version, .. } = identity;
    let kept = Kept { id: *id, code, version: *version, versions: timeline.versions() };
    Entry::new(action, "procedure", id, *version, &kept)
}

/// A procedure with its versions.
///
/// # Errors
/// 404 when there is none.
pub fn held_find(conn: &mut DbConn, id: ProcedureId) -> Result<Held, ApiError> {
    let identity: IdentityRow = procedures::table
        .find(id)
        .filter(procedures::deleted_at.is_null())
        .select(IdentityRow::as_select())
        .first(conn)?;
    let versions = procedure_versions::table
        .filter(procedure_versions::procedure_id.eq(id))
        .select(VersionRow::as_select())
        .load(conn)?;
    Held::of(identity, versions)
}

/// The procedures of these codes with all their versions.
pub(in crate::domain::tthc) fn held_by_code(
    conn: &mut DbConn,
    codes: HashSet<&str>,
) -> Result<HashMap<String, Held>, ApiError> {
    let identities: Vec<IdentityRow> = procedures::table
        .filter(procedures::code.eq_any(codes).and(procedures::deleted_at.is_null()))
        .select(IdentityRow::as_select())
        .load(conn)?;
    let ids: Vec<ProcedureId> = identities.iter().map(|row| row.id).collect();
    let mut versions: HashMap<ProcedureId, Vec<VersionRow>> = HashMap::new();
    let rows: Vec<VersionRow> = procedure_versions::table
        .filter(procedure_versions::procedure_id.eq_any(ids))
        .select(VersionRow::as_select())
        .load(conn)?;
    for row in rows {
        versions.entry(row.procedure_id).or_default().push(row);
    }
    let held = identities.into_iter().map(|identity| {
        let versions = versions.remove(&identity.id).unwrap_or_default();
        Ok((identity.code.clone(), Held::of(identity, versions)?))
    });
    held.collect()
}

pub(in crate::domain::tthc) type Joined<'a> = dsl::IntoBoxed<
    'a,
    dsl::LeftJoinOn<
        dsl::InnerJoinOn<
            procedures::table,
            procedure_versions::table,
            dsl::Eq<procedure_versions::procedure_id, procedures::id>,
        >,
        procedure_fields::table,
        dsl::Eq<dsl::Nullable<procedure_fields::id>, procedure_versions::field_id>,
    >,
    MultiBackend,
>;

/// The versions that speak for a day.
pub(in crate::domain::tthc) fn speaking<'a>(day: NaiveDate) -> Joined<'a> {
    use procedure_versions as v;
    procedures::table
        .inner_join(v::table.on(v::procedure_id.eq(procedures::id)))
        .left_join(procedure_fields::table.on(procedure_fields::id.nullable().eq(v::field_id)))
        .into_boxed()
        .filter(procedures::deleted_at.is_null())
        .filter(v::speaks_from.le(day).and(v::speaks_to.gt(day)))
}

/// What [`Procedure::of`] is made of.
pub(in crate::domain::tthc) fn columns() -> (
    <IdentityRow as Selectable<MultiBackend>>::SelectExpression,
    <VersionRow as Selectable<MultiBackend>>::SelectExpression,
    dsl::Nullable<procedure_fields::name>,
) {
    (
        <IdentityRow as Selectable<MultiBackend>>::construct_selection(),
        <VersionRow as Selectable<MultiBackend>>::construct_selection(),
        procedure_fields::name.nullable(),
    )
}

/// The codes under which a procedure may be recorded: as it is given, and without the agency's part.
pub(in crate::domain::tthc) fn code_forms(code: &str) -> Vec<String> {
    let national = code.split_at_checked(8).filter(|(_, agency)| agency.starts_with('.'));
    std::iter::once(code).chain(national.map(|(national, _)| national)).map(str::to_owned).collect()
}

fn matching(filter: &ProcedureFilter, day: NaiveDate) -> Joined<'_> {
    use procedure_versions as v;
    let ProcedureFilter { as_of: _, code, field_id, field_name, level, service_level, status, q, sort: _ } =
        filter;
    let mut query = speaking(day);
    if let Some(code) = code {
        query = query.filter(procedures::code.eq_any(code_forms(code)));
    }
    if let Some(field) = field_id {
        query = query.filter(v::field_id.eq(field));
    }
    if let Some(name) = field_name {
        query = query.filter(procedure_fields::name.eq(name));
    }
    if let Some(level) = level {
        query = query.filter(v::level.eq(level));
    }
    if let Some(level) = service_level {
        query = query.filter(v::service_level.eq(level));
    }
    query = match status {
        None => query,
        Some(ProcedureStatus::NotYetInForce) => query.filter(v::valid_from.gt(day)),
        Some(ProcedureStatus::InForce) => query.filter(v::valid_from.le(day).and(v::valid_to.gt(day))),
        Some(ProcedureStatus::Ended) => query.filter(v::valid_to.le(day)),
    };
    if let Some(q) = q {
        let is_code = || procedures::code.eq(q.trim());
        let words = fold(q);
        if words.is_empty() {
            query = query.filter(is_code());
        }
        for word in words.split_whitespace() {
            query = query.filter(v::name_folded.like(contains(word)).escape('\\').or(is_code()));
        }
    }
    query
}

fn day_of(as_of: Option<NaiveDate>, scoped: &Scoped) -> NaiveDate {
    storable(as_of.unwrap_or_else(|| scoped.today()))
}

/// A page of procedures, each in the version that speaks for the day.
///
/// # Errors
/// 422 for a cursor of another order.
pub fn procedure_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &ProcedureFilter,
    page: &PageRequest,
) -> Result<PageRows<Procedure>, ApiError> {
    use procedure_versions as v;
    let day = day_of(filter.as_of, scoped);
    let sort = filter.sort.unwrap_or(ProcedureSort::Code);
    let query = matching(filter, day);
    let query = match sort {
        ProcedureSort::Code => {
            keyset!(query, page, asc procedures::code => String, procedures::id => ProcedureId)
        }
        ProcedureSort::CodeDesc => {
            keyset!(query, page, desc procedures::code => String, procedures::id => ProcedureId)
        }
        ProcedureSort::Name => {
            keyset!(query, page, asc v::name_folded => String, v::procedure_id => ProcedureId)
        }
        ProcedureSort::NameDesc => {
            keyset!(query, page, desc v::name_folded => String, v::procedure_id => ProcedureId)
        }
    };
    let rows: Vec<(IdentityRow, VersionRow, Option<String>)> = query.select(columns()).load(conn)?;
    let total = page.include_total().then(|| matching(filter, day).count().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |(identity, version, _)| match sort {
        ProcedureSort::Code | ProcedureSort::CodeDesc => serde_json::json!([identity.code, identity.id]),
        ProcedureSort::Name | ProcedureSort::NameDesc => {
            serde_json::json!([version.name_folded, identity.id])
        }
    });
    Ok(rows.map(|(identity, version, field)| Procedure::of(&identity, version, field, day)))
}

/// A procedure in the version that speaks for the day.
///
/// # Errors
/// 404 when there is none.
pub fn procedure_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedureId,
    as_of: Option<NaiveDate>,
) -> Result<Procedure, ApiError> {
    let day = day_of(as_of, scoped);
    let (identity, version, field): (IdentityRow, VersionRow, Option<String>) =
        speaking(day).filter(procedures::id.eq(id)).select(columns()).first(conn)?;
    Ok(Procedure::of(&identity, version, field, day))
}

/// A procedure has attachments whatever version is in force.
///
/// # Errors
/// 404 when there is none.
pub fn procedure_seen(conn: &mut DbConn, _scoped: &Scoped, id: ProcedureId) -> Result<Belonging, ApiError> {
    held_find(conn, id).map(|_| Belonging::nobody())
}

/// The same for whoever may change procedures.
///
/// # Errors
/// 403 for everyone but an administrator of the whole country, 404 when there is none.
pub fn procedure_changeable(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedureId,
) -> Result<Belonging, ApiError> {
    scoped.whole_country()?;
    procedure_seen(conn, scoped, id)
}

/// All versions of a procedure, the oldest first, each as it stands today.
///
/// # Errors
/// 404 when there is none.
pub fn procedure_versions_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedureId,
) -> Result<Vec<Procedure>, ApiError> {
    let held = held_find(conn, id)?;
    let fields = held.timeline.versions().iter().filter_map(|version| version.field_id).collect();
    let names = FieldNames::load(conn, fields, HashSet::new())?;
    let answer = |version: &VersionRow| {
        let field = version.field_id.and_then(|field| names.name(field)).map(str::to_owned);
        Procedure::of(&held.identity, version.clone(), field, scoped.today())
    };
    Ok(held.timeline.versions().iter().map(answer).collect())
}

/// The names that the procedures in force on a day have, by code.
///
/// # Errors
/// When the database cannot be read.
pub fn procedure_names(
    conn: &mut DbConn,
    scoped: &Scoped,
    as_of: Option<NaiveDate>,
) -> Result<Vec<ProcedureName>, ApiError> {
    use procedure_versions as v;
    let day = day_of(as_of, scoped);
    let rows: Vec<(ProcedureId, String, String)> = speaking(day)
        .filter(v::valid_from.le(day).and(v::valid_to.gt(day)))
        .order(procedures::code)
        .select((procedures::id, procedures::code, v::name))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, code, name)| ProcedureName { id, code, name }).collect())
}

/// What a write does to a timeline.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Says what holds from the body's first day on; without one, what holds today.
    State,
    /// Corrects the version that speaks for a day.
    Correct(NaiveDate),
    /// Changes the procedure from the body's first day on.
    Change,
}

/// Procedures, as they are written.
pub struct Procedures;

impl Records for Procedures {
    type Id = ProcedureId;
    type Body = ProcedureCreate;
    type Row = Held;
    type View = Procedure;

    fn find(conn: &mut DbConn, _scoped: &Scoped, id: ProcedureId) -> Result<Held, ApiError> {
        held_find(conn, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        _scoped: &Scoped,
        bodies: &[ProcedureCreate],
    ) -> Result<Vec<Option<Held>>, ApiError> {
        let codes = bodies.iter().map(|body| body.code.as_str()).collect();
        let held = held_by_code(tx.conn(), codes)?;
        Ok(bodies.iter().map(|body| held.get(&body.code).cloned()).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<ProcedureCreate, Held>>,
    ) -> Result<Vec<Result<Held, ApiError>>, ApiError> {
        scoped.whole_country()?;
        let names = fields_named(tx.conn(), drafts.iter().map(|draft| &draft.body))?;
        let at = tx.at();
        let made = |draft: Draft<_, _>| revised(draft.present, draft.body, Step::State, &names, at);
        Ok(drafts.into_iter().map(made).collect())
    }

    fn save(tx: &mut WriteTx<'_>, scoped: &Scoped, rows: &[Held]) -> Result<Written<Procedure>, ApiError> {
        let identities = rows.iter().map(|row| &row.identity);
        let stored = save_rows!(tx.conn(), procedures, ProcedureId, identities, [code])?;
        let kept = rows.iter().filter(|row| stored.contains(&row.identity.id));
        let (new, changed): (Vec<_>, Vec<_>) = kept.partition(|row| row.identity.version == 1);
        insert_rows!(tx.conn(), procedure_versions, versions_of(new))?;
        versions_save(tx.conn(), &versions_of(changed))?;
        let today = scoped.today();
        let entry = |action, _: &Procedure, row: &Held| entry(action, &row.identity, &row.timeline);
        let view =
            |row: &Held| Procedure::of(&row.identity, row.focus.clone(), row.field_name.clone(), today);
        Written::journal(tx, rows, &stored, entry, view)
    }
}

fn fields_named<'a>(
    conn: &mut DbConn,
    bodies: impl Iterator<Item = &'a ProcedureCreate> + Clone,
) -> Result<FieldNames, ApiError> {
    let ids = bodies.clone().filter_map(|body| body.field_id).collect();
    let names = bodies.filter_map(|body| body.field_name.as_deref()).collect();
    FieldNames::load(conn, ids, names)
}

/// The procedure after a write.
fn revised(
    present: Option<Held>,
    mut body: ProcedureCreate,
    step: Step,
    names: &FieldNames,
    at: Instant,
) -> Result<Held, ApiError> {
    check(&body)?;
    let (mut identity, timeline) = match present {
        Some(held) => (held.identity, held.timeline),
        None => {
            let (id, code) = (ProcedureId::new(), body.code.clone());
            (IdentityRow { id, code, version: 0, created_at: at, updated_at: at }, Timeline::default())
        }
    };
    let replaced = match (step, body.valid_from) {
        (Step::Change, _) => None,
        (Step::Correct(day), _) => timeline.on(day),
        (Step::State, Some(first)) => timeline.beginning_on(first),
        (Step::State, None) => timeline.on(storable(at.vietnam_day())),
    };
    let replaced = replaced.cloned();
    let mut faults = Vec::new();
    if let (Step::State, Some(version)) = (step, &replaced) {
        let today = storable(at.vietnam_day());
        if body.valid_from.is_none() && body.valid_to.is_none() && version.valid_to <= today {
            faults.push(ended(version.valid_to));
        }
        // What a statement leaves open stays as it is known: it neither revives nor prolongs.
        if body.valid_from.is_none() {
            body.valid_from = (version.valid_from != OPEN_BEGINNING).then_some(version.valid_from);
            body.valid_from_certainty = version.valid_from_certainty;
        }
        if body.valid_to.is_none() {
            body.valid_to = (version.valid_to != OPEN_END).then_some(version.valid_to);
            body.valid_to_certainty = version.valid_to_certainty;
        }
    }
    if let Step::Change = step
        && body.code != identity.code
    {
        faults.push(other_code(&identity.code));
    }
    if body.deadlines.is_empty() {
        let text = body.deadline_text.as_deref();
        body.deadlines = text.and_then(deadline_text::deadlines).unwrap_or_default();
    }
    faults.extend(rules::faults(&body));
    let field = field_of(&body, names).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    identity.code = body.code;
    let id = replaced.as_ref().map_or_else(ProcedureVersionId::new, |version| version.id);
    let version = VersionRow {
        id,
        procedure_id: identity.id,
        valid_from: body.valid_from.unwrap_or(OPEN_BEGINNING),
        valid_from_certainty: body.valid_from_certainty,
        valid_to: body.valid_to.unwrap_or(OPEN_END),
        valid_to_certainty: body.valid_to_certainty,
        speaks_from: OPEN_BEGINNING,
        speaks_to: OPEN_END,
        name_folded: fold(&body.name),
        name: body.name,
        field_id: field,
        level: body.level,
        service_level: body.service_level,
        deadlines: JsonText(body.deadlines),
        deadline_text: body.deadline_text,
        fees: JsonText(body.fees),
        papers: JsonText(body.papers),
        authority: body.authority,
        announcing_decision: body.announcing_decision,
        source: body.source,
        note: body.note,
    };
    let placed = match replaced {
        Some(_) => timeline.with(version),
        None => timeline.changed(version),
    };
    match placed {
        Ok(timeline) if faults.is_empty() => {
            let mut held = Held::of(identity, timeline.versions().to_vec())?;
            held.focus = timeline.versions().iter().find(|row| row.id == id).cloned().unwrap_or(held.focus);
            held.field_name = field.and_then(|field| names.name(field)).map(str::to_owned);
            Ok(held)
        }
        Ok(_) => Err(ApiError::invalid(faults)),
        Err(misplaced) => {
            faults.extend(misplaced);
            Err(ApiError::invalid(faults))
        }
    }
}

fn ended(on: NaiveDate) -> Fault {
    let message = Bilingual::new(
        format!(
            "Thủ tục đã hết hiệu lực từ ngày {}; nếu được công bố lại, hãy ghi ngày bắt đầu hiệu lực mới.",
            day_vi(on)
        ),
        format!("The procedure ended on {on}; where it is announced again, give its new first day."),
    );
    Fault::new("/valid_from", "ended", message)
}

fn other_code(code: &str) -> Fault {
    let message = Bilingual::new(
        format!("Phiên bản mới phải giữ mã {code} của thủ tục."),
        format!("A new version keeps the procedure's code {code}."),
    );
    Fault::new("/code", "other_code", message)
}

/// The field that a body names.
fn field_of(
    body: &ProcedureCreate,
    names: &FieldNames,
) -> Result<Option<super::fields::ProcedureFieldId>, Fault> {
    let unknown = |pointer| {
        let message = Bilingual::new(
            "Không có lĩnh vực này trong danh mục lĩnh vực.",
            "The list of fields does not have this one.",
        );
        Fault::new(pointer, "unknown_field", message)
    };
    match (body.field_id, body.field_name.as_deref()) {
        (None, None) => Ok(None),
        (Some(id), None) => names.name(id).map(|_| Some(id)).ok_or_else(|| unknown("/field_id")),
        (None, Some(name)) => names.id(name).map(Some).ok_or_else(|| unknown("/field_name")),
        (Some(_), Some(_)) => {
            let message = Bilingual::new(
                "Chỉ nêu lĩnh vực bằng một trong hai: mã hoặc tên.",
                "Name the field by its id or by its name, not by both.",
            );
            Err(Fault::new("/field_name", "named_twice", message))
        }
    }
}

fn versions_of(rows: Vec<&Held>) -> Vec<&VersionRow> {
    rows.into_iter().flat_map(|row| row.timeline.versions()).collect()
}

/// Stores versions of procedures that are there, new ones and corrected ones.
fn versions_save(conn: &mut DbConn, versions: &[&VersionRow]) -> Result<(), ApiError> {
    use procedure_versions as v;
    for part in versions.chunks(400) {
        on_db!(conn, |c| diesel::insert_into(v::table)
            .values(part.to_vec())
            .on_conflict(v::id)
            .do_update()
            .set((
                v::valid_from.eq(excluded(v::valid_from)),
                v::valid_from_certainty.eq(excluded(v::valid_from_certainty)),
                v::valid_to.eq(excluded(v::valid_to)),
                v::valid_to_certainty.eq(excluded(v::valid_to_certainty)),
                v::speaks_from.eq(excluded(v::speaks_from)),
                v::speaks_to.eq(excluded(v::speaks_to)),
                v::name.eq(excluded(v::name)),
                v::name_folded.eq(excluded(v::name_folded)),
                v::field_id.eq(excluded(v::field_id)),
                v::level.eq(excluded(v::level)),
                v::service_level.eq(excluded(v::service_level)),
                v::deadlines.eq(excluded(v::deadlines)),
                v::deadline_text.eq(excluded(v::deadline_text)),
                v::fees.eq(excluded(v::fees)),
                v::papers.eq(excluded(v::papers)),
                v::authority.eq(excluded(v::authority)),
                v::announcing_decision.eq(excluded(v::announcing_decision)),
                v::source.eq(excluded(v::source)),
                v::note.eq(excluded(v::note)),
            ))
            .execute(c))?;
    }
    Ok(())
}

/// Corrects the version that speaks for the day; `whole` makes the corrected one out of it.
///
/// # Errors
/// 412 when the procedure has changed, 409 when its code is taken, 422 when it is not valid.
pub fn procedure_correct(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    (id, as_of): (ProcedureId, Option<NaiveDate>),
    expected: &IfMatch,
    whole: impl FnOnce(&str, &VersionRow) -> ProcedureCreate,
) -> Result<Recorded<Procedure>, ApiError> {
    scoped.whole_country()?;
    let held = held_find(tx.conn(), id)?;
    expected.check(held.identity.version)?;
    let day = day_of(as_of, scoped);
    let version = held.timeline.on(day).ok_or_else(ApiError::not_found)?;
    let body = whole(&held.identity.code, version);
    write(tx, scoped, held, body, Step::Correct(day))
}

/// Changes a procedure from a day on: the version in force that day ends on it.
///
/// # Errors
/// 404 when there is none, 422 when it is not valid or a version begins on that day already.
pub fn procedure_change(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcedureId,
    body: ProcedureCreate,
) -> Result<Recorded<Procedure>, ApiError> {
    scoped.whole_country()?;
    let held = held_find(tx.conn(), id)?;
    write(tx, scoped, held, body, Step::Change)
}

fn write(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    held: Held,
    body: ProcedureCreate,
    step: Step,
) -> Result<Recorded<Procedure>, ApiError> {
    let names = fields_named(tx.conn(), std::iter::once(&body))?;
    let mut held = revised(Some(held), body, step, &names, tx.at())?;
    held.revise(tx.at());
    Procedures::save(tx, scoped, &[held])?.only()
}

/// Deletes a procedure that was entered by mistake.
///
/// # Errors
/// 412 when it has changed, 409 while it is posted or a process is for it.
pub fn procedure_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcedureId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    scoped.whole_country()?;
    let mut held = held_find(tx.conn(), id)?;
    expected.check(held.identity.version)?;
    if is_used(tx.conn(), id)? {
        return Err(ApiError::new(Problem::InUse));
    }
    hide_row!(tx, procedures, held.identity)?;
    held.revise(tx.at());
    Ok(tx.journal(entry(JournalAction::Delete, &held.identity, &held.timeline)?)?.with(()))
}

/// Whether a posting or process stands that is about the procedure.
fn is_used(conn: &mut DbConn, id: ProcedureId) -> Result<bool, ApiError> {
    use crate::db::schema::{procedure_postings, procedure_process_links, procedure_processes};
    let postings = procedure_postings::table
        .filter(procedure_postings::procedure_id.eq(id).and(procedure_postings::deleted_at.is_null()));
    let processes = procedure_process_links::table
        .inner_join(
            procedure_processes::table.on(procedure_processes::id.eq(procedure_process_links::process_id)),
        )
        .filter(procedure_processes::deleted_at.is_null())
        .filter(procedure_process_links::procedure_id.eq(id));
    Ok(diesel::select(dsl::exists(postings)).get_result(conn)?
        || diesel::select(dsl::exists(processes)).get_result(conn)?)
}
