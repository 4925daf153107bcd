//! Erasing the personal data of a dossier on order (xóa dữ liệu cá nhân theo yêu cầu, Luật 91/2025/QH15): its
//! people with the digests by which they are found, its files, the answers that were kept of it, and what came
//! of it in the shape of the national portal. What is counted stays, to the last figure.
//!
//! The journal needs no erasing: it never holds a dossier's people, so its chain stands. An erased dossier
//! goes on. Systems that send it whole, not knowing of the erasure, move it as before, and the people whom
//! they name are left out; a patch that names people is refused.

use diesel::prelude::*;

use super::history::{ERASURE, Event};
use super::model::{Dossier, DossierId, DossierPatch};
use super::row::DossierRow;
use super::steps::{changeable, stored};
use kernel::api::{Change, IfMatch};
use kernel::auth::scope::Scoped;
use kernel::db::schema::{dossiers, portal_ledger};
use kernel::db::{Recorded, WriteTx};
use kernel::error::ApiError;
use kernel::people::{PersonalDataErasure, erase_beside, must_stand};
use kernel::record_types::RecordType;

/// Erases the personal data of a dossier.
///
/// # Errors
/// 404 when there is none in reach, 409 when they are erased already, 412 when it has changed, 422 for a
/// number that no document has.
pub(super) fn dossier_erase(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: DossierId,
    expected: Option<&IfMatch>,
    order: PersonalDataErasure,
) -> Result<Recorded<Dossier>, ApiError> {
    let held = changeable(tx, scoped, id, expected)?;
    must_stand(held.row.erased_at)?;
    order.must_be_ordered()?;
    let at = tx.at();
    let row = DossierRow {
        owner: None,
        owner_digest: None,
        submitter: None,
        submitter_digest: None,
        erased_at: Some(at),
        ..held.row.clone()
    };
    let event =
        Event { order_number: Some(order.order_number), ..Event::new(ERASURE, at, Some(order.reason)) };
    // The dossier first: whoever attaches a file to it waits, and then finds it erased.
    let erased = stored(tx, scoped, held, row, &event)?;
    erase_beside(tx, RecordType::Dossier, &id.written())?;
    ledger_erase(tx, id)?;
    Ok(erased)
}

/// Leaves nobody behind in a dossier that was deleted.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn forget_deleted(tx: &mut WriteTx<'_>, id: DossierId) -> Result<(), ApiError> {
    use dossiers as d;
    let nothing = None::<String>;
    diesel::update(d::table.find(id))
        .set((
            d::owner.eq(&nothing),
            d::owner_digest.eq(&nothing),
            d::submitter.eq(&nothing),
            d::submitter_digest.eq(&nothing),
        ))
        .execute(tx.conn())?;
    erase_beside(tx, RecordType::Dossier, &id.written())?;
    ledger_erase(tx, id)
}

/// Erases what the ledger of the national portal keeps of a dossier, as it came and as it was sent, with the
/// personal data in it; the rest of the entries stays.
/// Entries that belong to no dossier are known by its code, whoever sent them: it names its agency.
///
/// # Errors
/// When the database cannot be written.
pub fn ledger_erase(tx: &mut WriteTx<'_>, dossier: DossierId) -> Result<(), ApiError> {
    use portal_ledger as l;
    let code: String = dossiers::table.find(dossier).select(dossiers::code).first(tx.conn())?;
    let of_dossier = l::dossier_id.is_not_null().and(l::dossier_id.assume_not_null().eq(dossier));
    diesel::update(l::table.filter(l::code.eq(code)).filter(l::dossier_id.is_null().or(of_dossier)))
        .set(l::body.eq(None::<String>))
        .execute(tx.conn())?;
    Ok(())
}

/// Refuses a patch that would tell erased people again.
///
/// # Errors
/// 409 where it does.
pub(super) fn told_again(row: &DossierRow, patch: &DossierPatch) -> Result<(), ApiError> {
    let names_people = matches!(patch.owner, Change::Value(_)) || patch.submitter.is_present();
    if names_people { must_stand(row.erased_at) } else { Ok(()) }
}
