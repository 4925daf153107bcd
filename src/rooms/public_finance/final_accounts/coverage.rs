//! How many units handed in the accounts of a year, and how many of them in time (tình hình nộp báo cáo quyết toán theo đơn
//! vị): counted over the tree of units, each unit once. The parts add up: a unit was in time or late, or handed in
//! though nothing tells whether in time, or has not handed in, be it that nobody has entered its accounts at all.

use std::collections::HashMap;

use actix_web::web;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::{AccountKind, Query, by_days, columns};
use kernel::api::ValidQuery;
use kernel::api::mount::Mount;
use kernel::auth::permit::{Permit, PublicFinance, Read};
use kernel::auth::scope::Scoped;
use kernel::coverage::{UNITS_AT_ONCE, is_office};
use kernel::db::DbConn;
use kernel::error::ApiError;
use kernel::rates::StatisticsRate;
use kernel::state::App;
use kernel::tree::{OrgUnitId, UnitKind};
use kernel::unit_reference::{StatisticsUnit, label};
use kernel::{coverage_filter, operations};

coverage_filter! {
    /// Over which units accounts are counted.
    FinalAccountCoverageFilter, kinds "Units of these kinds only, with commas between (loại đơn vị); when not given agencies, service units, service centres and communes, and for budgets of a level the tiers of government." {
        /// Of this year (năm quyết toán).
        #[validate(range(min = 1990, max = 2100))]
        #[param(minimum = 1990, maximum = 2100)]
        fiscal_year: i64,
        /// Whose accounts they are (loại báo cáo quyết toán); `unit` when not given.
        #[param(inline)]
        kind: Option<AccountKind>,
    }
}

/// How many units handed in, and when (số đơn vị nộp báo cáo quyết toán).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct FinalAccountCounts {
    /// How many there are: `on_time`, `late`, `undetermined` and `missing` together (tổng số đơn vị).
    #[schema(minimum = 0)]
    pub units: i64,
    /// Handed in by the due day (số đơn vị nộp đúng hạn).
    #[schema(minimum = 0)]
    pub on_time: i64,
    /// Handed in after it (số đơn vị nộp chậm).
    #[schema(minimum = 0)]
    pub late: i64,
    /// Handed in, and nothing tells whether in time (số đơn vị đã nộp, chưa xác định đúng hạn).
    #[schema(minimum = 0)]
    pub undetermined: i64,
    /// Not handed in, or not entered (số đơn vị chưa nộp).
    #[schema(minimum = 0)]
    pub missing: i64,
    /// Of those missing how many have a due day that is over (trong đó quá hạn).
    #[schema(minimum = 0)]
    pub overdue: i64,
}

/// Units of one kind and their accounts (nộp báo cáo quyết toán theo loại đơn vị).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct FinalAccountCoverageRow {
    /// The kind (loại đơn vị).
    pub kind: UnitKind,
    /// How many handed in, and when (số đơn vị nộp).
    pub counts: FinalAccountCounts,
    /// Those in time of all units (tỷ lệ nộp đúng hạn).
    pub on_time_rate: StatisticsRate,
}

/// How many of the units below one handed in the accounts of a year (tình hình nộp báo cáo quyết toán).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "unit": {"org_unit_id": "0190a8c0-0000-7000-8000-000000000005", "org_unit_code": "934",
        "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp"},
    "kind": "unit", "fiscal_year": 2023, "as_of": "2024-06-30",
    "by_kind": [{"kind": "commune",
        "counts": {"units": 15, "on_time": 15, "late": 0, "undetermined": 0, "missing": 0, "overdue": 0},
        "on_time_rate": {"numerator": 15, "denominator": 15, "rate_percent": 100.0}}],
    "counts": {"units": 15, "on_time": 15, "late": 0, "undetermined": 0, "missing": 0, "overdue": 0},
    "on_time_rate": {"numerator": 15, "denominator": 15, "rate_percent": 100.0},
    "late_units": [], "missing_units": []
}))]
pub struct FinalAccountCoverage {
    /// The unit whose units are counted (đơn vị).
    pub unit: StatisticsUnit,
    /// Whose accounts they are (loại báo cáo quyết toán).
    pub kind: AccountKind,
    /// Of which year (năm quyết toán).
    pub fiscal_year: i64,
    /// The day (tính đến ngày).
    pub as_of: NaiveDate,
    /// Kind by kind (theo loại đơn vị).
    pub by_kind: Vec<FinalAccountCoverageRow>,
    /// All of these kinds (tổng số).
    pub counts: FinalAccountCounts,
    /// Those in time of all units (tỷ lệ nộp đúng hạn).
    pub on_time_rate: StatisticsRate,
    /// The first 200 that were late (đơn vị nộp chậm).
    pub late_units: Vec<StatisticsUnit>,
    /// The first 200 that have not handed in (đơn vị chưa nộp).
    pub missing_units: Vec<StatisticsUnit>,
}

/// How a unit stands with its accounts on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    OnTime,
    Late,
    Undetermined,
    Missing,
    Overdue,
}

/// What is told of the accounts of a unit.
#[derive(Debug, Clone, Copy, Queryable)]
struct Told {
    state_on: NaiveDate,
    due_on: Option<NaiveDate>,
    submitted_on: Option<NaiveDate>,
    stated_on_time: Option<bool>,
    appraised_on: Option<NaiveDate>,
}

impl Told {
    /// How the unit stands on a day: what came after it is not known then.
    fn standing(&self, day: NaiveDate) -> Standing {
        let has_come = |on: &NaiveDate| *on <= day;
        let submitted_on = self.submitted_on.filter(has_come);
        let is_told = has_come(&self.state_on) && submitted_on == self.submitted_on;
        let stated = self.stated_on_time.filter(|_| is_told);
        match by_days(self.due_on, submitted_on).or(stated) {
            Some(true) => Standing::OnTime,
            Some(false) => Standing::Late,
            None if submitted_on.or(self.appraised_on.filter(has_come)).is_some() => Standing::Undetermined,
            None if self.due_on.is_some_and(|due_on| due_on < day) => Standing::Overdue,
            None => Standing::Missing,
        }
    }
}

impl FinalAccountCounts {
    fn add(&mut self, standing: Standing) {
        self.units += 1;
        match standing {
            Standing::OnTime => self.on_time += 1,
            Standing::Late => self.late += 1,
            Standing::Undetermined => self.undetermined += 1,
            Standing::Missing => self.missing += 1,
            Standing::Overdue => {
                self.missing += 1;
                self.overdue += 1;
            }
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            units: self.units + other.units,
            on_time: self.on_time + other.on_time,
            late: self.late + other.late,
            undetermined: self.undetermined + other.undetermined,
            missing: self.missing + other.missing,
            overdue: self.overdue + other.overdue,
        }
    }

    fn on_time_rate(self) -> StatisticsRate {
        StatisticsRate::of(self.on_time, self.units)
    }
}

/// The accounts of these units for a year.
fn accounts(units: &[OrgUnitId], kind: AccountKind, fiscal_year: i64) -> Query<'_> {
    columns::table
        .filter(columns::deleted_at.is_null())
        .filter(columns::org_unit_id.eq_any(units))
        .filter(columns::kind.eq(kind).and(columns::fiscal_year.eq(fiscal_year)))
        .into_boxed()
}

/// Whether units of a kind have accounts where no kinds are asked for.
fn has_accounts(of: AccountKind, kind: UnitKind) -> bool {
    match of {
        AccountKind::Unit => is_office(kind),
        AccountKind::Budget => kind.tier().is_some(),
    }
}

/// How many of the units below one handed in the accounts of a year.
///
/// # Errors
/// 403 for a unit out of reach, 422 for one that is not in force.
fn coverage(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &FinalAccountCoverageFilter,
) -> Result<FinalAccountCoverage, ApiError> {
    let (day, fiscal_year) = (filter.day(scoped), filter.fiscal_year);
    let kind = filter.kind.unwrap_or(AccountKind::Unit);
    let below = filter.units(scoped, |of| has_accounts(kind, of))?;
    let mut standings: HashMap<OrgUnitId, Standing> = HashMap::new();
    for units in below.ids().chunks(UNITS_AT_ONCE) {
        let told = (
            columns::state_on,
            columns::due_on,
            columns::submitted_on,
            columns::stated_on_time,
            columns::appraised_on,
        );
        let rows: Vec<(OrgUnitId, Told)> =
            accounts(units, kind, fiscal_year).select((columns::org_unit_id, told)).load(conn)?;
        standings.extend(rows.into_iter().map(|(unit, told)| (unit, told.standing(day))));
    }
    let standing = |unit: OrgUnitId| standings.get(&unit).copied().unwrap_or(Standing::Missing);
    let counted = below.by_kind(|counts: &mut FinalAccountCounts, unit| counts.add(standing(unit)));
    let counts = counted.iter().fold(FinalAccountCounts::default(), |sum, (_, counts)| sum.plus(*counts));
    let row = |(kind, counts): (UnitKind, FinalAccountCounts)| FinalAccountCoverageRow {
        kind,
        counts,
        on_time_rate: counts.on_time_rate(),
    };
    let tree = scoped.tree();
    let is_missing = |unit| matches!(standing(unit), Standing::Missing | Standing::Overdue);
    Ok(FinalAccountCoverage {
        unit: label(tree, below.unit(), day).into(),
        kind,
        fiscal_year,
        as_of: day,
        by_kind: counted.into_iter().map(row).collect(),
        counts,
        on_time_rate: counts.on_time_rate(),
        late_units: below.first(tree, |unit| standing(unit) == Standing::Late),
        missing_units: below.first(tree, is_missing),
    })
}

/// Mounts the operation.
pub(super) fn routes(mount: &mut impl Mount) {
    operations!(mount, get_final_account_coverage);
}

#[utoipa::path(
    get, path = "/api/v1/public-finance/final-accounts/coverage",
    operation_id = "get_final_account_coverage", tag = "final-accounts", summary = "Count units by when they handed in",
    description = "How many of the units below one handed in the accounts of a year, in time or late, and how many have not (tình hình nộp báo cáo quyết toán theo đơn vị), as known on a day and counted over the tree of units kind by kind.",
    params(FinalAccountCoverageFilter),
    responses((status = 200, description = "The counts.", body = FinalAccountCoverage)),
)]
async fn get_final_account_coverage(
    permit: Permit<Read, PublicFinance>,
    query: ValidQuery<FinalAccountCoverageFilter>,
    app: App,
) -> Result<web::Json<FinalAccountCoverage>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read_list(move |conn| coverage(conn, &scoped, &query.0)).await.map(web::Json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    const UNTOLD: Told = Told {
        state_on: NaiveDate::MIN,
        due_on: None,
        submitted_on: None,
        stated_on_time: None,
        appraised_on: None,
    };

    #[test]
    fn a_unit_stands_as_it_is_known_on_the_day() {
        let (due_on, submitted_on) = (Some(day("2026-03-31")), Some(day("2026-04-02")));
        let late = Told { due_on, submitted_on, ..UNTOLD };
        for (on, expected) in [
            ("2026-03-31", Standing::Missing),
            ("2026-04-01", Standing::Overdue),
            ("2026-04-02", Standing::Late),
        ] {
            assert_eq!(late.standing(day(on)), expected, "{on}");
        }
        let in_time = Told { submitted_on: due_on, ..late };
        assert_eq!(in_time.standing(day("2026-04-02")), Standing::OnTime);
        assert_eq!(UNTOLD.standing(day("2026-04-02")), Standing::Missing);
        let undated = Told { due_on: None, ..late };
        assert_eq!(undated.standing(day("2026-04-02")), Standing::Undetermined);
        let appraised = Told { appraised_on: submitted_on, due_on, ..UNTOLD };
        assert_eq!(appraised.standing(day("2026-04-02")), Standing::Undetermined);
    }

    #[test]
    fn what_is_stated_is_known_from_the_day_of_the_record_on() {
        let stated = |on_time| Told { state_on: day("2024-06-15"), stated_on_time: Some(on_time), ..UNTOLD };
        assert_eq!(stated(true).standing(day("2024-06-14")), Standing::Missing);
        assert_eq!(stated(true).standing(day("2024-06-15")), Standing::OnTime);
        assert_eq!(stated(false).standing(day("2024-06-15")), Standing::Late);
    }

    #[test]
    fn the_parts_add_up() {
        let mut counts = FinalAccountCounts::default();
        for standing in [Standing::OnTime, Standing::Late, Standing::Undetermined, Standing::Missing] {
            counts.add(standing);
        }
        counts.add(Standing::Overdue);
        let FinalAccountCounts { units, on_time, late, undetermined, missing, overdue } = counts.plus(counts);
        assert_eq!((units, on_time + late + undetermined + missing), (10, 10));
        assert_eq!((missing, overdue), (4, 2));
        assert_eq!(counts.on_time_rate().rate_percent, Some(20.0));
    }

    #[test]
    fn accounts_are_found_by_their_key() {
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        let units = [OrgUnitId::new(), OrgUnitId::new()];
        let query = || accounts(&units, AccountKind::Unit, 2023).select(columns::org_unit_id);
        let told = plan(&mut conn, query());
        assert!(!told.iter().any(|step| step.starts_with("SCAN")), "{told:?}");
        if let Some(postgres) = &mut postgres {
            let told = postgres_plan(postgres.conn(), query());
            assert!(!told.iter().any(|step| step.contains("Seq Scan")), "{told:#?}");
        }
    }
}
