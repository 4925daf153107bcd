//! The operations on grants.

use super::model::{Grant, GrantCreate, GrantFilter, GrantPage, GrantPatch};
use super::store::{Grants, grant_delete, grant_get, grant_list};
use crate::api::mount::Mount;
use crate::api::records::{insert, replace};
use crate::auth::permit::{Administer, Organization, Permit};
use crate::auth::principal::GrantId;
use crate::crud;

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
}

crud! {
    tag: "accounts", what: "a grant", many: "grants", vi: "quyền được giao",
    collection: "/api/v1/admin/grants", record: "/api/v1/admin/grants/{id}",
    id: GrantId, row: Grant, page: GrantPage, create: GrantCreate, patch: GrantPatch, filter: GrantFilter,
    read: Permit<Administer, Organization>, write: Permit<Administer, Organization>,
    list: list_grants => grant_list, get: get_grant => grant_get,
    create_one: create_grant => insert::<Grants>,
    replace: replace_grant => replace::<Grants>, patch_one: patch_grant,
    delete: delete_grant => grant_delete,
    batch: "/api/v1/admin/grants/batch", batch_grants => Grants,
    import: "/api/v1/admin/grants/import", import_grants, template: "/api/v1/admin/grants/template", get_grant_template, sheet: "grants",
    afterwards: access_changed,
}
