//! The file of refused rows, beside the file that is imported: each row as it was given, with what is
//! wrong with it. Mended, it is imported as any other. It holds what the file held, and so it is
//! its maker's alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::lines::with_faults;
use crate::api::batch::Outcomes;
use crate::api::sheet::FAULTS;
use crate::api::sheet::given::{GivenRow, Head};
use crate::api::sheet::import::{Layout, Mark, told};
use crate::api::table::{Columns, csv_cell};
use crate::error::{ApiError, Language};

/// A part of a file as it came.
#[derive(Default)]
pub(super) struct Came {
    pub head: Head,
    pub rows: Vec<GivenRow>,
    pub texts: Vec<String>,
}

/// The file of refused rows.
#[derive(Debug, Clone)]
pub(super) struct RefusedFile {
    path: PathBuf,
    columns: Arc<Columns>,
    is_table: bool,
    language: Language,
}

impl RefusedFile {
    /// The one beside this file, which has columns or else a record a line.
    pub(super) fn beside(file: &Path, columns: Arc<Columns>, is_table: bool, language: Language) -> Self {
        let mut path = file.as_os_str().to_owned();
        path.push(if is_table { ".refused.csv" } else { ".refused.ndjson" });
        Self { path: path.into(), columns, is_table, language }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what an import before left.
    pub(super) fn remove(&self) -> Result<(), ApiError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ApiError::internal(error)),
            _ => Ok(()),
        }
    }

    /// Puts what is refused of a part at this place, instead of whatever stood there; answers where the
    /// next goes. It is on the disk before the part counts as taken.
    pub(super) fn put(
        &self,
        at: u64,
        came: &Came,
        layout: &Layout,
        outcomes: &Outcomes<Arc<Layout>>,
    ) -> Result<u64, ApiError> {
        let mut lines = Vec::new();
        for (index, error) in outcomes.refusals() {
            let marks = told(error, self.language);
            match self.is_table {
                true => self.row(&mut lines, came, layout, index, &marks)?,
                false => {
                    let text = came.texts.get(index).map(String::as_str).unwrap_or_default();
                    lines.extend_from_slice(self.line(text, layout, &marks).as_bytes());
                }
            }
        }
        if lines.is_empty() {
            return Ok(at);
        }
        let head = self.head(&came.head)?;
        self.write(at, &head, &lines).map_err(ApiError::internal)
    }

    fn write(&self, at: u64, head: &[u8], lines: &[u8]) -> io::Result<u64> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&self.path)?;
        // What stands behind was written by an import that was killed before it counted.
        let begin = file.metadata()?.len().min(at);
        file.set_len(begin)?;
        file.seek(SeekFrom::Start(begin))?;
        if begin == 0 {
            file.write_all(head)?;
        }
        file.write_all(lines)?;
        file.sync_data()?;
        file.stream_position()
    }

    /// Cuts off what an import that was killed left behind this place.
    pub(super) fn settle(&self, at: u64) -> Result<(), ApiError> {
        if at == 0 {
            return self.remove();
        }
        let cut = || {
            let file = OpenOptions::new().write(true).open(&self.path)?;
            if file.metadata()?.len() > at { file.set_len(at) } else { Ok(()) }
        };
        match cut() {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ApiError::internal(error)),
            _ => Ok(()),
        }
    }

    /// The names of the file's own columns, and one for what is wrong.
    fn head(&self, head: &Head) -> Result<Vec<u8>, ApiError> {
        if !self.is_table {
            return Ok(Vec::new());
        }
        // Office programs take CSV for UTF-8 only with this mark.
        let mut bytes = "\u{feff}".as_bytes().to_vec();
        let fields = head.fields.iter().flatten();
        let names = fields.filter_map(|place| self.columns.all().get(*place)).map(|column| &column.name);
        csv_line(&mut bytes, names.map(String::as_str).chain([FAULTS]))?;
        Ok(bytes)
    }

    fn row(
        &self,
        to: &mut Vec<u8>,
        came: &Came,
        layout: &Layout,
        index: usize,
        marks: &[Mark],
    ) -> Result<(), ApiError> {
        let given = came.rows.get(index).map(|row| row.cells.as_slice()).unwrap_or_default();
        let cell = |(at, field): (usize, &Option<usize>)| {
            let column = self.columns.all().get((*field)?)?;
            let cell = given.iter().find(|(place, _)| usize::from(*place) == at);
            Some(cell.map(|(_, given)| given.in_csv(&column.content)).unwrap_or_default())
        };
        let cells: Vec<String> = came.head.fields.iter().enumerate().filter_map(cell).collect();
        let reason = |mark: &Mark| {
            // The row stands elsewhere here: its number says which it was, a cell's name would mislead.
            let place = Head::default().called(&self.columns, mark.row(), mark.member());
            format!("{}{}", place.in_language(self.language), self.words(layout, mark))
        };
        let reasons = json!(marks.iter().map(reason).collect::<Vec<_>>().join(" "));
        csv_line(to, cells.iter().map(String::as_str).chain([&*csv_cell(&reasons)]))
    }

    fn line(&self, text: &str, layout: &Layout, marks: &[Mark]) -> String {
        let faults: Vec<_> = marks
            .iter()
            .map(|mark| json!({"line": mark.row(), "member": mark.member(), "message": self.words(layout, mark)}))
            .collect();
        with_faults(text, &json!(faults))
    }

    /// What is wrong, without the place in the file that is imported.
    fn words<'m>(&self, layout: &Layout, mark: &'m Mark) -> &'m str {
        let place = layout.called(mark.row(), mark.member());
        mark.message.strip_prefix(place.in_language(self.language)).unwrap_or(&mark.message)
    }
}

fn csv_line<'a>(to: &mut Vec<u8>, cells: impl Iterator<Item = &'a str>) -> Result<(), ApiError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(to);
    writer.write_record(cells).map_err(ApiError::internal)?;
    writer.flush().map_err(ApiError::internal)
}
