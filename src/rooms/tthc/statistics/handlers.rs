//! The operations of statistics.

use actix_web::web;

use super::compute::statistics;
use super::model::{Statistics, StatisticsQuery};
use crate::dossiers::late::{LateDossierPage, OverdueFilter, overdue_list};
use kernel::api::mount::Mount;
use kernel::api::{ListQuery, Listed, PageParams, PageRequest, ValidQuery};
use kernel::auth::permit::{Permit, Read, Tthc};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::error::ApiError;
use kernel::operations;
use kernel::state::App;

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, get_statistics, list_overdue_dossiers);
}

#[utoipa::path(
    get, path = "/api/v1/tthc/statistics",
    operation_id = "get_statistics", tag = "statistics", summary = "Get statistics of dossiers",
    description = "What became of the dossiers of a unit within some days (thống kê kết quả giải quyết hồ sơ), by unit, field, procedure, channel or month: counts, the rate resolved in time, mean and 90th percentile of working days. A unit has the figures of those that went whole into it; one that was divided stands by itself.",
    params(StatisticsQuery),
    responses((status = 200, description = "The statistics.", body = Statistics)),
)]
async fn get_statistics(
    permit: Permit<Read, Tthc>,
    query: ValidQuery<StatisticsQuery>,
    app: App,
) -> Result<web::Json<Statistics>, ApiError> {
    let scoped = permit.into_scoped();
    let state = app.clone();
    app.db.read_list(move |conn| statistics(conn, &scoped, &state.rosters, &query.0)).await.map(web::Json)
}

#[utoipa::path(
    get, path = "/api/v1/tthc/statistics/overdue",
    operation_id = "list_overdue_dossiers", tag = "statistics", summary = "List dossiers that are overdue",
    description = "Pending dossiers whose due day has passed (hồ sơ đang giải quyết quá hạn), the longest overdue first, without personal data. Where a wait stops the clock a dossier is not overdue. Of a unit they are those that its statistics count as overdue: also what is pending at units that went whole into it.",
    params(OverdueFilter, PageParams),
    responses((status = 200, description = "A page.", body = LateDossierPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn list_overdue_dossiers(
    permit: Permit<Read, Tthc>,
    query: ListQuery<OverdueFilter>,
    app: App,
) -> Result<Listed<LateDossierPage>, ApiError> {
    let state = app.clone();
    let listed = move |conn: &mut DbConn, scoped: &Scoped, filter: &OverdueFilter, page: &PageRequest| {
        overdue_list(conn, scoped, &state.rosters, filter, page)
    };
    query.answer(permit.into_scoped(), &app, listed).await
}
