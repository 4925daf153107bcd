//! How many units have spending rules that hold on a day (tình hình ban hành quy chế theo đơn vị): counted over the tree of
//! units, each unit once. A unit whose rules have ended, with none in their place, is told apart from one that never
//! had any.

use std::collections::HashMap;

use actix_web::web;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Query, SpendingRuleKind, columns};
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
    /// Over which units rules are counted.
    SpendingRuleCoverageFilter, kinds "Units of these kinds only, with commas between (loại đơn vị); agencies, service units, service centres and communes when not given." {
        /// What they rule (loại quy chế); `internal_spending` when not given.
        #[param(inline)]
        kind: Option<SpendingRuleKind>,
    }
}

/// How many units have rules (số đơn vị có quy chế).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct SpendingRuleCounts {
    /// How many there are: `in_force`, `lapsed` and `missing` together (tổng số đơn vị).
    #[schema(minimum = 0)]
    pub units: i64,
    /// With rules that hold on the day (số đơn vị có quy chế đang áp dụng).
    #[schema(minimum = 0)]
    pub in_force: i64,
    /// With rules of which none holds any more (số đơn vị có quy chế đã hết áp dụng).
    #[schema(minimum = 0)]
    pub lapsed: i64,
    /// Without rules until the day (số đơn vị chưa có quy chế).
    #[schema(minimum = 0)]
    pub missing: i64,
}

/// Units of one kind and their rules (quy chế theo loại đơn vị).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct SpendingRuleCoverageRow {
    /// The kind (loại đơn vị).
    pub kind: UnitKind,
    /// How many have rules (số đơn vị có quy chế).
    pub counts: SpendingRuleCounts,
    /// Those with rules that hold, of all units (tỷ lệ có quy chế đang áp dụng).
    pub in_force_rate: StatisticsRate,
}

/// How many of the units below one have spending rules that hold on a day (tình hình ban hành quy chế).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "unit": {"org_unit_id": "0190a8c0-0000-7000-8000-000000000005", "org_unit_code": "934",
        "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp"},
    "kind": "internal_spending", "as_of": "2024-06-30",
    "by_kind": [{"kind": "commune", "counts": {"units": 15, "in_force": 15, "lapsed": 0, "missing": 0},
        "in_force_rate": {"numerator": 15, "denominator": 15, "rate_percent": 100.0}}],
    "counts": {"units": 15, "in_force": 15, "lapsed": 0, "missing": 0},
    "in_force_rate": {"numerator": 15, "denominator": 15, "rate_percent": 100.0}, "without": []
}))]
pub struct SpendingRuleCoverage {
    /// The unit whose units are counted (đơn vị).
    pub unit: StatisticsUnit,
    /// What the rules rule (loại quy chế).
    pub kind: SpendingRuleKind,
    /// The day (tính đến ngày).
    pub as_of: NaiveDate,
    /// Kind by kind (theo loại đơn vị).
    pub by_kind: Vec<SpendingRuleCoverageRow>,
    /// All of these kinds (tổng số).
    pub counts: SpendingRuleCounts,
    /// Those with rules that hold, of all units (tỷ lệ có quy chế đang áp dụng).
    pub in_force_rate: StatisticsRate,
    /// The first 200 without rules that hold (đơn vị chưa có quy chế đang áp dụng).
    pub without: Vec<StatisticsUnit>,
}

/// How a unit stands with its rules on a day: the better comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    InForce,
    Lapsed,
    Missing,
}

/// What rules with these days are on a day.
fn standing((from, to): (NaiveDate, Option<NaiveDate>), day: NaiveDate) -> Standing {
    if from > day {
        Standing::Missing
    } else if to.is_none_or(|end| day < end) {
        Standing::InForce
    } else {
        Standing::Lapsed
    }
}

impl SpendingRuleCounts {
    fn add(&mut self, standing: Standing) {
        self.units += 1;
        match standing {
            Standing::InForce => self.in_force += 1,
            Standing::Lapsed => self.lapsed += 1,
            Standing::Missing => self.missing += 1,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            units: self.units + other.units,
            in_force: self.in_force + other.in_force,
            lapsed: self.lapsed + other.lapsed,
            missing: self.missing + other.missing,
        }
    }

    fn in_force_rate(self) -> StatisticsRate {
        StatisticsRate::of(self.in_force, self.units)
    }
}

/// The rules of these units.
fn rules(units: &[OrgUnitId], kind: SpendingRuleKind) -> Query<'_> {
    columns::table
        .filter(columns::deleted_at.is_null())
        .filter(columns::org_unit_id.eq_any(units).and(columns::kind.eq(kind)))
        .into_boxed()
}

/// How many of the units below one have rules that hold on a day.
///
/// # Errors
/// 403 for a unit out of reach, 422 for one that is not in force.
fn coverage(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &SpendingRuleCoverageFilter,
) -> Result<SpendingRuleCoverage, ApiError> {
    let day = filter.day(scoped);
    let kind = filter.kind.unwrap_or(SpendingRuleKind::InternalSpending);
    let below = filter.units(scoped, is_office)?;
    let mut standings: HashMap<OrgUnitId, Standing> = HashMap::new();
    for units in below.ids().chunks(UNITS_AT_ONCE) {
        let days = (columns::valid_from, columns::valid_to);
        let rows: Vec<(OrgUnitId, (NaiveDate, Option<NaiveDate>))> =
            rules(units, kind).select((columns::org_unit_id, days)).load(conn)?;
        for (unit, days) in rows {
            let best = standings.entry(unit).or_insert(Standing::Missing);
            *best = standing(days, day).min(*best);
        }
    }
    let standing = |unit: OrgUnitId| standings.get(&unit).copied().unwrap_or(Standing::Missing);
    let counted = below.by_kind(|counts: &mut SpendingRuleCounts, unit| counts.add(standing(unit)));
    let counts = counted.iter().fold(SpendingRuleCounts::default(), |sum, (_, counts)| sum.plus(*counts));
    let row = |(kind, counts): (UnitKind, SpendingRuleCounts)| SpendingRuleCoverageRow {
        kind,
        counts,
        in_force_rate: counts.in_force_rate(),
    };
    let tree = scoped.tree();
    Ok(SpendingRuleCoverage {
        unit: label(tree, below.unit(), day).into(),
        kind,
        as_of: day,
        by_kind: counted.into_iter().map(row).collect(),
        counts,
        in_force_rate: counts.in_force_rate(),
        without: below.first(tree, |unit| standing(unit) != Standing::InForce),
    })
}

/// Mounts the operation.
pub(super) fn routes(mount: &mut impl Mount) {
    operations!(mount, get_spending_rule_coverage);
}

#[utoipa::path(
    get, path = "/api/v1/public-finance/spending-rules/coverage",
    operation_id = "get_spending_rule_coverage", tag = "spending-rules", summary = "Count units by their spending rules",
    description = "How many of the units below one have spending rules that hold on a day, rules that have ended, and none (tình hình ban hành quy chế theo đơn vị), counted over the tree of units kind by kind.",
    params(SpendingRuleCoverageFilter),
    responses((status = 200, description = "The counts.", body = SpendingRuleCoverage)),
)]
async fn get_spending_rule_coverage(
    permit: Permit<Read, PublicFinance>,
    query: ValidQuery<SpendingRuleCoverageFilter>,
    app: App,
) -> Result<web::Json<SpendingRuleCoverage>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read_list(move |conn| coverage(conn, &scoped, &query.0)).await.map(web::Json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn rules_hold_from_their_first_day_until_they_have_ended() {
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        let days = (day("2026-01-05"), Some(day("2026-06-01")));
        for (on, expected) in [
            ("2026-01-04", Standing::Missing),
            ("2026-01-05", Standing::InForce),
            ("2026-05-31", Standing::InForce),
            ("2026-06-01", Standing::Lapsed),
        ] {
            assert_eq!(standing(days, day(on)), expected, "{on}");
        }
        assert_eq!(standing((days.0, None), day("2030-01-01")), Standing::InForce);
    }

    #[test]
    fn rules_are_found_by_their_key() {
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        let units = [OrgUnitId::new(), OrgUnitId::new()];
        let query = || rules(&units, SpendingRuleKind::PublicAssets).select(columns::org_unit_id);
        let told = plan(&mut conn, query());
        assert!(!told.iter().any(|step| step.starts_with("SCAN")), "{told:?}");
        if let Some(postgres) = &mut postgres {
            let told = postgres_plan(postgres.conn(), query());
            assert!(!told.iter().any(|step| step.contains("Seq Scan")), "{told:#?}");
        }
    }
}
