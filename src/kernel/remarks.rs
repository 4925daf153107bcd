//! Remarks (lưu ý): what the service notices about a record and does not refuse, because an official
//! may have reason for it or cannot mend it at once. A remark is computed when the record is read and
//! never stored, so that it is gone when its cause is. Each rests on one of the [`rules`](super::rules).

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::rules::Rule;
use crate::error::Bilingual;
use crate::text_enum;

text_enum! {
    /// How grave a remark is (mức độ).
    pub enum RemarkSeverity {
        /// Good to know.
        Notice => "notice", "thông tin";
        /// It may be right, and should be looked at.
        Warning => "warning", "cảnh báo";
        /// It cannot be right as it stands.
        Finding => "finding", "sai lệch";
    }
}

/// What is noticed about a record (lưu ý).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct Remark {
    /// The member that it is about, as a JSON pointer; empty for the record as a whole (vị trí).
    pub pointer: String,
    /// What it is, for machines; never translated and never changed (mã lưu ý).
    #[schema(value_type = String, pattern = "^[a-z0-9_]+$")]
    pub code: &'static str,
    /// How grave it is (mức độ).
    pub severity: RemarkSeverity,
    /// What it is, for people (nội dung).
    pub message: RemarkMessage,
    /// The figures that it rests on, by name (số liệu).
    #[schema(value_type = BTreeMap<String, i64>)]
    pub numbers: BTreeMap<&'static str, i64>,
}

/// A remark in both languages (nội dung lưu ý).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct RemarkMessage {
    /// In Vietnamese (tiếng Việt).
    pub vi: String,
    /// In English (tiếng Anh).
    pub en: String,
}

/// A part that is more than its whole.
#[must_use]
pub fn more_than_whole(pointer: &'static str, part: i64, whole: i64) -> Option<Remark> {
    let message = || {
        Bilingual::new(
            format!("Số {part} lớn hơn tổng số {whole} tương ứng."),
            format!("{part} is more than the whole of {whole}."),
        )
    };
    (part > whole).then(|| {
        Remark::new(pointer, Rule::PartAboveWhole, message()).with("part", part).with("whole", whole)
    })
}

impl Remark {
    /// What a rule notices about a member.
    #[must_use]
    pub fn new(pointer: impl Into<String>, rule: Rule, message: Bilingual) -> Self {
        let (code, severity) = (rule.as_str(), rule.severity());
        let message = RemarkMessage { vi: message.vi.into_owned(), en: message.en.into_owned() };
        Self { pointer: pointer.into(), code, severity, message, numbers: BTreeMap::new() }
    }

    /// The same remark with a figure that it rests on.
    #[must_use]
    pub fn with(mut self, name: &'static str, number: i64) -> Self {
        self.numbers.insert(name, number);
        self
    }
}
