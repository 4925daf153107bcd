//! The change feed (luồng thay đổi): every create, update and delete in the order of the journal's
//! positions, so that a system can keep a copy without reading everything again. It tells what
//! changed, never the content: whoever may read the record reads it as it stands now.
//!
//! Positions are given to committed writes only, by one sequencer: nothing ever appears below a
//! token that was given, and nothing is skipped.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::{get, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};
use serde::{Deserialize, Deserializer, Serialize};
use tokio::time::{Instant as Moment, timeout_at};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::record_types::RecordType;
use crate::api::ValidQuery;
use crate::audit::chain::sealed_position;
use crate::audit::journal::JournalAction;
use crate::auth::keys::KeyRing;
use crate::auth::permit::Reader;
use crate::auth::scope::Confinement;
use crate::db::DbConn;
use crate::db::conn::MultiBackend;
use crate::db::schema::{attachments, journal};
use crate::db::types::Instant;
use crate::domain::organization::tree::OrgUnitId;
use crate::error::{ApiError, Problem};
use crate::state::App;
use crate::text_enum;

/// Positions looked through in one read: few enough for a reader to whom nearly nothing belongs.
const WINDOW: i64 = 5_000;
/// Reads of one request; behind them the reader comes again.
const WINDOWS: usize = 40;
/// What a waiting request leaves of the time that a request may take.
const SPARE: Duration = Duration::from_secs(5);

text_enum! {
    /// What happened to a record (loại thay đổi).
    pub enum RecordChangeKind {
        /// It was made.
        Create => "create", "tạo mới";
        /// It was changed, or took a step of its life.
        Update => "update", "cập nhật";
        /// It was deleted.
        Delete => "delete", "xóa";
    }
}

impl From<JournalAction> for RecordChangeKind {
    fn from(action: JournalAction) -> Self {
        match action {
            JournalAction::Create => Self::Create,
            JournalAction::Delete => Self::Delete,
            _ => Self::Update,
        }
    }
}

/// A change of a record (thay đổi của bản ghi).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RecordChange, example = json!({
    "position": 42, "type": "procedure", "id": "0190a8c0-0000-7000-8000-000000000001", "kind": "update",
    "version": 2, "org_unit_id": null, "changed_at": "2026-11-24T01:00:00Z",
    "href": "/api/v1/tthc/procedures/0190a8c0-0000-7000-8000-000000000001"
}))]
pub struct Change {
    /// Its place in the feed (vị trí).
    pub position: i64,
    /// What kind of record.
    #[serde(rename = "type")]
    pub record_type: RecordType,
    /// The record's id.
    pub id: String,
    /// What happened.
    pub kind: RecordChangeKind,
    /// The record's version afterwards.
    pub version: i64,
    /// The unit that the record belongs to (đơn vị); null where it belongs to none.
    pub org_unit_id: Option<String>,
    /// When (thời điểm thay đổi).
    pub changed_at: Instant,
    /// Where the record is read, unless it was deleted.
    pub href: String,
}

/// Changes, and where the feed goes on (các thay đổi).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RecordChanges, example = json!({
    "items": [{
        "position": 42, "type": "procedure", "id": "0190a8c0-0000-7000-8000-000000000001", "kind": "update",
        "version": 2, "org_unit_id": null, "changed_at": "2026-11-24T01:00:00Z",
        "href": "/api/v1/tthc/procedures/0190a8c0-0000-7000-8000-000000000001"
    }],
    "next_since": "AAAAAAAAACqNd8J8QkZlPmUrn0LbTnMr", "has_more": false
}))]
pub struct Changes {
    /// The changes, in the order of their positions.
    #[schema(max_items = 1_000)]
    pub items: Vec<Change>,
    /// `since` of the next request; keep it with the data.
    pub next_since: String,
    /// Whether there may be more at once.
    pub has_more: bool,
}

/// Which changes are asked for.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangeQuery {
    /// `next_since` of the request before (mã vị trí); from the beginning when not given, and `now`
    /// from now on, for whoever reads the lists first.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    pub since: Option<String>,
    /// These kinds of records only, with commas between (loại bản ghi); all that may be read when not
    /// given.
    #[serde(default, deserialize_with = "with_commas")]
    #[param(value_type = Option<Vec<RecordType>>, style = Form, explode = false, min_items = 1)]
    pub types: Option<Vec<RecordType>>,
    /// Records of this unit only (đơn vị).
    pub org_unit_id: Option<OrgUnitId>,
    /// How many changes at most (số thay đổi tối đa); 200 when not given.
    #[validate(range(min = 1, max = 1_000))]
    #[param(minimum = 1, maximum = 1_000, default = 200)]
    pub limit: Option<i64>,
    /// How many seconds to wait for a change when there is none yet (thời gian chờ); 0 when not given.
    /// The answer may come sooner.
    #[validate(range(min = 0, max = 60))]
    #[param(minimum = 0, maximum = 60, default = 0)]
    pub wait: Option<u64>,
}

fn with_commas<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<RecordType>>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let types = text.split(',').map(str::parse).collect::<Result<Vec<RecordType>, String>>();
    types.map(Some).map_err(serde::de::Error::custom)
}

/// Mounts the operation.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_changes);
}

#[utoipa::path(
    operation_id = "list_changes", tag = "changes", summary = "Follow changes",
    description = "Creates, updates and deletes of the records within reach (luồng thay đổi), each record's versions in order. Ask again with `next_since`: nothing is skipped, and nothing appears below a token that was given. With `wait` the request waits for the next change.",
    params(ChangeQuery),
    responses(
        (status = 200, description = "The changes.", body = Changes),
        (status = 410, description = "The token is older than what the feed keeps: read the lists again, and go on with `since=now`.", body = crate::error::ProblemDetails, content_type = "application/problem+json"),
    ),
)]
#[get("/api/v1/exchange/changes")]
async fn list_changes(
    reader: Reader,
    query: ValidQuery<ChangeQuery>,
    app: App,
) -> Result<web::Json<Changes>, ApiError> {
    follow(&reader, query.0, &app).await.map(web::Json)
}

/// Reads on until there is a change, the time is up or the service stops.
async fn follow(reader: &Reader, query: ChangeQuery, app: &App) -> Result<Changes, ApiError> {
    let longest = app.config.request_seconds.seconds().saturating_sub(SPARE);
    let until = Moment::now() + Duration::from_secs(query.wait.unwrap_or_default()).min(longest);
    let mut sealed = app.sealed();
    let horizon = app.now().plus_seconds(-i64::from(app.config.changes_days.get()) * 86_400);
    let mut feed = Feed {
        since: since(app, query.since.as_deref(), horizon).await?,
        sights: sights(reader, query.types.as_deref())?,
        unit: query.org_unit_id,
        limit: query.limit.unwrap_or(200),
    };
    loop {
        sealed.borrow_and_update();
        let (items, has_more) = feed.read(app, horizon).await?;
        let next_since = token(feed.since, &app.keys());
        let changes = Changes { items, next_since, has_more };
        if !changes.items.is_empty() || has_more || app.is_stopping() {
            return Ok(changes);
        }
        match timeout_at(until, sealed.changed()).await {
            Ok(Ok(())) if reader.still_stands(app).await? => {}
            Ok(Ok(())) => return Err(ApiError::new(Problem::Unauthorized)),
            Ok(Err(_)) | Err(_) => return Ok(changes),
        }
    }
}

/// The position behind which the feed begins.
async fn since(app: &App, token: Option<&str>, horizon: Instant) -> Result<i64, ApiError> {
    match token {
        None => app.db.read(move |conn| beginning(conn, horizon)).await,
        Some("now") => app.db.read(sealed_position).await,
        Some(token) => opened(token, &app.keys()).ok_or_else(|| ApiError::new(Problem::InvalidCursor)),
    }
}

fn token(position: i64, keys: &KeyRing) -> String {
    let position = position.to_be_bytes();
    URL_SAFE_NO_PAD.encode([position.as_slice(), &keys.keyed_digest(&[b"changes", &position])].concat())
}

fn opened(token: &str, keys: &KeyRing) -> Option<i64> {
    let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (position, digest) = sealed.split_first_chunk::<8>()?;
    keys.verify_digest(&[b"changes", position], digest).then(|| i64::from_be_bytes(*position))
}

/// Kinds of records that are seen alike: all of them, or those of some units.
#[derive(Clone)]
struct Sight {
    types: Vec<RecordType>,
    /// Kinds of which the attachments are seen.
    attached_to: Vec<RecordType>,
    confinement: Option<Confinement>,
}

/// What the reader sees of the kinds that are asked for; of all that may be read when none is.
fn sights(reader: &Reader, wanted: Option<&[RecordType]>) -> Result<Vec<Sight>, ApiError> {
    let is_wanted = |kind: RecordType| wanted.is_none_or(|wanted| wanted.contains(&kind));
    let attachments = is_wanted(RecordType::Attachment);
    let mut sights: Vec<Sight> = Vec::new();
    for record_type in RecordType::ALL {
        let named = wanted.is_some() && is_wanted(*record_type);
        let Some((action, domain)) = record_type.access() else { continue };
        let confinement = match reader.scoped(action, domain) {
            Ok(scoped) => scoped.confinement(),
            Err(refused) if named => return Err(refused),
            Err(_) => continue,
        };
        let sight = match sights.iter_mut().find(|sight| sight.confinement == confinement) {
            Some(sight) => sight,
            None => sights.push_mut(Sight { types: Vec::new(), attached_to: Vec::new(), confinement }),
        };
        if is_wanted(*record_type) {
            sight.types.push(*record_type);
        }
        if attachments {
            sight.attached_to.push(*record_type);
        }
    }
    Ok(sights)
}

/// Where a reader stands in the feed.
struct Feed {
    since: i64,
    sights: Vec<Sight>,
    unit: Option<OrgUnitId>,
    limit: i64,
}

type Row = (Option<i64>, RecordType, String, JournalAction, i64, Option<String>, Instant);

impl Feed {
    /// The next changes, and whether there may be more at once.
    async fn read(&mut self, app: &App, horizon: Instant) -> Result<(Vec<Change>, bool), ApiError> {
        for _ in 0..WINDOWS {
            let (since, sights, unit, limit) = (self.since, self.sights.clone(), self.unit, self.limit);
            let (rows, places, end, sealed) = app
                .db
                .read_list(move |conn| {
                    still_kept(conn, since, horizon)?;
                    let sealed = sealed_position(conn)?;
                    let end = sealed.min(since.saturating_add(WINDOW));
                    let rows = window(conn, (since, end), &sights, unit, limit)?;
                    let places = places(conn, &rows)?;
                    Ok((rows, places, end, sealed))
                })
                .await?;
            let is_cut = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= limit;
            let items: Vec<Change> = rows.into_iter().filter_map(|row| Change::of(row, &places)).collect();
            self.since = items.last().filter(|_| is_cut).map_or(end.max(since), |last| last.position);
            let has_more = self.since < sealed;
            if !items.is_empty() || !has_more {
                return Ok((items, has_more));
            }
        }
        Ok((Vec::new(), true))
    }
}

impl Change {
    fn of(row: Row, places: &HashMap<String, String>) -> Option<Self> {
        let (position, record_type, id, action, version, org_unit_id, changed_at) = row;
        let href = match places.get(&id) {
            Some(place) => format!("{place}/{id}"),
            None => format!("{}/{id}", record_type.collection()),
        };
        let (position, kind) = (position?, action.into());
        Some(Self { position, record_type, id, kind, version, org_unit_id, changed_at, href })
    }
}

/// Beneath which record each attachment among these rows is read.
fn places(conn: &mut DbConn, rows: &[Row]) -> Result<HashMap<String, String>, ApiError> {
    use attachments as a;
    let of_attachment = |row: &Row| (row.1 == RecordType::Attachment).then(|| row.2.clone());
    let ids: Vec<String> = rows.iter().filter_map(of_attachment).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let owners: Vec<(String, RecordType, String)> =
        a::table.filter(a::id.eq_any(ids)).select((a::id, a::record_type, a::record_id)).load(conn)?;
    let place = |(id, of, record): (String, RecordType, String)| {
        (id, format!("{}/{record}/{}", of.collection(), RecordType::Attachment.collection()))
    };
    Ok(owners.into_iter().map(place).collect())
}

/// The position before the first change that is kept.
fn beginning(conn: &mut DbConn, horizon: Instant) -> Result<i64, ApiError> {
    let first: Option<Option<i64>> = journal::table
        .filter(journal::recorded_at.ge(horizon).and(journal::position.is_not_null()))
        .order((journal::recorded_at, journal::id))
        .select(journal::position)
        .first(conn)
        .optional()?;
    match first.flatten() {
        Some(position) => Ok(position - 1),
        None => sealed_position(conn),
    }
}

/// 410 where changes behind the token are older than what the feed keeps.
fn still_kept(conn: &mut DbConn, since: i64, horizon: Instant) -> Result<(), ApiError> {
    let next: Option<Instant> = journal::table
        .filter(journal::position.eq(since.saturating_add(1)))
        .select(journal::recorded_at)
        .first(conn)
        .optional()?;
    if next.is_some_and(|recorded_at| recorded_at < horizon) {
        return Err(ApiError::new(Problem::ChangesExpired));
    }
    Ok(())
}

type Condition = Box<dyn BoxableExpression<journal::table, MultiBackend, SqlType = Nullable<Bool>>>;

fn seen(Sight { types, attached_to, confinement }: &Sight) -> Condition {
    let attached = journal::record_type.eq(RecordType::Attachment).and(exists(
        attachments::table
            .filter(attachments::id.eq(journal::record_id))
            .filter(attachments::record_type.eq_any(attached_to.clone())),
    ));
    let of_types = journal::record_type.eq_any(types.clone()).or(attached).nullable();
    match confinement {
        None => Box::new(of_types),
        Some(Confinement { provinces, units }) => Box::new(of_types.and(
            journal::province_id.eq_any(provinces.clone()).or(journal::org_unit_id.eq_any(units.clone())),
        )),
    }
}

fn window(
    conn: &mut DbConn,
    (since, end): (i64, i64),
    sights: &[Sight],
    unit: Option<OrgUnitId>,
    limit: i64,
) -> Result<Vec<Row>, ApiError> {
    let nothing: Condition = Box::new(false.into_sql::<Bool>().nullable());
    let either = |one: Condition, other: Condition| -> Condition { Box::new(one.or(other)) };
    let visible = sights.iter().map(seen).reduce(either);
    let mut query = journal::table
        .filter(journal::position.gt(since).and(journal::position.le(end)))
        .filter(visible.unwrap_or(nothing))
        .into_boxed();
    if let Some(unit) = unit {
        query = query.filter(journal::org_unit_id.eq(unit));
    }
    let rows = query.order(journal::position).limit(limit).select((
        journal::position,
        journal::record_type,
        journal::record_id,
        journal::action,
        journal::record_version,
        journal::org_unit_id,
        journal::recorded_at,
    ));
    Ok(rows.load(conn)?)
}
