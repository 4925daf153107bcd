//! The declarative macro of the standard operations. It emits glue only: extract, call the
//! resource's store function, wrap. What it expands to stands written out in
//! [`crate::reporting::periods`]; a resource that does not fit writes its handlers out likewise.

/// Declares the six standard operations of a resource and the function that mounts them.
///
/// ```text
/// crud! {
///     tag: "accounts", what: "an account", many: "accounts", vi: "tài khoản",
///     collection: "/api/v1/admin/users", record: "/api/v1/admin/users/{id}",
///     id: UserId, row: User, page: UserPage, create: UserCreate, patch: UserPatch, filter: UserFilter,
///     read: Permit<Administer, Organization>, write: Permit<Administer, Organization>,
///     list: list_users => user_list, get: get_user => user_get, create_one: create_user => user_insert,
///     replace: replace_user => user_replace, patch_one: patch_user, delete: delete_user => user_delete,
///     afterwards: access_changed,
/// }
/// ```
///
/// The store functions have the shapes of those of periods; `patch` has `onto(&row) -> create`, or `patch_one`
/// names a store function that takes it, where an answer does not tell the whole record. `personal` is the
/// scope word under which personal data are shown in clear, for the contract.
/// `batch` needs the resource's [`Records`](crate::api::records::Records); see [`bulk!`](crate::bulk).
/// `afterwards` names the method of the state that refreshes what is held in memory.
#[macro_export]
macro_rules! crud {
    (patched $tx:expr, $scoped:expr, $id:expr, $if_match:expr, $patch:expr, $get:path, $replace:path) => {{
        let present = $get($tx.conn(), $scoped, $id)?;
        let if_match = $if_match.read_at($crate::api::Record::version(&present));
        $replace($tx, $scoped, $id, &if_match, $patch.onto(&present))
    }};
    (patched $tx:expr, $scoped:expr, $id:expr, $if_match:expr, $patch:expr, $get:path, $replace:path, $patched:path) => {
        $patched($tx, $scoped, $id, $if_match, $patch)
    };
    (
        tag: $tag:literal, what: $what:literal, many: $many:literal, vi: $vi:literal,
        collection: $collection:literal, record: $record:literal,
        id: $id:ty, row: $row:ty, page: $page:ident, create: $create:ty, patch: $patch:ty, filter: $filter:ty,
        read: $read:ty, write: $write:ty,
        list: $list:ident => $list_store:path, get: $get:ident => $get_store:path,
        create_one: $create_one:ident => $insert_store:path,
        replace: $replace:ident => $replace_store:path, patch_one: $patch_one:ident $(=> $patch_store:path)?,
        delete: $delete:ident => $delete_store:path,
        $(
            batch: $batch_path:literal, $batch:ident => $records:ty,
            import: $import_path:literal, $import:ident, template: $template_path:literal, $template:ident, sheet: $sheet:literal,
        )?
        $(afterwards: $afterwards:ident,)?
        $(personal: $personal:literal,)?
    ) => {
        /// Mounts the standard operations.
        fn crud_routes(mount: &mut impl $crate::api::mount::Mount) {
            $crate::operations!(mount, $list, $create_one, $get, $replace, $patch_one, $delete);
            $($crate::bulk!(mount $batch_path, mount);)?
        }

        /// Refreshes what is held in memory, after a commit.
        async fn refreshed(app: &$crate::state::App) -> Result<(), $crate::error::ApiError> {
            let _ = app;
            $(app.$afterwards().await?;)?
            Ok(())
        }

        $($crate::bulk! {
            tag: $tag, many: $many, vi: $vi, create: $create, read: $read, write: $write,
            batch: $batch_path, $batch => $records,
            import: $import_path, $import, template: $template_path, $template, sheet: $sheet,
            afterwards: refreshed,
        })?

        #[utoipa::path(
            get, path = $collection,
            operation_id = stringify!($list), tag = $tag, summary = concat!("List ", $many),
            description = concat!("A page of ", $many, " (", $vi, ").", $(" Personal data are masked unless the token has the scope `", $personal, "`, and always in streams of all rows; each time they are shown in clear is noted in the journal.")?),
            params($filter, $crate::api::PageParams),
            responses((status = 200, description = "A page.", body = $page, headers(("Link" = String, description = "The next page.")))),
        )]
        async fn $list(
            permit: $read,
            query: $crate::api::ListQuery<$filter>,
            app: $crate::state::App,
        ) -> Result<$crate::api::Listed<$page>, $crate::error::ApiError> {
            query.answer_noted(permit.into_scoped(), &app, $list_store).await
        }

        #[utoipa::path(
            post, path = $collection,
            operation_id = stringify!($create_one), tag = $tag, summary = concat!("Create ", $what),
            description = concat!("Makes ", $what, " (", $vi, ")."),
            request_body = $create,
            responses((status = 201, description = "It was made.", body = $row, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
        )]
        async fn $create_one(
            permit: $write,
            once: $crate::api::Once,
            app: $crate::state::App,
            body: $crate::api::ValidJson<$create>,
        ) -> Result<$crate::api::Rendered, $crate::error::ApiError> {
            let scoped = permit.into_scoped();
            let author = scoped.author();
            let made = move |tx: &mut $crate::db::WriteTx<'_>| {
                Ok($insert_store(tx, &scoped, body.0)?.map($crate::api::Created))
            };
            let answer = once.write(&app, author, $crate::db::Weight::Single, made).await?;
            refreshed(&app).await?;
            Ok(answer)
        }

        #[utoipa::path(
            get, path = $record,
            operation_id = stringify!($get), tag = $tag, summary = concat!("Get ", $what),
            description = concat!("Reads ", $what, " (", $vi, ") by its id.", $(" Personal data are masked unless the token has the scope `", $personal, "`; each time they are shown in clear is noted in the journal.")?),
            params(("id" = $id, Path, description = "Its id."), ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
            responses((status = 200, description = "The record.", body = $row, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "It has not changed.")),
        )]
        async fn $get(
            permit: $read,
            id: $crate::api::ValidPath<$id>,
            app: $crate::state::App,
        ) -> Result<$crate::api::Found<$row>, $crate::error::ApiError> {
            let found = move |conn: &mut $crate::db::DbConn, scoped: &$crate::auth::scope::Scoped| {
                $get_store(conn, scoped, id.0)
            };
            $crate::audit::personal_reads::read(&app, permit.into_scoped(), found).await.map($crate::api::Found)
        }

        #[utoipa::path(
            put, path = $record,
            operation_id = stringify!($replace), tag = $tag, summary = concat!("Replace ", $what),
            description = concat!("Replaces ", $what, " (", $vi, ") as a whole."),
            params(("id" = $id, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
            request_body = $create,
            responses((status = 200, description = "It was replaced.", body = $row, headers(("ETag" = String, description = "Its version.")))),
        )]
        async fn $replace(
            permit: $write,
            id: $crate::api::ValidPath<$id>,
            if_match: $crate::api::IfMatch,
            app: $crate::state::App,
            body: $crate::api::ValidJson<$create>,
        ) -> Result<$crate::api::Saved<$row>, $crate::error::ApiError> {
            let scoped = permit.into_scoped();
            let row =
                app.db.write(scoped.author(), move |tx| $replace_store(tx, &scoped, id.0, &if_match, body.0)).await?;
            refreshed(&app).await?;
            Ok($crate::api::Saved(row))
        }

        #[utoipa::path(
            patch, path = $record,
            operation_id = stringify!($patch_one), tag = $tag, summary = concat!("Change ", $what),
            description = concat!("Changes single members of ", $what, " (", $vi, "), after RFC 7396."),
            params(("id" = $id, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
            request_body(content = $patch, content_type = "application/merge-patch+json"),
            responses((status = 200, description = "It was changed.", body = $row, headers(("ETag" = String, description = "Its version.")))),
        )]
        async fn $patch_one(
            permit: $write,
            id: $crate::api::ValidPath<$id>,
            if_match: $crate::api::IfMatch,
            app: $crate::state::App,
            body: $crate::api::MergePatch<$patch>,
        ) -> Result<$crate::api::Saved<$row>, $crate::error::ApiError> {
            let scoped = permit.into_scoped();
            let author = scoped.author();
            let patched = move |tx: &mut $crate::db::WriteTx<'_>| {
                $crate::crud!(patched tx, &scoped, id.0, &if_match, body.0, $get_store, $replace_store $(, $patch_store)?)
            };
            let row = app.db.write(author, patched).await?;
            refreshed(&app).await?;
            Ok($crate::api::Saved(row))
        }

        #[utoipa::path(
            delete, path = $record,
            operation_id = stringify!($delete), tag = $tag, summary = concat!("Delete ", $what),
            description = concat!("Deletes ", $what, " (", $vi, "); the journal keeps its last content."),
            params(("id" = $id, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
            responses((status = 204, description = "It was deleted.")),
        )]
        async fn $delete(
            permit: $write,
            id: $crate::api::ValidPath<$id>,
            if_match: $crate::api::IfMatch,
            app: $crate::state::App,
        ) -> Result<$crate::api::Deleted, $crate::error::ApiError> {
            let scoped = permit.into_scoped();
            app.db.write(scoped.author(), move |tx| $delete_store(tx, &scoped, id.0, &if_match)).await?;
            refreshed(&app).await?;
            Ok($crate::api::Deleted)
        }
    };
}

/// Declares the operations on many records at once: batch, import and template. [`crud!`](crate::crud)
/// does so for its resource; one that writes its other operations out names what is done after a
/// commit, once a request, by `afterwards`: an async function of the state.
#[macro_export]
macro_rules! bulk {
    (mount $batch_path:literal, $mount:ident) => {
        bulk_routes($mount)
    };
    (
        tag: $tag:literal, many: $many:literal, vi: $vi:literal, create: $create:ty, read: $read:ty, write: $write:ty,
        batch: $batch_path:literal, $batch:ident => $records:ty,
        import: $import_path:literal, $import:ident, template: $template_path:literal, $template:ident, sheet: $sheet:literal,
        afterwards: $afterwards:ident,
    ) => {
        /// Mounts the operations on many records at once.
        fn bulk_routes(mount: &mut impl $crate::api::mount::Mount) {
            $crate::operations!(mount, $batch, $import, $template);
        }

        #[utoipa::path(
            post, path = $batch_path,
            operation_id = stringify!($batch), tag = $tag, summary = concat!("Write many ", $many),
            description = concat!("Makes up to 10,000 ", $many, " (", $vi, "), or replaces those that have their natural key: a JSON array, or one record a line. A line may also carry `if_version` or `source_updated_at`; one that is older than what is held is answered `stale` and not written."),
            params($crate::api::batch::BatchParams),
            request_body(content((Vec<$create> = "application/json"), (String = "application/x-ndjson"))),
            responses((status = 200, description = "What became of each line.", body = $crate::api::batch::BatchReport)),
        )]
        async fn $batch(
            permit: $write,
            once: $crate::api::Once,
            query: $crate::api::ValidQuery<$crate::api::batch::BatchParams>,
            app: $crate::state::App,
            batch: $crate::api::batch::Batch<$create>,
        ) -> Result<$crate::api::Rendered, $crate::error::ApiError> {
            let written =
                $crate::api::batch::write_batch::<$records>(&app, once, permit.into_scoped(), query.0, batch).await?;
            $afterwards(&app).await?;
            Ok(written)
        }

        #[utoipa::path(
            post, path = $import_path,
            operation_id = stringify!($import), tag = $tag, summary = concat!("Import ", $many),
            description = concat!("Makes up to 10,000 ", $many, " (", $vi, ") from a spreadsheet or CSV file that follows the template, or replaces those that have their natural key. With `dry_run=true` nothing is written. What is wrong is told by row and cell; with `Accept` of a spreadsheet it is marked in a copy of the file."),
            params($crate::api::sheet::import::ImportParams),
            request_body(content((String = "text/csv"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
            responses((status = 200, description = "What became of each row; where rows were refused and a spreadsheet is asked for, a copy of the file that marks them.", content((
                $crate::api::sheet::import::ImportReport = "application/json"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))),
        )]
        async fn $import(
            permit: $write,
            once: $crate::api::Once,
            query: $crate::api::ValidQuery<$crate::api::sheet::import::ImportParams>,
            app: $crate::state::App,
            file: $crate::api::sheet::import::SheetFile,
        ) -> Result<actix_web::Either<$crate::api::Rendered, actix_web::HttpResponse>, $crate::error::ApiError> {
            let scoped = permit.into_scoped();
            let taken =
                $crate::api::sheet::import::import_sheet::<$records>(&app, once, scoped, query.0, file, $sheet).await?;
            $afterwards(&app).await?;
            Ok(taken)
        }

        #[utoipa::path(
            get, path = $template_path,
            operation_id = stringify!($template), tag = $tag, summary = concat!("Get the template of ", $many),
            description = concat!("A spreadsheet to fill in and import: ", $many, " (", $vi, "), with notes, drop-downs and a guide."),
            responses((status = 200, description = "The template.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = String)),
        )]
        async fn $template(
            permit: $read,
            app: $crate::state::App,
        ) -> Result<actix_web::HttpResponse, $crate::error::ApiError> {
            $crate::api::sheet::import::import_template::<$records>(&app, permit.into_scoped(), $sheet).await
        }
    };
}
