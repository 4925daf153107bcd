//! The operations on successions.

use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{
    OrgUnitSuccession, OrgUnitSuccessionCreate, OrgUnitSuccessionFilter, OrgUnitSuccessionId,
    OrgUnitSuccessionPage, OrgUnitSuccessionPatch,
};
use super::store::{succession_get, succession_list};
use super::writes::{succession_delete, succession_insert, succession_replace};
use crate::auth::permit::{Organization, Permit, ReadReference, WriteReference};
use crate::crud;

/// Mounts the operations.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    crud_routes(cfg);
}

crud! {
    tag: "org-units", what: "a succession", many: "successions", vi: "quan hệ kế thừa",
    collection: "/api/v1/organization/successions", record: "/api/v1/organization/successions/{id}",
    id: OrgUnitSuccessionId, row: OrgUnitSuccession, page: OrgUnitSuccessionPage,
    create: OrgUnitSuccessionCreate, patch: OrgUnitSuccessionPatch, filter: OrgUnitSuccessionFilter,
    read: Permit<ReadReference, Organization>, write: Permit<WriteReference, Organization>,
    list: list_org_unit_successions => succession_list, get: get_org_unit_succession => succession_get,
    create_one: create_org_unit_succession => succession_insert,
    replace: replace_org_unit_succession => succession_replace, patch_one: patch_org_unit_succession,
    delete: delete_org_unit_succession => succession_delete,
    afterwards: units_changed,
}
