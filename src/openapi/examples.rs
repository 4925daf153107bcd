//! Examples that follow from others: a page is one of its record, and so is a list as CSV or as lines; the rows of a
//! form as CSV are those of the form.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::item_of;
use kernel::api::batch::NDJSON;
use kernel::api::listing::CSV;
use kernel::api::table::csv_cell;

/// The members of each schema in the order in which they are declared, which is that of columns: a JSON
/// object of the document is sorted.
pub(super) type Orders = HashMap<String, Vec<String>>;

/// Gives every page the example of its record.
pub(super) fn complete_pages(schemas: &mut Map<String, Value>) {
    let of_record = |schema: &Value| schemas.get(item_of(schema)?)?.get("example").cloned();
    let found: Vec<(String, Value)> = schemas
        .iter()
        .filter(|(_, schema)| schema.get("example").is_none())
        .filter_map(|(name, schema)| Some((name.clone(), of_record(schema)?)))
        .collect();
    for (name, example) in found {
        if let Some(page) = schemas.get_mut(&name).and_then(Value::as_object_mut) {
            page.insert("example".into(), json!({"items": [example], "next_cursor": null}));
        }
    }
}

/// Gives an answer that is a list its examples as CSV and as lines.
pub(super) fn complete_lists(forms: &mut Map<String, Value>, schemas: &Map<String, Value>, orders: &Orders) {
    let page = forms.get("application/json").and_then(|form| form.pointer("/schema/$ref")?.as_str());
    let page = page.and_then(|page| schemas.get(page.rsplit('/').next()?));
    let Some(item) = page.and_then(item_of) else {
        if let (Some(form), Some(csv)) = (page, forms.get_mut(CSV)) {
            complete_rows(csv, form, schemas, orders);
        }
        return;
    };
    let example = schemas.get(item).and_then(|schema| schema.get("example")?.as_object());
    let (Some(example), Some(order)) = (example, orders.get(item)) else { return };
    if let Some(form) = forms.get_mut(NDJSON) {
        form["example"] = json!(format!("{}\n", json!(example)));
    }
    if let Some(form) = forms.get_mut(CSV) {
        let order = spread_all(schemas, item, order);
        form["example"] = json!(rows(example, &order));
    }
}

/// Gives the rows of a form its example as CSV: the first row of the form's own.
fn complete_rows(csv: &mut Value, form: &Value, schemas: &Map<String, Value>, orders: &Orders) {
    let row = form.pointer("/properties/rows/items/$ref").and_then(|row| row.as_str()?.rsplit('/').next());
    let example = form.pointer("/example/rows/0").and_then(Value::as_object);
    if let (Some(row), Some(example)) = (row, example)
        && let Some(order) = orders.get(row)
    {
        csv["example"] = json!(rows(example, &spread_all(schemas, row, order)));
    }
}

/// The columns of the members of a schema of the document.
pub(super) fn columns(document: &Value, schema: &str, order: &[String]) -> Vec<String> {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    schemas.map_or_else(|| order.to_vec(), |schemas| spread_all(schemas, schema, order))
}

fn spread_all(schemas: &Map<String, Value>, schema: &str, order: &[String]) -> Vec<String> {
    let members = schemas.get(schema).and_then(|schema| schema.get("properties")?.as_object());
    order.iter().flat_map(|name| spread(schemas, members, name)).collect()
}

/// The columns of a member: of an object those of its own members, as [`kernel::api::table`] has them.
fn spread(schemas: &Map<String, Value>, members: Option<&Map<String, Value>>, name: &str) -> Vec<String> {
    let inner = || {
        let schema = members?.get(name)?;
        let either = schema.get("oneOf").and_then(Value::as_array);
        let referred = either.and_then(|all| all.iter().find_map(|one| one.get("$ref")));
        let named = referred.or_else(|| schema.get("$ref"))?.as_str()?.rsplit('/').next()?;
        let object = schemas.get(named)?;
        let needed = object.get("required").and_then(Value::as_array);
        let is_needed = |name: &String| needed.is_some_and(|names| names.iter().any(|needed| needed == name));
        let mut inner: Vec<&String> = object.get("properties")?.as_object()?.keys().collect();
        inner.sort_by_key(|name| !is_needed(name));
        Some(inner.into_iter().map(|inner| format!("{name}.{inner}")).collect())
    };
    inner().unwrap_or_else(|| vec![name.to_owned()])
}

/// A record as CSV, under a line of names.
pub(super) fn rows(record: &Map<String, Value>, order: &[String]) -> String {
    let value = |name: &String| match name.split_once('.') {
        Some((member, inner)) => record.get(member)?.get(inner),
        None => record.get(name),
    };
    let cell = |name: &String| match value(name).unwrap_or(&Value::Null) {
        nested @ (Value::Array(_) | Value::Object(_)) => quoted(&nested.to_string()),
        plain => quoted(&csv_cell(plain)),
    };
    format!("{}\n{}\n", order.join(","), order.iter().map(cell).collect::<Vec<_>>().join(","))
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_columns_for_its_members() {
        let schemas = json!({
            "Sheep": {"properties": {"owner": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Owner"}]}}},
            "Owner": {"required": ["name"], "properties": {"age": {}, "name": {}}},
        });
        let schemas = schemas.as_object().unwrap();
        let order = spread_all(schemas, "Sheep", &["owner".to_owned()]);
        assert_eq!(order, ["owner.name", "owner.age"]);
        let record = json!({"owner": {"name": "An", "age": 3}});
        assert_eq!(rows(record.as_object().unwrap(), &order), "owner.name,owner.age\nAn,3\n");
    }

    #[test]
    fn a_row_stands_in_the_order_of_its_members() {
        let record = json!({"a": "x, y", "b": {"c": [1]}, "d": null});
        let order = ["d", "b", "a"].map(str::to_owned);
        let expected = "d,b,a\n,\"{\"\"c\"\":[1]}\",\"x, y\"\n";
        assert_eq!(rows(record.as_object().unwrap(), &order), expected);
    }
}
