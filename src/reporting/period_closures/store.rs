//! Closings in the database.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::json;

use super::guard::hold_closed;
use super::model::{
    ClosureRow, ClosureState, DifferencesQuery, PeriodClosure, PeriodClosureCreate, PeriodClosureDifferences,
    PeriodClosureFilter, PeriodClosureId, PeriodClosureSort, PeriodReopeningCreate, Reopening,
};
use super::rules;
use crate::api::{IfMatch, PageRequest, PageRows};
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::permission::Action;
use crate::auth::permit::Reader;
use crate::auth::scope::{Scoped, home_province};
use crate::db::conn::MultiBackend;
use crate::db::json_text::JsonText;
use crate::db::schema::{period_closures, periods};
use crate::db::types::Instant;
use crate::db::{DbConn, Receipt, Recorded, WriteTx};
use crate::domain::organization::reference::{UnitName, scoped_units};
use crate::domain::organization::successors::unit_in_force;
use crate::domain::organization::tree::OrgUnitId;
use crate::domain::validity::days_in_range;
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::reporting::forms::kept::{self, FormClosure, Kept, Subject, Variant, differences};
use crate::reporting::periods::{Period, PeriodId, period_named};
use crate::text::day_vi;
use crate::{confine, keyset};

const RECORD_TYPE: &str = "period_closure";

type Rows<'a> =
    diesel::dsl::IntoBoxed<'a, diesel::dsl::InnerJoin<period_closures::table, periods::table>, MultiBackend>;

/// A page of closings.
///
/// # Errors
/// 422 for a cursor of another order, a day out of range, or a unit that is not known.
pub fn closure_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &PeriodClosureFilter,
    page: &PageRequest,
) -> Result<PageRows<PeriodClosure>, ApiError> {
    use period_closures as c;
    days_in_range([("/as_of", filter.as_of)])?;
    let units = wanted_units(scoped, filter)?;
    let query = matching(scoped, filter, units.as_deref());
    let query = match filter.sort.unwrap_or(PeriodClosureSort::ClosedAtDesc) {
        PeriodClosureSort::ClosedAt => {
            keyset!(query, page, asc c::closed_at => Instant, c::id => PeriodClosureId)
        }
        PeriodClosureSort::ClosedAtDesc => {
            keyset!(query, page, desc c::closed_at => Instant, c::id => PeriodClosureId)
        }
    };
    let rows: Vec<(ClosureRow, String)> =
        query.select((ClosureRow::as_select(), periods::code)).load(conn)?;
    let total = page
        .include_total()
        .then(|| matching(scoped, filter, units.as_deref()).count().get_result(conn))
        .transpose()?;
    let rows = page.cut(rows, total, |(row, _)| json!([row.closed_at, row.id]));
    Ok(rows.map(|(row, code)| PeriodClosure::of(scoped.tree(), row, code)))
}

fn wanted_units(scoped: &Scoped, filter: &PeriodClosureFilter) -> Result<Option<Vec<OrgUnitId>>, ApiError> {
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    if !name.is_given() {
        return Ok(None);
    }
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let unit = unit_in_force(scoped.tree(), &name, day)?;
    Ok(Some(scoped_units(scoped.tree(), unit, filter.scope.unwrap_or_default(), day)))
}

fn matching<'a>(scoped: &Scoped, filter: &'a PeriodClosureFilter, units: Option<&[OrgUnitId]>) -> Rows<'a> {
    use period_closures as c;
    let mut query = c::table.inner_join(periods::table).into_boxed();
    query = confine!(query, scoped, period_closures);
    if let Some(units) = units {
        query = query.filter(c::org_unit_id.eq_any(units.to_vec()));
    }
    if let Some(id) = filter.period_id {
        query = query.filter(c::period_id.eq(id));
    }
    if let Some(code) = &filter.period_code {
        query = query.filter(periods::code.eq(code).and(periods::regime.eq("calendar")));
    }
    if let Some(state) = filter.state {
        query = query.filter(c::state.eq(state));
    }
    query
}

fn row_find(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: PeriodClosureId,
) -> Result<(ClosureRow, Period), ApiError> {
    let (row, period): (ClosureRow, Period) = period_closures::table
        .inner_join(periods::table)
        .filter(period_closures::id.eq(id))
        .select((ClosureRow::as_select(), Period::as_select()))
        .first(conn)?;
    scoped.must_reach(row.org_unit_id)?;
    Ok((row, period))
}

/// A closing by its id, in reach.
///
/// # Errors
/// 404 when there is none in reach.
pub fn closure_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: PeriodClosureId,
) -> Result<PeriodClosure, ApiError> {
    let (row, period) = row_find(conn, scoped, id)?;
    Ok(PeriodClosure::of(scoped.tree(), row, period.code))
}

/// What a form needs to know of a closing.
pub struct ClosureFacts {
    /// The unit.
    pub unit: OrgUnitId,
    /// The day whose structure counted.
    pub as_of: NaiveDate,
    /// As a form that was kept then names it.
    pub form: FormClosure,
}

/// A closing of this period; whoever asks holds its unit against the reader's reach.
///
/// # Errors
/// 422 when there is none.
pub fn closure_facts(
    conn: &mut DbConn,
    id: PeriodClosureId,
    period: PeriodId,
) -> Result<ClosureFacts, ApiError> {
    let row: Option<ClosureRow> = period_closures::table
        .find(id)
        .filter(period_closures::period_id.eq(period))
        .select(ClosureRow::as_select())
        .first(conn)
        .optional()?;
    let row = row.ok_or_else(not_the_forms_closure)?;
    let ClosureRow { id, number, closed_at, state, .. } = row;
    let form = FormClosure { id, number, closed_at, state, is_snapshot: true, differs: None };
    Ok(ClosureFacts { unit: row.org_unit_id, as_of: row.as_of, form })
}

/// 422 for a closing that did not keep the form that is asked for.
#[must_use]
pub fn not_the_forms_closure() -> ApiError {
    let message = Bilingual::new(
        "Không có lần khóa sổ nào như vậy của đơn vị, kỳ và ngày này.",
        "There is no such closing of this unit, period and day.",
    );
    ApiError::invalid(vec![Fault::new("/snapshot", "no_such_closure", message)])
}

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
    let period = period_named(tx.conn(), body.period_id, body.period_code.as_deref())?;
    let (unit, as_of) = unit_of(scoped, &body, &period)?;
    let province_id = home_province(scoped.tree(), unit).ok_or_else(|| {
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
    let units = body.units.as_ref().map(|_| reopened_units(scoped, &row, body)).transpose()?;
    let (by, at) = (tx.author().id().to_owned(), tx.at());
    let reopening = |org_unit_id| Reopening { org_unit_id, reason: body.reason.clone(), by: by.clone(), at };
    let (state, reopenings) = rules::reopened(scoped.tree(), &row, units.as_deref(), reopening)?;
    let row = ClosureRow { state, reopenings: JsonText(reopenings), ..row };
    let (receipt, view) = changed(tx, scoped, JournalAction::Reopen, row, &period)?;
    Ok(receipt.with(view))
}

fn reopened_units(
    scoped: &Scoped,
    row: &ClosureRow,
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
        match name.resolve(scoped.tree(), row.as_of) {
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

/// Whom and what a comparison is for.
pub struct Comparison {
    closings: Scoped,
    forms: Scoped,
    kept: &'static Kept,
    variant: Variant,
}

impl Comparison {
    /// Whoever may read both the closing and the form.
    ///
    /// # Errors
    /// 403 for who may not, 422 for a form that is not kept.
    pub fn of(reader: &Reader, closings: Scoped, query: &DifferencesQuery) -> Result<Self, ApiError> {
        let scope = query.scope.unwrap_or_default();
        let (kept, variant) = Kept::named(query.form.as_deref(), query.definition.as_deref(), scope)?;
        Ok(Self { closings, forms: reader.scoped(Action::Read, kept.domain)?, kept, variant })
    }
}

/// How today's form differs from the one that a closing kept.
///
/// # Errors
/// 404 when there is no such closing in reach.
pub fn closure_differences(
    conn: &mut DbConn,
    comparison: &Comparison,
    id: PeriodClosureId,
) -> Result<PeriodClosureDifferences, ApiError> {
    let Comparison { closings, forms, kept, variant } = comparison;
    let (row, period) = row_find(conn, closings, id)?;
    if !forms.reaches_aggregates(row.org_unit_id) {
        return Err(ApiError::new(Problem::Forbidden));
    }
    let of = Subject { unit: row.org_unit_id, period: &period, as_of: row.as_of };
    let (then, today) = kept.figures(conn, closings.tree(), of, variant, id)?;
    let (lines, totals) = differences(&then, &today);
    Ok(PeriodClosureDifferences {
        form: kept.name.to_owned(),
        definition: variant.definition.to_owned(),
        scope: variant.scope,
        differs: !lines.is_empty() || !totals.is_empty(),
        closure: PeriodClosure::of(closings.tree(), row, period.code),
        lines,
        totals,
    })
}
