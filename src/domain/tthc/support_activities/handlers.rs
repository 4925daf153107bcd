//! The operations on support activities.

use crate::api::mount::Mount;

use super::model::{
    SupportActivity, SupportActivityCreate, SupportActivityFilter, SupportActivityId, SupportActivityPage,
    SupportActivityPatch,
};
use super::store::{SupportActivities, activity_delete, activity_get, activity_list, activity_seen};
use crate::api::records::{insert, replace};
use crate::auth::permit::{Permit, Read, Tthc, Write};
use crate::{attachments, crud};

crud! {
    tag: "support-activities", what: "a support activity", many: "support activities",
    vi: "hoạt động hỗ trợ nộp hồ sơ trực tuyến, tuyên truyền",
    collection: "/api/v1/tthc/support-activities", record: "/api/v1/tthc/support-activities/{id}",
    id: SupportActivityId, row: SupportActivity, page: SupportActivityPage,
    create: SupportActivityCreate, patch: SupportActivityPatch, filter: SupportActivityFilter,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    list: list_support_activities => activity_list, get: get_support_activity => activity_get,
    create_one: create_support_activity => insert::<SupportActivities>,
    replace: replace_support_activity => replace::<SupportActivities>, patch_one: patch_support_activity,
    delete: delete_support_activity => activity_delete,
    batch: "/api/v1/tthc/support-activities/batch", batch_support_activities => SupportActivities,
    import: "/api/v1/tthc/support-activities/import", import_support_activities, template: "/api/v1/tthc/support-activities/template", get_support_activity_template, sheet: "support-activities",
}

attachments! {
    tag: "support-activities", of: "a support activity",
    vi: "hoạt động hỗ trợ nộp hồ sơ trực tuyến, tuyên truyền",
    list_path: "/api/v1/tthc/support-activities/{id}/attachments",
    path: "/api/v1/tthc/support-activities/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/tthc/support-activities/{id}/attachments/{attachment_id}/content",
    owner: SupportAttachments, record_type: SupportActivity, table: "support_activities", id: SupportActivityId,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    seen: activity_seen, changeable: activity_seen,
    list: list_support_activity_attachments, attach: create_support_activity_attachment,
    get: get_support_activity_attachment, content: get_support_activity_attachment_content,
    delete: delete_support_activity_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut Mount) {
    crud_routes(mount);
    attachment_routes(mount);
}
