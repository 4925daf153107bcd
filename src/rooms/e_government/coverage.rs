//! How far a system reaches (mức độ triển khai): which of the units below one use it on a day, counted over
//! the tree of units as it stood then.

use std::collections::{BTreeMap, HashSet};

use actix_web::web;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::systems::SystemId;
use kernel::api::mount::Mount;
use kernel::api::{ValidPath, ValidQuery};
use kernel::auth::permit::{EGovernment, Permit, Read};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::schema::{deployments, systems};
use kernel::error::ApiError;
use kernel::operations;
use kernel::rates::two_decimals;
use kernel::state::App;
use kernel::successors::reached_units;
use kernel::tree::{OrgUnitId, UnitKind};
use kernel::unit_reference::{StatisticsUnit, UnitLabel, UnitName, UnitScope, label};
use kernel::validity::days_in_range;

/// Over which units a system's reach is counted.
#[derive(Debug, Clone, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CoverageFilter {
    /// The unit whose units are counted, by id; exactly one of id, identifier and code (đơn vị).
    pub org_unit_id: Option<OrgUnitId>,
    /// The unit by its identification code (mã định danh).
    #[validate(length(min = 1, max = 35))]
    #[param(min_length = 1, max_length = 35)]
    pub org_unit_identifier: Option<String>,
    /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
    #[validate(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20)]
    pub org_unit_code: Option<String>,
    /// The day (tính đến ngày); today when not given.
    pub as_of: Option<NaiveDate>,
    /// Units of these kinds only, with commas between (loại đơn vị), where the system is meant for no others; agencies,
    /// service units, service centres and communes when not given.
    #[serde(default, deserialize_with = "with_commas")]
    #[param(value_type = Option<Vec<UnitKind>>, style = Form, explode = false, min_items = 1)]
    pub kinds: Option<Vec<UnitKind>>,
}

impl CoverageFilter {
    /// Whether units of a kind are counted.
    fn counts(&self, kind: UnitKind) -> bool {
        self.kinds.as_ref().map_or(is_counted(kind), |kinds| kinds.contains(&kind))
    }
}

/// Kinds of units with commas between.
fn with_commas<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<UnitKind>>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let kinds = text.split(',').map(str::parse).collect::<Result<Vec<UnitKind>, String>>();
    kinds.map(Some).map_err(serde::de::Error::custom)
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

/// How many units that do not use a system are named.
const NAMED: usize = 200;

/// Whether units of a kind are counted where no kinds are asked for: associations, hamlets and the tiers above
/// communes are not.
const fn is_counted(kind: UnitKind) -> bool {
    match kind {
        UnitKind::SpecialisedAgency
        | UnitKind::OtherAgency
        | UnitKind::PublicServiceUnit
        | UnitKind::EducationUnit
        | UnitKind::ServiceCentre
        | UnitKind::Commune => true,
        UnitKind::Country
        | UnitKind::Province
        | UnitKind::District
        | UnitKind::Hamlet
        | UnitKind::Association => false,
    }
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
    days_in_range([("/as_of", filter.as_of)])?;
    let day = filter.as_of.unwrap_or_else(|| scoped.today());
    let name = UnitName {
        id: filter.org_unit_id,
        identifier: filter.org_unit_identifier.as_deref(),
        code: filter.org_unit_code.as_deref(),
    };
    let (unit, below) = reached_units(scoped, &name, UnitScope::Subtree, day)?;
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
    let tree = scoped.tree();
    let mut counts: BTreeMap<&str, (UnitKind, i64, i64)> = BTreeMap::new();
    let mut without = Vec::new();
    for below in below.into_iter().filter(|below| *below != unit) {
        let kind = tree.version_at(below, day).map(|version| version.kind);
        let Some(kind) = kind.filter(|kind| filter.counts(*kind)) else { continue };
        let (_, units, deployed) = counts.entry(kind.as_str()).or_insert((kind, 0, 0));
        *units += 1;
        if is_in_use && using.contains(&below) {
            *deployed += 1;
        } else if without.len() < NAMED {
            without.push(label(tree, below, day).into());
        }
    }
    let rate = |deployed: i64, units| two_decimals(deployed.saturating_mul(100), units);
    let by_kind: Vec<_> = counts
        .into_values()
        .map(|(kind, units, deployed)| CoverageRow {
            kind,
            units,
            deployed,
            rate_percent: rate(deployed, units),
        })
        .collect();
    let (units, deployed) =
        (by_kind.iter().map(|row| row.units).sum(), by_kind.iter().map(|row| row.deployed).sum());
    let UnitLabel { org_unit_id, org_unit_code, org_unit_identifier, org_unit_name } = label(tree, unit, day);
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
        without,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(query: serde_json::Value) -> Result<CoverageFilter, serde_json::Error> {
        serde_json::from_value(query)
    }

    #[test]
    fn the_kinds_that_are_asked_for_are_counted_and_no_others() {
        let all = of(json!({})).unwrap();
        assert!(all.counts(UnitKind::Commune) && all.counts(UnitKind::EducationUnit));
        assert!(!all.counts(UnitKind::Association));
        let some = of(json!({"kinds": "specialised_agency,commune"})).unwrap();
        assert!(some.counts(UnitKind::SpecialisedAgency) && some.counts(UnitKind::Commune));
        assert!(!some.counts(UnitKind::EducationUnit));
        assert!(of(json!({"kinds": "commune,"})).is_err(), "an empty word is none");
    }
}
