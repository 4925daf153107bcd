//! How bodies and queries name a unit: by id, by identification code (mã định danh, any of its
//! historical forms) or by statistics code (mã đơn vị hành chính), which means a unit only on a day.

use chrono::NaiveDate;

use super::tree::{OrgTree, OrgUnitId};
use crate::error::{Bilingual, Fault};
use crate::text_enum;

text_enum! {
    /// Which units beside the named one (phạm vi).
    pub enum UnitScope {
        /// The unit alone.
        Own => "self", "riêng đơn vị";
        /// The unit and those directly under it.
        Children => "children", "đơn vị và cấp dưới trực tiếp";
        /// The unit and all that stand under it.
        Subtree => "subtree", "đơn vị và toàn bộ cấp dưới";
    }
}

#[expect(clippy::derivable_impls, reason = "the enumeration is declared by a macro")]
impl Default for UnitScope {
    fn default() -> Self {
        Self::Own
    }
}

/// The units that a scope names on a day.
#[must_use]
pub fn scoped_units(tree: &OrgTree, unit: OrgUnitId, scope: UnitScope, day: NaiveDate) -> Vec<OrgUnitId> {
    match scope {
        UnitScope::Own => vec![unit],
        UnitScope::Children => std::iter::once(unit).chain(tree.children(unit, day)).collect(),
        UnitScope::Subtree if tree.in_force(unit, day) => tree.subtree(unit, day),
        UnitScope::Subtree => vec![unit],
    }
}

/// The members by which a body or query names a unit: exactly one of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct UnitName<'a> {
    /// By id.
    pub id: Option<OrgUnitId>,
    /// By identification code.
    pub identifier: Option<&'a str>,
    /// By statistics code.
    pub code: Option<&'a str>,
}

impl UnitName<'_> {
    /// The unit that is named; `None` when none is.
    ///
    /// # Errors
    /// The faults: several names, or one that names no unit on the day.
    pub fn resolve_optional(&self, tree: &OrgTree, day: NaiveDate) -> Result<Option<OrgUnitId>, Vec<Fault>> {
        match (self.id, self.identifier, self.code) {
            (None, None, None) => Ok(None),
            (Some(id), None, None) => found(tree.latest(id).map(|_| id), "/org_unit_id", day),
            (None, Some(identifier), None) => {
                found(by_any_identifier(tree, identifier, day), "/org_unit_identifier", day)
            }
            (None, None, Some(code)) => found(tree.by_code(code, day), "/org_unit_code", day),
            _ => Err(vec![exactly_one()]),
        }
    }

    /// The unit that is named.
    ///
    /// # Errors
    /// The faults: none or several names, or one that names no unit on the day.
    pub fn resolve(&self, tree: &OrgTree, day: NaiveDate) -> Result<OrgUnitId, Vec<Fault>> {
        self.resolve_optional(tree, day)?.ok_or_else(|| vec![exactly_one()])
    }
}

fn found(unit: Option<OrgUnitId>, pointer: &str, day: NaiveDate) -> Result<Option<OrgUnitId>, Vec<Fault>> {
    if unit.is_some() {
        return Ok(unit);
    }
    let message = Bilingual::new(
        format!("Không có đơn vị nào như vậy vào ngày {day}."),
        format!("There is no such unit on {day}."),
    );
    Err(vec![Fault::new(pointer, "unknown_unit", message)])
}

fn exactly_one() -> Fault {
    Fault::new(
        "/org_unit_code",
        "exactly_one",
        Bilingual::new(
            "Nêu đúng một trong org_unit_id, org_unit_identifier và org_unit_code.",
            "Give exactly one of org_unit_id, org_unit_identifier and org_unit_code.",
        ),
    )
}

/// A unit by any form that its identification code ever had, the one in force on the day first.
fn by_any_identifier(tree: &OrgTree, identifier: &str, day: NaiveDate) -> Option<OrgUnitId> {
    let forms = identifier_forms(identifier);
    forms
        .iter()
        .find_map(|form| tree.by_identifier(form, day))
        .or_else(|| forms.iter().find_map(|form| tree.ever_by_identifier(form).first().copied()))
}

/// The code as given and, for a province's own agency, its other form: `000.00.00.H30` (QCVN 102)
/// and `H30` (Quyết định 20/2020/QĐ-TTg) are the same.
fn identifier_forms(identifier: &str) -> Vec<String> {
    let other = match identifier.strip_prefix("000.00.00.") {
        Some(short) => short.to_owned(),
        None => format!("000.00.00.{identifier}"),
    };
    vec![identifier.to_owned(), other]
}

/// How answers name a unit: by everything at once.
#[derive(Debug, Clone)]
pub struct UnitLabel {
    /// Its id.
    pub org_unit_id: OrgUnitId,
    /// Its statistics code.
    pub org_unit_code: Option<String>,
    /// Its identification code.
    pub org_unit_identifier: Option<String>,
    /// Its name.
    pub org_unit_name: String,
}

/// A unit as it was named on a day; on a day without it, as it was last named.
#[must_use]
pub fn label(tree: &OrgTree, unit: OrgUnitId, day: NaiveDate) -> UnitLabel {
    let version = tree.version_at(unit, day).or_else(|| tree.latest(unit));
    UnitLabel {
        org_unit_id: unit,
        org_unit_code: version.and_then(|v| v.code.clone()),
        org_unit_identifier: version.and_then(|v| v.identifier.clone()),
        org_unit_name: version.map(|v| v.full_name.clone()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_provinces_code_are_tried() {
        assert_eq!(identifier_forms("000.00.00.H30"), ["000.00.00.H30", "H30"]);
        assert_eq!(identifier_forms("H30"), ["H30", "000.00.00.H30"]);
    }
}
