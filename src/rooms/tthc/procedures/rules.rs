//! What a procedure may say: pure rules over what is asked for, each fault with its place.

use super::bodies::ProcedureCreate;
use super::model::{Deadline, DeadlineUnit};
use kernel::error::{Bilingual, Fault};

/// Every fault of a body that needs no database.
#[must_use]
pub fn faults(body: &ProcedureCreate) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(code_fault("/code".to_owned(), &body.code));
    let deadlines = body.deadlines.iter().enumerate();
    faults.extend(deadlines.filter_map(|(index, Deadline { value, unit, .. })| {
        count_fault(format!("/deadlines/{index}/value"), *value, *unit)
    }));
    faults
}

/// A code that is none of a procedure.
pub(crate) fn code_fault(pointer: String, code: &str) -> Option<Fault> {
    let message = || {
        Bilingual::new(
            "Mã thủ tục có dạng 1.001193, có thể kèm mã cơ quan: 1.001193.000.00.00.H56.",
            "A procedure's code is like 1.001193, or with an agency code behind: 1.001193.000.00.00.H56.",
        )
    };
    (!is_code(code)).then(|| Fault::new(pointer, "code_shape", message()))
}

/// A national code (mã TTHC): a digit, a point and six digits, behind which an agency code may stand.
fn is_code(code: &str) -> bool {
    let mut parts = code.split('.');
    let digits = |part: Option<&str>, length| {
        part.is_some_and(|part| part.len() == length && part.bytes().all(|letter| letter.is_ascii_digit()))
    };
    let agency = |part: &str| {
        !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_digit() || letter.is_ascii_uppercase())
    };
    digits(parts.next(), 1) && digits(parts.next(), 6) && parts.all(agency)
}

/// A span of time that lacks its number, or has one where its unit takes none.
pub(crate) fn count_fault(pointer: String, value: Option<u32>, unit: DeadlineUnit) -> Option<Fault> {
    let label = unit.label_vi();
    match (unit.is_counted(), value) {
        (true, Some(_)) | (false, None) => None,
        (true, None) => Some(Fault::new(
            pointer,
            "required",
            Bilingual::new(
                format!("Phải nêu số lượng cho thời hạn tính bằng {label}."),
                format!("A deadline in {unit} needs a number."),
            ),
        )),
        (false, Some(_)) => Some(Fault::new(
            pointer,
            "not_counted",
            Bilingual::new(
                format!("Thời hạn “{label}” không có số lượng."),
                format!("A deadline of the unit {unit} has no number."),
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_national_or_has_an_agency_behind_it() {
        for code in ["1.001193", "2.000815.000.00.00.H55", "1.001193.H30", "1.001193.H30.14"] {
            assert!(is_code(code), "{code}");
        }
        for code in ["1001193", "1.00119", "1.0011934", "a.001193", "1.001193.", "1.001193.h30", "1.001193 "]
        {
            assert!(!is_code(code), "{code}");
        }
    }
}
