//! The unit that an account belongs to: it employs the person (đơn vị công tác) or runs the system
//! (đơn vị quản lý). What the account may do, and where, is told by grants alone.

use chrono::NaiveDate;

use crate::api::Patch;
use crate::audit::journal::Entry;
use crate::auth::scope::{Scoped, home_province};
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::tree::{OrgTree, OrgUnitId};
use crate::unit_reference::{UnitLabel, UnitName, label};

/// The members of a body that name the unit which employs a person or runs a system.
type UnitMembers = (Option<OrgUnitId>, Option<String>, Option<String>);

/// What a patch makes of them: any of the three names the unit anew, `null` takes it away.
pub(super) fn unit_onto(
    id: Patch<OrgUnitId>,
    identifier: Patch<String>,
    code: Patch<String>,
    present: Option<OrgUnitId>,
) -> UnitMembers {
    if id.is_present() || identifier.is_present() || code.is_present() {
        (id.onto(None), identifier.onto(None), code.onto(None))
    } else {
        (present, None, None)
    }
}

/// The unit that a body names for an account, within reach. An account that belongs to no unit is
/// seen by administrators of the whole country only, so nobody else makes one.
pub(super) fn own_unit(
    scoped: &Scoped,
    name: UnitName<'_>,
    present: Option<OrgUnitId>,
) -> Result<Option<OrgUnitId>, ApiError> {
    let today = scoped.today();
    let unit = name.resolve_optional(scoped.tree(), today).map_err(ApiError::invalid)?;
    match unit {
        None if scoped.everything() => Ok(None),
        None => Err(ApiError::invalid(vec![Fault::new(
            "/org_unit_id",
            "required",
            Bilingual::new("Phải nêu đơn vị của tài khoản.", "The account's unit must be given."),
        )])),
        kept if kept == present => Ok(kept),
        // Ended units too: somebody must finish what began before.
        Some(unit) if scoped.reaches(unit) => Ok(Some(unit)),
        Some(_) => Err(ApiError::new(Problem::Forbidden)),
    }
}

/// How an answer names the unit of an account, which may have none.
pub(in crate::auth) struct OwnUnit {
    pub(in crate::auth) code: Option<String>,
    pub(in crate::auth) identifier: Option<String>,
    pub(in crate::auth) name: Option<String>,
}

impl OwnUnit {
    pub(in crate::auth) fn of(tree: &OrgTree, unit: Option<OrgUnitId>, day: NaiveDate) -> Self {
        let Some(unit) = unit else { return Self { code: None, identifier: None, name: None } };
        let UnitLabel { org_unit_code, org_unit_identifier, org_unit_name, .. } = label(tree, unit, day);
        Self { code: org_unit_code, identifier: org_unit_identifier, name: Some(org_unit_name) }
    }
}

/// Whether an account of this unit is within reach.
pub(super) fn sees(scoped: &Scoped, unit: Option<OrgUnitId>) -> bool {
    scoped.everything() || unit.is_some_and(|unit| scoped.reaches(unit))
}

/// The journal entry as one of this unit, if there is one.
pub(in crate::auth) fn of_unit(
    entry: Entry,
    tree: &OrgTree,
    today: NaiveDate,
    unit: Option<OrgUnitId>,
) -> Entry {
    match unit {
        Some(unit) => {
            entry.of_unit(unit, home_province(tree, unit, today).map(|province| province.to_string()))
        }
        None => entry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_names_the_unit_anew_or_takes_it_away() {
        let (old, new) = (OrgUnitId::new(), OrgUnitId::new());
        let onto = |id, code| unit_onto(id, Patch::Absent, code, Some(old));
        assert_eq!(onto(Patch::Absent, Patch::Absent), (Some(old), None, None));
        assert_eq!(onto(Patch::Value(new), Patch::Absent), (Some(new), None, None));
        assert_eq!(onto(Patch::Null, Patch::Absent), (None, None, None));
        assert_eq!(onto(Patch::Absent, Patch::Value("1".to_owned())), (None, None, Some("1".into())));
    }
}
