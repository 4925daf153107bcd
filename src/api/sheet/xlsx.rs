//! Reading XLSX: a ZIP archive of XML parts, of which five are unpacked, each once and tag by tag, within
//! one limit for all of them. Nothing that a file says of its own size is believed. That is why no
//! library for spreadsheets reads here: calamine (the stories' yardstick) makes room for as many texts
//! and formulas as a file claims to have, and copies fonts and formulas for each cell.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek};

use chrono::{NaiveDate, NaiveDateTime, SubsecRound};
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;
use zip::read::ZipFile;

use super::given::Given;
use super::read::{Limits, Rows, unreadable};
use super::{COLUMNS, SHEET_ROWS, sheet_name};
use crate::error::{ApiError, Bilingual, Fault, Problem};

/// The parts that a spreadsheet has at most; real ones have about ten.
const PARTS: usize = 1_000;

/// How deep the tags of a part may be; real ones are about ten deep.
const DEPTH: usize = 64;

/// Reads the worksheet with the name of the collection.
///
/// # Errors
/// 413 for a file that unpacks to too much, 422 for one that is no plain spreadsheet; whatever `rows`
/// fails with.
pub(super) fn read<S: Read + Seek>(file: S, rows: &mut Rows<'_>) -> Result<(), ApiError> {
    let mut archive = Archive::open(file, rows.limits())?;
    let book = Book::read(&mut archive)?;
    let wanted = sheet_name(rows.collection());
    let Some((_, path)) = book.sheets.iter().find(|(name, _)| *name == wanted) else {
        let names = book.sheets.iter().take(20).map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(unreadable(vec![Fault::new(
            "",
            "wrong_sheet",
            Bilingual::new(
                format!("Tệp không có trang tính “{wanted}”; các trang hiện có: {names}."),
                format!("There is no worksheet “{wanted}”; the file has {names}."),
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

/// The archive, and what may still be unpacked of it.
struct Archive<S> {
    zip: ZipArchive<S>,
    /// The parts by their paths in lower case: programs do not agree on it.
    parts: HashMap<String, usize>,
    /// Bytes that may still be unpacked.
    left: u64,
}

impl<S: Read + Seek> Archive<S> {
    fn open(mut file: S, limits: Limits) -> Result<Self, ApiError> {
        if entries(&mut file).map_err(ApiError::internal)? > PARTS {
            return Err(too_large());
        }
        file.rewind().map_err(ApiError::internal)?;
        let mut zip = ZipArchive::new(file).map_err(|_| cut_or_broken())?;
        // Parts that share bytes unpack to more than any honest file of this size.
        if zip.has_overlapping_files().map_err(|_| cut_or_broken())? {
            return Err(cut_or_broken());
        }
        let mut parts = HashMap::new();
        for (place, name) in zip.file_names().enumerate() {
            let name = name.map_err(|_| cut_or_broken())?.replace('\\', "/").to_ascii_lowercase();
            if name.ends_with("vbaproject.bin") || name.contains("/macrosheets/") {
                return Err(macros());
            }
            parts.insert(name, place);
        }
        Ok(Self { zip, parts, left: limits.unpacked_bytes })
    }

    /// A part by its path, when there is one.
    fn part(&mut self, path: &str) -> Result<Option<Part<'_, S>>, ApiError> {
        let Some(place) = self.parts.get(&path.to_ascii_lowercase()) else { return Ok(None) };
        let file = self.zip.by_index(*place).map_err(|_| cut_or_broken())?;
        let mut reader = Reader::from_reader(BufReader::new(Within { inner: file, left: &mut self.left }));
        reader.config_mut().expand_empty_elements = true;
        Ok(Some(Part { reader, depth: 0, inner: Vec::new() }))
    }
}

/// How many entries an archive's directory has: counted before a list is made of them.
fn entries(file: &mut impl Read) -> io::Result<usize> {
    let (mut last, mut count) = (0_u32, 0);
    let mut file = BufReader::new(file);
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            return Ok(count);
        }
        for byte in bytes {
            last = last << 8 | u32::from(*byte);
            count += usize::from(last == u32::from_be_bytes(*b"PK\x01\x02"));
        }
        let taken = bytes.len();
        file.consume(taken);
    }
}

fn macros() -> ApiError {
    unreadable(vec![Fault::new(
        "",
        "macros",
        Bilingual::new(
            "Tệp chứa macro nên không được nhận; hãy lưu dạng XLSX.",
            "The file holds macros and is not taken; save it as XLSX.",
        ),
    )])
}

/// What is read within a limit that several readers share.
struct Within<'a, R> {
    inner: R,
    left: &'a mut u64,
}

impl<R: Read> Read for Within<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(u64::try_from(count).unwrap_or(u64::MAX)) {
            Some(left) => *self.left = left,
            None => return Err(ErrorKind::FileTooLarge.into()),
        }
        Ok(count)
    }
}

/// A part that is being read.
struct Part<'a, S: Read + Seek> {
    reader: Reader<BufReader<Within<'a, ZipFile<'a, S>>>>,
    depth: usize,
    inner: Vec<u8>,
}

impl<S: Read + Seek> Part<'_, S> {
    fn next<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<Event<'b>, ApiError> {
        buffer.clear();
        let event = self.reader.read_event_into(buffer).map_err(|error| broken_off(&error))?;
        match event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            // A part that ends inside a tag was cut off.
            Event::Eof if self.depth > 0 => return Err(cut_or_broken()),
            _ => {}
        }
        if self.depth > DEPTH { Err(cut_or_broken()) } else { Ok(event) }
    }

    /// Adds the text up to the end of this element.
    fn text(&mut self, closing: &str, text: &mut String) -> Result<(), ApiError> {
        let mut buffer = std::mem::take(&mut self.inner);
        loop {
            match self.next(&mut buffer)? {
                Event::Text(some) => text.push_str(&some.xml10_content()),
                Event::CData(some) => text.push_str(&some.xml10_content()),
                Event::GeneralRef(reference) => match resolve_predefined_entity(&reference) {
                    Some(known) => text.push_str(known),
                    None => text.push(reference.resolve_char_ref().ok().flatten().ok_or_else(cut_or_broken)?),
                },
                Event::End(end) if end.local_name().as_ref() == closing => break,
                Event::Eof => return Err(cut_or_broken()),
                _ => {}
            }
        }
        self.inner = buffer;
        Ok(())
    }

    /// Adds the text of an element that may consist of several runs, each with a look of its own.
    fn runs(&mut self, closing: &str, text: &mut String) -> Result<(), ApiError> {
        let mut buffer = Vec::new();
        let mut reading_aid = false;
        loop {
            match self.next(&mut buffer)? {
                Event::Start(tag) if tag.local_name().as_ref() == "rPh" => reading_aid = true,
                Event::End(tag) if tag.local_name().as_ref() == "rPh" => reading_aid = false,
                Event::Start(tag) if tag.local_name().as_ref() == "t" && !reading_aid => {
                    let is_kept = attribute(&tag, "space")?.as_deref() == Some("preserve");
                    let mut run = String::new();
                    self.text("t", &mut run)?;
                    let blanks: &[char] = if is_kept { &[] } else { &[' ', '\t', '\r', '\n'] };
                    text.push_str(&unescaped(run.trim_matches(blanks)));
                }
                Event::End(tag) if tag.local_name().as_ref() == closing => return Ok(()),
                Event::Eof => return Err(cut_or_broken()),
                _ => {}
            }
        }
    }
}

fn broken_off(error: &quick_xml::Error) -> ApiError {
    match error {
        quick_xml::Error::Io(cause) if cause.kind() == ErrorKind::FileTooLarge => too_large(),
        _ => {
            log::debug!("a spreadsheet broke off: {error}");
            cut_or_broken()
        }
    }
}

/// An attribute by its name without prefix.
fn attribute<'a>(tag: &'a BytesStart<'_>, name: &str) -> Result<Option<Cow<'a, str>>, ApiError> {
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| cut_or_broken())?;
        if attribute.key.local_name().as_ref() == name {
            return match attribute.value.contains('&') {
                false => Ok(Some(attribute.value)),
                true => quick_xml::escape::unescape(&attribute.value)
                    .map(|value| Some(value.into_owned().into()))
                    .map_err(|_| cut_or_broken()),
            };
        }
    }
    Ok(None)
}

/// The text behind `_x000D_`, which is how spreadsheets write what XML has no room for.
fn unescaped(text: &str) -> Cow<'_, str> {
    let unit = |rest: &str| {
        let code = rest.strip_prefix("_x")?.get(..4)?;
        let is_whole = rest.get(6..7) == Some("_") && code.bytes().all(|digit| digit.is_ascii_hexdigit());
        if is_whole { u16::from_str_radix(code, 16).ok() } else { None }
    };
    if !text.contains("_x") {
        return text.into();
    }
    let mut units = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let taken = match unit(rest) {
            Some(unit) => {
                units.push(unit);
                7
            }
            None => {
                units.extend_from_slice(letter.encode_utf16(&mut [0; 2]));
                letter.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    String::from_utf16_lossy(&units).into()
}

/// What is known of a workbook beside its cells.
#[derive(Default)]
struct Book {
    /// The worksheets by name, with the paths of their parts.
    sheets: Vec<(String, String)>,
    texts: Texts,
    /// Of each look, whether it shows numbers as days.
    days: Vec<bool>,
    /// Whether its days begin with 1904, as those of old Macintosh files.
    from_1904: bool,
}

/// The texts that cells share, one behind the other.
#[derive(Default)]
struct Texts {
    all: String,
    ends: Vec<u32>,
}

impl Texts {
    fn get(&self, place: usize) -> Option<&str> {
        let end = |place: usize| usize::try_from(*self.ends.get(place)?).ok();
        let begin = match place.checked_sub(1) {
            Some(before) => end(before)?,
            None => 0,
        };
        self.all.get(begin..end(place)?)
    }
}

impl Book {
    fn read<S: Read + Seek>(archive: &mut Archive<S>) -> Result<Self, ApiError> {
        let mut book = Self::default();
        let roots = relations(archive, "", "_rels/.rels")?;
        let path = roots.of_kind("/officeDocument").ok_or_else(cut_or_broken)?;
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let relations = relations(archive, folder, &within(folder, &format!("_rels/{name}.rels")))?;
        book.workbook(&mut archive.part(path)?.ok_or_else(cut_or_broken)?, &relations)?;
        if let Some(path) = relations.of_kind("/styles")
            && let Some(mut part) = archive.part(path)?
        {
            book.looks(&mut part)?;
        }
        if let Some(path) = relations.of_kind("/sharedStrings")
            && let Some(mut part) = archive.part(path)?
        {
            book.texts(&mut part)?;
        }
        Ok(book)
    }

    fn workbook<S: Read + Seek>(
        &mut self,
        part: &mut Part<'_, S>,
        relations: &Relations,
    ) -> Result<(), ApiError> {
        let mut buffer = Vec::new();
        loop {
            match part.next(&mut buffer)? {
                Event::Start(tag) if tag.local_name().as_ref() == "sheet" => {
                    let id = attribute(&tag, "id")?.unwrap_or_default();
                    let name = attribute(&tag, "name")?.unwrap_or_default();
                    if let Some(path) = relations.by_id(&id)
                        && self.sheets.len() < PARTS
                    {
                        self.sheets.push((name.into_owned(), path.to_owned()));
                    }
                }
                Event::Start(tag) if tag.local_name().as_ref() == "workbookPr" => {
                    let from_1904 = attribute(&tag, "date1904")?;
                    self.from_1904 |= matches!(from_1904.as_deref(), Some("1" | "true"));
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn looks<S: Read + Seek>(&mut self, part: &mut Part<'_, S>) -> Result<(), ApiError> {
        let mut buffer = Vec::new();
        let mut own: HashMap<u32, bool> = HashMap::new();
        let mut is_of_cells = false;
        loop {
            match part.next(&mut buffer)? {
                Event::Start(tag) if tag.local_name().as_ref() == "numFmt" => {
                    let code = attribute(&tag, "formatCode")?.unwrap_or_default();
                    if let Some(id) = attribute(&tag, "numFmtId")?.and_then(|id| id.parse().ok()) {
                        own.insert(id, shows_a_day(&code));
                    }
                }
                Event::Start(tag) if tag.local_name().as_ref() == "cellXfs" => is_of_cells = true,
                Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => is_of_cells = false,
                Event::Start(tag) if tag.local_name().as_ref() == "xf" && is_of_cells => {
                    let id = attribute(&tag, "numFmtId")?.and_then(|id| id.parse().ok()).unwrap_or(0);
                    // The numbers of the formats that every program knows, ECMA-376 18.8.30.
                    let is_known = matches!(id, 14..=22 | 27..=36 | 45 | 47 | 50..=58);
                    self.days.push(own.get(&id).copied().unwrap_or(is_known));
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn texts<S: Read + Seek>(&mut self, part: &mut Part<'_, S>) -> Result<(), ApiError> {
        let mut buffer = Vec::new();
        loop {
            match part.next(&mut buffer)? {
                Event::Start(tag) if tag.local_name().as_ref() == "si" => {
                    part.runs("si", &mut self.texts.all)?;
                    self.texts.ends.push(u32::try_from(self.texts.all.len()).map_err(|_| too_large())?);
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }
}

/// Which part refers to which.
struct Relations(Vec<Relation>);

struct Relation {
    id: String,
    kind: String,
    path: String,
}

impl Relations {
    fn by_id(&self, id: &str) -> Option<&str> {
        self.0.iter().find(|relation| relation.id == id).map(|relation| relation.path.as_str())
    }

    fn of_kind(&self, ending: &str) -> Option<&str> {
        self.0.iter().find(|relation| relation.kind.ends_with(ending)).map(|relation| relation.path.as_str())
    }
}

fn relations<S: Read + Seek>(
    archive: &mut Archive<S>,
    folder: &str,
    path: &str,
) -> Result<Relations, ApiError> {
    let mut part = archive.part(path)?.ok_or_else(cut_or_broken)?;
    let mut relations = Vec::new();
    let mut buffer = Vec::new();
    loop {
        match part.next(&mut buffer)? {
            Event::Start(tag) if tag.local_name().as_ref() == "Relationship" => {
                if relations.len() == PARTS {
                    return Err(too_large());
                }
                let value = |name: &str| Ok::<_, ApiError>(attribute(&tag, name)?.unwrap_or_default());
                relations.push(Relation {
                    id: value("Id")?.into_owned(),
                    kind: value("Type")?.into_owned(),
                    path: within(folder, &value("Target")?),
                });
            }
            Event::Eof => return Ok(Relations(relations)),
            _ => {}
        }
    }
}

/// A path as it is meant in a folder.
fn within(folder: &str, path: &str) -> String {
    match path.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None if folder.is_empty() => path.to_owned(),
        None => format!("{folder}/{path}"),
    }
}

/// Whether a format of numbers shows days or times of day: it has a letter for one outside of quotes. A
/// length of time, `[h]:mm`, is a number.
fn shows_a_day(format: &str) -> bool {
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                letters.by_ref().find(|letter| *letter == '"');
            }
            '\\' | '_' | '*' => {
                letters.next();
            }
            '[' => {
                let of_length = |letter: char| matches!(letter.to_ascii_lowercase(), 'h' | 'm' | 's');
                let inside = letters.by_ref().take_while(|letter| *letter != ']');
                let is_length =
                    inside.fold(None, |all, letter| Some(all != Some(false) && of_length(letter)));
                if is_length == Some(true) {
                    return false;
                }
            }
            'd' | 'm' | 'y' | 'h' | 's' | 'D' | 'M' | 'Y' | 'H' | 'S' => return true,
            _ => {}
        }
    }
    false
}

/// The moment of a number of days. A spreadsheet takes 1900 for a leap year.
fn moment(days: f64, from_1904: bool) -> Option<NaiveDateTime> {
    let days = if from_1904 { days + 1_462.0 } else { days };
    let days = if days < 60.0 { days + 1.0 } else { days };
    let since = std::time::Duration::try_from_secs_f64((days * 86_400_000.0).round() / 1_000.0).ok()?;
    let epoch = NaiveDate::from_ymd_opt(1899, 12, 30)?.and_hms_opt(0, 0, 0)?;
    let at = epoch.checked_add_signed(chrono::Duration::from_std(since).ok()?)?;
    Some(at.round_subsecs(3))
}

/// A worksheet that is being read.
struct Sheet<'a, 'r> {
    book: &'a Book,
    rows: &'a mut Rows<'r>,
    /// The row's number, from 1.
    row: u32,
}

/// What stands in a cell.
#[derive(Default)]
struct Content {
    value: String,
    formula: Option<String>,
}

impl Sheet<'_, '_> {
    fn read<S: Read + Seek>(mut self, part: &mut Part<'_, S>) -> Result<(), ApiError> {
        let mut buffer = Vec::new();
        // The place behind the last cell of the row.
        let mut next_place = 0;
        loop {
            match part.next(&mut buffer)? {
                Event::Start(tag) if tag.local_name().as_ref() == "row" => {
                    let number = match attribute(&tag, "r")? {
                        Some(number) => number.parse().map_err(|_| cut_or_broken())?,
                        None => self.row + 1,
                    };
                    // Rows come in their order.
                    if number <= self.row || number > SHEET_ROWS + super::HEAD_ROWS {
                        return Err(cut_or_broken());
                    }
                    (self.row, next_place) = (number, 0);
                    self.rows.begin(number);
                }
                Event::End(tag) if tag.local_name().as_ref() == "row" => self.rows.end()?,
                Event::Start(tag) if tag.local_name().as_ref() == "c" => {
                    let place = match attribute(&tag, "r")? {
                        Some(name) => {
                            let (row, place) = position(&name).ok_or_else(cut_or_broken)?;
                            if row != self.row {
                                return Err(cut_or_broken());
                            }
                            place
                        }
                        None => next_place,
                    };
                    // So do cells, which keeps a row as short as a worksheet is wide.
                    if place < next_place || place >= COLUMNS {
                        return Err(cut_or_broken());
                    }
                    next_place = place + 1;
                    let kind = attribute(&tag, "t")?.map(Cow::into_owned);
                    let look = attribute(&tag, "s")?.and_then(|look| look.parse().ok()).unwrap_or(0);
                    let content = content(part)?;
                    self.cell(place, kind.as_deref(), look, &content)?;
                }
                Event::Start(tag) if tag.local_name().as_ref() == "mergeCell" => {
                    let region = attribute(&tag, "ref")?.unwrap_or_default();
                    let (from, to) = region.split_once(':').unwrap_or((&region, &region));
                    let corners = position(from).zip(position(to)).ok_or_else(cut_or_broken)?;
                    self.rows.merged(corners, &region)?;
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn cell(
        &mut self,
        place: u16,
        kind: Option<&str>,
        look: usize,
        content: &Content,
    ) -> Result<(), ApiError> {
        if let Some(formula) = &content.formula {
            // Where cells share a formula, only the first one has its text.
            let shown = if formula.is_empty() { "…" } else { formula };
            return self.rows.text(place, &format!("={shown}"), Given::Formula);
        }
        let value = content.value.as_str();
        match kind {
            Some("s") if !value.is_empty() => {
                let shared = value.trim().parse().ok().and_then(|place| self.book.texts.get(place));
                self.rows.text(place, shared.ok_or_else(cut_or_broken)?, Given::Text)
            }
            Some("str") => self.rows.text(place, &unescaped(value), Given::Text),
            Some("inlineStr") => self.rows.text(place, value, Given::Text),
            Some("e") => self.rows.text(place, value, Given::Error),
            _ if value.is_empty() => Ok(()),
            Some("b") => match value.trim() {
                "0" | "false" => self.rows.cell(place, Given::Boolean(false)),
                "1" | "true" => self.rows.cell(place, Given::Boolean(true)),
                _ => Err(cut_or_broken()),
            },
            Some("d") => match value.parse().or_else(|_| midnight(value)) {
                Ok(at) => self.rows.cell(place, Given::Day(at)),
                Err(_) => self.rows.text(place, value, Given::Text),
            },
            None | Some("n") => {
                let number: f64 = value.trim().parse().map_err(|_| cut_or_broken())?;
                if !number.is_finite() {
                    return Err(cut_or_broken());
                }
                let is_day = self.book.days.get(look).copied().unwrap_or_default();
                let day = if is_day { moment(number, self.book.from_1904) } else { None };
                self.rows.cell(place, day.map_or(Given::Number(number), Given::Day))
            }
            Some(_) => Err(cut_or_broken()),
        }
    }
}

fn midnight(day: &str) -> chrono::ParseResult<NaiveDateTime> {
    day.parse::<NaiveDate>().map(|day| day.and_time(chrono::NaiveTime::MIN))
}

fn content<S: Read + Seek>(part: &mut Part<'_, S>) -> Result<Content, ApiError> {
    let mut content = Content::default();
    let mut buffer = Vec::new();
    loop {
        match part.next(&mut buffer)? {
            Event::Start(tag) if tag.local_name().as_ref() == "v" => part.text("v", &mut content.value)?,
            Event::Start(tag) if tag.local_name().as_ref() == "is" => part.runs("is", &mut content.value)?,
            Event::Start(tag) if tag.local_name().as_ref() == "f" => {
                part.text("f", content.formula.get_or_insert_default())?;
            }
            Event::End(tag) if tag.local_name().as_ref() == "c" => return Ok(content),
            Event::Eof => return Err(cut_or_broken()),
            _ => {}
        }
    }
}

/// The row, from 1, and the column, from 0, that a cell's name says.
fn position(name: &str) -> Option<(u32, u16)> {
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, row) = name.split_at_checked(letters)?;
    let mut place = 0_u16;
    for letter in letters.bytes() {
        let digit = letter.to_ascii_uppercase() - b'A' + 1;
        place = place.checked_mul(26)?.checked_add(digit.into())?;
    }
    Some((row.parse().ok().filter(|row| *row > 0)?, place.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use calamine::{ExcelDateTime, ExcelDateTimeType};
    use proptest::prelude::*;
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::api::sheet::given::GivenRow;
    use crate::api::sheet::read::{Expected, Source, read};
    use crate::api::table::{Column, Columns, Content};

    fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (path, content) in parts {
            zip.start_file(*path, SimpleFileOptions::default()).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn rows(file: &[u8], unpacked_bytes: u64) -> Result<Vec<GivenRow>, ApiError> {
        let column = |name: &str| Column {
            name: name.into(),
            label: name.into(),
            description: String::new(),
            required: true,
            content: Content::Text,
            limits: (None, None),
        };
        let columns = Columns::from(["a", "b", "c"].map(column).to_vec());
        let limits = Limits { rows: 100, unpacked_bytes };
        let expected = Expected { collection: "sheep", columns: &columns, limits };
        let mut rows = Vec::new();
        read(Source::Xlsx(Cursor::new(file)), expected, |_, row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    /// As other programs write: prefixes, paths from the root, rows and cells without names, texts of
    /// several runs, days since 1904.
    fn foreign(sheet: &str) -> Vec<u8> {
        archive(&[
            (
                "_rels/.rels",
                r#"<Relationships><Relationship Id="r1" Type="x/officeDocument" Target="/Book/Main.xml"/></Relationships>"#,
            ),
            (
                "book/_rels/main.xml.rels",
                r#"<Relationships>
                <Relationship Id="s" Type="x/worksheet" Target="pages/one.xml"/>
                <Relationship Id="t" Type="x/sharedStrings" Target="/book/texts.xml"/>
                <Relationship Id="l" Type="x/styles" Target="looks.xml"/></Relationships>"#,
            ),
            (
                "book/main.xml",
                r#"<x:workbook xmlns:x="m" xmlns:r="r"><x:workbookPr date1904="1"/>
                <x:sheets><x:sheet name="sheep" sheetId="1" r:id="s"/></x:sheets></x:workbook>"#,
            ),
            (
                "book/looks.xml",
                r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd\/mm\/yyyy&quot; h&quot;"/></numFmts>
                <cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>"#,
            ),
            (
                "book/texts.xml",
                r#"<sst uniqueCount="500000000000"><si><t>a</t></si><si><t> b </t></si>
                <si><r><t xml:space="preserve">H&#242;a </t></r><r><rPr/><t xml:space="preserve">M&#x1EF9; &amp; _x0041__x000D_</t></r><rPh><t>no</t></rPh></si></sst>"#,
            ),
            ("book/pages/one.xml", sheet),
        ])
    }

    #[test]
    fn files_of_other_programs_are_read() {
        let sheet = r#"<x:worksheet xmlns:x="m"><x:sheetData>
            <x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="s"><x:v>1</x:v></x:c><x:c t="inlineStr"><x:is><x:t>c</x:t></x:is></x:c></x:row>
            <x:row r="4"><x:c r="B4" s="1"><x:v>0.5</x:v></x:c><x:c t="s"><x:v>2</x:v></x:c></x:row>
            <x:row><x:c s="7"><x:v>-1.5E1</x:v></x:c><x:c t="b"><x:v>1</x:v></x:c><x:c t="e"><x:v>#REF!</x:v></x:c></x:row>
            <x:row><x:c t="str"><x:f>B1&amp;"x"</x:f><x:v>bx</x:v></x:c><x:c><x:f t="shared" si="500000000000"/><x:v>1</x:v></x:c></x:row>
            </x:sheetData><x:mergeCells><x:mergeCell ref="A1:C1"/><x:mergeCell ref="Z1:Z9"/></x:mergeCells></x:worksheet>"#;
        let noon = "1904-01-01T12:00:00".parse().unwrap();
        let row = |number: u32, cells: Vec<(u16, Given)>| GivenRow { number, cells };
        assert_eq!(
            rows(&foreign(sheet), 10_000).unwrap(),
            [
                row(4, vec![(1, Given::Day(noon)), (2, Given::Text("Hòa Mỹ & A\r".into()))]),
                row(
                    5,
                    vec![
                        (0, Given::Number(-15.0)),
                        (1, Given::Boolean(true)),
                        (2, Given::Error("#REF!".into()))
                    ]
                ),
                row(6, vec![(0, Given::Formula("=B1&\"x\"".into())), (1, Given::Formula("=…".into()))]),
            ]
        );
    }

    #[test]
    fn a_broken_worksheet_is_refused() {
        let head = r#"<row r="1"><c r="A1" t="str"><v>a</v></c></row>"#;
        let data =
            |rows: &str| foreign(&format!("<worksheet><sheetData>{head}{rows}</sheetData></worksheet>"));
        assert_eq!(rows(&data(r#"<row><c t="str"><v>x</v></c></row>"#), 10_000).unwrap().len(), 1);
        for broken in [
            r#"<row r="1"/>"#,
            r#"<row r="1048577"/>"#,
            r#"<row r="2"><c r="A3"><v>1</v></c></row>"#,
            r#"<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>1</v></c></row>"#,
            r#"<row r="2"><c r="XFE2"><v>1</v></c></row>"#,
            r#"<row r="2"><c r="AAAAAAAAA2"><v>1</v></c></row>"#,
            r#"<row r="2"><c r="2"><v>1</v></c></row>"#,
            r#"<row r="2"><c t="s"><v>3</v></c></row>"#,
            r#"<row r="2"><c><v>one</v></c></row>"#,
            r#"<row r="2"><c><v>NaN</v></c></row>"#,
            r#"<row r="2"><c t="str"><v>&bomb;</v></c></row>"#,
            "<row r=\"2\"><c>",
            &"<deep>".repeat(100),
        ] {
            let refused = rows(&data(broken), 100_000).unwrap_err();
            assert_eq!(refused.faults()[0].code, "broken", "{broken}");
        }
    }

    #[test]
    fn all_parts_together_have_one_limit() {
        let sheet = r#"<worksheet><sheetData><row><c t="s"><v>0</v></c></row></sheetData></worksheet>"#;
        let file = foreign(sheet);
        let whole: u64 = {
            let mut zip = ZipArchive::new(Cursor::new(&file)).unwrap();
            (0..zip.len()).map(|place| zip.by_index(place).unwrap().size()).sum()
        };
        assert!(rows(&file, whole).is_ok());
        assert_eq!(rows(&file, whole - 1).unwrap_err().problem(), Problem::PayloadTooLarge);
    }

    #[test]
    fn a_format_with_a_letter_for_a_day_shows_days() {
        for format in
            ["DD/MM/YY", "H:MM:SS;@", "m\"M\"d\"D\";@", "[$-42A]d mmmm", "ha/p\\\\m", "*-yyyy-mm-dd"]
        {
            assert!(shows_a_day(format), "{format}");
        }
        let numbers = [
            "General",
            "#,##0\\ [$\u{20ab}-42A]",
            "0\"m\"",
            "[h]:mm:ss",
            "[Blue]\\+[mm]",
            "0_ ;[Red]\\-0\\ ",
            "\\Y000000",
            "#,##0*y",
            "_M0",
            "@",
            "0.00E+00",
        ];
        for format in numbers {
            assert!(!shows_a_day(format), "{format}");
        }
    }

    #[test]
    fn what_no_xml_has_room_for_is_found_again() {
        assert_eq!(
            unescaped("a_x000D_\n_x005F_x0041_ _xD83D__xDE00_ _x12_ _x00g0_"),
            "a\r\n_x0041_ \u{1F600} _x12_ _x00g0_"
        );
    }

    proptest! {
        #[test]
        fn days_are_those_that_others_read(days in 0.0..2_900_000.0_f64, from_1904: bool) {
            let others = ExcelDateTime::new(days, ExcelDateTimeType::DateTime, from_1904).as_datetime();
            prop_assert_eq!(moment(days, from_1904), others);
        }

        #[test]
        fn a_cell_is_found_by_its_name(row in 1..=1_048_576_u32, place in 0..16_384_u16) {
            prop_assert_eq!(position(&crate::api::sheet::given::cell_name(row, place)), Some((row, place)));
        }
    }
}
