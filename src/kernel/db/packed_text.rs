//! Large values that belong to their row, packed into a text column: read and written whole, never searched. Numbers
//! and ids take less than half of their JSON.
//!
//! What is packed names no fields: a type whose shape changes needs a migration that takes its values away, or
//! writes them anew.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::conn::MultiBackend;
use crate::read_from_text;

/// A value in a text column: in postcard's form, as base64.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct PackedText<T>(pub T);

/// Why a text is no packed value.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// It is no base64.
    #[error("a packed value is no base64: {0}")]
    Text(#[from] base64::DecodeError),
    /// Its bytes are of no such value.
    #[error("a packed value cannot be read: {0}")]
    Bytes(#[from] postcard::Error),
}

impl<T: DeserializeOwned> FromStr for PackedText<T> {
    type Err = UnpackError;

    fn from_str(text: &str) -> Result<Self, UnpackError> {
        Ok(Self(postcard::from_bytes(&STANDARD_NO_PAD.decode(text)?)?))
    }
}

read_from_text!(PackedText<T: DeserializeOwned>);

impl<T: Serialize> PackedText<T> {
    fn text(&self) -> Result<String, postcard::Error> {
        Ok(STANDARD_NO_PAD.encode(postcard::to_stdvec(&self.0)?))
    }
}

impl<T: Serialize + std::fmt::Debug> ToSql<Text, Pg> for PackedText<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        std::io::Write::write_all(out, self.text()?.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl<T: Serialize + std::fmt::Debug> ToSql<Text, Sqlite> for PackedText<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.text()?);
        Ok(IsNull::No)
    }
}

impl<T: Serialize + std::fmt::Debug + Send + Sync + 'static> ToSql<Text, MultiBackend> for PackedText<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Text, self));
        Ok(IsNull::No)
    }
}
