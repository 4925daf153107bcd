//! Reading CSV after RFC 4180, byte by byte: a row that is cut off is told from a whole one, and one
//! that never ends is not waited for.

use std::io::{BufRead, BufReader, Read};

use super::COLUMNS;
use super::given::Given;
use super::read::{Rows, too_long, unreadable};
use super::write::CELL_CHARACTERS;
use crate::error::{ApiError, Bilingual, Fault};

/// Reads all rows of a file.
///
/// # Errors
/// 422 for a file that was cut off or cannot be read; whatever `rows` fails with.
pub(super) fn read<S: Read>(file: S, rows: &mut Rows<'_>) -> Result<(), ApiError> {
    let mut file = BufReader::with_capacity(BEGIN, file);
    let begin = file.fill_buf().map_err(ApiError::internal)?;
    let is_marked = begin.starts_with("\u{feff}".as_bytes());
    let separator = separator(begin, rows);
    if is_marked {
        file.consume(3);
    }
    let mut reading = Reading { rows, separator, row: 1, place: 0, cell: Vec::new(), within: Within::Begin };
    reading.rows.begin(1);
    loop {
        let bytes = file.fill_buf().map_err(ApiError::internal)?;
        if bytes.is_empty() {
            return reading.finish();
        }
        for byte in bytes {
            reading.take(*byte)?;
        }
        let taken = bytes.len();
        file.consume(taken);
    }
}

/// The bytes within which the names of the columns stand: the headings of a template come before them.
const BEGIN: usize = 64 * 1024;

/// By what cells are separated: office programs of a country that writes a decimal comma do so by semicolons.
/// The line of names tells, for headings above it have commas and semicolons of their own; a file without
/// names is refused by its first line.
fn separator(begin: &[u8], rows: &Rows<'_>) -> u8 {
    let is_name = |cell: &[u8]| {
        let text = std::str::from_utf8(cell).unwrap_or_default();
        let name = text.trim_start_matches('\u{feff}').trim().trim_matches('"').trim();
        rows.names().any(|known| known == name)
    };
    let named = |line: &[u8], by: u8| line.split(|byte| *byte == by).filter(|cell| is_name(cell)).count();
    let mut lines = begin.split(|byte| *byte == b'\n').map(|line| (named(line, b','), named(line, b';')));
    let by_semicolon = match lines.find(|(commas, semicolons)| commas + semicolons > 0) {
        Some((commas, semicolons)) => semicolons > commas,
        None => {
            let first = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
            !first.contains(&b',') && first.contains(&b';')
        }
    };
    if by_semicolon { b';' } else { b',' }
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// A cell that has nothing yet.
    Begin,
    /// A cell without quotes, or what stands behind them.
    Plain,
    /// A cell in quotes.
    Quoted,
    /// A cell in quotes, behind a quote: it is the last one, or the first of two that mean one.
    Quote,
}

/// A file as far as it is read.
struct Reading<'a, 'r> {
    rows: &'a mut Rows<'r>,
    separator: u8,
    /// The row's number, as a spreadsheet counts: a cell may have several lines.
    row: u32,
    place: u16,
    cell: Vec<u8>,
    within: Within,
}

impl Reading<'_, '_> {
    fn take(&mut self, byte: u8) -> Result<(), ApiError> {
        self.within = match (self.within, byte) {
            (Within::Begin, b'"') => Within::Quoted,
            (Within::Quoted, b'"') => Within::Quote,
            (Within::Quote, b'"') => {
                self.cell.push(byte);
                Within::Quoted
            }
            (Within::Begin | Within::Plain | Within::Quote, b'\n') => return self.end_of_row(),
            (Within::Begin | Within::Plain | Within::Quote, byte) if byte == self.separator => {
                self.end_of_cell()?;
                self.place += 1;
                if self.place == COLUMNS {
                    return Err(endless(self.row));
                }
                Within::Begin
            }
            (within, byte) => {
                self.cell.push(byte);
                // No letter has more than three bytes for each of its units.
                if self.cell.len() > 3 * CELL_CHARACTERS {
                    return Err(too_long(self.row, self.place));
                }
                if within == Within::Quoted { within } else { Within::Plain }
            }
        };
        Ok(())
    }

    fn end_of_cell(&mut self) -> Result<(), ApiError> {
        let text = std::str::from_utf8(&self.cell).map_err(|_| not_utf8(self.row))?;
        self.rows.text(self.place, text, Given::Plain)?;
        self.cell.clear();
        Ok(())
    }

    fn end_of_row(&mut self) -> Result<(), ApiError> {
        if self.cell.last() == Some(&b'\r') {
            self.cell.pop();
        }
        let is_blank = self.place == 0 && self.cell.is_empty() && self.within != Within::Quote;
        let columns = self.rows.columns();
        if !is_blank && columns.is_some_and(|columns| usize::from(self.place) + 1 < columns) {
            return Err(cut_row(self.row));
        }
        self.end_of_cell()?;
        self.rows.end()?;
        (self.row, self.place, self.within) = (self.row.saturating_add(1), 0, Within::Begin);
        self.rows.begin(self.row);
        Ok(())
    }

    fn finish(mut self) -> Result<(), ApiError> {
        match self.within {
            Within::Quoted => Err(open_quote(self.row)),
            _ => self.end_of_row(),
        }
    }
}

fn not_utf8(row: u32) -> ApiError {
    unreadable(vec![Fault::new(
        format!("/{row}"),
        "not_utf8",
        Bilingual::new(
            format!("Dòng {row} không phải văn bản UTF-8; hãy lưu tệp dạng “CSV UTF-8”."),
            format!("Row {row} is no UTF-8 text; save the file as “CSV UTF-8”."),
        ),
    )])
}

fn cut_row(row: u32) -> ApiError {
    unreadable(vec![Fault::new(
        format!("/{row}"),
        "cut_row",
        Bilingual::new(
            format!("Dòng {row} thiếu ô so với dòng tên cột; có thể tệp đã bị cắt."),
            format!("Row {row} has fewer cells than the head; the file may have been cut off."),
        ),
    )])
}

fn open_quote(row: u32) -> ApiError {
    unreadable(vec![Fault::new(
        format!("/{row}"),
        "open_quote",
        Bilingual::new(
            format!("Dòng {row} có dấu nháy kép mở mà không đóng; có thể tệp đã bị cắt."),
            format!("Row {row} opens a quote that is never closed; the file may have been cut off."),
        ),
    )])
}

fn endless(row: u32) -> ApiError {
    unreadable(vec![Fault::new(
        format!("/{row}"),
        "beyond_columns",
        Bilingual::new(
            format!("Dòng {row} có quá {COLUMNS} ô."),
            format!("Row {row} has more than {COLUMNS} cells."),
        ),
    )])
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::api::sheet::given::GivenRow;
    use crate::api::sheet::read::{Expected, Limits, Source, read};
    use crate::api::table::{Column, Columns, Content};

    const NAMES: [&str; 3] = ["code", "name", "note"];

    fn rows(file: &[u8]) -> Result<Vec<GivenRow>, ApiError> {
        let column = |name: &str| Column {
            name: name.into(),
            label: name.into(),
            required: true,
            content: Content::Text,
            limits: (None, None),
            sample: None,
        };
        let columns = Columns::from(NAMES.map(column).to_vec());
        let limits = Limits { rows: 100, unpacked_bytes: 0 };
        let expected = Expected { collection: "sheep", columns: &columns, listed: &columns, limits };
        let mut rows = Vec::new();
        read(Source::Csv(Cursor::new(file)), expected, |_, row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    fn refusal(file: &str) -> (String, String) {
        let refused = rows(file.as_bytes()).unwrap_err();
        let fault = &refused.faults()[0];
        (fault.code.to_string(), fault.pointer.clone())
    }

    fn texts(rows: &[GivenRow]) -> Vec<(u32, Vec<(u16, String)>)> {
        let cells = |row: &GivenRow| row.cells.iter().map(|(place, given)| (*place, given.shown())).collect();
        rows.iter().map(|row| (row.number, cells(row))).collect()
    }

    #[test]
    fn a_row_that_was_cut_off_is_refused() {
        let told = |code: &str, pointer: &str| (code.to_owned(), pointer.to_owned());
        assert_eq!(refusal("code,name,note\n1,Hoà,x\n2,Mỹ"), told("cut_row", "/3"));
        assert_eq!(refusal("code,name,note\n1,,\n,\n"), told("cut_row", "/3"), "a comma may have been more");
        assert_eq!(refusal("code,name,note\n1,\"a\nb\",x\n2,Mỹ,\"x"), told("open_quote", "/3"));
        assert_eq!(refusal("code,name,note\n1,a,\"x\"\""), told("open_quote", "/2"));
        assert_eq!(
            refusal(&format!("code,name,note\n1,a,b{}", ",".repeat(16_384))),
            told("beyond_columns", "/2")
        );
        assert_eq!(refusal(&",".repeat(16_384)), told("beyond_columns", "/1"));
        assert_eq!(refusal(&format!("code,name,note\n1,a,{}", "x".repeat(32_768))), told("too_long", "/2"));
        assert_eq!(refusal(&format!("code,name,note\n1,a,{}", "ồ".repeat(99_999))), told("too_long", "/2"));
    }

    #[test]
    fn rows_are_read_as_rfc_4180_has_them() {
        let file = "\u{feff}code,name,note\r\n\r\n1,\"a \"\"b\"\",\nc\",x\r\n,,\r\n2,b,y,,\r\n\n";
        let cells =
            |texts: &[(u16, &str)]| texts.iter().map(|(place, text)| (*place, (*text).to_owned())).collect();
        let expected: Vec<(u32, Vec<(u16, String)>)> = vec![
            (3, cells(&[(0, "1"), (1, "a \"b\",\nc"), (2, "x")])),
            (5, cells(&[(0, "2"), (1, "b"), (2, "y")])),
        ];
        assert_eq!(texts(&rows(file.as_bytes()).unwrap()), expected);
        assert_eq!(texts(&rows(b"code;name;note\n1;a;b").unwrap())[0].1.len(), 3);
    }

    #[test]
    fn the_line_of_names_tells_the_separator_whatever_the_headings_have() {
        for by in [',', ';'] {
            let line = |cells: [&str; 3]| cells.map(|cell| format!("\"{cell}\"")).join(&by.to_string());
            let file = [
                line(["Mã, số hiệu; ký hiệu", "Tên, chức danh", "Ghi chú; lý do"]),
                NAMES.join(&by.to_string()),
                line(["1", "a, b; c", "d"]),
            ];
            let expected = [(0, "1"), (1, "a, b; c"), (2, "d")].map(|(place, text)| (place, text.to_owned()));
            let found = texts(&rows(file.join("\r\n").as_bytes()).unwrap());
            assert_eq!(found, [(3, expected.to_vec())], "{by}");
        }
    }

    #[test]
    fn many_empty_rows_are_refused_by_the_first_of_them() {
        let file =
            |empty: &str, count: usize| format!("code,name,note\n1,a,x\n{}2,b,y\n", empty.repeat(count));
        for empty in ["\n", ",,\n", " , ,\r\n"] {
            assert_eq!(
                refusal(&file(empty, 10_001)),
                ("empty_rows".to_owned(), "/3".to_owned()),
                "{empty:?}"
            );
            assert_eq!(rows(file(empty, 10_000).as_bytes()).unwrap().len(), 2, "{empty:?}");
        }
    }

    proptest! {
        /// Wherever a file is cut, it is refused, or its rows are those of the whole: all but the last cell
        /// of the last one.
        #[test]
        fn a_cut_file_is_refused_or_says_the_same(
            cells in prop::collection::vec(prop::array::uniform3("[a-zồ\",;\n]{0,4}"), 1..4),
        ) {
            let mut writer = ::csv::Writer::from_writer(Vec::new());
            writer.write_record(NAMES).unwrap();
            for record in &cells {
                writer.write_record(record).unwrap();
            }
            let file = writer.into_inner().unwrap();
            let whole = texts(&rows(&file).unwrap());
            for end in 0..file.len() {
                let Ok(cut) = rows(&file[..end]) else { continue };
                let mut cut = texts(&cut);
                let Some((number, mut last)) = cut.pop() else { continue };
                prop_assert_eq!(&cut[..], &whole[..cut.len()]);
                let (known, mut all) = whole[cut.len()].clone();
                prop_assert_eq!(number, known);
                let note = |cells: &mut Vec<(u16, String)>| match cells.last() {
                    Some((2, _)) => cells.pop().map(|(_, text)| text).unwrap_or_default(),
                    _ => String::new(),
                };
                let (begun, note) = (note(&mut last), note(&mut all));
                prop_assert_eq!(last, all);
                prop_assert!(note.starts_with(&begun), "{:?} of {:?}", begun, note);
            }
        }
    }
}
