//! Whose own versions of procedures form 07b counts. A province may keep a procedure under the national code with
//! an agency of its own behind (`1.001193.000.00.00.H56`), and the catalogue holds those of all provinces. The form
//! of a unit counts those of its own province, and of provinces that went whole into it.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::NaiveDate;

use kernel::auth::scope::{Scoped, Units};
use kernel::reporting::roster::Roster;
use kernel::reporting::rosters::{RosterOf, Rosters};
use kernel::tree::{OrgUnitId, UnitKind};
use kernel::unit_reference::{UnitScope, identifier_forms};

/// The province of the unit that a form is about.
pub(super) struct OwnProvince {
    units: Arc<Units>,
    /// The province with its agencies, and what ended and is held by it.
    roster: Arc<Roster>,
    /// The identification codes of their top agencies.
    tops: HashSet<String>,
}

impl OwnProvince {
    /// That of a unit in force on a day; none for the country and its agencies.
    pub(super) fn of(scoped: &Scoped, rosters: &Rosters, unit: OrgUnitId, day: NaiveDate) -> Option<Self> {
        let tree = scoped.tree();
        let unit = tree.province_of(unit, day)?;
        let asked = RosterOf { unit, day, scope: UnitScope::Own, period: (day, day) };
        let roster = rosters.of(scoped.units(), asked);
        let versions = roster.units().iter().flat_map(|unit| tree.versions(unit));
        let tops = versions.filter_map(|version| version.identifier.as_deref()).map(top_agency).collect();
        Some(Self { units: Arc::clone(scoped.units()), roster, tops })
    }

    /// Whether a procedure is national, of this province, or of an agency that no other province is known to have.
    pub(super) fn has(&self, code: &str) -> bool {
        let Some(agency) = agency_of(code) else { return true };
        let top = top_agency(agency);
        self.tops.contains(&top) || !self.is_anothers(&top)
    }

    fn is_anothers(&self, top: &str) -> bool {
        let tree = self.units.tree();
        let is_another = |unit: &OrgUnitId| {
            tree.latest(*unit).is_some_and(|version| version.kind == UnitKind::Province)
                && !self.roster.contains(*unit)
        };
        let mut bearers = identifier_forms(top).into_iter().flat_map(|form| tree.ever_by_identifier(&form));
        // Where the own code is not known, a province's may be the own one.
        bearers.any(|unit| is_another(&unit)) || (!self.tops.is_empty() && is_of_a_province(top))
    }
}

/// What stands behind the national code.
fn agency_of(code: &str) -> Option<&str> {
    code.split_once('.').and_then(|(_, behind)| behind.split_once('.')).map(|(_, agency)| agency)
}

/// The top agency of an identification code of either form.
fn top_agency(identifier: &str) -> String {
    let forms = identifier_forms(identifier);
    let top = forms.first().and_then(|form| form.split('.').next());
    top.unwrap_or(identifier).to_owned()
}

/// Whether a top agency is a province by its code: H and two digits (Quyết định 20/2020/QĐ-TTg).
fn is_of_a_province(top: &str) -> bool {
    top.strip_prefix('H')
        .is_some_and(|number| number.len() == 2 && number.bytes().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agency_behind_a_code_is_of_a_province_or_not() {
        let top = |code: &str| agency_of(code).map(top_agency);
        assert_eq!(top("1.001193"), None);
        for code in ["1.001193.000.00.00.H56", "1.001193.H56", "1.001193.H56.14", "1.001193.000.00.14.H56"] {
            assert_eq!(top(code).as_deref(), Some("H56"), "{code}");
        }
        assert!(is_of_a_province("H56") && !is_of_a_province("G22") && !is_of_a_province("H5"));
    }
}
