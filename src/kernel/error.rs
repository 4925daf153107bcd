//! The one error that leaves a handler, and the one table of problems: slug, status and titles.
//! On the wire it is `application/problem+json` (RFC 9457); causes go to the log, never to a client.

mod api_error;
mod problem_details;

use std::borrow::Cow;

use actix_web::http::StatusCode;

pub use self::api_error::{ApiError, FAULTS_TOLD};
pub use self::problem_details::{ProblemDetails, ProblemFault};

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
    /// The form of an upload is broken or ends too soon.
    MalformedForm => "malformed-form", 400,
        vi: "Biểu mẫu gửi lên không đọc được", "Gửi `multipart/form-data` trọn vẹn, mỗi phần có tên, và có dòng phân cách cuối.",
        en: "The form cannot be read", "Send whole `multipart/form-data`, each part with its name, up to the closing boundary.";
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
    /// A return of a period that was closed for its unit.
    PeriodClosed => "period-closed", 409,
        vi: "Kỳ báo cáo đã khóa sổ", "Số liệu của kỳ đã khóa sổ chỉ được sửa sau khi kỳ được mở lại. Đề nghị đơn vị nêu trong `detail` mở lại kỳ, có nêu lý do.",
        en: "The period is closed", "Returns of a closed period are corrected only after it has been reopened. Ask the unit named in `detail` to reopen it, with the reason.";
    /// The same request is being worked on.
    RequestUnderWay => "request-under-way", 409,
        vi: "Yêu cầu này đang được xử lý", "Một yêu cầu với cùng Idempotency-Key chưa xong. Đợi một giây rồi gửi lại để nhận kết quả của nó.",
        en: "This request is under way", "A request with the same Idempotency-Key has not ended. Wait a second and send it again to get its answer.";
    /// What was sent is older than the record held, or about another version of it.
    Stale => "stale", 409,
        vi: "Dữ liệu gửi lên đã cũ", "Hệ thống đang lưu dữ liệu mới hơn hoặc một phiên bản khác với phiên bản mà dữ liệu này thay thế, nên không ghi đè.",
        en: "What was sent is out of date", "Newer data are held, or another version than the one that this replaces, so nothing was overwritten.";
    /// Of a record whose personal data were erased, on order or with the record itself.
    PersonalDataErased => "personal-data-erased", 409,
        vi: "Dữ liệu cá nhân của bản ghi đã được xóa", "Dữ liệu cá nhân đã xóa theo yêu cầu không được ghi lại, không đính kèm thêm tệp; các thông tin khác của bản ghi vẫn được cập nhật bình thường. Kết quả đã trả trước đây của bản ghi đó, hoặc của bản ghi đã bị xóa, không được trả lại.",
        en: "The personal data of this record were erased", "Where they were erased on order they are not told again and no file is attached; everything else of the record is changed as before. Answers given before are not repeated, nor are those of a record that was deleted.";
    /// A token of the change feed that is too old.
    ChangesExpired => "changes-expired", 410,
        vi: "Mã vị trí không còn dùng được trong luồng thay đổi", "Mã đã quá hạn lưu, hoặc dữ liệu đã được phục hồi từ một bản sao lưu có trước mã này. Đọc lại các danh sách cần dùng, sau đó theo dõi tiếp với `since=now`.",
        en: "The change feed does not go on from this token", "It is older than what the feed keeps, or a backup from before it was restored. Read the lists again, then go on with `since=now`.";
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
    /// A part of a content that it does not have.
    RangeNotSatisfiable => "range-not-satisfiable", 416,
        vi: "Không có phần nội dung được yêu cầu", "Tiêu đề `Content-Range` cho biết dung lượng của toàn bộ nội dung.",
        en: "There is no such part", "The `Content-Range` header gives the size of the whole.";
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
