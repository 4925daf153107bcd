//! Form II.07b as a spreadsheet, in the manner of the printed forms: a heading for each level, its fields below
//! it, and the totals.

use std::fs::File;

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::model::{Form07b, Form07bColumns};
use crate::reporting::forms::printed::{HeadCell, Looks, exact, head, notes, numbers, signatures, span_vi};
use kernel::api::sheet::saved;
use kernel::api::table::capital;
use kernel::error::ApiError;
use kernel::text::day_vi;
use tthc::procedures::model::ProcedureLevel;

/// The head.
const HEAD: [HeadCell<'_>; 14] = [
    (6, 8, 0, 0, "STT"),
    (6, 8, 1, 1, "Lĩnh vực giải quyết theo cấp"),
    (6, 6, 2, 6, "Số TTHC còn hiệu lực vào ngày cuối kỳ"),
    (7, 8, 2, 2, "Tổng số"),
    (7, 7, 3, 6, "Trong đó, mức độ cung cấp trực tuyến"),
    (8, 8, 3, 3, "Toàn trình"),
    (8, 8, 4, 4, "Một phần"),
    (8, 8, 5, 5, "Cung cấp thông tin"),
    (8, 8, 6, 6, "Chưa xác định"),
    (6, 6, 7, 10, "Số TTHC được công bố, có hiệu lực trong kỳ"),
    (7, 8, 7, 7, "Ban hành mới"),
    (7, 8, 8, 8, "Sửa đổi, bổ sung"),
    (7, 8, 9, 9, "Thay thế"),
    (7, 8, 10, 10, "Bãi bỏ"),
];

/// The row of the columns' numbers, from 0.
const NUMBERS: u32 = 9;

/// The last column.
const LAST: u16 = 10;

/// The form as a file.
///
/// # Errors
/// When there is no room for it.
pub(super) fn form07b_sheet(form: &Form07b) -> Result<File, ApiError> {
    let mut book = Workbook::new();
    laid_out(book.add_worksheet(), form)?;
    saved(&mut book)
}

fn laid_out(sheet: &mut Worksheet, form: &Form07b) -> Result<(), XlsxError> {
    let looks = Looks::new();
    sheet.set_name("II.07b")?.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(6, NUMBERS)?.set_freeze_panes(NUMBERS + 1, 2)?;
    sheet.set_default_row_height(18);
    sheet.set_column_width(0, 6)?.set_column_width(1, 40)?;
    sheet.set_column_range_width(2, LAST, 12)?.set_row_height(8, 36)?;
    heading(sheet, form, &looks)?;
    head(sheet, HEAD, &looks)?;
    numbers(sheet, NUMBERS, LAST + 1, &looks)?;
    let mut row = NUMBERS + 1;
    for of_level in form.rows.chunk_by(|one, other| one.level == other.level) {
        let level = of_level.first().and_then(|line| line.level);
        sheet.write_blank(row, 0, &looks.text)?;
        sheet.merge_range(row, 1, row, LAST, &level_words(level), &looks.head)?;
        row += 1;
        for (number, line) in (1_u32..).zip(of_level) {
            let field = line.field.as_deref().unwrap_or("Chưa xác định lĩnh vực");
            sheet.write_number_with_format(row, 0, number, &looks.count)?;
            sheet.write_string_with_format(row, 1, field, &looks.text)?;
            counts(sheet, row, &line.columns, &looks.count)?;
            row += 1;
        }
    }
    sheet.write_blank(row, 0, &looks.total)?;
    sheet.write_string_with_format(row, 1, "Tổng cộng", &looks.total)?;
    counts(sheet, row, &form.totals, &looks.total)?;
    let row = notes(sheet, row + 2, &remarks(form), &looks)?;
    signatures(sheet, row + 1, LAST, &looks)
}

fn heading(sheet: &mut Worksheet, form: &Form07b, looks: &Looks) -> Result<(), XlsxError> {
    sheet.write_string_with_format(0, 0, format!("Biểu số {}", form.form), &looks.bold)?;
    sheet.write_string_with_format(1, 0, "Ban hành theo Thông tư số 01/2020/TT-VPCP", &looks.plain)?;
    let unit = form.unit.as_ref().map_or_else(
        || "................................".to_owned(),
        |unit| {
            let code = unit.org_unit_code.as_deref().map(|code| format!(" (mã {code})")).unwrap_or_default();
            format!("{}{code}", unit.org_unit_name)
        },
    );
    sheet.write_string_with_format(0, 7, format!("Đơn vị báo cáo: {unit}"), &looks.plain)?;
    let receiver = "Đơn vị nhận báo cáo: ................................";
    sheet.write_string_with_format(1, 7, receiver, &looks.plain)?;
    sheet.merge_range(3, 0, 3, LAST, "TỔNG HỢP SỐ LƯỢNG THỦ TỤC HÀNH CHÍNH", &looks.title)?;
    let span = span_vi(form.period.as_ref(), (form.from, form.to), "số liệu tính");
    sheet.merge_range(4, 0, 4, LAST, &span, &looks.middle)?;
    sheet.write_string_with_format(5, LAST - 2, "Đơn vị tính: Số TTHC", &looks.plain)?;
    Ok(())
}

/// Columns 3 to 11.
fn counts(sheet: &mut Worksheet, row: u32, columns: &Form07bColumns, look: &Format) -> Result<(), XlsxError> {
    let numbered = [
        columns.in_force,
        columns.full_online,
        columns.partial_online,
        columns.information_only,
        columns.unknown,
        columns.added,
        columns.changed,
        columns.replaced,
        columns.repealed,
    ];
    for (place, count) in (2_u16..).zip(numbered) {
        sheet.write_number_with_format(row, place, exact(count), look)?;
    }
    Ok(())
}

fn level_words(level: Option<ProcedureLevel>) -> String {
    level.map_or_else(
        || "TTHC chưa có trong danh mục, quyết định công bố không nêu cấp".to_owned(),
        |level| capital(level.label_vi()),
    )
}

fn remarks(form: &Form07b) -> Vec<String> {
    let definition = &form.definition;
    let mut lines = vec![
        format!(
            "Cách tính: {} ({}, bản {}).",
            definition.title,
            definition.name.as_str(),
            definition.version
        ),
        match &form.unit {
            None => format!("Danh mục TTHC ngày {}, chung cho mọi đơn vị.", day_vi(form.to)),
            Some(_) => format!(
                "Danh mục TTHC ngày {}, không tính TTHC mang mã riêng của tỉnh, thành phố khác.",
                day_vi(form.to)
            ),
        },
        "Các cột theo cách tính nêu trên; chưa đối chiếu với mẫu in của Thông tư 01/2020/TT-VPCP.".to_owned(),
    ];
    lines.extend(form.unit.as_ref().map(|unit| {
        format!("Số TTHC được công bố chỉ tính quyết định của {} và phạm vi đã chọn.", unit.org_unit_name)
    }));
    lines
}
