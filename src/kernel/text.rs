//! Text as it is kept and compared: Unicode NFC when it comes in, and a folded form under which
//! it is found and sorted whatever its case and tone marks (dấu thanh).

use std::borrow::Cow;

use chrono::NaiveDate;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use validator::ValidationError;

/// The text in Unicode NFC, borrowed when it already is: the same word typed on two keyboards
/// (dựng sẵn, tổ hợp) must be the same bytes.
#[must_use]
pub fn nfc(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        IsNormalized::No | IsNormalized::Maybe => Cow::Owned(text.nfc().collect()),
    }
}

/// The key under which a text is searched and sorted (không dấu): lower case without tone and
/// vowel marks, đ as d, each run of white space one space, none at the ends.
///
/// ```
/// assert_eq!(cchc_kernel::text::fold("  THỦ  TỤC "), "thu tuc");
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    // Codes and numbers, of which a batch folds thousands, have no letter to be taken apart.
    if text.is_ascii() {
        return folded(text.len(), text.chars().map(|letter| letter.to_ascii_lowercase()));
    }
    folded(text.len(), text.chars().flat_map(char::to_lowercase).nfd())
}

fn folded(length: usize, letters: impl Iterator<Item = char>) -> String {
    let mut folded = String::with_capacity(length);
    let mut gap = false;
    for letter in letters {
        if is_combining_mark(letter) {
            continue;
        }
        if letter.is_whitespace() {
            gap = !folded.is_empty();
            continue;
        }
        if std::mem::take(&mut gap) {
            folded.push(' ');
        }
        folded.push(match letter {
            // The Icelandic eth looks the same in capitals (Ð, Đ), and old converters confuse them.
            'đ' | 'ð' => 'd',
            other => other,
        });
    }
    folded
}

/// A name that says something: not blank, and without white space at its ends, so that one name is
/// not kept in two ways.
///
/// # Errors
/// `blank` when it is not; an empty text is the fault of its length.
pub fn worded(text: &str) -> Result<(), ValidationError> {
    if text.is_empty() || (text.trim() == text && !fold(text).is_empty()) {
        return Ok(());
    }
    Err(ValidationError::new("blank").with_message(
        "Tên không được để trống hoặc có khoảng trắng ở hai đầu. | The name is blank, or has white space at its ends."
            .into(),
    ))
}

/// Words with one space between them: a text that is part of a key is not kept in two ways that look the
/// same.
///
/// # Errors
/// `spacing` when it is anything else.
pub fn spaced(text: &str) -> Result<(), ValidationError> {
    // Zero-width letters, soft hyphens and marks of direction are seen by nobody.
    let is_hidden =
        |letter: char| matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let is_plain = |letter: char| !letter.is_whitespace() && !letter.is_control() && !is_hidden(letter);
    if text.is_empty() || text.split(' ').all(|word| !word.is_empty() && word.chars().all(is_plain)) {
        return Ok(());
    }
    Err(ValidationError::new("spacing").with_message(
        "Giữa các từ có đúng một dấu cách; hai đầu không có dấu cách. | Between words stands one space, at the ends none.".into(),
    ))
}

/// Bytes in hexadecimal digits, as hashes are shown.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        // A text takes whatever is written.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// A pattern of `LIKE ... ESCAPE '\\'` for texts that contain the word as it stands.
#[must_use]
pub fn contains(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for letter in word.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// A day as Vietnamese texts write it: `01/07/2025`.
#[must_use]
pub fn day_vi(day: NaiveDate) -> impl std::fmt::Display {
    day.format("%d/%m/%Y")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folding_drops_case_marks_and_the_stroke_of_d() {
        assert_eq!(fold("THỦ TỤC"), "thu tuc");
        assert_eq!(fold("Đặc khu"), "dac khu");
        assert_eq!(fold("Ðặc khu"), "dac khu");
        assert_eq!(fold("Thuỷ"), fold("Thủy"));
        assert_eq!(fold("\u{a0}Phụng\t\n Hiệp  "), "phung hiep");
        assert_eq!(fold(" H13.44 \u{b}\t- 260302\n"), "h13.44 - 260302");
        assert_eq!(fold("334 biên chế"), fold("334 bie\u{302}n che\u{302}\u{301}"));
        assert_eq!(fold(" \u{301} "), "");
    }

    #[test]
    fn a_word_is_searched_as_it_stands() {
        assert_eq!(contains("100%"), "%100\\%%");
        assert_eq!(contains("a_b\\"), "%a\\_b\\\\%");
    }

    #[test]
    fn nfc_copies_only_what_it_changes() {
        assert!(matches!(nfc("Phụng Hiệp"), Cow::Borrowed(_)));
        assert_eq!(nfc("bie\u{302}n che\u{302}\u{301}"), "biên chế");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing_more(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn both_forms_of_a_text_fold_alike(text in any::<String>()) {
            prop_assert_eq!(fold(&nfc(&text)), fold(&text.nfd().collect::<String>()));
        }
    }
}
