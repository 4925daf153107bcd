//! The operations on postings: the standard ones, and what they cover.

use actix_web::web;

use super::coverage::model::{MissingPostingPage, PostingCoverage, PostingCoverageFilter};
use super::coverage::{missing_list, posting_coverage};
use super::model::{
    ProcedurePosting, ProcedurePostingCreate, ProcedurePostingFilter, ProcedurePostingId,
    ProcedurePostingPage, ProcedurePostingPatch,
};
use super::store::{ProcedurePostings, posting_delete, posting_get, posting_list, posting_seen};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::api::{ListQuery, Listed, PageParams, ValidQuery};
use kernel::auth::permit::{Permit, Read, Tthc, Write};
use kernel::error::ApiError;
use kernel::state::App;
use kernel::{attachments, crud, operations};

crud! {
    tag: "procedure-postings", what: "a posting of a procedure", many: "postings of procedures",
    vi: "niêm yết thủ tục hành chính",
    collection: "/api/v1/tthc/procedure-postings", record: "/api/v1/tthc/procedure-postings/{id}",
    id: ProcedurePostingId, row: ProcedurePosting, page: ProcedurePostingPage,
    create: ProcedurePostingCreate, patch: ProcedurePostingPatch, filter: ProcedurePostingFilter,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    list: list_procedure_postings => posting_list, get: get_procedure_posting => posting_get,
    create_one: create_procedure_posting => insert::<ProcedurePostings>,
    replace: replace_procedure_posting => replace::<ProcedurePostings>, patch_one: patch_procedure_posting,
    delete: delete_procedure_posting => posting_delete,
    batch: "/api/v1/tthc/procedure-postings/batch", batch_procedure_postings => ProcedurePostings,
    import: "/api/v1/tthc/procedure-postings/import", import_procedure_postings, template: "/api/v1/tthc/procedure-postings/template", get_procedure_posting_template, sheet: "procedure-postings",
}

attachments! {
    tag: "procedure-postings", of: "a posting of a procedure", vi: "niêm yết thủ tục hành chính",
    list_path: "/api/v1/tthc/procedure-postings/{id}/attachments",
    path: "/api/v1/tthc/procedure-postings/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/tthc/procedure-postings/{id}/attachments/{attachment_id}/content",
    owner: PostingAttachments, record_type: ProcedurePosting, table: "procedure_postings", id: ProcedurePostingId,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    seen: posting_seen, changeable: posting_seen,
    list: list_procedure_posting_attachments, attach: create_procedure_posting_attachment,
    get: get_procedure_posting_attachment, content: get_procedure_posting_attachment_content,
    delete: delete_procedure_posting_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, get_procedure_posting_coverage, list_missing_procedure_postings);
    crud_routes(mount);
    attachment_routes(mount);
}

#[utoipa::path(
    get, path = "/api/v1/tthc/procedure-postings/coverage",
    operation_id = "get_procedure_posting_coverage", tag = "procedure-postings", summary = "Get what units post of what they must",
    description = "How many of the procedures of a unit's level in force on `as_of` the unit shows (số thủ tục đã niêm yết trên tổng số), by service level, and how many it still shows that have ended; with `scope` also of the units below, each procedure for each unit.",
    params(PostingCoverageFilter),
    responses((status = 200, description = "The coverage.", body = PostingCoverage)),
)]
async fn get_procedure_posting_coverage(
    permit: Permit<Read, Tthc>,
    query: ValidQuery<PostingCoverageFilter>,
    app: App,
) -> Result<web::Json<PostingCoverage>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read_list(move |conn| posting_coverage(conn, &scoped, &query.0)).await.map(web::Json)
}

#[utoipa::path(
    get, path = "/api/v1/tthc/procedure-postings/missing",
    operation_id = "list_missing_procedure_postings", tag = "procedure-postings", summary = "List procedures that units do not post",
    description = "The procedures of a unit's level in force on `as_of` that the unit does not show (thủ tục chưa niêm yết), by code; with `scope` those of the units below too, a row for each unit.",
    params(PostingCoverageFilter, PageParams),
    responses((status = 200, description = "A page.", body = MissingPostingPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_missing_procedure_postings(
    permit: Permit<Read, Tthc>,
    query: ListQuery<PostingCoverageFilter>,
    app: App,
) -> Result<Listed<MissingPostingPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, missing_list).await
}
