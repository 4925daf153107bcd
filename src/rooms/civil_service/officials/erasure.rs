//! Erasing who an official is on order (xóa dữ liệu cá nhân theo yêu cầu, Luật 91/2025/QH15), with the digest of the
//! number, the files and the answers that were kept. The journal never holds them, so its chain stands; the post
//! stays, and is counted as before. A list that goes on telling them moves the post, and the person is left out.

use diesel::prelude::*;

use super::model::{Official, OfficialId, OfficialRow};
use super::store::row_find;
use super::writes::save_as;
use kernel::api::IfMatch;
use kernel::api::records::Row;
use kernel::auth::scope::Scoped;
use kernel::db::schema::officials;
use kernel::db::{Recorded, WriteTx};
use kernel::error::ApiError;
use kernel::people::{PersonalDataErasure, erase_beside, must_stand};
use kernel::record_types::RecordType;

/// Erases the personal data of an official.
///
/// # Errors
/// 404 when there is none in reach, 409 when they are erased already, 412 when it has changed, 422 for a
/// number that no document has.
pub(super) fn official_erase(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: OfficialId,
    expected: Option<&IfMatch>,
    order: &PersonalDataErasure,
) -> Result<Recorded<Official>, ApiError> {
    let row = row_find(tx.conn(), scoped, id)?;
    expected.map_or(Ok(()), |expected| expected.check(row.version))?;
    must_stand(row.erased_at)?;
    order.must_be_ordered()?;
    let mut row = OfficialRow { person: None, number_digest: None, erased_at: Some(tx.at()), ..row };
    row.revise(tx.at());
    // The official first: whoever attaches a file to them waits, and then finds them erased.
    let erased = save_as(tx, scoped, &[row], Some(order))?.only()?;
    erase_beside(tx, RecordType::Official, &id.written())?;
    Ok(erased)
}

/// Leaves nobody behind in a record that was deleted, nor in what is kept beside it.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn forget_deleted(tx: &mut WriteTx<'_>, id: OfficialId) -> Result<(), ApiError> {
    use officials as o;
    let nothing = None::<String>;
    diesel::update(o::table.find(id))
        .set((o::person.eq(&nothing), o::number_digest.eq(&nothing)))
        .execute(tx.conn())?;
    erase_beside(tx, RecordType::Official, &id.written())
}
