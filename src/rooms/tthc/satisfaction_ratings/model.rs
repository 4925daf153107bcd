//! What a satisfaction rating is: on the wire and in its rows.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::dossiers::model::DossierId;
use kernel::api::Change;
use kernel::db::schema::satisfaction_ratings;
use kernel::db::types::Instant;
use kernel::text::spaced;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitLabel, UnitName, UnitScope};
use kernel::{id, page_of, record, row, text_enum};

id! {
    /// Id of a satisfaction rating (đánh giá sự hài lòng).
    SatisfactionRatingId
}

text_enum! {
    /// How satisfied the applicant is (mức độ hài lòng).
    pub enum SatisfactionLevel {
        /// Very satisfied.
        VerySatisfied => "very_satisfied", "rất hài lòng";
        /// Satisfied.
        Satisfied => "satisfied", "hài lòng";
        /// Neither satisfied nor dissatisfied.
        Normal => "normal", "bình thường";
        /// Dissatisfied.
        Dissatisfied => "dissatisfied", "không hài lòng";
    }
}

text_enum! {
    /// How the rating was given (hình thức đánh giá).
    pub enum SatisfactionChannel {
        /// On a portal.
        Portal => "portal", "cổng dịch vụ công";
        /// On a device at the counter.
        Kiosk => "kiosk", "thiết bị đánh giá tại bộ phận một cửa";
        /// On paper.
        Paper => "paper", "phiếu đánh giá";
        /// By telephone or message.
        Phone => "phone", "điện thoại, tin nhắn";
    }
}

text_enum! {
    /// Order of satisfaction ratings (thứ tự).
    pub enum SatisfactionRatingSort {
        /// The earliest first.
        RatedOn => "rated_on", "ngày đánh giá tăng dần";
        /// The latest first.
        RatedOnDesc => "-rated_on", "ngày đánh giá giảm dần";
    }
}

/// A satisfaction rating as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = satisfaction_ratings, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the fields are explained on SatisfactionRating")]
pub struct RatingRow {
    pub id: SatisfactionRatingId,
    /// The province that it belongs to.
    pub province_id: OrgUnitId,
    pub org_unit_id: OrgUnitId,
    pub dossier_code: String,
    pub dossier_id: Option<DossierId>,
    pub rated_on: NaiveDate,
    pub level: SatisfactionLevel,
    pub channel: SatisfactionChannel,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}
row!(RatingRow, SatisfactionRatingId);

/// How satisfied an applicant is with the handling of a dossier (đánh giá sự hài lòng). It names no person.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000041", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
    "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
    "dossier_code": "H13.44-261102-0007", "dossier_id": "0190a8c0-0000-7000-8000-000000000021",
    "rated_on": "2026-11-09", "level": "very_satisfied", "channel": "kiosk", "version": 1,
    "created_at": "2026-11-09T02:00:00Z", "updated_at": "2026-11-09T02:00:00Z"
}))]
pub struct SatisfactionRating {
    /// Its id.
    pub id: SatisfactionRatingId,
    /// The unit that is rated (đơn vị được đánh giá).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the day (tên đơn vị).
    pub org_unit_name: String,
    /// Code of the dossier (mã hồ sơ).
    pub dossier_code: String,
    /// The dossier, where it was kept here when the rating was last written (hồ sơ).
    pub dossier_id: Option<DossierId>,
    /// The day of the rating (ngày đánh giá).
    pub rated_on: NaiveDate,
    /// How satisfied the applicant is (mức độ hài lòng).
    pub level: SatisfactionLevel,
    /// How the rating was given (hình thức đánh giá).
    pub channel: SatisfactionChannel,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
page_of!(SatisfactionRatingPage, SatisfactionRating, "satisfaction ratings");

record!(SatisfactionRating);

impl SatisfactionRating {
    /// The answer of a stored rating.
    #[must_use]
    pub fn of(row: RatingRow, unit: UnitLabel) -> Self {
        Self {
            id: row.id,
            org_unit_id: unit.org_unit_id,
            org_unit_code: unit.org_unit_code,
            org_unit_identifier: unit.org_unit_identifier,
            org_unit_name: unit.org_unit_name,
            dossier_code: row.dossier_code,
            dossier_id: row.dossier_id,
            rated_on: row.rated_on,
            level: row.level,
            channel: row.channel,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A new satisfaction rating, or the whole of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "org_unit_code": "31420", "dossier_code": "H13.44-261102-0007", "rated_on": "2026-11-09",
    "level": "very_satisfied", "channel": "kiosk"
}))]
pub struct SatisfactionRatingCreate {
    /// The unit that is rated, by id; exactly one of id, identifier and code (đơn vị được đánh giá).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on the day of the rating (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// Code of the dossier (mã hồ sơ).
    #[validate(length(min = 1, max = 60), custom(function = spaced))]
    #[schema(min_length = 1, max_length = 60)]
    pub dossier_code: String,
    /// The day of the rating (ngày đánh giá).
    pub rated_on: NaiveDate,
    /// How satisfied the applicant is (mức độ hài lòng).
    pub level: SatisfactionLevel,
    /// How the rating was given (hình thức đánh giá).
    pub channel: SatisfactionChannel,
}

impl SatisfactionRatingCreate {
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

/// Changes to a satisfaction rating (RFC 7396). Unit and dossier stay: they name it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"level": "satisfied"}))]
pub struct SatisfactionRatingPatch {
    /// The day of the rating (ngày đánh giá).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub rated_on: Change<NaiveDate>,
    /// How satisfied the applicant is (mức độ hài lòng).
    #[serde(default)]
    #[schema(value_type = SatisfactionLevel, required = false)]
    pub level: Change<SatisfactionLevel>,
    /// How the rating was given (hình thức đánh giá).
    #[serde(default)]
    #[schema(value_type = SatisfactionChannel, required = false)]
    pub channel: Change<SatisfactionChannel>,
}

impl SatisfactionRatingPatch {
    /// The whole rating after the patch.
    #[must_use]
    pub fn onto(self, present: &SatisfactionRating) -> SatisfactionRatingCreate {
        SatisfactionRatingCreate {
            org_unit_id: Some(present.org_unit_id),
            org_unit_identifier: None,
            org_unit_code: None,
            dossier_code: present.dossier_code.clone(),
            rated_on: self.rated_on.onto(present.rated_on),
            level: self.level.onto(present.level),
            channel: self.channel.onto(present.channel),
        }
    }
}

/// Which satisfaction ratings a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SatisfactionRatingFilter {
    /// The unit, by id (đơn vị).
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
    /// Code of the dossier (mã hồ sơ).
    #[validate(length(min = 1, max = 60))]
    #[param(min_length = 1, max_length = 60)]
    pub dossier_code: Option<String>,
    /// How satisfied the applicant is (mức độ hài lòng).
    #[param(inline)]
    pub level: Option<SatisfactionLevel>,
    /// First day of the ratings (đánh giá từ ngày).
    pub rated_from: Option<NaiveDate>,
    /// Last day of the ratings (đánh giá đến ngày).
    pub rated_to: Option<NaiveDate>,
    /// Order (thứ tự); the latest first when not given.
    #[param(inline)]
    pub sort: Option<SatisfactionRatingSort>,
}
