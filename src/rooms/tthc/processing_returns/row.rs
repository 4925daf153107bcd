//! A processing return as it is stored.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{CarriedOverBasis, ProcessingReturnId};
use super::rules::Columns;
use kernel::api::records::Row;
use kernel::audit::journal::Leave;
use kernel::db::schema::processing_returns;
use kernel::db::types::Instant;
use kernel::reporting::periods::{PeriodFacts, PeriodId};
use kernel::reporting::returns::ReturnState;
use kernel::tree::{OrgUnitId, Tier};

/// A return as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = processing_returns, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ReturnRow {
    /// Its id.
    pub id: ProcessingReturnId,
    /// The province that it belongs to.
    pub province_id: OrgUnitId,
    /// The unit that reports.
    pub org_unit_id: OrgUnitId,
    /// The period.
    pub period_id: PeriodId,
    /// The level that handled the dossiers.
    pub handling_level: Tier,
    /// The field, or empty for a line without field.
    pub field: String,
    /// Whether nothing arose.
    pub nil: bool,
    /// Column 4.
    pub received_online: i64,
    /// Part of column 5.
    pub received_in_person: i64,
    /// Part of column 5.
    pub received_postal: i64,
    /// Column 6.
    pub carried_over: Option<i64>,
    /// Where it comes from.
    pub carried_over_basis: Option<CarriedOverBasis>,
    /// Column 8.
    pub resolved_early: i64,
    /// Column 9, without withdrawn and refused.
    pub resolved_on_time: i64,
    /// Column 10.
    pub resolved_overdue: i64,
    /// Column 12.
    pub pending_in_time: i64,
    /// Column 13.
    pub pending_overdue: i64,
    /// Withdrawn.
    pub withdrawn: i64,
    /// Refused.
    pub refused: i64,
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

impl ReturnRow {
    /// The leaf columns; a carry-over that nobody stated counts as none.
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
    type Id = ProcessingReturnId;

    fn id(&self) -> ProcessingReturnId {
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
