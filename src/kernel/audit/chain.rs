//! The hash chain over the journal: each entry has a position, and is sealed with the hash of the one
//! before.
//!
//! Places and hashes stand beside the entries, which are written once. SQLite has one writer, so entries come
//! to be in the order in which they commit: they are sealed as they are stored. On PostgreSQL each is marked
//! as it is stored, and one sequencer seals what has been committed. The order there is that
//! in which requests began, but for the entries of one record: those stand by version, whichever request
//! began or committed first. The unsealed tail, younger than a second, is not yet tamper-evident.

use std::collections::{HashMap, HashSet};

use aws_lc_rs::digest::{Context, SHA256};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::journal::{ActorKind, JournalAction, JournalEntryId};
use crate::db::bulk::PlainSql;
use crate::db::schema::{journal, journal_chain, journal_seal, unsealed_entries};
use crate::db::types::Instant;
use crate::db::{Db, DbConn, is_ones_turn};
use crate::error::ApiError;
use crate::{insert_rows, on_db};

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

    /// The link of this entry behind that end of the chain.
    fn link(&self, (position, before): (i64, &str)) -> Link {
        let position = position + 1;
        Link {
            position,
            entry_id: self.id,
            hash: self.chained(position, before),
            recorded_at: self.recorded_at,
            action: self.action,
            record_type: self.record_type.clone(),
            record_id: self.record_id.clone(),
            record_version: self.record_version,
            org_unit_id: self.org_unit_id.clone(),
            province_id: self.province_id.clone(),
            second_unit_id: self.second_unit_id.clone(),
            second_province_id: self.second_province_id.clone(),
        }
    }
}

/// A link of the chain: which entry stands at a place, the hash up to there, and what the change feed tells of
/// the entry.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = journal_chain, treat_none_as_default_value = false)]
pub(super) struct Link {
    pub(super) position: i64,
    pub(super) entry_id: JournalEntryId,
    pub(super) hash: String,
    recorded_at: Instant,
    action: JournalAction,
    record_type: String,
    record_id: String,
    record_version: i64,
    org_unit_id: Option<String>,
    province_id: Option<String>,
    second_unit_id: Option<String>,
    second_province_id: Option<String>,
}

/// The links of these entries behind that end of the chain.
fn linked(rows: &[JournalRow], (position, hash): &(i64, String)) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::with_capacity(rows.len());
    for row in rows {
        let end = links.last().map_or((*position, hash.as_str()), |last| (last.position, &last.hash));
        links.push(row.link(end));
    }
    links
}

/// An entry that waits to be sealed.
#[derive(Insertable)]
#[diesel(table_name = unsealed_entries, treat_none_as_default_value = false)]
struct Waiting {
    recorded_at: Instant,
    entry_id: JournalEntryId,
}

/// Stores entries behind those that are there.
pub(super) fn store(conn: &mut DbConn, rows: &[JournalRow]) -> Result<(), ApiError> {
    if let (DbConn::Pg(pg), [row]) = (&mut *conn, rows) {
        // In one statement: each is another way to the server and back.
        let texts = [
            "WITH entry AS (",
            " RETURNING recorded_at, id) INSERT INTO unsealed_entries (recorded_at, entry_id) \
             SELECT recorded_at, id FROM entry",
            "",
        ];
        PlainSql { texts, values: (diesel::insert_into(journal::table).values(row), ()) }.execute(pg)?;
        return Ok(());
    }
    insert_rows!(&mut *conn, journal, rows.iter().collect::<Vec<_>>())?;
    match conn {
        DbConn::Sqlite(_) => {
            let links = linked(rows, &sealed_end(conn)?);
            keep_links(conn, links)?;
        }
        DbConn::Pg(_) => {
            let waiting = |row: &JournalRow| Waiting { recorded_at: row.recorded_at, entry_id: row.id };
            insert_rows!(conn, unsealed_entries, rows.iter().map(waiting).collect::<Vec<_>>())?;
        }
    }
    Ok(())
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

/// Seals all that waits, in the transaction that is open.
///
/// # Errors
/// When the database fails.
pub fn seal_rest(conn: &mut DbConn) -> Result<(), ApiError> {
    while seal_pass(conn)? > 0 {}
    Ok(())
}

/// The position and hash in which the sealed chain ends.
///
/// # Errors
/// When the database cannot be read.
pub fn sealed_end(conn: &mut DbConn) -> Result<(i64, String), ApiError> {
    let end = journal_seal::table.select((journal_seal::position, journal_seal::hash));
    Ok(on_db!(conn, |c| end.first(c))?)
}

/// The position of the last sealed entry.
///
/// # Errors
/// When the database cannot be read.
pub fn sealed_position(conn: &mut DbConn) -> Result<i64, ApiError> {
    Ok(journal_seal::table.select(journal_seal::position).first(conn)?)
}

/// Position and hash of those of these entries that are sealed.
pub(super) fn places_of(
    conn: &mut DbConn,
    entries: impl Iterator<Item = JournalEntryId>,
) -> QueryResult<HashMap<JournalEntryId, (i64, String)>> {
    use journal_chain as c;
    let places: Vec<(JournalEntryId, (i64, String))> = c::table
        .filter(c::entry_id.eq_any(entries))
        .select((c::entry_id, (c::position, c::hash)))
        .load(conn)?;
    Ok(places.into_iter().collect())
}

/// How many entries wait to be sealed.
///
/// # Errors
/// When the database cannot be read.
pub fn unsealed(conn: &mut DbConn) -> Result<i64, ApiError> {
    Ok(unsealed_entries::table.count().get_result(conn)?)
}

/// Since when the oldest entry that waits to be sealed does.
///
/// # Errors
/// When the database cannot be read.
pub fn unsealed_since(conn: &mut DbConn) -> Result<Option<Instant>, ApiError> {
    Ok(unsealed_entries::table.select(diesel::dsl::min(unsealed_entries::recorded_at)).first(conn)?)
}

fn has_unsealed(conn: &mut DbConn) -> QueryResult<bool> {
    diesel::select(exists(unsealed_entries::table.select(unsealed_entries::entry_id))).get_result(conn)
}

fn seal_pass(conn: &mut DbConn) -> Result<usize, ApiError> {
    if !is_ones_turn(conn, SEQUENCER_LOCK)? {
        return Ok(0);
    }
    let end = sealed_end(conn)?;
    let rows: Vec<JournalRow> = unsealed_entries::table
        .inner_join(journal::table.on(journal::id.eq(unsealed_entries::entry_id)))
        .order((unsealed_entries::recorded_at, unsealed_entries::entry_id))
        .limit(PASS)
        .select(JournalRow::as_select())
        .load(conn)?;
    if rows.is_empty() {
        return Ok(0);
    }
    let rows = in_version_order(with_earlier_versions(conn, rows)?);
    keep_links(conn, linked(&rows, &end))?;
    no_longer_wait(conn, &rows)?;
    Ok(rows.len())
}

/// Keeps links, and that the chain ends with them.
fn keep_links(conn: &mut DbConn, links: Vec<Link>) -> QueryResult<()> {
    let Some(last) = links.last() else { return Ok(()) };
    let end = (journal_seal::position.eq(last.position), journal_seal::hash.eq(&last.hash));
    diesel::update(journal_seal::table).set(end).execute(conn)?;
    insert_rows!(conn, journal_chain, links)
}

/// Takes the marks of entries away that are sealed. On SQLite there are none but those that an earlier
/// version of the service left, or a backup of PostgreSQL brought.
fn no_longer_wait(conn: &mut DbConn, sealed: &[JournalRow]) -> QueryResult<()> {
    use diesel::sql_types::{Array, BigInt, Text};
    match conn {
        DbConn::Pg(pg) => {
            let (times, ids): (Vec<_>, Vec<_>) = sealed.iter().map(|row| (row.recorded_at, row.id)).unzip();
            diesel::sql_query(
                "DELETE FROM unsealed_entries AS waiting USING unnest($1, $2) AS sealed (recorded_at, entry_id) \
                 WHERE waiting.recorded_at = sealed.recorded_at AND waiting.entry_id = sealed.entry_id",
            )
            .bind::<Array<BigInt>, _>(times)
            .bind::<Array<Text>, _>(ids)
            .execute(pg)?;
        }
        DbConn::Sqlite(sqlite) => {
            for row in sealed {
                diesel::delete(unsealed_entries::table.find((row.recorded_at, row.id))).execute(sqlite)?;
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
        .inner_join(
            unsealed_entries::table.on(unsealed_entries::recorded_at
                .eq(journal::recorded_at)
                .and(unsealed_entries::entry_id.eq(journal::id))),
        )
        .filter(journal::record_id.eq_any(records))
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
