//! The operation on form 07b.

use actix_web::{get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::compute::form07b;
use super::model::{Form07b, Form07bQuery};
use crate::api::ValidQuery;
use crate::auth::permit::{Permit, ReadReference, Tthc};
use crate::error::ApiError;
use crate::state::App;

/// Mounts the operation.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_form_07b);
}

#[utoipa::path(
    operation_id = "get_form_07b", tag = "forms", summary = "Compute form II.07b",
    description = "Form II.07b/VPCP/KSTT of Thông tư 01/2020/TT-VPCP (tổng hợp số lượng thủ tục hành chính): procedures in force on the last day by field and level, with how far they can be done online, and what decisions that took effect within the days added, changed, replaced and repealed. The columns are this service's own: those of the printed form are not verified.",
    params(Form07bQuery),
    responses((status = 200, description = "The form.", body = Form07b)),
)]
#[get("/api/v1/reporting/forms/07b")]
async fn get_form_07b(
    permit: Permit<ReadReference, Tthc>,
    query: ValidQuery<Form07bQuery>,
    app: App,
) -> Result<web::Json<Form07b>, ApiError> {
    let scoped = permit.into_scoped();
    app.db.read_list(move |conn| form07b(conn, &scoped, &query.0)).await.map(web::Json)
}
