//! Whether the service lives, whether it can answer, and its metrics.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::mount::Mount;
use crate::audit::chain;
use crate::db::migrate::ping;
use crate::operations;
use crate::state::App;

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, live, ready, metrics);
}

/// Health of the service (tình trạng hệ thống).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub struct Health {
    /// `ok`, `starting`, `stopping` or `database_away`.
    pub status: &'static str,
}

/// Whether the process lives.
#[utoipa::path(get, path = "/health/live", operation_id = "get_liveness", tag = "operation", summary = "Liveness", description = "200 as long as the process answers at all.",
    responses((status = 200, description = "It lives.", body = Health)), security(()))]
pub async fn live() -> web::Json<Health> {
    web::Json(Health { status: "ok" })
}

/// Whether requests can be answered.
#[utoipa::path(get, path = "/health/ready", operation_id = "get_readiness", tag = "operation", summary = "Readiness",
    description = "200 once the data are loaded and the database answers; 503 while starting, stopping or without a database.",
    responses((status = 200, description = "It is ready.", body = Health)), security(()))]
pub async fn ready(app: App) -> HttpResponse {
    let status = if app.is_stopping() {
        "stopping"
    } else if !app.takes_requests() {
        "starting"
    } else if app.db.read(ping).await.is_err() {
        "database_away"
    } else {
        return HttpResponse::Ok().json(Health { status: "ok" });
    };
    HttpResponse::ServiceUnavailable()
        .insert_header((actix_web::http::header::RETRY_AFTER, "1"))
        .json(Health { status })
}

/// Metrics for Prometheus.
#[utoipa::path(get, path = "/metrics", operation_id = "get_metrics", tag = "operation", summary = "Metrics",
    description = "Counts and times in the text format of Prometheus, by route pattern.",
    responses((status = 200, description = "The metrics.", body = String, content_type = "text/plain", example = "# HELP cchc_http_requests_total Requests by method, route and status.\n# TYPE cchc_http_requests_total counter\ncchc_http_requests_total{method=\"GET\",route=\"/api/v1/reporting/periods\",status=\"200\"} 42\n")), security(()))]
pub async fn metrics(app: App) -> HttpResponse {
    // Whether the database answers is the readiness's to say.
    let unsealed = app.db.read(chain::unsealed).await.ok();
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(app.metrics.text(app.queues(), unsealed))
}
