//! The faces of a period: row, bodies and filter.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::api::{Change, Patch};
use crate::db::schema::periods;
use crate::db::types::Instant;
use crate::{id, page_of, record, row, text_enum};

id! {
    /// Id of a reporting period (kỳ báo cáo).
    PeriodId
}

text_enum! {
    /// Kind of period (loại kỳ).
    pub enum PeriodKind {
        /// A month, `2024-07`.
        Month => "month", "tháng";
        /// A quarter, `2024-Q2`.
        Quarter => "quarter", "quý";
        /// A half-year, `2024-H1`.
        Half => "half", "6 tháng";
        /// The first nine months, `2024-9M`.
        NineMonths => "nine_months", "9 tháng";
        /// A year, `2024`.
        Year => "year", "năm";
    }
}

text_enum! {
    /// Order of periods (thứ tự).
    pub enum PeriodSort {
        /// Earliest first.
        StartsOn => "starts_on", "ngày bắt đầu tăng dần";
        /// Latest first.
        StartsOnDesc => "-starts_on", "ngày bắt đầu giảm dần";
        /// By code.
        Code => "code", "mã kỳ tăng dần";
        /// By code, backwards.
        CodeDesc => "-code", "mã kỳ giảm dần";
    }
}

/// A reporting period (kỳ báo cáo).
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    Queryable,
    Selectable,
    Insertable,
    AsChangeset,
)]
#[diesel(table_name = periods, treat_none_as_default_value = false, treat_none_as_null = true)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000001", "regime": "calendar", "code": "2024-H1", "kind": "half",
    "starts_on": "2024-01-01", "ends_on": "2024-06-30", "submit_by": null, "version": 1,
    "created_at": "2024-01-02T03:00:00Z", "updated_at": "2024-01-02T03:00:00Z"
}))]
pub struct Period {
    /// Its id.
    pub id: PeriodId,
    /// Reporting regime (chế độ báo cáo); `calendar` is that of civil months.
    pub regime: String,
    /// Code (mã kỳ), unique in the regime.
    pub code: String,
    /// Kind (loại kỳ).
    pub kind: PeriodKind,
    /// First day (ngày bắt đầu kỳ).
    pub starts_on: NaiveDate,
    /// Last day (ngày kết thúc kỳ).
    pub ends_on: NaiveDate,
    /// Last day on which returns are in time (hạn nộp).
    pub submit_by: Option<NaiveDate>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
record!(Period);
row!(Period, PeriodId);
page_of!(PeriodPage, Period, "reporting periods");

/// What a return needs to know of its period.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = periods)]
pub struct PeriodFacts {
    /// Its id.
    pub id: PeriodId,
    /// Its reporting regime.
    pub regime: String,
    /// Its code.
    pub code: String,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
}

/// A new period, or the whole of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "2030-H1", "kind": "half", "starts_on": "2030-01-01", "ends_on": "2030-06-30", "submit_by": "2030-07-05"
}))]
pub struct PeriodCreate {
    /// Reporting regime (chế độ báo cáo).
    #[serde(default = "calendar")]
    #[validate(length(min = 1, max = 50), custom(function = "regime_name"))]
    #[schema(min_length = 1, max_length = 50, pattern = "^[a-z0-9_]+$", default = "calendar")]
    pub regime: String,
    /// Code (mã kỳ): `2024-07`, `2024-Q2`, `2024-H1`, `2024-9M` or `2024`, as the kind says.
    #[validate(length(min = 4, max = 7))]
    #[schema(min_length = 4, max_length = 7)]
    pub code: String,
    /// Kind (loại kỳ).
    pub kind: PeriodKind,
    /// First day (ngày bắt đầu kỳ).
    pub starts_on: NaiveDate,
    /// Last day (ngày kết thúc kỳ).
    pub ends_on: NaiveDate,
    /// Last day on which returns are in time (hạn nộp).
    #[serde(default)]
    pub submit_by: Option<NaiveDate>,
}

/// Changes to a period (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"submit_by": "2030-07-10"}))]
pub struct PeriodPatch {
    /// Reporting regime (chế độ báo cáo).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 50, pattern = "^[a-z0-9_]+$")]
    pub regime: Change<String>,
    /// Code (mã kỳ).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 4, max_length = 7)]
    pub code: Change<String>,
    /// Kind (loại kỳ).
    #[serde(default)]
    #[schema(value_type = PeriodKind, required = false)]
    pub kind: Change<PeriodKind>,
    /// First day (ngày bắt đầu kỳ).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub starts_on: Change<NaiveDate>,
    /// Last day (ngày kết thúc kỳ).
    #[serde(default)]
    #[schema(value_type = NaiveDate, required = false)]
    pub ends_on: Change<NaiveDate>,
    /// Last day on which returns are in time (hạn nộp).
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub submit_by: Patch<NaiveDate>,
}

impl PeriodPatch {
    /// The whole period after the patch.
    #[must_use]
    pub fn onto(self, present: &Period) -> PeriodCreate {
        let Self { regime, code, kind, starts_on, ends_on, submit_by } = self;
        PeriodCreate {
            regime: regime.onto(present.regime.clone()),
            code: code.onto(present.code.clone()),
            kind: kind.onto(present.kind),
            starts_on: starts_on.onto(present.starts_on),
            ends_on: ends_on.onto(present.ends_on),
            submit_by: submit_by.onto(present.submit_by),
        }
    }
}

/// Which periods a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeriodFilter {
    /// Reporting regime (chế độ báo cáo).
    #[validate(length(min = 1, max = 50))]
    #[param(min_length = 1, max_length = 50)]
    pub regime: Option<String>,
    /// Code (mã kỳ).
    #[validate(length(min = 1, max = 7))]
    #[param(min_length = 1, max_length = 7)]
    pub code: Option<String>,
    /// Kind (loại kỳ).
    #[param(inline)]
    pub kind: Option<PeriodKind>,
    /// Only periods that contain this day.
    pub on: Option<NaiveDate>,
    /// Order (thứ tự); by the first day when not given.
    #[param(inline)]
    pub sort: Option<PeriodSort>,
}

/// The regime of civil months.
pub(super) fn calendar() -> String {
    "calendar".into()
}

fn regime_name(name: &str) -> Result<(), validator::ValidationError> {
    if name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return Ok(());
    }
    Err(validator::ValidationError::new("regime").with_message(
        "Tên chế độ chỉ gồm chữ thường, chữ số và dấu gạch dưới. | A regime's name has lower-case letters, digits and underscores only."
            .into(),
    ))
}
