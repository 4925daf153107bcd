//! The operations on closings: closing, reopening, reading, and what differs since.

use actix_web::web;

use super::comparison::{Comparison, closure_differences};
use super::model::{
    DifferencesQuery, PeriodClosure, PeriodClosureCreate, PeriodClosureDifferences, PeriodClosureFilter,
    PeriodClosurePage, PeriodReopeningCreate,
};
use super::store::{closure_changeable, closure_get, closure_list, closure_seen};
use super::writes::{closure_insert, closure_reopen};
use kernel::api::mount::Mount;
use kernel::api::{
    Created, Found, IfMatch, ListQuery, Listed, Once, PageParams, Rendered, Saved, ValidJson, ValidPath,
    ValidQuery,
};
use kernel::auth::permit::{Close, Permit, Read, Reader, Reporting};
use kernel::db::{Weight, WriteTx};
use kernel::error::ApiError;
use kernel::reporting::closed_periods::PeriodClosureId;
use kernel::state::App;
use kernel::{attachments, operations};

attachments! {
    tag: "period-closures", of: "a closing of a period", vi: "khóa sổ kỳ báo cáo",
    list_path: "/api/v1/reporting/period-closures/{id}/attachments",
    path: "/api/v1/reporting/period-closures/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/reporting/period-closures/{id}/attachments/{attachment_id}/content",
    owner: ClosureAttachments, record_type: PeriodClosure, table: "period_closures", id: PeriodClosureId,
    read: Permit<Read, Reporting>, write: Permit<Close, Reporting>,
    seen: closure_seen, changeable: closure_changeable,
    list: list_period_closure_attachments, attach: create_period_closure_attachment,
    get: get_period_closure_attachment, content: get_period_closure_attachment_content,
    delete: delete_period_closure_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    attachment_routes(mount);
    operations!(
        mount,
        list_period_closures,
        create_period_closure,
        get_period_closure,
        reopen_period_closure,
        list_period_closure_differences
    );
}

#[utoipa::path(
    get, path = "/api/v1/reporting/period-closures",
    operation_id = "list_period_closures", tag = "period-closures", summary = "List closings of periods",
    description = "A page of closings of periods (khóa sổ kỳ báo cáo).",
    params(PeriodClosureFilter, PageParams),
    responses((status = 200, description = "A page.", body = PeriodClosurePage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_period_closures(
    permit: Permit<Read, Reporting>,
    query: ListQuery<PeriodClosureFilter>,
    app: App,
) -> Result<Listed<PeriodClosurePage>, ApiError> {
    query.answer(permit.into_scoped(), &app, closure_list).await
}

#[utoipa::path(
    post, path = "/api/v1/reporting/period-closures",
    operation_id = "create_period_closure", tag = "period-closures", summary = "Close a period",
    description = "Closes a period that is over for a unit, or for it and all that stood under it on the period's last day (khóa sổ kỳ báo cáo), and keeps the forms as they are now. From now on every write, for the period, of a return whose figures are in the form of this unit and scope, its submission, acceptance and sending back included, is refused with 409 `period-closed`. Closing a reopened period again makes the next closing.",
    request_body = PeriodClosureCreate,
    responses((status = 201, description = "It was closed.", body = PeriodClosure, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
)]
async fn create_period_closure(
    permit: Permit<Close, Reporting>,
    once: Once,
    app: App,
    body: ValidJson<PeriodClosureCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let closed = move |tx: &mut WriteTx<'_>| Ok(closure_insert(tx, &scoped, body.0)?.map(Created));
    once.write(&app, author, Weight::Many, closed).await
}

#[utoipa::path(
    get, path = "/api/v1/reporting/period-closures/{id}",
    operation_id = "get_period_closure", tag = "period-closures", summary = "Get a closing of a period",
    description = "One closing of a period (lần khóa sổ kỳ báo cáo). The forms that it kept are read where today's are, with `snapshot` and its id.",
    params(("id" = PeriodClosureId, Path, description = "Its id."), ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
    responses((status = 200, description = "The closing.", body = PeriodClosure, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "It has not changed.")),
)]
async fn get_period_closure(
    permit: Permit<Read, Reporting>,
    id: ValidPath<PeriodClosureId>,
    app: App,
) -> Result<Found<PeriodClosure>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| closure_get(conn, &scoped, id.0)).await.map(Found)
}

#[utoipa::path(
    post, path = "/api/v1/reporting/period-closures/{id}/reopening",
    operation_id = "reopen_period_closure", tag = "period-closures", summary = "Reopen a closed period",
    description = "Reopens a closed period (mở lại kỳ đã khóa sổ) with a reason, for everyone or for some of the units below, each with all under it and what went into it: their returns may be corrected again. What the closing kept stays.",
    params(("id" = PeriodClosureId, Path, description = "The closing."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
    request_body = PeriodReopeningCreate,
    responses((status = 200, description = "It was reopened.", body = PeriodClosure, headers(("ETag" = String, description = "Its version.")))),
)]
async fn reopen_period_closure(
    permit: Permit<Close, Reporting>,
    id: ValidPath<PeriodClosureId>,
    if_match: Option<IfMatch>,
    once: Once,
    app: App,
    body: ValidJson<PeriodReopeningCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let reopened = move |tx: &mut WriteTx<'_>| {
        Ok(closure_reopen(tx, &scoped, id.0, if_match.as_ref(), &body.0)?.map(Saved))
    };
    once.write(&app, author, Weight::Single, reopened).await
}

#[utoipa::path(
    get, path = "/api/v1/reporting/period-closures/{id}/differences",
    operation_id = "list_period_closure_differences", tag = "period-closures", summary = "Compare a kept form with today's",
    description = "How today's form differs from the one kept when the period was closed (chênh lệch so với khi khóa sổ), line by line and column by column: the kept figure, today's, and the difference; only where they differ. Today's has the figures of the units in reach alone: where some are not, as `units_out_of_reach` says, nobody says whether the whole differs.",
    params(("id" = PeriodClosureId, Path, description = "The closing."), DifferencesQuery),
    responses((status = 200, description = "What differs.", body = PeriodClosureDifferences)),
)]
async fn list_period_closure_differences(
    permit: Permit<Read, Reporting>,
    reader: Reader,
    id: ValidPath<PeriodClosureId>,
    query: ValidQuery<DifferencesQuery>,
    app: App,
) -> Result<web::Json<PeriodClosureDifferences>, ApiError> {
    let comparison = Comparison::of(&reader, permit.into_scoped(), &query.0)?;
    app.db.read_list(move |conn| closure_differences(conn, &comparison, id.0)).await.map(web::Json)
}
