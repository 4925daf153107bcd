//! The operation: following the feed, and waiting for what comes.

use std::time::Duration;

use actix_web::web;
use tokio::time::{Instant as Moment, timeout_at};

use super::model::{ChangeQuery, Changes};
use super::place::{OfUnits, Opened, Place, token};
use super::store::{Feed, beginning};
use kernel::api::ValidQuery;
use kernel::api::mount::Mount;
use kernel::audit::sights::Sights;
use kernel::auth::permit::Reader;
use kernel::db::types::Instant;
use kernel::error::{ApiError, Problem};
use kernel::operations;
use kernel::record_types::RecordType;
use kernel::state::App;
use kernel::successors::wanted_units;

/// What a waiting request leaves of the time that a request may take.
const SPARE: Duration = Duration::from_secs(5);

/// Mounts the operation.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, list_changes);
}

#[utoipa::path(
    get, path = "/api/v1/exchange/changes",
    operation_id = "list_changes", tag = "changes", summary = "Follow changes",
    description = "Creates, updates and deletes of the records within reach (luồng thay đổi), each record's versions in order; one that leaves the reach is told as deleted. `erase_personal` says that the personal data of a record were erased on order: whoever keeps a copy erases them too. Ask again with `next_since`: nothing is skipped, and nothing appears below a token that was given. A feed of some units (`org_unit_id`, `org_unit_identifier` or `org_unit_code`, with `scope`) is one of exactly these: where the filter comes to name others, for it was changed or the tree was, its token has expired. With `wait` the request waits for the next change.",
    params(ChangeQuery),
    responses(
        (status = 200, description = "The changes.", body = Changes),
        (status = 410, description = "The token is older than what the feed keeps, a backup from before it was restored, or it was given for other units: read the lists again, and go on with `since=now`.", body = kernel::error::ProblemDetails, content_type = "application/problem+json"),
    ),
)]
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
    let of = of_units(app, &query)?;
    let mut feed = Feed {
        since: since(app, query.since.as_deref(), &of, horizon).await?,
        sights: sights(reader, query.types.as_deref())?,
        of,
        limit: query.limit.unwrap_or(200),
    };
    loop {
        sealed.borrow_and_update();
        let (items, has_more) = feed.read(app, horizon).await?;
        let next_since = token(feed.since, &feed.of, &app.keys());
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

/// The units of which the feed is to tell.
fn of_units(app: &App, query: &ChangeQuery) -> Result<OfUnits, ApiError> {
    let units = app.units();
    let day = query.as_of.unwrap_or_else(|| app.now().vietnam_day());
    wanted_units(units.tree(), &query.unit_name(), query.scope.unwrap_or_default(), day).map(OfUnits::new)
}

/// Where the feed begins.
async fn since(app: &App, token: Option<&str>, of: &OfUnits, horizon: Instant) -> Result<Place, ApiError> {
    match token {
        None => app.db.read(move |conn| beginning(conn, horizon)).await,
        Some("now") => app.db.read(Place::end).await,
        Some(token) => {
            let opened =
                Opened::of(token, &app.keys()).ok_or_else(|| ApiError::new(Problem::InvalidCursor))?;
            if opened.holds_for(of) { Ok(opened.place) } else { Err(ApiError::new(Problem::ChangesExpired)) }
        }
    }
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
