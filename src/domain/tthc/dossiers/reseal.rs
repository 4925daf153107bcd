//! Sealing what is kept of people anew, under the newest key: `cchc keys reseal`, behind a rotation.

use std::sync::Arc;

use diesel::prelude::*;

use super::model::DossierId;
use super::people::Part;
use crate::auth::keys::KeyRing;
use crate::db::schema::dossiers;
use crate::db::types::Instant;
use crate::db::{Db, DbConn};
use crate::error::ApiError;

/// Dossiers of one transaction: few enough to hold SQLite's writer for a moment only.
const PART: i64 = 500;

type Sealed = (DossierId, i64, Option<String>, Option<String>);

/// Seals people of dossiers anew that are sealed under an older key; answers how many dossiers. The
/// records themselves stay as they are.
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
    last: Option<DossierId>,
) -> Result<(Option<DossierId>, usize), ApiError> {
    use dossiers as d;
    let mut query = d::table.into_boxed();
    if let Some(last) = last {
        query = query.filter(d::id.gt(last));
    }
    let columns = (d::id, d::version, d::owner, d::submitter);
    let rows: Vec<Sealed> = query.order(d::id).limit(PART).select(columns).load(conn)?;
    let end = rows.last().map(|(id, ..)| *id);
    let mut count = 0;
    for (id, version, owner, submitter) in rows {
        let anew = |part: Part, sealed: &Option<String>| match sealed {
            Some(sealed) => part.place(id).resealed(ring.personal(), now, sealed),
            None => Ok(None),
        };
        let (new_owner, new_submitter) = (anew(Part::Owner, &owner)?, anew(Part::Submitter, &submitter)?);
        if new_owner.is_none() && new_submitter.is_none() {
            continue;
        }
        // Whoever has written it meanwhile has sealed it too.
        let unchanged = d::table.find(id).filter(d::version.eq(version));
        count += diesel::update(unchanged)
            .set((d::owner.eq(new_owner.or(owner)), d::submitter.eq(new_submitter.or(submitter))))
            .execute(conn)?;
    }
    Ok((end, count))
}
