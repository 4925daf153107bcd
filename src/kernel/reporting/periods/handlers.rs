//! The operations on periods, as [`crud!`](crate::crud) writes them for other resources.

use actix_web::{Either, HttpResponse};

use super::model::{Period, PeriodCreate, PeriodFilter, PeriodId, PeriodPage, PeriodPatch};
use super::store::{period_get, period_list};
use super::writes::{Periods, period_delete};
use crate::api::batch::{Batch, BatchParams, BatchReport, write_batch};
use crate::api::mount::Mount;
use crate::api::records::{insert, replace};
use crate::api::sheet::import::{ImportParams, ImportReport, SheetFile, import_sheet, import_template};
use crate::api::{
    Created, Deleted, Found, IfMatch, ListQuery, Listed, MergePatch, Once, PageParams, Rendered, Saved,
    ValidJson, ValidPath, ValidQuery,
};
use crate::auth::permit::{Permit, ReadReference, Reporting, WriteReference};
use crate::db::{Weight, WriteTx};
use crate::error::ApiError;
use crate::operations;
use crate::state::App;

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(
        mount,
        list_periods,
        create_period,
        batch_periods,
        import_periods,
        get_period_template,
        get_period,
        replace_period,
        patch_period,
        delete_period
    );
}

#[utoipa::path(
    get, path = "/api/v1/reporting/periods",
    operation_id = "list_periods", tag = "periods", summary = "List reporting periods",
    description = "A page of reporting periods (kỳ báo cáo).",
    params(PeriodFilter, PageParams),
    responses((status = 200, description = "A page.", body = PeriodPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_periods(
    permit: Permit<ReadReference, Reporting>,
    query: ListQuery<PeriodFilter>,
    app: App,
) -> Result<Listed<PeriodPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, period_list).await
}

#[utoipa::path(
    post, path = "/api/v1/reporting/periods",
    operation_id = "create_period", tag = "periods", summary = "Create a reporting period",
    description = "Makes a reporting period (kỳ báo cáo).",
    request_body = PeriodCreate,
    responses((status = 201, description = "It was made.", body = Period, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
)]
async fn create_period(
    permit: Permit<WriteReference, Reporting>,
    once: Once,
    app: App,
    body: ValidJson<PeriodCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let made = move |tx: &mut WriteTx<'_>| Ok(insert::<Periods>(tx, &scoped, body.0)?.map(Created));
    once.write(&app, author, Weight::Single, made).await
}

#[utoipa::path(
    post, path = "/api/v1/reporting/periods/batch",
    operation_id = "batch_periods", tag = "periods", summary = "Write many reporting periods",
    description = "Makes up to 10,000 reporting periods (kỳ báo cáo), or replaces those that have their natural key: a JSON array, or one record a line. A line may also carry `if_version` or `source_updated_at`; one that is older than what is held is answered `stale` and not written.",
    params(BatchParams),
    request_body(content((Vec<PeriodCreate> = "application/json"), (String = "application/x-ndjson"))),
    responses((status = 200, description = "What became of each line.", body = BatchReport)),
)]
async fn batch_periods(
    permit: Permit<WriteReference, Reporting>,
    once: Once,
    query: ValidQuery<BatchParams>,
    app: App,
    batch: Batch<PeriodCreate>,
) -> Result<Rendered, ApiError> {
    write_batch::<Periods>(&app, once, permit.into_scoped(), query.0, batch).await
}

#[utoipa::path(
    post, path = "/api/v1/reporting/periods/import",
    operation_id = "import_periods", tag = "periods", summary = "Import reporting periods",
    description = "Makes up to 10,000 reporting periods (kỳ báo cáo) from a spreadsheet or CSV file that follows the template, or replaces those that have their natural key. With `dry_run=true` nothing is written. What is wrong is told by row and cell; with `Accept` of a spreadsheet it is marked in a copy of the file.",
    params(ImportParams),
    request_body(content((String = "text/csv"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, description = "What became of each row; where rows were refused and a spreadsheet is asked for, a copy of the file that marks them.", content((
        ImportReport = "application/json"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))),
)]
async fn import_periods(
    permit: Permit<WriteReference, Reporting>,
    once: Once,
    query: ValidQuery<ImportParams>,
    app: App,
    file: SheetFile,
) -> Result<Either<Rendered, HttpResponse>, ApiError> {
    import_sheet::<Periods>(&app, once, permit.into_scoped(), query.0, file, "periods").await
}

#[utoipa::path(
    get, path = "/api/v1/reporting/periods/template",
    operation_id = "get_period_template", tag = "periods", summary = "Get the template of reporting periods",
    description = "A spreadsheet to fill in and import: reporting periods (kỳ báo cáo), with notes, drop-downs and a guide.",
    responses((status = 200, description = "The template.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = String)),
)]
async fn get_period_template(
    permit: Permit<ReadReference, Reporting>,
    app: App,
) -> Result<HttpResponse, ApiError> {
    import_template::<Periods>(&app, permit.into_scoped(), "periods").await
}

#[utoipa::path(
    get, path = "/api/v1/reporting/periods/{id}",
    operation_id = "get_period", tag = "periods", summary = "Get a reporting period",
    description = "One reporting period (kỳ báo cáo).",
    params(("id" = PeriodId, Path, description = "Its id."), ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
    responses((status = 200, description = "The period.", body = Period, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "It has not changed.")),
)]
async fn get_period(
    permit: Permit<ReadReference, Reporting>,
    id: ValidPath<PeriodId>,
    app: App,
) -> Result<Found<Period>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| period_get(conn, &scoped, id.0)).await.map(Found)
}

#[utoipa::path(
    put, path = "/api/v1/reporting/periods/{id}",
    operation_id = "replace_period", tag = "periods", summary = "Replace a reporting period",
    description = "Replaces a reporting period (kỳ báo cáo) as a whole.",
    params(("id" = PeriodId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body = PeriodCreate,
    responses((status = 200, description = "It was replaced.", body = Period, headers(("ETag" = String, description = "Its version.")))),
)]
async fn replace_period(
    permit: Permit<WriteReference, Reporting>,
    id: ValidPath<PeriodId>,
    if_match: IfMatch,
    app: App,
    body: ValidJson<PeriodCreate>,
) -> Result<Saved<Period>, ApiError> {
    let scoped = permit.into_scoped();
    app.db
        .write(scoped.author(), move |tx| replace::<Periods>(tx, &scoped, id.0, &if_match, body.0))
        .await
        .map(Saved)
}

#[utoipa::path(
    patch, path = "/api/v1/reporting/periods/{id}",
    operation_id = "patch_period", tag = "periods", summary = "Change a reporting period",
    description = "Changes single members of a reporting period (kỳ báo cáo), after RFC 7396.",
    params(("id" = PeriodId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body(content = PeriodPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "It was changed.", body = Period, headers(("ETag" = String, description = "Its version.")))),
)]
async fn patch_period(
    permit: Permit<WriteReference, Reporting>,
    id: ValidPath<PeriodId>,
    if_match: IfMatch,
    app: App,
    body: MergePatch<PeriodPatch>,
) -> Result<Saved<Period>, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let patched = move |tx: &mut WriteTx<'_>| {
        let whole = body.0.onto(&period_get(tx.conn(), &scoped, id.0)?);
        replace::<Periods>(tx, &scoped, id.0, &if_match, whole)
    };
    app.db.write(author, patched).await.map(Saved)
}

#[utoipa::path(
    delete, path = "/api/v1/reporting/periods/{id}",
    operation_id = "delete_period", tag = "periods", summary = "Delete a reporting period",
    description = "Deletes a reporting period (kỳ báo cáo) to which no return and no closing belongs.",
    params(("id" = PeriodId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    responses((status = 204, description = "It was deleted.")),
)]
async fn delete_period(
    permit: Permit<WriteReference, Reporting>,
    id: ValidPath<PeriodId>,
    if_match: IfMatch,
    app: App,
) -> Result<Deleted, ApiError> {
    let scoped = permit.into_scoped();
    app.db
        .write(scoped.author(), move |tx| period_delete(tx, &scoped, id.0, &if_match))
        .await
        .map(|()| Deleted)
}
