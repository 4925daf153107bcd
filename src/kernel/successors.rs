//! A unit that did not exist on the day asked for: the answer names who carries its territory.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde_json::json;

use super::tree::{OrgTree, OrgUnitId};
use super::unit_reference::{UnitName, UnitScope, scoped_units};
use crate::auth::scope::Scoped;
use crate::error::{ApiError, Problem};
use crate::text::day_vi;

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
    let once: Vec<OrgUnitId> = match (name.id, name.identifier, name.code) {
        (None, None, Some(code)) => tree.ever_by_code(code),
        (None, Some(identifier), None) => tree.ever_by_identifier(identifier),
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

/// The unit of which figures are asked, in force on a day, and those of its scope that the account reaches.
///
/// # Errors
/// 403 for a unit out of reach, 422 as [`unit_in_force`].
pub fn reached_units(
    scoped: &Scoped,
    name: &UnitName<'_>,
    scope: UnitScope,
    day: NaiveDate,
) -> Result<(OrgUnitId, Vec<OrgUnitId>), ApiError> {
    let tree = scoped.tree();
    let unit = unit_in_force(tree, name, day)?;
    if !scoped.reaches(unit) {
        return Err(ApiError::new(Problem::Forbidden));
    }
    let mut units = scoped_units(tree, unit, scope, day);
    units.retain(|unit| scoped.reaches(*unit));
    Ok((unit, units))
}

/// 422: these units are not in force on the day; names those that carry their territory then.
#[must_use]
pub fn not_in_force(tree: &OrgTree, units: &[OrgUnitId], day: NaiveDate) -> ApiError {
    let mut seen = HashSet::new();
    let heirs = units.iter().flat_map(|unit| tree.heirs(*unit, day)).filter(|heir| seen.insert(*heir));
    let heirs: Vec<_> = heirs.filter_map(|heir| tree.version_at(heir, day)).collect();
    let names: Vec<String> = heirs
        .iter()
        .map(|heir| match &heir.code {
            Some(code) => format!("{} ({code})", heir.full_name),
            None => heir.full_name.clone(),
        })
        .collect();
    let name = units.first().and_then(|unit| tree.latest(*unit)).map_or("", |unit| unit.full_name.as_str());
    let mut vi = format!("{name} không tồn tại vào ngày {}", day_vi(day));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Language;
    use crate::tree::{Succession, SuccessionRelation, UnitKind, UnitVersion};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn who_carries_two_units_of_one_code_is_named_once() {
        let [first, second, one, two, three] = std::array::from_fn(|_| OrgUnitId::new());
        let version = |unit, code: &str, from: Option<&str>, to: Option<&str>| UnitVersion {
            org_unit_id: unit,
            code: Some(code.to_owned()),
            identifier: None,
            name: format!("unit {code}"),
            full_name: format!("unit {code}"),
            kind: UnitKind::Commune,
            unit_class: None,
            parent_id: None,
            valid_from: from.map(day),
            valid_to: to.map(day),
        };
        let part = |old, new| Succession {
            predecessor_id: old,
            successor_id: new,
            relation: SuccessionRelation::Division,
            effective_on: day("2025-07-01"),
            keeps_records: false,
        };
        let since = Some("2025-07-01");
        let tree = OrgTree::new(
            vec![
                version(first, "00001", None, Some("2020-01-01")),
                version(second, "00001", Some("2020-01-01"), since),
                version(one, "00010", since, None),
                version(two, "00011", since, None),
                version(three, "00012", since, None),
            ],
            vec![part(first, one), part(first, two), part(second, one), part(second, three)],
        );
        let name = UnitName { code: Some("00001"), ..UnitName::default() };
        let gone = unit_in_force(&tree, &name, day("2026-01-01")).unwrap_err();
        let body = serde_json::to_value(gone.body(Language::En, "", "")).unwrap();
        let codes: Vec<_> = body["successors"].as_array().unwrap().iter().map(|unit| &unit["code"]).collect();
        assert_eq!(codes, ["00010", "00011", "00012"]);
    }

    #[test]
    fn who_is_named_twice_is_told_so_and_not_that_there_is_no_such_unit() {
        let unit = OrgUnitId::new();
        let version = UnitVersion {
            org_unit_id: unit,
            code: Some("934".to_owned()),
            identifier: Some("H13.07".to_owned()),
            name: String::new(),
            full_name: String::new(),
            kind: UnitKind::District,
            unit_class: None,
            parent_id: None,
            valid_from: None,
            valid_to: None,
        };
        let tree = OrgTree::new(vec![version], Vec::new());
        let (code, identifier) = (Some("934"), Some("H13.07"));
        for (code, identifier) in [(code, None), (None, identifier), (code, identifier)] {
            let name = UnitName { id: Some(unit), code, identifier };
            let refused = unit_in_force(&tree, &name, day("2024-06-30")).unwrap_err();
            let body = serde_json::to_value(refused.body(Language::En, "", "")).unwrap();
            assert_eq!(body["errors"][0]["code"], "exactly_one", "{body}");
        }
    }
}
