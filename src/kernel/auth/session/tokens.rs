//! Signing in (đăng nhập) and out (đăng xuất). The token endpoint speaks OAuth 2.0 (RFC 6749); its
//! failures are problem documents that carry `error` and `error_description` as well.

use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::api::frame::RequestFacts;
use crate::api::mount::Mount;
use crate::api::query::ValidForm;
use crate::audit::journal::{ActorKind, Author, Entry, JournalAction};
use crate::auth::sign_in::{self, Issue};
use crate::auth::token::{self, Audience, Claims, PrincipalKind, REFRESH_PREFIX, refresh_digest};
use crate::db::epochs::{self, Epoch};
use crate::db::schema::revoked_tokens;
use crate::db::types::Instant;
use crate::db::{Recorded, WriteTx};
use crate::error::{ApiError, Bilingual, Fault, Problem, ProblemDetails};
use crate::state::App;
use crate::{on_db, operations};

/// A sign-in (đăng nhập), in the shape of OAuth 2.0: which fields it needs, the grant type says.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"grant_type": "password", "username": "xa.hiephung.2025", "password": "con mèo trèo cây cau"}))]
pub struct TokenRequest {
    /// `password` for people, `client_credentials` for systems, `refresh_token` to go on.
    #[validate(length(min = 1, max = 50))]
    #[schema(min_length = 1, max_length = 50)]
    pub grant_type: String,
    /// The name to sign in with (tên đăng nhập), with `password`.
    #[validate(length(max = 200))]
    #[schema(max_length = 200)]
    pub username: Option<String>,
    /// The password (mật khẩu), with `password`.
    #[schema(format = Password)]
    pub password: Option<String>,
    /// The system's name (mã hệ thống), with `client_credentials`; HTTP Basic does as well.
    #[validate(length(max = 200))]
    #[schema(max_length = 200)]
    pub client_id: Option<String>,
    /// The system's secret (khóa bí mật), with `client_credentials`; HTTP Basic does as well.
    #[schema(format = Password)]
    pub client_secret: Option<String>,
    /// The refresh token (mã làm mới), with `refresh_token`.
    #[validate(length(max = 4096))]
    #[schema(max_length = 4096)]
    pub refresh_token: Option<String>,
    /// Scope words separated by blanks, to ask for less than the account may do.
    #[validate(length(max = 4096))]
    #[schema(max_length = 4096)]
    pub scope: Option<String>,
}

/// An access token (mã truy cập), for people with a refresh token.
#[derive(Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSJ9.e30.c2ln", "token_type": "Bearer", "expires_in": 900,
    "refresh_token": "cchc_rt_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "scope": "tthc:read tthc:write",
    "must_change_password": false
}))]
pub struct TokenAnswer {
    /// The access token, to be sent as `Authorization: Bearer`.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// In how many seconds it ends.
    pub expires_in: i64,
    /// The refresh token, good for one use: each use gives the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub refresh_token: Option<String>,
    /// What the token allows, as words separated by blanks.
    pub scope: String,
    /// Whether nothing but a new password is allowed; for people only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub must_change_password: Option<bool>,
}

/// Mounts the operations.
pub(super) fn routes(mount: &mut impl Mount) {
    operations!(mount, create_token, revoke_token);
}

#[utoipa::path(
    post, path = "/api/v1/auth/token",
    operation_id = "create_token", tag = "auth", summary = "Get an access token",
    description = "Signs in (đăng nhập) with `password`, `client_credentials` or `refresh_token`, in the shape of OAuth 2.0. A refresh token is good for one use; when a used one comes back, its whole session ends.",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "An access token.", body = TokenAnswer),
        (status = 401, description = "The client's credentials are wrong (`error` is `invalid_client`).", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "Too many attempts of late.", body = ProblemDetails, content_type = "application/problem+json", headers(("Retry-After" = u64, description = "In how many seconds to try again."))),
    ),
    security(()),
)]
pub(super) async fn create_token(
    req: HttpRequest,
    facts: RequestFacts,
    app: App,
    form: Result<ValidForm<TokenRequest>, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let form = form.map_err(|error| with_oauth(error, "invalid_request", "The form cannot be read."))?.0;
    let asked = form.scope.as_deref().and_then(given);
    let issued = match form.grant_type.as_str() {
        "password" => {
            let username = required("/username", form.username.as_deref())?;
            let password = required("/password", form.password.as_deref())?;
            sign_in::with_password(&app, &facts, username, password, asked).await
        }
        "client_credentials" => {
            let (id, secret) = client_credentials(&req, &form)?;
            sign_in::with_client_credentials(&app, &facts, &id, &secret, asked).await
        }
        "refresh_token" => {
            let token = required("/refresh_token", form.refresh_token.as_deref())?;
            sign_in::with_refresh_token(&app, &facts, token, asked).await
        }
        _ => Err(sign_in::refused(
            "unsupported_grant_type",
            Bilingual::new(
                "grant_type phải là password, client_credentials hoặc refresh_token.",
                "grant_type must be password, client_credentials or refresh_token.",
            ),
        )),
    }?;
    token_answer(&app, issued)
}

/// Signs the access token of a sign-in that has succeeded.
fn token_answer(app: &App, issue: Issue) -> Result<HttpResponse, ApiError> {
    let subject = token::Subject {
        iss: &app.config.issuer,
        aud: &app.config.audience,
        sub: &issue.subject,
        scope: &issue.scope,
        kind: issue.kind,
        epoch: issue.epoch,
    };
    let lifetime = i64::from(app.config.token_seconds.get());
    let issued = token::issue(&app.keys(), app.now(), lifetime, &subject).map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(TokenAnswer {
        access_token: issued.token,
        token_type: "Bearer",
        expires_in: issued.claims.exp - issued.claims.iat,
        refresh_token: issue.refresh_token,
        scope: issued.claims.scope,
        must_change_password: issue.must_change_password,
    }))
}

/// OAuth 2.0 takes a field without a value for one that was not sent.
fn given(value: &str) -> Option<&str> {
    Some(value).filter(|value| !value.trim().is_empty())
}

fn required<'a>(pointer: &str, value: Option<&'a str>) -> Result<&'a str, ApiError> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        let message =
            Bilingual::new("Loại đăng nhập này cần trường này.", "This grant type needs the field.");
        let error = ApiError::new(Problem::InvalidParameter)
            .with_faults(vec![Fault::new(pointer, "required", message)]);
        with_oauth(error, "invalid_request", "A field that the grant type needs is missing.")
    })
}

fn with_oauth(error: ApiError, name: &str, description: &str) -> ApiError {
    error.with_member("error", name.into()).with_member("error_description", description.into())
}

/// The client's id and secret, from the form or from HTTP Basic, never from both.
fn client_credentials(req: &HttpRequest, form: &TokenRequest) -> Result<(String, String), ApiError> {
    let header = req.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    let Some(header) = header else {
        let id = required("/client_id", form.client_id.as_deref())?;
        let secret = required("/client_secret", form.client_secret.as_deref())?;
        return Ok((id.to_owned(), secret.to_owned()));
    };
    if form.client_id.is_some() || form.client_secret.is_some() {
        let error = ApiError::detailed(
            Problem::InvalidHeader,
            "Chỉ gửi mã hệ thống và khóa bí mật theo một cách: trong biểu mẫu hoặc HTTP Basic.",
            "Send client id and secret in one way only: in the form or as HTTP Basic.",
        );
        return Err(with_oauth(error, "invalid_request", "Two ways of client authentication were used."));
    }
    basic(header).ok_or_else(sign_in::invalid_client)
}

/// The credentials of a Basic header; RFC 6749 has both form-encoded inside.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let plain = |text: &str| {
        let text = text.replace('+', " ");
        let text = percent_encoding::percent_decode_str(&text).decode_utf8().ok()?;
        // No column holds a NUL, so nobody is called by one.
        (!text.contains('\0')).then(|| text.into_owned())
    };
    Some((plain(id)?, plain(secret)?))
}

/// A token to give back (thu hồi mã, RFC 7009).
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "cchc_rt_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}))]
pub struct RevokeRequest {
    /// An access token or a refresh token.
    #[validate(length(min = 1, max = 4096))]
    #[schema(min_length = 1, max_length = 4096)]
    pub token: String,
    /// Which of the two; it tells itself, so the hint is not needed.
    #[validate(length(max = 50))]
    #[schema(max_length = 50)]
    pub token_type_hint: Option<String>,
}

#[utoipa::path(
    post, path = "/api/v1/auth/revoke",
    operation_id = "revoke_token", tag = "auth", summary = "Give a token back",
    description = "Signs out (đăng xuất) after RFC 7009: a refresh token ends its session, an access token ends at once. Whoever holds a token may give it back; for an unknown one the answer is the same.",
    request_body(content = RevokeRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token no longer holds.")),
    security(()),
)]
pub(super) async fn revoke_token(
    facts: RequestFacts,
    app: App,
    form: Result<ValidForm<RevokeRequest>, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let form = form.map_err(|error| with_oauth(error, "invalid_request", "The form cannot be read."))?.0;
    let now = app.now();
    if form.token.starts_with(REFRESH_PREFIX) {
        sign_in::session_end(&app, &facts, JournalAction::SignOut, refresh_digest(&form.token)).await?;
        return Ok(HttpResponse::Ok().finish());
    }
    let expected = Audience { iss: &app.config.issuer, aud: &app.config.audience };
    if let Ok(claims) = token::verify(&app.keys(), now, &form.token, &expected, 0)
        && !app.is_revoked(&claims.jti)
    {
        let kind = match claims.kind {
            PrincipalKind::User => ActorKind::User,
            PrincipalKind::Client => ActorKind::Client,
        };
        let author = Author::new(kind, &claims.sub, &facts.request_id, now);
        app.db.write(author, move |tx| access_token_revoke(tx, &claims)).await?;
        app.access_changed().await?;
    }
    Ok(HttpResponse::Ok().finish())
}

fn access_token_revoke(tx: &mut WriteTx<'_>, claims: &Claims) -> Result<Recorded<()>, ApiError> {
    let expires_at = Instant::from_micros(claims.exp.saturating_mul(1_000_000));
    let row = (revoked_tokens::jti.eq(&claims.jti), revoked_tokens::expires_at.eq(expires_at));
    let added = on_db!(tx.conn(), |c| diesel::insert_into(revoked_tokens::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    if added == 0 {
        return Ok(Recorded::unchanged(()));
    }
    epochs::raise(tx, Epoch::Access)?;
    let nothing = serde_json::json!({});
    let entry = Entry::new(JournalAction::SignOut, "access_token", &claims.jti, 1, &nothing)?;
    Ok(tx.journal(entry)?.with(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_encoded_inside() {
        let header = |text: &str| format!("Basic {}", STANDARD.encode(text));
        assert_eq!(basic(&header("cong-tinh:a%3Ab+c")), Some(("cong-tinh".into(), "a:b c".into())));
        assert_eq!(basic(&header("cong-tinh:a:b")), Some(("cong-tinh".into(), "a:b".into())));
        assert_eq!(basic(&header("cong-tinh")), None);
        assert_eq!(basic("Bearer abc"), None);
        assert_eq!(basic("Basic ???"), None);
    }
}
