//! The operations on focal points.

use crate::api::mount::Mount;

use super::model::{
    FocalPoint, FocalPointCreate, FocalPointFilter, FocalPointId, FocalPointPage, FocalPointPatch,
};
use super::store::{FocalPoints, focal_point_delete, focal_point_get, focal_point_list, focal_point_seen};
use crate::api::records::{insert, replace};
use crate::auth::permit::{Permit, Read, Tthc, Write};
use crate::{attachments, crud};

crud! {
    tag: "focal-points", what: "a focal point", many: "focal points",
    vi: "cán bộ, công chức đầu mối kiểm soát thủ tục hành chính",
    collection: "/api/v1/tthc/focal-points", record: "/api/v1/tthc/focal-points/{id}",
    id: FocalPointId, row: FocalPoint, page: FocalPointPage,
    create: FocalPointCreate, patch: FocalPointPatch, filter: FocalPointFilter,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    list: list_focal_points => focal_point_list, get: get_focal_point => focal_point_get,
    create_one: create_focal_point => insert::<FocalPoints>,
    replace: replace_focal_point => replace::<FocalPoints>, patch_one: patch_focal_point,
    delete: delete_focal_point => focal_point_delete,
    batch: "/api/v1/tthc/focal-points/batch", batch_focal_points => FocalPoints,
    import: "/api/v1/tthc/focal-points/import", import_focal_points, template: "/api/v1/tthc/focal-points/template", get_focal_point_template, sheet: "focal-points",
}

attachments! {
    tag: "focal-points", of: "a focal point", vi: "cán bộ, công chức đầu mối kiểm soát thủ tục hành chính",
    list_path: "/api/v1/tthc/focal-points/{id}/attachments",
    path: "/api/v1/tthc/focal-points/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/tthc/focal-points/{id}/attachments/{attachment_id}/content",
    owner: FocalPointAttachments, record_type: FocalPoint, table: "focal_points", id: FocalPointId,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    seen: focal_point_seen, changeable: focal_point_seen,
    list: list_focal_point_attachments, attach: create_focal_point_attachment,
    get: get_focal_point_attachment, content: get_focal_point_attachment_content,
    delete: delete_focal_point_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut Mount) {
    crud_routes(mount);
    attachment_routes(mount);
}
