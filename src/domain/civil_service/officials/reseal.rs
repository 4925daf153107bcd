//! Sealing officials anew, under the newest key: a part of `cchc keys reseal`.

use std::sync::Arc;

use diesel::prelude::*;

use super::model::OfficialId;
use super::person::place;
use crate::auth::keys::KeyRing;
use crate::db::schema::officials;
use crate::db::types::Instant;
use crate::db::{Db, DbConn};
use crate::error::ApiError;

/// Officials of one transaction: few enough to hold SQLite's writer for a moment only.
const PART: i64 = 500;

/// Seals officials anew that are sealed under an older key; answers how many. The records themselves stay
/// as they are.
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
    last: Option<OfficialId>,
) -> Result<(Option<OfficialId>, usize), ApiError> {
    use officials as o;
    let mut query = o::table.into_boxed();
    if let Some(last) = last {
        query = query.filter(o::id.gt(last));
    }
    let rows: Vec<(OfficialId, i64, Option<String>)> =
        query.order(o::id).limit(PART).select((o::id, o::version, o::person)).load(conn)?;
    let end = rows.last().map(|(id, ..)| *id);
    let mut count = 0;
    for (id, version, sealed) in rows {
        let Some(sealed) = sealed else { continue };
        let Some(anew) = place(id).resealed(ring.personal(), now, &sealed)? else { continue };
        // Whoever has written it meanwhile has sealed it too, or erased it.
        let unchanged = o::table.find(id).filter(o::version.eq(version).and(o::person.is_not_null()));
        count += diesel::update(unchanged).set(o::person.eq(Some(anew))).execute(conn)?;
    }
    Ok((end, count))
}
