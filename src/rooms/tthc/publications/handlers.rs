//! The operations on publications: the standard ones, what they do to the catalogue, and their counts.

use actix_web::web;

use super::application::publication_apply;
use super::bodies::{ProcedurePublicationCreate, ProcedurePublicationPatch};
use super::differences::difference_list;
use super::model::{
    ProcedurePublication, ProcedurePublicationCounts, ProcedurePublicationFilter, ProcedurePublicationId,
    ProcedurePublicationPage, PublicationApplication, PublicationDifferenceFilter, PublicationDifferencePage,
};
use super::store::{
    publication_changeable, publication_counts, publication_get, publication_list, publication_seen,
};
use super::writes::{ProcedurePublications, publication_delete};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::api::{IfMatch, ListQuery, Listed, Once, PageParams, Rendered, ValidPath, ValidQuery};
use kernel::auth::permit::{Permit, ReadReference, Tthc, WriteReference};
use kernel::db::{Weight, WriteTx};
use kernel::error::ApiError;
use kernel::state::App;
use kernel::{attachments, crud, operations};

crud! {
    tag: "procedure-publications", what: "a publication of procedures", many: "publications of procedures",
    vi: "quyết định công bố thủ tục hành chính",
    collection: "/api/v1/tthc/procedure-publications", record: "/api/v1/tthc/procedure-publications/{id}",
    id: ProcedurePublicationId, row: ProcedurePublication, page: ProcedurePublicationPage,
    create: ProcedurePublicationCreate, patch: ProcedurePublicationPatch, filter: ProcedurePublicationFilter,
    read: Permit<ReadReference, Tthc>, write: Permit<WriteReference, Tthc>,
    list: list_procedure_publications => publication_list, get: get_procedure_publication => publication_get,
    create_one: create_procedure_publication => insert::<ProcedurePublications>,
    replace: replace_procedure_publication => replace::<ProcedurePublications>,
    patch_one: patch_procedure_publication,
    delete: delete_procedure_publication => publication_delete,
    batch: "/api/v1/tthc/procedure-publications/batch", batch_procedure_publications => ProcedurePublications,
    import: "/api/v1/tthc/procedure-publications/import", import_procedure_publications, template: "/api/v1/tthc/procedure-publications/template", get_procedure_publication_template, sheet: "procedure-publications",
}

attachments! {
    tag: "procedure-publications", of: "a publication of procedures", vi: "quyết định công bố thủ tục hành chính",
    list_path: "/api/v1/tthc/procedure-publications/{id}/attachments",
    path: "/api/v1/tthc/procedure-publications/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/tthc/procedure-publications/{id}/attachments/{attachment_id}/content",
    owner: PublicationAttachments, record_type: ProcedurePublication, table: "procedure_publications", id: ProcedurePublicationId,
    read: Permit<ReadReference, Tthc>, write: Permit<WriteReference, Tthc>,
    seen: publication_seen, changeable: publication_changeable,
    list: list_procedure_publication_attachments, attach: create_procedure_publication_attachment,
    get: get_procedure_publication_attachment, content: get_procedure_publication_attachment_content,
    delete: delete_procedure_publication_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(
        mount,
        get_procedure_publication_counts,
        list_procedure_publication_differences,
        apply_procedure_publication
    );
    crud_routes(mount);
    attachment_routes(mount);
}

#[utoipa::path(
    get, path = "/api/v1/tthc/procedure-publications/counts",
    operation_id = "get_procedure_publication_counts", tag = "procedure-publications", summary = "Count publications and their procedures",
    description = "How many decisions a filter finds, and how many procedures they add, change, replace and repeal (số quyết định công bố, số thủ tục được công bố).",
    params(ProcedurePublicationFilter),
    responses((status = 200, description = "The counts.", body = ProcedurePublicationCounts)),
)]
async fn get_procedure_publication_counts(
    permit: Permit<ReadReference, Tthc>,
    query: ValidQuery<ProcedurePublicationFilter>,
    app: App,
) -> Result<web::Json<ProcedurePublicationCounts>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read_list(move |conn| publication_counts(conn, &scoped, &query.0)).await.map(web::Json)
}

#[utoipa::path(
    get, path = "/api/v1/tthc/procedure-publications/differences",
    operation_id = "list_procedure_publication_differences", tag = "procedure-publications", summary = "Find where catalogue and publications differ",
    description = "Where the catalogue and the decisions in effect on `as_of` do not say the same (sai lệch giữa danh mục và quyết định công bố): a procedure that was repealed and holds on, one that was added and is not in the catalogue, a version that names a decision which is not held.",
    params(PublicationDifferenceFilter, PageParams),
    responses((status = 200, description = "A page.", body = PublicationDifferencePage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_procedure_publication_differences(
    permit: Permit<ReadReference, Tthc>,
    query: ListQuery<PublicationDifferenceFilter>,
    app: App,
) -> Result<Listed<PublicationDifferencePage>, ApiError> {
    query.answer(permit.into_scoped(), &app, difference_list).await
}

#[utoipa::path(
    post, path = "/api/v1/tthc/procedure-publications/{id}/application",
    operation_id = "apply_procedure_publication", tag = "procedure-publications", summary = "Apply a publication to the catalogue",
    description = "Ends in the catalogue what a decision repeals or replaces, from its day of effect on (cập nhật danh mục theo quyết định). What it adds or changes is entered as versions of the procedures; where none begins on that day by this decision, the answer says so and nothing is guessed. Applied again it changes nothing more.",
    params(("id" = ProcedurePublicationId, Path, description = "Its id."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
    responses((status = 200, description = "What was done, and what still differs.", body = PublicationApplication)),
)]
async fn apply_procedure_publication(
    permit: Permit<WriteReference, Tthc>,
    id: ValidPath<ProcedurePublicationId>,
    if_match: Option<IfMatch>,
    once: Once,
    app: App,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let applied = move |tx: &mut WriteTx<'_>| publication_apply(tx, &scoped, id.0, if_match.as_ref());
    once.write(&app, author, Weight::Single, applied).await
}
