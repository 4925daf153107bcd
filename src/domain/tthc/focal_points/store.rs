//! Focal points in the database, and how they are written.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;
use serde_json::json;

use super::model::{
    FocalPoint, FocalPointCreate, FocalPointDuty, FocalPointFilter, FocalPointId, FocalPointRow,
    FocalPointSort,
};
use super::rules;
use crate::api::json::check;
use crate::api::records::{Draft, Records, Written, key_text};
use crate::api::ways::{Way, merged, ways_of};
use crate::api::{IfMatch, PageRequest, PageRows};
use crate::attachments::Belonging;
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::scope::{Confinement, Scoped};
use crate::db::conn::MultiBackend;
use crate::db::schema::focal_points;
use crate::db::types::Instant;
use crate::db::{DbConn, Recorded, WriteTx};
use crate::domain::organization::owners::{Owner, named_unit};
use crate::domain::organization::reference::{UnitName, label};
use crate::domain::organization::successors::wanted_units;
use crate::domain::organization::tree::OrgUnitId;
use crate::domain::validity::days_in_range;
use crate::error::{ApiError, Problem};
use crate::text::{contains, fold};
use crate::{confine, hide_row, keyset, on_way, save_rows, within_reach};

const RECORD_TYPE: &str = "focal_point";

type Points<'a> = focal_points::BoxedQuery<'a, MultiBackend>;

/// The answer of a focal point, with its unit as it stood on the first day.
fn answer(scoped: &Scoped, row: FocalPointRow) -> FocalPoint {
    let (tree, unit, day) = (scoped.tree(), row.org_unit_id, row.valid_from);
    FocalPoint::of(row, label(tree, unit, day), tree.tier_at(unit, day))
}

fn standing<'a>() -> Points<'a> {
    focal_points::table.filter(focal_points::deleted_at.is_null()).into_boxed()
}

fn matching<'a>(mut query: Points<'a>, filter: &'a FocalPointFilter, day: NaiveDate) -> Points<'a> {
    use focal_points as f;
    if let Some(duty) = filter.duty {
        query = query.filter(f::duty.eq(duty));
    }
    let gone = || f::valid_to.is_not_null().and(f::valid_to.assume_not_null().le(day));
    query = match filter.standing {
        None => query,
        Some(true) => query.filter(f::valid_from.le(day).and(dsl::not(gone()))),
        Some(false) => query.filter(f::valid_from.gt(day).or(gone())),
    };
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(f::position_folded.like(contains(word)).escape('\\'));
    }
    query
}

/// The first rows of a page on this way, of what lies within the reach.
fn first_rows<'a>(
    way: &Way,
    within: Option<&Confinement>,
    filter: &'a FocalPointFilter,
    day: NaiveDate,
    page: &PageRequest,
) -> Result<Points<'a>, ApiError> {
    use {FocalPointSort as Sort, focal_points as f};
    let query = on_way!(standing(), way, focal_points);
    let query = matching(within_reach!(query, within, focal_points), filter, day);
    Ok(match filter.sort.unwrap_or(Sort::ValidFromDesc) {
        Sort::ValidFrom => keyset!(query, page, asc f::valid_from => NaiveDate, f::id => FocalPointId),
        Sort::ValidFromDesc => keyset!(query, page, desc f::valid_from => NaiveDate, f::id => FocalPointId),
    })
}

/// A page of focal points.
///
/// # Errors
/// 422 for a cursor of another order, for a unit that is not known.
pub(super) fn focal_point_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &FocalPointFilter,
    page: &PageRequest,
) -> Result<PageRows<FocalPoint>, ApiError> {
    days_in_range([("/as_of", filter.as_of)])?;
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let units = wanted_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)?;
    let (ways, within) = ways_of(scoped.confinement(), units.as_deref());
    let mut rows: Vec<Vec<FocalPointRow>> = Vec::new();
    for way in ways {
        let query = first_rows(&way, within.as_ref(), filter, day, page)?;
        rows.push(query.select(FocalPointRow::as_select()).load(conn)?);
    }
    let is_descending = filter.sort != Some(FocalPointSort::ValidFrom);
    let rows = merged(rows, is_descending, |row| (row.valid_from, row.id));
    let counted = || {
        let mut query = confine!(standing(), scoped, focal_points);
        if let Some(units) = &units {
            query = query.filter(focal_points::org_unit_id.eq_any(units.clone()));
        }
        matching(query, filter, day).count()
    };
    let total = page.include_total().then(|| counted().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |row| json!([row.valid_from, row.id]));
    Ok(rows.map(|row| answer(scoped, row)))
}

fn row_find(conn: &mut DbConn, scoped: &Scoped, id: FocalPointId) -> Result<FocalPointRow, ApiError> {
    let row: FocalPointRow =
        standing().filter(focal_points::id.eq(id)).select(FocalPointRow::as_select()).first(conn)?;
    scoped.must_reach(row.org_unit_id)?;
    Ok(row)
}

/// A focal point by its id, in reach.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn focal_point_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: FocalPointId,
) -> Result<FocalPoint, ApiError> {
    Ok(answer(scoped, row_find(conn, scoped, id)?))
}

/// Whose the decision of a focal point is: its unit's, who may add to it and take from it at any time.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn focal_point_seen(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: FocalPointId,
) -> Result<Belonging, ApiError> {
    let row = row_find(conn, scoped, id)?;
    Ok(Belonging::unit(row.org_unit_id, Some(row.province_id)))
}

/// The position that a body is about.
type Position = (OrgUnitId, FocalPointDuty, String);

fn position(scoped: &Scoped, body: &FocalPointCreate) -> Option<Position> {
    let unit = body.unit_name().resolve(scoped.tree(), body.valid_from).ok()?;
    scoped.reaches(unit).then(|| (unit, body.duty, fold(&body.position_title)))
}

/// What is held of the positions that bodies are about.
struct Held(Vec<FocalPointRow>);

impl Held {
    fn load<'a>(
        conn: &mut DbConn,
        scoped: &Scoped,
        bodies: impl Iterator<Item = &'a FocalPointCreate>,
    ) -> Result<Self, ApiError> {
        use focal_points as f;
        let positions: Vec<Position> = bodies.filter_map(|body| position(scoped, body)).collect();
        let units: HashSet<OrgUnitId> = positions.iter().map(|(unit, ..)| *unit).collect();
        let titles: HashSet<&str> = positions.iter().map(|(.., title)| title.as_str()).collect();
        let rows = f::table
            .filter(f::org_unit_id.eq_any(units).and(f::position_folded.eq_any(titles)))
            .filter(f::deleted_at.is_null())
            .select(FocalPointRow::as_select())
            .load(conn)?;
        Ok(Self(rows))
    }

    fn of(&self, position: &Position) -> impl Iterator<Item = &FocalPointRow> {
        let (unit, duty, title) = position;
        self.0
            .iter()
            .filter(move |row| (&row.org_unit_id, &row.duty, &row.position_folded) == (unit, duty, title))
    }
}

/// Focal points, as they are written.
pub struct FocalPoints;

impl Records for FocalPoints {
    type Id = FocalPointId;
    type Body = FocalPointCreate;
    type Row = FocalPointRow;
    type View = FocalPoint;

    fn order(body: &FocalPointCreate) -> String {
        let unit = body.unit_name();
        key_text([
            unit.id.map(|id| id.written()).as_deref(),
            unit.identifier,
            unit.code,
            Some(body.duty.as_str()),
            Some(&fold(&body.position_title)),
            Some(&body.valid_from.to_string()),
        ])
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: FocalPointId) -> Result<FocalPointRow, ApiError> {
        row_find(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[FocalPointCreate],
    ) -> Result<Vec<Option<FocalPointRow>>, ApiError> {
        let held = Held::load(tx.conn(), scoped, bodies.iter())?;
        let present = |body: &FocalPointCreate| {
            held.of(&position(scoped, body)?).find(|row| row.valid_from == body.valid_from).cloned()
        };
        Ok(bodies.iter().map(present).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<FocalPointCreate, FocalPointRow>>,
    ) -> Result<Vec<Result<FocalPointRow, ApiError>>, ApiError> {
        let held = Held::load(tx.conn(), scoped, drafts.iter().map(|draft| &draft.body))?;
        let at = tx.at();
        Ok(drafts.into_iter().map(|draft| focal_point_made(scoped, draft, &held, at)).collect())
    }

    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[FocalPointRow],
    ) -> Result<Written<FocalPoint>, ApiError> {
        let stored = save_rows!(
            tx.conn(),
            focal_points,
            FocalPointId,
            rows.iter(),
            [
                duty,
                position_title,
                position_folded,
                headcount,
                office_phone,
                decision_number,
                decided_on,
                valid_from,
                valid_to,
                note,
            ]
        )?;
        Written::journal(tx, rows, &stored, journal_entry, |row| answer(scoped, row.clone()))
    }
}

fn focal_point_made(
    scoped: &Scoped,
    draft: Draft<FocalPointCreate, FocalPointRow>,
    held: &Held,
    at: Instant,
) -> Result<FocalPointRow, ApiError> {
    let Draft { body, present } = draft;
    check(&body)?;
    let present = present.as_ref();
    let mut faults = rules::faults(&body);
    let unit = named_unit(scoped, &body.unit_name(), body.valid_from, present.map(|row| row.org_unit_id));
    let unit = unit.map_err(|found| faults.extend(found)).ok();
    let Some(unit) = unit.filter(|_| faults.is_empty()) else { return Err(ApiError::invalid(faults)) };
    let owner = Owner::within_reach(scoped, &body.unit_name(), unit)?;
    let position_folded = fold(&body.position_title);
    // Held twice on one day, its holders would count twice.
    let overlaps = |row: &&FocalPointRow| {
        present.is_none_or(|present| present.id != row.id)
            && body.valid_to.is_none_or(|end| row.valid_from < end)
            && row.valid_to.is_none_or(|end| body.valid_from < end)
    };
    if held.of(&(owner.unit, body.duty, position_folded.clone())).any(|row| overlaps(&row)) {
        return Err(ApiError::new(Problem::Duplicate));
    }
    Ok(FocalPointRow {
        id: present.map_or_else(FocalPointId::new, |row| row.id),
        province_id: present.map_or(owner.province, |row| row.province_id),
        org_unit_id: owner.unit,
        duty: body.duty,
        position_title: body.position_title,
        position_folded,
        headcount: body.headcount,
        office_phone: body.office_phone,
        decision_number: body.decision_number,
        decided_on: body.decided_on,
        valid_from: body.valid_from,
        valid_to: body.valid_to,
        note: body.note,
        version: present.map_or(0, |row| row.version),
        created_at: present.map_or(at, |row| row.created_at),
        updated_at: present.map_or(at, |row| row.updated_at),
    })
}

fn journal_entry(action: JournalAction, view: &FocalPoint, row: &FocalPointRow) -> Result<Entry, ApiError> {
    Ok(Entry::new(action, RECORD_TYPE, view.id, view.version, view)?
        .of_unit(row.org_unit_id, Some(row.province_id.to_string())))
}

/// Deletes a focal point that was entered by mistake. Who no longer is one is not deleted but gets the day.
///
/// # Errors
/// 412 when it has changed.
pub(super) fn focal_point_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: FocalPointId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let row = row_find(tx.conn(), scoped, id)?;
    expected.check(row.version)?;
    hide_row!(tx, focal_points, row)?;
    let row = FocalPointRow { version: row.version + 1, ..row };
    let view = answer(scoped, row.clone());
    Ok(tx.journal(journal_entry(JournalAction::Delete, &view, &row)?)?.with(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    type Case = (FocalPointFilter, Way, Option<Confinement>);

    fn cases() -> Vec<Case> {
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let reach = Confinement { provinces: vec![one, other], units: vec![one, other] };
        let none = FocalPointFilter::default;
        let filters = [
            none(),
            FocalPointFilter { sort: Some(FocalPointSort::ValidFrom), ..none() },
            FocalPointFilter {
                duty: Some(FocalPointDuty::ProcedureControl),
                standing: Some(true),
                q: Some("công chức".into()),
                ..none()
            },
            FocalPointFilter { standing: Some(false), ..none() },
        ];
        let ways = [Way::Everything, Way::Province(one), Way::Unit(one), Way::Many(reach.clone())];
        let mut cases = Vec::new();
        for filter in filters {
            for way in &ways {
                cases.push((filter.clone(), way.clone(), None));
                cases.push((filter.clone(), way.clone(), Some(reach.clone())));
            }
        }
        cases
    }

    #[test]
    fn every_list_comes_from_an_index_in_its_order() {
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        for (filter, way, within) in cases() {
            let query = || {
                let page = PageRequest::for_test(50, None);
                let query = first_rows(&way, within.as_ref(), &filter, day, &page).unwrap();
                query.select(FocalPointRow::as_select())
            };
            let told = plan(&mut conn, query());
            let is_wrong = |step: &String| step.contains("TEMP B-TREE") || step == "SCAN focal_points";
            assert!(!told.iter().any(is_wrong), "{filter:?} on {way:?}: {told:?}");
            if let Some(postgres) = &mut postgres {
                let told = postgres_plan(postgres.conn(), query());
                let is_wrong =
                    |step: &String| step.contains("Sort") || step.contains("Seq Scan on focal_points");
                assert!(!told.iter().any(is_wrong), "{filter:?} on {way:?}: {told:#?}");
            }
        }
    }
}
