//! Descriptions that follow from others: what is sent of a record bears the record's Vietnamese term, and
//! a page tells of what.

use serde_json::{Map, Value, json};

/// What the bodies of a record are called behind its name.
const BODIES: [&str; 3] = ["Create", "Patch", "Replace"];

/// Completes the descriptions of bodies and pages.
pub(super) fn complete_terms(schemas: &mut Map<String, Value>) {
    let described = |schema: &Value| schema.get("description")?.as_str().map(str::to_owned);
    let known: Map<String, Value> =
        schemas.iter().filter_map(|(name, schema)| Some((name.clone(), described(schema)?.into()))).collect();
    let description = |name: &str| known.get(name).and_then(Value::as_str);
    for (name, schema) in schemas.iter_mut() {
        let own = description(name);
        let record = BODIES.iter().find_map(|body| name.strip_suffix(body)).and_then(description);
        let told = match (super::item_of(schema), own, record) {
            (Some(item), None, _) => description(item).map(page),
            (_, Some(own), Some(record)) if term(own).is_none() => term(record).map(|term| named(own, term)),
            _ => None,
        };
        if let (Some(told), Some(schema)) = (told, schema.as_object_mut()) {
            schema.insert("description".into(), json!(told));
        }
    }
}

/// The Vietnamese term of a description: what stands in its first brackets that hold a letter beyond ASCII.
fn term(description: &str) -> Option<&str> {
    let bracketed = description.split('(').skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    bracketed.into_iter().find(|term| term.chars().any(|letter| letter.is_alphabetic() && !letter.is_ascii()))
}

/// The description of a page of these records.
fn page(record: &str) -> String {
    let first = record.split_inclusive('.').next().unwrap_or(record);
    format!("A page of a list (trang danh sách). Each of its records: {first}")
}

/// A description with the term behind what it names.
fn named(description: &str, term: &str) -> String {
    let end = [",", ".", " (", ":"].iter().filter_map(|end| description.find(end)).min();
    let (head, rest) = description.split_at(end.unwrap_or(description.len()));
    format!("{head} ({term}){rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_bears_the_term_of_its_record() {
        let unit = "A unit (RFC 1, đơn vị). It stands.";
        let ref_to = json!({"$ref": "#/components/schemas/Unit"});
        let mut schemas = json!({
            "Unit": {"description": unit},
            "UnitPage": {"properties": {"next_cursor": {}, "items": {"items": ref_to}}},
            "UnitCreate": {"description": "A new unit, or the whole of a changed one."},
            "UnitPatch": {"description": "Changes to a unit (RFC 7396)."},
            "UnitReplace": {"description": "All of it (toàn bộ)."},
            "Lonely": {"description": "Nothing."},
        });
        complete_terms(schemas.as_object_mut().unwrap());
        let told = |name: &str| schemas[name]["description"].as_str().unwrap();
        assert_eq!(told("UnitCreate"), "A new unit (RFC 1, đơn vị), or the whole of a changed one.");
        assert_eq!(told("UnitPatch"), "Changes to a unit (RFC 1, đơn vị) (RFC 7396).");
        assert_eq!(told("UnitReplace"), "All of it (toàn bộ).");
        assert_eq!(told("Lonely"), "Nothing.");
        assert!(told("UnitPage").ends_with("Each of its records: A unit (RFC 1, đơn vị)."));
    }
}
