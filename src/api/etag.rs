//! Versions on the wire: `ETag: "v<version>..."`, `If-None-Match` for reading, `If-Match` for
//! changing. A tag also names the view (masking, the day) and the compression; `If-Match` compares
//! the version alone.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_ENCODING, AcceptEncoding, ETAG, Encoding, Header, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH,
    LOCATION,
};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use serde::Serialize;

use crate::error::{ApiError, Problem};

/// A record that is read and changed by its id.
pub trait Record: Serialize {
    /// The id, as in the path.
    fn id_text(&self) -> String;
    /// The version, one more with every change.
    fn version(&self) -> i64;
    /// What else the answer depends on: the masking view, the day of a derived field.
    fn view(&self) -> Option<String> {
        None
    }
}

/// Implements [`Record`] for a row with the fields `id` and `version`.
#[macro_export]
macro_rules! record {
    ($row:ty) => {
        impl $crate::api::Record for $row {
            fn id_text(&self) -> String {
                self.id.to_string()
            }
            fn version(&self) -> i64 {
                self.version
            }
        }
    };
}

pub(super) fn tag<R: Record>(record: &R, compression: Option<&str>) -> String {
    let mut tag = format!("\"v{}", record.version());
    if let Some(view) = record.view() {
        tag.push('-');
        tag.push_str(&view);
    }
    if let Some(encoding) = compression {
        tag.push('-');
        tag.push_str(encoding);
    }
    tag.push('"');
    tag
}

/// The encoding that the compressing middleware will choose for this request.
pub(super) fn compression(req: &HttpRequest) -> Option<&'static str> {
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
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let tag = tag(&self.0, compression(req));
        let known = tags(req.headers(), &IF_NONE_MATCH).unwrap_or_default();
        if known.iter().any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag) {
            return HttpResponse::NotModified().insert_header((ETAG, tag)).finish();
        }
        HttpResponse::Ok().insert_header((ETAG, tag)).json(self.0)
    }
}

/// A record that was changed: 200 with its new ETag.
#[derive(Debug)]
pub struct Saved<R>(pub R);

impl<R: Record> Responder for Saved<R> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().insert_header((ETAG, tag(&self.0, compression(req)))).json(self.0)
    }
}

/// A record that was made: 201 with its place and ETag.
#[derive(Debug)]
pub struct Created<R>(pub R);

impl<R: Record> Responder for Created<R> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        HttpResponse::Created()
            .insert_header((ETAG, tag(&self.0, compression(req))))
            .insert_header((LOCATION, format!("{}/{}", req.path(), self.0.id_text())))
            .json(self.0)
    }
}

/// A record that was deleted: 204.
#[derive(Debug)]
pub struct Deleted;

impl Responder for Deleted {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::new(StatusCode::NO_CONTENT)
    }
}

/// The versions that a change may be based on; without the header 428.
#[derive(Debug, Clone)]
pub struct IfMatch(Option<Vec<i64>>);

impl IfMatch {
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

    #[test]
    fn a_tag_names_its_version_whatever_the_view_and_compression() {
        assert_eq!(version_in("\"v12-masked-gzip\""), Some(12));
        assert_eq!(version_in("W/\"v12\""), None);
        assert_eq!(version_in("\"abc\""), None);
        assert!(IfMatch(Some(vec![3])).check(4).is_err());
        assert!(IfMatch(None).check(4).is_ok());
    }
}
