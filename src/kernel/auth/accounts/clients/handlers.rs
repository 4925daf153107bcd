//! The operations on accounts of systems.

use super::model::{Client, ClientCreate, ClientFilter, ClientPage, ClientPatch, ClientWithSecret};
use super::store::{
    client_delete, client_get, client_insert, client_list, client_replace, client_secret_replace,
};
use crate::api::mount::Mount;
use crate::api::{
    Created, Deleted, Found, IfMatch, ListQuery, Listed, MergePatch, Once, PageParams, Rendered, Saved,
    ValidJson, ValidPath,
};
use crate::auth::permit::{Administer, Organization, Permit};
use crate::auth::principal::ClientId;
use crate::auth::token::new_client_secret;
use crate::db::{Weight, WriteTx};
use crate::error::ApiError;
use crate::operations;
use crate::state::App;

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(
        mount,
        list_clients,
        create_client,
        get_client,
        replace_client,
        patch_client,
        delete_client,
        rotate_client_secret
    );
}

#[utoipa::path(
    get, path = "/api/v1/admin/clients",
    operation_id = "list_clients", tag = "accounts", summary = "List clients",
    description = "A page of the accounts of systems (tài khoản hệ thống kết nối) whose unit is within reach.",
    params(ClientFilter, PageParams),
    responses((status = 200, description = "A page.", body = ClientPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_clients(
    permit: Permit<Administer, Organization>,
    query: ListQuery<ClientFilter>,
    app: App,
) -> Result<Listed<ClientPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, client_list).await
}

#[utoipa::path(
    post, path = "/api/v1/admin/clients",
    operation_id = "create_client", tag = "accounts", summary = "Create a client",
    description = "Makes the account of a system (tài khoản hệ thống kết nối). Its secret is in this answer and never again.",
    request_body = ClientCreate,
    responses((status = 201, description = "It was made.", body = ClientWithSecret, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
)]
async fn create_client(
    permit: Permit<Administer, Organization>,
    once: Once,
    app: App,
    body: ValidJson<ClientCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let (secret, hash) = secret(&app).await?;
    let author = scoped.author();
    let made = move |tx: &mut WriteTx<'_>| {
        let client = client_insert(tx, &scoped, body.0, hash)?;
        Ok(client.map(|client| Created(client.with_secret(secret))))
    };
    let answer = once.write(&app, author, Weight::Single, made).await?;
    app.access_changed().await?;
    Ok(answer)
}

#[utoipa::path(
    get, path = "/api/v1/admin/clients/{id}",
    operation_id = "get_client", tag = "accounts", summary = "Get a client",
    description = "Reads the account of a system (tài khoản hệ thống kết nối) by the id of its record.",
    params(("id" = ClientId, Path, description = "Its id."), ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
    responses((status = 200, description = "The record.", body = Client, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "It has not changed.")),
)]
async fn get_client(
    permit: Permit<Administer, Organization>,
    id: ValidPath<ClientId>,
    app: App,
) -> Result<Found<Client>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| client_get(conn, &scoped, id.0)).await.map(Found)
}

#[utoipa::path(
    put, path = "/api/v1/admin/clients/{id}",
    operation_id = "replace_client", tag = "accounts", summary = "Replace a client",
    description = "Replaces the account of a system (tài khoản hệ thống kết nối) as a whole; its secret stays.",
    params(("id" = ClientId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body = ClientCreate,
    responses((status = 200, description = "It was replaced.", body = Client, headers(("ETag" = String, description = "Its version.")))),
)]
async fn replace_client(
    permit: Permit<Administer, Organization>,
    id: ValidPath<ClientId>,
    if_match: IfMatch,
    app: App,
    body: ValidJson<ClientCreate>,
) -> Result<Saved<Client>, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let replaced = move |tx: &mut WriteTx<'_>| client_replace(tx, &scoped, id.0, &if_match, body.0);
    let client = app.db.write(author, replaced).await?;
    app.access_changed().await?;
    Ok(Saved(client))
}

#[utoipa::path(
    patch, path = "/api/v1/admin/clients/{id}",
    operation_id = "patch_client", tag = "accounts", summary = "Change a client",
    description = "Changes single members of the account of a system (tài khoản hệ thống kết nối), after RFC 7396.",
    params(("id" = ClientId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body(content = ClientPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "It was changed.", body = Client, headers(("ETag" = String, description = "Its version.")))),
)]
async fn patch_client(
    permit: Permit<Administer, Organization>,
    id: ValidPath<ClientId>,
    if_match: IfMatch,
    app: App,
    body: MergePatch<ClientPatch>,
) -> Result<Saved<Client>, ApiError> {
    let scoped = permit.into_scoped();
    let author = scoped.author();
    let patched = move |tx: &mut WriteTx<'_>| {
        let whole = body.0.onto(&client_get(tx.conn(), &scoped, id.0)?);
        client_replace(tx, &scoped, id.0, &if_match, whole)
    };
    let client = app.db.write(author, patched).await?;
    app.access_changed().await?;
    Ok(Saved(client))
}

#[utoipa::path(
    delete, path = "/api/v1/admin/clients/{id}",
    operation_id = "delete_client", tag = "accounts", summary = "Delete a client",
    description = "Deletes the account of a system (tài khoản hệ thống kết nối) with all its grants and ends its access tokens.",
    params(("id" = ClientId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    responses((status = 204, description = "It was deleted.")),
)]
async fn delete_client(
    permit: Permit<Administer, Organization>,
    id: ValidPath<ClientId>,
    if_match: IfMatch,
    app: App,
) -> Result<Deleted, ApiError> {
    let scoped = permit.into_scoped();
    app.db.write(scoped.author(), move |tx| client_delete(tx, &scoped, id.0, &if_match)).await?;
    app.access_changed().await?;
    Ok(Deleted)
}

#[utoipa::path(
    post, path = "/api/v1/admin/clients/{id}/secret",
    operation_id = "rotate_client_secret", tag = "accounts", summary = "Give a client a new secret",
    description = "Makes a new secret (thay khóa bí mật), shown in this answer and never again; the old one and the access tokens that it got end at once.",
    params(("id" = ClientId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    responses((status = 200, description = "It has a new secret.", body = ClientWithSecret, headers(("ETag" = String, description = "Its version.")))),
)]
async fn rotate_client_secret(
    permit: Permit<Administer, Organization>,
    id: ValidPath<ClientId>,
    if_match: IfMatch,
    once: Once,
    app: App,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let (secret, hash) = secret(&app).await?;
    let author = scoped.author();
    let rotated = move |tx: &mut WriteTx<'_>| {
        let client = client_secret_replace(tx, &scoped, id.0, &if_match, hash)?;
        Ok(client.map(|client| Saved(client.with_secret(secret))))
    };
    let answer = once.write(&app, author, Weight::Single, rotated).await?;
    app.access_changed().await?;
    Ok(answer)
}

/// A new secret and its hash.
async fn secret(app: &App) -> Result<(String, String), ApiError> {
    let secret = new_client_secret().map_err(ApiError::internal)?;
    let hash = app.hasher.hash(&secret).await?;
    Ok((secret, hash))
}
