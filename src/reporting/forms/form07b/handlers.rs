//! The operation on form 07b.

use actix_web::http::StatusCode;
use actix_web::{Either, HttpResponse, web};

use super::compute::form07b;
use super::model::{Form07b, Form07bQuery};
use super::sheet::form07b_sheet;
use kernel::api::ValidQuery;
use kernel::api::listing::{TableOr, csv_sent};
use kernel::api::mount::Mount;
use kernel::api::sheet::{apart, sent};
use kernel::auth::permit::{Permit, ReadReference, Tthc};
use kernel::error::ApiError;
use kernel::operations;
use kernel::state::App;

/// Mounts the operation.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, get_form_07b);
}

#[utoipa::path(
    get, path = "/api/v1/reporting/forms/07b",
    operation_id = "get_form_07b", tag = "forms", summary = "Compute form II.07b",
    description = "Form II.07b/VPCP/KSTT of Thông tư 01/2020/TT-VPCP (tổng hợp số lượng thủ tục hành chính): procedures in force on the last day by field and level, with how far they can be done online, and what decisions that took effect within the days added, changed, replaced and repealed; those of a unit, where one is named, and of what went whole into it, then also without the procedures that other provinces have under codes of their own. The columns are this service's own: those of the printed form are not verified. With `Accept` of a spreadsheet it is laid out in the manner of the printed forms, with `text/csv` its rows alone.",
    params(Form07bQuery),
    responses((status = 200, description = "The form.", content((
        Form07b = "application/json"), (String = "text/csv"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))),
)]
async fn get_form_07b(
    permit: Permit<ReadReference, Tthc>,
    query: ValidQuery<Form07bQuery>,
    form: TableOr,
    app: App,
) -> Result<Either<web::Json<Form07b>, HttpResponse>, ApiError> {
    let scoped = permit.into_scoped();
    let state = app.clone();
    let computed = app.db.read_list(move |conn| form07b(conn, &scoped, &state.rosters, &query.0)).await?;
    let name = computed.file_name();
    match form {
        TableOr::Json => Ok(Either::Left(web::Json(computed))),
        TableOr::Csv => csv_sent(&app, &name, &computed.rows).map(Either::Right),
        TableOr::Sheet => {
            let file = apart(move || form07b_sheet(&computed)).await?;
            sent(StatusCode::OK, &name, file).map(Either::Right)
        }
    }
}
