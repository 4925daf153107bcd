//! Reads deadlines as the national catalogue words them (thời hạn giải quyết): "17 Ngày làm việc",
//! "1 Ngày làm việc / 02 Giờ" for two cases, "Không quy định".

use super::model::{Deadline, DeadlineUnit};
use kernel::text::fold;

/// The deadlines that a text names, one for each case; none when it is not understood as a whole.
#[must_use]
pub fn deadlines(text: &str) -> Option<Vec<Deadline>> {
    text.split('/').map(deadline).collect()
}

/// The deadlines of a procedure whose wording is changed from one text to another: those that the new one
/// names; what was stated beside a text stays. None where the new one is not understood and the old one named
/// them: whether they still hold must be told.
#[must_use]
pub fn reworded(present: Vec<Deadline>, old: Option<&str>, new: &str) -> Option<Vec<Deadline>> {
    let named_by = |text: &str| deadlines(text).is_some_and(|named| are_as_long(&named, &present));
    match deadlines(new) {
        // A text names no cases, so that the same deadlines keep theirs.
        Some(named) if !are_as_long(&named, &present) => Some(named),
        None if old.is_some_and(named_by) => None,
        _ => Some(present),
    }
}

fn are_as_long(some: &[Deadline], others: &[Deadline]) -> bool {
    let lengths = |of: &[Deadline]| of.iter().map(|one| (one.value, one.unit)).collect::<Vec<_>>();
    lengths(some) == lengths(others)
}

fn deadline(case: &str) -> Option<Deadline> {
    let folded = fold(case);
    let plain = |unit| Some(Deadline { value: None, unit, variant: None });
    match folded.as_str() {
        "khong quy dinh" | "khong" => return plain(DeadlineUnit::None),
        "trong ngay" | "tra ngay" | "giai quyet ngay" | "ngay khi nhan du ho so" => {
            return plain(DeadlineUnit::Immediate);
        }
        _ => {}
    }
    let (number, unit) = folded.split_once(' ')?;
    let unit = match unit {
        "gio" | "gio lam viec" => DeadlineUnit::WorkingHour,
        "ngay lam viec" => DeadlineUnit::WorkingDay,
        "ngay" => DeadlineUnit::CalendarDay,
        _ => return None,
    };
    let value = number.parse().ok().filter(|value| *value > 0)?;
    Some(Deadline { value: Some(value), unit, variant: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<(Option<u32>, DeadlineUnit)>> {
        deadlines(text).map(|found| found.iter().map(|one| (one.value, one.unit)).collect())
    }

    #[test]
    fn the_catalogue_s_wordings_are_read_and_nothing_is_guessed() {
        use DeadlineUnit::{CalendarDay, Immediate, None as Unlimited, WorkingDay, WorkingHour};
        assert_eq!(read("17 Ngày làm việc"), Some(vec![(Some(17), WorkingDay)]));
        assert_eq!(read("45 Ngày"), Some(vec![(Some(45), CalendarDay)]));
        assert_eq!(
            read("1 Ngày làm việc / 02 Giờ"),
            Some(vec![(Some(1), WorkingDay), (Some(2), WorkingHour)])
        );
        assert_eq!(read("Không quy định"), Some(vec![(None, Unlimited)]));
        assert_eq!(read("Trong ngày"), Some(vec![(None, Immediate)]));
        assert_eq!(read("khoảng 3 ngày"), None);
        assert_eq!(read("0 Ngày"), None);
        assert_eq!(read("17 Ngày làm việc / tùy trường hợp"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn deadlines_follow_the_text_that_names_them() {
        let days = |value, variant: Option<&str>| Deadline {
            value: Some(value),
            unit: DeadlineUnit::WorkingDay,
            variant: variant.map(str::to_owned),
        };
        let (five, seven) = (vec![days(5, None)], vec![days(7, None)]);
        let with_cases = vec![days(5, Some("không xác minh")), days(8, Some("phải xác minh"))];
        let read = "5 Ngày làm việc";
        let unread = "không quá năm ngày làm việc";
        for (present, old, new, expected) in [
            (&five, Some(read), "7 Ngày làm việc", Some(&seven)),
            (&five, None, "7 Ngày làm việc", Some(&seven)),
            (&five, Some(unread), "7 Ngày làm việc", Some(&seven)),
            (&five, Some(read), unread, None),
            (&five, Some("khoảng 5 ngày"), unread, Some(&five)),
            (&five, None, unread, Some(&five)),
            (&with_cases, None, "5 ngày làm việc / 8 ngày làm việc", Some(&with_cases)),
        ] {
            assert_eq!(reworded(present.clone(), old, new).as_ref(), expected, "{old:?} to {new}");
        }
    }
}
