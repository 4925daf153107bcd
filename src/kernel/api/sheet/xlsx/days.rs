//! Days in a spreadsheet: numbers with a look.

use chrono::{NaiveDate, NaiveDateTime, SubsecRound};

/// Whether a format of numbers shows days or times of day: it has a letter for one outside of quotes. A
/// length of time, `[h]:mm`, is a number.
pub(super) fn shows_a_day(format: &str) -> bool {
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                letters.by_ref().find(|letter| *letter == '"');
            }
            '\\' | '_' | '*' => {
                letters.next();
            }
            '[' => {
                let of_length = |letter: char| matches!(letter.to_ascii_lowercase(), 'h' | 'm' | 's');
                let inside = letters.by_ref().take_while(|letter| *letter != ']');
                let is_length =
                    inside.fold(None, |all, letter| Some(all != Some(false) && of_length(letter)));
                if is_length == Some(true) {
                    return false;
                }
            }
            'd' | 'm' | 'y' | 'h' | 's' | 'D' | 'M' | 'Y' | 'H' | 'S' => return true,
            _ => {}
        }
    }
    false
}

/// The moment of a number of days. A spreadsheet takes 1900 for a leap year.
pub(super) fn moment(days: f64, from_1904: bool) -> Option<NaiveDateTime> {
    let days = if from_1904 { days + 1_462.0 } else { days };
    let days = if days < 60.0 { days + 1.0 } else { days };
    let since = std::time::Duration::try_from_secs_f64((days * 86_400_000.0).round() / 1_000.0).ok()?;
    let epoch = NaiveDate::from_ymd_opt(1899, 12, 30)?.and_hms_opt(0, 0, 0)?;
    let at = epoch.checked_add_signed(chrono::Duration::from_std(since).ok()?)?;
    Some(at.round_subsecs(3))
}

pub(super) fn midnight(day: &str) -> chrono::ParseResult<NaiveDateTime> {
    day.parse::<NaiveDate>().map(|day| day.and_time(chrono::NaiveTime::MIN))
}
