//! The one error that leaves a handler, and the one table of problems: slug, status and titles.
//! On the wire it is `application/problem+json` (RFC 9457); causes go to the log, never to a client.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::{Map, Value};

/// A sentence in both languages of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bilingual {
    /// Vietnamese, as an official would write it.
    pub vi: Cow<'static, str>,
    /// English.
    pub en: Cow<'static, str>,
}

impl Bilingual {
    /// The two texts.
    pub fn new(vi: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }

    /// The text in this language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Vi => &self.vi,
            Language::En => &self.en,
        }
    }
}

/// The language of titles, details and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Vietnamese, the default.
    #[default]
    Vi,
    /// English.
    En,
}

impl Language {
    /// The tag for `Content-Language`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }
}

/// Declares the problems: variant, slug, status, and for both languages a title and what to do.
macro_rules! problems {
    ($($(#[doc = $doc:literal])+ $name:ident => $slug:literal, $status:literal, vi: $vi:literal, $vi_help:literal, en: $en:literal, $en_help:literal;)+) => {
        /// What can go wrong. The slug is the only machine code: `type` is `/problems/<slug>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Problem { $($(#[doc = $doc])+ $name),+ }

        impl Problem {
            /// Every problem, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The last segment of `type`.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug),+ }
            }

            /// The HTTP status.
            #[must_use]
            pub fn status(self) -> StatusCode {
                let code: u16 = match self { $(Self::$name => $status),+ };
                StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// The title in both languages.
            #[must_use]
            pub fn title(self) -> Bilingual {
                match self { $(Self::$name => Bilingual::new($vi, $en)),+ }
            }

            /// What a client can do about it, for the problem's page.
            #[must_use]
            pub fn help(self) -> Bilingual {
                match self { $(Self::$name => Bilingual::new($vi_help, $en_help)),+ }
            }
        }
    };
}

problems! {
    /// The body is not JSON at all.
    MalformedJson => "malformed-json", 400,
        vi: "Nội dung gửi lên không phải là JSON hợp lệ", "Kiểm tra lại cú pháp JSON, bảng mã UTF-8 và độ sâu lồng nhau.",
        en: "The body is not valid JSON", "Check the JSON syntax, the encoding (UTF-8) and the nesting.";
    /// The body is JSON of another shape than the schema.
    WrongShape => "wrong-shape", 400,
        vi: "Nội dung gửi lên không đúng cấu trúc", "Đối chiếu từng lỗi trong `errors` với lược đồ OpenAPI của thao tác này.",
        en: "The body does not have the expected shape", "Compare each entry of `errors` with the operation's schema in the OpenAPI document.";
    /// A query parameter or path segment is unknown, repeated or of the wrong form.
    InvalidParameter => "invalid-parameter", 400,
        vi: "Tham số không hợp lệ", "Tham số lạ hoặc sai kiểu bị từ chối, không bị bỏ qua. Xem danh sách tham số của thao tác trong tài liệu OpenAPI.",
        en: "A parameter is not valid", "Unknown and wrongly typed parameters are refused, not ignored. See the operation's parameters in the OpenAPI document.";
    /// A cursor was forged or belongs to another list.
    InvalidCursor => "invalid-cursor", 422,
        vi: "Con trỏ trang không dùng được", "Con trỏ chỉ dùng cho đúng danh sách, bộ lọc, thứ tự và tài khoản đã tạo ra nó. Hãy đọc lại từ trang đầu.",
        en: "The page cursor cannot be used", "A cursor belongs to the list, filters, order and account that made it. Start again from the first page.";
    /// A header is missing its form.
    InvalidHeader => "invalid-header", 400,
        vi: "Tiêu đề HTTP không hợp lệ", "Kiểm tra lại giá trị của tiêu đề được nêu.",
        en: "A request header is not valid", "Check the value of the header that is named.";
    /// The token endpoint refused the grant.
    InvalidGrant => "invalid-grant", 400,
        vi: "Thông tin đăng nhập không được chấp nhận", "Kiểm tra lại tên đăng nhập, mật khẩu hoặc mã làm mới; nếu vẫn không được, hãy liên hệ quản trị viên.",
        en: "The credentials were not accepted", "Check user name, password or refresh token; if that does not help, ask the administrator.";
    /// No token, or one that does not hold.
    Unauthorized => "unauthorized", 401,
        vi: "Chưa đăng nhập hoặc phiên đã hết hạn", "Lấy mã truy cập tại `/api/v1/auth/token` và gửi trong tiêu đề `Authorization: Bearer`.",
        en: "Not signed in, or the session has ended", "Get an access token at `/api/v1/auth/token` and send it as `Authorization: Bearer`.";
    /// Known, but not allowed.
    Forbidden => "forbidden", 403,
        vi: "Không có quyền thực hiện thao tác này", "Vai trò hoặc phạm vi được giao của tài khoản không bao gồm thao tác này. Liên hệ quản trị viên nếu cần được giao thêm.",
        en: "Not allowed", "The account's roles or scope do not cover this action. Ask the administrator if they should.";
    /// The first login must change the password.
    PasswordChangeRequired => "password-change-required", 403,
        vi: "Phải đổi mật khẩu trước", "Đổi mật khẩu tại `/api/v1/auth/password`, sau đó đăng nhập lại.",
        en: "The password must be changed first", "Change it at `/api/v1/auth/password`, then sign in again.";
    /// Not there, or not yours to know of.
    NotFound => "not-found", 404,
        vi: "Không tìm thấy", "Bản ghi hoặc đường dẫn không tồn tại, hoặc không thuộc phạm vi được xem.",
        en: "Not found", "The record or path does not exist, or is outside what you may see.";
    /// The path exists, the method does not.
    MethodNotAllowed => "method-not-allowed", 405,
        vi: "Phương thức không được hỗ trợ ở đường dẫn này", "Tiêu đề `Allow` cho biết các phương thức được hỗ trợ.",
        en: "Method not allowed here", "The `Allow` header lists the methods of this path.";
    /// The natural key is taken.
    Duplicate => "duplicate", 409,
        vi: "Đã có bản ghi trùng", "Một bản ghi có cùng khóa nghiệp vụ đã tồn tại. Hãy cập nhật bản ghi đó thay vì tạo mới.",
        en: "There is such a record already", "A record with the same natural key exists. Update it instead of creating another.";
    /// Other records depend on it.
    InUse => "in-use", 409,
        vi: "Bản ghi đang được sử dụng", "Còn bản ghi khác tham chiếu tới bản ghi này nên không thể xóa hoặc thay đổi như yêu cầu.",
        en: "The record is in use", "Other records refer to it, so it cannot be deleted or changed this way.";
    /// The record's state does not allow the step.
    WrongState => "wrong-state", 409,
        vi: "Trạng thái hiện tại không cho phép thao tác này", "Xem `detail` để biết các bước hợp lệ từ trạng thái hiện tại.",
        en: "The present state does not allow this", "`detail` names the steps that are possible now.";
    /// The same request is being worked on.
    RequestUnderWay => "request-under-way", 409,
        vi: "Yêu cầu này đang được xử lý", "Một yêu cầu với cùng Idempotency-Key chưa xong. Đợi một giây rồi gửi lại để nhận kết quả của nó.",
        en: "This request is under way", "A request with the same Idempotency-Key has not ended. Wait a second and send it again to get its answer.";
    /// A newer record is held than the one that was sent.
    Stale => "stale", 409,
        vi: "Đang lưu dữ liệu mới hơn", "Bản ghi đang lưu mới hơn dữ liệu được gửi nên không bị ghi đè.",
        en: "A newer record is held", "The record held is newer than what was sent, so it was not overwritten.";
    /// A token of the change feed that is too old.
    ChangesExpired => "changes-expired", 410,
        vi: "Mã vị trí đã quá hạn lưu của luồng thay đổi", "Đọc lại các danh sách cần dùng, sau đó theo dõi tiếp với `since=now`.",
        en: "The token is older than what the change feed keeps", "Read the lists again, then go on with `since=now`.";
    /// The record changed since it was read.
    PreconditionFailed => "precondition-failed", 412,
        vi: "Bản ghi đã được thay đổi từ lần đọc trước", "Đọc lại bản ghi, xem thay đổi của người khác rồi gửi lại với ETag mới.",
        en: "The record has changed since you read it", "Read it again, look at what others changed, and send yours with the new ETag.";
    /// The body is larger than allowed.
    PayloadTooLarge => "payload-too-large", 413,
        vi: "Nội dung gửi lên quá lớn", "Chia nhỏ nội dung, hoặc đề nghị quản trị viên nâng giới hạn.",
        en: "The body is too large", "Send less at a time, or ask the administrator to raise the limit.";
    /// The body broke off on its way.
    IncompleteBody => "incomplete-body", 400,
        vi: "Nội dung gửi lên bị đứt giữa chừng", "Gửi lại toàn bộ nội dung; nếu nội dung được nén thì kiểm tra bản nén.",
        en: "The body broke off on its way", "Send the whole body again; where it is compressed, check its compression.";
    /// Another media type or encoding than the operation takes.
    UnsupportedMediaType => "unsupported-media-type", 415,
        vi: "Kiểu nội dung không được hỗ trợ", "Gửi đúng `Content-Type` mà thao tác này nhận.",
        en: "Unsupported media type", "Send the `Content-Type` that the operation takes.";
    /// Right shape, wrong values.
    Invalid => "invalid", 422,
        vi: "Dữ liệu chưa hợp lệ", "Sửa từng lỗi trong `errors` rồi gửi lại.",
        en: "The data are not valid", "Correct each entry of `errors` and send it again.";
    /// A spreadsheet or CSV file that cannot be read.
    UnreadableFile => "unreadable-file", 422,
        vi: "Không đọc được tệp", "Tải tệp mẫu của danh mục này, nhập lại vào đó và không đổi tên trang tính, tên cột.",
        en: "The file cannot be read", "Download the template of this collection, fill it in, and leave the names of its sheet and columns as they are.";
    /// The unit does not exist on the day asked for.
    UnitNotInForce => "unit-not-in-force", 422,
        vi: "Đơn vị không tồn tại vào ngày được hỏi", "Chọn ngày khác, hoặc dùng một trong các đơn vị kế thừa nêu trong `successors`.",
        en: "The unit does not exist on that day", "Choose another day, or one of the units named in `successors`.";
    /// The figures of a return do not add up.
    Unbalanced => "unbalanced", 422,
        vi: "Số liệu không cân đối", "Kiểm tra lại các cột nêu trong `detail`; nếu có hồ sơ kỳ trước chuyển sang thì bổ sung.",
        en: "The figures do not balance", "Check the columns named in `detail`; if dossiers were carried over from before, state them.";
    /// The key came with another body before.
    IdempotencyKeyReused => "idempotency-key-reused", 422,
        vi: "Idempotency-Key đã dùng cho nội dung khác", "Mỗi khóa chỉ dùng cho một nội dung gửi lên. Hãy tạo khóa mới cho yêu cầu mới.",
        en: "The Idempotency-Key was used for another body", "A key belongs to one body. Make a new key for a new request.";
    /// `If-Match` is missing.
    PreconditionRequired => "precondition-required", 428,
        vi: "Thiếu tiêu đề If-Match", "Đọc bản ghi trước rồi gửi ETag của nó trong `If-Match`, để không ghi đè thay đổi của người khác.",
        en: "If-Match is missing", "Read the record first and send its ETag as `If-Match`, so that nobody's change is overwritten.";
    /// Too many attempts.
    TooManyRequests => "too-many-requests", 429,
        vi: "Quá nhiều yêu cầu", "Đợi số giây nêu trong `Retry-After` rồi thử lại.",
        en: "Too many requests", "Wait for the seconds in `Retry-After`, then try again.";
    /// A fault of the service.
    Internal => "internal", 500,
        vi: "Lỗi nội bộ của hệ thống", "Báo cho quản trị viên kèm theo `request_id`.",
        en: "Internal error", "Tell the administrator the `request_id`.";
    /// The database is away, or too many wait for it.
    Unavailable => "unavailable", 503,
        vi: "Hệ thống tạm thời không phục vụ được", "Thử lại sau số giây nêu trong `Retry-After`. Yêu cầu này chưa được ghi nhận.",
        en: "Temporarily unavailable", "Try again after the seconds in `Retry-After`. This request was not acknowledged.";
}

/// One fault of the input: where, which and in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer into the body; for a query parameter `/` and its name.
    pub pointer: String,
    /// Machine code of the fault, `snake_case`.
    pub code: Cow<'static, str>,
    /// What is wrong, in both languages.
    pub message: Bilingual,
}

impl Fault {
    /// A fault of this member.
    pub fn new(pointer: impl Into<String>, code: impl Into<Cow<'static, str>>, message: Bilingual) -> Self {
        Self { pointer: pointer.into(), code: code.into(), message }
    }
}

/// The faults that an answer tells one by one.
pub const FAULTS_TOLD: usize = 1_000;

/// An error as it leaves a handler.
#[derive(Debug)]
pub struct ApiError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    problem: Problem,
    detail: Option<Bilingual>,
    faults: Vec<Fault>,
    /// Faults beyond those.
    untold: usize,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

impl ApiError {
    /// This problem with nothing more to say.
    #[must_use]
    pub fn new(problem: Problem) -> Self {
        Self(Box::new(Inner {
            problem,
            detail: None,
            faults: Vec::new(),
            untold: 0,
            members: Map::new(),
            headers: Vec::new(),
            cause: None,
        }))
    }

    /// This problem with a sentence on the case at hand.
    pub fn detailed(
        problem: Problem,
        vi: impl Into<Cow<'static, str>>,
        en: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut error = Self::new(problem);
        error.0.detail = Some(Bilingual::new(vi, en));
        error
    }

    /// 422 with these faults.
    #[must_use]
    pub fn invalid(faults: Vec<Fault>) -> Self {
        Self::new(Problem::Invalid).with_faults(faults)
    }

    /// Not there, or not yours to know of.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Problem::NotFound)
    }

    /// 405, with the methods that the path has.
    #[must_use]
    pub fn method_not_allowed(methods: &[String]) -> Self {
        Self::new(Problem::MethodNotAllowed).with_header(actix_web::http::header::ALLOW, &methods.join(", "))
    }

    /// 500: the cause goes to the log only.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let mut error = Self::new(Problem::Internal);
        error.0.cause = Some(cause.to_string());
        error
    }

    /// 503 with `Retry-After`: the cause goes to the log only.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        let mut error = Self::new(Problem::Unavailable).with_retry_after(1);
        error.0.cause = Some(cause.to_string());
        error
    }

    /// This error with the faults of another: for input that comes in two parts.
    #[must_use]
    pub fn joined(mut self, other: Self) -> Self {
        self.0.faults.extend(other.0.faults);
        self
    }

    /// Adds the list of faults.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        self.0.faults = faults;
        self
    }

    /// This error with so many of its faults; of the others it keeps how many there are.
    #[must_use]
    pub fn telling(mut self, most: usize) -> Self {
        self.0.untold += self.0.faults.len().saturating_sub(most);
        self.0.faults.truncate(most);
        // Ten thousand lines may each have had many more.
        self.0.faults.shrink_to_fit();
        self
    }

    /// This error with more faults that are not told.
    #[must_use]
    pub fn with_untold(mut self, faults: usize) -> Self {
        self.0.untold += faults;
        self
    }

    /// How many faults are not told.
    #[must_use]
    pub fn untold(&self) -> usize {
        self.0.untold
    }

    /// Its faults; an error without any is one itself.
    #[must_use]
    pub fn into_faults(self) -> Vec<Fault> {
        self.with_each_fault(|fault| fault).0.faults
    }

    /// Adds an extension member (RFC 9457, section 3.2).
    #[must_use]
    pub fn with_member(mut self, name: &str, value: Value) -> Self {
        self.0.members.insert(name.to_owned(), value);
        self
    }

    /// Every fault of the input.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.0.faults
    }

    /// This error with its faults told in another way; where it has none, it is one itself.
    #[must_use]
    pub fn with_each_fault(mut self, told: impl FnMut(Fault) -> Fault) -> Self {
        if self.0.faults.is_empty() {
            let message = self.0.detail.clone().unwrap_or_else(|| self.0.problem.help());
            self.0.faults.push(Fault::new("", self.0.problem.slug().replace('-', "_"), message));
        }
        self.0.faults = self.0.faults.into_iter().map(told).collect();
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers.push((name, value));
        }
        self
    }

    /// Adds `Retry-After` in seconds.
    #[must_use]
    pub fn with_retry_after(self, seconds: u64) -> Self {
        self.with_header(actix_web::http::header::RETRY_AFTER, &seconds.to_string())
    }

    /// Which problem it is.
    #[must_use]
    pub fn problem(&self) -> Problem {
        self.0.problem
    }

    /// What the log should know and a client must not.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The headers beside the body.
    #[must_use]
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.headers
    }

    /// The body on the wire.
    #[must_use]
    pub fn body(&self, language: Language, instance: &str, request_id: &str) -> ProblemDetails {
        let inner = &self.0;
        let text = |b: &Bilingual| b.in_language(language).to_owned();
        let told = |fault: &Fault| ProblemFault {
            pointer: fault.pointer.clone(),
            code: fault.code.to_string(),
            message: text(&fault.message),
        };
        let errors: Vec<_> = inner.faults.iter().take(FAULTS_TOLD).map(told).collect();
        let total = inner.faults.len() + inner.untold;
        ProblemDetails {
            problem_type: format!("/problems/{}", inner.problem.slug()),
            title: text(&inner.problem.title()),
            status: inner.problem.status().as_u16(),
            detail: text(inner.detail.as_ref().unwrap_or(&inner.problem.help())),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            errors_total: Some(total).filter(|total| *total > errors.len()),
            errors,
            members: inner.members.clone(),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.problem.slug())?;
        for fault in &self.0.faults {
            write!(f, "; {} {}: {}", fault.pointer, fault.code, fault.message.en)?;
        }
        if let Some(detail) = &self.0.detail {
            write!(f, ": {}", detail.en)?;
        }
        if let Some(cause) = &self.0.cause {
            write!(f, " (cause: {cause})")?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}

impl From<rust_xlsxwriter::XlsxError> for ApiError {
    fn from(error: rust_xlsxwriter::XlsxError) -> Self {
        Self::internal(error)
    }
}

/// The middleware in [`crate::api::frame`] writes the body: only it knows the request.
impl actix_web::ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.0.problem.status()
    }

    fn error_response(&self) -> actix_web::HttpResponse {
        actix_web::HttpResponse::new(self.status_code())
    }
}

/// A problem (RFC 9457): what went wrong, in the language asked for (thông báo lỗi).
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/problems/not-found", "title": "Không tìm thấy", "status": 404,
    "detail": "Bản ghi hoặc đường dẫn không tồn tại, hoặc không thuộc phạm vi được xem.",
    "instance": "/api/v1/reporting/periods/0190a8c0-0000-7000-8000-000000000001",
    "request_id": "0190a8c0-0000-7000-8000-0000000000ff"
}))]
pub struct ProblemDetails {
    /// `/problems/<slug>`: the only machine code, and the address of a page about it.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference")]
    pub problem_type: String,
    /// The problem in a few words.
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened in this case, or what to do about it.
    pub detail: String,
    /// The path of the request.
    pub instance: String,
    /// The id under which the log knows this request.
    pub request_id: String,
    /// Every fault of the input, not only the first; of more than 1,000 the first ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 1000)]
    pub errors: Vec<ProblemFault>,
    /// How many faults there are, where `errors` does not tell all (tổng số lỗi).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, minimum = 1)]
    pub errors_total: Option<usize>,
    /// Members of single problems, such as `successors`.
    #[serde(flatten)]
    #[schema(ignore)]
    pub members: Map<String, Value>,
}

/// One fault of the input (một lỗi dữ liệu).
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProblemFault {
    /// JSON pointer into the body; for a query parameter `/` and its name.
    pub pointer: String,
    /// Machine code of the fault.
    pub code: String,
    /// The fault in words.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_unique_and_every_problem_speaks_both_languages() {
        let mut slugs: Vec<_> = Problem::ALL.iter().map(|p| p.slug()).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), Problem::ALL.len());
        for problem in Problem::ALL {
            let (title, help) = (problem.title(), problem.help());
            assert_ne!(title.vi, title.en);
            assert_ne!(help.vi, help.en);
            assert!(problem.status().is_client_error() || problem.status().is_server_error());
        }
    }
}
