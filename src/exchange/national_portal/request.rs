//! What a one-stop system sends and how it is answered: `{service, madonvi, isUpdating, data}`, or the bare
//! list of the REST variant with the sender's unit in the query. What is wrong with the request as a whole is
//! a problem as everywhere; each entry is answered by itself in the portal's manner.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::openapi::schema::{
    AnyOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use validator::Validate;

use super::body::{PortalDossier, PortalEntry, PortalProgress};
use super::codec::{given, scalar};
use super::ledger::model::PortalLedgerEntryId;
use kernel::api::batch::{BATCH_LINES, at_most};
use kernel::api::idempotency::{Answer, Asked, BodyDigest};
use kernel::api::json::{body, malformed, text_of};
use kernel::api::sheet::apart;
use kernel::api::{PageRequest, PageRows, Rendered};
use kernel::auth::keys::KeyRing;
use kernel::db::Turn;
use kernel::db::types::Instant;
use kernel::error::{ApiError, Bilingual, Fault, Problem};
use kernel::state::App;

/// By what the REST variant names the sender.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PortalParams {
    /// The sender's unit by its identification code, in either form (mã định danh đơn vị); here or in the
    /// envelope.
    #[serde(default, rename = "MaDinhDanhDV")]
    #[validate(length(min = 1, max = 35))]
    #[param(rename = "MaDinhDanhDV", min_length = 1, max_length = 35)]
    pub unit: Option<String>,
    /// Whether dossiers that are there already are replaced (cập nhật): `True` or `False`.
    #[serde(default, rename = "isUpdating")]
    #[validate(length(min = 1, max = 5))]
    #[param(rename = "isUpdating", pattern = "^([Tt]rue|[Ff]alse|0|1)$")]
    pub is_updating: Option<String>,
}

/// Which dossiers go out.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PortalChangesFilter {
    /// Those changed since this moment (thay đổi từ thời điểm); all when not given. A write is stamped with
    /// the time at which its request was taken: ask with a minute of overlap.
    pub changed_since: Option<Instant>,
}

/// What stands around the entries.
#[derive(Debug, Default, Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "scalar")]
    service: String,
    #[serde(default, deserialize_with = "scalar")]
    madonvi: String,
    #[serde(default, deserialize_with = "scalar")]
    dstcode: String,
    #[serde(default, rename = "isUpdating", deserialize_with = "scalar")]
    is_updating: String,
    #[serde(default)]
    data: Vec<Box<RawValue>>,
}

/// An entry as it came, and as it reads.
#[derive(Debug)]
pub struct Sent<T> {
    /// The very text.
    pub verbatim: String,
    /// What it says; none for one that has not the shape.
    pub read: Option<T>,
}

/// A request with such entries.
#[derive(Debug)]
pub struct PortalRequest<T> {
    envelope: Envelope,
    /// The entries, in their order.
    pub entries: Vec<Sent<T>>,
    /// Large writes come one after the other.
    pub turn: Turn,
}

impl<T: PortalEntry> FromRequest for PortalRequest<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let app = App::of(&req)?;
            if !req.content_type().eq_ignore_ascii_case("application/json") {
                return Err(ApiError::detailed(
                    Problem::UnsupportedMediaType,
                    "Tiêu đề Content-Type phải là application/json.",
                    "Content-Type must be application/json.",
                ));
            }
            let turn = app.bulk.turn().await?;
            let bytes = body(&req, payload, app.config.batch_limit_bytes.size()).await?;
            let read = move || Ok((BodyDigest::of(&bytes), Self::of(&bytes, turn)?));
            let (digest, request) = apart(read).await?;
            digest.keep(&req);
            Ok(request)
        })
    }
}

impl<T: PortalEntry> PortalRequest<T> {
    fn of(bytes: &[u8], turn: Turn) -> Result<Self, ApiError> {
        let text = text_of(bytes)?;
        let mut envelope = if text.trim_start().starts_with('[') {
            let data = serde_json::from_str(text).map_err(|_| malformed(text))?;
            Envelope { data, ..Envelope::default() }
        } else {
            serde_json::from_str::<Envelope>(text).map_err(|_| wrong_envelope(text))?
        };
        at_most(envelope.data.len())?;
        let data = std::mem::take(&mut envelope.data);
        let sent = |entry: Box<RawValue>| {
            let read = serde_json::from_str::<T>(entry.get()).ok();
            Sent { verbatim: String::from(Box::<str>::from(entry)), read }
        };
        let request = Self { envelope, entries: data.into_iter().map(sent).collect(), turn };
        request.service_fault().map_or(Ok(request), |fault| Err(ApiError::invalid(vec![fault])))
    }

    fn service_fault(&self) -> Option<Fault> {
        let own = T::SERVICE.as_str();
        let message = || {
            Bilingual::new(
                format!("Đường dẫn này chỉ nhận dịch vụ {own}."),
                format!("This path takes the service {own} only."),
            )
        };
        let named = given(&self.envelope.service)?;
        (named != own).then(|| Fault::new("/service", "other_service", message()))
    }

    /// The sender's identification code with the member that tells it.
    ///
    /// # Errors
    /// 422 when there is none, or several that differ.
    pub fn sender<'s>(&'s self, params: &'s PortalParams) -> Result<(&'static str, &'s str), ApiError> {
        let told = [
            ("/MaDinhDanhDV", params.unit.as_deref().unwrap_or_default()),
            ("/madonvi", self.envelope.madonvi.as_str()),
            ("/dstcode", self.envelope.dstcode.as_str()),
        ];
        let mut told = told.into_iter().filter(|(_, code)| !code.is_empty());
        let message = Bilingual::new(
            "Nêu mã định danh của đơn vị gửi bằng madonvi, dstcode hoặc tham số MaDinhDanhDV; nếu nêu nhiều nơi thì phải giống nhau.",
            "Name the sender's unit by madonvi, dstcode or the parameter MaDinhDanhDV; where several are given they agree.",
        );
        let fault = |pointer, code| Err(ApiError::invalid(vec![Fault::new(pointer, code, message)]));
        let Some(first) = told.next() else { return fault("/madonvi", "required") };
        match told.find(|(_, code)| *code != first.1) {
            Some((pointer, _)) => fault(pointer, "differs"),
            None => Ok(first),
        }
    }

    /// Whether dossiers that are there already are replaced.
    ///
    /// # Errors
    /// 422 for what is neither yes nor no.
    pub fn is_updating(&self, params: &PortalParams) -> Result<bool, ApiError> {
        let told = params.is_updating.as_deref().unwrap_or(&self.envelope.is_updating);
        match told.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" | "" => Ok(false),
            _ => {
                let message = Bilingual::new("Giá trị phải là True hoặc False.", "It must be True or False.");
                Err(ApiError::invalid(vec![Fault::new("/isUpdating", "flag", message)]))
            }
        }
    }
}

fn wrong_envelope(text: &str) -> ApiError {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return malformed(text);
    }
    ApiError::detailed(
        Problem::WrongShape,
        "Nội dung phải có danh sách data, hoặc là chính danh sách đó.",
        "The body must have the list data, or be that list.",
    )
}

/// What is wrong with an entry that has not the shape; the parser's own words may quote what stands there.
#[must_use]
pub fn wrong_entry() -> ApiError {
    let message = Bilingual::new(
        "Mục này không đúng cấu trúc: phải là một đối tượng, mỗi trường nêu một lần, danh sách phải là mảng.",
        "This entry has not the expected shape: an object, each member once, lists as arrays.",
    );
    ApiError::new(Problem::WrongShape).with_faults(vec![Fault::new("", "wrong_shape", message)])
}

/// That a code is of no dossier.
#[must_use]
pub fn unknown_dossier() -> ApiError {
    let message = Bilingual::new(
        "Không có hồ sơ mang mã này trong phạm vi được giao.",
        "There is no dossier of this code within reach.",
    );
    ApiError::invalid(vec![Fault::new("/code", "unknown_dossier", message)])
}

/// The schema of a request with such entries.
fn request_schema<T: PortalEntry>(description: &str) -> RefOr<Schema> {
    let other = ObjectBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .description(Some("Anything else is answered as a failure of this entry."));
    let entry = AnyOfBuilder::new().item(Ref::from_schema_name(T::name())).item(other).build();
    let entries =
        ArrayBuilder::new().items(RefOr::T(Schema::AnyOf(entry))).max_items(Some(BATCH_LINES)).build();
    let scalar = |description: &str| {
        let types = [Type::String, Type::Boolean, Type::Number, Type::Null];
        ObjectBuilder::new().schema_type(SchemaType::from_iter(types)).description(Some(description))
    };
    let envelope = ObjectBuilder::new()
        .property("service", scalar("The service (dịch vụ); that of this path."))
        .property("madonvi", scalar("The sender's identification code (mã đơn vị)."))
        .property("dstcode", scalar("The same under another name (mã đơn vị)."))
        .property("isUpdating", scalar("Whether dossiers that are there already are replaced (cập nhật)."))
        .property("data", entries.clone())
        .required("data");
    let either = OneOfBuilder::new().item(envelope).item(entries).description(Some(description));
    #[expect(deprecated, reason = "the whole contract tells its examples by this keyword")]
    let either = either.example(Some(T::example()));
    RefOr::T(Schema::OneOf(either.build()))
}

/// Declares what the contract says of a request with such entries.
macro_rules! requests {
    ($($(#[doc = $doc:expr])+ $name:ident of $entry:ty;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug)]
            pub enum $name {}

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    request_schema::<$entry>(concat!($($doc),+).trim())
                }
            }

            impl ToSchema for $name {
                fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                    schemas.push((<$entry>::name().into_owned(), <$entry>::schema()));
                    <$entry>::schemas(schemas);
                }
            }
        )+
    };
}

requests! {
    /// Dossiers as one-stop systems send them (yêu cầu đồng bộ hồ sơ, `DongBoHoSoMC`): in an envelope with the sender's unit, or the bare list where the query names it.
    PortalDossiersRequest of PortalDossier;
    /// Progress of dossiers as one-stop systems send it (yêu cầu cập nhật tiến độ, `CapNhatTienDoHoSoMC`): in an envelope with the sender's unit, or the bare list where the query names it.
    PortalProgressRequest of PortalProgress;
}

/// What became of one entry, in the portal's manner (kết quả của một hồ sơ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PortalResultLine {
    /// Code of the dossier (mã hồ sơ).
    #[serde(rename = "MaHoSo")]
    pub code: String,
    /// `0` done, `-3` it exists and is not to be replaced, `-1` anything else (mã lỗi).
    pub error_code: String,
    /// In words (nội dung).
    pub message: String,
    /// The entry of the ledger, for what was reported as sent (mục sổ đối soát).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub ledger_entry_id: Option<PortalLedgerEntryId>,
}

/// How a request is answered, in the portal's manner (kết quả đồng bộ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "error_code": "0", "message": "thành công",
    "result": [{"MaHoSo": "H13.44-261102-0007", "error_code": "0", "message": "thành công"}]
}))]
pub struct PortalReply {
    /// `0` when every entry is done, else that of the first that is not (mã lỗi).
    pub error_code: String,
    /// In words (nội dung).
    pub message: String,
    /// The entries, in their order (kết quả từng hồ sơ).
    pub result: Vec<PortalResultLine>,
}

/// It is done.
pub const DONE: &str = "0";
/// It is there already.
pub const EXISTS: &str = "-3";
/// Anything else.
pub const FAILED: &str = "-1";
/// What senders look for in the message of something that is done.
pub const SUCCESS: &str = "thành công";

impl PortalReply {
    /// The reply with these lines: the first failure speaks for all, for some senders read no further.
    #[must_use]
    pub fn of(result: Vec<PortalResultLine>) -> Self {
        let failed = || result.iter().filter(|line| line.error_code != DONE);
        let (error_code, message) = match failed().next() {
            None => (DONE.to_owned(), SUCCESS.to_owned()),
            Some(first) if result.len() == 1 => (first.error_code.clone(), first.message.clone()),
            Some(first) => {
                let (failures, all) = (failed().count(), result.len());
                let message = format!("{failures} trên {all} hồ sơ chưa ghi được; {}", first.message);
                (first.error_code.clone(), message)
            }
        };
        Self { error_code, message, result }
    }
}

impl Answer for PortalReply {
    fn render(&self, _: &Asked) -> Result<Rendered, ApiError> {
        Rendered::json(200, self)
    }
}

/// Dossiers that changed, as a request would send them on (hồ sơ đã thay đổi, theo cấu trúc `DongBoHoSoMC`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "service": "DongBoHoSoMC", "isUpdating": true, "next_cursor": null,
    "data": [{"MaHoSo": "H13.44-261102-0007", "MaTTHC": "1.001193", "TrangThaiHoSo": "5", "ChuHoSo": "C** h* s*"}]
}))]
pub struct PortalDossierPage {
    /// The service by which they are sent (dịch vụ).
    pub service: &'static str,
    /// What is there already is to be replaced (cập nhật).
    #[serde(rename = "isUpdating")]
    pub is_updating: bool,
    /// The dossiers, in the order of their last change (danh sách hồ sơ).
    pub data: Vec<PortalDossier>,
    /// The cursor of the next page; null on the last one (con trỏ trang sau).
    pub next_cursor: Option<String>,
}

impl kernel::api::page::Page for PortalDossierPage {
    type Item = PortalDossier;

    fn new(rows: PageRows<PortalDossier>, page: &PageRequest, keys: &KeyRing) -> Self {
        let next_cursor = rows.last.as_ref().map(|last| page.cursor(last, keys));
        let service = PortalDossier::SERVICE.as_str();
        Self { service, is_updating: true, data: rows.items, next_cursor }
    }

    fn items(&self) -> &[PortalDossier] {
        &self.data
    }

    fn next_cursor(&self) -> Option<&str> {
        self.next_cursor.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(code: &str, error_code: &str) -> PortalResultLine {
        let (code, message) = (code.to_owned(), format!("nói về {code}"));
        PortalResultLine { code, error_code: error_code.to_owned(), message, ledger_entry_id: None }
    }

    #[test]
    fn the_first_failure_speaks_for_the_request() {
        assert_eq!(PortalReply::of(Vec::new()).error_code, DONE);
        assert_eq!(PortalReply::of(vec![line("a", DONE)]).message, SUCCESS);
        let one = PortalReply::of(vec![line("a", EXISTS)]);
        assert_eq!((one.error_code.as_str(), one.message.as_str()), (EXISTS, "nói về a"));
        let several = PortalReply::of(vec![line("a", DONE), line("b", EXISTS), line("c", FAILED)]);
        assert_eq!(several.error_code, EXISTS);
        assert_eq!(several.message, "2 trên 3 hồ sơ chưa ghi được; nói về b");
    }
}
