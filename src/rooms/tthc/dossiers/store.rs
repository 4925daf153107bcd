//! Dossiers as they are read: by id, by code, a page at a time.

use chrono::Days;
use diesel::dsl;
use diesel::prelude::*;
use serde_json::json;

use super::filter::DossierFilter;
use super::life::DossierStatus;
use super::model::{Dossier, DossierId, DossierRole, DossierSearch, DossierSort, DossiersFound};
use super::row::{DossierRow, HeldDossier, OfProcedure};
use crate::procedures::store::code_forms;
use kernel::api::ways::{Way, merged, ways_of};
use kernel::api::{PageRequest, PageRows};
use kernel::attachments::Belonging;
use kernel::auth::scope::{Confinement, Scoped};
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::row_value::{self, RowBeyond};
use kernel::db::schema::{dossiers, procedure_fields, procedure_versions, procedures};
use kernel::db::types::Instant;
use kernel::db::unindexed::Unindexed;
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::people::{must_stand, number_digest};
use kernel::successors::wanted_units;
use kernel::unit_reference::UnitName;
use kernel::validity::days_in_range;
use kernel::{keyset, on_db};

type WithProcedures = dsl::LeftJoinOn<
    dsl::InnerJoinOn<
        dsl::InnerJoinOn<dossiers::table, procedures::table, dsl::Eq<procedures::id, dossiers::procedure_id>>,
        procedure_versions::table,
        dsl::Eq<procedure_versions::id, dossiers::procedure_version_id>,
    >,
    procedure_fields::table,
    dsl::Eq<dsl::Nullable<procedure_fields::id>, dossiers::field_id>,
>;

pub(super) type Joined<'a> = dsl::IntoBoxed<'a, WithProcedures, MultiBackend>;

/// Dossiers with what they tell of their procedures, the deleted ones too.
fn with_procedures() -> WithProcedures {
    use procedure_versions as v;
    dossiers::table
        .inner_join(procedures::table.on(procedures::id.eq(dossiers::procedure_id)))
        .inner_join(v::table.on(v::id.eq(dossiers::procedure_version_id)))
        .left_join(procedure_fields::table.on(procedure_fields::id.nullable().eq(dossiers::field_id)))
}

/// Dossiers with what they tell of their procedures.
pub(super) fn standing<'a>() -> Joined<'a> {
    with_procedures().into_boxed().filter(dossiers::deleted_at.is_null())
}

pub(super) fn columns() -> (
    <DossierRow as Selectable<MultiBackend>>::SelectExpression,
    procedures::code,
    procedure_versions::name,
    dsl::Nullable<procedure_fields::name>,
) {
    (
        <DossierRow as Selectable<MultiBackend>>::construct_selection(),
        procedures::code,
        procedure_versions::name,
        procedure_fields::name.nullable(),
    )
}

pub(super) type Loaded = (DossierRow, String, String, Option<String>);

pub(super) fn held((row, code, name, field): Loaded) -> HeldDossier {
    HeldDossier { row, procedure: OfProcedure { code, name, field }, before: None, masked: None }
}

/// A dossier by its id, of which either unit is in reach.
pub(super) fn held_find(conn: &mut DbConn, scoped: &Scoped, id: DossierId) -> Result<HeldDossier, ApiError> {
    // Not boxed, and asked of the database itself: its SQL is written once, and not for each request.
    let this = dossiers::id.eq(id).and(dossiers::deleted_at.is_null());
    let loaded: Loaded = on_db!(conn, |c| with_procedures().filter(this).select(columns()).first(c))?;
    let held = held(loaded);
    if scoped.reads_or_reaches(&[held.row.org_unit_id, held.row.receiving_unit_id]) {
        return Ok(held);
    }
    Err(ApiError::not_found())
}

/// The dossiers of these codes, wherever they belong.
pub(super) fn held_by_codes(conn: &mut DbConn, codes: &[&str]) -> Result<Vec<HeldDossier>, ApiError> {
    let loaded: Vec<Loaded> =
        standing().filter(dossiers::code.eq_any(codes.to_vec())).select(columns()).load(conn)?;
    Ok(loaded.into_iter().map(held).collect())
}

/// A dossier by its id, in reach.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn dossier_get(conn: &mut DbConn, scoped: &Scoped, id: DossierId) -> Result<Dossier, ApiError> {
    held_find(conn, scoped, id)?.answer(scoped, scoped.author().at())
}

/// Whose the attachments of a dossier are.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn dossier_seen(conn: &mut DbConn, scoped: &Scoped, id: DossierId) -> Result<Belonging, ApiError> {
    let HeldDossier { row, .. } = held_find(conn, scoped, id)?;
    Ok(belonging(scoped, &row))
}

fn belonging(scoped: &Scoped, row: &DossierRow) -> Belonging {
    let is_clear = scoped.sees_personal(&[row.receiving_unit_id, row.org_unit_id]);
    Belonging::unit(row.org_unit_id, Some(row.province_id)).of_people(is_clear)
}

/// The same for whoever may change the dossier.
///
/// # Errors
/// 409 once its personal data were erased, 403 when the account may read it only, 404 when there is none in reach.
pub(super) fn dossier_changeable(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: DossierId,
) -> Result<Belonging, ApiError> {
    let HeldDossier { row, .. } = held_find(conn, scoped, id)?;
    super::writes::must_write(scoped, &row)?;
    must_stand(row.erased_at)?;
    Ok(belonging(scoped, &row))
}

/// A part of a list that an index gives in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Path {
    way: Way,
    status: Option<DossierStatus>,
    side: Side,
}

/// Which unit of a dossier a path goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The unit that resolves it.
    Resolving,
    /// The unit that received it and resolves it too.
    Both,
    /// The unit that received it, where another resolves it.
    ReceivingOnly,
}

/// The paths of a role and reach. Of a unit every status is a path of its own: the index goes by unit and
/// status.
fn paths(ways: &[Way], role: DossierRole, status: Option<DossierStatus>) -> Vec<Path> {
    let sides: &[Side] = match role {
        DossierRole::Resolving => &[Side::Resolving],
        DossierRole::Receiving => &[Side::Both, Side::ReceivingOnly],
    };
    let mut paths = Vec::new();
    for side in sides.iter().copied() {
        for way in ways {
            let by_status = matches!(way, Way::Unit(_)) && side != Side::ReceivingOnly && status.is_none();
            if by_status {
                let each = DossierStatus::ALL.iter().map(|status| Some(*status));
                paths.extend(each.map(|status| Path { way: way.clone(), status, side }));
            } else {
                paths.push(Path { way: way.clone(), status, side });
            }
        }
    }
    paths
}

/// Of these dossiers those of which either unit is within the reach.
pub(super) fn in_reach_of_either<'a>(query: Joined<'a>, reach: Option<&Confinement>) -> Joined<'a> {
    use dossiers as d;
    match reach {
        None => query,
        Some(to) => query.filter(
            Unindexed(d::province_id)
                .eq_any(to.provinces.clone())
                .or(Unindexed(d::org_unit_id).eq_any(to.units.clone()))
                .or(Unindexed(d::receiving_province_id).eq_any(to.provinces.clone()))
                .or(Unindexed(d::receiving_unit_id).eq_any(to.units.clone())),
        ),
    }
}

/// Paths of which no dossier lies on two: where provinces and units are reached, a unit may be of a
/// province that is.
fn apart(paths: Vec<Path>) -> Vec<Path> {
    let is_unit = |path: &Path| matches!(path.way, Way::Unit(_));
    let is_province = |path: &Path| matches!(path.way, Way::Province(_));
    if !(paths.iter().any(is_unit) && paths.iter().any(is_province)) {
        return paths;
    }
    let mut apart: Vec<Path> = Vec::new();
    for Path { way, status, side } in paths {
        let place = apart.iter_mut().find(|path| (path.status, path.side) == (status, side));
        let to = match place {
            Some(Path { way: Way::Many(to), .. }) => to,
            _ => {
                let none = Confinement { provinces: Vec::new(), units: Vec::new() };
                match &mut apart.push_mut(Path { way: Way::Many(none), status, side }).way {
                    Way::Many(to) => to,
                    _ => continue,
                }
            }
        };
        match way {
            Way::Province(province) => to.provinces.push(province),
            Way::Unit(unit) => to.units.push(unit),
            Way::Everything | Way::Many(_) => {}
        }
    }
    apart
}

impl Path {
    fn query<'a>(&self, within: Option<&Confinement>, filter: &'a DossierFilter) -> Joined<'a> {
        use dossiers as d;
        let mut query = matching(standing(), filter);
        query = match (self.side, &self.way) {
            (_, Way::Everything) => query,
            (Side::Resolving | Side::Both, Way::Province(province)) => {
                query.filter(d::province_id.eq(*province))
            }
            (Side::Resolving | Side::Both, Way::Unit(unit)) => query.filter(d::org_unit_id.eq(*unit)),
            (Side::Resolving | Side::Both, Way::Many(to)) => query.filter(
                Unindexed(d::province_id)
                    .eq_any(to.provinces.clone())
                    .or(Unindexed(d::org_unit_id).eq_any(to.units.clone())),
            ),
            (Side::ReceivingOnly, Way::Province(province)) => {
                query.filter(d::receiving_province_id.eq(*province))
            }
            (Side::ReceivingOnly, Way::Unit(unit)) => query.filter(d::receiving_unit_id.eq(*unit)),
            (Side::ReceivingOnly, Way::Many(to)) => query.filter(
                Unindexed(d::receiving_province_id)
                    .eq_any(to.provinces.clone())
                    .or(Unindexed(d::receiving_unit_id).eq_any(to.units.clone())),
            ),
        };
        query = match self.side {
            Side::Resolving => query,
            Side::Both => query.filter(Unindexed(d::receiving_unit_id).eq(d::org_unit_id)),
            Side::ReceivingOnly => query.filter(d::receiving_unit_id.ne(d::org_unit_id)),
        };
        if let Some(status) = self.status {
            query = query.filter(d::status.eq(status));
        }
        // Of units that a query names only those in reach are shown, whichever of a dossier's two it is.
        in_reach_of_either(query, within)
    }

    fn rows<'a>(
        &self,
        within: Option<&Confinement>,
        filter: &'a DossierFilter,
        page: &PageRequest,
    ) -> Result<Joined<'a>, ApiError> {
        use dossiers as d;
        let query = self.query(within, filter);
        Ok(match filter.sort.unwrap_or(DossierSort::ReceivedAt) {
            DossierSort::ReceivedAt => {
                keyset!(query, page, asc d::received_at => Instant, d::id => DossierId)
            }
            DossierSort::ReceivedAtDesc => {
                keyset!(query, page, desc d::received_at => Instant, d::id => DossierId)
            }
        })
    }
}

fn matching<'a>(mut query: Joined<'a>, filter: &'a DossierFilter) -> Joined<'a> {
    use dossiers as d;
    if let Some(code) = &filter.code {
        query = query.filter(d::code.eq(code));
    }
    if let Some(procedure) = filter.procedure_id {
        query = query.filter(d::procedure_id.eq(procedure));
    }
    if let Some(code) = &filter.procedure_code {
        query = query.filter(procedures::code.eq_any(code_forms(code)));
    }
    if let Some(channel) = filter.channel {
        query = query.filter(d::channel.eq(channel));
    }
    if let Some(day) = filter.received_from {
        query = query.filter(d::received_at.ge(Instant::beginning_of(day)));
    }
    if let Some(end) = filter.received_to.and_then(|day| day.checked_add_days(Days::new(1))) {
        query = query.filter(d::received_at.lt(Instant::beginning_of(end)));
    }
    if let Some(day) = filter.due_before {
        query = query.filter(d::due_on.lt(day));
    }
    query
}

/// A page of dossiers.
///
/// # Errors
/// 422 for a cursor of another order, a day out of range, or a unit that is not known.
pub(super) fn dossier_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &DossierFilter,
    page: &PageRequest,
) -> Result<PageRows<Dossier>, ApiError> {
    days_in_range([
        ("/as_of", filter.as_of),
        ("/received_from", filter.received_from),
        ("/received_to", filter.received_to),
        ("/due_before", filter.due_before),
    ])?;
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let units = wanted_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)?;
    let (ways, within) = ways_of(scoped.confinement(), units.as_deref());
    let paths = paths(&ways, filter.role.unwrap_or(DossierRole::Resolving), filter.status);
    let mut rows: Vec<Vec<Loaded>> = Vec::with_capacity(paths.len());
    for path in &paths {
        rows.push(path.rows(within.as_ref(), filter, page)?.select(columns()).load(conn)?);
    }
    let is_descending = filter.sort == Some(DossierSort::ReceivedAtDesc);
    let rows = merged(rows, is_descending, |(row, ..)| (row.received_at, row.id));
    let mut total = page.include_total().then_some(0);
    if let Some(total) = &mut total {
        for path in apart(paths) {
            *total += path.query(within.as_ref(), filter).count().get_result::<i64>(conn)?;
        }
    }
    let page_rows = page.cut(rows, total, |(row, ..)| json!([row.received_at, row.id]));
    let now = scoped.author().at();
    let PageRows { items, last, total } = page_rows;
    let items = items.into_iter().map(|loaded| held(loaded).answer(scoped, now)).collect::<Result<_, _>>()?;
    Ok(PageRows { items, last, total })
}

/// The most dossiers that one answer to a search by identity number holds.
const FOUND: i64 = 200;

/// Where a dossier stands among those of one identity number.
type Place = (Instant, DossierId);

/// The dossiers of an identity number in reach, as owner or submitter, the latest received first.
///
/// # Errors
/// 422 for a dossier to go on behind that is not in reach.
pub(super) fn dossiers_of_number(
    conn: &mut DbConn,
    scoped: &Scoped,
    search: &DossierSearch,
) -> Result<DossiersFound, ApiError> {
    use dossiers as d;
    let digest = number_digest(scoped.personal_keys()?, &search.id_number);
    let reach = scoped.confinement();
    let after = search.after.map(|id| place_of(conn, reach.as_ref(), id)).transpose()?;
    let mut found: Vec<Vec<Loaded>> = Vec::new();
    for of in [
        standing().filter(d::owner_digest.eq(digest.clone())),
        standing().filter(d::submitter_digest.eq(digest)),
    ] {
        let first = latest_first(in_reach_of_either(of, reach.as_ref()), after);
        found.push(first.select(columns()).load(conn)?);
    }
    let mut found = merged(found, true, |(row, ..)| (row.received_at, row.id));
    let most = usize::try_from(FOUND).unwrap_or(usize::MAX);
    let has_more = found.len() > most;
    found.truncate(most);
    let now = scoped.author().at();
    let items = found.into_iter().map(|loaded| held(loaded).answer(scoped, now)).collect::<Result<_, _>>()?;
    Ok(DossiersFound { items, has_more })
}

/// The first of these, or those behind a place, and one more that tells whether there are others.
fn latest_first(mut of: Joined<'_>, after: Option<Place>) -> Joined<'_> {
    use dossiers as d;
    if let Some((at, id)) = after {
        of = of.filter(RowBeyond {
            columns: (d::received_at, d::id),
            side: row_value::Side::Less,
            row: (at.into_sql::<dsl::SqlTypeOf<d::received_at>>(), id.into_sql::<dsl::SqlTypeOf<d::id>>()),
        });
    }
    of.order((d::received_at.desc(), d::id.desc())).limit(FOUND + 1)
}

/// The place of a dossier that was found before, also where it was erased or deleted since.
fn place_of(conn: &mut DbConn, reach: Option<&Confinement>, id: DossierId) -> Result<Place, ApiError> {
    use dossiers as d;
    let this = in_reach_of_either(with_procedures().into_boxed().filter(d::id.eq(id)), reach);
    let place: Option<Place> = this.select((d::received_at, d::id)).first(conn).optional()?;
    place.ok_or_else(|| {
        let message =
            Bilingual::new("Không có hồ sơ này trong phạm vi.", "There is no such dossier in reach.");
        ApiError::invalid(vec![Fault::new("/after", "unknown_dossier", message)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};
    use kernel::tree::OrgUnitId;

    /// Which index gives a path its rows, in their order.
    fn index(path: &Path) -> &'static str {
        match (path.side, &path.way, path.status) {
            (Side::ReceivingOnly, Way::Unit(_), _) => "dossiers_received_by_unit",
            (Side::ReceivingOnly, Way::Province(_), _) => "dossiers_received_by_province",
            (_, Way::Unit(_), _) => "dossiers_by_unit",
            (_, Way::Province(_), Some(_)) => "dossiers_by_province_status",
            (_, Way::Province(_), None) => "dossiers_by_province",
            (_, Way::Everything | Way::Many(_), _) => "dossiers_by_time",
        }
    }

    #[test]
    fn every_list_comes_from_an_index_in_its_order() {
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let reach = Confinement { provinces: vec![one], units: vec![other] };
        let ways = [Way::Everything, Way::Province(one), Way::Unit(one), Way::Many(reach.clone())];
        let key = json!([Instant::from_micros(0), DossierId::new()]);
        for role in DossierRole::ALL {
            for status in [None, Some(DossierStatus::Stopped)] {
                for path in paths(&ways, *role, status) {
                    for within in [None, Some(&reach)] {
                        for sort in DossierSort::ALL {
                            let filter = DossierFilter { sort: Some(*sort), ..DossierFilter::default() };
                            let page = PageRequest::for_test(50, Some(key.clone()));
                            let query = || path.rows(within, &filter, &page).unwrap().select(columns());
                            let told = plan(&mut conn, query());
                            let is_right =
                                told.iter().any(|step| step.contains(&format!("{} (", index(&path))))
                                    && !told.iter().any(|step| step.contains("TEMP B-TREE"));
                            assert!(is_right, "{path:?} {sort:?}: {told:#?}");
                            if let Some(postgres) = &mut postgres {
                                let told = postgres_plan(postgres.conn(), query());
                                let is_sorted = told.iter().any(|step| step.contains("Sort"));
                                let is_there = told.iter().any(|step| step.contains(index(&path)));
                                assert!(is_there && !is_sorted, "{path:?} {sort:?}: {told:#?}");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_code_and_a_number_are_found_by_their_indexes() {
        let (_folder, mut conn) = migrated();
        let by_code = plan(&mut conn, standing().filter(dossiers::code.eq_any(vec!["H13.44-261102-0007"])));
        assert!(by_code.iter().any(|step| step.contains("dossiers_key")), "{by_code:?}");
        for after in [None, Some((Instant::from_micros(0), DossierId::new()))] {
            let of_owner = standing().filter(dossiers::owner_digest.eq("digest"));
            let told = plan(&mut conn, latest_first(of_owner, after).select(columns()));
            assert!(told.iter().any(|step| step.contains("dossiers_of_owner")), "{told:?}");
            assert!(!told.iter().any(|step| step.contains("TEMP B-TREE")), "{told:?}");
        }
    }
}
