//! Periods as they are made, changed and deleted.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::model::{Period, PeriodCreate, PeriodId};
use super::rules::{is_moved, period_faults};
use super::store::period_get;
use crate::api::IfMatch;
use crate::api::json::check;
use crate::api::records::{Draft, Records, Written};
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::scope::Scoped;
use crate::db::schema::periods;
use crate::db::types::Instant;
use crate::db::{DbConn, Recorded, WriteTx};
use crate::error::{ApiError, Problem};
use crate::{hide_row, load_locked, save_rows};

/// Reporting periods, as they are written.
pub struct Periods;

impl Records for Periods {
    type Id = PeriodId;
    type Body = PeriodCreate;
    type Row = Period;
    type View = Period;

    fn order(body: &PeriodCreate) -> String {
        format!("{} {}", body.regime, body.code)
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: PeriodId) -> Result<Period, ApiError> {
        period_get(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        _scoped: &Scoped,
        bodies: &[PeriodCreate],
    ) -> Result<Vec<Option<Period>>, ApiError> {
        let codes: HashSet<&str> = bodies.iter().map(|body| body.code.as_str()).collect();
        let found: Vec<Period> = periods::table
            .filter(periods::code.eq_any(codes).and(periods::deleted_at.is_null()))
            .select(Period::as_select())
            .load(tx.conn())?;
        let found: HashMap<_, _> =
            found.iter().map(|row| ((row.regime.as_str(), row.code.as_str()), row)).collect();
        let key = |body: &PeriodCreate| found.get(&(body.regime.as_str(), body.code.as_str())).copied();
        Ok(bodies.iter().map(|body| key(body).cloned()).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<PeriodCreate, Period>>,
    ) -> Result<Vec<Result<Period, ApiError>>, ApiError> {
        scoped.whole_country()?;
        let at = tx.at();
        let moved =
            drafts.iter().filter_map(|draft| draft.present.as_ref().filter(|row| is_moved(row, &draft.body)));
        let moved: Vec<PeriodId> = moved.map(|row| row.id).collect();
        let in_use = in_use(tx.conn(), &moved)?;
        let made = |draft: Draft<PeriodCreate, Period>| match &draft.present {
            Some(row) if in_use.contains(&row.id) => Err(ApiError::new(Problem::InUse)),
            _ => period_made(draft, at),
        };
        Ok(drafts.into_iter().map(made).collect())
    }

    fn save(tx: &mut WriteTx<'_>, _scoped: &Scoped, rows: &[Period]) -> Result<Written<Period>, ApiError> {
        let stored = save_rows!(
            tx.conn(),
            periods,
            PeriodId,
            rows.iter(),
            [regime, code, kind, starts_on, ends_on, submit_by]
        )?;
        let entry = |action, _: &Period, row: &Period| Entry::new(action, "period", row.id, row.version, row);
        Written::journal(tx, rows, &stored, entry, Period::clone)
    }
}

fn period_made(draft: Draft<PeriodCreate, Period>, at: Instant) -> Result<Period, ApiError> {
    let Draft { body, present } = draft;
    valid(&body)?;
    let PeriodCreate { regime, code, kind, starts_on, ends_on, submit_by } = body;
    let present = present.as_ref();
    Ok(Period {
        id: present.map_or_else(PeriodId::new, |row| row.id),
        regime,
        code,
        kind,
        starts_on,
        ends_on,
        submit_by,
        version: present.map_or(0, |row| row.version),
        created_at: present.map_or(at, |row| row.created_at),
        updated_at: present.map_or(at, |row| row.updated_at),
    })
}

/// Those of the periods to which returns or closings belong; neither is made for one until the transaction
/// ends.
fn in_use(conn: &mut DbConn, ids: &[PeriodId]) -> Result<HashSet<PeriodId>, ApiError> {
    use crate::db::schema::{period_closures, processing_returns, unit_returns};
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    // A return that is being made for one holds the row, and stands when this goes on.
    let _locked: Vec<PeriodId> = load_locked!(
        conn,
        periods::table.filter(periods::id.eq_any(ids)).order_by(periods::id).select(periods::id)
    )?;
    let returned: Vec<PeriodId> = processing_returns::table
        .filter(processing_returns::period_id.eq_any(ids).and(processing_returns::deleted_at.is_null()))
        .select(processing_returns::period_id)
        .distinct()
        .load(conn)?;
    let closed: Vec<PeriodId> = period_closures::table
        .filter(period_closures::period_id.eq_any(ids))
        .select(period_closures::period_id)
        .distinct()
        .load(conn)?;
    let stated: Vec<PeriodId> = unit_returns::table
        .filter(unit_returns::period_id.eq_any(ids).and(unit_returns::deleted_at.is_null()))
        .select(unit_returns::period_id)
        .distinct()
        .load(conn)?;
    Ok(returned.into_iter().chain(stated).chain(closed).collect())
}

/// Deletes a period to which no return and no closing belongs.
///
/// # Errors
/// 412 when it has changed, 409 while returns or closings belong to it.
pub fn period_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: PeriodId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    scoped.whole_country()?;
    let present = period_get(tx.conn(), scoped, id)?;
    expected.check(present.version)?;
    hide_row!(tx, periods, present)?;
    if !in_use(tx.conn(), &[id])?.is_empty() {
        return Err(ApiError::new(Problem::InUse));
    }
    let entry = Entry::new(JournalAction::Delete, "period", present.id, present.version + 1, &present)?;
    Ok(tx.journal(entry)?.with(()))
}

fn valid(body: &PeriodCreate) -> Result<(), ApiError> {
    check(body)?;
    let faults = period_faults(body);
    if faults.is_empty() { Ok(()) } else { Err(ApiError::invalid(faults)) }
}
