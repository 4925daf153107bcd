//! The operations on reviews.

use super::bodies::{ProcedureReviewCreate, ProcedureReviewPatch};
use super::model::{ProcedureReview, ProcedureReviewFilter, ProcedureReviewId, ProcedureReviewPage};
use super::store::{review_get, review_list, review_seen};
use super::writes::{ProcedureReviews, review_delete};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Permit, Read, Tthc, Write};
use kernel::{attachments, crud};

crud! {
    tag: "procedure-reviews", what: "a review of procedures", many: "reviews of procedures",
    vi: "rà soát, đơn giản hóa thủ tục hành chính",
    collection: "/api/v1/tthc/procedure-reviews", record: "/api/v1/tthc/procedure-reviews/{id}",
    id: ProcedureReviewId, row: ProcedureReview, page: ProcedureReviewPage,
    create: ProcedureReviewCreate, patch: ProcedureReviewPatch, filter: ProcedureReviewFilter,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    list: list_procedure_reviews => review_list, get: get_procedure_review => review_get,
    create_one: create_procedure_review => insert::<ProcedureReviews>,
    replace: replace_procedure_review => replace::<ProcedureReviews>, patch_one: patch_procedure_review,
    delete: delete_procedure_review => review_delete,
    batch: "/api/v1/tthc/procedure-reviews/batch", batch_procedure_reviews => ProcedureReviews,
    import: "/api/v1/tthc/procedure-reviews/import", import_procedure_reviews, template: "/api/v1/tthc/procedure-reviews/template", get_procedure_review_template, sheet: "procedure-reviews",
}

attachments! {
    tag: "procedure-reviews", of: "a review of procedures", vi: "rà soát, đơn giản hóa thủ tục hành chính",
    list_path: "/api/v1/tthc/procedure-reviews/{id}/attachments",
    path: "/api/v1/tthc/procedure-reviews/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/tthc/procedure-reviews/{id}/attachments/{attachment_id}/content",
    owner: ReviewAttachments, record_type: ProcedureReview, table: "procedure_reviews", id: ProcedureReviewId,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    seen: review_seen, changeable: review_seen,
    list: list_procedure_review_attachments, attach: create_procedure_review_attachment,
    get: get_procedure_review_attachment, content: get_procedure_review_attachment_content,
    delete: delete_procedure_review_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    attachment_routes(mount);
}
