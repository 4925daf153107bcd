//! Whether the counts are what the dossiers say, and how they are made anew (`cchc rollup`).
//!
//! Both count everything again, out of one snapshot.

use std::ops::Neg;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::deltas::each_delta;
use super::fold::{SheetRow, TOGETHER, hold_folding, keep_areas};
use super::recount::{Recount, Sheets, add};
use super::sheets::{Area, Bucket, Cell, Sheet};
use crate::dossiers::life::DossierStatus;
use crate::dossiers::row::DossierRow;
use kernel::db::schema::{dossier_areas, dossier_deltas, dossier_sums, dossiers};
use kernel::db::{Db, DbConn, snapshot};
use kernel::error::ApiError;
use kernel::insert_rows;

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
        let mut verified = Verified::default();
        let mut recount = Recount::of(conn, |_, rows| {
            rows.iter().for_each(|row| verified.hold_late_day(row));
            Ok(())
        })?;
        verified.dossiers = recount.dossiers;
        for share in recount.shares() {
            // What stands there is taken from what should: nothing may be left.
            let is_wanted = |area| share.is_of(area);
            let mut sheets = recount.counted(is_wanted)?;
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
    let mut recount = Recount::of(conn, correct_late_days)?;
    diesel::delete(dossier_deltas::table).execute(conn)?;
    diesel::delete(dossier_sums::table).execute(conn)?;
    diesel::delete(dossier_areas::table).execute(conn)?;
    for share in recount.shares() {
        keep_sheets(conn, recount.counted(|area| share.is_of(area))?)?;
    }
    keep_areas(conn, recount.since)?;
    Ok(recount.dossiers)
}

/// Stores sheets where there are none.
fn keep_sheets(conn: &mut DbConn, mut sheets: Sheets) -> QueryResult<()> {
    sheets.values_mut().for_each(Sheet::trim);
    sheets.retain(|_, sheet| sheet.len() > 0);
    let mut sheets = sheets.into_iter();
    loop {
        let part = sheets.by_ref().take(TOGETHER);
        let rows: Vec<SheetRow> =
            part.map(|((area, bucket), sheet)| SheetRow::new(area, bucket, &sheet)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        insert_rows!(&mut *conn, dossier_sums, rows.iter().collect::<Vec<_>>())?;
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
