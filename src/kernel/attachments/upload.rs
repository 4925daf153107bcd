//! An upload: `multipart/form-data` with one file. It is read piece by piece into a file without a
//! name, and hashed on the way. Only what has come in as a whole and is of a kind that is taken is put
//! into the storage: of an upload that breaks off nothing is left anywhere.

use std::fs::File;
use std::future::{Ready, ready};

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, DispositionParam};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use aws_lc_rs::digest::{Context, SHA256};
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;

use super::kinds::{FileKind, examine};
use super::names::FileName;
use crate::api::idempotency::BodyDigest;
use crate::api::query::FORM_DATA;
use crate::api::sheet::apart;
use crate::api::text::{escape, nfc};
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::state::App;
use crate::text::hexadecimal;

/// The most that a form has beside its file: boundaries, heads, the description.
const AROUND: u64 = 64 * 1024;
/// The longest description, in characters and in bytes.
const DESCRIPTION_CHARACTERS: usize = 500;
const DESCRIPTION_BYTES: usize = 8 * 1024;

/// Files looked at at the same time: a text in XML may be as large as its file, and is in memory then.
static LOOKS: Semaphore = Semaphore::const_new(2);

/// A form that has not been read yet: first comes whether its sender may send it.
pub struct Upload {
    req: HttpRequest,
    form: Multipart,
}

impl FromRequest for Upload {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = |()| Self { req: req.clone(), form: Multipart::new(req.headers(), payload.take()) };
        ready(acceptable(req).map(form))
    }
}

fn acceptable(req: &HttpRequest) -> Result<(), ApiError> {
    if !req.content_type().eq_ignore_ascii_case(FORM_DATA) {
        return Err(ApiError::detailed(
            Problem::UnsupportedMediaType,
            format!("Tiêu đề Content-Type phải là {FORM_DATA}."),
            format!("Content-Type must be {FORM_DATA}."),
        ));
    }
    let is_plain = |encoding: &[u8]| encoding.eq_ignore_ascii_case(b"identity");
    if req.headers().get(CONTENT_ENCODING).is_some_and(|encoding| !is_plain(encoding.as_bytes())) {
        return Err(ApiError::detailed(
            Problem::UnsupportedMediaType,
            "Tệp đính kèm được gửi không nén; bỏ tiêu đề Content-Encoding.",
            "Attachments are sent as they are; leave Content-Encoding out.",
        ));
    }
    let limit = limit(&App::of(req)?);
    let length =
        req.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit.saturating_add(AROUND)) {
        return Err(too_large(limit));
    }
    Ok(())
}

fn limit(app: &App) -> u64 {
    app.config.attachment_limit_bytes.get().into()
}

fn too_large(limit: u64) -> ApiError {
    ApiError::detailed(
        Problem::PayloadTooLarge,
        format!("Tệp đính kèm có dung lượng tối đa {limit} byte."),
        format!("An attachment may have {limit} bytes at most."),
    )
}

/// A file that came in as a whole, and is what it says.
#[derive(Debug)]
pub struct Received {
    /// Its name.
    pub name: FileName,
    /// What its sender says it is.
    pub description: Option<String>,
    /// What it is.
    pub kind: &'static FileKind,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its content.
    pub sha256: String,
    /// The content.
    pub content: File,
}

/// The file of a form, before it was looked at.
struct Sent {
    name: FileName,
    declared: Option<String>,
    size: u64,
    sha256: String,
    content: File,
}

impl Upload {
    /// Reads the form to its end.
    ///
    /// # Errors
    /// 400 for a form that is broken or of another shape, 413 for a file that is too large, 422 for one
    /// that is not taken; 503 where too many come in at once or there is no room.
    pub async fn receive(mut self, app: &App) -> Result<Received, ApiError> {
        let _place =
            app.uploads.try_acquire().map_err(|_| ApiError::unavailable("too many uploads at once"))?;
        let (mut sent, mut description) = (None, None);
        while let Some(field) = self.form.next().await {
            let mut field = field.map_err(|error| broken(&error))?;
            let name = field.name().unwrap_or_default().to_owned();
            match name.as_str() {
                "file" if sent.is_none() => sent = Some(file(&mut field, app).await?),
                "description" if description.is_none() => description = Some(text(&mut field).await?),
                "file" | "description" => {
                    return Err(of_shape(
                        &name,
                        "repeated",
                        "Trường được nêu hai lần.",
                        "The member is given twice.",
                    ));
                }
                _ => {
                    return Err(of_shape(
                        &name,
                        "unknown",
                        "Biểu mẫu này không có trường như vậy.",
                        "The form has no such member.",
                    ));
                }
            }
        }
        let Some(Sent { name, declared, size, sha256, mut content }) = sent else {
            return Err(of_shape("file", "required", "Thiếu tệp đính kèm.", "The file is missing."));
        };
        let _turn = LOOKS.acquire().await.map_err(ApiError::internal)?;
        let described = name.clone();
        let (kind, content) =
            apart(move || Ok((examine(&mut content, &described, declared.as_deref())?, content))).await?;
        // A form that says nothing has an empty text.
        let description = description.filter(|text| !text.trim().is_empty());
        let said = [name.as_str(), description.as_deref().unwrap_or_default(), &sha256].join("\n");
        BodyDigest::of(said.as_bytes()).keep(&self.req);
        Ok(Received { name, description, kind, size, sha256, content })
    }
}

fn of_shape(name: &str, code: &'static str, vi: &'static str, en: &'static str) -> ApiError {
    let fault = Fault::new(format!("/{}", escape(name)), code, Bilingual::new(vi, en));
    ApiError::new(Problem::WrongShape).with_faults(vec![fault])
}

fn broken(error: &MultipartError) -> ApiError {
    log::debug!("a form broke off: {error}");
    ApiError::new(Problem::MalformedForm)
}

/// The file, on its way into one without a name.
async fn file(field: &mut Field, app: &App) -> Result<Sent, ApiError> {
    let name = FileName::new(&given_name(field)).map_err(|fault| ApiError::invalid(vec![fault]))?;
    let declared = field.content_type().map(|declared| declared.essence_str().to_owned());
    let limit = limit(app);
    let storage = app.storage.clone();
    let scratch = apart(move || storage.scratch().map_err(ApiError::unavailable)).await?;
    let mut content = tokio::fs::File::from_std(scratch);
    let (mut size, mut sum) = (0_u64, Context::new(&SHA256));
    while let Some(piece) = field.next().await {
        let piece = piece.map_err(|error| broken(&error))?;
        size = size.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if size > limit {
            return Err(too_large(limit));
        }
        sum.update(&piece);
        content.write_all(&piece).await.map_err(ApiError::unavailable)?;
    }
    content.flush().await.map_err(ApiError::unavailable)?;
    let sha256 = hexadecimal(sum.finish().as_ref());
    Ok(Sent { name, declared, size, sha256, content: content.into_std().await })
}

/// The name as the client gives it; one that is no text is none.
fn given_name(field: &Field) -> String {
    let Some(disposition) = field.content_disposition() else { return String::new() };
    let extended = disposition.parameters.iter().find_map(DispositionParam::as_filename_ext);
    match extended {
        Some(name) => String::from_utf8(name.value.clone()).unwrap_or_default(),
        None => disposition.get_filename().unwrap_or_default().to_owned(),
    }
}

async fn text(field: &mut Field) -> Result<String, ApiError> {
    let fault =
        |code, vi, en| ApiError::invalid(vec![Fault::new("/description", code, Bilingual::new(vi, en))]);
    let too_long =
        || fault("length", "Mô tả dài tối đa 500 ký tự.", "The description has 500 characters at most.");
    let mut bytes = Vec::new();
    while let Some(piece) = field.next().await {
        let piece = piece.map_err(|error| broken(&error))?;
        if bytes.len() + piece.len() > DESCRIPTION_BYTES {
            return Err(too_long());
        }
        bytes.extend_from_slice(&piece);
    }
    let Ok(text) = String::from_utf8(bytes) else {
        return Err(fault(
            "not_utf8",
            "Mô tả không phải văn bản UTF-8.",
            "The description is no UTF-8 text.",
        ));
    };
    let text = nfc(&text).into_owned();
    if text.contains('\0') {
        return Err(ApiError::invalid(vec![crate::api::text::nul("/description".into())]));
    }
    if text.chars().count() > DESCRIPTION_CHARACTERS { Err(too_long()) } else { Ok(text) }
}
