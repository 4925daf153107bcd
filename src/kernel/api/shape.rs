//! What is wrong with the shape of a value, in the words of whoever sent it: a clerk's spreadsheet is
//! held against the same schemas as a system's JSON.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};

use super::text::escape;
use crate::error::{Bilingual, Fault};

/// The faults behind one error of the validator.
pub(super) fn faults(error: &ValidationError<'_>) -> Vec<Fault> {
    use ValidationErrorKind as Kind;
    let at = error.instance_path().to_string();
    let one = |code: &'static str, vi: String, en: String| {
        vec![Fault::new(at.clone(), code, Bilingual::new(vi, en))]
    };
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let message = Bilingual::new("Thiếu trường bắt buộc.", "The member is required.");
            vec![Fault::new(format!("{at}/{}", escape(name)), "required", message)]
        }
        Kind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                let message =
                    Bilingual::new("Trường này không có trong lược đồ.", "There is no such member.");
                Fault::new(format!("{at}/{}", escape(name)), "unknown", message)
            })
            .collect(),
        Kind::Type { kind } => {
            let Bilingual { vi, en } = expected(kind);
            one("type", format!("Sai kiểu dữ liệu, cần {vi}."), format!("Wrong type: {en} is expected."))
        }
        Kind::Enum { options } => {
            let name =
                |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let values: Vec<_> = options.as_array().into_iter().flatten().map(name).collect();
            let values = values.join(", ");
            one(
                "enum",
                format!("Giá trị phải là một trong: {values}."),
                format!("The value must be one of: {values}."),
            )
        }
        Kind::Format { format } => {
            let name = format_name(format);
            let form = name.as_ref().map_or(format.as_str(), |name| name.vi.as_ref());
            let english = name.as_ref().map_or(format.as_str(), |name| name.en.as_ref());
            one(
                "format",
                format!("Sai định dạng, cần {form}."),
                format!("Wrong format: {english} is expected."),
            )
        }
        Kind::Minimum { limit } => one(
            "range",
            format!("Giá trị ít nhất là {limit}."),
            format!("The value must be at least {limit}."),
        ),
        Kind::Maximum { limit } => one(
            "range",
            format!("Giá trị nhiều nhất là {limit}."),
            format!("The value must be at most {limit}."),
        ),
        Kind::MinLength { limit } => one(
            "length",
            format!("Cần ít nhất {limit} ký tự."),
            format!("At least {limit} characters are needed."),
        ),
        Kind::MaxLength { limit } => one(
            "length",
            format!("Không quá {limit} ký tự."),
            format!("No more than {limit} characters are taken."),
        ),
        Kind::MinItems { limit } => {
            one("length", format!("Cần ít nhất {limit} mục."), format!("At least {limit} items are needed."))
        }
        Kind::MaxItems { limit } => {
            one("length", format!("Không quá {limit} mục."), format!("No more than {limit} items are taken."))
        }
        Kind::Pattern { pattern } => {
            let Bilingual { vi, en } = pattern_name(pattern);
            one(
                "pattern",
                format!("Giá trị không đúng dạng: {vi}."),
                format!("The value does not have the form: {en}."),
            )
        }
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } if meant(context).is_some() => {
            meant(context).into_iter().flatten().flat_map(faults).collect()
        }
        _ => one(
            "invalid",
            "Giá trị nằm ngoài giới hạn cho phép.".into(),
            "The value is outside its limits.".into(),
        ),
    }
}

/// What is wrong for the one shape that a value may have beside null.
fn meant<'e>(context: &'e [Vec<ValidationError<'static>>]) -> Option<&'e [ValidationError<'static>]> {
    let is_null = |error: &ValidationError<'_>| {
        matches!(error.kind(), ValidationErrorKind::Type { kind: TypeKind::Single(JsonType::Null) })
    };
    let is_of_null =
        |errors: &&Vec<ValidationError<'static>>| matches!(errors.as_slice(), [only] if is_null(only));
    let mut others = context.iter().filter(|errors| !is_of_null(errors));
    let only = others.next()?;
    others.next().is_none().then_some(only.as_slice())
}

/// What is wrong with a value that a parser cannot read, in our words and not in its own, which speak of
/// types of the program.
pub(super) fn unread(said: &str) -> Bilingual {
    if let Some((_, values)) = said.split_once("expected one of ") {
        let values = values.replace('`', "");
        return Bilingual::new(
            format!("Giá trị phải là một trong: {values}."),
            format!("The value must be one of: {values}."),
        );
    }
    let says = |parts: &[&str]| parts.iter().any(|part| said.contains(part));
    let (vi, en) = match said {
        _ if says(&["digit", "integer", "expected i", "expected u"]) => {
            ("cần số nguyên", "a whole number is expected")
        }
        _ if says(&["UUID"]) => ("cần mã UUID", "a UUID is expected"),
        _ if says(&["true"]) => ("cần true hoặc false", "true or false is expected"),
        _ if says(&["input"]) => (
            "cần ngày dạng 2026-01-31 hoặc thời điểm dạng 2026-01-31T08:00:00Z",
            "a day such as 2026-01-31 or a time such as 2026-01-31T08:00:00Z is expected",
        ),
        _ => ("xem kiểu dữ liệu trong tài liệu OpenAPI", "see its type in the OpenAPI document"),
    };
    Bilingual::new(format!("Giá trị không đọc được: {vi}."), format!("The value cannot be read: {en}."))
}

/// The types that are taken; that a value may also be left empty says nothing to whoever gave one.
fn expected(kind: &TypeKind) -> Bilingual {
    let types: Vec<JsonType> = match kind {
        TypeKind::Single(single) => vec![*single],
        TypeKind::Multiple(set) => set.iter().filter(|kind| *kind != JsonType::Null).collect(),
    };
    let names: Vec<_> = types.into_iter().map(type_name).collect();
    let joined = |name: fn(&(&'static str, &'static str)) -> &'static str, or: &str| {
        names.iter().map(name).collect::<Vec<_>>().join(or)
    };
    Bilingual::new(joined(|name| name.0, " hoặc "), joined(|name| name.1, " or "))
}

fn type_name(kind: JsonType) -> (&'static str, &'static str) {
    match kind {
        JsonType::Array => ("danh sách", "an array"),
        JsonType::Boolean => ("đúng hoặc sai (true, false)", "true or false"),
        JsonType::Integer => ("số nguyên", "an integer"),
        JsonType::Null => ("giá trị rỗng (null)", "null"),
        JsonType::Number => ("số", "a number"),
        JsonType::Object => ("đối tượng JSON", "an object"),
        JsonType::String => ("văn bản", "a text"),
    }
}

fn format_name(format: &str) -> Option<Bilingual> {
    match format {
        "date" => Some(Bilingual::new("ngày dạng năm-tháng-ngày (2026-01-31)", "a date such as 2026-01-31")),
        "date-time" => Some(Bilingual::new(
            "thời điểm theo RFC 3339 (2026-01-31T08:00:00+07:00)",
            "a time of RFC 3339 such as 2026-01-31T08:00:00+07:00",
        )),
        "uuid" => Some(Bilingual::new("mã UUID", "a UUID")),
        _ => None,
    }
}

/// A pattern in words, where it is one of names.
fn pattern_name(pattern: &str) -> Bilingual {
    match pattern {
        "^[a-z0-9_]+$" => Bilingual::new(
            "chỉ gồm chữ thường không dấu, chữ số và dấu gạch dưới",
            "small letters without marks, digits and underscores only",
        ),
        "^[A-Za-z0-9._-]+$" => Bilingual::new(
            "chỉ gồm chữ không dấu, chữ số và các dấu . _ -",
            "letters without marks, digits, points, underscores and hyphens only",
        ),
        other => Bilingual::new(other.to_owned(), other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_parser_says_is_told_in_our_words() {
        for (said, vi, en) in [
            ("invalid digit found in string", "cần số nguyên", "a whole number"),
            ("invalid type: floating point `6990.0`, expected i64", "cần số nguyên", "a whole number"),
            ("invalid value: integer `-1`, expected u32", "cần số nguyên", "a whole number"),
            ("provided string was not `true` or `false`", "cần true hoặc false", "true or false"),
            ("premature end of input", "cần ngày dạng 2026-01-31", "a day such as 2026-01-31"),
            ("invalid type: map, expected a string", "xem kiểu dữ liệu", "see its type"),
            (
                "unknown variant `x`, expected one of `month`, `quarter`",
                "một trong: month, quarter.",
                "one of: month, quarter.",
            ),
        ] {
            let told = unread(said);
            assert!(told.vi.contains(vi), "{}", told.vi);
            assert!(told.en.contains(en), "{}", told.en);
            for words in
                ["invalid type", "invalid value", "unknown variant", "expected i", "`", "found in string"]
            {
                assert!(!told.vi.contains(words) && !told.en.contains(words), "{told:?}");
            }
        }
    }
}
