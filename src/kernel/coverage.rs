//! Which of the units below one have something on a day, kind by kind (thống kê theo loại đơn vị): counted over the tree
//! of units as it stood then, whatever it is that a room asks for.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};

use crate::auth::scope::Scoped;
use crate::error::ApiError;
use crate::successors::reached_units;
use crate::tree::{OrgTree, OrgUnitId, UnitKind};
use crate::unit_reference::{StatisticsUnit, UnitName, UnitScope, label};

/// Kinds of units as a query tells them, with commas between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitKinds(Vec<UnitKind>);

impl UnitKinds {
    /// Whether a kind is among them.
    #[must_use]
    pub fn has(&self, kind: UnitKind) -> bool {
        self.0.contains(&kind)
    }
}

impl<'de> Deserialize<'de> for UnitKinds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let kinds = text.split(',').map(str::parse).collect::<Result<Vec<UnitKind>, String>>();
        kinds.map(Self).map_err(serde::de::Error::custom)
    }
}

/// Whether units of a kind are offices: agencies, service units, service centres and communes. Associations, hamlets
/// and the tiers above communes are not.
#[must_use]
pub const fn is_office(kind: UnitKind) -> bool {
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

/// So many units are named one by one.
const NAMED: usize = 200;

/// The records of so many units are looked for in one query: SQLite binds no more than 32,766 values.
pub const UNITS_AT_ONCE: usize = 1_000;

/// The units below one that are counted on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitsBelow {
    unit: OrgUnitId,
    day: NaiveDate,
    below: Vec<(OrgUnitId, UnitKind)>,
}

impl UnitsBelow {
    /// Those of these kinds that stand below a unit on the day, as far as the account reaches.
    ///
    /// # Errors
    /// 403 for a unit out of reach, 422 for one that is not in force.
    pub fn of(
        scoped: &Scoped,
        name: &UnitName<'_>,
        day: NaiveDate,
        counts: impl Fn(UnitKind) -> bool,
    ) -> Result<Self, ApiError> {
        let (unit, units) = reached_units(scoped, name, UnitScope::Subtree, day)?;
        let tree = scoped.tree();
        let counted = |below: OrgUnitId| {
            let kind = tree.version_at(below, day)?.kind;
            (below != unit && counts(kind)).then_some((below, kind))
        };
        Ok(Self { unit, day, below: units.into_iter().filter_map(counted).collect() })
    }

    /// The unit above them.
    #[must_use]
    pub fn unit(&self) -> OrgUnitId {
        self.unit
    }

    /// Those that are counted.
    #[must_use]
    pub fn ids(&self) -> Vec<OrgUnitId> {
        self.below.iter().map(|(below, _)| *below).collect()
    }

    /// Counts them kind by kind: each once, into what its kind has so far.
    pub fn by_kind<C: Default>(&self, mut count: impl FnMut(&mut C, OrgUnitId)) -> Vec<(UnitKind, C)> {
        let mut counts: BTreeMap<&str, (UnitKind, C)> = BTreeMap::new();
        for (below, kind) in &self.below {
            let (_, of_kind) = counts.entry(kind.as_str()).or_insert_with(|| (*kind, C::default()));
            count(of_kind, *below);
        }
        counts.into_values().collect()
    }

    /// The first 200 of which this is so, as they are named on the day.
    pub fn first(&self, tree: &OrgTree, is_so: impl Fn(OrgUnitId) -> bool) -> Vec<StatisticsUnit> {
        let found = self.below.iter().filter(|(below, _)| is_so(*below)).take(NAMED);
        found.map(|(below, _)| label(tree, *below, self.day).into()).collect()
    }
}

/// Declares over which units something is counted: the unit, the day and the kinds, with what else is asked.
///
/// ```text
/// coverage_filter! {
///     /// Over which units rules are counted.
///     SpendingRuleCoverageFilter, kinds "Units of these kinds only, with commas between (loại đơn vị); .. when not given." {
///         /// What they rule (loại quy chế).
///         #[param(inline)]
///         kind: Option<SpendingRuleKind>,
///     }
/// }
/// ```
#[macro_export]
macro_rules! coverage_filter {
    (
        $(#[$doc:meta])* $filter:ident, kinds $kinds:literal {
            $($(#[$member_doc:meta])* $member:ident: $member_type:ty,)*
        }
    ) => {
        #[derive(Debug, Clone, serde::Deserialize, validator::Validate, utoipa::IntoParams)]
        $(#[$doc])*
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $filter {
            /// The unit whose units are counted, by id; exactly one of id, identifier and code (đơn vị).
            pub org_unit_id: Option<$crate::tree::OrgUnitId>,
            /// The unit by its identification code (mã định danh).
            #[validate(length(min = 1, max = 35))]
            #[param(min_length = 1, max_length = 35)]
            pub org_unit_identifier: Option<String>,
            /// The unit by its statistics code, read on `as_of` (mã đơn vị hành chính).
            #[validate(length(min = 1, max = 20))]
            #[param(min_length = 1, max_length = 20)]
            pub org_unit_code: Option<String>,
            /// The day (tính đến ngày); today when not given.
            pub as_of: Option<chrono::NaiveDate>,
            #[doc = $kinds]
            #[param(value_type = Option<Vec<$crate::tree::UnitKind>>, style = Form, explode = false, min_items = 1)]
            pub kinds: Option<$crate::coverage::UnitKinds>,
            $($(#[$member_doc])* pub $member: $member_type,)*
        }

        impl $filter {
            /// The units that are counted, of the kinds that are asked for, else of those of which `is_counted` says so.
            ///
            /// # Errors
            /// 403 for a unit out of reach, 422 for one that is not in force or a day out of range.
            fn units(
                &self,
                scoped: &$crate::auth::scope::Scoped,
                is_counted: impl Fn($crate::tree::UnitKind) -> bool,
            ) -> Result<$crate::coverage::UnitsBelow, $crate::error::ApiError> {
                $crate::validity::days_in_range([("/as_of", self.as_of)])?;
                let name = $crate::unit_reference::UnitName {
                    id: self.org_unit_id,
                    identifier: self.org_unit_identifier.as_deref(),
                    code: self.org_unit_code.as_deref(),
                };
                let counts = |kind| self.kinds.as_ref().map_or_else(|| is_counted(kind), |kinds| kinds.has(kind));
                $crate::coverage::UnitsBelow::of(scoped, &name, self.day(scoped), counts)
            }

            fn day(&self, scoped: &$crate::auth::scope::Scoped) -> chrono::NaiveDate {
                self.as_of.unwrap_or_else(|| scoped.today())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_with_commas_between() {
        let of = |text: &str| serde_json::from_value::<UnitKinds>(text.into());
        let some = of("specialised_agency,commune").unwrap();
        assert!(some.has(UnitKind::SpecialisedAgency) && some.has(UnitKind::Commune));
        assert!(!some.has(UnitKind::EducationUnit));
        assert!(of("commune,").is_err(), "an empty word is none");
        assert!(of("agency").is_err());
    }

    #[test]
    fn every_unit_is_counted_once_with_its_kind() {
        let [above, first, second, school] = std::array::from_fn(|_| OrgUnitId::new());
        let (commune, education) = (UnitKind::Commune, UnitKind::EducationUnit);
        let below = UnitsBelow {
            unit: above,
            day: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
            below: vec![(first, commune), (school, education), (second, commune)],
        };
        let counted = below.by_kind(|(units, has): &mut (i64, i64), unit| {
            *units += 1;
            *has += i64::from(unit == first);
        });
        assert_eq!(counted, [(commune, (2, 1)), (education, (1, 0))]);
        let tree = OrgTree::new(Vec::new(), Vec::new());
        let without = below.first(&tree, |unit| unit != first);
        assert_eq!(without.iter().map(|unit| unit.org_unit_id).collect::<Vec<_>>(), [school, second]);
    }
}
