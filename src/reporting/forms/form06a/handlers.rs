//! The operation on form 06a.

use actix_web::http::StatusCode;
use actix_web::{Either, HttpResponse, web};

use super::compute::form06a;
use super::model::{Form06a, Form06aQuery};
use super::sheet::form06a_sheet;
use kernel::api::ValidQuery;
use kernel::api::listing::{TableOr, csv_sent};
use kernel::api::mount::Mount;
use kernel::api::sheet::{apart, sent};
use kernel::auth::permit::{Permit, Read, Tthc};
use kernel::error::ApiError;
use kernel::operations;
use kernel::state::App;

/// Mounts the operation.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, get_form_06a);
}

#[utoipa::path(
    get, path = "/api/v1/reporting/forms/06a",
    operation_id = "get_form_06a", tag = "forms", summary = "Compute form II.06a",
    description = "Form II.06a/VPCP/KSTT of Thông tư 01/2020/TT-VPCP (tình hình, kết quả giải quyết TTHC) for a unit, period and scope, from the dossiers of units that declared them complete and from what the others have handed in, or with `source` from one of them; with `snapshot` as it was kept when the period was closed (bản lưu khi khóa sổ). With `Accept` of a spreadsheet it is laid out as the printed form, with `text/csv` its rows alone. Units that stood under the unit on the day and are out of reach today are not counted.",
    params(Form06aQuery),
    responses((status = 200, description = "The form.", content((
        Form06a = "application/json"), (String = "text/csv"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))),
)]
async fn get_form_06a(
    permit: Permit<Read, Tthc>,
    query: ValidQuery<Form06aQuery>,
    form: TableOr,
    app: App,
) -> Result<Either<web::Json<Form06a>, HttpResponse>, ApiError> {
    let scoped = permit.into_scoped();
    let state = app.clone();
    let computed = app.db.read_list(move |conn| form06a(conn, &scoped, &state.rosters, &query.0)).await?;
    let span = match (&computed.period, computed.from, computed.to) {
        (Some(period), _, _) => period.code.clone(),
        (None, Some(from), Some(to)) => format!("{from}-{to}"),
        (None, _, _) => computed.as_of.to_string(),
    };
    let name = format!("II.06a-{}-{span}", computed.unit.org_unit_code.as_deref().unwrap_or("don-vi"));
    match form {
        TableOr::Json => Ok(Either::Left(web::Json(computed))),
        TableOr::Csv => csv_sent(&app, &name, &computed.rows).map(Either::Right),
        TableOr::Sheet => {
            let file = apart(move || form06a_sheet(&computed)).await?;
            sent(StatusCode::OK, &name, file).map(Either::Right)
        }
    }
}
