//! The public keys (khóa công khai) under which access tokens are signed.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get};

use crate::auth::keys::Jwks;
use crate::state::App;

#[utoipa::path(
    operation_id = "get_jwks", tag = "auth", summary = "Get the public keys",
    description = "The keys under which access tokens are signed (khóa công khai), as a JSON Web Key Set (RFC 7517). A new key stands here one cache lifetime before it signs.",
    responses((status = 200, description = "The keys.", body = Jwks, headers(("Cache-Control" = String, description = "How long they may be kept.")))),
    security(()),
)]
#[get("/.well-known/jwks.json")]
pub(super) async fn get_jwks(app: App) -> HttpResponse {
    let lifetime = format!("public, max-age={}", app.config.jwks_cache_seconds);
    HttpResponse::Ok().insert_header((CACHE_CONTROL, lifetime)).json(app.keys().jwks(app.now()))
}
