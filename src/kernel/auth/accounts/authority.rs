//! Who may change which account, and give or take which grant.

use chrono::NaiveDate;

use crate::auth::permission::{Action, Domain, Role};
use crate::auth::principal::HeldGrant;
use crate::auth::scope::Scoped;
use crate::db::WriteTx;
use crate::error::{ApiError, Problem};
use crate::tree::{OrgTree, OrgUnitId};

/// What matters of a grant when someone gives, changes or takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenGrant {
    /// The role.
    pub role: Role,
    /// The unit over which it holds.
    pub org_unit_id: OrgUnitId,
    /// The domains in which it holds; empty for all.
    pub domains: Vec<Domain>,
    /// First day on which it no longer holds.
    pub valid_to: NaiveDate,
}

/// Whether an administrator who holds these grants may give this one, or change an account that has
/// it: one single grant of theirs must reach its unit and all its domains. Nobody makes an
/// administrator who would outlast them.
#[must_use]
pub fn may_give(tree: &OrgTree, held: &[HeldGrant], today: NaiveDate, given: &GivenGrant) -> bool {
    held.iter().any(|own| {
        let administers =
            own.role == Role::Admin && own.allows(Action::Administer, Domain::Organization, today);
        let in_domains = own.domains.is_empty()
            || (!given.domains.is_empty() && given.domains.iter().all(|domain| own.domains.contains(domain)));
        let in_time = given.role != Role::Admin || given.valid_to <= own.valid_to;
        administers
            && in_domains
            && in_time
            && tree.reach(own.org_unit_id, today).records.contains(given.org_unit_id)
    })
}

/// Lets the request go on when the actor may change an account that has these grants; ended ones do not
/// count.
pub(super) fn must_rule(scoped: &Scoped, mut grants: Vec<GivenGrant>) -> Result<(), ApiError> {
    grants.retain(|given| given.valid_to > scoped.today());
    must_give(scoped, &grants)
}

/// Lets the request go on when the actor may give all these grants.
pub(super) fn must_give(scoped: &Scoped, grants: &[GivenGrant]) -> Result<(), ApiError> {
    let Some(principal) = scoped.principal() else { return Ok(()) };
    let today = scoped.today();
    let within = |given: &GivenGrant| may_give(scoped.tree(), &principal.grants, today, given);
    if grants.iter().all(within) {
        return Ok(());
    }
    Err(ApiError::detailed(
        Problem::Forbidden,
        "Quyền này vượt quá phạm vi, lĩnh vực hoặc thời hạn mà quản trị viên được giao.",
        "This goes beyond the units, domains or time of your own administration.",
    ))
}

/// 409 for an act by which administrators would shut themselves out.
pub(super) fn not_oneself(tx: &WriteTx<'_>, id: &str) -> Result<(), ApiError> {
    if tx.author().id() != id {
        return Ok(());
    }
    Err(ApiError::detailed(
        Problem::WrongState,
        "Không ai tự xóa hoặc tự ngừng tài khoản của chính mình; hãy nhờ một quản trị viên khác.",
        "Nobody deletes or deactivates the account that they use; ask another administrator.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::principal::GrantId;
    use crate::tree::{UnitKind, UnitVersion};
    use crate::validity::OPEN_END;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    const TODAY: &str = "2026-01-01";

    struct Country {
        tree: OrgTree,
        root: OrgUnitId,
        province: OrgUnitId,
        other: OrgUnitId,
        commune: OrgUnitId,
        old_commune: OrgUnitId,
    }

    fn country() -> Country {
        let [root, province, other, commune, old_commune] = std::array::from_fn(|_| OrgUnitId::new());
        let version = |unit, kind, parent_id, to: Option<&str>| UnitVersion {
            org_unit_id: unit,
            code: None,
            identifier: None,
            name: "unit".into(),
            full_name: "unit".into(),
            kind,
            unit_class: None,
            parent_id,
            valid_from: None,
            valid_to: to.map(day),
        };
        let tree = OrgTree::new(
            vec![
                version(root, UnitKind::Country, None, None),
                version(province, UnitKind::Province, Some(root), None),
                version(other, UnitKind::Province, Some(root), None),
                version(commune, UnitKind::Commune, Some(province), None),
                version(old_commune, UnitKind::Commune, Some(province), Some("2025-07-01")),
            ],
            Vec::new(),
        );
        Country { tree, root, province, other, commune, old_commune }
    }

    fn held(role: Role, unit: OrgUnitId, domains: &[Domain], to: &str) -> HeldGrant {
        HeldGrant {
            id: GrantId::new(),
            role,
            org_unit_id: unit,
            domains: domains.to_vec(),
            scopes: Vec::new(),
            valid_from: day("2020-01-01"),
            valid_to: if to.is_empty() { OPEN_END } else { day(to) },
        }
    }

    fn given(role: Role, unit: OrgUnitId, domains: &[Domain]) -> GivenGrant {
        GivenGrant { role, org_unit_id: unit, domains: domains.to_vec(), valid_to: OPEN_END }
    }

    #[test]
    fn an_administrator_gives_only_within_reach() {
        let c = country();
        let may = |own: &[HeldGrant], unit| {
            Role::ALL.iter().all(|role| may_give(&c.tree, own, day(TODAY), &given(*role, unit, &[])))
        };
        let never = |own: &[HeldGrant], unit| {
            !Role::ALL.iter().any(|role| may_give(&c.tree, own, day(TODAY), &given(*role, unit, &[])))
        };
        let of_province = [held(Role::Admin, c.province, &[], "")];
        for unit in [c.province, c.commune, c.old_commune] {
            assert!(may(&of_province, unit));
        }
        for unit in [c.root, c.other, OrgUnitId::new()] {
            assert!(never(&of_province, unit));
        }
        let of_commune = [held(Role::Admin, c.commune, &[], "")];
        assert!(may(&of_commune, c.commune) && never(&of_commune, c.province));
        let of_country = [held(Role::Admin, c.root, &[], "")];
        assert!([c.root, c.province, c.other, c.commune].into_iter().all(|unit| may(&of_country, unit)));
    }

    #[test]
    fn nobody_else_gives_anything() {
        let c = country();
        for role in Role::ALL.iter().filter(|role| **role != Role::Admin) {
            let own = [held(*role, c.root, &[], "")];
            assert!(!may_give(&c.tree, &own, day(TODAY), &given(Role::Editor, c.commune, &[])), "{role}");
        }
        let ended = [held(Role::Admin, c.root, &[], TODAY)];
        assert!(!may_give(&c.tree, &ended, day(TODAY), &given(Role::Editor, c.commune, &[])));
        assert!(!may_give(&c.tree, &[], day(TODAY), &given(Role::Editor, c.commune, &[])));
    }

    #[test]
    fn an_administrator_of_some_domains_gives_no_others() {
        let c = country();
        let own = [held(Role::Admin, c.province, &[Domain::Tthc, Domain::Steering], "")];
        let may = |domains: &[Domain]| {
            may_give(&c.tree, &own, day(TODAY), &given(Role::Editor, c.commune, domains))
        };
        assert!(may(&[Domain::Tthc]) && may(&[Domain::Steering, Domain::Tthc]));
        assert!(!may(&[]), "no domain named means all of them");
        assert!(!may(&[Domain::Tthc, Domain::CivilService]));
    }

    #[test]
    fn two_grants_never_add_up_to_a_third() {
        let c = country();
        let own = [
            held(Role::Admin, c.province, &[Domain::Tthc], ""),
            held(Role::Admin, c.other, &[Domain::CivilService], ""),
        ];
        let may = |unit, domain| may_give(&c.tree, &own, day(TODAY), &given(Role::Editor, unit, &[domain]));
        assert!(may(c.province, Domain::Tthc) && may(c.other, Domain::CivilService));
        assert!(!may(c.other, Domain::Tthc) && !may(c.province, Domain::CivilService));
    }

    #[test]
    fn nobody_makes_an_administrator_who_would_outlast_them() {
        let c = country();
        let own = [held(Role::Admin, c.province, &[], "2027-01-01")];
        let may = |role, to: &str| {
            let grant = GivenGrant { valid_to: day(to), ..given(role, c.commune, &[]) };
            may_give(&c.tree, &own, day(TODAY), &grant)
        };
        assert!(may(Role::Admin, "2027-01-01") && !may(Role::Admin, "2027-01-02"));
        assert!(may(Role::Editor, "9999-12-31"));
    }
}
