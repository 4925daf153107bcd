//! The faces of an attachment: row and answer, what is sent, and the filter.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::audit::personal_reads::Shown;
use crate::db::schema::attachments;
use crate::db::types::Instant;
use crate::record_types::RecordType;
use crate::tree::OrgUnitId;
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

/// An attachment as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = attachments, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the fields are explained on Attachment")]
pub struct AttachmentRow {
    pub id: AttachmentId,
    pub record_type: RecordType,
    pub record_id: String,
    pub province_id: Option<OrgUnitId>,
    pub org_unit_id: Option<OrgUnitId>,
    pub name: String,
    pub description: Option<String>,
    pub media_type: String,
    pub size_bytes: i64,
    pub sha256: String,
    pub created_by: String,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// How the files of a record are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sight {
    /// They hold nobody's personal data: whoever reads the record reads them.
    #[default]
    Open,
    /// They may hold personal data, which this account sees in clear.
    Clear,
    /// They may hold personal data, of which this account sees no name, no description and no content.
    Masked,
}

/// A file that belongs to a record (tệp đính kèm). It never changes: another content is another
/// attachment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
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
    /// The unit of that record (đơn vị); null where it belongs to none.
    pub org_unit_id: Option<OrgUnitId>,
    /// Name of the file (tên tệp); of a file with personal data masked up to its extension.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// What it is (mô tả); masked likewise.
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
    /// In which province's journal it stands.
    #[serde(skip)]
    #[schema(ignore)]
    pub province_id: Option<OrgUnitId>,
    /// How it is seen.
    #[serde(skip)]
    #[schema(ignore)]
    pub sight: Sight,
}
record!(Attachment, shown: in_clear);

impl Attachment {
    /// The answer of a stored attachment. Size, kind and digest stay where name and description are masked:
    /// nobody learns a person from them, and whoever keeps copies compares them.
    #[must_use]
    pub fn of(row: AttachmentRow, sight: Sight) -> Self {
        let is_masked = sight == Sight::Masked;
        Self {
            id: row.id,
            record_type: row.record_type,
            record_id: row.record_id,
            org_unit_id: row.org_unit_id,
            name: if is_masked { masked_name(&row.name) } else { row.name },
            description: row.description.map(|told| if is_masked { MASK.to_owned() } else { told }),
            media_type: row.media_type,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            created_by: row.created_by,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            province_id: row.province_id,
            sight,
        }
    }

    fn in_clear(&self) -> Option<Shown> {
        let unit = self.org_unit_id.filter(|_| self.sight == Sight::Clear)?;
        Some(Shown {
            record_type: RecordType::Attachment.as_str(),
            id: self.id.to_string(),
            version: self.version,
            unit,
            province: self.province_id,
        })
    }
}

/// What stands for a text that is not shown.
const MASK: &str = "***";

/// The name of a file without what it may tell of a person.
fn masked_name(name: &str) -> String {
    name.rsplit_once('.').map_or_else(|| MASK.to_owned(), |(_, extension)| format!("{MASK}.{extension}"))
}
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_name_keeps_its_extension_alone() {
        assert_eq!(masked_name("Đơn của Nguyễn Văn A.012345678901.pdf"), "***.pdf");
        assert_eq!(masked_name("khong-co-duoi"), "***");
    }
}
