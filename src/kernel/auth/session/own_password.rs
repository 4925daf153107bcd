//! A new password for oneself (đổi mật khẩu).

use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::api::frame::RequestFacts;
use crate::api::mount::Mount;
use crate::api::{Deleted, ValidJson};
use crate::audit::journal::{ActorKind, JournalAction};
use crate::auth::accounts::users::hashed;
use crate::auth::accounts::users::model::UserRow;
use crate::auth::accounts::users::store::{entry, refresh_tokens_delete, row_update};
use crate::auth::permit::{SignedIn, unauthorized};
use crate::auth::principal::UserId;
use crate::db::epochs::{self, Epoch};
use crate::db::schema::users;
use crate::db::{Recorded, WriteTx};
use crate::error::{ApiError, Bilingual, Fault, Problem, ProblemDetails};
use crate::operations;
use crate::state::App;
use crate::tree::OrgTree;

/// A new password for oneself (đổi mật khẩu).
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "con mèo trèo cây cau", "new_password": "hỏi thăm chú chuột đi đâu"}))]
pub struct PasswordChange {
    /// The present password.
    #[schema(format = Password)]
    pub current_password: String,
    /// The new one: 10 to 128 characters.
    #[schema(format = Password, min_length = 10, max_length = 128)]
    pub new_password: String,
}

/// Mounts the operations.
pub(super) fn routes(mount: &mut impl Mount) {
    operations!(mount, change_password);
}

#[utoipa::path(
    post, path = "/api/v1/auth/password",
    operation_id = "change_password", tag = "auth", summary = "Change one's own password",
    description = "Sets a new password (đổi mật khẩu) and ends all sessions, this one included: sign in again with the new one.",
    request_body = PasswordChange,
    responses(
        (status = 204, description = "It was changed."),
        (status = 429, description = "Too many attempts of late.", body = ProblemDetails, content_type = "application/problem+json", headers(("Retry-After" = u64, description = "In how many seconds to try again."))),
    ),
)]
pub(super) async fn change_password(
    signed_in: SignedIn,
    facts: RequestFacts,
    app: App,
    body: ValidJson<PasswordChange>,
) -> Result<Deleted, ApiError> {
    let principal = &signed_in.principal;
    let id: UserId = match (principal.kind, principal.id.parse()) {
        (ActorKind::User, Ok(id)) => id,
        _ => return Err(ApiError::new(Problem::Forbidden)),
    };
    app.logins.check(&principal.name, facts.address)?;
    let PasswordChange { current_password, new_password } = body.0;
    if new_password == current_password {
        return Err(ApiError::invalid(vec![unchanged()]));
    }
    let stored: String =
        app.db.read(move |conn| Ok(users::table.find(id).select(users::password_hash).first(conn)?)).await?;
    // The new one first: what can be told without the old one costs nothing and gives nothing away.
    let hash = hashed(&app, &principal.name, &new_password, "/new_password").await?;
    if !app.hasher.verify_or_dummy(Some(&stored), &current_password).await? {
        return Err(ApiError::invalid(vec![wrong_password()]));
    }
    let epoch = principal.epoch;
    let units = app.units();
    let author = signed_in.author.clone();
    app.db.write(author, move |tx| password_replace(tx, units.tree(), id, epoch, hash)).await?;
    app.access_changed().await?;
    Ok(Deleted)
}

fn unchanged() -> Fault {
    Fault::new(
        "/new_password",
        "password_unchanged",
        Bilingual::new(
            "Mật khẩu mới phải khác mật khẩu hiện tại.",
            "The new password must differ from the present one.",
        ),
    )
}

fn wrong_password() -> Fault {
    Fault::new(
        "/current_password",
        "password_wrong",
        Bilingual::new("Mật khẩu hiện tại không đúng.", "This is not the present password."),
    )
}

fn password_replace(
    tx: &mut WriteTx<'_>,
    tree: &OrgTree,
    id: UserId,
    epoch: i64,
    hash: String,
) -> Result<Recorded<()>, ApiError> {
    let present: Option<UserRow> = users::table
        .find(id)
        .filter(users::deleted_at.is_null().and(users::epoch.eq(epoch)))
        .select(UserRow::as_select())
        .first(tx.conn())
        .optional()?;
    // Whoever changed it in the meantime has ended this session too.
    let present = present.ok_or_else(|| unauthorized(true))?;
    let row = UserRow {
        must_change_password: false,
        epoch: present.epoch + 1,
        version: present.version + 1,
        updated_at: tx.at(),
        ..present
    };
    row_update(tx, &row, Some(hash))?;
    refresh_tokens_delete(tx.conn(), id)?;
    epochs::raise(tx, Epoch::Access)?;
    let version = row.version;
    let entry = entry(JournalAction::ChangePassword, tree, tx.at().vietnam_day(), row, version)?;
    Ok(tx.journal(entry)?.with(()))
}
