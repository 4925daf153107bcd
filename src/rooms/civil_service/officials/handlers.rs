//! The operations on officials: the standard ones, their files, the search by identity number, erasure, and how many
//! there are.

use actix_web::web;

use super::bodies::{OfficialCreate, OfficialPatch};
use super::erasure::official_erase;
use super::model::{Official, OfficialFilter, OfficialId, OfficialPage, OfficialSearch, OfficialsFound};
use super::store::{official_changeable, official_get, official_list, official_seen, officials_of_number};
use super::summary::{OfficialSummary, OfficialSummaryFilter, official_summary};
use super::writes::{Officials, official_delete, official_patch};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::api::{IfMatch, Once, Rendered, Saved, ValidJson, ValidPath, ValidQuery};
use kernel::audit::personal_reads;
use kernel::auth::permit::{CivilService, ErasePersonal, Permit, Read, ReadPersonal, Write};
use kernel::db::{DbConn, Weight, WriteTx};
use kernel::error::ApiError;
use kernel::people::PersonalDataErasure;
use kernel::state::App;
use kernel::{attachments, crud, operations};

crud! {
    tag: "officials", what: "an official", many: "officials", vi: "cán bộ, công chức, viên chức, người lao động",
    collection: "/api/v1/civil-service/officials", record: "/api/v1/civil-service/officials/{id}",
    id: OfficialId, row: Official, page: OfficialPage,
    create: OfficialCreate, patch: OfficialPatch, filter: OfficialFilter,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    list: list_officials => official_list, get: get_official => official_get,
    create_one: create_official => insert::<Officials>,
    replace: replace_official => replace::<Officials>, patch_one: patch_official => official_patch,
    delete: delete_official => official_delete,
    batch: "/api/v1/civil-service/officials/batch", batch_officials => Officials,
    import: "/api/v1/civil-service/officials/import", import_officials, template: "/api/v1/civil-service/officials/template", get_official_template, sheet: "officials",
    personal: "civil_service:personal",
}

attachments! {
    tag: "officials", of: "an official", vi: "cán bộ, công chức, viên chức, người lao động",
    list_path: "/api/v1/civil-service/officials/{id}/attachments",
    path: "/api/v1/civil-service/officials/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/civil-service/officials/{id}/attachments/{attachment_id}/content",
    owner: OfficialAttachments, record_type: Official, table: "officials", id: OfficialId,
    read: Permit<Read, CivilService>, write: Permit<Write, CivilService>,
    seen: official_seen, changeable: official_changeable,
    list: list_official_attachments, attach: create_official_attachment, get: get_official_attachment,
    content: get_official_attachment_content, delete: delete_official_attachment,
    personal: "civil_service:personal",
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, get_official_summary, search_officials, erase_official);
    crud_routes(mount);
    attachment_routes(mount);
}

#[utoipa::path(
    post, path = "/api/v1/civil-service/officials/searches",
    operation_id = "search_officials", tag = "officials", summary = "Search officials by identity number",
    description = "The officials in reach who have exactly this identity number (tra cứu cán bộ, công chức, viên chức theo số định danh). The number stands in the body, where no log and no cache sees it; it is found by a keyed digest. An answer holds 200 at most and says whether there are more, which follow with `after`. Needs the scope `civil_service:personal`, and is noted in the journal.",
    request_body = OfficialSearch,
    responses((status = 200, description = "The officials.", body = OfficialsFound)),
)]
async fn search_officials(
    permit: Permit<ReadPersonal, CivilService>,
    app: App,
    body: ValidJson<OfficialSearch>,
) -> Result<web::Json<OfficialsFound>, ApiError> {
    let scoped = permit.into_scoped();
    let asker = scoped.clone();
    let found = app.db.read(move |conn: &mut DbConn| officials_of_number(conn, &asker, &body.0)).await?;
    personal_reads::note(&app, &scoped, &found.items).await?;
    Ok(web::Json(found))
}

#[utoipa::path(
    post, path = "/api/v1/civil-service/officials/{id}/erasure",
    operation_id = "erase_official", tag = "officials", summary = "Erase the personal data of an official",
    description = "Erases name, day of birth, sex and identity number of an official, their files and the answers that were kept of them (xóa dữ liệu cá nhân theo yêu cầu), as a document orders. The post stays and is counted as before, and whoever follows changes is told. It cannot be taken back; backups from before keep what they hold.",
    params(("id" = OfficialId, Path, description = "Its id."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
    request_body = PersonalDataErasure,
    responses((status = 200, description = "They were erased.", body = Official, headers(("ETag" = String, description = "Its version.")))),
)]
async fn erase_official(
    permit: Permit<ErasePersonal, CivilService>,
    id: ValidPath<OfficialId>,
    if_match: Option<IfMatch>,
    once: Once,
    app: App,
    body: ValidJson<PersonalDataErasure>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let erased = move |tx: &mut WriteTx<'_>| {
        Ok(official_erase(tx, &scoped, id.0, if_match.as_ref(), &body.0)?.map(Saved))
    };
    once.write(&app, author, Weight::Single, erased).await
}

#[utoipa::path(
    get, path = "/api/v1/civil-service/officials/summary",
    operation_id = "get_official_summary", tag = "officials", summary = "Get how many officials serve",
    description = "How many serve in a unit, by category and level of qualification (số lượng, chất lượng đội ngũ), without personal data; with `scope` also in the units below.",
    params(OfficialSummaryFilter),
    responses((status = 200, description = "The counts.", body = OfficialSummary)),
)]
async fn get_official_summary(
    permit: Permit<Read, CivilService>,
    query: ValidQuery<OfficialSummaryFilter>,
    app: App,
) -> Result<web::Json<OfficialSummary>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read_list(move |conn| official_summary(conn, &scoped, &query.0)).await.map(web::Json)
}
