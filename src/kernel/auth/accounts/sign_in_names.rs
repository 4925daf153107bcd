//! The name under which a person or a system signs in.

use validator::ValidationError;

use crate::error::{Bilingual, Fault};

/// The names that begin so: from the first on, and before the second.
pub(super) fn beginning_with(prefix: &str) -> (String, String) {
    let from = prefix.to_lowercase();
    // A tilde sorts behind every character that a name may have.
    let to = format!("{from}~");
    (from, to)
}

/// A name to sign in with has Latin letters, digits, `.`, `_` and `-`; capitals are folded.
pub(super) fn sign_in_name(name: &str) -> Result<(), ValidationError> {
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
        return Ok(());
    }
    Err(ValidationError::new("alphabet").with_message(
        "Chỉ dùng chữ cái không dấu, chữ số và các ký tự . _ - | Use letters without marks, digits and . _ - only.".into(),
    ))
}

/// What is wrong with a username that comes from elsewhere than a body.
pub(in crate::auth) fn username_faults(username: &str) -> Vec<Fault> {
    let length = (3..=64).contains(&username.len());
    if length && sign_in_name(username).is_ok() {
        return Vec::new();
    }
    let message = Bilingual::new(
        "Tên đăng nhập có 3 đến 64 ký tự: chữ cái không dấu, chữ số và . _ -",
        "A username has 3 to 64 characters: letters without marks, digits and . _ -",
    );
    vec![Fault::new("/username", "alphabet", message)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_to_sign_in_with_is_plain() {
        assert!(sign_in_name("lan.nguyen_1-x").is_ok());
        for name in ["lan nguyen", "lân", "a@b", "a/b"] {
            assert!(sign_in_name(name).is_err(), "{name}");
        }
    }
}
