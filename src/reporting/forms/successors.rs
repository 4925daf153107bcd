//! A unit that did not exist on the day asked for: the answer names who carries its territory.

use chrono::NaiveDate;
use serde_json::json;

use crate::domain::organization::reference::UnitName;
use crate::domain::organization::tree::{OrgTree, OrgUnitId};
use crate::error::{ApiError, Problem};

/// The unit in force on a day.
///
/// # Errors
/// 422: `unit-not-in-force` with its successors, or `invalid` when no unit was ever so named.
pub fn unit_in_force(tree: &OrgTree, name: &UnitName<'_>, day: NaiveDate) -> Result<OrgUnitId, ApiError> {
    let faults = match name.resolve(tree, day) {
        Ok(unit) if tree.in_force(unit, day) => return Ok(unit),
        Ok(unit) => return Err(not_in_force(tree, &[unit], day)),
        Err(faults) => faults,
    };
    let once: Vec<OrgUnitId> = match (name.code, name.identifier) {
        (Some(code), None) => tree.ever_by_code(code),
        (None, Some(identifier)) => tree.ever_by_identifier(identifier),
        _ => Vec::new(),
    };
    if once.is_empty() { Err(ApiError::invalid(faults)) } else { Err(not_in_force(tree, &once, day)) }
}

fn not_in_force(tree: &OrgTree, units: &[OrgUnitId], day: NaiveDate) -> ApiError {
    let mut heirs: Vec<OrgUnitId> = units.iter().flat_map(|unit| tree.heirs(*unit, day)).collect();
    heirs.dedup();
    let named: Vec<_> = heirs.iter().filter_map(|heir| tree.version_at(*heir, day)).collect();
    let names = named.iter().map(|unit| unit.name.as_str()).collect::<Vec<_>>().join(", ");
    let (vi, en) = if named.is_empty() {
        (
            format!("Đơn vị không tồn tại vào ngày {day} và không có đơn vị kế thừa được ghi nhận."),
            format!("The unit does not exist on {day}, and no successor is recorded."),
        )
    } else {
        (
            format!("Đơn vị không tồn tại vào ngày {day}; địa bàn thuộc về: {names}."),
            format!("The unit does not exist on {day}; its territory belongs to: {names}."),
        )
    };
    let successors: Vec<_> = named
        .iter()
        .map(|unit| json!({"id": unit.org_unit_id, "code": unit.code, "name": unit.name, "kind": unit.kind}))
        .collect();
    ApiError::detailed(Problem::UnitNotInForce, vi, en).with_member("successors", successors.into())
}
