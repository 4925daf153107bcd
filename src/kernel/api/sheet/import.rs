//! `POST .../import`: records from a spreadsheet or a CSV file. It is a batch whose lines are the rows
//! of a file: what is wrong is told by row and cell, and, when a spreadsheet is asked for, marked in a
//! copy of the file.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{Either, FromRequest, HttpMessage, HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::given::Head;
use super::parts::{Shape, Table};
use super::read::{Expected, Limits, is_archive, unreadable};
use super::spoken::spoken;
use super::template::{Form, MarkedCopy};
use super::write::{saved, sent};
use super::{SheetOr, XLSX, apart};
use crate::api::batch::{
    BATCH_LINES, BatchLine, BatchMode, BatchOutcome, BatchParams, Counts, OnConflict, Origin, Prepared,
};
use crate::api::frame::RequestFacts;
use crate::api::idempotency::{BodyDigest, Once, Rendered};
use crate::api::json::body;
use crate::api::listing::CSV;
use crate::api::records::Records;
use crate::api::table::{Catalogue, Columns};
use crate::auth::scope::Scoped;
use crate::db::{Recorded, Turn, Weight, WriteTx};
use crate::error::{ApiError, Bilingual, Fault, Language, Problem, ProblemDetails};
use crate::state::App;

/// How a file is taken in.
#[derive(Debug, Clone, Copy, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportParams {
    /// What happens when some rows cannot be written (cách ghi); `all` when not given.
    #[param(inline)]
    pub mode: Option<BatchMode>,
    /// What happens to a record with the natural key of a row (khi trùng khóa); `refuse` when not given.
    #[param(inline)]
    pub on_conflict: Option<OnConflict>,
    /// Whether the file is only held against everything, and nothing is written (nhập thử).
    pub dry_run: Option<bool>,
}

/// What became of a file, row by row (kết quả nhập tệp).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "dry_run": false, "created": 1, "updated": 0, "unchanged": 0, "stale": 0, "refused": 0,
    "rows": [{"row": 3, "outcome": "created", "status": 201, "id": "0190a8c0-0000-7000-8000-000000000001", "version": 1}]
}))]
pub struct ImportReport {
    /// Whether nothing was written (nhập thử).
    pub dry_run: bool,
    /// Records made (số bản ghi đã tạo).
    pub created: i64,
    /// Records replaced (số bản ghi đã cập nhật).
    pub updated: i64,
    /// Rows that said what was known already (số dòng không thay đổi).
    pub unchanged: i64,
    /// Rows older than the record held (số dòng dữ liệu cũ).
    pub stale: i64,
    /// Rows refused (số dòng bị từ chối).
    pub refused: i64,
    /// The rows, in their order.
    pub rows: Vec<ImportedRow>,
}

/// What became of one row (kết quả của một dòng).
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedRow {
    /// Its number in the file, from 1 (số thứ tự dòng trong tệp).
    #[schema(minimum = 1)]
    pub row: u32,
    /// What became of it.
    pub outcome: BatchOutcome,
    /// The HTTP status that it would have had by itself.
    #[schema(minimum = 200, maximum = 599)]
    pub status: u16,
    /// The record's id; none for one that a trial did not make.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, format = "uuid")]
    pub id: Option<String>,
    /// The record's version; none for one that a trial did not write.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub version: Option<i64>,
    /// Why it was refused; each fault names the cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub problem: Option<ProblemDetails>,
}

/// A file as it was sent.
#[derive(Debug)]
pub struct SheetFile {
    bytes: Vec<u8>,
    turn: Turn,
    wants_copy: bool,
    language: Language,
}

impl FromRequest for SheetFile {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let app = App::of(&req)?;
            let is_sheet = req.content_type().eq_ignore_ascii_case(XLSX);
            if !is_sheet && !is_csv_in_utf8(&req) {
                return Err(ApiError::detailed(
                    Problem::UnsupportedMediaType,
                    format!(
                        "Tiêu đề Content-Type phải là {XLSX} hoặc {CSV}; tệp CSV phải dùng bảng mã UTF-8 (charset=utf-8): hãy lưu tệp dạng “CSV UTF-8”."
                    ),
                    format!(
                        "Content-Type must be {XLSX} or {CSV}; CSV must be in UTF-8 (charset=utf-8): save the file as “CSV UTF-8”."
                    ),
                ));
            }
            let turn = app.bulk.turn().await?;
            let bytes = body(&req, payload, app.config.batch_limit_bytes.size()).await?;
            let (digest, bytes) = apart(move || Ok((BodyDigest::of(&bytes), bytes))).await?;
            digest.keep(&req);
            if is_sheet != is_archive(&bytes) {
                return Err(other_kind());
            }
            Ok(Self {
                bytes,
                turn,
                wants_copy: SheetOr::of(&req) == SheetOr::Sheet,
                language: RequestFacts::of(&req).language,
            })
        })
    }
}

/// Whether a body is declared as CSV, and in no other letters than UTF-8: read as such, those of an old
/// Vietnamese code page could become other letters without a fault.
fn is_csv_in_utf8(req: &HttpRequest) -> bool {
    let Ok(Some(media)) = req.mime_type() else { return false };
    media.essence_str().eq_ignore_ascii_case(CSV)
        && media.get_param("charset").is_none_or(|charset| charset.as_str().eq_ignore_ascii_case("utf-8"))
}

fn other_kind() -> ApiError {
    unreadable(vec![Fault::new(
        "",
        "other_kind",
        Bilingual::new(
            "Nội dung tệp không đúng với Content-Type đã khai.",
            "The file is of another kind than Content-Type says.",
        ),
    )])
}

/// Which cell holds what.
#[derive(Debug)]
pub(super) struct Layout {
    columns: Arc<Columns>,
    head: Head,
    numbers: Vec<u32>,
    dry_run: bool,
}

impl Layout {
    pub(super) fn of<B>(columns: &Arc<Columns>, table: &Table<B>, dry_run: bool) -> Self {
        let numbers = table.numbers.clone();
        Self { columns: columns.clone(), head: table.head.clone(), numbers, dry_run }
    }

    /// Whether the file has a row that names its columns; without one each line is a record as JSON.
    fn is_table(&self) -> bool {
        !self.head.fields.is_empty()
    }

    /// How the place of a fault is called before what is wrong there.
    pub(super) fn called(&self, number: u32, pointer: &str) -> Bilingual {
        if self.is_table() {
            return self.head.called(&self.columns, number, pointer);
        }
        let member = pointer.trim_start_matches('/');
        let at = if member.is_empty() { String::new() } else { format!(", `{member}`") };
        Bilingual::new(format!("Dòng {number}{at}: "), format!("Line {number}{at}: "))
    }

    /// The number of a row.
    pub(super) fn number(&self, index: usize) -> u32 {
        self.numbers.get(index).copied().unwrap_or_default()
    }
}

impl Origin for Arc<Layout> {
    fn located(&self, _mode: BatchMode, index: usize, error: ApiError) -> ApiError {
        let number = self.number(index);
        error.with_each_fault(|fault| {
            // Whoever writes JSON knows the names of its members.
            let fault = if self.is_table() { spoken(&self.columns, fault) } else { fault };
            let place = self.called(number, &fault.pointer);
            let Bilingual { vi, en } = &fault.message;
            let message = Bilingual::new(format!("{}{vi}", place.vi), format!("{}{en}", place.en));
            Fault { pointer: format!("/{number}{}", fault.pointer), code: fault.code, message }
        })
    }

    fn render(&self, lines: Vec<BatchLine>, counts: Counts) -> Result<Rendered, ApiError> {
        let row = |line: BatchLine| {
            let BatchLine { index, outcome, status, id, version, problem } = line;
            // What a trial made is gone again.
            let is_real = |untrue: &[BatchOutcome]| !self.dry_run || !untrue.contains(&outcome);
            ImportedRow {
                row: self.number(index),
                outcome,
                status,
                id: id.filter(|_| is_real(&[BatchOutcome::Created])),
                version: version.filter(|_| is_real(&[BatchOutcome::Created, BatchOutcome::Updated])),
                problem,
            }
        };
        let Counts { created, updated, unchanged, stale, refused } = counts;
        let rows = lines.into_iter().map(row).collect();
        let dry_run = self.dry_run;
        Rendered::json(200, &ImportReport { dry_run, created, updated, unchanged, stale, refused, rows })
    }

    fn place(&self, index: usize) -> String {
        format!("/rows/{index}")
    }
}

/// What is wrong with a row, for the copy of the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Mark {
    pointer: String,
    /// What is wrong.
    pub message: String,
}

impl Mark {
    /// The row's number.
    pub(super) fn row(&self) -> u32 {
        self.pointer.split('/').nth(1).and_then(|row| row.parse().ok()).unwrap_or_default()
    }

    /// Where in the record it is wrong, as a JSON pointer; empty for the row as a whole.
    pub(super) fn member(&self) -> &str {
        self.pointer.match_indices('/').nth(1).and_then(|(at, _)| self.pointer.get(at..)).unwrap_or_default()
    }
}

/// What the parts of a file that is sent may unpack to.
const UNPACKED_BYTES: u64 = 64 << 20;

/// Takes a file in, in one transaction.
///
/// # Errors
/// In mode `all` the problem of the first row that cannot be written, with the faults of all; 422 for
/// a file that cannot be read.
pub async fn import_sheet<R: Records>(
    app: &App,
    once: Once,
    scoped: Scoped,
    params: ImportParams,
    file: SheetFile,
    collection: &'static str,
) -> Result<Either<Rendered, HttpResponse>, ApiError>
where
    R::Body: DeserializeOwned + Validate + ToSchema,
    R::View: ToSchema,
{
    let dry_run = params.dry_run.unwrap_or_default();
    let SheetFile { bytes, turn, wants_copy, language } = file;
    let columns = Arc::new(Columns::of::<R::Body>(&app.contract));
    let how = BatchParams { mode: params.mode, on_conflict: params.on_conflict };
    let author = scoped.author();
    let catalogues = match wants_copy {
        true => catalogues::<R>(app, scoped.clone()).await?,
        false => Vec::new(),
    };
    let (reader, fields) = (app.clone(), columns.clone());
    let read = move || {
        let limits = Limits { rows: BATCH_LINES, unpacked_bytes: UNPACKED_BYTES };
        let listed = Columns::of::<R::View>(&reader.contract);
        let expected = Expected { collection, columns: &fields, listed: &listed, limits };
        let depth = reader.config.json_depth.size();
        let shape = Shape { expected, contract: &reader.contract, depth, copied: wants_copy, behind: 0 };
        let table = Table::<R::Body>::whole(&bytes, shape)?;
        let layout = Arc::new(Layout::of(&fields, &table, dry_run));
        let Table { head, rows, lines, .. } = table;
        Ok((head, rows, Prepared::<R, _>::of(scoped, how, lines, layout), turn))
    };
    let (head, rows, prepared, turn) = apart(read).await?;
    let answer = match prepared {
        Ok(lines) => {
            let turn = turn.clone();
            let tried = move |tx: &mut WriteTx<'_>| {
                let _turn = turn;
                let written = lines.write(tx)?;
                Ok(if dry_run { Recorded::unchanged(written.into_value()) } else { written })
            };
            once.write(app, author, Weight::Many, tried).await
        }
        Err(error) => Err(error),
    };
    if !wants_copy {
        return answer.map(Either::Left);
    }
    let app = app.clone();
    let copy = move || {
        let _turn = turn;
        let (status, marks) = match &answer {
            Ok(rendered) => (StatusCode::OK, refused(rendered)?),
            Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, told(error, language)),
        };
        if marks.is_empty() {
            return answer.map(Either::Left);
        }
        let form = Form::of::<R>(&app.contract, collection, columns, catalogues);
        let copy = MarkedCopy { form: &form, head: &head, language };
        Ok(Either::Right((status, saved(&mut copy.of(&rows, &marks)?)?)))
    };
    match apart(copy).await? {
        Either::Left(rendered) => Ok(Either::Left(rendered)),
        Either::Right((status, copy)) => sent(status, collection, copy).map(Either::Right),
    }
}

/// The faults of an error that names rows.
pub(super) fn told(error: &ApiError, language: Language) -> Vec<Mark> {
    let mark = |fault: &Fault| Mark {
        pointer: fault.pointer.clone(),
        message: fault.message.in_language(language).to_owned(),
    };
    error.faults().iter().map(mark).filter(|mark| mark.row() > 0).collect()
}

/// The faults of the rows that a report refused; it may be the answer to the same request before.
fn refused(report: &Rendered) -> Result<Vec<Mark>, ApiError> {
    #[derive(Deserialize)]
    struct Report {
        rows: Vec<Row>,
    }
    #[derive(Deserialize)]
    struct Row {
        problem: Option<RowProblem>,
    }
    #[derive(Deserialize)]
    struct RowProblem {
        #[serde(default)]
        errors: Vec<Mark>,
    }
    let report: Report = serde_json::from_str(report.body()).map_err(ApiError::internal)?;
    Ok(report.rows.into_iter().filter_map(|row| row.problem).flat_map(|problem| problem.errors).collect())
}

/// What there is to choose for the members of a body.
async fn catalogues<R: Records>(app: &App, scoped: Scoped) -> Result<Vec<Catalogue>, ApiError> {
    app.db.read_list(move |conn| R::catalogues(conn, &scoped)).await
}

/// The template of a collection.
///
/// # Errors
/// When there is no room for a file, or the database is away.
pub async fn import_template<R: Records>(
    app: &App,
    scoped: Scoped,
    collection: &'static str,
) -> Result<HttpResponse, ApiError>
where
    R::Body: ToSchema,
    R::View: ToSchema,
{
    let catalogues = catalogues::<R>(app, scoped).await?;
    let app = app.clone();
    let made = move || {
        let columns = Arc::new(Columns::of::<R::Body>(&app.contract));
        saved(&mut Form::of::<R>(&app.contract, collection, columns, catalogues).template()?)
    };
    let file = apart(made).await?;
    sent(StatusCode::OK, &format!("{collection}-template"), file)
}
