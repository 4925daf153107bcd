//! The rows of a list as they are read, a part at a time, and as they are written.

use std::fs::File;
use std::sync::Arc;

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::Form;
use crate::api::page::{PageRequest, PageRows};
use crate::api::sheet::{SheetWriter, apart};
use crate::api::table::Columns;
use crate::auth::permit::SignedIn;
use crate::auth::scope::Scoped;
use crate::db::{DbConn, Turn};
use crate::error::{ApiError, Bilingual, Fault};
use crate::state::App;

/// Where the rows of a list come from.
pub(super) struct Source<R, M, F> {
    pub(super) app: App,
    pub(super) read: Arc<Reading<R, M, F>>,
    pub(super) session: Option<SignedIn>,
}

/// How rows are read, and what becomes of each.
pub(super) struct Reading<R, M, F> {
    pub(super) rows: R,
    pub(super) tell: M,
    pub(super) scoped: Scoped,
    pub(super) filter: F,
}

impl<R, M, F, T, I> Source<R, M, F>
where
    R: Fn(&mut DbConn, &Scoped, &F, &PageRequest) -> Result<PageRows<T>, ApiError> + Send + Sync + 'static,
    M: Fn(T, &Scoped) -> Result<I, ApiError> + Send + Sync + 'static,
    F: Send + Sync + 'static,
    T: Send + 'static,
    I: Serialize + Send + 'static,
{
    /// The records of a page.
    pub(super) async fn page(&self, wanted: PageRequest) -> Result<PageRows<I>, ApiError> {
        let read = self.read.clone();
        let told = move |conn: &mut DbConn| {
            let PageRows { items, last, total } = read.rows(conn, &wanted)?;
            Ok(PageRows { items: read.told(items).collect::<Result<_, _>>()?, last, total })
        };
        self.app.db.read_list(told).await
    }

    pub(super) async fn part(&self, wanted: &PageRequest) -> Result<PageRows<T>, ApiError> {
        let (read, wanted) = (self.read.clone(), wanted.clone());
        self.app.db.read_list(move |conn: &mut DbConn| read.rows(conn, &wanted)).await
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

    /// The rows of a part that was being read, if the session still stands now that they are sent.
    async fn come(&self, coming: Coming<T>) -> Result<PageRows<T>, ApiError> {
        let rows = coming.await.map_err(ApiError::internal)?;
        self.still_stands().await?;
        rows
    }

    /// A spreadsheet of all parts. It is made before the first byte is sent, for its directory stands at
    /// its end; of its rows no more than a part is in memory.
    pub(super) async fn sheet(
        self,
        columns: Columns,
        request: PageRequest,
        turn: Turn,
    ) -> Result<File, ApiError> {
        let most = self.app.config.sheet_rows.get();
        let mut part = self.part(&request.clone().counted()).await?;
        if let Some(total) = part.total.filter(|total| *total > i64::from(most)) {
            return Err(too_many(total, most));
        }
        let mut writer = SheetWriter::new(columns)?;
        loop {
            let read = self.read.clone();
            let written = move || writer.rows(read.told(part.items)).map(|()| (writer, part.last));
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

    /// The parts as they are sent: while one is written and taken by the client the next one is read, and no
    /// more than that.
    pub(super) fn parts(
        self,
        table: Lines,
        head: Vec<u8>,
        request: PageRequest,
        first: PageRows<T>,
    ) -> impl Stream<Item = Result<Bytes, ApiError>> {
        let source = Arc::new(self);
        let state = (Arc::new(table), head, Next::Rows(first));
        try_unfold(state, move |(table, mut bytes, next)| {
            let (source, request) = (source.clone(), request.clone());
            async move {
                let rows = match next {
                    Next::Nothing => return Ok(None),
                    Next::Rows(rows) => rows,
                    Next::Coming(coming) => source.come(coming).await.inspect_err(broken_off)?,
                };
                let PageRows { items, last, .. } = rows;
                let read = source.read.clone();
                let next = last.map_or(Next::Nothing, |key| {
                    Next::Coming(actix_web::rt::spawn(async move { source.part(&request.behind(key)).await }))
                });
                let lines = table.clone();
                let written = move || lines.lines(read.told(items), &mut bytes).map(|()| bytes);
                let bytes = apart(written).await.inspect_err(broken_off)?;
                Ok(Some((Bytes::from(bytes), (table, Vec::new(), next))))
            }
        })
    }
}

impl<R, M, F, T, I> Reading<R, M, F>
where
    R: Fn(&mut DbConn, &Scoped, &F, &PageRequest) -> Result<PageRows<T>, ApiError>,
    M: Fn(T, &Scoped) -> Result<I, ApiError>,
{
    fn rows(&self, conn: &mut DbConn, wanted: &PageRequest) -> Result<PageRows<T>, ApiError> {
        (self.rows)(conn, &self.scoped, &self.filter, wanted)
    }

    fn told(&self, rows: Vec<T>) -> impl Iterator<Item = Result<I, ApiError>> {
        rows.into_iter().map(|row| (self.tell)(row, &self.scoped))
    }
}

fn broken_off(error: &ApiError) {
    log::warn!("a list was broken off: {error}");
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

/// A part that is being read.
type Coming<T> = JoinHandle<Result<PageRows<T>, ApiError>>;

/// What a stream sends next.
enum Next<T> {
    /// Rows that were read.
    Rows(PageRows<T>),
    /// Rows that are being read.
    Coming(Coming<T>),
    /// Nothing more.
    Nothing,
}

/// How rows are written.
pub(super) struct Lines {
    pub(super) form: Form,
    pub(super) columns: Columns,
}

impl Lines {
    pub(super) fn head(&self, bom: bool) -> Result<Vec<u8>, ApiError> {
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

    pub(super) fn lines<T: Serialize>(
        &self,
        records: impl Iterator<Item = Result<T, ApiError>>,
        bytes: &mut Vec<u8>,
    ) -> Result<(), ApiError> {
        if self.form != Form::Csv {
            for record in records {
                serde_json::to_writer(&mut *bytes, &record?).map_err(ApiError::internal)?;
                bytes.push(b'\n');
            }
            return Ok(());
        }
        let (mut writer, mut texts) = (csv_writer(bytes), Vec::new());
        for record in records {
            self.columns.texts(&record?, &mut texts)?;
            writer.write_record(&texts).map_err(ApiError::internal)?;
        }
        writer.flush().map_err(ApiError::internal)
    }
}

/// Lines after RFC 4180.
fn csv_writer(bytes: &mut Vec<u8>) -> csv::Writer<&mut Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(bytes)
}
