//! Records as rows of a table: one column a member, in the order of the contract. A member that is
//! itself an object or a list stands in its cell as JSON.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use crate::error::ApiError;

/// The columns of a table: the names of the members, in the order of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<String>);

impl Columns {
    /// The columns of this type of record.
    #[must_use]
    pub fn of<T: PartialSchema>() -> Self {
        match T::schema() {
            RefOr::T(Schema::Object(object)) => Self(object.properties.keys().cloned().collect()),
            RefOr::T(_) | RefOr::Ref(_) => Self(Vec::new()),
        }
    }

    /// Their names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
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
        Ok(self.0.iter().map(|name| cell(&mut members, name)).collect())
    }
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
        zone: &'static str,
        age: Option<u8>,
        bells: Vec<u8>,
    }

    #[test]
    fn columns_stand_in_the_order_of_the_contract() {
        let columns = Columns::of::<Sheep>();
        assert_eq!(columns.names(), ["zone", "age", "bells"]);
        let cells = columns.cells(&Sheep { zone: "Hòa Mỹ", age: None, bells: vec![1, 2] }).unwrap();
        assert_eq!(cells, [json!("Hòa Mỹ"), Value::Null, json!("[1,2]")]);
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
