//! The operations: taking in, giving out, and reporting what was sent.

use super::body::{PortalDossier, PortalEntry, PortalProgress};
use super::exchanging::{Sender, receive_dossiers, receive_progress, report_sendings};
use super::ledger;
use super::ledger::verbatim::told_last;
use super::request::{
    PortalChangesFilter, PortalDossierPage, PortalDossiersRequest, PortalParams, PortalProgressRequest,
    PortalReply, PortalRequest, Sent,
};
use super::writing::entry;
use kernel::api::mount::Mount;
use kernel::api::page::Page;
use kernel::api::{ListQuery, Once, Paged, Rendered, ValidQuery};
use kernel::audit::personal_reads;
use kernel::auth::permit::{Permit, Read, Tthc, Write};
use kernel::auth::scope::Scoped;
use kernel::db::{DbConn, Recorded, Weight, WriteTx};
use kernel::error::ApiError;
use kernel::operations;
use kernel::state::App;
use tthc::dossiers::changed::dossiers_changed;

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(
        mount,
        create_portal_dossiers,
        list_portal_dossiers,
        create_portal_progress,
        create_portal_sendings
    );
    ledger::routes(mount);
}

/// Does the work of a request for the unit that sends it, all its entries in one transaction.
async fn exchanged<E: PortalEntry>(
    permit: Permit<Write, Tthc>,
    once: Once,
    params: &PortalParams,
    app: &App,
    request: PortalRequest<E>,
    work: impl FnOnce(&mut WriteTx<'_>, &Scoped, Sender, Vec<Sent<E>>) -> Result<Recorded<PortalReply>, ApiError>
    + Send
    + 'static,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let (pointer, identifier) = request.sender(params)?;
    let sender = Sender::of(&scoped, pointer, identifier)?;
    let author = scoped.author();
    let done = move |tx: &mut WriteTx<'_>| {
        let PortalRequest { entries, turn: _turn, .. } = request;
        work(tx, &scoped, sender, entries)
    };
    once.write(app, author, Weight::Many, done).await
}

#[utoipa::path(
    post, path = "/api/v1/exchange/national-portal/dossiers",
    operation_id = "create_portal_dossiers", tag = "national-portal", summary = "Take dossiers in the portal's shape",
    description = "Takes dossiers as one-stop systems send them (đồng bộ hồ sơ, `DongBoHoSoMC`), up to 10,000, and answers each in the portal's manner: `0` done, `-3` it exists and `isUpdating` is not true, `-1` anything else with its reason. Good ones are written although others fail, by all rules of a dossier. Members that a dossier has none for are kept in the ledger with the whole entry; what the shape cannot tell of a dossier, and what is left empty of its owner, stays as it is held.",
    params(PortalParams),
    request_body = PortalDossiersRequest,
    responses((status = 200, description = "What became of each.", body = PortalReply)),
)]
async fn create_portal_dossiers(
    permit: Permit<Write, Tthc>,
    once: Once,
    query: ValidQuery<PortalParams>,
    app: App,
    request: PortalRequest<PortalDossier>,
) -> Result<Rendered, ApiError> {
    let is_updating = request.is_updating(&query.0)?;
    let received = move |tx: &mut WriteTx<'_>, scoped: &Scoped, sender: Sender, entries| {
        receive_dossiers(tx, scoped, sender, is_updating, entries)
    };
    exchanged(permit, once, &query.0, &app, request, received).await
}

#[utoipa::path(
    post, path = "/api/v1/exchange/national-portal/progress",
    operation_id = "create_portal_progress", tag = "national-portal", summary = "Take progress in the portal's shape",
    description = "Takes progress of dossiers as one-stop systems send it (cập nhật tiến độ hồ sơ, `CapNhatTienDoHoSoMC`): the steps that lead to `TrangThai` are taken at `ThoiDiemXuLy`. Where none lead there, the answer names the statuses that may follow.",
    params(PortalParams),
    request_body = PortalProgressRequest,
    responses((status = 200, description = "What became of each.", body = PortalReply)),
)]
async fn create_portal_progress(
    permit: Permit<Write, Tthc>,
    once: Once,
    query: ValidQuery<PortalParams>,
    app: App,
    request: PortalRequest<PortalProgress>,
) -> Result<Rendered, ApiError> {
    exchanged(permit, once, &query.0, &app, request, receive_progress).await
}

#[utoipa::path(
    post, path = "/api/v1/exchange/national-portal/sendings",
    operation_id = "create_portal_sendings", tag = "national-portal", summary = "Report what was sent to the portal",
    description = "Puts down in the ledger what a sender has sent to the national portal (ghi nhận gói tin đã gửi), verbatim, beside what is held of each dossier; no dossier changes. The answer names the entry of each, to which the portal's own answer is reported.",
    params(PortalParams),
    request_body = PortalDossiersRequest,
    responses((status = 200, description = "What became of each.", body = PortalReply)),
)]
async fn create_portal_sendings(
    permit: Permit<Write, Tthc>,
    once: Once,
    query: ValidQuery<PortalParams>,
    app: App,
    request: PortalRequest<PortalDossier>,
) -> Result<Rendered, ApiError> {
    exchanged(permit, once, &query.0, &app, request, report_sendings).await
}

#[utoipa::path(
    get, path = "/api/v1/exchange/national-portal/dossiers",
    operation_id = "list_portal_dossiers", tag = "national-portal", summary = "Give dossiers out in the portal's shape",
    description = "Dossiers within reach as a request would send them on (hồ sơ đã thay đổi, theo cấu trúc `DongBoHoSoMC`), in the order of their last change. A status goes out as it is and nothing is made up: what is not held is what the sender told last, where that contradicts nothing, else empty. A due day without an hour goes out with its last second. One that was made up for a demonstration says so in `TrichYeuHoSo`. Personal data are masked, and texts and files left out, unless the token has the scope `tthc:personal`; each time they are shown in clear is noted in the journal. Of a deletion the change feed tells.",
    params(
        PortalChangesFilter,
        ("limit" = Option<i64>, Query, description = "How many dossiers a page holds (số hồ sơ mỗi trang); 50 when not given.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "Where the page begins: `next_cursor` of the page before (con trỏ trang).", min_length = 1, max_length = 2000, pattern = "^[A-Za-z0-9_-]+$"),
    ),
    responses((status = 200, description = "A page.", body = PortalDossierPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_portal_dossiers(
    permit: Permit<Read, Tthc>,
    query: ListQuery<PortalChangesFilter>,
    app: App,
) -> Result<Paged<PortalDossierPage>, ApiError> {
    let scoped = permit.into_scoped();
    let page = query.page_alone(&scoped, &app.keys())?;
    let (reader, wanted, since) = (scoped.clone(), page.clone(), query.filter.changed_since);
    let changed = move |conn: &mut DbConn| {
        let rows = dossiers_changed(conn, &reader, since, &wanted)?;
        let told = told_last(conn, &reader, &rows.items)?;
        Ok((rows, told))
    };
    let (rows, mut told) = app.db.read_list(changed).await?;
    personal_reads::note(&app, &scoped, &rows.items).await?;
    let rows = rows.map(|dossier| {
        let told = told.remove(&dossier.id);
        entry(dossier, told)
    });
    Ok(Paged(PortalDossierPage::new(rows, &page, &app.keys())))
}
