//! How bodies and queries name a unit: by id, by identification code (mã định danh, any of its
//! historical forms) or by statistics code (mã đơn vị hành chính), which means a unit only on a day.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::tree::{OrgTree, OrgUnitId, only};
use crate::error::{Bilingual, Fault};
use crate::text::day_vi;
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
    /// Whether a unit is named at all.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.id.is_some() || self.identifier.is_some() || self.code.is_some()
    }

    /// The member that names it.
    #[must_use]
    pub fn pointer(&self) -> &'static str {
        match self {
            Self { id: Some(_), .. } => "/org_unit_id",
            Self { identifier: Some(_), .. } => "/org_unit_identifier",
            _ => "/org_unit_code",
        }
    }

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
        format!("Không có đơn vị nào như vậy vào ngày {}.", day_vi(day)),
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

/// The faults of a unit's name, with the members as this body calls them: `parent_id`, `parent_code`.
pub fn named_as<T>(named: Result<T, Vec<Fault>>, role: &str) -> Result<T, Vec<Fault>> {
    let own = |text: &str| text.replace("org_unit_", &format!("{role}_"));
    let renamed = |fault: Fault| Fault {
        pointer: own(&fault.pointer),
        message: Bilingual::new(own(&fault.message.vi), own(&fault.message.en)),
        code: fault.code,
    };
    named.map_err(|faults| faults.into_iter().map(renamed).collect())
}

/// A unit by any form that its identification code ever had, the one that bears it on the day first,
/// then one in force on the day. Where several are left, none is guessed.
fn by_any_identifier(tree: &OrgTree, identifier: &str, day: NaiveDate) -> Option<OrgUnitId> {
    let forms = identifier_forms(identifier);
    let gather = |find: &dyn Fn(&str) -> Vec<OrgUnitId>| {
        let mut units: Vec<OrgUnitId> = forms.iter().flat_map(|form| find(form)).collect();
        units.sort_unstable();
        units.dedup();
        units
    };
    let bearers = gather(&|form| tree.by_identifier_all(form, day));
    if !bearers.is_empty() {
        return only(&bearers);
    }
    let ever = gather(&|form| tree.ever_by_identifier(form));
    let present: Vec<OrgUnitId> = ever.iter().copied().filter(|unit| tree.in_force(*unit, day)).collect();
    only(if present.is_empty() { &ever } else { &present })
}

/// The forms in which an identification code may be kept: that of Quyết định 20/2020/QĐ-TTg
/// (`H30.02`, the highest level first), that of QCVN 102:2016 (`000.00.02.H30`, the lowest first,
/// with zeros for the levels that it lacks), and the one given.
#[must_use]
pub fn identifier_forms(identifier: &str) -> Vec<String> {
    let given = identifier.trim().to_uppercase();
    let mut parts: Vec<&str> = given.split('.').collect();
    let is_name = |part: &&str| part.starts_with(|first: char| first.is_ascii_alphabetic());
    if parts.last().is_some_and(is_name) && !parts.first().is_some_and(is_name) {
        parts.reverse();
    }
    while parts.len() > 1 && parts.last().is_some_and(|part| part.bytes().all(|byte| byte == b'0')) {
        parts.pop();
    }
    let mut forms = vec![parts.join(".")];
    if parts.len() <= 4 && parts.first().is_some_and(is_name) {
        let mut levels = vec!["000", "00", "00"];
        // From the right: the top agency, then one level after the other.
        for (place, part) in levels.iter_mut().rev().zip(parts.iter().skip(1)) {
            *place = part;
        }
        levels.extend(parts.first());
        forms.push(levels.join("."));
    }
    if !forms.contains(&given) {
        forms.push(given);
    }
    forms
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

/// A unit as statistics name it (đơn vị).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatisticsUnit {
    /// Its id.
    pub org_unit_id: OrgUnitId,
    /// Its statistics code (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Its identification code (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Its name on the day (tên đơn vị).
    pub org_unit_name: String,
}

impl From<UnitLabel> for StatisticsUnit {
    fn from(unit: UnitLabel) -> Self {
        let UnitLabel { org_unit_id, org_unit_code, org_unit_identifier, org_unit_name } = unit;
        Self { org_unit_id, org_unit_code, org_unit_identifier, org_unit_name }
    }
}

/// A unit as it was named on a day; on a day without it, as it was last named.
#[must_use]
pub fn label(tree: &OrgTree, unit: OrgUnitId, day: NaiveDate) -> UnitLabel {
    let version = tree.named_on(unit, day);
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
    use crate::tree::{UnitKind, UnitVersion};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn version(unit: OrgUnitId, code: &str, identifier: &str, from: &str, to: Option<&str>) -> UnitVersion {
        UnitVersion {
            org_unit_id: unit,
            code: Some(code.into()),
            identifier: Some(identifier.into()),
            name: format!("unit {code}"),
            full_name: format!("unit {code}"),
            kind: UnitKind::Commune,
            unit_class: None,
            parent_id: None,
            valid_from: Some(day(from)),
            valid_to: to.map(day),
        }
    }

    fn code(faults: Vec<Fault>) -> (String, String) {
        let fault = faults.into_iter().next().unwrap();
        (fault.pointer, fault.code.into_owned())
    }

    #[test]
    fn both_forms_of_an_identifier_are_tried() {
        assert_eq!(identifier_forms("000.00.00.H30"), ["H30", "000.00.00.H30"]);
        assert_eq!(identifier_forms(" h30 "), ["H30", "000.00.00.H30"]);
        assert_eq!(identifier_forms("000.00.02.H30"), ["H30.02", "000.00.02.H30"]);
        assert_eq!(identifier_forms("H30.02.01"), ["H30.02.01", "000.01.02.H30"]);
        assert_eq!(identifier_forms("007"), ["007"]);
        assert_eq!(identifier_forms(""), [""]);
    }

    #[test]
    fn a_code_is_read_on_the_day_and_only_one_member_names_a_unit() {
        let (old, new) = (OrgUnitId::new(), OrgUnitId::new());
        let tree = OrgTree::new(
            vec![
                version(old, "31420", "H30.1", "2004-01-01", Some("2025-07-01")),
                version(new, "31420", "H30.2", "2025-07-01", None),
            ],
            Vec::new(),
        );
        let name = UnitName { code: Some("31420"), ..UnitName::default() };
        assert_eq!(name.resolve(&tree, day("2025-06-30")).unwrap(), old);
        assert_eq!(name.resolve(&tree, day("2025-07-01")).unwrap(), new);
        assert_eq!(code(name.resolve(&tree, day("1999-01-01")).unwrap_err()).0, "/org_unit_code");
        let none = UnitName::default();
        assert_eq!(code(none.resolve(&tree, day("2026-01-01")).unwrap_err()).1, "exactly_one");
        assert_eq!(none.resolve_optional(&tree, day("2026-01-01")).unwrap(), None);
        let both = UnitName { id: Some(old), code: Some("31420"), identifier: None };
        assert_eq!(code(both.resolve(&tree, day("2025-06-30")).unwrap_err()).1, "exactly_one");
        assert_eq!(label(&tree, old, day("2026-01-01")).org_unit_code.as_deref(), Some("31420"));
    }

    #[test]
    fn an_agency_is_found_under_every_form_that_its_identifier_ever_had() {
        let (agency, other) = (OrgUnitId::new(), OrgUnitId::new());
        let tree = OrgTree::new(
            vec![
                version(agency, "1", "000.00.02.H30", "2017-01-01", Some("2021-01-01")),
                version(agency, "1", "H30.44", "2021-01-01", None),
                version(other, "2", "000.00.00.H30", "2017-01-01", None),
            ],
            Vec::new(),
        );
        let find = |identifier| {
            UnitName { identifier: Some(identifier), ..UnitName::default() }.resolve(&tree, day("2026-01-01"))
        };
        for form in ["H30", "h30", "000.00.00.H30"] {
            assert_eq!(find(form).unwrap(), other, "{form}");
        }
        for form in ["H30.02", "000.00.02.H30", "H30.44", "000.00.44.H30"] {
            assert_eq!(find(form).unwrap(), agency, "{form}");
        }
        assert_eq!(code(find("H31").unwrap_err()), ("/org_unit_identifier".into(), "unknown_unit".into()));
    }

    #[test]
    fn whoever_bears_an_identifier_on_the_day_comes_first_and_nobody_is_guessed() {
        let (old, new) = (OrgUnitId::new(), OrgUnitId::new());
        let tree = OrgTree::new(
            vec![
                version(old, "1", "H30.02", "2017-01-01", Some("2021-01-01")),
                version(old, "1", "H30.03", "2021-01-01", None),
                version(new, "2", "H30.02", "2022-01-01", None),
                version(new, "2", "H30.03", "2021-06-01", Some("2022-01-01")),
            ],
            Vec::new(),
        );
        let find = |identifier, on| {
            UnitName { identifier: Some(identifier), ..UnitName::default() }.resolve(&tree, day(on))
        };
        assert_eq!(find("H30.02", "2021-05-01").unwrap(), old);
        assert_eq!(find("H30.02", "2022-06-01").unwrap(), new);
        assert_eq!(code(find("H30.03", "2021-07-01").unwrap_err()).1, "unknown_unit");
    }
}
