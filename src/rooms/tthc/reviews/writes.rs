//! Reviews as they are written: the review and its proposals as one record.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::bodies::ProcedureReviewCreate;
use super::model::{HeldReview, ProcedureReview, ProcedureReviewId, ProposalRow, ReviewProposal, ReviewRow};
use super::rules;
use super::store::{answer, held_find, held_of, known};
use crate::procedures::named::{NamedBy, ProceduresNamed};
use kernel::api::IfMatch;
use kernel::api::json::check;
use kernel::api::records::{Draft, Records, Written, key_text};
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::scope::Scoped;
use kernel::db::json_text::JsonText;
use kernel::db::schema::{procedure_review_proposals, procedure_reviews};
use kernel::db::types::Instant;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::{ApiError, Fault};
use kernel::owners::{Owner, named_unit};
use kernel::text::fold;
use kernel::tree::OrgUnitId;
use kernel::{hide_row, on_db, save_rows};

const RECORD_TYPE: &str = "procedure_review";

/// Reviews, as they are written.
pub struct ProcedureReviews;

/// By what a unit's reviews are told apart.
type Key = (OrgUnitId, NaiveDate, String);

fn key(scoped: &Scoped, body: &ProcedureReviewCreate) -> Option<Key> {
    let unit = body.unit_name().resolve(scoped.tree(), body.starts_on).ok()?;
    scoped.reaches(unit).then(|| (unit, body.starts_on, fold(&body.title)))
}

impl Records for ProcedureReviews {
    type Id = ProcedureReviewId;
    type Body = ProcedureReviewCreate;
    type Row = HeldReview;
    type View = ProcedureReview;

    fn order(body: &ProcedureReviewCreate) -> String {
        let unit = body.unit_name();
        key_text([
            unit.id.map(|id| id.written()).as_deref(),
            unit.identifier,
            unit.code,
            Some(&body.starts_on.to_string()),
            Some(&fold(&body.title)),
        ])
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: ProcedureReviewId) -> Result<HeldReview, ApiError> {
        held_find(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[ProcedureReviewCreate],
    ) -> Result<Vec<Option<HeldReview>>, ApiError> {
        use procedure_reviews as r;
        let keys: Vec<Option<Key>> = bodies.iter().map(|body| key(scoped, body)).collect();
        let named = || keys.iter().flatten();
        let units: HashSet<OrgUnitId> = named().map(|(unit, _, _)| *unit).collect();
        let days: HashSet<NaiveDate> = named().map(|(_, day, _)| *day).collect();
        let titles: HashSet<&str> = named().map(|(_, _, title)| title.as_str()).collect();
        let rows: Vec<ReviewRow> = r::table
            .filter(r::org_unit_id.eq_any(units).and(r::starts_on.eq_any(days)))
            .filter(r::title_folded.eq_any(titles).and(r::deleted_at.is_null()))
            .select(ReviewRow::as_select())
            .load(tx.conn())?;
        let found: HashMap<Key, HeldReview> = held_of(tx.conn(), rows)?
            .into_iter()
            .map(|held| ((held.row.org_unit_id, held.row.starts_on, held.row.title_folded.clone()), held))
            .collect();
        Ok(keys.iter().map(|key| found.get(key.as_ref()?).cloned()).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<ProcedureReviewCreate, HeldReview>>,
    ) -> Result<Vec<Result<HeldReview, ApiError>>, ApiError> {
        let proposals = || drafts.iter().flat_map(|draft| &draft.body.proposals);
        let ids = proposals().filter_map(|one| one.procedure_id).collect();
        let codes = proposals().filter_map(|one| one.procedure_code.as_deref()).collect();
        let named = ProceduresNamed::load(tx.conn(), ids, codes)?;
        let at = tx.at();
        Ok(drafts.into_iter().map(|draft| review_made(scoped, draft, &named, at)).collect())
    }

    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[HeldReview],
    ) -> Result<Written<ProcedureReview>, ApiError> {
        let stored = save_rows!(
            tx.conn(),
            procedure_reviews,
            ProcedureReviewId,
            rows.iter().map(|held| &held.row),
            [
                title,
                title_folded,
                words_folded,
                document_number,
                document_on,
                starts_on,
                ends_on,
                fields,
                reviewed_count,
                outcome,
                approval_number,
                approved_on,
                note,
            ]
        )?;
        proposals_save(tx.conn(), rows.iter().filter(|held| stored.contains(&held.row.id)))?;
        let entry =
            |action, view: &ProcedureReview, held: &HeldReview| journal_entry(action, view, &held.row);
        Written::journal(tx, rows, &stored, entry, |held| answer(scoped, held.clone()))
    }
}

fn review_made(
    scoped: &Scoped,
    draft: Draft<ProcedureReviewCreate, HeldReview>,
    named: &ProceduresNamed,
    at: Instant,
) -> Result<HeldReview, ApiError> {
    let Draft { body, present } = draft;
    check(&body)?;
    let present = present.map(|held| held.row);
    let present = present.as_ref();
    let mut faults = rules::faults(&body);
    let unit = named_unit(scoped, &body.unit_name(), body.starts_on, present.map(|row| row.org_unit_id));
    let unit = unit.map_err(|found| faults.extend(found)).ok();
    let id = present.map_or_else(ProcedureReviewId::new, |row| row.id);
    let mut proposals = Vec::with_capacity(body.proposals.len());
    for (position, proposal) in (0_i32..).zip(&body.proposals) {
        match proposal_row(id, position, proposal.clone(), named) {
            Ok(row) => proposals.push(known(row, named)),
            Err(fault) => faults.push(fault),
        }
    }
    let Some(unit) = unit.filter(|_| faults.is_empty()) else { return Err(ApiError::invalid(faults)) };
    let owner = Owner::within_reach(scoped, &body.unit_name(), unit)?;
    let words = std::iter::once(&body.title).chain(&body.fields);
    let row = ReviewRow {
        id,
        province_id: present.map_or(owner.province, |row| row.province_id),
        org_unit_id: owner.unit,
        title_folded: fold(&body.title),
        words_folded: words.map(|text| fold(text)).collect::<Vec<_>>().join("\n"),
        title: body.title,
        document_number: body.document_number,
        document_on: body.document_on,
        starts_on: body.starts_on,
        ends_on: body.ends_on,
        fields: JsonText(body.fields),
        reviewed_count: body.reviewed_count,
        outcome: body.outcome,
        approval_number: body.approval_number,
        approved_on: body.approved_on,
        note: body.note,
        version: present.map_or(0, |row| row.version),
        created_at: present.map_or(at, |row| row.created_at),
        updated_at: present.map_or(at, |row| row.updated_at),
    };
    Ok(HeldReview { row, proposals })
}

/// A proposal as it is stored, its procedure named by its code where it is named by code or id.
fn proposal_row(
    review_id: ProcedureReviewId,
    position: i32,
    proposal: ReviewProposal,
    named: &ProceduresNamed,
) -> Result<ProposalRow, Fault> {
    let is_known = proposal.procedure_id.is_some() || proposal.procedure_code.is_some();
    let code = is_known.then(|| {
        named.resolve_code(NamedBy {
            id: proposal.procedure_id,
            code: proposal.procedure_code.as_deref(),
            pointer: &format!("/proposals/{position}/procedure_id"),
        })
    });
    Ok(ProposalRow {
        review_id,
        position,
        kind: proposal.kind,
        procedure_code: code.transpose()?,
        procedure_name: proposal.procedure_name,
        cut_working_days: proposal.cut_working_days,
        saved_amount_vnd: proposal.saved_amount_vnd,
        content: proposal.content,
    })
}

/// Puts the proposals of reviews in the place of those that they had.
fn proposals_save<'a>(
    conn: &mut DbConn,
    reviews: impl Iterator<Item = &'a HeldReview> + Clone,
) -> Result<(), ApiError> {
    use procedure_review_proposals as p;
    let changed: Vec<_> =
        reviews.clone().filter(|held| held.row.version > 1).map(|held| held.row.id).collect();
    if !changed.is_empty() {
        diesel::delete(p::table.filter(p::review_id.eq_any(changed))).execute(conn)?;
    }
    let rows: Vec<ProposalRow> = reviews.flat_map(HeldReview::rows).collect();
    for part in rows.chunks(400) {
        on_db!(conn, |c| diesel::insert_into(p::table).values(part).execute(c))?;
    }
    Ok(())
}

impl HeldReview {
    /// Its proposals as they are stored.
    fn rows(&self) -> impl Iterator<Item = ProposalRow> + '_ {
        (0_i32..).zip(&self.proposals).map(|(position, proposal)| ProposalRow {
            review_id: self.row.id,
            position,
            kind: proposal.kind,
            procedure_code: proposal.procedure_code.clone(),
            procedure_name: proposal.procedure_name.clone(),
            cut_working_days: proposal.cut_working_days,
            saved_amount_vnd: proposal.saved_amount_vnd,
            content: proposal.content.clone(),
        })
    }
}

fn journal_entry(action: JournalAction, view: &ProcedureReview, row: &ReviewRow) -> Result<Entry, ApiError> {
    Ok(Entry::new(action, RECORD_TYPE, view.id, view.version, view)?
        .of_unit(row.org_unit_id, Some(row.province_id.to_string())))
}

/// Deletes a review that was entered by mistake.
///
/// # Errors
/// 412 when it has changed.
pub(super) fn review_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcedureReviewId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let HeldReview { row, proposals } = held_find(tx.conn(), scoped, id)?;
    expected.check(row.version)?;
    hide_row!(tx, procedure_reviews, row)?;
    let row = ReviewRow { version: row.version + 1, ..row };
    let view = answer(scoped, HeldReview { row: row.clone(), proposals });
    Ok(tx.journal(journal_entry(JournalAction::Delete, &view, &row)?)?.with(()))
}
