//! What is asked of form 07b, and what it tells.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::reporting::forms::form06a::model::FormUnit;
use kernel::reporting::periods::Period;
use kernel::text_enum;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::UnitScope;
use tthc::procedures::model::{ProcedureLevel, ServiceLevel};
use tthc::publications::model::PublicationAction;

text_enum! {
    /// What the columns of form 07b mean (cách tính).
    pub enum Form07bDefinition {
        /// Procedures in force on the last day, and what decisions that took effect within the days did.
        InForceAndAnnounced => "in-force-and-announced", "TTHC còn hiệu lực vào ngày cuối kỳ và TTHC được công bố có hiệu lực trong kỳ";
    }
}

impl Form07bDefinition {
    /// The definition's version: a released one is never changed, only succeeded. The second leaves out what
    /// provinces other than the unit's have under codes of their own.
    pub(super) const VERSION: i32 = 2;
}

/// Which form is wanted.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Form07bQuery {
    /// The period's code (mã kỳ báo cáo); without it `from` and `to` name the days.
    #[validate(length(min = 4, max = 7))]
    #[param(min_length = 4, max_length = 7, example = "2026-Q3")]
    pub period: Option<String>,
    /// Reporting regime of the period (chế độ báo cáo); `calendar` when not given.
    #[validate(length(min = 1, max = 50))]
    #[param(min_length = 1, max_length = 50)]
    pub regime: Option<String>,
    /// First day (từ ngày), instead of the period's.
    pub from: Option<NaiveDate>,
    /// Last day (đến ngày), instead of the period's.
    pub to: Option<NaiveDate>,
    /// The unit whose decisions count, and of whose province procedures with a code of a province's own (cơ quan
    /// công bố), by id; all when no unit is named.
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The day on which the unit's code and the tree are read; the last day when not given.
    pub as_of: Option<NaiveDate>,
    /// The unit and its agencies, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
}

/// How many procedures (số lượng thủ tục hành chính).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Form07bColumns {
    /// In force on the last day (tổng số TTHC còn hiệu lực).
    pub in_force: i64,
    /// Of them online from application to result (dịch vụ công trực tuyến toàn trình).
    pub full_online: i64,
    /// Of them partly online (dịch vụ công trực tuyến một phần).
    pub partial_online: i64,
    /// Of them those of which the portal tells only (cung cấp thông tin).
    pub information_only: i64,
    /// Of them those of which it is not said (chưa xác định).
    pub unknown: i64,
    /// Announced as new (ban hành mới).
    pub added: i64,
    /// Announced as changed (sửa đổi, bổ sung).
    pub changed: i64,
    /// Announced in the place of others (thay thế).
    pub replaced: i64,
    /// Announced as ended (bãi bỏ).
    pub repealed: i64,
}

impl Form07bColumns {
    /// Adds procedures in force.
    pub(super) fn add_in_force(&mut self, service_level: ServiceLevel, count: i64) {
        self.in_force += count;
        *match service_level {
            ServiceLevel::FullOnline => &mut self.full_online,
            ServiceLevel::PartialOnline => &mut self.partial_online,
            ServiceLevel::InformationOnly => &mut self.information_only,
            ServiceLevel::Unknown => &mut self.unknown,
        } += count;
    }

    /// Adds a procedure of which a decision says something.
    pub(super) fn add_announced(&mut self, action: PublicationAction) {
        *match action {
            PublicationAction::Add => &mut self.added,
            PublicationAction::Change => &mut self.changed,
            PublicationAction::Replace => &mut self.replaced,
            PublicationAction::Repeal => &mut self.repealed,
        } += 1;
    }

    /// Both together.
    #[must_use]
    pub(super) fn plus(self, other: &Self) -> Self {
        Self {
            in_force: self.in_force + other.in_force,
            full_online: self.full_online + other.full_online,
            partial_online: self.partial_online + other.partial_online,
            information_only: self.information_only + other.information_only,
            unknown: self.unknown + other.unknown,
            added: self.added + other.added,
            changed: self.changed + other.changed,
            replaced: self.replaced + other.replaced,
            repealed: self.repealed + other.repealed,
        }
    }
}

/// A row of form 07b (dòng của biểu).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Form07bRow {
    /// The level (cấp thực hiện); null for what a decision names that is not in the catalogue, where the
    /// decision does not say it.
    pub level: Option<ProcedureLevel>,
    /// The field (lĩnh vực); null where there is none, or the procedure is not in the catalogue.
    pub field: Option<String>,
    /// Its numbers (số lượng).
    pub columns: Form07bColumns,
}

/// The definition under which a form was computed (cách tính đã dùng).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Form07bDefinitionUsed {
    /// Its name.
    pub name: Form07bDefinition,
    /// Its version.
    pub version: i32,
    /// What it means, in Vietnamese (tên cách tính).
    pub title: String,
}

/// Form II.07b (tổng hợp số lượng thủ tục hành chính).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "form": "II.07b/VPCP/KSTT",
    "definition": {"name": "in-force-and-announced", "version": 2,
        "title": "TTHC còn hiệu lực vào ngày cuối kỳ và TTHC được công bố có hiệu lực trong kỳ"},
    "period": null, "from": "2026-07-01", "to": "2026-09-30", "unit": null,
    "rows": [{"level": "commune", "field": "Hộ tịch", "columns": {"in_force": 30, "full_online": 10,
        "partial_online": 12, "information_only": 0, "unknown": 8, "added": 1, "changed": 2, "replaced": 0,
        "repealed": 1}}],
    "totals": {"in_force": 30, "full_online": 10, "partial_online": 12, "information_only": 0, "unknown": 8,
        "added": 1, "changed": 2, "replaced": 0, "repealed": 1}
}))]
pub struct Form07b {
    /// Its number (số hiệu biểu).
    pub form: String,
    /// What the columns mean (cách tính).
    pub definition: Form07bDefinitionUsed,
    /// The period, where one was named (kỳ báo cáo).
    pub period: Option<Period>,
    /// First day (từ ngày).
    pub from: NaiveDate,
    /// Last day (đến ngày).
    pub to: NaiveDate,
    /// The unit whose decisions count, where one was named (cơ quan công bố).
    pub unit: Option<FormUnit>,
    /// The rows, by level and field (các dòng).
    pub rows: Vec<Form07bRow>,
    /// All of them together (tổng cộng).
    pub totals: Form07bColumns,
}

impl Form07b {
    /// What a file with it is called.
    #[must_use]
    pub(super) fn file_name(&self) -> String {
        let unit = self.unit.as_ref().and_then(|unit| unit.org_unit_code.as_deref());
        let unit = unit.map(|code| format!("{code}-")).unwrap_or_default();
        match &self.period {
            Some(period) => format!("II.07b-{unit}{}", period.code),
            None => format!("II.07b-{unit}{}-{}", self.from, self.to),
        }
    }
}
