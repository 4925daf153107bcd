//! The rows of a file as parts of a batch: each row read and held against its limits, so many together
//! as are written at once.

use std::io::{Read, Seek};

use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use validator::Validate;

use super::given::{GivenRow, Head};
use super::read::{Expected, Source, read, source};
use crate::api::batch::{Lines, Telling, has_source_time, line};
use crate::api::contract::Contract;
use crate::error::{ApiError, FAULTS_TOLD, Fault, Problem};

/// What the rows of a file are held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a> {
    /// The collection, and its fields.
    pub expected: Expected<'a>,
    pub contract: &'a Contract,
    /// How deep the JSON of a cell may be.
    pub depth: usize,
    /// Whether the rows are kept as they came, for a copy of the file.
    pub copied: bool,
    /// The rows up to this number are passed over; 0 for none.
    pub behind: u32,
}

impl Shape<'_> {
    /// A copy marks more faults than an answer tells.
    fn telling(&self) -> Telling {
        Telling(if self.copied { 100 * FAULTS_TOLD } else { FAULTS_TOLD })
    }
}

/// How the rows of a file are handed on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace {
    /// All together.
    Whole,
    /// So many at once, or fewer where they are long.
    Parts(usize),
}

/// The bytes of text that rows have that are in memory together.
pub(super) const TEXT_BYTES: usize = 32 << 20;

/// Rows of a file, read and held against their limits.
pub(super) struct Table<B> {
    pub head: Head,
    /// The rows as they came, where a copy of the file is wanted.
    pub rows: Vec<GivenRow>,
    /// The same of a file with a record a line.
    pub texts: Vec<String>,
    /// Their numbers.
    pub numbers: Vec<u32>,
    pub lines: Lines<B>,
}

impl<B> Default for Table<B> {
    fn default() -> Self {
        Self {
            head: Head::default(),
            rows: Vec::new(),
            texts: Vec::new(),
            numbers: Vec::new(),
            lines: Vec::new(),
        }
    }
}

/// Tables that are filled row by row and handed on when they are full.
pub(super) struct Parts<'a, B, T> {
    shape: Shape<'a>,
    pace: Pace,
    own: bool,
    part: Table<B>,
    bytes: usize,
    telling: Telling,
    take: T,
}

impl<'a, B, T> Parts<'a, B, T>
where
    B: DeserializeOwned + Validate + ToSchema,
    T: FnMut(Table<B>) -> Result<(), ApiError>,
{
    pub(super) fn new(shape: Shape<'a>, pace: Pace, take: T) -> Self {
        let (part, telling) = (Table::default(), shape.telling());
        Self { shape, pace, own: has_source_time::<B>(), part, bytes: 0, telling, take }
    }

    /// Makes room for a row with so much text.
    fn admit(&mut self, bytes: usize) -> Result<(), ApiError> {
        if let Pace::Parts(most) = self.pace
            && (self.part.lines.len() == most || self.bytes + bytes > TEXT_BYTES)
        {
            (self.take)(std::mem::take(&mut self.part))?;
            (self.bytes, self.telling) = (0, self.shape.telling());
        }
        self.bytes += bytes;
        if self.bytes > TEXT_BYTES { Err(too_much_text()) } else { Ok(()) }
    }

    fn read(&mut self, number: u32, record: &str, cells: Vec<Fault>) {
        let Shape { depth, contract, .. } = self.shape;
        let read = with_cells(line(record, depth, contract, self.own), cells);
        self.part.lines.push(self.telling.of(read));
        self.part.numbers.push(number);
    }

    /// Takes a row of a table.
    fn row(&mut self, head: &Head, row: GivenRow) -> Result<(), ApiError> {
        if row.number <= self.shape.behind {
            return Ok(());
        }
        self.admit(row.text_bytes())?;
        if self.part.lines.is_empty() {
            self.part.head.clone_from(head);
        }
        let (record, faults) = head.record(self.shape.expected.columns, &row);
        let text = serde_json::to_string(&record).map_err(ApiError::internal)?;
        self.read(row.number, &text, faults);
        if self.shape.copied {
            self.part.rows.push(row);
        }
        Ok(())
    }

    /// Takes a line that holds a record as JSON.
    ///
    /// # Errors
    /// Whatever becomes of the part before it.
    pub(super) fn line(&mut self, number: u32, text: &str) -> Result<(), ApiError> {
        if number <= self.shape.behind {
            return Ok(());
        }
        self.admit(text.len())?;
        self.read(number, text, Vec::new());
        if self.shape.copied {
            self.part.texts.push(text.to_owned());
        }
        Ok(())
    }

    /// Hands on what is left, which may be nothing.
    ///
    /// # Errors
    /// Whatever becomes of it.
    pub(super) fn finish(mut self) -> Result<(), ApiError> {
        (self.take)(self.part)
    }
}

impl<B: DeserializeOwned + Validate + ToSchema> Table<B> {
    /// Hands a file on in tables; the last one may have no rows.
    pub(super) fn parts<S: Read + Seek>(
        source: Source<S>,
        shape: Shape<'_>,
        pace: Pace,
        take: impl FnMut(Self) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let mut parts = Parts::new(shape, pace, take);
        read(source, shape.expected, |head, row| parts.row(head, row))?;
        parts.finish()
    }

    /// A file that is small enough to be one table.
    pub(super) fn whole(bytes: &[u8], shape: Shape<'_>) -> Result<Self, ApiError> {
        let mut whole = Self::default();
        Self::parts(source(bytes), shape, Pace::Whole, |table| {
            whole = table;
            Ok(())
        })?;
        Ok(whole)
    }
}

fn too_much_text() -> ApiError {
    ApiError::detailed(
        Problem::PayloadTooLarge,
        "Văn bản trong các ô quá dài; hãy rút ngắn hoặc chia thành nhiều tệp.",
        "The texts of the cells are too long; shorten them, or send several files.",
    )
}

/// A record with what is wrong with its cells: a field whose cell cannot be read is not missing.
fn with_cells<T>(read: Result<T, ApiError>, cells: Vec<Fault>) -> Result<T, ApiError> {
    if cells.is_empty() {
        return read;
    }
    let others = read.err().map(ApiError::into_faults).unwrap_or_default();
    let is_new = |other: &Fault| cells.iter().all(|cell| cell.pointer != other.pointer);
    let others: Vec<_> = others.into_iter().filter(is_new).collect();
    Err(ApiError::invalid(cells.into_iter().chain(others).collect()))
}
