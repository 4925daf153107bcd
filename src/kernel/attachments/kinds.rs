//! Kinds of files that are taken (loại tệp). A file is what its content shows: what its name and the
//! client say must agree with that. What a computer or a browser would run is refused: programs,
//! scripts, pages, drawings with scripts, office files with macros. So is an archive, for nobody sees
//! what is in it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use zip::ZipArchive;

use super::names::FileName;
use crate::api::sheet::lists_macros;
use crate::error::{ApiError, Bilingual, Fault};

/// A kind of file.
#[derive(Debug, PartialEq, Eq)]
pub struct FileKind {
    /// Its media type.
    pub media_type: &'static str,
    /// The extensions that its files have.
    pub extensions: &'static [&'static str],
    /// What clients call it besides.
    also: &'static [&'static str],
}

const fn kind(
    media_type: &'static str,
    extensions: &'static [&'static str],
    also: &'static [&'static str],
) -> FileKind {
    FileKind { media_type, extensions, also }
}

const TEXT: FileKind = kind("text/plain", &["txt"], &[]);
// Browsers on a machine with Excel take CSV for its own.
const CSV: FileKind =
    kind("text/csv", &["csv"], &["application/vnd.ms-excel", "application/csv", "text/plain"]);
const XML: FileKind = kind("application/xml", &["xml"], &["text/xml"]);

/// Kinds that are known by their first bytes.
const BY_MAGIC: &[FileKind] = &[
    kind("application/pdf", &["pdf"], &["application/x-pdf"]),
    kind("image/png", &["png"], &[]),
    kind("image/jpeg", &["jpg", "jpeg"], &["image/jpg", "image/pjpeg"]),
    kind("image/tiff", &["tif", "tiff"], &[]),
    kind("image/webp", &["webp"], &[]),
];

/// Office Open XML, by the content type of its main part.
const OFFICE: &[(&str, FileKind)] = &[
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", &["docx"], &[]),
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &["xlsx"], &[]),
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
        kind("application/vnd.openxmlformats-officedocument.presentationml.presentation", &["pptx"], &[]),
    ),
];

/// Open Document, by the first part of its archive.
const OPEN_DOCUMENT: &[FileKind] = &[
    kind("application/vnd.oasis.opendocument.text", &["odt"], &[]),
    kind("application/vnd.oasis.opendocument.spreadsheet", &["ods"], &[]),
    kind("application/vnd.oasis.opendocument.presentation", &["odp"], &[]),
];

/// Every media type that an attachment can have.
pub fn media_types() -> impl Iterator<Item = &'static str> {
    let office = OFFICE.iter().map(|(_, kind)| kind);
    BY_MAGIC.iter().chain(office).chain(OPEN_DOCUMENT).chain([&TEXT, &CSV, &XML]).map(|kind| kind.media_type)
}

/// What clients send who do not know.
const UNKNOWN: &str = "application/octet-stream";

/// Bytes by which a file is known.
const HEAD: u64 = 8 * 1024;
/// Parts that an office file may have.
const PARTS: usize = 10_000;
/// The largest list of the parts' types.
const TYPES_BYTES: u64 = 1 << 20;
/// The deepest nesting of XML.
const XML_DEPTH: usize = 256;

/// Namespaces whose elements a browser runs or obeys.
const ACTIVE_NAMESPACES: [&str; 3] =
    ["http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg", "http://www.w3.org/1999/XSL/Transform"];
/// Elements that are taken for a page or a drawing without a namespace too.
const ACTIVE_ELEMENTS: [&str; 9] =
    ["html", "head", "body", "script", "iframe", "object", "embed", "svg", "stylesheet"];

/// Why a file is refused.
type Refusal = (&'static str, &'static str, &'static str);

const NOT_TAKEN: Refusal = (
    "kind_not_taken",
    "Không nhận loại tệp này. Các loại được nhận: PDF, DOCX, XLSX, PPTX, ODT, ODS, ODP, PNG, JPEG, TIFF, WebP, XML, TXT và CSV (UTF-8).",
    "Files of this kind are not taken; those that are: PDF, DOCX, XLSX, PPTX, ODT, ODS, ODP, PNG, JPEG, TIFF, WebP, XML, TXT and CSV (UTF-8).",
);
const ARCHIVE: Refusal = (
    "archive",
    "Không nhận tệp nén; hãy gửi từng tệp bên trong.",
    "Archives are not taken; send the files in it one by one.",
);
const PROGRAM: Refusal =
    ("program", "Không nhận chương trình hoặc tập lệnh.", "Programs and scripts are not taken.");
const ACTIVE: Refusal = (
    "active_content",
    "Không nhận HTML, SVG hoặc XML có nội dung chạy được trong trình duyệt.",
    "HTML, SVG and XML that a browser would run are not taken.",
);
const MACROS: Refusal = (
    "macros",
    "Tệp chứa macro nên không được nhận; hãy lưu dạng không có macro.",
    "The file holds macros and is not taken; save it without them.",
);
const BROKEN: Refusal = (
    "broken",
    "Tệp không nguyên vẹn; có thể đã bị cắt khi sao chép hoặc tải lên.",
    "The file is not whole; it may have been cut off on its way.",
);
const EMPTY: Refusal = ("empty", "Tệp không có nội dung.", "The file is empty.");

fn refused((code, vi, en): Refusal) -> Fault {
    Fault::new("/file", code, Bilingual::new(vi, en))
}

/// What a file is.
///
/// # Errors
/// 422 for a file that is not taken, or that is another than its name or the client says.
pub fn examine(
    file: &mut File,
    name: &FileName,
    declared: Option<&str>,
) -> Result<&'static FileKind, ApiError> {
    let shown = shown(file, name).map_err(ApiError::internal)?;
    let kind = shown.map_err(|refusal| ApiError::invalid(vec![refused(refusal)]))?;
    let faults = disagreements(kind, name, declared);
    if faults.is_empty() { Ok(kind) } else { Err(ApiError::invalid(faults)) }
}

fn disagreements(kind: &FileKind, name: &FileName, declared: Option<&str>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let extension = name.extension();
    if extension.as_deref().is_none_or(|extension| !kind.extensions.contains(&extension)) {
        let expected = kind.extensions.join(", .");
        faults.push(Fault::new(
            "/file",
            "extension_differs",
            Bilingual::new(
                format!("Nội dung tệp là {}, nên tên tệp phải có đuôi .{expected}.", kind.media_type),
                format!("The content is {}, so the name must end in .{expected}.", kind.media_type),
            ),
        ));
    }
    let agrees =
        |declared: &str| declared == kind.media_type || declared == UNKNOWN || kind.also.contains(&declared);
    if declared.is_some_and(|declared| !agrees(&declared.to_ascii_lowercase())) {
        faults.push(Fault::new(
            "/file",
            "type_differs",
            Bilingual::new(
                format!("Nội dung tệp là {}, không đúng với Content-Type đã khai.", kind.media_type),
                format!(
                    "The content is {}, which is not the Content-Type that was declared.",
                    kind.media_type
                ),
            ),
        ));
    }
    faults
}

type Shown = Result<&'static FileKind, Refusal>;

/// What the content shows a file to be; the name tells only which kind of text.
fn shown(file: &mut File, name: &FileName) -> std::io::Result<Shown> {
    let mut head = Vec::new();
    file.rewind()?;
    file.by_ref().take(HEAD).read_to_end(&mut head)?;
    file.rewind()?;
    if head.is_empty() {
        return Ok(Err(EMPTY));
    }
    if head.starts_with(b"PK") {
        return office(file);
    }
    let Some(magic) = infer::get(&head) else { return text(file, &head, name) };
    if let Some(kind) = BY_MAGIC.iter().find(|kind| kind.media_type == magic.mime_type()) {
        return Ok(Ok(kind));
    }
    use infer::MatcherType;
    Ok(match (magic.matcher_type(), magic.mime_type()) {
        (_, "text/xml") => return text(file, &head, name),
        (_, "text/html") => Err(ACTIVE),
        (MatcherType::App | MatcherType::Text, _) => Err(PROGRAM),
        (MatcherType::Archive, _) => Err(ARCHIVE),
        _ => Err(NOT_TAKEN),
    })
}

/// Text: UTF-8 from end to end.
fn text(file: &mut File, head: &[u8], name: &FileName) -> std::io::Result<Shown> {
    if !is_text(file)? {
        return Ok(Err(NOT_TAKEN));
    }
    let begin = head.strip_prefix(b"\xef\xbb\xbf".as_slice()).unwrap_or(head);
    if begin.starts_with(b"#!") {
        return Ok(Err(PROGRAM));
    }
    if begin.trim_ascii_start().starts_with(b"<") {
        file.rewind()?;
        return Ok(xml(BufReader::new(file)).map(|()| &XML));
    }
    Ok(match name.extension().as_deref() {
        Some("csv") => Ok(&CSV),
        _ => Ok(&TEXT),
    })
}

/// Whether a file is text in UTF-8: letters may be cut where one read ends and the next begins.
fn is_text(file: &mut File) -> std::io::Result<bool> {
    let is_plain =
        |text: &str| !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}'));
    file.rewind()?;
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let mut cut: Vec<u8> = Vec::new();
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok(cut.is_empty());
        }
        let length = chunk.len();
        cut.extend_from_slice(chunk);
        let whole = match std::str::from_utf8(&cut) {
            Ok(text) if is_plain(text) => cut.len(),
            Err(error) if error.error_len().is_none() => {
                let (text, _) = cut.split_at(error.valid_up_to());
                if !std::str::from_utf8(text).is_ok_and(is_plain) {
                    return Ok(false);
                }
                error.valid_up_to()
            }
            _ => return Ok(false),
        };
        cut.drain(..whole);
        reader.consume(length);
    }
}

/// XML that is well formed, has no document type and nothing that a browser would run.
fn xml(file: impl BufRead) -> Result<(), Refusal> {
    let mut reader = NsReader::from_reader(file);
    let (mut buffer, mut depth, mut elements) = (Vec::new(), 0_usize, 0_usize);
    loop {
        buffer.clear();
        let (namespace, event) = reader.read_resolved_event_into(&mut buffer).map_err(|_| BROKEN)?;
        match event {
            Event::Start(element) => {
                inert(&namespace, &element)?;
                (depth, elements) = (depth + 1, elements + 1);
            }
            Event::Empty(element) => {
                inert(&namespace, &element)?;
                elements += 1;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Decl(declaration) => {
                let encoding = declaration.encoding().transpose().map_err(|_| BROKEN)?;
                let is_utf8 =
                    |name: &str| ["utf-8", "us-ascii"].iter().any(|known| name.eq_ignore_ascii_case(known));
                if encoding.is_some_and(|name| !is_utf8(&name)) {
                    return Err(NOT_TAKEN);
                }
            }
            Event::PI(_) | Event::DocType(_) => return Err(ACTIVE),
            Event::Eof if depth == 0 && elements > 0 => return Ok(()),
            Event::Eof => return Err(BROKEN),
            _ => {}
        }
        if depth > XML_DEPTH {
            return Err(NOT_TAKEN);
        }
    }
}

fn inert(namespace: &ResolveResult<'_>, element: &BytesStart<'_>) -> Result<(), Refusal> {
    let name = element.local_name();
    let is_named = ACTIVE_ELEMENTS.iter().any(|active| name.as_ref().eq_ignore_ascii_case(active));
    let is_active = match namespace {
        ResolveResult::Bound(Namespace(uri)) => ACTIVE_NAMESPACES.contains(uri),
        ResolveResult::Unbound => is_named,
        ResolveResult::Unknown(_) => return Err(BROKEN),
    };
    if is_active {
        return Err(ACTIVE);
    }
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|_| BROKEN)?;
        // A namespace that is written in character references is one in disguise.
        if attribute.key.as_ref().starts_with("xmlns") && attribute.value.contains('&') {
            return Err(ACTIVE);
        }
    }
    Ok(())
}

/// An archive: an office file, or nothing that is taken.
fn office(file: &mut File) -> std::io::Result<Shown> {
    let Some(count) = parts_stated(file)? else { return Ok(Err(BROKEN)) };
    if count > PARTS {
        return Ok(Err(NOT_TAKEN));
    }
    file.rewind()?;
    let Ok(mut archive) = ZipArchive::new(BufReader::new(file)) else { return Ok(Err(BROKEN)) };
    // A part that stands twice shows one reader one thing, and another something else.
    if archive.len() != count {
        return Ok(Err(BROKEN));
    }
    let mut names = BTreeSet::new();
    for name in archive.file_names() {
        let Ok(name) = name else { return Ok(Err(BROKEN)) };
        if !names.insert(name.to_lowercase()) {
            return Ok(Err(BROKEN));
        }
    }
    Ok(office_kind(&mut archive, &names))
}

fn office_kind<R: Read + Seek>(archive: &mut ZipArchive<R>, names: &BTreeSet<String>) -> Shown {
    let is_macro = |name: &String| {
        ["vbaproject.bin", "vbadata.xml"].iter().any(|end| name.ends_with(end))
            || ["/macrosheets/", "/activex/"].iter().any(|folder| name.contains(folder))
            || ["basic/", "scripts/", "dialogs/"].iter().any(|folder| name.starts_with(folder))
    };
    if names.contains("[content_types].xml") {
        let types = part(archive, "[Content_Types].xml")?.to_lowercase();
        if names.iter().any(is_macro) || lists_macros(&types) {
            return Err(MACROS);
        }
        // In character references the list would say one thing to this search and another to a program.
        let is_listed = |main: &str| {
            ['"', '\''].iter().any(|quote| types.contains(&format!("{quote}{}{quote}", main.to_lowercase())))
        };
        let main = OFFICE.iter().find(|(main, _)| is_listed(main));
        return main.filter(|_| !types.contains('&')).map(|(_, kind)| kind).ok_or(NOT_TAKEN);
    }
    if names.contains("mimetype") {
        let media_type = part(archive, "mimetype")?;
        let kind = OPEN_DOCUMENT.iter().find(|kind| kind.media_type == media_type.trim()).ok_or(NOT_TAKEN)?;
        return if names.iter().any(is_macro) { Err(MACROS) } else { Ok(kind) };
    }
    Err(ARCHIVE)
}

/// A small part of an archive, as text.
fn part<R: Read + Seek>(archive: &mut ZipArchive<R>, name: &str) -> Result<String, Refusal> {
    let part = archive.by_name(name).map_err(|_| BROKEN)?;
    let mut text = String::new();
    part.take(TYPES_BYTES + 1).read_to_string(&mut text).map_err(|_| BROKEN)?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= TYPES_BYTES) {
        Ok(text)
    } else {
        Err(NOT_TAKEN)
    }
}

/// How many parts an archive says that it has, by the record at its very end; `None` when there is
/// none. Read before the directory is, whose size in memory depends on it.
fn parts_stated(file: &mut File) -> std::io::Result<Option<usize>> {
    const RECORD: usize = 22;
    let size = file.seek(SeekFrom::End(0))?;
    let tail = size.min(u64::from(u16::MAX) + 22);
    file.seek(SeekFrom::Start(size - tail))?;
    let mut bytes = Vec::new();
    file.by_ref().take(tail).read_to_end(&mut bytes)?;
    let number = |at: usize| Some(usize::from(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])));
    let begins = (0..=bytes.len().saturating_sub(RECORD)).rev();
    let mut records = begins.filter(|at| bytes.get(*at..*at + 4) == Some(b"PK\x05\x06".as_slice()));
    let Some(at) = records.next() else { return Ok(None) };
    let ends_here = number(at + 20).is_some_and(|comment| at + RECORD + comment == bytes.len());
    Ok(if ends_here { number(at + 10) } else { None })
}
