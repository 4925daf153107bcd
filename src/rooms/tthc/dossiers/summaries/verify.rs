//! Whether the counts are what the dossiers say, and how they are made anew (`cchc rollup`).
//!
//! Counting everything again takes memory for each unit and day. It is therefore done in shares, each of
//! some units: every share reads all dossiers once, and all shares see one snapshot.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Neg;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::contributions::{Changes, Counted, Leaf, contributions};
use super::deltas::{each_delta, keep};
use super::fold::{SheetRow, fold_pass, hold_folding};
use super::sheets::{Area, Bucket, Cell, Sheet};
use crate::dossiers::life::DossierStatus;
use crate::dossiers::model::DossierId;
use crate::dossiers::row::DossierRow;
use kernel::db::schema::{dossier_areas, dossier_deltas, dossier_sums, dossiers};
use kernel::db::{Db, DbConn, snapshot};
use kernel::error::ApiError;

/// Dossiers read at once.
const PART: i64 = 2_000;

/// Dossiers of one share: its sums take some hundred megabytes at most.
const SHARE: i64 = 150_000;

/// What a look at the counts found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many dossiers were counted.
    pub dossiers: i64,
    /// How many sums they make.
    pub sums: usize,
    /// Sums and late days that are not what the dossiers say: the first ones, in words.
    pub wrong: Vec<String>,
    /// How many sums are wrong.
    pub wrong_count: usize,
    /// Of how many dossiers the stored day behind which they are late is wrong.
    pub late_count: usize,
}

impl Verified {
    /// Whether all that is stored is what the dossiers say.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.wrong_count == 0 && self.late_count == 0
    }

    /// Holds the stored day behind which a dossier is late against what the dossier says.
    fn hold_late_day(&mut self, row: &DossierRow) {
        let (stored, right) = (row.late_after, row.is_late_after());
        if stored == right {
            return;
        }
        self.late_count += 1;
        if self.wrong.len() < TOLD {
            let day = |day: Option<NaiveDate>| day.map_or_else(|| "none".to_owned(), |day| day.to_string());
            self.wrong.push(format!(
                "dossier {}: the day behind which it is late is {}, not {}",
                row.id,
                day(right),
                day(stored)
            ));
        }
    }
}

/// Differences that are told one by one.
const TOLD: usize = 20;

/// Counts all dossiers again and holds the sums, with the deltas that are not folded yet, against it; and the
/// day behind which each dossier is late.
///
/// # Errors
/// When the database cannot be read.
pub fn verify(conn: &mut DbConn) -> Result<Verified, ApiError> {
    snapshot(conn, |conn| {
        let dossiers: i64 =
            dossiers::table.filter(dossiers::deleted_at.is_null()).count().get_result(conn)?;
        let shares = u64::try_from(dossiers / SHARE).unwrap_or_default() + 1;
        let mut verified = Verified { dossiers, ..Verified::default() };
        for share in 0..shares {
            // What stands there is taken from what should: nothing may be left.
            let is_wanted = |area| share_of(area, shares) == share;
            let mut sheets = counted(conn, is_wanted, |row| {
                if share == 0 {
                    verified.hold_late_day(row);
                }
            })?;
            verified.sums += count(&mut sheets);
            each_delta(conn, |leaf, changes| add(&mut sheets, &leaf, -changes, is_wanted))?;
            less_stored(conn, &mut sheets, is_wanted)?;
            verified.wrong_count += count(&mut sheets);
            let left = TOLD.saturating_sub(verified.wrong.len());
            verified.wrong.extend(sheets.iter().flat_map(|(key, sheet)| told(key, sheet)).take(left));
        }
        Ok(verified)
    })
}

/// The sheets of some areas.
type Sheets = BTreeMap<(Area, Bucket), Sheet>;

fn share_of(area: Area, shares: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    area.hash(&mut hasher);
    hasher.finish() % shares
}

/// How many sums there are that are not nothing.
fn count(sheets: &mut Sheets) -> usize {
    sheets.values_mut().for_each(Sheet::trim);
    sheets.values().map(Sheet::len).sum()
}

fn told<'s>((area, bucket): &'s (Area, Bucket), sheet: &'s Sheet) -> impl Iterator<Item = String> + 's {
    sheet.parts().into_iter().flatten().map(move |(cell, changes)| {
        let Cell { day, by, tier, channel, field, procedure, working_days } = cell;
        format!(
            "{area}, {bucket}, day {day:?}, {by}, {tier}, {channel}, {field:?}, {procedure:?}, \
             {working_days:?} working days: off by {changes:?}"
        )
    })
}

/// Adds changes to the sheets of the areas that are wanted.
fn add(sheets: &mut Sheets, leaf: &Leaf, changes: Changes, is_wanted: impl Fn(Area) -> bool) {
    for area in Area::all_of(leaf).into_iter().filter(|area| is_wanted(*area)) {
        for bucket in Bucket::both_of(leaf.day) {
            sheets.entry((area, bucket)).or_default().add(area, bucket, leaf, changes);
        }
    }
}

/// The sheets of these areas as the dossiers make them, each of which `look` is shown.
fn counted(
    conn: &mut DbConn,
    is_wanted: impl Fn(Area) -> bool,
    mut look: impl FnMut(&DossierRow),
) -> Result<Sheets, ApiError> {
    let (mut sheets, mut last) = (Sheets::new(), None);
    loop {
        let rows = dossiers_behind(conn, last)?;
        let Some(end) = rows.last() else { return Ok(sheets) };
        last = Some(end.id);
        rows.iter().for_each(&mut look);
        for (leaf, changes) in rows.iter().flat_map(contributions) {
            add(&mut sheets, &leaf, changes, &is_wanted);
        }
    }
}

/// The next dossiers that are not deleted.
fn dossiers_behind(conn: &mut DbConn, last: Option<DossierId>) -> Result<Vec<DossierRow>, ApiError> {
    let mut query = dossiers::table.filter(dossiers::deleted_at.is_null()).into_boxed();
    if let Some(last) = last {
        query = query.filter(dossiers::id.gt(last));
    }
    Ok(query.order(dossiers::id).limit(PART).select(DossierRow::as_select()).load(conn)?)
}

/// Takes away what is stored.
fn less_stored(
    conn: &mut DbConn,
    sheets: &mut Sheets,
    is_wanted: impl Fn(Area) -> bool,
) -> Result<(), ApiError> {
    use dossier_sums as s;
    let names: Vec<String> = s::table.select(s::area).distinct().load(conn)?;
    for name in names {
        let area: Area = name.parse()?;
        if !is_wanted(area) {
            continue;
        }
        let rows: Vec<SheetRow> =
            s::table.filter(s::area.eq(&name)).select(SheetRow::as_select()).load(conn)?;
        for row in rows {
            let key = (area, row.bucket.parse()?);
            row.add_to(sheets.entry(key).or_default(), Neg::neg)?;
        }
    }
    Ok(())
}

/// Makes the counts where there are dossiers and nothing is counted: of a database that an earlier version
/// wrote, or a backup of it.
///
/// # Errors
/// When the database is away.
pub async fn make_missing(db: &Db) -> Result<(), ApiError> {
    use diesel::dsl::exists;
    let is_missing = db
        .read(|conn| {
            let counted = dossiers::status.ne(DossierStatus::Registered).and(dossiers::deleted_at.is_null());
            let dossiers = dossiers::table.filter(counted).select(dossiers::id);
            let sheets = dossier_sums::table.select(dossier_sums::area);
            let deltas = dossier_deltas::table.select(dossier_deltas::id);
            let is_any: bool = diesel::select(exists(sheets).or(exists(deltas))).get_result(conn)?;
            Ok(!is_any && diesel::select(exists(dossiers)).get_result(conn)?)
        })
        .await?;
    if is_missing {
        let count = remake(db).await?;
        log::info!("the counts of {count} dossiers were made");
    }
    Ok(())
}

/// Makes the counts anew from all dossiers; answers how many were counted.
///
/// # Errors
/// When the database is away.
pub async fn remake(db: &Db) -> Result<i64, ApiError> {
    db.maintain(rebuild).await
}

/// Makes the counts anew from all dossiers, in the transaction of its caller; answers how many dossiers
/// were counted. Whoever wants to write a dossier waits.
///
/// # Errors
/// When the database cannot be written.
pub fn rebuild(conn: &mut DbConn) -> Result<i64, ApiError> {
    // Who folds beside it would write what it read before.
    hold_folding(conn)?;
    if let DbConn::Pg(pg) = conn {
        diesel::sql_query("LOCK TABLE dossiers, dossier_deltas IN SHARE ROW EXCLUSIVE MODE").execute(pg)?;
    }
    diesel::delete(dossier_deltas::table).execute(conn)?;
    diesel::delete(dossier_sums::table).execute(conn)?;
    diesel::delete(dossier_areas::table).execute(conn)?;
    let (mut last, mut count) = (None, 0);
    loop {
        let rows = dossiers_behind(conn, last)?;
        let Some(end) = rows.last() else { return Ok(count) };
        last = Some(end.id);
        let mut counted = Counted::new();
        for (leaf, changes) in rows.iter().flat_map(contributions) {
            *counted.entry(leaf).or_default() += changes;
        }
        count += i64::try_from(rows.len()).unwrap_or_default();
        correct_late_days(conn, &rows)?;
        keep(conn, &counted)?;
        while fold_pass(conn)? > 0 {}
    }
}

/// Stores the day behind which a dossier is late anew where it is another.
fn correct_late_days(conn: &mut DbConn, rows: &[DossierRow]) -> Result<(), ApiError> {
    for row in rows.iter().filter(|row| row.late_after != row.is_late_after()) {
        diesel::update(dossiers::table.filter(dossiers::id.eq(row.id)))
            .set(dossiers::late_after.eq(row.is_late_after()))
            .execute(conn)?;
    }
    Ok(())
}
