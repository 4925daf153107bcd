//! Answers of lists: a page as JSON, or with `Accept: text/csv` or `application/x-ndjson` all rows in
//! one stream, or all rows as a spreadsheet, when there are not too many to be written while a client
//! waits. A stream is read in parts, each as consistent as a page and not with the others, so
//! that no slow client holds a connection to the database; an error after the first byte breaks the
//! connection rather than ending the stream politely.

mod stream;

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::body::{BodyStream, BoxBody};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, Accept, Header};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use utoipa::PartialSchema;

use super::batch::NDJSON;
use super::etag::Record;
use super::page::{Page, PageRequest, PageRows};
use super::query::ListQuery;
use super::sheet::{XLSX, plain_name, sent};
use super::table::Columns;
use super::{PageParams, Paged};
use crate::audit::personal_reads;
use crate::auth::scope::Scoped;
use crate::db::DbConn;
use crate::error::{ApiError, Bilingual, Fault};
use crate::state::App;
use stream::{Lines, Reading, Source};

/// The media type of CSV.
pub const CSV: &str = "text/csv";

/// Rows of one part of a stream: as few as the way to the database allows, for two parts are in memory.
const PART: i64 = 500;

/// The form in which a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A page as JSON.
    Page,
    /// All rows as CSV.
    Csv,
    /// All rows as JSON, one a line.
    Lines,
    /// All rows as a spreadsheet.
    Sheet,
}

impl Form {
    /// The first of the accepted forms that there is, by weight; a page when there is none.
    pub(super) fn accepted(req: &HttpRequest) -> Self {
        let Ok(accepted) = <Accept as Header>::parse(req) else { return Self::Page };
        let known = accepted.ranked().into_iter().find_map(|media| match media.essence_str() {
            "application/json" | "application/*" | "*/*" => Some(Self::Page),
            CSV => Some(Self::Csv),
            NDJSON => Some(Self::Lines),
            XLSX => Some(Self::Sheet),
            _ => None,
        });
        known.unwrap_or(Self::Page)
    }

    /// The ending of a file of this form.
    fn extension(self) -> &'static str {
        match self {
            Self::Page => "json",
            Self::Csv => "csv",
            Self::Lines => "ndjson",
            Self::Sheet => "xlsx",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Page => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Lines => NDJSON,
            Self::Sheet => XLSX,
        }
    }

    /// Parameters that say nothing in this form, rather than silently meaning nothing.
    fn faults(self, page: &PageParams) -> Vec<Fault> {
        let PageParams { limit, cursor, include_total, bom } = page;
        let of_pages = [
            ("/limit", limit.is_some()),
            ("/cursor", cursor.is_some()),
            ("/include_total", include_total.is_some()),
        ];
        let misplaced = |pointer: &&'static str| match *pointer {
            "/bom" => Fault::new(
                "/bom",
                "csv_only",
                Bilingual::new("Tham số này chỉ dùng với CSV.", "This parameter is for CSV only."),
            ),
            pointer => Fault::new(
                pointer,
                "page_only",
                Bilingual::new(
                    "Tham số này chỉ dùng khi đọc theo trang; CSV và NDJSON luôn trả toàn bộ kết quả.",
                    "This parameter is for pages only; CSV, NDJSON and XLSX hold the whole result.",
                ),
            ),
        };
        let is_page = self == Self::Page;
        let given = of_pages.iter().filter(|(_, given)| *given && !is_page).map(|(pointer, _)| pointer);
        let bom = (bom.is_some() && self != Self::Csv).then_some(&"/bom");
        given.chain(bom).map(misplaced).collect()
    }
}

/// The form in which a table is wanted that is no list, such as a statutory form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableOr {
    /// A spreadsheet.
    Sheet,
    /// Its rows as CSV.
    Csv,
    /// The whole as JSON.
    Json,
}

impl FromRequest for TableOr {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(match Form::accepted(req) {
            Form::Sheet => Self::Sheet,
            Form::Csv => Self::Csv,
            Form::Page | Form::Lines => Self::Json,
        }))
    }
}

/// Answers with the rows of a table as CSV, in the manner of lists.
///
/// # Errors
/// None that rows of ours can cause.
pub fn csv_sent<T: Serialize + PartialSchema>(
    app: &App,
    name: &str,
    rows: &[T],
) -> Result<HttpResponse, ApiError> {
    let table = Lines { form: Form::Csv, columns: Columns::of::<T>(&app.contract) };
    let mut bytes = table.head(false)?;
    table.lines(rows.iter().map(Ok), &mut bytes)?;
    let name = plain_name(name);
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, Form::Csv.media_type()))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")))
        .body(bytes))
}

/// The answer of a list.
#[derive(Debug)]
pub enum Listed<P> {
    /// A page.
    Page(Paged<P>),
    /// All rows.
    Whole(HttpResponse),
}

impl<P: Page> Responder for Listed<P> {
    type Body = BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let mut response = match self {
            Self::Page(page) => page.respond_to(req),
            Self::Whole(response) => response,
        };
        response.headers_mut().append(header::VARY, header::HeaderValue::from_static("accept"));
        response
    }
}

/// A row that is its record.
fn as_it_is<T>(row: T, _: &Scoped) -> Result<T, ApiError> {
    Ok(row)
}

impl<F: Send + Sync + 'static> ListQuery<F> {
    /// The same of records that may hold personal data: a page that shows them in clear is noted in the
    /// journal, and a stream of all rows never does.
    ///
    /// # Errors
    /// As [`Self::answer`], 503 when that cannot be noted.
    pub async fn answer_noted<P, R>(self, scoped: Scoped, app: &App, rows: R) -> Result<Listed<P>, ApiError>
    where
        P: Page,
        P::Item: Record,
        R: Fn(&mut DbConn, &Scoped, &F, &PageRequest) -> Result<PageRows<P::Item>, ApiError>,
        R: Send + Sync + 'static,
    {
        self.answer_told(scoped, app, rows, as_it_is).await
    }

    /// The same where a row is not its record yet: of a stream, rows are read while those before them are told.
    ///
    /// # Errors
    /// As [`Self::answer_noted`], and whatever `tell` fails with.
    pub async fn answer_told<P, R, T, M>(
        self,
        scoped: Scoped,
        app: &App,
        rows: R,
        tell: M,
    ) -> Result<Listed<P>, ApiError>
    where
        P: Page,
        P::Item: Record,
        R: Fn(&mut DbConn, &Scoped, &F, &PageRequest) -> Result<PageRows<T>, ApiError>
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
        M: Fn(T, &Scoped) -> Result<P::Item, ApiError> + Send + Sync + 'static,
    {
        let scoped = if self.is_page() { scoped } else { scoped.masked() };
        let listed: Listed<P> = self.listed(scoped.clone(), app, rows, tell).await?;
        if let Listed::Page(Paged(page)) = &listed {
            personal_reads::note(app, &scoped, page.items()).await?;
        }
        Ok(listed)
    }

    /// The page or stream of the rows that a store function reads.
    ///
    /// # Errors
    /// 422 for a cursor that was made for another list, filter or reach, or a parameter that says
    /// nothing in the form that is wanted; whatever the store function fails with.
    pub async fn answer<P, R>(self, scoped: Scoped, app: &App, rows: R) -> Result<Listed<P>, ApiError>
    where
        P: Page,
        R: Fn(&mut DbConn, &Scoped, &F, &PageRequest) -> Result<PageRows<P::Item>, ApiError>,
        R: Send + Sync + 'static,
    {
        self.listed(scoped, app, rows, as_it_is).await
    }

    async fn listed<P, R, T, M>(
        self,
        scoped: Scoped,
        app: &App,
        rows: R,
        tell: M,
    ) -> Result<Listed<P>, ApiError>
    where
        P: Page,
        R: Fn(&mut DbConn, &Scoped, &F, &PageRequest) -> Result<PageRows<T>, ApiError>
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
        M: Fn(T, &Scoped) -> Result<P::Item, ApiError> + Send + Sync + 'static,
    {
        let request = self.page(&scoped, &app.keys());
        let Self { filter, page, list, form, session } = self;
        let faults = form.faults(&page);
        if !faults.is_empty() {
            return Err(ApiError::invalid(faults));
        }
        let request = request?;
        let name = list.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or("list");
        let name = name.to_owned();
        let read = Arc::new(Reading { rows, tell, scoped, filter });
        let source = Source { app: app.clone(), read, session };
        if form == Form::Page {
            let rows = source.page(request.clone()).await?;
            return Ok(Listed::Page(Paged(P::new(rows, &request, &app.keys()))));
        }
        let columns = Columns::of::<P::Item>(&app.contract);
        if form == Form::Sheet {
            let gate = if source.session.is_some() { &app.bulk } else { &app.open_sheets };
            let turn = gate.turn().await?;
            let sheet = source.sheet(columns, request.in_parts(PART), turn).await?;
            return Ok(Listed::Whole(sent(StatusCode::OK, &name, sheet)?));
        }
        let first = source.part(&request.clone().in_parts(PART)).await?;
        let table = Lines { form, columns };
        let head = table.head(page.bom.unwrap_or_default())?;
        let parts = source.parts(table, head, request.in_parts(PART), first);
        let response = HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, form.media_type()))
            .insert_header((
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}.{}\"", form.extension()),
            ))
            .body(BodyStream::new(parts));
        Ok(Listed::Whole(response))
    }
}
