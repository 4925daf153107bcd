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
        Kind::Pattern { pattern } => one(
            "pattern",
            format!("Giá trị không đúng dạng {pattern}."),
            format!("The value does not have the form {pattern}."),
        ),
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

/// What a parser says of a value, in both languages: it speaks English only.
pub(super) fn unread(said: &str) -> Bilingual {
    let values = said.split_once("expected one of ").map(|(_, values)| values.replace('`', ""));
    let needed = match said {
        _ if values.is_some() => None,
        said if ["digit", "integer", "expected i", "expected u"].iter().any(|part| said.contains(part)) => {
            Some("cần số nguyên")
        }
        said if said.contains("UUID") => Some("cần mã UUID"),
        said if said.contains("true") => Some("cần true hoặc false"),
        said if said.contains("input") => {
            Some("cần ngày dạng 2026-01-31 hoặc thời điểm dạng 2026-01-31T08:00:00Z")
        }
        _ => Some("xem kiểu dữ liệu trong tài liệu OpenAPI"),
    };
    let vi = match (values, needed) {
        (Some(values), _) => format!("Giá trị phải là một trong: {values}."),
        (None, needed) => format!("Giá trị không đọc được: {}.", needed.unwrap_or_default()),
    };
    Bilingual::new(vi, format!("The value cannot be read: {said}."))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_parser_says_is_told_in_both_languages() {
        for (said, vi) in [
            ("invalid digit found in string", "Giá trị không đọc được: cần số nguyên."),
            ("invalid type: floating point `6990.0`, expected i64", "Giá trị không đọc được: cần số nguyên."),
            (
                "unknown variant `x`, expected one of `month`, `quarter`",
                "Giá trị phải là một trong: month, quarter.",
            ),
            (
                "premature end of input",
                "Giá trị không đọc được: cần ngày dạng 2026-01-31 hoặc thời điểm dạng 2026-01-31T08:00:00Z.",
            ),
        ] {
            let told = unread(said);
            assert_eq!((told.vi.as_ref(), told.en.contains(said)), (vi, true));
        }
    }
}
