//! Processing returns in the database.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::json;

use super::model::{
    CarriedOverBasis, PeriodFacts, ProcessingReturn, ProcessingReturnCreate, ProcessingReturnFilter,
    ProcessingReturnId, ProcessingReturnSort, ReturnRow, ReturnState,
};
use super::rules::{self, Columns, Step};
use crate::api::json::check;
use crate::api::{IfMatch, PageRequest, PageRows};
use crate::audit::journal::{Entry, JournalAction};
use crate::auth::scope::{Scoped, home_province};
use crate::db::conn::MultiBackend;
use crate::db::schema::{periods, processing_returns};
use crate::db::types::Instant;
use crate::db::{DbConn, Recorded, WriteTx};
use crate::domain::organization::reference::{UnitName, label, scoped_units};
use crate::domain::organization::successors::unit_in_force;
use crate::domain::organization::tree::{OrgTree, OrgUnitId, Tier};
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::reporting::periods::PeriodId;
use crate::{confine, keyset};

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
/// 422 for a cursor of another order, 422 for a unit that is not known.
pub fn processing_return_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &ProcessingReturnFilter,
    page: &PageRequest,
) -> Result<PageRows<ProcessingReturn>, ApiError> {
    let units = wanted_units(scoped, filter)?;
    let sort = filter.sort.unwrap_or(ProcessingReturnSort::CreatedAt);
    let query = matching(scoped, filter, units.as_deref());
    use processing_returns as r;
    let query = match sort {
        ProcessingReturnSort::CreatedAt => {
            keyset!(query, page, asc r::created_at => Instant, r::id => ProcessingReturnId)
        }
        ProcessingReturnSort::CreatedAtDesc => {
            keyset!(query, page, desc r::created_at => Instant, r::id => ProcessingReturnId)
        }
    };
    let rows: Vec<(ReturnRow, PeriodFacts)> = query.select(columns()).load(conn)?;
    let total = page
        .include_total()
        .then(|| matching(scoped, filter, units.as_deref()).count().get_result(conn))
        .transpose()?;
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
    if !name.is_given() {
        return Ok(None);
    }
    let unit = unit_in_force(scoped.tree(), &name, day)?;
    Ok(Some(scoped_units(scoped.tree(), unit, filter.scope.unwrap_or_default(), day)))
}

fn matching<'a>(
    scoped: &Scoped,
    filter: &'a ProcessingReturnFilter,
    units: Option<&[OrgUnitId]>,
) -> Rows<'a> {
    let ProcessingReturnFilter { period_id, period_code, handling_level, state, .. } = filter;
    use processing_returns as r;
    let mut query = r::table.inner_join(periods::table).filter(r::deleted_at.is_null()).into_boxed();
    query = confine!(query, scoped, processing_returns);
    if let Some(units) = units {
        query = query.filter(r::org_unit_id.eq_any(units.to_vec()));
    }
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

/// A return by its id, in reach.
///
/// # Errors
/// 404 when there is none in reach.
pub fn processing_return_get(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: ProcessingReturnId,
) -> Result<ProcessingReturn, ApiError> {
    let (row, period) = row_get(conn, id)?;
    scoped.must_reach(row.org_unit_id)?;
    Ok(answer(scoped, row, &period))
}

/// Makes a return: a draft.
///
/// # Errors
/// 403 for a unit out of reach, 409 for a line that exists, 422 for what is not valid.
pub fn processing_return_insert(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    body: ProcessingReturnCreate,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    check(&body)?;
    let (unit, period) = owner(tx.conn(), scoped, &body)?;
    if !scoped.reaches(unit) {
        return Err(ApiError::new(Problem::Forbidden));
    }
    let province = home_province(scoped.tree(), unit).ok_or_else(|| no_province(unit))?;
    one_kind_of_line(tx.conn(), unit, &period, &body, None)?;
    let at = tx.at();
    let stored = stored_columns(&body)?;
    let row = ReturnRow {
        id: ProcessingReturnId::new(),
        province_id: province,
        org_unit_id: unit,
        period_id: period.id,
        handling_level: body.handling_level,
        field: body.field.clone().unwrap_or_default(),
        nil: body.nil,
        received_online: body.received_online,
        received_in_person: body.received_in_person,
        received_postal: body.received_postal,
        carried_over: stored.0,
        carried_over_basis: stored.1,
        resolved_early: body.resolved_early,
        resolved_on_time: body.resolved_on_time,
        resolved_overdue: body.resolved_overdue,
        pending_in_time: body.pending_in_time,
        pending_overdue: body.pending_overdue,
        withdrawn: body.withdrawn,
        refused: body.refused,
        covers_from: body.covers_from,
        covers_to: body.covers_to,
        source_note: body.source_note,
        state: ReturnState::Draft,
        edited_by: tx.author().id().to_owned(),
        filed_by: filing_unit(scoped, unit),
        submitted_at: None,
        reviewed_by: None,
        reviewed_at: None,
        review_reason: None,
        version: 1,
        created_at: at,
        updated_at: at,
    };
    diesel::insert_into(processing_returns::table).values(&row).execute(tx.conn())?;
    recorded(tx, scoped, JournalAction::Create, row, &period)
}

/// Replaces a draft, or one that was sent back. Unit, period, level and field name the return and stay.
///
/// # Errors
/// 409 in another state, 412 when it has changed, 422 for what is not valid.
pub fn processing_return_replace(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcessingReturnId,
    expected: &IfMatch,
    body: ProcessingReturnCreate,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    let (present, _) = row_get(tx.conn(), id)?;
    scoped.must_reach(present.org_unit_id)?;
    expected.check(present.version)?;
    let state = rules::step(present.state, Step::Edit)?;
    check(&body)?;
    let (unit, period) = owner(tx.conn(), scoped, &body)?;
    same_line(&present, unit, &period, &body)?;
    let (carried_over, carried_over_basis) = stored_columns(&body)?;
    let row = ReturnRow {
        nil: body.nil,
        received_online: body.received_online,
        received_in_person: body.received_in_person,
        received_postal: body.received_postal,
        carried_over,
        carried_over_basis,
        resolved_early: body.resolved_early,
        resolved_on_time: body.resolved_on_time,
        resolved_overdue: body.resolved_overdue,
        pending_in_time: body.pending_in_time,
        pending_overdue: body.pending_overdue,
        withdrawn: body.withdrawn,
        refused: body.refused,
        covers_from: body.covers_from,
        covers_to: body.covers_to,
        source_note: body.source_note,
        state,
        edited_by: tx.author().id().to_owned(),
        filed_by: filing_unit(scoped, unit),
        ..present
    };
    update(tx, scoped, JournalAction::Update, row, &period)
}

/// Deletes a draft, or one that was sent back.
///
/// # Errors
/// 409 in another state, 412 when it has changed.
pub fn processing_return_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcessingReturnId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    let (present, period) = row_get(tx.conn(), id)?;
    scoped.must_reach(present.org_unit_id)?;
    expected.check(present.version)?;
    rules::step(present.state, Step::Delete)?;
    let at = tx.at();
    let version = present.version;
    let deleted =
        diesel::update(processing_returns::table.find(id).filter(processing_returns::version.eq(version)))
            .set((
                processing_returns::deleted_at.eq(Some(at)),
                processing_returns::version.eq(version + 1),
                processing_returns::updated_at.eq(at),
            ))
            .execute(tx.conn())?;
    if deleted == 0 {
        return Err(ApiError::new(Problem::PreconditionFailed));
    }
    let row = ReturnRow { version: version + 1, ..present };
    Ok(journal(tx, scoped, JournalAction::Delete, row, &period)?.0.with(()))
}

/// Hands a return in: from now on it counts.
///
/// # Errors
/// 409 in another state, 422 when the form does not balance or the period has not begun.
pub fn processing_return_submit(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcessingReturnId,
    expected: Option<&IfMatch>,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    let (present, period) = row_get(tx.conn(), id)?;
    scoped.must_reach(present.org_unit_id)?;
    expected.map_or(Ok(()), |expected| expected.check(present.version))?;
    let state = rules::step(present.state, Step::Submit)?;
    if scoped.today() < period.starts_on {
        let (code, day) = (&period.code, period.starts_on);
        return Err(ApiError::detailed(
            Problem::Invalid,
            format!("Kỳ {code} bắt đầu từ {day}, chưa đến kỳ nên chưa gửi được báo cáo."),
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
    update(tx, scoped, JournalAction::Submit, row, &period)
}

/// Accepts a return of a unit below.
///
/// # Errors
/// 403 for what the reviewer edited, 409 in another state.
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
/// 409 in another state.
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
    let (present, period) = row_get(tx.conn(), id)?;
    scoped.must_reach(present.org_unit_id)?;
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
    update(tx, scoped, action, row, &period)
}

/// Writes a changed row over the version that was read.
fn update(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    action: JournalAction,
    mut row: ReturnRow,
    period: &PeriodFacts,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    let read = row.version;
    row.version = read + 1;
    row.updated_at = tx.at();
    let changed =
        diesel::update(processing_returns::table.find(row.id).filter(processing_returns::version.eq(read)))
            .set(&row)
            .execute(tx.conn())?;
    if changed == 0 {
        return Err(ApiError::new(Problem::PreconditionFailed));
    }
    recorded(tx, scoped, action, row, period)
}

fn recorded(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    action: JournalAction,
    row: ReturnRow,
    period: &PeriodFacts,
) -> Result<Recorded<ProcessingReturn>, ApiError> {
    let (receipt, view) = journal(tx, scoped, action, row, period)?;
    Ok(receipt.with(view))
}

fn journal(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    action: JournalAction,
    row: ReturnRow,
    period: &PeriodFacts,
) -> Result<(crate::db::Receipt, ProcessingReturn), ApiError> {
    let (unit, province) = (row.org_unit_id, row.province_id);
    let view = answer(scoped, row, period);
    let entry = Entry::new(action, RECORD_TYPE, view.id, view.version, &view)?
        .of_unit(unit, Some(province.to_string()));
    Ok((tx.journal(entry)?, view))
}

/// The unit and period that a body names, and whether such a return can be.
fn owner(
    conn: &mut DbConn,
    scoped: &Scoped,
    body: &ProcessingReturnCreate,
) -> Result<(OrgUnitId, PeriodFacts), ApiError> {
    let period = period_of(conn, body)?;
    let tree = scoped.tree();
    let name = UnitName {
        id: body.org_unit_id,
        identifier: body.org_unit_identifier.as_deref(),
        code: body.org_unit_code.as_deref(),
    };
    // A unit that ended within the period still reports for its part of it.
    let unit = match name.resolve(tree, period.ends_on) {
        Ok(unit) => unit,
        Err(faults) => name.resolve(tree, period.starts_on).map_err(|_| ApiError::invalid(faults))?,
    };
    let tier = tier_of(tree, unit, period.ends_on).or_else(|| tier_of(tree, unit, period.starts_on));
    let mut faults = shape_faults(body);
    match tier {
        Some(tier) => faults.extend(rules::level_of_unit(tier, body.handling_level).err()),
        None => faults.push(Fault::new(
            "/org_unit_id",
            "not_in_force",
            Bilingual::new(
                format!("Đơn vị không tồn tại trong kỳ {}.", period.code),
                format!("The unit does not exist in the period {}.", period.code),
            ),
        )),
    }
    if faults.is_empty() { Ok((unit, period)) } else { Err(ApiError::invalid(faults)) }
}

/// The tier of a unit; of an agency that of the administrative unit above it.
fn tier_of(tree: &OrgTree, unit: OrgUnitId, day: NaiveDate) -> Option<Tier> {
    let own = tree.version_at(unit, day)?;
    own.kind.tier().or_else(|| {
        tree.ancestors(unit, day).into_iter().find_map(|above| tree.version_at(above, day)?.kind.tier())
    })
}

fn period_of(conn: &mut DbConn, body: &ProcessingReturnCreate) -> Result<PeriodFacts, ApiError> {
    let query =
        periods::table.filter(periods::deleted_at.is_null()).select(PeriodFacts::as_select()).into_boxed();
    let fault = |pointer: &str, code: &'static str, vi: &'static str, en: &'static str| {
        ApiError::invalid(vec![Fault::new(pointer, code, Bilingual::new(vi, en))])
    };
    let query = match (&body.period_id, &body.period_code) {
        (Some(id), None) => query.filter(periods::id.eq(id)),
        (None, Some(code)) => query.filter(periods::code.eq(code).and(periods::regime.eq("calendar"))),
        _ => {
            return Err(fault(
                "/period_code",
                "exactly_one",
                "Nêu đúng một trong period_id và period_code.",
                "Give exactly one of period_id and period_code.",
            ));
        }
    };
    let pointer = if body.period_id.is_some() { "/period_id" } else { "/period_code" };
    query.first(conn).optional()?.ok_or_else(|| {
        fault(pointer, "unknown_period", "Không có kỳ báo cáo này.", "There is no such reporting period.")
    })
}

/// Faults that the body shows by itself.
fn shape_faults(body: &ProcessingReturnCreate) -> Vec<Fault> {
    let mut faults = Vec::new();
    if body.nil && body.columns() != Columns::default() {
        faults.push(Fault::new(
            "/nil",
            "not_nil",
            Bilingual::new(
                "Báo cáo không phát sinh thì mọi cột phải bằng 0.",
                "Where nothing arose, every column is zero.",
            ),
        ));
    }
    if let (Some(from), Some(to)) = (body.covers_from, body.covers_to)
        && to < from
    {
        faults.push(Fault::new(
            "/covers_to",
            "before_start",
            Bilingual::new("Ngày kết thúc trước ngày bắt đầu.", "The last day is before the first."),
        ));
    }
    faults.extend(rules::carry_over(&body.columns(), body.carried_over, body.carried_over_basis).err());
    faults
}

fn stored_columns(
    body: &ProcessingReturnCreate,
) -> Result<(Option<i64>, Option<CarriedOverBasis>), ApiError> {
    rules::carry_over(&body.columns(), body.carried_over, body.carried_over_basis)
        .map_err(|fault| ApiError::invalid(vec![fault]))
}

/// A unit states a level either in one line or by field: both together would count twice.
fn one_kind_of_line(
    conn: &mut DbConn,
    unit: OrgUnitId,
    period: &PeriodFacts,
    body: &ProcessingReturnCreate,
    own: Option<ProcessingReturnId>,
) -> Result<(), ApiError> {
    use processing_returns as r;
    if let DbConn::Pg(pg) = conn {
        // Two lines that are filed at the same moment must see each other.
        diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind::<diesel::sql_types::Text, _>(format!("{unit} {} {}", period.id, body.handling_level))
            .execute(pg)?;
    }
    let by_field = body.field.is_some();
    let mut others = r::table
        .filter(r::period_id.eq(period.id).and(r::org_unit_id.eq(unit)))
        .filter(r::handling_level.eq(body.handling_level).and(r::deleted_at.is_null()))
        .into_boxed();
    others = if by_field { others.filter(r::field.eq("")) } else { others.filter(r::field.ne("")) };
    if let Some(own) = own {
        others = others.filter(r::id.ne(own));
    }
    let count: i64 = others.count().get_result(conn)?;
    if count == 0 {
        return Ok(());
    }
    Err(ApiError::invalid(vec![Fault::new(
        "/field",
        "line_and_fields",
        Bilingual::new(
            "Đơn vị đã báo cáo cấp này theo cách khác: hoặc một dòng tổng, hoặc từng lĩnh vực, không cả hai.",
            "The unit has reported this level the other way: either one line, or by field, not both.",
        ),
    )]))
}

fn same_line(
    present: &ReturnRow,
    unit: OrgUnitId,
    period: &PeriodFacts,
    body: &ProcessingReturnCreate,
) -> Result<(), ApiError> {
    let same = [
        ("/org_unit_id", present.org_unit_id == unit),
        ("/period_id", present.period_id == period.id),
        ("/handling_level", present.handling_level == body.handling_level),
        ("/field", present.field == body.field.as_deref().unwrap_or_default()),
    ];
    let faults: Vec<_> = same
        .into_iter()
        .filter(|(_, same)| !same)
        .map(|(pointer, _)| {
            Fault::new(
                pointer,
                "names_the_return",
                Bilingual::new(
                    "Giá trị này xác định báo cáo nên không thay đổi được; hãy xóa và tạo báo cáo khác.",
                    "This names the return and cannot change; delete it and make another.",
                ),
            )
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(ApiError::invalid(faults)) }
}

/// The unit that files for another one.
fn filing_unit(scoped: &Scoped, unit: OrgUnitId) -> Option<OrgUnitId> {
    scoped.principal()?.org_unit_id.filter(|own| *own != unit)
}

fn no_province(unit: OrgUnitId) -> ApiError {
    ApiError::detailed(
        Problem::Invalid,
        "Đơn vị không thuộc tỉnh, thành phố nào nên không báo cáo số liệu này.",
        format!("The unit {unit} stands in no province and does not file this return."),
    )
}

/// A submitted or accepted line, for the forms.
#[derive(Debug, Clone)]
pub struct ProcessingLine {
    /// The unit that stated it.
    pub org_unit_id: OrgUnitId,
    /// The level that handled the dossiers.
    pub handling_level: Tier,
    /// The field; none for a line without field.
    pub field: Option<String>,
    /// The leaf columns.
    pub columns: Columns,
    /// Where its carry-over comes from.
    pub carried_over_basis: Option<CarriedOverBasis>,
    /// First day really covered, when it is not the period's.
    pub covers_from: Option<NaiveDate>,
    /// Last day really covered, when it is not the period's.
    pub covers_to: Option<NaiveDate>,
}

/// More units than this are not named one by one in a query.
const NAMED_UNITS: usize = 2_000;

/// The lines that these units have handed in for a period.
///
/// # Errors
/// When the database cannot be read.
pub fn processing_lines(
    conn: &mut DbConn,
    period: PeriodId,
    units: &[OrgUnitId],
) -> Result<Vec<ProcessingLine>, ApiError> {
    use processing_returns as r;
    let mut query = r::table
        .filter(r::period_id.eq(period).and(r::deleted_at.is_null()))
        .filter(r::state.eq_any([ReturnState::Submitted, ReturnState::Accepted]))
        .into_boxed();
    if units.len() <= NAMED_UNITS {
        query = query.filter(r::org_unit_id.eq_any(units.to_vec()));
    }
    let rows: Vec<ReturnRow> = query
        .order((r::org_unit_id, r::handling_level, r::field))
        .select(ReturnRow::as_select())
        .load(conn)?;
    let wanted: std::collections::HashSet<_> = units.iter().copied().collect();
    Ok(rows
        .into_iter()
        .filter(|row| wanted.contains(&row.org_unit_id))
        .map(|row| ProcessingLine {
            org_unit_id: row.org_unit_id,
            handling_level: row.handling_level,
            columns: row.columns(),
            carried_over_basis: row.carried_over_basis,
            covers_from: row.covers_from,
            covers_to: row.covers_to,
            field: Some(row.field).filter(|field| !field.is_empty()),
        })
        .collect())
}
