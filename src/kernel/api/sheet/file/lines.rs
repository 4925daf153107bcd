//! Files with a record a line (NDJSON), read line by line within limits: one that never ends is not
//! waited for.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use validator::Validate;

use crate::api::sheet::FAULTS;
use crate::api::sheet::parts::{Parts, Table};
use crate::api::sheet::read::unreadable;
use crate::error::{ApiError, Bilingual, Fault};

/// The bytes of a line at most.
const LINE_BYTES: u64 = 1 << 20;

/// Reads the records of a file.
///
/// # Errors
/// 422 for a file that cannot be read or was cut off; whatever becomes of its parts.
pub(super) fn read<S: Read, B, T>(file: S, mut parts: Parts<'_, B, T>) -> Result<(), ApiError>
where
    B: DeserializeOwned + Validate + ToSchema,
    T: FnMut(Table<B>) -> Result<(), ApiError>,
{
    let mut file = BufReader::new(file);
    let (mut bytes, mut number) = (Vec::new(), 0_u32);
    loop {
        bytes.clear();
        let taken = file.by_ref().take(LINE_BYTES + 1).read_until(b'\n', &mut bytes);
        if taken.map_err(ApiError::internal)? == 0 {
            return parts.finish();
        }
        number = number.saturating_add(1);
        let is_whole = bytes.ends_with(b"\n");
        if !is_whole && u64::try_from(bytes.len()).is_ok_and(|length| length > LINE_BYTES) {
            return Err(too_long(number));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| not_utf8(number))?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if !is_whole && serde_json::from_str::<IgnoredAny>(text).is_err() {
            return Err(cut_off(number));
        }
        if !text.is_empty() {
            parts.line(number, &without_faults(text))?;
        }
    }
}

/// A line without what an import told of it before.
fn without_faults(text: &str) -> Cow<'_, str> {
    if !text.contains(FAULTS) {
        return text.into();
    }
    let Ok(mut members) = serde_json::from_str::<Map<String, Value>>(text) else { return text.into() };
    match members.remove(FAULTS) {
        Some(_) => Value::Object(members).to_string().into(),
        None => text.into(),
    }
}

/// A line with what is wrong with it; one that is no object stands whole in a member of its own.
pub(super) fn with_faults(text: &str, faults: &Value) -> String {
    match serde_json::from_str::<Map<String, Value>>(text) {
        Ok(members) => {
            let begin = text.trim_end().strip_suffix('}').unwrap_or(text);
            let comma = if members.is_empty() { "" } else { "," };
            format!("{begin}{comma}\"{FAULTS}\":{faults}}}\n")
        }
        Err(_) => format!("{}\n", serde_json::json!({"_line": text, FAULTS: faults})),
    }
}

fn too_long(row: u32) -> ApiError {
    refused(
        row,
        "too_long",
        format!("Dòng {row} dài hơn {LINE_BYTES} byte."),
        format!("Line {row} is longer than {LINE_BYTES} bytes."),
    )
}

fn not_utf8(row: u32) -> ApiError {
    refused(
        row,
        "not_utf8",
        format!("Dòng {row} không phải văn bản UTF-8."),
        format!("Line {row} is no UTF-8 text."),
    )
}

fn cut_off(row: u32) -> ApiError {
    refused(
        row,
        "cut_row",
        format!("Dòng cuối ({row}) không phải JSON trọn vẹn; có thể tệp đã bị cắt."),
        format!("The last line ({row}) is no whole JSON; the file may have been cut off."),
    )
}

fn refused(row: u32, code: &'static str, vi: String, en: String) -> ApiError {
    unreadable(vec![Fault::new(format!("/{row}"), code, Bilingual::new(vi, en))])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_told_of_a_line_is_taken_away_again() {
        let faults = json!([{"message": "Thiếu trường bắt buộc."}]);
        for line in [r#"{"b": 1, "a": {"x": "}"}}"#, "{}"] {
            let told = with_faults(line, &faults);
            assert!(told.ends_with("}\n") && told.contains("bắt buộc"), "{told}");
            let again: Value = serde_json::from_str(&without_faults(told.trim())).unwrap();
            assert_eq!(again, serde_json::from_str::<Value>(line).unwrap());
        }
        let broken: Value = serde_json::from_str(&with_faults("{\"a\": ", &faults)).unwrap();
        assert_eq!(broken["_line"], "{\"a\": ");
    }
}
