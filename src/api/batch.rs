//! Many records in one request: a JSON array or one record a line (NDJSON), all or nothing unless
//! `mode=partial`. Lines are read and checked in memory before the database is touched.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::contract::Contract;
use super::etag::Record;
use super::idempotency::{Answer, Asked, BodyDigest, Once, Rendered};
use super::json::{body, check, malformed, once_each, parse, text_of};
use super::records::{Draft, PART, Records, Row};
use super::sheet::apart;
use crate::auth::scope::Scoped;
use crate::db::schema::source_times;
use crate::db::types::Instant;
use crate::db::{DbConn, Receipt, Recorded, Turn, Weight, WriteTx};
use crate::error::{ApiError, Bilingual, FAULTS_TOLD, Fault, Problem, ProblemDetails};
use crate::state::App;
use crate::{on_db, text_enum};

/// The most records of one batch.
pub const BATCH_LINES: usize = 10_000;

/// One record a line.
pub const NDJSON: &str = "application/x-ndjson";

text_enum! {
    /// What a batch does when some of its lines cannot be written (cách ghi một lô).
    pub enum BatchMode {
        /// Nothing is written unless every line can be.
        All => "all", "tất cả hoặc không ghi gì";
        /// Each line stands for itself; only where not one of them is well formed, the batch is refused.
        Partial => "partial", "ghi từng dòng hợp lệ";
    }
}

text_enum! {
    /// What a batch does with a record that has the natural key already (khi đã có bản ghi trùng khóa).
    pub enum OnConflict {
        /// The line is refused as a duplicate.
        Refuse => "refuse", "từ chối dòng";
        /// The record is replaced, when the line is not older.
        Update => "update", "cập nhật bản ghi";
    }
}

text_enum! {
    /// What became of a line (kết quả của một dòng).
    pub enum BatchOutcome {
        /// A record was made.
        Created => "created", "đã tạo";
        /// A record was replaced.
        Updated => "updated", "đã cập nhật";
        /// The record said the same already: nothing was written.
        Unchanged => "unchanged", "không thay đổi";
        /// A newer record is held: nothing was written.
        Stale => "stale", "dữ liệu cũ hơn";
        /// The line cannot be written; its problem says why.
        Refused => "refused", "bị từ chối";
    }
}

/// How a batch is written.
#[derive(Debug, Clone, Copy, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BatchParams {
    /// What happens when some lines cannot be written (cách ghi); `all` when not given.
    #[param(inline)]
    pub mode: Option<BatchMode>,
    /// What happens to a record with the natural key of a line (khi trùng khóa); `refuse` when not given.
    #[param(inline)]
    pub on_conflict: Option<OnConflict>,
}

/// What became of a batch, line by line (kết quả ghi một lô).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "created": 1, "updated": 0, "unchanged": 0, "stale": 0, "refused": 0,
    "lines": [{"index": 0, "outcome": "created", "status": 201, "id": "0190a8c0-0000-7000-8000-000000000001", "version": 1}]
}))]
pub struct BatchReport {
    /// Records made (số bản ghi đã tạo).
    pub created: i64,
    /// Records replaced (số bản ghi đã cập nhật).
    pub updated: i64,
    /// Lines that said what was known already (số dòng không thay đổi).
    pub unchanged: i64,
    /// Lines older than the record held (số dòng dữ liệu cũ).
    pub stale: i64,
    /// Lines refused (số dòng bị từ chối).
    pub refused: i64,
    /// The lines, in their order.
    pub lines: Vec<BatchLine>,
}

/// What became of one line (kết quả của một dòng).
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchLine {
    /// Its place in the batch, from 0 (thứ tự dòng).
    #[schema(minimum = 0)]
    pub index: usize,
    /// What became of it.
    pub outcome: BatchOutcome,
    /// The HTTP status that it would have had by itself.
    #[schema(minimum = 200, maximum = 599)]
    pub status: u16,
    /// The record's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, format = "uuid")]
    pub id: Option<String>,
    /// The record's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub version: Option<i64>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub problem: Option<ProblemDetails>,
}

/// When a line may replace the record that is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// Only this version of it; 0 for none at all.
    pub if_version: Option<i64>,
    /// Only when the sender's own record was not changed later than this.
    pub source_updated_at: Option<Instant>,
}

/// The lines of a batch, each read and within its limits, or with what is wrong with it.
#[derive(Debug)]
pub struct Batch<B> {
    lines: Lines<B>,
    turn: Turn,
}

impl<B> FromRequest for Batch<B>
where
    B: serde::de::DeserializeOwned + Validate + ToSchema + Send + 'static,
{
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let app = App::of(&req)?;
            let by_line = req.content_type().eq_ignore_ascii_case(NDJSON);
            if !by_line && !req.content_type().eq_ignore_ascii_case("application/json") {
                return Err(ApiError::detailed(
                    Problem::UnsupportedMediaType,
                    format!("Tiêu đề Content-Type phải là application/json hoặc {NDJSON}."),
                    format!("Content-Type must be application/json or {NDJSON}."),
                ));
            }
            let turn = app.bulk.turn().await?;
            let bytes = body(&req, payload, app.config.batch_limit_bytes.size()).await?;
            let read = move || {
                let batch = Self { lines: lines(&bytes, by_line, &app)?, turn };
                Ok((BodyDigest::of(&bytes), batch))
            };
            let (digest, batch) = apart(read).await?;
            digest.keep(&req);
            Ok(batch)
        })
    }
}

/// Lines that were read, each with its guard, or with what is wrong with it.
pub(super) type Lines<B> = Vec<Result<(B, Guard), ApiError>>;

/// How many faults of lines that cannot be read are still kept; of each line the first one is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Telling(pub(super) usize);

impl Telling {
    /// A line with the faults that are kept of it.
    pub(super) fn of<T>(&mut self, line: Result<T, ApiError>) -> Result<T, ApiError> {
        line.map_err(|error| {
            let error = error.telling(self.0.max(1));
            self.0 = self.0.saturating_sub(error.faults().len());
            error
        })
    }
}

fn lines<B>(bytes: &[u8], by_line: bool, app: &App) -> Result<Lines<B>, ApiError>
where
    B: serde::de::DeserializeOwned + Validate + ToSchema,
{
    let text = text_of(bytes)?;
    let texts: Vec<&str> = if by_line {
        text.lines().filter(|line| !line.trim().is_empty()).take(BATCH_LINES + 1).collect()
    } else {
        serde_json::from_str::<Items<'_>>(text).map_err(|_| no_array(text))?.0
    };
    if texts.len() > BATCH_LINES {
        let message = Bilingual::new(
            format!("Một lô tối đa {BATCH_LINES} bản ghi; hãy chia thành nhiều lô."),
            format!("A batch has {BATCH_LINES} records at most; send several."),
        );
        return Err(ApiError::invalid(vec![Fault::new("", "too_many", message)]));
    }
    let (most, depth) = (app.config.body_limit_bytes.size(), app.config.json_depth.size());
    let mut telling = Telling(FAULTS_TOLD);
    let read = |text: &str| match text.len() > most {
        // A record is no longer in a batch than by itself.
        true => Err(too_large(most)),
        false => line(text, depth, &app.contract),
    };
    Ok(texts.into_iter().map(|text| telling.of(read(text))).collect())
}

/// The items of a JSON array as they stand, up to one more than a batch may have.
struct Items<'a>(Vec<&'a str>);

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self(Vec::new()))
    }
}

impl<'de> serde::de::Visitor<'de> for Items<'de> {
    type Value = Self;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON array")
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(mut self, mut items: A) -> Result<Self, A::Error> {
        while let Some(item) = items.next_element::<&RawValue>()? {
            if self.0.len() <= BATCH_LINES {
                self.0.push(item.get());
            }
        }
        Ok(self)
    }
}

fn too_large(most: usize) -> ApiError {
    ApiError::detailed(
        Problem::PayloadTooLarge,
        format!("Một bản ghi tối đa {most} byte."),
        format!("A record may have {most} bytes at most."),
    )
}

fn no_array(text: &str) -> ApiError {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Err(_) => malformed(text),
        Ok(_) => ApiError::detailed(
            Problem::WrongShape,
            "Nội dung phải là một mảng JSON các bản ghi.",
            "The body must be a JSON array of records.",
        ),
    }
}

/// Reads a line and holds it against its limits.
pub(super) fn line<B>(text: &str, depth: usize, contract: &Contract) -> Result<(B, Guard), ApiError>
where
    B: serde::de::DeserializeOwned + Validate + ToSchema,
{
    let (text, guard) = split_guard(text)?;
    let body = parse(text.as_bytes(), depth, contract)?;
    check(&body)?;
    Ok((body, guard))
}

/// Takes the guard's members out of a line that has some.
fn split_guard(text: &str) -> Result<(Cow<'_, str>, Guard), ApiError> {
    const NAMES: [&str; 2] = ["if_version", "source_updated_at"];
    let mut guard = Guard::default();
    if !NAMES.iter().any(|name| text.contains(name)) {
        return Ok((text.into(), guard));
    }
    // Whatever is no object is refused with the rest of its shape.
    let Ok(mut members) = serde_json::from_str::<Map<String, Value>>(text) else {
        return Ok((text.into(), guard));
    };
    once_each(text)?;
    for name in NAMES {
        let Some(value) = members.remove(name) else { continue };
        let is_number = value.is_number();
        let read = serde_json::from_value(Map::from_iter([(name.to_owned(), value)]).into());
        let read: Guard = read.map_err(|error| wrong_guard(name, is_number, &error))?;
        if read.if_version.is_some_and(|version| version < 0) {
            let message = Bilingual::new("Phiên bản không nhỏ hơn 0.", "A version is 0 or more.");
            return Err(ApiError::invalid(vec![Fault::new("/if_version", "range", message)]));
        }
        guard.if_version = guard.if_version.or(read.if_version);
        guard.source_updated_at = guard.source_updated_at.or(read.source_updated_at);
    }
    Ok((serde_json::to_string(&members).map_err(ApiError::internal)?.into(), guard))
}

/// What the schema allows but the service cannot read, such as `2.0` for an integer, is right in shape.
fn wrong_guard(name: &str, is_number: bool, error: &serde_json::Error) -> ApiError {
    let message = Bilingual::new("Giá trị không đọc được.", format!("The value cannot be read: {error}."));
    let problem = if is_number == (name == "if_version") { Problem::Invalid } else { Problem::WrongShape };
    ApiError::new(problem).with_faults(vec![Fault::new(format!("/{name}"), "invalid", message)])
}

/// Where lines come from: how they are called where something is wrong, and what is answered.
pub(super) trait Origin: Send + 'static {
    /// What is wrong with a line, with the place of each fault in the whole where the line is not
    /// answered by itself.
    fn located(&self, mode: BatchMode, index: usize, error: ApiError) -> ApiError;

    /// The answer when the lines were written, each with what became of it.
    ///
    /// # Errors
    /// None that a type of ours can cause.
    fn render(&self, lines: Vec<BatchLine>, counts: Counts) -> Result<Rendered, ApiError>;

    /// Where a line stands in the answer, as a JSON pointer.
    fn place(&self, index: usize) -> String;
}

/// How many lines had which outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records made.
    pub created: i64,
    /// Records replaced.
    pub updated: i64,
    /// Lines that said what was known already.
    pub unchanged: i64,
    /// Lines older than the record held.
    pub stale: i64,
    /// Lines refused.
    pub refused: i64,
}

impl Counts {
    fn of(&mut self, outcome: BatchOutcome) -> &mut i64 {
        match outcome {
            BatchOutcome::Created => &mut self.created,
            BatchOutcome::Updated => &mut self.updated,
            BatchOutcome::Unchanged => &mut self.unchanged,
            BatchOutcome::Stale => &mut self.stale,
            BatchOutcome::Refused => &mut self.refused,
        }
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        let Self { created, updated, unchanged, stale, refused } = other;
        self.created += created;
        self.updated += updated;
        self.unchanged += unchanged;
        self.stale += stale;
        self.refused += refused;
    }
}

/// The lines of a JSON array or NDJSON, counted from 0.
struct Counted;

impl Origin for Counted {
    fn located(&self, mode: BatchMode, index: usize, error: ApiError) -> ApiError {
        if mode == BatchMode::Partial || error.problem() == Problem::Stale {
            return error;
        }
        error.with_each_fault(|fault| Fault { pointer: format!("/{index}{}", fault.pointer), ..fault })
    }

    fn render(&self, lines: Vec<BatchLine>, counts: Counts) -> Result<Rendered, ApiError> {
        let Counts { created, updated, unchanged, stale, refused } = counts;
        Rendered::json(200, &BatchReport { created, updated, unchanged, stale, refused, lines })
    }

    fn place(&self, index: usize) -> String {
        format!("/lines/{index}")
    }
}

/// What became of the lines so far.
pub(super) struct Outcomes<O> {
    origin: O,
    mode: BatchMode,
    lines: Vec<Option<Line>>,
}

/// What became of one line.
enum Line {
    Held { outcome: BatchOutcome, id: String, version: i64 },
    Refused(ApiError),
}

impl Line {
    fn outcome(&self) -> BatchOutcome {
        match self {
            Self::Held { outcome, .. } => *outcome,
            Self::Refused(error) if error.problem() == Problem::Stale => BatchOutcome::Stale,
            Self::Refused(_) => BatchOutcome::Refused,
        }
    }

    /// Whether it keeps a batch from being written whole; a line that is only late does not.
    fn is_fault(&self) -> bool {
        matches!(self, Self::Refused(error) if error.problem() != Problem::Stale)
    }
}

impl<O: Origin> Outcomes<O> {
    fn put(&mut self, index: usize, line: Line) {
        if let Some(place) = self.lines.get_mut(index) {
            *place = Some(line);
        }
    }

    fn refuse(&mut self, index: usize, error: ApiError) {
        let error = self.origin.located(self.mode, index, error);
        self.put(index, Line::Refused(error));
    }

    fn held(&mut self, index: usize, outcome: BatchOutcome, id: String, version: i64) {
        self.put(index, Line::Held { outcome, id, version });
    }

    /// How many lines had which outcome.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for line in self.lines.iter().flatten() {
            *counts.of(line.outcome()) += 1;
        }
        counts
    }

    /// Why lines were refused, each with its place.
    pub(super) fn refusals(&self) -> impl Iterator<Item = (usize, &ApiError)> {
        self.lines.iter().enumerate().filter_map(|(index, line)| match line.as_ref()? {
            Line::Refused(error) if error.problem() != Problem::Stale => Some((index, error)),
            _ => None,
        })
    }

    /// Whether the batch can no longer be written.
    fn is_lost(&self) -> bool {
        self.mode == BatchMode::All && self.lines.iter().flatten().any(Line::is_fault)
    }

    /// Goes on unless all lines must be written and one cannot be: then every fault of every line,
    /// under the problem of the first.
    fn all_or_nothing(self) -> Result<Self, ApiError> {
        if !self.is_lost() {
            return Ok(self);
        }
        let refused = self.lines.into_iter().filter_map(|line| match line? {
            Line::Refused(error) if error.problem() != Problem::Stale => Some(error),
            _ => None,
        });
        let mut first = None;
        let (mut faults, mut untold) = (Vec::new(), 0);
        for error in refused {
            first.get_or_insert(error.problem());
            untold += error.untold();
            faults.extend(error.into_faults());
        }
        // Each line has a shape of its own; the batch is well formed whatever its lines are.
        let problem = match first {
            None | Some(Problem::WrongShape | Problem::MalformedJson) => Problem::Invalid,
            Some(problem) => problem,
        };
        Err(ApiError::new(problem).with_faults(faults).with_untold(untold))
    }
}

impl<O: Origin> Answer for Outcomes<O> {
    fn render(&self, asked: &Asked) -> Result<Rendered, ApiError> {
        let line = |(index, line): (usize, &Option<Line>)| match line.as_ref()? {
            Line::Held { outcome, id, version } => Some(BatchLine {
                index,
                outcome: *outcome,
                status: if *outcome == BatchOutcome::Created { 201 } else { 200 },
                id: Some(id.clone()),
                version: Some(*version),
                problem: None,
            }),
            refused @ Line::Refused(error) => Some(BatchLine {
                index,
                outcome: refused.outcome(),
                status: error.problem().status().as_u16(),
                id: None,
                version: None,
                problem: Some(asked.problem(error, &self.origin.place(index))),
            }),
        };
        let lines = self.lines.iter().enumerate().filter_map(line).collect();
        self.origin.render(lines, self.counts())
    }
}

/// Writes a batch in one transaction.
///
/// # Errors
/// In mode `all` the problem of the first line that cannot be written, with the faults of all; 422
/// where that line is not even well formed.
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

/// Lines that are ready to be written.
pub(super) struct Prepared<R: Records, O> {
    scoped: Scoped,
    update: bool,
    lines: Vec<(Place, R::Body)>,
    outcomes: Outcomes<O>,
}

impl<R: Records, O: Origin> Prepared<R, O> {
    /// Makes lines ready: those that are not well formed are refused before the database is asked for
    /// anything.
    ///
    /// # Errors
    /// In mode `all` the faults of lines that are not well formed; so also where not one line is.
    pub(super) fn of(
        scoped: Scoped,
        params: BatchParams,
        read: Lines<R::Body>,
        origin: O,
    ) -> Result<Self, ApiError> {
        // Who gets every line wrong speaks another schema, and should hear of it at once.
        let is_readable = read.iter().any(Result::is_ok);
        let mode = params.mode.filter(|_| is_readable).unwrap_or(BatchMode::All);
        let mut outcomes = Outcomes { origin, mode, lines: Vec::new() };
        outcomes.lines.resize_with(read.len(), || None);
        let mut lines = Vec::with_capacity(read.len());
        for (index, line) in read.into_iter().enumerate() {
            match line {
                Ok((body, guard)) => lines.push((Place { index, guard }, body)),
                Err(error) => outcomes.refuse(index, error),
            }
        }
        let update = params.on_conflict == Some(OnConflict::Update);
        Ok(Self { scoped, update, lines, outcomes: outcomes.all_or_nothing()? })
    }

    /// Writes them.
    ///
    /// # Errors
    /// In mode `all` the problem of the first line that cannot be written, with the faults of all.
    pub(super) fn write(self, tx: &mut WriteTx<'_>) -> Result<Recorded<Outcomes<O>>, ApiError> {
        let Self { scoped, update, lines, mut outcomes } = self;
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
    let (mut open, mut drafts, mut before) = (Vec::new(), Vec::new(), Vec::new());
    for ((place, body), present) in places.into_iter().zip(bodies).zip(present) {
        if let Some(refusal) = refusal(&place.guard, present.as_ref(), &held) {
            outcomes.refuse(place.index, refusal);
        } else if present.as_ref().is_some_and(|row| !named.insert(row.id())) {
            outcomes.refuse(place.index, named_twice());
        } else {
            open.push(place);
            before.push(present.clone());
            drafts.push(Draft { body, present });
        }
    }
    let at = tx.at();
    let (mut changed, mut rows, mut sent) = (Vec::new(), Vec::new(), Vec::new());
    for ((place, before), made) in open.into_iter().zip(before).zip(R::made(tx, scoped, drafts)?) {
        match (made, before) {
            (Err(error), _) => outcomes.refuse(place.index, error),
            (Ok(row), Some(before)) if row == before => {
                outcomes.held(place.index, BatchOutcome::Unchanged, row.id().to_string(), row.version());
                sent.extend(place.guard.source_updated_at.map(|time| (row.id().to_string(), time)));
            }
            (Ok(mut row), _) => {
                row.revise(at);
                changed.push(place);
                rows.push(row);
            }
        }
    }
    if outcomes.is_lost() {
        return Ok(None);
    }
    let written = R::save(tx, scoped, &rows)?;
    for (place, line) in changed.into_iter().zip(written.lines) {
        match line {
            Ok(view) => {
                let (id, version) = (view.id_text(), view.version());
                sent.extend(place.guard.source_updated_at.map(|time| (id.clone(), time)));
                let outcome = if version == 1 { BatchOutcome::Created } else { BatchOutcome::Updated };
                outcomes.held(place.index, outcome, id, version);
            }
            Err(error) => outcomes.refuse(place.index, error),
        }
    }
    if sent.is_empty() {
        return Ok(written.receipt);
    }
    keep_source_times(tx.conn(), sent)?;
    Ok(Some(tx.noted()))
}

/// Why a line does not replace the record that is there.
fn refusal<R: Row>(guard: &Guard, present: Option<&R>, held: &HashMap<String, Instant>) -> Option<ApiError>
where
    R::Id: Display,
{
    let version = present.map_or(0, Row::version);
    let other_version = guard.if_version.is_some_and(|expected| expected != version);
    let is_older = guard
        .source_updated_at
        .zip(present)
        .is_some_and(|(sent, row)| held.get(&row.id().to_string()).is_some_and(|held| sent < *held));
    (other_version || is_older).then(|| ApiError::new(Problem::Stale))
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
    use diesel::upsert::excluded;
    use source_times::{record_id, source_updated_at};
    let rows: Vec<_> =
        sent.into_iter().map(|(id, time)| (record_id.eq(id), source_updated_at.eq(time))).collect();
    on_db!(conn, |c| diesel::insert_into(source_times::table)
        .values(&rows)
        .on_conflict(record_id)
        .do_update()
        .set(source_updated_at.eq(excluded(source_updated_at)))
        .execute(c))?;
    Ok(())
}
