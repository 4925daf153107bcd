//! Whether the hash chain over the journal is as it was sealed (kiểm tra chuỗi băm của nhật ký).

use std::collections::HashMap;

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::chain::{JournalRow, Link, PASS, unsealed};
use super::journal::JournalEntryId;
use crate::db::DbConn;
use crate::db::schema::{journal, journal_chain, journal_seal, unsealed_entries};
use crate::error::ApiError;

/// What a verification found.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every sealed entry is as it was; with the end of the chain to keep elsewhere.
    Sound {
        /// How many entries are sealed.
        sealed: i64,
        /// The hash of the last one.
        hash: String,
        /// How many wait to be sealed.
        unsealed: i64,
    },
    /// The first entry that is not as it was.
    Broken {
        /// Its position; for one that has none, that behind the end of the chain.
        position: i64,
        /// Its id, when a row is still there.
        id: Option<String>,
        /// What is wrong, in words.
        reason: &'static str,
    },
}

/// Recomputes the chain from its beginning, in chunks.
///
/// # Errors
/// When the database cannot be read.
pub fn verify(conn: &mut DbConn) -> Result<Verdict, ApiError> {
    let (end, end_hash): (i64, String) =
        journal_seal::table.select((journal_seal::position, journal_seal::hash)).first(conn)?;
    let (mut position, mut hash) = (0_i64, String::new());
    // Entries may be sealed while this runs: the seal is compared with the hash at its own place.
    let mut hash_at_end = String::new();
    loop {
        let links: Vec<Link> = journal_chain::table
            .filter(journal_chain::position.gt(position))
            .order(journal_chain::position)
            .limit(PASS)
            .select(Link::as_select())
            .load(conn)?;
        if links.is_empty() {
            break;
        }
        let ids: Vec<JournalEntryId> = links.iter().map(|link| link.entry_id).collect();
        let rows: Vec<JournalRow> =
            journal::table.filter(journal::id.eq_any(ids)).select(JournalRow::as_select()).load(conn)?;
        let rows: HashMap<JournalEntryId, JournalRow> = rows.into_iter().map(|row| (row.id, row)).collect();
        for link in links {
            let expected = position + 1;
            let row = rows.get(&link.entry_id).filter(|_| link.position == expected);
            let Some(row) = row else {
                return Ok(Verdict::Broken { position: expected, id: None, reason: "the entry is missing" });
            };
            let whole = row.link((position, &hash));
            if link != whole {
                let id = Some(row.id.to_string());
                let reason = match link.hash == whole.hash {
                    true => "what the change feed tells of the entry was changed",
                    false => "the entry was changed",
                };
                return Ok(Verdict::Broken { position: expected, id, reason });
            }
            (position, hash) = (expected, whole.hash);
            if position == end {
                hash_at_end.clone_from(&hash);
            }
        }
    }
    if position < end {
        return Ok(Verdict::Broken { position: position + 1, id: None, reason: "the entry is missing" });
    }
    if hash_at_end != end_hash {
        return Ok(Verdict::Broken {
            position: end,
            id: None,
            reason: "the end of the chain does not match its seal",
        });
    }
    let outside: Option<JournalEntryId> = journal::table
        .filter(not(exists(journal_chain::table.filter(journal_chain::entry_id.eq(journal::id)))))
        .filter(not(exists(unsealed_entries::table.filter(unsealed_entries::entry_id.eq(journal::id)))))
        .select(journal::id)
        .first(conn)
        .optional()?;
    if let Some(id) = outside {
        let reason = "an entry stands outside of the chain";
        return Ok(Verdict::Broken { position: position + 1, id: Some(id.to_string()), reason });
    }
    // One that was taken away before it was sealed, and one that would be sealed twice.
    let amiss: Option<JournalEntryId> =
        unsealed_entries::table
            .filter(not(exists(journal::table.filter(journal::id.eq(unsealed_entries::entry_id)))).or(
                exists(journal_chain::table.filter(journal_chain::entry_id.eq(unsealed_entries::entry_id))),
            ))
            .select(unsealed_entries::entry_id)
            .first(conn)
            .optional()?;
    if let Some(id) = amiss {
        let reason = "an entry that waits to be sealed is missing, or sealed already";
        return Ok(Verdict::Broken { position: position + 1, id: Some(id.to_string()), reason });
    }
    Ok(Verdict::Sound { sealed: position, hash, unsealed: unsealed(conn)? })
}
