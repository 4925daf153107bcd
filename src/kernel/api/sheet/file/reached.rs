//! How far a file was taken in (tiến độ nhập tệp): kept in the transaction that writes the rows, so that
//! an import that was killed goes on behind the last row that is there, and writes none twice.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use diesel::prelude::*;

use crate::api::batch::Counts;
use crate::db::DbConn;
use crate::db::schema::file_imports as f;
use crate::error::{ApiError, Problem};
use crate::text::hexadecimal;

/// Which file, of which collection.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub collection: &'static str,
    /// SHA-256 of its bytes: under another name it is the same file.
    pub digest: String,
}

/// How far an import came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reached {
    /// The number of the last row that was taken or refused; 0 before the first.
    pub last_row: u32,
    /// What became of the rows so far.
    pub counts: Counts,
    /// The bytes of the file of refused rows so far.
    pub refused_bytes: u64,
}

type Held = (i64, i64, i64, i64, i64, i64, i64);

/// The digest of a file.
pub(super) fn digest_of(path: &Path) -> io::Result<String> {
    let (mut file, mut sum) = (File::open(path)?, Context::new(&SHA256));
    let mut bytes = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut bytes)?;
        match bytes.get(..count) {
            None | Some([]) => return Ok(hexadecimal(sum.finish().as_ref())),
            Some(some) => sum.update(some),
        }
    }
}

/// How far the import of a file came; `None` when none of it is under way.
pub(super) fn reached_get(conn: &mut DbConn, key: &Key) -> Result<Option<Reached>, ApiError> {
    let columns = (f::last_row, f::created, f::updated, f::unchanged, f::stale, f::refused, f::refused_bytes);
    let held: Option<Held> =
        f::table.find((key.collection, &key.digest)).select(columns).first(conn).optional()?;
    let reached = |(last_row, created, updated, unchanged, stale, refused, bytes): Held| {
        Ok(Reached {
            last_row: u32::try_from(last_row).map_err(ApiError::internal)?,
            counts: Counts { created, updated, unchanged, stale, refused },
            refused_bytes: u64::try_from(bytes).map_err(ApiError::internal)?,
        })
    };
    held.map(reached).transpose()
}

/// Keeps how far an import came, from where it was `before`.
///
/// # Errors
/// 409 when another import of the same file is under way.
pub(super) fn reached_put(
    conn: &mut DbConn,
    key: &Key,
    before: Reached,
    reached: Reached,
) -> Result<(), ApiError> {
    let Counts { created, updated, unchanged, stale, refused } = reached.counts;
    let set = (
        f::last_row.eq(i64::from(reached.last_row)),
        (f::created.eq(created), f::updated.eq(updated), f::unchanged.eq(unchanged)),
        (f::stale.eq(stale), f::refused.eq(refused)),
        f::refused_bytes.eq(i64::try_from(reached.refused_bytes).map_err(ApiError::internal)?),
    );
    let held = || f::table.find((key.collection, &key.digest));
    let is_free = before.last_row == 0 && held().count().get_result::<i64>(conn)? == 0;
    let kept = if is_free {
        let place = (f::collection.eq(key.collection), f::digest.eq(&key.digest));
        diesel::insert_into(f::table).values((place, set)).execute(conn)?
    } else {
        let standing = held().filter(f::last_row.eq(i64::from(before.last_row)));
        diesel::update(standing).set(set).execute(conn)?
    };
    if kept == 1 { Ok(()) } else { Err(under_way()) }
}

/// Forgets how far an import came, when it is through or begins again.
pub(super) fn reached_forget(conn: &mut DbConn, key: &Key) -> Result<(), ApiError> {
    diesel::delete(f::table.find((key.collection, &key.digest))).execute(conn)?;
    Ok(())
}

fn under_way() -> ApiError {
    ApiError::detailed(
        Problem::RequestUnderWay,
        "Một lượt nhập khác của cùng tệp này đang chạy.",
        "Another import of the same file is under way.",
    )
}
