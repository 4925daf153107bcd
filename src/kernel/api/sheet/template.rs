//! The template of a collection, and the copy of a file in which faults are marked, which is a template
//! too: a clerk mends what is wrong with the same drop-downs and notes.

use std::collections::HashMap;
use std::sync::Arc;

use rust_xlsxwriter::utility::column_number_to_name;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationRule, Format, Formula, Note, Workbook, Worksheet, XlsxError,
};
use serde_json::Value;
use utoipa::ToSchema;

use super::given::{GivenRow, Head};
use super::import::Mark;
use super::write::{Looks, Use, YES_NO, begun, fitting};
use super::{FAULTS, GUIDE, HEAD_ROWS, LISTS};
use crate::api::batch::BATCH_LINES;
use crate::api::contract::Contract;
use crate::api::records::Records;
use crate::api::table::{Catalogue, Choice, Column, Columns, Content, term};
use crate::error::Language;

/// The last row that a template prepares, from 0.
fn last_row() -> u32 {
    HEAD_ROWS + u32::try_from(BATCH_LINES).unwrap_or(10_000) - 1
}

/// What the spreadsheets of a collection are made of.
pub(super) struct Form {
    collection: &'static str,
    /// What its records are in Vietnamese.
    title: String,
    /// Their fields.
    columns: Arc<Columns>,
    /// The values that some of them take from lists.
    catalogues: Vec<Catalogue>,
}

impl Form {
    /// The form of these records.
    pub(super) fn of<R: Records>(
        contract: &Contract,
        collection: &'static str,
        columns: Arc<Columns>,
        catalogues: Vec<Catalogue>,
    ) -> Self
    where
        R::View: ToSchema,
    {
        let title = term(contract, &R::View::name()).unwrap_or_else(|| collection.to_owned());
        Self { collection, title, columns, catalogues }
    }

    /// A template: the head with a note on each field, drop-downs and limits below it, a guide, and what
    /// there is to choose.
    pub(super) fn template(&self) -> Result<Workbook, XlsxError> {
        self.begun(&self.columns.for_people(|_| false), &Looks::new())
    }

    /// A template with these fields and no records yet.
    fn begun(&self, shown: &Columns, looks: &Looks) -> Result<Workbook, XlsxError> {
        let lists = self.lists(shown);
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        begun(sheet, shown, looks, Use::Filled)?;
        for (place, column) in (0_u16..).zip(shown.all()) {
            let list = lists.iter().find(|list| list.name == column.name);
            sheet.insert_note(0, place, &note(&self.words(shown, column, list)))?;
            if let Some(rule) = rule(column, list)? {
                sheet.add_data_validation(HEAD_ROWS, place, last_row(), place, &rule)?;
            }
        }
        self.guide(book.add_worksheet(), shown, &lists, looks)?;
        if !lists.is_empty() {
            write_lists(book.add_worksheet(), &lists, looks)?;
        }
        Ok(book)
    }

    /// What there is to choose in these fields.
    fn lists(&self, shown: &Columns) -> Vec<List> {
        let mut place = 0;
        let list = |column: &Column| {
            let held = self.catalogues.iter().find(|catalogue| catalogue.column == column.name);
            let (entries, beside) = match (&column.content, held) {
                (_, Some(held)) => (held.choices.iter().map(code_first).collect::<Vec<_>>(), "Tên"),
                (Content::Choice(choices), None) => (choices.iter().map(label_first).collect(), "Mã"),
                _ => return None,
            };
            let list = List { name: column.name.clone(), heading: column.heading(), place, beside, entries };
            place += 3;
            Some(list)
        };
        shown.all().iter().filter_map(list).collect()
    }

    /// What a clerk should know of a field.
    fn words(&self, shown: &Columns, column: &Column, list: Option<&List>) -> Vec<String> {
        let mut lines = vec![
            format!("{} ({})", column.heading(), column.name),
            self.need(shown, column),
            entry(column, list),
        ];
        if let Some(sample) = &column.sample {
            lines.push(format!("Ví dụ: {sample}"));
        }
        lines
    }

    /// Whether a field is needed. Who is meant may be told by several: by code, or by identifier.
    fn need(&self, shown: &Columns, column: &Column) -> String {
        if column.required {
            return "Bắt buộc.".to_owned();
        }
        let by_id = stem(&column.name).map(|stem| format!("{stem}_id"));
        let id = self.columns.all().iter().find(|other| Some(&other.name) == by_id.as_ref());
        let Some(id) = id.filter(|id| id.content == Content::Id) else {
            return "Không bắt buộc.".to_owned();
        };
        let is_alike = |other: &&Column| stem(&other.name) == stem(&column.name);
        let alike: Vec<_> =
            shown.all().iter().filter(is_alike).map(|other| format!("“{}”", other.heading())).collect();
        match alike.len() {
            ..=1 => format!("Để chỉ {}.", id.label),
            _ => format!("Để chỉ {}: chỉ điền một trong các cột {}.", id.label, alike.join(", ")),
        }
    }

    fn guide(
        &self,
        sheet: &mut Worksheet,
        shown: &Columns,
        lists: &[List],
        looks: &Looks,
    ) -> Result<(), XlsxError> {
        const WORDS: [&str; 7] = [
            "Mỗi dòng của trang “Dữ liệu” là một bản ghi, nhập từ dòng thứ ba; cột có dấu (*) là bắt buộc.",
            "Không đổi tên trang “Dữ liệu” và các tên ở dòng thứ hai; cột không dùng có thể xóa.",
            "Ngày nhập bằng ô định dạng kiểu Ngày; mã nhập bằng ô định dạng kiểu Văn bản để không mất số 0 ở đầu.",
            "Không dùng công thức, không gộp ô, không thêm macro; không để nhiều dòng trống bên dưới bảng.",
            "Lưu dạng CSV (UTF-8) thì ngày ghi 2026-01-31. Tệp bị cắt giữa chừng được phát hiện, trừ khi chỗ cắt nằm trong ô cuối của dòng cuối: hãy xem lại dòng cuối.",
            "Nên kiểm tra trước bằng cách nhập thử (dry_run=true): hệ thống chỉ ra từng ô chưa đúng mà chưa ghi gì.",
            "Tệp có lỗi được trả lại kèm cột “Lỗi cần sửa”: sửa ngay trong tệp đó rồi gửi lại, không cần xóa cột này.",
        ];
        sheet.set_name(GUIDE)?;
        let bold = looks.plain.clone().set_bold();
        let title = format!("Mẫu nhập: {} ({})", self.title, self.collection);
        sheet.write_string_with_format(0, 0, title, &bold.clone().set_font_size(14))?;
        let mut row = 2;
        for words in WORDS {
            sheet.write_string_with_format(row, 0, words, &looks.plain)?;
            row += 1;
        }
        for (place, width) in (0..).zip([36, 28, 52, 90]) {
            sheet.set_column_width(place, width)?;
        }
        let wrapped = looks.plain.clone().set_text_wrap();
        let mut line = |cells: [&str; 4], look| {
            for (place, text) in (0..).zip(cells) {
                sheet.write_string_with_format(row, place, fitting(text), look)?;
            }
            row += 1;
            Ok::<_, XlsxError>(())
        };
        line([""; 4], &wrapped)?;
        line(["Cột", "Tên trường", "Bắt buộc", "Cách nhập"], &looks.term)?;
        for column in shown.all() {
            let list = lists.iter().find(|list| list.name == column.name);
            let cells = [&column.heading(), &column.name, &self.need(shown, column), &entry(column, list)];
            line(cells.map(String::as_str), &wrapped)?;
        }
        for column in shown.all() {
            let (Content::Nested(members), Some(sample)) = (&column.content, &column.sample) else {
                continue;
            };
            line([""; 4], &wrapped)?;
            let is_list = matches!(sample, Value::Array(_));
            let what = if is_list { "mỗi mục của danh sách gồm" } else { "gồm" };
            let title = match members.is_empty() {
                true => format!("“{}” ({})", column.heading(), column.name),
                false => format!("“{}” ({}): {what}", column.heading(), column.name),
            };
            line([&title, "", "", ""], &bold)?;
            line(["Ví dụ", "", "", &sample.to_string()], &wrapped)?;
            for member in members {
                let need = if member.required { "Bắt buộc." } else { "Không bắt buộc." };
                line([&member.heading(), &member.name, need, &entry_in_json(member)], &wrapped)?;
            }
        }
        Ok(())
    }
}

/// What a name begins with that says of something how it is named.
fn stem(name: &str) -> Option<&str> {
    ["_id", "_code", "_identifier", "_name"].iter().find_map(|ending| name.strip_suffix(ending))
}

/// What there is to choose in a field, on the worksheet of lists.
struct List {
    /// The field's name.
    name: String,
    heading: String,
    /// The column of its values on that worksheet, from 0.
    place: u16,
    /// What stands beside the values.
    beside: &'static str,
    /// The values as they are entered, with what stands beside them.
    entries: Vec<(String, String)>,
}

fn code_first(choice: &Choice) -> (String, String) {
    (choice.value.clone(), choice.label.clone())
}

fn label_first(choice: &Choice) -> (String, String) {
    (choice.label.clone(), choice.value.clone())
}

fn write_lists(sheet: &mut Worksheet, lists: &[List], looks: &Looks) -> Result<(), XlsxError> {
    sheet.set_name(LISTS)?.set_freeze_panes(1, 0)?;
    for List { heading, place, beside, entries, .. } in lists {
        let has_names = entries.iter().any(|(_, beside)| !beside.is_empty());
        sheet.set_column_width(*place, 36)?.set_column_width(place + 1, if has_names { 28 } else { 2 })?;
        sheet.set_column_format(*place, &looks.text)?;
        sheet.write_string_with_format(0, *place, heading, &looks.term)?;
        if has_names {
            sheet.write_string_with_format(0, place + 1, *beside, &looks.term)?;
        }
        for (row, (value, beside)) in (1..).zip(entries) {
            sheet.write_string_with_format(row, *place, value, &looks.text)?;
            if has_names {
                sheet.write_string_with_format(row, place + 1, beside, &looks.plain)?;
            }
        }
    }
    Ok(())
}

/// A note that shows all its lines.
fn note(lines: &[String]) -> Note {
    /// Letters of a line, and its height in pixels.
    const LINE: (usize, usize) = (44, 19);
    let (letters, height) = LINE;
    let rows: usize = lines.iter().map(|line| line.chars().count().div_ceil(letters)).sum();
    let height = u32::try_from((rows + 1) * height).unwrap_or(u32::MAX);
    Note::new(fitting(&lines.join("\n")))
        .set_author("cchc")
        .add_author_prefix(false)
        .set_width(340)
        .set_height(height.clamp(80, 800))
}

/// A number as it is written in Vietnam: `1.000.000`.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut told = if number < 0 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            told.push('.');
        }
        told.push(digit);
    }
    told
}

/// The choices that are told one by one; more stand on the worksheet of lists only.
const CHOICES_TOLD: usize = 8;

/// How a field is entered.
fn entry(column: &Column, list: Option<&List>) -> String {
    let listed = format!("Chọn trong danh sách ở trang “{LISTS}”.");
    match &column.content {
        Content::Choice(choices) if choices.len() <= CHOICES_TOLD => {
            let terms: Vec<_> = choices.iter().map(|choice| choice.label.as_str()).collect();
            format!("Chọn một trong: {}.", terms.join("; "))
        }
        Content::Choice(_) => listed,
        _ if list.is_some() => listed,
        Content::Boolean => format!("Ghi {}.", YES_NO.map(|word| format!("“{word}”")).join(" hoặc ")),
        Content::Date => "Ngày dạng ngày/tháng/năm (31/01/2026), ô định dạng kiểu Ngày.".to_owned(),
        Content::Instant => "Ngày giờ theo giờ Việt Nam, ô định dạng kiểu Ngày.".to_owned(),
        Content::Nested(members) => match members.is_empty() {
            true => "Danh sách ghi dạng JSON, theo ví dụ.".to_owned(),
            false => format!("Ghi dạng JSON, theo ví dụ; các mục con giải thích ở trang “{GUIDE}”."),
        },
        Content::Id | Content::Text | Content::Integer | Content::Number => plain_entry(column),
    }
}

/// How a member of a list or an object is written.
fn entry_in_json(column: &Column) -> String {
    match &column.content {
        Content::Choice(choices) => {
            let terms: Vec<_> =
                choices.iter().map(|choice| format!("{} ({})", choice.value, choice.label)).collect();
            format!("Một trong: {}.", terms.join("; "))
        }
        Content::Boolean => "true (có) hoặc false (không).".to_owned(),
        Content::Date => "Ngày dạng năm-tháng-ngày (2026-01-31).".to_owned(),
        Content::Instant => "Thời điểm dạng 2026-01-31T08:00:00+07:00.".to_owned(),
        Content::Nested(_) => "Danh sách hoặc nhóm trường.".to_owned(),
        Content::Id | Content::Text | Content::Integer | Content::Number => plain_entry(column),
    }
}

/// How a text or a number is entered.
fn plain_entry(column: &Column) -> String {
    match (&column.content, column.limits) {
        (Content::Integer, (Some(least), Some(most))) => {
            format!("Số nguyên từ {} đến {}.", grouped(least), grouped(most))
        }
        (Content::Integer, (Some(least), None)) => format!("Số nguyên, ít nhất là {}.", grouped(least)),
        (Content::Integer, _) => "Số nguyên.".to_owned(),
        (Content::Number, _) => "Số.".to_owned(),
        (Content::Text, (_, Some(most))) => format!("Văn bản, tối đa {} ký tự.", grouped(most)),
        _ => "Văn bản.".to_owned(),
    }
}

/// What a spreadsheet program lets into the cells of a field.
fn rule(column: &Column, list: Option<&List>) -> Result<Option<DataValidation>, XlsxError> {
    let rule = DataValidation::new();
    let rule = match (&column.content, column.limits) {
        _ if let Some(list) = list => {
            let letters = column_number_to_name(list.place);
            let last = list.entries.len() + 1;
            rule.allow_list_formula(Formula::new(format!("='{LISTS}'!${letters}$2:${letters}${last}")))
        }
        (Content::Boolean, _) => rule.allow_list_strings(&YES_NO)?,
        (Content::Integer, (Some(least), Some(most))) => {
            let (Ok(least), Ok(most)) = (i32::try_from(least), i32::try_from(most)) else { return Ok(None) };
            rule.allow_whole_number(DataValidationRule::Between(least, most))
        }
        (Content::Text, (_, Some(most))) => {
            let Ok(most) = u32::try_from(most) else { return Ok(None) };
            rule.allow_text_length(DataValidationRule::LessThanOrEqualTo(most))
        }
        _ => return Ok(None),
    };
    // A spreadsheet program has room for 255 characters.
    let told: String = match list {
        Some(_) => format!("Chọn một giá trị trong danh sách ở trang “{LISTS}”."),
        None => entry(column, None).chars().take(255).collect(),
    };
    Ok(Some(rule.set_error_title("Chưa đúng")?.set_error_message(told)?))
}

/// The cells of a copy that have a note, beyond which a spreadsheet program grows slow; the last column
/// tells every fault.
const NOTES: usize = 1_000;

/// Characters that the column of faults shows in a line.
const FAULTS_WIDTH: u16 = 80;

/// The height of a row with these faults, in points: not every program finds it by itself.
fn height(told: &[String]) -> u16 {
    const LINE: usize = 15;
    const MOST: u16 = 409;
    let lines = |fault: &String| fault.chars().count().div_ceil(FAULTS_WIDTH.into());
    let points = told.iter().map(lines).sum::<usize>().saturating_mul(LINE);
    u16::try_from(points).unwrap_or(MOST).min(MOST)
}

/// A template with the rows of a file: the cells with faults are red and say why, and a last column
/// tells the faults of each row. It can be sent again when they are mended.
pub(super) struct MarkedCopy<'a> {
    /// What it is made of.
    pub form: &'a Form,
    /// Which column of the file holds which field.
    pub head: &'a Head,
    /// The language in which faults are told.
    pub language: Language,
}

impl MarkedCopy<'_> {
    /// The copy of these rows.
    pub(super) fn of(&self, rows: &[GivenRow], marks: &[Mark]) -> Result<Workbook, XlsxError> {
        let mut by_row: HashMap<u32, Vec<&Mark>> = HashMap::new();
        for mark in marks {
            by_row.entry(mark.row()).or_default().push(mark);
        }
        let fields = self.form.columns.all();
        let field = |at: usize| fields.get(self.head.fields.get(at).copied().flatten()?);
        let given: Vec<_> = (0..self.head.fields.len()).filter_map(field).collect();
        let shown = self.form.columns.for_people(|column| given.contains(&column));
        let width = shown.all().len();
        // The copy has its fields without gaps, from its first column on.
        let head = Head { row: HEAD_ROWS, fields: (0..width).map(Some).collect(), faults: Some(width) };
        let places: HashMap<&str, u16> = shown.names().zip(0..).collect();
        let place_of = |name: &str| places.get(name).copied();
        let place_at = |pointer: &str| shown.at(pointer).and_then(|column| place_of(&column.name));
        let looks = Looks::new();
        let red = |look: &Format| look.clone().set_background_color(Color::RGB(0x00FF_C7CE));
        let wrong: Vec<Format> = shown.all().iter().map(|column| red(looks.of(&column.content))).collect();
        let wrong_at = |place: u16| wrong.get(usize::from(place)).unwrap_or(&looks.plain);
        let wrapped = red(&looks.plain).set_text_wrap();
        let mut book = self.form.begun(&shown, &looks)?;
        let sheet = book.worksheet_from_index(0)?;
        let last = u16::try_from(width).unwrap_or(u16::MAX);
        sheet.set_column_width(last, FAULTS_WIDTH)?;
        sheet.write_string_with_format(0, last, "Lỗi cần sửa", &looks.term)?;
        sheet.write_string_with_format(1, last, FAULTS, &looks.name)?;
        let mut notes = 0..NOTES;
        for (line, row) in (HEAD_ROWS..).zip(rows) {
            let marks = by_row.get(&row.number).map(Vec::as_slice).unwrap_or_default();
            let mut told = Vec::with_capacity(marks.len());
            for mark in marks {
                let words = self.words(mark);
                let here = head.called(&shown, line + 1, mark.member());
                told.push(format!("{}{words}", here.in_language(self.language)));
                let Some(place) = place_at(mark.member()) else { continue };
                // What the cell holds is written over it.
                sheet.write_blank(line, place, wrong_at(place))?;
                if notes.next().is_some() {
                    sheet.insert_note(line, place, &note(&[words.to_owned()]))?;
                }
            }
            for (at, given) in &row.cells {
                let Some(column) = field(usize::from(*at)) else { continue };
                let Some(place) = place_of(&column.name) else { continue };
                let is_wrong = marks.iter().any(|mark| place_at(mark.member()) == Some(place));
                let look = if is_wrong { wrong_at(place) } else { looks.of(&column.content) };
                given.write(sheet, (line, place), &column.content, look)?;
            }
            if !told.is_empty() {
                sheet.write_string_with_format(line, last, fitting(&told.join("\n")), &wrapped)?;
                sheet.set_row_height(line, height(&told))?;
            }
        }
        Ok(book)
    }

    /// What is wrong, without the place in the file, which stands elsewhere in the copy.
    fn words<'m>(&self, mark: &'m Mark) -> &'m str {
        let there = self.head.called(&self.form.columns, mark.row(), mark.member());
        mark.message.strip_prefix(there.in_language(self.language)).unwrap_or(&mark.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_points() {
        for (number, told) in [(0, "0"), (999, "999"), (1_000, "1.000"), (-1_000_000, "-1.000.000")] {
            assert_eq!(grouped(number), told);
        }
    }
}
