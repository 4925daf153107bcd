//! Deltas, and how they come into the sums.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::contributions::{Changes, Counted, CountedBy, Leaf};
use super::procedures::{self, ProcedureKey, ProcedureSumRow};
use crate::db::json_text::JsonText;
use crate::db::schema::{dossier_areas, dossier_deltas, dossier_sums};
use crate::db::types::IdText;
use crate::db::{Db, DbConn, is_ones_turn};
use crate::domain::organization::tree::{OrgUnitId, Tier};
use crate::domain::tthc::dossiers::model::Channel;
use crate::error::ApiError;
use crate::insert_rows;

/// Key of the PostgreSQL advisory lock that makes one instance the folder.
const FOLDER_LOCK: i64 = 0x6363_6866;

/// Deltas folded in one transaction: few enough to hold SQLite's writer for a moment only.
const PASS: i64 = 200;

/// Changes of one row: a batch takes several rows, so that no pass holds much.
const CHANGES: usize = 50;

/// What a write changed in the counts.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = dossier_deltas, treat_none_as_default_value = false)]
pub(super) struct DeltaRow {
    pub(super) id: String,
    pub(super) content: JsonText<Vec<Delta>>,
}

/// A change of one leaf.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Delta {
    #[serde(flatten)]
    pub(super) leaf: Leaf,
    #[serde(flatten)]
    pub(super) changes: Changes,
}

/// Keeps what a write changes in the counts, in its own transaction.
///
/// # Errors
/// When the database cannot be written.
pub fn keep(conn: &mut DbConn, counted: Counted) -> Result<(), ApiError> {
    if counted.is_empty() {
        return Ok(());
    }
    let deltas: Vec<Delta> = counted.into_iter().map(|(leaf, changes)| Delta { leaf, changes }).collect();
    let row =
        |part: &[Delta]| DeltaRow { id: IdText::new().as_str().to_owned(), content: JsonText(part.to_vec()) };
    let rows: Vec<DeltaRow> = deltas.chunks(CHANGES).map(row).collect();
    Ok(insert_rows!(conn, dossier_deltas, rows.iter().collect::<Vec<_>>())?)
}

/// Reads every change that is not folded yet, a part at a time.
///
/// # Errors
/// When the database cannot be read.
pub(super) fn each_delta(conn: &mut DbConn, mut take: impl FnMut(Delta)) -> Result<(), ApiError> {
    let mut last = String::new();
    loop {
        let rows: Vec<DeltaRow> = dossier_deltas::table
            .filter(dossier_deltas::id.gt(&last))
            .order(dossier_deltas::id)
            .limit(PASS)
            .select(DeltaRow::as_select())
            .load(conn)?;
        let Some(end) = rows.last() else { return Ok(()) };
        last.clone_from(&end.id);
        rows.into_iter().flat_map(|row| row.content.0).for_each(&mut take);
    }
}

/// The area of all units.
pub(super) const COUNTRY: &str = "country";

/// The area of all units of a province.
pub(super) fn province_area(province: OrgUnitId) -> String {
    format!("province {province}")
}

/// A day's buckets: the day, its month and its year, each kind together in the order of texts.
fn buckets(day: NaiveDate) -> [String; 3] {
    [day_bucket(day), month_bucket(day), year_bucket(day)]
}

pub(super) fn day_bucket(day: NaiveDate) -> String {
    format!("d{day}")
}

pub(super) fn month_bucket(day: NaiveDate) -> String {
    format!("m{:04}-{:02}", day.year(), day.month())
}

pub(super) fn year_bucket(day: NaiveDate) -> String {
    format!("y{:04}", day.year())
}

/// The key of a sum.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SumKey {
    pub(super) area: String,
    pub(super) bucket: String,
    pub(super) counted_by: CountedBy,
    pub(super) tier: Tier,
    pub(super) field_id: String,
    pub(super) channel: Channel,
}

/// A sum as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = dossier_sums)]
pub(super) struct SumRow {
    pub(super) area: String,
    pub(super) bucket: String,
    pub(super) counted_by: CountedBy,
    pub(super) tier: Tier,
    pub(super) field_id: String,
    pub(super) channel: Channel,
    pub(super) received: i64,
    pub(super) resolved_early: i64,
    pub(super) resolved_on_time: i64,
    pub(super) resolved_overdue: i64,
    pub(super) withdrawn: i64,
    pub(super) refused: i64,
    pub(super) moved: i64,
    pub(super) overdue: i64,
}

impl From<(SumKey, Changes)> for SumRow {
    fn from((key, changes): (SumKey, Changes)) -> Self {
        let SumKey { area, bucket, counted_by, tier, field_id, channel } = key;
        let Changes {
            received,
            resolved_early,
            resolved_on_time,
            resolved_overdue,
            withdrawn,
            refused,
            moved,
            overdue,
        } = changes;
        Self {
            area,
            bucket,
            counted_by,
            tier,
            field_id,
            channel,
            received,
            resolved_early,
            resolved_on_time,
            resolved_overdue,
            withdrawn,
            refused,
            moved,
            overdue,
        }
    }
}

impl SumRow {
    /// Its key, and what it sums.
    pub(super) fn into_parts(self) -> (SumKey, Changes) {
        let Self { area, bucket, counted_by, tier, field_id, channel, .. } = self;
        let changes = Changes {
            received: self.received,
            resolved_early: self.resolved_early,
            resolved_on_time: self.resolved_on_time,
            resolved_overdue: self.resolved_overdue,
            withdrawn: self.withdrawn,
            refused: self.refused,
            moved: self.moved,
            overdue: self.overdue,
        };
        (SumKey { area, bucket, counted_by, tier, field_id, channel }, changes)
    }
}

/// What some leaves add to the sums.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// Those of the forms.
    pub(super) by_level: BTreeMap<SumKey, Changes>,
    /// Those by procedure.
    pub(super) by_procedure: BTreeMap<ProcedureKey, Changes>,
}

impl Sums {
    /// Adds a leaf's changes to every sum in which it stands, of the areas that are wanted.
    pub(super) fn add(&mut self, leaf: &Leaf, changes: Changes, is_wanted: impl Fn(&str) -> bool) {
        add_by_level(&mut self.by_level, leaf, changes, &is_wanted);
        procedures::add(&mut self.by_procedure, leaf, changes, is_wanted);
    }

    /// Leaves out what is nothing.
    pub(super) fn trim(&mut self) {
        self.by_level.retain(|_, changes| *changes != Changes::NONE);
        self.by_procedure.retain(|_, changes| *changes != Changes::NONE);
    }

    /// How many sums there are.
    pub(super) fn len(&self) -> usize {
        self.by_level.len() + self.by_procedure.len()
    }
}

fn add_by_level(
    sums: &mut BTreeMap<SumKey, Changes>,
    leaf: &Leaf,
    changes: Changes,
    is_wanted: impl Fn(&str) -> bool,
) {
    let areas = [leaf.unit.to_string(), province_area(leaf.province), COUNTRY.to_owned()];
    for area in areas.into_iter().filter(|area| is_wanted(area)) {
        for bucket in buckets(leaf.day) {
            let key = SumKey {
                area: area.clone(),
                bucket,
                counted_by: leaf.by,
                tier: leaf.tier,
                field_id: leaf.field.map(|field| field.to_string()).unwrap_or_default(),
                channel: leaf.channel,
            };
            *sums.entry(key).or_default() += changes;
        }
    }
}

/// Folds what has been committed since the last pass; answers how many deltas. Several instances may call
/// it: on PostgreSQL one of them works, the others find the lock taken and answer 0.
///
/// # Errors
/// When the database is away; the next pass then goes on.
pub async fn fold(db: &Db) -> Result<usize, ApiError> {
    if !db.read(|conn| Ok(is_any(conn)?)).await? {
        return Ok(0);
    }
    let mut folded = 0;
    loop {
        let count = db.maintain(fold_pass).await?;
        folded += count;
        if i64::try_from(count).unwrap_or(PASS) < PASS {
            return Ok(folded);
        }
    }
}

fn is_any(conn: &mut DbConn) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(dossier_deltas::table.select(dossier_deltas::id))).get_result(conn)
}

/// Folds the oldest deltas.
pub(super) fn fold_pass(conn: &mut DbConn) -> Result<usize, ApiError> {
    if !is_ones_turn(conn, FOLDER_LOCK)? {
        return Ok(0);
    }
    let rows: Vec<DeltaRow> = dossier_deltas::table
        .order(dossier_deltas::id)
        .limit(PASS)
        .select(DeltaRow::as_select())
        .load(conn)?;
    if rows.is_empty() {
        return Ok(0);
    }
    let mut sums = Sums::default();
    let mut areas: HashMap<(OrgUnitId, OrgUnitId), NaiveDate> = HashMap::new();
    for Delta { leaf, changes } in rows.iter().flat_map(|row| &row.content.0) {
        sums.add(leaf, *changes, |_| true);
        let first = areas.entry((leaf.province, leaf.unit)).or_insert(leaf.day);
        *first = leaf.day.min(*first);
    }
    sums.trim();
    let Sums { by_level, by_procedure } = sums;
    keep_sums(conn, &by_level.into_iter().map(SumRow::from).collect::<Vec<_>>())?;
    procedures::keep(conn, &by_procedure.into_iter().map(ProcedureSumRow::from).collect::<Vec<_>>())?;
    keep_areas(conn, areas)?;
    let ids: Vec<String> = rows.into_iter().map(|row| row.id).collect();
    let count = ids.len();
    diesel::delete(dossier_deltas::table.filter(dossier_deltas::id.eq_any(ids))).execute(conn)?;
    Ok(count)
}

/// Rows of one statement on PostgreSQL.
const STATEMENT: usize = 1_000;

fn keep_sums(conn: &mut DbConn, rows: &[SumRow]) -> Result<(), ApiError> {
    use diesel::upsert::excluded;
    use dossier_sums as s;
    macro_rules! added {
        ($rows:expr) => {
            diesel::insert_into(s::table)
                .values($rows)
                .on_conflict((s::area, s::bucket, s::counted_by, s::tier, s::field_id, s::channel))
                .do_update()
                .set((
                    s::received.eq(s::received + excluded(s::received)),
                    s::resolved_early.eq(s::resolved_early + excluded(s::resolved_early)),
                    s::resolved_on_time.eq(s::resolved_on_time + excluded(s::resolved_on_time)),
                    s::resolved_overdue.eq(s::resolved_overdue + excluded(s::resolved_overdue)),
                    s::withdrawn.eq(s::withdrawn + excluded(s::withdrawn)),
                    s::refused.eq(s::refused + excluded(s::refused)),
                    s::moved.eq(s::moved + excluded(s::moved)),
                    s::overdue.eq(s::overdue + excluded(s::overdue)),
                ))
        };
    }
    match conn {
        DbConn::Pg(pg) => {
            for part in rows.chunks(STATEMENT) {
                added!(part.to_vec()).execute(pg)?;
            }
        }
        DbConn::Sqlite(sqlite) => {
            for row in rows {
                added!(row).execute(sqlite)?;
            }
        }
    }
    Ok(())
}

fn keep_areas(conn: &mut DbConn, areas: HashMap<(OrgUnitId, OrgUnitId), NaiveDate>) -> Result<(), ApiError> {
    use diesel::query_dsl::methods::FilterDsl;
    use diesel::upsert::excluded;
    use dossier_areas as a;
    let rows: Vec<_> = areas
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
            for part in rows.chunks(STATEMENT) {
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
