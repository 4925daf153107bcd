//! The sums by procedure and by the working days of resolutions, beside those of the forms.
//!
//! Days are kept of single units alone: on most days a unit has one dossier of a procedure, and a province
//! would hold them all again. What is asked of a province for a part of a month is read from its units.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::contributions::{Changes, CountedBy, Leaf};
use super::fold::{day_bucket, month_bucket, province_area, year_bucket};
use crate::db::DbConn;
use crate::db::schema::dossier_procedure_sums;
use crate::domain::tthc::dossiers::model::Channel;
use crate::domain::tthc::procedures::model::ProcedureId;
use crate::error::ApiError;

/// The working days of what is no resolution, or of one of which they are not known.
pub(super) const NO_WORKING_DAYS: i64 = -1;

/// The key of a sum by procedure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ProcedureKey {
    pub(super) area: String,
    pub(super) bucket: String,
    pub(super) counted_by: CountedBy,
    pub(super) procedure_id: ProcedureId,
    pub(super) field_id: String,
    pub(super) channel: Channel,
    pub(super) working_days: i64,
}

/// A sum by procedure as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = dossier_procedure_sums)]
pub(super) struct ProcedureSumRow {
    pub(super) area: String,
    pub(super) bucket: String,
    pub(super) counted_by: CountedBy,
    pub(super) procedure_id: ProcedureId,
    pub(super) field_id: String,
    pub(super) channel: Channel,
    pub(super) working_days: i64,
    pub(super) received: i64,
    pub(super) resolved_early: i64,
    pub(super) resolved_on_time: i64,
    pub(super) resolved_overdue: i64,
    pub(super) withdrawn: i64,
    pub(super) refused: i64,
    pub(super) moved: i64,
    pub(super) overdue: i64,
}

impl From<(ProcedureKey, Changes)> for ProcedureSumRow {
    fn from((key, changes): (ProcedureKey, Changes)) -> Self {
        let ProcedureKey { area, bucket, counted_by, procedure_id, field_id, channel, working_days } = key;
        Self {
            area,
            bucket,
            counted_by,
            procedure_id,
            field_id,
            channel,
            working_days,
            received: changes.received,
            resolved_early: changes.resolved_early,
            resolved_on_time: changes.resolved_on_time,
            resolved_overdue: changes.resolved_overdue,
            withdrawn: changes.withdrawn,
            refused: changes.refused,
            moved: changes.moved,
            overdue: changes.overdue,
        }
    }
}

impl ProcedureSumRow {
    /// Its key, and what it sums.
    pub(super) fn into_parts(self) -> (ProcedureKey, Changes) {
        let Self { area, bucket, counted_by, procedure_id, field_id, channel, working_days, .. } = self;
        let changes = Changes {
            received: self.received,
            resolved_early: self.resolved_early,
            resolved_on_time: self.resolved_on_time,
            resolved_overdue: self.resolved_overdue,
            withdrawn: self.withdrawn,
            refused: self.refused,
            moved: self.moved,
            overdue: self.overdue,
        };
        (ProcedureKey { area, bucket, counted_by, procedure_id, field_id, channel, working_days }, changes)
    }
}

/// Adds a leaf's changes to every sum by procedure in which it stands, of the areas that are wanted.
pub(super) fn add(
    sums: &mut BTreeMap<ProcedureKey, Changes>,
    leaf: &Leaf,
    changes: Changes,
    is_wanted: impl Fn(&str) -> bool,
) {
    let (unit, province) = (leaf.unit.to_string(), province_area(leaf.province));
    let (month, year) = (month_bucket(leaf.day), year_bucket(leaf.day));
    let places = [
        (unit.clone(), day_bucket(leaf.day)),
        (unit.clone(), month.clone()),
        (unit, year.clone()),
        (province.clone(), month),
        (province, year),
    ];
    for (area, bucket) in places.into_iter().filter(|(area, _)| is_wanted(area)) {
        let key = ProcedureKey {
            area,
            bucket,
            counted_by: leaf.by,
            procedure_id: leaf.procedure,
            field_id: leaf.field.map(|field| field.to_string()).unwrap_or_default(),
            channel: leaf.channel,
            working_days: leaf.working_days.unwrap_or(NO_WORKING_DAYS),
        };
        *sums.entry(key).or_default() += changes;
    }
}

/// Rows of one statement on PostgreSQL.
const STATEMENT: usize = 1_000;

/// Adds rows to what is stored.
pub(super) fn keep(conn: &mut DbConn, rows: &[ProcedureSumRow]) -> Result<(), ApiError> {
    use diesel::upsert::excluded;
    use dossier_procedure_sums as s;
    macro_rules! added {
        ($rows:expr) => {
            diesel::insert_into(s::table)
                .values($rows)
                .on_conflict((
                    s::area,
                    s::bucket,
                    s::counted_by,
                    s::procedure_id,
                    s::field_id,
                    s::channel,
                    s::working_days,
                ))
                .do_update()
                .set((
                    s::received.eq(s::received + excluded(s::received)),
                    s::resolved_early.eq(s::resolved_early + excluded(s::resolved_early)),
                    s::resolved_on_time.eq(s::resolved_on_time + excluded(s::resolved_on_time)),
                    s::resolved_overdue.eq(s::resolved_overdue + excluded(s::resolved_overdue)),
                    s::withdrawn.eq(s::withdrawn + excluded(s::withdrawn)),
                    s::refused.eq(s::refused + excluded(s::refused)),
                    s::moved.eq(s::moved + excluded(s::moved)),
                    s::overdue.eq(s::overdue + excluded(s::overdue)),
                ))
        };
    }
    match conn {
        DbConn::Pg(pg) => {
            for part in rows.chunks(STATEMENT) {
                added!(part.to_vec()).execute(pg)?;
            }
        }
        DbConn::Sqlite(sqlite) => {
            for row in rows {
                added!(row).execute(sqlite)?;
            }
        }
    }
    Ok(())
}
