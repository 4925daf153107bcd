//! Officials as they are read from the database.

use diesel::prelude::*;
use serde_json::json;

use super::model::{Official, OfficialFilter, OfficialId, OfficialRow, OfficialSort, OfficialStatus};
use super::person::{OfficialPerson, OfficialPersonShown, place};
use kernel::api::ways::{Way, merged, ways_of};
use kernel::api::{PageRequest, PageRows};
use kernel::auth::scope::{Confinement, Scoped};
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::officials;
use kernel::error::ApiError;
use kernel::people::number_digest;
use kernel::successors::wanted_units;
use kernel::unit_reference::label;
use kernel::validity::days_in_range;
use kernel::{confine, keyset, on_way, within_reach};

pub(super) type Query<'a> = officials::BoxedQuery<'a, MultiBackend>;

/// The answer of an official, with their unit as it was named on the day of the list, and masked unless the account
/// sees personal data.
///
/// # Errors
/// When the person was sealed under other keys.
pub(super) fn answer(scoped: &Scoped, row: OfficialRow) -> Result<Official, ApiError> {
    let unit = label(scoped.tree(), row.org_unit_id, row.listed_on);
    let person = opened(scoped, &row)?;
    let answer = Official::of(row, unit);
    let Some(person) = person else { return Ok(answer) };
    let is_clear = scoped.sees_personal(&[answer.org_unit_id]);
    Ok(Official { person: Some(OfficialPersonShown::of(person, is_clear)), is_clear, ..answer })
}

/// Who an official is, in clear; none where nobody said so, or once erased.
///
/// # Errors
/// When the person was sealed under other keys.
pub(super) fn opened(scoped: &Scoped, row: &OfficialRow) -> Result<Option<OfficialPerson>, ApiError> {
    let Some(sealed) = &row.person else { return Ok(None) };
    place(row.id).open(scoped.personal_keys()?, sealed).map(Some)
}

fn standing<'a>() -> Query<'a> {
    officials::table.filter(officials::deleted_at.is_null()).into_boxed()
}

fn matching<'a>(mut query: Query<'a>, filter: &'a OfficialFilter) -> Query<'a> {
    use officials as o;
    if let Some(code) = &filter.employee_code {
        query = query.filter(o::employee_code.eq(code));
    }
    if let Some(category) = filter.category {
        query = query.filter(o::category.eq(category));
    }
    if let Some(status) = filter.status {
        query = query.filter(o::status.eq(status));
    }
    if let Some(qualification) = filter.qualification {
        query = query.filter(o::qualification.eq(qualification));
    }
    if let Some(day) = filter.not_listed_since {
        query = query.filter(o::status.eq(OfficialStatus::Working).and(o::last_listed_on.lt(day)));
    }
    query
}

/// The first rows of a page on this way, of what lies within the reach.
fn first_rows<'a>(
    way: &Way,
    within: Option<&Confinement>,
    filter: &'a OfficialFilter,
    page: &PageRequest,
) -> Result<Query<'a>, ApiError> {
    use {OfficialSort as Sort, officials as o};
    let query = on_way!(standing(), way, officials);
    let query = matching(within_reach!(query, within, officials), filter);
    Ok(match filter.sort.unwrap_or(Sort::ListedOnDesc) {
        Sort::ListedOn => keyset!(query, page, asc o::listed_on => chrono::NaiveDate, o::id => OfficialId),
        Sort::ListedOnDesc => {
            keyset!(query, page, desc o::listed_on => chrono::NaiveDate, o::id => OfficialId)
        }
    })
}

/// A page of officials.
///
/// # Errors
/// 422 for a cursor of another order, a day out of range, or a unit that is not known.
pub(super) fn official_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &OfficialFilter,
    page: &PageRequest,
) -> Result<PageRows<Official>, ApiError> {
    days_in_range([("/as_of", filter.as_of), ("/not_listed_since", filter.not_listed_since)])?;
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let units = wanted_units(scoped.tree(), &filter.unit_name(), filter.scope.unwrap_or_default(), day)?;
    let (ways, within) = ways_of(scoped.confinement(), units.as_deref());
    let mut rows: Vec<Vec<OfficialRow>> = Vec::new();
    for way in ways {
        let query = first_rows(&way, within.as_ref(), filter, page)?;
        rows.push(query.select(OfficialRow::as_select()).load(conn)?);
    }
    let is_descending = filter.sort != Some(OfficialSort::ListedOn);
    let rows = merged(rows, is_descending, |row| (row.listed_on, row.id));
    let counted = || {
        let mut query = confine!(standing(), scoped, officials);
        if let Some(units) = &units {
            query = query.filter(officials::org_unit_id.eq_any(units.clone()));
        }
        matching(query, filter).count()
    };
    let total = page.include_total().then(|| counted().get_result(conn)).transpose()?;
    let PageRows { items, last, total } = page.cut(rows, total, |row| json!([row.listed_on, row.id]));
    let items = items.into_iter().map(|row| answer(scoped, row)).collect::<Result<_, _>>()?;
    Ok(PageRows { items, last, total })
}

/// An official by their id, in reach, as they are stored.
pub(super) fn row_find(conn: &mut DbConn, scoped: &Scoped, id: OfficialId) -> Result<OfficialRow, ApiError> {
    let row: OfficialRow =
        standing().filter(officials::id.eq(id)).select(OfficialRow::as_select()).first(conn)?;
    scoped.must_reach(row.org_unit_id)?;
    Ok(row)
}

/// An official by their id, in reach.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn official_get(conn: &mut DbConn, scoped: &Scoped, id: OfficialId) -> Result<Official, ApiError> {
    let row = row_find(conn, scoped, id)?;
    answer(scoped, row)
}

/// The most officials that a search by identity number answers.
const FOUND: i64 = 200;

/// The officials of an identity number in reach, the newest lists first.
///
/// # Errors
/// When the database cannot be read.
pub(super) fn officials_of_number(
    conn: &mut DbConn,
    scoped: &Scoped,
    id_number: &str,
) -> Result<Vec<Official>, ApiError> {
    let of_number = numbered(number_digest(scoped.personal_keys()?, id_number));
    let query = confine!(of_number, scoped, officials);
    let rows: Vec<OfficialRow> = query.limit(FOUND).select(OfficialRow::as_select()).load(conn)?;
    rows.into_iter().map(|row| answer(scoped, row)).collect()
}

fn numbered<'a>(digest: String) -> Query<'a> {
    let of_number = standing().filter(officials::number_digest.eq(digest));
    of_number.order((officials::listed_on.desc(), officials::id.desc()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::personnel_decisions::kinds::StaffCategory;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};
    use kernel::unit_records::plans::assert_indexed;

    #[test]
    fn every_list_comes_from_an_index_in_its_order() {
        let none = OfficialFilter::default;
        let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 23);
        let filters = [
            none(),
            OfficialFilter { sort: Some(OfficialSort::ListedOn), ..none() },
            OfficialFilter {
                category: Some(StaffCategory::Cadre),
                status: Some(OfficialStatus::Retired),
                ..none()
            },
            OfficialFilter { not_listed_since: day, ..none() },
        ];
        assert_indexed("officials", filters.len(), |filter, (way, within), _, page| {
            first_rows(way, within, &filters[filter], page).unwrap().select(OfficialRow::as_select())
        });
    }

    #[test]
    fn a_number_is_found_by_its_index() {
        let (_folder, mut conn) = migrated();
        let told = plan(&mut conn, numbered("digest".into()));
        assert!(told.iter().any(|step| step.contains("officials_of_number")), "{told:?}");
        if let Some(postgres) = &mut MigratedPostgres::new() {
            let told = postgres_plan(postgres.conn(), numbered("digest".into()));
            assert!(told.iter().any(|step| step.contains("officials_of_number")), "{told:#?}");
        }
    }
}
