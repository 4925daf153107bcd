//! Which dossiers a list holds.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::life::DossierStatus;
use super::model::{Channel, DossierRole, DossierSort};
use crate::procedures::model::ProcedureId;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::UnitScope;

/// Which dossiers a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DossierFilter {
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
    /// Whether the unit resolves the dossiers or received them (vai trò); `resolving` when not given.
    #[param(inline)]
    pub role: Option<DossierRole>,
    /// Status (trạng thái).
    #[param(inline)]
    pub status: Option<DossierStatus>,
    /// Code (mã hồ sơ).
    #[validate(length(min = 1, max = 60))]
    #[param(min_length = 1, max_length = 60)]
    pub code: Option<String>,
    /// The procedure (thủ tục hành chính).
    pub procedure_id: Option<ProcedureId>,
    /// The procedure by its national code (mã TTHC).
    #[validate(length(min = 1, max = 44))]
    #[param(min_length = 1, max_length = 44)]
    pub procedure_code: Option<String>,
    /// How they came in (kênh thực hiện).
    #[param(inline)]
    pub channel: Option<Channel>,
    /// First day of receipt, in Vietnam (tiếp nhận từ ngày).
    pub received_from: Option<NaiveDate>,
    /// Last day of receipt, in Vietnam (tiếp nhận đến ngày).
    pub received_to: Option<NaiveDate>,
    /// Due before this day (hạn trước ngày); with a pending status these are overdue.
    pub due_before: Option<NaiveDate>,
    /// Order (thứ tự); the earliest received first when not given.
    #[param(inline)]
    pub sort: Option<DossierSort>,
}
