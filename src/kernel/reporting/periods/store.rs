//! Periods as they are read from the database.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Period, PeriodFilter, PeriodId, PeriodKind, PeriodSort};
use super::rules::period_name_vi;
use crate::api::table::{Catalogue, Choice};
use crate::api::{PageRequest, PageRows};
use crate::auth::scope::Scoped;
use crate::db::DbConn;
use crate::db::schema::periods;
use crate::error::{ApiError, Bilingual, Fault};
use crate::validity::days_in_range;
use crate::{keyset, load_held};

type Query<'a> = periods::BoxedQuery<'a, crate::db::conn::MultiBackend>;

fn matching(filter: &PeriodFilter) -> Query<'_> {
    let PeriodFilter { regime, code, kind, on, sort: _ } = filter;
    let mut query = periods::table.filter(periods::deleted_at.is_null()).into_boxed();
    if let Some(regime) = regime {
        query = query.filter(periods::regime.eq(regime));
    }
    if let Some(code) = code {
        query = query.filter(periods::code.eq(code));
    }
    if let Some(kind) = kind {
        query = query.filter(periods::kind.eq(kind));
    }
    if let Some(day) = on {
        query = query.filter(periods::starts_on.le(day).and(periods::ends_on.ge(day)));
    }
    query
}

/// A page of periods.
///
/// # Errors
/// 422 for a cursor of another order, or a day out of range.
pub fn period_list(
    conn: &mut DbConn,
    _scoped: &Scoped,
    filter: &PeriodFilter,
    page: &PageRequest,
) -> Result<PageRows<Period>, ApiError> {
    days_in_range([("/on", filter.on)])?;
    let query = matching(filter);
    let sort = filter.sort.unwrap_or(PeriodSort::StartsOn);
    let query = match sort {
        PeriodSort::StartsOn => {
            keyset!(query, page, asc periods::starts_on => NaiveDate, periods::id => PeriodId)
        }
        PeriodSort::StartsOnDesc => {
            keyset!(query, page, desc periods::starts_on => NaiveDate, periods::id => PeriodId)
        }
        PeriodSort::Code => keyset!(query, page, asc periods::code => String, periods::id => PeriodId),
        PeriodSort::CodeDesc => keyset!(query, page, desc periods::code => String, periods::id => PeriodId),
    };
    let rows = query.select(Period::as_select()).load(conn)?;
    let total = page.include_total().then(|| matching(filter).count().get_result(conn)).transpose()?;
    Ok(page.cut(rows, total, |row| match sort {
        PeriodSort::StartsOn | PeriodSort::StartsOnDesc => serde_json::json!([row.starts_on, row.id]),
        PeriodSort::Code | PeriodSort::CodeDesc => serde_json::json!([row.code, row.id]),
    }))
}

/// The periods of the calendar by their codes, the latest first, as a column takes them.
///
/// # Errors
/// When the database cannot be read.
pub fn period_catalogue(conn: &mut DbConn, column: &'static str) -> Result<Option<Catalogue>, ApiError> {
    let held: Vec<(String, PeriodKind)> = periods::table
        .filter(periods::deleted_at.is_null().and(periods::regime.eq("calendar")))
        .order((periods::starts_on.desc(), periods::id.desc()))
        .limit(Catalogue::ROWS)
        .select((periods::code, periods::kind))
        .load(conn)?;
    let choice =
        |(code, kind): (String, PeriodKind)| Choice { label: period_name_vi(kind, &code), value: code };
    Ok(Catalogue::of(column, held.into_iter().map(choice).collect()))
}

/// A period by its id.
///
/// # Errors
/// 404 when there is none.
pub fn period_get(conn: &mut DbConn, _scoped: &Scoped, id: PeriodId) -> Result<Period, ApiError> {
    Ok(periods::table
        .find(id)
        .filter(periods::deleted_at.is_null())
        .select(Period::as_select())
        .first(conn)?)
}

/// The period that a list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedPeriod {
    /// It names none.
    Any,
    /// This one.
    One(PeriodId),
    /// It names what is no period.
    Nothing,
}

/// The period that a list names: by id, by its code in the regime `calendar`, or both. It is looked up
/// beforehand, so that the list comes from its own index: the code of a table beside it gives no order.
///
/// # Errors
/// When the database cannot be read.
pub fn wanted_period(
    conn: &mut DbConn,
    id: Option<PeriodId>,
    code: Option<&str>,
) -> Result<WantedPeriod, ApiError> {
    let Some(code) = code else { return Ok(id.map_or(WantedPeriod::Any, WantedPeriod::One)) };
    let found: Option<PeriodId> = periods::table
        .filter(periods::code.eq(code).and(periods::regime.eq("calendar")))
        .filter(periods::deleted_at.is_null())
        .select(periods::id)
        .first(conn)
        .optional()?;
    let found = found.filter(|found| id.is_none_or(|id| id == *found));
    Ok(found.map_or(WantedPeriod::Nothing, WantedPeriod::One))
}

/// The period that a body names: by id, or by its code in the regime `calendar`.
///
/// # Errors
/// 422 when it names none, or in two ways.
pub fn period_named(conn: &mut DbConn, id: Option<PeriodId>, code: Option<&str>) -> Result<Period, ApiError> {
    let fault = |pointer: &str, code: &'static str, vi: &'static str, en: &'static str| {
        ApiError::invalid(vec![Fault::new(pointer, code, Bilingual::new(vi, en))])
    };
    let standing = periods::table.filter(periods::deleted_at.is_null()).into_boxed();
    let (pointer, named) = match (id, code) {
        (Some(id), None) => ("/period_id", standing.filter(periods::id.eq(id))),
        (None, Some(code)) => {
            let calendar = periods::code.eq(code).and(periods::regime.eq("calendar"));
            ("/period_code", standing.filter(calendar))
        }
        _ => {
            return Err(fault(
                "/period_code",
                "exactly_one",
                "Nêu đúng một trong period_id và period_code.",
                "Give exactly one of period_id and period_code.",
            ));
        }
    };
    named.select(Period::as_select()).first(conn).optional()?.ok_or_else(|| unknown_period(pointer))
}

/// The same, and nobody else changes or deletes it until the transaction ends.
///
/// # Errors
/// As [`period_named`].
pub fn period_held(conn: &mut DbConn, id: Option<PeriodId>, code: Option<&str>) -> Result<Period, ApiError> {
    let named = period_named(conn, id, code)?;
    let standing = periods::id.eq(named.id).and(periods::deleted_at.is_null());
    let held: Vec<Period> = load_held!(conn, periods::table.filter(standing).select(Period::as_select()))?;
    held.into_iter()
        .next()
        .ok_or_else(|| unknown_period(if id.is_some() { "/period_id" } else { "/period_code" }))
}

fn unknown_period(pointer: &'static str) -> ApiError {
    let message = Bilingual::new("Không có kỳ báo cáo này.", "There is no such reporting period.");
    ApiError::invalid(vec![Fault::new(pointer, "unknown_period", message)])
}

/// The period of a code in a regime, `calendar` where none is named, as a query of forms names it.
///
/// # Errors
/// 422 when there is none.
pub fn period_of_regime(conn: &mut DbConn, code: &str, regime: Option<&str>) -> Result<Period, ApiError> {
    let regime = regime.unwrap_or("calendar");
    let message = || Bilingual::new("Không có kỳ báo cáo này.", "There is no such reporting period.");
    periods::table
        .filter(periods::code.eq(code).and(periods::regime.eq(regime)).and(periods::deleted_at.is_null()))
        .select(Period::as_select())
        .first(conn)
        .optional()?
        .ok_or_else(|| ApiError::invalid(vec![Fault::new("/period", "unknown_period", message())]))
}
