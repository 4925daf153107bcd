//! How satisfied applicants were in a period (tổng hợp mức độ hài lòng): how many gave each level, and the rate of
//! those who are satisfied, of a unit or of those below, by unit or by procedure. Ratings are counted where they
//! stand, from the index by unit and day.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::model::SatisfactionLevel;
use crate::dossiers::generated::any_generated;
use crate::dossiers::summaries::spans::Days;
use crate::procedures::model::ProcedureId;
use crate::seats::Seats;
use kernel::auth::scope::Scoped;
use kernel::db::schema::{dossiers, procedure_versions, procedures, satisfaction_ratings};
use kernel::db::{DbConn, snapshot};
use kernel::error::ApiError;
use kernel::rates::StatisticsRate;
use kernel::reporting::rosters::Rosters;
use kernel::text_enum;
use kernel::tree::{OrgTree, OrgUnitId};
use kernel::unit_reference::{StatisticsUnit, UnitName, UnitScope};
use kernel::validity::{days_in_order, days_in_range};

text_enum! {
    /// What the rows of a summary of ratings are made by (chiều tổng hợp).
    pub enum SatisfactionSummaryBy {
        /// By unit.
        Unit => "unit", "đơn vị";
        /// By procedure.
        Procedure => "procedure", "thủ tục hành chính";
    }
}

/// Which ratings are counted.
#[derive(Debug, Clone, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SatisfactionSummaryFilter {
    /// The unit that is rated, by id; exactly one of id, identifier and code (đơn vị được đánh giá).
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
    /// The unit and its agencies, with its children, or with all below (phạm vi); `self` when not given.
    #[param(inline)]
    pub scope: Option<UnitScope>,
    /// First day of the ratings (đánh giá từ ngày).
    pub rated_from: NaiveDate,
    /// Last day of the ratings (đánh giá đến ngày).
    pub rated_to: NaiveDate,
    /// What the rows are made by (chiều tổng hợp); `unit` when not given.
    #[param(inline)]
    pub by: Option<SatisfactionSummaryBy>,
}

/// How many gave each level (số lượt đánh giá theo mức độ hài lòng).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct SatisfactionCounts {
    /// Very satisfied (rất hài lòng).
    #[schema(minimum = 0)]
    pub very_satisfied: i64,
    /// Satisfied (hài lòng).
    #[schema(minimum = 0)]
    pub satisfied: i64,
    /// Neither satisfied nor dissatisfied (bình thường).
    #[schema(minimum = 0)]
    pub normal: i64,
    /// Dissatisfied (không hài lòng).
    #[schema(minimum = 0)]
    pub dissatisfied: i64,
    /// All who answered (tổng số lượt đánh giá).
    #[schema(minimum = 0)]
    pub answered: i64,
    /// Very satisfied or satisfied, out of all who answered (tỷ lệ hài lòng).
    pub satisfied_rate: StatisticsRate,
}

/// A row of the summary: `unit`, or the procedure, as `by` asked for (dòng tổng hợp).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SatisfactionSummaryRow {
    /// The unit that is rated (đơn vị được đánh giá).
    pub unit: Option<StatisticsUnit>,
    /// The procedure (thủ tục hành chính); null also for dossiers that were not kept here.
    pub procedure_id: Option<ProcedureId>,
    /// Its national code (mã TTHC).
    pub procedure_code: Option<String>,
    /// Its name on the last day (tên thủ tục).
    pub procedure_name: Option<String>,
    /// Its counts (số lượt đánh giá).
    pub counts: SatisfactionCounts,
}

/// How satisfied applicants were between two days (tổng hợp mức độ hài lòng).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "unit": {"org_unit_id": "0190a8c0-0000-7000-8000-000000000004", "org_unit_code": "31420",
        "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp"},
    "scope": "self", "units": 1, "as_of": "2026-07-01", "rated_from": "2026-01-01", "rated_to": "2026-06-30",
    "by": "unit",
    "rows": [{
        "unit": {"org_unit_id": "0190a8c0-0000-7000-8000-000000000004", "org_unit_code": "31420",
            "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp"},
        "procedure_id": null, "procedure_code": null, "procedure_name": null,
        "counts": {"very_satisfied": 20, "satisfied": 7, "normal": 2, "dissatisfied": 1, "answered": 30,
            "satisfied_rate": {"numerator": 27, "denominator": 30, "rate_percent": 90.0}}
    }],
    "totals": {"very_satisfied": 20, "satisfied": 7, "normal": 2, "dissatisfied": 1, "answered": 30,
        "satisfied_rate": {"numerator": 27, "denominator": 30, "rate_percent": 90.0}}, "generated": false
}))]
pub struct SatisfactionSummary {
    /// The unit that is rated (đơn vị được đánh giá).
    pub unit: StatisticsUnit,
    /// Which units beside it (phạm vi).
    pub scope: UnitScope,
    /// How many units these are: those in force, and those that ended within the days (số đơn vị).
    #[schema(minimum = 1)]
    pub units: usize,
    /// The day on which the tree was read (ngày tra cứu).
    pub as_of: NaiveDate,
    /// First day of the ratings (đánh giá từ ngày).
    pub rated_from: NaiveDate,
    /// Last day of the ratings (đánh giá đến ngày).
    pub rated_to: NaiveDate,
    /// What the rows are made by (chiều tổng hợp).
    pub by: SatisfactionSummaryBy,
    /// The rows, by the code of unit or procedure (các dòng); what nobody rated has none.
    pub rows: Vec<SatisfactionSummaryRow>,
    /// All of them together (tổng cộng).
    pub totals: SatisfactionCounts,
    /// Whether ratings of dossiers that were made up for a demonstration may be among what was counted (có hồ
    /// sơ sinh tự động để trình diễn).
    pub generated: bool,
}

/// How many gave a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Levels {
    very_satisfied: i64,
    satisfied: i64,
    normal: i64,
    dissatisfied: i64,
}

impl Levels {
    fn add(&mut self, level: SatisfactionLevel, count: i64) {
        *match level {
            SatisfactionLevel::VerySatisfied => &mut self.very_satisfied,
            SatisfactionLevel::Satisfied => &mut self.satisfied,
            SatisfactionLevel::Normal => &mut self.normal,
            SatisfactionLevel::Dissatisfied => &mut self.dissatisfied,
        } += count;
    }

    fn counts(self) -> SatisfactionCounts {
        let Self { very_satisfied, satisfied, normal, dissatisfied } = self;
        let content = very_satisfied + satisfied;
        let answered = content + normal + dissatisfied;
        let satisfied_rate = StatisticsRate::of(content, answered);
        SatisfactionCounts { very_satisfied, satisfied, normal, dissatisfied, answered, satisfied_rate }
    }
}

/// The ratings of these units and days, by something.
macro_rules! rated {
    ($from:expr, $units:expr, $filter:expr, $by:expr) => {{
        use satisfaction_ratings as s;
        $from
            .filter(s::deleted_at.is_null())
            .filter(s::org_unit_id.eq_any($units))
            .filter(s::rated_on.between($filter.rated_from, $filter.rated_to))
            .group_by(($by, s::level))
    }};
}

/// How many gave each level to these units.
macro_rules! by_unit {
    ($units:expr, $filter:expr) => {{
        use satisfaction_ratings as s;
        rated!(s::table, $units, $filter, s::org_unit_id).select((s::org_unit_id, s::level, count_star()))
    }};
}

/// How many gave each level to these units, by the procedure of the dossier.
macro_rules! by_procedure {
    ($units:expr, $filter:expr) => {{
        use {dossiers as d, satisfaction_ratings as s};
        let with_dossiers = s::table.left_join(d::table.on(s::dossier_id.eq(d::id.nullable())));
        rated!(with_dossiers, $units, $filter, d::procedure_id).select((
            d::procedure_id.nullable(),
            s::level,
            count_star(),
        ))
    }};
}

/// How satisfied applicants were with a unit, or with those below, between two days.
///
/// # Errors
/// 403 for a unit out of reach, 422 for one that is not known, or days out of order.
pub(super) fn rating_summary(
    conn: &mut DbConn,
    scoped: &Scoped,
    rosters: &Rosters,
    filter: &SatisfactionSummaryFilter,
) -> Result<SatisfactionSummary, ApiError> {
    let (from, to) = (filter.rated_from, filter.rated_to);
    days_in_range([("/as_of", filter.as_of), ("/rated_from", Some(from)), ("/rated_to", Some(to))])?;
    days_in_order(from, ("/rated_to", to))?;
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let as_of = filter.as_of.unwrap_or_else(|| scoped.today());
    let scope = filter.scope.unwrap_or_default();
    let seats = Seats::named(scoped, rosters, &name, (scope, as_of), Days { from, to })?;
    let units: Vec<OrgUnitId> = seats.units().iter().collect();
    let by = filter.by.unwrap_or(SatisfactionSummaryBy::Unit);
    let (rows, total) = match by {
        SatisfactionSummaryBy::Unit => of_units(conn, scoped.tree(), &seats, &units, filter)?,
        SatisfactionSummaryBy::Procedure => of_procedures(conn, &units, filter)?,
    };
    Ok(SatisfactionSummary {
        unit: seats.label(scoped.tree(), seats.unit()),
        scope,
        units: seats.count(),
        as_of,
        rated_from: from,
        rated_to: to,
        by,
        rows,
        totals: total.counts(),
        generated: any_generated(conn)?,
    })
}

/// The counts by what ratings are told apart by, and all together.
fn told_apart<K: Ord>(counted: Vec<(K, SatisfactionLevel, i64)>) -> (BTreeMap<K, Levels>, Levels) {
    let (mut apart, mut total) = (BTreeMap::<K, Levels>::new(), Levels::default());
    for (key, level, count) in counted {
        apart.entry(key).or_default().add(level, count);
        total.add(level, count);
    }
    (apart, total)
}

fn of_units(
    conn: &mut DbConn,
    tree: &OrgTree,
    seats: &Seats,
    units: &[OrgUnitId],
    filter: &SatisfactionSummaryFilter,
) -> Result<(Vec<SatisfactionSummaryRow>, Levels), ApiError> {
    let counted: Vec<(OrgUnitId, SatisfactionLevel, i64)> = by_unit!(units, filter).load(conn)?;
    let counted = counted.into_iter().map(|(unit, level, count)| (seats.row(unit), level, count));
    let (apart, total) = told_apart(counted.collect());
    let mut rows: Vec<SatisfactionSummaryRow> = apart
        .into_iter()
        .map(|(unit, levels)| SatisfactionSummaryRow {
            unit: Some(seats.label(tree, unit)),
            procedure_id: None,
            procedure_code: None,
            procedure_name: None,
            counts: levels.counts(),
        })
        .collect();
    rows.sort_by(|one, other| {
        let code =
            |row: &SatisfactionSummaryRow| row.unit.as_ref().and_then(|unit| unit.org_unit_code.clone());
        code(one).cmp(&code(other))
    });
    Ok((rows, total))
}

fn of_procedures(
    conn: &mut DbConn,
    units: &[OrgUnitId],
    filter: &SatisfactionSummaryFilter,
) -> Result<(Vec<SatisfactionSummaryRow>, Levels), ApiError> {
    let (counted, names) = snapshot(conn, |conn| {
        let counted: Vec<(Option<ProcedureId>, SatisfactionLevel, i64)> =
            by_procedure!(units, filter).load(conn)?;
        let ids = counted.iter().filter_map(|(procedure, ..)| *procedure).collect();
        let names = procedure_names(conn, ids, filter.rated_to)?;
        Ok((counted, names))
    })?;
    let (apart, total) = told_apart(counted);
    let mut rows: Vec<SatisfactionSummaryRow> = apart
        .into_iter()
        .map(|(procedure, levels)| {
            let (code, name) = procedure.and_then(|id| names.get(&id)).cloned().unzip();
            SatisfactionSummaryRow {
                unit: None,
                procedure_id: procedure,
                procedure_code: code,
                procedure_name: name.flatten(),
                counts: levels.counts(),
            }
        })
        .collect();
    rows.sort_by(|one, other| one.procedure_code.cmp(&other.procedure_code));
    Ok((rows, total))
}

/// Codes of procedures, and their names as they are worded on a day.
fn procedure_names(
    conn: &mut DbConn,
    ids: HashSet<ProcedureId>,
    day: NaiveDate,
) -> Result<HashMap<ProcedureId, (String, Option<String>)>, ApiError> {
    use procedure_versions as v;
    let worded = v::procedure_id.eq(procedures::id).and(v::speaks_from.le(day)).and(v::speaks_to.gt(day));
    let rows: Vec<(ProcedureId, String, Option<String>)> = procedures::table
        .left_join(v::table.on(worded))
        .filter(procedures::id.eq_any(ids))
        .select((procedures::id, procedures::code, v::name.nullable()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, code, name)| (id, (code, name))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn who_is_satisfied_is_told_by_exact_parts() {
        let mut levels = Levels::default();
        for (level, count) in SatisfactionLevel::ALL.iter().zip([3, 1, 1, 1]) {
            levels.add(*level, count);
        }
        let counts = levels.counts();
        assert_eq!((counts.answered, counts.satisfied_rate), (6, StatisticsRate::of(4, 6)));
        assert_eq!(Levels::default().counts().satisfied_rate.rate_percent, None);
    }

    #[test]
    fn ratings_of_a_period_are_counted_from_an_index() {
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let filter = SatisfactionSummaryFilter {
            org_unit_id: None,
            org_unit_identifier: None,
            org_unit_code: None,
            as_of: None,
            scope: None,
            rated_from: day,
            rated_to: day,
            by: None,
        };
        let units = &[OrgUnitId::new(), OrgUnitId::new()][..];
        let is_scan = |step: &String| step.starts_with("SCAN") || step.contains("Seq Scan");
        for told in [plan(&mut conn, by_unit!(units, filter)), plan(&mut conn, by_procedure!(units, filter))]
        {
            assert!(told.iter().any(|step| step.contains("satisfaction_ratings_by_")), "{told:?}");
            assert!(!told.iter().any(is_scan), "{told:?}");
        }
        if let Some(postgres) = &mut postgres {
            let told = [
                postgres_plan(postgres.conn(), by_unit!(units, filter)),
                postgres_plan(postgres.conn(), by_procedure!(units, filter)),
            ];
            assert!(!told.iter().flatten().any(is_scan), "{told:#?}");
        }
    }
}
