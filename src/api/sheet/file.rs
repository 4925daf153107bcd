//! A file that is imported on the command line. It is read twice: first every row is held against its
//! limits, then rows are written. Written line by line (`partial`) it may be of any length and goes
//! part by part, so that a service beside it is never kept waiting; whole, it is one transaction and
//! has no more rows than a request.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indicatif::ProgressBar;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use utoipa::ToSchema;
use validator::Validate;

use super::apart;
use super::given::{GivenRow, Head};
use super::import::{Layout, Mark, Pace, Shape, TEXT_BYTES, Table, told};
use super::read::{Expected, Limits, Source};
use super::template::{Form, MarkedCopy};
use super::write::saved;
use crate::api::batch::{BATCH_LINES, BatchMode, BatchParams, Counts, Lines, OnConflict, Outcomes, Prepared};
use crate::api::contract::Contract;
use crate::api::records::Records;
use crate::api::table::Columns;
use crate::auth::scope::Scoped;
use crate::db::{Db, Recorded, Weight, WriteTx};
use crate::error::{ApiError, Language};

/// The rows of one transaction of a file that is written line by line.
const PART: usize = 500;

/// The refused rows that a copy holds at most.
const MARKED_ROWS: usize = BATCH_LINES;

/// What the parts of a spreadsheet may unpack to; the operator chose the file.
const UNPACKED_BYTES: u64 = 4 << 30;

/// A file to be imported, and how.
#[derive(Debug, Clone)]
pub struct ImportFile {
    /// The spreadsheet or CSV file.
    pub path: PathBuf,
    /// What happens when some rows cannot be written.
    pub mode: BatchMode,
    /// What happens to a record with the natural key of a row.
    pub on_conflict: OnConflict,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// Where a copy with the faults marked is put, when there are any.
    pub copy: Option<PathBuf>,
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
    bar: &ProgressBar,
) -> Result<ImportedFile, ApiError>
where
    R::Body: DeserializeOwned + Validate + ToSchema + Send,
    R::View: ToSchema,
{
    let reading = Reading {
        path: file.path.clone(),
        collection,
        columns: Arc::new(Columns::of::<R::Body>(&target.contract)),
        listed: Arc::new(Columns::of::<R::View>(&target.contract)),
        contract: target.contract.clone(),
        depth: target.json_depth,
        rows: if file.mode == BatchMode::All { BATCH_LINES } else { usize::MAX },
        copied: file.copy.is_some(),
    };
    let mut imported = ImportedFile { dry_run: file.dry_run, ..ImportedFile::default() };
    let mut copy = Copy::default();
    let (checked, counter) = (reading.clone(), bar.clone());
    bar.set_message("reading");
    let rows = apart(move || checked.count::<R::Body>(&counter)).await?;
    bar.set_position(0);
    bar.set_length(rows);
    bar.set_message("writing");
    let pace = if file.mode == BatchMode::All { Pace::Whole } else { Pace::Parts(PART) };
    let (parts, mut waiting) = mpsc::channel(1);
    let reader = reading.clone();
    let read = tokio::task::spawn_blocking(move || {
        // Who no longer takes parts has failed, and says why.
        reader.parts::<R::Body>(pace, |part| parts.blocking_send(part).map_err(ApiError::internal))
    });
    while let Some(part) = waiting.recv().await {
        let layout = Arc::new(Layout::of(&reading.columns, &part, file.dry_run));
        let Table { head, rows, numbers, lines } = part;
        let count = u64::try_from(numbers.len()).unwrap_or(u64::MAX);
        // The command line is English; a copy of the file goes back to the clerk.
        let (marks, told_here) = match written::<R>(target, file, layout, lines).await {
            Ok(outcomes) => {
                imported.counts += outcomes.counts();
                let all = |language| -> Vec<Mark> {
                    outcomes.refusals().flat_map(|(_, error)| told(error, language)).collect()
                };
                (all(Language::Vi), all(Language::En))
            }
            // What is wrong with rows is theirs; whatever else is wrong ends the import.
            Err(error) => {
                let marks = told(&error, Language::Vi);
                if marks.is_empty() {
                    return Err(error);
                }
                match file.mode {
                    BatchMode::All => imported.refused = true,
                    BatchMode::Partial => imported.counts.refused += i64::try_from(count).unwrap_or(i64::MAX),
                }
                (marks, told(&error, Language::En))
            }
        };
        imported.tell(&told_here);
        copy.take(file.mode, head, rows, marks);
        bar.inc(count);
    }
    read.await.map_err(ApiError::internal)??;
    bar.finish_and_clear();
    if let Some(path) = file.copy.clone().filter(|_| !copy.marks.is_empty()) {
        let scoped = target.scoped.clone();
        let catalogues = target.db.read_list(move |conn| R::catalogues(conn, &scoped)).await?;
        let form = Form::of::<R>(&target.contract, collection, reading.columns, catalogues);
        apart(move || copy.save(&form, &path)).await?;
    }
    Ok(imported)
}

/// Writes the rows of a part in one transaction.
async fn written<R: Records>(
    target: &ImportTarget,
    file: &ImportFile,
    layout: Arc<Layout>,
    lines: Lines<R::Body>,
) -> Result<Outcomes<Arc<Layout>>, ApiError> {
    let how = BatchParams { mode: Some(file.mode), on_conflict: Some(file.on_conflict) };
    let prepared = Prepared::<R, _>::of(target.scoped.clone(), how, lines, layout)?;
    let dry_run = file.dry_run;
    let work = move |tx: &mut WriteTx<'_>| {
        let written = prepared.write(tx)?;
        Ok(if dry_run { Recorded::unchanged(written.into_value()) } else { written })
    };
    target.db.write_of(Weight::Many, target.scoped.author(), work).await
}

/// A file, and what its rows are held against.
#[derive(Clone)]
struct Reading {
    path: PathBuf,
    collection: &'static str,
    columns: Arc<Columns>,
    listed: Arc<Columns>,
    contract: Arc<Contract>,
    depth: usize,
    rows: usize,
    copied: bool,
}

impl Reading {
    fn source(&self) -> Result<Source<BufReader<File>>, ApiError> {
        let mut file = File::open(&self.path).map_err(ApiError::internal)?;
        let mut first = Vec::new();
        file.by_ref().take(2).read_to_end(&mut first).map_err(ApiError::internal)?;
        file.rewind().map_err(ApiError::internal)?;
        Ok(Source::told(&first, BufReader::new(file)))
    }

    fn parts<B: DeserializeOwned + Validate + ToSchema>(
        &self,
        pace: Pace,
        take: impl FnMut(Table<B>) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let limits = Limits { rows: self.rows, unpacked_bytes: UNPACKED_BYTES };
        let Self { collection, columns, listed, .. } = self;
        let expected = Expected { collection, columns, listed, limits };
        let shape = Shape { expected, contract: &self.contract, depth: self.depth, copied: self.copied };
        Table::parts(self.source()?, shape, pace, take)
    }

    /// Reads the whole file once, so that one that breaks off in the middle is refused before the
    /// database is touched.
    fn count<B: DeserializeOwned + Validate + ToSchema>(&self, bar: &ProgressBar) -> Result<u64, ApiError> {
        let mut rows = 0;
        self.parts::<B>(Pace::Parts(PART), |part| {
            rows += u64::try_from(part.lines.len()).unwrap_or(u64::MAX);
            bar.set_position(rows);
            Ok(())
        })?;
        Ok(rows)
    }
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
    fn take(&mut self, mode: BatchMode, head: Head, rows: Vec<GivenRow>, marks: Vec<Mark>) {
        self.head = head;
        let room = MARKED_ROWS.saturating_sub(self.rows.len());
        let marked: HashSet<u32> = marks.iter().map(Mark::row).collect();
        let is_kept = |row: &GivenRow| mode == BatchMode::All || marked.contains(&row.number);
        let has_room = |row: &GivenRow| {
            self.bytes += row.text_bytes();
            self.bytes <= TEXT_BYTES
        };
        self.rows.extend(rows.into_iter().filter(is_kept).take(room).take_while(has_room));
        self.marks.extend(marks);
        let last = self.rows.last().map_or(0, |row| row.number);
        self.marks.retain(|mark| mark.row() <= last);
    }

    fn save(self, form: &Form, path: &Path) -> Result<(), ApiError> {
        let Self { head, rows, marks, .. } = self;
        let copy = MarkedCopy { form, head: &head, language: Language::Vi };
        let mut book = copy.of(&rows, &marks)?;
        let mut to = File::create(path).map_err(ApiError::internal)?;
        std::io::copy(&mut saved(&mut book)?, &mut to).map_err(ApiError::internal)?;
        Ok(())
    }
}
