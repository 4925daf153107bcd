//! Satisfaction ratings in the database, and how they are written.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::json;

use super::model::{
    RatingRow, SatisfactionRating, SatisfactionRatingCreate, SatisfactionRatingFilter, SatisfactionRatingId,
    SatisfactionRatingSort,
};
use super::rules::{self, Rated};
use crate::dossiers::model::DossierId;
use kernel::api::json::check;
use kernel::api::records::{Draft, Records, Written, key_text};
use kernel::api::ways::{Way, merged, ways_of};
use kernel::api::{IfMatch, PageRequest, PageRows};
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::scope::{Confinement, Scoped};
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{dossiers, satisfaction_ratings};
use kernel::db::types::Instant;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::{ApiError, Bilingual, Fault, Problem};
use kernel::owners::{Owner, named_unit};
use kernel::successors::wanted_units;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitName, label};
use kernel::validity::days_in_range;
use kernel::{confine, hide_row, keyset, on_way, save_rows, within_reach};

const RECORD_TYPE: &str = "satisfaction_rating";

type Ratings<'a> = satisfaction_ratings::BoxedQuery<'a, MultiBackend>;

/// The answer of a rating, with its unit as it was named on the day.
fn answer(scoped: &Scoped, row: RatingRow) -> SatisfactionRating {
    let unit = label(scoped.tree(), row.org_unit_id, row.rated_on);
    SatisfactionRating::of(row, unit)
}

fn standing<'a>() -> Ratings<'a> {
    satisfaction_ratings::table.filter(satisfaction_ratings::deleted_at.is_null()).into_boxed()
}

fn matching<'a>(mut query: Ratings<'a>, filter: &'a SatisfactionRatingFilter) -> Ratings<'a> {
    use satisfaction_ratings as s;
    if let Some(code) = &filter.dossier_code {
        query = query.filter(s::dossier_code.eq(code));
    }
    if let Some(level) = filter.level {
        query = query.filter(s::level.eq(level));
    }
    if let Some(day) = filter.rated_from {
        query = query.filter(s::rated_on.ge(day));
    }
    if let Some(day) = filter.rated_to {
        query = query.filter(s::rated_on.le(day));
    }
    query
}

/// The first rows of a page on this way, of what lies within the reach.
fn first_rows<'a>(
    way: &Way,
    within: Option<&Confinement>,
    filter: &'a SatisfactionRatingFilter,
    page: &PageRequest,
) -> Result<Ratings<'a>, ApiError> {
    use {SatisfactionRatingSort as Sort, satisfaction_ratings as s};
    let query = on_way!(standing(), way, satisfaction_ratings);
    let query = matching(within_reach!(query, within, satisfaction_ratings), filter);
    Ok(match filter.sort.unwrap_or(Sort::RatedOnDesc) {
        Sort::RatedOn => keyset!(query, page, asc s::rated_on => NaiveDate, s::id => SatisfactionRatingId),
        Sort::RatedOnDesc => {
            keyset!(query, page, desc s::rated_on => NaiveDate, s::id => SatisfactionRatingId)
        }
    })
}

/// A page of ratings.
///
/// # Errors
/// 422 for a cursor of another order, a day out of range, or a unit that is not known.
pub(super) fn rating_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &SatisfactionRatingFilter,
    page: &PageRequest,
) -> Result<PageRows<SatisfactionRating>, ApiError> {
    days_in_range([
        ("/as_of", filter.as_of),
        ("/rated_from", filter.rated_from),
        ("/rated_to", filter.rated_to),
    ])?;
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let units = wanted_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)?;
    let (ways, within) = ways_of(scoped.confinement(), units.as_deref());
    let mut rows: Vec<Vec<RatingRow>> = Vec::new();
    for way in ways {
        let query = first_rows(&way, within.as_ref(), filter, page)?;
        rows.push(query.select(RatingRow::as_select()).load(conn)?);
    }
    let is_descending = filter.sort != Some(SatisfactionRatingSort::RatedOn);
    let rows = merged(rows, is_descending, |row| (row.rated_on, row.id));
    let counted = || {
        let mut query = confine!(standing(), scoped, satisfaction_ratings);
        if let Some(units) = &units {
            query = query.filter(satisfaction_ratings::org_unit_id.eq_any(units.clone()));
        }
        matching(query, filter).count()
    };
    let total = page.include_total().then(|| counted().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |row| json!([row.rated_on, row.id]));
    Ok(rows.map(|row| answer(scoped, row)))
}

fn row_find(conn: &mut DbConn, scoped: &Scoped, id: SatisfactionRatingId) -> Result<RatingRow, ApiError> {
    let row: RatingRow =
        standing().filter(satisfaction_ratings::id.eq(id)).select(RatingRow::as_select()).first(conn)?;
    scoped.must_reach(row.org_unit_id)?;
    Ok(row)
}

/// A rating by its id, in reach.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn rating_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: SatisfactionRatingId,
) -> Result<SatisfactionRating, ApiError> {
    Ok(answer(scoped, row_find(conn, scoped, id)?))
}

/// By what ratings are told apart: the dossier, within a province.
type Key = (String, OrgUnitId);

/// The dossiers that are kept here, by their codes.
type Dossiers = HashMap<String, Vec<Rated>>;

/// The dossiers of these codes that are kept here, whichever provinces received them.
fn rated(conn: &mut DbConn, codes: HashSet<&str>) -> Result<Dossiers, ApiError> {
    use {dossiers as d, satisfaction_ratings as s};
    type Known = (String, OrgUnitId, DossierId, OrgUnitId, OrgUnitId, Instant, Option<SatisfactionRatingId>);
    let rows: Vec<Known> = d::table
        .left_join(s::table.on(s::dossier_id.eq(d::id.nullable()).and(s::deleted_at.is_null())))
        .filter(d::code.eq_any(codes))
        .filter(d::deleted_at.is_null())
        .select((
            d::code,
            d::receiving_province_id,
            d::id,
            d::receiving_unit_id,
            d::org_unit_id,
            d::received_at,
            s::id.nullable(),
        ))
        .load(conn)?;
    let mut dossiers = Dossiers::new();
    for (code, province, id, receiving, resolving, received_at, rating) in rows {
        let received_on = received_at.vietnam_day();
        let dossier = Rated { id, province, receiving, resolving, received_on, rating };
        dossiers.entry(code).or_default().push(dossier);
    }
    Ok(dossiers)
}

/// Satisfaction ratings, as they are written.
pub struct SatisfactionRatings;

impl Records for SatisfactionRatings {
    type Id = SatisfactionRatingId;
    type Body = SatisfactionRatingCreate;
    type Row = RatingRow;
    type View = SatisfactionRating;

    fn order(body: &SatisfactionRatingCreate) -> String {
        key_text([Some(body.dossier_code.as_str())])
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: SatisfactionRatingId) -> Result<RatingRow, ApiError> {
        row_find(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[SatisfactionRatingCreate],
    ) -> Result<Vec<Option<RatingRow>>, ApiError> {
        use satisfaction_ratings as s;
        let codes: HashSet<&str> = bodies.iter().map(|body| body.dossier_code.as_str()).collect();
        let rows: Vec<RatingRow> = s::table
            .filter(s::dossier_code.eq_any(codes))
            .filter(s::deleted_at.is_null())
            .select(RatingRow::as_select())
            .load(tx.conn())?;
        let held: HashMap<Key, RatingRow> = rows
            .into_iter()
            .filter(|row| scoped.reaches(row.org_unit_id))
            .map(|row| ((row.dossier_code.clone(), row.province_id), row))
            .collect();
        let present = |body: &SatisfactionRatingCreate| {
            let unit = body.unit_name().resolve(scoped.tree(), body.rated_on).ok()?;
            held.get(&(body.dossier_code.clone(), scoped.home_province(unit)?)).cloned()
        };
        Ok(bodies.iter().map(present).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<SatisfactionRatingCreate, RatingRow>>,
    ) -> Result<Vec<Result<RatingRow, ApiError>>, ApiError> {
        let codes = drafts.iter().map(|draft| draft.body.dossier_code.as_str()).collect();
        let dossiers = rated(tx.conn(), codes)?;
        let at = tx.at();
        Ok(drafts.into_iter().map(|draft| rating_made(scoped, draft, &dossiers, at)).collect())
    }

    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[RatingRow],
    ) -> Result<Written<SatisfactionRating>, ApiError> {
        let stored = save_rows!(
            tx.conn(),
            satisfaction_ratings,
            SatisfactionRatingId,
            rows.iter(),
            [dossier_id, rated_on, level, channel]
        )?;
        Written::journal(tx, rows, &stored, journal_entry, |row| answer(scoped, row.clone()))
    }
}

fn rating_made(
    scoped: &Scoped,
    draft: Draft<SatisfactionRatingCreate, RatingRow>,
    dossiers: &Dossiers,
    at: Instant,
) -> Result<RatingRow, ApiError> {
    let Draft { body, present } = draft;
    check(&body)?;
    let present = present.as_ref();
    let mut faults = rules::faults(&body, scoped.today());
    if present.is_some_and(|row| row.dossier_code != body.dossier_code) {
        let message = Bilingual::new(
            "Mã hồ sơ xác định bản ghi nên không thay đổi được; hãy xóa và tạo bản ghi khác.",
            "The dossier names the record and cannot change; delete it and make another.",
        );
        faults.push(Fault::new("/dossier_code", "names_the_record", message));
    }
    let unit = named_unit(scoped, &body.unit_name(), body.rated_on, present.map(|row| row.org_unit_id));
    let unit = unit.map_err(|found| faults.extend(found)).ok();
    let Some(unit) = unit.filter(|_| faults.is_empty()) else { return Err(ApiError::invalid(faults)) };
    let owner = Owner::within_reach(scoped, &body.unit_name(), unit)?;
    let province = present.map_or(owner.province, |row| row.province_id);
    // A dossier out of reach is to the account as one that is not kept here: else a rating would tell that
    // there is one of this code.
    let is_reached =
        |dossier: &&Rated| scoped.reaches(dossier.receiving) || scoped.reaches(dossier.resolving);
    let of_code = dossiers.get(&body.dossier_code).map(Vec::as_slice).unwrap_or_default();
    let dossier = rules::meant(of_code, owner.unit, province).filter(is_reached);
    if let Some(dossier) = dossier {
        let faults = rules::faults_beside(owner.unit, body.rated_on, dossier);
        if !faults.is_empty() {
            return Err(ApiError::invalid(faults));
        }
        // Its other unit, in another province, has been rated for it.
        if dossier.rating.is_some_and(|rating| present.is_none_or(|row| row.id != rating)) {
            return Err(ApiError::new(Problem::Duplicate));
        }
    }
    Ok(RatingRow {
        id: present.map_or_else(SatisfactionRatingId::new, |row| row.id),
        province_id: province,
        org_unit_id: owner.unit,
        dossier_code: body.dossier_code,
        dossier_id: dossier.map(|dossier| dossier.id).or_else(|| present?.dossier_id),
        rated_on: body.rated_on,
        level: body.level,
        channel: body.channel,
        version: present.map_or(0, |row| row.version),
        created_at: present.map_or(at, |row| row.created_at),
        updated_at: present.map_or(at, |row| row.updated_at),
    })
}

fn journal_entry(
    action: JournalAction,
    view: &SatisfactionRating,
    row: &RatingRow,
) -> Result<Entry, ApiError> {
    Ok(Entry::new(action, RECORD_TYPE, view.id, view.version, view)?
        .of_unit(row.org_unit_id, Some(row.province_id.to_string())))
}

/// Deletes a rating that was entered by mistake.
///
/// # Errors
/// 412 when it has changed.
pub(super) fn rating_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: SatisfactionRatingId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let row = row_find(tx.conn(), scoped, id)?;
    expected.check(row.version)?;
    hide_row!(tx, satisfaction_ratings, row)?;
    let row = RatingRow { version: row.version + 1, ..row };
    let view = answer(scoped, row.clone());
    Ok(tx.journal(journal_entry(JournalAction::Delete, &view, &row)?)?.with(()))
}

#[cfg(test)]
mod tests {
    use super::super::model::SatisfactionLevel;
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn every_list_comes_from_an_index_in_its_order() {
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let reach = Confinement { provinces: vec![one], units: vec![other] };
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        let none = SatisfactionRatingFilter::default;
        let filters = [
            none(),
            SatisfactionRatingFilter { sort: Some(SatisfactionRatingSort::RatedOn), ..none() },
            SatisfactionRatingFilter { level: Some(SatisfactionLevel::Dissatisfied), ..none() },
            SatisfactionRatingFilter { rated_from: day, rated_to: day, ..none() },
        ];
        let ways = [Way::Everything, Way::Province(one), Way::Unit(one), Way::Many(reach.clone())];
        for filter in &filters {
            for way in &ways {
                for within in [None, Some(&reach)] {
                    let page = PageRequest::for_test(50, None);
                    let query =
                        || first_rows(way, within, filter, &page).unwrap().select(RatingRow::as_select());
                    let told = plan(&mut conn, query());
                    let is_wrong =
                        |step: &String| step.contains("TEMP B-TREE") || step == "SCAN satisfaction_ratings";
                    assert!(!told.iter().any(is_wrong), "{filter:?} on {way:?}: {told:?}");
                    if let Some(postgres) = &mut postgres {
                        let told = postgres_plan(postgres.conn(), query());
                        let is_wrong = |step: &String| {
                            step.contains("Sort") || step.contains("Seq Scan on satisfaction_ratings")
                        };
                        assert!(!told.iter().any(is_wrong), "{filter:?} on {way:?}: {told:#?}");
                    }
                }
            }
        }
    }
}
