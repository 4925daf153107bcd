//! What units report for a period, as the forms read it.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::CarriedOverBasis;
use super::row::ReturnRow;
use super::rules::Columns;
use kernel::db::DbConn;
use kernel::db::schema::processing_returns;
use kernel::error::ApiError;
use kernel::reporting::periods::PeriodId;
use kernel::reporting::returns::ReturnState;
use kernel::tree::{OrgUnitId, Tier, UnitSet};

/// A line of a return, for the forms.
#[derive(Debug, Clone)]
pub struct ProcessingLine {
    /// The unit that stated it.
    pub org_unit_id: OrgUnitId,
    /// The level that handled the dossiers.
    pub handling_level: Tier,
    /// The field; none for a line without field.
    pub field: Option<String>,
    /// Whether it was counted of dossiers; else it was stated.
    pub is_counted: bool,
    /// Whether it was submitted or accepted; a draft and one that was sent back do not count.
    pub is_handed_in: bool,
    /// The leaf columns.
    pub columns: Columns,
    /// Came from other units less what went to them; returns tell of no such thing.
    pub transferred: i64,
    /// Where its carry-over comes from.
    pub carried_over_basis: Option<CarriedOverBasis>,
    /// First day really covered, when it is not the period's.
    pub covers_from: Option<NaiveDate>,
    /// Last day really covered, when it is not the period's.
    pub covers_to: Option<NaiveDate>,
}

/// More units than this are not named one by one in a query.
const NAMED_UNITS: usize = 2_000;

/// The lines of these units for a period, in whatever state.
///
/// # Errors
/// When the database cannot be read.
pub fn processing_lines(
    conn: &mut DbConn,
    period: PeriodId,
    units: &UnitSet,
) -> Result<Vec<ProcessingLine>, ApiError> {
    use processing_returns as r;
    let mut query = r::table.filter(r::period_id.eq(period).and(r::deleted_at.is_null())).into_boxed();
    if units.len() <= NAMED_UNITS {
        query = query.filter(r::org_unit_id.eq_any(units.iter().collect::<Vec<_>>()));
    }
    let rows: Vec<ReturnRow> = query
        .order((r::org_unit_id, r::handling_level, r::field))
        .select(ReturnRow::as_select())
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter(|row| units.contains(row.org_unit_id))
        .map(|row| ProcessingLine {
            org_unit_id: row.org_unit_id,
            handling_level: row.handling_level,
            is_counted: false,
            is_handed_in: matches!(row.state, ReturnState::Submitted | ReturnState::Accepted),
            columns: row.columns(),
            transferred: 0,
            carried_over_basis: row.carried_over_basis,
            covers_from: row.covers_from,
            covers_to: row.covers_to,
            field: Some(row.field).filter(|field| !field.is_empty()),
        })
        .collect())
}
