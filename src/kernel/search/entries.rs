//! What records are found by, kept with each write: read off the journal entries of its transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use super::terms;
use crate::audit::chain::JournalRow;
use crate::audit::journal::JournalAction;
use crate::db::DbConn;
use crate::db::bulk::free_row;
use crate::db::schema::search_entries;
use crate::db::types::Instant;
use crate::db::word_index::{self, Term};
use crate::error::ApiError;
use crate::insert_rows;
use crate::record_types::{Found, RecordType};

/// Bits of a place below those of its day.
const BELOW_DAY: u32 = 40;

/// Rows looked up at once.
const PART: usize = 1_000;

/// What a record is found by, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = search_entries, treat_none_as_default_value = false)]
pub(super) struct EntryRow {
    /// Where it stands among all, the later the higher.
    pub(super) place: i64,
    pub(super) record_type: RecordType,
    pub(super) record_id: String,
    pub(super) org_unit_id: Option<String>,
    pub(super) title: Option<String>,
    pub(super) code: Option<String>,
    pub(super) day: NaiveDate,
    /// By which its words are known to be the same.
    digest: i64,
}

/// An entry with its words.
struct Made {
    row: EntryRow,
    terms: String,
}

/// Keeps what the records of these journal entries are found by from now on.
///
/// # Errors
/// When the database cannot be written.
pub(crate) fn keep(conn: &mut DbConn, written: &[JournalRow]) -> Result<(), ApiError> {
    // Of several writes of a record the last one counts; of a new record nothing is kept yet.
    let (mut made, mut new) = (BTreeMap::new(), BTreeSet::new());
    for entry in written {
        let Some((record_type, found)) = searched(entry) else { continue };
        if entry.action == JournalAction::Create && entry.record_version == 1 {
            new.insert(entry.record_id.as_str());
        }
        made.insert(entry.record_id.as_str(), Made::of(entry, record_type, found));
    }
    let known: Vec<&str> = made.keys().copied().filter(|id| !new.contains(id)).collect();
    let mut present = HashMap::new();
    for part in known.chunks(PART) {
        let rows: Vec<EntryRow> = search_entries::table
            .filter(search_entries::record_id.eq_any(part))
            .select(EntryRow::as_select())
            .load(conn)?;
        present.extend(rows.into_iter().map(|row| (row.record_id.clone(), row)));
    }
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for (id, made) in made {
        match (present.get(id), made) {
            (Some(old), Some(new)) if new.is_kept_as(old) => {}
            (old, new) => {
                gone.extend(old.map(|old| old.place));
                come.extend(new.map(|new| new.where_it_stood(old)));
            }
        }
    }
    take_out(conn, &gone)?;
    put(conn, come)
}

/// The kind of an entry's record and what it is found by, if it is searched at all.
fn searched(entry: &JournalRow) -> Option<(RecordType, Found)> {
    let record_type: RecordType = entry.record_type.parse().ok()?;
    let found = record_type.found().filter(|_| entry.action != JournalAction::ReadPersonal)?;
    Some((record_type, found))
}

impl Made {
    /// What the record of an entry is found by; nothing where it is deleted or has no word.
    fn of(entry: &JournalRow, record_type: RecordType, found: Found) -> Option<Self> {
        if entry.action == JournalAction::Delete {
            return None;
        }
        // Whatever an earlier version has written: no write and no upgrade fails for the search.
        let content: Content<'_> = serde_json::from_str(&entry.content).unwrap_or_default();
        let (titles, codes) = (texts(&content, found.titles), texts(&content, found.codes));
        if titles.is_empty() && codes.is_empty() {
            return None;
        }
        let keys = codes.iter().map(|(_, code)| terms::key(code));
        let words = titles.iter().chain(&codes).flat_map(|(_, text)| terms::words(text));
        let units = [&entry.org_unit_id, &entry.second_unit_id].into_iter().flatten();
        let provinces = [&entry.province_id, &entry.second_province_id].into_iter().flatten();
        let marks = std::iter::once(terms::kind(record_type))
            .chain(record_type.access().map(terms::access))
            .chain(units.map(|unit| terms::unit(unit)))
            .chain(provinces.map(|province| terms::province(province)));
        let all: BTreeSet<Term> = words.chain(keys).chain(marks).collect();
        let terms = all.iter().map(Term::as_str).collect::<Vec<_>>().join(" ");
        let day = day(&content, found.day).unwrap_or_else(|| entry.recorded_at.vietnam_day());
        let row = EntryRow {
            place: place(day, &entry.record_id),
            record_type,
            record_id: entry.record_id.clone(),
            org_unit_id: entry.org_unit_id.clone(),
            title: shown(titles),
            code: shown(codes),
            day,
            digest: digest(&terms).cast_signed(),
        };
        Some(Self { row, terms })
    }

    fn is_kept_as(&self, old: &EntryRow) -> bool {
        EntryRow { place: old.place, ..self.row.clone() } == *old
    }

    /// The same at the place where the record stood before, unless its day is another.
    fn where_it_stood(mut self, old: Option<&EntryRow>) -> Self {
        if let Some(old) = old.filter(|old| old.day == self.row.day) {
            self.row.place = old.place;
        }
        self
    }
}

/// The members of a record, as they are written.
type Content<'c> = HashMap<&'c str, &'c RawValue>;

/// The texts at these paths, each with the path's position.
fn texts(content: &Content<'_>, paths: &[&str]) -> Vec<(usize, String)> {
    let at = |(at, path): (usize, &&str)| values(content, path).into_iter().map(move |text| (at, text));
    paths.iter().enumerate().flat_map(at).collect()
}

/// The texts at a path: of a member, or of a member of each element of one.
fn values(content: &Content<'_>, path: &str) -> Vec<String> {
    let (member, inner) = path.split_once('.').map_or((path, None), |(member, inner)| (member, Some(inner)));
    let value = content.get(member).and_then(|raw| serde_json::from_str(raw.get()).ok());
    match (value, inner) {
        (Some(Value::String(text)), None) => vec![text],
        (Some(Value::Array(elements)), Some(inner)) => {
            let text = |element: &Value| element.get(inner)?.as_str().map(str::to_owned);
            elements.iter().filter_map(text).collect()
        }
        _ => Vec::new(),
    }
}

/// What is shown of several texts: the latest at the first path that has one.
fn shown(texts: Vec<(usize, String)>) -> Option<String> {
    let first = texts.first()?.0;
    texts.into_iter().take_while(|(at, _)| *at == first).last().map(|(_, text)| text)
}

fn day(content: &Content<'_>, path: &str) -> Option<NaiveDate> {
    let text = values(content, path).pop()?;
    let instant = || serde_json::from_value(Value::String(text.clone())).ok().map(Instant::vietnam_day);
    text.parse().ok().or_else(instant)
}

/// Where a record of this day stands: behind those of the day before, and among those of its own wherever
/// its id says, so that it stands there on every database.
fn place(day: NaiveDate, record_id: &str) -> i64 {
    let below = digest(record_id) >> (u64::BITS - BELOW_DAY);
    (i64::from(day.num_days_from_ce()) << BELOW_DAY) | below.cast_signed()
}

/// FNV-1a, which is the same in every version of the service.
fn digest(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn take_out(conn: &mut DbConn, places: &[i64]) -> Result<(), ApiError> {
    for part in places.chunks(PART) {
        word_index::take_out(conn, part)?;
        diesel::delete(search_entries::table.filter(search_entries::place.eq_any(part))).execute(conn)?;
    }
    Ok(())
}

fn put(conn: &mut DbConn, mut come: Vec<Made>) -> Result<(), ApiError> {
    for part in come.chunks_mut(PART) {
        if let [one] = &*part
            && is_put_where_free(conn, one)?
        {
            continue;
        }
        settle(conn, part)?;
        insert_rows!(&mut *conn, search_entries, part.iter().map(|made| &made.row).collect::<Vec<_>>())?;
        let words: Vec<(i64, String)> =
            part.iter_mut().map(|made| (made.row.place, std::mem::take(&mut made.terms))).collect();
        word_index::put(conn, &words)?;
    }
    Ok(())
}

/// Puts an entry in with its words, unless another stands at its place, which is seldom.
fn is_put_where_free(conn: &mut DbConn, made: &Made) -> QueryResult<bool> {
    let plain = || diesel::insert_into(search_entries::table).values(&made.row);
    let free = free_row(&plain(), plain().on_conflict_do_nothing());
    match conn {
        DbConn::Pg(pg) => word_index::put_beside(pg, free, &made.terms),
        DbConn::Sqlite(sqlite) => {
            let is_free = free.execute(sqlite)? == 1;
            if is_free {
                word_index::put(conn, &[(made.row.place, made.terms.clone())])?;
            }
            Ok(is_free)
        }
    }
}

/// Gives every entry a place of its own: the next one that is free, where two records would stand at one.
fn settle(conn: &mut DbConn, come: &mut [Made]) -> Result<(), ApiError> {
    loop {
        let places: Vec<i64> = come.iter().map(|made| made.row.place).collect();
        let taken: Vec<i64> = search_entries::table
            .filter(search_entries::place.eq_any(&places))
            .select(search_entries::place)
            .load(conn)?;
        let mut taken: BTreeSet<i64> = taken.into_iter().collect();
        let mut has_moved = false;
        for made in &mut *come {
            while !taken.insert(made.row.place) {
                made.row.place += 1;
                has_moved = true;
            }
        }
        if !has_moved {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_later_stand_higher() {
        for id in ["0190a8c0-0000-7000-8000-000000000001", "7", ""] {
            assert!(
                place(day("2026-01-02"), id)
                    > place(day("2026-01-01"), "0190a8c0-0000-7000-8000-00000000ffff")
            );
            assert!(place(day("0001-01-01"), id) > 0 && place(day("9999-12-31"), id) < i64::MAX);
        }
    }

    #[test]
    fn members_are_read_in_and_out_of_lists() {
        let content = r#"{"code": "7", "at": "2026-01-05T20:00:00Z", "versions": [{"name": "cũ"}, {"name": null}, {"name": "mới"}]}"#;
        let content: Content<'_> = serde_json::from_str(content).unwrap();
        let read = |paths: &[&str]| texts(&content, paths);
        assert_eq!(shown(read(&["versions.name", "code"])).as_deref(), Some("mới"));
        assert_eq!(shown(read(&["name", "code"])).as_deref(), Some("7"));
        assert_eq!(shown(read(&["at.name", "name"])), None);
        assert_eq!(super::day(&content, "at"), Some(day("2026-01-06")));
    }
}
