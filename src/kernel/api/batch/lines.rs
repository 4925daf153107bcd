//! The lines of a batch, read and held against their limits in memory.

use std::borrow::Cow;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use validator::Validate;

use super::{BATCH_LINES, NDJSON};
use crate::api::contract::Contract;
use crate::api::idempotency::BodyDigest;
use crate::api::json::{body, check, malformed, once_each, parse, text_of};
use crate::api::shape;
use crate::api::sheet::apart;
use crate::db::Turn;
use crate::db::types::Instant;
use crate::error::{ApiError, Bilingual, FAULTS_TOLD, Fault, Problem};
use crate::state::App;

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
    pub(super) lines: Lines<B>,
    pub(super) turn: Turn,
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
pub(in crate::api) type Lines<B> = Vec<Result<(B, Guard), ApiError>>;

/// How many faults of lines that cannot be read are still kept; of each line the first one is.
#[derive(Debug, Clone, Copy)]
pub(in crate::api) struct Telling(pub(in crate::api) usize);

impl Telling {
    /// A line with the faults that are kept of it.
    pub(in crate::api) fn of<T>(&mut self, line: Result<T, ApiError>) -> Result<T, ApiError> {
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
    let texts: Vec<Result<&str, ApiError>> = if by_line {
        let told = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        told.take(BATCH_LINES + 1).map(text_of).collect()
    } else {
        let text = text_of(bytes)?;
        let items = serde_json::from_str::<Items<'_>>(text).map_err(|_| no_array(text))?;
        items.0.into_iter().map(Ok).collect()
    };
    at_most(texts.len())?;
    let (most, depth) = (app.config.body_limit_bytes.size(), app.config.json_depth.size());
    let mut telling = Telling(FAULTS_TOLD);
    let own = has_source_time::<B>();
    let read = |text: &str| match text.len() > most {
        // A record is no longer in a batch than by itself.
        true => Err(too_large(most)),
        false => line(text, depth, &app.contract, own),
    };
    Ok(texts.into_iter().map(|text| telling.of(text.and_then(read))).collect())
}

/// Lets as many records through as a batch may have.
///
/// # Errors
/// 422 for more.
pub fn at_most(count: usize) -> Result<(), ApiError> {
    if count <= BATCH_LINES {
        return Ok(());
    }
    let message = Bilingual::new(
        format!("Một lô tối đa {BATCH_LINES} bản ghi; hãy chia thành nhiều lô."),
        format!("A batch has {BATCH_LINES} records at most; send several."),
    );
    Err(ApiError::invalid(vec![Fault::new("", "too_many", message)]))
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

/// Whether a record tells by itself when its source last changed it; its store then holds that against
/// what is there.
pub(in crate::api) fn has_source_time<B: ToSchema>() -> bool {
    match B::schema() {
        RefOr::T(Schema::Object(object)) => object.properties.contains_key("source_updated_at"),
        _ => false,
    }
}

/// Reads a line and holds it against its limits; `own` says whether the record itself tells when its
/// source last changed it.
pub(in crate::api) fn line<B>(
    text: &str,
    depth: usize,
    contract: &Contract,
    own: bool,
) -> Result<(B, Guard), ApiError>
where
    B: serde::de::DeserializeOwned + Validate + ToSchema,
{
    let names: &[&str] = if own { &["if_version"] } else { &["if_version", "source_updated_at"] };
    let (text, guard) = split_guard(text, names)?;
    let body = parse(text.as_bytes(), depth, contract)?;
    check(&body)?;
    Ok((body, guard))
}

/// Takes the guard's members of these names out of a line that has some.
fn split_guard<'t>(text: &'t str, names: &[&'static str]) -> Result<(Cow<'t, str>, Guard), ApiError> {
    let mut guard = Guard::default();
    if !names.iter().any(|name| text.contains(name)) {
        return Ok((text.into(), guard));
    }
    // Whatever is no object is refused with the rest of its shape.
    let Ok(mut members) = serde_json::from_str::<Map<String, Value>>(text) else {
        return Ok((text.into(), guard));
    };
    once_each(text)?;
    for name in names.iter().copied() {
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
    let message = shape::unread(&error.to_string());
    let problem = if is_number == (name == "if_version") { Problem::Invalid } else { Problem::WrongShape };
    ApiError::new(problem).with_faults(vec![Fault::new(format!("/{name}"), "invalid", message)])
}
