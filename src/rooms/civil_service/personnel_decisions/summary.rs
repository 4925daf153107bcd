//! How many personnel decisions there were between two days (tổng hợp quyết định về nhân sự): cases by kind and
//! category, of a unit or of those below, counted where they stand, from the index by unit and day.
//!
//! Of decisions that were counted together over days that reach beyond those that are asked for nobody knows the part,
//! so they are told apart and not counted.

use actix_web::web;
use chrono::NaiveDate;
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::kinds::{
    PersonnelDecisionGroup, PersonnelDecisionKind, PersonnelDecisionStage, StaffCategory, StaffSector,
};
use crate::totals::totals;
use kernel::api::ValidQuery;
use kernel::api::mount::Mount;
use kernel::auth::permit::{CivilService, Permit, Read};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::personnel_decisions as columns;
use kernel::error::{ApiError, Bilingual};
use kernel::operations;
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::state::App;
use kernel::successors::reached_units;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{StatisticsUnit, UnitName, UnitScope, label};
use kernel::validity::{days_in_order, days_in_range};

/// Which decisions are counted.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PersonnelDecisionSummaryFilter {
    /// The unit that decides, by id; exactly one of id, identifier and code (đơn vị ban hành).
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The day on which the unit's code and the tree are read; today when not given.
    pub as_of: Option<NaiveDate>,
    /// The unit itself, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// First day (từ ngày).
    pub decided_from: NaiveDate,
    /// Last day (đến ngày). A group of decisions is counted where all of its days are between the two.
    pub decided_to: NaiveDate,
    /// Where those concerned serve (khối); everywhere when not given.
    #[param(inline)]
    pub sector: Option<StaffSector>,
    /// How far the decisions are (tình trạng); `issued` when not given.
    #[param(inline)]
    pub stage: Option<PersonnelDecisionStage>,
}

/// Decisions of one kind about one category (dòng tổng hợp).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonnelDecisionCount {
    /// What they are about (nhóm quyết định).
    pub group: PersonnelDecisionGroup,
    /// What is decided (loại quyết định).
    pub kind: PersonnelDecisionKind,
    /// As what those concerned serve (đối tượng).
    pub category: StaffCategory,
    /// How many persons are concerned (số trường hợp).
    #[schema(minimum = 0)]
    pub cases: i64,
    /// How many records say so (số bản ghi).
    #[schema(minimum = 0)]
    pub records: i64,
}

/// All decisions of a group (tổng theo nhóm).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonnelDecisionGroupCount {
    /// What they are about (nhóm quyết định).
    pub group: PersonnelDecisionGroup,
    /// How many persons are concerned (số trường hợp).
    #[schema(minimum = 0)]
    pub cases: i64,
}

/// All decisions about a category (tổng theo đối tượng).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonnelDecisionCategoryCount {
    /// As what those concerned serve (đối tượng).
    pub category: StaffCategory,
    /// How many persons are concerned (số trường hợp).
    #[schema(minimum = 0)]
    pub cases: i64,
}

/// Personnel decisions between two days (tổng hợp quyết định về nhân sự).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "unit": {"org_unit_id": "0190a8c0-0000-7000-8000-000000000004", "org_unit_code": "31420",
        "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp"},
    "scope": "self", "units": 1, "as_of": "2026-07-01", "decided_from": "2026-01-01", "decided_to": "2026-06-30",
    "stage": "issued",
    "rows": [{"group": "pay", "kind": "pay_step", "category": "civil_servant", "cases": 10, "records": 1}],
    "groups": [{"group": "pay", "cases": 10}], "categories": [{"category": "civil_servant", "cases": 10}],
    "cases": 10, "undivided_cases": 0, "undivided_records": 0, "remarks": []
}))]
pub struct PersonnelDecisionSummary {
    /// The unit that decides (đơn vị ban hành).
    pub unit: StatisticsUnit,
    /// Which units beside it (phạm vi).
    pub scope: UnitScope,
    /// How many units these are (số đơn vị).
    #[schema(minimum = 1)]
    pub units: usize,
    /// The day on which the tree was read (ngày tra cứu).
    pub as_of: NaiveDate,
    /// First day (từ ngày).
    pub decided_from: NaiveDate,
    /// Last day (đến ngày).
    pub decided_to: NaiveDate,
    /// How far the decisions are (tình trạng).
    pub stage: PersonnelDecisionStage,
    /// By group, kind and category (các dòng); what nothing was decided of has none.
    pub rows: Vec<PersonnelDecisionCount>,
    /// By group (tổng theo nhóm).
    pub groups: Vec<PersonnelDecisionGroupCount>,
    /// By category (tổng theo đối tượng).
    pub categories: Vec<PersonnelDecisionCategoryCount>,
    /// All persons concerned (tổng số trường hợp).
    #[schema(minimum = 0)]
    pub cases: i64,
    /// Persons concerned by decisions that were counted together over days that reach beyond the two, and are not counted
    /// here (số trường hợp chưa tách được theo thời gian).
    #[schema(minimum = 0)]
    pub undivided_cases: i64,
    /// How many records say so (số bản ghi chưa tách được).
    #[schema(minimum = 0)]
    pub undivided_records: i64,
    /// What is noticed about it (lưu ý).
    pub remarks: Vec<Remark>,
}

type Counted = (PersonnelDecisionKind, StaffCategory, i64, i64);

/// Cases and records of these units, by kind and category.
macro_rules! counted {
    ($units:expr, $filter:expr) => {{
        let filter: &PersonnelDecisionSummaryFilter = $filter;
        let mut query = columns::table
            .group_by((columns::kind, columns::category))
            .select((
                columns::kind,
                columns::category,
                sql::<BigInt>("CAST(COALESCE(SUM(cases), 0) AS BIGINT)"),
                count_star(),
            ))
            .filter(columns::deleted_at.is_null())
            .filter(columns::org_unit_id.eq_any($units))
            .filter(columns::covers_from.between(filter.decided_from, filter.decided_to))
            .filter(columns::covers_to.le(filter.decided_to))
            .filter(columns::stage.eq(filter.stage.unwrap_or(PersonnelDecisionStage::Issued)))
            .into_boxed::<MultiBackend>();
        if let Some(sector) = filter.sector {
            query = query.filter(columns::sector.eq(sector));
        }
        query
    }};
}

/// Cases and records whose days meet those that are asked for, and reach beyond them.
macro_rules! undivided {
    ($units:expr, $filter:expr) => {{
        let filter: &PersonnelDecisionSummaryFilter = $filter;
        let (from, to) = (filter.decided_from, filter.decided_to);
        columns::table
            .select((sql::<BigInt>("CAST(COALESCE(SUM(cases), 0) AS BIGINT)"), count_star()))
            .filter(columns::deleted_at.is_null())
            .filter(columns::org_unit_id.eq_any($units))
            .filter(columns::covers_from.le(to).and(columns::covers_to.ge(from)))
            .filter(columns::covers_from.lt(from).or(columns::covers_to.gt(to)))
            .filter(columns::stage.eq(filter.stage.unwrap_or(PersonnelDecisionStage::Issued)))
            .filter(columns::sector.eq_any(sectors(filter)))
    }};
}

/// How many of those that are counted were counted together, over days within which others of their unit, kind and
/// category are counted too: some may stand in both. What is of another sector or position is apart.
macro_rules! overlapping {
    ($units:expr, $filter:expr) => {{
        let filter: &PersonnelDecisionSummaryFilter = $filter;
        let (from, to) = (filter.decided_from, filter.decided_to);
        let other = diesel::alias!(columns as other_decisions);
        let is_like = other
            .field(columns::org_unit_id)
            .eq(columns::org_unit_id)
            .and(other.field(columns::kind).eq(columns::kind))
            .and(other.field(columns::category).eq(columns::category))
            .and(other.field(columns::stage).eq(columns::stage));
        let of_sector = other
            .field(columns::sector)
            .eq(columns::sector)
            .or(columns::sector.eq(StaffSector::NotApart))
            .or(other.field(columns::sector).eq(StaffSector::NotApart));
        let of_position = other
            .field(columns::position_folded)
            .eq(columns::position_folded)
            .or(columns::position_folded.eq(""))
            .or(other.field(columns::position_folded).eq(""));
        let overlaps = other
            .field(columns::covers_from)
            .le(columns::covers_to)
            .and(other.field(columns::covers_to).ge(columns::covers_from));
        let is_counted = other
            .field(columns::covers_from)
            .between(from, to)
            .and(other.field(columns::covers_to).le(to))
            .and(other.field(columns::sector).eq_any(sectors(filter)))
            .and(other.field(columns::deleted_at).is_null());
        let beside = other
            .filter(is_like.and(of_sector).and(of_position))
            .filter(overlaps.and(is_counted))
            .filter(other.field(columns::id).ne(columns::id));
        columns::table
            .select(count_star())
            .filter(columns::deleted_at.is_null())
            .filter(columns::org_unit_id.eq_any($units))
            .filter(columns::covers_from.between(from, to).and(columns::covers_to.le(to)))
            .filter(columns::covers_from.lt(columns::covers_to))
            .filter(columns::number_key.eq("").and(columns::employee_key.eq("")))
            .filter(columns::stage.eq(filter.stage.unwrap_or(PersonnelDecisionStage::Issued)))
            .filter(columns::sector.eq_any(sectors(filter)))
            .filter(diesel::dsl::exists(beside))
    }};
}

/// Where those concerned serve, of decisions that are counted.
fn sectors(filter: &PersonnelDecisionSummaryFilter) -> Vec<StaffSector> {
    filter.sector.map_or_else(|| StaffSector::ALL.to_vec(), |sector| vec![sector])
}

/// What is noticed about the counts.
fn remarks((undivided_cases, undivided_records): (i64, i64), overlapping: i64) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if undivided_records > 0 {
        let message = Bilingual::new(
            format!(
                "Có {undivided_cases} trường hợp ({undivided_records} bản ghi) tính gộp theo khoảng thời gian vượt ngoài thời gian tổng hợp, không tách được nên chưa tính."
            ),
            format!(
                "{undivided_cases} cases in {undivided_records} records were counted together over days that reach beyond those asked for; they cannot be divided and are not counted."
            ),
        );
        let remark = Remark::new("/undivided_cases", Rule::SpanBeyondDays, message);
        remarks.push(remark.with("cases", undivided_cases).with("records", undivided_records));
    }
    if overlapping > 0 {
        let message = Bilingual::new(
            format!(
                "Có {overlapping} bản ghi tính gộp trùng thời gian với quyết định khác cùng loại, cùng đối tượng của đơn vị; kiểm tra có tính hai lần hay không."
            ),
            format!(
                "{overlapping} records that were counted together overlap other decisions of the unit, of one kind and category; some may be counted twice."
            ),
        );
        remarks.push(Remark::new("/cases", Rule::GroupOverlaps, message).with("records", overlapping));
    }
    remarks
}

/// How many decisions of each kind a unit made, or those below it, between two days.
///
/// # Errors
/// 403 for a unit out of reach, 422 for one that is not known, or days out of order.
fn decision_summary(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &PersonnelDecisionSummaryFilter,
) -> Result<PersonnelDecisionSummary, ApiError> {
    let (from, to) = (filter.decided_from, filter.decided_to);
    days_in_range([("/as_of", filter.as_of), ("/decided_from", Some(from)), ("/decided_to", Some(to))])?;
    days_in_order(from, ("/decided_to", to))?;
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let as_of = filter.as_of.unwrap_or_else(|| scoped.today());
    let scope = filter.scope.unwrap_or_default();
    let (unit, units) = reached_units(scoped, &name, scope, as_of)?;
    let rows = rows(counted!(&units, filter).load(conn)?);
    let undivided: (i64, i64) = undivided!(&units, filter).first(conn)?;
    let overlapping: i64 = overlapping!(&units, filter).first(conn)?;
    let (undivided_cases, undivided_records) = undivided;
    Ok(PersonnelDecisionSummary {
        unit: label(scoped.tree(), unit, as_of).into(),
        scope,
        units: units.len(),
        as_of,
        decided_from: from,
        decided_to: to,
        stage: filter.stage.unwrap_or(PersonnelDecisionStage::Issued),
        groups: totals(&rows, |row| (row.group, row.cases))
            .map(|(group, cases)| PersonnelDecisionGroupCount { group, cases })
            .collect(),
        categories: totals(&rows, |row| (row.category, row.cases))
            .map(|(category, cases)| PersonnelDecisionCategoryCount { category, cases })
            .collect(),
        cases: rows.iter().map(|row| row.cases).sum(),
        undivided_cases,
        undivided_records,
        remarks: remarks(undivided, overlapping),
        rows,
    })
}

/// The rows in the order of their kinds.
fn rows(mut counted: Vec<Counted>) -> Vec<PersonnelDecisionCount> {
    counted.sort_unstable_by_key(|(kind, category, ..)| (kind.group(), *kind, *category));
    let row = |(kind, category, cases, records): Counted| PersonnelDecisionCount {
        group: kind.group(),
        kind,
        category,
        cases,
        records,
    };
    counted.into_iter().map(row).collect()
}

/// Mounts the operation.
pub(super) fn routes(mount: &mut impl Mount) {
    operations!(mount, get_personnel_decision_summary);
}

#[utoipa::path(
    get, path = "/api/v1/civil-service/personnel-decisions/summary",
    operation_id = "get_personnel_decision_summary", tag = "personnel-decisions", summary = "Get how many personnel decisions there were in a period",
    description = "How many persons were concerned by the decisions of a unit between two days, by kind and category, with totals by group and category (tổng hợp quyết định về nhân sự); with `scope` also of the units below. What was counted together over days that reach beyond the two is told apart and not counted; what may be counted twice is remarked.",
    params(PersonnelDecisionSummaryFilter),
    responses((status = 200, description = "The counts.", body = PersonnelDecisionSummary)),
)]
async fn get_personnel_decision_summary(
    permit: Permit<Read, CivilService>,
    query: ValidQuery<PersonnelDecisionSummaryFilter>,
    app: App,
) -> Result<web::Json<PersonnelDecisionSummary>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read_list(move |conn| decision_summary(conn, &scoped, &query.0)).await.map(web::Json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn rows_stand_by_group_and_add_up() {
        use {PersonnelDecisionKind as Kind, StaffCategory as Category};
        let rows = rows(vec![
            (Kind::PayStep, Category::PublicEmployee, 67, 1),
            (Kind::Retire, Category::PublicEmployee, 6, 2),
            (Kind::PayStep, Category::CivilServant, 10, 1),
        ]);
        let kinds: Vec<_> = rows.iter().map(|row| (row.kind, row.category)).collect();
        let expected = [
            (Kind::Retire, Category::PublicEmployee),
            (Kind::PayStep, Category::CivilServant),
            (Kind::PayStep, Category::PublicEmployee),
        ];
        assert_eq!(kinds, expected);
        let groups: Vec<_> = totals(&rows, |row| (row.group, row.cases)).collect();
        assert_eq!(groups, [(PersonnelDecisionGroup::Staffing, 6), (PersonnelDecisionGroup::Pay, 77)]);
        let categories: Vec<_> = totals(&rows, |row| (row.category, row.cases)).collect();
        assert_eq!(categories, [(Category::CivilServant, 10), (Category::PublicEmployee, 73)]);
    }

    #[test]
    fn what_is_left_out_or_may_count_twice_is_noticed() {
        let codes = |undivided, overlapping| -> Vec<&str> {
            remarks(undivided, overlapping).into_iter().map(|remark| remark.code).collect()
        };
        assert_eq!(codes((0, 0), 0), [""; 0]);
        assert_eq!(codes((10, 1), 0), ["span_beyond_days"]);
        assert_eq!(codes((10, 1), 1), ["span_beyond_days", "group_overlaps"]);
    }

    #[test]
    fn decisions_of_a_period_are_counted_from_an_index() {
        let (_folder, mut conn) = migrated();
        let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let filter = PersonnelDecisionSummaryFilter {
            decided_from: day,
            decided_to: day,
            sector: Some(StaffSector::Education),
            ..PersonnelDecisionSummaryFilter::default()
        };
        let units = &[OrgUnitId::new(), OrgUnitId::new()][..];
        let of_index = |told: &[String]| {
            assert!(told.iter().any(|step| step.contains("personnel_decisions_")), "{told:?}");
            assert!(!told.iter().any(|step| step.starts_with("SCAN")), "{told:?}");
        };
        of_index(&plan(&mut conn, counted!(units, &filter)));
        of_index(&plan(&mut conn, undivided!(units, &filter)));
        of_index(&plan(&mut conn, overlapping!(units, &filter)));
        if let Some(postgres) = &mut MigratedPostgres::new() {
            for told in [
                postgres_plan(postgres.conn(), counted!(units, &filter)),
                postgres_plan(postgres.conn(), undivided!(units, &filter)),
                postgres_plan(postgres.conn(), overlapping!(units, &filter)),
            ] {
                assert!(!told.iter().any(|step| step.contains("Seq Scan")), "{told:#?}");
            }
        }
    }
}
