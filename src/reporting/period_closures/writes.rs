//! Closing and reopening, in the database.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{PeriodClosure, PeriodClosureCreate, PeriodReopeningCreate};
use super::store::row_find;
use crate::reporting::forms::kept::{self, Subject};
use kernel::api::IfMatch;
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::scope::Scoped;
use kernel::db::json_text::JsonText;
use kernel::db::schema::period_closures;
use kernel::db::{Receipt, Recorded, WriteTx};
use kernel::error::{ApiError, Bilingual, Fault, Problem};
use kernel::reporting::closed_periods::{
    ClosureRow, ClosureState, PeriodClosureId, Reopening, hold_closed, rules,
};
use kernel::reporting::periods::{Period, period_held};
use kernel::text::day_vi;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::UnitName;

const RECORD_TYPE: &str = "period_closure";

/// Closes a period for a unit, and keeps the forms as they are now.
///
/// # Errors
/// 403 for a unit out of reach, 409 when it is closed already, 422 for an unknown period, one that is
/// not over, or a unit that did not exist in it.
pub fn closure_insert(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    body: PeriodClosureCreate,
) -> Result<Recorded<PeriodClosure>, ApiError> {
    use period_closures as c;
    let period = period_held(tx.conn(), body.period_id, body.period_code.as_deref())?;
    let (unit, as_of) = unit_of(scoped, &body, &period)?;
    let province_id = scoped.home_province(unit).ok_or_else(|| {
        ApiError::detailed(
            Problem::Invalid,
            "Đơn vị không thuộc tỉnh, thành phố nào nên không khóa sổ kỳ báo cáo.",
            "The unit stands in no province and closes no period.",
        )
    })?;
    hold_closed(tx.conn(), period.id, unit)?;
    let last: Option<ClosureRow> = c::table
        .filter(c::period_id.eq(period.id).and(c::org_unit_id.eq(unit)).and(c::superseded_by.is_null()))
        .select(ClosureRow::as_select())
        .first(tx.conn())
        .optional()?;
    rules::may_close(last.as_ref())?;
    let id = PeriodClosureId::new();
    let number = last.as_ref().map_or(1, |last| last.number + 1);
    if let Some(last) = last {
        let superseded = ClosureRow { superseded_by: Some(id), ..last };
        let _receipt = changed(tx, scoped, JournalAction::Update, superseded, &period)?;
    }
    let row = ClosureRow {
        id,
        province_id,
        org_unit_id: unit,
        period_id: period.id,
        scope: body.scope,
        number,
        as_of,
        state: ClosureState::Closed,
        note: body.note,
        closed_by: tx.author().id().to_owned(),
        closed_at: tx.at(),
        reopenings: JsonText(Vec::new()),
        superseded_by: None,
        version: 1,
        updated_at: tx.at(),
    };
    diesel::insert_into(c::table).values(&row).execute(tx.conn())?;
    kept::keep_all(tx, scoped.tree(), Subject { unit, period: &period, as_of }, id)?;
    let (receipt, view) = recorded(tx, scoped, JournalAction::Close, row, &period)?;
    Ok(receipt.with(view))
}

/// The unit that a body names, in reach, and the day on which it stands for the period.
fn unit_of(
    scoped: &Scoped,
    body: &PeriodClosureCreate,
    period: &Period,
) -> Result<(OrgUnitId, NaiveDate), ApiError> {
    let tree = scoped.tree();
    let name = UnitName {
        id: body.org_unit_id,
        identifier: body.org_unit_identifier.as_deref(),
        code: body.org_unit_code.as_deref(),
    };
    // A unit that ended within the period is closed for its part of it.
    let unit = match name.resolve(tree, period.ends_on) {
        Ok(unit) => unit,
        Err(faults) => name.resolve(tree, period.starts_on).map_err(|_| ApiError::invalid(faults))?,
    };
    let as_of = rules::standing_day(tree, unit, period.ends_on);
    let mut faults = Vec::new();
    if !tree.in_force(unit, as_of) || as_of < period.starts_on {
        let message = Bilingual::new(
            format!("Đơn vị không tồn tại trong kỳ {}.", period.code),
            format!("The unit does not exist in the period {}.", period.code),
        );
        faults.push(Fault::new(name.pointer(), "not_in_force", message));
    }
    if scoped.today() <= period.ends_on {
        let pointer = if body.period_id.is_some() { "/period_id" } else { "/period_code" };
        let message = Bilingual::new(
            format!(
                "Kỳ {} đến hết ngày {} mới kết thúc nên chưa khóa sổ được.",
                period.code,
                day_vi(period.ends_on)
            ),
            format!("The period {} ends on {}; it cannot be closed before.", period.code, period.ends_on),
        );
        faults.push(Fault::new(pointer, "not_over", message));
    }
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    if !scoped.reaches(unit) {
        let message = Bilingual::new(
            "Đơn vị này nằm ngoài phạm vi được giao của tài khoản.",
            "This unit is outside what the account may act on.",
        );
        let fault = Fault::new(name.pointer(), "out_of_reach", message);
        return Err(ApiError::new(Problem::Forbidden).with_faults(vec![fault]));
    }
    Ok((unit, as_of))
}

/// Reopens a closed period, for everyone or for some of the units below.
///
/// # Errors
/// 404 when there is none in reach, 409 when it is open already, 412 when it has changed, 422 for a
/// unit that it does not bind.
pub fn closure_reopen(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: PeriodClosureId,
    expected: Option<&IfMatch>,
    body: &PeriodReopeningCreate,
) -> Result<Recorded<PeriodClosure>, ApiError> {
    let (row, period) = row_find(tx.conn(), scoped, id)?;
    expected.map_or(Ok(()), |expected| expected.check(row.version))?;
    let units = body.units.as_ref().map(|_| reopened_units(scoped, &row, &period, body)).transpose()?;
    let days = (period.starts_on, period.ends_on);
    let (by, at) = (tx.author().id().to_owned(), tx.at());
    let reopening = |org_unit_id| Reopening { org_unit_id, reason: body.reason.clone(), by: by.clone(), at };
    let (state, reopenings) = rules::reopened(scoped.tree(), &row, days, units.as_deref(), reopening)?;
    let row = ClosureRow { state, reopenings: JsonText(reopenings), ..row };
    let (receipt, view) = changed(tx, scoped, JournalAction::Reopen, row, &period)?;
    Ok(receipt.with(view))
}

fn reopened_units(
    scoped: &Scoped,
    row: &ClosureRow,
    period: &Period,
    body: &PeriodReopeningCreate,
) -> Result<Vec<OrgUnitId>, ApiError> {
    let mut faults = Vec::new();
    let mut units = Vec::new();
    for (place, unit) in body.units.iter().flatten().enumerate() {
        let name = UnitName {
            id: unit.org_unit_id,
            identifier: unit.org_unit_identifier.as_deref(),
            code: unit.org_unit_code.as_deref(),
        };
        // A unit that had ended by the closing's day is called what it was called when the period began.
        let then = |faults| name.resolve(scoped.tree(), period.starts_on).map_err(|_| faults);
        match name.resolve(scoped.tree(), row.as_of).or_else(then) {
            Ok(unit) => units.push(unit),
            Err(wrong) => faults.extend(
                wrong
                    .into_iter()
                    .map(|fault| Fault { pointer: format!("/units/{place}{}", fault.pointer), ..fault }),
            ),
        }
    }
    if faults.is_empty() { Ok(units) } else { Err(ApiError::invalid(faults)) }
}

/// Stores a step of a closing's life.
fn changed(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    action: JournalAction,
    row: ClosureRow,
    period: &Period,
) -> Result<(Receipt, PeriodClosure), ApiError> {
    use period_closures as c;
    let row = ClosureRow { version: row.version + 1, updated_at: tx.at(), ..row };
    let changed = diesel::update(c::table.find(row.id).filter(c::version.eq(row.version - 1)))
        .set((
            c::state.eq(row.state),
            c::reopenings.eq(&row.reopenings),
            c::superseded_by.eq(row.superseded_by),
            c::version.eq(row.version),
            c::updated_at.eq(row.updated_at),
        ))
        .execute(tx.conn())?;
    if changed == 0 {
        return Err(ApiError::new(Problem::PreconditionFailed));
    }
    recorded(tx, scoped, action, row, period)
}

fn recorded(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    action: JournalAction,
    row: ClosureRow,
    period: &Period,
) -> Result<(Receipt, PeriodClosure), ApiError> {
    let (unit, province) = (row.org_unit_id, row.province_id.to_string());
    let view = PeriodClosure::of(scoped.tree(), row, period.code.clone());
    let entry = Entry::new(action, RECORD_TYPE, view.id, view.version, &view)?.of_unit(unit, Some(province));
    Ok((tx.journal(entry)?, view))
}
