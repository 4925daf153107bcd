//! What a support activity is: on the wire and in its rows.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::rules;
use crate::api::{Change, Patch};
use crate::db::schema::support_activities;
use crate::db::types::Instant;
use crate::domain::organization::reference::{UnitLabel, UnitName, UnitScope};
use crate::domain::organization::tree::OrgUnitId;
use crate::domain::remarks::Remark;
use crate::{id, page_of, record, row, text_enum};

id! {
    /// Id of a support activity (hoạt động hỗ trợ).
    SupportActivityId
}

text_enum! {
    /// What is done (loại hoạt động hỗ trợ).
    pub enum SupportKind {
        /// People are helped to file online.
        OnlineSubmissionSupport => "online_submission_support", "hỗ trợ nộp hồ sơ trực tuyến";
        /// Officials are assigned to help.
        HelperAssignment => "helper_assignment", "phân công người hỗ trợ";
        /// People are told of it.
        Communication => "communication", "thông tin, tuyên truyền";
        /// Officials or people are trained.
        Training => "training", "tập huấn, bồi dưỡng";
        /// Many are sent out for some days.
        Campaign => "campaign", "chiến dịch, ra quân";
    }
}

text_enum! {
    /// Order of support activities (thứ tự).
    pub enum SupportActivitySort {
        /// Earliest first.
        StartsOn => "starts_on", "ngày bắt đầu tăng dần";
        /// Latest first.
        StartsOnDesc => "-starts_on", "ngày bắt đầu giảm dần";
    }
}

/// An activity as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = support_activities, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the fields are explained on SupportActivity")]
pub struct ActivityRow {
    pub id: SupportActivityId,
    /// The province that it belongs to.
    pub province_id: OrgUnitId,
    pub org_unit_id: OrgUnitId,
    pub kind: SupportKind,
    pub title: String,
    /// The title as it is compared and searched.
    pub title_folded: String,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub place: Option<String>,
    pub document_number: Option<String>,
    pub document_on: Option<NaiveDate>,
    pub assigned_persons: Option<i64>,
    pub people_supported: Option<i64>,
    pub dossiers_supported: Option<i64>,
    pub accounts_registered: Option<i64>,
    pub participants: Option<i64>,
    pub news_items: Option<i64>,
    pub leaflets: Option<i64>,
    pub note: Option<String>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}
row!(ActivityRow, SupportActivityId);

/// What a unit does so that people can use online services (hoạt động hỗ trợ nộp hồ sơ trực tuyến, tuyên
/// truyền).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000022", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
    "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
    "kind": "helper_assignment", "title": "Phân công công chức hỗ trợ nộp hồ sơ trực tuyến",
    "starts_on": "2026-01-05", "ends_on": null, "place": "Trung tâm Phục vụ hành chính công xã Phụng Hiệp",
    "document_number": "12/QĐ-UBND", "document_on": "2026-01-05", "assigned_persons": 2,
    "people_supported": 412, "dossiers_supported": 389, "accounts_registered": 57, "participants": null,
    "news_items": null, "leaflets": null, "remarks": [], "note": null, "version": 1,
    "created_at": "2026-01-05T02:00:00Z", "updated_at": "2026-01-05T02:00:00Z"
}))]
pub struct SupportActivity {
    /// Its id.
    pub id: SupportActivityId,
    /// The unit that carries it out (đơn vị thực hiện).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the first day (tên đơn vị).
    pub org_unit_name: String,
    /// What is done (loại hoạt động).
    pub kind: SupportKind,
    /// What it is called (tên hoạt động).
    pub title: String,
    /// Its day, or its first day (ngày thực hiện, ngày bắt đầu).
    pub starts_on: NaiveDate,
    /// Last day (ngày kết thúc); null while it goes on.
    pub ends_on: Option<NaiveDate>,
    /// Where (nơi thực hiện).
    pub place: Option<String>,
    /// Number of the plan or decision (số, ký hiệu văn bản).
    pub document_number: Option<String>,
    /// Its day (ngày văn bản).
    pub document_on: Option<NaiveDate>,
    /// Persons assigned to help (số người được phân công hỗ trợ); null where it was not counted.
    #[schema(minimum = 0)]
    pub assigned_persons: Option<i64>,
    /// Persons helped, each visit or call once (số lượt người được hỗ trợ); null where it was not counted.
    #[schema(minimum = 0)]
    pub people_supported: Option<i64>,
    /// Dossiers filed online with help (số hồ sơ được hỗ trợ nộp trực tuyến); null where it was not counted.
    #[schema(minimum = 0)]
    pub dossiers_supported: Option<i64>,
    /// Accounts of the public service portal opened with help (số tài khoản dịch vụ công được hỗ trợ đăng ký); null where it was not counted.
    #[schema(minimum = 0)]
    pub accounts_registered: Option<i64>,
    /// Persons who took part (số người tham dự); null where it was not counted.
    #[schema(minimum = 0)]
    pub participants: Option<i64>,
    /// News, articles and broadcasts (số tin, bài, lượt phát thanh); null where it was not counted.
    #[schema(minimum = 0)]
    pub news_items: Option<i64>,
    /// Leaflets and posters (số tờ rơi, áp phích); null where it was not counted.
    #[schema(minimum = 0)]
    pub leaflets: Option<i64>,
    /// What is noticed about it (lưu ý).
    pub remarks: Vec<Remark>,
    /// Note (ghi chú).
    pub note: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
page_of!(SupportActivityPage, SupportActivity, "support activities");

record!(SupportActivity);

impl SupportActivity {
    /// The answer of a stored activity.
    #[must_use]
    pub fn of(row: ActivityRow, unit: UnitLabel) -> Self {
        Self {
            id: row.id,
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            remarks: rules::remarks(&row),
            kind: row.kind,
            title: row.title,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            place: row.place,
            document_number: row.document_number,
            document_on: row.document_on,
            assigned_persons: row.assigned_persons,
            people_supported: row.people_supported,
            dossiers_supported: row.dossiers_supported,
            accounts_registered: row.accounts_registered,
            participants: row.participants,
            news_items: row.news_items,
            leaflets: row.leaflets,
            note: row.note,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A new activity, or the whole of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "org_unit_code": "31420", "kind": "helper_assignment",
    "title": "Phân công công chức hỗ trợ nộp hồ sơ trực tuyến", "starts_on": "2026-01-05",
    "place": "Trung tâm Phục vụ hành chính công", "assigned_persons": 2
}))]
pub struct SupportActivityCreate {
    /// The unit that carries it out, by id; exactly one of id, identifier and code (đơn vị thực hiện).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on the first day (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// What is done (loại hoạt động).
    pub kind: SupportKind,
    /// What it is called (tên hoạt động). A unit's activities are told apart by kind, first day and title.
    #[validate(length(min = 1, max = 250), custom(function = "crate::text::worded"))]
    #[schema(min_length = 1, max_length = 250)]
    pub title: String,
    /// Its day, or its first day (ngày thực hiện, ngày bắt đầu).
    pub starts_on: NaiveDate,
    /// Last day (ngày kết thúc), of one that takes a day the same; null or absent while it goes on.
    #[serde(default)]
    pub ends_on: Option<NaiveDate>,
    /// Where (nơi thực hiện).
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub place: Option<String>,
    /// Number of the plan or decision (số, ký hiệu văn bản).
    #[serde(default)]
    #[validate(length(min = 3, max = 50))]
    #[schema(min_length = 3, max_length = 50)]
    pub document_number: Option<String>,
    /// Its day (ngày văn bản).
    #[serde(default)]
    pub document_on: Option<NaiveDate>,
    /// Persons assigned to help (số người được phân công hỗ trợ); absent where it was not counted.
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub assigned_persons: Option<i64>,
    /// Persons helped, each visit or call once (số lượt người được hỗ trợ); absent where it was not counted.
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub people_supported: Option<i64>,
    /// Dossiers filed online with help (số hồ sơ được hỗ trợ nộp trực tuyến); absent where it was not counted.
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub dossiers_supported: Option<i64>,
    /// Accounts of the public service portal opened with help (số tài khoản dịch vụ công được hỗ trợ đăng ký); absent where it was not counted.
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub accounts_registered: Option<i64>,
    /// Persons who took part (số người tham dự); absent where it was not counted.
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub participants: Option<i64>,
    /// News, articles and broadcasts (số tin, bài, lượt phát thanh); absent where it was not counted.
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub news_items: Option<i64>,
    /// Leaflets and posters (số tờ rơi, áp phích); absent where it was not counted.
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub leaflets: Option<i64>,
    /// Note (ghi chú).
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

impl SupportActivityCreate {
    /// How the unit is named.
    #[must_use]
    pub fn unit_name(&self) -> UnitName<'_> {
        UnitName {
            id: self.org_unit_id,
            identifier: self.org_unit_identifier.as_deref(),
            code: self.org_unit_code.as_deref(),
        }
    }
}

/// Changes to an activity (RFC 7396). The unit stays: it names it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"people_supported": 430, "dossiers_supported": 402}))]
pub struct SupportActivityPatch {
    /// What is done (loại hoạt động).
    #[serde(default)]
    #[schema(value_type = SupportKind, required = false)]
    pub kind: Change<SupportKind>,
    /// What it is called (tên hoạt động).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 250)]
    pub title: Change<String>,
    /// Its day, or its first day (ngày thực hiện, ngày bắt đầu).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub starts_on: Change<NaiveDate>,
    /// Last day (ngày kết thúc); null while it goes on.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub ends_on: Patch<NaiveDate>,
    /// Where (nơi thực hiện).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub place: Patch<String>,
    /// Number of the plan or decision (số, ký hiệu văn bản).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 50)]
    pub document_number: Patch<String>,
    /// Its day (ngày văn bản).
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub document_on: Patch<NaiveDate>,
    /// Persons assigned to help (số người được phân công hỗ trợ); null where it was not counted.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000)]
    pub assigned_persons: Patch<i64>,
    /// Persons helped, each visit or call once (số lượt người được hỗ trợ); null where it was not counted.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000)]
    pub people_supported: Patch<i64>,
    /// Dossiers filed online with help (số hồ sơ được hỗ trợ nộp trực tuyến); null where it was not counted.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000)]
    pub dossiers_supported: Patch<i64>,
    /// Accounts of the public service portal opened with help (số tài khoản dịch vụ công được hỗ trợ đăng ký); null where it was not counted.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000)]
    pub accounts_registered: Patch<i64>,
    /// Persons who took part (số người tham dự); null where it was not counted.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000)]
    pub participants: Patch<i64>,
    /// News, articles and broadcasts (số tin, bài, lượt phát thanh); null where it was not counted.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000)]
    pub news_items: Patch<i64>,
    /// Leaflets and posters (số tờ rơi, áp phích); null where it was not counted.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000)]
    pub leaflets: Patch<i64>,
    /// Note (ghi chú).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Patch<String>,
}

impl SupportActivityPatch {
    /// The whole activity after the patch.
    #[must_use]
    pub fn onto(self, present: &SupportActivity) -> SupportActivityCreate {
        let present = present.clone();
        SupportActivityCreate {
            org_unit_id: Some(present.org_unit_id),
            org_unit_identifier: None,
            org_unit_code: None,
            kind: self.kind.onto(present.kind),
            title: self.title.onto(present.title),
            starts_on: self.starts_on.onto(present.starts_on),
            ends_on: self.ends_on.onto(present.ends_on),
            place: self.place.onto(present.place),
            document_number: self.document_number.onto(present.document_number),
            document_on: self.document_on.onto(present.document_on),
            assigned_persons: self.assigned_persons.onto(present.assigned_persons),
            people_supported: self.people_supported.onto(present.people_supported),
            dossiers_supported: self.dossiers_supported.onto(present.dossiers_supported),
            accounts_registered: self.accounts_registered.onto(present.accounts_registered),
            participants: self.participants.onto(present.participants),
            news_items: self.news_items.onto(present.news_items),
            leaflets: self.leaflets.onto(present.leaflets),
            note: self.note.onto(present.note),
        }
    }
}

/// Which activities a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SupportActivityFilter {
    /// The unit that carries them out, by id (đơn vị thực hiện).
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
    /// What is done (loại hoạt động).
    #[param(inline)]
    pub kind: Option<SupportKind>,
    /// Begun on this day or later (bắt đầu từ ngày).
    pub starts_from: Option<NaiveDate>,
    /// Begun on this day or before (bắt đầu đến ngày).
    pub starts_to: Option<NaiveDate>,
    /// Those that go on on this day (đang diễn ra vào ngày).
    pub on: Option<NaiveDate>,
    /// Words of the title in any order, without regard to case and tone marks.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    /// Order (thứ tự); the latest first when not given.
    #[param(inline)]
    pub sort: Option<SupportActivitySort>,
}
