//! Returns as they are read from the database.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use validator::Validate;

use super::form::ReturnForm;
use super::life::{ReturnState, Step, step};
use super::row::{Filed, ReturnRow, UnitReturnId};
use crate::api::ways::{Way, merged, ways_of};
use crate::api::{PageRequest, PageRows};
use crate::attachments::Belonging;
use crate::auth::scope::{Confinement, Scoped};
use crate::db::DbConn;
use crate::db::conn::MultiBackend;
use crate::db::schema::{periods, unit_returns};
use crate::db::types::Instant;
use crate::error::ApiError;
use crate::reporting::closed_periods::OpenPeriods;
use crate::reporting::periods::{PeriodFacts, PeriodId, WantedPeriod, wanted_period};
use crate::successors::wanted_units;
use crate::tree::OrgUnitId;
use crate::unit_reference::{UnitName, UnitScope};
use crate::validity::days_in_range;
use crate::{confine, keyset, on_way, text_enum, within_reach};

text_enum! {
    /// Order of returns (thứ tự).
    pub enum ReturnSort {
        /// Oldest first.
        CreatedAt => "created_at", "thời điểm tạo tăng dần";
        /// Newest first.
        CreatedAtDesc => "-created_at", "thời điểm tạo giảm dần";
    }
}

/// Which returns a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReturnFilter {
    /// The unit that reports, by id (đơn vị báo cáo).
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The day on which the unit's code and the tree are read; today when not given.
    pub as_of: Option<NaiveDate>,
    /// The unit itself, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// The period, by id (kỳ báo cáo).
    pub period_id: Option<PeriodId>,
    /// The period by its code in the regime `calendar` (mã kỳ).
    #[validate(length(min = 4, max = 7))]
    #[param(min_length = 4, max_length = 7)]
    pub period_code: Option<String>,
    /// State (trạng thái).
    #[param(inline)]
    pub state: Option<ReturnState>,
    /// Order (thứ tự); oldest first when not given.
    #[param(inline)]
    pub sort: Option<ReturnSort>,
}

type Rows<'a> =
    diesel::dsl::IntoBoxed<'a, diesel::dsl::InnerJoin<unit_returns::table, periods::table>, MultiBackend>;

fn columns() -> (
    <ReturnRow as Selectable<MultiBackend>>::SelectExpression,
    <PeriodFacts as Selectable<MultiBackend>>::SelectExpression,
) {
    (
        <ReturnRow as Selectable<MultiBackend>>::construct_selection(),
        <PeriodFacts as Selectable<MultiBackend>>::construct_selection(),
    )
}

/// The answer of a stored return.
///
/// # Errors
/// When its columns are not those of the form.
pub(super) fn answer<F: ReturnForm>(scoped: &Scoped, filed: Filed) -> Result<F::View, ApiError> {
    let columns = serde_json::from_str(&filed.line.figures).map_err(ApiError::internal)?;
    Ok(F::view(filed, columns, scoped))
}

/// A page of returns.
///
/// # Errors
/// 422 for a cursor of another order, a day out of range, or a unit that is not known.
pub fn list<F: ReturnForm>(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &ReturnFilter,
    page: &PageRequest,
) -> Result<PageRows<F::View>, ApiError> {
    let rows = page_of_rows(conn, scoped, F::RECORD_TYPE.as_str(), filter, page)?;
    let views = rows.items.into_iter().map(|filed| answer::<F>(scoped, filed)).collect::<Result<_, _>>()?;
    Ok(PageRows { items: views, last: rows.last, total: rows.total })
}

fn page_of_rows(
    conn: &mut DbConn,
    scoped: &Scoped,
    form: &'static str,
    filter: &ReturnFilter,
    page: &PageRequest,
) -> Result<PageRows<Filed>, ApiError> {
    days_in_range([("/as_of", filter.as_of)])?;
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let units = wanted_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)?;
    let (mut ways, within) = ways_of(scoped.confinement(), units.as_deref());
    let period = wanted_period(conn, filter.period_id, filter.period_code.as_deref())?;
    if period == WantedPeriod::Nothing {
        ways.clear();
    }
    let mut rows: Vec<Vec<(ReturnRow, PeriodFacts)>> = Vec::new();
    for way in ways {
        let query = first_rows(form, (&way, within.as_ref()), filter, period, page)?;
        rows.push(query.select(columns()).load(conn)?);
    }
    let is_descending = filter.sort == Some(ReturnSort::CreatedAtDesc);
    let rows = merged(rows, is_descending, |(row, _)| (row.created_at, row.id));
    let counted = || {
        let mut query = confine!(standing(form), scoped, unit_returns);
        if let Some(units) = &units {
            query = query.filter(unit_returns::org_unit_id.eq_any(units.clone()));
        }
        matching(query, filter, period).count()
    };
    let total = match period {
        WantedPeriod::Nothing => page.include_total().then_some(0),
        _ => page.include_total().then(|| counted().get_result(conn)).transpose()?,
    };
    let rows = page.cut(rows, total, |(row, _)| json!([row.created_at, row.id]));
    Ok(rows.map(|(line, period)| Filed { line, period, leave: None }))
}

fn standing<'a>(form: &'static str) -> Rows<'a> {
    unit_returns::table
        .inner_join(periods::table)
        .filter(unit_returns::form.eq(form).and(unit_returns::deleted_at.is_null()))
        .into_boxed()
}

/// The first rows of a page on this way, of what lies within the reach.
fn first_rows<'a>(
    form: &'static str,
    (way, within): (&Way, Option<&Confinement>),
    filter: &'a ReturnFilter,
    period: WantedPeriod,
    page: &PageRequest,
) -> Result<Rows<'a>, ApiError> {
    use unit_returns as r;
    let query = on_way!(standing(form), way, unit_returns);
    let query = matching(within_reach!(query, within, unit_returns), filter, period);
    Ok(match filter.sort.unwrap_or(ReturnSort::CreatedAt) {
        ReturnSort::CreatedAt => {
            keyset!(query, page, asc r::created_at => Instant, r::id => UnitReturnId)
        }
        ReturnSort::CreatedAtDesc => {
            keyset!(query, page, desc r::created_at => Instant, r::id => UnitReturnId)
        }
    })
}

fn matching<'a>(mut query: Rows<'a>, filter: &'a ReturnFilter, period: WantedPeriod) -> Rows<'a> {
    use unit_returns as r;
    if let WantedPeriod::One(id) = period {
        query = query.filter(r::period_id.eq(id));
    }
    if let Some(state) = filter.state {
        query = query.filter(r::state.eq(state));
    }
    query
}

/// A return of a form by its id, wherever it stands.
pub(super) fn row_get(
    conn: &mut DbConn,
    form: &'static str,
    id: UnitReturnId,
) -> Result<(ReturnRow, PeriodFacts), ApiError> {
    let standing = unit_returns::deleted_at.is_null().and(unit_returns::form.eq(form));
    Ok(unit_returns::table
        .inner_join(periods::table)
        .filter(unit_returns::id.eq(id).and(standing))
        .select(columns())
        .first(conn)?)
}

/// A return of a form by its id, in reach, as it is stored.
pub(super) fn filed_find(
    conn: &mut DbConn,
    scoped: &Scoped,
    form: &'static str,
    id: UnitReturnId,
) -> Result<Filed, ApiError> {
    let (line, period) = row_get(conn, form, id)?;
    scoped.must_reach(line.org_unit_id)?;
    Ok(Filed { line, period, leave: None })
}

/// A return by its id, in reach.
///
/// # Errors
/// 404 when there is none in reach.
pub fn get<F: ReturnForm>(conn: &mut DbConn, scoped: &Scoped, id: UnitReturnId) -> Result<F::View, ApiError> {
    answer::<F>(scoped, filed_find(conn, scoped, F::RECORD_TYPE.as_str(), id)?)
}

/// Whose the attachments of a return are.
///
/// # Errors
/// 404 when there is none in reach.
pub fn seen<F: ReturnForm>(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: UnitReturnId,
) -> Result<Belonging, ApiError> {
    let Filed { line, .. } = filed_find(conn, scoped, F::RECORD_TYPE.as_str(), id)?;
    Ok(Belonging::unit(line.org_unit_id, Some(line.province_id)))
}

/// The same of a return that may be edited: evidence is part of what is handed in.
///
/// # Errors
/// 404 when there is none in reach, 409 for one that was handed in or whose period is closed.
pub fn changeable<F: ReturnForm>(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: UnitReturnId,
) -> Result<Belonging, ApiError> {
    let Filed { line, period, .. } = filed_find(conn, scoped, F::RECORD_TYPE.as_str(), id)?;
    step(line.state, Step::Edit)?;
    OpenPeriods::must_be_open(conn, scoped.tree(), line.org_unit_id, &period)?;
    Ok(Belonging::unit(line.org_unit_id, Some(line.province_id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::plan::{migrated, plan};

    #[test]
    fn every_list_comes_from_an_index_in_its_order() {
        let (_folder, mut conn) = migrated();
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let reach = Confinement { provinces: vec![one, other], units: vec![one, other] };
        let ways = [Way::Everything, Way::Province(one), Way::Unit(one), Way::Many(reach.clone())];
        let none = ReturnFilter::default;
        let filters = [
            (none(), WantedPeriod::Any),
            (ReturnFilter { state: Some(ReturnState::Submitted), ..none() }, WantedPeriod::Any),
            (none(), WantedPeriod::One(PeriodId::new())),
            (ReturnFilter { sort: Some(ReturnSort::CreatedAtDesc), ..none() }, WantedPeriod::Any),
        ];
        for (filter, period) in &filters {
            for way in &ways {
                for within in [None, Some(&reach)] {
                    let page = PageRequest::for_test(50, None);
                    let query = first_rows("staffing_return", (way, within), filter, *period, &page).unwrap();
                    let plan = plan(&mut conn, query.select(columns()));
                    let is_sorted = plan.iter().any(|step| step.contains("TEMP B-TREE"));
                    assert!(!is_sorted, "{filter:?} on {way:?}: {plan:?}");
                    let is_sought = plan.iter().any(|step| step.contains("SEARCH unit_returns USING INDEX"));
                    assert!(is_sought, "{filter:?} on {way:?}: {plan:?}");
                }
            }
        }
    }
}
