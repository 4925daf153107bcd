//! Versions on the wire: `ETag: "v<version>..."`, `If-None-Match` for reading, `If-Match` for
//! changing. A tag also holds a digest of the answer and names the compression: an answer tells more
//! than its record (names of units and fields, remarks, what holds on the day), and all of it may
//! change while the record's version does not. `If-Match` compares the version alone.

use std::borrow::Cow;
use std::fmt::Write;
use std::future::{Ready, ready};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_ENCODING, AcceptEncoding, CACHE_CONTROL, ContentType, ETAG, Encoding, Header, HeaderMap,
    HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH, LOCATION,
};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder, Responder};
use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;

use crate::audit::personal_reads::Shown;
use crate::error::{ApiError, Problem};

/// A record that is read and changed by its id.
pub trait Record: Serialize {
    /// The id, as in the path.
    fn id_text(&self) -> String;
    /// The version, one more with every change.
    fn version(&self) -> i64;
    /// What later answers will tell, where this one (`body`) tells something once only.
    ///
    /// # Errors
    /// None that a type of ours can cause.
    fn tagged<'b>(&self, body: &'b str) -> Result<Cow<'b, str>, ApiError> {
        Ok(Cow::Borrowed(body))
    }
    /// What the journal is told where this answer shows personal data in clear.
    fn shown(&self) -> Option<Shown> {
        None
    }
}

/// Implements [`Record`] for a row with the fields `id` and `version`; for one with personal data `shown`
/// names the method that tells whether they are in clear.
#[macro_export]
macro_rules! record {
    ($row:ty $(, shown: $shown:ident)?) => {
        impl $crate::api::Record for $row {
            fn id_text(&self) -> String {
                self.id.to_string()
            }
            fn version(&self) -> i64 {
                self.version
            }
            $(
                fn shown(&self) -> Option<$crate::audit::personal_reads::Shown> {
                    self.$shown()
                }
            )?
        }
    };
}

/// A record as it is answered, with its tag.
#[derive(Debug)]
pub(super) struct Tagged {
    pub(super) body: String,
    pub(super) tag: String,
}

impl Tagged {
    /// Writes the record once: what is tagged is what is sent.
    pub(super) fn of<R: Record>(record: &R, compression: Option<&str>) -> Result<Self, ApiError> {
        let body = serde_json::to_string(record).map_err(ApiError::internal)?;
        let tag = tag(&format!("v{}-", record.version()), record.tagged(&body)?.as_bytes(), compression);
        Ok(Self { body, tag })
    }

    fn answer(self, mut response: HttpResponseBuilder) -> HttpResponse {
        let Self { body, tag } = self;
        response.insert_header((ETAG, tag)).insert_header(ContentType::json()).body(body)
    }
}

/// The encoding that the compressing middleware will choose for this request.
pub fn compression(req: &HttpRequest) -> Option<&'static str> {
    if !req.headers().contains_key(ACCEPT_ENCODING) {
        return None;
    }
    let accepted = AcceptEncoding::parse(req).ok()?;
    let supported = [Encoding::identity(), Encoding::gzip(), Encoding::deflate()];
    match accepted.negotiate(supported.iter())? {
        chosen if chosen == Encoding::gzip() => Some("gzip"),
        chosen if chosen == Encoding::deflate() => Some("deflate"),
        _ => None,
    }
}

pub(crate) fn tags(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<String>> {
    let mut found = headers.get_all(name).peekable();
    found.peek()?;
    Some(
        found
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|tag| tag.trim().to_owned())
            .collect(),
    )
}

/// A record that was read: 200 with its ETag, or 304.
#[derive(Debug)]
pub struct Found<R>(pub R);

impl<R: Record> Responder for Found<R> {
    type Body = BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let tagged = match Tagged::of(&self.0, compression(req)) {
            Ok(tagged) => tagged,
            Err(error) => return HttpResponse::from_error(error),
        };
        let known = tags(req.headers(), &IF_NONE_MATCH).unwrap_or_default();
        if known.iter().any(|known| is_it(known, &tagged.tag)) {
            return HttpResponse::NotModified().insert_header((ETAG, tagged.tag)).finish();
        }
        tagged.answer(HttpResponse::Ok())
    }
}

/// What everybody may read: with an ETag of what is told, or 304, and for how long it may be kept. What is
/// streamed has none.
#[derive(Debug)]
pub struct Cached<R>(pub R);

/// Seconds for which what everybody may read is kept by browsers and proxies.
const KEPT: &str = "public, max-age=300";

impl<R: Responder> Responder for Cached<R> {
    type Body = BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let (mut head, body) = self.0.respond_to(req).map_into_boxed_body().into_parts();
        let body = match body.try_into_bytes() {
            Ok(body) if head.status().is_success() => body,
            Ok(body) => return head.set_body(BoxBody::new(body)),
            Err(body) => return head.set_body(body),
        };
        let tag = tag("", &body, compression(req));
        let is_known =
            tags(req.headers(), &IF_NONE_MATCH).unwrap_or_default().iter().any(|known| is_it(known, &tag));
        if is_known {
            return HttpResponse::NotModified()
                .insert_header((ETAG, tag))
                .insert_header((CACHE_CONTROL, KEPT))
                .finish();
        }
        head.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(KEPT));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            head.headers_mut().insert(ETAG, tag);
        }
        head.set_body(BoxBody::new(body))
    }
}

/// The tag of this content, in the encoding in which it is sent.
fn tag(begin: &str, content: &[u8], compression: Option<&str>) -> String {
    let mut tag = format!("\"{begin}");
    for byte in digest(&SHA256, content).as_ref().iter().take(8) {
        let _ = write!(tag, "{byte:02x}");
    }
    if let Some(encoding) = compression {
        tag.push('-');
        tag.push_str(encoding);
    }
    tag.push('"');
    tag
}

/// Whether a tag that a client knows is this one.
fn is_it(known: &str, tag: &str) -> bool {
    known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
}

/// A record that was changed: 200 with its new ETag.
#[derive(Debug)]
pub struct Saved<R>(pub R);

impl<R: Record> Responder for Saved<R> {
    type Body = BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        match Tagged::of(&self.0, compression(req)) {
            Ok(tagged) => tagged.answer(HttpResponse::Ok()),
            Err(error) => HttpResponse::from_error(error),
        }
    }
}

/// A record that was made: 201 with its place and ETag.
#[derive(Debug)]
pub struct Created<R>(pub R);

impl<R: Record> Responder for Created<R> {
    type Body = BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Created();
        response.insert_header((LOCATION, format!("{}/{}", req.path(), self.0.id_text())));
        match Tagged::of(&self.0, compression(req)) {
            Ok(tagged) => tagged.answer(response),
            Err(error) => HttpResponse::from_error(error),
        }
    }
}

/// A record that was deleted: 204.
#[derive(Debug)]
pub struct Deleted;

impl Responder for Deleted {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::new(StatusCode::NO_CONTENT)
    }
}

/// The versions that a change may be based on; without the header 428.
#[derive(Debug, Clone)]
pub struct IfMatch(Option<Vec<i64>>);

impl IfMatch {
    /// A change of whatever version stands, as `If-Match: *` asks for.
    #[must_use]
    pub const fn any() -> Self {
        Self(None)
    }

    /// Lets the change go on from this version.
    ///
    /// # Errors
    /// 412 with the current ETag when the record has changed since it was read.
    pub fn check(&self, version: i64) -> Result<(), ApiError> {
        match &self.0 {
            Some(versions) if !versions.contains(&version) => {
                Err(ApiError::new(Problem::PreconditionFailed).with_header(ETAG, &format!("\"v{version}\"")))
            }
            _ => Ok(()),
        }
    }

    /// The same for a change that was put together from the record at this version: where it may go on
    /// from this one, it goes on from no other.
    #[must_use]
    pub fn read_at(&self, version: i64) -> Self {
        if self.check(version).is_ok() { Self(Some(vec![version])) } else { self.clone() }
    }
}

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match tags(req.headers(), &IF_MATCH) {
            None => Err(ApiError::new(Problem::PreconditionRequired)),
            Some(tags) if tags.iter().any(|tag| tag == "*") => Ok(Self(None)),
            Some(tags) => Ok(Self(Some(tags.iter().filter_map(|tag| version_in(tag)).collect()))),
        })
    }
}

/// The version in a strong tag of ours; a weak or foreign tag never matches.
fn version_in(tag: &str) -> Option<i64> {
    let inner = tag.strip_prefix("\"v")?.strip_suffix('"')?;
    inner.split('-').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Sheep {
        version: i64,
        shepherd: &'static str,
    }

    impl Record for Sheep {
        fn id_text(&self) -> String {
            String::new()
        }
        fn version(&self) -> i64 {
            self.version
        }
    }

    #[test]
    fn a_tag_changes_with_whatever_the_answer_tells() {
        let tag = |version, shepherd| Tagged::of(&Sheep { version, shepherd }, None).unwrap().tag;
        assert_eq!(tag(1, "Lan"), tag(1, "Lan"));
        assert_ne!(tag(1, "Lan"), tag(1, "Mai"));
        assert_eq!([tag(1, "Lan"), tag(2, "Mai")].map(|tag| version_in(&tag)), [Some(1), Some(2)]);
    }

    #[test]
    fn a_tag_names_its_version_whatever_the_view_and_compression() {
        assert_eq!(version_in("\"v12-masked-gzip\""), Some(12));
        assert_eq!(version_in("W/\"v12\""), None);
        assert_eq!(version_in("\"abc\""), None);
        assert!(IfMatch(Some(vec![3])).check(4).is_err());
        assert!(IfMatch(None).check(4).is_ok());
    }
}
