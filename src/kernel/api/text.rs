//! Text as it comes in: UTF-8, without NUL, in Unicode NFC.

use std::borrow::Cow;

use serde_json::Value;

use crate::error::{Bilingual, Fault};
pub use crate::text::nfc;

/// Brings every text inside a JSON value to NFC and reports those with a NUL character, which no
/// database column holds.
pub fn normalise(value: &mut Value, pointer: &mut String, faults: &mut Vec<Fault>) {
    let length = pointer.len();
    match value {
        Value::String(text) => {
            if text.contains('\0') {
                faults.push(nul(pointer.clone()));
            }
            if let Cow::Owned(normal) = nfc(text) {
                *text = normal;
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                pointer.push_str(&format!("/{index}"));
                normalise(item, pointer, faults);
                pointer.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                pointer.push('/');
                pointer.push_str(&escape(name));
                normalise(member, pointer, faults);
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A member's name inside a JSON pointer (RFC 6901).
#[must_use]
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The fault of a text with a NUL character.
#[must_use]
pub fn nul(pointer: String) -> Fault {
    Fault::new(
        pointer,
        "nul_character",
        Bilingual::new(
            "Văn bản không được chứa ký tự NUL (U+0000).",
            "Text must not contain the NUL character (U+0000).",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_bien_che_become_one() {
        let decomposed = "bie\u{302}n che\u{302}\u{301}";
        assert_eq!(nfc(decomposed), "biên chế");
        let mut body = serde_json::json!({"a/b": [decomposed, "x\u{0}"]});
        let mut faults = Vec::new();
        normalise(&mut body, &mut String::new(), &mut faults);
        assert_eq!(body["a/b"][0], "biên chế");
        assert_eq!(faults[0].pointer, "/a~1b/1");
    }
}
