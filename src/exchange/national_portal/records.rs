//! Dossiers as they are written from the portal's shape: by all rules of a dossier that is sent whole. What
//! that shape has no member for, and what an entry leaves empty of the owner, stays as it is held.

use kernel::api::records::{Draft, Records, Written};
use kernel::auth::scope::Scoped;
use kernel::db::{DbConn, WriteTx};
use kernel::error::ApiError;
use tthc::dossiers::Dossiers;
use tthc::dossiers::model::{Dossier, DossierCreate, DossierId};
use tthc::dossiers::row::HeldDossier;

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
            body.owner.id_number = body.owner.id_number.or(owner.id_number);
            body.owner.phone = body.owner.phone.or(owner.phone);
        }
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
