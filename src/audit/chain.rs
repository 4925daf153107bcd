//! The hash chain over the journal. One sequencer gives committed entries their positions, in an
//! order that never places a later version of a record before an earlier one, and seals each with
//! the hash of the one before. The unsealed tail, younger than a second, is not yet tamper-evident.

use aws_lc_rs::digest::{Context, SHA256};
use diesel::prelude::*;

use super::journal::{ActorKind, JournalAction, JournalEntryId};
use crate::db::schema::{journal, journal_seal};
use crate::db::types::Instant;
use crate::db::{Db, DbConn};
use crate::error::ApiError;

/// Key of the PostgreSQL advisory lock that makes one instance the sequencer.
const SEQUENCER_LOCK: i64 = 0x6363_6864;

/// Entries sealed in one transaction: few enough to hold SQLite's writer for a moment only.
const PASS: i64 = 1_000;

/// An entry with all that its hash covers.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = journal)]
pub struct JournalRow {
    /// Its id.
    pub id: JournalEntryId,
    /// Its place in the chain, once sealed.
    pub position: Option<i64>,
    /// When the request was taken.
    pub recorded_at: Instant,
    /// Who: kind.
    pub actor_kind: ActorKind,
    /// Who: id.
    pub actor_id: String,
    /// In which request.
    pub request_id: String,
    /// What was done.
    pub action: JournalAction,
    /// To what kind of record.
    pub record_type: String,
    /// To which record.
    pub record_id: String,
    /// Its version afterwards.
    pub record_version: i64,
    /// The unit that it belongs to.
    pub org_unit_id: Option<String>,
    /// The province that it belongs to.
    pub province_id: Option<String>,
    /// The record, personal fields masked.
    pub content: String,
    /// The chain's hash up to here, once sealed.
    pub hash: Option<String>,
}

impl JournalRow {
    /// The hash of this entry at this position behind that hash. Every part is preceded by its
    /// length, so that no two entries share a text.
    fn chained(&self, position: i64, before: &str) -> String {
        let mut context = Context::new(&SHA256);
        let mut part = |text: &str| {
            let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
            context.update(&length.to_be_bytes());
            context.update(text.as_bytes());
        };
        let optional = |value: &Option<String>| value.as_ref().map_or("-".into(), |v| format!("+{v}"));
        part(before);
        part(&position.to_string());
        part(self.id.as_str());
        part(&self.recorded_at.micros().to_string());
        part(self.actor_kind.as_str());
        part(&self.actor_id);
        part(&self.request_id);
        part(self.action.as_str());
        part(&self.record_type);
        part(&self.record_id);
        part(&self.record_version.to_string());
        part(&optional(&self.org_unit_id));
        part(&optional(&self.province_id));
        part(&self.content);
        crate::text::hexadecimal(context.finish().as_ref())
    }
}

/// Seals what has been committed since the last pass; answers how many entries. Several instances
/// may call it: on PostgreSQL one of them works, the others find the lock taken and answer 0.
///
/// # Errors
/// When the database is away; the next pass then goes on.
pub async fn seal(db: &Db) -> Result<usize, ApiError> {
    if !db.read(|conn| Ok(has_unsealed(conn)?)).await? {
        return Ok(0);
    }
    let mut sealed = 0;
    loop {
        let count = db.maintain(seal_pass).await?;
        sealed += count;
        if i64::try_from(count).unwrap_or(PASS) < PASS {
            return Ok(sealed);
        }
    }
}

/// The position and hash in which the sealed chain ends.
///
/// # Errors
/// When the database cannot be read.
pub fn sealed_end(conn: &mut DbConn) -> Result<(i64, String), ApiError> {
    Ok(journal_seal::table.select((journal_seal::position, journal_seal::hash)).first(conn)?)
}

/// The position of the last sealed entry.
///
/// # Errors
/// When the database cannot be read.
pub fn sealed_position(conn: &mut DbConn) -> Result<i64, ApiError> {
    Ok(journal_seal::table.select(journal_seal::position).first(conn)?)
}

fn has_unsealed(conn: &mut DbConn) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(journal::table.filter(journal::position.is_null()))).get_result(conn)
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    locked: bool,
}

fn seal_pass(conn: &mut DbConn) -> Result<usize, ApiError> {
    if let DbConn::Pg(pg) = conn {
        let lock: Locked =
            diesel::sql_query(format!("SELECT pg_try_advisory_xact_lock({SEQUENCER_LOCK}) AS locked"))
                .get_result(pg)?;
        if !lock.locked {
            return Ok(0);
        }
    }
    let (mut position, mut hash): (i64, String) =
        journal_seal::table.select((journal_seal::position, journal_seal::hash)).first(conn)?;
    let rows: Vec<JournalRow> = journal::table
        .filter(journal::position.is_null())
        .order((journal::recorded_at, journal::id))
        .limit(PASS)
        .select(JournalRow::as_select())
        .load(conn)?;
    let rows = in_version_order(rows);
    let mut sealed = Vec::with_capacity(rows.len());
    for row in &rows {
        position += 1;
        hash = row.chained(position, &hash);
        sealed.push((row.id, position, hash.clone()));
    }
    keep_seals(conn, sealed)?;
    if !rows.is_empty() {
        diesel::update(journal_seal::table)
            .set((journal_seal::position.eq(position), journal_seal::hash.eq(&hash)))
            .execute(conn)?;
    }
    Ok(rows.len())
}

/// Gives entries their positions and hashes.
fn keep_seals(conn: &mut DbConn, sealed: Vec<(JournalEntryId, i64, String)>) -> QueryResult<()> {
    use diesel::sql_types::{Array, BigInt, Text};
    match conn {
        DbConn::Pg(pg) => {
            let ids: Vec<_> = sealed.iter().map(|(id, _, _)| *id).collect();
            let positions: Vec<_> = sealed.iter().map(|(_, position, _)| *position).collect();
            let hashes: Vec<_> = sealed.into_iter().map(|(_, _, hash)| hash).collect();
            diesel::sql_query(
                "UPDATE journal SET position = sealed.position, hash = sealed.hash \
                 FROM unnest($1, $2, $3) AS sealed (id, position, hash) WHERE journal.id = sealed.id",
            )
            .bind::<Array<Text>, _>(ids)
            .bind::<Array<BigInt>, _>(positions)
            .bind::<Array<Text>, _>(hashes)
            .execute(pg)?;
        }
        DbConn::Sqlite(sqlite) => {
            for (id, position, hash) in sealed {
                diesel::update(journal::table.find(id))
                    .set((journal::position.eq(position), journal::hash.eq(hash)))
                    .execute(sqlite)?;
            }
        }
    }
    Ok(())
}

/// Clocks of instances differ, so the time alone could place version 3 of a record before its
/// version 2. The rows keep their places; those of one record are put into them by version.
fn in_version_order(rows: Vec<JournalRow>) -> Vec<JournalRow> {
    use std::collections::{BinaryHeap, HashMap};
    let key = |row: &JournalRow| (row.record_type.clone(), row.record_id.clone());
    let places: Vec<_> = rows.iter().map(&key).collect();
    let mut versions: HashMap<_, BinaryHeap<_>> = HashMap::new();
    for (order, row) in rows.into_iter().enumerate() {
        let rank = std::cmp::Reverse((row.record_version, order));
        versions.entry(key(&row)).or_default().push(Ranked { rank, row });
    }
    places.iter().filter_map(|place| Some(versions.get_mut(place)?.pop()?.row)).collect()
}

struct Ranked {
    rank: std::cmp::Reverse<(i64, usize)>,
    row: JournalRow,
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}
impl Eq for Ranked {}
impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

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
        /// Its position.
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
        let rows: Vec<JournalRow> = journal::table
            .filter(journal::position.gt(position))
            .order(journal::position)
            .limit(PASS)
            .select(JournalRow::as_select())
            .load(conn)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let expected = position + 1;
            let broken =
                |reason| Verdict::Broken { position: expected, id: Some(row.id.to_string()), reason };
            if row.position != Some(expected) {
                return Ok(Verdict::Broken { position: expected, id: None, reason: "the entry is missing" });
            }
            let computed = row.chained(expected, &hash);
            if row.hash.as_deref() != Some(computed.as_str()) {
                return Ok(broken("the entry was changed"));
            }
            (position, hash) = (expected, computed);
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
    let unsealed = journal::table.filter(journal::position.is_null()).count().get_result(conn)?;
    Ok(Verdict::Sound { sealed: position, hash, unsealed })
}
