//! A problem on the wire.

use serde::Serialize;
use serde_json::{Map, Value};

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
