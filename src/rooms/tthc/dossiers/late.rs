//! Late dossiers (hồ sơ quá hạn): those that are pending behind their due day, and those that were resolved
//! behind it. Each wants a letter of apology with another day (thư xin lỗi và hẹn lại ngày trả).
//!
//! They are told without personal data: who looks after overdue work needs the code, not the name.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::apology::ApologyLetter;
use super::due::{DueBasis, working_days_between};
use super::life::DossierStatus;
use super::model::DossierId;
use super::store::{Joined, standing};
use crate::procedures::model::ProcedureId;
use crate::seats::seated_units;
use kernel::api::ways::{Way, merged};
use kernel::api::{PageRequest, PageRows};
use kernel::auth::scope::{Confinement, Scoped};
use kernel::db::DbConn;
use kernel::db::json_text::JsonText;
use kernel::db::schema::{dossiers, procedure_versions, procedures};
use kernel::db::types::Instant;
use kernel::error::ApiError;
use kernel::reporting::holidays::calendar;
use kernel::reporting::rosters::Rosters;
use kernel::reporting::working_days::Calendar;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{UnitName, UnitScope, label};
use kernel::validity::days_in_range;
use kernel::{keyset, on_way, page_of, text_enum};

text_enum! {
    /// Whether a late dossier has a letter of apology (tình trạng xin lỗi).
    pub enum ApologyState {
        /// No other day was promised.
        Missing => "missing", "chưa có thư xin lỗi";
        /// Another day was promised.
        Given => "given", "đã có thư xin lỗi";
    }
}

text_enum! {
    /// What became of a late dossier (kết quả xử lý hồ sơ quá hạn).
    pub enum LateOutcome {
        /// It is still pending.
        Pending => "pending", "đang giải quyết";
        /// It was resolved after its due day.
        Resolved => "resolved", "đã giải quyết quá hạn";
    }
}

/// A dossier that is or was late (hồ sơ quá hạn), without personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "dossier_id": "0190a8c0-0000-7000-8000-000000000021", "code": "H13.44-261102-0007",
    "procedure_id": "0190a8c0-0000-7000-8000-000000000011", "procedure_code": "1.001193",
    "procedure_name": "Đăng ký khai sinh", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
    "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
    "received_at": "2026-11-02T02:10:00Z", "due_on": "2026-11-05", "status": "processing",
    "resolved_at": null, "working_days_late": 3, "rescheduled_to": "2026-11-12",
    "letter_number": "15/TXL-UBND", "signed_on": "2026-11-09", "signer_title": "Phó Chủ tịch UBND xã",
    "generated": false
}))]
pub struct LateDossier {
    /// The dossier (hồ sơ).
    pub dossier_id: DossierId,
    /// Its code (mã hồ sơ).
    pub code: String,
    /// The procedure (thủ tục hành chính).
    pub procedure_id: ProcedureId,
    /// Its national code (mã TTHC).
    pub procedure_code: String,
    /// Its name when the dossier was received (tên thủ tục).
    pub procedure_name: String,
    /// The unit that resolves it (đơn vị giải quyết).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị giải quyết).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh đơn vị giải quyết).
    pub org_unit_identifier: Option<String>,
    /// Its name (tên đơn vị giải quyết).
    pub org_unit_name: String,
    /// When it was received (thời điểm tiếp nhận).
    pub received_at: Instant,
    /// The day on which it was due (ngày hẹn trả).
    pub due_on: NaiveDate,
    /// Status (trạng thái).
    pub status: DossierStatus,
    /// When it was resolved (thời điểm xử lý xong).
    pub resolved_at: Option<Instant>,
    /// Working days behind the due day (số ngày làm việc quá hạn), up to the resolution or the day asked for;
    /// null where holidays between are not known.
    pub working_days_late: Option<i64>,
    /// The day that was promised with an apology (ngày hẹn lại); null where there is no apology.
    pub rescheduled_to: Option<NaiveDate>,
    /// Number of the letter of apology (số, ký hiệu thư xin lỗi).
    pub letter_number: Option<String>,
    /// When it was signed (ngày ký thư xin lỗi).
    pub signed_on: Option<NaiveDate>,
    /// The position of whoever signed it (chức vụ người ký thư xin lỗi).
    pub signer_title: Option<String>,
    /// Whether it was made up for a demonstration (hồ sơ sinh tự động để trình diễn).
    pub generated: bool,
}
page_of!(LateDossierPage, LateDossier, "late dossiers");

/// Which overdue dossiers a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OverdueFilter {
    /// The unit that resolves them, by id (đơn vị).
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The unit and its agencies, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// Overdue by this day (tính đến ngày); today when not given.
    pub as_of: Option<NaiveDate>,
}

/// Which late dossiers are listed by their apologies.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ApologyFilter {
    /// The unit that resolves them, by id (đơn vị).
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The unit and its agencies, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// Late by this day (tính đến ngày); today when not given.
    pub as_of: Option<NaiveDate>,
    /// Due on this day or later (hạn từ ngày).
    pub due_from: Option<NaiveDate>,
    /// Whether they have an apology (tình trạng xin lỗi); `missing` when not given.
    #[param(inline)]
    pub state: Option<ApologyState>,
    /// What became of them (kết quả xử lý); whatever when not given.
    #[param(inline)]
    pub outcome: Option<LateOutcome>,
}

/// The dossiers that are wanted.
struct Wanted<'a> {
    unit: UnitName<'a>,
    scope: UnitScope,
    day: NaiveDate,
    until: Instant,
    due_from: Option<NaiveDate>,
    state: Option<ApologyState>,
    outcomes: &'a [LateOutcome],
}

/// A page of pending dossiers behind their due day, the longest overdue first.
///
/// # Errors
/// 422 for a cursor of another list, a day out of range, or a unit that is not known.
pub fn overdue_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    rosters: &Rosters,
    filter: &OverdueFilter,
    page: &PageRequest,
) -> Result<PageRows<LateDossier>, ApiError> {
    days_in_range([("/as_of", filter.as_of)])?;
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let wanted = Wanted {
        unit: UnitName {
            id: filter.org_unit_id,
            identifier: filter.org_unit_identifier.as_deref(),
            code: filter.org_unit_code.as_deref(),
        },
        scope: filter.scope.unwrap_or_default(),
        day,
        until: late_until(scoped, day),
        due_from: None,
        state: None,
        outcomes: &[LateOutcome::Pending],
    };
    late_list(conn, scoped, rosters, &wanted, page)
}

/// A page of late dossiers that have an apology, or lack one, the longest due first.
///
/// # Errors
/// As [`overdue_list`].
pub fn apology_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    rosters: &Rosters,
    filter: &ApologyFilter,
    page: &PageRequest,
) -> Result<PageRows<LateDossier>, ApiError> {
    days_in_range([("/as_of", filter.as_of), ("/due_from", filter.due_from)])?;
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let wanted = Wanted {
        unit: UnitName {
            id: filter.org_unit_id,
            identifier: filter.org_unit_identifier.as_deref(),
            code: filter.org_unit_code.as_deref(),
        },
        scope: filter.scope.unwrap_or_default(),
        day,
        until: late_until(scoped, day),
        due_from: filter.due_from,
        state: Some(filter.state.unwrap_or(ApologyState::Missing)),
        outcomes: filter.outcome.as_ref().map_or(LateOutcome::ALL, std::slice::from_ref),
    };
    late_list(conn, scoped, rosters, &wanted, page)
}

/// By which moment a dossier that is due on the day itself is late, where the service counted hours: by now, and on
/// any other day by its end.
fn late_until(scoped: &Scoped, day: NaiveDate) -> Instant {
    match day.succ_opt() {
        Some(next) if day != scoped.today() => Instant::beginning_of(next),
        _ => scoped.author().at(),
    }
}

/// What is read of a late dossier.
#[derive(Queryable)]
struct Loaded {
    id: DossierId,
    code: String,
    procedure_id: ProcedureId,
    procedure_code: String,
    procedure_name: String,
    unit: OrgUnitId,
    received_at: Instant,
    late_after: Option<NaiveDate>,
    status: DossierStatus,
    resolved_at: Option<Instant>,
    rescheduled_to: Option<NaiveDate>,
    letter: Option<JsonText<ApologyLetter>>,
    generated: bool,
}

type Columns = (
    dossiers::id,
    dossiers::code,
    dossiers::procedure_id,
    procedures::code,
    procedure_versions::name,
    dossiers::org_unit_id,
    dossiers::received_at,
    dossiers::late_after,
    dossiers::status,
    dossiers::resolved_at,
    dossiers::rescheduled_to,
    dossiers::apology_letter,
    dossiers::generated,
);

const fn columns() -> Columns {
    use dossiers as d;
    (
        d::id,
        d::code,
        d::procedure_id,
        procedures::code,
        procedure_versions::name,
        d::org_unit_id,
        d::received_at,
        d::late_after,
        d::status,
        d::resolved_at,
        d::rescheduled_to,
        d::apology_letter,
        d::generated,
    )
}

impl Wanted<'_> {
    /// The late dossiers of one outcome on a way, for which an index is there.
    fn query<'q>(&self, way: &Way, outcome: LateOutcome) -> Joined<'q> {
        use dossiers as d;
        let passed = d::due_at.is_not_null().and(d::due_at.assume_not_null().lt(self.until));
        let by_the_hour = d::due_basis.eq(DueBasis::Hours).and(passed);
        let query = on_way!(standing(), way, dossiers)
            .filter(d::late_after.is_not_null())
            // The day by which an index finds them.
            .filter(d::late_after.le(self.day))
            .filter(d::late_after.assume_not_null().lt(self.day).or(by_the_hour));
        let mut query = match outcome {
            LateOutcome::Pending => query.filter(d::resolved_at.is_null()),
            LateOutcome::Resolved => query.filter(d::resolved_at.is_not_null()),
        };
        if let Some(day) = self.due_from {
            query = query.filter(d::late_after.ge(day));
        }
        match self.state {
            None => query,
            Some(ApologyState::Missing) => query.filter(d::rescheduled_to.is_null()),
            Some(ApologyState::Given) => query.filter(d::rescheduled_to.is_not_null()),
        }
    }

    fn rows<'q>(&self, way: &Way, outcome: LateOutcome, page: &PageRequest) -> Result<Joined<'q>, ApiError> {
        use dossiers as d;
        let query = self.query(way, outcome);
        Ok(keyset!(query, page, asc d::late_after => NaiveDate, d::id => DossierId))
    }
}

fn late_list(
    conn: &mut DbConn,
    scoped: &Scoped,
    rosters: &Rosters,
    wanted: &Wanted<'_>,
    page: &PageRequest,
) -> Result<PageRows<LateDossier>, ApiError> {
    let units = seated_units(scoped, rosters, &wanted.unit, (wanted.scope, wanted.day))?;
    let is_named = units.is_some();
    let reach = match units {
        Some(units) => Some(Confinement { provinces: Vec::new(), units }),
        None => scoped.confinement(),
    };
    let ways = Way::of(reach.clone());
    let mut rows: Vec<Vec<Loaded>> = Vec::new();
    for way in &ways {
        for outcome in wanted.outcomes {
            rows.push(wanted.rows(way, *outcome, page)?.select(columns()).load(conn)?);
        }
    }
    let rows = merged(rows, false, |row| (row.late_after, row.id));
    let mut total = page.include_total().then_some(0);
    if let Some(total) = &mut total {
        let ways = match is_named {
            // A unit in reach may be of a province that is, and its dossiers count once.
            false => vec![reach.map_or(Way::Everything, Way::Many)],
            true => ways,
        };
        for way in &ways {
            for outcome in wanted.outcomes {
                *total += wanted.query(way, *outcome).count().get_result::<i64>(conn)?;
            }
        }
    }
    let PageRows { items, last, total } = page.cut(rows, total, |row| json!([row.late_after, row.id]));
    let calendar = calendar_of(conn, &items, wanted.day)?;
    let items = items.into_iter().filter_map(|row| told(scoped, row, &calendar, wanted.day)).collect();
    Ok(PageRows { items, last, total })
}

/// The calendar of the days behind which these dossiers are late.
fn calendar_of(conn: &mut DbConn, rows: &[Loaded], day: NaiveDate) -> Result<Calendar, ApiError> {
    let first = rows.iter().filter_map(|row| row.late_after).min();
    let ends = rows.iter().filter_map(|row| row.resolved_at).map(Instant::vietnam_day);
    match first {
        None => Ok(Calendar::default()),
        Some(first) => calendar(conn, first.year()..=ends.chain([day]).max().unwrap_or(day).year()),
    }
}

fn told(scoped: &Scoped, row: Loaded, calendar: &Calendar, day: NaiveDate) -> Option<LateDossier> {
    let due_on = row.late_after?;
    let end = row.resolved_at.map_or(day, Instant::vietnam_day);
    let unit = label(scoped.tree(), row.unit, scoped.today());
    let letter = row.letter.map(|letter| letter.0).unwrap_or_default();
    Some(LateDossier {
        dossier_id: row.id,
        code: row.code,
        procedure_id: row.procedure_id,
        procedure_code: row.procedure_code,
        procedure_name: row.procedure_name,
        org_unit_id: unit.org_unit_id,
        org_unit_code: unit.org_unit_code,
        org_unit_identifier: unit.org_unit_identifier,
        org_unit_name: unit.org_unit_name,
        received_at: row.received_at,
        due_on,
        status: row.status,
        resolved_at: row.resolved_at,
        working_days_late: working_days_between(calendar, due_on, end).ok(),
        rescheduled_to: row.rescheduled_to,
        letter_number: letter.letter_number,
        signed_on: letter.signed_on,
        signer_title: letter.signer_title,
        generated: row.generated,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn every_page_comes_from_an_index_that_holds_late_dossiers_alone() {
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        let (one, other) = (OrgUnitId::new(), OrgUnitId::new());
        let reach = Confinement { provinces: vec![one], units: vec![other] };
        let day = NaiveDate::from_ymd_opt(2026, 11, 28).unwrap();
        let ways = [
            (Way::Everything, ""),
            (Way::Many(reach), ""),
            (Way::Province(one), "_by_province"),
            (Way::Unit(one), "_by_unit"),
        ];
        let mut cases = Vec::new();
        for state in [None, Some(ApologyState::Missing), Some(ApologyState::Given)] {
            for due_from in [None, Some(day)] {
                for outcome in LateOutcome::ALL {
                    cases.extend(ways.iter().map(|(way, index)| (state, due_from, *outcome, way, *index)));
                }
            }
        }
        for (state, due_from, outcome, way, index) in cases {
            let (unit, scope) = (UnitName::default(), UnitScope::Own);
            let until = Instant::beginning_of(day);
            let wanted = Wanted { unit, scope, day, until, due_from, state, outcomes: LateOutcome::ALL };
            let index = match outcome {
                LateOutcome::Pending => format!("dossiers_overdue{index} "),
                LateOutcome::Resolved => format!("dossiers_resolved_late{index} "),
            };
            let page = PageRequest::for_test(50, Some(json!([day, DossierId::new()])));
            let query = || wanted.rows(way, outcome, &page).unwrap().select(columns());
            let told = plan(&mut conn, query());
            let is_there = told.iter().any(|step| step.contains(&index));
            let is_sorted = told.iter().any(|step| step.contains("TEMP B-TREE"));
            assert!(is_there && !is_sorted, "{way:?} {state:?} {outcome}: {told:#?}");
            if let Some(postgres) = &mut postgres {
                let told = postgres_plan(postgres.conn(), query());
                let is_there = told.iter().any(|step| step.contains(&index));
                let is_sorted = told.iter().any(|step| step.contains("Sort"));
                assert!(is_there && !is_sorted, "{way:?} {state:?} {outcome}: {told:#?}");
            }
        }
    }
}
