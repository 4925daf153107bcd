//! How the printed forms of Thông tư 01/2020/TT-VPCP look, whichever form it is.

use chrono::NaiveDate;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Worksheet, XlsxError};

use kernel::reporting::periods::{Period, period_name_vi};
use kernel::text::day_vi;

/// A cell of a head: first and last row, first and last column, words.
pub(super) type HeadCell<'a> = (u32, u32, u16, u16, &'a str);

/// The looks of a form.
pub(super) struct Looks {
    pub(super) plain: Format,
    pub(super) bold: Format,
    pub(super) title: Format,
    pub(super) head: Format,
    pub(super) text: Format,
    pub(super) count: Format,
    pub(super) total: Format,
    pub(super) middle: Format,
}

impl Looks {
    pub(super) fn new() -> Self {
        let plain = Format::new().set_font_name("Times New Roman").set_font_size(12);
        let bold = plain.clone().set_bold();
        let framed = plain.clone().set_border(FormatBorder::Thin).set_align(FormatAlign::VerticalCenter);
        Self {
            title: bold.clone().set_font_size(13).set_align(FormatAlign::Center).set_text_wrap(),
            head: framed.clone().set_bold().set_align(FormatAlign::Center).set_text_wrap(),
            text: framed.clone().set_text_wrap(),
            count: framed.clone().set_num_format("#,##0"),
            total: framed.set_bold().set_num_format("#,##0"),
            middle: bold.clone().set_align(FormatAlign::Center),
            plain,
            bold,
        }
    }
}

/// A spreadsheet knows floating numbers only; counts are far below 2^53, to which they are exact.
pub(super) fn exact(count: i64) -> f64 {
    count.to_string().parse().unwrap_or(f64::NAN)
}

/// The days of a form in words, `of_period` what they are called where they are not those of the period.
pub(super) fn span_vi(
    period: Option<&Period>,
    (from, to): (NaiveDate, NaiveDate),
    of_period: &str,
) -> String {
    match period {
        Some(period) if (period.starts_on, period.ends_on) == (from, to) => {
            let name = period_name_vi(period.kind, &period.code);
            format!("Kỳ báo cáo: {name} (từ ngày {} đến ngày {})", day_vi(from), day_vi(to))
        }
        Some(period) => {
            let name = period_name_vi(period.kind, &period.code);
            format!("Kỳ báo cáo: {name}; {of_period} từ ngày {} đến ngày {}", day_vi(from), day_vi(to))
        }
        None => format!("Từ ngày {} đến ngày {}", day_vi(from), day_vi(to)),
    }
}

/// Writes cells of a head.
pub(super) fn head<'a>(
    sheet: &mut Worksheet,
    cells: impl IntoIterator<Item = HeadCell<'a>>,
    looks: &Looks,
) -> Result<(), XlsxError> {
    for (top, bottom, left, right, words) in cells {
        if (top, left) == (bottom, right) {
            sheet.write_string_with_format(top, left, words, &looks.head)?;
        } else {
            sheet.merge_range(top, left, bottom, right, words, &looks.head)?;
        }
    }
    Ok(())
}

/// Writes the numbers of the columns below the head.
pub(super) fn numbers(sheet: &mut Worksheet, row: u32, columns: u16, looks: &Looks) -> Result<(), XlsxError> {
    for place in 0..columns {
        sheet.write_string_with_format(row, place, format!("({})", place + 1), &looks.head)?;
    }
    Ok(())
}

/// Writes notes below a form; answers the row behind them.
pub(super) fn notes(
    sheet: &mut Worksheet,
    row: u32,
    lines: &[String],
    looks: &Looks,
) -> Result<u32, XlsxError> {
    sheet.write_string_with_format(row, 0, "Ghi chú:", &looks.bold)?;
    let mut row = row + 1;
    for line in lines {
        sheet.write_string_with_format(row, 0, line, &looks.plain)?;
        row += 1;
    }
    Ok(row)
}

/// Writes where a form is signed.
pub(super) fn signatures(sheet: &mut Worksheet, row: u32, last: u16, looks: &Looks) -> Result<(), XlsxError> {
    let italic = looks.plain.clone().set_italic().set_align(FormatAlign::Center);
    let right = (last - 4, last);
    sheet.merge_range(row, right.0, row, right.1, "......, ngày ..... tháng ..... năm .......", &italic)?;
    for ((left, last), title, hint) in [
        ((0, 4), "NGƯỜI LẬP BIỂU", "(Ký, ghi rõ họ tên)"),
        (right, "THỦ TRƯỞNG ĐƠN VỊ", "(Ký, ghi rõ họ tên, đóng dấu)"),
    ] {
        sheet.merge_range(row + 1, left, row + 1, last, title, &looks.middle)?;
        sheet.merge_range(row + 2, left, row + 2, last, hint, &italic)?;
    }
    Ok(())
}
