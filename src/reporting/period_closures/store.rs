//! Closings as they are read from the database.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::json;

use super::model::{PeriodClosure, PeriodClosureFilter, PeriodClosureSort};
use crate::reporting::forms::kept::FormClosure;
use kernel::api::ways::{Way, merged};
use kernel::api::{PageRequest, PageRows};
use kernel::attachments::Belonging;
use kernel::auth::scope::{Confinement, Scoped};
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{period_closures, periods};
use kernel::db::types::Instant;
use kernel::db::unindexed::Unindexed;
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::reporting::closed_periods::{ClosureRow, PeriodClosureId, rules};
use kernel::reporting::periods::{Period, PeriodId, WantedPeriod, wanted_period};
use kernel::successors::wanted_units as named_units;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::UnitName;
use kernel::validity::days_in_range;
use kernel::{confine, keyset, on_way};

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
    days_in_range([("/as_of", filter.as_of)])?;
    let units = wanted_units(scoped, filter)?;
    let reach = scoped.confinement();
    // Those of some units are read unit by unit, and held against the reach.
    let (mut ways, within) = match &units {
        None => (Way::of(reach), None),
        Some(units) => {
            let units = Confinement { provinces: Vec::new(), units: units.clone() };
            (Way::of(Some(units)), reach)
        }
    };
    let period = wanted_period(conn, filter.period_id, filter.period_code.as_deref())?;
    if period == WantedPeriod::Nothing {
        ways.clear();
    }
    let mut rows: Vec<Vec<(ClosureRow, String)>> = Vec::new();
    for way in ways {
        let query = first_rows(&way, within.as_ref(), filter, period, page)?;
        rows.push(query.select((ClosureRow::as_select(), periods::code)).load(conn)?);
    }
    let is_descending =
        filter.sort.unwrap_or(PeriodClosureSort::ClosedAtDesc) == PeriodClosureSort::ClosedAtDesc;
    let rows = merged(rows, is_descending, |(row, _)| (row.closed_at, row.id));
    let counted = || {
        let mut query = confine!(standing(), scoped, period_closures);
        if let Some(units) = &units {
            query = query.filter(period_closures::org_unit_id.eq_any(units.clone()));
        }
        matching(query, filter, period).count()
    };
    let total = match period {
        WantedPeriod::Nothing => page.include_total().then_some(0),
        _ => page.include_total().then(|| counted().get_result(conn)).transpose()?,
    };
    let rows = page.cut(rows, total, |(row, _)| json!([row.closed_at, row.id]));
    Ok(rows.map(|(row, code)| PeriodClosure::of(scoped.tree(), row, code)))
}

fn wanted_units(scoped: &Scoped, filter: &PeriodClosureFilter) -> Result<Option<Vec<OrgUnitId>>, ApiError> {
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    named_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)
}

fn standing<'a>() -> Rows<'a> {
    period_closures::table.inner_join(periods::table).into_boxed()
}

/// The first rows of a page on this way, of what lies within the reach.
fn first_rows<'a>(
    way: &Way,
    within: Option<&Confinement>,
    filter: &'a PeriodClosureFilter,
    period: WantedPeriod,
    page: &PageRequest,
) -> Result<Rows<'a>, ApiError> {
    use period_closures as c;
    let mut query = on_way!(standing(), way, period_closures);
    if let Some(to) = within {
        query = query.filter(
            Unindexed(c::province_id)
                .eq_any(to.provinces.clone())
                .or(Unindexed(c::org_unit_id).eq_any(to.units.clone())),
        );
    }
    let query = matching(query, filter, period);
    Ok(match filter.sort.unwrap_or(PeriodClosureSort::ClosedAtDesc) {
        PeriodClosureSort::ClosedAt => {
            keyset!(query, page, asc c::closed_at => Instant, c::id => PeriodClosureId)
        }
        PeriodClosureSort::ClosedAtDesc => {
            keyset!(query, page, desc c::closed_at => Instant, c::id => PeriodClosureId)
        }
    })
}

fn matching<'a>(mut query: Rows<'a>, filter: &'a PeriodClosureFilter, period: WantedPeriod) -> Rows<'a> {
    use period_closures as c;
    if let WantedPeriod::One(id) = period {
        query = query.filter(c::period_id.eq(id));
    }
    if let Some(state) = filter.state {
        query = query.filter(c::state.eq(state));
    }
    query
}

pub(super) fn row_find(
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

/// Whose the minutes of a closing are: its unit's.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn closure_seen(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: PeriodClosureId,
) -> Result<Belonging, ApiError> {
    let (row, _) = row_find(conn, scoped, id)?;
    Ok(Belonging::unit(row.org_unit_id, Some(row.province_id)))
}

/// The same while the closing is the last of its unit and period: the minutes are signed after it, and so
/// is the decision that reopens it.
///
/// # Errors
/// 404 when there is none in reach, 409 when the next closing took its place.
pub(super) fn closure_changeable(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: PeriodClosureId,
) -> Result<Belonging, ApiError> {
    let (row, _) = row_find(conn, scoped, id)?;
    rules::may_take_minutes(&row)?;
    Ok(Belonging::unit(row.org_unit_id, Some(row.province_id)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};
    use kernel::reporting::closed_periods::ClosureState;

    type Case = (PeriodClosureFilter, WantedPeriod, Way, Option<Confinement>);

    fn cases() -> Vec<Case> {
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let reach = Confinement { provinces: vec![one, other], units: vec![one, other] };
        let none = PeriodClosureFilter::default;
        let filters = [
            none(),
            PeriodClosureFilter { sort: Some(PeriodClosureSort::ClosedAt), ..none() },
            PeriodClosureFilter { state: Some(ClosureState::Reopened), ..none() },
        ];
        let mut cases = Vec::new();
        for filter in filters {
            for period in [WantedPeriod::Any, WantedPeriod::One(PeriodId::new())] {
                for way in [Way::Everything, Way::Province(one), Way::Unit(one), Way::Many(reach.clone())] {
                    cases.push((filter.clone(), period, way.clone(), None));
                    cases.push((filter.clone(), period, way, Some(reach.clone())));
                }
            }
        }
        cases
    }

    #[test]
    fn every_list_comes_from_an_index_in_its_order() {
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        for (filter, period, way, within) in cases() {
            let query = || {
                let page = PageRequest::for_test(50, None);
                let query = first_rows(&way, within.as_ref(), &filter, period, &page).unwrap();
                query.select((ClosureRow::as_select(), periods::code))
            };
            let told = plan(&mut conn, query());
            let is_wrong = |step: &String| step.contains("TEMP B-TREE") || step == "SCAN period_closures";
            assert!(!told.iter().any(is_wrong), "{filter:?} of {period:?} on {way:?}: {told:?}");
            if let Some(postgres) = &mut postgres {
                let told = postgres_plan(postgres.conn(), query());
                let is_wrong =
                    |step: &String| step.contains("Sort") || step.contains("Seq Scan on period_closures");
                assert!(!told.iter().any(is_wrong), "{filter:?} of {period:?} on {way:?}: {told:#?}");
            }
        }
    }
}
