//! Which passwords are allowed.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::normalise;
use crate::auth::keys::Secret;
use crate::auth::password::DEMO_PASSWORD;
use crate::error::{Bilingual, Fault};

/// The fewest characters that a password may have.
pub const PASSWORD_MIN_CHARS: usize = 10;

/// The most characters that a password may have.
pub const PASSWORD_MAX_CHARS: usize = 128;

// What people choose who were asked for ten characters, without tone marks, case and blanks.
const COMMON: &[&str] = &[
    "0123456789",
    "0987654321",
    "1234567890",
    "12345678910",
    "9876543210",
    "1q2w3e4r5t",
    "123456789a",
    "a123456789",
    "abc1234567",
    "qwertyuiop",
    "qwerty12345",
    "password123",
    "password1234",
    "p@ssw0rd123",
    "iloveyou123",
    "admin12345",
    "admin123456",
    "admin@12345",
    "administrator",
    "matkhau123",
    "matkhau1234",
    "matkhau@123",
    "matkhaumoi",
    "anhyeuem123",
    "emyeuanh123",
    "vietnam123",
    "vietnam1945",
    "vietnam1975",
    "vietnam@123",
    "hanoi123456",
    "saigon123456",
    "cchc123456",
    "caicachhanhchinh",
    DEMO_PASSWORD,
];

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PasswordFault {
    /// Fewer than ten characters.
    #[error("a password has at least {PASSWORD_MIN_CHARS} characters")]
    TooShort,
    /// More than 128 characters.
    #[error("a password has at most {PASSWORD_MAX_CHARS} characters")]
    TooLong,
    /// The user's own name.
    #[error("a password differs from the username")]
    IsUsername,
    /// One that everybody tries first.
    #[error("this password is among the first that anyone would try")]
    TooCommon,
}

impl PasswordFault {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::IsUsername => "password_is_username",
            Self::TooCommon => "password_too_common",
        }
    }

    /// The fault of this member of a body.
    #[must_use]
    pub fn at(self, pointer: &str) -> Fault {
        let message = match self {
            Self::TooShort => Bilingual::new(
                format!("Mật khẩu phải có ít nhất {PASSWORD_MIN_CHARS} ký tự."),
                format!("A password has at least {PASSWORD_MIN_CHARS} characters."),
            ),
            Self::TooLong => Bilingual::new(
                format!("Mật khẩu có tối đa {PASSWORD_MAX_CHARS} ký tự."),
                format!("A password has at most {PASSWORD_MAX_CHARS} characters."),
            ),
            Self::IsUsername => Bilingual::new(
                "Mật khẩu không được trùng với tên đăng nhập.",
                "A password differs from the username.",
            ),
            Self::TooCommon => Bilingual::new(
                "Mật khẩu này nằm trong số những mật khẩu ai cũng thử đầu tiên.",
                "This password is among the first that anyone would try.",
            ),
        };
        Fault::new(pointer, self.code(), message)
    }
}

/// Checks a password that someone wants to have.
///
/// # Errors
///
/// It is too short, too long, the username, or too common.
pub fn check_password(username: &str, password: &str) -> Result<(), PasswordFault> {
    let normal = normalise(password).ok_or(PasswordFault::TooLong)?;
    let text = std::str::from_utf8(normal.expose()).unwrap_or_default();
    let chars = text.chars().count();
    if chars < PASSWORD_MIN_CHARS {
        return Err(PasswordFault::TooShort);
    }
    if chars > PASSWORD_MAX_CHARS {
        return Err(PasswordFault::TooLong);
    }
    let folded = fold(text);
    if folded.expose() == fold(username).expose() {
        return Err(PasswordFault::IsUsername);
    }
    let one_character = text.chars().zip(text.chars().skip(1)).all(|(left, right)| left == right);
    if one_character || COMMON.iter().any(|common| common.as_bytes() == folded.expose()) {
        return Err(PasswordFault::TooCommon);
    }
    Ok(())
}

fn fold(text: &str) -> Secret {
    let mut folded = String::with_capacity(text.len().saturating_mul(3));
    folded.extend(
        text.nfd()
            .filter(|letter| !is_combining_mark(*letter) && !letter.is_whitespace())
            .flat_map(char::to_lowercase)
            .map(|letter| if letter == 'đ' { 'd' } else { letter }),
    );
    Secret::from(folded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(username: &str, password: &str) -> Option<&'static str> {
        check_password(username, password).err().map(PasswordFault::code)
    }

    #[test]
    fn the_rules_count_characters_after_nfc() {
        assert_eq!(code("lan", "ngắn quá"), Some("password_too_short"));
        assert_eq!(code("lan", &"e\u{302}\u{301}".repeat(5)), Some("password_too_short"));
        assert_eq!(code("lan", "vừa đủ dài"), None);
        assert_eq!(code("lan", &"ếa".repeat(64)), None);
        assert_eq!(code("lan", &"ếa".repeat(65)), Some("password_too_long"));
        assert_eq!(code("lan", &"e\u{302}\u{301}a".repeat(64)), None);
        assert_eq!(code("lan", &"a".repeat(1_000_000)), Some("password_too_long"));
    }

    #[test]
    fn what_anyone_would_try_first_is_refused() {
        assert_eq!(code("nguyenthilan", "NguyenThiLan"), Some("password_is_username"));
        assert_eq!(code("nguyenthilan", "Nguyễn Thị Lan"), Some("password_is_username"));
        let tried_first = [
            "Mật Khẩu 123",
            "MATKHAU@123",
            "1234567890",
            "cải cách hành chính",
            "aaaaaaaaaaaa",
            DEMO_PASSWORD,
        ];
        for common in tried_first {
            assert_eq!(code("lan", common), Some("password_too_common"), "{common}");
        }
        assert_eq!(code("lan", "con mèo trèo cây cau"), None);
    }

    #[test]
    fn every_common_password_is_one_that_the_list_can_meet() {
        for common in COMMON {
            assert!(common.chars().count() >= PASSWORD_MIN_CHARS, "{common}");
            assert_eq!(fold(common).expose(), common.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn the_rules_answer_alike_for_both_forms(password in "[a-zA-Zăâđêôơưếộừ0-9 ]{0,40}") {
            let decomposed: String = password.nfd().collect();
            prop_assert_eq!(check_password("lan", &password), check_password("lan", &decomposed));
        }
    }
}
