//! The operations on acts of reorganization: the standard ones.

use super::model::{
    Reorganization, ReorganizationCreate, ReorganizationFilter, ReorganizationId, ReorganizationPage,
    ReorganizationPatch,
};
use super::store::{reorganization_get, reorganization_list, reorganization_seen};
use super::writes::{Reorganizations, reorganization_changeable, reorganization_delete};
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
    tag: "reorganizations", what: "an act of reorganization", many: "acts of reorganization",
    vi: "sắp xếp tổ chức bộ máy",
    collection: "/api/v1/organization/reorganizations", record: "/api/v1/organization/reorganizations/{id}",
    id: ReorganizationId, row: Reorganization, page: ReorganizationPage,
    create: ReorganizationCreate, patch: ReorganizationPatch, filter: ReorganizationFilter,
    read: Permit<ReadReference, Organization>, write: Permit<WriteReference, Organization>,
    list: list_reorganizations => reorganization_list, get: get_reorganization => reorganization_get,
    create_one: create_reorganization => insert::<Reorganizations>,
    replace: replace_reorganization => replace::<Reorganizations>, patch_one: patch_reorganization,
    delete: delete_reorganization => reorganization_delete,
    batch: "/api/v1/organization/reorganizations/batch", batch_reorganizations => Reorganizations,
    import: "/api/v1/organization/reorganizations/import", import_reorganizations, template: "/api/v1/organization/reorganizations/template", get_reorganization_template, sheet: "reorganizations",
    afterwards: units_changed,
}

attachments! {
    tag: "reorganizations", of: "an act of reorganization", vi: "sắp xếp tổ chức bộ máy",
    list_path: "/api/v1/organization/reorganizations/{id}/attachments",
    path: "/api/v1/organization/reorganizations/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/organization/reorganizations/{id}/attachments/{attachment_id}/content",
    owner: ReorganizationAttachments, record_type: Reorganization, table: "reorganizations", id: ReorganizationId,
    read: Permit<ReadReference, Organization>, write: Permit<WriteReference, Organization>,
    seen: reorganization_seen, changeable: reorganization_changeable,
    list: list_reorganization_attachments, attach: create_reorganization_attachment,
    get: get_reorganization_attachment, content: get_reorganization_attachment_content,
    delete: delete_reorganization_attachment,
}
