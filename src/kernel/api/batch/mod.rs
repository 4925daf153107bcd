//! Many records in one request: a JSON array or one record a line (NDJSON), all or nothing unless
//! `mode=partial`. Lines are read and checked in memory before the database is touched.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

pub use self::lines::at_most;
pub use self::lines::{Batch, Guard};
pub(super) use self::lines::{Lines, Telling, has_source_time, line};
pub use self::outcomes::Counts;
pub(super) use self::outcomes::{Origin, Outcomes};
pub(super) use self::write::Prepared;
pub use self::write::write_batch;
pub use self::write::write_lines;
use crate::error::ProblemDetails;
use crate::text_enum;

mod lines;
mod outcomes;
mod write;

/// The most records of one batch.
pub const BATCH_LINES: usize = 10_000;

/// One record a line.
pub const NDJSON: &str = "application/x-ndjson";

text_enum! {
    /// What a batch does when some of its lines cannot be written (cách ghi một lô).
    pub enum BatchMode {
        /// Nothing is written unless every line can be.
        All => "all", "tất cả hoặc không ghi gì";
        /// Each line stands for itself; only where not one of them is well formed, the batch is refused.
        Partial => "partial", "ghi từng dòng hợp lệ";
    }
}

text_enum! {
    /// What a batch does with a record that has the natural key already (khi đã có bản ghi trùng khóa).
    pub enum OnConflict {
        /// The line is refused as a duplicate.
        Refuse => "refuse", "từ chối dòng";
        /// The record is replaced, when the line is not older.
        Update => "update", "cập nhật bản ghi";
    }
}

text_enum! {
    /// What became of a line (kết quả của một dòng).
    pub enum BatchOutcome {
        /// A record was made.
        Created => "created", "đã tạo";
        /// A record was replaced.
        Updated => "updated", "đã cập nhật";
        /// The record said the same already: nothing was written.
        Unchanged => "unchanged", "không thay đổi";
        /// Newer data are held, or another version than the line replaces: nothing was written.
        Stale => "stale", "dữ liệu cũ hơn";
        /// The line cannot be written; its problem says why.
        Refused => "refused", "bị từ chối";
    }
}

/// How a batch is written.
#[derive(Debug, Clone, Copy, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BatchParams {
    /// What happens when some lines cannot be written (cách ghi); `all` when not given.
    #[param(inline)]
    pub mode: Option<BatchMode>,
    /// What happens to a record with the natural key of a line (khi trùng khóa); `refuse` when not given.
    #[param(inline)]
    pub on_conflict: Option<OnConflict>,
}

/// What became of a batch, line by line (kết quả ghi một lô).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "created": 1, "updated": 0, "unchanged": 0, "stale": 0, "refused": 0,
    "lines": [{"index": 0, "outcome": "created", "status": 201, "id": "0190a8c0-0000-7000-8000-000000000001", "version": 1}]
}))]
pub struct BatchReport {
    /// Records made (số bản ghi đã tạo).
    pub created: i64,
    /// Records replaced (số bản ghi đã cập nhật).
    pub updated: i64,
    /// Lines that said what was known already (số dòng không thay đổi).
    pub unchanged: i64,
    /// Lines older than the record held (số dòng dữ liệu cũ).
    pub stale: i64,
    /// Lines refused (số dòng bị từ chối).
    pub refused: i64,
    /// The lines, in their order.
    pub lines: Vec<BatchLine>,
}

/// What became of one line (kết quả của một dòng).
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchLine {
    /// Its place in the batch, from 0 (thứ tự dòng).
    #[schema(minimum = 0)]
    pub index: usize,
    /// What became of it.
    pub outcome: BatchOutcome,
    /// The HTTP status that it would have had by itself.
    #[schema(minimum = 200, maximum = 599)]
    pub status: u16,
    /// The record's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, format = "uuid")]
    pub id: Option<String>,
    /// The record's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub version: Option<i64>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub problem: Option<ProblemDetails>,
}
