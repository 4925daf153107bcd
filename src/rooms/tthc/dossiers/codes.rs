//! Codes of dossiers (mã hồ sơ): `H30.14-240115-0001`, the agency's identification code, the day and the
//! number of that day. Systems send four or five digits; the agency need not be known here.

use chrono::NaiveDate;

use kernel::error::{Bilingual, Fault};

/// A code that is none of a dossier.
#[must_use]
pub fn code_fault(pointer: &str, code: &str) -> Option<Fault> {
    let message = || {
        Bilingual::new(
            "Mã hồ sơ có dạng H30.14-240115-0001: mã định danh cơ quan, ngày tiếp nhận (năm, tháng, ngày), số thứ tự 4 hoặc 5 chữ số.",
            "A dossier's code is like H30.14-240115-0001: the agency's identification code, the day (year, month, day), a number of 4 or 5 digits.",
        )
    };
    (!is_code(code)).then(|| Fault::new(pointer, "code_shape", message()))
}

fn is_code(code: &str) -> bool {
    let mut parts = code.split('-');
    let (Some(agency), Some(day), Some(number), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let is_number = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit());
    is_agency(agency) && is_day(day) && matches!(number.len(), 4 | 5) && is_number(number)
}

/// An agency's code of Quyết định 20/2020/QĐ-TTg or of QCVN 102:2016.
fn is_agency(text: &str) -> bool {
    let is_level = |part: &str| {
        !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_digit() || letter.is_ascii_uppercase())
    };
    text.len() <= 35
        && text.split('.').all(is_level)
        && text.bytes().any(|letter| letter.is_ascii_uppercase())
}

fn is_day(text: &str) -> bool {
    text.len() == 6 && NaiveDate::parse_from_str(&format!("20{text}"), "%Y%m%d").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_names_agency_day_and_number() {
        for code in
            ["H30.14-240115-0001", "000.00.14.H30-240115-12345", "H30-240229-0001", "G22.99.1-251231-9999"]
        {
            assert!(is_code(code), "{code}");
        }
        for code in [
            "",
            "H30.14-240115-001",
            "H30.14-240115-123456",
            "H30.14-240231-0001",
            "H30.14-230229-0001",
            "h30.14-240115-0001",
            "H30..14-240115-0001",
            "14-240115-0001",
            "H30.14-240115-0001-1",
            "H30.14-2401150-0001",
            "H30.14-+40115-0001",
        ] {
            assert!(!is_code(code), "{code}");
        }
    }
}
