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
use diesel::prelude::*;

use super::journal::{ActorKind, JournalAction, JournalEntryId};
pub use super::verification::{Verdict, verify};
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
pub(super) const PASS: i64 = 1_000;

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
    pub(super) fn link(&self, (position, before): (i64, &str)) -> Link {
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
    // The oldest is found by the index: to see whether there is any, all that no longer wait would be read.
    if db.read(unsealed_since).await?.is_none() {
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

fn seal_pass(conn: &mut DbConn) -> Result<usize, ApiError> {
    if !is_ones_turn(conn, SEQUENCER_LOCK)? {
        return Ok(0);
    }
    let end = sealed_end(conn)?;
    let mut rows = take_oldest(conn)?;
    if rows.is_empty() {
        return Ok(0);
    }
    let behind = earlier_versions_behind(conn, &rows)?;
    no_longer_wait(conn, &behind)?;
    rows.extend(behind);
    let rows = in_version_order(rows);
    keep_links(conn, linked(&rows, &end))?;
    Ok(rows.len())
}

/// Keeps links, and that the chain ends with them.
fn keep_links(conn: &mut DbConn, links: Vec<Link>) -> QueryResult<()> {
    let Some(last) = links.last() else { return Ok(()) };
    let end = (journal_seal::position.eq(last.position), journal_seal::hash.eq(&last.hash));
    diesel::update(journal_seal::table).set(end).execute(conn)?;
    insert_rows!(conn, journal_chain, links)
}

/// An entry of which the mark was taken away.
#[derive(QueryableByName)]
#[diesel(table_name = unsealed_entries)]
struct Taken {
    entry_id: JournalEntryId,
}

/// The oldest entries that wait, as many as one pass seals; their marks are taken away.
fn take_oldest(conn: &mut DbConn) -> QueryResult<Vec<JournalRow>> {
    if let DbConn::Pg(pg) = conn {
        // Found by where they stand. Few entries wait whenever statistics are taken: the planner would find a
        // thousand marks by going through all of them a thousand times.
        let taken: Vec<Taken> = diesel::sql_query(
            "DELETE FROM unsealed_entries WHERE ctid = ANY (ARRAY( \
             SELECT waiting.ctid FROM unsealed_entries AS waiting \
             JOIN journal ON journal.id = waiting.entry_id \
             ORDER BY waiting.recorded_at, waiting.entry_id LIMIT $1)) RETURNING entry_id",
        )
        .bind::<diesel::sql_types::BigInt, _>(PASS)
        .load(pg)?;
        let ids: Vec<JournalEntryId> = taken.into_iter().map(|taken| taken.entry_id).collect();
        return journal::table
            .filter(journal::id.eq_any(ids))
            .order((journal::recorded_at, journal::id))
            .select(JournalRow::as_select())
            .load(conn);
    }
    let rows: Vec<JournalRow> = unsealed_entries::table
        .inner_join(journal::table.on(journal::id.eq(unsealed_entries::entry_id)))
        .order((unsealed_entries::recorded_at, unsealed_entries::entry_id))
        .limit(PASS)
        .select(JournalRow::as_select())
        .load(conn)?;
    no_longer_wait(conn, &rows)?;
    Ok(rows)
}

/// Takes the marks of some entries away. On SQLite there are none but those that an earlier
/// version of the service left, or a backup of PostgreSQL brought.
fn no_longer_wait(conn: &mut DbConn, sealed: &[JournalRow]) -> QueryResult<()> {
    if sealed.is_empty() {
        return Ok(());
    }
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

/// Those behind the rows of a full pass that are earlier versions of the same records: of two large writes that
/// overtook each other the one that began first may have committed last.
fn earlier_versions_behind(conn: &mut DbConn, rows: &[JournalRow]) -> QueryResult<Vec<JournalRow>> {
    if i64::try_from(rows.len()).unwrap_or(PASS) < PASS {
        return Ok(Vec::new());
    }
    let mut latest: HashMap<(&str, &str), i64> = HashMap::new();
    for row in rows {
        let version = latest.entry(row.record()).or_default();
        *version = row.record_version.max(*version);
    }
    let last = latest.values().copied().max().unwrap_or_default();
    if last <= 1 {
        return Ok(Vec::new());
    }
    let records: HashSet<&str> = latest.keys().map(|(_, id)| *id).collect();
    let mut behind: Vec<JournalRow> = journal::table
        .inner_join(
            unsealed_entries::table.on(unsealed_entries::recorded_at
                .eq(journal::recorded_at)
                .and(unsealed_entries::entry_id.eq(journal::id))),
        )
        .filter(journal::record_id.eq_any(records))
        .filter(journal::record_version.lt(last))
        .order((journal::recorded_at, journal::id))
        .select(JournalRow::as_select())
        .load(conn)?;
    behind.retain(|row| latest.get(&row.record()).is_some_and(|latest| row.record_version < *latest));
    Ok(behind)
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
