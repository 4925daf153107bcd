//! What a focal point must satisfy, and what is noticed about it: pure, without database or HTTP.

use super::model::{FocalPointCreate, FocalPointRow};
use crate::domain::document_numbers::{document_faults, year_remark};
use crate::domain::remarks::{Remark, RemarkSeverity};
use crate::domain::validity::day_faults;
use crate::error::{Bilingual, Fault};

/// Faults that the body shows by itself.
#[must_use]
pub(super) fn faults(body: &FocalPointCreate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([
        ("/valid_from", Some(body.valid_from)),
        ("/valid_to", body.valid_to),
        ("/decided_on", body.decided_on),
    ])
    .collect();
    if body.valid_to.is_some_and(|day| day <= body.valid_from) {
        let message = Bilingual::new(
            "Ngày thôi làm đầu mối phải sau ngày bắt đầu.",
            "The day on which it no longer is must be after the first.",
        );
        faults.push(Fault::new("/valid_to", "before_start", message));
    }
    faults.extend(document_faults(
        ("/decision_number", body.decision_number.as_deref()),
        ("/decided_on", body.decided_on),
    ));
    if body.office_phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
        let message = Bilingual::new(
            "Số điện thoại cơ quan chỉ gồm chữ số, dấu cách, dấu chấm, gạch nối, ngoặc và dấu + ở đầu, từ 3 đến 15 chữ số.",
            "An office's phone has 3 to 15 digits, with blanks, points, hyphens, brackets and a + before them.",
        );
        faults.push(Fault::new("/office_phone", "phone_shape", message));
    }
    faults
}

/// Digits with what people write between them.
fn is_phone(text: &str) -> bool {
    let national = text.strip_prefix('+').unwrap_or(text);
    let digits = national.chars().filter(char::is_ascii_digit).count();
    let is_written = |letter: char| letter.is_ascii_digit() || " .-()".contains(letter);
    (3..=15).contains(&digits) && national.chars().all(is_written)
}

/// What is noticed about a focal point.
#[must_use]
pub(super) fn remarks(row: &FocalPointRow) -> Vec<Remark> {
    let decision = row.decision_number.as_deref().zip(row.decided_on);
    let of_year = decision.and_then(|(number, day)| year_remark("/decision_number", number, day));
    let mut remarks: Vec<Remark> = of_year.into_iter().collect();
    if let Some(day) = row.decided_on.filter(|day| *day > row.valid_from) {
        let days = (day - row.valid_from).num_days();
        let message = Bilingual::new(
            format!("Làm đầu mối trước ngày ký quyết định {days} ngày."),
            format!("It begins {days} days before the decision was signed."),
        );
        remarks.push(
            Remark::new("/valid_from", "before_decision", RemarkSeverity::Warning, message)
                .with("days", days),
        );
    }
    remarks
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn codes(change: &Value) -> Vec<(String, String)> {
        let mut body = json!({
            "duty": "procedure_control", "position_title": "Công chức Tư pháp - Hộ tịch", "valid_from": "2026-01-05",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let body = serde_json::from_value(body).unwrap();
        faults(&body).into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn a_phone_is_digits_however_it_is_written() {
        for phone in ["02933868123", "(0293) 3.868.123", "+84 293 3868123", "1022", "19001009"] {
            assert!(is_phone(phone), "{phone}");
        }
        for phone in
            ["", "12", "số 1022", "0293/3868123", "a@b.vn", "++84", "1234567890123456", "0293+3868123"]
        {
            assert!(!is_phone(phone), "{phone}");
        }
        assert_eq!(codes(&json!({"office_phone": "bà A"})), [pair("/office_phone", "phone_shape")]);
    }

    #[test]
    fn a_duty_ends_after_it_began() {
        assert_eq!(codes(&json!({})), []);
        assert_eq!(codes(&json!({"valid_to": "2026-01-06"})), []);
        assert_eq!(codes(&json!({"valid_to": "2026-01-05"})), [pair("/valid_to", "before_start")]);
        assert_eq!(codes(&json!({"valid_from": "+10000-01-01"})), [pair("/valid_from", "out_of_range")]);
    }

    #[test]
    fn a_decision_has_number_and_day() {
        assert_eq!(codes(&json!({"decided_on": "2026-01-05"})), [pair("/decision_number", "required")]);
    }
}
