//! Reading a file that the operator chose, of whatever kind and length.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::PathBuf;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use validator::Validate;

use super::progress::Progress;
use super::{ImportFile, ImportTarget, PART, lines};
use crate::api::batch::{BATCH_LINES, BatchMode};
use crate::api::contract::Contract;
use crate::api::records::Records;
use crate::api::sheet::parts::{Pace, Parts, Shape, Table};
use crate::api::sheet::read::{Expected, Limits, Source};
use crate::api::table::Columns;
use crate::error::ApiError;

/// What the parts of a spreadsheet may unpack to; the operator chose the file.
const UNPACKED_BYTES: u64 = 4 << 30;

/// A file, and what its rows are held against.
#[derive(Clone)]
pub(super) struct Reading {
    pub path: PathBuf,
    pub collection: &'static str,
    pub columns: Arc<Columns>,
    pub listed: Arc<Columns>,
    pub contract: Arc<Contract>,
    pub depth: usize,
    /// The most rows.
    pub rows: usize,
    pub copied: bool,
    /// The rows up to this number are passed over.
    pub behind: u32,
}

impl Reading {
    /// The file of an import.
    pub(super) fn of<R: Records>(target: &ImportTarget, collection: &'static str, file: &ImportFile) -> Self
    where
        R::Body: ToSchema,
        R::View: ToSchema,
    {
        Self {
            path: file.path.clone(),
            collection,
            columns: Arc::new(Columns::of::<R::Body>(&target.contract)),
            listed: Arc::new(Columns::of::<R::View>(&target.contract)),
            contract: target.contract.clone(),
            depth: target.json_depth,
            rows: if file.mode == BatchMode::All { BATCH_LINES } else { usize::MAX },
            copied: file.copy.is_some() || file.is_resumable(),
            behind: 0,
        }
    }

    /// Whether the file has columns, and not a record a line (NDJSON), which begins with an object.
    pub(super) fn is_table(&self) -> Result<bool, ApiError> {
        let mut first = Vec::new();
        let file = File::open(&self.path).map_err(ApiError::internal)?;
        file.take(64).read_to_end(&mut first).map_err(ApiError::internal)?;
        let first = first.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&first);
        Ok(!first.trim_ascii_start().starts_with(b"{"))
    }

    fn source(&self) -> Result<Source<BufReader<File>>, ApiError> {
        let mut file = File::open(&self.path).map_err(ApiError::internal)?;
        let mut first = Vec::new();
        file.by_ref().take(2).read_to_end(&mut first).map_err(ApiError::internal)?;
        file.rewind().map_err(ApiError::internal)?;
        Ok(Source::told(&first, BufReader::new(file)))
    }

    /// Hands the rows on in parts.
    pub(super) fn parts<B: DeserializeOwned + Validate + ToSchema>(
        &self,
        pace: Pace,
        take: impl FnMut(Table<B>) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let limits = Limits { rows: self.rows, unpacked_bytes: UNPACKED_BYTES };
        let Self { collection, columns, listed, contract, depth, copied, behind, .. } = self;
        let expected = Expected { collection, columns, listed, limits };
        let shape = Shape { expected, contract, depth: *depth, copied: *copied, behind: *behind };
        if self.is_table()? {
            return Table::parts(self.source()?, shape, pace, take);
        }
        let file = File::open(&self.path).map_err(ApiError::internal)?;
        lines::read(file, Parts::new(shape, pace, take))
    }

    /// Reads the whole file once, so that one that breaks off in the middle is refused before the
    /// database is touched.
    pub(super) fn count<B: DeserializeOwned + Validate + ToSchema>(
        &self,
        progress: &Progress,
    ) -> Result<u64, ApiError> {
        let mut rows = 0;
        self.parts::<B>(Pace::Parts(PART), |part| {
            let more = u64::try_from(part.lines.len()).unwrap_or(u64::MAX);
            rows += more;
            progress.advance(more);
            Ok(())
        })?;
        Ok(rows)
    }
}
