//! The workbook: its worksheets, the texts that cells share, and which looks show days.

use std::collections::HashMap;
use std::io::{Read, Seek};

use quick_xml::events::Event;

use super::archive::{Archive, Part, attribute};
use super::days::shows_a_day;
use super::{PARTS, cut_or_broken, too_large};
use crate::error::ApiError;

/// What is known of a workbook beside its cells.
#[derive(Default)]
pub(super) struct Book {
    /// The worksheets by name, with the paths of their parts.
    pub(super) sheets: Vec<(String, String)>,
    pub(super) texts: Texts,
    /// Of each look, whether it shows numbers as days.
    pub(super) days: Vec<bool>,
    /// Whether its days begin with 1904, as those of old Macintosh files.
    pub(super) from_1904: bool,
}

/// The texts that cells share, one behind the other.
#[derive(Default)]
pub(super) struct Texts {
    all: String,
    ends: Vec<u32>,
}

impl Texts {
    pub(super) fn get(&self, place: usize) -> Option<&str> {
        let end = |place: usize| usize::try_from(*self.ends.get(place)?).ok();
        let begin = match place.checked_sub(1) {
            Some(before) => end(before)?,
            None => 0,
        };
        self.all.get(begin..end(place)?)
    }
}

impl Book {
    pub(super) fn read<S: Read + Seek>(archive: &mut Archive<S>) -> Result<Self, ApiError> {
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
