//! What a period must satisfy, and how it is called: pure, without database or HTTP.

use chrono::{Datelike, NaiveDate};

use super::model::{Period, PeriodCreate, PeriodKind, calendar};
use crate::error::{Bilingual, Fault};
use crate::text::day_vi;
use crate::validity::day_faults;

/// What is wrong with a period as a whole: its code must be of its kind, its days in order, and in
/// the calendar regime exactly those that the code names.
#[must_use]
pub fn period_faults(body: &PeriodCreate) -> Vec<Fault> {
    let days = [
        ("/starts_on", Some(body.starts_on)),
        ("/ends_on", Some(body.ends_on)),
        ("/submit_by", body.submit_by),
    ];
    let mut faults: Vec<Fault> = day_faults(days).collect();
    let window = calendar_window(body.kind, &body.code);
    if window.is_none() {
        faults.push(Fault::new(
            "/code",
            "code_of_kind",
            Bilingual::new(
                format!("Mã kỳ không đúng với loại kỳ {}.", body.kind.label_vi()),
                format!("The code is not that of a {}.", body.kind),
            ),
        ));
    }
    if body.ends_on < body.starts_on {
        faults.push(Fault::new(
            "/ends_on",
            "before_start",
            Bilingual::new("Ngày kết thúc trước ngày bắt đầu.", "The last day is before the first."),
        ));
    } else if let Some((from, to)) = window
        && body.regime == calendar()
        && (body.starts_on, body.ends_on) != (from, to)
    {
        faults.push(Fault::new(
            "/starts_on",
            "not_the_calendar_window",
            Bilingual::new(
                format!(
                    "Trong chế độ calendar, kỳ {} phải từ ngày {} đến ngày {}.",
                    body.code,
                    day_vi(from),
                    day_vi(to)
                ),
                format!("In the calendar regime, {} runs from {from} to {to}.", body.code),
            ),
        ));
    }
    if body.submit_by.is_some_and(|day| day < body.ends_on) {
        faults.push(Fault::new(
            "/submit_by",
            "before_end",
            Bilingual::new(
                "Hạn nộp trước ngày kết thúc kỳ.",
                "The submission day is before the period's end.",
            ),
        ));
    }
    faults
}

/// First and last civil day of a period's code; `None` when the code is not of the kind.
#[must_use]
pub fn calendar_window(kind: PeriodKind, code: &str) -> Option<(NaiveDate, NaiveDate)> {
    let year_digits = code.get(..4).filter(|year| year.bytes().all(|b| b.is_ascii_digit()))?;
    let year: i32 = year_digits.parse().ok().filter(|year| *year >= 1900)?;
    let rest = code.get(4..)?;
    let (first, months) = match kind {
        PeriodKind::Year => (rest.is_empty().then_some(1)?, 12),
        PeriodKind::NineMonths => ((rest == "-9M").then_some(1)?, 9),
        PeriodKind::Half => (number(rest.strip_prefix("-H")?, 1, 2)? * 6 - 5, 6),
        PeriodKind::Quarter => (number(rest.strip_prefix("-Q")?, 1, 4)? * 3 - 2, 3),
        PeriodKind::Month => (number(rest.strip_prefix('-').filter(|m| m.len() == 2)?, 1, 12)?, 1),
    };
    let from = NaiveDate::from_ymd_opt(year, first, 1)?;
    let to = from.checked_add_months(chrono::Months::new(months))?.pred_opt()?;
    Some((from, to))
}

/// A period as an official writes it (tên kỳ báo cáo): "6 tháng đầu năm 2024". A code that is not of
/// the kind is written as it stands.
#[must_use]
pub fn period_name_vi(kind: PeriodKind, code: &str) -> String {
    let Some((from, _)) = calendar_window(kind, code) else { return code.to_owned() };
    let (year, month) = (from.year(), from.month());
    match kind {
        PeriodKind::Month => format!("Tháng {month} năm {year}"),
        PeriodKind::Quarter => {
            let quarter = match month {
                ..=3 => "I",
                4..=6 => "II",
                7..=9 => "III",
                _ => "IV",
            };
            format!("Quý {quarter} năm {year}")
        }
        PeriodKind::Half if month == 1 => format!("6 tháng đầu năm {year}"),
        PeriodKind::Half => format!("6 tháng cuối năm {year}"),
        PeriodKind::NineMonths => format!("9 tháng đầu năm {year}"),
        PeriodKind::Year => format!("Năm {year}"),
    }
}

fn number(text: &str, least: u32, most: u32) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|number| digits && (least..=most).contains(number))
}

/// Whether a period would become another one: what was returned for it would then be about other days.
#[must_use]
pub fn is_moved(present: &Period, body: &PeriodCreate) -> bool {
    (&present.regime, &present.code, present.kind, present.starts_on, present.ends_on)
        != (&body.regime, &body.code, body.kind, body.starts_on, body.ends_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_is_named_as_an_official_names_it() {
        for (kind, code, name) in [
            (PeriodKind::Month, "2024-05", "Tháng 5 năm 2024"),
            (PeriodKind::Month, "2024-12", "Tháng 12 năm 2024"),
            (PeriodKind::Quarter, "2026-Q1", "Quý I năm 2026"),
            (PeriodKind::Quarter, "2026-Q2", "Quý II năm 2026"),
            (PeriodKind::Quarter, "2026-Q3", "Quý III năm 2026"),
            (PeriodKind::Quarter, "2026-Q4", "Quý IV năm 2026"),
            (PeriodKind::Half, "2024-H1", "6 tháng đầu năm 2024"),
            (PeriodKind::Half, "2024-H2", "6 tháng cuối năm 2024"),
            (PeriodKind::NineMonths, "2024-9M", "9 tháng đầu năm 2024"),
            (PeriodKind::Year, "2024", "Năm 2024"),
            (PeriodKind::Year, "2024-H1", "2024-H1"),
        ] {
            assert_eq!(period_name_vi(kind, code), name);
        }
    }

    #[test]
    fn a_code_names_its_civil_days() {
        let cases = [
            (PeriodKind::Month, "2024-02", "2024-02-01", "2024-02-29"),
            (PeriodKind::Quarter, "2024-Q4", "2024-10-01", "2024-12-31"),
            (PeriodKind::Half, "2024-H1", "2024-01-01", "2024-06-30"),
            (PeriodKind::NineMonths, "2024-9M", "2024-01-01", "2024-09-30"),
            (PeriodKind::Year, "2024", "2024-01-01", "2024-12-31"),
        ];
        for (kind, code, from, to) in cases {
            assert_eq!(calendar_window(kind, code), Some((day(from), day(to))), "{code}");
        }
        for (kind, code) in [
            (PeriodKind::Half, "2024-H3"),
            (PeriodKind::Month, "2024-7"),
            (PeriodKind::Year, "24"),
            (PeriodKind::Quarter, "2024-Q+1"),
        ] {
            assert_eq!(calendar_window(kind, code), None, "{code}");
        }
    }
}
