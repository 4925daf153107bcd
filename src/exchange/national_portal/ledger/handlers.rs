//! The operations on the ledger.

use super::model::{
    PortalAnswer, PortalLedgerEntry, PortalLedgerEntryId, PortalLedgerFilter, PortalLedgerPage,
};
use super::store::{ledger_answer, ledger_get, ledger_list};
use kernel::api::mount::Mount;
use kernel::api::{
    Found, IfMatch, ListQuery, Listed, Once, PageParams, Rendered, Saved, ValidJson, ValidPath,
};
use kernel::audit::personal_reads;
use kernel::auth::permit::{Permit, Read, Tthc, Write};
use kernel::auth::scope::Scoped;
use kernel::db::{DbConn, Weight, WriteTx};
use kernel::error::ApiError;
use kernel::operations;
use kernel::state::App;

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, list_portal_ledger, get_portal_ledger_entry, answer_portal_ledger_entry);
}

#[utoipa::path(
    get, path = "/api/v1/exchange/national-portal/ledger",
    operation_id = "list_portal_ledger", tag = "national-portal", summary = "List the ledger of the national portal",
    description = "A page of the ledger (sổ đối soát Cổng dịch vụ công quốc gia), the latest first: what was received and sent, what was held then, what was answered, and where they differ. What came verbatim stands in the entry itself.",
    params(PortalLedgerFilter, PageParams),
    responses((status = 200, description = "A page.", body = PortalLedgerPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_portal_ledger(
    permit: Permit<Read, Tthc>,
    query: ListQuery<PortalLedgerFilter>,
    app: App,
) -> Result<Listed<PortalLedgerPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, ledger_list).await
}

#[utoipa::path(
    get, path = "/api/v1/exchange/national-portal/ledger/{id}",
    operation_id = "get_portal_ledger_entry", tag = "national-portal", summary = "Get an entry of the ledger",
    description = "An entry of the ledger (mục sổ đối soát) with what came verbatim, where the token has the scope `tthc:personal` and the account may see personal data of the unit; each such reading is noted in the journal.",
    params(("id" = PortalLedgerEntryId, Path, description = "Its id."), ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
    responses((status = 200, description = "The entry.", body = PortalLedgerEntry, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "It has not changed.")),
)]
async fn get_portal_ledger_entry(
    permit: Permit<Read, Tthc>,
    id: ValidPath<PortalLedgerEntryId>,
    app: App,
) -> Result<Found<PortalLedgerEntry>, ApiError> {
    let found = move |conn: &mut DbConn, scoped: &Scoped| ledger_get(conn, scoped, id.0);
    personal_reads::read(&app, permit.into_scoped(), found).await.map(Found)
}

#[utoipa::path(
    post, path = "/api/v1/exchange/national-portal/ledger/{id}/answers",
    operation_id = "answer_portal_ledger_entry", tag = "national-portal", summary = "Report what the portal answered",
    description = "Notes what the national portal answered to an entry that was sent (trả lời của Cổng dịch vụ công quốc gia): once, for what is sent again is another entry.",
    params(("id" = PortalLedgerEntryId, Path, description = "Its id."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
    request_body = PortalAnswer,
    responses((status = 200, description = "It was noted.", body = PortalLedgerEntry, headers(("ETag" = String, description = "Its version.")))),
)]
async fn answer_portal_ledger_entry(
    permit: Permit<Write, Tthc>,
    id: ValidPath<PortalLedgerEntryId>,
    if_match: Option<IfMatch>,
    once: Once,
    app: App,
    body: ValidJson<PortalAnswer>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let answered = move |tx: &mut WriteTx<'_>| {
        Ok(ledger_answer(tx, &scoped, id.0, if_match.as_ref(), body.0)?.map(Saved))
    };
    once.write(&app, author, Weight::Single, answered).await
}
