//! The operations on feedback: the standard ones, the steps of its life, and what they come to.

use actix_web::web;

use super::bodies::{
    CitizenFeedbackCreate, CitizenFeedbackPatch, FeedbackAnswer, FeedbackPublication, FeedbackRefusal,
    FeedbackSupplement, FeedbackSupplementRequest,
};
use super::erasure::feedback_erase;
use super::model::{CitizenFeedback, CitizenFeedbackFilter, CitizenFeedbackId, CitizenFeedbackPage};
use super::steps::feedback_step;
use super::store::{feedback_changeable, feedback_get, feedback_list, feedback_seen};
use super::summary::{CitizenFeedbackSummary, CitizenFeedbackSummaryFilter, feedback_summary};
use super::writes::{CitizenFeedbacks, feedback_delete, feedback_patch};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::api::{IfMatch, Once, Rendered, Saved, ValidJson, ValidPath, ValidQuery};
use kernel::auth::permit::{ErasePersonal, Permit, Read, Tthc, Write};
use kernel::db::{DbConn, Weight, WriteTx};
use kernel::error::ApiError;
use kernel::people::PersonalDataErasure;
use kernel::state::App;
use kernel::{attachments, crud, operations};

crud! {
    tag: "citizen-feedback", what: "feedback", many: "feedback and petitions", vi: "phản ánh, kiến nghị",
    collection: "/api/v1/tthc/citizen-feedback", record: "/api/v1/tthc/citizen-feedback/{id}",
    id: CitizenFeedbackId, row: CitizenFeedback, page: CitizenFeedbackPage,
    create: CitizenFeedbackCreate, patch: CitizenFeedbackPatch, filter: CitizenFeedbackFilter,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    list: list_citizen_feedback => feedback_list, get: get_citizen_feedback => feedback_get,
    create_one: create_citizen_feedback => insert::<CitizenFeedbacks>,
    replace: replace_citizen_feedback => replace::<CitizenFeedbacks>, patch_one: patch_citizen_feedback => feedback_patch,
    delete: delete_citizen_feedback => feedback_delete,
    batch: "/api/v1/tthc/citizen-feedback/batch", batch_citizen_feedback => CitizenFeedbacks,
    import: "/api/v1/tthc/citizen-feedback/import", import_citizen_feedback, template: "/api/v1/tthc/citizen-feedback/template", get_citizen_feedback_template, sheet: "citizen-feedback",
    personal: "tthc:personal",
}

attachments! {
    tag: "citizen-feedback", of: "feedback", vi: "phản ánh, kiến nghị",
    list_path: "/api/v1/tthc/citizen-feedback/{id}/attachments",
    path: "/api/v1/tthc/citizen-feedback/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/tthc/citizen-feedback/{id}/attachments/{attachment_id}/content",
    owner: FeedbackAttachments, record_type: CitizenFeedback, table: "citizen_feedback", id: CitizenFeedbackId,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    seen: feedback_seen, changeable: feedback_changeable,
    list: list_citizen_feedback_attachments, attach: create_citizen_feedback_attachment,
    get: get_citizen_feedback_attachment, content: get_citizen_feedback_attachment_content,
    delete: delete_citizen_feedback_attachment,
    personal: "tthc:personal",
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, get_citizen_feedback_summary, erase_citizen_feedback);
    crud_routes(mount);
    step_routes(mount);
    attachment_routes(mount);
}

/// Declares the operations by which steps are taken, and the function that mounts them.
macro_rules! steps {
    ($($(#[doc = $doc:literal])+ $name:ident: $path:literal, $body:ty, $summary:literal;)+) => {
        /// Mounts the steps.
        fn step_routes(mount: &mut impl Mount) {
            operations!(mount, $($name),+);
        }

        $(
            #[utoipa::path(
                post, path = $path,
                operation_id = stringify!($name), tag = "citizen-feedback", summary = $summary,
                description = concat!($($doc),+, " A step that may not be taken now is refused with those that may."),
                params(("id" = CitizenFeedbackId, Path, description = "Its id."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
                request_body = $body,
                responses((status = 200, description = "The step was taken.", body = CitizenFeedback, headers(("ETag" = String, description = "Its version.")))),
            )]
            async fn $name(
                permit: Permit<Write, Tthc>,
                id: ValidPath<CitizenFeedbackId>,
                if_match: Option<IfMatch>,
                once: Once,
                app: App,
                body: ValidJson<$body>,
            ) -> Result<Rendered, ApiError> {
                let scoped = permit.into_scoped();
                let author = scoped.author();
                let taken = move |tx: &mut WriteTx<'_>| {
                    Ok(feedback_step(tx, &scoped, id.0, if_match.as_ref(), body.0)?.map(Saved))
                };
                once.write(&app, author, Weight::Single, taken).await
            }
        )+
    };
}

steps! {
    /// Does not take it, with the reason (từ chối tiếp nhận).
    refuse_citizen_feedback: "/api/v1/tthc/citizen-feedback/{id}/refusal", FeedbackRefusal, "Refuse feedback";
    /// Asks the sender for more (yêu cầu bổ sung thông tin); no answer is due until it comes.
    request_citizen_feedback_supplement: "/api/v1/tthc/citizen-feedback/{id}/supplement-request", FeedbackSupplementRequest, "Ask the sender of feedback for more";
    /// Takes what was asked for (tiếp nhận thông tin bổ sung); the time of the answer is counted from then on.
    supplement_citizen_feedback: "/api/v1/tthc/citizen-feedback/{id}/supplement", FeedbackSupplement, "Take what the sender of feedback was asked for";
    /// Answers it by a document (trả lời).
    answer_citizen_feedback: "/api/v1/tthc/citizen-feedback/{id}/answer", FeedbackAnswer, "Answer feedback";
    /// Makes the answer public (công khai kết quả).
    publish_citizen_feedback: "/api/v1/tthc/citizen-feedback/{id}/publication", FeedbackPublication, "Publish the answer to feedback";
}

#[utoipa::path(
    post, path = "/api/v1/tthc/citizen-feedback/{id}/erasure",
    operation_id = "erase_citizen_feedback", tag = "citizen-feedback", summary = "Erase the personal data of feedback",
    description = "Erases who sent feedback, its files and the answers that were kept of it (xóa dữ liệu cá nhân theo yêu cầu), as a document orders. What is counted stays as it is, the feedback goes on without a petitioner, and whoever follows changes is told. It cannot be taken back; backups from before keep what they hold.",
    params(("id" = CitizenFeedbackId, Path, description = "Its id."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
    request_body = PersonalDataErasure,
    responses((status = 200, description = "They were erased.", body = CitizenFeedback, headers(("ETag" = String, description = "Its version.")))),
)]
async fn erase_citizen_feedback(
    permit: Permit<ErasePersonal, Tthc>,
    id: ValidPath<CitizenFeedbackId>,
    if_match: Option<IfMatch>,
    once: Once,
    app: App,
    body: ValidJson<PersonalDataErasure>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let erased = move |tx: &mut WriteTx<'_>| {
        Ok(feedback_erase(tx, &scoped, id.0, if_match.as_ref(), &body.0)?.map(Saved))
    };
    once.write(&app, author, Weight::Single, erased).await
}

#[utoipa::path(
    get, path = "/api/v1/tthc/citizen-feedback/summary",
    operation_id = "get_citizen_feedback_summary", tag = "citizen-feedback", summary = "Get what became of the feedback of a period",
    description = "How much feedback a unit received between two days, how far it has come, and how much of it kept each time limit by today (tình hình tiếp nhận, xử lý phản ánh, kiến nghị); with `scope` also of the units below. A unit has what those received that went whole into it.",
    params(CitizenFeedbackSummaryFilter),
    responses((status = 200, description = "The counts.", body = CitizenFeedbackSummary)),
)]
async fn get_citizen_feedback_summary(
    permit: Permit<Read, Tthc>,
    query: ValidQuery<CitizenFeedbackSummaryFilter>,
    app: App,
) -> Result<web::Json<CitizenFeedbackSummary>, ApiError> {
    let scoped = permit.into_scoped();
    let state = app.clone();
    let summed = move |conn: &mut DbConn| feedback_summary(conn, &scoped, &state.rosters, &query.0);
    app.db.read_list(summed).await.map(web::Json)
}
