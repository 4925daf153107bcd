//! Answers of lists: a page as JSON, or with `Accept: text/csv` or `application/x-ndjson` all rows in
//! one stream, or all rows as a spreadsheet, when there are not too many to be written while a client
//! waits. A stream is read in parts, each as consistent as a page and not with the others, so
//! that no slow client holds a connection to the database; an error after the first byte breaks the
//! connection rather than ending the stream politely.

use std::convert::Infallible;
use std::fs::File;
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::body::{BodyStream, BoxBody};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, Accept, Header};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use futures_util::Stream;
use futures_util::stream::try_unfold;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use utoipa::PartialSchema;

use super::batch::NDJSON;
use super::etag::Record;
use super::page::{Page, PageRequest, PageRows};
use super::query::ListQuery;
use super::sheet::{SheetWriter, XLSX, apart, plain_name, sent};
use super::table::Columns;
use super::{PageParams, Paged};
use crate::audit::personal_reads;
use crate::auth::permit::SignedIn;
use crate::auth::scope::Scoped;
use crate::db::{DbConn, Turn};
use crate::error::{ApiError, Bilingual, Fault};
use crate::state::App;

/// The media type of CSV.
pub const CSV: &str = "text/csv";

/// Rows of one part of a stream.
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
    table.lines(rows, &mut bytes)?;
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
        let scoped = if self.is_page() { scoped } else { scoped.masked() };
        let listed: Listed<P> = self.answer(scoped.clone(), app, rows).await?;
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
        let request = self.page(&scoped, &app.keys());
        let Self { filter, page, list, form, session } = self;
        let faults = form.faults(&page);
        if !faults.is_empty() {
            return Err(ApiError::invalid(faults));
        }
        let request = request?;
        let name = list.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or("list");
        let name = name.to_owned();
        let source = Source { app: app.clone(), read: Arc::new((rows, scoped, filter)), session };
        if form == Form::Page {
            let rows = source.part(&request).await?;
            return Ok(Listed::Page(Paged(P::new(rows, &request, &app.keys()))));
        }
        let columns = Columns::of::<P::Item>(&app.contract);
        if form == Form::Sheet {
            let gate = if source.session.is_some() { &app.bulk } else { &app.open_sheets };
            let turn = gate.turn().await?;
            let sheet = source.sheet(columns, request.in_parts(PART), turn).await?;
            return Ok(Listed::Whole(sent(StatusCode::OK, &name, sheet)?));
        }
        let table = Lines { form, columns };
        let head = table.head(page.bom.unwrap_or_default())?;
        let parts = source.parts(table, head, request.in_parts(PART)).await?;
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

/// Where the rows of a list come from.
struct Source<R, F> {
    app: App,
    read: Arc<(R, Scoped, F)>,
    session: Option<SignedIn>,
}

impl<R, F, T> Source<R, F>
where
    R: Fn(&mut DbConn, &Scoped, &F, &PageRequest) -> Result<PageRows<T>, ApiError> + Send + Sync + 'static,
    F: Send + Sync + 'static,
    T: Serialize + Send + 'static,
{
    async fn part(&self, wanted: &PageRequest) -> Result<PageRows<T>, ApiError> {
        let (read, wanted) = (self.read.clone(), wanted.clone());
        let rows = move |conn: &mut DbConn| {
            let (rows, scoped, filter) = &*read;
            rows(conn, scoped, filter, &wanted)
        };
        self.app.db.read_list(rows).await
    }

    /// The part behind this key, if the session still stands.
    async fn next(&self, request: &PageRequest, key: Value) -> Result<PageRows<T>, ApiError> {
        self.still_stands().await?;
        self.part(&request.clone().behind(key)).await
    }

    async fn still_stands(&self) -> Result<(), ApiError> {
        match &self.session {
            Some(session) if !session.still_stands(&self.app).await? => {
                Err(ApiError::new(crate::error::Problem::Unauthorized))
            }
            _ => Ok(()),
        }
    }

    /// A spreadsheet of all parts. It is made before the first byte is sent, for its directory stands at
    /// its end; of its rows no more than a part is in memory.
    async fn sheet(self, columns: Columns, request: PageRequest, turn: Turn) -> Result<File, ApiError> {
        let most = self.app.config.sheet_rows.get();
        let mut part = self.part(&request.clone().counted()).await?;
        if let Some(total) = part.total.filter(|total| *total > i64::from(most)) {
            return Err(too_many(total, most));
        }
        let mut writer = SheetWriter::new(columns)?;
        loop {
            let written = move || writer.rows(&part.items).map(|()| (writer, part.last));
            let (with_part, last) = apart(written).await?;
            writer = with_part;
            match last {
                Some(key) => part = self.next(&request, key).await?,
                None => break,
            }
        }
        apart(move || {
            let _turn = turn;
            writer.finish()
        })
        .await
    }

    /// The parts as they are sent: while one is written and taken by the client the next one is made, and no more than
    /// that.
    ///
    /// # Errors
    /// Where the first part cannot be read: before anything is sent.
    async fn parts(
        self,
        table: Lines,
        head: Vec<u8>,
        request: PageRequest,
    ) -> Result<impl Stream<Item = Result<Bytes, ApiError>>, ApiError> {
        let (source, table) = (Arc::new(self), Arc::new(table));
        let first = source.clone().begun(table.clone(), request.clone(), head).await?;
        Ok(try_unfold(Next::Read(first), move |next| {
            let (source, table, request) = (source.clone(), table.clone(), request.clone());
            async move {
                let part = source.following(table, request, next).await;
                part.inspect_err(|error| log::warn!("a list was broken off: {error}"))
            }
        }))
    }

    /// What is sent next, if the session still stands, and what behind it.
    async fn following(
        self: Arc<Self>,
        table: Arc<Lines>,
        request: PageRequest,
        next: Next,
    ) -> Result<Option<(Bytes, Next)>, ApiError> {
        let Part { last, lines } = match next {
            Next::Nothing => return Ok(None),
            Next::Read(part) => part,
            Next::Coming(reading) => reading.await.map_err(ApiError::internal)??,
        };
        let behind = |key| {
            let part = self.clone().begun(table, request.behind(key), Vec::new());
            Next::Coming(actix_web::rt::spawn(part))
        };
        let next = last.map_or(Next::Nothing, behind);
        let lines = lines.await.map_err(ApiError::internal)??;
        self.still_stands().await?;
        Ok(Some((Bytes::from(lines), next)))
    }

    /// Reads a part and begins to write its lines behind what is there: in one thread, so that the memory of its rows
    /// is given back where it was taken.
    async fn begun(
        self: Arc<Self>,
        table: Arc<Lines>,
        wanted: PageRequest,
        mut bytes: Vec<u8>,
    ) -> Result<Part, ApiError> {
        let (tell, told) = oneshot::channel();
        let read = self.read.clone();
        let made = move |conn: &mut DbConn| {
            let (rows, scoped, filter) = &*read;
            let PageRows { items, last, .. } = rows(conn, scoped, filter, &wanted)?;
            // Whoever asked may have gone away: nobody to tell then.
            let _ = tell.send(last);
            table.lines(&items, &mut bytes)?;
            Ok(bytes)
        };
        let lines = actix_web::rt::spawn(async move { self.app.db.read_list(made).await });
        match told.await {
            Ok(last) => Ok(Part { last, lines }),
            Err(untold) => {
                Err(lines.await.map_err(ApiError::internal)?.err().unwrap_or(ApiError::internal(untold)))
            }
        }
    }
}

fn too_many(total: i64, most: u32) -> ApiError {
    ApiError::invalid(vec![Fault::new(
        "",
        "too_many",
        Bilingual::new(
            format!(
                "Danh sách có {total} dòng; dạng XLSX tối đa {most} dòng. Hãy lọc bớt hoặc lấy dạng CSV."
            ),
            format!("The list has {total} rows, and XLSX {most} at most: filter it, or read it as CSV."),
        ),
    )])
}

/// A part of a stream, whose rows are read.
struct Part {
    /// The key behind which the next one begins.
    last: Option<Value>,
    /// What is sent of it, while that is made.
    lines: JoinHandle<Result<Vec<u8>, ApiError>>,
}

/// What a stream sends next.
enum Next {
    /// A part whose rows are read.
    Read(Part),
    /// One that is being read.
    Coming(JoinHandle<Result<Part, ApiError>>),
    /// Nothing more.
    Nothing,
}

/// How rows are written.
struct Lines {
    form: Form,
    columns: Columns,
}

impl Lines {
    fn head(&self, bom: bool) -> Result<Vec<u8>, ApiError> {
        if self.form != Form::Csv {
            return Ok(Vec::new());
        }
        let mut bytes = if bom { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
        let mut writer = csv_writer(&mut bytes);
        writer.write_record(self.columns.names()).map_err(ApiError::internal)?;
        writer.flush().map_err(ApiError::internal)?;
        drop(writer);
        Ok(bytes)
    }

    fn lines<T: Serialize>(&self, rows: &[T], bytes: &mut Vec<u8>) -> Result<(), ApiError> {
        if self.form != Form::Csv {
            for row in rows {
                serde_json::to_writer(&mut *bytes, row).map_err(ApiError::internal)?;
                bytes.push(b'\n');
            }
            return Ok(());
        }
        let (mut writer, mut texts) = (csv_writer(bytes), Vec::new());
        for row in rows {
            self.columns.texts(row, &mut texts)?;
            writer.write_record(&texts).map_err(ApiError::internal)?;
        }
        writer.flush().map_err(ApiError::internal)
    }
}

/// Lines after RFC 4180.
fn csv_writer(bytes: &mut Vec<u8>) -> csv::Writer<&mut Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(bytes)
}
