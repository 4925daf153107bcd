//! The ZIP archive and its parts, unpacked tag by tag within one limit for all of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek};

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;
use zip::read::ZipFile;

use super::{PARTS, cut_or_broken, too_large};
use crate::api::sheet::read::{Limits, unreadable};
use crate::error::{ApiError, Bilingual, Fault};

/// How deep the tags of a part may be; real ones are about ten deep.
const DEPTH: usize = 64;

/// The longest list of parts that is taken; a real one has a few hundred bytes for each sheet.
const LIST_BYTES: u64 = 1 << 20;

/// The archive, and what may still be unpacked of it.
pub(super) struct Archive<S> {
    zip: ZipArchive<S>,
    /// The parts by their paths in lower case: programs do not agree on it.
    parts: HashMap<String, usize>,
    /// Bytes that may still be unpacked.
    left: u64,
}

impl<S: Read + Seek> Archive<S> {
    pub(super) fn open(mut file: S, limits: Limits) -> Result<Self, ApiError> {
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
        let mut archive = Self { zip, parts, left: limits.unpacked_bytes };
        archive.refuse_listed_macros()?;
        Ok(archive)
    }

    /// Refuses a file whose list of parts says that some are macros: a program goes by the list,
    /// whatever the parts are called.
    fn refuse_listed_macros(&mut self) -> Result<(), ApiError> {
        let Some(place) = self.parts.get("[content_types].xml") else { return Ok(()) };
        let file = self.zip.by_index(*place).map_err(|_| cut_or_broken())?;
        let mut list = String::new();
        let taken =
            Within { inner: file.take(LIST_BYTES + 1), left: &mut self.left }.read_to_string(&mut list);
        let is_whole = |count: usize| u64::try_from(count).is_ok_and(|count| count <= LIST_BYTES);
        if !taken.is_ok_and(is_whole) {
            return Err(cut_or_broken());
        }
        list.make_ascii_lowercase();
        if lists_macros(&list) {
            return Err(macros());
        }
        // In character references the list would say one thing here and another to a program.
        if list.contains('&') { Err(cut_or_broken()) } else { Ok(()) }
    }

    /// A part by its path, when there is one.
    pub(super) fn part(&mut self, path: &str) -> Result<Option<Part<'_, S>>, ApiError> {
        let Some(place) = self.parts.get(&path.to_ascii_lowercase()) else { return Ok(None) };
        let file = self.zip.by_index(*place).map_err(|_| cut_or_broken())?;
        let mut reader = Reader::from_reader(BufReader::new(Within { inner: file, left: &mut self.left }));
        reader.config_mut().expand_empty_elements = true;
        Ok(Some(Part { reader, depth: 0, inner: Vec::new() }))
    }
}

/// Whether the list of an Office file's parts (`[Content_Types].xml`, in lower case) names macros.
pub(crate) fn lists_macros(list: &str) -> bool {
    list.contains("macroenabled") || list.contains("vbaproject")
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
pub(super) struct Part<'a, S: Read + Seek> {
    reader: Reader<BufReader<Within<'a, ZipFile<'a, S>>>>,
    depth: usize,
    inner: Vec<u8>,
}

impl<S: Read + Seek> Part<'_, S> {
    pub(super) fn next<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<Event<'b>, ApiError> {
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
    pub(super) fn text(&mut self, closing: &str, text: &mut String) -> Result<(), ApiError> {
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
    pub(super) fn runs(&mut self, closing: &str, text: &mut String) -> Result<(), ApiError> {
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
pub(super) fn attribute<'a>(tag: &'a BytesStart<'_>, name: &str) -> Result<Option<Cow<'a, str>>, ApiError> {
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
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
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
