//! Writing a batch in one transaction, part by part.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;

use diesel::prelude::*;

use super::lines::{Batch, Guard, Lines};
use super::outcomes::{Counted, Held, Origin, Outcomes};
use super::{BatchMode, BatchOutcome, BatchParams, OnConflict};
use crate::api::etag::Record;
use crate::api::idempotency::{Once, Rendered};
use crate::api::records::{Draft, PART, Records, Row};
use crate::api::sheet::apart;
use crate::auth::scope::Scoped;
use crate::db::schema::source_times;
use crate::db::types::Instant;
use crate::db::{DbConn, Receipt, Recorded, Weight, WriteTx};
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::state::App;

/// Writes a batch in one transaction.
///
/// # Errors
/// In mode `all` the problem of the first line that cannot be written, with the faults of all.
pub async fn write_batch<R: Records>(
    app: &App,
    once: Once,
    scoped: Scoped,
    params: BatchParams,
    batch: Batch<R::Body>,
) -> Result<Rendered, ApiError> {
    let author = scoped.author();
    let Batch { lines, turn } = batch;
    let prepare = move || Ok((Prepared::<R, _>::of(scoped, params, lines, Counted)?, turn));
    let (prepared, turn) = apart(prepare).await?;
    let write = move |tx: &mut WriteTx<'_>| {
        let _turn = turn;
        prepared.write(tx)
    };
    once.write(app, author, Weight::Many, write).await
}

/// Writes records in the caller's transaction, each by itself, by the rules of a batch; answers what became
/// of each.
///
/// # Errors
/// When the database cannot be written.
pub fn write_lines<R: Records>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    on_conflict: OnConflict,
    bodies: Vec<R::Body>,
) -> Result<Vec<Result<Held, ApiError>>, ApiError> {
    if bodies.is_empty() {
        return Ok(Vec::new());
    }
    let params = BatchParams { mode: Some(BatchMode::Partial), on_conflict: Some(on_conflict) };
    let lines = bodies.into_iter().map(|body| Ok((body, Guard::default()))).collect();
    let prepared = Prepared::<R, _>::of(scoped.clone(), params, lines, Counted)?;
    prepared.write(tx)?.into_value().into_ends()
}

/// Lines that are ready to be written.
pub(in crate::api) struct Prepared<R: Records, O> {
    scoped: Scoped,
    update: bool,
    lines: Vec<(Place, R::Body)>,
    outcomes: Outcomes<O>,
}

impl<R: Records, O: Origin> Prepared<R, O> {
    /// Makes lines ready: those that are not well formed are refused before the database is asked for
    /// anything. The others are looked at all the same, so that who mends a batch hears of every
    /// fault at once.
    ///
    /// # Errors
    /// The faults of all lines where not one is well formed.
    pub(in crate::api) fn of(
        scoped: Scoped,
        params: BatchParams,
        read: Lines<R::Body>,
        origin: O,
    ) -> Result<Self, ApiError> {
        // Who gets every line wrong speaks another schema, and should hear of it at once.
        let is_readable = read.iter().any(Result::is_ok);
        let mode = params.mode.filter(|_| is_readable).unwrap_or(BatchMode::All);
        Self::in_mode(mode, scoped, params, read, origin)
    }

    /// Makes lines of a mode ready that are a part of more: where not one is well formed, others may be.
    ///
    /// # Errors
    /// In mode `all` the faults of all lines where not one is well formed.
    pub(in crate::api) fn in_mode(
        mode: BatchMode,
        scoped: Scoped,
        params: BatchParams,
        read: Lines<R::Body>,
        origin: O,
    ) -> Result<Self, ApiError> {
        let mut outcomes = Outcomes::of(origin, mode, read.len());
        let mut lines = Vec::with_capacity(read.len());
        for (index, line) in read.into_iter().enumerate() {
            match line {
                Ok((body, guard)) => lines.push((Place { index, guard }, body)),
                Err(error) => outcomes.refuse(index, error),
            }
        }
        let outcomes = if lines.is_empty() { outcomes.all_or_nothing()? } else { outcomes };
        let update = params.on_conflict == Some(OnConflict::Update);
        Ok(Self { scoped, update, lines, outcomes })
    }

    /// Writes them.
    ///
    /// # Errors
    /// In mode `all` the problem of the first line that cannot be written, with the faults of all.
    pub(in crate::api) fn write(self, tx: &mut WriteTx<'_>) -> Result<Recorded<Outcomes<O>>, ApiError> {
        let Self { scoped, update, mut lines, mut outcomes } = self;
        // Batches over the same records then lock them in one order, and none waits for the other.
        lines.sort_by_cached_key(|(_, body)| R::order(body));
        let mut receipt = None;
        let mut named = HashSet::new();
        let mut lines = lines.into_iter();
        loop {
            let (places, bodies): (Vec<_>, Vec<_>) = lines.by_ref().take(PART).unzip();
            if places.is_empty() {
                break;
            }
            let written = write_part::<R, O>(tx, &scoped, update, places, bodies, &mut named, &mut outcomes)?;
            receipt = written.or(receipt);
        }
        let outcomes = outcomes.all_or_nothing()?;
        Ok(match receipt {
            Some(receipt) => receipt.with(outcomes),
            None => Recorded::unchanged(outcomes),
        })
    }
}

/// Where a line stands, and when it may be written.
#[derive(Debug, Clone, Copy)]
struct Place {
    index: usize,
    guard: Guard,
}

fn write_part<R: Records, O: Origin>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    update: bool,
    places: Vec<Place>,
    bodies: Vec<R::Body>,
    named: &mut HashSet<R::Id>,
    outcomes: &mut Outcomes<O>,
) -> Result<Option<Receipt>, ApiError> {
    let present = if update && R::NATURAL_KEY {
        R::present(tx, scoped, &bodies)?
    } else {
        bodies.iter().map(|_| None).collect()
    };
    let held = source_times_of(tx.conn(), &places, &present)?;
    let latest = tx.at().plus_seconds(CLOCKS_APART);
    let (mut open, mut drafts, mut before) = (Vec::new(), Vec::new(), Vec::new());
    for ((place, body), present) in places.into_iter().zip(bodies).zip(present) {
        let id = present.as_ref().map(Row::id);
        if id.is_some_and(|id| named.contains(&id)) {
            outcomes.refuse(place.index, named_twice());
        } else if place.guard.source_updated_at.is_some_and(|sent| sent > latest) {
            outcomes.refuse(place.index, still_to_come());
        } else if let Some(refusal) = refusal(&place.guard, present.as_ref(), &held) {
            outcomes.refuse(place.index, refusal);
        } else {
            named.extend(id);
            open.push(place);
            before.push(present.clone());
            drafts.push(Draft { body, present });
        }
    }
    let at = tx.at();
    let (mut changed, mut rows, mut sent) = (Vec::new(), Vec::new(), Vec::new());
    let mut told_already = Vec::new();
    for ((place, before), made) in open.into_iter().zip(before).zip(R::made(tx, scoped, drafts)?) {
        match (made, before) {
            (Err(error), _) => outcomes.refuse(place.index, error),
            (Ok(row), Some(before)) if R::is_told_already(&row, &before) => {
                outcomes.held(place.index, BatchOutcome::Unchanged, row.id().to_string(), row.version());
                sent.extend(place.guard.source_updated_at.map(|time| (row.id().to_string(), time)));
                told_already.push(row);
            }
            (Ok(mut row), _) => {
                row.revise(at);
                changed.push(place);
                rows.push(row);
            }
        }
    }
    // Where the batch is lost already, this finds the keys that are taken, and is undone.
    let written = R::save(tx, scoped, &rows)?;
    for ((place, row), line) in changed.into_iter().zip(&rows).zip(written.lines) {
        match line {
            Ok(view) => {
                named.insert(row.id());
                let (id, version) = (view.id_text(), view.version());
                sent.extend(place.guard.source_updated_at.map(|time| (id.clone(), time)));
                let outcome = if version == 1 { BatchOutcome::Created } else { BatchOutcome::Updated };
                outcomes.held(place.index, outcome, id, version);
            }
            Err(error) => outcomes.refuse(place.index, error),
        }
    }
    let is_noted = R::note(tx, &told_already)?;
    if !sent.is_empty() {
        keep_source_times(tx.conn(), sent)?;
    } else if !is_noted {
        return Ok(written.receipt);
    }
    Ok(Some(tx.noted()))
}

/// Why a line does not replace the record that is there.
fn refusal<R: Row>(guard: &Guard, present: Option<&R>, held: &HashMap<String, Instant>) -> Option<ApiError>
where
    R::Id: Display,
{
    let version = present.map_or(0, Row::version);
    if guard.if_version.is_some_and(|expected| expected != version) {
        return Some(match version {
            0 => ApiError::detailed(
                Problem::Stale,
                "Chưa có bản ghi nào với khóa này để thay thế.",
                "No record with this key is held that the line could replace.",
            ),
            held => ApiError::detailed(
                Problem::Stale,
                format!("Phiên bản đang lưu là {held}."),
                format!("Version {held} is held."),
            ),
        });
    }
    let is_older = guard
        .source_updated_at
        .zip(present)
        .is_some_and(|(sent, row)| held.get(&row.id().to_string()).is_some_and(|held| sent < *held));
    is_older.then(|| ApiError::new(Problem::Stale))
}

/// Seconds by which the clock of a sending system may be ahead.
const CLOCKS_APART: i64 = 24 * 3_600;

/// A time that is still to come would keep every true one out.
fn still_to_come() -> ApiError {
    let message = Bilingual::new(
        "Thời điểm này còn ở tương lai; hãy kiểm tra đồng hồ của hệ thống gửi.",
        "This time is still to come; check the clock of the sending system.",
    );
    ApiError::invalid(vec![Fault::new("/source_updated_at", "in_future", message)])
}

fn named_twice() -> ApiError {
    ApiError::detailed(
        Problem::Duplicate,
        "Lô đã có một dòng khác cho cùng bản ghi này.",
        "Another line of the batch is about the same record.",
    )
}

/// When the sending systems last changed the records of these lines.
fn source_times_of<R: Row>(
    conn: &mut DbConn,
    places: &[Place],
    present: &[Option<R>],
) -> Result<HashMap<String, Instant>, ApiError>
where
    R::Id: Display,
{
    let ids: Vec<String> = places
        .iter()
        .zip(present)
        .filter(|(place, _)| place.guard.source_updated_at.is_some())
        .filter_map(|(_, row)| Some(row.as_ref()?.id().to_string()))
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let held: Vec<(String, Instant)> = source_times::table
        .filter(source_times::record_id.eq_any(ids))
        .select((source_times::record_id, source_times::source_updated_at))
        .load(conn)?;
    Ok(held.into_iter().collect())
}

fn keep_source_times(conn: &mut DbConn, sent: Vec<(String, Instant)>) -> Result<(), ApiError> {
    use diesel::query_dsl::methods::FilterDsl;
    use diesel::upsert::excluded;
    use source_times::{record_id, source_updated_at};
    let rows: Vec<_> =
        sent.into_iter().map(|(id, time)| (record_id.eq(id), source_updated_at.eq(time))).collect();
    macro_rules! kept {
        () => {
            diesel::insert_into(source_times::table)
                .values(&rows)
                .on_conflict(record_id)
                .do_update()
                .set(source_updated_at.eq(excluded(source_updated_at)))
        };
    }
    match conn {
        // Another instance may have confirmed the same record at a later time, meanwhile.
        DbConn::Pg(pg) => {
            let is_later = excluded(source_updated_at).gt(source_updated_at);
            FilterDsl::filter(kept!(), is_later).execute(pg)?
        }
        DbConn::Sqlite(sqlite) => kept!().execute(sqlite)?,
    };
    Ok(())
}
