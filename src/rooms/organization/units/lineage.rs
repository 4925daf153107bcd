//! Where a unit came from and what became of it (lịch sử hình thành và kế thừa).

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{OrgUnit, OrgUnitName, VersionRow};
use super::rows::{unit_row, versions_of};
use super::store::{day_of, units_on};
use crate::successions::model::{OrgUnitSuccessionId, SuccessionRow};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::schema::org_unit_successions;
use kernel::error::ApiError;
use kernel::tree::{OrgUnitId, SuccessionRelation};

/// One step of a unit's lineage (một bước kế thừa).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrgUnitLineageStep {
    /// The succession.
    pub id: OrgUnitSuccessionId,
    /// The other unit: as a predecessor on its last day, as a successor on its first.
    pub unit: OrgUnitName,
    /// Whether all or part of the predecessor went into the successor.
    pub relation: SuccessionRelation,
    /// First day of the new order (ngày có hiệu lực).
    pub effective_on: NaiveDate,
    /// Whether the successor keeps the records of a divided predecessor (nơi lưu giữ hồ sơ).
    pub keeps_records: bool,
    /// Legal basis (căn cứ pháp lý).
    pub legal_basis: Option<String>,
    /// Remark (ghi chú).
    pub note: Option<String>,
}

/// Where a unit came from and what became of it (lịch sử hình thành và kế thừa).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "unit": {"id": "0190a8c0-0000-7000-8000-000000000004", "code": "31420", "identifier": "H30.44",
    "name": "Phụng Hiệp", "full_name": "Xã Phụng Hiệp", "kind": "commune", "tier": "commune",
    "unit_class": null, "parent_id": "0190a8c0-0000-7000-8000-000000000003", "parent_code": "92",
    "parent_name": "Cần Thơ", "province_id": "0190a8c0-0000-7000-8000-000000000003",
    "valid_from": "2025-07-01", "valid_from_certainty": "exact", "valid_to": null,
    "valid_to_certainty": null, "change_kind": null, "legal_basis": null, "note": null, "version": 1,
    "created_at": "2026-01-12T02:00:00Z", "updated_at": "2026-01-12T02:00:00Z"},
    "predecessors": [{"id": "0190a8c0-0000-7000-8000-000000000019",
    "unit": {"id": "0190a8c0-0000-7000-8000-000000000006", "code": "31420", "name": "Hòa Mỹ",
    "full_name": "Xã Hòa Mỹ"}, "relation": "merge", "effective_on": "2025-07-01", "keeps_records": false,
    "legal_basis": "Nghị quyết 1668/NQ-UBTVQH15", "note": null}], "successors": [],
    "heirs": [{"id": "0190a8c0-0000-7000-8000-000000000004", "code": "31420", "identifier": "H30.44",
    "name": "Phụng Hiệp", "full_name": "Xã Phụng Hiệp", "kind": "commune", "tier": "commune",
    "unit_class": null, "parent_id": "0190a8c0-0000-7000-8000-000000000003", "parent_code": "92",
    "parent_name": "Cần Thơ", "province_id": "0190a8c0-0000-7000-8000-000000000003",
    "valid_from": "2025-07-01", "valid_from_certainty": "exact", "valid_to": null,
    "valid_to_certainty": null, "change_kind": null, "legal_basis": null, "note": null, "version": 1,
    "created_at": "2026-01-12T02:00:00Z", "updated_at": "2026-01-12T02:00:00Z"}]
}))]
pub struct OrgUnitLineage {
    /// The unit on the day, or on the nearest day on which it was in force.
    pub unit: OrgUnit,
    /// What went into it.
    pub predecessors: Vec<OrgUnitLineageStep>,
    /// What it went into. An ended district has none of its own: see `heirs`.
    pub successors: Vec<OrgUnitLineageStep>,
    /// The units in force on the day that carry its territory, by code; the unit itself while it is
    /// in force.
    pub heirs: Vec<OrgUnit>,
}

/// Where a unit came from and what became of it.
///
/// # Errors
/// 404 when there is no such unit.
pub fn org_unit_lineage(
    conn: &mut DbConn,
    scoped: &Scoped,
    id: OrgUnitId,
    as_of: Option<NaiveDate>,
) -> Result<OrgUnitLineage, ApiError> {
    use org_unit_successions as s;
    let day = day_of(as_of, scoped);
    let unit = unit_row(conn, id)?;
    // Two queries: SQLite reads no partial index on one side of an OR.
    let standing = || s::table.filter(s::deleted_at.is_null()).select(SuccessionRow::as_select());
    let mut rows: Vec<SuccessionRow> = standing().filter(s::predecessor_id.eq(id)).load(conn)?;
    rows.extend(standing().filter(s::successor_id.eq(id)).load(conn)?);
    let versions = versions_of(conn, id)?;
    let version = nearest(&versions, day).cloned().ok_or_else(ApiError::not_found)?;
    let shown = version.nearest_day(day);
    let mut lineage = OrgUnitLineage {
        unit: OrgUnit::of(scoped.tree(), &unit, version, shown),
        predecessors: Vec::new(),
        successors: Vec::new(),
        heirs: units_on(conn, scoped.tree(), &scoped.tree().heirs(id, day), day)?,
    };
    for row in rows {
        let ends = row.predecessor_id == id;
        let (other, on) = if ends {
            (row.successor_id, row.effective_on)
        } else {
            (row.predecessor_id, row.effective_on.pred_opt().unwrap_or(row.effective_on))
        };
        let Some(other) = OrgUnitName::of(scoped.tree(), other, on) else { continue };
        let step = OrgUnitLineageStep {
            id: row.id,
            unit: other,
            relation: row.relation,
            effective_on: row.effective_on,
            keeps_records: row.keeps_records,
            legal_basis: row.legal_basis,
            note: row.note,
        };
        if ends { lineage.successors.push(step) } else { lineage.predecessors.push(step) }
    }
    for steps in [&mut lineage.predecessors, &mut lineage.successors] {
        steps.sort_by(|a, b| (a.effective_on, &a.unit.code).cmp(&(b.effective_on, &b.unit.code)));
    }
    Ok(lineage)
}

/// The version in force on the day, else the last that began before it, else the first.
fn nearest(versions: &[VersionRow], day: NaiveDate) -> Option<&VersionRow> {
    let begun = || versions.iter().rev().find(|version| version.valid_from <= day);
    versions.iter().rev().find(|version| version.holds_on(day)).or_else(begun).or_else(|| versions.first())
}
