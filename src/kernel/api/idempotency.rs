//! `Idempotency-Key`: a POST that is sent again, because its answer was lost on the way, is answered
//! again and not done again. Every answer that is no problem is kept, also of a request that changed
//! nothing, in the write's own transaction, sealed, so that no crash lies between the two. The answer of
//! a record whose personal data are erased, on order or because it was deleted, goes with them; the request is then
//! refused and not done again.

use std::collections::HashSet;
use std::future::{Ready, ready};
use std::sync::{Mutex, PoisonError};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, Responder};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::etag::{Created, Record, Saved, Tagged, compression};
use super::frame::RequestFacts;
use crate::audit::journal::Author;
use crate::auth::keys::{KeyRing, SealingKey};
use crate::db::bulk::PlainSql;
use crate::db::schema::idempotency_keys;
use crate::db::types::Instant;
use crate::db::{DbConn, Recorded, Weight, WriteTx};
use crate::error::{ApiError, Problem, ProblemDetails};
use crate::on_db;
use crate::state::App;

/// `Idempotency-Key`.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Says that an answer was given before.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What an answer depends on beside the record.
#[derive(Debug, Clone)]
pub struct Asked {
    path: String,
    compression: Option<&'static str>,
    facts: RequestFacts,
}

impl Asked {
    fn of(req: &HttpRequest) -> Self {
        Self { path: req.path().to_owned(), compression: compression(req), facts: RequestFacts::of(req) }
    }

    /// The path of the request.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The problem document of an error that is part of the answer, at this place in it.
    #[must_use]
    pub fn problem(&self, error: &ApiError, place: &str) -> ProblemDetails {
        error.body(self.facts.language, &format!("#{place}"), &self.facts.request_id)
    }
}

/// An answer as bytes, so that it can be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    status: u16,
    location: Option<String>,
    etag: Option<String>,
    body: String,
    #[serde(skip)]
    record_id: Option<String>,
    #[serde(skip)]
    is_replayed: bool,
}

impl Rendered {
    /// This status with this content as JSON.
    ///
    /// # Errors
    /// None that a type of ours can cause.
    pub fn json<T: Serialize>(status: u16, content: &T) -> Result<Self, ApiError> {
        let body = serde_json::to_string(content).map_err(ApiError::internal)?;
        Ok(Self { status, location: None, etag: None, body, record_id: None, is_replayed: false })
    }

    /// The content.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Whether it was given before.
    #[must_use]
    pub fn is_replayed(&self) -> bool {
        self.is_replayed
    }

    /// This status with a record and its tag.
    fn tagged<R: Record>(status: u16, record: &R, asked: &Asked) -> Result<Self, ApiError> {
        let Tagged { body, tag } = Tagged::of(record, asked.compression)?;
        let record_id = Some(record.id_text()).filter(|id| !id.is_empty());
        Ok(Self { status, location: None, etag: Some(tag), body, record_id, is_replayed: false })
    }

    /// 201 with a record that was made at this place.
    ///
    /// # Errors
    /// None that a type of ours can cause.
    pub fn created<R: Record>(record: &R, place: String, asked: &Asked) -> Result<Self, ApiError> {
        Ok(Self { location: Some(place), ..Self::tagged(201, record, asked)? })
    }
}

impl Responder for Rendered {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response.insert_header((CONTENT_TYPE, "application/json"));
        let headers = [(LOCATION, self.location), (ETAG, self.etag)];
        for (name, value) in headers {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                response.insert_header((name, value));
            }
        }
        if self.is_replayed {
            response.insert_header((IDEMPOTENCY_REPLAYED, "true"));
        }
        response.body(self.body)
    }
}

/// What a POST answers.
pub trait Answer {
    /// The answer as bytes.
    ///
    /// # Errors
    /// None that a type of ours can cause.
    fn render(&self, asked: &Asked) -> Result<Rendered, ApiError>;
}

impl<R: Record> Answer for Created<R> {
    fn render(&self, asked: &Asked) -> Result<Rendered, ApiError> {
        Rendered::created(&self.0, format!("{}/{}", asked.path, self.0.id_text()), asked)
    }
}

impl<R: Record> Answer for Saved<R> {
    fn render(&self, asked: &Asked) -> Result<Rendered, ApiError> {
        Rendered::tagged(200, &self.0, asked)
    }
}

/// The digest of a body, left by the extractor that reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyDigest([u8; 32]);

impl BodyDigest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut sum = [0; 32];
        sum.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
        Self(sum)
    }

    /// Leaves it with the request.
    pub fn keep(self, req: &HttpRequest) {
        req.extensions_mut().insert(self);
    }
}

/// A write that is done once, however often it is asked for with the same `Idempotency-Key`.
#[derive(Debug)]
pub struct Once {
    req: HttpRequest,
    key: Option<String>,
}

impl FromRequest for Once {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut sent = req.headers().get_all(IDEMPOTENCY_KEY);
        let key = match (sent.next(), sent.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value
                .to_str()
                .ok()
                .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()))
                .map(|key| Some(key.to_owned()))
                .ok_or_else(wrong_key),
            (Some(_), Some(_)) => Err(wrong_key()),
        };
        ready(key.map(|key| Self { req: req.clone(), key }))
    }
}

fn wrong_key() -> ApiError {
    ApiError::detailed(
        Problem::InvalidHeader,
        "Tiêu đề Idempotency-Key có từ 1 đến 255 ký tự ASCII không khoảng trắng, nêu một lần.",
        "Idempotency-Key has 1 to 255 visible ASCII characters, given once.",
    )
}

impl Once {
    /// Writes in one transaction, or gives the answer of the time before.
    ///
    /// # Errors
    /// What `work` answers; 409 while the same request is under way, 422 when the key came with
    /// another body before.
    pub async fn write<T: Answer + Send + 'static>(
        self,
        app: &App,
        author: Author,
        weight: Weight,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<Recorded<T>, ApiError> + Send + 'static,
    ) -> Result<Rendered, ApiError> {
        let asked = Asked::of(&self.req);
        let Some(key) = self.key else {
            let rendered = move |tx: &mut WriteTx<'_>| work(tx)?.try_map(|answer| answer.render(&asked));
            return app.db.write_of(weight, author, rendered).await;
        };
        let digest =
            self.req.extensions().get::<BodyDigest>().copied().unwrap_or_else(|| BodyDigest::of(b""));
        let request = KeyedRequest {
            digest: keyed(&author, &self.req, &key),
            body: URL_SAFE_NO_PAD.encode(body_and_query(digest, self.req.query_string())),
            expires_at: author.at().plus_seconds(i64::from(app.config.idempotency_seconds.get())),
        };
        let _alone = app.under_way.enter(&request.digest)?;
        let keys = app.keys();
        let once = move |tx: &mut WriteTx<'_>| once(tx, &keys, &request, &asked, work);
        app.db.write_of(weight, author, once).await
    }
}

/// A request with its key, as the table knows it.
struct KeyedRequest {
    digest: String,
    body: String,
    expires_at: Instant,
}

/// What a key is bound to: who sent it, by which method, to which path.
fn keyed(author: &Author, req: &HttpRequest, key: &str) -> String {
    let parts = [author.kind().as_str(), author.id(), req.method().as_str(), req.path(), key];
    URL_SAFE_NO_PAD.encode(digest(&SHA256, parts.join("\n").as_bytes()))
}

fn body_and_query(body: BodyDigest, query: &str) -> Vec<u8> {
    digest(&SHA256, &[&body.0, query.as_bytes()].concat()).as_ref().to_vec()
}

fn once<T: Answer>(
    tx: &mut WriteTx<'_>,
    keys: &KeyRing,
    request: &KeyedRequest,
    asked: &Asked,
    work: impl FnOnce(&mut WriteTx<'_>) -> Result<Recorded<T>, ApiError>,
) -> Result<Recorded<Rendered>, ApiError> {
    claim(tx.conn(), &request.digest)?;
    if let Some(known) = given_before(tx, keys.answers_key(), request)? {
        return Ok(Recorded::unchanged(known));
    }
    // An answer that changed nothing is kept too, a trial's among them: done again later, the same
    // request might change something.
    let recorded = tx.part(work)?.try_map(|answer| answer.render(asked))?;
    keep(tx, keys.answers_key(), request, recorded.value())?;
    Ok(if recorded.is_kept() { recorded } else { tx.noted().with(recorded.into_value()) })
}

/// On PostgreSQL another instance may have the same request under way. SQLite has one writer.
fn claim(conn: &mut DbConn, digest: &str) -> Result<(), ApiError> {
    use diesel::sql_types::{Bool, Text};

    #[derive(QueryableByName)]
    struct Claim {
        #[diesel(sql_type = Bool)]
        claimed: bool,
    }
    let DbConn::Pg(pg) = conn else { return Ok(()) };
    let texts = ["SELECT pg_try_advisory_xact_lock(hashtextextended(", ", 7)) AS claimed", ""];
    let claim: Claim = PlainSql { texts, values: (digest.into_sql::<Text>(), ()) }.get_result(pg)?;
    if claim.claimed { Ok(()) } else { Err(ApiError::new(Problem::RequestUnderWay)) }
}

fn given_before(
    tx: &mut WriteTx<'_>,
    key: &SealingKey,
    request: &KeyedRequest,
) -> Result<Option<Rendered>, ApiError> {
    use idempotency_keys as k;
    let at = tx.at();
    let known: Option<(String, String)> = k::table
        .find(&request.digest)
        .filter(k::expires_at.gt(at))
        .select((k::body_digest, k::answer))
        .first(tx.conn())
        .optional()?;
    let Some((body, sealed)) = known else { return Ok(None) };
    if sealed.is_empty() {
        return Err(no_longer_kept());
    }
    if body != request.body {
        return Err(ApiError::new(Problem::IdempotencyKeyReused));
    }
    // An answer that no longer opens cannot be given again, and the work must not be done twice.
    let opened = key.open(&sealed, request.digest.as_bytes()).map_err(ApiError::internal)?;
    let answer: Rendered = serde_json::from_slice(opened.expose()).map_err(ApiError::internal)?;
    Ok(Some(Rendered { is_replayed: true, ..answer }))
}

/// Why an answer was erased is not kept beside it.
fn no_longer_kept() -> ApiError {
    ApiError::detailed(
        Problem::PersonalDataErased,
        "Kết quả của yêu cầu này không còn được lưu: dữ liệu cá nhân của bản ghi đã được xóa theo yêu cầu, hoặc bản ghi đã bị xóa. Yêu cầu không được thực hiện lại; muốn tạo bản ghi mới, hãy gửi với Idempotency-Key khác.",
        "The answer to this request is no longer kept: the personal data of its record were erased on order, or the record was deleted. The request is not done again; to make a new record, send it with another Idempotency-Key.",
    )
}

fn keep(
    tx: &mut WriteTx<'_>,
    key: &SealingKey,
    request: &KeyedRequest,
    answer: &Rendered,
) -> Result<(), ApiError> {
    use idempotency_keys as k;
    let plain = serde_json::to_vec(answer).map_err(ApiError::internal)?;
    let sealed = key.seal(&plain, request.digest.as_bytes()).map_err(ApiError::internal)?;
    let content = (
        k::body_digest.eq(&request.body),
        k::answer.eq(&sealed),
        k::expires_at.eq(request.expires_at),
        k::record_id.eq(answer.record_id.as_deref()),
    );
    on_db!(tx.conn(), |c| diesel::insert_into(k::table)
        .values((k::digest.eq(&request.digest), content))
        .on_conflict(k::digest)
        .do_update()
        .set(content)
        .execute(c))?;
    Ok(())
}

/// Erases the kept answers that tell of these records. Their requests are known still, so that none of
/// them is done again.
///
/// # Errors
/// When the database cannot be written.
pub fn erase_answers(conn: &mut DbConn, records: &[String]) -> Result<(), ApiError> {
    use idempotency_keys as k;
    diesel::update(k::table.filter(k::record_id.eq_any(records)))
        .set((k::answer.eq(""), k::body_digest.eq("")))
        .execute(conn)?;
    Ok(())
}

/// The most answers that one pass forgets: few enough to hold SQLite's writer for a moment only.
pub const FORGOTTEN_AT_ONCE: usize = 500;

/// Forgets answers whose time is over, those first that have waited longest; [`FORGOTTEN_AT_ONCE`] when
/// there may be more.
///
/// # Errors
/// When the database cannot be written.
pub fn forget_expired(conn: &mut DbConn, now: Instant) -> Result<usize, ApiError> {
    use idempotency_keys as k;
    let at_once = i64::try_from(FORGOTTEN_AT_ONCE).unwrap_or(i64::MAX);
    let expired =
        k::table.filter(k::expires_at.le(now)).order(k::expires_at).limit(at_once).select(k::digest);
    let expired: Vec<String> = expired.load(conn)?;
    Ok(diesel::delete(k::table.filter(k::digest.eq_any(expired))).execute(conn)?)
}

/// The requests with a key that this instance is working on.
#[derive(Debug, Default)]
pub struct UnderWay(Mutex<HashSet<String>>);

impl UnderWay {
    /// Enters a request, until the guard is dropped.
    fn enter(&self, digest: &str) -> Result<Entered<'_>, ApiError> {
        let mut entered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !entered.insert(digest.to_owned()) {
            return Err(ApiError::new(Problem::RequestUnderWay));
        }
        Ok(Entered { all: self, digest: digest.to_owned() })
    }
}

struct Entered<'a> {
    all: &'a UnderWay,
    digest: String,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.digest);
    }
}
