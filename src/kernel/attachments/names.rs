//! Names of files: what a name must be so that it can be shown, saved and sent on everywhere. A name
//! that is not is refused rather than changed, for people look for the file under the name they gave.
//! Nothing is ever stored under it.

use std::ops::RangeInclusive;

use crate::error::{Bilingual, Fault};
use crate::text::nfc;

/// The longest name, in bytes of UTF-8: what file systems take.
pub const NAME_BYTES: usize = 255;

/// Letters that turn the direction of writing or show nothing: by them `baocaofdp.exe` reads
/// `baocaoexe.pdf`.
const UNSEEN: &[RangeInclusive<char>] = &[
    '\u{ad}'..='\u{ad}',
    '\u{61c}'..='\u{61c}',
    '\u{180e}'..='\u{180e}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{feff}'..='\u{feff}',
    '\u{fff9}'..='\u{fffb}',
    '\u{e0000}'..='\u{e007f}',
];

/// Names that mean a device on Windows, whatever their extension.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// The name of a file (tên tệp), in Unicode NFC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// The name as it was given.
    ///
    /// # Errors
    /// What is wrong with it. The name itself is not repeated: it may be a person's.
    pub fn new(given: &str) -> Result<Self, Fault> {
        let name = nfc(given).into_owned();
        match wrong(&name) {
            None => Ok(Self(name)),
            Some((code, vi, en)) => Err(Fault::new("/file", code, Bilingual::new(vi, en))),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, to keep.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// What stands behind the last dot, in lower case.
    #[must_use]
    pub fn extension(&self) -> Option<String> {
        let (stem, extension) = self.0.rsplit_once('.')?;
        (!stem.is_empty()).then(|| extension.to_lowercase())
    }
}

type Wrong = (&'static str, &'static str, &'static str);

fn wrong(name: &str) -> Option<Wrong> {
    let is_unseen = |letter: char| letter.is_control() || UNSEEN.iter().any(|range| range.contains(&letter));
    if name.is_empty() {
        return Some(("name_missing", "Tệp phải có tên.", "The file must have a name."));
    }
    if name.len() > NAME_BYTES {
        return Some((
            "name_too_long",
            "Tên tệp dài quá 255 byte; hãy đặt tên ngắn hơn.",
            "The name is longer than 255 bytes; choose a shorter one.",
        ));
    }
    if name.contains(['/', '\\']) || name == "." || name == ".." {
        return Some((
            "path_in_name",
            "Chỉ gửi tên tệp, không kèm đường dẫn.",
            "Send the name alone, without a path.",
        ));
    }
    if name.chars().any(is_unseen) {
        return Some((
            "unseen_character",
            "Tên tệp có ký tự điều khiển hoặc ký tự ẩn; hãy đặt lại tên.",
            "The name has control or invisible characters; rename the file.",
        ));
    }
    if name.contains(['<', '>', ':', '"', '|', '?', '*']) {
        return Some((
            "unfit_character",
            "Tên tệp không được có các ký tự < > : \" | ? *.",
            "The name may not have any of < > : \" | ? *.",
        ));
    }
    if name.trim() != name || name.ends_with('.') {
        return Some((
            "unfit_end",
            "Tên tệp không được bắt đầu hoặc kết thúc bằng khoảng trắng, hay kết thúc bằng dấu chấm.",
            "The name may not begin or end with white space, or end with a dot.",
        ));
    }
    is_device(name).then_some((
        "reserved_name",
        "Tên tệp trùng với tên dành riêng của hệ điều hành; hãy đặt tên khác.",
        "The name is reserved by an operating system; choose another.",
    ))
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let is_port = |kind: &str| {
        let mut rest = stem.strip_prefix(kind).unwrap_or_default().chars();
        matches!((rest.next(), rest.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    };
    DEVICES.contains(&stem.as_str()) || is_port("COM") || is_port("LPT")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_as_officials_give_them_are_kept() {
        for name in [
            "Báo cáo 6 tháng (đã ký).pdf",
            "QĐ 12-UBND.signed.pdf",
            "console.txt",
            "COM10.csv",
            "Số liệu…xlsx",
        ] {
            assert_eq!(FileName::new(name).unwrap().as_str(), name);
        }
        let decomposed = FileName::new("bie\u{302}n che\u{302}\u{301}.pdf").unwrap();
        assert_eq!(decomposed.as_str(), "biên chế.pdf");
        assert_eq!(FileName::new("Bản.KÝ.PDF").unwrap().extension().unwrap(), "pdf");
        assert_eq!(FileName::new(".pdf").unwrap().extension(), None);
        assert_eq!(FileName::new("bao-cao").unwrap().extension(), None);
    }

    #[test]
    fn what_is_no_name_is_refused_and_not_repeated() {
        let too_long = format!("{}.pdf", "a".repeat(252));
        for (name, code) in [
            ("", "name_missing"),
            (too_long.as_str(), "name_too_long"),
            ("../../etc/passwd", "path_in_name"),
            ("C:\\Users\\lan\\bao-cao.pdf", "path_in_name"),
            ("..", "path_in_name"),
            (".", "path_in_name"),
            ("a\u{0}.pdf", "unseen_character"),
            ("a\r\nSet-Cookie: b.pdf", "unseen_character"),
            ("baocao\u{202e}fdp.exe", "unseen_character"),
            ("bao\u{200b}cao.pdf", "unseen_character"),
            ("bao cao: ban ky.pdf", "unfit_character"),
            ("bao cao\".pdf", "unfit_character"),
            (" bao-cao.pdf", "unfit_end"),
            ("bao-cao.pdf ", "unfit_end"),
            ("bao-cao.", "unfit_end"),
            ("NUL", "reserved_name"),
            ("con.pdf", "reserved_name"),
            ("lpt1.tar.gz", "reserved_name"),
            ("Com².txt", "reserved_name"),
        ] {
            let fault = FileName::new(name).unwrap_err();
            assert_eq!((fault.pointer.as_str(), fault.code.as_ref()), ("/file", code), "{name:?}");
            assert!(name.len() < 3 || !fault.message.vi.contains(name), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_that_is_taken_stays_in_its_folder(given in any::<String>()) {
            let Ok(name) = FileName::new(&given) else { return Ok(()) };
            let path = std::path::Path::new(name.as_str());
            prop_assert_eq!(path.components().count(), 1);
            prop_assert_eq!(path.file_name().and_then(|name| name.to_str()), Some(name.as_str()));
            prop_assert!(name.as_str().len() <= NAME_BYTES && !name.as_str().chars().any(char::is_control));
        }
    }
}
