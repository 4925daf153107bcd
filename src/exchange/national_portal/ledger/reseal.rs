//! Sealing what came anew, under the newest key: a part of `cchc keys reseal`.

use std::sync::Arc;

use diesel::prelude::*;

use super::model::PortalLedgerEntryId;
use super::store::place;
use kernel::auth::keys::KeyRing;
use kernel::db::schema::portal_ledger;
use kernel::db::types::Instant;
use kernel::db::{Db, DbConn};
use kernel::error::ApiError;

/// Entries of one transaction: few enough to hold SQLite's writer for a moment only.
const PART: i64 = 500;

/// Seals entries anew that are sealed under an older key; answers how many.
///
/// # Errors
/// When the database is away, or a value was sealed under other keys.
pub async fn reseal(db: &Db, ring: Arc<KeyRing>, now: Instant) -> Result<usize, ApiError> {
    db.maintain_in_parts(move |conn, last| part(conn, &ring, now, last)).await
}

fn part(
    conn: &mut DbConn,
    ring: &KeyRing,
    now: Instant,
    last: Option<PortalLedgerEntryId>,
) -> Result<(Option<PortalLedgerEntryId>, usize), ApiError> {
    use portal_ledger as l;
    let mut query = l::table.into_boxed();
    if let Some(last) = last {
        query = query.filter(l::id.gt(last));
    }
    let rows: Vec<(PortalLedgerEntryId, Option<String>)> =
        query.order(l::id).limit(PART).select((l::id, l::body)).load(conn)?;
    let end = rows.last().map(|(id, _)| *id);
    let mut count = 0;
    for (id, sealed) in rows {
        let Some(sealed) = sealed.filter(|sealed| !ring.personal().is_current(now, sealed)) else { continue };
        let opened = ring.personal().open(&sealed, &place(id)).map_err(ApiError::internal)?;
        let anew = ring.personal().seal(now, opened.expose(), &place(id)).map_err(ApiError::internal)?;
        // What was erased meanwhile stays erased.
        count += diesel::update(l::table.find(id).filter(l::body.is_not_null()))
            .set(l::body.eq(Some(anew)))
            .execute(conn)?;
    }
    Ok((end, count))
}
