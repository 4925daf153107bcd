//! What is asked of statistics, and what they tell.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::figures::StatisticsFigures;
use crate::dossiers::model::{Channel, DossierRole};
use crate::procedures::fields::ProcedureFieldId;
use crate::procedures::model::ProcedureId;
use kernel::text_enum;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{StatisticsUnit, UnitScope};

text_enum! {
    /// What rows of statistics are made by (chiều thống kê).
    pub enum StatisticsBy {
        /// By unit.
        Unit => "unit", "đơn vị";
        /// By field.
        Field => "field", "lĩnh vực";
        /// By procedure.
        Procedure => "procedure", "thủ tục hành chính";
        /// By how dossiers came in.
        Channel => "channel", "kênh thực hiện";
        /// By month.
        Month => "month", "tháng";
    }
}

text_enum! {
    /// What the figures are held against (kỳ so sánh).
    pub enum StatisticsComparison {
        /// The same days a year before.
        PreviousYear => "previous_year", "cùng kỳ năm trước";
    }
}

/// Which statistics are wanted.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatisticsQuery {
    /// The unit, by id; exactly one of id, identifier and code (đơn vị).
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20, example = "92")]
    pub org_unit_code: Option<String>,
    /// The unit and its agencies, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// The day whose structure of units counts (ngày tính cơ cấu đơn vị); the last day when not given.
    pub as_of: Option<NaiveDate>,
    /// The period by its code in the regime `calendar` (mã kỳ); without it `from` and `to` name the days.
    #[validate(length(min = 4, max = 7))]
    #[param(min_length = 4, max_length = 7)]
    pub period_code: Option<String>,
    /// First day (từ ngày), instead of the period's.
    #[param(example = "2026-01-01")]
    pub from: Option<NaiveDate>,
    /// Last day (đến ngày), instead of the period's.
    #[param(example = "2026-12-31")]
    pub to: Option<NaiveDate>,
    /// What the rows are made by (chiều thống kê); `unit` when not given. Months are 60 at most.
    #[param(inline)]
    pub by: Option<StatisticsBy>,
    /// As whose a dossier is counted (cách tính đơn vị); `resolving` when not given.
    #[param(inline)]
    pub count_by: Option<DossierRole>,
    /// What each row is held against (kỳ so sánh); nothing when not given.
    #[param(inline)]
    pub comparison: Option<StatisticsComparison>,
}

/// A unit that was divided (đơn vị đã chia tách): its figures are its own, and shared out to nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DividedUnit {
    /// The unit (đơn vị đã chia tách).
    pub unit: StatisticsUnit,
    /// Who carries it on (đơn vị kế thừa).
    pub successors: Vec<StatisticsUnit>,
    /// Whether its figures are in these statistics; if not, they are in those of a unit above (có tính).
    pub counted: bool,
}

/// What a row is about: the members that `by` asked for are set (đối tượng của dòng số liệu).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct StatisticsSubject {
    /// The unit, with those that went whole into it (đơn vị).
    pub unit: Option<StatisticsUnit>,
    /// Whether the unit was divided and stands for itself (đã chia tách).
    pub divided: bool,
    /// Who carries a divided unit on (đơn vị kế thừa).
    pub successors: Vec<StatisticsUnit>,
    /// The field (lĩnh vực); null also for dossiers of procedures without one.
    pub field_id: Option<ProcedureFieldId>,
    /// Its name (tên lĩnh vực).
    pub field_name: Option<String>,
    /// The procedure (thủ tục hành chính).
    pub procedure_id: Option<ProcedureId>,
    /// Its national code (mã TTHC).
    pub procedure_code: Option<String>,
    /// Its name as last worded (tên thủ tục).
    pub procedure_name: Option<String>,
    /// How dossiers came in (kênh thực hiện).
    pub channel: Option<Channel>,
    /// The first day of the month, or of what of it is asked for (tháng).
    pub month: Option<NaiveDate>,
}

/// A row of statistics (dòng số liệu).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StatisticsRow {
    /// What it is about (đối tượng).
    pub subject: StatisticsSubject,
    /// Its figures (số liệu).
    pub figures: StatisticsFigures,
    /// The same a year before, where that was asked for (cùng kỳ năm trước).
    pub previous: Option<StatisticsFigures>,
}

/// What became of the dossiers of some units and days (thống kê kết quả giải quyết hồ sơ).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "unit": {"org_unit_id": "0190a8c0-0000-7000-8000-000000000004", "org_unit_code": "31420",
        "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp"},
    "scope": "self", "as_of": "2026-11-30", "from": "2026-11-01", "to": "2026-11-30", "by": "channel",
    "count_by": "resolving", "comparison": null, "divided": [],
    "rows": [{
        "subject": {"unit": null, "divided": false, "successors": [], "field_id": null, "field_name": null,
            "procedure_id": null, "procedure_code": null, "procedure_name": null, "channel": "online", "month": null},
        "figures": {"received": 12, "carried_over": 3, "transferred": 0, "resolved_early": 8,
            "resolved_on_time": 1, "resolved_overdue": 1, "resolved_total": 10, "pending_in_time": 4,
            "pending_overdue": 0, "pending_total": 4, "withdrawn": 1, "refused": 0,
            "on_time": {"numerator": 9, "denominator": 10, "rate_percent": 90.0},
            "times": {"known": 10, "sum_working_days": 25, "mean_working_days": 2.5, "p90_working_days": 4}},
        "previous": null
    }],
    "totals": {"received": 12, "carried_over": 3, "transferred": 0, "resolved_early": 8,
        "resolved_on_time": 1, "resolved_overdue": 1, "resolved_total": 10, "pending_in_time": 4,
        "pending_overdue": 0, "pending_total": 4, "withdrawn": 1, "refused": 0,
        "on_time": {"numerator": 9, "denominator": 10, "rate_percent": 90.0},
        "times": {"known": 10, "sum_working_days": 25, "mean_working_days": 2.5, "p90_working_days": 4}},
    "previous_totals": null, "generated": false
}))]
pub struct Statistics {
    /// The unit (đơn vị).
    pub unit: StatisticsUnit,
    /// Which units count (phạm vi).
    pub scope: UnitScope,
    /// The day whose structure of units counts (ngày tính cơ cấu đơn vị).
    pub as_of: NaiveDate,
    /// First day (từ ngày).
    pub from: NaiveDate,
    /// Last day (đến ngày).
    pub to: NaiveDate,
    /// What the rows are made by (chiều thống kê).
    pub by: StatisticsBy,
    /// As whose a dossier is counted (cách tính đơn vị).
    pub count_by: DossierRole,
    /// What each row is held against (kỳ so sánh).
    pub comparison: Option<StatisticsComparison>,
    /// Units that were divided, of which these statistics have the whole or nothing (đơn vị đã chia tách).
    pub divided: Vec<DividedUnit>,
    /// The rows (các dòng số liệu): units by code, fields by name, procedures by code, months in their order.
    pub rows: Vec<StatisticsRow>,
    /// All of them together (tổng số).
    pub totals: StatisticsFigures,
    /// The same a year before (tổng số cùng kỳ năm trước).
    pub previous_totals: Option<StatisticsFigures>,
    /// Whether dossiers that were made up for a demonstration may be among what was counted (có hồ sơ sinh
    /// tự động để trình diễn).
    pub generated: bool,
}
