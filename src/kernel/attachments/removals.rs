//! Content that is to go: that of an attachment which was deleted, and that of an upload until its row
//! is committed. A removal is noted before content is put into the storage and called off by the very
//! transaction that writes the row: so a crash at any moment leaves either a row with its content, or
//! content that a removal still names.

use std::sync::Arc;

use diesel::prelude::*;

use super::model::AttachmentId;
use crate::db::DbConn;
use crate::db::schema::content_removals;
use crate::db::types::Instant;
use crate::error::ApiError;
use crate::on_db;
use crate::state::AppState;

/// How long an upload has until its content is taken for left over, in seconds: far longer than any
/// request may take.
pub const UPLOAD_SECONDS: i64 = 86_400;

/// Removals of one look.
const PART: i64 = 200;

/// Notes that content goes at a time.
///
/// # Errors
/// When the database cannot be written.
pub fn note(conn: &mut DbConn, id: AttachmentId, due_at: Instant) -> Result<(), ApiError> {
    use content_removals as r;
    diesel::insert_into(r::table).values((r::id.eq(id), r::due_at.eq(due_at))).execute(conn)?;
    Ok(())
}

/// Notes that content goes at a time, that of attachments which stood and sooner that of some which were
/// deleted before.
///
/// # Errors
/// When the database cannot be written.
pub fn note_all(
    conn: &mut DbConn,
    standing: &[AttachmentId],
    deleted: &[AttachmentId],
    due_at: Instant,
) -> Result<(), ApiError> {
    use content_removals as r;
    diesel::update(r::table.filter(r::id.eq_any(deleted))).set(r::due_at.eq(due_at)).execute(conn)?;
    let rows: Vec<_> = standing.iter().map(|id| (r::id.eq(*id), r::due_at.eq(due_at))).collect();
    on_db!(conn, |c| diesel::insert_into(r::table).values(rows).execute(c))?;
    Ok(())
}

/// Calls the removal of content off: a row has it now.
///
/// # Errors
/// 503 when it is no longer noted, for then the content may be gone.
pub fn call_off(conn: &mut DbConn, id: AttachmentId) -> Result<(), ApiError> {
    match diesel::delete(content_removals::table.find(id)).execute(conn)? {
        1 => Ok(()),
        _ => Err(ApiError::unavailable("an upload took so long that its content was removed")),
    }
}

/// Removes the content of an upload that came to nothing; where that fails, [`sweep`] does it.
pub async fn discard(state: &AppState, id: AttachmentId) {
    let removed = async {
        state.storage.remove(id).await?;
        forget(state, vec![id]).await
    };
    if let Err(error) = removed.await {
        log::warn!("content of an upload stays for a day: {error}");
    }
}

async fn forget(state: &AppState, ids: Vec<AttachmentId>) -> Result<(), ApiError> {
    let gone = move |conn: &mut DbConn| {
        let gone = content_removals::table.filter(content_removals::id.eq_any(ids));
        Ok(diesel::delete(gone).execute(conn)?)
    };
    state.db.maintain(gone).await.map(drop)
}

/// Removes the content whose time has come; answers how much.
///
/// # Errors
/// When database or storage are away; the next sweep goes on.
pub async fn sweep(state: &Arc<AppState>, now: Instant) -> Result<usize, ApiError> {
    use content_removals as r;
    let mut removed = 0;
    loop {
        let due = move |conn: &mut DbConn| -> Result<Vec<AttachmentId>, ApiError> {
            Ok(r::table.filter(r::due_at.le(now)).order(r::due_at).limit(PART).select(r::id).load(conn)?)
        };
        let due = state.db.read(due).await?;
        if due.is_empty() {
            return Ok(removed);
        }
        for id in &due {
            state.storage.remove(*id).await?;
        }
        removed += due.len();
        forget(state, due).await?;
    }
}
