//! Who bears a code (mã đơn vị hành chính) or identification code (mã định danh), on a day or ever.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{OrgTree, OrgUnitId, UnitVersion};

impl OrgTree {
    /// The unit that bears the code on the day; none when no unit or more than one does.
    #[must_use]
    pub fn by_code(&self, code: &str, day: NaiveDate) -> Option<OrgUnitId> {
        only(&self.by_code_all(code, day))
    }

    /// All units that bear the code on the day: more than one is a fault of the data.
    #[must_use]
    pub fn by_code_all(&self, code: &str, day: NaiveDate) -> Vec<OrgUnitId> {
        self.bearers(&self.codes, code, Some(day))
    }

    /// All units that ever bore the code.
    #[must_use]
    pub fn ever_by_code(&self, code: &str) -> Vec<OrgUnitId> {
        self.bearers(&self.codes, code, None)
    }

    /// The unit that bears the identification code (mã định danh) on the day; none when no unit or
    /// more than one does.
    #[must_use]
    pub fn by_identifier(&self, identifier: &str, day: NaiveDate) -> Option<OrgUnitId> {
        only(&self.by_identifier_all(identifier, day))
    }

    /// All units that bear the identification code on the day.
    #[must_use]
    pub fn by_identifier_all(&self, identifier: &str, day: NaiveDate) -> Vec<OrgUnitId> {
        self.bearers(&self.identifiers, identifier, Some(day))
    }

    /// All units that ever bore the identification code.
    #[must_use]
    pub fn ever_by_identifier(&self, identifier: &str) -> Vec<OrgUnitId> {
        self.bearers(&self.identifiers, identifier, None)
    }

    /// The versions, of any time, that bear the code.
    pub fn versions_by_code(&self, code: &str) -> impl Iterator<Item = &UnitVersion> {
        self.bearing(&self.codes, code)
    }

    /// The versions, of any time, that bear the identification code.
    pub fn versions_by_identifier(&self, identifier: &str) -> impl Iterator<Item = &UnitVersion> {
        self.bearing(&self.identifiers, identifier)
    }

    fn bearing<'t>(
        &'t self,
        keys: &'t HashMap<String, Vec<usize>>,
        key: &str,
    ) -> impl Iterator<Item = &'t UnitVersion> + use<'t> {
        let positions = keys.get(key).into_iter().flatten();
        positions.filter_map(|position| self.versions.get(*position)).map(|version| &version.row)
    }

    fn bearers(
        &self,
        keys: &HashMap<String, Vec<usize>>,
        key: &str,
        day: Option<NaiveDate>,
    ) -> Vec<OrgUnitId> {
        let mut bearers = Vec::new();
        let positions = keys.get(key).into_iter().flatten();
        for version in positions.filter_map(|position| self.versions.get(*position)) {
            let holds =
                day.is_none_or(|day| self.on(version.unit, day).is_some_and(|on| std::ptr::eq(on, version)));
            if holds && !bearers.contains(&version.row.org_unit_id) {
                bearers.push(version.row.org_unit_id);
            }
        }
        bearers
    }
}

/// The one unit that was found; none where there are several, of which none is guessed.
pub(crate) fn only(found: &[OrgUnitId]) -> Option<OrgUnitId> {
    match found {
        [one] => Some(*one),
        _ => None,
    }
}
