//! Making anew what records are found by, from the newest journal entry of each: behind an upgrade, a
//! restore, or a change of what kinds of records are found by.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::entries;
use crate::audit::chain::JournalRow;
use crate::audit::journal::{JournalAction, JournalEntryId};
use crate::db::schema::{journal, search_entries};
use crate::db::types::Instant;
use crate::db::{Db, DbConn, word_index};
use crate::error::ApiError;
use crate::record_types::RecordType;

/// Entries read at once.
const PART: i64 = 1_000;

/// Makes everything anew while the service may run; answers how many records are found.
///
/// # Errors
/// When the database is away.
pub async fn rebuild_all(db: &Db) -> Result<i64, ApiError> {
    db.maintain(rebuild).await
}

/// Makes everything anew, in the transaction of its caller; answers how many records are found. Whoever
/// writes a record or searches waits.
///
/// # Errors
/// When the database cannot be written.
pub fn rebuild(conn: &mut DbConn) -> Result<i64, ApiError> {
    if let DbConn::Pg(pg) = conn {
        diesel::sql_query("LOCK TABLE search_entries IN SHARE ROW EXCLUSIVE MODE").execute(pg)?;
    }
    word_index::take_away(conn)?;
    diesel::delete(search_entries::table).execute(conn)?;
    word_index::make(conn)?;
    for record_type in RecordType::ALL.iter().filter(|kind| kind.found().is_some()) {
        let mut behind = None;
        loop {
            let rows = newest_of(conn, *record_type, behind)?;
            let Some(last) = rows.last() else { break };
            behind = Some((last.recorded_at, last.id));
            entries::keep(conn, &rows)?;
        }
    }
    Ok(search_entries::table.count().get_result(conn)?)
}

/// The newest entry of each record of a kind that stands, part by part.
fn newest_of(
    conn: &mut DbConn,
    record_type: RecordType,
    behind: Option<(Instant, JournalEntryId)>,
) -> Result<Vec<JournalRow>, ApiError> {
    let later = diesel::alias!(journal as later);
    let is_newer = later
        .field(journal::record_id)
        .eq(journal::record_id)
        .and(later.field(journal::record_type).eq(journal::record_type))
        .and(later.field(journal::record_version).gt(journal::record_version))
        .and(later.field(journal::action).ne(JournalAction::ReadPersonal));
    let mut query = journal::table
        .filter(journal::record_type.eq(record_type))
        .filter(journal::action.ne_all([JournalAction::Delete, JournalAction::ReadPersonal]))
        .filter(not(exists(later.filter(is_newer))))
        .into_boxed();
    if let Some((at, id)) = behind {
        query =
            query.filter(journal::recorded_at.gt(at).or(journal::recorded_at.eq(at).and(journal::id.gt(id))));
        query = query.filter(journal::recorded_at.ge(at));
    }
    let order = (journal::recorded_at, journal::id);
    Ok(query.order(order).limit(PART).select(JournalRow::as_select()).load(conn)?)
}
