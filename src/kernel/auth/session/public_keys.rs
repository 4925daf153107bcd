//! The public keys (khóa công khai) under which access tokens are signed.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;

use crate::api::mount::Mount;
use crate::auth::keys::Jwks;
use crate::operations;
use crate::state::App;

/// Mounts the operations.
pub(super) fn routes(mount: &mut impl Mount) {
    operations!(mount, get_jwks);
}

#[utoipa::path(
    get, path = "/.well-known/jwks.json",
    operation_id = "get_jwks", tag = "auth", summary = "Get the public keys",
    description = "The keys under which access tokens are signed (khóa công khai), as a JSON Web Key Set (RFC 7517). A new key stands here one cache lifetime before it signs.",
    responses((status = 200, description = "The keys.", body = Jwks, headers(("Cache-Control" = String, description = "How long they may be kept.")))),
    security(()),
)]
pub(super) async fn get_jwks(app: App) -> HttpResponse {
    let lifetime = format!("public, max-age={}", app.config.jwks_cache_seconds);
    HttpResponse::Ok().insert_header((CACHE_CONTROL, lifetime)).json(app.keys().jwks(app.now()))
}
