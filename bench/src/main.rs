//! The bare server: what actix-web and a database driver alone make of the same rows and the same
//! requests. It knows no token, no limit, no journal and no fault of a body; it answers what the
//! service answers, byte for byte where `bench/run.sh` compares them.
//!
//! ```text
//! bare <SQLite file | postgres://...>
//! ```

mod dossiers;
mod model;
mod postgres;
mod sqlite;

use std::cell::OnceCell;
use std::error::Error;
use std::io::Write;

use actix_web::error::{ErrorInternalServerError, ErrorNotFound};
use actix_web::http::header::{ACCEPT, CONTENT_TYPE};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use dossiers::{DossierCreate, Facts, LiveQuery, Place};
use model::{FormRow, Period, PeriodCreate, ProcedureCreate, Unit};
use postgres::Postgres;
use sqlite::Sqlite;

/// Whatever goes wrong is a 500.
pub(crate) type Fallible<T> = Result<T, Box<dyn Error>>;

/// The database of a worker.
enum Database {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// Calls the same method of either driver.
macro_rules! on {
    ($database:expr, $method:ident($($argument:expr),*)) => {
        match &**$database {
            Database::Sqlite(driver) => driver.$method($($argument),*).await,
            Database::Postgres(driver) => driver.$method($($argument),*).await,
        }
        .map_err(|error| ErrorInternalServerError(error.to_string()))
    };
}

/// What costs no database: the yardstick for everything else.
#[get("/health/live")]
async fn live() -> web::Json<serde_json::Value> {
    web::Json(serde_json::json!({"status": "ok"}))
}

#[derive(Deserialize)]
struct AsOf {
    as_of: NaiveDate,
}

#[derive(Serialize)]
struct Items<T> {
    items: Vec<T>,
}

#[get("/api/v1/organization/org-units/{id}")]
async fn get_unit(
    database: web::Data<Database>,
    id: web::Path<String>,
    query: web::Query<AsOf>,
) -> actix_web::Result<web::Json<Unit>> {
    let unit = on!(database, unit(query.as_of, &id))?;
    unit.map(web::Json).ok_or_else(|| ErrorNotFound("no such unit"))
}

#[get("/api/v1/organization/org-units")]
async fn list_units(
    database: web::Data<Database>,
    query: web::Query<AsOf>,
    req: HttpRequest,
) -> actix_web::Result<HttpResponse> {
    if req.headers().get(ACCEPT).is_none_or(|accept| accept != "text/csv") {
        let items = on!(database, page(query.as_of))?;
        return Ok(HttpResponse::Ok().json(Items { items }));
    }
    let units = on!(database, all(query.as_of))?;
    let mut lines = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for unit in units {
        lines.serialize(unit).map_err(ErrorInternalServerError)?;
    }
    let bytes = lines.into_inner().map_err(|error| ErrorInternalServerError(error.to_string()))?;
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/csv")).body(bytes))
}

#[post("/api/v1/reporting/periods")]
async fn post_period(
    database: web::Data<Database>,
    body: web::Json<PeriodCreate>,
) -> actix_web::Result<HttpResponse> {
    let period = Period::new(body.into_inner());
    on!(database, insert(&period))?;
    Ok(HttpResponse::Created().json(period))
}

#[derive(Serialize)]
struct Made {
    created: usize,
}

#[post("/api/v1/tthc/procedures/batch")]
async fn post_batch(
    database: web::Data<Database>,
    body: web::Json<Vec<ProcedureCreate>>,
) -> actix_web::Result<web::Json<Made>> {
    let created = body.len();
    on!(database, batch(body.into_inner()))?;
    Ok(web::Json(Made { created }))
}

#[derive(Deserialize)]
struct FormQuery {
    org_unit_code: String,
    period: String,
    as_of: NaiveDate,
}

#[derive(Serialize)]
struct Form {
    rows: Vec<FormRow>,
}

#[get("/api/v1/reporting/forms/06a")]
async fn get_form(
    database: web::Data<Database>,
    query: web::Query<FormQuery>,
) -> actix_web::Result<web::Json<Form>> {
    let FormQuery { org_unit_code, period, as_of } = query.into_inner();
    let rows = on!(database, form(as_of, &org_unit_code, &period))?;
    Ok(web::Json(Form { rows }))
}

#[get("/api/v1/tthc/dossiers/{id}")]
async fn get_dossier(
    database: web::Data<Database>,
    id: web::Path<String>,
) -> actix_web::Result<web::Json<dossiers::Dossier>> {
    let dossier = on!(database, dossier(&id))?;
    dossier.map(web::Json).ok_or_else(|| ErrorNotFound("no such dossier"))
}

#[get("/api/v1/tthc/dossiers")]
async fn list_dossiers(
    database: web::Data<Database>,
    place: web::Query<Place>,
) -> actix_web::Result<web::Json<Items<dossiers::Dossier>>> {
    Ok(web::Json(Items { items: on!(database, dossiers(&place))? }))
}

/// What is looked up for the first write only.
type Known = OnceCell<Facts>;

async fn known<'k>(
    database: &web::Data<Database>,
    known: &'k Known,
    unit: &str,
) -> actix_web::Result<&'k Facts> {
    if let Some(facts) = known.get() {
        return Ok(facts);
    }
    let database = database.clone();
    let facts = on!(database, facts(unit))?;
    Ok(known.get_or_init(|| facts))
}

#[post("/api/v1/tthc/dossiers")]
async fn post_dossier(
    database: web::Data<Database>,
    facts: web::Data<Known>,
    body: web::Json<DossierCreate>,
) -> actix_web::Result<HttpResponse> {
    let body = body.into_inner();
    let facts = known(&database, &facts, &body.receiving_unit_id).await?;
    on!(database, insert_dossier(body, facts))?;
    Ok(HttpResponse::Created().json(Made { created: 1 }))
}

#[derive(Serialize)]
struct LiveForm {
    rows: Vec<dossiers::LiveRow>,
}

#[get("/live-form")]
async fn get_live_form(
    database: web::Data<Database>,
    query: web::Query<LiveQuery>,
) -> actix_web::Result<web::Json<LiveForm>> {
    Ok(web::Json(LiveForm { rows: on!(database, live_form(&query))? }))
}

#[actix_web::main]
async fn main() -> Fallible<()> {
    let url = std::env::args().nth(1).ok_or("usage: bare <SQLite file | postgres://...>")?;
    let writer = sqlite::Writer::default();
    let server = HttpServer::new(move || {
        // A worker has a database of its own: nothing is shared that need not be.
        let database = if url.starts_with("postgres://") {
            Postgres::open(&url).map(Database::Postgres)
        } else {
            Sqlite::open(&url, &writer).map(Database::Sqlite)
        };
        let database = database.expect("the database can be opened");
        App::new()
            .app_data(web::Data::new(database))
            .app_data(web::JsonConfig::default().limit(64 << 20))
            .app_data(web::Data::new(Known::new()))
            .service((live, get_unit, list_units, post_period, post_batch, get_form))
            .service((get_dossier, list_dossiers, post_dossier, get_live_form))
    })
    .bind("127.0.0.1:0")?;
    for address in server.addrs() {
        writeln!(std::io::stdout(), "bare serves on http://{address}")?;
    }
    Ok(server.run().await?)
}
