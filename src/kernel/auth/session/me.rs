//! One's own account (tài khoản của tôi).

use actix_web::web;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::mount::Mount;
use crate::audit::journal::ActorKind;
use crate::auth::accounts::OwnUnit;
use crate::auth::permission::{Domain, Role};
use crate::auth::permit::SignedIn;
use crate::auth::principal::GrantId;
use crate::operations;
use crate::state::App;
use crate::tree::{OrgTree, OrgUnitId};
use crate::unit_reference::label;
use crate::validity::OPEN_END;

/// One's own account (tài khoản của tôi).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000002", "kind": "user", "name": "xa.hiephung.2025",
    "org_unit_id": "0190a8c0-0000-7000-8000-000000000003", "org_unit_code": "31420",
    "org_unit_identifier": "H30.44", "org_unit_name": "Xã Phụng Hiệp", "must_change_password": false,
    "grants": [{"id": "0190a8c0-0000-7000-8000-000000000004", "role": "editor",
        "org_unit_id": "0190a8c0-0000-7000-8000-000000000003", "org_unit_code": "31420",
        "org_unit_identifier": "H30.44", "org_unit_name": "Xã Phụng Hiệp", "domains": ["tthc"], "scopes": [],
        "valid_from": "2026-01-01", "valid_to": null}],
    "scopes": ["tthc:read", "tthc:write"]
}))]
pub struct Me {
    /// Its id.
    pub id: String,
    /// A person or a system.
    pub kind: ActorKind,
    /// The name to sign in with (tên đăng nhập).
    pub name: String,
    /// The unit that employs the person or runs the system (đơn vị công tác).
    pub org_unit_id: Option<OrgUnitId>,
    /// Statistics code of the unit (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Identification code of the unit (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Name of the unit.
    pub org_unit_name: Option<String>,
    /// Whether nothing but a new password is allowed.
    pub must_change_password: bool,
    /// What the account has been granted (quyền được giao), past and future included.
    pub grants: Vec<MyGrant>,
    /// What this token allows.
    pub scopes: Vec<String>,
}

/// A grant of one's own account (quyền được giao cho tôi).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MyGrant {
    /// Its id.
    pub id: GrantId,
    /// The role (vai trò).
    pub role: Role,
    /// The unit over which it holds (phạm vi).
    pub org_unit_id: OrgUnitId,
    /// Statistics code of the unit (mã đơn vị hành chính).
    pub org_unit_code: Option<String>,
    /// Identification code of the unit (mã định danh).
    pub org_unit_identifier: Option<String>,
    /// Name of the unit.
    pub org_unit_name: String,
    /// The domains in which it holds (lĩnh vực); empty for all.
    pub domains: Vec<Domain>,
    /// Scope words: of a client what it may do, of an editor `file-for-children`.
    pub scopes: Vec<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// First day on which it no longer holds; null while it has no end.
    pub valid_to: Option<NaiveDate>,
}

impl Me {
    fn of(signed_in: &SignedIn, tree: &OrgTree, today: NaiveDate) -> Self {
        let principal = &signed_in.principal;
        let unit = OwnUnit::of(tree, principal.org_unit_id, today);
        let grants = principal.grants.iter().map(|grant| {
            let unit = label(tree, grant.org_unit_id, today);
            MyGrant {
                id: grant.id,
                role: grant.role,
                org_unit_id: unit.org_unit_id,
                org_unit_code: unit.org_unit_code,
                org_unit_identifier: unit.org_unit_identifier,
                org_unit_name: unit.org_unit_name,
                domains: grant.domains.clone(),
                scopes: grant.scopes.clone(),
                valid_from: grant.valid_from,
                valid_to: (grant.valid_to != OPEN_END).then_some(grant.valid_to),
            }
        });
        Self {
            id: principal.id.clone(),
            kind: principal.kind,
            name: principal.name.clone(),
            org_unit_id: principal.org_unit_id,
            org_unit_code: unit.code,
            org_unit_identifier: unit.identifier,
            org_unit_name: unit.name,
            must_change_password: principal.must_change_password,
            grants: grants.collect(),
            scopes: signed_in.claims.scope.split_whitespace().map(str::to_owned).collect(),
        }
    }
}

/// Mounts the operations.
pub(super) fn routes(mount: &mut impl Mount) {
    operations!(mount, get_me);
}

#[utoipa::path(
    get, path = "/api/v1/auth/me",
    operation_id = "get_me", tag = "auth", summary = "Get one's own account",
    description = "Who is signed in (tài khoản của tôi), with what has been granted and what this token allows.",
    responses((status = 200, description = "The account.", body = Me)),
)]
pub(super) async fn get_me(signed_in: SignedIn, app: App) -> web::Json<Me> {
    let today = signed_in.author.at().vietnam_day();
    web::Json(Me::of(&signed_in, app.units().tree(), today))
}
