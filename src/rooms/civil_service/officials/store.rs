//! Officials as they are read from the database.

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;
use serde_json::json;

use super::codes::code_key;
use super::model::{
    Official, OfficialFilter, OfficialId, OfficialRow, OfficialSearch, OfficialSort, OfficialStatus,
    OfficialsFound,
};
use super::person::{OfficialPerson, OfficialPersonShown, place};
use super::same_number::Bearers;
use kernel::api::ways::{Way, merged, ways_of};
use kernel::api::{PageRequest, PageRows};
use kernel::attachments::Belonging;
use kernel::auth::scope::{Confinement, Scoped};
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::row_value::{self, RowBeyond};
use kernel::db::schema::officials;
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::people::{must_stand, number_digest};
use kernel::successors::wanted_units;
use kernel::unit_reference::label;
use kernel::validity::days_in_range;
use kernel::{confine, keyset, on_way, within_reach};

pub(super) type Query<'a> = officials::BoxedQuery<'a, MultiBackend>;

/// The answer of an official, with their unit as it was named on the day of the list, masked unless the account
/// sees personal data, and with what is noticed beside those who bear the same number.
///
/// # Errors
/// When the person was sealed under other keys.
pub(super) fn answer(scoped: &Scoped, row: OfficialRow, bearers: &Bearers) -> Result<Official, ApiError> {
    let unit = label(scoped.tree(), row.org_unit_id, row.listed_on);
    let (person, remarks) = (opened(scoped, &row)?, bearers.remarks(&row));
    let answer = Official { remarks, ..Official::of(row, unit) };
    let Some(person) = person else { return Ok(answer) };
    let is_clear = scoped.sees_personal(&[answer.org_unit_id]);
    Ok(Official { person: Some(OfficialPersonShown::of(person, is_clear)), is_clear, ..answer })
}

/// The answers of officials, in their order.
///
/// # Errors
/// As [`answer`], and when the database cannot be read.
fn answers(conn: &mut DbConn, scoped: &Scoped, rows: Vec<OfficialRow>) -> Result<Vec<Official>, ApiError> {
    let bearers = Bearers::of(conn, scoped, &rows)?;
    rows.into_iter().map(|row| answer(scoped, row, &bearers)).collect()
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
        query = query.filter(o::employee_key.eq(code_key(code)));
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
        Sort::ListedOn => keyset!(query, page, asc o::listed_on => NaiveDate, o::id => OfficialId),
        Sort::ListedOnDesc => {
            keyset!(query, page, desc o::listed_on => NaiveDate, o::id => OfficialId)
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
    Ok(PageRows { items: answers(conn, scoped, items)?, last, total })
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
    let bearers = Bearers::of(conn, scoped, std::slice::from_ref(&row))?;
    answer(scoped, row, &bearers)
}

/// Whose the attachments of an official are.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn official_seen(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OfficialId,
) -> Result<Belonging, ApiError> {
    let row = row_find(conn, scoped, id)?;
    Ok(belonging(scoped, &row))
}

fn belonging(scoped: &Scoped, row: &OfficialRow) -> Belonging {
    let is_clear = scoped.sees_personal(&[row.org_unit_id]);
    Belonging::unit(row.org_unit_id, Some(row.province_id)).of_people(is_clear)
}

/// The same for whoever may change the official.
///
/// # Errors
/// 409 once their personal data were erased, 403 when the account may read them only, 404 when there is none in reach.
pub(super) fn official_changeable(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OfficialId,
) -> Result<Belonging, ApiError> {
    let row = row_find(conn, scoped, id)?;
    must_stand(row.erased_at)?;
    Ok(belonging(scoped, &row))
}

/// The most officials that one answer to a search by identity number holds.
const FOUND: i64 = 200;

/// Where an official stands among those of one identity number.
type Place = (NaiveDate, OfficialId);

/// The officials of an identity number in reach, the newest lists first.
///
/// # Errors
/// 422 for an official to go on behind who is not in reach.
pub(super) fn officials_of_number(
    conn: &mut DbConn,
    scoped: &Scoped,
    search: &OfficialSearch,
) -> Result<OfficialsFound, ApiError> {
    let digest = number_digest(scoped.personal_keys()?, &search.id_number);
    let reach = scoped.confinement();
    let after = search.after.map(|id| place_of(conn, reach.as_ref(), id)).transpose()?;
    let query = numbered(digest, reach.as_ref(), after);
    let mut found: Vec<OfficialRow> = query.select(OfficialRow::as_select()).load(conn)?;
    let most = usize::try_from(FOUND).unwrap_or(usize::MAX);
    let has_more = found.len() > most;
    found.truncate(most);
    Ok(OfficialsFound { items: answers(conn, scoped, found)?, has_more })
}

/// The first of a number, or those behind a place, and one more that tells whether there are others.
fn numbered<'a>(digest: String, reach: Option<&Confinement>, after: Option<Place>) -> Query<'a> {
    use officials as o;
    let mut query = within_reach!(standing().filter(o::number_digest.eq(digest)), reach, officials);
    if let Some((day, id)) = after {
        query = query.filter(RowBeyond {
            columns: (o::listed_on, o::id),
            side: row_value::Side::Less,
            row: (day.into_sql::<dsl::SqlTypeOf<o::listed_on>>(), id.into_sql::<dsl::SqlTypeOf<o::id>>()),
        });
    }
    query.order((o::listed_on.desc(), o::id.desc())).limit(FOUND + 1)
}

/// The place of an official who was found before, also where they were erased or deleted since.
fn place_of(conn: &mut DbConn, reach: Option<&Confinement>, id: OfficialId) -> Result<Place, ApiError> {
    use officials as o;
    let this = within_reach!(o::table.into_boxed().filter(o::id.eq(id)), reach, officials);
    let place: Option<Place> = this.select((o::listed_on, o::id)).first(conn).optional()?;
    place.ok_or_else(|| {
        let message = Bilingual::new(
            "Không có cán bộ, công chức, viên chức này trong phạm vi.",
            "There is no such official in reach.",
        );
        ApiError::invalid(vec![Fault::new("/after", "unknown_official", message)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::personnel_decisions::kinds::StaffCategory;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};
    use kernel::tree::OrgUnitId;
    use kernel::unit_records::plans::assert_indexed;

    #[test]
    fn every_list_comes_from_an_index_in_its_order() {
        let none = OfficialFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 11, 23);
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
        let mut postgres = MigratedPostgres::new();
        let reach = Confinement { provinces: vec![OrgUnitId::new()], units: vec![OrgUnitId::new()] };
        let place = (NaiveDate::default(), OfficialId::new());
        for (reach, after) in
            [(None, None), (None, Some(place)), (Some(&reach), None), (Some(&reach), Some(place))]
        {
            let query = || numbered("digest".into(), reach, after).select(OfficialRow::as_select());
            let told = plan(&mut conn, query());
            assert!(told.iter().any(|step| step.contains("officials_of_number")), "{told:?}");
            assert!(!told.iter().any(|step| step.contains("TEMP B-TREE")), "{told:?}");
            if let Some(postgres) = &mut postgres {
                let told = postgres_plan(postgres.conn(), query());
                assert!(told.iter().any(|step| step.contains("officials_of_number")), "{told:#?}");
                assert!(!told.iter().any(|step| step.contains("Sort")), "{told:#?}");
            }
        }
    }
}
