//! Sealing what is kept of people anew, under the newest key: `cchc keys reseal`, behind a rotation.

use diesel::prelude::*;

use super::model::DossierId;
use super::people::{Part, PersonKind};
use crate::auth::keys::KeyRing;
use crate::db::schema::dossiers;
use crate::db::types::Instant;
use crate::db::{Db, DbConn};
use crate::error::ApiError;

/// Dossiers of one transaction: few enough to hold SQLite's writer for a moment only.
const PART: i64 = 500;

type Sealed = (DossierId, i64, PersonKind, Option<String>, Option<PersonKind>, Option<String>);

/// Seals people of dossiers anew that are sealed under an older key; answers how many dossiers. The
/// records themselves stay as they are.
///
/// # Errors
/// When the database is away, or a value was sealed under other keys.
pub async fn reseal(db: &Db, ring: std::sync::Arc<KeyRing>, now: Instant) -> Result<usize, ApiError> {
    let (mut last, mut resealed) = (None, 0);
    loop {
        let keys = ring.clone();
        let (end, count) = db.maintain(move |conn| part(conn, &keys, now, last)).await?;
        resealed += count;
        match end {
            Some(id) => last = Some(id),
            None => return Ok(resealed),
        }
    }
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
    let columns = (d::id, d::version, d::owner_kind, d::owner, d::submitter_kind, d::submitter);
    let rows: Vec<Sealed> = query.order(d::id).limit(PART).select(columns).load(conn)?;
    let end = rows.last().map(|(id, ..)| *id);
    let mut count = 0;
    for (id, version, owner_kind, owner, submitter_kind, submitter) in rows {
        let anew = |part: Part, kind: Option<PersonKind>, sealed: &Option<String>| match (kind, sealed) {
            (Some(kind), Some(sealed)) if !ring.personal().is_current(now, sealed) => {
                let person = part.open(ring.personal(), id, kind, sealed)?;
                part.seal(ring.personal(), now, id, &person).map(Some)
            }
            _ => Ok(sealed.clone()),
        };
        let new_owner = anew(Part::Owner, Some(owner_kind), &owner)?;
        let new_submitter = anew(Part::Submitter, submitter_kind, &submitter)?;
        if (&new_owner, &new_submitter) == (&owner, &submitter) {
            continue;
        }
        // Whoever has written it meanwhile has sealed it too.
        let unchanged = d::table.find(id).filter(d::version.eq(version));
        count += diesel::update(unchanged)
            .set((d::owner.eq(new_owner), d::submitter.eq(new_submitter)))
            .execute(conn)?;
    }
    Ok((end, count))
}
