//! Form 06a as it is asked for and answered.

use std::borrow::Cow;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::coverage::Form06aCoverage;
use crate::reporting::forms::aggregate::Cell;
use crate::reporting::forms::kept::{ColumnFigures, FormClosure};
use kernel::reporting::closed_periods::PeriodClosureId;
use kernel::reporting::periods::Period;
use kernel::text_enum;
use kernel::tree::{OrgUnitId, Tier};
use kernel::unit_reference::{UnitLabel, UnitScope};
use tthc::dossiers::model::DossierRole;
use tthc::processing_returns::model::CarriedOverBasis;

text_enum! {
    /// What the columns of form 06 mean (cách tính biểu 06).
    pub enum Form06Definition {
        /// As printed: withdrawn and refused stand inside resolved on time; 3 = 7 + 11.
        Circular012020 => "circular-01-2020", "theo Thông tư 01/2020/TT-VPCP: hồ sơ rút và từ chối nằm trong cột đúng hạn";
        /// Withdrawn and refused stand apart; 3 = 7 + 11 + withdrawn + refused.
        WithdrawnRefusedApart => "withdrawn-refused-apart", "hồ sơ rút và từ chối tách riêng";
    }
}

text_enum! {
    /// What form 06 counts (nguồn số liệu).
    pub enum Form06Source {
        /// Dossiers, declared complete or not.
        Records => "records", "hồ sơ";
        /// What units have handed in.
        Returns => "returns", "báo cáo số liệu";
    }
}

impl Form06Definition {
    /// The definition's version: a released one is never changed, only succeeded. The second tells of
    /// dossiers that were handed over.
    pub(super) const VERSION: i32 = 2;

    pub(super) const fn title_en(self) -> &'static str {
        match self {
            Self::Circular012020 => {
                "after Circular 01/2020/TT-VPCP: withdrawn and refused stand within resolved on time"
            }
            Self::WithdrawnRefusedApart => "withdrawn and refused stand apart",
        }
    }

    pub(super) const fn identity(self) -> &'static str {
        match self {
            Self::Circular012020 => "received_total + transferred = resolved_total + pending_total",
            Self::WithdrawnRefusedApart => {
                "received_total + transferred = resolved_total + pending_total + withdrawn + refused"
            }
        }
    }
}

/// Which form is wanted.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Form06aQuery {
    /// The unit, by id; exactly one of id, identifier and code (đơn vị).
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20, example = "934")]
    pub org_unit_code: Option<String>,
    /// The period's code (mã kỳ báo cáo); without it `from` and `to` name the days of dossiers.
    #[validate(length(min = 4, max = 7))]
    #[param(min_length = 4, max_length = 7, example = "2024-H1")]
    pub period: Option<String>,
    /// First day for which dossiers are counted (từ ngày), instead of the period's.
    pub from: Option<NaiveDate>,
    /// Last day for which dossiers are counted (đến ngày), instead of the period's.
    pub to: Option<NaiveDate>,
    /// What is counted (nguồn số liệu): dossiers of units that declared them complete and returns of the
    /// others, when not given.
    #[param(inline)]
    pub source: Option<Form06Source>,
    /// As whose a dossier is counted (cách tính đơn vị); `resolving` when not given.
    #[param(inline)]
    pub count_by: Option<DossierRole>,
    /// Reporting regime of the period (chế độ báo cáo); `calendar` when not given.
    #[validate(length(min = 1, max = 50))]
    #[param(min_length = 1, max_length = 50)]
    pub regime: Option<String>,
    /// The day whose structure counts; the period's last day when not given (ngày tính cơ cấu đơn vị).
    pub as_of: Option<NaiveDate>,
    /// The unit and its agencies, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// What the columns mean (cách tính); `circular-01-2020` when not given.
    #[param(inline)]
    pub definition: Option<Form06Definition>,
    /// The form as it was kept at this closing of the unit and period, instead of today's (bản lưu khi
    /// khóa sổ).
    pub snapshot: Option<PeriodClosureId>,
}

/// The columns of form 06 (các cột của biểu 06).
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct Form06Columns {
    /// Column 3: received in total (tổng số tiếp nhận): online, direct and carried over.
    pub received_total: i64,
    /// Column 4: online (trực tuyến).
    pub received_online: i64,
    /// Column 5: in person or by post (trực tiếp, dịch vụ bưu chính).
    pub received_direct: i64,
    /// Column 6: from the period before (từ kỳ trước).
    pub carried_over: i64,
    /// Where column 6 comes from; `implied` when a part of it follows from the other columns.
    pub carried_over_basis: Option<CarriedOverBasis>,
    /// Column 7: resolved (tổng số đã giải quyết).
    pub resolved_total: i64,
    /// Column 8: before the due day (trước hạn).
    pub resolved_early: i64,
    /// Column 9: on the due day (đúng hạn).
    pub resolved_on_time: i64,
    /// Column 10: overdue (quá hạn).
    pub resolved_overdue: i64,
    /// Column 11: pending (tổng số đang giải quyết).
    pub pending_total: i64,
    /// Column 12: in time (trong hạn).
    pub pending_in_time: i64,
    /// Column 13: overdue (quá hạn).
    pub pending_overdue: i64,
    /// Withdrawn (rút hồ sơ); null where the definition counts them as resolved on time.
    pub withdrawn: Option<i64>,
    /// Refused (từ chối); null where the definition counts them as resolved on time.
    pub refused: Option<i64>,
    /// Columns 4 and 5: received within the period (tiếp nhận trong kỳ).
    pub received_in_period: i64,
    /// Dossiers that were handed over by other units within the days, less those that were handed over to
    /// others (nhận bàn giao trừ bàn giao đi).
    #[serde(default)]
    #[schema(required = true)]
    pub transferred: i64,
}

impl Form06Columns {
    /// Every column that the definition has.
    pub(super) fn figures(&self) -> ColumnFigures {
        let columns = [
            ("received_total", Some(self.received_total)),
            ("received_online", Some(self.received_online)),
            ("received_direct", Some(self.received_direct)),
            ("carried_over", Some(self.carried_over)),
            ("resolved_total", Some(self.resolved_total)),
            ("resolved_early", Some(self.resolved_early)),
            ("resolved_on_time", Some(self.resolved_on_time)),
            ("resolved_overdue", Some(self.resolved_overdue)),
            ("pending_total", Some(self.pending_total)),
            ("pending_in_time", Some(self.pending_in_time)),
            ("pending_overdue", Some(self.pending_overdue)),
            ("withdrawn", self.withdrawn),
            ("refused", self.refused),
            ("received_in_period", Some(self.received_in_period)),
            ("transferred", Some(self.transferred).filter(|count| *count != 0)),
        ];
        columns.into_iter().filter_map(|(name, count)| Some((name, count?))).collect()
    }

    pub(super) fn of(cell: &Cell, definition: Form06Definition) -> Self {
        let Cell { columns, basis, transferred } = *cell;
        let apart = definition == Form06Definition::WithdrawnRefusedApart;
        let inside = if apart { 0 } else { columns.withdrawn + columns.refused };
        Self {
            received_total: columns.received_total(),
            received_online: columns.received_online,
            received_direct: columns.received_direct(),
            carried_over: columns.carried_over,
            carried_over_basis: basis,
            resolved_total: columns.resolved_total() + inside,
            resolved_early: columns.resolved_early,
            resolved_on_time: columns.resolved_on_time + inside,
            resolved_overdue: columns.resolved_overdue,
            pending_total: columns.pending_total(),
            pending_in_time: columns.pending_in_time,
            pending_overdue: columns.pending_overdue,
            withdrawn: apart.then_some(columns.withdrawn),
            refused: apart.then_some(columns.refused),
            received_in_period: columns.received_in_period(),
            transferred,
        }
    }
}

/// One line of form 06: a level and field (một dòng của biểu).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Form06aRow {
    /// The level that handled the dossiers (cấp giải quyết).
    pub handling_level: Tier,
    /// The field (lĩnh vực); null for what was reported without field.
    pub field: Option<String>,
    /// Column 3: received in total (tổng số tiếp nhận): online, direct and carried over.
    pub received_total: i64,
    /// Column 4: online (trực tuyến).
    pub received_online: i64,
    /// Column 5: in person or by post (trực tiếp, dịch vụ bưu chính).
    pub received_direct: i64,
    /// Column 6: from the period before (từ kỳ trước).
    pub carried_over: i64,
    /// Where column 6 comes from; `implied` when a part of it follows from the other columns.
    pub carried_over_basis: Option<CarriedOverBasis>,
    /// Column 7: resolved (tổng số đã giải quyết).
    pub resolved_total: i64,
    /// Column 8: before the due day (trước hạn).
    pub resolved_early: i64,
    /// Column 9: on the due day (đúng hạn).
    pub resolved_on_time: i64,
    /// Column 10: overdue (quá hạn).
    pub resolved_overdue: i64,
    /// Column 11: pending (tổng số đang giải quyết).
    pub pending_total: i64,
    /// Column 12: in time (trong hạn).
    pub pending_in_time: i64,
    /// Column 13: overdue (quá hạn).
    pub pending_overdue: i64,
    /// Withdrawn (rút hồ sơ); null where the definition counts them as resolved on time.
    pub withdrawn: Option<i64>,
    /// Refused (từ chối); null where the definition counts them as resolved on time.
    pub refused: Option<i64>,
    /// Columns 4 and 5: received within the period (tiếp nhận trong kỳ).
    pub received_in_period: i64,
    /// Dossiers that were handed over by other units within the days, less those that were handed over to
    /// others (nhận bàn giao trừ bàn giao đi).
    #[serde(default)]
    #[schema(required = true)]
    pub transferred: i64,
    /// Whether dossiers that were made up for a demonstration may be among what was counted, as the whole form
    /// says (có hồ sơ sinh tự động để trình diễn).
    #[serde(default)]
    #[schema(required = true)]
    pub generated: bool,
}

impl Form06aRow {
    /// Its columns alone.
    pub(super) fn columns(&self) -> Form06Columns {
        Form06Columns {
            received_total: self.received_total,
            received_online: self.received_online,
            received_direct: self.received_direct,
            carried_over: self.carried_over,
            carried_over_basis: self.carried_over_basis,
            resolved_total: self.resolved_total,
            resolved_early: self.resolved_early,
            resolved_on_time: self.resolved_on_time,
            resolved_overdue: self.resolved_overdue,
            pending_total: self.pending_total,
            pending_in_time: self.pending_in_time,
            pending_overdue: self.pending_overdue,
            withdrawn: self.withdrawn,
            refused: self.refused,
            received_in_period: self.received_in_period,
            transferred: self.transferred,
        }
    }

    pub(super) fn of(handling_level: Tier, field: Option<String>, columns: Form06Columns) -> Self {
        let Form06Columns {
            received_total,
            received_online,
            received_direct,
            carried_over,
            carried_over_basis,
            resolved_total,
            resolved_early,
            resolved_on_time,
            resolved_overdue,
            pending_total,
            pending_in_time,
            pending_overdue,
            withdrawn,
            refused,
            received_in_period,
            transferred,
        } = columns;
        Self {
            handling_level,
            field,
            received_total,
            received_online,
            received_direct,
            carried_over,
            carried_over_basis,
            resolved_total,
            resolved_early,
            resolved_on_time,
            resolved_overdue,
            pending_total,
            pending_in_time,
            pending_overdue,
            withdrawn,
            refused,
            received_in_period,
            transferred,
            generated: false,
        }
    }
}

/// The definition under which a form was computed (cách tính).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Form06DefinitionUsed {
    /// Its name.
    pub name: Form06Definition,
    /// Its version.
    pub version: i32,
    /// What it says, in Vietnamese (tên cách tính).
    pub title: Cow<'static, str>,
    /// The same in English (tên cách tính bằng tiếng Anh).
    #[serde(default)]
    #[schema(required = true)]
    pub title_en: Cow<'static, str>,
    /// The identity that every row satisfies.
    pub identity: Cow<'static, str>,
}

/// A unit as a form names it (đơn vị).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FormUnit {
    /// Its id.
    pub org_unit_id: OrgUnitId,
    /// Its statistics code.
    pub org_unit_code: Option<String>,
    /// Its identification code.
    pub org_unit_identifier: Option<String>,
    /// Its name on the day.
    pub org_unit_name: String,
}

impl From<UnitLabel> for FormUnit {
    fn from(unit: UnitLabel) -> Self {
        let UnitLabel { org_unit_id, org_unit_code, org_unit_identifier, org_unit_name } = unit;
        Self { org_unit_id, org_unit_code, org_unit_identifier, org_unit_name }
    }
}

/// Form II.06a: how administrative procedures were handled (tình hình, kết quả giải quyết TTHC).
///
/// Units in force on `as_of` count where they stand then. What was filed by units that had ended by then
/// counts with the unit in force that holds the whole of them, in whatever scope that one counts: a
/// merged commune with its successor, a divided one with the nearest unit above all its successors and
/// with none of these.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "form": "II.06a/VPCP/KSTT", "definition": {"name": "circular-01-2020", "version": 2,
    "title": "theo Thông tư 01/2020/TT-VPCP: hồ sơ rút và từ chối nằm trong cột đúng hạn",
    "title_en": "after Circular 01/2020/TT-VPCP: withdrawn and refused stand within resolved on time",
    "identity": "received_total + transferred = resolved_total + pending_total"},
    "unit": {"org_unit_id": "0190a8c0-0000-7000-8000-000000000005", "org_unit_code": "934",
    "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp"},
    "period": {"id": "0190a8c0-0000-7000-8000-000000000001", "regime": "calendar", "code": "2024-H1",
    "kind": "half", "starts_on": "2024-01-01", "ends_on": "2024-06-30", "submit_by": null, "version": 1,
    "created_at": "2024-01-02T02:00:00Z", "updated_at": "2024-01-02T02:00:00Z"}, "from": "2024-01-01", "to": "2024-06-30", "source": null,
    "generated": false, "count_by": "resolving", "as_of": "2024-06-30",
    "scope": "self", "rows": [{"handling_level": "district", "field": null, "received_total": 7750,
    "received_online": 1882, "received_direct": 5395, "carried_over": 473, "carried_over_basis": "implied",
    "resolved_total": 7106, "resolved_early": 6986, "resolved_on_time": 107, "resolved_overdue": 13,
    "pending_total": 644, "pending_in_time": 642, "pending_overdue": 2, "withdrawn": null, "refused": null,
    "received_in_period": 7277, "transferred": 0, "generated": false}, {"handling_level": "commune",
    "field": null, "received_total": 9865, "received_online": 9210, "received_direct": 462, "carried_over": 193, "carried_over_basis": "implied",
    "resolved_total": 8445, "resolved_early": 8154, "resolved_on_time": 277, "resolved_overdue": 14,
    "pending_total": 1420, "pending_in_time": 1412, "pending_overdue": 8, "withdrawn": null,
    "refused": null, "received_in_period": 9672, "transferred": 0, "generated": false}],
    "totals": {"received_total": 17615, "received_online": 11092, "received_direct": 5857, "carried_over": 666,
    "carried_over_basis": "implied", "resolved_total": 15551, "resolved_early": 15140,
    "resolved_on_time": 384, "resolved_overdue": 27, "pending_total": 2064, "pending_in_time": 2054,
    "pending_overdue": 10, "withdrawn": null, "refused": null, "received_in_period": 16949, "transferred": 0},
    "coverage": {"levels": [{"handling_level": "district", "units_expected": 1, "units_filed": 1,
    "missing": [], "stated": [], "records": [], "ended_expected": 0, "ended_filed": 0, "ended": []}], "covers_from": null,
    "covers_to": "2024-07-02"}, "closure": null
}))]
pub struct Form06a {
    /// The printed form's symbol (ký hiệu biểu).
    pub form: Cow<'static, str>,
    /// The definition.
    pub definition: Form06DefinitionUsed,
    /// The unit.
    pub unit: FormUnit,
    /// The period; null where days alone were asked for.
    pub period: Option<Period>,
    /// First day for which dossiers were counted (từ ngày).
    #[serde(default)]
    #[schema(required = true)]
    pub from: Option<NaiveDate>,
    /// Last day for which dossiers were counted (đến ngày).
    #[serde(default)]
    #[schema(required = true)]
    pub to: Option<NaiveDate>,
    /// What alone was counted, where that was asked for (nguồn số liệu).
    #[serde(default)]
    #[schema(required = true)]
    pub source: Option<Form06Source>,
    /// As whose dossiers were counted (cách tính đơn vị).
    #[serde(default)]
    #[schema(required = true)]
    pub count_by: Option<DossierRole>,
    /// Whether dossiers that were made up for a demonstration may be among what was counted (có hồ sơ sinh
    /// tự động để trình diễn).
    #[serde(default)]
    #[schema(required = true)]
    pub generated: bool,
    /// The day whose structure counted.
    pub as_of: NaiveDate,
    /// Which units counted.
    pub scope: UnitScope,
    /// The lines: by level and field. A level's lines add up to that level.
    pub rows: Vec<Form06aRow>,
    /// The sum of all lines.
    pub totals: Form06Columns,
    /// Who has filed, and what upper units state for them.
    pub coverage: Form06aCoverage,
    /// The closing of the unit and period at which this form was kept, or the last one, from whose kept
    /// form today's may differ; null where there is none (khóa sổ).
    #[serde(default)]
    pub closure: Option<FormClosure>,
}
