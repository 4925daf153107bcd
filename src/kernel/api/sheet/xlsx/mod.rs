//! Reading XLSX: a ZIP archive of XML parts, of which five are unpacked, each once and tag by tag, within
//! one limit for all of them. Nothing that a file says of its own size is believed. That is why no
//! library for spreadsheets reads here: calamine (the stories' yardstick) makes room for as many texts
//! and formulas as a file claims to have, and copies fonts and formulas for each cell.

use std::io::{Read, Seek};

use self::archive::Archive;
pub(crate) use self::archive::lists_macros;
use self::book::Book;
use self::cells::Sheet;
use super::read::{Rows, unreadable};
use super::{DATA, sheet_name};
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::text::nfc;

mod archive;
mod book;
mod cells;
mod days;
#[cfg(test)]
mod tests;

/// The parts that a spreadsheet has at most; real ones have about ten.
const PARTS: usize = 1_000;

/// Reads the worksheet with the records.
///
/// # Errors
/// 413 for a file that unpacks to too much, 422 for one that is no plain spreadsheet; whatever `rows`
/// fails with.
pub(super) fn read<S: Read + Seek>(file: S, rows: &mut Rows<'_>) -> Result<(), ApiError> {
    let mut archive = Archive::open(file, rows.limits())?;
    let book = Book::read(&mut archive)?;
    let called = |wanted: &str| book.sheets.iter().find(|(name, _)| nfc(name.trim()) == wanted);
    let Some((_, path)) = called(DATA).or_else(|| called(&sheet_name(rows.collection()))) else {
        let names = book.sheets.iter().take(20).map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(unreadable(vec![Fault::new(
            "",
            "wrong_sheet",
            Bilingual::new(
                format!("Tệp không có trang tính “{DATA}”; các trang hiện có: {names}."),
                format!("There is no worksheet “{DATA}”; the file has {names}."),
            ),
        )]));
    };
    let mut sheet = archive.part(path)?.ok_or_else(cut_or_broken)?;
    Sheet { book: &book, rows, row: 0 }.read(&mut sheet)
}

fn cut_or_broken() -> ApiError {
    unreadable(vec![Fault::new(
        "",
        "broken",
        Bilingual::new(
            "Tệp không phải là bảng tính XLSX nguyên vẹn; có thể đã bị cắt khi tải lên.",
            "The file is no whole XLSX spreadsheet; it may have been cut off on its way.",
        ),
    )])
}

fn too_large() -> ApiError {
    ApiError::detailed(
        Problem::PayloadTooLarge,
        "Bảng tính giải nén ra quá lớn; hãy xóa các dòng, cột và trang thừa hoặc chia thành nhiều tệp.",
        "The spreadsheet unpacks to too much; remove rows, columns and sheets that are not needed, or send several.",
    )
}
