//! How changes come into the sheets of counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::contributions::{Changes, Leaf};
use super::deltas::{self, DeltaRow};
use super::packed::Packed;
use super::sheets::{Area, Bucket, Cells, Sheet};
use kernel::db::packed_text::PackedText;
use kernel::db::schema::{dossier_areas, dossier_deltas, dossier_sums};
use kernel::db::{Db, DbConn, hold_turns, is_ones_turn};
use kernel::error::ApiError;
use kernel::insert_rows;
use kernel::tree::OrgUnitId;

/// Key of the PostgreSQL advisory lock that makes one instance the folder.
const FOLDER_LOCK: i64 = 0x6363_6866;

/// Changes folded in one transaction: the more there are, the fewer times a sheet is written. SQLite's one
/// writer, for which every other write waits, is held for a moment only.
const fn pass(conn: &DbConn) -> i64 {
    match conn {
        DbConn::Pg(_) => 30_000,
        DbConn::Sqlite(_) => 6_000,
    }
}

/// Deltas read at once: of batches they hold a hundred changes each and more.
const STEP: i64 = 40;

/// Changes that are worth folding: as many are read along with the sheets in a few milliseconds.
const WORTH: i64 = 10_000;

/// How long fewer changes than that wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sheets read and written together.
pub(super) const TOGETHER: usize = 500;

/// A sheet as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = dossier_sums, treat_none_as_default_value = false)]
pub(super) struct SheetRow {
    pub(super) area: String,
    pub(super) bucket: String,
    totals: PackedText<Packed>,
    times: PackedText<Packed>,
    moves: PackedText<Packed>,
    days: PackedText<Packed>,
    procedures: PackedText<Packed>,
}

impl SheetRow {
    pub(super) fn new(area: Area, bucket: Bucket, sheet: &Sheet) -> Self {
        let packed = |cells: &Cells| PackedText(Packed::from(cells));
        Self {
            area: area.to_string(),
            bucket: bucket.to_string(),
            totals: packed(&sheet.totals),
            times: packed(&sheet.times),
            moves: packed(&sheet.moves),
            days: packed(&sheet.days),
            procedures: packed(&sheet.procedures),
        }
    }

    /// Adds what it tells, as `sign` has it.
    pub(super) fn add_to(
        &self,
        sheet: &mut Sheet,
        sign: impl Fn(Changes) -> Changes,
    ) -> Result<(), ApiError> {
        let Self { totals, times, moves, days, procedures, .. } = self;
        for (packed, cells) in [totals, times, moves, days, procedures].into_iter().zip(sheet.parts_mut()) {
            packed.0.each(|cell, changes| *cells.entry(cell).or_default() += sign(changes))?;
        }
        Ok(())
    }
}

/// How many changes are worth folding when the last folding was at `last`.
#[must_use]
pub fn worth(last: Instant) -> i64 {
    if last.elapsed() < PATIENCE { WORTH } else { 1 }
}

/// Folds what has been committed, if there are at least so many changes, and goes on while others bring as
/// many as are worth it; answers how many deltas. Several instances may call it: on PostgreSQL one of them
/// works, the others find the lock taken and answer 0.
///
/// # Errors
/// When the database is away; the next pass then goes on.
pub async fn fold(db: &Db, least: i64) -> Result<usize, ApiError> {
    let (mut folded, mut least) = (0, least);
    while db.read(|conn| Ok(waiting(conn)?)).await? >= least {
        match db.maintain(fold_pass).await? {
            0 => break,
            count => folded += count,
        }
        least = WORTH;
    }
    Ok(folded)
}

/// How many changes are not folded.
fn waiting(conn: &mut DbConn) -> QueryResult<i64> {
    dossier_deltas::table.select(sql::<BigInt>("CAST(COALESCE(SUM(changes), 0) AS BIGINT)")).first(conn)
}

/// Lets nobody fold until the transaction ends, so that it may read sums and deltas one after the other.
///
/// # Errors
/// When the database is away.
pub fn hold_folding(conn: &mut DbConn) -> Result<(), ApiError> {
    Ok(hold_turns(conn, FOLDER_LOCK)?)
}

/// Folds the oldest deltas; answers how many.
pub(super) fn fold_pass(conn: &mut DbConn) -> Result<usize, ApiError> {
    if !is_ones_turn(conn, FOLDER_LOCK)? {
        return Ok(0);
    }
    let rows = oldest(conn)?;
    let (mut changed, mut since): (Vec<(Leaf, Changes)>, _) = (Vec::new(), Since::new());
    for row in &rows {
        row.each(|leaf, changes| {
            note_since(&mut since, &leaf);
            changed.push((leaf, changes));
        })?;
    }
    let ids: Vec<String> = rows.into_iter().map(|row| row.id).collect();
    keep_sheets(conn, &changed)?;
    keep_areas(conn, since)?;
    for part in ids.chunks(TOGETHER) {
        diesel::delete(dossier_deltas::table.filter(dossier_deltas::id.eq_any(part))).execute(conn)?;
    }
    Ok(ids.len())
}

/// The oldest deltas, as many as one pass takes.
fn oldest(conn: &mut DbConn) -> QueryResult<Vec<DeltaRow>> {
    let (mut rows, mut changes): (Vec<DeltaRow>, i64) = (Vec::new(), 0);
    while changes < pass(conn) {
        let more = deltas::behind(conn, rows.last().map_or("", |row| &row.id), STEP)?;
        if more.is_empty() {
            break;
        }
        changes += more.iter().map(|row| row.changes).sum::<i64>();
        rows.extend(more);
    }
    Ok(rows)
}

/// Adds changes to the sheets: month by month and year by year, some areas at a time.
fn keep_sheets(conn: &mut DbConn, changed: &[(Leaf, Changes)]) -> Result<(), ApiError> {
    let buckets: BTreeSet<Bucket> = changed.iter().flat_map(|(leaf, _)| Bucket::both_of(leaf.day)).collect();
    for bucket in buckets {
        let mut areas: BTreeMap<Area, Vec<&(Leaf, Changes)>> = BTreeMap::new();
        for change in changed.iter().filter(|(leaf, _)| Bucket::both_of(leaf.day).contains(&bucket)) {
            for area in Area::all_of(&change.0) {
                areas.entry(area).or_default().push(change);
            }
        }
        let areas: Vec<(Area, Vec<&(Leaf, Changes)>)> = areas.into_iter().collect();
        for part in areas.chunks(TOGETHER) {
            add_to_sheets(conn, bucket, part)?;
        }
    }
    Ok(())
}

fn add_to_sheets(
    conn: &mut DbConn,
    bucket: Bucket,
    areas: &[(Area, Vec<&(Leaf, Changes)>)],
) -> Result<(), ApiError> {
    use dossier_sums as s;
    let names: Vec<String> = areas.iter().map(|(area, _)| area.to_string()).collect();
    let standing = s::bucket.eq(bucket.to_string()).and(s::area.eq_any(&names));
    let stored: Vec<SheetRow> = s::table.filter(standing.clone()).select(SheetRow::as_select()).load(conn)?;
    let mut stored: HashMap<&str, &SheetRow> = stored.iter().map(|row| (row.area.as_str(), row)).collect();
    let mut rows = Vec::with_capacity(areas.len());
    for ((area, changes), name) in areas.iter().zip(&names) {
        let mut sheet = Sheet::default();
        if let Some(row) = stored.remove(name.as_str()) {
            row.add_to(&mut sheet, |changes| changes)?;
        }
        for (leaf, changes) in changes {
            sheet.add(*area, bucket, leaf, *changes);
        }
        sheet.trim();
        if sheet.len() > 0 {
            rows.push(SheetRow::new(*area, bucket, &sheet));
        }
    }
    diesel::delete(s::table.filter(standing)).execute(conn)?;
    Ok(insert_rows!(conn, dossier_sums, rows.iter().collect::<Vec<_>>())?)
}

/// The units that are counted, with their provinces, and since which day each is.
pub(super) type Since = BTreeMap<(OrgUnitId, OrgUnitId), NaiveDate>;

/// Notes since when the unit of a leaf is counted.
pub(super) fn note_since(since: &mut Since, leaf: &Leaf) {
    let first = since.entry((leaf.province, leaf.unit)).or_insert(leaf.day);
    *first = leaf.day.min(*first);
}

/// Keeps which units the sheets know, and since when.
pub(super) fn keep_areas(conn: &mut DbConn, since: Since) -> Result<(), ApiError> {
    use diesel::query_dsl::methods::FilterDsl;
    use diesel::upsert::excluded;
    use dossier_areas as a;
    let rows: Vec<_> = since
        .into_iter()
        .map(|((province, unit), day)| {
            (a::unit_id.eq(unit), a::province_id.eq(province), a::first_day.eq(day))
        })
        .collect();
    macro_rules! kept {
        ($rows:expr) => {
            FilterDsl::filter(
                diesel::insert_into(a::table)
                    .values($rows)
                    .on_conflict((a::province_id, a::unit_id))
                    .do_update()
                    .set(a::first_day.eq(excluded(a::first_day))),
                excluded(a::first_day).lt(a::first_day),
            )
        };
    }
    match conn {
        DbConn::Pg(pg) => {
            for part in rows.chunks(TOGETHER) {
                kept!(part.to_vec()).execute(pg)?;
            }
        }
        DbConn::Sqlite(sqlite) => {
            for row in rows {
                kept!(row).execute(sqlite)?;
            }
        }
    }
    Ok(())
}
