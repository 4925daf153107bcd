//! The operations on processing returns: the six standard ones, and the steps of their life.

use super::bodies::{ProcessingReturnCreate, ProcessingReturnPatch};
use super::model::{ProcessingReturn, ProcessingReturnFilter, ProcessingReturnId, ProcessingReturnPage};
use super::steps::{
    processing_return_accept, processing_return_delete, processing_return_send_back, processing_return_submit,
};
use super::store::{
    processing_return_changeable, processing_return_get, processing_return_list, processing_return_seen,
};
use super::writes::ProcessingReturns;
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::api::{IfMatch, Once, Rendered, Saved, ValidJson, ValidPath};
use kernel::auth::permit::{Permit, Read, Review, Tthc, Write};
use kernel::db::{Weight, WriteTx};
use kernel::error::ApiError;
use kernel::reporting::returns::SendBack;
use kernel::state::App;
use kernel::{attachments, crud, operations};

crud! {
    tag: "processing-returns", what: "a processing return", many: "processing returns",
    vi: "số liệu kết quả giải quyết TTHC",
    collection: "/api/v1/tthc/processing-returns", record: "/api/v1/tthc/processing-returns/{id}",
    id: ProcessingReturnId, row: ProcessingReturn, page: ProcessingReturnPage,
    create: ProcessingReturnCreate, patch: ProcessingReturnPatch, filter: ProcessingReturnFilter,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    list: list_processing_returns => processing_return_list,
    get: get_processing_return => processing_return_get,
    create_one: create_processing_return => insert::<ProcessingReturns>,
    replace: replace_processing_return => replace::<ProcessingReturns>,
    patch_one: patch_processing_return,
    delete: delete_processing_return => processing_return_delete,
    batch: "/api/v1/tthc/processing-returns/batch", batch_processing_returns => ProcessingReturns,
    import: "/api/v1/tthc/processing-returns/import", import_processing_returns, template: "/api/v1/tthc/processing-returns/template", get_processing_return_template, sheet: "processing-returns",
}

attachments! {
    tag: "processing-returns", of: "a processing return", vi: "số liệu kết quả giải quyết TTHC",
    list_path: "/api/v1/tthc/processing-returns/{id}/attachments",
    path: "/api/v1/tthc/processing-returns/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/tthc/processing-returns/{id}/attachments/{attachment_id}/content",
    owner: ReturnAttachments, record_type: ProcessingReturn, table: "processing_returns", id: ProcessingReturnId,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    seen: processing_return_seen, changeable: processing_return_changeable,
    list: list_processing_return_attachments, attach: create_processing_return_attachment, get: get_processing_return_attachment,
    content: get_processing_return_attachment_content, delete: delete_processing_return_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    attachment_routes(mount);
    operations!(mount, submit_processing_return, accept_processing_return, send_back_processing_return);
}

#[utoipa::path(
    post, path = "/api/v1/tthc/processing-returns/{id}/submission",
    operation_id = "submit_processing_return", tag = "processing-returns", summary = "Submit a processing return",
    description = "Hands a return in (gửi báo cáo): from now on it counts. Refused with the exact difference when the form does not balance.",
    params(("id" = ProcessingReturnId, Path, description = "Its id."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
    responses((status = 200, description = "It was submitted.", body = ProcessingReturn, headers(("ETag" = String, description = "Its version.")))),
)]
async fn submit_processing_return(
    permit: Permit<Write, Tthc>,
    id: ValidPath<ProcessingReturnId>,
    if_match: Option<IfMatch>,
    once: Once,
    app: App,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let submitted = move |tx: &mut WriteTx<'_>| {
        Ok(processing_return_submit(tx, &scoped, id.0, if_match.as_ref())?.map(Saved))
    };
    once.write(&app, author, Weight::Single, submitted).await
}

#[utoipa::path(
    post, path = "/api/v1/tthc/processing-returns/{id}/acceptance",
    operation_id = "accept_processing_return", tag = "processing-returns", summary = "Accept a processing return",
    description = "Takes a return of a unit below (tiếp nhận báo cáo). Nobody accepts what they last edited.",
    params(("id" = ProcessingReturnId, Path, description = "Its id."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
    responses((status = 200, description = "It was accepted.", body = ProcessingReturn, headers(("ETag" = String, description = "Its version.")))),
)]
async fn accept_processing_return(
    permit: Permit<Review, Tthc>,
    id: ValidPath<ProcessingReturnId>,
    if_match: Option<IfMatch>,
    once: Once,
    app: App,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let accepted = move |tx: &mut WriteTx<'_>| {
        Ok(processing_return_accept(tx, &scoped, id.0, if_match.as_ref())?.map(Saved))
    };
    once.write(&app, author, Weight::Single, accepted).await
}

#[utoipa::path(
    post, path = "/api/v1/tthc/processing-returns/{id}/send-back",
    operation_id = "send_back_processing_return", tag = "processing-returns", summary = "Send a processing return back",
    description = "Returns it to its editor with a reason (trả lại báo cáo): it no longer counts until it is submitted again.",
    params(("id" = ProcessingReturnId, Path, description = "Its id."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
    request_body = SendBack,
    responses((status = 200, description = "It was sent back.", body = ProcessingReturn, headers(("ETag" = String, description = "Its version.")))),
)]
async fn send_back_processing_return(
    permit: Permit<Review, Tthc>,
    id: ValidPath<ProcessingReturnId>,
    if_match: Option<IfMatch>,
    once: Once,
    app: App,
    body: ValidJson<SendBack>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let sent_back = move |tx: &mut WriteTx<'_>| {
        Ok(processing_return_send_back(tx, &scoped, id.0, if_match.as_ref(), body.0.reason)?.map(Saved))
    };
    once.write(&app, author, Weight::Single, sent_back).await
}
