//! Writing lists as XLSX, row by row into a file that has no name and goes with its last reader.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Seek, SeekFrom};

use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use chrono::{DateTime, FixedOffset, NaiveDate};
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};
use serde::Serialize;
use serde_json::Value;
use tokio_util::io::ReaderStream;

use super::{DATA, HEAD_ROWS, SHEET_ROWS, XLSX};
use crate::api::table::{Columns, Content};
use crate::error::{ApiError, Bilingual, Fault};

/// The characters that a cell has room for.
pub(super) const CELL_CHARACTERS: usize = 32_767;

/// How days look.
pub(super) const DAY: &str = "dd/mm/yyyy";

/// How moments look.
pub(super) const MOMENT: &str = "dd/mm/yyyy hh:mm:ss";

/// The looks of cells.
#[derive(Debug, Clone)]
pub(super) struct Looks {
    pub term: Format,
    pub name: Format,
    pub day: Format,
    pub moment: Format,
    pub text: Format,
    pub count: Format,
    pub plain: Format,
}

impl Looks {
    pub(super) fn new() -> Self {
        let font = Format::new().set_font_name("Times New Roman").set_font_size(12);
        let middle = font.clone().set_align(FormatAlign::Center).set_align(FormatAlign::VerticalCenter);
        let framed = middle.set_border(FormatBorder::Thin);
        Self {
            term: framed.clone().set_bold().set_text_wrap().set_background_color(Color::RGB(0x00E8_EEF7)),
            name: framed.set_font_size(9).set_font_color(Color::RGB(0x0059_5959)),
            day: font.clone().set_num_format(DAY),
            moment: font.clone().set_num_format(MOMENT),
            text: font.clone().set_num_format("@"),
            count: font.clone().set_num_format("#,##0"),
            plain: font,
        }
    }

    /// The look of the cells of a column.
    pub(super) fn of(&self, content: &Content) -> &Format {
        match content {
            Content::Date => &self.day,
            Content::Instant => &self.moment,
            Content::Integer => &self.count,
            Content::Number => &self.plain,
            Content::Id | Content::Text | Content::Boolean | Content::Choice(_) | Content::Nested(_) => {
                &self.text
            }
        }
    }
}

/// A list that is being written.
pub(in crate::api) struct SheetWriter {
    book: Workbook,
    columns: Columns,
    looks: Looks,
    rows: u32,
}

impl SheetWriter {
    /// An empty list with its head.
    ///
    /// # Errors
    /// When there is no room for a file.
    pub(in crate::api) fn new(columns: Columns) -> Result<Self, ApiError> {
        let mut book = Workbook::new();
        let looks = Looks::new();
        let sheet = book.add_worksheet_with_constant_memory();
        begun(sheet?, &columns, &looks, Use::Read)?;
        Ok(Self { book, columns, looks, rows: 0 })
    }

    /// Adds records.
    ///
    /// # Errors
    /// 422 when a worksheet has no room for them.
    pub(in crate::api) fn rows<T: Serialize>(&mut self, records: &[T]) -> Result<(), ApiError> {
        let sheet = self.book.worksheet_from_index(0)?;
        for record in records {
            if self.rows == SHEET_ROWS {
                return Err(no_room());
            }
            let row = self.rows + HEAD_ROWS;
            let cells = self.columns.cells(record)?;
            for ((place, column), value) in (0..).zip(self.columns.all()).zip(&cells) {
                let look = self.looks.of(&column.content);
                cell(sheet, (row, place), &column.content, value, look)?;
            }
            self.rows += 1;
        }
        Ok(())
    }

    /// The file, from its beginning.
    ///
    /// # Errors
    /// When there is no room for it.
    pub(in crate::api) fn finish(mut self) -> Result<File, ApiError> {
        saved(&mut self.book)
    }
}

fn no_room() -> ApiError {
    ApiError::invalid(vec![Fault::new(
        "",
        "too_many",
        Bilingual::new(
            format!(
                "Danh sách có quá {SHEET_ROWS} dòng, một trang tính không chứa hết; hãy lọc bớt hoặc lấy dạng CSV."
            ),
            format!(
                "The list has more than the {SHEET_ROWS} rows of a worksheet; filter it, or read it as CSV."
            ),
        ),
    )])
}

/// What a worksheet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It is read.
    Read,
    /// It is filled in: the columns that a record cannot be without have a mark.
    Filled,
}

/// Names a worksheet and writes its head: the terms, and below them the names of the fields.
pub(super) fn begun(
    sheet: &mut Worksheet,
    columns: &Columns,
    looks: &Looks,
    made_to_be: Use,
) -> Result<(), XlsxError> {
    sheet.set_name(DATA)?.set_freeze_panes(HEAD_ROWS, 0)?.set_row_height(0, 48)?;
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    for (place, column) in (0_u16..).zip(columns.all()) {
        let width = match column.content {
            Content::Id => 38,
            Content::Text | Content::Nested(_) => 24,
            Content::Choice(_) | Content::Instant => 20,
            Content::Date | Content::Integer | Content::Number | Content::Boolean => 14,
        };
        sheet.set_column_width(place, width)?.set_column_format(place, looks.of(&column.content))?;
    }
    for (place, column) in (0_u16..).zip(columns.all()) {
        let mark = if column.required && made_to_be == Use::Filled { " (*)" } else { "" };
        sheet.write_string_with_format(0, place, format!("{}{mark}", column.heading()), &looks.term)?;
    }
    for (place, column) in (0_u16..).zip(columns.all()) {
        sheet.write_string_with_format(1, place, &column.name, &looks.name)?;
    }
    Ok(())
}

/// Whether a cell has room for a text. Spreadsheet programs count UTF-16 units.
pub(super) fn has_room_for(text: &str) -> bool {
    text.len() <= CELL_CHARACTERS || text.encode_utf16().nth(CELL_CHARACTERS).is_none()
}

/// As much of a text, from its start, as has so many UTF-16 units.
pub(super) fn start(text: &str, units: usize) -> &str {
    let mut left = units;
    let beyond = text.char_indices().find(|(_, letter)| match left.checked_sub(letter.len_utf16()) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    });
    beyond.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// A text as a cell has room for it.
pub(super) fn fitting(text: &str) -> Cow<'_, str> {
    const BEYOND: &str = "… (dài hơn một ô chứa được, xem bản JSON)";
    if has_room_for(text) {
        return text.into();
    }
    format!("{}{BEYOND}", start(text, CELL_CHARACTERS - BEYOND.encode_utf16().count())).into()
}

/// Writes a value as people read it; a text never becomes a formula.
pub(super) fn cell(
    sheet: &mut Worksheet,
    (row, place): (u32, u16),
    content: &Content,
    value: &Value,
    look: &Format,
) -> Result<(), XlsxError> {
    match value {
        Value::Null => {}
        Value::Bool(is_it) => {
            sheet.write_string_with_format(row, place, yes_or_no(*is_it), look)?;
        }
        Value::Number(number) => match number.as_f64() {
            // Beyond it a spreadsheet would round.
            Some(float) if float.abs() < 9_007_199_254_740_992.0 => {
                sheet.write_number_with_format(row, place, float, look)?;
            }
            _ => {
                sheet.write_string_with_format(row, place, number.to_string(), look)?;
            }
        },
        Value::String(text) => {
            let term = match content {
                Content::Choice(choices) => choices.iter().find(|choice| choice.value == *text),
                _ => None,
            };
            let text = term.map_or(text, |choice| &choice.label);
            let day = || text.parse::<NaiveDate>().ok().filter(is_in_a_sheet);
            let moment = || {
                let vietnam = FixedOffset::east_opt(7 * 3_600)?;
                let at = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&vietnam).naive_local();
                Some(at).filter(|at| is_in_a_sheet(&at.date()))
            };
            if let (Content::Date, Some(day)) = (content, day()) {
                sheet.write_datetime_with_format(row, place, day, look)?;
            } else if let (Content::Instant, Some(at)) = (content, moment()) {
                sheet.write_datetime_with_format(row, place, at, look)?;
            } else {
                sheet.write_string_with_format(row, place, fitting(text), look)?;
            }
        }
        nested @ (Value::Array(_) | Value::Object(_)) => {
            sheet.write_string_with_format(row, place, fitting(&nested.to_string()), look)?;
        }
    }
    Ok(())
}

/// Yes and no, as a clerk writes them.
pub(super) const YES_NO: [&str; 2] = ["có", "không"];

/// Yes or no, as a clerk reads it.
pub(super) fn yes_or_no(is_it: bool) -> &'static str {
    let [yes, no] = YES_NO;
    if is_it { yes } else { no }
}

/// A spreadsheet's days begin with 1900, and it takes that year for a leap year.
fn is_in_a_sheet(day: &NaiveDate) -> bool {
    chrono::Datelike::year(day) > 1_900 && chrono::Datelike::year(day) <= 9_999
}

/// The workbook as a file without a name.
///
/// # Errors
/// When there is no room for it.
pub fn saved(book: &mut Workbook) -> Result<File, ApiError> {
    let mut file = tempfile::tempfile().map_err(ApiError::internal)?;
    book.save_to_writer(&mut file)?;
    file.seek(SeekFrom::Start(0)).map_err(ApiError::internal)?;
    Ok(file)
}

/// The name of a file without what a header cannot hold.
#[must_use]
pub fn plain_name(name: &str) -> String {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
    name.chars().filter(is_plain).collect()
}

/// Answers with a spreadsheet.
///
/// # Errors
/// When the file cannot be read.
pub fn sent(status: StatusCode, name: &str, file: File) -> Result<HttpResponse, ApiError> {
    let size = file.metadata().map_err(ApiError::internal)?.len();
    let name = plain_name(name);
    let stream = ReaderStream::with_capacity(tokio::fs::File::from_std(file), 64 * 1024);
    Ok(HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, XLSX))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.xlsx\"")))
        .body(SizedStream::new(size, stream)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_says_so() {
        let long = "ồ".repeat(CELL_CHARACTERS);
        assert_eq!(fitting(&long), long);
        let longer = format!("{long}ồ");
        let cut = fitting(&longer);
        assert_eq!(cut.encode_utf16().count(), CELL_CHARACTERS);
        assert!(cut.ends_with("xem bản JSON)"));
    }
}
