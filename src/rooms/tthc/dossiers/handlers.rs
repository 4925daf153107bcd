//! The operations on dossiers. Reading notes whose personal data are shown in clear; writing answers masked.

use actix_web::web;

use super::apology::DossierExtension;
use super::erasure::{dossier_erase, told_again};
use super::filter::DossierFilter;
use super::history::{DossierEventFilter, DossierEventPage, dossier_history};
use super::life::DossierStep;
use super::lookups::{DossierLookup, DossierProgress, look_up};
use super::model::{
    Dossier, DossierCreate, DossierId, DossierPage, DossierPatch, DossierSearch, DossiersFound,
};
use super::row::HeldDossier;
use super::steps::{
    DossierResolution, DossierRestatement, DossierStepReasoned, DossierStepTaken, DossierTransfer,
    dossier_delete, dossier_restate, dossier_step,
};
use super::store::{
    dossier_changeable, dossier_get, dossier_list, dossier_seen, dossiers_of_number, held_find,
};
use super::writes::Dossiers;
use kernel::api::frame::RequestFacts;
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::api::{
    Created, Deleted, Found, IfMatch, ListQuery, Listed, MergePatch, Once, PageParams, PageRequest, Rendered,
    Saved, ValidJson, ValidPath,
};
use kernel::audit::personal_reads;
use kernel::auth::permit::{ErasePersonal, Permit, Read, ReadPersonal, Tthc, Write};
use kernel::auth::scope::Scoped;
use kernel::db::{DbConn, Weight, WriteTx};
use kernel::error::{ApiError, ProblemDetails};
use kernel::people::PersonalDataErasure;
use kernel::state::App;
use kernel::{attachments, bulk, operations};

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(
        mount,
        list_dossiers,
        create_dossier,
        search_dossiers,
        get_dossier,
        replace_dossier,
        patch_dossier,
        delete_dossier,
        list_dossier_history,
        restate_dossier,
        erase_dossier,
        create_dossier_lookup
    );
    bulk_routes(mount);
    step_routes(mount);
    attachment_routes(mount);
}

bulk! {
    tag: "dossiers", many: "dossiers", vi: "hồ sơ thủ tục hành chính", create: DossierCreate,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    batch: "/api/v1/tthc/dossiers/batch", batch_dossiers => Dossiers,
    import: "/api/v1/tthc/dossiers/import", import_dossiers, template: "/api/v1/tthc/dossiers/template", get_dossier_template, sheet: "dossiers",
    afterwards: nothing_more,
}

/// Nothing of dossiers is held in memory.
async fn nothing_more(_app: &App) -> Result<(), ApiError> {
    Ok(())
}

attachments! {
    tag: "dossiers", of: "a dossier", vi: "hồ sơ thủ tục hành chính",
    list_path: "/api/v1/tthc/dossiers/{id}/attachments",
    path: "/api/v1/tthc/dossiers/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/tthc/dossiers/{id}/attachments/{attachment_id}/content",
    owner: DossierAttachments, record_type: Dossier, table: "dossiers", id: DossierId,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    seen: dossier_seen, changeable: dossier_changeable,
    list: list_dossier_attachments, attach: create_dossier_attachment, get: get_dossier_attachment,
    content: get_dossier_attachment_content, delete: delete_dossier_attachment,
    personal: "tthc:personal",
}

#[utoipa::path(
    get, path = "/api/v1/tthc/dossiers",
    operation_id = "list_dossiers", tag = "dossiers", summary = "List dossiers",
    description = "A page of dossiers (hồ sơ thủ tục hành chính) of a unit, as the one that resolves them or that received them. Personal data are masked unless the token has the scope `tthc:personal`, and always in streams of all rows.",
    params(DossierFilter, PageParams),
    responses((status = 200, description = "A page.", body = DossierPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_dossiers(
    permit: Permit<Read, Tthc>,
    query: ListQuery<DossierFilter>,
    app: App,
) -> Result<Listed<DossierPage>, ApiError> {
    query.answer_noted(permit.into_scoped(), &app, dossier_list).await
}

#[utoipa::path(
    post, path = "/api/v1/tthc/dossiers",
    operation_id = "create_dossier", tag = "dossiers", summary = "Create a dossier",
    description = "Makes a dossier (hồ sơ thủ tục hành chính) in whatever status, with its dates. A due day that is not given is computed from the procedure's deadline in force at receipt.",
    request_body = DossierCreate,
    responses((status = 201, description = "It was made.", body = Dossier, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
)]
async fn create_dossier(
    permit: Permit<Write, Tthc>,
    once: Once,
    app: App,
    body: ValidJson<DossierCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let made = move |tx: &mut WriteTx<'_>| Ok(insert::<Dossiers>(tx, &scoped, body.0)?.map(Created));
    once.write(&app, author, Weight::Single, made).await
}

#[utoipa::path(
    post, path = "/api/v1/tthc/dossiers/searches",
    operation_id = "search_dossiers", tag = "dossiers", summary = "Search dossiers by identity number",
    description = "The dossiers in reach whose owner or submitter has exactly this identity number (tra cứu hồ sơ theo số định danh). The number stands in the body, where no log and no cache sees it; it is found by a keyed digest. An answer holds 200 at most and says whether there are more, which follow with `after`. Needs the scope `tthc:personal`, and is noted in the journal.",
    request_body = DossierSearch,
    responses((status = 200, description = "The dossiers.", body = DossiersFound)),
)]
async fn search_dossiers(
    permit: Permit<ReadPersonal, Tthc>,
    app: App,
    body: ValidJson<DossierSearch>,
) -> Result<web::Json<DossiersFound>, ApiError> {
    let scoped = permit.into_scoped();
    let asker = scoped.clone();
    let found = app.db.read(move |conn: &mut DbConn| dossiers_of_number(conn, &asker, &body.0)).await?;
    personal_reads::note(&app, &scoped, &found.items).await?;
    Ok(web::Json(found))
}

#[utoipa::path(
    get, path = "/api/v1/tthc/dossiers/{id}",
    operation_id = "get_dossier", tag = "dossiers", summary = "Get a dossier",
    description = "Reads a dossier (hồ sơ thủ tục hành chính) by its id. Personal data are masked unless the token has the scope `tthc:personal`; each time they are shown in clear is noted in the journal.",
    params(("id" = DossierId, Path, description = "Its id."), ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
    responses((status = 200, description = "The record.", body = Dossier, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "It has not changed.")),
)]
async fn get_dossier(
    permit: Permit<Read, Tthc>,
    id: ValidPath<DossierId>,
    app: App,
) -> Result<Found<Dossier>, ApiError> {
    let found = move |conn: &mut DbConn, scoped: &Scoped| dossier_get(conn, scoped, id.0);
    personal_reads::read(&app, permit.into_scoped(), found).await.map(Found)
}

#[utoipa::path(
    put, path = "/api/v1/tthc/dossiers/{id}",
    operation_id = "replace_dossier", tag = "dossiers", summary = "Replace a dossier",
    description = "Replaces a dossier (hồ sơ thủ tục hành chính) as a whole. Its status may change as steps lead; a pending dossier of which another resolving unit is told was handed over. Of one whose personal data were erased the people that are told are left out.",
    params(("id" = DossierId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body = DossierCreate,
    responses((status = 200, description = "It was replaced.", body = Dossier, headers(("ETag" = String, description = "Its version.")))),
)]
async fn replace_dossier(
    permit: Permit<Write, Tthc>,
    id: ValidPath<DossierId>,
    if_match: IfMatch,
    app: App,
    body: ValidJson<DossierCreate>,
) -> Result<Saved<Dossier>, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    app.db.write(author, move |tx| replace::<Dossiers>(tx, &scoped, id.0, &if_match, body.0)).await.map(Saved)
}

#[utoipa::path(
    patch, path = "/api/v1/tthc/dossiers/{id}",
    operation_id = "patch_dossier", tag = "dossiers", summary = "Change a dossier",
    description = "Changes single members of a dossier (hồ sơ thủ tục hành chính), after RFC 7396; its people as a whole, for nobody changes what they see masked. Those that were erased are not told again.",
    params(("id" = DossierId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body(content = DossierPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "It was changed.", body = Dossier, headers(("ETag" = String, description = "Its version.")))),
)]
async fn patch_dossier(
    permit: Permit<Write, Tthc>,
    id: ValidPath<DossierId>,
    if_match: IfMatch,
    app: App,
    body: MergePatch<DossierPatch>,
) -> Result<Saved<Dossier>, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let patched = move |tx: &mut WriteTx<'_>| {
        let held: HeldDossier = held_find(tx.conn(), &scoped, id.0)?;
        told_again(&held.row, &body.0)?;
        let whole = body.0.onto(held.body(scoped.personal_keys()?)?);
        replace::<Dossiers>(tx, &scoped, id.0, &if_match, whole)
    };
    app.db.write(author, patched).await.map(Saved)
}

#[utoipa::path(
    delete, path = "/api/v1/tthc/dossiers/{id}",
    operation_id = "delete_dossier", tag = "dossiers", summary = "Delete a dossier",
    description = "Deletes a dossier (hồ sơ thủ tục hành chính) that was entered by mistake; it is no longer counted, and the journal keeps its last content without its people, whose data and files are gone. One of which others are parts (hồ sơ liên thông gốc) is not deleted: 409.",
    params(("id" = DossierId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    responses((status = 204, description = "It was deleted.")),
)]
async fn delete_dossier(
    permit: Permit<Write, Tthc>,
    id: ValidPath<DossierId>,
    if_match: IfMatch,
    app: App,
) -> Result<Deleted, ApiError> {
    let scoped = permit.into_scoped();
    app.db.write(scoped.author(), move |tx| dossier_delete(tx, &scoped, id.0, &if_match)).await?;
    Ok(Deleted)
}

#[utoipa::path(
    get, path = "/api/v1/tthc/dossiers/{id}/history",
    operation_id = "list_dossier_history", tag = "dossiers", summary = "List what happened to a dossier",
    description = "Every step and change of a dossier (lịch sử xử lý hồ sơ), with actor and time, the first first.",
    params(("id" = DossierId, Path, description = "Its id."), DossierEventFilter, PageParams),
    responses((status = 200, description = "A page.", body = DossierEventPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_dossier_history(
    permit: Permit<Read, Tthc>,
    id: ValidPath<DossierId>,
    query: ListQuery<DossierEventFilter>,
    app: App,
) -> Result<Listed<DossierEventPage>, ApiError> {
    let id = id.0;
    let history = move |conn: &mut DbConn, scoped: &Scoped, _: &DossierEventFilter, page: &PageRequest| {
        dossier_history(conn, scoped, id, page)
    };
    query.answer(permit.into_scoped(), &app, history).await
}

#[utoipa::path(
    post, path = "/api/v1/tthc/dossiers/{id}/restatement",
    operation_id = "restate_dossier", tag = "dossiers", summary = "Correct the status of a dossier",
    description = "Says another status with its dates, because the one that is held was wrong (đính chính trạng thái hồ sơ), though no step leads there. A wait ends at the moment that is told, such as `resolved_at`, else now. The counts follow; the journal keeps both and the reason.",
    params(("id" = DossierId, Path, description = "Its id."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
    request_body = DossierRestatement,
    responses((status = 200, description = "It was corrected.", body = Dossier, headers(("ETag" = String, description = "Its version.")))),
)]
async fn restate_dossier(
    permit: Permit<Write, Tthc>,
    id: ValidPath<DossierId>,
    if_match: Option<IfMatch>,
    once: Once,
    app: App,
    body: ValidJson<DossierRestatement>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let restated = move |tx: &mut WriteTx<'_>| {
        Ok(dossier_restate(tx, &scoped, id.0, if_match.as_ref(), body.0)?.map(Saved))
    };
    once.write(&app, author, Weight::Single, restated).await
}

#[utoipa::path(
    post, path = "/api/v1/tthc/dossiers/{id}/erasure",
    operation_id = "erase_dossier", tag = "dossiers", summary = "Erase the personal data of a dossier",
    description = "Erases the owner's and submitter's names, numbers and telephones, the files and the answers that were kept of a dossier (xóa dữ liệu cá nhân theo yêu cầu), as a document orders. What is counted stays as it is, the dossier goes on without people, and whoever follows changes is told. It cannot be taken back; backups from before keep what they hold.",
    params(("id" = DossierId, Path, description = "Its id."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
    request_body = PersonalDataErasure,
    responses((status = 200, description = "They were erased.", body = Dossier, headers(("ETag" = String, description = "Its version.")))),
)]
async fn erase_dossier(
    permit: Permit<ErasePersonal, Tthc>,
    id: ValidPath<DossierId>,
    if_match: Option<IfMatch>,
    once: Once,
    app: App,
    body: ValidJson<PersonalDataErasure>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let erased = move |tx: &mut WriteTx<'_>| {
        Ok(dossier_erase(tx, &scoped, id.0, if_match.as_ref(), body.0)?.map(Saved))
    };
    once.write(&app, author, Weight::Single, erased).await
}

#[utoipa::path(
    post, path = "/api/v1/public/dossier-lookups",
    operation_id = "create_dossier_lookup", tag = "public", summary = "Follow a dossier",
    description = "How far a dossier is (tra cứu tình trạng hồ sơ), for whoever holds its code and knows the last four digits of the identity number on it; no personal data. A code that nobody has and a wrong check are answered alike; after several wrong tries the code is locked for a while.",
    request_body = DossierLookup,
    responses(
        (status = 200, description = "How far it is.", body = DossierProgress),
        (status = 404, description = "No dossier has this code and these last four digits.", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "Too many look-ups from this address, or wrong tries for this code.", body = ProblemDetails, content_type = "application/problem+json", headers(("Retry-After" = u64, description = "In how many seconds to try again."))),
    ),
    security(()),
)]
async fn create_dossier_lookup(
    facts: RequestFacts,
    app: App,
    body: ValidJson<DossierLookup>,
) -> Result<web::Json<DossierProgress>, ApiError> {
    app.lookups.check(None, facts.address)?;
    let units = app.units();
    look_up(&app.db, app.keys(), units.tree(), app.now(), body.0).await.map(web::Json)
}

/// Declares the operations by which steps of a dossier's life are taken, and the function that mounts them.
macro_rules! steps {
    ($($(#[doc = $doc:literal])+ $name:ident: $path:literal, $step:ident, $body:ty, $summary:literal;)+) => {
        /// Mounts the steps.
        fn step_routes(mount: &mut impl Mount) {
            operations!(mount, $($name),+);
        }

        $(
            #[utoipa::path(
                post, path = $path,
                operation_id = stringify!($name), tag = "dossiers", summary = $summary,
                description = concat!($($doc),+, " A step that is not legal in the present status is refused with those that are."),
                params(("id" = DossierId, Path, description = "Its id."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
                request_body = $body,
                responses((status = 200, description = "The step was taken.", body = Dossier, headers(("ETag" = String, description = "Its version.")))),
            )]
            async fn $name(
                permit: Permit<Write, Tthc>,
                id: ValidPath<DossierId>,
                if_match: Option<IfMatch>,
                once: Once,
                app: App,
                body: ValidJson<$body>,
            ) -> Result<Rendered, ApiError> {
                let scoped = permit.into_scoped();
                let author = scoped.author();
                let taken = move |tx: &mut WriteTx<'_>| {
                    let taken = body.0.into();
                    Ok(dossier_step(tx, &scoped, id.0, if_match.as_ref(), DossierStep::$step, &taken)?.map(Saved))
                };
                once.write(&app, author, Weight::Single, taken).await
            }
        )+
    };
}

steps! {
    /// Receives a registered dossier (tiếp nhận hồ sơ): it is counted from now on.
    accept_dossier: "/api/v1/tthc/dossiers/{id}/acceptance", Acceptance, DossierStepTaken, "Accept a registered dossier";
    /// Does not accept a registered dossier (không tiếp nhận hồ sơ), with the reason.
    reject_dossier: "/api/v1/tthc/dossiers/{id}/rejection", Rejection, DossierStepReasoned, "Reject a registered dossier";
    /// Begins processing (chuyển xử lý).
    process_dossier: "/api/v1/tthc/dossiers/{id}/processing", Processing, DossierStepTaken, "Begin processing a dossier";
    /// Asks the applicant for papers (yêu cầu bổ sung hồ sơ); the clock stops.
    request_dossier_supplement: "/api/v1/tthc/dossiers/{id}/supplement-requests", SupplementRequest, DossierStepReasoned, "Ask for papers";
    /// Takes the papers that were asked for (bổ sung hồ sơ); the due day moves by the working days waited.
    supplement_dossier: "/api/v1/tthc/dossiers/{id}/supplements", Supplement, DossierStepTaken, "Take the papers asked for";
    /// Asks the applicant to pay (yêu cầu thực hiện nghĩa vụ tài chính); the clock stops.
    request_dossier_payment: "/api/v1/tthc/dossiers/{id}/payment-requests", PaymentRequest, DossierStepReasoned, "Ask for a payment";
    /// Notes the payment that was asked for (đã thực hiện nghĩa vụ tài chính); the due day moves by the working days waited.
    pay_dossier: "/api/v1/tthc/dossiers/{id}/payments", Payment, DossierStepTaken, "Note the payment asked for";
    /// Stops processing (dừng xử lý), with the reason; the clock stops.
    stop_dossier: "/api/v1/tthc/dossiers/{id}/stops", Stop, DossierStepReasoned, "Stop processing a dossier";
    /// Goes on with a stopped dossier (tiếp tục xử lý); the due day moves by the working days waited.
    resume_dossier: "/api/v1/tthc/dossiers/{id}/resumptions", Resumption, DossierStepTaken, "Go on with a stopped dossier";
    /// Promises another day with an apology (xin lỗi và hẹn lại ngày trả), which changes neither the due day nor whether the dossier is in time.
    extend_dossier: "/api/v1/tthc/dossiers/{id}/extensions", Extension, DossierExtension, "Apologise and promise another day";
    /// Resolves a dossier (xử lý xong).
    resolve_dossier: "/api/v1/tthc/dossiers/{id}/resolution", Resolution, DossierResolution, "Resolve a dossier";
    /// Returns the result (trả kết quả).
    return_dossier: "/api/v1/tthc/dossiers/{id}/return", Return, DossierStepTaken, "Return the result of a dossier";
    /// Notes that the applicant withdraws (rút hồ sơ).
    withdraw_dossier: "/api/v1/tthc/dossiers/{id}/withdrawal", Withdrawal, DossierStepTaken, "Withdraw a dossier";
    /// Refuses the application (từ chối giải quyết), with the reason.
    refuse_dossier: "/api/v1/tthc/dossiers/{id}/refusal", Refusal, DossierStepReasoned, "Refuse a dossier";
    /// Hands a pending dossier over to another unit (bàn giao hồ sơ); what was counted before that day stays.
    transfer_dossier: "/api/v1/tthc/dossiers/{id}/transfers", Transfer, DossierTransfer, "Hand a dossier over";
}
