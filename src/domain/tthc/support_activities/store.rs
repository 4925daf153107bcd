//! Support activities in the database, and how they are written.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::json;

use super::model::{
    ActivityRow, SupportActivity, SupportActivityCreate, SupportActivityFilter, SupportActivityId,
    SupportActivitySort, SupportKind,
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
use crate::db::schema::support_activities;
use crate::db::types::Instant;
use crate::db::{DbConn, Recorded, WriteTx};
use crate::domain::organization::owners::{Owner, named_unit};
use crate::domain::organization::reference::{UnitName, label};
use crate::domain::organization::successors::wanted_units;
use crate::domain::organization::tree::OrgUnitId;
use crate::domain::validity::days_in_range;
use crate::error::ApiError;
use crate::text::{contains, fold};
use crate::{confine, hide_row, keyset, on_way, save_rows, within_reach};

const RECORD_TYPE: &str = "support_activity";

type Activities<'a> = support_activities::BoxedQuery<'a, MultiBackend>;

/// The answer of an activity, with its unit as it was named on the first day.
fn answer(scoped: &Scoped, row: ActivityRow) -> SupportActivity {
    let unit = label(scoped.tree(), row.org_unit_id, row.starts_on);
    SupportActivity::of(row, unit)
}

fn standing<'a>() -> Activities<'a> {
    support_activities::table.filter(support_activities::deleted_at.is_null()).into_boxed()
}

fn matching<'a>(mut query: Activities<'a>, filter: &'a SupportActivityFilter) -> Activities<'a> {
    use support_activities as a;
    if let Some(kind) = filter.kind {
        query = query.filter(a::kind.eq(kind));
    }
    if let Some(day) = filter.starts_from {
        query = query.filter(a::starts_on.ge(day));
    }
    if let Some(day) = filter.starts_to {
        query = query.filter(a::starts_on.le(day));
    }
    if let Some(day) = filter.on {
        let goes_on = a::ends_on.is_null().or(a::ends_on.assume_not_null().ge(day));
        query = query.filter(a::starts_on.le(day).and(goes_on));
    }
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(a::title_folded.like(contains(word)).escape('\\'));
    }
    query
}

/// The first rows of a page on this way, of what lies within the reach.
fn first_rows<'a>(
    way: &Way,
    within: Option<&Confinement>,
    filter: &'a SupportActivityFilter,
    page: &PageRequest,
) -> Result<Activities<'a>, ApiError> {
    use {SupportActivitySort as Sort, support_activities as a};
    let query = on_way!(standing(), way, support_activities);
    let query = matching(within_reach!(query, within, support_activities), filter);
    Ok(match filter.sort.unwrap_or(Sort::StartsOnDesc) {
        Sort::StartsOn => keyset!(query, page, asc a::starts_on => NaiveDate, a::id => SupportActivityId),
        Sort::StartsOnDesc => {
            keyset!(query, page, desc a::starts_on => NaiveDate, a::id => SupportActivityId)
        }
    })
}

/// A page of activities.
///
/// # Errors
/// 422 for a cursor of another order, for a unit that is not known.
pub(super) fn activity_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &SupportActivityFilter,
    page: &PageRequest,
) -> Result<PageRows<SupportActivity>, ApiError> {
    days_in_range([
        ("/as_of", filter.as_of),
        ("/starts_from", filter.starts_from),
        ("/starts_to", filter.starts_to),
        ("/on", filter.on),
    ])?;
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let units = wanted_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)?;
    let (ways, within) = ways_of(scoped.confinement(), units.as_deref());
    let mut rows: Vec<Vec<ActivityRow>> = Vec::new();
    for way in ways {
        let query = first_rows(&way, within.as_ref(), filter, page)?;
        rows.push(query.select(ActivityRow::as_select()).load(conn)?);
    }
    let is_descending = filter.sort != Some(SupportActivitySort::StartsOn);
    let rows = merged(rows, is_descending, |row| (row.starts_on, row.id));
    let counted = || {
        let mut query = confine!(standing(), scoped, support_activities);
        if let Some(units) = &units {
            query = query.filter(support_activities::org_unit_id.eq_any(units.clone()));
        }
        matching(query, filter).count()
    };
    let total = page.include_total().then(|| counted().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |row| json!([row.starts_on, row.id]));
    Ok(rows.map(|row| answer(scoped, row)))
}

fn row_find(conn: &mut DbConn, scoped: &Scoped, id: SupportActivityId) -> Result<ActivityRow, ApiError> {
    let row: ActivityRow =
        standing().filter(support_activities::id.eq(id)).select(ActivityRow::as_select()).first(conn)?;
    scoped.must_reach(row.org_unit_id)?;
    Ok(row)
}

/// An activity by its id, in reach.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn activity_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: SupportActivityId,
) -> Result<SupportActivity, ApiError> {
    Ok(answer(scoped, row_find(conn, scoped, id)?))
}

/// Whose the evidence of an activity is: its unit's, who may add to it and take from it at any time.
///
/// # Errors
/// 404 when there is none in reach.
pub(super) fn activity_seen(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: SupportActivityId,
) -> Result<Belonging, ApiError> {
    let row = row_find(conn, scoped, id)?;
    Ok(Belonging::unit(row.org_unit_id, Some(row.province_id)))
}

/// Support activities, as they are written.
pub struct SupportActivities;

/// By what a unit's activities are told apart.
type Key = (OrgUnitId, SupportKind, NaiveDate, String);

fn key(scoped: &Scoped, body: &SupportActivityCreate) -> Option<Key> {
    let unit = body.unit_name().resolve(scoped.tree(), body.starts_on).ok()?;
    scoped.reaches(unit).then(|| (unit, body.kind, body.starts_on, fold(&body.title)))
}

impl Records for SupportActivities {
    type Id = SupportActivityId;
    type Body = SupportActivityCreate;
    type Row = ActivityRow;
    type View = SupportActivity;

    fn order(body: &SupportActivityCreate) -> String {
        let unit = body.unit_name();
        key_text([
            unit.id.map(|id| id.written()).as_deref(),
            unit.identifier,
            unit.code,
            Some(body.kind.as_str()),
            Some(&body.starts_on.to_string()),
            Some(&fold(&body.title)),
        ])
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: SupportActivityId) -> Result<ActivityRow, ApiError> {
        row_find(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        bodies: &[SupportActivityCreate],
    ) -> Result<Vec<Option<ActivityRow>>, ApiError> {
        use support_activities as a;
        let keys: Vec<Option<Key>> = bodies.iter().map(|body| key(scoped, body)).collect();
        let named = || keys.iter().flatten();
        let units: HashSet<OrgUnitId> = named().map(|(unit, ..)| *unit).collect();
        let days: HashSet<NaiveDate> = named().map(|(_, _, day, _)| *day).collect();
        let titles: HashSet<&str> = named().map(|(.., title)| title.as_str()).collect();
        let rows: Vec<ActivityRow> = a::table
            .filter(a::org_unit_id.eq_any(units).and(a::starts_on.eq_any(days)))
            .filter(a::title_folded.eq_any(titles).and(a::deleted_at.is_null()))
            .select(ActivityRow::as_select())
            .load(tx.conn())?;
        let found: HashMap<Key, ActivityRow> = rows
            .into_iter()
            .map(|row| ((row.org_unit_id, row.kind, row.starts_on, row.title_folded.clone()), row))
            .collect();
        Ok(keys.iter().map(|key| found.get(key.as_ref()?).cloned()).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<SupportActivityCreate, ActivityRow>>,
    ) -> Result<Vec<Result<ActivityRow, ApiError>>, ApiError> {
        let at = tx.at();
        Ok(drafts.into_iter().map(|draft| activity_made(scoped, draft, at)).collect())
    }

    fn save(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        rows: &[ActivityRow],
    ) -> Result<Written<SupportActivity>, ApiError> {
        let stored = save_rows!(
            tx.conn(),
            support_activities,
            SupportActivityId,
            rows.iter(),
            [
                kind,
                title,
                title_folded,
                starts_on,
                ends_on,
                place,
                document_number,
                document_on,
                assigned_persons,
                people_supported,
                dossiers_supported,
                accounts_registered,
                participants,
                news_items,
                leaflets,
                note
            ]
        )?;
        Written::journal(tx, rows, &stored, journal_entry, |row| answer(scoped, row.clone()))
    }
}

fn activity_made(
    scoped: &Scoped,
    draft: Draft<SupportActivityCreate, ActivityRow>,
    at: Instant,
) -> Result<ActivityRow, ApiError> {
    let Draft { body, present } = draft;
    check(&body)?;
    let present = present.as_ref();
    let mut faults = rules::faults(&body);
    let unit = named_unit(scoped, &body.unit_name(), body.starts_on, present.map(|row| row.org_unit_id));
    let unit = unit.map_err(|found| faults.extend(found)).ok();
    let Some(unit) = unit.filter(|_| faults.is_empty()) else { return Err(ApiError::invalid(faults)) };
    let owner = Owner::within_reach(scoped, &body.unit_name(), unit)?;
    Ok(ActivityRow {
        id: present.map_or_else(SupportActivityId::new, |row| row.id),
        province_id: present.map_or(owner.province, |row| row.province_id),
        org_unit_id: owner.unit,
        kind: body.kind,
        title_folded: fold(&body.title),
        title: body.title,
        starts_on: body.starts_on,
        ends_on: body.ends_on,
        place: body.place,
        document_number: body.document_number,
        document_on: body.document_on,
        assigned_persons: body.assigned_persons,
        people_supported: body.people_supported,
        dossiers_supported: body.dossiers_supported,
        accounts_registered: body.accounts_registered,
        participants: body.participants,
        news_items: body.news_items,
        leaflets: body.leaflets,
        note: body.note,
        version: present.map_or(0, |row| row.version),
        created_at: present.map_or(at, |row| row.created_at),
        updated_at: present.map_or(at, |row| row.updated_at),
    })
}

fn journal_entry(
    action: JournalAction,
    view: &SupportActivity,
    row: &ActivityRow,
) -> Result<Entry, ApiError> {
    Ok(Entry::new(action, RECORD_TYPE, view.id, view.version, view)?
        .of_unit(row.org_unit_id, Some(row.province_id.to_string())))
}

/// Deletes an activity that was entered by mistake.
///
/// # Errors
/// 412 when it has changed.
pub(super) fn activity_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: SupportActivityId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let row = row_find(tx.conn(), scoped, id)?;
    expected.check(row.version)?;
    hide_row!(tx, support_activities, row)?;
    let row = ActivityRow { version: row.version + 1, ..row };
    let view = answer(scoped, row.clone());
    Ok(tx.journal(journal_entry(JournalAction::Delete, &view, &row)?)?.with(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    type Case = (SupportActivityFilter, Way, Option<Confinement>);

    fn cases() -> Vec<Case> {
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let reach = Confinement { provinces: vec![one, other], units: vec![one, other] };
        let none = SupportActivityFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        let filters = [
            none(),
            SupportActivityFilter { sort: Some(SupportActivitySort::StartsOn), ..none() },
            SupportActivityFilter {
                kind: Some(SupportKind::Training),
                on: day,
                q: Some("tập huấn".into()),
                ..none()
            },
            SupportActivityFilter { starts_from: day, starts_to: day, ..none() },
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
                let query = first_rows(&way, within.as_ref(), &filter, &page).unwrap();
                query.select(ActivityRow::as_select())
            };
            let told = plan(&mut conn, query());
            let is_wrong = |step: &String| step.contains("TEMP B-TREE") || step == "SCAN support_activities";
            assert!(!told.iter().any(is_wrong), "{filter:?} on {way:?}: {told:?}");
            if let Some(postgres) = &mut postgres {
                let told = postgres_plan(postgres.conn(), query());
                let is_wrong =
                    |step: &String| step.contains("Sort") || step.contains("Seq Scan on support_activities");
                assert!(!told.iter().any(is_wrong), "{filter:?} on {way:?}: {told:#?}");
            }
        }
    }
}
