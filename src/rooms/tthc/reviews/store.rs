//! Reviews as they are read from the database.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::json;

use super::model::{
    HeldReview, ProcedureReview, ProcedureReviewFilter, ProcedureReviewId, ProcedureReviewSort, ProposalRow,
    ReviewProposal, ReviewRow,
};
use crate::procedures::named::{NamedBy, ProceduresNamed};
use crate::procedures::store::code_forms;
use kernel::api::ways::{Way, merged, ways_of};
use kernel::api::{PageRequest, PageRows};
use kernel::attachments::Belonging;
use kernel::auth::scope::{Confinement, Scoped};
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{procedure_review_proposals, procedure_reviews};
use kernel::error::ApiError;
use kernel::successors::wanted_units;
use kernel::text::{contains, fold};
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitName, label};
use kernel::validity::days_in_range;
use kernel::{confine, keyset, on_way, within_reach};

type Reviews<'a> = procedure_reviews::BoxedQuery<'a, MultiBackend>;

/// The answer of a review, with its unit as it was named on the first day.
pub(super) fn answer(scoped: &Scoped, held: HeldReview) -> ProcedureReview {
    let unit = label(scoped.tree(), held.row.org_unit_id, held.row.starts_on);
    ProcedureReview::of(held, unit)
}

/// What a filter names, looked up.
struct Wanted {
    units: Option<Vec<OrgUnitId>>,
    code: Option<String>,
}

impl Wanted {
    fn of(conn: &mut DbConn, scoped: &Scoped, filter: &ProcedureReviewFilter) -> Result<Self, ApiError> {
        days_in_range([
            ("/as_of", filter.as_of),
            ("/starts_from", filter.starts_from),
            ("/starts_to", filter.starts_to),
        ])?;
        let name = UnitName {
            id: filter.org_unit_id,
            identifier: filter.org_unit_identifier.as_deref(),
            code: filter.org_unit_code.as_deref(),
        };
        let day = filter.as_of.unwrap_or_else(|| scoped.today());
        let units = wanted_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)?;
        let code = match (filter.procedure_id, &filter.procedure_code) {
            (None, code) => code.clone(),
            (id, code) => {
                let codes = code.as_deref().into_iter().collect();
                let named = ProceduresNamed::load(conn, id.into_iter().collect(), codes)?;
                let by = NamedBy { id, code: code.as_deref(), pointer: "/procedure_id" };
                let id = named.resolve(by).map_err(|fault| ApiError::invalid(vec![fault]))?;
                named.code(id).map(str::to_owned)
            }
        };
        Ok(Self { units, code })
    }
}

fn standing<'a>() -> Reviews<'a> {
    procedure_reviews::table.filter(procedure_reviews::deleted_at.is_null()).into_boxed()
}

fn matching<'a>(
    mut query: Reviews<'a>,
    filter: &'a ProcedureReviewFilter,
    code: Option<&String>,
) -> Reviews<'a> {
    use {procedure_review_proposals as p, procedure_reviews as r};
    if let Some(outcome) = filter.outcome {
        query = query.filter(r::outcome.eq(outcome));
    }
    if let Some(day) = filter.starts_from {
        query = query.filter(r::starts_on.ge(day));
    }
    if let Some(day) = filter.starts_to {
        query = query.filter(r::starts_on.le(day));
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(r::words_folded.like(contains(word)).escape('\\'));
    }
    match code {
        None => query,
        Some(code) => {
            let about = p::table
                .filter(p::procedure_code.is_not_null())
                .filter(p::procedure_code.assume_not_null().eq_any(code_forms(code)));
            query.filter(r::id.eq_any(about.select(p::review_id)))
        }
    }
}

/// The first rows of a page on this way, of what lies within the reach.
fn first_rows<'a>(
    way: &Way,
    within: Option<&Confinement>,
    filter: &'a ProcedureReviewFilter,
    code: Option<&String>,
    page: &PageRequest,
) -> Result<Reviews<'a>, ApiError> {
    use {ProcedureReviewSort as Sort, procedure_reviews as r};
    let query = on_way!(standing(), way, procedure_reviews);
    let query = matching(within_reach!(query, within, procedure_reviews), filter, code);
    Ok(match filter.sort.unwrap_or(Sort::StartsOnDesc) {
        Sort::StartsOn => keyset!(query, page, asc r::starts_on => NaiveDate, r::id => ProcedureReviewId),
        Sort::StartsOnDesc => {
            keyset!(query, page, desc r::starts_on => NaiveDate, r::id => ProcedureReviewId)
        }
    })
}

/// A page of reviews.
///
/// # Errors
/// 422 for a cursor of another order, for a unit or procedure that is not known.
pub(super) fn review_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &ProcedureReviewFilter,
    page: &PageRequest,
) -> Result<PageRows<ProcedureReview>, ApiError> {
    use {ProcedureReviewSort as Sort, procedure_reviews as r};
    let Wanted { units, code } = Wanted::of(conn, scoped, filter)?;
    let (ways, within) = ways_of(scoped.confinement(), units.as_deref());
    let mut rows: Vec<Vec<ReviewRow>> = Vec::new();
    for way in ways {
        let query = first_rows(&way, within.as_ref(), filter, code.as_ref(), page)?;
        rows.push(query.select(ReviewRow::as_select()).load(conn)?);
    }
    let is_descending = filter.sort != Some(Sort::StartsOn);
    let rows = merged(rows, is_descending, |row| (row.starts_on, row.id));
    let counted = || {
        let mut query = confine!(standing(), scoped, procedure_reviews);
        if let Some(units) = &units {
            query = query.filter(r::org_unit_id.eq_any(units.clone()));
        }
        matching(query, filter, code.as_ref()).count()
    };
    let total = page.include_total().then(|| counted().get_result(conn)).transpose()?;
    let PageRows { items, last, total } = page.cut(rows, total, |row| json!([row.starts_on, row.id]));
    let items = held_of(conn, items)?.into_iter().map(|held| answer(scoped, held)).collect();
    Ok(PageRows { items, last, total })
}

/// Reviews with their proposals.
pub(super) fn held_of(conn: &mut DbConn, rows: Vec<ReviewRow>) -> Result<Vec<HeldReview>, ApiError> {
    use procedure_review_proposals as p;
    let proposals: Vec<ProposalRow> = p::table
        .filter(p::review_id.eq_any(rows.iter().map(|row| row.id).collect::<Vec<_>>()))
        .order((p::review_id, p::position))
        .select(ProposalRow::as_select())
        .load(conn)?;
    let codes = proposals.iter().filter_map(|one| one.procedure_code.as_deref()).collect();
    let named = ProceduresNamed::load(conn, HashSet::new(), codes)?;
    let mut of_reviews: HashMap<ProcedureReviewId, Vec<ReviewProposal>> = HashMap::new();
    for row in proposals {
        of_reviews.entry(row.review_id).or_default().push(known(row, &named));
    }
    let held = |row: ReviewRow| {
        let proposals = of_reviews.remove(&row.id).unwrap_or_default();
        HeldReview { row, proposals }
    };
    Ok(rows.into_iter().map(held).collect())
}

/// A proposal with the id of its procedure, where the catalogue has it.
pub(super) fn known(row: ProposalRow, named: &ProceduresNamed) -> ReviewProposal {
    ReviewProposal {
        kind: row.kind,
        procedure_id: row.procedure_code.as_deref().and_then(|code| named.id(code)),
        procedure_code: row.procedure_code,
        procedure_name: row.procedure_name,
        cut_working_days: row.cut_working_days,
        saved_amount_vnd: row.saved_amount_vnd,
        content: row.content,
    }
}

/// A review by its id, in reach, as it is stored.
pub(super) fn held_find(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedureReviewId,
) -> Result<HeldReview, ApiError> {
    let row: ReviewRow =
        standing().filter(procedure_reviews::id.eq(id)).select(ReviewRow::as_select()).first(conn)?;
    scoped.must_reach(row.org_unit_id)?;
    held_of(conn, vec![row])?.pop().ok_or_else(|| ApiError::internal("a review was lost"))
}

/// A review by its id, in reach.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn review_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedureReviewId,
) -> Result<ProcedureReview, ApiError> {
    Ok(answer(scoped, held_find(conn, scoped, id)?))
}

/// Whose the evidence of a review is: its unit's, who may add to it and take from it at any time.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn review_seen(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcedureReviewId,
) -> Result<Belonging, ApiError> {
    let HeldReview { row, .. } = held_find(conn, scoped, id)?;
    Ok(Belonging::unit(row.org_unit_id, Some(row.province_id)))
}

#[cfg(test)]
mod tests {
    use super::super::model::ReviewOutcome;
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    type Case = (ProcedureReviewFilter, Way, Option<Confinement>);

    fn cases() -> Vec<Case> {
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let reach = Confinement { provinces: vec![one, other], units: vec![one, other] };
        let none = ProcedureReviewFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        let filters = [
            none(),
            ProcedureReviewFilter { sort: Some(ProcedureReviewSort::StartsOn), ..none() },
            ProcedureReviewFilter {
                outcome: Some(ReviewOutcome::Approved),
                q: Some("hộ tịch".into()),
                ..none()
            },
            ProcedureReviewFilter { starts_from: day, starts_to: day, ..none() },
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
        for (filter, way, within) in cases() {
            let query = || {
                let page = PageRequest::for_test(50, None);
                let query = first_rows(&way, within.as_ref(), &filter, None, &page).unwrap();
                query.select(ReviewRow::as_select())
            };
            let told = plan(&mut conn, query());
            let is_wrong = |step: &String| step.contains("TEMP B-TREE") || step == "SCAN procedure_reviews";
            assert!(!told.iter().any(is_wrong), "{filter:?} on {way:?}: {told:?}");
            if let Some(postgres) = &mut postgres {
                let told = postgres_plan(postgres.conn(), query());
                let is_wrong =
                    |step: &String| step.contains("Sort") || step.contains("Seq Scan on procedure_reviews");
                assert!(!told.iter().any(is_wrong), "{filter:?} on {way:?}: {told:#?}");
            }
        }
    }

    #[test]
    fn the_reviews_of_a_procedure_are_found_by_its_code() {
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        let (filter, code) = (ProcedureReviewFilter::default(), "1.001193".to_owned());
        let query = || {
            let page = PageRequest::for_test(50, None);
            let query = first_rows(&Way::Everything, None, &filter, Some(&code), &page).unwrap();
            query.select(ReviewRow::as_select())
        };
        let told = plan(&mut conn, query());
        let by_code = "procedure_review_proposals_by_procedure";
        assert!(told.iter().any(|step| step.contains(by_code)), "{told:?}");
        if let Some(postgres) = &mut postgres {
            let told = postgres_plan(postgres.conn(), query());
            assert!(told.iter().any(|step| step.contains("procedure_review_proposals")), "{told:#?}");
            assert!(!told.iter().any(|step| step.contains("Seq Scan")), "{told:#?}");
        }
    }
}
