//! A file that is imported on the command line. It is read twice: first every row is held against its
//! limits, then rows are written. Written line by line (`partial`) it may be of any length and goes
//! part by part, so that a service beside it is never kept waiting, and when it is interrupted it goes on
//! behind the last part; whole, it is one transaction and has no more rows than a request.

mod lines;
mod progress;
mod reached;
mod reading;
mod refused;
mod run;

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use utoipa::ToSchema;
use validator::Validate;

pub use self::progress::Progress;
use self::reached::Reached;
use self::reading::Reading;
use self::refused::Came;
use self::run::{PartMark, Run};
use super::apart;
use super::given::{GivenRow, Head};
use super::import::{Layout, Mark, told};
use super::parts::{Pace, TEXT_BYTES, Table};
use super::template::{Form, MarkedCopy};
use super::write::saved;
use crate::api::batch::{BATCH_LINES, BatchMode, BatchParams, Counts, Lines, OnConflict, Outcomes, Prepared};
use crate::api::contract::Contract;
use crate::api::records::Records;
use crate::auth::scope::Scoped;
use crate::db::{Db, Recorded, Weight, WriteTx};
use crate::error::{ApiError, Language, Problem};
use crate::state::Clock;

/// The rows of one transaction of a file that is written line by line.
const PART: usize = 1_000;

/// The refused rows that a copy holds at most.
const MARKED_ROWS: usize = BATCH_LINES;

/// A file to be imported, and how.
#[derive(Debug, Clone)]
pub struct ImportFile {
    /// The spreadsheet, or the file of CSV or of NDJSON.
    pub path: PathBuf,
    /// What happens when some rows cannot be written.
    pub mode: BatchMode,
    /// What happens to a record with the natural key of a row.
    pub on_conflict: OnConflict,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// Where a copy with the faults marked is put, when there are any.
    pub copy: Option<PathBuf>,
    /// Whether it begins again where an import before was interrupted.
    pub restart: bool,
    /// The language in which rows are told what is wrong with them.
    pub language: Language,
}

impl ImportFile {
    /// Whether what was written stays where the import is interrupted, and is gone on with.
    fn is_resumable(&self) -> bool {
        self.mode == BatchMode::Partial && !self.dry_run
    }
}

/// Where records go, and what they are held against.
pub struct ImportTarget {
    /// The database.
    pub db: Db,
    /// The contract.
    pub contract: Arc<Contract>,
    /// How deep the JSON of a cell may be.
    pub json_depth: usize,
    /// Who imports.
    pub scoped: Scoped,
    /// By which every part is dated: whoever follows changes by their time misses none.
    pub clock: Clock,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportedFile {
    /// The rows by what became of them.
    pub counts: Counts,
    /// The first faults, in English, each with its cell.
    pub faults: Vec<String>,
    /// Whether the file was refused as a whole.
    pub refused: bool,
    /// Whether nothing was written anyway.
    pub dry_run: bool,
    /// The row behind which an interrupted import went on; 0 for one that began.
    pub gone_on_behind: u32,
    /// Where the refused rows are, when there are any.
    pub refused_rows: Option<PathBuf>,
}

impl ImportedFile {
    /// The faults that are told one by one.
    const TOLD: usize = 20;

    fn tell(&mut self, marks: &[Mark]) {
        let room = Self::TOLD.saturating_sub(self.faults.len());
        self.faults.extend(marks.iter().take(room).map(|mark| mark.message.clone()));
    }

    /// Whether every row was taken.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.refused && self.counts.refused == 0
    }
}

impl std::fmt::Display for ImportedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for fault in &self.faults {
            writeln!(f, "{fault}")?;
        }
        if self.refused {
            return writeln!(f, "nothing was written: rows were refused");
        }
        if self.gone_on_behind > 0 {
            writeln!(f, "went on behind row {}, where it was interrupted", self.gone_on_behind)?;
        }
        if let Some(path) = &self.refused_rows {
            writeln!(f, "the refused rows are in {}: mend them and import them", path.display())?;
        }
        let Counts { created, updated, unchanged, stale, refused } = self.counts;
        let done = if self.dry_run { "would be" } else { "were" };
        writeln!(
            f,
            "{created} {done} made, {updated} replaced; {unchanged} unchanged, {stale} stale, {refused} refused"
        )
    }
}

/// Imports a file.
///
/// # Errors
/// 422 for a file that cannot be read; 503 when the database is away, what was committed until then
/// stays.
pub async fn import_file<R: Records>(
    target: &ImportTarget,
    collection: &'static str,
    file: &ImportFile,
    progress: &Progress,
) -> Result<ImportedFile, ApiError>
where
    R::Body: DeserializeOwned + Validate + ToSchema + Send,
    R::View: ToSchema,
{
    let mut reading = Reading::of::<R>(target, collection, file);
    let is_table = reading.is_table()?;
    if file.copy.is_some() && !is_table {
        return Err(no_copy());
    }
    progress.begin("reading", None, 0);
    let (checked, counter) = (reading.clone(), progress.clone());
    let rows = apart(move || checked.count::<R::Body>(&counter)).await?;
    let mut run = match file.is_resumable() {
        true => Some(Run::begun(target, file, &reading, is_table).await?),
        false => None,
    };
    let before = run.as_ref().map(|run| run.reached).unwrap_or_default();
    reading.behind = before.last_row;
    progress.begin("writing", Some(rows), before.counts.rows());
    let mut imported =
        ImportedFile { dry_run: file.dry_run, gone_on_behind: before.last_row, ..ImportedFile::default() };
    let mut copy = Copy::default();
    let pace = if file.mode == BatchMode::All { Pace::Whole } else { Pace::Parts(PART) };
    let (parts, mut waiting) = mpsc::channel(1);
    let reader = reading.clone();
    let read = tokio::task::spawn_blocking(move || {
        // Who no longer takes parts has failed, and says why.
        reader.parts::<R::Body>(pace, |part| parts.blocking_send(part).map_err(ApiError::internal))
    });
    while let Some(part) = waiting.recv().await {
        let layout = Arc::new(Layout::of(&reading.columns, &part, file.dry_run));
        let Table { head, rows, texts, numbers, lines } = part;
        let Some(last) = numbers.last().copied() else { continue };
        let came = Arc::new(Came { head, rows, texts });
        let mark = run.as_ref().map(|run| run.mark(last, came.clone(), layout.clone()));
        // The command line is English; what goes back to the clerk is in the language asked for.
        let (marks, told_here) = match written::<R>(target, file, layout, lines, mark).await {
            Ok((outcomes, reached)) => {
                imported.counts += outcomes.counts();
                if let Some((run, reached)) = run.as_mut().zip(reached) {
                    run.reached = reached;
                }
                let all = |language| -> Vec<Mark> {
                    outcomes.refusals().flat_map(|(_, error)| told(error, language)).collect()
                };
                (all(file.language), all(Language::En))
            }
            // What is wrong with rows is theirs; whatever else is wrong ends the import.
            Err(error) => {
                let marks = told(&error, file.language);
                if marks.is_empty() || file.mode == BatchMode::Partial {
                    return Err(error);
                }
                imported.refused = true;
                (marks, told(&error, Language::En))
            }
        };
        imported.tell(&told_here);
        if file.copy.is_some() {
            copy.take(file.mode, &came, marks);
        }
        progress.advance(u64::try_from(numbers.len()).unwrap_or(u64::MAX));
    }
    read.await.map_err(ApiError::internal)??;
    progress.finish();
    if let Some(run) = run {
        imported.counts = run.reached.counts;
        imported.refused_rows = run.finished(target).await?;
    }
    if let Some(path) = file.copy.clone().filter(|_| !copy.marks.is_empty()) {
        marked::<R>(target, reading, copy, path, file.language).await?;
    }
    Ok(imported)
}

/// Puts down the copy in which faults are marked.
async fn marked<R: Records>(
    target: &ImportTarget,
    reading: Reading,
    copy: Copy,
    path: PathBuf,
    language: Language,
) -> Result<(), ApiError>
where
    R::View: ToSchema,
{
    let scoped = target.scoped.clone();
    let catalogues = target.db.read_list(move |conn| R::catalogues(conn, &scoped)).await?;
    let form = Form::of::<R>(&target.contract, reading.collection, reading.columns, catalogues);
    apart(move || copy.save(&form, &path, language)).await
}

fn no_copy() -> ApiError {
    ApiError::detailed(
        Problem::Invalid,
        "Tệp mỗi dòng một bản ghi JSON không có bản sao dạng bảng tính; các dòng bị từ chối được ghi ra tệp bên cạnh.",
        "A file with a JSON record a line has no marked spreadsheet; its refused lines are put beside it.",
    )
}

/// Writes the rows of a part in one transaction, and with them how far the import came.
async fn written<R: Records>(
    target: &ImportTarget,
    file: &ImportFile,
    layout: Arc<Layout>,
    lines: Lines<R::Body>,
    mark: Option<PartMark>,
) -> Result<(Outcomes<Arc<Layout>>, Option<Reached>), ApiError> {
    let how = BatchParams { mode: Some(file.mode), on_conflict: Some(file.on_conflict) };
    let scoped = target.scoped.at(target.clock.now());
    let author = scoped.author();
    let prepared = Prepared::<R, _>::in_mode(file.mode, scoped, how, lines, layout)?;
    let dry_run = file.dry_run;
    let work = move |tx: &mut WriteTx<'_>| {
        let written = prepared.write(tx)?;
        match mark {
            Some(mark) => {
                let outcomes = written.into_value();
                let reached = mark.keep(tx.conn(), &outcomes)?;
                Ok(tx.noted().with((outcomes, Some(reached))))
            }
            None if dry_run => Ok(Recorded::unchanged((written.into_value(), None))),
            None => Ok(written.map(|outcomes| (outcomes, None))),
        }
    };
    target.db.write_of(Weight::Many, author, work).await
}

/// The rows of the copy in which faults are marked: all of a file that is written whole, for it is
/// sent again whole; else those that were refused.
#[derive(Default)]
struct Copy {
    head: Head,
    rows: Vec<GivenRow>,
    /// The bytes of their texts.
    bytes: usize,
    marks: Vec<Mark>,
}

impl Copy {
    fn take(&mut self, mode: BatchMode, came: &Came, marks: Vec<Mark>) {
        self.head.clone_from(&came.head);
        let room = MARKED_ROWS.saturating_sub(self.rows.len());
        let marked: HashSet<u32> = marks.iter().map(Mark::row).collect();
        let is_kept = |row: &&GivenRow| mode == BatchMode::All || marked.contains(&row.number);
        let has_room = |row: &&GivenRow| {
            self.bytes += row.text_bytes();
            self.bytes <= TEXT_BYTES
        };
        self.rows.extend(came.rows.iter().filter(is_kept).take(room).take_while(has_room).cloned());
        self.marks.extend(marks);
        let last = self.rows.last().map_or(0, |row| row.number);
        self.marks.retain(|mark| mark.row() <= last);
    }

    fn save(self, form: &Form, path: &Path, language: Language) -> Result<(), ApiError> {
        let Self { head, rows, marks, .. } = self;
        let copy = MarkedCopy { form, head: &head, language };
        let mut book = copy.of(&rows, &marks)?;
        let mut to = File::create(path).map_err(ApiError::internal)?;
        std::io::copy(&mut saved(&mut book)?, &mut to).map_err(ApiError::internal)?;
        Ok(())
    }
}
