//! The change feed (luồng thay đổi): every create, update and delete in the order of the journal's
//! positions, so that a system can keep a copy without reading everything again. It tells what
//! changed, never the content: whoever may read the record reads it as it stands now.
//!
//! Positions are given to committed writes only, by one sequencer: nothing ever appears below a
//! token that was given, and nothing is skipped. A token also tells the journal's hash at its place:
//! where an older backup was restored, positions come again with other entries, and the token of
//! before has expired.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::{get, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use serde::{Deserialize, Deserializer, Serialize};
use tokio::time::{Instant as Moment, timeout_at};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::record_types::RecordType;
use crate::api::ValidQuery;
use crate::audit::chain::{sealed_end, sealed_position};
use crate::audit::journal::JournalAction;
use crate::audit::sights::{Belonging, Sight, Sights};
use crate::auth::keys::KeyRing;
use crate::auth::permit::Reader;
use crate::db::DbConn;
use crate::db::conn::MultiBackend;
use crate::db::schema::{attachments, journal};
use crate::db::types::Instant;
use crate::db::unindexed::Unindexed;
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
    "next_since": "AAAAAAAAACqfhtCBiExdZY13wnxCRmU-ZSufQttOcys", "has_more": false
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
    description = "Creates, updates and deletes of the records within reach (luồng thay đổi), each record's versions in order; one that leaves the reach is told as deleted. Ask again with `next_since`: nothing is skipped, and nothing appears below a token that was given. With `wait` the request waits for the next change.",
    params(ChangeQuery),
    responses(
        (status = 200, description = "The changes.", body = Changes),
        (status = 410, description = "The token is older than what the feed keeps, or a backup from before it was restored: read the lists again, and go on with `since=now`.", body = crate::error::ProblemDetails, content_type = "application/problem+json"),
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

/// A place in the feed: behind the entry at this position, in the journal that has this hash there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    position: i64,
    /// The beginning of the hash; 0 before the first entry.
    hash: u64,
}

impl Place {
    fn new(position: i64, hash: &str) -> Self {
        let beginning = hash.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        Self { position, hash: beginning.unwrap_or_default() }
    }

    /// The place behind the entry at this position.
    fn behind(conn: &mut DbConn, position: i64) -> Result<Self, ApiError> {
        let hash: Option<Option<String>> = journal::table
            .filter(journal::position.eq(position))
            .select(journal::hash)
            .first(conn)
            .optional()?;
        Ok(Self::new(position, &hash.flatten().unwrap_or_default()))
    }

    /// Where the feed ends by now.
    fn end(conn: &mut DbConn) -> Result<Self, ApiError> {
        let (position, hash) = sealed_end(conn)?;
        Ok(Self::new(position, &hash))
    }
}

/// Where the feed begins.
async fn since(app: &App, token: Option<&str>, horizon: Instant) -> Result<Place, ApiError> {
    match token {
        None => app.db.read(move |conn| beginning(conn, horizon)).await,
        Some("now") => app.db.read(Place::end).await,
        Some(token) => opened(token, &app.keys()).ok_or_else(|| ApiError::new(Problem::InvalidCursor)),
    }
}

fn token(place: Place, keys: &KeyRing) -> String {
    let place = [place.position.to_be_bytes(), place.hash.to_be_bytes()].concat();
    URL_SAFE_NO_PAD.encode([place.as_slice(), &keys.keyed_digest(&[b"changes", &place])].concat())
}

fn opened(token: &str, keys: &KeyRing) -> Option<Place> {
    let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (place, digest) = sealed.split_at_checked(16)?;
    let (position, rest) = place.split_first_chunk::<8>()?;
    let hash = rest.first_chunk::<8>()?;
    keys.verify_digest(&[b"changes", place], digest)
        .then(|| Place { position: i64::from_be_bytes(*position), hash: u64::from_be_bytes(*hash) })
}

/// What the reader sees of the kinds that are asked for; of all that may be read when none is.
fn sights(reader: &Reader, wanted: Option<&[RecordType]>) -> Result<Sights, ApiError> {
    let is_wanted = |kind: RecordType| wanted.is_none_or(|wanted| wanted.contains(&kind));
    let attachments = is_wanted(RecordType::Attachment);
    let mut sights = Sights::default();
    for record_type in RecordType::ALL {
        let named = wanted.is_some() && is_wanted(*record_type);
        let Some((action, domain)) = record_type.access() else { continue };
        let confinement = match reader.scoped(action, domain) {
            Ok(scoped) => scoped.confinement(),
            Err(refused) if named => return Err(refused),
            Err(_) => continue,
        };
        sights.add(confinement, |sight| {
            sight.types.extend(is_wanted(*record_type).then_some(*record_type));
            sight.attached_to.extend(attachments.then_some(*record_type));
        });
    }
    Ok(sights)
}

/// Where a reader stands in the feed.
struct Feed {
    since: Place,
    sights: Sights,
    unit: Option<OrgUnitId>,
    limit: i64,
}

/// What the feed reads of an entry.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = journal)]
struct Row {
    position: Option<i64>,
    record_type: RecordType,
    record_id: String,
    action: JournalAction,
    record_version: i64,
    org_unit_id: Option<String>,
    recorded_at: Instant,
}

impl Feed {
    /// The next changes, and whether there may be more at once.
    async fn read(&mut self, app: &App, horizon: Instant) -> Result<(Vec<Change>, bool), ApiError> {
        for _ in 0..WINDOWS {
            let (since, sights, unit, limit) = (self.since, self.sights.clone(), self.unit, self.limit);
            let (rows, places, reached, sealed) = app
                .db
                .read_list(move |conn| {
                    still_kept(conn, since, horizon)?;
                    let sealed = sealed_position(conn)?;
                    let end = sealed.min(since.position.saturating_add(WINDOW));
                    let window = in_window((since.position, end), &sights, unit);
                    let mut rows: Vec<Row> = window.limit(limit).select(Row::as_select()).load(conn)?;
                    rows.extend(left(conn, (since.position, end), &sights, unit)?);
                    rows.sort_by_key(|row| row.position);
                    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
                    let is_cut = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= limit;
                    let last = rows.last().filter(|_| is_cut).and_then(|row| row.position);
                    let reached = Place::behind(conn, last.unwrap_or(end.max(since.position)))?;
                    let places = places(conn, &rows)?;
                    Ok((rows, places, reached, sealed))
                })
                .await?;
            let items: Vec<Change> = rows.into_iter().filter_map(|row| Change::of(row, &places)).collect();
            self.since = reached;
            let has_more = reached.position < sealed;
            if !items.is_empty() || !has_more {
                return Ok((items, has_more));
            }
        }
        Ok((Vec::new(), true))
    }
}

impl Change {
    fn of(row: Row, places: &HashMap<String, String>) -> Option<Self> {
        let Row { position, record_type, record_id: id, action, record_version, org_unit_id, recorded_at } =
            row;
        let place = places.get(&id).map_or(record_type.collection(), String::as_str);
        Some(Self {
            position: position?,
            record_type,
            href: format!("{place}/{id}"),
            id,
            kind: action.into(),
            version: record_version,
            org_unit_id,
            changed_at: recorded_at,
        })
    }
}

/// Beneath which record each attachment among these rows is read.
fn places(conn: &mut DbConn, rows: &[Row]) -> Result<HashMap<String, String>, ApiError> {
    use attachments as a;
    let attached = rows.iter().filter(|row| row.record_type == RecordType::Attachment);
    let ids: Vec<&str> = attached.map(|row| row.record_id.as_str()).collect();
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

/// The place before the first change that is kept.
fn beginning(conn: &mut DbConn, horizon: Instant) -> Result<Place, ApiError> {
    let first: Option<Option<i64>> = journal::table
        .filter(journal::recorded_at.ge(horizon).and(journal::position.is_not_null()))
        .order((journal::recorded_at, journal::id))
        .select(journal::position)
        .first(conn)
        .optional()?;
    match first.flatten() {
        Some(position) => Place::behind(conn, position - 1),
        None => Place::end(conn),
    }
}

/// 410 where changes behind the token are older than what the feed keeps, and where the journal is no
/// longer the one for which the token was given.
fn still_kept(conn: &mut DbConn, since: Place, horizon: Instant) -> Result<(), ApiError> {
    let Place { position, .. } = since;
    let around: Vec<(Option<i64>, Option<String>, Instant)> = journal::table
        .filter(journal::position.between(position, position.saturating_add(1)))
        .select((journal::position, journal::hash, journal::recorded_at))
        .load(conn)?;
    let hash_there =
        around.iter().find(|(at, ..)| *at == Some(position)).and_then(|(_, hash, _)| hash.as_deref());
    let is_the_same = Place::new(position, hash_there.unwrap_or_default()) == since;
    let is_there = position == 0 || hash_there.is_some();
    let is_late = around.iter().any(|(at, _, recorded_at)| *at > Some(position) && *recorded_at < horizon);
    if is_late || !is_there || !is_the_same {
        return Err(ApiError::new(Problem::ChangesExpired));
    }
    Ok(())
}

/// The entries of a window with which a record left what the reader sees, such as an account that moved
/// to another unit: told as its deletion, under the unit that it left.
fn left(
    conn: &mut DbConn,
    (since, end): (i64, i64),
    sights: &Sights,
    unit: Option<OrgUnitId>,
) -> Result<Vec<Row>, ApiError> {
    let types = sights.iter().flat_map(|sight| &sight.types).copied();
    let moving: Vec<RecordType> = types.filter(|record_type| record_type.moves()).collect();
    let sees_all = unit.is_none() && sights.iter().all(|sight| sight.confinement.is_none());
    if moving.is_empty() || sees_all {
        return Ok(Vec::new());
    }
    let before = diesel::alias!(journal as before);
    let of_version_before = before
        .field(journal::record_id)
        .eq(journal::record_id)
        .and(before.field(journal::record_type).eq(journal::record_type))
        .and((before.field(journal::record_version) + 1).eq(journal::record_version));
    let entries: Vec<(Row, Option<String>, Belonging)> = journal::table
        .inner_join(before.on(of_version_before))
        .filter(journal::position.gt(since).and(journal::position.le(end)))
        .filter(Unindexed(journal::record_type).eq_any(moving))
        .order(journal::position)
        .select((
            Row::as_select(),
            journal::province_id,
            before.fields((journal::org_unit_id, journal::province_id)),
        ))
        .load(conn)?;
    let seen = |record_type, there: &Belonging| {
        unit.is_none_or(|unit| there.0.as_deref() == Some(unit.as_str())) && sights.see(record_type, there)
    };
    let gone = |(row, province, there): (Row, Option<String>, Belonging)| {
        let here = (row.org_unit_id.clone(), province);
        let is_gone = seen(row.record_type, &there) && !seen(row.record_type, &here);
        is_gone.then_some(Row { action: JournalAction::Delete, org_unit_id: there.0, ..row })
    };
    Ok(entries.into_iter().filter_map(gone).collect())
}

/// The entries of a window that are seen, in their order. A window is read by its positions, whatever
/// else is asked: the entries of a unit may be its whole history.
fn in_window(
    (since, end): (i64, i64),
    sights: &Sights,
    unit: Option<OrgUnitId>,
) -> journal::BoxedQuery<'static, MultiBackend> {
    let mut query = journal::table
        .filter(journal::position.gt(since).and(journal::position.le(end)))
        .filter(sights.any(Sight::sifting))
        .into_boxed();
    if let Some(unit) = unit {
        query = query.filter(Unindexed(journal::org_unit_id).eq(unit));
    }
    query.order(journal::position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::scope::Confinement;
    use crate::db::plan::{migrated, plan};

    #[test]
    fn whatever_is_asked_a_window_is_read_by_its_positions() {
        let (_folder, mut conn) = migrated();
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let reaches = [
            None,
            Some(Confinement { provinces: vec![one], units: Vec::new() }),
            Some(Confinement { provinces: Vec::new(), units: vec![one] }),
            Some(Confinement { provinces: vec![one, other], units: vec![one, other] }),
        ];
        let kinds = [vec![RecordType::Period], vec![RecordType::ProcessingReturn, RecordType::User]];
        for reach in &reaches {
            for types in &kinds {
                for unit in [None, Some(one)] {
                    let of = |kinds: &[(&[RecordType], &Option<Confinement>)]| {
                        let mut sights = Sights::default();
                        for (types, confinement) in kinds {
                            sights.add((*confinement).clone(), |sight| {
                                sight.types.extend_from_slice(types);
                                sight.attached_to.extend_from_slice(types);
                            });
                        }
                        sights
                    };
                    let (own, all): (&[RecordType], &[RecordType]) = (types, &[RecordType::Holiday]);
                    for sights in [of(&[(own, reach)]), of(&[(own, reach), (all, &None)])] {
                        let query = in_window((5, 5_005), &sights, unit).limit(200).select(Row::as_select());
                        let mut plan = plan(&mut conn, query);
                        // Whose an attachment is, is looked up entry by entry.
                        plan.retain(|step| !step.contains("SUBQUERY") && !step.contains("attachments"));
                        assert_eq!(
                            plan,
                            ["SEARCH journal USING INDEX journal_position (position>? AND position<?)"]
                        );
                    }
                }
            }
        }
    }
}
