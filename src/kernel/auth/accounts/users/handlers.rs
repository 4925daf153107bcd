//! The operations on accounts of people.

use super::model::{User, UserCreate, UserFilter, UserPage, UserPatch, UserReplace};
use super::store::{user_delete, user_get, user_insert, user_list, user_replace};
use crate::api::mount::Mount;
use crate::api::{
    Change, Created, Deleted, Found, IfMatch, ListQuery, Listed, MergePatch, Once, PageParams, Rendered,
    Saved, ValidJson, ValidPath,
};
use crate::auth::password::check_password;
use crate::auth::permit::{Administer, Organization, Permit};
use crate::auth::principal::UserId;
use crate::db::{Weight, WriteTx};
use crate::error::ApiError;
use crate::operations;
use crate::state::App;

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, list_users, create_user, get_user, replace_user, patch_user, delete_user);
}

#[utoipa::path(
    get, path = "/api/v1/admin/users",
    operation_id = "list_users", tag = "accounts", summary = "List users",
    description = "A page of the accounts of people (tài khoản người dùng) whose unit is within reach.",
    params(UserFilter, PageParams),
    responses((status = 200, description = "A page.", body = UserPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_users(
    permit: Permit<Administer, Organization>,
    query: ListQuery<UserFilter>,
    app: App,
) -> Result<Listed<UserPage>, ApiError> {
    query.answer(permit.into_scoped(), &app, user_list).await
}

#[utoipa::path(
    post, path = "/api/v1/admin/users",
    operation_id = "create_user", tag = "accounts", summary = "Create a user",
    description = "Makes the account of a person (tài khoản người dùng) with a first password.",
    request_body = UserCreate,
    responses((status = 201, description = "It was made.", body = User, headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version.")))),
)]
async fn create_user(
    permit: Permit<Administer, Organization>,
    once: Once,
    app: App,
    body: ValidJson<UserCreate>,
) -> Result<Rendered, ApiError> {
    let scoped = permit.into_scoped();
    let hash = hashed(&app, &body.0.username, &body.0.password, "/password").await?;
    let author = scoped.author();
    let made = move |tx: &mut WriteTx<'_>| Ok(user_insert(tx, &scoped, body.0, hash)?.map(Created));
    let answer = once.write(&app, author, Weight::Single, made).await?;
    app.access_changed().await?;
    Ok(answer)
}

#[utoipa::path(
    get, path = "/api/v1/admin/users/{id}",
    operation_id = "get_user", tag = "accounts", summary = "Get a user",
    description = "Reads the account of a person (tài khoản người dùng) by its id.",
    params(("id" = UserId, Path, description = "Its id."), ("If-None-Match" = Option<String>, Header, description = "An ETag that is known already.")),
    responses((status = 200, description = "The record.", body = User, headers(("ETag" = String, description = "Its version."))), (status = 304, description = "It has not changed.")),
)]
async fn get_user(
    permit: Permit<Administer, Organization>,
    id: ValidPath<UserId>,
    app: App,
) -> Result<Found<User>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read(move |conn| user_get(conn, &scoped, id.0)).await.map(Found)
}

#[utoipa::path(
    put, path = "/api/v1/admin/users/{id}",
    operation_id = "replace_user", tag = "accounts", summary = "Replace a user",
    description = "Replaces the account of a person (tài khoản người dùng) as a whole; the password stays when none is given.",
    params(("id" = UserId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body = UserReplace,
    responses((status = 200, description = "It was replaced.", body = User, headers(("ETag" = String, description = "Its version.")))),
)]
async fn replace_user(
    permit: Permit<Administer, Organization>,
    id: ValidPath<UserId>,
    if_match: IfMatch,
    app: App,
    body: ValidJson<UserReplace>,
) -> Result<Saved<User>, ApiError> {
    let scoped = permit.into_scoped();
    let hash = match &body.0.password {
        Some(password) => Some(hashed(&app, &body.0.username, password, "/password").await?),
        None => None,
    };
    let author = scoped.author();
    let replaced = move |tx: &mut WriteTx<'_>| user_replace(tx, &scoped, id.0, &if_match, body.0, hash);
    let user = app.db.write(author, replaced).await?;
    app.access_changed().await?;
    Ok(Saved(user))
}

#[utoipa::path(
    patch, path = "/api/v1/admin/users/{id}",
    operation_id = "patch_user", tag = "accounts", summary = "Change a user",
    description = "Changes single members of the account of a person (tài khoản người dùng), after RFC 7396.",
    params(("id" = UserId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    request_body(content = UserPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "It was changed.", body = User, headers(("ETag" = String, description = "Its version.")))),
)]
async fn patch_user(
    permit: Permit<Administer, Organization>,
    id: ValidPath<UserId>,
    if_match: IfMatch,
    app: App,
    body: MergePatch<UserPatch>,
) -> Result<Saved<User>, ApiError> {
    let scoped = permit.into_scoped();
    let hash = match &body.0.password {
        Change::Value(password) => {
            let read = scoped.clone();
            let id = id.0;
            let present = app.db.read(move |conn| user_get(conn, &read, id)).await?;
            let username = body.0.username.clone().onto(present.username);
            Some(hashed(&app, &username, password, "/password").await?)
        }
        Change::Absent => None,
    };
    let author = scoped.author();
    let patched = move |tx: &mut WriteTx<'_>| {
        let whole = body.0.onto(&user_get(tx.conn(), &scoped, id.0)?);
        user_replace(tx, &scoped, id.0, &if_match, whole, hash)
    };
    let user = app.db.write(author, patched).await?;
    app.access_changed().await?;
    Ok(Saved(user))
}

#[utoipa::path(
    delete, path = "/api/v1/admin/users/{id}",
    operation_id = "delete_user", tag = "accounts", summary = "Delete a user",
    description = "Deletes the account of a person (tài khoản người dùng) with all grants and ends all sessions.",
    params(("id" = UserId, Path, description = "Its id."), ("If-Match" = String, Header, description = "The ETag that was read.")),
    responses((status = 204, description = "It was deleted.")),
)]
async fn delete_user(
    permit: Permit<Administer, Organization>,
    id: ValidPath<UserId>,
    if_match: IfMatch,
    app: App,
) -> Result<Deleted, ApiError> {
    let scoped = permit.into_scoped();
    app.db.write(scoped.author(), move |tx| user_delete(tx, &scoped, id.0, &if_match)).await?;
    app.access_changed().await?;
    Ok(Deleted)
}

/// The hash of a password that someone is to have.
pub(in crate::auth) async fn hashed(
    app: &App,
    username: &str,
    password: &str,
    pointer: &str,
) -> Result<String, ApiError> {
    check_password(username, password).map_err(|fault| ApiError::invalid(vec![fault.at(pointer)]))?;
    Ok(app.hasher.hash(password).await?)
}
