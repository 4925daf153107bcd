//! The declarative macro that mounts the steps of a form's life. It emits glue only: what they do stands
//! in [`steps`](super::steps).

/// Declares the operations by which returns of a form are handed in, accepted and sent back, and the
/// function that mounts them. The other operations of a form are those of every resource
/// ([`crud!`](crate::crud), [`attachments!`](macro@crate::attachments)).
///
/// ```text
/// return_steps! {
///     tag: "work-diary-returns", what: "a work diary return", vi: "báo cáo ghi nhật ký công việc",
///     form: WorkDiaries, answer: WorkDiaryReturn,
///     write: Permit<Write, CivilService>, review: Permit<Review, CivilService>,
///     submit: "/api/v1/civil-service/work-diary-returns/{id}/submission", submit_work_diary_return,
///     accept: "/api/v1/civil-service/work-diary-returns/{id}/acceptance", accept_work_diary_return,
///     send_back: "/api/v1/civil-service/work-diary-returns/{id}/send-back", send_back_work_diary_return,
/// }
/// ```
#[macro_export]
macro_rules! return_steps {
    (
        tag: $tag:literal, what: $what:literal, vi: $vi:literal, form: $form:ident, answer: $view:ident,
        write: $write:ty, review: $review:ty,
        submit: $submit_path:literal, $submit:ident,
        accept: $accept_path:literal, $accept:ident,
        send_back: $send_back_path:literal, $send_back:ident $(,)?
    ) => {
        /// Mounts the steps of a return's life.
        fn step_routes(mount: &mut impl $crate::api::mount::Mount) {
            use step_operations::*;
            $crate::operations!(mount, $submit, $accept, $send_back);
        }

        /// The handlers, in a module of their own for the names that they use.
        mod step_operations {

            use super::*;
            use $crate::api::{IfMatch, Once, Rendered, Saved, ValidJson, ValidPath};
            use $crate::db::{Weight, WriteTx};
            use $crate::error::ApiError;
            use $crate::reporting::returns::{self, SendBack, UnitReturnId};
            use $crate::state::App;

            #[utoipa::path(
                post, path = $submit_path,
                operation_id = stringify!($submit), tag = $tag, summary = concat!("Submit ", $what),
                description = concat!("Hands ", $what, " in (gửi ", $vi, "): from now on it counts."),
                params(("id" = UnitReturnId, Path, description = "Its id."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
                responses((status = 200, description = "It was submitted.", body = $view, headers(("ETag" = String, description = "Its version.")))),
            )]
            pub(super) async fn $submit(
                permit: $write,
                id: ValidPath<UnitReturnId>,
                if_match: Option<IfMatch>,
                once: Once,
                app: App,
            ) -> Result<Rendered, ApiError> {
                let scoped = permit.into_scoped();
                let author = scoped.author();
                let submitted = move |tx: &mut WriteTx<'_>| {
                    Ok(returns::submit::<$form>(tx, &scoped, id.0, if_match.as_ref())?.map(Saved))
                };
                once.write(&app, author, Weight::Single, submitted).await
            }

            #[utoipa::path(
                post, path = $accept_path,
                operation_id = stringify!($accept), tag = $tag, summary = concat!("Accept ", $what),
                description = concat!("Takes ", $what, " of a unit below (tiếp nhận ", $vi, "). Nobody accepts what they last edited."),
                params(("id" = UnitReturnId, Path, description = "Its id."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
                responses((status = 200, description = "It was accepted.", body = $view, headers(("ETag" = String, description = "Its version.")))),
            )]
            pub(super) async fn $accept(
                permit: $review,
                id: ValidPath<UnitReturnId>,
                if_match: Option<IfMatch>,
                once: Once,
                app: App,
            ) -> Result<Rendered, ApiError> {
                let scoped = permit.into_scoped();
                let author = scoped.author();
                let accepted = move |tx: &mut WriteTx<'_>| {
                    Ok(returns::accept::<$form>(tx, &scoped, id.0, if_match.as_ref())?.map(Saved))
                };
                once.write(&app, author, Weight::Single, accepted).await
            }

            #[utoipa::path(
                post, path = $send_back_path,
                operation_id = stringify!($send_back), tag = $tag, summary = concat!("Send ", $what, " back"),
                description = concat!("Returns ", $what, " to its editor with a reason (trả lại ", $vi, "): it no longer counts until it is submitted again."),
                params(("id" = UnitReturnId, Path, description = "Its id."), ("If-Match" = Option<String>, Header, description = "The ETag that was read; optional here.")),
                request_body = SendBack,
                responses((status = 200, description = "It was sent back.", body = $view, headers(("ETag" = String, description = "Its version.")))),
            )]
            pub(super) async fn $send_back(
                permit: $review,
                id: ValidPath<UnitReturnId>,
                if_match: Option<IfMatch>,
                once: Once,
                app: App,
                body: ValidJson<SendBack>,
            ) -> Result<Rendered, ApiError> {
                let scoped = permit.into_scoped();
                let author = scoped.author();
                let sent_back = move |tx: &mut WriteTx<'_>| {
                    Ok(returns::send_back::<$form>(tx, &scoped, id.0, if_match.as_ref(), body.0.reason)?.map(Saved))
                };
                once.write(&app, author, Weight::Single, sent_back).await
            }
        }
    };
}
