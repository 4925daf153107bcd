//! Spreadsheets: lists and forms go out as XLSX, records come in from XLSX and CSV. A template has one
//! column a field, with the Vietnamese term in the first row, the field's name in the second and the
//! records below; a list that is read as XLSX has the same head, and both show words where JSON has
//! codes. What is wrong with a file that comes in is told in these words, and marked in a template
//! that holds its rows. What an office program adds of its own, such as formulas, macros and merged
//! cells, is refused with the cell that has it, and so is a column that is only read: a figure must be
//! what the clerk saw.

mod csv;
pub mod file;
mod given;
pub mod import;
mod parts;
mod read;
mod spoken;
mod template;
mod write;
mod xlsx;

use actix_web::HttpRequest;
use actix_web::http::header::{Accept, Header};
use tokio::sync::oneshot;

use crate::error::ApiError;

pub(super) use write::SheetWriter;
pub use write::{plain_name, saved, sent};
pub(crate) use xlsx::lists_macros;

/// The media type of XLSX.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Whether an answer is wanted as a spreadsheet or as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetOr {
    /// A spreadsheet is what is liked best.
    Sheet,
    /// Anything else.
    Json,
}

impl SheetOr {
    fn of(req: &HttpRequest) -> Self {
        let Ok(accepted) = <Accept as Header>::parse(req) else { return Self::Json };
        let is_sheet = accepted.ranked().first().is_some_and(|media| media.essence_str() == XLSX);
        if is_sheet { Self::Sheet } else { Self::Json }
    }
}

/// The most rows of a worksheet, without its head of two.
pub const SHEET_ROWS: u32 = 1_048_574;

/// The most columns of a worksheet.
const COLUMNS: u16 = 16_384;

/// The rows above the records: terms and names.
const HEAD_ROWS: u32 = 2;

/// The column that a marked copy has more, with what is wrong in each row.
const FAULTS: &str = "_faults";

/// Does what takes long on a thread of its own.
///
/// # Errors
/// What the work fails with.
pub async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let (tell, told) = oneshot::channel();
    // One kind of work, so that the thread pool's tasks are compiled once and not for each kind of record.
    let work: Box<dyn FnOnce() + Send> = Box::new(move || {
        // Whoever asked may have gone away: nobody to tell then.
        let _ = tell.send(work());
    });
    tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)?;
    told.await.map_err(ApiError::internal)?
}

/// The worksheet with the records.
const DATA: &str = "Dữ liệu";

/// The worksheet that explains.
const GUIDE: &str = "Hướng dẫn";

/// The worksheet with what there is to choose.
const LISTS: &str = "Danh mục";

/// What the worksheet with the records may be called instead of [`DATA`]: by the name of the collection,
/// which programs know. A worksheet's name has 31 characters at most.
fn sheet_name(collection: &str) -> String {
    collection.chars().take(31).collect()
}
