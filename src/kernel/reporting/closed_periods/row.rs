//! A closing as it is stored.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::db::json_text::JsonText;
use crate::db::schema::period_closures;
use crate::db::types::Instant;
use crate::reporting::periods::PeriodId;
use crate::tree::OrgUnitId;
use crate::{id, text_enum};

id! {
    /// Id of a closing of a period (lần khóa sổ kỳ báo cáo).
    PeriodClosureId
}

text_enum! {
    /// Whose returns a closing binds (phạm vi khóa sổ).
    pub enum ClosureScope {
        /// Those of the unit alone: its own, those of its agencies, and those of the units that ended within
        /// the period and went whole into it.
        Own => "self", "riêng đơn vị";
        /// Those of the unit, of all that stood under it on the period's last day, and of what ended within
        /// the period and went whole into any of these.
        Subtree => "subtree", "đơn vị và toàn bộ cấp dưới";
    }
}

text_enum! {
    /// State of a closing (trạng thái khóa sổ).
    pub enum ClosureState {
        /// It binds.
        Closed => "closed", "đã khóa sổ";
        /// It binds, except for the units for which it was reopened.
        PartlyReopened => "partly_reopened", "mở lại cho một số đơn vị";
        /// It binds no more.
        Reopened => "reopened", "đã mở lại";
    }
}

/// A reopening as it is stored with its closing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reopening {
    /// For which unit below; none for all.
    pub org_unit_id: Option<OrgUnitId>,
    /// Why.
    pub reason: String,
    /// The account that reopened.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// A closing as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = period_closures, treat_none_as_default_value = false)]
pub struct ClosureRow {
    /// Its id.
    pub id: PeriodClosureId,
    /// The province that it belongs to.
    pub province_id: OrgUnitId,
    /// The unit.
    pub org_unit_id: OrgUnitId,
    /// The period.
    pub period_id: PeriodId,
    /// Whose returns it binds.
    pub scope: ClosureScope,
    /// Which closing of the unit and period, from 1.
    pub number: i64,
    /// The day whose structure counts.
    pub as_of: NaiveDate,
    /// State.
    pub state: ClosureState,
    /// Remark.
    pub note: Option<String>,
    /// The account that closed.
    pub closed_by: String,
    /// When.
    pub closed_at: Instant,
    /// The reopenings, in their order.
    pub reopenings: JsonText<Vec<Reopening>>,
    /// The closing that took its place.
    pub superseded_by: Option<PeriodClosureId>,
    /// Version of the record.
    pub version: i64,
    /// When it was last changed.
    pub updated_at: Instant,
}
