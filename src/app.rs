//! Builds the HTTP application from its state: used by `main` and by every test.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::guard::Get;
use actix_web::http::header::{self, ContentEncoding, ContentType, HeaderName};
use actix_web::middleware::{Compress, Condition, from_fn};
use actix_web::{HttpRequest, HttpResponse, HttpServer, web};
use utoipa_swagger_ui::SwaggerUi;

use crate::openapi::carried;
use crate::{exchange, reporting};
use kernel::api::etag::compression;
use kernel::api::frame::{REQUEST_ID, frame};
use kernel::api::head::head_as_get;
use kernel::api::mount::{Mount, Served};
use kernel::api::unread::read_to_the_end;
use kernel::api::{health, problems};
use kernel::config::Config;
use kernel::error::ApiError;
use kernel::state::{App, AppState};
use kernel::{audit, auth, search};

/// Every operation of the contract.
pub fn routes(mount: &mut impl Mount) {
    auth::routes(mount);
    audit::routes(mount);
    organization::routes(mount);
    institutions::routes(mount);
    tthc::routes(mount);
    civil_service::routes(mount);
    public_finance::routes(mount);
    e_government::routes(mount);
    steering::routes(mount);
    reporting::routes(mount);
    exchange::routes(mount);
    search::routes(mount);
    health::routes(mount);
}

/// Starts serving on this listener with so many workers (0: one a core); the server runs until it is
/// stopped.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(state: Arc<AppState>, listener: TcpListener, workers: usize) -> std::io::Result<Server> {
    let config = state.config.clone();
    let data = web::Data::from(state);
    let server = HttpServer::new({
        let config = config.clone();
        move || {
            let mut operations = Served::or_else(web::to(no_such_operation));
            routes(&mut operations);
            actix_web::App::new()
                .app_data(data.clone())
                .service(web::resource("/api-docs/openapi.json").guard(Get()).to(openapi_document))
                .service(web::resource("/problems/{slug}").guard(Get()).to(problems::problem_page))
                .service(
                    SwaggerUi::new("/swagger-ui/{_:.*}")
                        .config(utoipa_swagger_ui::Config::from("/api-docs/openapi.json")),
                )
                .service(web::redirect("/swagger-ui", "/swagger-ui/"))
                .service(web::redirect("/", "/swagger-ui/"))
                .default_service(operations)
                .wrap(Condition::new(!config.cors_origins.0.is_empty(), cors(&config)))
                .wrap(from_fn(frame))
                .wrap(from_fn(head_as_get))
                .wrap(Compress::default())
                .wrap(from_fn(read_to_the_end))
        }
    })
    .client_request_timeout(config.client_seconds.seconds())
    .shutdown_timeout(u64::from(config.shutdown_seconds.get()))
    .disable_signals();
    let server = if workers == 0 { server } else { server.workers(workers) };
    Ok(server.listen(listener)?.run())
}

/// A listener on the configured address.
///
/// # Errors
/// When the address is taken or not this machine's, in a line that says what to do.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).map_err(|cause| {
        let said = format!(
            "{address} cannot be listened on: {cause}; set CCHC_BIND to a free address of this machine"
        );
        std::io::Error::new(cause.kind(), said)
    })
}

fn cors(config: &Config) -> Cors {
    config
        .cors_origins
        .0
        .iter()
        .fold(Cors::default(), |cors, origin| cors.allowed_origin(origin))
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT_LANGUAGE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header::IF_RANGE,
            header::RANGE,
            HeaderName::from_static("idempotency-key"),
            REQUEST_ID,
        ])
        .expose_headers([
            header::ETAG,
            header::LINK,
            header::LOCATION,
            header::RETRY_AFTER,
            header::CONTENT_DISPOSITION,
            header::CONTENT_RANGE,
            REQUEST_ID,
        ])
        .max_age(3600)
}

/// The contract that this service serves, for most clients as the program carries it.
async fn openapi_document(req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let mut answer = HttpResponse::Ok();
    answer.content_type(ContentType::json()).insert_header((header::VARY, "Accept-Encoding"));
    if compression(&req) == Some("gzip") {
        return Ok(answer.insert_header(ContentEncoding::Gzip).body(carried::COMPRESSED));
    }
    // Three megabytes are unpacked where they hold up nobody else's answer.
    let document = tokio::task::spawn_blocking(carried::document).await.map_err(ApiError::internal)?;
    Ok(answer.body(document.map_err(ApiError::internal)?))
}

/// 405 where another method would have been right, else 404.
async fn no_such_operation(req: HttpRequest, app: App) -> Result<HttpResponse, ApiError> {
    let methods = app.contract.methods(req.path());
    if methods.is_empty() {
        return Err(ApiError::not_found());
    }
    Err(ApiError::method_not_allowed(&methods))
}
