//! The operations on successions.

use super::model::{
    OrgUnitSuccession, OrgUnitSuccessionCreate, OrgUnitSuccessionFilter, OrgUnitSuccessionId,
    OrgUnitSuccessionPage, OrgUnitSuccessionPatch,
};
use super::store::{succession_get, succession_list, succession_seen};
use super::writes::{OrgUnitSuccessions, succession_changeable, succession_delete};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Organization, Permit, ReadReference, WriteReference};
use kernel::{attachments, crud};

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    attachment_routes(mount);
}

crud! {
    tag: "org-units", what: "a succession", many: "successions", vi: "quan hệ kế thừa",
    collection: "/api/v1/organization/successions", record: "/api/v1/organization/successions/{id}",
    id: OrgUnitSuccessionId, row: OrgUnitSuccession, page: OrgUnitSuccessionPage,
    create: OrgUnitSuccessionCreate, patch: OrgUnitSuccessionPatch, filter: OrgUnitSuccessionFilter,
    read: Permit<ReadReference, Organization>, write: Permit<WriteReference, Organization>,
    list: list_org_unit_successions => succession_list, get: get_org_unit_succession => succession_get,
    create_one: create_org_unit_succession => insert::<OrgUnitSuccessions>,
    replace: replace_org_unit_succession => replace::<OrgUnitSuccessions>, patch_one: patch_org_unit_succession,
    delete: delete_org_unit_succession => succession_delete,
    batch: "/api/v1/organization/successions/batch", batch_org_unit_successions => OrgUnitSuccessions,
    import: "/api/v1/organization/successions/import", import_org_unit_successions, template: "/api/v1/organization/successions/template", get_org_unit_succession_template, sheet: "successions",
    afterwards: units_changed,
}

attachments! {
    tag: "org-units", of: "a succession", vi: "quan hệ kế thừa",
    list_path: "/api/v1/organization/successions/{id}/attachments",
    path: "/api/v1/organization/successions/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/organization/successions/{id}/attachments/{attachment_id}/content",
    owner: SuccessionAttachments, record_type: OrgUnitSuccession, table: "org_unit_successions", id: OrgUnitSuccessionId,
    read: Permit<ReadReference, Organization>, write: Permit<WriteReference, Organization>,
    seen: succession_seen, changeable: succession_changeable,
    list: list_org_unit_succession_attachments, attach: create_org_unit_succession_attachment, get: get_org_unit_succession_attachment,
    content: get_org_unit_succession_attachment_content, delete: delete_org_unit_succession_attachment,
}
