//! Reading files with records, row by row and within limits: what is too long, too wide or too much is
//! refused before it is kept.

use std::io::{Cursor, Read, Seek};

use rust_xlsxwriter::utility::column_number_to_name;

use super::given::{Given, GivenRow, Head, cell_name};
use super::write::{has_room_for, start};
use super::{FAULTS, csv, xlsx};
use crate::api::table::{Column, Columns};
use crate::error::{ApiError, Bilingual, Fault, Problem};

/// How large a file may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Rows with something in them.
    pub rows: usize,
    /// Bytes that the parts of a spreadsheet unpack to, all together.
    pub unpacked_bytes: u64,
}

/// The rows in which the names of the columns are looked for.
const HEAD_WITHIN: u32 = 10;

/// Letters of a name, and of what is told of a cell that should be one.
const NAME_CHARACTERS: usize = 64;

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
    /// The name of the collection, by which the worksheet may be called.
    pub collection: &'a str,
    /// The fields.
    pub columns: &'a Columns,
    /// The columns of a list of the records: those that are no fields are only read.
    pub listed: &'a Columns,
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
    let row = GivenRow { number: 1, cells: Vec::new() };
    let mut rows = Rows { expected, head: None, row, seen: 0, empty: Empty::default(), take: &mut take };
    match source {
        Source::Xlsx(file) => xlsx::read(file, &mut rows)?,
        Source::Csv(file) => csv::read(file, &mut rows)?,
    }
    match rows.head {
        Some(_) => Ok(()),
        None => Err(no_head(expected.columns)),
    }
}

/// The most rows one behind the other that are in a file and hold nothing.
const EMPTY_ROWS: u32 = 10_000;

/// Rows one behind the other that hold nothing.
#[derive(Debug, Default)]
struct Empty {
    /// The number of the first.
    first: u32,
    count: u32,
}

impl Empty {
    /// Counts a row.
    fn take(&mut self, number: u32) -> Result<(), ApiError> {
        if self.count == 0 {
            self.first = number;
        }
        self.count += 1;
        if self.count > EMPTY_ROWS { Err(empty_rows(self.first)) } else { Ok(()) }
    }
}

/// The rows of a file as they come by: first those of the head, then records.
pub(super) struct Rows<'a> {
    expected: Expected<'a>,
    head: Option<Head>,
    row: GivenRow,
    seen: usize,
    empty: Empty,
    take: &'a mut dyn FnMut(&Head, GivenRow) -> Result<(), ApiError>,
}

impl Rows<'_> {
    /// The name of the collection.
    pub(super) fn collection(&self) -> &str {
        self.expected.collection
    }

    /// The names of its columns.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.expected.columns.names()
    }

    /// How large the file may be.
    pub(super) fn limits(&self) -> Limits {
        self.expected.limits
    }

    /// How many columns the head has, when it is known.
    pub(super) fn columns(&self) -> Option<usize> {
        self.head.as_ref().map(|head| head.fields.len())
    }

    /// Begins a row.
    pub(super) fn begin(&mut self, number: u32) {
        self.row.number = number;
    }

    /// Takes a text, unless it is blank.
    ///
    /// # Errors
    /// 422 for one that no cell has room for, or beyond the columns.
    pub(super) fn text(
        &mut self,
        place: u16,
        text: &str,
        given: fn(String) -> Given,
    ) -> Result<(), ApiError> {
        if text.trim().is_empty() || !self.is_of_a_field(place)? {
            return Ok(());
        }
        if !has_room_for(text) {
            return Err(too_long(self.row.number, place));
        }
        // What stands above the records is a name or of no interest.
        let text = if self.head.is_none() { start(text, NAME_CHARACTERS) } else { text };
        self.row.cells.push((place, given(text.to_owned())));
        Ok(())
    }

    /// Takes a cell that is no text.
    ///
    /// # Errors
    /// 422 for one beyond the columns.
    pub(super) fn cell(&mut self, place: u16, given: Given) -> Result<(), ApiError> {
        if self.is_of_a_field(place)? {
            self.row.cells.push((place, given));
        }
        Ok(())
    }

    /// Whether a cell belongs to a field, or may name one.
    fn is_of_a_field(&self, place: u16) -> Result<bool, ApiError> {
        let Some(head) = &self.head else { return Ok(true) };
        let at = usize::from(place);
        if head.fields.get(at).is_some_and(Option::is_some) {
            Ok(true)
        } else if head.faults == Some(at) {
            Ok(false)
        } else {
            Err(beyond_columns(self.row.number, place))
        }
    }

    /// Ends a row, and hands it on when it holds something.
    ///
    /// # Errors
    /// 422 for one row too many, or a head that cannot be understood; whatever becomes of the row.
    pub(super) fn end(&mut self) -> Result<(), ApiError> {
        if self.row.cells.is_empty() {
            return self.empty.take(self.row.number);
        }
        self.empty = Empty::default();
        let number = self.row.number;
        let row = std::mem::replace(&mut self.row, GivenRow { number, cells: Vec::new() });
        let Some(head) = &self.head else {
            self.head = head(&self.expected, &row)?;
            if self.head.is_none() && number >= HEAD_WITHIN {
                return Err(no_head(self.expected.columns));
            }
            return Ok(());
        };
        self.seen += 1;
        if self.seen > self.expected.limits.rows {
            return Err(too_many(number, self.expected.limits.rows));
        }
        (self.take)(head, row)
    }

    /// Refuses merged cells that reach into the records. They are told behind all rows.
    ///
    /// # Errors
    /// 422 for such a region.
    pub(super) fn merged(
        &self,
        ((top, left), (bottom, _)): ((u32, u16), (u32, u16)),
        region: &str,
    ) -> Result<(), ApiError> {
        let Some(head) = &self.head else { return Ok(()) };
        let is_below = bottom > head.row && top <= self.row.number;
        if is_below && usize::from(left) < head.fields.len() {
            return Err(merged_cells(top, start(region, NAME_CHARACTERS)));
        }
        Ok(())
    }
}

fn too_many(row: u32, most: usize) -> ApiError {
    unreadable(vec![Fault::new(
        format!("/{row}"),
        "too_many",
        Bilingual::new(
            format!("Tệp có quá {most} dòng dữ liệu; hãy chia thành nhiều tệp."),
            format!("The file has more than {most} rows; send several."),
        ),
    )])
}

fn empty_rows(first: u32) -> ApiError {
    unreadable(vec![Fault::new(
        format!("/{first}"),
        "empty_rows",
        Bilingual::new(
            format!(
                "Từ dòng {first} có hơn {EMPTY_ROWS} dòng trống liền nhau; hãy xóa hẳn các dòng trống bên dưới bảng (chọn cả dòng rồi xóa) và lưu lại tệp."
            ),
            format!(
                "From row {first} on, more than {EMPTY_ROWS} rows one after another are empty; delete the empty rows below the table (select whole rows, then delete) and save the file again."
            ),
        ),
    )])
}

fn beyond_columns(row: u32, place: u16) -> ApiError {
    let cell = cell_name(row, place);
    unreadable(vec![Fault::new(
        format!("/{row}"),
        "beyond_columns",
        Bilingual::new(
            format!("Ô {cell} nằm ngoài các cột có tên."),
            format!("The cell {cell} stands beyond the columns that have a name."),
        ),
    )])
}

/// 422 for a text that no cell of a spreadsheet has room for.
pub(super) fn too_long(row: u32, place: u16) -> ApiError {
    let cell = cell_name(row, place);
    unreadable(vec![Fault::new(
        format!("/{row}"),
        "too_long",
        Bilingual::new(
            format!("Văn bản ở ô {cell} dài hơn một ô chứa được (32.767 ký tự)."),
            format!("The text of cell {cell} is longer than a cell has room for (32,767 characters)."),
        ),
    )])
}

fn merged_cells(row: u32, region: &str) -> ApiError {
    unreadable(vec![Fault::new(
        format!("/{row}"),
        "merged_cells",
        Bilingual::new(
            format!("Các ô {region} bị gộp; hãy bỏ gộp và nhập từng ô."),
            format!("The cells {region} are merged; split them and fill each."),
        ),
    )])
}

/// The head, when this row is it: each of its cells names a field.
fn head(expected: &Expected<'_>, row: &GivenRow) -> Result<Option<Head>, ApiError> {
    let Expected { columns, listed, .. } = expected;
    let named = |given: &Given| match given {
        Given::Text(name) | Given::Plain(name) => columns.names().position(|known| known == name.trim()),
        _ => None,
    };
    if !row.cells.iter().any(|(_, given)| named(given).is_some()) {
        return Ok(None);
    }
    let mut head = Head { row: row.number, ..Head::default() };
    let mut faults = Vec::new();
    for (at, given) in &row.cells {
        let place = usize::from(*at);
        let field = named(given);
        let name = given.shown();
        let is_of_faults = name.trim() == FAULTS;
        if field.is_none() && !is_of_faults {
            let (code, message) = match listed.all().iter().find(|column| column.name == name.trim()) {
                Some(column) => read_only(column, *at),
                None => unknown_column(&name),
            };
            faults.push(Fault::new(format!("/{}", row.number), code, message));
        }
        if field.is_some() && head.fields.contains(&field) || is_of_faults && head.faults.is_some() {
            let message = Bilingual::new(
                format!("Có hai cột cùng tên “{name}”."),
                format!("Two columns have the name “{name}”."),
            );
            faults.push(Fault::new(format!("/{}", row.number), "repeated_column", message));
        }
        head.faults = head.faults.or(Some(place).filter(|_| is_of_faults));
        head.fields.resize(head.fields.len().max(place), None);
        head.fields.push(field);
    }
    if faults.is_empty() { Ok(Some(head)) } else { Err(unreadable(faults)) }
}

fn unknown_column(name: &str) -> (&'static str, Bilingual) {
    let message = Bilingual::new(
        format!("Không có trường nào tên “{name}”."),
        format!("There is no field with the name “{name}”."),
    );
    ("unknown_column", message)
}

/// What a list shows and no record takes, such as a sum: who changed it would believe it to be taken.
fn read_only(column: &Column, place: u16) -> (&'static str, Bilingual) {
    let letters = column_number_to_name(place);
    let (heading, name) = (column.heading(), &column.name);
    let message = Bilingual::new(
        format!("Cột {letters} “{heading}” ({name}) chỉ đọc; hãy xóa cột này."),
        format!("The column {letters} “{heading}” ({name}) is read-only; delete it."),
    );
    ("read_only", message)
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
