//! Content as it is sent: always to be saved, never to be shown or run by a browser, whatever it is.
//! It goes out as it comes from the storage, so that a slow client holds neither memory nor a
//! connection to the database.

use std::future::{Ready, ready};
use std::ops::Range;

use actix_web::body::SizedStream;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    ContentEncoding, ETAG, Header, IF_NONE_MATCH, IF_RANGE, RANGE, Range as RangeHeader,
};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::model::Attachment;
use super::storage::Storage;
use crate::api::etag::tags;
use crate::error::{ApiError, Problem};

/// Letters that stand for themselves in an extended parameter (RFC 8187).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// A browser that opens the file all the same runs nothing in it.
const POLICY: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// What of a content is wanted.
#[derive(Debug)]
pub struct Wanted {
    known: Vec<String>,
    range: Option<RangeHeader>,
    range_of: Option<String>,
}

impl FromRequest for Wanted {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let range_of = req.headers().get(IF_RANGE).map(|tag| tag.to_str().unwrap_or_default().to_owned());
        // A range that cannot be read is none (RFC 9110, section 14.2).
        let range = req.headers().contains_key(RANGE).then(|| RangeHeader::parse(req).ok()).flatten();
        ready(Ok(Self { known: tags(req.headers(), &IF_NONE_MATCH).unwrap_or_default(), range, range_of }))
    }
}

impl Wanted {
    /// The part that is wanted; `None` for the whole.
    fn part(&self, tag: &str, size: u64) -> Result<Option<Range<u64>>, ApiError> {
        let stands = self.range_of.as_deref().is_none_or(|known| known == tag);
        // Several parts at once are answered with the whole.
        let part = match &self.range {
            Some(RangeHeader::Bytes(parts)) if stands => match parts.as_slice() {
                [part] => part,
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        match part.to_satisfiable_range(size) {
            Some((first, last)) => Ok(Some(first..last + 1)),
            None => Err(ApiError::new(Problem::RangeNotSatisfiable)
                .with_header(CONTENT_RANGE, &format!("bytes */{size}"))),
        }
    }
}

/// Answers with the content of an attachment.
///
/// # Errors
/// 416 for a part that it does not have, 503 when the storage is away.
pub async fn sent(storage: &Storage, row: &Attachment, wanted: &Wanted) -> Result<HttpResponse, ApiError> {
    let tag = format!("\"{}\"", row.sha256);
    if wanted.known.iter().any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    let size = u64::try_from(row.size_bytes).map_err(ApiError::internal)?;
    let part = wanted.part(&tag, size)?;
    let status = if part.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let range = part.clone().unwrap_or(0..size);
    let pieces = storage.read(row.id, range.clone()).await?;
    let name = utf8_percent_encode(&row.name, PLAIN);
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CONTENT_TYPE, row.media_type.as_str()))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}")))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((ETAG, tag))
        .insert_header((ACCEPT_RANGES, "bytes"))
        // Compressed it would have another length, and its parts other borders.
        .insert_header(ContentEncoding::Identity);
    if part.is_some() {
        let last = range.end.saturating_sub(1);
        response.insert_header((CONTENT_RANGE, format!("bytes {}-{last}/{size}", range.start)));
    }
    Ok(response.body(SizedStream::new(range.end - range.start, pieces)))
}
