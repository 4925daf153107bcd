//! A list as lines of text.

use super::faults::{CatalogueFile, Fault, FaultKind};
use kernel::text::nfc;

/// Reads the lines of a list as NFC text, one field a column.
pub(super) fn lines<const N: usize>(
    file: CatalogueFile,
    bytes: &[u8],
    columns: [&'static str; N],
    faults: &mut Vec<Fault>,
) -> Vec<(u64, [String; N])> {
    let all = columns.first().copied().unwrap_or_default();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut lines = Vec::new();
    let mut headed = false;
    for record in reader.byte_records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                faults.push(Fault { file, line, column: all, kind: FaultKind::Csv(error.to_string()) });
                break;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        if !headed {
            headed = true;
            if !record.iter().eq(columns.iter().map(|column| column.as_bytes())) {
                faults.push(Fault { file, line, column: all, kind: FaultKind::Header(columns.join(",")) });
                break;
            }
            continue;
        }
        if record.len() != N {
            let column = columns.get(record.len()).or(columns.last()).copied().unwrap_or_default();
            faults.push(Fault { file, line, column, kind: FaultKind::FieldCount(record.len()) });
            continue;
        }
        let mut fields = [const { String::new() }; N];
        let mut readable = true;
        for ((field, raw), column) in fields.iter_mut().zip(&record).zip(columns) {
            match std::str::from_utf8(raw) {
                Ok(text) => *field = nfc(text.trim()).into_owned(),
                Err(_) => {
                    readable = false;
                    faults.push(Fault { file, line, column, kind: FaultKind::Encoding });
                }
            }
        }
        if readable {
            lines.push((line, fields));
        }
    }
    if !headed {
        faults.push(Fault { file, line: 1, column: all, kind: FaultKind::Header(columns.join(",")) });
    }
    lines
}

/// The text, unless the field is empty.
pub(super) fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
