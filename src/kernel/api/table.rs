//! Records as rows of a table: one column a member, in the order of the contract. A member that is an
//! object has a column for each of its own members, `owner.name`; what is nested deeper, and a list,
//! stands in its cell as JSON.

mod cells;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::contract::Contract;
use crate::error::ApiError;
use cells::{Line, Unfit};

/// The columns of a table: the members of a record, in the order of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

/// A column: a member of a record, as the contract describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The member's name; of a member of an object both names, with a point between them.
    pub name: String,
    /// The Vietnamese term, as its description has it; the name where it has none.
    pub label: String,
    /// Whether a record cannot be without it.
    pub required: bool,
    /// What its cells hold.
    pub content: Content,
    /// The least and the most that a number may be, or a text may have in characters.
    pub limits: (Option<i64>, Option<i64>),
    /// What a list or an object may look like.
    pub sample: Option<Value>,
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
    /// An object or a list, as JSON, with the members of the object or of the items.
    Nested(Vec<Column>),
}

/// One of the values of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The value.
    pub value: String,
    /// The Vietnamese term for it.
    pub label: String,
}

/// The values that a column takes from a list of records (danh mục), such as the codes of periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// The column's name.
    pub column: &'static str,
    /// What there is to choose; a name that says no more than the value is empty.
    pub choices: Vec<Choice>,
}

impl Catalogue {
    /// The most values: nobody finds one among more.
    const MOST: usize = 500;

    /// The rows that a store function reads: one more shows that there are too many.
    pub const ROWS: i64 = 501;

    /// The list of a column, unless there is too much to choose, or nothing.
    #[must_use]
    pub fn of(column: &'static str, choices: Vec<Choice>) -> Option<Self> {
        (1..=Self::MOST).contains(&choices.len()).then_some(Self { column, choices })
    }
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
            let example = object.example.as_ref().and_then(|example| example.get(name));
            let column = Column::of(contract, name, object.required.contains(name), &schema, example);
            if is_object(contract, &schema) { column.spread() } else { vec![column] }
        };
        Self(object.properties.iter().flat_map(column).collect())
    }

    /// The column of a place in a record, as a JSON pointer: the first of an object as a whole.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Column> {
        let mut steps = pointer.split('/').skip(1);
        let (member, inner) = (steps.next()?, steps.next().unwrap_or_default());
        let is_it = |column: &&Column| match column.steps() {
            (name, None) => name == member,
            (name, Some(within)) => name == member && (inner.is_empty() || inner == within),
        };
        self.0.iter().find(is_it)
    }

    /// Those that a person fills in, and `more`: not the ids, where a record can do without them.
    #[must_use]
    pub fn for_people(&self, more: impl Fn(&Column) -> bool) -> Self {
        let is_for_people =
            |column: &&Column| column.required || column.content != Content::Id || more(column);
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

    /// Writes the cells of a record as CSV has them, one a column.
    ///
    /// # Errors
    /// When the record is no object.
    pub fn texts(&self, record: &impl Serialize, texts: &mut Vec<String>) -> Result<(), ApiError> {
        texts.resize(self.0.len(), String::new());
        texts.iter_mut().for_each(String::clear);
        match record.serialize(Line { columns: &self.0, cells: texts, skip: 0 }) {
            // A record that has others flattened into it writes itself as a map.
            Err(Unfit::Nested) => {
                *texts = self.cells(record)?.iter().map(|cell| csv_cell(cell).into_owned()).collect();
                Ok(())
            }
            written => written.map_err(ApiError::internal),
        }
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
        Ok(self.0.iter().map(|column| cell(&mut members, column.steps())).collect())
    }
}

impl Column {
    fn of(contract: &Contract, name: &str, required: bool, schema: &Value, example: Option<&Value>) -> Self {
        let schemas = described(contract, schema);
        let said = |member: &str| schemas.iter().find_map(|schema| schema.get(member));
        let description = said("description").and_then(Value::as_str).unwrap_or_default();
        let number = |names: [&str; 2]| names.into_iter().find_map(|name| said(name)?.as_i64());
        let content = content(contract, &schemas);
        let says_something = |example: &&Value| match example {
            Value::Array(items) => !items.is_empty(),
            other => other.is_object(),
        };
        let sample = match content {
            Content::Nested(_) => {
                example.filter(says_something).cloned().or_else(|| Some(sample(contract, schema, 0)))
            }
            _ => None,
        };
        Self {
            name: name.to_owned(),
            label: standard_label(name).or_else(|| vietnamese(description)).unwrap_or(name).to_owned(),
            required,
            content,
            limits: (number(["minimum", "minLength"]), number(["maximum", "maxLength"])),
            sample,
        }
    }

    /// The member, and the member of it that the column holds where it is an object.
    #[must_use]
    pub fn steps(&self) -> (&str, Option<&str>) {
        match self.name.split_once('.') {
            Some((member, inner)) => (member, Some(inner)),
            None => (&self.name, None),
        }
    }

    /// The column of an object as those of its members.
    fn spread(self) -> Vec<Self> {
        let Self { name, label, required, content, .. } = &self;
        let Content::Nested(members) = content else { return vec![self] };
        let column = |member: &Self| Self {
            name: format!("{name}.{}", member.name),
            label: format!("{label}: {}", member.label),
            required: *required && member.required,
            ..member.clone()
        };
        members.iter().map(column).collect()
    }

    /// What stands above the column: its term, with a capital at its beginning.
    #[must_use]
    pub fn heading(&self) -> String {
        capital(&self.label)
    }
}

/// The text with a capital at its beginning.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// The members of an object, those first that it cannot be without.
pub fn members(contract: &Contract, schema: &Value) -> Vec<Column> {
    let required = |name: &str| {
        let names = schema.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|known| known == name))
    };
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let mut columns: Vec<_> = properties
        .map(|(name, member)| {
            let example = schema.get("example").and_then(|example| example.get(name));
            Column::of(contract, name, required(name), member, example)
        })
        .collect();
    columns.sort_by_key(|column| !column.required);
    columns
}

/// How deep a made-up value goes.
const SAMPLE_DEPTH: usize = 4;

/// What a value of this schema may look like: its example, or one made up.
fn sample(contract: &Contract, schema: &Value, depth: usize) -> Value {
    let schemas = described(contract, schema);
    let said = |member: &str| schemas.iter().find_map(|schema| schema.get(member));
    if let Some(example) = said("example").filter(|example| !example.is_null()) {
        return example.clone();
    }
    if let Some(value) = said("enum").and_then(|values| values.get(0)) {
        return value.clone();
    }
    let deeper = |schema: &Value| match depth {
        SAMPLE_DEPTH.. => Value::Null,
        _ => sample(contract, schema, depth + 1),
    };
    if let Some(items) = said("items") {
        return Value::Array(vec![deeper(items)]);
    }
    if let Some(properties) = said("properties").and_then(Value::as_object) {
        let needed = said("required").and_then(Value::as_array);
        // Where an object may be told by an id or otherwise, a person knows it otherwise.
        let is_needed = |name: &String, schema: &Value| match needed {
            Some(names) => names.iter().any(|known| known == name),
            None => content(contract, &described(contract, schema)) != Content::Id,
        };
        let members = properties.iter().filter(|(name, schema)| is_needed(name, schema));
        return members.map(|(name, schema)| (name.clone(), deeper(schema))).collect::<Map<_, _>>().into();
    }
    match content(contract, &schemas) {
        Content::Integer | Content::Number => said("minimum").cloned().unwrap_or_else(|| 1.into()),
        Content::Boolean => true.into(),
        Content::Date => "2026-01-31".into(),
        Content::Instant => "2026-01-31T08:00:00+07:00".into(),
        _ => "…".into(),
    }
}

/// Whether values of this schema are objects whose members are known.
fn is_object(contract: &Contract, schema: &Value) -> bool {
    let schemas = described(contract, schema);
    let has = |member: &str| schemas.iter().any(|schema| schema.get(member).is_some());
    has("properties") && !has("items")
}

/// The schema of a member with those it refers to, the nearest first.
fn described(contract: &Contract, schema: &Value) -> Vec<Value> {
    let next = |last: &Value| {
        let either = last.get("oneOf").and_then(Value::as_array);
        let named = either.and_then(|schemas| {
            schemas.iter().find(|schema| schema.get("type") != Some(&Value::String("null".to_owned())))
        });
        let referred = || contract.referred(last.get("$ref")?.as_str()?);
        named.cloned().or_else(referred)
    };
    std::iter::successors(Some(schema.clone()), next).take(8).collect()
}

fn content(contract: &Contract, schemas: &[Value]) -> Content {
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
        _ => {
            let object = match said("items") {
                Some(items) => described(contract, items),
                None => schemas.to_vec(),
            };
            let object = object.iter().find(|schema| schema.get("properties").is_some());
            Content::Nested(object.map(|object| members(contract, object)).unwrap_or_default())
        }
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

/// The Vietnamese term for the records of this schema, as its description has it.
#[must_use]
pub fn term(contract: &Contract, schema: &str) -> Option<String> {
    vietnamese(contract.schema(schema)?.get("description")?.as_str()?).map(str::to_owned)
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

fn cell(members: &mut Map<String, Value>, (name, inner): (&str, Option<&str>)) -> Value {
    let value = match inner {
        None => members.remove(name),
        Some(inner) => {
            members.get_mut(name).and_then(Value::as_object_mut).and_then(|nested| nested.remove(inner))
        }
    };
    match value {
        None => Value::Null,
        Some(nested @ (Value::Array(_) | Value::Object(_))) => Value::String(nested.to_string()),
        Some(plain) => plain,
    }
}

/// A text as a cell of CSV has it. One that a spreadsheet program would take for a formula gets an
/// apostrophe before it (OWASP, CSV injection), and so does one that begins with an apostrophe, so
/// that [`plain`] finds every text again. For a program that separates by semicolons, what stands behind one,
/// or begins a line, begins a cell of its own, quoted or not.
fn guarded(text: &str) -> Cow<'_, str> {
    // Most texts hold no sign at all that would begin another cell, which bytes tell faster than letters.
    let begins_once = memchr::memchr3(b';', b'\n', b'\r', text.as_bytes()).is_none();
    if begins_once && !text.starts_with(GUARDED) {
        return Cow::Borrowed(text);
    }
    if !text.split_inclusive(BEGINS_ANEW).any(|part| part.starts_with(GUARDED)) {
        return Cow::Borrowed(text);
    }
    let guard = |part: &str| if part.starts_with(GUARDED) { format!("'{part}") } else { part.to_owned() };
    Cow::Owned(text.split_inclusive(BEGINS_ANEW).map(guard).collect())
}

/// A value as a cell of CSV has it.
#[must_use]
pub fn csv_cell(cell: &Value) -> Cow<'_, str> {
    match cell {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => guarded(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The text behind a cell of CSV, as it was before it was guarded.
#[must_use]
pub fn plain(cell: &str) -> Cow<'_, str> {
    if !cell.contains('\'') {
        return Cow::Borrowed(cell);
    }
    let bare = |part| str::strip_prefix(part, '\'').filter(|text| text.starts_with(GUARDED)).unwrap_or(part);
    Cow::Owned(cell.split_inclusive(BEGINS_ANEW).map(bare).collect())
}

/// Behind what a cell may begin within a text.
const BEGINS_ANEW: [char; 3] = [';', '\n', '\r'];

/// What a text must not begin with: formulas, and the apostrophe that guards.
const GUARDED: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];
