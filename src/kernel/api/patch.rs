//! The members of a JSON Merge Patch (RFC 7396): absent, null or a value.

use serde::{Deserialize, Deserializer};
use validator::{Validate, ValidationErrors};

/// A member of a patch for a field that may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Not in the patch: the field stays.
    #[default]
    Absent,
    /// `null`: the field is emptied.
    Null,
    /// The new value.
    Value(T),
}

impl<T> Patch<T> {
    /// The field after the patch.
    pub fn onto(self, present: Option<T>) -> Option<T> {
        match self {
            Self::Absent => present,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// Whether the patch names the field.
    pub const fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(deserializer).map(|value| value.map_or(Self::Null, Self::Value))
    }
}

/// In a whole record too a member may be left out as it is held.
impl<T: Validate> Validate for Patch<T> {
    fn validate(&self) -> Result<(), ValidationErrors> {
        match self {
            Self::Absent | Self::Null => Ok(()),
            Self::Value(value) => value.validate(),
        }
    }
}

/// A member of a patch for a field that is never empty: `null` is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Change<T> {
    /// Not in the patch: the field stays.
    #[default]
    Absent,
    /// The new value.
    Value(T),
}

impl<T> Change<T> {
    /// The field after the patch.
    pub fn onto(self, present: T) -> T {
        match self {
            Self::Absent => present,
            Self::Value(value) => value,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::Value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(default)]
        note: Patch<String>,
        #[serde(default)]
        name: Change<String>,
    }

    #[test]
    fn null_empties_a_field_that_may_be_empty_and_is_refused_elsewhere() {
        let body: Body = serde_json::from_str(r#"{"note": null}"#).unwrap();
        assert_eq!(body.note, Patch::Null);
        assert_eq!(body.name, Change::Absent);
        assert!(serde_json::from_str::<Body>(r#"{"name": null}"#).is_err());
    }

    proptest! {
        /// RFC 7396 applied to the JSON text gives what the typed patch gives.
        #[test]
        fn a_typed_patch_does_what_the_rfc_says(
            present in proptest::option::of("[a-z]{0,5}"),
            patch in proptest::option::of(proptest::option::of("[a-z]{0,5}")),
        ) {
            let mut json = serde_json::Map::new();
            if let Some(member) = &patch {
                json.insert("note".into(), serde_json::json!(member));
            }
            let body: Body = serde_json::from_value(json.into()).unwrap();
            let expected = match patch { None => present.clone(), Some(member) => member };
            prop_assert_eq!(body.note.onto(present), expected);
        }
    }
}
