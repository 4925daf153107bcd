//! Processing returns in the database.

use diesel::prelude::*;
use serde_json::json;

use super::model::{
    Filed, ProcessingReturn, ProcessingReturnFilter, ProcessingReturnId, ProcessingReturnSort, ReturnRow,
};
use super::rules::{self, Step};
use crate::api::records::{Row, Written};
use crate::api::ways::{Way, merged};
use crate::api::{IfMatch, PageRequest, PageRows};
use crate::attachments::Belonging;
use crate::audit::journal::{Entry, JournalAction, Leave};
use crate::auth::scope::{Confinement, Scoped};
use crate::db::conn::MultiBackend;
use crate::db::schema::{periods, processing_returns};
use crate::db::types::Instant;
use crate::db::unindexed::Unindexed;
use crate::db::{DbConn, Recorded, WriteTx};
use crate::domain::organization::reference::{UnitName, label};
use crate::domain::organization::successors::wanted_units as named_units;
use crate::domain::organization::tree::OrgUnitId;
use crate::domain::validity::days_in_range;
use crate::error::{ApiError, Problem};
use crate::reporting::period_closures::OpenPeriods;
use crate::reporting::periods::PeriodFacts;
use crate::text::day_vi;
use crate::{confine, hide_row, keyset, on_way, save_rows};

const RECORD_TYPE: &str = "processing_return";

type Rows<'a> = diesel::dsl::IntoBoxed<
    'a,
    diesel::dsl::InnerJoin<processing_returns::table, periods::table>,
    MultiBackend,
>;

diesel::joinable!(crate::db::schema::processing_returns -> crate::db::schema::periods (period_id));

fn columns() -> (
    <ReturnRow as Selectable<MultiBackend>>::SelectExpression,
    <PeriodFacts as Selectable<MultiBackend>>::SelectExpression,
) {
    (
        <ReturnRow as Selectable<MultiBackend>>::construct_selection(),
        <PeriodFacts as Selectable<MultiBackend>>::construct_selection(),
    )
}

/// The answer of a row, with the unit as it was named on the period's last day.
fn answer(scoped: &Scoped, row: ReturnRow, period: &PeriodFacts) -> ProcessingReturn {
    let unit = label(scoped.tree(), row.org_unit_id, period.ends_on);
    ProcessingReturn::of(row, period, unit)
}

/// A page of returns.
///
/// # Errors
/// 422 for a cursor of another order, a day out of range, or a unit that is not known.
pub fn processing_return_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &ProcessingReturnFilter,
    page: &PageRequest,
) -> Result<PageRows<ProcessingReturn>, ApiError> {
    days_in_range([("/as_of", filter.as_of)])?;
    let units = wanted_units(scoped, filter)?;
    let reach = scoped.confinement();
    // Those of some units are read unit by unit, and held against the reach.
    let (ways, within) = match &units {
        None => (Way::of(reach), None),
        Some(units) => {
            let units = Confinement { provinces: Vec::new(), units: units.clone() };
            (Way::of(Some(units)), reach)
        }
    };
    let mut rows: Vec<Vec<(ReturnRow, PeriodFacts)>> = Vec::new();
    for way in ways {
        rows.push(first_rows(&way, within.as_ref(), filter, page)?.select(columns()).load(conn)?);
    }
    let is_descending = filter.sort == Some(ProcessingReturnSort::CreatedAtDesc);
    let rows = merged(rows, is_descending, |(row, _)| (row.created_at, row.id));
    let counted = || {
        let mut query = confine!(standing(), scoped, processing_returns);
        if let Some(units) = &units {
            query = query.filter(processing_returns::org_unit_id.eq_any(units.clone()));
        }
        matching(query, filter).count()
    };
    let total = page.include_total().then(|| counted().get_result(conn)).transpose()?;
    let rows = page.cut(rows, total, |(row, _)| json!([row.created_at, row.id]));
    Ok(rows.map(|(row, period)| answer(scoped, row, &period)))
}

fn wanted_units(
    scoped: &Scoped,
    filter: &ProcessingReturnFilter,
) -> Result<Option<Vec<OrgUnitId>>, ApiError> {
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    named_units(scoped.tree(), &name, filter.scope.unwrap_or_default(), day)
}

fn standing<'a>() -> Rows<'a> {
    processing_returns::table
        .inner_join(periods::table)
        .filter(processing_returns::deleted_at.is_null())
        .into_boxed()
}

/// The first rows of a page on this way, of what lies within the reach.
fn first_rows<'a>(
    way: &Way,
    within: Option<&Confinement>,
    filter: &'a ProcessingReturnFilter,
    page: &PageRequest,
) -> Result<Rows<'a>, ApiError> {
    use processing_returns as r;
    let mut query = on_way!(standing(), way, processing_returns);
    if let Some(to) = within {
        query = query.filter(
            Unindexed(r::province_id)
                .eq_any(to.provinces.clone())
                .or(Unindexed(r::org_unit_id).eq_any(to.units.clone())),
        );
    }
    let query = matching(query, filter);
    Ok(match filter.sort.unwrap_or(ProcessingReturnSort::CreatedAt) {
        ProcessingReturnSort::CreatedAt => {
            keyset!(query, page, asc r::created_at => Instant, r::id => ProcessingReturnId)
        }
        ProcessingReturnSort::CreatedAtDesc => {
            keyset!(query, page, desc r::created_at => Instant, r::id => ProcessingReturnId)
        }
    })
}

fn matching<'a>(mut query: Rows<'a>, filter: &'a ProcessingReturnFilter) -> Rows<'a> {
    let ProcessingReturnFilter { period_id, period_code, handling_level, state, .. } = filter;
    use processing_returns as r;
    if let Some(id) = period_id {
        query = query.filter(r::period_id.eq(id));
    }
    if let Some(code) = period_code {
        query = query.filter(periods::code.eq(code).and(periods::regime.eq("calendar")));
    }
    if let Some(level) = handling_level {
        query = query.filter(r::handling_level.eq(level));
    }
    if let Some(state) = state {
        query = query.filter(r::state.eq(state));
    }
    query
}

fn row_get(conn: &mut DbConn, id: ProcessingReturnId) -> Result<(ReturnRow, PeriodFacts), ApiError> {
    Ok(processing_returns::table
        .inner_join(periods::table)
        .filter(processing_returns::id.eq(id).and(processing_returns::deleted_at.is_null()))
        .select(columns())
        .first(conn)?)
}

/// A return by its id, in reach, as it is stored.
pub(super) fn filed_find(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcessingReturnId,
) -> Result<Filed, ApiError> {
    let (line, period) = row_get(conn, id)?;
    scoped.must_reach(line.org_unit_id)?;
    Ok(Filed { line, period, leave: None })
}

/// A return by its id, in reach, that may be written: its period is open for the unit.
fn open_find(tx: &mut WriteTx<'_>, scoped: &Scoped, id: ProcessingReturnId) -> Result<Opened, ApiError> {
    let Filed { line, period, .. } = filed_find(tx.conn(), scoped, id)?;
    let leave = OpenPeriods::leave_for(tx, scoped.tree(), line.org_unit_id, &period)?;
    Ok(Opened { line, period, leave })
}

/// A return whose period is open.
struct Opened {
    line: ReturnRow,
    period: PeriodFacts,
    leave: Leave,
}

/// A return by its id, in reach.
///
/// # Errors
/// 404 when there is none in reach.
pub fn processing_return_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcessingReturnId,
) -> Result<ProcessingReturn, ApiError> {
    let Filed { line, period, .. } = filed_find(conn, scoped, id)?;
    Ok(answer(scoped, line, &period))
}

/// Whose the attachments of a return are.
///
/// # Errors
/// 404 when there is none in reach.
pub fn processing_return_seen(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcessingReturnId,
) -> Result<Belonging, ApiError> {
    let Filed { line, .. } = filed_find(conn, scoped, id)?;
    Ok(Belonging::unit(line.org_unit_id, Some(line.province_id)))
}

/// The same of a return that may be edited: evidence is part of what is handed in.
///
/// # Errors
/// 404 when there is none in reach, 409 for one that was handed in.
pub fn processing_return_changeable(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcessingReturnId,
) -> Result<Belonging, ApiError> {
    let Filed { line, .. } = filed_find(conn, scoped, id)?;
    rules::step(line.state, Step::Edit)?;
    Ok(Belonging::unit(line.org_unit_id, Some(line.province_id)))
}

/// Deletes a draft, or one that was sent back.
///
/// # Errors
/// 409 in another state or a closed period, 412 when it has changed.
pub fn processing_return_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcessingReturnId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let Opened { line: present, period, leave } = open_find(tx, scoped, id)?;
    expected.check(present.version)?;
    rules::step(present.state, Step::Delete)?;
    hide_row!(tx, processing_returns, present)?;
    let row = ReturnRow { version: present.version + 1, ..present };
    let view = answer(scoped, row.clone(), &period);
    let entry = journal_entry(JournalAction::Delete, &view, &row)?.with_leave(leave);
    Ok(tx.journal(entry)?.with(()))
}

/// Hands a return in: from now on it counts.
///
/// # Errors
/// 409 in another state or a closed period, 422 when the form does not balance or the period has not begun.
pub fn processing_return_submit(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcessingReturnId,
    expected: Option<&IfMatch>,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    let Opened { line: present, period, leave } = open_find(tx, scoped, id)?;
    expected.map_or(Ok(()), |expected| expected.check(present.version))?;
    let state = rules::step(present.state, Step::Submit)?;
    if scoped.today() < period.starts_on {
        let (code, day) = (&period.code, period.starts_on);
        return Err(ApiError::detailed(
            Problem::Invalid,
            format!("Kỳ {code} bắt đầu từ ngày {}, chưa đến kỳ nên chưa gửi được báo cáo.", day_vi(day)),
            format!("The period {code} begins on {day}; a return cannot be submitted before."),
        ));
    }
    rules::balanced(&present.columns(), present.carried_over_basis)?;
    let row = ReturnRow {
        state,
        submitted_at: Some(tx.at()),
        reviewed_by: None,
        reviewed_at: None,
        review_reason: None,
        ..present
    };
    stepped(tx, scoped, JournalAction::Submit, Opened { line: row, period, leave })
}

/// Accepts a return of a unit below.
///
/// # Errors
/// 403 for what the reviewer edited, 409 in another state or a closed period.
pub fn processing_return_accept(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcessingReturnId,
    expected: Option<&IfMatch>,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    review(tx, scoped, id, expected, Step::Accept, JournalAction::Accept, None)
}

/// Sends a return of a unit below back, with a reason.
///
/// # Errors
/// 409 in another state or a closed period.
pub fn processing_return_send_back(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcessingReturnId,
    expected: Option<&IfMatch>,
    reason: String,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    review(tx, scoped, id, expected, Step::SendBack, JournalAction::SendBack, Some(reason))
}

fn review(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcessingReturnId,
    expected: Option<&IfMatch>,
    step: Step,
    action: JournalAction,
    reason: Option<String>,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    let Opened { line: present, period, leave } = open_find(tx, scoped, id)?;
    expected.map_or(Ok(()), |expected| expected.check(present.version))?;
    let state = rules::step(present.state, step)?;
    if step == Step::Accept && present.edited_by == tx.author().id() {
        return Err(ApiError::detailed(
            Problem::Forbidden,
            "Không ai được tiếp nhận báo cáo do chính mình sửa lần cuối.",
            "Nobody accepts a return that they last edited.",
        ));
    }
    let row = ReturnRow {
        state,
        reviewed_by: Some(tx.author().id().to_owned()),
        reviewed_at: Some(tx.at()),
        review_reason: reason,
        ..present
    };
    stepped(tx, scoped, action, Opened { line: row, period, leave })
}

/// Stores a step of a return's life.
fn stepped(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    action: JournalAction,
    Opened { line, period, leave }: Opened,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    let mut filed = Filed { line, period, leave: Some(leave) };
    filed.revise(tx.at());
    save_as(tx, scoped, &[filed], Some(action))?.only()
}

/// Stores lines with their journal entries: made or changed, unless a step has its own name.
pub(super) fn save_as(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    rows: &[Filed],
    step: Option<JournalAction>,
) -> Result<Written<ProcessingReturn>, ApiError> {
    // The same figures once more need no leave, unless they are stored as another version.
    let unasked = rows.iter().filter(|filed| filed.leave.is_none());
    let unasked = || unasked.clone().map(|filed| (filed.line.org_unit_id, &filed.period));
    let open = OpenPeriods::of(tx, scoped.tree(), unasked())?;
    unasked().try_for_each(|(unit, period)| open.leave(scoped.tree(), unit, period).map(|_| ()))?;
    let stored = save_rows!(
        tx.conn(),
        processing_returns,
        ProcessingReturnId,
        rows.iter().map(|filed| &filed.line),
        [
            nil,
            received_online,
            received_in_person,
            received_postal,
            carried_over,
            carried_over_basis,
            resolved_early,
            resolved_on_time,
            resolved_overdue,
            pending_in_time,
            pending_overdue,
            withdrawn,
            refused,
            covers_from,
            covers_to,
            source_note,
            state,
            edited_by,
            filed_by,
            submitted_at,
            reviewed_by,
            reviewed_at,
            review_reason,
        ]
    )?;
    let entry = |action, view: &ProcessingReturn, filed: &Filed| {
        let leave = match filed.leave {
            Some(leave) => leave,
            None => open.leave(scoped.tree(), filed.line.org_unit_id, &filed.period)?,
        };
        Ok(journal_entry(step.unwrap_or(action), view, &filed.line)?.with_leave(leave))
    };
    Written::journal(tx, rows, &stored, entry, |filed| answer(scoped, filed.line.clone(), &filed.period))
}

fn journal_entry(
    action: JournalAction,
    view: &ProcessingReturn,
    line: &ReturnRow,
) -> Result<Entry, ApiError> {
    Ok(Entry::new(action, RECORD_TYPE, view.id, view.version, view)?
        .of_unit(line.org_unit_id, Some(line.province_id.to_string())))
}

#[cfg(test)]
mod tests {
    use super::super::model::ReturnState;
    use super::*;
    use crate::db::plan::{migrated, plan};
    use crate::reporting::periods::PeriodId;

    #[test]
    fn every_list_comes_from_an_index_in_its_order() {
        let (_folder, mut conn) = migrated();
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let reach = Confinement { provinces: vec![one, other], units: vec![one, other] };
        let ways = [Way::Everything, Way::Province(one), Way::Unit(one), Way::Many(reach.clone())];
        let none = ProcessingReturnFilter::default;
        let filters = [
            (none(), "processing_returns_by_time"),
            (
                ProcessingReturnFilter { state: Some(ReturnState::Submitted), ..none() },
                "processing_returns_by_state",
            ),
            (
                ProcessingReturnFilter { period_id: Some(PeriodId::new()), ..none() },
                "processing_returns_by_period",
            ),
            (
                ProcessingReturnFilter { sort: Some(ProcessingReturnSort::CreatedAtDesc), ..none() },
                "_by_time",
            ),
        ];
        for (filter, index) in &filters {
            for way in &ways {
                for within in [None, Some(&reach)] {
                    let page = PageRequest::for_test(50, None);
                    let query = first_rows(way, within, filter, &page).unwrap().select(columns());
                    let plan = plan(&mut conn, query);
                    let is_sorted = plan.iter().any(|step| step.contains("TEMP B-TREE"));
                    assert!(!is_sorted, "{filter:?} on {way:?}: {plan:?}");
                    if matches!(way, Way::Everything | Way::Many(_)) {
                        assert!(
                            plan.iter().any(|step| step.contains(index)),
                            "{filter:?} on {way:?}: {plan:?}"
                        );
                    } else {
                        assert!(
                            plan.iter().any(|step| step.contains("SEARCH processing_returns")),
                            "{plan:?}"
                        );
                    }
                }
            }
        }
    }
}
