//! What a procedure is: on the wire and in its rows.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::fields::ProcedureFieldId;
use kernel::db::json_text::JsonText;
use kernel::db::schema::{procedure_versions, procedures};
use kernel::db::types::Instant;
use kernel::reporting::working_days::Span;
use kernel::validity::{Certainty, OPEN_BEGINNING, OPEN_END};
use kernel::{id, page_of, record, row, text_enum};

id! {
    /// Identity of a procedure (định danh thủ tục hành chính): the same through all its versions.
    ProcedureId
}

id! {
    /// Id of one version of a procedure (phiên bản thủ tục), which a dossier keeps.
    ProcedureVersionId
}

text_enum! {
    /// Who handles a procedure (cấp thực hiện).
    pub enum ProcedureLevel {
        /// A ministry.
        Ministry => "ministry", "cấp bộ";
        /// The province.
        Province => "province", "cấp tỉnh";
        /// The district, until 30 June 2025.
        District => "district", "cấp huyện";
        /// The commune decides.
        Commune => "commune", "cấp xã";
        /// The commune's one-stop centre takes it in; who decides is not said.
        CommuneReception => "commune_reception", "tiếp nhận tại cấp xã";
    }
}

text_enum! {
    /// How far a procedure can be done online (mức độ cung cấp dịch vụ công trực tuyến).
    pub enum ServiceLevel {
        /// From application to result.
        FullOnline => "full_online", "toàn trình";
        /// Part of it.
        PartialOnline => "partial_online", "một phần";
        /// The portal tells about it only.
        InformationOnly => "information_only", "cung cấp thông tin";
        /// Not said.
        Unknown => "unknown", "chưa xác định";
    }
}

text_enum! {
    /// What a deadline is counted in (đơn vị tính thời hạn).
    pub enum DeadlineUnit {
        /// Office hours.
        WorkingHour => "working_hour", "giờ làm việc";
        /// Working days.
        WorkingDay => "working_day", "ngày làm việc";
        /// Days of the calendar.
        CalendarDay => "calendar_day", "ngày";
        /// On the day of receipt.
        Immediate => "immediate", "trong ngày tiếp nhận";
        /// There is none by law.
        None => "none", "không quy định";
    }
}

text_enum! {
    /// Whether a procedure is in force on a day (tình trạng hiệu lực).
    pub enum ProcedureStatus {
        /// It is announced for a later day.
        NotYetInForce => "not_yet_in_force", "chưa có hiệu lực";
        /// It is in force.
        InForce => "in_force", "còn hiệu lực";
        /// It was repealed, or replaced by another procedure.
        Ended => "ended", "hết hiệu lực";
    }
}

text_enum! {
    /// Order of procedures (thứ tự).
    pub enum ProcedureSort {
        /// By code.
        Code => "code", "mã tăng dần";
        /// By code, backwards.
        CodeDesc => "-code", "mã giảm dần";
        /// By name, without regard to tone marks.
        Name => "name", "tên tăng dần";
        /// By name, backwards.
        NameDesc => "-name", "tên giảm dần";
    }
}

/// How long a procedure may take, in one case (thời hạn giải quyết).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProcedureDeadline)]
pub struct Deadline {
    /// How many units (số lượng); none where the unit is `immediate` or `none`.
    #[serde(default)]
    #[validate(range(min = 1, max = 730))]
    #[schema(minimum = 1, maximum = 730)]
    pub value: Option<u32>,
    /// What it is counted in (đơn vị tính thời hạn).
    pub unit: DeadlineUnit,
    /// The case for which it holds (trường hợp áp dụng).
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub variant: Option<String>,
}

impl Deadline {
    /// The span that it means; none where there is no deadline.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        let value = self.value.unwrap_or(0);
        match self.unit {
            DeadlineUnit::WorkingHour => Some(Span::WorkingHours(value)),
            DeadlineUnit::WorkingDay => Some(Span::WorkingDays(value)),
            DeadlineUnit::CalendarDay => Some(Span::CalendarDays(value)),
            DeadlineUnit::Immediate => Some(Span::Immediate),
            DeadlineUnit::None => None,
        }
    }
}

impl DeadlineUnit {
    /// Whether it asks for a number.
    #[must_use]
    pub const fn is_counted(self) -> bool {
        !matches!(self, Self::Immediate | Self::None)
    }
}

/// A fee or charge (phí, lệ phí).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProcedureFee, example = json!({"name": "Lệ phí cấp bản sao trích lục hộ tịch", "amount_vnd": 8000}))]
pub struct Fee {
    /// What is paid for (tên phí, lệ phí).
    #[validate(length(min = 1, max = 500), custom(function = "kernel::text::worded"))]
    #[schema(min_length = 1, max_length = 500)]
    pub name: String,
    /// How much, in đồng (mức thu); null where it depends on the case.
    #[serde(default)]
    #[validate(range(min = 0, max = 9_007_199_254_740_991_i64))]
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub amount_vnd: Option<i64>,
    /// The case for which it holds, or how it is computed (trường hợp, cách tính).
    #[serde(default)]
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    pub variant: Option<String>,
}

/// A paper that an application needs (thành phần hồ sơ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProcedurePaper, example = json!({"name": "Tờ khai theo mẫu", "originals": 1}))]
pub struct Paper {
    /// Its name (tên giấy tờ).
    #[validate(length(min = 1, max = 1000), custom(function = "kernel::text::worded"))]
    #[schema(min_length = 1, max_length = 1000)]
    pub name: String,
    /// How many originals (số bản chính).
    #[serde(default)]
    #[validate(range(max = 99))]
    #[schema(minimum = 0, maximum = 99)]
    pub originals: u32,
    /// How many copies (số bản sao).
    #[serde(default)]
    #[validate(range(max = 99))]
    #[schema(minimum = 0, maximum = 99)]
    pub copies: u32,
    /// Whether it may be left out in some cases (không bắt buộc).
    #[serde(default)]
    pub optional: bool,
    /// The form to fill in (mẫu đơn, tờ khai).
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub form: Option<String>,
}

/// An administrative procedure (thủ tục hành chính), in the version that speaks for a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000001", "version_id": "0190a8c0-0000-7000-8000-000000000002",
    "code": "1.000593", "name": "Thủ tục đăng ký kết hôn lưu động",
    "field_id": "0190a8c0-0000-7000-8000-000000000003", "field_name": "Hộ tịch", "level": "commune",
    "service_level": "unknown", "deadlines": [{"value": 5, "unit": "working_day", "variant": null}],
    "deadline_text": "5 Ngày làm việc", "fees": [], "papers": [], "authority": "Ủy ban nhân dân cấp xã",
    "announcing_decision": null, "source": null, "note": null, "status": "in_force", "valid_from": null,
    "valid_from_certainty": "inferred", "valid_to": null, "valid_to_certainty": null, "version": 1,
    "created_at": "2026-11-24T01:00:00Z", "updated_at": "2026-11-24T01:00:00Z"
}))]
pub struct Procedure {
    /// Its identity.
    pub id: ProcedureId,
    /// The version that speaks for the day (mã phiên bản).
    pub version_id: ProcedureVersionId,
    /// National code (mã TTHC): `1.001193`, in a province's own version with its agency code behind.
    pub code: String,
    /// Name (tên thủ tục).
    pub name: String,
    /// Field (lĩnh vực).
    pub field_id: Option<ProcedureFieldId>,
    /// Name of the field (tên lĩnh vực).
    pub field_name: Option<String>,
    /// Who handles it (cấp giải quyết).
    pub level: ProcedureLevel,
    /// How far it can be done online (mức độ dịch vụ công trực tuyến).
    pub service_level: ServiceLevel,
    /// Deadlines by case (thời hạn giải quyết); empty where none is known, one with the unit `none` where
    /// the law sets none.
    pub deadlines: Vec<Deadline>,
    /// The deadlines as the source words them (thời hạn theo nguyên văn).
    pub deadline_text: Option<String>,
    /// Fees and charges (phí, lệ phí).
    pub fees: Vec<Fee>,
    /// Papers that an application needs (thành phần hồ sơ).
    pub papers: Vec<Paper>,
    /// Who decides, as the source names it (cơ quan thực hiện).
    pub authority: Option<String>,
    /// The decision that announced this version (quyết định công bố).
    pub announcing_decision: Option<String>,
    /// Where it was taken from (nguồn).
    pub source: Option<String>,
    /// Remark (ghi chú).
    pub note: Option<String>,
    /// Whether it is in force on the day asked for (tình trạng).
    pub status: ProcedureStatus,
    /// First day of this version (ngày bắt đầu hiệu lực); null when it is not known.
    pub valid_from: Option<NaiveDate>,
    /// How sure the first day is (độ chắc chắn của ngày bắt đầu).
    pub valid_from_certainty: Certainty,
    /// First day on which it no longer holds (ngày hết hiệu lực); null while it does.
    pub valid_to: Option<NaiveDate>,
    /// How sure that day is (độ chắc chắn của ngày hết hiệu lực); null while there is none.
    pub valid_to_certainty: Option<Certainty>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
page_of!(ProcedurePage, Procedure, "procedures");

record!(Procedure);

/// An identity (định danh thủ tục), as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = procedures, treat_none_as_default_value = false)]
pub struct IdentityRow {
    /// Its id.
    pub id: ProcedureId,
    /// National code.
    pub code: String,
    /// Version of the record: one more with every change to any of its versions.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
row!(IdentityRow, ProcedureId);

/// A version (phiên bản), as it is stored.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, Identifiable, AsChangeset,
)]
#[diesel(table_name = procedure_versions, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the fields are explained on Procedure")]
pub struct VersionRow {
    pub id: ProcedureVersionId,
    pub procedure_id: ProcedureId,
    pub valid_from: NaiveDate,
    pub valid_from_certainty: Certainty,
    pub valid_to: NaiveDate,
    pub valid_to_certainty: Certainty,
    pub speaks_from: NaiveDate,
    pub speaks_to: NaiveDate,
    pub name: String,
    pub name_folded: String,
    pub field_id: Option<ProcedureFieldId>,
    pub level: ProcedureLevel,
    pub service_level: ServiceLevel,
    pub deadlines: JsonText<Vec<Deadline>>,
    pub deadline_text: Option<String>,
    pub fees: JsonText<Vec<Fee>>,
    pub papers: JsonText<Vec<Paper>>,
    pub authority: Option<String>,
    pub announcing_decision: Option<String>,
    pub source: Option<String>,
    pub note: Option<String>,
}

impl VersionRow {
    /// Whether it is in force on a day.
    #[must_use]
    pub fn status(&self, day: NaiveDate) -> ProcedureStatus {
        if day < self.valid_from {
            ProcedureStatus::NotYetInForce
        } else if day < self.valid_to {
            ProcedureStatus::InForce
        } else {
            ProcedureStatus::Ended
        }
    }
}

impl Procedure {
    /// The answer for a version, as it stands on the day.
    #[must_use]
    pub fn of(
        identity: &IdentityRow,
        version: VersionRow,
        field_name: Option<String>,
        day: NaiveDate,
    ) -> Self {
        let status = version.status(day);
        let valid_to = (version.valid_to != OPEN_END).then_some(version.valid_to);
        Self {
            id: identity.id,
            version_id: version.id,
            code: identity.code.clone(),
            name: version.name,
            field_id: version.field_id,
            field_name,
            level: version.level,
            service_level: version.service_level,
            deadlines: version.deadlines.0,
            deadline_text: version.deadline_text,
            fees: version.fees.0,
            papers: version.papers.0,
            authority: version.authority,
            announcing_decision: version.announcing_decision,
            source: version.source,
            note: version.note,
            status,
            valid_from: (version.valid_from != OPEN_BEGINNING).then_some(version.valid_from),
            valid_from_certainty: version.valid_from_certainty,
            valid_to,
            valid_to_certainty: valid_to.map(|_| version.valid_to_certainty),
            version: identity.version,
            created_at: identity.created_at,
            updated_at: identity.updated_at,
        }
    }
}

impl Default for ServiceLevel {
    /// What nobody has said is not known.
    fn default() -> Self {
        Self::Unknown
    }
}

/// Which procedures a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProcedureFilter {
    /// The day for which the versions speak (ngày tra cứu); today when not given.
    pub as_of: Option<NaiveDate>,
    /// National code (mã TTHC); with an agency code behind it also what is recorded without.
    #[validate(length(min = 1, max = 44))]
    #[param(min_length = 1, max_length = 44)]
    pub code: Option<String>,
    /// Field (lĩnh vực).
    pub field_id: Option<ProcedureFieldId>,
    /// Field by its name.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    pub field_name: Option<String>,
    /// Who handles it (cấp giải quyết).
    #[param(inline)]
    pub level: Option<ProcedureLevel>,
    /// How far it can be done online (mức độ dịch vụ công trực tuyến).
    #[param(inline)]
    pub service_level: Option<ServiceLevel>,
    /// Whether it is in force on that day.
    #[param(inline)]
    pub status: Option<ProcedureStatus>,
    /// Words of the name in any order, without regard to case and tone marks; or the code.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    /// Order (thứ tự); by code when not given.
    #[param(inline)]
    pub sort: Option<ProcedureSort>,
}

/// The day of a question.
#[derive(Debug, Clone, Copy, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProcedureAsOf {
    /// The day (ngày tra cứu); today when not given.
    pub as_of: Option<NaiveDate>,
}

/// How alike two names must be.
#[derive(Debug, Clone, Copy, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NearDuplicateParams {
    /// The day for which the versions speak (ngày tra cứu); today when not given.
    pub as_of: Option<NaiveDate>,
    /// The least share of common words, in percent (mức giống nhau tối thiểu); 80 when not given.
    #[validate(range(min = 60, max = 100))]
    #[param(minimum = 60, maximum = 100, default = 80)]
    pub min_similarity_percent: Option<usize>,
}

/// Procedures whose names say nearly the same (thủ tục có tên gần trùng nhau).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "items": [{"first": {"id": "0190a8c0-0000-7000-8000-000000000016", "code": "1.000593",
    "name": "Đăng ký kết hôn lưu động"}, "second": {"id": "0190a8c0-0000-7000-8000-000000000017",
    "code": "2.000593", "name": "Đăng ký lại kết hôn lưu động"}, "similarity_percent": 88}], "total": 1
}))]
pub struct ProcedureNearDuplicates {
    /// The pairs, the most alike first; the first 500.
    #[schema(max_items = 500)]
    pub items: Vec<ProcedurePair>,
    /// How many pairs there are.
    #[schema(minimum = 0)]
    pub total: usize,
}

/// Two procedures whose names say nearly the same (hai thủ tục gần trùng tên).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProcedurePair {
    /// The share of common words, in percent (mức giống nhau).
    #[schema(minimum = 0, maximum = 100)]
    pub similarity_percent: usize,
    /// The one with the smaller code.
    pub first: ProcedureName,
    /// The other.
    pub second: ProcedureName,
}

/// A procedure by name (thủ tục, chỉ mã và tên).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProcedureName {
    /// Its identity.
    pub id: ProcedureId,
    /// National code (mã TTHC).
    pub code: String,
    /// Name (tên thủ tục).
    pub name: String,
}

#[cfg(test)]
impl VersionRow {
    /// A version for tests of its validity alone, with a new id.
    pub(crate) fn sample() -> Self {
        Self {
            id: ProcedureVersionId::new(),
            procedure_id: ProcedureId::new(),
            valid_from: OPEN_BEGINNING,
            valid_from_certainty: Certainty::Exact,
            valid_to: OPEN_END,
            valid_to_certainty: Certainty::Exact,
            speaks_from: OPEN_BEGINNING,
            speaks_to: OPEN_END,
            name: "Đăng ký khai sinh".into(),
            name_folded: "dang ky khai sinh".into(),
            field_id: None,
            level: ProcedureLevel::Commune,
            service_level: ServiceLevel::Unknown,
            deadlines: JsonText(Vec::new()),
            deadline_text: None,
            fees: JsonText(Vec::new()),
            papers: JsonText(Vec::new()),
            authority: None,
            announcing_decision: None,
            source: None,
            note: None,
        }
    }
}
