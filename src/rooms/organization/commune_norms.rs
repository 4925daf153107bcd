//! Norms of communes (định mức cán bộ, công chức và người hoạt động không chuyên trách cấp xã): how many a
//! commune is given by its class. What a province gives beyond them for area and population are
//! increments (phần tăng thêm).
//!
//! They are of the structure of three tiers: Nghị định số 33/2023/NĐ-CP, Điều 6 and Điều 33, of communes
//! (xã) and townships (thị trấn), held from 1 August 2023 until the districts ended.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use kernel::rules::Rule;
use kernel::tree::{OrgTree, OrgUnitId, UnitClass, UnitKind, UnitVersion};

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
    if !Rule::GivenApartFromNorm.holds_on(day) {
        return None;
    }
    let mut norm = CommuneNorm { posts: 0, communes: 0, communes_without: 0, increment: None };
    for unit in tree.subtree(unit, day) {
        let Some(version) = tree.version_at(unit, day).filter(|unit| unit.kind == UnitKind::Commune) else {
            continue;
        };
        match posts(version, of) {
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

/// The norm of one commune.
fn posts(commune: &UnitVersion, of: NormOf) -> Option<i64> {
    // Wards have norms of their own.
    if commune.full_name.starts_with("Phường ") {
        return None;
    }
    Some(match (of, commune.unit_class?) {
        (NormOf::Staff, UnitClass::I) => 22,
        (NormOf::Staff, UnitClass::Ii) => 20,
        (NormOf::Staff, UnitClass::Iii) => 18,
        (NormOf::PartTime, UnitClass::I) => 14,
        (NormOf::PartTime, UnitClass::Ii) => 12,
        (NormOf::PartTime, UnitClass::Iii) => 10,
    })
}
