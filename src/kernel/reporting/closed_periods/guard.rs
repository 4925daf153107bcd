//! What every store of returns asks before it writes: whether the period is open for the unit. The
//! journal refuses the entry of a return without the [`Leave`] that is given here.
//!
//! A closing and the writes that it binds never pass each other. SQLite has one writer. On PostgreSQL
//! a write holds a shared lock on each unit in whose form its lines can be until it has committed, a
//! closing an exclusive one on its own unit: it waits for the writes under way of all whom it can bind,
//! keeps what they wrote, and those that come later see it. Writers do not wait for each other, nor, but
//! for one in a thousand whose unit shares its lock by chance, for a closing that cannot bind them.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{Array, Text};
use serde_json::json;

use super::row::{ClosureRow, ClosureState};
use super::rules::{Bound, may_count};
use crate::audit::journal::Leave;
use crate::db::bulk::PlainSql;
use crate::db::schema::period_closures;
use crate::db::{DbConn, WriteTx};
use crate::error::{ApiError, Problem};
use crate::reporting::periods::{PeriodFacts, PeriodId};
use crate::text::day_vi;
use crate::tree::{OrgTree, OrgUnitId};
use crate::unit_reference::label;

/// For which units and periods returns may be written, until the transaction ends.
pub struct OpenPeriods {
    closings: Vec<ClosureRow>,
    /// The place of the closing that binds, if one does, for each unit and period asked for.
    asked: HashMap<(OrgUnitId, PeriodId), Option<usize>>,
}

impl OpenPeriods {
    /// What the closings say of returns of these units for these periods.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn of<'a>(
        tx: &mut WriteTx<'_>,
        tree: &OrgTree,
        returns: impl Iterator<Item = (OrgUnitId, &'a PeriodFacts)>,
    ) -> Result<Self, ApiError> {
        Self::looked_up(tx.conn(), tree, returns)
    }

    /// Refuses what belongs to a return, such as its evidence, where the return itself could not be
    /// written. Outside of a transaction it tells how things stand now, and holds nothing.
    ///
    /// # Errors
    /// As [`OpenPeriods::leave`].
    pub fn must_be_open(
        conn: &mut DbConn,
        tree: &OrgTree,
        unit: OrgUnitId,
        period: &PeriodFacts,
    ) -> Result<(), ApiError> {
        Self::looked_up(conn, tree, std::iter::once((unit, period)))?.leave(tree, unit, period).map(|_| ())
    }

    fn looked_up<'a>(
        conn: &mut DbConn,
        tree: &OrgTree,
        returns: impl Iterator<Item = (OrgUnitId, &'a PeriodFacts)>,
    ) -> Result<Self, ApiError> {
        let mut periods = HashMap::new();
        let mut lines = HashMap::new();
        for (unit, period) in returns {
            let days = *periods.entry(period.id).or_insert((period.starts_on, period.ends_on));
            lines.entry((unit, period.id)).or_insert_with(|| may_count(tree, unit, days));
        }
        let keys: BTreeSet<(PeriodId, OrgUnitId)> =
            lines.iter().flat_map(|((_, period), line)| line.iter().map(|unit| (*period, *unit))).collect();
        if keys.is_empty() {
            return Ok(Self { closings: Vec::new(), asked: HashMap::new() });
        }
        hold_open(conn, &keys)?;
        let closings = standing(conn, keys)?;
        let mut bound = HashMap::new();
        for (place, closing) in closings.iter().enumerate() {
            if let Some(days) = periods.get(&closing.period_id) {
                let key = (closing.org_unit_id, closing.period_id);
                bound.insert(key, (place, Bound::by(tree, closing, *days)));
            }
        }
        let binding = |((unit, period), line): ((OrgUnitId, PeriodId), Vec<OrgUnitId>)| {
            let mut closings = line.iter().filter_map(|above| bound.get(&(*above, period)));
            let place = closings.find(|(_, bound)| bound.contains(unit)).map(|(place, _)| *place);
            ((unit, period), place)
        };
        let asked = lines.into_iter().map(binding).collect();
        Ok(Self { closings, asked })
    }

    /// Leave to write one return.
    ///
    /// # Errors
    /// As [`OpenPeriods::leave`].
    pub fn leave_for(
        tx: &mut WriteTx<'_>,
        tree: &OrgTree,
        unit: OrgUnitId,
        period: &PeriodFacts,
    ) -> Result<Leave, ApiError> {
        Self::of(tx, tree, std::iter::once((unit, period)))?.leave(tree, unit, period)
    }

    /// Leave to write a return of a unit for a period that were asked for.
    ///
    /// # Errors
    /// 409 `period-closed`, which says who closed it and when.
    pub fn leave(&self, tree: &OrgTree, unit: OrgUnitId, period: &PeriodFacts) -> Result<Leave, ApiError> {
        let place = self.asked.get(&(unit, period.id));
        let place = place.ok_or_else(|| ApiError::internal("a closing was not asked for"))?;
        match place.and_then(|place| self.closings.get(place)) {
            None => Ok(Leave::given()),
            Some(closing) => Err(closed(tree, closing, period)),
        }
    }
}

/// The closings of these periods and units that bind anyone.
fn standing(conn: &mut DbConn, keys: BTreeSet<(PeriodId, OrgUnitId)>) -> Result<Vec<ClosureRow>, ApiError> {
    use period_closures as c;
    let (periods, units): (BTreeSet<_>, BTreeSet<_>) = keys.into_iter().unzip();
    Ok(c::table
        .filter(c::period_id.eq_any(periods).and(c::org_unit_id.eq_any(units)))
        .filter(c::superseded_by.is_null().and(c::state.ne(ClosureState::Reopened)))
        .select(ClosureRow::as_select())
        .load(conn)?)
}

fn closed(tree: &OrgTree, closing: &ClosureRow, period: &PeriodFacts) -> ApiError {
    let ClosureRow { id, org_unit_id, number, closed_at, as_of, .. } = closing;
    let (code, day) = (&period.code, closed_at.vietnam_day());
    let unit = label(tree, *org_unit_id, *as_of).org_unit_name;
    ApiError::detailed(
        Problem::PeriodClosed,
        format!(
            "{unit} đã khóa sổ kỳ {code} (lần {number}, ngày {}); số liệu của kỳ chỉ được sửa sau khi mở lại.",
            day_vi(day)
        ),
        format!(
            "{unit} closed the period {code} (closing {number}, {day}); its returns are corrected only after it has been reopened."
        ),
    )
    .with_member(
        "closure",
        json!({"id": id, "org_unit_id": org_unit_id, "number": number, "closed_at": closed_at}),
    )
}

/// Lets no closing of these periods and units begin before the transaction ends. They share 256 locks:
/// a batch of a whole country and of every month holds no more, of the few thousand that PostgreSQL has
/// for all its sessions.
fn hold_open(conn: &mut DbConn, keys: &BTreeSet<(PeriodId, OrgUnitId)>) -> Result<(), ApiError> {
    if let DbConn::Pg(pg) = conn {
        let (periods, units): (Vec<PeriodId>, Vec<OrgUnitId>) = keys.iter().copied().unzip();
        // In one order, so that two batches and two closings do not wait for each other.
        let texts = [
            "SELECT count(pg_advisory_xact_lock_shared(hashtext('period_closures'), place)) FROM ( \
             SELECT DISTINCT hashtext(key.period || key.unit) & 255 AS place FROM unnest(",
            ", ",
            ") AS key (period, unit) ORDER BY 1) AS locks",
        ];
        let keys = (periods.into_sql::<Array<Text>>(), units.into_sql::<Array<Text>>());
        PlainSql { texts, values: keys }.execute(pg)?;
    }
    Ok(())
}

/// Waits for the writes under way of all whose lines can be in this unit's form for the period, and lets
/// none begin before the transaction ends.
pub fn hold_closed(conn: &mut DbConn, period: PeriodId, unit: OrgUnitId) -> Result<(), ApiError> {
    if let DbConn::Pg(pg) = conn {
        diesel::sql_query(
            "SELECT pg_advisory_xact_lock(hashtext('period_closures'), hashtext($1 || $2) & 255)",
        )
        .bind::<Text, _>(period)
        .bind::<Text, _>(unit)
        .execute(pg)?;
    }
    Ok(())
}
