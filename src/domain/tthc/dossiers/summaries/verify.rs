//! Whether the counts are what the dossiers say, and how they are made anew (`cchc rollup`).
//!
//! Counting everything again takes memory for each unit and day. It is therefore done in shares, each of
//! some units: every share reads all dossiers once, and all shares see one snapshot.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::contributions::{Changes, Counted, contributions};
use super::fold::{COUNTRY, Delta, SumKey, SumRow, Sums, each_delta, fold_pass, keep};
use super::procedures::{ProcedureKey, ProcedureSumRow};
use crate::db::schema::{dossier_areas, dossier_deltas, dossier_procedure_sums, dossier_sums, dossiers};
use crate::db::{Db, DbConn, snapshot};
use crate::domain::tthc::dossiers::model::DossierId;
use crate::domain::tthc::dossiers::row::DossierRow;
use crate::error::ApiError;

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
            let is_wanted = |area: &str| share_of(area, shares) == share;
            let mut sums = counted(conn, is_wanted, |row| {
                if share == 0 {
                    verified.hold_late_day(row);
                }
            })?;
            verified.sums += sums.len();
            less_deltas(conn, &mut sums, is_wanted)?;
            less_sums(conn, &mut sums, is_wanted)?;
            sums.trim();
            verified.wrong_count += sums.len();
            let left = TOLD.saturating_sub(verified.wrong.len());
            let by_level = sums.by_level.iter().map(|(key, changes)| told(key, changes));
            let by_procedure = sums.by_procedure.iter().map(|(key, changes)| told_procedure(key, changes));
            verified.wrong.extend(by_level.chain(by_procedure).take(left));
        }
        Ok(verified)
    })
}

fn share_of(area: &str, shares: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    area.hash(&mut hasher);
    hasher.finish() % shares
}

fn told(key: &SumKey, changes: &Changes) -> String {
    let SumKey { area, bucket, counted_by, tier, field_id, channel } = key;
    let area = if area == COUNTRY { "the country" } else { area };
    format!("{area}, {bucket}, {counted_by}, {tier}, field {field_id:?}, {channel}: off by {changes:?}")
}

fn told_procedure(key: &ProcedureKey, changes: &Changes) -> String {
    let ProcedureKey { area, bucket, counted_by, procedure_id, field_id, channel, working_days } = key;
    format!(
        "{area}, {bucket}, {counted_by}, procedure {procedure_id}, field {field_id:?}, {channel}, \
         {working_days} working days: off by {changes:?}"
    )
}

/// The sums of these areas as the dossiers make them, each of which `look` is shown.
fn counted(
    conn: &mut DbConn,
    is_wanted: impl Fn(&str) -> bool,
    mut look: impl FnMut(&DossierRow),
) -> Result<Sums, ApiError> {
    let (mut sums, mut last) = (Sums::default(), None);
    loop {
        let rows = dossiers_behind(conn, last)?;
        let Some(end) = rows.last() else { break };
        last = Some(end.id);
        rows.iter().for_each(&mut look);
        for (leaf, changes) in rows.iter().flat_map(contributions) {
            sums.add(&leaf, changes, &is_wanted);
        }
    }
    sums.trim();
    Ok(sums)
}

/// The next dossiers that are not deleted.
fn dossiers_behind(conn: &mut DbConn, last: Option<DossierId>) -> Result<Vec<DossierRow>, ApiError> {
    let mut query = dossiers::table.filter(dossiers::deleted_at.is_null()).into_boxed();
    if let Some(last) = last {
        query = query.filter(dossiers::id.gt(last));
    }
    Ok(query.order(dossiers::id).limit(PART).select(DossierRow::as_select()).load(conn)?)
}

fn less_deltas(conn: &mut DbConn, sums: &mut Sums, is_wanted: impl Fn(&str) -> bool) -> Result<(), ApiError> {
    each_delta(conn, |Delta { leaf, changes }| sums.add(&leaf, -changes, &is_wanted))
}

fn less_sums(conn: &mut DbConn, sums: &mut Sums, is_wanted: impl Fn(&str) -> bool) -> Result<(), ApiError> {
    use {dossier_procedure_sums as p, dossier_sums as s};
    let areas: Vec<String> = s::table.select(s::area).distinct().load(conn)?;
    for area in areas.iter().filter(|area| is_wanted(area)) {
        let rows: Vec<SumRow> = s::table.filter(s::area.eq(area)).select(SumRow::as_select()).load(conn)?;
        for (key, changes) in rows.into_iter().map(SumRow::into_parts) {
            *sums.by_level.entry(key).or_insert(Changes::NONE) += -changes;
        }
    }
    let areas: Vec<String> = p::table.select(p::area).distinct().load(conn)?;
    for area in areas.iter().filter(|area| is_wanted(area)) {
        let rows = p::table.filter(p::area.eq(area)).select(ProcedureSumRow::as_select());
        for (key, changes) in rows.load(conn)?.into_iter().map(ProcedureSumRow::into_parts) {
            *sums.by_procedure.entry(key).or_insert(Changes::NONE) += -changes;
        }
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
    if let DbConn::Pg(pg) = conn {
        diesel::sql_query("LOCK TABLE dossiers, dossier_deltas IN SHARE ROW EXCLUSIVE MODE").execute(pg)?;
    }
    diesel::delete(dossier_deltas::table).execute(conn)?;
    diesel::delete(dossier_sums::table).execute(conn)?;
    diesel::delete(dossier_procedure_sums::table).execute(conn)?;
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
        keep(conn, counted)?;
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
