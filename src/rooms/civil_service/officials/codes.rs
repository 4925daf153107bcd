//! Employee codes (mã hồ sơ cán bộ, công chức, viên chức), as the personnel software of a province gives them. It and
//! whoever types one do not agree on capitals: `CB-1` and `cb-1` are one code, and one official.

/// The key under which an employee code is known: in capitals, as identification codes of units are compared. Tone
/// and vowel marks tell codes apart.
#[must_use]
pub(crate) fn code_key(code: &str) -> String {
    code.to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_in_capitals_and_in_small_letters() {
        for code in ["SGDĐT-01a", "sgdđt-01A", "SgdĐt-01a"] {
            assert_eq!(code_key(code), "SGDĐT-01A", "{code}");
        }
        assert_ne!(code_key("CBĐ-1"), code_key("CBD-1"));
        assert_ne!(code_key("CB-1"), code_key("CB-01"), "zeros are of the code");
    }
}
