//! The faces of an attachment: row and answer, what is sent, and the filter.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::db::schema::attachments;
use crate::db::types::Instant;
use crate::domain::organization::tree::OrgUnitId;
use crate::exchange::record_types::RecordType;
use crate::{id, page_of, record, text_enum};

id! {
    /// Id of an attachment (tệp đính kèm).
    AttachmentId
}

text_enum! {
    /// Order of attachments (thứ tự).
    pub enum AttachmentSort {
        /// Oldest first.
        CreatedAt => "created_at", "thời điểm đính kèm tăng dần";
        /// Newest first.
        CreatedAtDesc => "-created_at", "thời điểm đính kèm giảm dần";
    }
}

/// A file that belongs to a record (tệp đính kèm). It never changes: another content is another
/// attachment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, Queryable, Selectable, Insertable)]
#[diesel(table_name = attachments, treat_none_as_default_value = false)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000009", "record_type": "processing_return",
    "record_id": "0190a8c0-0000-7000-8000-000000000001", "org_unit_id": "73c0c0b6-6b8e-5a55-8f2e-2f6f4f1d4a10",
    "name": "Báo cáo 6 tháng (đã ký).pdf", "description": "Bản ký số của Chủ tịch UBND xã.",
    "media_type": "application/pdf", "size_bytes": 183204,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "created_by": "0190a8c0-0000-7000-8000-000000000002", "version": 1,
    "created_at": "2026-11-23T05:00:00Z", "updated_at": "2026-11-23T05:00:00Z"
}))]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// What kind of record it belongs to (loại bản ghi).
    pub record_type: RecordType,
    /// The record that it belongs to (bản ghi).
    #[schema(format = "uuid")]
    pub record_id: String,
    /// The province of that record, for whoever follows changes.
    #[serde(skip)]
    #[schema(ignore)]
    pub province_id: Option<OrgUnitId>,
    /// The unit of that record (đơn vị); null where it belongs to none.
    pub org_unit_id: Option<OrgUnitId>,
    /// Name of the file (tên tệp).
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// What it is (mô tả).
    #[schema(max_length = 500)]
    pub description: Option<String>,
    /// Media type, as the content itself shows (loại tệp).
    pub media_type: String,
    /// Size (dung lượng), in bytes.
    #[schema(minimum = 1)]
    pub size_bytes: i64,
    /// SHA-256 of the content (mã băm), in hexadecimal digits.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
    /// The account that attached it (tài khoản đính kèm).
    pub created_by: String,
    /// Version of the record.
    pub version: i64,
    /// When it was attached.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
record!(Attachment);
page_of!(AttachmentPage, Attachment, "attachments");

/// A file to attach (tệp cần đính kèm), as `multipart/form-data`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"file": "%PDF-1.7 ...", "description": "Bản ký số của Chủ tịch UBND xã."}))]
pub struct AttachmentUpload {
    /// The file, with its name (tệp). Its content must be what its extension and `Content-Type` say.
    #[schema(value_type = String, format = Binary)]
    pub file: Vec<u8>,
    /// What it is (mô tả).
    #[schema(max_length = 500, required = false, nullable = false)]
    pub description: Option<String>,
}

/// Which attachments of a record a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AttachmentFilter {
    /// Order (thứ tự); oldest first when not given.
    #[param(inline)]
    pub sort: Option<AttachmentSort>,
}
