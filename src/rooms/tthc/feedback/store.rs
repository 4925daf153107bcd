//! Feedback as it is read from the database.

use std::sync::Arc;

use diesel::dsl;
use diesel::expression::BoxableExpression;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde_json::json;

use super::limits::TimeLimits;
use super::model::{
    CitizenFeedback, CitizenFeedbackFilter, CitizenFeedbackId, CitizenFeedbackSort, FeedbackRow,
    FeedbackStatus, FeedbackStep, HeldFeedback,
};
use super::petitioner::PetitionerShown;
use kernel::api::ways::{Way, merged, ways_of};
use kernel::api::{PageRequest, PageRows};
use kernel::attachments::Belonging;
use kernel::auth::scope::{Confinement, Scoped};
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::citizen_feedback;
use kernel::db::types::Instant;
use kernel::db::unindexed::Unindexed;
use kernel::error::ApiError;
use kernel::people::must_stand;
use kernel::successors::wanted_units;
use kernel::text::{contains, fold};
use kernel::unit_reference::{UnitName, label};
use kernel::validity::{days_in_range, storable};
use kernel::{confine, keyset, on_way, within_reach};

pub(super) type Feedback<'a> = citizen_feedback::BoxedQuery<'a, MultiBackend>;

/// A condition on feedback that is never unknown.
type Condition = Box<dyn BoxableExpression<citizen_feedback::table, MultiBackend, SqlType = Bool>>;

/// The answer of feedback, with its units as they were named on the day of receipt, and its petitioner masked
/// unless the account sees personal data.
///
/// # Errors
/// When the petitioner was sealed under other keys.
pub(super) fn answer(scoped: &Scoped, held: HeldFeedback) -> Result<CitizenFeedback, ApiError> {
    let (tree, day) = (scoped.tree(), held.row.received_at.vietnam_day());
    let unit = label(tree, held.row.org_unit_id, day);
    let receiving = held.row.receiving_unit_id.map(|unit| label(tree, unit, day));
    let petitioner = match &held.row.petitioner {
        None => None,
        Some(_) => held.row.petitioner(scoped.personal_keys()?)?,
    };
    let answer = CitizenFeedback::of(held, unit, receiving);
    let Some(petitioner) = petitioner else { return Ok(answer) };
    let is_clear = scoped.sees_personal(&[answer.org_unit_id]);
    let petitioner = Some(PetitionerShown::of(petitioner.kind, petitioner.identity(), is_clear));
    Ok(CitizenFeedback { petitioner, is_clear, ..answer })
}

pub(super) fn standing<'a>() -> Feedback<'a> {
    citizen_feedback::table.filter(citizen_feedback::deleted_at.is_null()).into_boxed()
}

/// Feedback that has come so far, as [`status`](super::rules::status) tells it.
fn of_status(status: FeedbackStatus) -> Condition {
    use citizen_feedback as f;
    let unanswered = || f::refused_at.is_null().and(f::answered_at.is_null());
    let awaited = || f::supplement_requested_at.is_not_null().and(f::supplement_received_at.is_null());
    match status {
        FeedbackStatus::Refused => Box::new(f::refused_at.is_not_null()),
        FeedbackStatus::Published => Box::new(f::refused_at.is_null().and(f::published_at.is_not_null())),
        FeedbackStatus::Answered => {
            Box::new(f::refused_at.is_null().and(f::answered_at.is_not_null()).and(f::published_at.is_null()))
        }
        FeedbackStatus::AwaitingSupplement => Box::new(unanswered().and(awaited())),
        FeedbackStatus::Received => Box::new(unanswered().and(dsl::not(awaited()))),
    }
}

/// Feedback of which a step is owed that was due before today, by every limit: what began to run within the
/// span that has run out.
fn overdue(limits: &TimeLimits) -> Condition {
    use citizen_feedback as f;
    // By the alternatives SQLite would gather all rows first, and sort them.
    let received = || Unindexed(f::received_at);
    let of_limits = limits.iter().filter_map(|limit| {
        let (first, last) = limits.run_out(limit.working_days())?;
        let (from, to) = (Instant::beginning_of(first), Instant::beginning_of(last.succ_opt()?));
        let held_against = f::class
            .eq(limit.class)
            .and(received().ge(Instant::beginning_of(limit.valid_from)))
            .and(received().lt(Instant::beginning_of(limit.valid_to)));
        let owed: Condition = match limit.step {
            FeedbackStep::Answer => {
                let supplemented = f::supplement_received_at.assume_not_null();
                let since_supplement = f::supplement_received_at
                    .is_not_null()
                    .and(supplemented.ge(from).and(supplemented.lt(to)));
                let since_receipt =
                    f::supplement_received_at.is_null().and(received().ge(from).and(received().lt(to)));
                Box::new(of_status(FeedbackStatus::Received).and(since_supplement.or(since_receipt)))
            }
            FeedbackStep::Publication => {
                let answered = f::answered_at.assume_not_null();
                let since_answer = answered.ge(from).and(answered.lt(to));
                Box::new(of_status(FeedbackStatus::Answered).and(since_answer))
            }
            FeedbackStep::Refusal | FeedbackStep::SupplementRequest | FeedbackStep::Supplement => {
                return None;
            }
        };
        let owed: Condition = Box::new(held_against.and(owed));
        Some(owed)
    });
    let nothing: Condition = Box::new(false.into_sql::<Bool>());
    let either = |one: Condition, other: Condition| -> Condition { Box::new(one.or(other)) };
    of_limits.reduce(either).unwrap_or(nothing)
}

fn matching<'a>(
    mut query: Feedback<'a>,
    filter: &'a CitizenFeedbackFilter,
    limits: &TimeLimits,
) -> Feedback<'a> {
    use citizen_feedback as f;
    if let Some(code) = &filter.code {
        query = query.filter(f::code.eq(code));
    }
    if let Some(class) = filter.class {
        query = query.filter(f::class.eq(class));
    }
    if let Some(channel) = filter.channel {
        query = query.filter(f::channel.eq(channel));
    }
    if let Some(status) = filter.status {
        query = query.filter(of_status(status));
    }
    if let Some(day) = filter.received_from {
        query = query.filter(f::received_at.ge(Instant::beginning_of(day)));
    }
    if let Some(day) = filter.received_to {
        query = query.filter(f::received_at.lt(end_of(day)));
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(f::content_folded.like(contains(word)).escape('\\'));
    }
    match filter.overdue {
        None => query,
        Some(true) => query.filter(overdue(limits)),
        Some(false) => query.filter(dsl::not(overdue(limits))),
    }
}

/// The first moment behind a day.
pub(super) fn end_of(day: chrono::NaiveDate) -> Instant {
    let day = storable(day);
    Instant::beginning_of(day.succ_opt().unwrap_or(day))
}

/// The first rows of a page on this way, of what lies within the reach.
fn first_rows<'a>(
    way: &Way,
    within: Option<&Confinement>,
    filter: &'a CitizenFeedbackFilter,
    limits: &TimeLimits,
    page: &PageRequest,
) -> Result<Feedback<'a>, ApiError> {
    use {CitizenFeedbackSort as Sort, citizen_feedback as f};
    let query = on_way!(standing(), way, citizen_feedback);
    let query = matching(within_reach!(query, within, citizen_feedback), filter, limits);
    Ok(match filter.sort.unwrap_or(Sort::ReceivedAtDesc) {
        Sort::ReceivedAt => keyset!(query, page, asc f::received_at => Instant, f::id => CitizenFeedbackId),
        Sort::ReceivedAtDesc => {
            keyset!(query, page, desc f::received_at => Instant, f::id => CitizenFeedbackId)
        }
    })
}

/// A page of feedback.
///
/// # Errors
/// 422 for a cursor of another order, for a unit that is not known.
pub(super) fn feedback_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &CitizenFeedbackFilter,
    page: &PageRequest,
) -> Result<PageRows<CitizenFeedback>, ApiError> {
    days_in_range([
        ("/as_of", filter.as_of),
        ("/received_from", filter.received_from),
        ("/received_to", filter.received_to),
    ])?;
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let units = wanted_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)?;
    let limits = Arc::new(TimeLimits::load(conn, scoped.today())?);
    let (ways, within) = ways_of(scoped.confinement(), units.as_deref());
    let mut rows: Vec<Vec<FeedbackRow>> = Vec::new();
    for way in ways {
        let query = first_rows(&way, within.as_ref(), filter, &limits, page)?;
        rows.push(query.select(FeedbackRow::as_select()).load(conn)?);
    }
    let is_descending = filter.sort != Some(CitizenFeedbackSort::ReceivedAt);
    let rows = merged(rows, is_descending, |row| (row.received_at, row.id));
    let counted = || {
        let mut query = confine!(standing(), scoped, citizen_feedback);
        if let Some(units) = &units {
            query = query.filter(citizen_feedback::org_unit_id.eq_any(units.clone()));
        }
        matching(query, filter, &limits).count()
    };
    let total = page.include_total().then(|| counted().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |row| json!([row.received_at, row.id]));
    let PageRows { items, last, total } = rows;
    let answers = items.into_iter().map(|row| answer(scoped, HeldFeedback { row, limits: limits.clone() }));
    Ok(PageRows { items: answers.collect::<Result<_, _>>()?, last, total })
}

/// Feedback by its id, in reach, as it is stored.
pub(super) fn held_find(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: CitizenFeedbackId,
) -> Result<HeldFeedback, ApiError> {
    let row: FeedbackRow =
        standing().filter(citizen_feedback::id.eq(id)).select(FeedbackRow::as_select()).first(conn)?;
    scoped.must_reach(row.org_unit_id)?;
    Ok(HeldFeedback { row, limits: Arc::new(TimeLimits::load(conn, scoped.today())?) })
}

/// Feedback by its id, in reach.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn feedback_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: CitizenFeedbackId,
) -> Result<CitizenFeedback, ApiError> {
    answer(scoped, held_find(conn, scoped, id)?)
}

/// Whose the papers of feedback are: those of the unit that answers.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn feedback_seen(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: CitizenFeedbackId,
) -> Result<Belonging, ApiError> {
    let HeldFeedback { row, .. } = held_find(conn, scoped, id)?;
    Ok(belonging(scoped, &row))
}

/// The same while files may be attached and deleted.
///
/// # Errors
/// 409 once its personal data were erased, 404 when there is none in reach.
pub(super) fn feedback_changeable(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: CitizenFeedbackId,
) -> Result<Belonging, ApiError> {
    let HeldFeedback { row, .. } = held_find(conn, scoped, id)?;
    must_stand(row.erased_at)?;
    Ok(belonging(scoped, &row))
}

fn belonging(scoped: &Scoped, row: &FeedbackRow) -> Belonging {
    let is_clear = scoped.sees_personal(&[row.org_unit_id]);
    Belonging::unit(row.org_unit_id, Some(row.province_id)).of_people(is_clear)
}

#[cfg(test)]
mod tests {
    use super::super::model::FeedbackClass;
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};
    use kernel::reporting::holidays::bundled_calendar;
    use kernel::tree::OrgUnitId;

    type Case = (CitizenFeedbackFilter, Way, Option<Confinement>);

    fn cases() -> Vec<Case> {
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let reach = Confinement { provinces: vec![one, other], units: vec![one, other] };
        let none = CitizenFeedbackFilter::default;
        let day = chrono::NaiveDate::from_ymd_opt(2026, 1, 1);
        let mut filters = vec![
            none(),
            CitizenFeedbackFilter { sort: Some(CitizenFeedbackSort::ReceivedAt), ..none() },
            CitizenFeedbackFilter { received_from: day, received_to: day, ..none() },
            CitizenFeedbackFilter { overdue: Some(true), ..none() },
            CitizenFeedbackFilter { overdue: Some(false), ..none() },
            CitizenFeedbackFilter {
                class: Some(FeedbackClass::Rule), q: Some("đất đai".into()), ..none()
            },
        ];
        let of_status = |status: &FeedbackStatus| CitizenFeedbackFilter { status: Some(*status), ..none() };
        filters.extend(FeedbackStatus::ALL.iter().map(of_status));
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
        let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let limits = TimeLimits::sample(bundled_calendar(), today);
        for (filter, way, within) in cases() {
            let query = || {
                let page = PageRequest::for_test(50, None);
                let query = first_rows(&way, within.as_ref(), &filter, &limits, &page).unwrap();
                query.select(FeedbackRow::as_select())
            };
            let told = plan(&mut conn, query());
            let is_wrong = |step: &String| step.contains("TEMP B-TREE") || step == "SCAN citizen_feedback";
            assert!(!told.iter().any(is_wrong), "{filter:?} on {way:?}: {told:?}");
            if let Some(postgres) = &mut postgres {
                let told = postgres_plan(postgres.conn(), query());
                let is_wrong =
                    |step: &String| step.contains("Sort") || step.contains("Seq Scan on citizen_feedback");
                assert!(!told.iter().any(is_wrong), "{filter:?} on {way:?}: {told:#?}");
            }
        }
    }
}
