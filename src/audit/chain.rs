//! The hash chain over the journal: each entry has a position, and is sealed with the hash of the one
//! before.
//!
//! SQLite has one writer, so entries come to be in the order in which they commit: they are sealed as
//! they are stored. On PostgreSQL one sequencer seals what has been committed. The order there is that
//! in which requests began, but for the entries of one record: those stand by version, whichever request
//! began or committed first. The unsealed tail, younger than a second, is not yet tamper-evident.

use std::collections::{HashMap, HashSet};

use aws_lc_rs::digest::{Context, SHA256};
use diesel::prelude::*;

use super::journal::{ActorKind, JournalAction, JournalEntryId};
use crate::db::schema::{journal, journal_seal};
use crate::db::types::Instant;
use crate::db::{Db, DbConn, is_ones_turn};
use crate::error::ApiError;
use crate::insert_rows;

/// Key of the PostgreSQL advisory lock that makes one instance the sequencer.
const SEQUENCER_LOCK: i64 = 0x6363_6864;

/// Entries sealed in one transaction, beside earlier versions of the same records: few enough to hold
/// SQLite's writer for a moment only.
const PASS: i64 = 1_000;

/// An entry with all that its hash covers.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = journal, treat_none_as_default_value = false)]
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
    /// The other unit in whose hands the record is.
    pub second_unit_id: Option<String>,
    /// The province of that unit.
    pub second_province_id: Option<String>,
}

impl JournalRow {
    /// The record that it is about.
    fn record(&self) -> (&str, &str) {
        (&self.record_type, &self.record_id)
    }

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
        part(&self.id.written());
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
        // Entries of earlier versions have no second unit, and keep their hashes.
        if self.second_unit_id.is_some() || self.second_province_id.is_some() {
            part(&optional(&self.second_unit_id));
            part(&optional(&self.second_province_id));
        }
        crate::text::hexadecimal(context.finish().as_ref())
    }

    /// Seals the entry behind this end of the chain; answers the end that it is.
    fn seal((position, hash): (i64, String), row: &mut Self) -> (i64, String) {
        let position = position + 1;
        let hash = row.chained(position, &hash);
        (row.position, row.hash) = (Some(position), Some(hash.clone()));
        (position, hash)
    }
}

/// Stores entries behind those that are there.
pub(super) fn store(conn: &mut DbConn, mut rows: Vec<JournalRow>) -> Result<(), ApiError> {
    if matches!(conn, DbConn::Sqlite(_)) && !rows.is_empty() {
        let end = sealed_end(conn)?;
        let end = rows.iter_mut().fold(end, JournalRow::seal);
        keep_end(conn, &end)?;
    }
    Ok(insert_rows!(conn, journal, rows.iter().collect::<Vec<_>>())?)
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

/// How many entries wait to be sealed.
///
/// # Errors
/// When the database cannot be read.
pub fn unsealed(conn: &mut DbConn) -> Result<i64, ApiError> {
    Ok(journal::table.filter(journal::position.is_null()).count().get_result(conn)?)
}

fn has_unsealed(conn: &mut DbConn) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(journal::table.filter(journal::position.is_null()))).get_result(conn)
}

fn seal_pass(conn: &mut DbConn) -> Result<usize, ApiError> {
    if !is_ones_turn(conn, SEQUENCER_LOCK)? {
        return Ok(0);
    }
    let end = sealed_end(conn)?;
    let rows: Vec<JournalRow> = journal::table
        .filter(journal::position.is_null())
        .order((journal::recorded_at, journal::id))
        .limit(PASS)
        .select(JournalRow::as_select())
        .load(conn)?;
    if rows.is_empty() {
        return Ok(0);
    }
    let mut rows = in_version_order(with_earlier_versions(conn, rows)?);
    let end = rows.iter_mut().fold(end, JournalRow::seal);
    let count = rows.len();
    keep_seals(conn, rows)?;
    keep_end(conn, &end)?;
    Ok(count)
}

fn keep_end(conn: &mut DbConn, (position, hash): &(i64, String)) -> QueryResult<()> {
    let end = (journal_seal::position.eq(position), journal_seal::hash.eq(hash));
    diesel::update(journal_seal::table).set(end).execute(conn)?;
    Ok(())
}

/// Gives entries their positions and hashes. On SQLite there are none to be sealed but those that an
/// earlier version of the service left.
fn keep_seals(conn: &mut DbConn, sealed: Vec<JournalRow>) -> QueryResult<()> {
    use diesel::sql_types::{Array, BigInt, Nullable, Text};
    match conn {
        DbConn::Pg(pg) => {
            let ids: Vec<_> = sealed.iter().map(|row| row.id).collect();
            let positions: Vec<_> = sealed.iter().map(|row| row.position).collect();
            let hashes: Vec<_> = sealed.into_iter().map(|row| row.hash).collect();
            diesel::sql_query(
                "UPDATE journal SET position = sealed.position, hash = sealed.hash \
                 FROM unnest($1, $2, $3) AS sealed (id, position, hash) WHERE journal.id = sealed.id",
            )
            .bind::<Array<Text>, _>(ids)
            .bind::<Array<Nullable<BigInt>>, _>(positions)
            .bind::<Array<Nullable<Text>>, _>(hashes)
            .execute(pg)?;
        }
        DbConn::Sqlite(sqlite) => {
            for row in sealed {
                diesel::update(journal::table.find(row.id))
                    .set((journal::position.eq(row.position), journal::hash.eq(row.hash)))
                    .execute(sqlite)?;
            }
        }
    }
    Ok(())
}

/// The rows of a full pass with those behind it that are earlier versions of the same records: of two
/// large writes that overtook each other the one that began first may have committed last.
fn with_earlier_versions(conn: &mut DbConn, mut rows: Vec<JournalRow>) -> QueryResult<Vec<JournalRow>> {
    if i64::try_from(rows.len()).unwrap_or(PASS) < PASS {
        return Ok(rows);
    }
    let mut latest: HashMap<(&str, &str), i64> = HashMap::new();
    for row in &rows {
        let version = latest.entry(row.record()).or_default();
        *version = row.record_version.max(*version);
    }
    let known: HashSet<JournalEntryId> = rows.iter().map(|row| row.id).collect();
    let records: HashSet<&str> = latest.keys().map(|(_, id)| *id).collect();
    let mut behind: Vec<JournalRow> = journal::table
        .filter(journal::record_id.eq_any(records).and(journal::position.is_null()))
        .filter(journal::record_version.lt(latest.values().copied().max().unwrap_or_default()))
        .order((journal::recorded_at, journal::id))
        .select(JournalRow::as_select())
        .load(conn)?;
    behind.retain(|row| {
        let is_earlier = latest.get(&row.record()).is_some_and(|latest| row.record_version < *latest);
        is_earlier && !known.contains(&row.id)
    });
    rows.extend(behind);
    Ok(rows)
}

/// The time alone could place version 3 of a record before its version 2: clocks of instances differ,
/// and a request is dated when it begins. The rows keep their places; those of one record are put into
/// them by version.
fn in_version_order(rows: Vec<JournalRow>) -> Vec<JournalRow> {
    let mut placed: Vec<(usize, JournalRow)> = rows.into_iter().enumerate().collect();
    placed
        .sort_by(|(_, a), (_, b)| a.record().cmp(&b.record()).then(a.record_version.cmp(&b.record_version)));
    for of_record in placed.chunk_by_mut(|(_, a), (_, b)| a.record() == b.record()) {
        let mut places: Vec<usize> = of_record.iter().map(|(place, _)| *place).collect();
        places.sort_unstable();
        of_record.iter_mut().zip(places).for_each(|((place, _), free)| *place = free);
    }
    placed.sort_unstable_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, row)| row).collect()
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
    Ok(Verdict::Sound { sealed: position, hash, unsealed: unsealed(conn)? })
}
