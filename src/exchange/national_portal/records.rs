//! Dossiers as they are written from the portal's shape: by all rules of a dossier that is sent whole. What
//! that shape has no member for, and what an entry leaves empty of the owner, stays as it is held. So does what
//! comes back as it went out: a second is what the shape tells of a moment, and the last one of a due day.

use super::codec::time_text;
use super::writing::due_text;
use kernel::api::records::{Draft, Records, Written};
use kernel::auth::scope::Scoped;
use kernel::db::types::Instant;
use kernel::db::{DbConn, WriteTx};
use kernel::error::ApiError;
use tthc::dossiers::Dossiers;
use tthc::dossiers::due::DueBasis;
use tthc::dossiers::life::DossierStatus;
use tthc::dossiers::model::{Dossier, DossierCreate, DossierId};
use tthc::dossiers::people::DossierPerson;
use tthc::dossiers::row::{DossierRow, HeldDossier};

/// Dossiers from the portal's shape.
pub struct PortalDossiers;

impl Records for PortalDossiers {
    type Id = DossierId;
    type Body = DossierCreate;
    type Row = HeldDossier;
    type View = Dossier;

    fn order(body: &DossierCreate) -> String {
        Dossiers::order(body)
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: DossierId) -> Result<HeldDossier, ApiError> {
        Dossiers::find(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[DossierCreate],
    ) -> Result<Vec<Option<HeldDossier>>, ApiError> {
        Dossiers::present(tx, scoped, bodies)
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<DossierCreate, HeldDossier>>,
    ) -> Result<Vec<Result<HeldDossier, ApiError>>, ApiError> {
        let drafts = drafts.into_iter().map(|draft| kept(scoped, draft)).collect::<Result<_, _>>()?;
        Dossiers::made(tx, scoped, drafts)
    }

    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[HeldDossier],
    ) -> Result<Written<Dossier>, ApiError> {
        Dossiers::save(tx, scoped, rows)
    }
}

/// A draft with what its entry cannot tell, as it is held.
fn kept(
    scoped: &Scoped,
    draft: Draft<DossierCreate, HeldDossier>,
) -> Result<Draft<DossierCreate, HeldDossier>, ApiError> {
    let Draft { mut body, present } = draft;
    if let Some(held) = &present {
        let (row, keys) = (&held.row, scoped.personal_keys()?);
        if let Some(owner) = row.owner(keys)? {
            if body.owner.name.is_empty() {
                body.owner.name = owner.name;
            }
            body.owner.id_number = body.owner.id_number.or(owner.id_number);
            body.owner.phone = body.owner.phone.or(owner.phone);
        } else if body.owner.name.is_empty() {
            body.owner = DossierPerson::erased(row.owner_kind);
        }
        as_it_went_out(&mut body, row);
        // Whoever resolves it may send it; who received it stays.
        body.receiving_unit_id = Some(row.receiving_unit_id);
        body.submitter = row.submitter(keys)?;
        body.rescheduled_to = row.rescheduled_to;
        body.fee_vnd = body.fee_vnd.or(row.fee_vnd);
        body.result_digitised |= row.result_digitised;
        body.foreign_code = row.foreign_code.clone();
        body.linked_code = row.linked_code.clone();
    }
    Ok(Draft { body, present })
}

/// Lets what an entry says as it went out say no more than what is held: moments that are the same to the second, and
/// a due day that nobody stated.
fn as_it_went_out(body: &mut DossierCreate, row: &DossierRow) {
    let same = |told: Option<Instant>, held: Option<Instant>| {
        if time_text(told) == time_text(held) { held } else { told }
    };
    body.received_at = same(Some(body.received_at), Some(row.received_at)).unwrap_or(body.received_at);
    body.resolved_at = same(body.resolved_at, row.resolved_at);
    body.returned_at = same(body.returned_at, row.returned_at);
    body.closed_at = same(body.closed_at, row.closed_at);
    body.waiting_since =
        same(began(body.waiting_since, body.status, row), row.waiting().map(|wait| wait.since));
    let is_due_as_told = time_text(body.due_at) == due_text(row.due_at, row.due().on);
    if row.due_basis != DueBasis::Stated && is_due_as_told {
        body.due_at = None;
    }
}

/// When a wait of a dossier that is held began, as far as its entry tells it: the papers that are waited for were asked
/// for then. A date from before the last wait is that of an earlier request, and of a payment or a stop there is none:
/// these began since the dossier was sent last.
fn began(told: Option<Instant>, status: Option<DossierStatus>, row: &DossierRow) -> Option<Instant> {
    let goes_on = status == Some(row.status);
    let mut before = row.waits.0.iter().filter_map(|wait| wait.until.or((!goes_on).then_some(wait.since)));
    told.filter(|told| {
        status == Some(DossierStatus::AwaitingSupplement) && before.all(|before| before <= *told)
    })
}
