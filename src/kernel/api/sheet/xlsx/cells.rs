//! The worksheet: its rows and cells, in their order.

use std::borrow::Cow;
use std::io::{Read, Seek};

use quick_xml::events::Event;

use super::archive::{Part, attribute, unescaped};
use super::book::Book;
use super::cut_or_broken;
use super::days::{midnight, moment};
use crate::api::sheet::given::Given;
use crate::api::sheet::read::Rows;
use crate::api::sheet::{COLUMNS, HEAD_ROWS, SHEET_ROWS};
use crate::error::ApiError;

/// A worksheet that is being read.
pub(super) struct Sheet<'a, 'r> {
    pub(super) book: &'a Book,
    pub(super) rows: &'a mut Rows<'r>,
    /// The row's number, from 1.
    pub(super) row: u32,
}

/// What stands in a cell.
#[derive(Default)]
struct Content {
    value: String,
    formula: Option<String>,
}

impl Sheet<'_, '_> {
    pub(super) fn read<S: Read + Seek>(mut self, part: &mut Part<'_, S>) -> Result<(), ApiError> {
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
                    if number <= self.row || number > SHEET_ROWS + HEAD_ROWS {
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
pub(super) fn position(name: &str) -> Option<(u32, u16)> {
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, row) = name.split_at_checked(letters)?;
    let mut place = 0_u16;
    for letter in letters.bytes() {
        let digit = letter.to_ascii_uppercase() - b'A' + 1;
        place = place.checked_mul(26)?.checked_add(digit.into())?;
    }
    Some((row.parse().ok().filter(|row| *row > 0)?, place.checked_sub(1)?))
}
