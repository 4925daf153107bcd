//! A return as it is stored.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::life::ReturnState;
use crate::api::records::Row;
use crate::audit::journal::Leave;
use crate::db::schema::unit_returns;
use crate::db::types::Instant;
use crate::id;
use crate::reporting::periods::{PeriodFacts, PeriodId};
use crate::tree::OrgUnitId;

id! {
    /// Id of a return (báo cáo số liệu).
    UnitReturnId
}

/// A return as it is stored: one line of a form, of a unit and a period.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = unit_returns, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ReturnRow {
    /// Its id.
    pub id: UnitReturnId,
    /// The province that it belongs to.
    pub province_id: OrgUnitId,
    /// The unit that reports.
    pub org_unit_id: OrgUnitId,
    /// The period.
    pub period_id: PeriodId,
    /// The form.
    pub form: String,
    /// What tells the lines of a unit apart; empty in a form of one line.
    pub line: String,
    /// Whether nothing arose.
    pub nil: bool,
    /// The columns of the form, as JSON.
    pub figures: String,
    /// First day really covered, when it is not the period's.
    pub covers_from: Option<NaiveDate>,
    /// Last day really covered, when it is not the period's.
    pub covers_to: Option<NaiveDate>,
    /// The sentence that the figures come from.
    pub source_note: Option<String>,
    /// State.
    pub state: ReturnState,
    /// The account that last edited it.
    pub edited_by: String,
    /// The unit that filed it for the reporting one.
    pub filed_by: Option<OrgUnitId>,
    /// When it was handed in.
    pub submitted_at: Option<Instant>,
    /// The account that reviewed it.
    pub reviewed_by: Option<String>,
    /// When.
    pub reviewed_at: Option<Instant>,
    /// Why it was sent back.
    pub review_reason: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// A stored return with its period.
#[derive(Debug, Clone)]
pub struct Filed {
    /// The return.
    pub line: ReturnRow,
    /// Its period.
    pub period: PeriodFacts,
    /// Leave to write it, once it was asked for: the period is open for the unit.
    pub leave: Option<Leave>,
}

/// Whether it may be written does not make it another return.
impl PartialEq for Filed {
    fn eq(&self, other: &Self) -> bool {
        self.line == other.line && self.period == other.period
    }
}

impl Row for Filed {
    type Id = UnitReturnId;

    fn id(&self) -> UnitReturnId {
        self.line.id
    }

    fn version(&self) -> i64 {
        self.line.version
    }

    fn revise(&mut self, at: Instant) {
        self.line.version += 1;
        self.line.updated_at = at;
    }
}
