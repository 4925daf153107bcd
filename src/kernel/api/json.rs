//! JSON bodies: read within limits, parsed fast, and only when that fails held against the
//! operation's own schema, so that every fault is told and not only the first.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::{Decompress, Payload};
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use super::contract::Contract;
use super::idempotency::BodyDigest;
use super::{shape, text};
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::state::App;

/// A JSON body of the right shape (else 400) and within its limits (else 422).
#[derive(Debug)]
pub struct ValidJson<T>(pub T);

/// A JSON Merge Patch (RFC 7396) of the right shape; the patched whole is validated afterwards.
#[derive(Debug)]
pub struct MergePatch<T>(pub T);

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

impl<T: DeserializeOwned + Validate + ToSchema + 'static> FromRequest for ValidJson<T> {
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let value: T = read(&req, payload, &["application/json"]).await?;
            check(&value)?;
            Ok(Self(value))
        })
    }
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for MergePatch<T> {
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            read(&req, payload, &["application/merge-patch+json", "application/json"]).await.map(Self)
        })
    }
}

/// Holds a value against the limits of its fields.
///
/// # Errors
/// 422 with every fault.
pub fn check<T: Validate>(value: &T) -> Result<(), ApiError> {
    let faults = faults_of(value);
    if faults.is_empty() { Ok(()) } else { Err(ApiError::invalid(faults)) }
}

/// Every field that is outside its limits.
pub fn faults_of<T: Validate>(value: &T) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Err(errors) = value.validate() {
        collect(&errors, "", &mut faults);
        faults.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    }
    faults
}

fn collect(errors: &ValidationErrors, parent: &str, faults: &mut Vec<Fault>) {
    for (field, kind) in errors.errors() {
        let pointer = format!("{parent}/{}", text::escape(field));
        match kind {
            ValidationErrorsKind::Struct(inner) => collect(inner, &pointer, faults),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    collect(inner, &format!("{pointer}/{index}"), faults);
                }
            }
            ValidationErrorsKind::Field(found) => {
                faults.extend(found.iter().map(|error| limit_fault(pointer.clone(), error)));
            }
        }
    }
}

fn limit_fault(pointer: String, error: &validator::ValidationError) -> Fault {
    let bound = |name: &str| error.params.get(name).filter(|v| !v.is_null()).map(ToString::to_string);
    let (min, max) = (bound("min"), bound("max"));
    let span = |vi: &str, en: &str| match (&min, &max) {
        (Some(min), Some(max)) => {
            Bilingual::new(format!("{vi} từ {min} đến {max}."), format!("{en} from {min} to {max}."))
        }
        (Some(min), None) => Bilingual::new(format!("{vi} ít nhất {min}."), format!("{en} at least {min}.")),
        (None, Some(max)) => {
            Bilingual::new(format!("{vi} nhiều nhất {max}."), format!("{en} at most {max}."))
        }
        (None, None) => Bilingual::new("Giá trị không hợp lệ.", "The value is not valid."),
    };
    let message = match (error.code.as_ref(), &error.message) {
        ("length", _) => span("Độ dài phải", "The length must be"),
        ("range", _) => span("Giá trị phải", "The value must be"),
        // Custom rules carry both languages in one text: Vietnamese, a bar, English.
        (_, Some(text)) => match text.split_once(" | ") {
            Some((vi, en)) => Bilingual::new(vi.to_owned(), en.to_owned()),
            None => Bilingual::new(text.clone(), text.clone()),
        },
        _ => Bilingual::new("Giá trị không hợp lệ.", "The value is not valid."),
    };
    Fault::new(pointer, error.code.clone(), message)
}

async fn read<T: DeserializeOwned + ToSchema>(
    req: &HttpRequest,
    payload: Payload,
    media_types: &[&str],
) -> Result<T, ApiError> {
    let app = App::of(req)?;
    let sent = req.content_type();
    if !media_types.iter().any(|media_type| sent.eq_ignore_ascii_case(media_type)) {
        let names = media_types.join(", ");
        return Err(ApiError::detailed(
            Problem::UnsupportedMediaType,
            format!("Tiêu đề {CONTENT_TYPE} phải là {names}."),
            format!("{CONTENT_TYPE} must be {names}."),
        ));
    }
    let bytes = body(req, payload, app.config.body_limit_bytes.size()).await?;
    BodyDigest::of(&bytes).keep(req);
    parse(&bytes, app.config.json_depth.size(), &app.contract)
}

/// The whole body, decompressed, within `limit` bytes.
///
/// # Errors
/// 413 over the limit, 400 when it cannot be read, 415 for an unknown encoding.
pub async fn body(req: &HttpRequest, payload: Payload, limit: usize) -> Result<Vec<u8>, ApiError> {
    let too_large = || {
        ApiError::detailed(
            Problem::PayloadTooLarge,
            format!("Nội dung được gửi tối đa {limit} byte."),
            format!("The body may have {limit} bytes at most."),
        )
    };
    let declared = req.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    if let Some(encoding) = req.headers().get(actix_web::http::header::CONTENT_ENCODING)
        && !["gzip", "deflate", "identity"]
            .iter()
            .any(|known| encoding.as_bytes().eq_ignore_ascii_case(known.as_bytes()))
    {
        return Err(ApiError::detailed(
            Problem::UnsupportedMediaType,
            "Content-Encoding phải là gzip, deflate hoặc identity.",
            "Content-Encoding must be gzip, deflate or identity.",
        ));
    }
    let mut stream = Decompress::from_headers(payload, req.headers());
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| {
            ApiError::detailed(
                Problem::IncompleteBody,
                "Không đọc được trọn vẹn nội dung gửi lên.",
                "The body could not be read to its end.",
            )
        })?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Parses and normalises a JSON text.
///
/// # Errors
/// 400: not JSON, too deep, not UTF-8, or not of the schema's shape with every fault.
pub fn parse<T: DeserializeOwned + ToSchema>(
    bytes: &[u8],
    depth: usize,
    contract: &Contract,
) -> Result<T, ApiError> {
    let text = text_of(bytes)?;
    if nesting(text) > depth {
        return Err(ApiError::detailed(
            Problem::MalformedJson,
            format!("JSON lồng nhau quá {depth} cấp."),
            format!("The JSON is nested deeper than {depth} levels."),
        ));
    }
    let plain = matches!(text::nfc(text), Cow::Borrowed(_)) && !text.contains("\\u");
    if plain {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let parsed = serde_path_to_error::deserialize(&mut deserializer);
        match parsed {
            Ok(value) if deserializer.end().is_ok() => return no_list::<T>(text, contract).map(|()| value),
            Ok(_) => return Err(malformed(text)),
            Err(error) => return Err(shape_error::<T>(text, &error, contract)),
        }
    }
    let mut value: serde_json::Value = serde_json::from_str(text).map_err(|_| malformed(text))?;
    let mut faults = Vec::new();
    text::normalise(&mut value, &mut String::new(), &mut faults);
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    // Through the text once more: only the parser sees a member that is given twice.
    let value = serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_str(text))
        .and_then(|_| serde_path_to_error::deserialize(value))
        .map_err(|error| shape_error::<T>(text, &error, contract))?;
    no_list::<T>(text, contract).map(|()| value)
}

/// Refuses a list that stands for an object: serde would take its items for the members in their order.
fn no_list<T: ToSchema>(text: &str, contract: &Contract) -> Result<(), ApiError> {
    if !text.contains('[') {
        return Ok(());
    }
    let value = serde_json::from_str(text).map_err(|_| malformed(text))?;
    let mut faults = contract.faults(&T::name(), &value);
    faults.retain(|fault| fault.code == "type");
    if faults.is_empty() { Ok(()) } else { Err(ApiError::new(Problem::WrongShape).with_faults(faults)) }
}

/// The text of a body.
pub fn text_of(bytes: &[u8]) -> Result<&str, ApiError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        ApiError::detailed(
            Problem::MalformedJson,
            format!("Nội dung không phải UTF-8 tại byte {}.", error.valid_up_to()),
            format!("The body is not UTF-8 at byte {}.", error.valid_up_to()),
        )
    })?;
    // A byte order mark is no part of JSON, but common exporters write one.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The deepest nesting of arrays and objects, found without parsing.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The problem of a text that is not the JSON that was asked for: where it went wrong, without quoting it.
pub fn malformed(text: &str) -> ApiError {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => ApiError::new(Problem::MalformedJson),
        Err(error) => ApiError::detailed(
            Problem::MalformedJson,
            format!("JSON sai cú pháp tại dòng {}, cột {}.", error.line(), error.column()),
            format!("The JSON is broken at line {}, column {}.", error.line(), error.column()),
        ),
    }
}

fn shape_error<T: ToSchema>(
    text: &str,
    error: &serde_path_to_error::Error<serde_json::Error>,
    contract: &Contract,
) -> ApiError {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return malformed(text) };
    let faults = contract.faults(&T::name(), &value);
    if !faults.is_empty() {
        return ApiError::new(Problem::WrongShape).with_faults(faults);
    }
    if let Err(twice) = once_each(text) {
        return twice;
    }
    // What the schema allows is right in shape: 6990.0 is an integer to it.
    let pointer = error.path().iter().fold(String::new(), |pointer, segment| match segment {
        serde_path_to_error::Segment::Seq { index } => format!("{pointer}/{index}"),
        serde_path_to_error::Segment::Map { key } => format!("{pointer}/{}", text::escape(key)),
        _ => pointer,
    });
    let said = error.inner().to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    ApiError::invalid(vec![Fault::new(pointer, "invalid", shape::unread(said))])
}

/// Refuses a text in which an object has a member twice.
pub(super) fn once_each(text: &str) -> Result<(), ApiError> {
    let Err(twice) = serde_json::from_str::<OnceEach>(text) else { return Ok(()) };
    let name = twice.to_string().split('"').nth(1).unwrap_or_default().to_owned();
    let message = Bilingual::new("Trường được nêu hai lần.", "The member is given twice.");
    let fault = Fault::new(format!("/{}", text::escape(&name)), "repeated", message);
    Err(ApiError::new(Problem::WrongShape).with_faults(vec![fault]))
}

/// Any JSON in which no object has a member twice; the error names the first that has.
struct OnceEach;

impl<'de> serde::Deserialize<'de> for OnceEach {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> serde::de::Visitor<'de> for OnceEach {
    type Value = Self;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let mut seen = std::collections::HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            members.next_value::<Self>()?;
            if !seen.insert(name.clone()) {
                return Err(serde::de::Error::custom(format!("\"{name}\" is given twice")));
            }
        }
        Ok(self)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::nesting;

    #[test]
    fn brackets_inside_text_do_not_count_as_nesting() {
        assert_eq!(nesting(r#"{"a": ["[[[[\"[["], "b": {"c": []}}"#), 3);
    }
}
