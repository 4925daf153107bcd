//! What a client sends of a processing return: a new one, changes to one, why it is sent back.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::model::{CarriedOverBasis, ProcessingReturn};
use super::rules::Columns;
use kernel::api::{Change, Patch};
use kernel::reporting::periods::PeriodId;
use kernel::text::spaced;
use kernel::tree::{OrgUnitId, Tier};

/// A new return, or the whole of a changed one. Columns that are not given are zero.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "org_unit_code": "31396", "period_code": "2026-Q3", "handling_level": "commune",
    "received_online": 120, "received_in_person": 30, "carried_over": 12, "carried_over_basis": "stated",
    "resolved_early": 130, "resolved_on_time": 20, "pending_in_time": 12
}))]
pub struct ProcessingReturnCreate {
    /// The unit that reports, by id; exactly one of id, identifier and code (đơn vị báo cáo).
    #[serde(default)]
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[serde(default)]
    #[validate(length(min = 1, max = 35))]
    #[schema(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on the period's last day (mã đơn vị hành chính).
    #[serde(default)]
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The period, by id; exactly one of id and code (kỳ báo cáo).
    #[serde(default)]
    pub period_id: Option<PeriodId>,
    /// The period by its code in the regime `calendar` (mã kỳ).
    #[serde(default)]
    #[validate(length(min = 4, max = 7))]
    #[schema(min_length = 4, max_length = 7)]
    pub period_code: Option<String>,
    /// The level that handled the dossiers (cấp giải quyết).
    pub handling_level: Tier,
    /// The field (lĩnh vực); without it the line is the unit's total.
    #[serde(default)]
    #[validate(length(min = 1, max = 200), custom(function = spaced))]
    #[schema(min_length = 1, max_length = 200)]
    pub field: Option<String>,
    /// Whether nothing arose (không phát sinh).
    #[serde(default)]
    #[schema(default = false)]
    pub nil: bool,
    /// Column 4: taken in online (tiếp nhận trực tuyến).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub received_online: i64,
    /// Taken in in person (tiếp nhận trực tiếp).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub received_in_person: i64,
    /// Taken in by post (tiếp nhận qua bưu chính công ích).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub received_postal: i64,
    /// Column 6: carried over from the period before (kỳ trước chuyển sang).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64)]
    pub carried_over: Option<i64>,
    /// `stated`, or `implied` to let it follow from the other columns (căn cứ số kỳ trước chuyển sang).
    #[serde(default)]
    pub carried_over_basis: Option<CarriedOverBasis>,
    /// Column 8: resolved before the due day (trước hạn).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub resolved_early: i64,
    /// Column 9 without withdrawn and refused: resolved on the due day (đúng hạn).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub resolved_on_time: i64,
    /// Column 10: resolved after the due day (quá hạn).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub resolved_overdue: i64,
    /// Column 12: pending in time (đang giải quyết trong hạn).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub pending_in_time: i64,
    /// Column 13: pending and overdue (đang giải quyết quá hạn).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub pending_overdue: i64,
    /// Withdrawn by the applicant (rút hồ sơ).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub withdrawn: i64,
    /// Refused (từ chối giải quyết).
    #[serde(default)]
    #[validate(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64, default = 0)]
    pub refused: i64,
    /// First day really covered, when it is not the period's (số liệu tính từ ngày).
    #[serde(default)]
    pub covers_from: Option<NaiveDate>,
    /// Last day really covered, when it is not the period's (số liệu tính đến ngày).
    #[serde(default)]
    pub covers_to: Option<NaiveDate>,
    /// The sentence that the figures come from (trích nguồn số liệu).
    #[serde(default)]
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    pub source_note: Option<String>,
}

impl ProcessingReturnCreate {
    /// The leaf columns, with the carry-over as given.
    #[must_use]
    pub fn columns(&self) -> Columns {
        Columns {
            received_online: self.received_online,
            received_in_person: self.received_in_person,
            received_postal: self.received_postal,
            carried_over: self.carried_over.unwrap_or_default(),
            resolved_early: self.resolved_early,
            resolved_on_time: self.resolved_on_time,
            resolved_overdue: self.resolved_overdue,
            pending_in_time: self.pending_in_time,
            pending_overdue: self.pending_overdue,
            withdrawn: self.withdrawn,
            refused: self.refused,
        }
    }
}

/// Changes to a return (RFC 7396). Unit, period, level and field stay: they name it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"pending_in_time": 13, "carried_over": 13}))]
pub struct ProcessingReturnPatch {
    /// Whether nothing arose (không phát sinh).
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub nil: Change<bool>,
    /// Column 4: taken in online (tiếp nhận trực tuyến).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub received_online: Change<i64>,
    /// Taken in in person (tiếp nhận trực tiếp).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub received_in_person: Change<i64>,
    /// Taken in by post (tiếp nhận qua bưu chính công ích).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub received_postal: Change<i64>,
    /// Column 6: carried over from the period before (kỳ trước chuyển sang).
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000_i64)]
    pub carried_over: Patch<i64>,
    /// `stated`, or `implied` to let it follow from the other columns (căn cứ số kỳ trước chuyển sang).
    #[serde(default)]
    #[schema(value_type = Option<CarriedOverBasis>)]
    pub carried_over_basis: Patch<CarriedOverBasis>,
    /// Column 8: resolved before the due day (trước hạn).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub resolved_early: Change<i64>,
    /// Column 9 without withdrawn and refused: resolved on the due day (đúng hạn).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub resolved_on_time: Change<i64>,
    /// Column 10: resolved after the due day (quá hạn).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub resolved_overdue: Change<i64>,
    /// Column 12: pending in time (đang giải quyết trong hạn).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub pending_in_time: Change<i64>,
    /// Column 13: pending and overdue (đang giải quyết quá hạn).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub pending_overdue: Change<i64>,
    /// Withdrawn by the applicant (rút hồ sơ).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub withdrawn: Change<i64>,
    /// Refused (từ chối giải quyết).
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000_i64)]
    pub refused: Change<i64>,
    /// First day really covered (số liệu tính từ ngày).
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub covers_from: Patch<NaiveDate>,
    /// Last day really covered (số liệu tính đến ngày).
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub covers_to: Patch<NaiveDate>,
    /// The sentence that the figures come from (trích nguồn số liệu).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    pub source_note: Patch<String>,
}

impl ProcessingReturnPatch {
    /// The whole return after the patch. An implied carry-over follows the other columns anew unless
    /// the patch says otherwise.
    #[must_use]
    pub fn onto(self, present: &ProcessingReturn) -> ProcessingReturnCreate {
        let Self {
            nil,
            received_online,
            received_in_person,
            received_postal,
            carried_over,
            carried_over_basis,
            resolved_early,
            resolved_on_time,
            resolved_overdue,
            pending_in_time,
            pending_overdue,
            withdrawn,
            refused,
            covers_from,
            covers_to,
            source_note,
        } = self;
        let basis_given = carried_over_basis.is_present();
        let count_given = carried_over.is_present();
        let basis = carried_over_basis.onto(present.carried_over_basis);
        let implied = basis == Some(CarriedOverBasis::Implied);
        // What followed from the balance stays no statement when its mark is taken away.
        let was_implied = present.carried_over_basis == Some(CarriedOverBasis::Implied);
        let carried_over = match (implied || (was_implied && basis.is_none()), count_given) {
            (true, false) => None,
            _ => carried_over.onto(present.carried_over),
        };
        // A new count alone is a statement; taking the count away takes its basis away.
        let carried_over_basis = if count_given && !basis_given { None } else { basis };
        ProcessingReturnCreate {
            org_unit_id: Some(present.org_unit_id),
            org_unit_identifier: None,
            org_unit_code: None,
            period_id: Some(present.period_id),
            period_code: None,
            handling_level: present.handling_level,
            field: present.field.clone(),
            nil: nil.onto(present.nil),
            received_online: received_online.onto(present.received_online),
            received_in_person: received_in_person.onto(present.received_in_person),
            received_postal: received_postal.onto(present.received_postal),
            carried_over,
            carried_over_basis,
            resolved_early: resolved_early.onto(present.resolved_early),
            resolved_on_time: resolved_on_time.onto(present.resolved_on_time),
            resolved_overdue: resolved_overdue.onto(present.resolved_overdue),
            pending_in_time: pending_in_time.onto(present.pending_in_time),
            pending_overdue: pending_overdue.onto(present.pending_overdue),
            withdrawn: withdrawn.onto(present.withdrawn),
            refused: refused.onto(present.refused),
            covers_from: covers_from.onto(present.covers_from),
            covers_to: covers_to.onto(present.covers_to),
            source_note: source_note.onto(present.source_note.clone()),
        }
    }
}
