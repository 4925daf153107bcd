//! The frame around every request: its id, who is signed in, the time it may take, the problem
//! document when it fails, the headers of every answer, one line in the log.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant as Moment;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{
    self, AUTHORIZATION, AcceptLanguage, Header, HeaderMap, HeaderName, HeaderValue,
};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use futures_util::FutureExt;

use super::address;
use super::contract::Route;
use super::query::{FORM_DATA, none_taken};
use crate::audit::journal::{ActorKind, Author};
use crate::auth::limits::Standing;
use crate::auth::permit::{Authentication, Denied, SignedIn};
use crate::auth::token::{Audience, PrincipalKind};
use crate::error::{ApiError, Language, Problem};
use crate::state::App;

/// `X-Request-Id`.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How many requests may follow.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// How many requests are allowed in which time.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What the frame knows of a request, for handlers.
#[derive(Debug, Clone)]
pub struct RequestFacts {
    /// The id under which the log knows it.
    pub request_id: String,
    /// Where it comes from.
    pub address: std::net::IpAddr,
    /// In which language it is answered.
    pub language: Language,
}

impl RequestFacts {
    /// The facts of this request.
    #[must_use]
    pub fn of(req: &HttpRequest) -> Self {
        req.extensions().get::<Self>().cloned().unwrap_or_else(|| Self {
            request_id: String::new(),
            address: std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
            language: Language::default(),
        })
    }
}

impl actix_web::FromRequest for RequestFacts {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        std::future::ready(Ok(Self::of(req)))
    }
}

/// What is kept of a request while its handler has it: the router wants the request for itself.
struct Asked {
    method: Method,
    path: String,
    route: Option<Arc<Route>>,
    started: Moment,
    facts: RequestFacts,
}

/// The outermost middleware.
///
/// # Errors
/// Only with a whole answer inside, where there is no request left to answer to: after a panic or
/// when the time was up.
pub async fn frame(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let app = App::of(req.request())?;
    let asked = Asked {
        method: req.method().clone(),
        path: req.path().to_owned(),
        route: app.contract.route(req.path()).cloned(),
        started: Moment::now(),
        facts: facts(&req, &app),
    };
    req.extensions_mut().insert(asked.facts.clone());
    if !app.takes_requests() && !is_operation(&asked.path) {
        // The client should come back to another connection.
        let mut response = asked.problem(&ApiError::unavailable("the service is starting or stopping"));
        response.head_mut().set_connection_type(ConnectionType::Close);
        asked.report(&app, "(refused)", None, response.status());
        return Ok(req.into_response(response));
    }
    let authentication = authenticate(&req, &app, &asked.facts).await;
    let actor = authentication.as_ref().ok().map(|signed_in| signed_in.principal.id.clone());
    req.extensions_mut().insert(Authentication(authentication));
    let limits = app.requests.as_ref().filter(|_| !is_operation(&asked.path));
    let standing = match limits.map(|limits| limits.check(actor.as_deref(), asked.facts.address)) {
        Some(Err(wait)) => {
            let response = asked.problem(&wait.into());
            asked.report(&app, "(refused)", actor.as_deref(), response.status());
            return Ok(req.into_response(response));
        }
        Some(Ok(standing)) => Some(standing),
        None => None,
    };
    if actor.is_some()
        && let Some(refusal) = not_taken(&req, &asked)
    {
        let response = asked.problem(&refusal);
        asked.report(&app, asked.route_path(), actor.as_deref(), response.status());
        return Ok(req.into_response(response));
    }

    let allowed = match is_upload(&req) {
        true => app.config.upload_seconds.seconds(),
        false => app.config.request_seconds.seconds(),
    };
    let answer = AssertUnwindSafe(next.call(req)).catch_unwind();
    let failure = match tokio::time::timeout(allowed, answer).await {
        Ok(Ok(Ok(response))) => {
            let mut response = asked.complete(response.map_into_boxed_body());
            standing.into_iter().for_each(|standing| tell_standing(response.headers_mut(), standing));
            asked.report(&app, asked.route_path(), actor.as_deref(), response.status());
            return Ok(response);
        }
        Ok(Ok(Err(error))) => match error.as_error::<ApiError>() {
            Some(known) => ApiError::new(known.problem()),
            None => ApiError::new(problem_of(error.as_response_error().status_code())),
        },
        Ok(Err(_panic)) => ApiError::internal("a handler panicked"),
        Err(_elapsed) => ApiError::unavailable("the request took too long"),
    };
    let response = asked.problem(&failure);
    asked.report(&app, asked.route_path(), actor.as_deref(), response.status());
    Err(InternalError::from_response(failure, response).into())
}

/// What is wrong with a query or a body that the operation does not take. What it takes it reads itself.
fn not_taken(req: &ServiceRequest, asked: &Asked) -> Option<ApiError> {
    let query = req.query_string();
    let has_body = has_body(req.headers());
    if query.is_empty() && !has_body {
        return None;
    }
    let takes = asked.route.as_ref()?.takes(asked.method.as_str())?;
    if !query.is_empty() && !takes.query {
        return Some(none_taken(query));
    }
    (has_body && !takes.body).then(|| {
        ApiError::detailed(
            Problem::WrongShape,
            "Thao tác này không nhận nội dung; hãy gửi yêu cầu với phần thân để trống.",
            "The operation takes no body; send the request without one.",
        )
    })
}

/// Whether a body comes with these headers (RFC 9112, section 6.3).
fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}

/// Whether a path is the operator's: answered in every state and at any rate.
fn is_operation(path: &str) -> bool {
    path.starts_with("/health/") || path == "/metrics"
}

/// Whether a request brings a file, which takes as long as its sender's line does. An operation that
/// takes none refuses the media type at once.
fn is_upload(req: &ServiceRequest) -> bool {
    req.method() == Method::POST && req.content_type().eq_ignore_ascii_case(FORM_DATA)
}

/// `RateLimit` and `RateLimit-Policy`, after the IETF's draft.
fn tell_standing(headers: &mut HeaderMap, standing: Standing) {
    let Standing { per_minute, remaining } = standing;
    let told = [
        (RATE_LIMIT_POLICY, format!("\"requests\";q={per_minute};w=60")),
        (RATE_LIMIT, format!("\"requests\";r={remaining};t=60")),
    ];
    for (name, value) in told {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

fn facts(req: &ServiceRequest, app: &App) -> RequestFacts {
    let sent = req.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|id| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    });
    // Some proxies add a line of their own behind that which the client wrote.
    let forwarded: Vec<&str> = req
        .headers()
        .get_all(header::X_FORWARDED_FOR)
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    RequestFacts {
        request_id: sent.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned),
        address: address::client(
            req.peer_addr().map(|peer| peer.ip()),
            &forwarded,
            &app.config.trusted_proxies,
        ),
        language: language(req),
    }
}

/// The first of the accepted languages that the service speaks, by weight.
fn language(req: &ServiceRequest) -> Language {
    let Ok(accepted) = <AcceptLanguage as Header>::parse(req) else { return Language::default() };
    let spoken = accepted.ranked().into_iter().find_map(|tag| match tag.item()?.primary_language() {
        "vi" => Some(Language::Vi),
        "en" => Some(Language::En),
        _ => None,
    });
    spoken.unwrap_or_default()
}

/// Who is signed in. The handler's extractor decides whether anyone must be.
async fn authenticate(req: &ServiceRequest, app: &App, facts: &RequestFacts) -> Result<SignedIn, Denied> {
    let header = req.headers().get(AUTHORIZATION).ok_or(Denied::NoToken)?;
    let header = header.to_str().map_err(|_| Denied::BadToken)?;
    let (scheme, token) = header.split_once(' ').ok_or(Denied::BadToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Denied::BadToken);
    }
    let now = app.now();
    let expected = Audience { iss: &app.config.issuer, aud: &app.config.audience };
    let claims =
        app.tokens.verify(&app.keys(), now, token.trim(), &expected).map_err(|_| Denied::BadToken)?;
    let kind = match claims.kind {
        PrincipalKind::User => ActorKind::User,
        PrincipalKind::Client => ActorKind::Client,
    };
    let principal =
        app.principal(kind, &claims.sub).await.map_err(|_| Denied::Unavailable)?.ok_or(Denied::BadToken)?;
    if !principal.accepts(&claims) || app.is_revoked(&claims.jti) {
        return Err(Denied::BadToken);
    }
    let author = Author::new(kind, &principal.id, &facts.request_id, now);
    Ok(SignedIn { principal, claims, author })
}

impl Asked {
    /// What was asked for, as logs and metrics name it.
    fn route_path(&self) -> &str {
        self.route.as_ref().map_or("(none)", |route| &route.path)
    }

    /// The answer with its problem document, where it is a failure, and the headers of every answer.
    fn complete(&self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let status = response.status();
        let failed = status.is_client_error() || status.is_server_error();
        // Health answers a body of its own.
        let has_body =
            response.headers().contains_key(header::CONTENT_TYPE) && response.response().error().is_none();
        if !failed || has_body {
            let mut response = response;
            set_headers(response.headers_mut(), &self.facts, &self.path);
            return response;
        }
        let answer = match response.response().error().and_then(Error::as_error::<ApiError>) {
            Some(error) => self.problem(error),
            None => self.problem(&ApiError::new(problem_of(status))),
        };
        response.into_response(answer)
    }

    /// A problem document.
    fn problem(&self, error: &ApiError) -> HttpResponse {
        let status = error.problem().status();
        if let Some(cause) = error.cause() {
            let away = status == StatusCode::SERVICE_UNAVAILABLE;
            let level = if away { log::Level::Warn } else { log::Level::Error };
            log::log!(level, "request {}: {cause}", self.facts.request_id);
        }
        let mut answer = HttpResponse::build(status);
        answer
            .insert_header((header::CONTENT_TYPE, "application/problem+json"))
            .insert_header((header::CONTENT_LANGUAGE, self.facts.language.tag()));
        for (name, value) in error.headers() {
            answer.insert_header((name.clone(), value.clone()));
        }
        let body = error.body(self.facts.language, &self.path, &self.facts.request_id);
        let mut answer = answer.body(serde_json::to_string(&body).unwrap_or_default());
        set_headers(answer.headers_mut(), &self.facts, &self.path);
        answer
    }

    /// One line a request: the route's pattern, never its query, and who by id only.
    fn report(&self, app: &App, route: &str, actor: Option<&str>, status: StatusCode) {
        let took = self.started.elapsed();
        let method = match self.method {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::PATCH => "PATCH",
            Method::DELETE => "DELETE",
            Method::OPTIONS => "OPTIONS",
            Method::HEAD => "HEAD",
            _ => "other",
        };
        app.metrics.answered(method, route, status.as_u16(), took);
        log::info!(
            target: "cchc::request",
            method,
            route,
            status = status.as_u16(),
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            request_id = self.facts.request_id.as_str(),
            actor = actor.unwrap_or("-");
            "{method} {route} {} {}us request={} actor={}",
            status.as_u16(),
            took.as_micros(),
            self.facts.request_id,
            actor.unwrap_or("-")
        );
    }
}

/// The problem behind a failure of the framework itself.
fn problem_of(status: StatusCode) -> Problem {
    match status {
        StatusCode::UNAUTHORIZED => Problem::Unauthorized,
        StatusCode::FORBIDDEN => Problem::Forbidden,
        StatusCode::NOT_FOUND => Problem::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Problem::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Problem::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::UnsupportedMediaType,
        StatusCode::SERVICE_UNAVAILABLE => Problem::Unavailable,
        status if status.is_client_error() => Problem::InvalidHeader,
        _ => Problem::Internal,
    }
}

fn set_headers(headers: &mut HeaderMap, facts: &RequestFacts, path: &str) {
    if let Ok(id) = HeaderValue::from_str(&facts.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    // The documentation page brings scripts of its own, all from this server.
    let policy = if path.starts_with("/swagger-ui") {
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
    } else {
        "default-src 'none'; frame-ancestors 'none'"
    };
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let unless_given = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_SECURITY_POLICY, policy)];
    for (name, value) in unless_given {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
