//! Processing returns as they are read from the database.

use diesel::prelude::*;
use serde_json::json;

use super::model::{ProcessingReturn, ProcessingReturnFilter, ProcessingReturnId, ProcessingReturnSort};
use super::row::{Filed, ReturnRow};
use kernel::api::ways::{Way, merged, ways_of};
use kernel::api::{PageRequest, PageRows};
use kernel::attachments::Belonging;
use kernel::auth::scope::{Confinement, Scoped};
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{periods, processing_returns};
use kernel::db::types::Instant;
use kernel::error::ApiError;
use kernel::reporting::closed_periods::OpenPeriods;
use kernel::reporting::periods::{PeriodFacts, WantedPeriod, wanted_period};
use kernel::reporting::returns::{Step, step};
use kernel::successors::wanted_units as named_units;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitName, label};
use kernel::validity::days_in_range;
use kernel::{confine, keyset, on_way, within_reach};

type Rows<'a> = diesel::dsl::IntoBoxed<
    'a,
    diesel::dsl::InnerJoin<processing_returns::table, periods::table>,
    MultiBackend,
>;

fn columns() -> (
    <ReturnRow as Selectable<MultiBackend>>::SelectExpression,
    <PeriodFacts as Selectable<MultiBackend>>::SelectExpression,
) {
    (
        <ReturnRow as Selectable<MultiBackend>>::construct_selection(),
        <PeriodFacts as Selectable<MultiBackend>>::construct_selection(),
    )
}

/// The answer of a row, with the unit as it was named on the period's last day.
pub(super) fn answer(scoped: &Scoped, row: ReturnRow, period: &PeriodFacts) -> ProcessingReturn {
    let unit = label(scoped.tree(), row.org_unit_id, period.ends_on);
    ProcessingReturn::of(row, period, unit)
}

/// A page of returns.
///
/// # Errors
/// 422 for a cursor of another order, a day out of range, or a unit that is not known.
pub fn processing_return_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &ProcessingReturnFilter,
    page: &PageRequest,
) -> Result<PageRows<ProcessingReturn>, ApiError> {
    days_in_range([("/as_of", filter.as_of)])?;
    let units = wanted_units(scoped, filter)?;
    let (mut ways, within) = ways_of(scoped.confinement(), units.as_deref());
    let period = wanted_period(conn, filter.period_id, filter.period_code.as_deref())?;
    if period == WantedPeriod::Nothing {
        ways.clear();
    }
    let mut rows: Vec<Vec<(ReturnRow, PeriodFacts)>> = Vec::new();
    for way in ways {
        rows.push(first_rows(&way, within.as_ref(), filter, period, page)?.select(columns()).load(conn)?);
    }
    let is_descending = filter.sort == Some(ProcessingReturnSort::CreatedAtDesc);
    let rows = merged(rows, is_descending, |(row, _)| (row.created_at, row.id));
    let counted = || {
        let mut query = confine!(standing(), scoped, processing_returns);
        if let Some(units) = &units {
            query = query.filter(processing_returns::org_unit_id.eq_any(units.clone()));
        }
        matching(query, filter, period).count()
    };
    let total = match period {
        WantedPeriod::Nothing => page.include_total().then_some(0),
        _ => page.include_total().then(|| counted().get_result(conn)).transpose()?,
    };
    let rows = page.cut(rows, total, |(row, _)| json!([row.created_at, row.id]));
    Ok(rows.map(|(row, period)| answer(scoped, row, &period)))
}

fn wanted_units(
    scoped: &Scoped,
    filter: &ProcessingReturnFilter,
) -> Result<Option<Vec<OrgUnitId>>, ApiError> {
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    named_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)
}

fn standing<'a>() -> Rows<'a> {
    processing_returns::table
        .inner_join(periods::table)
        .filter(processing_returns::deleted_at.is_null())
        .into_boxed()
}

/// The first rows of a page on this way, of what lies within the reach.
fn first_rows<'a>(
    way: &Way,
    within: Option<&Confinement>,
    filter: &'a ProcessingReturnFilter,
    period: WantedPeriod,
    page: &PageRequest,
) -> Result<Rows<'a>, ApiError> {
    use processing_returns as r;
    let query = on_way!(standing(), way, processing_returns);
    let query = matching(within_reach!(query, within, processing_returns), filter, period);
    Ok(match filter.sort.unwrap_or(ProcessingReturnSort::CreatedAt) {
        ProcessingReturnSort::CreatedAt => {
            keyset!(query, page, asc r::created_at => Instant, r::id => ProcessingReturnId)
        }
        ProcessingReturnSort::CreatedAtDesc => {
            keyset!(query, page, desc r::created_at => Instant, r::id => ProcessingReturnId)
        }
    })
}

fn matching<'a>(mut query: Rows<'a>, filter: &'a ProcessingReturnFilter, period: WantedPeriod) -> Rows<'a> {
    let ProcessingReturnFilter { handling_level, state, .. } = filter;
    use processing_returns as r;
    if let WantedPeriod::One(id) = period {
        query = query.filter(r::period_id.eq(id));
    }
    if let Some(level) = handling_level {
        query = query.filter(r::handling_level.eq(level));
    }
    if let Some(state) = state {
        query = query.filter(r::state.eq(state));
    }
    query
}

pub(super) fn row_get(
    conn: &mut DbConn,
    id: ProcessingReturnId,
) -> Result<(ReturnRow, PeriodFacts), ApiError> {
    Ok(processing_returns::table
        .inner_join(periods::table)
        .filter(processing_returns::id.eq(id).and(processing_returns::deleted_at.is_null()))
        .select(columns())
        .first(conn)?)
}

/// A return by its id, in reach, as it is stored.
pub(super) fn filed_find(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcessingReturnId,
) -> Result<Filed, ApiError> {
    let (line, period) = row_get(conn, id)?;
    scoped.must_reach(line.org_unit_id)?;
    Ok(Filed { line, period, leave: None })
}

/// A return by its id, in reach.
///
/// # Errors
/// 404 when there is none in reach.
pub fn processing_return_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcessingReturnId,
) -> Result<ProcessingReturn, ApiError> {
    let Filed { line, period, .. } = filed_find(conn, scoped, id)?;
    Ok(answer(scoped, line, &period))
}

/// Whose the attachments of a return are.
///
/// # Errors
/// 404 when there is none in reach.
pub fn processing_return_seen(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcessingReturnId,
) -> Result<Belonging, ApiError> {
    let Filed { line, .. } = filed_find(conn, scoped, id)?;
    Ok(Belonging::unit(line.org_unit_id, Some(line.province_id)))
}

/// The same of a return that may be edited: evidence is part of what is handed in.
///
/// # Errors
/// 404 when there is none in reach, 409 for one that was handed in or whose period is closed.
pub fn processing_return_changeable(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcessingReturnId,
) -> Result<Belonging, ApiError> {
    let Filed { line, period, .. } = filed_find(conn, scoped, id)?;
    step(line.state, Step::Edit)?;
    OpenPeriods::must_be_open(conn, scoped.tree(), line.org_unit_id, &period)?;
    Ok(Belonging::unit(line.org_unit_id, Some(line.province_id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{migrated, plan};
    use kernel::reporting::periods::PeriodId;
    use kernel::reporting::returns::ReturnState;

    #[test]
    fn every_list_comes_from_an_index_in_its_order() {
        let (_folder, mut conn) = migrated();
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let reach = Confinement { provinces: vec![one, other], units: vec![one, other] };
        let ways = [Way::Everything, Way::Province(one), Way::Unit(one), Way::Many(reach.clone())];
        let none = ProcessingReturnFilter::default;
        let filters = [
            (none(), WantedPeriod::Any, "processing_returns_by_time"),
            (
                ProcessingReturnFilter { state: Some(ReturnState::Submitted), ..none() },
                WantedPeriod::Any,
                "processing_returns_by_state",
            ),
            (none(), WantedPeriod::One(PeriodId::new()), "processing_returns_by_period"),
            (
                ProcessingReturnFilter { sort: Some(ProcessingReturnSort::CreatedAtDesc), ..none() },
                WantedPeriod::Any,
                "_by_time",
            ),
        ];
        for (filter, period, index) in &filters {
            for way in &ways {
                for within in [None, Some(&reach)] {
                    let page = PageRequest::for_test(50, None);
                    let query = first_rows(way, within, filter, *period, &page).unwrap().select(columns());
                    let plan = plan(&mut conn, query);
                    let is_sorted = plan.iter().any(|step| step.contains("TEMP B-TREE"));
                    assert!(!is_sorted, "{filter:?} on {way:?}: {plan:?}");
                    if matches!(way, Way::Everything | Way::Many(_)) {
                        assert!(
                            plan.iter().any(|step| step.contains(index)),
                            "{filter:?} on {way:?}: {plan:?}"
                        );
                    } else {
                        assert!(
                            plan.iter().any(|step| step.contains("SEARCH processing_returns")),
                            "{plan:?}"
                        );
                    }
                }
            }
        }
    }
}
