//! Feedback as it is written.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use diesel::prelude::*;
use serde::Serialize;

use super::bodies::{CitizenFeedbackCreate, CitizenFeedbackPatch};
use super::erasure::forget_deleted;
use super::limits::TimeLimits;
use super::model::{CitizenFeedback, CitizenFeedbackId, FeedbackRow, HeldFeedback};
use super::petitioner::{PetitionerShown, place};
use super::rules;
use super::store::{answer, held_find};
use kernel::api::IfMatch;
use kernel::api::json::check;
use kernel::api::records::{Draft, Records, Written, key_text, replace};
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::scope::Scoped;
use kernel::db::schema::citizen_feedback;
use kernel::db::types::Instant;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::{ApiError, Fault};
use kernel::owners::{Owner, named_unit};
use kernel::people::{PersonKind, PersonalDataErasure, must_stand};
use kernel::text::fold;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::named_as;
use kernel::{hide_row, save_rows};

const RECORD_TYPE: &str = "citizen_feedback";

/// Feedback, as it is written.
pub struct CitizenFeedbacks;

/// By what feedback is known: the province and the code.
type Key = (OrgUnitId, String);

fn key(scoped: &Scoped, body: &CitizenFeedbackCreate) -> Option<Key> {
    let unit = body.unit_name().resolve(scoped.tree(), body.received_at.vietnam_day()).ok()?;
    Some((scoped.home_province(unit)?, body.code.clone()))
}

impl Records for CitizenFeedbacks {
    type Id = CitizenFeedbackId;
    type Body = CitizenFeedbackCreate;
    type Row = HeldFeedback;
    type View = CitizenFeedback;

    fn order(body: &CitizenFeedbackCreate) -> String {
        let unit = body.unit_name();
        key_text([
            Some(body.code.as_str()),
            unit.id.map(|id| id.written()).as_deref(),
            unit.identifier,
            unit.code,
        ])
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: CitizenFeedbackId) -> Result<HeldFeedback, ApiError> {
        held_find(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[CitizenFeedbackCreate],
    ) -> Result<Vec<Option<HeldFeedback>>, ApiError> {
        use citizen_feedback as f;
        let keys: Vec<Option<Key>> = bodies.iter().map(|body| key(scoped, body)).collect();
        let named = || keys.iter().flatten();
        let provinces: HashSet<OrgUnitId> = named().map(|(province, _)| *province).collect();
        let codes: HashSet<&str> = named().map(|(_, code)| code.as_str()).collect();
        let rows: Vec<FeedbackRow> = f::table
            .filter(f::province_id.eq_any(provinces).and(f::code.eq_any(codes)))
            .filter(f::deleted_at.is_null())
            .select(FeedbackRow::as_select())
            .load(tx.conn())?;
        let limits = Arc::new(TimeLimits::load(tx.conn(), scoped.today())?);
        let found: HashMap<Key, FeedbackRow> = rows
            .into_iter()
            .filter(|row| scoped.reaches(row.org_unit_id))
            .map(|row| ((row.province_id, row.code.clone()), row))
            .collect();
        let held = |key: &Option<Key>| {
            let row = found.get(key.as_ref()?)?.clone();
            Some(HeldFeedback { row, limits: limits.clone() })
        };
        Ok(keys.iter().map(held).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<CitizenFeedbackCreate, HeldFeedback>>,
    ) -> Result<Vec<Result<HeldFeedback, ApiError>>, ApiError> {
        let limits = Arc::new(TimeLimits::load(tx.conn(), scoped.today())?);
        let at = tx.at();
        let made = |draft| {
            let row = feedback_made(scoped, draft, at)?;
            Ok(HeldFeedback { row, limits: limits.clone() })
        };
        Ok(drafts.into_iter().map(made).collect())
    }

    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[HeldFeedback],
    ) -> Result<Written<CitizenFeedback>, ApiError> {
        save_as(tx, scoped, rows, None)
    }
}

/// Stores feedback with its journal entries, which also tell the order where its personal data are erased.
pub(super) fn save_as(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    rows: &[HeldFeedback],
    order: Option<&PersonalDataErasure>,
) -> Result<Written<CitizenFeedback>, ApiError> {
    let masked = scoped.masked();
    let stored = save_rows!(
        tx.conn(),
        citizen_feedback,
        CitizenFeedbackId,
        rows.iter().map(|held| &held.row),
        [
            receiving_unit_id,
            code,
            channel,
            class,
            content,
            content_folded,
            received_at,
            refused_at,
            refusal_reason,
            supplement_requested_at,
            supplement_request,
            supplement_received_at,
            answered_at,
            answer_number,
            published_at,
            note,
            petitioner_kind,
            petitioner,
            erased_at,
        ]
    )?;
    let entry =
        |action, view: &CitizenFeedback, held: &HeldFeedback| journal_entry(action, view, &held.row, order);
    Written::try_journal(tx, rows, &stored, entry, |held| answer(&masked, held.clone()))
}

fn feedback_made(
    scoped: &Scoped,
    draft: Draft<CitizenFeedbackCreate, HeldFeedback>,
    at: Instant,
) -> Result<FeedbackRow, ApiError> {
    let Draft { body, present } = draft;
    check(&body)?;
    let present = present.map(|held| held.row);
    let present = present.as_ref();
    let day = body.received_at.vietnam_day();
    let mut faults = rules::faults(&body, scoped.today());
    let unit = named_unit(scoped, &body.unit_name(), day, present.map(|row| row.org_unit_id));
    let unit = unit.map_err(|found| faults.extend(found)).ok();
    let receiving = receiving_unit(scoped, &body).map_err(|found| faults.extend(found)).ok().flatten();
    let Some(unit) = unit.filter(|_| faults.is_empty()) else { return Err(ApiError::invalid(faults)) };
    let owner = Owner::within_reach(scoped, &body.unit_name(), unit)?;
    let id = present.map_or_else(CitizenFeedbackId::new, |row| row.id);
    let (petitioner_kind, petitioner) = sealed_petitioner(scoped, &body, present, id, at)?;
    Ok(FeedbackRow {
        id,
        province_id: present.map_or(owner.province, |row| row.province_id),
        org_unit_id: owner.unit,
        receiving_unit_id: receiving.filter(|receiving| *receiving != owner.unit),
        code: body.code,
        channel: body.channel,
        class: body.class,
        content_folded: fold(&body.content),
        content: body.content,
        received_at: body.received_at,
        refused_at: body.refused_at,
        refusal_reason: body.refusal_reason,
        supplement_requested_at: body.supplement_requested_at,
        supplement_request: body.supplement_request,
        supplement_received_at: body.supplement_received_at,
        answered_at: body.answered_at,
        answer_number: body.answer_number,
        published_at: body.published_at,
        note: body.note,
        petitioner_kind,
        petitioner,
        erased_at: present.and_then(|row| row.erased_at),
        version: present.map_or(0, |row| row.version),
        created_at: present.map_or(at, |row| row.created_at),
        updated_at: present.map_or(at, |row| row.updated_at),
    })
}

/// Who sent it, sealed. One who says the same stays as they are sealed, and one who was erased stays so.
fn sealed_petitioner(
    scoped: &Scoped,
    body: &CitizenFeedbackCreate,
    present: Option<&FeedbackRow>,
    id: CitizenFeedbackId,
    at: Instant,
) -> Result<(Option<PersonKind>, Option<String>), ApiError> {
    if let Some(row) = present.filter(|row| row.erased_at.is_some()) {
        return Ok((row.petitioner_kind, None));
    }
    let Some(told) = &body.petitioner else { return Ok((None, None)) };
    let held = present.and_then(|row| row.petitioner.as_deref());
    let sealed = place(id).seal_over(scoped.personal_keys()?, at, &told.identity(), held)?;
    Ok((Some(told.kind), Some(sealed)))
}

/// The unit that received it, where the body names one.
fn receiving_unit(scoped: &Scoped, body: &CitizenFeedbackCreate) -> Result<Option<OrgUnitId>, Vec<Fault>> {
    let named = body.receiving_unit().resolve_optional(scoped.tree(), body.received_at.vietnam_day());
    named_as(named, "receiving_unit")
}

/// The journal entry of a write. It tells nobody's name, masked or not: an entry never changes, and personal
/// data must go on order.
fn journal_entry(
    action: JournalAction,
    view: &CitizenFeedback,
    row: &FeedbackRow,
    order: Option<&PersonalDataErasure>,
) -> Result<Entry, ApiError> {
    #[derive(Serialize)]
    struct Content<'a> {
        #[serde(flatten)]
        feedback: &'a CitizenFeedback,
        #[serde(skip_serializing_if = "Option::is_none")]
        erasure: Option<&'a PersonalDataErasure>,
    }
    let petitioner = row.petitioner_kind.map(PetitionerShown::erased);
    let nameless = CitizenFeedback { petitioner, ..view.clone() };
    let content = Content { feedback: &nameless, erasure: order };
    let action = order.map_or(action, |_| JournalAction::ErasePersonal);
    Ok(Entry::new(action, RECORD_TYPE, view.id, view.version, &content)?
        .of_unit(row.org_unit_id, Some(row.province_id.to_string())))
}

/// Changes single members of feedback; its petitioner as a whole, for nobody changes what they see masked.
///
/// # Errors
/// 404 when there is none in reach, 409 where it tells an erased petitioner again, 412 when it has changed.
pub(super) fn feedback_patch(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: CitizenFeedbackId,
    expected: &IfMatch,
    patch: CitizenFeedbackPatch,
) -> Result<Recorded<CitizenFeedback>, ApiError> {
    let HeldFeedback { row, .. } = held_find(tx.conn(), scoped, id)?;
    if patch.petitioner.is_present() {
        must_stand(row.erased_at)?;
    }
    let whole = patch.onto(CitizenFeedbackCreate::of(row, scoped.personal_keys()?)?);
    replace::<CitizenFeedbacks>(tx, scoped, id, expected, whole)
}

/// Deletes feedback that was entered by mistake, and leaves nobody behind in it or beside it.
///
/// # Errors
/// 412 when it has changed.
pub(super) fn feedback_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: CitizenFeedbackId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let HeldFeedback { row, limits } = held_find(tx.conn(), scoped, id)?;
    expected.check(row.version)?;
    hide_row!(tx, citizen_feedback, row)?;
    let row = FeedbackRow { version: row.version + 1, ..row };
    let view = answer(&scoped.masked(), HeldFeedback { row: row.clone(), limits })?;
    forget_deleted(tx, id)?;
    Ok(tx.journal(journal_entry(JournalAction::Delete, &view, &row, None)?)?.with(()))
}
