//! What a cell holds, and what it says in its column.

use chrono::{NaiveDateTime, NaiveTime};
use rust_xlsxwriter::{Format, Worksheet, XlsxError};
use serde_json::{Map, Number, Value};

use super::write::{DAY, MOMENT, cell, fitting, yes_or_no};
use crate::api::table::{Choice, Columns, Content, csv_cell, plain};
use crate::error::{Bilingual, Fault};
use crate::text::fold;

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Given {
    /// Text of a spreadsheet.
    Text(String),
    /// Text of a CSV file, which knows nothing else.
    Plain(String),
    /// A number.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// A day or a moment; a spreadsheet knows no time zone.
    Day(NaiveDateTime),
    /// A formula, with what it was last seen to give.
    Formula(String),
    /// An error that a formula gave, such as `#REF!`.
    Error(String),
}

/// A row of a file, with the cells that hold something.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GivenRow {
    /// Its number, from 1.
    pub number: u32,
    /// The cells that hold something, by the place of their column in the file, from 0.
    pub cells: Vec<(u16, Given)>,
}

/// Which column of a file holds which field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// The number of its row, from 1.
    pub row: u32,
    /// By the place in the file: the column's place among the [`Columns`].
    pub fields: Vec<Option<usize>>,
    /// The column of a marked copy that tells faults; it may hold anything.
    pub faults: Option<usize>,
}

impl Head {
    /// How a place in the record of a row is called before what is wrong there: its cell, or its row where
    /// the file has no such column.
    pub(super) fn called(&self, columns: &Columns, row: u32, pointer: &str) -> Bilingual {
        let field = columns.at(pointer);
        let is_it = |place: &Option<usize>| {
            field.is_some() && place.and_then(|place| columns.all().get(place)) == field
        };
        let place = self.fields.iter().position(is_it).and_then(|place| u16::try_from(place).ok());
        match place.map(|place| cell_name(row, place)) {
            Some(cell) => Bilingual::new(format!("Ô {cell}: "), format!("Cell {cell}: ")),
            None => match field {
                Some(column) => {
                    let heading = column.heading();
                    Bilingual::new(
                        format!("Dòng {row}, cột “{heading}”: "),
                        format!("Row {row}, column “{heading}”: "),
                    )
                }
                None => Bilingual::new(format!("Dòng {row}: "), format!("Row {row}: ")),
            },
        }
    }

    /// The record that a row holds, or what is wrong with its cells, by their field.
    pub(super) fn record(&self, columns: &Columns, row: &GivenRow) -> (Map<String, Value>, Vec<Fault>) {
        let (mut members, mut faults) = (Map::new(), Vec::new());
        for (place, given) in &row.cells {
            let field = self.fields.get(usize::from(*place)).copied().flatten();
            let Some(column) = field.and_then(|field| columns.all().get(field)) else { continue };
            match given.value(&column.content) {
                Ok(value) => put(&mut members, column.steps(), value),
                Err((code, message)) => {
                    faults.push(Fault::new(format!("/{}", column.name.replace('.', "/")), code, message));
                }
            }
        }
        (members, faults)
    }
}

/// Puts a value into a record, or into the object that is one of its members.
fn put(members: &mut Map<String, Value>, (member, inner): (&str, Option<&str>), value: Value) {
    match inner {
        None => {
            members.insert(member.to_owned(), value);
        }
        Some(inner) => {
            let object = members.entry(member).or_insert_with(|| Map::new().into());
            if let Some(object) = object.as_object_mut() {
                object.insert(inner.to_owned(), value);
            }
        }
    }
}

impl GivenRow {
    /// The bytes of its texts.
    pub(super) fn text_bytes(&self) -> usize {
        let bytes = |(_, given): &(u16, Given)| match given {
            Given::Text(text) | Given::Plain(text) | Given::Formula(text) | Given::Error(text) => text.len(),
            Given::Number(_) | Given::Boolean(_) | Given::Day(_) => 0,
        };
        self.cells.iter().map(bytes).sum()
    }
}

/// The name of a cell as a spreadsheet program shows it: `C12`.
pub(super) fn cell_name(row: u32, place: u16) -> String {
    rust_xlsxwriter::utility::row_col_to_cell(row.saturating_sub(1), place)
}

impl Given {
    /// The value in a column with this content. What the column cannot hold at all is left to the
    /// schema, which tells what it should have been.
    fn value(&self, content: &Content) -> Result<Value, (&'static str, Bilingual)> {
        Ok(match (self, content) {
            (Self::Formula(_), _) => return Err(formula()),
            (Self::Error(error), _) => return Err(error_value(error)),
            (Self::Text(_), Content::Date) => return Err(date_as_text()),
            (Self::Text(text) | Self::Plain(text), Content::Choice(choices)) => chosen(text, choices),
            (Self::Text(text) | Self::Plain(text), Content::Nested(_)) => {
                serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into())
            }
            (Self::Text(text) | Self::Plain(text), Content::Boolean) => boolean(text),
            (Self::Plain(text), Content::Integer | Content::Number) => {
                text.parse::<Number>().map_or_else(|_| text.as_str().into(), Value::Number)
            }
            (Self::Text(text), _) => text.as_str().into(),
            (Self::Plain(text), _) => plain(text).into_owned().into(),
            (Self::Number(_), Content::Id | Content::Text | Content::Choice(_)) => {
                return Err(number_as_text());
            }
            (Self::Number(_), Content::Date | Content::Instant) => return Err(no_date()),
            (Self::Number(number), Content::Boolean) if *number == 0.0 || *number == 1.0 => {
                (*number == 1.0).into()
            }
            (Self::Number(number), _) => whole(*number),
            (Self::Boolean(is_it), _) => (*is_it).into(),
            (Self::Day(at), Content::Date) if at.time() == NaiveTime::MIN => at.date().to_string().into(),
            (Self::Day(at), Content::Instant) => vietnamese(at).into(),
            (Self::Day(_), _) => return Err(unexpected_date()),
        })
    }

    /// Writes it as it was, a formula as its text; what a CSV file says in letters becomes what its
    /// column holds.
    pub(super) fn write(
        &self,
        sheet: &mut Worksheet,
        (row, place): (u32, u16),
        content: &Content,
        look: &Format,
    ) -> Result<(), XlsxError> {
        match self {
            Self::Plain(_) if let Ok(value) = self.value(content) => {
                return match content {
                    Content::Date => {
                        cell(sheet, (row, place), content, &value, &look.clone().set_num_format(DAY))
                    }
                    Content::Instant => {
                        cell(sheet, (row, place), content, &value, &look.clone().set_num_format(MOMENT))
                    }
                    _ => cell(sheet, (row, place), content, &value, look),
                };
            }
            Self::Text(text) | Self::Plain(text) | Self::Formula(text) | Self::Error(text) => {
                sheet.write_string_with_format(row, place, fitting(text), look)?
            }
            Self::Number(number) => sheet.write_number_with_format(row, place, *number, look)?,
            Self::Boolean(is_it) if *content == Content::Boolean => {
                sheet.write_string_with_format(row, place, yes_or_no(*is_it), look)?
            }
            Self::Boolean(is_it) => sheet.write_boolean_with_format(row, place, *is_it, look)?,
            Self::Day(at) => {
                let is_day = at.time() == NaiveTime::MIN;
                let look = look.clone().set_num_format(if is_day { DAY } else { MOMENT });
                sheet.write_datetime_with_format(row, place, at, &look)?
            }
        };
        Ok(())
    }

    /// The text that a clerk sees, for the copy in which faults are marked.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) | Self::Plain(text) | Self::Formula(text) | Self::Error(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Boolean(is_it) => is_it.to_string().to_uppercase(),
            Self::Day(at) => at.to_string(),
        }
    }
}

impl Given {
    /// The text of CSV from which the same is read in a column with this content.
    pub(super) fn in_csv(&self, content: &Content) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Text(text) | Self::Formula(text) | Self::Error(text) => {
                csv_cell(&text.as_str().into()).into_owned()
            }
            Self::Number(number) => number.to_string(),
            Self::Boolean(is_it) => is_it.to_string(),
            Self::Day(at) if *content == Content::Instant => vietnamese(at),
            Self::Day(at) if at.time() == NaiveTime::MIN => at.date().to_string(),
            Self::Day(at) => vietnamese(at),
        }
    }
}

/// A moment that was entered in Vietnam.
fn vietnamese(at: &NaiveDateTime) -> String {
    format!("{}+07:00", at.format("%Y-%m-%dT%H:%M:%S"))
}

/// A choice by its value or by its Vietnamese term.
fn chosen(text: &str, choices: &[Choice]) -> Value {
    let folded = fold(text);
    let known = choices.iter().find(|choice| choice.value == text);
    let known = known.or_else(|| choices.iter().find(|choice| fold(&choice.label) == folded));
    known.map_or(text, |choice| choice.value.as_str()).into()
}

fn boolean(text: &str) -> Value {
    match fold(text).as_str() {
        "true" | "co" | "1" => true.into(),
        "false" | "khong" | "0" => false.into(),
        _ => text.into(),
    }
}

/// A spreadsheet keeps whole numbers as floating ones.
fn whole(number: f64) -> Value {
    if number.fract() == 0.0
        && number.abs() < 9_007_199_254_740_992.0
        && let Ok(whole) = format!("{number:.0}").parse::<i64>()
    {
        return whole.into();
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

fn formula() -> (&'static str, Bilingual) {
    let message = Bilingual::new(
        "Ô chứa công thức; hãy dán giá trị thay cho công thức.",
        "The cell holds a formula; paste its value instead.",
    );
    ("formula", message)
}

fn error_value(error: &str) -> (&'static str, Bilingual) {
    let message =
        Bilingual::new(format!("Ô đang báo lỗi {error}."), format!("The cell shows the error {error}."));
    ("error_value", message)
}

fn date_as_text() -> (&'static str, Bilingual) {
    let message = Bilingual::new(
        "Ô là văn bản, không phải ngày; hãy định dạng ô kiểu Ngày rồi nhập lại.",
        "The cell holds text and not a date; format it as a date and enter it again.",
    );
    ("date_as_text", message)
}

fn number_as_text() -> (&'static str, Bilingual) {
    let message = Bilingual::new(
        "Ô là số nên có thể đã mất số 0 ở đầu; hãy định dạng ô kiểu Văn bản rồi nhập lại.",
        "The cell holds a number and may have lost leading zeros; format it as text and enter it again.",
    );
    ("number_as_text", message)
}

fn no_date() -> (&'static str, Bilingual) {
    let message = Bilingual::new(
        "Ô là số, không phải ngày; hãy định dạng ô kiểu Ngày.",
        "The cell holds a number and not a date; format it as a date.",
    );
    ("not_a_date", message)
}

fn unexpected_date() -> (&'static str, Bilingual) {
    let message = Bilingual::new(
        "Ô là ngày giờ không dùng được ở cột này; cột ngày không kèm giờ, cột khác không nhận ngày.",
        "The cell holds a date that this column cannot take: a day has no time, other columns take no date.",
    );
    ("unexpected_date", message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(given: &Given, content: &Content) -> Value {
        given.value(content).unwrap()
    }

    fn code(given: &Given, content: &Content) -> &'static str {
        given.value(content).unwrap_err().0
    }

    fn text(text: &str) -> Given {
        Given::Text(text.to_owned())
    }

    #[test]
    fn a_cell_says_what_its_column_can_hold() {
        let level = Content::Choice(vec![Choice { value: "commune".into(), label: "cấp xã".into() }]);
        assert_eq!(value(&text("Cấp xã"), &level), "commune");
        assert_eq!(value(&text("commune"), &level), "commune");
        assert_eq!(value(&text("xã"), &level), "xã", "the schema says what there is to choose");
        assert_eq!(value(&Given::Number(12.0), &Content::Integer), 12);
        assert_eq!(value(&Given::Number(12.5), &Content::Integer), 12.5);
        for (yes, no) in [("Có", "không"), ("co", "KHONG"), ("TRUE", "false"), ("1", "0")] {
            assert_eq!(value(&text(yes), &Content::Boolean), true, "{yes}");
            assert_eq!(value(&text(no), &Content::Boolean), false, "{no}");
        }
        assert_eq!(value(&Given::Number(1.0), &Content::Boolean), true);
        assert_eq!(value(&Given::Number(0.0), &Content::Boolean), false);
        assert_eq!(value(&Given::Number(2.0), &Content::Boolean), 2, "the schema says what is taken");
        assert_eq!(value(&text("[1]"), &Content::Nested(Vec::new())), json!([1]));
        let day = |text: &str| Given::Day(text.parse().unwrap());
        assert_eq!(value(&day("2024-06-30T00:00:00"), &Content::Date), "2024-06-30");
        assert_eq!(value(&day("2024-06-30T07:30:00"), &Content::Instant), "2024-06-30T07:30:00+07:00");
    }

    #[test]
    fn a_cell_that_may_mean_something_else_is_refused() {
        assert_eq!(code(&text("01/02/2024"), &Content::Date), "date_as_text");
        assert_eq!(code(&Given::Number(934.0), &Content::Text), "number_as_text");
        assert_eq!(code(&Given::Number(45_000.0), &Content::Date), "not_a_date");
        assert_eq!(code(&Given::Formula("=A1".into()), &Content::Integer), "formula");
        assert_eq!(code(&Given::Error("#REF!".into()), &Content::Integer), "error_value");
        let moment = Given::Day("2024-06-30T07:30:00".parse().unwrap());
        assert_eq!(code(&moment, &Content::Date), "unexpected_date");
        assert_eq!(code(&moment, &Content::Integer), "unexpected_date");
    }

    #[test]
    fn csv_has_text_alone() {
        let csv = |text: &str| Given::Plain(text.to_owned());
        assert_eq!(value(&csv("12"), &Content::Integer), 12);
        assert_eq!(value(&csv("12 hồ sơ"), &Content::Integer), "12 hồ sơ");
        assert_eq!(value(&csv("2024-06-30"), &Content::Date), "2024-06-30");
        assert_eq!(value(&csv("'=1+1"), &Content::Text), "=1+1", "as a list in CSV guards it");
        assert_eq!(value(&csv("00934"), &Content::Text), "00934");
    }
}
