//! Query strings and path segments: typed, and strict. What is unknown, repeated or of the wrong
//! form is 400, each with its name.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::de::DeserializeOwned;
use validator::Validate;

use super::json::{body, faults_of};
use super::listing::Form;
use super::mount::Segments;
use super::page::{PageParams, PageRequest};
use super::{shape, text};
use crate::auth::keys::KeyRing;
use crate::auth::permit::SignedIn;
use crate::auth::scope::Scoped;
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::state::App;

/// The parameters of an operation that is no list.
#[derive(Debug)]
pub struct ValidQuery<T>(pub T);

impl<T: DeserializeOwned + Validate + 'static> FromRequest for ValidQuery<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(pairs(req.query_string()).and_then(|pairs| typed(&pairs)).map(Self))
    }
}

/// The parameters of a list: the resource's own filter beside those of the page, and the form in
/// which it is wanted.
#[derive(Debug)]
pub struct ListQuery<F> {
    /// The resource's filter and order.
    pub filter: F,
    pub(super) page: PageParams,
    /// What a cursor belongs to: the path and every parameter but the page's own.
    pub(super) list: String,
    pub(super) form: Form,
    /// Whose session a long answer depends on.
    pub(super) session: Option<SignedIn>,
}

impl<F> ListQuery<F> {
    /// Whether a page is wanted, and no stream of all rows.
    #[must_use]
    pub fn is_page(&self) -> bool {
        self.form == Form::Page
    }

    /// The page asked for; its cursor must have been made for this list, filter and reach.
    ///
    /// # Errors
    /// 422 for a cursor that was not.
    pub fn page(&self, scoped: &Scoped, keys: &KeyRing) -> Result<PageRequest, ApiError> {
        PageRequest::new(&self.page, self.list.clone(), scoped, keys)
    }
}

impl<F> ListQuery<F> {
    /// The same list as CSV, whatever the client accepts: for a path that promises CSV.
    #[must_use]
    pub fn as_csv(self) -> Self {
        Self { form: Form::Csv, ..self }
    }

    /// The page asked for of a list that comes in pages of JSON alone, uncounted.
    ///
    /// # Errors
    /// 400 for a parameter of other forms, 422 for a cursor of another list.
    pub fn page_alone(&self, scoped: &Scoped, keys: &KeyRing) -> Result<PageRequest, ApiError> {
        let PageParams { include_total, bom, .. } = &self.page;
        let others = [("/include_total", include_total.is_some()), ("/bom", bom.is_some())];
        let faults: Vec<Fault> =
            others.into_iter().filter(|(_, given)| *given).map(|(name, _)| unknown(name.into())).collect();
        if faults.is_empty() {
            return self.page(scoped, keys);
        }
        Err(ApiError::new(Problem::InvalidParameter).with_faults(faults))
    }
}

impl<F: DeserializeOwned + Validate + 'static> FromRequest for ListQuery<F> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(pairs(req.query_string()).and_then(|pairs| {
            let (page, mut own): (Vec<_>, Vec<_>) =
                pairs.into_iter().partition(|(name, _)| PageParams::NAMES.contains(&name.as_str()));
            let (filter, page) = match (typed(&own), typed(&page)) {
                (Ok(filter), Ok(page)) => (filter, page),
                (Err(error), Ok(_)) | (Ok(_), Err(error)) => return Err(error),
                (Err(filter), Err(page)) => return Err(filter.joined(page)),
            };
            own.sort();
            let list = format!("{}?{}", req.path(), encoded(&own));
            Ok(Self { filter, page, list, form: Form::accepted(req), session: SignedIn::known(req) })
        }))
    }
}

/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// The media type of a form with files.
pub const FORM_DATA: &str = "multipart/form-data";

/// The fields of a form, as strict as a query: OAuth 2.0 asks for this shape.
#[derive(Debug)]
pub struct ValidForm<T>(pub T);

impl<T: DeserializeOwned + Validate + 'static> FromRequest for ValidForm<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let app = App::of(&req)?;
            if !req.content_type().eq_ignore_ascii_case(FORM) {
                return Err(ApiError::detailed(
                    Problem::UnsupportedMediaType,
                    format!("Tiêu đề {CONTENT_TYPE} phải là {FORM}."),
                    format!("{CONTENT_TYPE} must be {FORM}."),
                ));
            }
            let bytes = body(&req, payload, app.config.body_limit_bytes.size()).await?;
            let text = std::str::from_utf8(&bytes).map_err(|_| {
                let message = Bilingual::new("Nội dung không phải UTF-8.", "The form is not UTF-8.");
                ApiError::new(Problem::InvalidParameter)
                    .with_faults(vec![Fault::new("", "not_utf8", message)])
            })?;
            pairs(text).and_then(|pairs| typed(&pairs)).map(Self)
        })
    }
}

/// A segment of the path, such as an id; one that cannot be read names nothing: 404.
#[derive(Debug)]
pub struct ValidPath<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for ValidPath<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = req.extensions().get::<Segments>().and_then(Segments::read);
        ready(read.map(Self).ok_or_else(|| names_nothing(req)))
    }
}

/// 404, or 405 where the path is another operation's that looks like an id, such as `/batch`.
fn names_nothing(req: &HttpRequest) -> ApiError {
    let methods = App::of(req).map(|app| app.contract.methods(req.path())).unwrap_or_default();
    if methods.iter().any(|method| method == req.method().as_str()) {
        return ApiError::not_found();
    }
    ApiError::method_not_allowed(&methods)
}

type Pairs = Vec<(String, String)>;

/// The most parameters of a query or a form: no operation takes half as many, and each is held against all others.
const MOST_PAIRS: usize = 100;

fn pairs(query: &str) -> Result<Pairs, ApiError> {
    if query.split('&').filter(|part| !part.is_empty()).nth(MOST_PAIRS).is_some() {
        let message = Bilingual::new(
            format!("Tối đa {MOST_PAIRS} tham số."),
            format!("There are {MOST_PAIRS} parameters at most."),
        );
        let fault = Fault::new("", "too_many", message);
        return Err(ApiError::new(Problem::InvalidParameter).with_faults(vec![fault]));
    }
    let mut pairs: Pairs = Vec::new();
    let mut faults = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
            let message = Bilingual::new("Tham số không phải UTF-8.", "The parameter is not UTF-8.");
            faults.push(Fault::new("", "not_utf8", message));
            continue;
        };
        let pointer = format!("/{}", text::escape(&name));
        if name.contains('\0') || value.contains('\0') {
            faults.push(text::nul(pointer));
        } else if pairs.iter().any(|(known, _)| *known == name) {
            let message = Bilingual::new("Tham số được nêu hai lần.", "The parameter is given twice.");
            faults.push(Fault::new(pointer, "repeated", message));
        } else {
            pairs.push((name, value));
        }
    }
    if faults.is_empty() {
        Ok(pairs)
    } else if faults.iter().all(|fault| fault.code == "nul_character") {
        // Well formed, but no column holds it.
        Err(ApiError::invalid(faults))
    } else {
        Err(ApiError::new(Problem::InvalidParameter).with_faults(faults))
    }
}

/// Percent-decodes one name or value; `None` when it is not UTF-8.
fn decoded(part: &str) -> Option<String> {
    let plus = part.replace('+', " ");
    let text = percent_encoding::percent_decode_str(&plus).decode_utf8().ok()?;
    Some(text::nfc(&text).into_owned())
}

fn encoded(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn typed<T: DeserializeOwned + Validate>(pairs: &[(String, String)]) -> Result<T, ApiError> {
    let invalid = |faults| ApiError::new(Problem::InvalidParameter).with_faults(faults);
    match serde_urlencoded::from_str::<T>(&encoded(pairs)) {
        Ok(value) => {
            let faults = faults_of(&value);
            if faults.is_empty() { Ok(value) } else { Err(invalid(faults)) }
        }
        // Each parameter by itself, so that every wrong one is named.
        Err(whole) => {
            let faults: Vec<_> = pairs
                .iter()
                .filter_map(|pair| {
                    let error =
                        serde_urlencoded::from_str::<T>(&encoded(std::slice::from_ref(pair))).err()?;
                    let said = error.to_string();
                    // By itself a parameter lacks the required ones beside it.
                    (missing(&said).is_none()).then(|| parameter_fault(&pair.0, &said))
                })
                .collect();
            Err(if faults.is_empty() {
                invalid(vec![parameter_fault("", &whole.to_string())])
            } else {
                invalid(faults)
            })
        }
    }
}

/// What is wrong with a query where none is taken.
pub(super) fn none_taken(query: &str) -> ApiError {
    let refused = |pairs: Pairs| {
        let faults = pairs.iter().map(|(name, _)| unknown(format!("/{}", text::escape(name)))).collect();
        ApiError::new(Problem::InvalidParameter).with_faults(faults)
    };
    pairs(query).map_or_else(|error| error, refused)
}

fn unknown(pointer: String) -> Fault {
    let message =
        Bilingual::new("Thao tác này không có tham số như vậy.", "The operation has no such parameter.");
    Fault::new(pointer, "unknown", message)
}

/// The name of the parameter that is missing, if that is what the parser says.
fn missing(said: &str) -> Option<&str> {
    said.strip_prefix("missing field `")?.strip_suffix('`')
}

fn parameter_fault(name: &str, said: &str) -> Fault {
    if let Some(name) = missing(said) {
        let message = Bilingual::new("Thiếu tham số bắt buộc.", "The parameter is required.");
        return Fault::new(format!("/{}", text::escape(name)), "required", message);
    }
    let pointer = format!("/{}", text::escape(name));
    if said.starts_with("unknown field") {
        return unknown(pointer);
    }
    Fault::new(pointer, "invalid", shape::unread(said))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[expect(dead_code, reason = "only its presence counts")]
        kind: String,
        #[expect(dead_code, reason = "only its form counts")]
        count: Option<u8>,
    }

    fn faults(query: &str) -> Vec<(String, String)> {
        let error = pairs(query).and_then(|pairs| typed::<Form>(&pairs)).unwrap_err();
        let body = error.body(crate::error::Language::En, "/", "");
        body.errors.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn every_wrong_parameter_is_named_and_no_right_one() {
        assert_eq!(faults("count=1"), [("/kind".into(), "required".into())]);
        assert_eq!(faults("kind=a&colour=red"), [("/colour".into(), "unknown".into())]);
        assert_eq!(
            faults("kind=a&count=many&colour=red"),
            [("/count".into(), "invalid".into()), ("/colour".into(), "unknown".into())]
        );
        assert_eq!(faults("kind=a&kind=b"), [("/kind".into(), "repeated".into())]);
    }
}
