//! A change as it is told, and which changes are asked for.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use kernel::audit::journal::JournalAction;
use kernel::db::types::Instant;
use kernel::record_types::RecordType;
use kernel::text_enum;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitName, UnitScope};

text_enum! {
    /// What happened to a record (loại thay đổi).
    pub enum RecordChangeKind {
        /// It was made.
        Create => "create", "tạo mới";
        /// It was changed, or took a step of its life.
        Update => "update", "cập nhật";
        /// It was deleted.
        Delete => "delete", "xóa";
        /// Its personal data were erased on order: whoever keeps a copy erases them too.
        ErasePersonal => "erase_personal", "xóa dữ liệu cá nhân";
    }
}

impl From<JournalAction> for RecordChangeKind {
    fn from(action: JournalAction) -> Self {
        match action {
            JournalAction::Create => Self::Create,
            JournalAction::Delete => Self::Delete,
            JournalAction::ErasePersonal => Self::ErasePersonal,
            _ => Self::Update,
        }
    }
}

/// A change of a record (thay đổi của bản ghi).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RecordChange, example = json!({
    "position": 42, "type": "procedure", "id": "0190a8c0-0000-7000-8000-000000000001", "kind": "update",
    "version": 2, "org_unit_id": null, "org_unit_code": null, "org_unit_identifier": null,
    "org_unit_name": null, "changed_at": "2026-11-24T01:00:00Z",
    "href": "/api/v1/tthc/procedures/0190a8c0-0000-7000-8000-000000000001"
}))]
pub struct Change {
    /// Its place in the feed (vị trí).
    pub position: i64,
    /// What kind of record.
    #[serde(rename = "type")]
    pub record_type: RecordType,
    /// The record's id.
    pub id: String,
    /// What happened.
    pub kind: RecordChangeKind,
    /// The record's version afterwards.
    pub version: i64,
    /// The unit that the record belongs to (đơn vị); null where it belongs to none.
    pub org_unit_id: Option<OrgUnitId>,
    /// Its statistics code on the day of the change (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the day of the change (tên đơn vị).
    pub org_unit_name: Option<String>,
    /// When (thời điểm thay đổi).
    pub changed_at: Instant,
    /// Where the record is read, unless it was deleted.
    pub href: String,
}

/// Changes, and where the feed goes on (các thay đổi).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RecordChanges, example = json!({
    "items": [{
        "position": 42, "type": "processing_return", "id": "0190a8c0-0000-7000-8000-000000000001",
        "kind": "update", "version": 2, "org_unit_id": "0190a8c0-0000-7000-8000-000000000003",
        "org_unit_code": "31420", "org_unit_identifier": "H30.44", "org_unit_name": "Xã Phụng Hiệp",
        "changed_at": "2026-11-24T01:00:00Z",
        "href": "/api/v1/tthc/processing-returns/0190a8c0-0000-7000-8000-000000000001"
    }],
    "next_since": "AAAAAAAAACqfhtCBiExdZQAAAAAAAAAAjXfCfEJGZT5lK59C205zKw", "has_more": false
}))]
pub struct Changes {
    /// The changes, in the order of their positions.
    #[schema(max_items = 1_000)]
    pub items: Vec<Change>,
    /// `since` of the next request; keep it with the data.
    pub next_since: String,
    /// Whether there may be more at once.
    pub has_more: bool,
}

/// Which changes are asked for.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangeQuery {
    /// `next_since` of the request before (mã vị trí); from the beginning when not given, and `now`
    /// from now on, for whoever reads the lists first.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    pub since: Option<String>,
    /// These kinds of records only, with commas between (loại bản ghi); all that may be read when not
    /// given.
    #[serde(default, deserialize_with = "with_commas")]
    #[param(value_type = Option<Vec<RecordType>>, style = Form, explode = false, min_items = 1)]
    pub types: Option<Vec<RecordType>>,
    /// Records of this unit only, by id (đơn vị). A token given for some units holds for these alone:
    /// where the filter comes to name others, 410.
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The day on which the unit's code and the tree are read; today when not given.
    pub as_of: Option<NaiveDate>,
    /// The unit itself, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// How many changes at most (số thay đổi tối đa); 200 when not given.
    #[validate(range(min = 1, max = 1_000))]
    #[param(minimum = 1, maximum = 1_000, default = 200)]
    pub limit: Option<i64>,
    /// How many seconds to wait for a change when there is none yet (thời gian chờ); 0 when not given.
    /// The answer may come sooner.
    #[validate(range(min = 0, max = 60))]
    #[param(minimum = 0, maximum = 60, default = 0)]
    pub wait: Option<u64>,
}

impl ChangeQuery {
    /// The unit that is named, if any.
    #[must_use]
    pub fn unit_name(&self) -> UnitName<'_> {
        UnitName {
            id: self.org_unit_id,
            identifier: self.org_unit_identifier.as_deref(),
            code: self.org_unit_code.as_deref(),
        }
    }
}

fn with_commas<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<RecordType>>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let types = text.split(',').map(str::parse).collect::<Result<Vec<RecordType>, String>>();
    types.map(Some).map_err(serde::de::Error::custom)
}
