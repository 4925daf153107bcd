//! How far a system reaches (mức độ triển khai): which of the units below one use it on a day, counted over
//! the tree of units as it stood then.

use std::collections::HashSet;

use actix_web::web;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::systems::SystemId;
use kernel::api::mount::Mount;
use kernel::api::{ValidPath, ValidQuery};
use kernel::auth::permit::{EGovernment, Permit, Read};
use kernel::auth::scope::Scoped;
use kernel::coverage::is_office;
use kernel::db::DbConn;
use kernel::db::schema::{deployments, systems};
use kernel::error::ApiError;
use kernel::rates::two_decimals;
use kernel::state::App;
use kernel::tree::{OrgUnitId, UnitKind};
use kernel::unit_reference::{StatisticsUnit, UnitLabel, label};
use kernel::{coverage_filter, operations};

coverage_filter! {
    /// Over which units a system's reach is counted.
    CoverageFilter, kinds "Units of these kinds only, with commas between (loại đơn vị), where the system is meant for no others; agencies, service units, service centres and communes when not given." {}
}

/// Units of one kind, and how many of them use the system (mức độ triển khai theo loại đơn vị).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CoverageRow {
    /// The kind (loại đơn vị).
    pub kind: UnitKind,
    /// How many there are (số đơn vị).
    #[schema(minimum = 0)]
    pub units: i64,
    /// How many use it (số đơn vị đã triển khai).
    #[schema(minimum = 0)]
    pub deployed: i64,
    /// In percent, to two decimals (tỷ lệ).
    pub rate_percent: Option<f64>,
}

/// How far a system reaches among the units below one (mức độ triển khai hệ thống).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "system_id": "0190a8c0-0000-7000-8000-000000000051", "org_unit_id": "0190a8c0-0000-7000-8000-000000000005",
    "org_unit_code": "934", "org_unit_identifier": null, "org_unit_name": "Huyện Phụng Hiệp", "as_of": "2024-07-02",
    "by_kind": [{"kind": "commune", "units": 15, "deployed": 15, "rate_percent": 100.0}],
    "units": 15, "deployed": 15, "rate_percent": 100.0, "without": []
}))]
pub struct Coverage {
    /// The system (hệ thống).
    pub system_id: SystemId,
    /// The unit whose units are counted (đơn vị).
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the day (tên đơn vị).
    pub org_unit_name: String,
    /// The day (tính đến ngày).
    pub as_of: NaiveDate,
    /// Kind by kind (theo loại đơn vị): agencies, service units, service centres and communes, or the kinds that are
    /// asked for.
    pub by_kind: Vec<CoverageRow>,
    /// All of these kinds (tổng số đơn vị).
    #[schema(minimum = 0)]
    pub units: i64,
    /// Those that use it (số đơn vị đã triển khai).
    #[schema(minimum = 0)]
    pub deployed: i64,
    /// In percent, to two decimals (tỷ lệ).
    pub rate_percent: Option<f64>,
    /// The first 200 that do not (đơn vị chưa triển khai).
    pub without: Vec<StatisticsUnit>,
}

/// How far a system reaches below a unit.
///
/// # Errors
/// 404 for a system that is not held, 403 for a unit out of reach, 422 for one that is not in force.
fn coverage(
    conn: &mut DbConn,
    scoped: &Scoped,
    system: SystemId,
    filter: &CoverageFilter,
) -> Result<Coverage, ApiError> {
    let below = filter.units(scoped, is_office)?;
    let day = filter.day(scoped);
    let (from, to): (NaiveDate, Option<NaiveDate>) = systems::table
        .filter(systems::id.eq(system).and(systems::deleted_at.is_null()))
        .select((systems::in_use_from, systems::in_use_to))
        .first(conn)?;
    // What a system is no longer, or not yet, nobody uses, whatever was said of its deployments.
    let is_in_use = from <= day && to.is_none_or(|end| day < end);
    let goes_on = deployments::in_use_to.is_null().or(deployments::in_use_to.assume_not_null().gt(day));
    let using: HashSet<OrgUnitId> = deployments::table
        .filter(deployments::system_id.eq(system).and(deployments::deleted_at.is_null()))
        .filter(deployments::in_use_from.le(day).and(goes_on))
        .select(deployments::org_unit_id)
        .load(conn)?
        .into_iter()
        .collect();
    let uses = |unit: OrgUnitId| is_in_use && using.contains(&unit);
    let counted = below.by_kind(|(units, deployed): &mut (i64, i64), unit| {
        *units += 1;
        *deployed += i64::from(uses(unit));
    });
    let rate = |deployed: i64, units| two_decimals(deployed.saturating_mul(100), units);
    let by_kind: Vec<_> = counted
        .into_iter()
        .map(|(kind, (units, deployed))| CoverageRow {
            kind,
            units,
            deployed,
            rate_percent: rate(deployed, units),
        })
        .collect();
    let (units, deployed) =
        (by_kind.iter().map(|row| row.units).sum(), by_kind.iter().map(|row| row.deployed).sum());
    let tree = scoped.tree();
    let UnitLabel { org_unit_id, org_unit_code, org_unit_identifier, org_unit_name } =
        label(tree, below.unit(), day);
    Ok(Coverage {
        system_id: system,
        org_unit_id,
        org_unit_code,
        org_unit_identifier,
        org_unit_name,
        as_of: day,
        by_kind,
        units,
        deployed,
        rate_percent: rate(deployed, units),
        without: below.first(tree, |unit| !uses(unit)),
    })
}

/// Mounts the operation.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, get_system_coverage);
}

#[utoipa::path(
    get, path = "/api/v1/e-government/systems/{id}/coverage",
    operation_id = "get_system_coverage", tag = "systems", summary = "Get how far a system reaches",
    description = "Which of the units below one use a system on a day, counted over the tree of units kind by kind (mức độ triển khai): agencies, service units, service centres and communes; with `kinds` only the kinds of units that the system is meant for.",
    params(("id" = SystemId, Path, description = "The system."), CoverageFilter),
    responses((status = 200, description = "The counts.", body = Coverage)),
)]
async fn get_system_coverage(
    permit: Permit<Read, EGovernment>,
    id: ValidPath<SystemId>,
    query: ValidQuery<CoverageFilter>,
    app: App,
) -> Result<web::Json<Coverage>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read_list(move |conn| coverage(conn, &scoped, id.0, &query.0)).await.map(web::Json)
}
