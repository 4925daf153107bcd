//! Records as rows of a table: one column a member, in the order of the contract. A member that is
//! itself an object or a list stands in its cell as JSON.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::contract::Contract;
use crate::error::ApiError;

/// The columns of a table: the members of a record, in the order of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

/// A column: a member of a record, as the contract describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The member's name.
    pub name: String,
    /// The Vietnamese term, as its description has it; the name where it has none.
    pub label: String,
    /// What it means.
    pub description: String,
    /// Whether a record cannot be without it.
    pub required: bool,
    /// What its cells hold.
    pub content: Content,
    /// The least and the most that a number may be, or a text may have in characters.
    pub limits: (Option<i64>, Option<i64>),
}

/// What the cells of a column hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An id, which machines know and people do not.
    Id,
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// A moment.
    Instant,
    /// One of these.
    Choice(Vec<Choice>),
    /// An object or a list, as JSON.
    Nested,
}

/// One of the values of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The value.
    pub value: String,
    /// The Vietnamese term for it.
    pub label: String,
}

impl From<Vec<Column>> for Columns {
    fn from(columns: Vec<Column>) -> Self {
        Self(columns)
    }
}

impl Columns {
    /// The columns of this type of record.
    #[must_use]
    pub fn of<T: PartialSchema>(contract: &Contract) -> Self {
        let RefOr::T(Schema::Object(object)) = T::schema() else { return Self(Vec::new()) };
        let column = |(name, schema): (&String, &RefOr<Schema>)| {
            let schema = serde_json::to_value(schema).unwrap_or_default();
            Column::of(contract, name, object.required.contains(name), &schema)
        };
        Self(object.properties.iter().map(column).collect())
    }

    /// Those that a person fills in: not the ids, where a record can do without them.
    #[must_use]
    pub fn for_people(&self) -> Self {
        let is_for_people = |column: &&Column| column.required || column.content != Content::Id;
        Self(self.0.iter().filter(is_for_people).cloned().collect())
    }

    /// The columns, in their order.
    #[must_use]
    pub fn all(&self) -> &[Column] {
        &self.0
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|column| column.name.as_str())
    }

    /// The cells of a record, one a column.
    ///
    /// # Errors
    /// When the record is no object.
    pub fn cells(&self, record: &impl Serialize) -> Result<Vec<Value>, ApiError> {
        let value = serde_json::to_value(record).map_err(ApiError::internal)?;
        let Value::Object(mut members) = value else {
            return Err(ApiError::internal("a record of a list is no object"));
        };
        Ok(self.names().map(|name| cell(&mut members, name)).collect())
    }
}

impl Column {
    fn of(contract: &Contract, name: &str, required: bool, schema: &Value) -> Self {
        let schemas = described(contract, schema);
        let said = |member: &str| schemas.iter().find_map(|schema| schema.get(member));
        let description = said("description").and_then(Value::as_str).unwrap_or_default();
        let number = |names: [&str; 2]| names.into_iter().find_map(|name| said(name)?.as_i64());
        Self {
            name: name.to_owned(),
            label: standard_label(name).or_else(|| vietnamese(description)).unwrap_or(name).to_owned(),
            description: description.lines().next().unwrap_or_default().to_owned(),
            required,
            content: content(&schemas),
            limits: (number(["minimum", "minLength"]), number(["maximum", "maxLength"])),
        }
    }
}

/// The schema of a member with those it refers to, the nearest first.
fn described<'a>(contract: &'a Contract, schema: &'a Value) -> Vec<&'a Value> {
    let mut all = vec![schema];
    let mut last = schema;
    while all.len() < 8 {
        let either = last.get("oneOf").and_then(Value::as_array);
        let named = either.and_then(|schemas| {
            schemas.iter().find(|schema| schema.get("type") != Some(&Value::String("null".to_owned())))
        });
        let referred = last
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|name| contract.document().pointer(name.trim_start_matches('#')));
        let Some(next) = named.or(referred) else { break };
        all.push(next);
        last = next;
    }
    all
}

fn content(schemas: &[&Value]) -> Content {
    let said = |member: &str| schemas.iter().find_map(|schema| schema.get(member));
    if let Some(values) = said("enum").and_then(Value::as_array) {
        let words = schemas.last().and_then(|schema| schema.get("description")?.as_str()).unwrap_or_default();
        return Content::Choice(
            values.iter().filter_map(Value::as_str).map(|value| choice(value, words)).collect(),
        );
    }
    let types = match said("type") {
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => Vec::new(),
    };
    let format = said("format").and_then(Value::as_str);
    match (types.iter().find(|one| **one != "null"), format) {
        (Some(&"string"), Some("date")) => Content::Date,
        (Some(&"string"), Some("date-time")) => Content::Instant,
        (Some(&"string"), Some("uuid")) => Content::Id,
        (Some(&"string"), _) => Content::Text,
        (Some(&"integer"), _) => Content::Integer,
        (Some(&"number"), _) => Content::Number,
        (Some(&"boolean"), _) => Content::Boolean,
        _ => Content::Nested,
    }
}

/// A value with the term that the description of its type has for it: "- `value`: English (tiếng Việt)".
fn choice(value: &str, words: &str) -> Choice {
    let begin = format!("- `{value}`: ");
    let line = words.lines().find_map(|line| line.strip_prefix(&begin));
    let label = line.and_then(|line| line.rsplit_once('(')?.1.strip_suffix(')')).unwrap_or(value);
    Choice { value: value.to_owned(), label: label.to_owned() }
}

/// The Vietnamese term of a description: what stands in its first brackets that hold a letter beyond
/// ASCII.
fn vietnamese(description: &str) -> Option<&str> {
    description
        .split('(')
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0))
        .find(|term| term.chars().any(|letter| letter.is_alphabetic() && !letter.is_ascii()))
}

/// The terms of the members that every record has.
fn standard_label(name: &str) -> Option<&'static str> {
    Some(match name {
        "id" => "mã bản ghi",
        "version" => "phiên bản",
        "created_at" => "thời điểm tạo",
        "updated_at" => "thời điểm cập nhật",
        _ => return None,
    })
}

fn cell(members: &mut Map<String, Value>, name: &str) -> Value {
    match members.remove(name) {
        None => Value::Null,
        Some(nested @ (Value::Array(_) | Value::Object(_))) => Value::String(nested.to_string()),
        Some(plain) => plain,
    }
}

/// A cell as CSV has it. A text that a spreadsheet program would take for a formula gets an
/// apostrophe before it (OWASP, CSV injection), and so does one that begins with an apostrophe, so
/// that [`plain`] finds every text again.
#[must_use]
pub fn csv_cell(cell: &Value) -> Cow<'_, str> {
    match cell {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) if text.starts_with(GUARDED) => Cow::Owned(format!("'{text}")),
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The text behind a cell that [`csv_cell`] wrote.
#[must_use]
pub fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| text.starts_with(GUARDED)).unwrap_or(cell)
}

/// What a text must not begin with: formulas, and the apostrophe that guards.
const GUARDED: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use utoipa::ToSchema;

    use super::*;

    #[derive(Serialize, ToSchema)]
    struct Sheep {
        /// Where it grazes (đồng cỏ), mostly.
        zone: &'static str,
        age: Option<u8>,
        bells: Vec<u8>,
    }

    #[test]
    fn columns_stand_in_the_order_of_the_contract() {
        let columns = Columns::of::<Sheep>(&Contract::new(json!({})));
        assert_eq!(columns.names().collect::<Vec<_>>(), ["zone", "age", "bells"]);
        let cells = columns.cells(&Sheep { zone: "Hòa Mỹ", age: None, bells: vec![1, 2] }).unwrap();
        assert_eq!(cells, [json!("Hòa Mỹ"), Value::Null, json!("[1,2]")]);
    }

    #[test]
    fn a_column_knows_what_the_contract_says_of_its_member() {
        let contract = Contract::new(json!({"components": {"schemas": {"Kind": {
            "type": "string", "enum": ["ewe", "ram"],
            "description": "Kind of sheep (loại cừu).\n\n- `ewe`: A female (cừu cái)\n- `ram`: A male",
        }}}}));
        let of = |schema: Value| Column::of(&contract, "kind", true, &schema);
        let kind = of(
            json!({"oneOf": [{"$ref": "#/components/schemas/Kind", "description": "Its kind (loại)."}, {"type": "null"}]}),
        );
        assert_eq!(kind.label, "loại");
        let choice = |value: &str, label: &str| Choice { value: value.into(), label: label.into() };
        assert_eq!(kind.content, Content::Choice(vec![choice("ewe", "cừu cái"), choice("ram", "ram")]));
        let count = of(
            json!({"type": ["integer", "null"], "minimum": 0, "maximum": 9, "description": "Lambs (1 or 2)."}),
        );
        assert_eq!((count.content, count.limits), (Content::Integer, (Some(0), Some(9))));
        assert_eq!(count.label, "kind", "brackets of plain ASCII hold no Vietnamese");
        assert_eq!(of(json!({"type": ["string", "null"], "format": "date"})).content, Content::Date);
    }

    #[test]
    fn no_text_becomes_a_formula() {
        for text in ["=1+1", "+84", "-1", "@SUM(A1)", "\tx", "\rx"] {
            assert!(csv_cell(&json!(text)).starts_with('\''), "{text:?}");
        }
        assert_eq!(csv_cell(&json!(-1)), "-1", "a number is a number");
        assert_eq!(csv_cell(&json!(true)), "true");
        assert_eq!(csv_cell(&Value::Null), "");
    }

    proptest! {
        #[test]
        fn every_text_is_found_again(text in "['=+@\\-\t]{0,3}.{0,5}") {
            let cell = json!(text);
            let written = csv_cell(&cell);
            prop_assert_eq!(plain(&written), text.as_str());
        }
    }
}
