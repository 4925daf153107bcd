//! Units as they stand on a day: lists, single ones, those above, their versions.

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;

use super::model::{
    OrgUnit, OrgUnitBelowFilter, OrgUnitFilter, OrgUnitPage, OrgUnitSort, UnitRow, VersionRow,
};
use super::rows::{unit_row, units_of, version_on, versions_of, versions_of_all};
use kernel::api::{PageRequest, PageRows};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{org_unit_versions, org_units};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::keyset;
use kernel::successors::{not_in_force, unit_in_force};
use kernel::text::{contains, fold};
use kernel::tree::{OrgTree, OrgUnitId, UnitKind};
use kernel::unit_reference::{UnitName, UnitScope};
use kernel::validity::storable;

/// A page of units.
///
/// # Errors
/// 422 for a cursor of another order, or a unit that is unknown or not in force on the day.
pub fn org_unit_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &OrgUnitFilter,
    page: &PageRequest,
) -> Result<PageRows<OrgUnit>, ApiError> {
    let day = day_of(filter.as_of, scoped);
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let unit = name.is_given().then(|| unit_in_force(scoped.tree(), &name, day)).transpose()?;
    let within = match (unit, filter.scope) {
        (None, None) => Within::Everything,
        (None, Some(_)) => {
            let message = Bilingual::new(
                "Phạm vi chỉ dùng cùng với một đơn vị.",
                "A scope is given together with a unit only.",
            );
            return Err(ApiError::invalid(vec![Fault::new("/scope", "without_unit", message)]));
        }
        (Some(unit), scope) => match scope.unwrap_or_default() {
            UnitScope::Own => Within::One(unit),
            UnitScope::Children => Within::AtOrUnder(unit, vec![unit]),
            UnitScope::Subtree => Within::subtree(scoped.tree(), unit, day),
        },
    };
    let selection = Selection {
        day,
        within,
        code: filter.code.clone(),
        identifier: filter.identifier.clone(),
        kind: filter.kind,
        q: filter.q.clone(),
        sort: filter.sort.unwrap_or(OrgUnitSort::Name),
    };
    selected(conn, scoped, &selection, page)
}

/// Which units below one.
#[derive(Debug, Clone, Copy)]
pub enum Below {
    /// Those directly under it.
    Children,
    /// The unit and all that stands under it.
    Subtree,
}

/// A page of the units under one unit: directly, or the unit with all that stands under it.
///
/// # Errors
/// As [`org_unit_get`], and 422 for a cursor of another order.
pub fn org_unit_list_below(
    conn: &mut DbConn,
    scoped: &Scoped,
    (unit, below): (OrgUnitId, Below),
    filter: &OrgUnitBelowFilter,
    page: &PageRequest,
) -> Result<PageRows<OrgUnit>, ApiError> {
    let day = day_of(filter.as_of, scoped);
    in_force(conn, scoped, unit, day)?;
    let within = match below {
        Below::Children => Within::Under(unit),
        Below::Subtree => Within::subtree(scoped.tree(), unit, day),
    };
    let selection = Selection {
        day,
        within,
        code: None,
        identifier: None,
        kind: filter.kind,
        q: filter.q.clone(),
        sort: filter.sort.unwrap_or(OrgUnitSort::Name),
    };
    selected(conn, scoped, &selection, page)
}

/// Which units of the tree.
#[derive(Debug, Clone)]
enum Within {
    Everything,
    One(OrgUnitId),
    /// Directly under it.
    Under(OrgUnitId),
    /// The unit and whatever stands directly under one of these: a province has a hundred units with
    /// others below them, but thousands of hamlets and schools, too many to be named one by one.
    AtOrUnder(OrgUnitId, Vec<OrgUnitId>),
}

impl Within {
    fn subtree(tree: &OrgTree, top: OrgUnitId, day: NaiveDate) -> Self {
        if tree.version_at(top, day).is_some_and(|version| version.kind == UnitKind::Country) {
            return Self::Everything;
        }
        let members = tree.subtree(top, day);
        Self::AtOrUnder(
            top,
            members.into_iter().filter(|unit| !tree.children(*unit, day).is_empty()).collect(),
        )
    }
}

/// What a list holds, whichever operation asks.
#[derive(Debug, Clone)]
struct Selection {
    day: NaiveDate,
    within: Within,
    code: Option<String>,
    identifier: Option<String>,
    kind: Option<UnitKind>,
    q: Option<String>,
    sort: OrgUnitSort,
}

type OfIdentity = dsl::Eq<org_units::id, org_unit_versions::org_unit_id>;
type Joined<'a> = dsl::IntoBoxed<
    'a,
    dsl::InnerJoinOn<org_unit_versions::table, org_units::table, OfIdentity>,
    MultiBackend,
>;

fn matching(selection: &Selection) -> Joined<'_> {
    use org_unit_versions as v;
    let Selection { day, within, code, identifier, kind, q, sort: _ } = selection;
    let mut query = v::table
        .inner_join(org_units::table.on(org_units::id.eq(v::org_unit_id)))
        .into_boxed()
        .filter(org_units::deleted_at.is_null())
        .filter(v::valid_from.le(*day).and(v::valid_to.gt(*day)));
    query = match within {
        Within::Everything => query,
        Within::One(unit) => query.filter(v::org_unit_id.eq(*unit)),
        Within::Under(unit) => query.filter(v::parent_id.eq(*unit)),
        Within::AtOrUnder(top, parents) => {
            query.filter(v::org_unit_id.eq(*top).or(v::parent_id.assume_not_null().eq_any(parents.clone())))
        }
    };
    if let Some(code) = code {
        query = query.filter(v::code.eq(code));
    }
    if let Some(identifier) = identifier {
        query = query.filter(v::identifier.eq(identifier));
    }
    if let Some(kind) = kind {
        query = query.filter(v::kind.eq(kind));
    }
    if let Some(q) = q {
        let is_code = || v::code.is_not_null().and(v::code.assume_not_null().eq(q.trim()));
        let words = fold(q);
        if words.is_empty() {
            query = query.filter(is_code());
        }
        // Each word alone, so that their order does not matter; a code has one word.
        for word in words.split_whitespace() {
            query = query.filter(v::name_folded.like(contains(word)).escape('\\').or(is_code()));
        }
    }
    query
}

fn selected(
    conn: &mut DbConn,
    scoped: &Scoped,
    selection: &Selection,
    page: &PageRequest,
) -> Result<PageRows<OrgUnit>, ApiError> {
    use org_unit_versions as v;
    let query = matching(selection);
    let query = match selection.sort {
        OrgUnitSort::Name => {
            keyset!(query, page, asc v::name_folded => String, v::org_unit_id => OrgUnitId)
        }
        OrgUnitSort::NameDesc => {
            keyset!(query, page, desc v::name_folded => String, v::org_unit_id => OrgUnitId)
        }
    };
    let rows: Vec<(UnitRow, VersionRow)> =
        query.select((UnitRow::as_select(), VersionRow::as_select())).load(conn)?;
    let total = page.include_total().then(|| matching(selection).count().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |(unit, version)| serde_json::json!([version.name_folded, unit.id]));
    Ok(rows.map(|(unit, version)| OrgUnit::of(scoped.tree(), &unit, version, selection.day)))
}

/// A unit as it stands on the day.
///
/// # Errors
/// 404 when there is none, 422 with its heirs when it is not in force then.
pub fn org_unit_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitId,
    as_of: Option<NaiveDate>,
) -> Result<OrgUnit, ApiError> {
    let day = day_of(as_of, scoped);
    let (unit, version) = in_force(conn, scoped, id, day)?;
    Ok(OrgUnit::of(scoped.tree(), &unit, version, day))
}

fn in_force(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitId,
    day: NaiveDate,
) -> Result<(UnitRow, VersionRow), ApiError> {
    let unit = unit_row(conn, id)?;
    match version_on(conn, id, day)? {
        Some(version) => Ok((unit, version)),
        None => Err(not_in_force(scoped.tree(), &[id], day)),
    }
}

/// The units above one on the day, the nearest first.
///
/// # Errors
/// As [`org_unit_get`].
pub fn org_unit_ancestors(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitId,
    as_of: Option<NaiveDate>,
) -> Result<OrgUnitPage, ApiError> {
    let day = day_of(as_of, scoped);
    in_force(conn, scoped, id, day)?;
    let items = units_on(conn, scoped.tree(), &scoped.tree().ancestors(id, day), day)?;
    Ok(OrgUnitPage { items, next_cursor: None, total: None })
}

/// Units on the day, in the order given; those not in force then are left out.
pub(super) fn units_on(
    conn: &mut DbConn,
    tree: &OrgTree,
    ids: &[OrgUnitId],
    day: NaiveDate,
) -> Result<Vec<OrgUnit>, ApiError> {
    let units = units_of(conn, ids)?;
    let versions = versions_of_all(conn, ids)?;
    let answer = |id: &OrgUnitId| {
        let version = versions.get(id)?.iter().rev().find(|version| version.holds_on(day))?;
        Some(OrgUnit::of(tree, units.get(id)?, version.clone(), day))
    };
    Ok(ids.iter().filter_map(answer).collect())
}

/// All versions of a unit, the oldest first, each with the units above as they stood on its first
/// day.
///
/// # Errors
/// 404 when there is no such unit.
pub fn org_unit_versions_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitId,
) -> Result<OrgUnitPage, ApiError> {
    let unit = unit_row(conn, id)?;
    let answer = |version: VersionRow| {
        // The day before the end: an open beginning lies before every unit that is known exactly.
        let day = version.nearest_day(version.first_day().unwrap_or(version.valid_to));
        OrgUnit::of(scoped.tree(), &unit, version, day)
    };
    let items = versions_of(conn, id)?.into_iter().map(answer).collect();
    Ok(OrgUnitPage { items, next_cursor: None, total: None })
}

/// The day asked for, within the days that both databases keep.
pub(super) fn day_of(as_of: Option<NaiveDate>, scoped: &Scoped) -> NaiveDate {
    storable(as_of.unwrap_or_else(|| scoped.today()))
}
