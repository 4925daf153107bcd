//! Spreadsheets: lists and forms that office programs open, files that clerks fill in, and files that
//! are not what they seem.

mod filled_in;
mod refused;
mod written;

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use calamine::{Reader, Xlsx};
use chrono::NaiveDate;
use rust_xlsxwriter::{Format, Workbook, Worksheet};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use crate::support::story::Story;
use crate::support::{Answer, Client};

/// All stories of this folder.
pub fn all() -> Vec<Story> {
    [written::stories(), filled_in::stories(), refused::stories()].concat()
}

pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const RETURNS: &str = "/api/v1/tthc/processing-returns/import";

/// The worksheet of a template or a list that has the records.
pub const DATA: &str = "Dữ liệu";

/// The records of a spreadsheet, by the names in its second row.
pub fn records(file: &[u8]) -> Vec<BTreeMap<String, String>> {
    let rows = rows(file, DATA);
    let named = |row: &Vec<String>| rows[1].iter().cloned().zip(row.iter().cloned()).collect();
    rows[2..].iter().map(named).collect()
}

/// The letters of the column of a field.
fn letters(file: &[u8], name: &str) -> String {
    let place = rows(file, DATA)[1].iter().position(|known| known == name).unwrap();
    rust_xlsxwriter::utility::column_number_to_name(place.try_into().unwrap())
}

/// A part of an archive as text.
pub fn part(file: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The notes on the cells of the first worksheet: each cell with its words.
fn notes(file: &[u8]) -> BTreeMap<String, String> {
    let tag =
        |text: &str| text.split('<').filter_map(|tag| Some(tag.split_once('>')?.1.to_owned())).collect();
    let comments = part(file, "xl/comments1.xml");
    let note = |comment: &str| {
        let cell = comment.split('"').nth(1).unwrap().to_owned();
        let words: String = tag(comment);
        (cell, words.replace("&quot;", "\"").replace("&amp;", "&"))
    };
    comments.split("<comment ref=").skip(1).map(note).collect()
}

/// What a spreadsheet program lets into which cells of the first worksheet, and what it says otherwise.
fn rules(file: &[u8]) -> Vec<String> {
    part(file, SHEET).split("<dataValidation ").skip(1).map(str::to_owned).collect()
}

const SHEET: &str = "xl/worksheets/sheet1.xml";

/// The rows of a worksheet, as the texts of their cells.
pub fn rows(file: &[u8], sheet: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    let range = book.worksheet_range(sheet).unwrap();
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

/// A workbook as a clerk fills it in: the names of the fields in its second row, records below; what
/// reads as a day is one.
pub fn workbook(sheet: &str, names: &[String], records: &[Vec<Value>]) -> Vec<u8> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.set_name(sheet).unwrap();
    for (place, name) in (0..).zip(names) {
        page.write_string(1, place, name).unwrap();
    }
    for (row, record) in (2..).zip(records) {
        for (place, value) in (0..).zip(record) {
            put(page, row, place, value);
        }
    }
    book.save_to_buffer().unwrap()
}

fn put(page: &mut Worksheet, row: u32, place: u16, value: &Value) {
    let day = Format::new().set_num_format("dd/mm/yyyy");
    match value {
        Value::Null => {}
        Value::Number(number) => {
            page.write_number(row, place, number.as_f64().unwrap()).unwrap();
        }
        Value::Bool(is_it) => {
            page.write_boolean(row, place, *is_it).unwrap();
        }
        Value::String(text) => match text.parse::<NaiveDate>() {
            Ok(at) => {
                page.write_datetime_with_format(row, place, at, &day).unwrap();
            }
            Err(_) => {
                page.write_string(row, place, text).unwrap();
            }
        },
        nested => {
            page.write_string(row, place, nested.to_string()).unwrap();
        }
    }
}

fn returns(records: &[(&str, &str, &str, i64)]) -> Vec<u8> {
    let names = ["org_unit_code", "period_code", "handling_level", "received_online"].map(String::from);
    let record = |(code, period, level, count): &(&str, &str, &str, i64)| {
        vec![json!(code), json!(period), json!(level), json!(count)]
    };
    workbook("processing-returns", &names, &records.iter().map(record).collect::<Vec<_>>())
}

pub async fn send(client: &Client, path: &str, file: Vec<u8>) -> Answer {
    client.send("POST", path, Some((XLSX, file))).await
}

/// The codes of the faults, with where they are.
pub fn codes(answer: &Answer) -> Vec<(String, String)> {
    let body = answer.json();
    let text = |fault: &Value, member: &str| fault[member].as_str().unwrap().to_owned();
    let faults = body["errors"].as_array().unwrap_or_else(|| panic!("{body}"));
    faults.iter().map(|fault| (text(fault, "code"), text(fault, "pointer"))).collect()
}

pub fn one(code: &str, pointer: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), pointer.to_owned())]
}

/// A workbook whose one record has this cell.
pub fn with_cell(name: &str, put: impl Fn(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.set_name("holidays").unwrap();
    for (place, field) in (0..).zip(["day", "kind", "name"]) {
        page.write_string(0, place, field).unwrap();
    }
    let day = Format::new().set_num_format("dd/mm/yyyy");
    let on = NaiveDate::from_ymd_opt(2031, 1, 1).unwrap();
    page.write_datetime_with_format(1, 0, on, &day).unwrap();
    page.write_string(1, 1, "holiday").unwrap();
    page.write_string(1, 2, name).unwrap();
    put(page);
    book.save_to_buffer().unwrap()
}

/// The same archive with this part, as another one or in place of the one of this name.
pub fn with_part(file: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..from.len() {
        let part = from.by_index_raw(index).unwrap();
        if part.name().unwrap() != name {
            to.raw_copy_file(part).unwrap();
        }
    }
    to.start_file(name, SimpleFileOptions::default()).unwrap();
    to.write_all(content).unwrap();
    to.finish().unwrap().into_inner()
}
