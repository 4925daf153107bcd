//! Records as lines of text, written member by member without a tree of values between: lists are long.

use std::fmt::{self, Display, Write as _};

use serde::ser::{Impossible, SerializeStruct, Serializer};
use serde::{Serialize, ser};

use super::{Column, guarded};

/// The cells of a record, one a column.
pub(super) struct Line<'l> {
    pub(super) columns: &'l [Column],
    /// As many as columns, empty.
    pub(super) cells: &'l mut [String],
    /// How many bytes stand before the members' names in those of the columns.
    pub(super) skip: usize,
}

/// What a serializer of this module has no cell for.
#[derive(Debug)]
pub(super) enum Unfit {
    /// It is a list or an object, or a number whose text is JSON's matter.
    Nested,
    /// What its own serialization says.
    Other(String),
}

impl Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nested => f.write_str("a value that is no text of one cell"),
            Self::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Unfit {}

impl ser::Error for Unfit {
    fn custom<T: Display>(message: T) -> Self {
        Self::Other(message.to_string())
    }
}

impl From<fmt::Error> for Unfit {
    fn from(error: fmt::Error) -> Self {
        Self::Other(error.to_string())
    }
}

/// Methods of a serializer for what it does not take.
macro_rules! not_taken {
    ($($method:ident($($kind:ty),*) -> $ok:ty;)+) => {
        $(fn $method(self, $(_: $kind),*) -> Result<$ok, Unfit> {
            Err(Unfit::Nested)
        })+
    };
}

/// The same for what has members or items.
macro_rules! nothing_nested {
    () => {
        type SerializeSeq = Impossible<(), Unfit>;
        type SerializeTuple = Impossible<(), Unfit>;
        type SerializeTupleStruct = Impossible<(), Unfit>;
        type SerializeTupleVariant = Impossible<(), Unfit>;
        type SerializeMap = Impossible<(), Unfit>;
        type SerializeStructVariant = Impossible<(), Unfit>;

        not_taken! {
            serialize_seq(Option<usize>) -> Self::SerializeSeq;
            serialize_tuple(usize) -> Self::SerializeTuple;
            serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
            serialize_map(Option<usize>) -> Self::SerializeMap;
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
        }

        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<(), Unfit> {
            Err(Unfit::Nested)
        }

        fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unfit> {
            value.serialize(self)
        }

        fn serialize_newtype_struct<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            value: &T,
        ) -> Result<(), Unfit> {
            value.serialize(self)
        }

        fn serialize_none(self) -> Result<(), Unfit> {
            Ok(())
        }

        fn serialize_unit(self) -> Result<(), Unfit> {
            Ok(())
        }
    };
}

impl<'l> Serializer for Line<'l> {
    type Ok = ();
    type Error = Unfit;
    type SerializeStruct = Members<'l>;

    nothing_nested!();
    not_taken! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'l>, Unfit> {
        Ok(Members { line: self, next: 0 })
    }
}

/// The members of a record, which come in the order of the columns, as a rule.
pub(super) struct Members<'l> {
    line: Line<'l>,
    next: usize,
}

impl Members<'_> {
    /// The columns of a member: one, or one for each of its own members.
    fn columns(&self, member: &str) -> Option<(usize, usize)> {
        let Line { columns, skip, .. } = self.line;
        // Behind the member's name stands nothing, or the name of one of its own behind a point.
        let behind = |column: &Column| Some(column.name.get(skip..)?.strip_prefix(member)?.bytes().next());
        let is_of = |column: &Column| matches!(behind(column), Some(None | Some(b'.')));
        let from = |place: usize| Some(place + columns.get(place..)?.iter().position(is_of)?);
        let first = from(self.next).or_else(|| from(0))?;
        let is_plain = columns.get(first).and_then(behind) == Some(None);
        let count =
            if is_plain { 1 } else { columns.iter().skip(first).take_while(|column| is_of(column)).count() };
        Some((first, first + count))
    }
}

impl SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        member: &'static str,
        value: &T,
    ) -> Result<(), Unfit> {
        let Some((first, end)) = self.columns(member) else { return Ok(()) };
        self.next = end;
        let (columns, cells) = (self.line.columns.get(first..end), self.line.cells.get_mut(first..end));
        let (Some(columns), Some(cells)) = (columns, cells) else { return Ok(()) };
        let inner = self.line.skip + member.len() + 1;
        match (columns, cells) {
            ([column], [cell]) if column.name.len() < inner => match value.serialize(Cell(cell)) {
                Err(Unfit::Nested) => {
                    cell.clear();
                    cell.push_str(&serde_json::to_string(value).map_err(<Unfit as ser::Error>::custom)?);
                    Ok(())
                }
                written => written,
            },
            (columns, cells) => value.serialize(Line { columns, cells, skip: inner }),
        }
    }

    fn end(self) -> Result<(), Unfit> {
        Ok(())
    }
}

/// One cell.
struct Cell<'c>(&'c mut String);

/// Methods for values that are written as they are displayed.
macro_rules! displayed {
    ($($method:ident($kind:ty);)+) => {
        $(fn $method(self, value: $kind) -> Result<(), Unfit> {
            Ok(write!(self.0, "{value}")?)
        })+
    };
}

impl Serializer for Cell<'_> {
    type Ok = ();
    type Error = Unfit;
    type SerializeStruct = Impossible<(), Unfit>;

    nothing_nested!();
    displayed! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
    }
    not_taken! {
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
    }

    fn serialize_str(self, text: &str) -> Result<(), Unfit> {
        self.0.push_str(&guarded(text));
        Ok(())
    }

    fn serialize_char(self, letter: char) -> Result<(), Unfit> {
        self.serialize_str(letter.encode_utf8(&mut [0; 4]))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Unfit> {
        self.serialize_str(variant)
    }
}
