//! A unit that did not exist on the day asked for: the answer names who carries its territory.

use chrono::NaiveDate;
use serde_json::json;

use super::reference::{UnitName, UnitScope, scoped_units};
use super::tree::{OrgTree, OrgUnitId};
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

/// The units that a list is about, where it names one: that in force on a day, and those of its scope.
///
/// # Errors
/// 422 as [`unit_in_force`].
pub fn wanted_units(
    tree: &OrgTree,
    name: &UnitName<'_>,
    scope: UnitScope,
    day: NaiveDate,
) -> Result<Option<Vec<OrgUnitId>>, ApiError> {
    if !name.is_given() {
        return Ok(None);
    }
    let unit = unit_in_force(tree, name, day)?;
    Ok(Some(scoped_units(tree, unit, scope, day)))
}

/// 422: these units are not in force on the day; names those that carry their territory then.
#[must_use]
pub fn not_in_force(tree: &OrgTree, units: &[OrgUnitId], day: NaiveDate) -> ApiError {
    let mut heirs: Vec<OrgUnitId> = units.iter().flat_map(|unit| tree.heirs(*unit, day)).collect();
    heirs.dedup();
    let heirs: Vec<_> = heirs.iter().filter_map(|heir| tree.version_at(*heir, day)).collect();
    let names: Vec<String> = heirs
        .iter()
        .map(|heir| match &heir.code {
            Some(code) => format!("{} ({code})", heir.full_name),
            None => heir.full_name.clone(),
        })
        .collect();
    let name = units.first().and_then(|unit| tree.latest(*unit)).map_or("", |unit| unit.full_name.as_str());
    let mut vi = format!("{name} không tồn tại vào ngày {day}");
    let mut en = format!("{name} does not exist on {day}");
    if !names.is_empty() {
        let names = names.join(", ");
        vi.push_str(&format!("; đơn vị kế thừa: {names}"));
        en.push_str(&format!("; its territory is carried by {names}"));
    }
    let successors: Vec<_> = heirs
        .iter()
        .map(|heir| {
            json!({
                "id": heir.org_unit_id, "code": heir.code, "name": heir.name, "full_name": heir.full_name,
            })
        })
        .collect();
    ApiError::detailed(Problem::UnitNotInForce, format!("{vi}."), format!("{en}."))
        .with_member("successors", successors.into())
}
