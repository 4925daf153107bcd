//! Erasing the petitioner of feedback on order (xóa dữ liệu cá nhân theo yêu cầu, Luật 91/2025/QH15), with its
//! files and the answers that were kept of it. The journal never holds a petitioner, so its chain stands; what
//! was received, and whether it was answered in time, is counted as before.

use diesel::prelude::*;

use super::model::{CitizenFeedback, CitizenFeedbackId, FeedbackRow, HeldFeedback};
use super::store::held_find;
use super::writes::save_as;
use kernel::api::IfMatch;
use kernel::api::records::Row;
use kernel::auth::scope::Scoped;
use kernel::db::schema::citizen_feedback;
use kernel::db::{Recorded, WriteTx};
use kernel::error::ApiError;
use kernel::people::{PersonalDataErasure, erase_beside, must_stand};
use kernel::record_types::RecordType;

/// Erases the personal data of feedback.
///
/// # Errors
/// 404 when there is none in reach, 409 when they are erased already, 412 when it has changed, 422 for a
/// number that no document has.
pub(super) fn feedback_erase(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: CitizenFeedbackId,
    expected: Option<&IfMatch>,
    order: &PersonalDataErasure,
) -> Result<Recorded<CitizenFeedback>, ApiError> {
    let HeldFeedback { row, limits } = held_find(tx.conn(), scoped, id)?;
    expected.map_or(Ok(()), |expected| expected.check(row.version))?;
    must_stand(row.erased_at)?;
    order.must_be_ordered()?;
    let row = FeedbackRow { petitioner: None, erased_at: Some(tx.at()), ..row };
    let mut held = HeldFeedback { row, limits };
    held.revise(tx.at());
    // The feedback first: whoever attaches a file to it waits, and then finds it erased.
    let erased = save_as(tx, scoped, &[held], Some(order))?.only()?;
    erase_beside(tx, RecordType::CitizenFeedback, &id.written())?;
    Ok(erased)
}

/// Leaves nobody behind in feedback that was deleted, nor in what is kept beside it.
///
/// # Errors
/// When the database cannot be written.
pub(super) fn forget_deleted(tx: &mut WriteTx<'_>, id: CitizenFeedbackId) -> Result<(), ApiError> {
    use citizen_feedback as f;
    diesel::update(f::table.find(id)).set(f::petitioner.eq(None::<String>)).execute(tx.conn())?;
    erase_beside(tx, RecordType::CitizenFeedback, &id.written())
}
