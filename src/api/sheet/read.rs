//! Reading XLSX and CSV, row by row and within limits: what a file unpacks to is measured before
//! anything of it is kept.

use std::io::{self, BufReader, Cursor, Read, Seek};

use calamine::{DataRef, Reader as _, Xlsx, XlsxError};
use zip::ZipArchive;

use super::given::{Given, GivenRow, Head, cell_name};
use super::{FAULTS, sheet_name};
use crate::api::table::Columns;
use crate::error::{ApiError, Bilingual, Fault, Problem};

/// How large a file may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Rows with something in them.
    pub rows: usize,
    /// Bytes that the texts or the worksheet of a spreadsheet unpack to.
    pub unpacked_bytes: u64,
}

/// The parts that a spreadsheet has at most; real ones have about ten.
const PARTS: usize = 1_000;

/// The rows in which the names of the columns are looked for.
const HEAD_WITHIN: u32 = 10;

/// A file with records, as it came.
pub(super) enum Source<S> {
    /// A spreadsheet.
    Xlsx(S),
    /// Text, with commas or semicolons between the cells.
    Csv(S),
}

/// What a file may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    /// The name of the collection, which is that of the worksheet too.
    pub collection: &'a str,
    /// The fields.
    pub columns: &'a Columns,
    /// How large it may be.
    pub limits: Limits,
}

/// Reads the records of a file; `take` is given each row that holds something, and the head.
///
/// # Errors
/// 422 for a file that cannot be read, or in which no row can be understood; whatever `take` fails with.
pub(super) fn read<S: Read + Seek>(
    source: Source<S>,
    expected: Expected<'_>,
    mut take: impl FnMut(&Head, GivenRow) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    let mut rows = Rows { expected, head: None, seen: 0, take: &mut take };
    match source {
        Source::Xlsx(file) => xlsx(file, &mut rows)?,
        Source::Csv(file) => csv(file, &mut rows)?,
    }
    match rows.head {
        Some(_) => Ok(()),
        None => Err(no_head(expected.columns)),
    }
}

/// The rows of a file as they come by: first those of the head, then records.
struct Rows<'a> {
    expected: Expected<'a>,
    head: Option<Head>,
    seen: usize,
    take: &'a mut dyn FnMut(&Head, GivenRow) -> Result<(), ApiError>,
}

impl Rows<'_> {
    fn row(&mut self, row: GivenRow) -> Result<(), ApiError> {
        if row.cells.is_empty() {
            return Ok(());
        }
        let Some(head) = &self.head else {
            self.head = head(self.expected.columns, &row)?;
            if self.head.is_none() && row.number >= HEAD_WITHIN {
                return Err(no_head(self.expected.columns));
            }
            return Ok(());
        };
        self.seen += 1;
        if self.seen > self.expected.limits.rows {
            let most = self.expected.limits.rows;
            return Err(unreadable(vec![Fault::new(
                format!("/{}", row.number),
                "too_many",
                Bilingual::new(
                    format!("Tệp có quá {most} dòng dữ liệu; hãy chia thành nhiều tệp."),
                    format!("The file has more than {most} rows; send several."),
                ),
            )]));
        }
        if let Some((place, _)) = row.cells.iter().find(|(place, _)| head.fields.len() <= usize::from(*place))
        {
            let cell = cell_name(row.number, *place);
            return Err(unreadable(vec![Fault::new(
                format!("/{}", row.number),
                "beyond_columns",
                Bilingual::new(
                    format!("Ô {cell} nằm ngoài các cột có tên."),
                    format!("The cell {cell} stands beyond the columns that have a name."),
                ),
            )]));
        }
        (self.take)(head, row)
    }
}

/// The head, when this row is it: each of its cells names a field.
fn head(columns: &Columns, row: &GivenRow) -> Result<Option<Head>, ApiError> {
    let named = |given: &Given| match given {
        Given::Text(name) | Given::Plain(name) => columns.names().position(|known| known == name.trim()),
        _ => None,
    };
    if !row.cells.iter().any(|(_, given)| named(given).is_some()) {
        return Ok(None);
    }
    let mut head = Head::default();
    let mut faults = Vec::new();
    for (place, given) in &row.cells {
        let place = usize::from(*place);
        let field = named(given);
        let name = given.shown();
        if field.is_none() && name.trim() != FAULTS {
            let message = Bilingual::new(
                format!("Không có trường nào tên “{name}”."),
                format!("There is no field with the name “{name}”."),
            );
            faults.push(Fault::new(format!("/{}", row.number), "unknown_column", message));
        }
        if field.is_some() && head.fields.contains(&field) {
            let message = Bilingual::new(
                format!("Có hai cột cùng tên “{name}”."),
                format!("Two columns have the name “{name}”."),
            );
            faults.push(Fault::new(format!("/{}", row.number), "repeated_column", message));
        }
        head.fields.resize(head.fields.len().max(place), None);
        head.fields.push(field);
    }
    if faults.is_empty() { Ok(Some(head)) } else { Err(unreadable(faults)) }
}

fn no_head(columns: &Columns) -> ApiError {
    let names = columns.names().collect::<Vec<_>>().join(", ");
    unreadable(vec![Fault::new(
        "",
        "no_head",
        Bilingual::new(
            format!("Không thấy dòng tên cột. Hãy dùng tệp mẫu; các tên được dùng là: {names}."),
            format!("No row names the columns. Use the template; the names are: {names}."),
        ),
    )])
}

/// 422 for a file as a whole.
pub(super) fn unreadable(faults: Vec<Fault>) -> ApiError {
    ApiError::new(Problem::UnreadableFile).with_faults(faults)
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

fn csv<S: Read>(file: S, rows: &mut Rows<'_>) -> Result<(), ApiError> {
    let mut file = BufReader::new(file);
    let begin = io::BufRead::fill_buf(&mut file).map_err(ApiError::internal)?;
    let is_marked = begin.starts_with("\u{feff}".as_bytes());
    let line = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // Office programs of a country that writes a decimal comma separate cells by semicolons.
    let by_semicolon = !line.contains(&b',') && line.contains(&b';');
    if is_marked {
        io::BufRead::consume(&mut file, 3);
    }
    // Lines are told apart at line feeds alone, and there is one at the end: else the reader's count of
    // lines depends on how they end.
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(if by_semicolon { b';' } else { b',' })
        .terminator(::csv::Terminator::Any(b'\n'))
        .from_reader(file.chain(b"\n".as_slice()));
    let mut record = ::csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(ApiError::internal)? {
        let within: usize = record.as_slice().iter().filter(|byte| **byte == b'\n').count();
        let end = usize::try_from(reader.position().line()).unwrap_or(usize::MAX);
        let number = u32::try_from(end.saturating_sub(within + 1)).unwrap_or(u32::MAX);
        let mut cells = Vec::with_capacity(record.len());
        for (place, cell) in (0_u16..).zip(&record) {
            let text = std::str::from_utf8(cell).map_err(|_| not_utf8(number))?;
            let text = text.strip_suffix('\r').unwrap_or(text);
            if !text.trim().is_empty() {
                cells.push((place, Given::Plain(text.to_owned())));
            }
        }
        rows.row(GivenRow { number, cells })?;
    }
    Ok(())
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

fn xlsx<S: Read + Seek>(mut file: S, rows: &mut Rows<'_>) -> Result<(), ApiError> {
    measured(&mut file, rows.expected.limits)?;
    let mut book: Xlsx<S> = Xlsx::new(file).map_err(|_| cut_or_broken())?;
    let wanted = sheet_name(rows.expected.collection);
    let names = book.sheet_names();
    if !names.contains(&wanted) {
        return Err(unreadable(vec![Fault::new(
            "",
            "wrong_sheet",
            Bilingual::new(
                format!("Tệp không có trang tính “{wanted}”; các trang hiện có: {}.", names.join(", ")),
                format!("There is no worksheet “{wanted}”; the file has {}.", names.join(", ")),
            ),
        )]));
    }
    let merged = book.merge_cells_by_sheet_name(&wanted).map_err(|_| cut_or_broken())?;
    let mut cells = book.worksheet_cells_reader(&wanted).map_err(|_| cut_or_broken())?;
    let mut row = GivenRow { number: 1, cells: Vec::new() };
    while let Some(cell) = cells.next_cell_with_formula().map_err(|error| broken_cell(&error))? {
        let (above, place) = cell.pos;
        let number = above.saturating_add(1);
        if number < row.number {
            return Err(cut_or_broken());
        }
        if number > row.number {
            rows.row(std::mem::replace(&mut row, GivenRow { number, cells: Vec::new() }))?;
        }
        let given = match cell.formula {
            Some(formula) => Some(Given::Formula(format!("={formula}"))),
            None => given(cell.value),
        };
        let Some(given) = given else { continue };
        if let Some(region) = merged.iter().find(|region| region.contains(above, place))
            && rows.head.is_some()
        {
            return Err(merged_cells(region.start, region.end));
        }
        row.cells.push((u16::try_from(place).unwrap_or(u16::MAX), given));
    }
    rows.row(row)
}

fn given(cell: DataRef<'_>) -> Option<Given> {
    Some(match cell {
        DataRef::Empty => return None,
        DataRef::String(text) if text.trim().is_empty() => return None,
        DataRef::SharedString(text) if text.trim().is_empty() => return None,
        DataRef::String(text) | DataRef::DurationIso(text) => Given::Text(text),
        DataRef::SharedString(text) => Given::Text(text.to_owned()),
        DataRef::Float(number) => Given::Number(number),
        // What is no whole number of a cell's size stays what it is.
        DataRef::Int(number) => {
            number.to_string().parse().map_or_else(|_| Given::Text(number.to_string()), Given::Number)
        }
        DataRef::Bool(is_it) => Given::Boolean(is_it),
        DataRef::DateTime(at) if at.is_duration() => Given::Number(at.as_f64()),
        DataRef::DateTime(at) => at.as_datetime().map_or(Given::Number(at.as_f64()), Given::Day),
        DataRef::DateTimeIso(text) => match text.parse() {
            Ok(at) => Given::Day(at),
            Err(_) => Given::Text(text),
        },
        DataRef::Error(error) => Given::Error(error.to_string()),
    })
}

fn merged_cells((top, left): (u32, u32), (bottom, right): (u32, u32)) -> ApiError {
    let name =
        |row: u32, place: u32| cell_name(row.saturating_add(1), u16::try_from(place).unwrap_or(u16::MAX));
    let region = format!("{}:{}", name(top, left), name(bottom, right));
    unreadable(vec![Fault::new(
        format!("/{}", top.saturating_add(1)),
        "merged_cells",
        Bilingual::new(
            format!("Các ô {region} bị gộp; hãy bỏ gộp và nhập từng ô."),
            format!("The cells {region} are merged; split them and fill each."),
        ),
    )])
}

fn broken_cell(error: &XlsxError) -> ApiError {
    log::debug!("a spreadsheet broke off: {error}");
    cut_or_broken()
}

/// Refuses a file with macros, or that unpacks to more than it may: its parts are unpacked once into
/// nothing, for what a part says of its own size need not be so.
fn measured<S: Read + Seek>(file: &mut S, limits: Limits) -> Result<(), ApiError> {
    let mut archive = ZipArchive::new(&mut *file).map_err(|_| cut_or_broken())?;
    if archive.len() > PARTS {
        return Err(too_large());
    }
    for part in 0..archive.len() {
        let mut part = archive.by_index(part).map_err(|_| cut_or_broken())?;
        let name = part.name().map_err(|_| cut_or_broken())?.to_ascii_lowercase();
        if name.ends_with("vbaproject.bin") || name.contains("/macrosheets/") {
            return Err(unreadable(vec![Fault::new(
                "",
                "macros",
                Bilingual::new(
                    "Tệp chứa macro nên không được nhận; hãy lưu dạng XLSX.",
                    "The file holds macros and is not taken; save it as XLSX.",
                ),
            )]));
        }
        let most = match name.contains("/worksheets/") || name.ends_with("sharedstrings.xml") {
            true => limits.unpacked_bytes,
            false => limits.unpacked_bytes.min(8 << 20),
        };
        let unpacked = io::copy(&mut part.by_ref().take(most + 1), &mut io::sink());
        if unpacked.map_err(|_| cut_or_broken())? > most {
            return Err(too_large());
        }
    }
    drop(archive);
    file.rewind().map_err(ApiError::internal)
}

fn too_large() -> ApiError {
    ApiError::detailed(
        Problem::PayloadTooLarge,
        "Bảng tính giải nén ra quá lớn; hãy xóa các dòng, cột và trang thừa hoặc chia thành nhiều tệp.",
        "The spreadsheet unpacks to too much; remove rows, columns and sheets that are not needed, or send several.",
    )
}

/// Whether a file is an archive, as every spreadsheet is.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK")
}

/// A file by what its first bytes show it to be.
pub(super) fn source(bytes: &[u8]) -> Source<Cursor<&[u8]>> {
    Source::told(bytes, Cursor::new(bytes))
}

impl<S> Source<S> {
    /// A file that begins with these bytes.
    pub(super) fn told(first: &[u8], file: S) -> Self {
        if is_archive(first) { Self::Xlsx(file) } else { Self::Csv(file) }
    }
}
