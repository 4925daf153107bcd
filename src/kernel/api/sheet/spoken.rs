//! What is wrong with a row in the words that its sheet shows: headings stand for the names of fields,
//! terms for values. A clerk knows neither `carried_over_basis` nor `implied`.

use super::write::YES_NO;
use crate::api::table::{Choice, Column, Columns, Content};
use crate::error::{Bilingual, Fault};

/// The fault of a row in the words of its sheet.
pub(super) fn spoken(columns: &Columns, fault: Fault) -> Fault {
    let own = columns.at(&fault.pointer);
    let is_whole =
        own.is_some_and(|column| column.name.replace('.', "/") == fault.pointer.trim_start_matches('/'));
    let message = match (own.map(|column| &column.content), fault.code.as_ref()) {
        (Some(Content::Choice(choices)), "enum") if is_whole => one_of(choices),
        (Some(Content::Boolean), "type") if is_whole => yes_no(),
        _ => Bilingual::new(
            in_words(columns, own, &fault.message.vi),
            in_words(columns, own, &fault.message.en),
        ),
    };
    Fault { message, ..fault }
}

fn one_of(choices: &[Choice]) -> Bilingual {
    let terms = choices.iter().map(|choice| choice.label.as_str()).collect::<Vec<_>>().join("; ");
    Bilingual::new(
        format!("Phải chọn một trong các giá trị: {terms}."),
        format!("The value must be one of: {terms}."),
    )
}

fn yes_no() -> Bilingual {
    let [yes, no] = YES_NO;
    Bilingual::new(format!("Phải ghi “{yes}” hoặc “{no}”."), format!("Write “{yes}” (yes) or “{no}” (no)."))
}

/// A sentence in which what stands in backticks, or is the name of a field beyond doubt, is said in
/// words.
fn in_words(columns: &Columns, own: Option<&Column>, sentence: &str) -> String {
    let parts: Vec<_> = sentence.split('`').collect();
    let last = parts.len() - 1;
    let mut told = String::with_capacity(sentence.len());
    for (place, part) in parts.into_iter().enumerate() {
        let is_quoted = place % 2 == 1;
        match word(columns, own, part) {
            Some(word) if is_quoted && place < last => {
                told.push('“');
                told.push_str(&word);
                told.push('”');
            }
            _ if is_quoted => {
                told.push('`');
                told.push_str(part);
                if place < last {
                    told.push('`');
                }
            }
            _ => with_headings(columns, part, &mut told),
        }
    }
    told
}

/// A heading for the name of a field, or the term for a value: first one of the field's own.
fn word(columns: &Columns, own: Option<&Column>, code: &str) -> Option<String> {
    let value = |column: &Column| match &column.content {
        Content::Choice(choices) => {
            choices.iter().find(|choice| choice.value == code).map(|choice| choice.label.clone())
        }
        _ => None,
    };
    let heading = columns.all().iter().find(|column| column.name == code).map(Column::heading);
    heading.or_else(|| own.and_then(value)).or_else(|| columns.all().iter().find_map(value))
}

/// Adds a text with the names of fields that no other word looks like: those of two words.
fn with_headings(columns: &Columns, text: &str, told: &mut String) {
    let is_of_a_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut rest = text;
    while let Some(begin) = rest.find(is_of_a_name) {
        let (before, from) = rest.split_at(begin);
        let (name, behind) = from.split_at(from.find(|letter| !is_of_a_name(letter)).unwrap_or(from.len()));
        told.push_str(before);
        match columns.all().iter().find(|column| column.name == name && name.contains('_')) {
            Some(column) => {
                told.push('“');
                told.push_str(&column.heading());
                told.push('”');
            }
            None => told.push_str(name),
        }
        rest = behind;
    }
    told.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        let column = |name: &str, label: &str, content| Column {
            name: name.into(),
            label: label.into(),
            required: true,
            content,
            limits: (None, None),
            sample: None,
        };
        let choice = |value: &str, label: &str| Choice { value: value.into(), label: label.into() };
        Columns::from(vec![
            column(
                "level",
                "cấp",
                Content::Choice(vec![choice("all", "cả ba cấp"), choice("commune", "cấp xã")]),
            ),
            column("count_basis", "căn cứ", Content::Choice(vec![choice("all", "mọi hồ sơ")])),
            column("nil", "không phát sinh", Content::Boolean),
        ])
    }

    fn told(pointer: &str, code: &'static str, vi: &'static str) -> String {
        spoken(&columns(), Fault::new(pointer, code, Bilingual::new(vi, vi))).message.vi.into_owned()
    }

    #[test]
    fn names_and_values_are_said_in_words() {
        assert_eq!(
            told("/count_basis", "x", "Chọn `count_basis`: `all`, hay ghi `level`."),
            "Chọn “Căn cứ”: “mọi hồ sơ”, hay ghi “Cấp”."
        );
        assert_eq!(
            told("", "x", "Nêu đúng một trong count_basis và level."),
            "Nêu đúng một trong “Căn cứ” và level."
        );
        assert_eq!(
            told("", "x", "Không có `commune_2` ở xcount_basis, `lẻ"),
            "Không có `commune_2` ở xcount_basis, `lẻ"
        );
    }

    #[test]
    fn what_there_is_to_choose_is_told_as_the_sheet_offers_it() {
        let said = told("/level", "enum", "Giá trị phải là một trong: all, commune.");
        assert_eq!(said, "Phải chọn một trong các giá trị: cả ba cấp; cấp xã.");
        assert_eq!(told("/nil", "type", "Sai kiểu dữ liệu."), "Phải ghi “có” hoặc “không”.");
        assert_eq!(told("/level/0/unit", "enum", "Phải là một trong: x."), "Phải là một trong: x.");
    }
}
