//! Letters of apology (thư xin lỗi và hẹn lại ngày trả kết quả): whoever is late with a dossier apologises
//! and promises another day. A letter is the step `extension` of its dossier, which keeps the promised day;
//! what it says stands in the dossier's history.

use super::dossiers::late::{ApologyFilter, LateDossierPage, apology_list};
use kernel::api::mount::Mount;
use kernel::api::{ListQuery, Listed, PageParams, PageRequest};
use kernel::auth::permit::{Permit, Read, Tthc};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::error::ApiError;
use kernel::operations;
use kernel::state::App;

/// Mounts the operation.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, list_apologies);
}

#[utoipa::path(
    get, path = "/api/v1/tthc/apologies",
    operation_id = "list_apologies", tag = "apologies", summary = "List late dossiers by their apologies",
    description = "Dossiers that are pending behind their due day or were resolved behind it, and lack a letter of apology (thư xin lỗi), or with `state=given` those that have one; the longest due first, without personal data. Units are those of statistics. A letter is written by the step `extensions` of the dossier.",
    params(ApologyFilter, PageParams),
    responses((status = 200, description = "A page.", body = LateDossierPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_apologies(
    permit: Permit<Read, Tthc>,
    query: ListQuery<ApologyFilter>,
    app: App,
) -> Result<Listed<LateDossierPage>, ApiError> {
    let state = app.clone();
    let listed = move |conn: &mut DbConn, scoped: &Scoped, filter: &ApologyFilter, page: &PageRequest| {
        apology_list(conn, scoped, &state.rosters, filter, page)
    };
    query.answer(permit.into_scoped(), &app, listed).await
}
