//! The template of a collection, and the copy of a file in which faults are marked.

use std::collections::HashMap;

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationRule, Formula, Note, Workbook, Worksheet, XlsxError,
};

use super::given::{GivenRow, Head};
use super::import::Mark;
use super::write::{Looks, begun, capital, fitting};
use super::{FAULTS, HEAD_ROWS};
use crate::api::batch::BATCH_LINES;
use crate::api::table::{Column, Columns, Content};
use crate::error::Language;

/// The worksheet that explains.
const GUIDE: &str = "Hướng dẫn";

/// The row of the guide below which its table of fields begins, from 0.
const GUIDE_TABLE: u32 = 9;

/// The column of the guide from which choices stand, one column a field, from 0.
const GUIDE_CHOICES: u16 = 8;

/// The last row that a template prepares, from 0.
fn last_row() -> u32 {
    HEAD_ROWS + u32::try_from(BATCH_LINES).unwrap_or(10_000) - 1
}

/// A template: the head with a note on each field, drop-downs and limits below it, and a guide.
pub(super) fn template(collection: &str, title: &str, columns: &Columns) -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    let looks = Looks::new();
    let sheet = book.add_worksheet();
    begun(sheet, collection, columns, &looks)?;
    for (place, column) in (0_u16..).zip(columns.all()) {
        let note = Note::new(note(column)).set_author("cchc").set_width(320).set_height(120);
        sheet.insert_note(0, place, &note)?;
        if let Some(rule) = rule(place, column)? {
            sheet.add_data_validation(HEAD_ROWS, place, last_row(), place, &rule)?;
        }
    }
    guide(book.add_worksheet(), collection, title, columns, &looks)?;
    Ok(book)
}

/// What a clerk should know of a field.
fn note(column: &Column) -> String {
    let mut lines = vec![
        format!("{} ({})", capital(&column.label), column.name),
        if column.required { "Bắt buộc." } else { "Không bắt buộc." }.to_owned(),
        entry(column),
    ];
    lines.push(column.description.clone());
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// How a field is entered.
fn entry(column: &Column) -> String {
    let number = |limit: i64| limit.to_string();
    match (&column.content, column.limits) {
        (Content::Text, (_, Some(most))) => format!("Văn bản, tối đa {most} ký tự."),
        (Content::Id | Content::Text, _) => "Văn bản.".to_owned(),
        (Content::Integer, (Some(least), Some(most))) => {
            format!("Số nguyên từ {} đến {}.", number(least), number(most))
        }
        (Content::Integer, _) => "Số nguyên.".to_owned(),
        (Content::Number, _) => "Số.".to_owned(),
        (Content::Boolean, _) => "TRUE (có) hoặc FALSE (không).".to_owned(),
        (Content::Date, _) => "Ngày, ô định dạng kiểu Ngày.".to_owned(),
        (Content::Instant, _) => "Ngày giờ theo giờ Việt Nam, ô định dạng kiểu Ngày.".to_owned(),
        (Content::Choice(_), _) => "Chọn trong danh sách.".to_owned(),
        (Content::Nested, _) => "Danh sách hoặc nhóm trường, ghi dạng JSON.".to_owned(),
    }
}

/// What a spreadsheet program lets into the cells of a field.
fn rule(place: u16, column: &Column) -> Result<Option<DataValidation>, XlsxError> {
    let rule = DataValidation::new();
    let rule = match (&column.content, column.limits) {
        (Content::Choice(choices), _) => {
            let letter = column_letters(GUIDE_CHOICES + place);
            let (first, last) =
                (GUIDE_TABLE + 2, GUIDE_TABLE + 1 + u32::try_from(choices.len()).unwrap_or(1));
            rule.allow_list_formula(Formula::new(format!("='{GUIDE}'!${letter}${first}:${letter}${last}")))
        }
        (Content::Boolean, _) => rule.allow_list_strings(&["TRUE", "FALSE"])?,
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
    Ok(Some(rule.set_error_title("Chưa đúng")?.set_error_message(entry(column))?))
}

/// The letters of a column: `AA` for 26.
fn column_letters(place: u16) -> String {
    rust_xlsxwriter::utility::column_number_to_name(place)
}

fn guide(
    sheet: &mut Worksheet,
    collection: &str,
    title: &str,
    columns: &Columns,
    looks: &Looks,
) -> Result<(), XlsxError> {
    const WORDS: [&str; 6] = [
        "Mỗi dòng của trang tính dữ liệu là một bản ghi, nhập từ dòng thứ ba; cột có dấu (*) là bắt buộc.",
        "Không đổi tên trang tính và các tên ở dòng thứ hai; cột không dùng có thể xóa.",
        "Ngày nhập bằng ô định dạng kiểu Ngày; mã nhập bằng ô định dạng kiểu Văn bản để không mất số 0 ở đầu.",
        "Không dùng công thức, không gộp ô, không thêm macro.",
        "Lưu dạng CSV thì tệp bị cắt giữa chừng được phát hiện, trừ khi chỗ cắt nằm trong ô cuối của dòng cuối: hãy xem lại dòng cuối.",
        "Nên kiểm tra trước bằng cách nhập thử (dry_run=true): hệ thống chỉ ra từng ô chưa đúng mà chưa ghi gì.",
    ];
    sheet.set_name(GUIDE)?;
    let bold = looks.plain.clone().set_bold().set_font_size(14);
    sheet.write_string_with_format(0, 0, format!("Mẫu nhập: {title} ({collection})"), &bold)?;
    for (row, words) in (2..).zip(WORDS) {
        sheet.write_string_with_format(row, 0, words, &looks.plain)?;
    }
    let heads = ["Cột", "Tên trường", "Bắt buộc", "Cách nhập", "Giải thích"];
    for (place, head) in (0..).zip(heads) {
        sheet.write_string_with_format(GUIDE_TABLE, place, head, &looks.term)?;
    }
    let widths = [30, 26, 12, 44, 90];
    for (place, width) in (0..).zip(widths) {
        sheet.set_column_width(place, width)?;
    }
    for (row, column) in (GUIDE_TABLE + 1..).zip(columns.all()) {
        let needed = if column.required { "có" } else { "" };
        let cells = [&capital(&column.label), &column.name, needed, &entry(column), &column.description];
        for (place, text) in (0..).zip(cells) {
            sheet.write_string_with_format(row, place, text, &looks.plain)?;
        }
    }
    for (place, column) in (GUIDE_CHOICES..).zip(columns.all()) {
        let Content::Choice(choices) = &column.content else { continue };
        sheet.write_string_with_format(GUIDE_TABLE, place, &column.name, &looks.name)?;
        sheet.set_column_width(place, 26)?;
        for (row, choice) in (GUIDE_TABLE + 1..).zip(choices) {
            sheet.write_string_with_format(row, place, &choice.label, &looks.plain)?;
        }
    }
    Ok(())
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

/// A copy of the rows of a file: the cells with faults are red and say why, and a last column tells
/// the faults of each row. It can be sent again when they are mended.
pub(super) struct MarkedCopy<'a> {
    /// The name of the collection.
    pub collection: &'a str,
    /// Its fields.
    pub columns: &'a Columns,
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
        let field = |at: usize| self.columns.all().get(self.head.fields.get(at).copied().flatten()?);
        let kept: Vec<_> = (0..self.head.fields.len()).filter_map(field).cloned().collect();
        // The copy has its fields without gaps, from its first column on.
        let fields = (0..kept.len()).map(Some).collect();
        let head = Head { row: HEAD_ROWS, fields, faults: Some(kept.len()) };
        let kept = Columns::from(kept);
        let place_of = |name: &str| {
            kept.names().position(|known| known == name).and_then(|place| u16::try_from(place).ok())
        };
        let mut book = Workbook::new();
        let looks = Looks::new();
        let wrong = looks.plain.clone().set_background_color(Color::RGB(0x00FF_C7CE));
        let wrapped = wrong.clone().set_text_wrap();
        let sheet = book.add_worksheet();
        begun(sheet, self.collection, &kept, &looks)?;
        let last = u16::try_from(kept.all().len()).unwrap_or(u16::MAX);
        sheet.set_column_width(last, FAULTS_WIDTH)?;
        sheet.write_string_with_format(0, last, "Lỗi cần sửa", &looks.term)?;
        sheet.write_string_with_format(1, last, FAULTS, &looks.name)?;
        let mut notes = 0..NOTES;
        for (line, row) in (HEAD_ROWS..).zip(rows) {
            let marks = by_row.get(&row.number).map(Vec::as_slice).unwrap_or_default();
            let mut told = Vec::with_capacity(marks.len());
            for mark in marks {
                let words = self.words(mark);
                let here = head.called(&kept, line + 1, mark.field());
                told.push(format!("{}{words}", here.in_language(self.language)));
                let Some(place) = place_of(mark.field()) else { continue };
                // What the cell holds is written over it.
                sheet.write_blank(line, place, &wrong)?;
                if notes.next().is_some() {
                    sheet.insert_note(line, place, &Note::new(fitting(words)).set_author("cchc"))?;
                }
            }
            for (at, given) in &row.cells {
                let Some(column) = field(usize::from(*at)) else { continue };
                let Some(place) = place_of(&column.name) else { continue };
                let is_wrong = marks.iter().any(|mark| mark.field() == column.name);
                given.write(
                    sheet,
                    (line, place),
                    if is_wrong { &wrong } else { looks.of(&column.content) },
                )?;
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
        let there = self.head.called(self.columns, mark.row(), mark.field());
        mark.message.strip_prefix(there.in_language(self.language)).unwrap_or(&mark.message)
    }
}
