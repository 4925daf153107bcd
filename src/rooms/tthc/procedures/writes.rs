//! Procedures as they are written: what is stated, corrected or changed becomes a timeline, stored with
//! its identity as one record.

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;
use diesel::upsert::excluded;
use serde::Serialize;

use super::bodies::ProcedureCreate;
use super::fields::{FieldNames, ProcedureFieldId, procedure_field_catalogue};
use super::model::{IdentityRow, Procedure, ProcedureId, ProcedureVersionId, VersionRow};
use super::store::{Held, day_of, held_by_code, held_find};
use super::timeline::Timeline;
use super::{deadline_text, rules};
use kernel::api::IfMatch;
use kernel::api::json::check;
use kernel::api::records::{Draft, Records, Row, Written};
use kernel::api::table::Catalogue;
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::scope::Scoped;
use kernel::db::json_text::JsonText;
use kernel::db::schema::{procedure_versions, procedures};
use kernel::db::types::Instant;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::{ApiError, Bilingual, Fault, Problem};
use kernel::text::{day_vi, fold};
use kernel::validity::{OPEN_BEGINNING, OPEN_END, storable};
use kernel::{hide_row, insert_rows, on_db, save_rows};

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

    fn order(body: &ProcedureCreate) -> String {
        body.code.clone()
    }

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

    fn catalogues(conn: &mut DbConn, _scoped: &Scoped) -> Result<Vec<Catalogue>, ApiError> {
        Ok(procedure_field_catalogue(conn, "field_name")?.into_iter().collect())
    }
}

fn fields_named<'a>(
    conn: &mut DbConn,
    bodies: impl Iterator<Item = &'a ProcedureCreate> + Clone,
) -> Result<FieldNames, ApiError> {
    let ids = bodies.clone().filter_map(|body| body.field_id).collect();
    let names = bodies.filter_map(|body| body.field_name.as_deref()).collect();
    FieldNames::load_held(conn, ids, names)
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
fn field_of(body: &ProcedureCreate, names: &FieldNames) -> Result<Option<ProcedureFieldId>, Fault> {
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
    whole: impl FnOnce(&str, &VersionRow) -> Result<ProcedureCreate, ApiError>,
) -> Result<Recorded<Procedure>, ApiError> {
    scoped.whole_country()?;
    let held = held_find(tx.conn(), id)?;
    expected.check(held.identity.version)?;
    let day = day_of(as_of, scoped);
    let version = held.timeline.on(day).ok_or_else(ApiError::not_found)?;
    let body = whole(&held.identity.code, version)?;
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
    // Hidden first: a posting or process that is being made for it holds the row, and stands when this goes on.
    hide_row!(tx, procedures, held.identity)?;
    if is_used(tx.conn(), id)? {
        return Err(ApiError::new(Problem::InUse));
    }
    held.revise(tx.at());
    Ok(tx.journal(entry(JournalAction::Delete, &held.identity, &held.timeline)?)?.with(()))
}

/// Whether a posting or process stands that is about the procedure.
fn is_used(conn: &mut DbConn, id: ProcedureId) -> Result<bool, ApiError> {
    use kernel::db::schema::{procedure_postings, procedure_process_links, procedure_processes};
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
