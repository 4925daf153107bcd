//! Form II.06a as a spreadsheet, laid out as the printed form: thirteen numbered columns, and two
//! more without numbers where withdrawn and refused dossiers stand apart.

use std::fs::File;

use chrono::NaiveDate;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::coverage::Form06aLevelCoverage;
use super::model::{Form06Columns, Form06Source, Form06a};
use crate::reporting::forms::printed::{HeadCell, Looks, exact, head, notes, numbers, signatures, span_vi};
use kernel::api::sheet::saved;
use kernel::error::ApiError;
use kernel::text::day_vi;
use kernel::tree::Tier;
use kernel::unit_reference::UnitScope;
use tthc::processing_returns::model::CarriedOverBasis;

/// The head.
const HEAD: [HeadCell<'_>; 14] = [
    (7, 9, 0, 0, "STT"),
    (7, 9, 1, 1, "Lĩnh vực giải quyết theo cấp"),
    (7, 7, 2, 5, "Số hồ sơ nhận giải quyết"),
    (8, 9, 2, 2, "Tổng số"),
    (8, 8, 3, 4, "Tiếp nhận trong kỳ"),
    (9, 9, 3, 3, "Trực tuyến"),
    (9, 9, 4, 4, "Trực tiếp, dịch vụ bưu chính"),
    (8, 9, 5, 5, "Từ kỳ trước"),
    (7, 7, 6, 9, "Số hồ sơ đã giải quyết"),
    (8, 9, 6, 6, "Tổng số"),
    (8, 9, 7, 7, "Trước hạn"),
    (8, 9, 8, 8, "Đúng hạn"),
    (8, 9, 9, 9, "Quá hạn"),
    (7, 7, 10, 12, "Số hồ sơ đang giải quyết"),
];

/// The head's columns under "pending".
const PENDING: [(u16, &str); 3] = [(10, "Tổng số"), (11, "Trong hạn"), (12, "Quá hạn")];

/// The head's columns without numbers.
const APART: [(u16, &str); 2] = [(13, "Rút hồ sơ"), (14, "Từ chối")];

/// The row of the columns' numbers, from 0.
const NUMBERS: u32 = 10;

/// The form as a file.
///
/// # Errors
/// When there is no room for it.
pub(super) fn form06a_sheet(form: &Form06a) -> Result<File, ApiError> {
    let mut book = Workbook::new();
    laid_out(book.add_worksheet(), form)?;
    saved(&mut book)
}

fn laid_out(sheet: &mut Worksheet, form: &Form06a) -> Result<(), XlsxError> {
    let looks = Looks::new();
    let apart = form.totals.withdrawn.is_some();
    let last = if apart { 14 } else { 12 };
    sheet.set_name("II.06a")?.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(7, NUMBERS)?.set_freeze_panes(NUMBERS + 1, 2)?;
    sheet.set_default_row_height(18);
    sheet.set_column_width(0, 6)?.set_column_width(1, 40)?;
    sheet.set_column_range_width(2, last, 11)?.set_row_height(9, 48)?;
    heading(sheet, form, last, &looks)?;
    heads(sheet, apart, &looks)?;
    let mut row = NUMBERS + 1;
    for tier in [Tier::Province, Tier::District, Tier::Commune] {
        let of_tier: Vec<_> = form.rows.iter().filter(|line| line.handling_level == tier).collect();
        if of_tier.is_empty() {
            continue;
        }
        sheet.write_blank(row, 0, &looks.text)?;
        sheet.merge_range(row, 1, row, last, level_words(tier), &looks.head)?;
        row += 1;
        for (number, line) in (1_u32..).zip(of_tier) {
            let field = line.field.as_deref().unwrap_or("Tất cả các lĩnh vực");
            sheet.write_number_with_format(row, 0, number, &looks.count)?;
            sheet.write_string_with_format(row, 1, field, &looks.text)?;
            counts(sheet, row, &line.columns(), &looks.count)?;
            row += 1;
        }
    }
    sheet.write_blank(row, 0, &looks.total)?;
    sheet.write_string_with_format(row, 1, "Tổng cộng", &looks.total)?;
    counts(sheet, row, &form.totals, &looks.total)?;
    let row = notes(sheet, row + 2, &remarks(form), &looks)?;
    signatures(sheet, row + 1, last, &looks)
}

/// The days that are counted: those of the period, unless others were asked for.
fn days(form: &Form06a) -> (NaiveDate, NaiveDate) {
    let of_period = form.period.as_ref().map(|period| (period.starts_on, period.ends_on));
    let (from, to) = of_period.unwrap_or((form.as_of, form.as_of));
    (form.from.unwrap_or(from), form.to.unwrap_or(to))
}

fn heading(sheet: &mut Worksheet, form: &Form06a, last: u16, looks: &Looks) -> Result<(), XlsxError> {
    let code = form.unit.org_unit_code.as_deref().map(|code| format!(" (mã {code})")).unwrap_or_default();
    sheet.write_string_with_format(0, 0, format!("Biểu số {}", form.form), &looks.bold)?;
    sheet.write_string_with_format(1, 0, "Ban hành theo Thông tư số 01/2020/TT-VPCP", &looks.plain)?;
    let unit = format!("Đơn vị báo cáo: {}{code}", form.unit.org_unit_name);
    sheet.write_string_with_format(0, 8, unit, &looks.plain)?;
    sheet.write_string_with_format(
        1,
        8,
        "Đơn vị nhận báo cáo: ................................",
        &looks.plain,
    )?;
    let title = "TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH";
    sheet.merge_range(3, 0, 3, last, title, &looks.title)?;
    let span = span_vi(form.period.as_ref(), days(form), "hồ sơ tính");
    sheet.merge_range(4, 0, 4, last, &span, &looks.middle)?;
    if let Some(closure) = form.closure.as_ref().filter(|closure| closure.is_snapshot) {
        let kept = format!(
            "Số liệu tại thời điểm khóa sổ lần {} ngày {}",
            closure.number,
            day_vi(closure.closed_at.vietnam_day())
        );
        sheet.merge_range(5, 0, 5, last, &kept, &looks.middle)?;
    }
    sheet.write_string_with_format(6, last - 3, "Đơn vị tính: Số hồ sơ TTHC", &looks.plain)?;
    Ok(())
}

fn heads(sheet: &mut Worksheet, apart: bool, looks: &Looks) -> Result<(), XlsxError> {
    let pending = PENDING.map(|(place, words)| (8, 9, place, place, words));
    let beside = APART.map(|(place, words)| (7, 9, place, place, words)).into_iter().filter(|_| apart);
    head(sheet, HEAD.into_iter().chain(pending).chain(beside), looks)?;
    numbers(sheet, NUMBERS, 13, looks)?;
    for (place, _) in APART.iter().filter(|_| apart) {
        sheet.write_blank(NUMBERS, *place, &looks.head)?;
    }
    Ok(())
}

/// Columns 3 to 13 and the two without numbers; a carry-over that is not stated has a star.
fn counts(sheet: &mut Worksheet, row: u32, columns: &Form06Columns, look: &Format) -> Result<(), XlsxError> {
    let numbered = [
        columns.received_total,
        columns.received_online,
        columns.received_direct,
        columns.carried_over,
        columns.resolved_total,
        columns.resolved_early,
        columns.resolved_on_time,
        columns.resolved_overdue,
        columns.pending_total,
        columns.pending_in_time,
        columns.pending_overdue,
    ];
    let implied = columns.carried_over_basis == Some(CarriedOverBasis::Implied);
    let starred = look.clone().set_num_format("#,##0\"*\"");
    let beside = [columns.withdrawn, columns.refused].into_iter().flatten();
    for (place, count) in (2_u16..).zip(numbered.into_iter().chain(beside)) {
        let look = if implied && place == 5 { &starred } else { look };
        sheet.write_number_with_format(row, place, exact(count), look)?;
    }
    Ok(())
}

fn remarks(form: &Form06a) -> Vec<String> {
    let scope = match form.scope {
        UnitScope::Own => "riêng đơn vị",
        UnitScope::Children => "đơn vị và các đơn vị trực thuộc một cấp",
        UnitScope::Subtree => "đơn vị và toàn bộ các đơn vị cấp dưới",
    };
    let definition = &form.definition;
    let mut lines = vec![
        format!(
            "Cách tính: {} ({}, bản {}).",
            definition.title,
            definition.name.as_str(),
            definition.version
        ),
        format!("Phạm vi: {scope}; cơ cấu đơn vị ngày {}.", day_vi(form.as_of)),
    ];
    if form.generated {
        lines.push("Số liệu có hồ sơ sinh tự động để trình diễn.".to_owned());
    }
    lines.extend(form.coverage.levels.iter().map(filed));
    lines.extend(form.coverage.levels.iter().filter_map(ended));
    for level in &form.coverage.levels {
        let stated = level.stated.iter().filter(|line| line.counts);
        lines.extend(stated.map(|line| {
            format!(
                "Số liệu {} do {} nêu thay cho các đơn vị cấp dưới hoặc cơ quan trực thuộc.",
                level_name(level.handling_level),
                line.unit.org_unit_name
            )
        }));
    }
    match (form.coverage.covers_from, form.coverage.covers_to) {
        (None, None) => {}
        (from, to) => lines.push(format!(
            "Số liệu thực tế tính từ ngày {} đến ngày {}, khác kỳ báo cáo.",
            day_vi(from.unwrap_or(days(form).0)),
            day_vi(to.unwrap_or(days(form).1))
        )),
    }
    lines.extend(form.source.map(|source| match source {
        Form06Source::Records => "Nguồn số liệu: từng hồ sơ lưu trên hệ thống.".to_owned(),
        Form06Source::Returns => "Nguồn số liệu: báo cáo của các đơn vị.".to_owned(),
    }));
    if form.totals.transferred != 0 {
        lines.push(format!(
            "Nhận bàn giao trừ bàn giao đi trong kỳ: {} hồ sơ; cột (3) cộng số này bằng các cột giải quyết và đang giải quyết.",
            form.totals.transferred
        ));
    }
    if form.totals.carried_over_basis == Some(CarriedOverBasis::Implied) {
        lines.push("(*) Số từ kỳ trước suy ra từ các cột khác, đơn vị không nêu.".to_owned());
    }
    if let Some(closure) = form.closure.as_ref().filter(|closure| !closure.is_snapshot) {
        let differs = match closure.differs {
            Some(true) => "; số liệu hiện nay khác bản lưu khi khóa sổ",
            Some(false) => "; số liệu hiện nay không khác bản lưu khi khóa sổ",
            None => "",
        };
        lines.push(format!(
            "Kỳ đã khóa sổ lần {} ngày {}{differs}.",
            closure.number,
            day_vi(closure.closed_at.vietnam_day())
        ));
    }
    lines
}

fn filed(level: &Form06aLevelCoverage) -> String {
    let name = level_name(level.handling_level);
    format!(
        "Mức độ đầy đủ {name}: {} trên {} đơn vị đã gửi số liệu.",
        level.units_filed, level.units_expected
    )
}

/// Units that ended within the period file too, and their figures are in the rows.
fn ended(level: &Form06aLevelCoverage) -> Option<String> {
    let name = level_name(level.handling_level);
    (level.ended_expected > 0).then(|| {
        format!(
            "Đơn vị {name} đã kết thúc hoạt động trong kỳ: {} trên {} đơn vị đã gửi số liệu, được cộng vào biểu.",
            level.ended_filed, level.ended_expected
        )
    })
}

const fn level_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Province => "cấp tỉnh",
        Tier::District => "cấp huyện",
        Tier::Commune => "cấp xã",
    }
}

const fn level_words(tier: Tier) -> &'static str {
    match tier {
        Tier::Province => "TTHC thuộc thẩm quyền giải quyết của cấp tỉnh",
        Tier::District => "TTHC thuộc thẩm quyền giải quyết của cấp huyện",
        Tier::Commune => "TTHC thuộc thẩm quyền giải quyết của cấp xã",
    }
}
