//! What can be wrong with the lists, each fault with its place.

use std::fmt;

use chrono::NaiveDate;

/// Every fault that was found in the lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueError {
    /// The faults, file by file; never empty.
    pub faults: Vec<Fault>,
}

impl std::error::Error for CatalogueError {}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.faults.iter();
        if let Some(first) = lines.next() {
            write!(f, "{first}")?;
        }
        lines.try_for_each(|fault| write!(f, "\n{fault}"))
    }
}

/// One fault of a list, with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}, column {column}: {kind}")]
pub struct Fault {
    /// The list.
    pub file: CatalogueFile,
    /// The line, the header being 1.
    pub line: u64,
    /// The column's name.
    pub column: &'static str,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// The file cannot be read as CSV.
    #[error("not CSV: {0}")]
    Csv(String),
    /// The header does not have the expected columns.
    #[error("the header must be {0}")]
    Header(String),
    /// The line has more or fewer fields than the header.
    #[error("the line has {0} fields")]
    FieldCount(usize),
    /// The field is not UTF-8.
    #[error("not UTF-8")]
    Encoding,
    /// The field may not be empty.
    #[error("empty")]
    Empty,
    /// The level does not exist in this structure.
    #[error("{0:?} is no level here")]
    Level(String),
    /// The code has not the shape that its level asks for.
    #[error("{0:?} is no code of this level")]
    Code(String),
    /// The code occurs a second time.
    #[error("{0:?} occurs more than once")]
    Duplicate(String),
    /// The code names no unit.
    #[error("{0:?} names no unit")]
    Unknown(String),
    /// The parent is of the wrong level.
    #[error("{0:?} is not of the level above")]
    ParentLevel(String),
    /// The relation does not exist.
    #[error("{0:?} is no relation")]
    Relation(String),
    /// The relation contradicts another row of the same unit.
    #[error("{0:?} contradicts another row of this unit")]
    Contradiction(String),
    /// The text is no date.
    #[error("{0:?} is no date of the form YYYY-MM-DD")]
    Date(String),
    /// The date differs from that of another row of the same unit.
    #[error("{0} differs from another row of this unit")]
    DateDiffers(NaiveDate),
    /// The predecessor would end before its successor begins.
    #[error("{0} is before the successor begins")]
    DateBefore(NaiveDate),
}

/// One of the three lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogueFile {
    /// The units of 2024.
    Units2024,
    /// The units of 2025.
    Units2025,
    /// The successions.
    Successions,
}

impl fmt::Display for CatalogueFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Units2024 => "admin-units-2024.csv",
            Self::Units2025 => "admin-units-2025.csv",
            Self::Successions => "admin-unit-successions.csv",
        })
    }
}
