//! The declarative macro that mounts attachments beneath a resource. It emits glue only: what the
//! operations do stands in [`operations`](super::operations).

/// Gives the records of a resource attachments, and declares the function that mounts them.
///
/// ```text
/// attachments! {
///     tag: "processing-returns", of: "a processing return", vi: "số liệu kết quả giải quyết TTHC",
///     list_path: "/api/v1/tthc/processing-returns/{id}/attachments",
///     path: "/api/v1/tthc/processing-returns/{id}/attachments/{attachment_id}",
///     content_path: "/api/v1/tthc/processing-returns/{id}/attachments/{attachment_id}/content",
///     owner: ReturnAttachments, record_type: ProcessingReturn, table: "processing_returns", id: ProcessingReturnId,
///     read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
///     seen: processing_return_seen, changeable: processing_return_changeable,
///     list: list_processing_return_attachments, attach: create_processing_return_attachment,
///     get: get_processing_return_attachment, content: get_processing_return_attachment_content,
///     delete: delete_processing_return_attachment,
/// }
/// ```
///
/// `seen` and `changeable` are functions of the resource's store, by
/// [`Owner`](crate::attachments::Owner). `personal: "tthc:personal"` at the end tells the contract the scope word
/// of files that may hold personal data; that they are masked follows from what those functions answer
/// ([`Belonging::of_people`](crate::attachments::Belonging::of_people)).
#[macro_export]
macro_rules! attachments {
    (
        tag: $tag:literal, of: $of:literal, vi: $vi:literal,
        list_path: $list_path:literal, path: $path:literal, content_path: $content_path:literal,
        owner: $owner:ident, record_type: $record_type:ident, table: $table:literal, id: $id:ty,
        read: $read:ty, write: $write:ty, seen: $seen:path, changeable: $changeable:path,
        list: $list:ident, attach: $attach:ident, get: $get:ident, content: $content:ident, delete: $delete:ident,
        $(personal: $personal:literal,)?
    ) => {
        #[doc = concat!("Attachments of ", $of, ".")]
        struct $owner;

        impl $crate::attachments::Owner for $owner {
            type Id = $id;
            const RECORD_TYPE: $crate::record_types::RecordType =
                $crate::record_types::RecordType::$record_type;
            const TABLE: &'static str = $table;
            const SEEN: $crate::attachments::Look<$id> = $seen;
            const CHANGEABLE: $crate::attachments::Look<$id> = $changeable;
        }

        /// Mounts the operations on attachments.
        fn attachment_routes(mount: &mut impl $crate::api::mount::Mount) {
            use attachment_operations::*;
            $crate::operations!(mount, $list, $attach, $get, $content, $delete);
        }

        /// The handlers, in a module of their own for the names that they use.
        mod attachment_operations {
            use actix_web::HttpResponse;

            use super::*;
            use $crate::api::{Deleted, Found, IfMatch, ListQuery, Listed, Once, PageParams, Rendered, ValidPath};
            use $crate::attachments::content::Wanted;
            use $crate::attachments::model::{Attachment, AttachmentFilter, AttachmentId, AttachmentPage, AttachmentUpload};
            use $crate::attachments::operations;
            use $crate::attachments::upload::Upload;
            use $crate::error::{ApiError, ProblemDetails};
            use $crate::state::App;

            #[utoipa::path(
                get, path = $list_path,
                operation_id = stringify!($list), tag = $tag, summary = concat!("List the attachments of ", $of),
                description = concat!("A page of the attachments (tệp đính kèm) of ", $of, " (", $vi, ").", $(" Its files may hold personal data: names and descriptions are masked unless the token has the scope `", $personal, "`, and always in streams of all rows; each time they are shown in clear is noted in the journal.")?),
                params(("id" = $id, Path, description = "The record."), AttachmentFilter, PageParams),
                responses((status = 200, description = "A page.", body = AttachmentPage, headers(("Link" = String, description = "The next page.")))),
            )]
            pub(super) async fn $list(
                permit: $read,
                id: ValidPath<$id>,
                query: ListQuery<AttachmentFilter>,
                app: App,
            ) -> Result<Listed<AttachmentPage>, ApiError> {
                operations::list::<$owner>(&app, permit.into_scoped(), id.0, query).await
            }

            #[utoipa::path(
                post, path = $list_path,
                operation_id = stringify!($attach), tag = $tag, summary = concat!("Attach a file to ", $of),
                description = concat!("Attaches a file (tệp đính kèm) to ", $of, " (", $vi, ") that may be changed. Taken are PDF, DOCX, XLSX, PPTX, ODT, ODS, ODP, PNG, JPEG, TIFF, WebP, XML, TXT and CSV in UTF-8, without macros or anything that a browser would run; the content must be what the name's extension and `Content-Type` say. An `Idempotency-Key` belongs to name, description and content."),
                params(("id" = $id, Path, description = "The record.")),
                request_body(content = AttachmentUpload, content_type = "multipart/form-data"),
                responses((status = 201, description = "It was attached.", body = Attachment, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
            )]
            pub(super) async fn $attach(
                permit: $write,
                id: ValidPath<$id>,
                once: Once,
                app: App,
                upload: Upload,
            ) -> Result<Rendered, ApiError> {
                operations::attach::<$owner>(&app, permit.into_scoped(), id.0, once, upload).await
            }

            #[utoipa::path(
                get, path = $path,
                operation_id = stringify!($get), tag = $tag, summary = concat!("Get an attachment of ", $of),
                description = concat!("What is known of an attachment (tệp đính kèm) of ", $of, " (", $vi, ").", $(" Name and description are masked unless the token has the scope `", $personal, "`; each time they are shown in clear is noted in the journal.")?),
                params(("id" = $id, Path, description = "The record."), ("attachment_id" = AttachmentId, Path, description = "The attachment."), ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
                responses((status = 200, description = "The attachment.", body = Attachment, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "It has not changed.")),
            )]
            pub(super) async fn $get(
                permit: $read,
                ids: ValidPath<($id, AttachmentId)>,
                app: App,
            ) -> Result<Found<Attachment>, ApiError> {
                operations::get::<$owner>(&app, permit.into_scoped(), ids.0).await
            }

            #[utoipa::path(
                get, path = $content_path,
                operation_id = stringify!($content), tag = $tag, summary = concat!("Download an attachment of ", $of),
                description = concat!("The content of an attachment (nội dung tệp đính kèm) of ", $of, " (", $vi, "), to be saved; with `Range` a part of it.", $(" It may hold personal data: 403 unless the token has the scope `", $personal, "`; each reading is noted in the journal.")?),
                params(("id" = $id, Path, description = "The record."), ("attachment_id" = AttachmentId, Path, description = "The attachment."), ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already."), ("Range" = Option<String>, Header, description = "The part that is wanted, such as `bytes=0-1023`."), ("If-Range" = Option<String>, Header, description = "The ETag that the part must be of; else the whole is sent.")),
                responses(
                    (status = 200, description = "The content.", content_type = "application/octet-stream", body = String, headers(("ETag" = String, description = "Its hash."))),
                    (status = 206, description = "The part.", content_type = "application/octet-stream", body = String, headers(("ETag" = String, description = "The hash of the whole."))),
                    (status = 304, description = "It has not changed."),
                    (status = 416, description = "It has no such part.", body = ProblemDetails, content_type = "application/problem+json"),
                ),
            )]
            pub(super) async fn $content(
                permit: $read,
                ids: ValidPath<($id, AttachmentId)>,
                wanted: Wanted,
                app: App,
            ) -> Result<HttpResponse, ApiError> {
                operations::content::<$owner>(&app, permit.into_scoped(), ids.0, wanted).await
            }

            #[utoipa::path(
                delete, path = $path,
                operation_id = stringify!($delete), tag = $tag, summary = concat!("Delete an attachment of ", $of),
                description = concat!("Deletes an attachment (tệp đính kèm) of ", $of, " (", $vi, ") that may be changed; the journal keeps its hash."),
                params(("id" = $id, Path, description = "The record."), ("attachment_id" = AttachmentId, Path, description = "The attachment."), ("If-Match" = String, Header, description = "The ETag that was read.")),
                responses((status = 204, description = "It was deleted.")),
            )]
            pub(super) async fn $delete(
                permit: $write,
                ids: ValidPath<($id, AttachmentId)>,
                if_match: IfMatch,
                app: App,
            ) -> Result<Deleted, ApiError> {
                operations::delete::<$owner>(&app, permit.into_scoped(), ids.0, if_match).await
            }
        }
    };
}
