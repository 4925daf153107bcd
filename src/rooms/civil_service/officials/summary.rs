//! How many officials serve (số lượng, chất lượng đội ngũ): by category and level of qualification, of a unit or of
//! those below, counted where they stand, from the index by unit. It names nobody; a count may be as small as one, so
//! only whoever may read the officials of all these units is told.

use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::model::{OfficialQualification, OfficialStatus};
use crate::personnel_decisions::kinds::StaffCategory;
use crate::totals::totals;
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::schema::officials as columns;
use kernel::error::ApiError;
use kernel::successors::reached_units;
use kernel::tree::OrgUnitId;
use kernel::unit_reference::{StatisticsUnit, UnitName, UnitScope, label};
use kernel::validity::days_in_range;

/// Which officials are counted.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfficialSummaryFilter {
    /// The unit in which they serve, by id; exactly one of id, identifier and code (đơn vị công tác).
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
    /// Whether they serve, and if not why (tình trạng công tác); `working` when not given.
    #[param(inline)]
    pub status: Option<OfficialStatus>,
}

/// Officials of one category and level (dòng tổng hợp).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OfficialCount {
    /// As what they serve (đối tượng).
    pub category: StaffCategory,
    /// Level of professional qualification (trình độ chuyên môn); null where it is not told.
    pub qualification: Option<OfficialQualification>,
    /// How many they are (số người).
    #[schema(minimum = 0)]
    pub persons: i64,
}

/// Officials of one category (tổng theo đối tượng).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OfficialCategoryCount {
    /// As what they serve (đối tượng).
    pub category: StaffCategory,
    /// How many they are (số người).
    #[schema(minimum = 0)]
    pub persons: i64,
}

/// Officials of one level (tổng theo trình độ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OfficialQualificationCount {
    /// Level of professional qualification (trình độ chuyên môn); null where it is not told.
    pub qualification: Option<OfficialQualification>,
    /// How many they are (số người).
    #[schema(minimum = 0)]
    pub persons: i64,
}

/// How many officials there are (số lượng, chất lượng đội ngũ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "unit": {"org_unit_id": "0190a8c0-0000-7000-8000-000000000004", "org_unit_code": "31420",
        "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp"},
    "scope": "self", "units": 1, "as_of": "2026-11-23", "status": "working",
    "rows": [{"category": "civil_servant", "qualification": "bachelor", "persons": 21}],
    "categories": [{"category": "civil_servant", "persons": 21}],
    "qualifications": [{"qualification": "bachelor", "persons": 21}], "persons": 21
}))]
pub struct OfficialSummary {
    /// The unit (đơn vị công tác).
    pub unit: StatisticsUnit,
    /// Which units beside it (phạm vi).
    pub scope: UnitScope,
    /// How many units these are (số đơn vị).
    #[schema(minimum = 1)]
    pub units: usize,
    /// The day on which the tree was read (ngày tra cứu).
    pub as_of: NaiveDate,
    /// Whether they serve, and if not why (tình trạng công tác).
    pub status: OfficialStatus,
    /// By category and level (các dòng); where there is nobody is none.
    pub rows: Vec<OfficialCount>,
    /// By category (tổng theo đối tượng).
    pub categories: Vec<OfficialCategoryCount>,
    /// By level (tổng theo trình độ).
    pub qualifications: Vec<OfficialQualificationCount>,
    /// All of them (tổng số người).
    #[schema(minimum = 0)]
    pub persons: i64,
}

type Counted = (StaffCategory, Option<OfficialQualification>, i64);

/// Officials of these units, by category and level.
macro_rules! counted {
    ($units:expr, $status:expr) => {
        columns::table
            .group_by((columns::category, columns::qualification))
            .select((columns::category, columns::qualification, count_star()))
            .filter(columns::deleted_at.is_null())
            .filter(columns::org_unit_id.eq_any($units))
            .filter(columns::status.eq($status))
    };
}

/// How many officials a unit has, or those below it.
///
/// # Errors
/// 403 for a unit out of reach, 422 for one that is not known.
pub(super) fn official_summary(
    conn: &mut DbConn,
    scoped: &Scoped,
    filter: &OfficialSummaryFilter,
) -> Result<OfficialSummary, ApiError> {
    days_in_range([("/as_of", filter.as_of)])?;
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let as_of = filter.as_of.unwrap_or_else(|| scoped.today());
    let scope = filter.scope.unwrap_or_default();
    let status = filter.status.unwrap_or(OfficialStatus::Working);
    let (unit, units) = reached_units(scoped, &name, scope, as_of)?;
    let rows = rows(counted!(&units, status).load(conn)?);
    Ok(OfficialSummary {
        unit: label(scoped.tree(), unit, as_of).into(),
        scope,
        units: units.len(),
        as_of,
        status,
        categories: totals(&rows, |row| (row.category, row.persons))
            .map(|(category, persons)| OfficialCategoryCount { category, persons })
            .collect(),
        qualifications: totals(&rows, |row| (row.qualification, row.persons))
            .map(|(qualification, persons)| OfficialQualificationCount { qualification, persons })
            .collect(),
        persons: rows.iter().map(|row| row.persons).sum(),
        rows,
    })
}

/// The rows in the order of category and level; who tells no level first.
fn rows(mut counted: Vec<Counted>) -> Vec<OfficialCount> {
    counted.sort_unstable();
    let row = |(category, qualification, persons)| OfficialCount { category, qualification, persons };
    counted.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    #[test]
    fn rows_add_up_by_category_and_by_level() {
        use {OfficialQualification as Level, StaffCategory as Category};
        let rows = rows(vec![
            (Category::PublicEmployee, Some(Level::Bachelor), 30),
            (Category::CivilServant, Some(Level::Master), 2),
            (Category::CivilServant, Some(Level::Bachelor), 10),
            (Category::CivilServant, None, 1),
        ]);
        let categories: Vec<_> = totals(&rows, |row| (row.category, row.persons)).collect();
        assert_eq!(categories, [(Category::CivilServant, 13), (Category::PublicEmployee, 30)]);
        let levels: Vec<_> = totals(&rows, |row| (row.qualification, row.persons)).collect();
        assert_eq!(levels, [(None, 1), (Some(Level::Bachelor), 40), (Some(Level::Master), 2)]);
    }

    #[test]
    fn officials_are_counted_from_an_index() {
        let (_folder, mut conn) = migrated();
        let units = &[OrgUnitId::new(), OrgUnitId::new()][..];
        let told = plan(&mut conn, counted!(units, OfficialStatus::Working));
        assert!(told.iter().any(|step| step.contains("officials_by_unit")), "{told:?}");
        if let Some(postgres) = &mut MigratedPostgres::new() {
            let told = postgres_plan(postgres.conn(), counted!(units, OfficialStatus::Working));
            assert!(!told.iter().any(|step| step.contains("Seq Scan")), "{told:#?}");
        }
    }
}
