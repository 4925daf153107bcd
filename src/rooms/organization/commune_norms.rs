//! Norms of communes (định mức cán bộ, công chức và người hoạt động không chuyên trách cấp xã): how many a
//! commune is given by its class. What a province gives beyond them for area and population are
//! increments (phần tăng thêm).
//!
//! They are of the structure of three tiers: Nghị định số 33/2023/NĐ-CP, Điều 6 and Điều 33, of communes
//! (xã) and townships (thị trấn), held from 1 August 2023 until the districts ended.

use actix_web::web;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use kernel::api::ValidQuery;
use kernel::api::mount::Mount;
use kernel::auth::permit::{Organization, Permit, ReadReference};
use kernel::operations;
use kernel::tree::{OrgTree, OrgUnitId, UnitClass, UnitKind, UnitVersion};

/// What one act gives communes, and while it holds.
struct Act {
    legal_basis: &'static str,
    valid_from: Option<NaiveDate>,
    /// The first day on which it no longer holds.
    valid_to: Option<NaiveDate>,
    classes: [ClassNorm; 3],
}

/// Every act, one after the other. A new one is a new entry, and ends the one before.
const ACTS: [Act; 1] = [Act {
    legal_basis: "Nghị định số 33/2023/NĐ-CP, Điều 6, Điều 33",
    valid_from: NaiveDate::from_ymd_opt(2023, 8, 1),
    valid_to: NaiveDate::from_ymd_opt(2025, 7, 1),
    classes: [
        ClassNorm { unit_class: UnitClass::I, staff: 22, part_time: 14 },
        ClassNorm { unit_class: UnitClass::Ii, staff: 20, part_time: 12 },
        ClassNorm { unit_class: UnitClass::Iii, staff: 18, part_time: 10 },
    ],
}];

impl Act {
    fn holds_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|first| first <= day) && self.valid_to.is_none_or(|end| day < end)
    }

    /// The norm of one commune; none while its class is not known, and none of a ward, which has norms of its own.
    fn posts(&self, commune: &UnitVersion, of: NormOf) -> Option<i64> {
        if commune.full_name.starts_with("Phường ") {
            return None;
        }
        let class = self.classes.iter().find(|class| commune.unit_class == Some(class.unit_class))?;
        Some(match of {
            NormOf::Staff => class.staff,
            NormOf::PartTime => class.part_time,
        })
    }
}

/// What a commune is given by its class (định mức theo loại đơn vị hành chính).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClassNorm {
    /// The class (loại đơn vị hành chính).
    pub unit_class: UnitClass,
    /// Cadres and civil servants (số lượng cán bộ, công chức cấp xã).
    pub staff: i64,
    /// Part-time workers (số lượng người hoạt động không chuyên trách cấp xã).
    pub part_time: i64,
}

/// What communes are given by their classes, as one act sets it (định mức của một văn bản).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CommuneNorms {
    /// The act (căn cứ pháp lý).
    #[schema(value_type = String)]
    pub legal_basis: &'static str,
    /// First day on which it holds (có hiệu lực từ ngày).
    pub valid_from: Option<NaiveDate>,
    /// First day on which it no longer does (hết hiệu lực từ ngày).
    pub valid_to: Option<NaiveDate>,
    /// Class by class (theo loại đơn vị hành chính).
    pub classes: Vec<ClassNorm>,
}

/// Norms of communes through time (danh mục định mức cấp xã).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "legal_basis": "Nghị định số 33/2023/NĐ-CP, Điều 6, Điều 33", "valid_from": "2023-08-01", "valid_to": "2025-07-01",
    "classes": [
        {"unit_class": "i", "staff": 22, "part_time": 14}, {"unit_class": "ii", "staff": 20, "part_time": 12},
        {"unit_class": "iii", "staff": 18, "part_time": 10}
    ]
}]}))]
pub struct CommuneNormCatalogue {
    /// The acts, the first first (các văn bản).
    pub items: Vec<CommuneNorms>,
}

impl From<&Act> for CommuneNorms {
    fn from(act: &Act) -> Self {
        let Act { legal_basis, valid_from, valid_to, classes } = act;
        Self { legal_basis, valid_from: *valid_from, valid_to: *valid_to, classes: classes.to_vec() }
    }
}

/// Which norms are told.
#[derive(Debug, Clone, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CommuneNormQuery {
    /// Those that hold on this day (hiệu lực ngày); all when not given.
    pub as_of: Option<NaiveDate>,
}

/// Whose posts a norm is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormOf {
    /// Cadres and civil servants (cán bộ, công chức cấp xã).
    Staff,
    /// Part-time workers (người hoạt động không chuyên trách cấp xã).
    PartTime,
}

/// What the communes of a unit are given by their classes (định mức theo phân loại đơn vị hành chính).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct CommuneNorm {
    /// How many that is together (định mức).
    pub posts: i64,
    /// Of so many communes (số đơn vị có định mức).
    pub communes: i64,
    /// So many more have no norm here: their class is not known, or they are wards (số đơn vị chưa có định
    /// mức).
    pub communes_without: i64,
    /// Computed: what is given beyond the norm (phần tăng thêm); below zero where less is given, null while
    /// nothing is stated as given or a commune has no norm.
    pub increment: Option<i64>,
}

/// The norm of the communes of a unit on a day; none where no commune stands there, or none is in force.
#[must_use]
pub fn commune_norm(
    tree: &OrgTree,
    unit: OrgUnitId,
    day: NaiveDate,
    of: NormOf,
    given: Option<i64>,
) -> Option<CommuneNorm> {
    let act = ACTS.iter().find(|act| act.holds_on(day))?;
    let mut norm = CommuneNorm { posts: 0, communes: 0, communes_without: 0, increment: None };
    for unit in tree.subtree(unit, day) {
        let Some(version) = tree.version_at(unit, day).filter(|unit| unit.kind == UnitKind::Commune) else {
            continue;
        };
        match act.posts(version, of) {
            Some(posts) => {
                norm.posts += posts;
                norm.communes += 1;
            }
            None => norm.communes_without += 1,
        }
    }
    if norm.communes_without == 0 {
        norm.increment = given.and_then(|given| given.checked_sub(norm.posts));
    }
    (norm.communes + norm.communes_without > 0).then_some(norm)
}

#[utoipa::path(
    get, path = "/api/v1/organization/commune-norms",
    operation_id = "list_commune_norms", tag = "staffing-returns", summary = "List the norms of communes",
    description = "How many cadres and civil servants and how many part-time workers a commune is given by its class (định mức cán bộ, công chức và người hoạt động không chuyên trách cấp xã), act by act with the days on which each holds. Staffing returns are held against those of their day. The list is short and comes as a whole.",
    params(CommuneNormQuery),
    responses((status = 200, description = "The norms.", body = CommuneNormCatalogue)),
)]
async fn list_commune_norms(
    _: Permit<ReadReference, Organization>,
    query: ValidQuery<CommuneNormQuery>,
) -> web::Json<CommuneNormCatalogue> {
    let as_of = query.0.as_of;
    let acts = ACTS.iter().filter(|act| as_of.is_none_or(|day| act.holds_on(day)));
    web::Json(CommuneNormCatalogue { items: acts.map(CommuneNorms::from).collect() })
}

/// Mounts the operation.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, list_commune_norms);
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::rules::Rule;

    #[test]
    fn one_act_holds_on_each_day_of_the_rule() {
        for pair in ACTS.windows(2) {
            assert!(pair[0].valid_to.is_some() && pair[0].valid_to == pair[1].valid_from);
        }
        let last = &ACTS[ACTS.len() - 1];
        let rule = Rule::GivenApartFromNorm;
        assert_eq!(rule.validity(), (ACTS[0].valid_from, last.valid_to));
        assert_eq!(rule.basis(), Some(last.legal_basis));
    }
}
