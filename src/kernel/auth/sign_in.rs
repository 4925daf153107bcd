//! The three ways to an access token: a person's password, a system's secret, and the refresh token
//! of a session. A session is a family of refresh tokens, each good for one use.

use actix_web::http::header::WWW_AUTHENTICATE;
use diesel::prelude::*;
use serde_json::json;

use super::accounts::of_unit;
use super::permission::is_on_request;
use super::principal::{ClientId, Principal, UserId, principal_load};
use super::token::{PrincipalKind, new_refresh_token, refresh_digest};
use crate::api::frame::RequestFacts;
use crate::audit::journal::{ActorKind, Author, Entry, JournalAction};
use crate::auth::accounts::grants::REFERENCE_READ;
use crate::db::schema::{clients, refresh_tokens, users};
use crate::db::types::Instant;
use crate::db::{DbConn, Recorded, WriteTx};
use crate::error::{ApiError, Bilingual, Problem};
use crate::id;
use crate::state::App;
use crate::tree::OrgTree;

id! {
    /// Id of a session (phiên đăng nhập): a family of refresh tokens.
    SessionId
}

/// An access token that may be signed now.
pub(super) struct Issue {
    pub(super) subject: String,
    pub(super) kind: PrincipalKind,
    pub(super) epoch: i64,
    pub(super) scope: String,
    pub(super) refresh_token: Option<String>,
    pub(super) must_change_password: Option<bool>,
}

/// 400 with the word of OAuth 2.0 for what is wrong.
pub(super) fn refused(error: &str, text: Bilingual) -> ApiError {
    let description = text.en.clone();
    ApiError::detailed(Problem::InvalidGrant, text.vi, text.en)
        .with_member("error", error.into())
        .with_member("error_description", description.into())
}

/// One answer for a wrong password, an unknown name, an inactive account and a dead refresh token.
fn invalid_grant() -> ApiError {
    refused(
        "invalid_grant",
        Bilingual::new(
            "Tên đăng nhập, mật khẩu hoặc mã làm mới không đúng, hoặc tài khoản không còn hoạt động.",
            "User name, password or refresh token is wrong, or the account is not active.",
        ),
    )
}

/// 401 for a system that is not known, not active, or has another secret.
pub(super) fn invalid_client() -> ApiError {
    let description = "The client id or secret is wrong, or the client is not active.";
    ApiError::detailed(
        Problem::Unauthorized,
        "Mã hệ thống hoặc khóa bí mật không đúng, hoặc hệ thống không còn hoạt động.",
        description,
    )
    .with_member("error", "invalid_client".into())
    .with_member("error_description", description.into())
    .with_header(WWW_AUTHENTICATE, "Basic realm=\"cchc\"")
}

fn invalid_scope() -> ApiError {
    refused(
        "invalid_scope",
        Bilingual::new(
            "Phạm vi thao tác yêu cầu vượt quá quyền của tài khoản.",
            "The scope asked for is more than the account may do.",
        ),
    )
}

/// The scope words of whoever asks for none: all that are held but those that are given on request only.
fn by_default(held: Vec<String>) -> Vec<String> {
    held.into_iter().filter(|word| !is_on_request(word)).collect()
}

/// The scope words to grant a new session: those that it gets by default, or of all that are held the
/// ones asked for. `None` when more is asked for than is held.
fn granted(held: Vec<String>, asked: Option<&str>) -> Option<Vec<String>> {
    match asked {
        None => Some(by_default(held)),
        Some(_) => narrowed(&held, asked),
    }
}

/// The scope words to grant: all that are held, or of these the ones asked for. `None` when more is
/// asked for than is held.
fn narrowed(held: &[String], asked: Option<&str>) -> Option<Vec<String>> {
    let Some(asked) = asked else { return Some(held.to_vec()) };
    let mut words: Vec<String> = Vec::new();
    for word in asked.split_whitespace() {
        // Reference data is for everyone, so its word is never among those held.
        if word != REFERENCE_READ && !held.iter().any(|own| own == word) {
            return None;
        }
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    Some(words)
}

/// What is left today of the words to which a session was narrowed; for one that was not, what it gets
/// by default.
fn still_held(held: Vec<String>, session: &str) -> Vec<String> {
    if session.is_empty() {
        return by_default(held);
    }
    let lasts = |word: &&str| *word == REFERENCE_READ || held.iter().any(|own| own == word);
    session.split_whitespace().filter(lasts).map(str::to_owned).collect()
}

/// A person signs in with the password.
pub(super) async fn with_password(
    app: &App,
    facts: &RequestFacts,
    username: &str,
    password: &str,
    asked: Option<&str>,
) -> Result<Issue, ApiError> {
    let username = username.trim().to_lowercase();
    app.logins.check(&username, facts.address)?;
    let found: Option<(UserId, String, bool)> = app
        .db
        .read(move |conn| {
            Ok(users::table
                .filter(users::username.eq(username).and(users::deleted_at.is_null()))
                .select((users::id, users::password_hash, users::active))
                .first(conn)
                .optional()?)
        })
        .await?;
    let hash = found.as_ref().map(|(_, hash, _)| hash.as_str());
    let fits = app.hasher.verify_or_dummy(hash, password).await?;
    let Some((user, hash, true)) = found.filter(|_| fits) else { return Err(invalid_grant()) };
    // A hash of older costs is replaced while the password is at hand; that can also wait.
    let new_hash = match app.hasher.needs_rehash(&hash) {
        true => app.hasher.hash(password).await.unwrap_or_else(|_| hash.clone()),
        false => hash.clone(),
    };
    let now = app.now();
    let token = new_refresh_token().map_err(ApiError::internal)?;
    let session = NewToken {
        digest: refresh_digest(&token),
        family: SessionId::new(),
        user,
        expires_at: now.plus_seconds(i64::from(app.config.refresh_seconds.get())),
    };
    let asked = asked.map(str::to_owned);
    let author = Author::new(ActorKind::User, user.to_string(), &facts.request_id, now);
    let units = app.units();
    let (principal, scope) = app
        .db
        .write(author, move |tx| {
            session_begin(tx, units.tree(), &session, (hash, new_hash), asked.as_deref())
        })
        .await?;
    Ok(issue(&principal, PrincipalKind::User, scope, Some(token)))
}

fn issue(principal: &Principal, kind: PrincipalKind, scope: String, refresh: Option<String>) -> Issue {
    Issue {
        subject: principal.id.clone(),
        kind,
        epoch: principal.epoch,
        scope,
        refresh_token: refresh,
        must_change_password: (kind == PrincipalKind::User).then_some(principal.must_change_password),
    }
}

/// A refresh token to store.
struct NewToken {
    digest: String,
    family: SessionId,
    user: UserId,
    expires_at: Instant,
}

fn token_insert(conn: &mut DbConn, token: &NewToken, narrowed_to: &str) -> Result<(), ApiError> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::digest.eq(&token.digest),
            refresh_tokens::family_id.eq(token.family),
            refresh_tokens::user_id.eq(token.user),
            refresh_tokens::scope.eq(narrowed_to),
            refresh_tokens::expires_at.eq(token.expires_at),
            refresh_tokens::used_at.eq(None::<Instant>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Locks the row of an active person, so that whoever deactivates the account or changes its
/// password at the same moment comes either before and is seen, or after and ends the new session.
fn user_lock(conn: &mut DbConn, user: UserId) -> Result<Option<Principal>, ApiError> {
    let active = users::active.eq(true).and(users::deleted_at.is_null());
    let locked = diesel::update(users::table.find(user).filter(active))
        .set(users::epoch.eq(users::epoch))
        .execute(conn)?;
    if locked == 0 { Ok(None) } else { principal_load(conn, ActorKind::User, &user.written()) }
}

fn session_begin(
    tx: &mut WriteTx<'_>,
    tree: &OrgTree,
    session: &NewToken,
    (hash, new_hash): (String, String),
    asked: Option<&str>,
) -> Result<Recorded<(Principal, String)>, ApiError> {
    let principal = user_lock(tx.conn(), session.user)?.ok_or_else(invalid_grant)?;
    let same = diesel::update(users::table.find(session.user).filter(users::password_hash.eq(hash)))
        .set(users::password_hash.eq(new_hash))
        .execute(tx.conn())?;
    if same == 0 {
        // The password was changed after it was compared.
        return Err(invalid_grant());
    }
    let words = granted(principal.scope_words(tx.at().vietnam_day()), asked).ok_or_else(invalid_scope)?;
    let scope = words.join(" ");
    token_insert(tx.conn(), session, if asked.is_some() { &scope } else { "" })?;
    let content = json!({"grant_type": "password"});
    let entry = Entry::new(JournalAction::SignIn, "session", session.family, 1, &content)?;
    let entry = of_unit(entry, tree, tx.at().vietnam_day(), principal.org_unit_id);
    Ok(tx.journal(entry)?.with((principal, scope)))
}

/// A system signs in with its secret. It gets no refresh token: it can sign in again.
pub(super) async fn with_client_credentials(
    app: &App,
    facts: &RequestFacts,
    client_id: &str,
    secret: &str,
    asked: Option<&str>,
) -> Result<Issue, ApiError> {
    let client_id = client_id.trim().to_lowercase();
    // No username has a colon: a person and a system of one name are counted apart.
    app.logins.check(&format!("client:{client_id}"), facts.address)?;
    let found: Option<(ClientId, String, bool)> = app
        .db
        .read(move |conn| {
            Ok(clients::table
                .filter(clients::client_id.eq(client_id).and(clients::deleted_at.is_null()))
                .select((clients::id, clients::secret_hash, clients::active))
                .first(conn)
                .optional()?)
        })
        .await?;
    let hash = found.as_ref().map(|(_, hash, _)| hash.as_str());
    let fits = app.hasher.verify_or_dummy(hash, secret).await?;
    let Some((id, hash, true)) = found.filter(|_| fits) else { return Err(invalid_client()) };
    if app.hasher.needs_rehash(&hash)
        && let Ok(new_hash) = app.hasher.hash(secret).await
    {
        let old = hash.clone();
        let rehashed = move |conn: &mut DbConn| {
            diesel::update(clients::table.find(id).filter(clients::secret_hash.eq(old)))
                .set(clients::secret_hash.eq(new_hash))
                .execute(conn)?;
            Ok(())
        };
        app.db.maintain(rehashed).await?;
    }
    let loaded = move |conn: &mut DbConn| {
        let principal = principal_load(conn, ActorKind::Client, &id.written())?;
        let secret = clients::table.find(id).select(clients::secret_hash);
        Ok(principal.zip(secret.first::<String>(conn).optional()?))
    };
    let (principal, held) = app.db.read(loaded).await?.unzip();
    // A secret that was replaced while it was compared opens nothing; another sign-in may have hashed the same anew.
    if held.as_ref() != Some(&hash) && !app.hasher.verify_or_dummy(held.as_deref(), secret).await? {
        return Err(invalid_client());
    }
    let principal = principal.filter(|principal| principal.active).ok_or_else(invalid_client)?;
    let held = principal.scope_words(app.now().vietnam_day());
    let scope = granted(held, asked).ok_or_else(invalid_scope)?.join(" ");
    Ok(issue(&principal, PrincipalKind::Client, scope, None))
}

/// What the database makes of a refresh token.
enum Refreshed {
    Session(Box<Principal>, String),
    /// Used before: either the thief or the owner comes second, and nobody knows which.
    Reused,
}

/// A session goes on with its refresh token, which is exchanged for the next one.
pub(super) async fn with_refresh_token(
    app: &App,
    facts: &RequestFacts,
    token: &str,
    asked: Option<&str>,
) -> Result<Issue, ApiError> {
    let now = app.now();
    let digest = refresh_digest(token);
    let next = new_refresh_token().map_err(ApiError::internal)?;
    let next_digest = refresh_digest(&next);
    let expires_at = now.plus_seconds(i64::from(app.config.refresh_seconds.get()));
    let used = digest.clone();
    let asked = asked.map(str::to_owned);
    // A session that goes on is no event of its own: the journal has its beginning and its end.
    let refreshed = app
        .db
        .maintain(move |conn| session_continue(conn, now, &used, next_digest, expires_at, asked.as_deref()))
        .await?;
    match refreshed {
        Refreshed::Session(principal, scope) => Ok(issue(&principal, PrincipalKind::User, scope, Some(next))),
        Refreshed::Reused => {
            session_end(app, facts, JournalAction::RevokeFamily, digest).await?;
            Err(invalid_grant())
        }
    }
}

fn session_continue(
    conn: &mut DbConn,
    now: Instant,
    digest: &str,
    next_digest: String,
    expires_at: Instant,
    asked: Option<&str>,
) -> Result<Refreshed, ApiError> {
    use refresh_tokens as t;
    let found: Option<(SessionId, UserId, String, Instant, Option<Instant>)> = t::table
        .find(digest)
        .select((t::family_id, t::user_id, t::scope, t::expires_at, t::used_at))
        .first(conn)
        .optional()?;
    let Some((family, user, session, ends_at, used_at)) = found else { return Err(invalid_grant()) };
    if used_at.is_some() {
        return Ok(Refreshed::Reused);
    }
    if ends_at <= now {
        return Err(invalid_grant());
    }
    // The person first and the token then, as everyone who ends sessions does: no deadlock.
    let principal = user_lock(conn, user)?.ok_or_else(invalid_grant)?;
    let held = still_held(principal.scope_words(now.vietnam_day()), &session);
    let scope = narrowed(&held, asked).ok_or_else(invalid_scope)?.join(" ");
    let unused = t::table.find(digest).filter(t::used_at.is_null());
    if diesel::update(unused).set(t::used_at.eq(Some(now))).execute(conn)? == 0 {
        // Deleted or used while this waited for the person's row.
        let gone = t::table.find(digest).select(t::digest).first::<String>(conn).optional()?.is_none();
        return if gone { Err(invalid_grant()) } else { Ok(Refreshed::Reused) };
    }
    // The next token keeps the words of the session, not the fewer ones of this access token.
    token_insert(conn, &NewToken { digest: next_digest, family, user, expires_at }, &session)?;
    Ok(Refreshed::Session(Box::new(principal), scope))
}

/// Ends the session that this refresh token belongs to; nothing happens when there is none.
pub(super) async fn session_end(
    app: &App,
    facts: &RequestFacts,
    action: JournalAction,
    digest: String,
) -> Result<(), ApiError> {
    use refresh_tokens as t;
    let wanted = digest.clone();
    let found: Option<(SessionId, UserId)> = app
        .db
        .read(move |conn| {
            Ok(t::table.find(wanted).select((t::family_id, t::user_id)).first(conn).optional()?)
        })
        .await?;
    let Some((family, user)) = found else { return Ok(()) };
    let author = Author::new(ActorKind::User, user.to_string(), &facts.request_id, app.now());
    let units = app.units();
    let ended = move |tx: &mut WriteTx<'_>| {
        // The person first, as whoever lets the session go on: its next token is there to be deleted,
        // or it is refused.
        diesel::update(users::table.find(user)).set(users::epoch.eq(users::epoch)).execute(tx.conn())?;
        let unit = users::table.find(user).select(users::org_unit_id).first(tx.conn()).optional()?.flatten();
        let of_family = t::table.filter(t::family_id.eq(family));
        if diesel::delete(of_family).execute(tx.conn())? == 0 {
            return Ok(Recorded::unchanged(()));
        }
        let entry = Entry::new(action, "session", family, 2, &json!({}))?;
        let entry = of_unit(entry, units.tree(), tx.at().vietnam_day(), unit);
        Ok(tx.journal(entry)?.with(()))
    };
    app.db.write(author, ended).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> Vec<String> {
        ["tthc:read", "tthc:write", "journal:read"].map(str::to_owned).to_vec()
    }

    #[test]
    fn a_scope_is_narrowed_and_never_widened() {
        let asked = |words| narrowed(&held(), words).map(|words| words.join(" "));
        assert_eq!(asked(None).as_deref(), Some("tthc:read tthc:write journal:read"));
        assert_eq!(
            asked(Some(" journal:read  tthc:read journal:read ")).as_deref(),
            Some("journal:read tthc:read")
        );
        assert_eq!(asked(Some("reference:read")).as_deref(), Some("reference:read"));
        for more in ["accounts:write", "tthc:read accounts:write", "tthc", "TTHC:read"] {
            assert_eq!(asked(Some(more)), None, "{more}");
        }
    }

    #[test]
    fn personal_data_are_seen_by_who_asks_for_them_by_name() {
        let held = || ["tthc:read", "tthc:personal"].map(str::to_owned).to_vec();
        assert_eq!(granted(held(), None).unwrap(), ["tthc:read"]);
        assert_eq!(granted(held(), Some("tthc:read tthc:personal")).unwrap(), held());
        assert_eq!(still_held(held(), ""), ["tthc:read"], "a session begun without them never gets them");
        assert_eq!(narrowed(&still_held(held(), ""), Some("tthc:personal")), None);
        assert_eq!(still_held(held(), "tthc:read tthc:personal"), held());
    }

    #[test]
    fn a_narrowed_session_loses_what_the_account_loses_and_gains_nothing() {
        assert_eq!(still_held(held(), ""), held());
        assert_eq!(still_held(held(), "tthc:read reference:read"), ["tthc:read", "reference:read"]);
        assert_eq!(still_held(Vec::new(), "tthc:read"), Vec::<String>::new());
    }

    #[test]
    fn failures_speak_oauth_too() {
        let body =
            |error: ApiError| serde_json::to_value(error.body(crate::error::Language::Vi, "/", "")).unwrap();
        let grant = body(invalid_grant());
        assert_eq!((&grant["status"], &grant["error"]), (&json!(400), &json!("invalid_grant")));
        assert!(grant["error_description"].as_str().unwrap().is_ascii());
        let client = body(invalid_client());
        assert_eq!((&client["status"], &client["error"]), (&json!(401), &json!("invalid_client")));
        assert_eq!(body(invalid_scope())["error"], "invalid_scope");
    }
}
