//! The operations on procedures.

use actix_web::{Either, HttpResponse, web};

use super::bodies::{ProcedureCreate, ProcedurePatch};
use super::due_dates::{DueDate, DueDateParams, due_date};
use super::model::{
    NearDuplicateParams, Procedure, ProcedureAsOf, ProcedureFilter, ProcedureId, ProcedureNearDuplicates,
    ProcedurePage, ProcedurePair,
};
use super::near_duplicates::{Pair, pairs};
use super::store::{
    procedure_changeable, procedure_get, procedure_list, procedure_names, procedure_seen,
    procedure_versions_list,
};
use super::writes::{Procedures, procedure_change, procedure_correct, procedure_delete};
use kernel::api::batch::{Batch, BatchParams, BatchReport, write_batch};
use kernel::api::idempotency::{Answer, Asked};
use kernel::api::mount::Mount;
use kernel::api::records::insert;
use kernel::api::sheet::apart;
use kernel::api::sheet::import::{ImportParams, ImportReport, SheetFile, import_sheet, import_template};
use kernel::api::{
    Created, Deleted, Found, IfMatch, ListQuery, Listed, MergePatch, Once, PageParams, Paged, Rendered,
    Saved, ValidJson, ValidPath, ValidQuery,
};
use kernel::auth::permit::{Permit, ReadReference, Tthc, WriteReference};
use kernel::db::{Weight, WriteTx};
use kernel::error::ApiError;
use kernel::state::App;
use kernel::{attachments, operations};

attachments! {
    tag: "procedures", of: "a procedure", vi: "thủ tục hành chính",
    list_path: "/api/v1/tthc/procedures/{id}/attachments",
    path: "/api/v1/tthc/procedures/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/tthc/procedures/{id}/attachments/{attachment_id}/content",
    owner: ProcedureAttachments, record_type: Procedure, table: "procedures", id: ProcedureId,
    read: Permit<ReadReference, Tthc>, write: Permit<WriteReference, Tthc>,
    seen: procedure_seen, changeable: procedure_changeable,
    list: list_procedure_attachments, attach: create_procedure_attachment, get: get_procedure_attachment,
    content: get_procedure_attachment_content, delete: delete_procedure_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    attachment_routes(mount);
    operations!(
        mount,
        list_procedures,
        create_procedure,
        batch_procedures,
        import_procedures,
        get_procedure_template,
        list_near_duplicate_procedures,
        get_procedure,
        replace_procedure,
        patch_procedure,
        delete_procedure,
        list_procedure_versions,
        create_procedure_version,
        get_procedure_due_date
    );
}

#[utoipa::path(
    get, path = "/api/v1/tthc/procedures",
    operation_id = "list_procedures", tag = "procedures", summary = "List procedures",
    description = "A page of procedures (thủ tục hành chính), each in the version that speaks for `as_of`, today when not given: in force that day, or what was last known of one that has ended; `status` tells.",
    params(ProcedureFilter, PageParams),
    responses((status = 200, description = "A page.", body = ProcedurePage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_procedures(
    permit: Permit<ReadReference, Tthc>,
    query: ListQuery<ProcedureFilter>,
    app: App,
) -> Result<Listed<ProcedurePage>, ApiError> {
    query.answer(permit.into_scoped(), &app, procedure_list).await
}

#[utoipa::path(
    post, path = "/api/v1/tthc/procedures",
    operation_id = "create_procedure", tag = "procedures", summary = "Create a procedure",
    description = "Makes a procedure (thủ tục hành chính) with its first version.",
    request_body = ProcedureCreate,
    responses((status = 201, description = "It was made.", body = Procedure, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
)]
async fn create_procedure(
    permit: Permit<WriteReference, Tthc>,
    once: Once,
    app: App,
    body: ValidJson<ProcedureCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let made = move |tx: &mut WriteTx<'_>| Ok(insert::<Procedures>(tx, &scoped, body.0)?.map(Created));
    once.write(&app, author, Weight::Single, made).await
}

#[utoipa::path(
    post, path = "/api/v1/tthc/procedures/batch",
    operation_id = "batch_procedures", tag = "procedures", summary = "Write many procedures",
    description = "Makes up to 10,000 procedures (thủ tục hành chính): a JSON array, or one record a line. With `on_conflict=update` a line whose code is known states what holds from its `valid_from` on: it corrects the version that begins on that day, or changes the procedure from that day on; without `valid_from` it corrects what holds today. A line may also carry `if_version` or `source_updated_at`; one that is older than what is held is answered `stale` and not written.",
    params(BatchParams),
    request_body(content((Vec<ProcedureCreate> = "application/json"), (String = "application/x-ndjson"))),
    responses((status = 200, description = "What became of each line.", body = BatchReport)),
)]
async fn batch_procedures(
    permit: Permit<WriteReference, Tthc>,
    once: Once,
    query: ValidQuery<BatchParams>,
    app: App,
    batch: Batch<ProcedureCreate>,
) -> Result<Rendered, ApiError> {
    write_batch::<Procedures>(&app, once, permit.into_scoped(), query.0, batch).await
}

#[utoipa::path(
    post, path = "/api/v1/tthc/procedures/import",
    operation_id = "import_procedures", tag = "procedures", summary = "Import procedures",
    description = "Makes up to 10,000 procedures (thủ tục hành chính) from a spreadsheet or CSV file that follows the template, or replaces those that have their natural key. With `dry_run=true` nothing is written. What is wrong is told by row and cell; with `Accept` of a spreadsheet it is marked in a copy of the file.",
    params(ImportParams),
    request_body(content((String = "text/csv"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, description = "What became of each row; where rows were refused and a spreadsheet is asked for, a copy of the file that marks them.", content((
        ImportReport = "application/json"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))),
)]
async fn import_procedures(
    permit: Permit<WriteReference, Tthc>,
    once: Once,
    query: ValidQuery<ImportParams>,
    app: App,
    file: SheetFile,
) -> Result<Either<Rendered, HttpResponse>, ApiError> {
    import_sheet::<Procedures>(&app, once, permit.into_scoped(), query.0, file, "procedures").await
}

#[utoipa::path(
    get, path = "/api/v1/tthc/procedures/template",
    operation_id = "get_procedure_template", tag = "procedures", summary = "Get the template of procedures",
    description = "A spreadsheet to fill in and import: procedures (thủ tục hành chính), with notes, drop-downs and a guide.",
    responses((status = 200, description = "The template.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = String)),
)]
async fn get_procedure_template(
    permit: Permit<ReadReference, Tthc>,
    app: App,
) -> Result<HttpResponse, ApiError> {
    import_template::<Procedures>(&app, permit.into_scoped(), "procedures").await
}

#[utoipa::path(
    get, path = "/api/v1/tthc/procedures/near-duplicates",
    operation_id = "list_near_duplicate_procedures", tag = "procedures", summary = "Find procedures with nearly the same name",
    description = "Pairs of procedures in force on `as_of` whose names share most of their words (thủ tục có tên gần trùng nhau): often one procedure under two codes.",
    params(NearDuplicateParams),
    responses((status = 200, description = "The pairs, the most alike first.", body = ProcedureNearDuplicates)),
)]
async fn list_near_duplicate_procedures(
    permit: Permit<ReadReference, Tthc>,
    query: ValidQuery<NearDuplicateParams>,
    app: App,
) -> Result<web::Json<ProcedureNearDuplicates>, ApiError> {
    let scoped = permit.into_scoped();
    let NearDuplicateParams { as_of, min_similarity_percent } = query.0;
    let procedures = app.db.read_list(move |conn| procedure_names(conn, &scoped, as_of)).await?;
    let found = apart(move || {
        let names: Vec<&str> = procedures.iter().map(|procedure| procedure.name.as_str()).collect();
        let found = pairs(&names, min_similarity_percent.unwrap_or(80));
        let total = found.len();
        let named = |Pair { similarity_percent, first, second }: Pair| {
            let (first, second) = (procedures.get(first)?.clone(), procedures.get(second)?.clone());
            Some(ProcedurePair { similarity_percent, first, second })
        };
        Ok(ProcedureNearDuplicates { items: found.into_iter().take(500).filter_map(named).collect(), total })
    });
    found.await.map(web::Json)
}

#[utoipa::path(
    get, path = "/api/v1/tthc/procedures/{id}",
    operation_id = "get_procedure", tag = "procedures", summary = "Get a procedure",
    description = "One procedure (thủ tục hành chính) in the version that speaks for `as_of`, today when not given.",
    params(("id" = ProcedureId, Path, description = "Its id."), ProcedureAsOf, ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
    responses((status = 200, description = "The procedure.", body = Procedure, headers(("ETag" = String, description = "Its version and what speaks for the day."))), (status = 304, description = "It has not changed.")),
)]
async fn get_procedure(
    permit: Permit<ReadReference, Tthc>,
    id: ValidPath<ProcedureId>,
    query: ValidQuery<ProcedureAsOf>,
    app: App,
) -> Result<Found<Procedure>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| procedure_get(conn, &scoped, id.0, query.0.as_of)).await.map(Found)
}

#[utoipa::path(
    put, path = "/api/v1/tthc/procedures/{id}",
    operation_id = "replace_procedure", tag = "procedures", summary = "Correct a procedure as a whole",
    description = "Replaces the version of a procedure (thủ tục hành chính) that speaks for `as_of`, today when not given. What really changed on a day is a new version, not a correction.",
    params(("id" = ProcedureId, Path, description = "Its id."), ProcedureAsOf, ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body = ProcedureCreate,
    responses((status = 200, description = "It was corrected.", body = Procedure, headers(("ETag" = String, description = "Its version.")))),
)]
async fn replace_procedure(
    permit: Permit<WriteReference, Tthc>,
    id: ValidPath<ProcedureId>,
    query: ValidQuery<ProcedureAsOf>,
    if_match: IfMatch,
    app: App,
    body: ValidJson<ProcedureCreate>,
) -> Result<Saved<Procedure>, ApiError> {
    let scoped = permit.into_scoped();
    let target = (id.0, query.0.as_of);
    let corrected = app.db.write(scoped.author(), move |tx| {
        procedure_correct(tx, &scoped, target, &if_match, |_, _| Ok(body.0))
    });
    corrected.await.map(Saved)
}

#[utoipa::path(
    patch, path = "/api/v1/tthc/procedures/{id}",
    operation_id = "patch_procedure", tag = "procedures", summary = "Correct a procedure",
    description = "Corrects single members of the version of a procedure (thủ tục hành chính) that speaks for `as_of`, after RFC 7396; today when not given. `valid_to` ends the procedure, or with null lets it go on.",
    params(("id" = ProcedureId, Path, description = "Its id."), ProcedureAsOf, ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body(content = ProcedurePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "It was corrected.", body = Procedure, headers(("ETag" = String, description = "Its version.")))),
)]
async fn patch_procedure(
    permit: Permit<WriteReference, Tthc>,
    id: ValidPath<ProcedureId>,
    query: ValidQuery<ProcedureAsOf>,
    if_match: IfMatch,
    app: App,
    body: MergePatch<ProcedurePatch>,
) -> Result<Saved<Procedure>, ApiError> {
    let scoped = permit.into_scoped();
    let target = (id.0, query.0.as_of);
    let corrected = app.db.write(scoped.author(), move |tx| {
        procedure_correct(tx, &scoped, target, &if_match, |code, present| body.0.onto(code, present))
    });
    corrected.await.map(Saved)
}

#[utoipa::path(
    delete, path = "/api/v1/tthc/procedures/{id}",
    operation_id = "delete_procedure", tag = "procedures", summary = "Delete a procedure",
    description = "Deletes a procedure (thủ tục hành chính) that was entered by mistake. One that is repealed is not deleted but gets the day on which it ends.",
    params(("id" = ProcedureId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    responses((status = 204, description = "It was deleted.")),
)]
async fn delete_procedure(
    permit: Permit<WriteReference, Tthc>,
    id: ValidPath<ProcedureId>,
    if_match: IfMatch,
    app: App,
) -> Result<Deleted, ApiError> {
    let scoped = permit.into_scoped();
    app.db.write(scoped.author(), move |tx| procedure_delete(tx, &scoped, id.0, &if_match)).await?;
    Ok(Deleted)
}

#[utoipa::path(
    get, path = "/api/v1/tthc/procedures/{id}/versions",
    operation_id = "list_procedure_versions", tag = "procedures", summary = "List the versions of a procedure",
    description = "All versions of a procedure (các phiên bản của thủ tục), the oldest first, on one page.",
    params(("id" = ProcedureId, Path, description = "The procedure.")),
    responses((status = 200, description = "All of them.", body = ProcedurePage)),
)]
async fn list_procedure_versions(
    permit: Permit<ReadReference, Tthc>,
    id: ValidPath<ProcedureId>,
    app: App,
) -> Result<Paged<ProcedurePage>, ApiError> {
    let scoped = permit.into_scoped();
    let items = app.db.read(move |conn| procedure_versions_list(conn, &scoped, id.0)).await?;
    Ok(Paged(ProcedurePage { items, next_cursor: None, total: None }))
}

#[utoipa::path(
    post, path = "/api/v1/tthc/procedures/{id}/versions",
    operation_id = "create_procedure_version", tag = "procedures", summary = "Change a procedure from a day on",
    description = "Makes a new version of a procedure (thủ tục hành chính) that holds from `valid_from` on; the version in force that day ends on it. Dossiers received before keep the version they were received under.",
    params(("id" = ProcedureId, Path, description = "The procedure.")),
    request_body = ProcedureCreate,
    responses((status = 201, description = "It was made.", body = Procedure, headers(("Location" = String, description = "Where the procedure is read on that day."), ("ETag" = String, description = "Its version.")))),
)]
async fn create_procedure_version(
    permit: Permit<WriteReference, Tthc>,
    id: ValidPath<ProcedureId>,
    once: Once,
    app: App,
    body: ValidJson<ProcedureCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let made = move |tx: &mut WriteTx<'_>| Ok(procedure_change(tx, &scoped, id.0, body.0)?.map(NewVersion));
    once.write(&app, author, Weight::Single, made).await
}

/// A new version: 201 with the place at which the procedure is read on that day.
#[derive(Debug)]
struct NewVersion(Procedure);

impl Answer for NewVersion {
    fn render(&self, asked: &Asked) -> Result<Rendered, ApiError> {
        let day = self.0.valid_from.map(|day| format!("?as_of={day}")).unwrap_or_default();
        Rendered::created(&self.0, format!("{}{day}", asked.path().trim_end_matches("/versions")), asked)
    }
}

#[utoipa::path(
    get, path = "/api/v1/tthc/procedures/{id}/due-date",
    operation_id = "get_procedure_due_date", tag = "procedures", summary = "Compute a due day",
    description = "When a dossier of this procedure that is received at a moment is due (ngày hẹn trả kết quả), by the version in force that day, explained day by day. Counting starts on the working day after receipt; hours run inside office hours; days of the calendar that end on a day of rest end on the next working day. Where the law sets no deadline or none is known, `due_on` is null.",
    params(("id" = ProcedureId, Path, description = "The procedure."), DueDateParams),
    responses((status = 200, description = "The due day.", body = DueDate)),
)]
async fn get_procedure_due_date(
    permit: Permit<ReadReference, Tthc>,
    id: ValidPath<ProcedureId>,
    query: ValidQuery<DueDateParams>,
    app: App,
) -> Result<web::Json<DueDate>, ApiError> {
    let scoped = permit.into_scoped();
    let office = app.config.office_hours.0.clone();
    app.db.read(move |conn| due_date(conn, &scoped, id.0, query.0, &office)).await.map(web::Json)
}
