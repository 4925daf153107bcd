//! Values as both databases store them: ids and enumerations as text, instants as whole
//! microseconds since 1970 (UTC), days as DATE.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::BigInt;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};

/// A UUID, which both databases store as its text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdText(u128);

/// The canonical text of a UUID, 36 lower-case characters, without an allocation.
pub struct Written([u8; 36]);

impl std::ops::Deref for Written {
    type Target = str;

    fn deref(&self) -> &str {
        // The bytes come from the UUID encoder, so they are always ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl IdText {
    /// A new time-ordered id (UUIDv7).
    #[must_use]
    pub fn new() -> Self {
        Self::from(uuid::Uuid::now_v7())
    }

    /// The canonical text.
    #[must_use]
    pub fn written(&self) -> Written {
        let mut text = [0_u8; 36];
        uuid::Uuid::from_u128(self.0).hyphenated().encode_lower(&mut text);
        Written(text)
    }
}

/// Half of a UUID tells it from others well enough, and is hashed in half the time.
impl std::hash::Hash for IdText {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let (_, low) = uuid::Uuid::from_u128(self.0).as_u64_pair();
        state.write_u64(low);
    }
}

impl Default for IdText {
    fn default() -> Self {
        Self::new()
    }
}

impl From<uuid::Uuid> for IdText {
    fn from(value: uuid::Uuid) -> Self {
        Self(value.as_u128())
    }
}

impl std::str::FromStr for IdText {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        uuid::Uuid::try_parse(text).map(Self::from)
    }
}

/// The canonical text, and where nobody reads what is written the sixteen bytes.
impl Serialize for IdText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&self.written())
        } else {
            self.0.to_be_bytes().serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for IdText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            <Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
        } else {
            <[u8; 16]>::deserialize(deserializer).map(|bytes| Self(u128::from_be_bytes(bytes)))
        }
    }
}

/// Declares that values of a type are read from a text column by their `FromStr`, where the text lies: a row of a
/// record has a dozen of ids and enumerations, and of none of them a copy.
#[macro_export]
macro_rules! read_from_text {
    ($name:ident) => {
        $crate::read_from_text!(@ [] $name);
    };
    ($name:ident<$parameter:ident: $bound:ident>) => {
        $crate::read_from_text!(@ [$parameter: $bound] $name<$parameter>);
    };
    (@ [$($parameters:tt)*] $name:ty) => {
        impl<$($parameters)*> diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                Ok(std::str::from_utf8(value.as_bytes())?.parse()?)
            }
        }

        impl<$($parameters)*> diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::sqlite::Sqlite> for $name {
            fn from_sql(
                mut value: <diesel::sqlite::Sqlite as diesel::backend::Backend>::RawValue<'_>,
            ) -> diesel::deserialize::Result<Self> {
                Ok(value.read_text().parse()?)
            }
        }

        impl<$($parameters)*> diesel::deserialize::FromSql<diesel::sql_types::Text, $crate::db::conn::MultiBackend> for $name {
            fn from_sql(value: $crate::db::conn::MultiRawValue<'_>) -> diesel::deserialize::Result<Self> {
                value.from_sql::<Self, diesel::sql_types::Text>()
            }
        }
    };
}

/// Declares the id types of the rooms: one type a table, so that no two are ever swapped.
///
/// ```text
/// id! {
///     /// Identity of an administrative unit (định danh đơn vị).
///     OrgUnitId
/// }
/// ```
#[macro_export]
macro_rules! id {
    ($(#[doc = $doc:expr])+ $name:ident) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub struct $name($crate::db::types::IdText);

        impl $name {
            /// A new id (UUIDv7), never used before.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "a default that differs each time would surprise")]
            pub fn new() -> Self {
                Self($crate::db::types::IdText::new())
            }

            /// The canonical text, 36 lower-case characters, without an allocation.
            #[must_use]
            pub fn written(&self) -> $crate::db::types::Written {
                self.0.written()
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.written())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                serde::Deserialize::deserialize(deserializer).map(Self)
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                std::io::Write::write_all(out, self.written().as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::sqlite::Sqlite> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::sqlite::Sqlite>,
            ) -> diesel::serialize::Result {
                out.set_value((*self.written()).to_owned());
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Text, $crate::db::conn::MultiBackend> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, $crate::db::conn::MultiBackend>,
            ) -> diesel::serialize::Result {
                out.set_value((diesel::sql_types::Text, self));
                Ok(diesel::serialize::IsNull::No)
            }
        }

        $crate::read_from_text!($name);

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                $crate::db::types::id_schema(concat!($($doc, "\n"),+))
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    };
}

/// The schema of an id: a UUID in its text form.
#[must_use]
pub fn id_schema(description: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom("uuid".to_owned())))
        .description(Some(description.trim()))
        .into()
}

/// Declares an enumeration that is `snake_case` text on the wire and in the database. Each value
/// carries its Vietnamese term, which stands in the contract and on forms.
///
/// ```text
/// text_enum! {
///     /// Kind of unit (loại đơn vị).
///     pub enum UnitKind {
///         /// A commune, ward or special zone.
///         Commune => "commune", "xã, phường, thị trấn, đặc khu";
///     }
/// }
/// ```
#[macro_export]
macro_rules! text_enum {
    ($(#[doc = $doc:expr])+ pub enum $name:ident { $($(#[doc = $value_doc:expr])+ $value:ident => $text:literal, $vi:literal;)+ }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name { $($(#[doc = $value_doc])+ $value),+ }

        impl $name {
            /// All values, in the order in which they are declared.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The text on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text),+ }
            }

            /// The Vietnamese term.
            #[must_use]
            pub const fn label_vi(self) -> &'static str {
                match self { $(Self::$value => $vi),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$value),)+
                    _ => Err(format!("expected one of {}", [$($text),+].join(", "))),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <std::borrow::Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl<B: diesel::backend::Backend> diesel::serialize::ToSql<diesel::sql_types::Text, B> for $name
        where
            str: diesel::serialize::ToSql<diesel::sql_types::Text, B>,
        {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, B>) -> diesel::serialize::Result {
                self.as_str().to_sql(out)
            }
        }

        $crate::read_from_text!($name);

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let values: &[(&str, &str, &str)] = &[$(($text, concat!($($value_doc),+), $vi)),+];
                $crate::db::types::enum_schema(concat!($($doc, "\n"),+), values)
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    };
}

/// The schema of an enumeration: its values, each explained in both languages.
#[must_use]
pub fn enum_schema(description: &str, values: &[(&str, &str, &str)]) -> RefOr<Schema> {
    let explained = values
        .iter()
        .map(|(text, doc, vi)| format!("- `{text}`: {} ({vi})", doc.trim().trim_end_matches('.')))
        .collect::<Vec<_>>()
        .join("\n");
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(values.iter().map(|(text, _, _)| *text)))
        .description(Some(format!("{}\n\n{explained}", description.trim())))
        .into()
}

/// An instant (thời điểm): whole microseconds since 1970-01-01T00:00:00Z; RFC 3339 in UTC on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct Instant(i64);

impl Instant {
    /// The instant of this many microseconds since 1970 (UTC).
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970 (UTC).
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The civil day in Vietnam (UTC+7) on which this instant falls.
    #[must_use]
    pub fn vietnam_day(self) -> NaiveDate {
        self.vietnam_time().date()
    }

    /// What a clock in Vietnam (UTC+7) shows at this instant.
    #[must_use]
    pub fn vietnam_time(self) -> NaiveDateTime {
        (self.utc() + TimeDelta::hours(7)).naive_utc()
    }

    /// The instant at which a clock in Vietnam shows this.
    #[must_use]
    pub fn from_vietnam_time(time: NaiveDateTime) -> Self {
        Self::from((time - TimeDelta::hours(7)).and_utc())
    }

    /// The first moment of a day in Vietnam.
    #[must_use]
    pub fn beginning_of(day: NaiveDate) -> Self {
        Self::from_vietnam_time(day.and_time(NaiveTime::MIN))
    }

    /// This instant moved by whole seconds.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Whole seconds since 1970 (UTC).
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(value: DateTime<Utc>) -> Self {
        Self(value.timestamp_micros())
    }
}

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // RFC 3339, with as many decimals of a second as there are: 0, 3 or 6.
        let at = self.utc();
        let Some(second) = written_second(at) else { return write!(f, "{:?}Z", at.naive_utc()) };
        f.write_str(std::str::from_utf8(&second).unwrap_or_default())?;
        match self.0.rem_euclid(1_000_000) {
            0 => {}
            micros if micros % 1_000 == 0 => write!(f, ".{:03}", micros / 1_000)?,
            micros => write!(f, ".{micros:06}")?,
        }
        f.write_str("Z")
    }
}

/// A moment to the second as RFC 3339 has it, of a year of four digits: every record has several, and chrono writes
/// them letter by letter.
fn written_second(at: DateTime<Utc>) -> Option<[u8; 19]> {
    let year = u32::try_from(at.year()).ok().filter(|year| *year <= 9_999)?;
    let two = |number: u32| {
        let number = u8::try_from(number).unwrap_or_default();
        [b'0' + number / 10, b'0' + number % 10]
    };
    let [[a, b], [c, d]] = [year / 100, year % 100].map(two);
    let [[e, f], [g, h]] = [at.month(), at.day()].map(two);
    let [[i, j], [k, l], [m, n]] = [at.hour(), at.minute(), at.second()].map(two);
    Some([a, b, c, d, b'-', e, f, b'-', g, h, b'T', i, j, b':', k, l, b':', m, n])
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let at = DateTime::parse_from_rfc3339(&text).map_err(serde::de::Error::custom)?;
        Ok(Self::from(at.to_utc()))
    }
}

impl<B: Backend> ToSql<BigInt, B> for Instant
where
    i64: ToSql<BigInt, B>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, B>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<B: Backend> FromSql<BigInt, B> for Instant
where
    i64: FromSql<BigInt, B>,
{
    fn from_sql(value: B::RawValue<'_>) -> deserialize::Result<Self> {
        i64::from_sql(value).map(Self)
    }
}

impl utoipa::PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("An instant, RFC 3339 in UTC (thời điểm)."))
            .into()
    }
}

impl utoipa::ToSchema for Instant {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_late_in_the_utc_evening_is_the_next_day_in_vietnam() {
        let at: Instant = serde_json::from_str("\"2024-06-30T17:00:00Z\"").unwrap();
        assert_eq!(at.vietnam_day(), NaiveDate::from_ymd_opt(2024, 7, 1).unwrap());
        assert_eq!(serde_json::to_string(&at).unwrap(), "\"2024-06-30T17:00:00Z\"");
    }

    proptest::proptest! {
        #[test]
        fn an_instant_is_written_after_rfc_3339(micros in -62_167_219_200_000_000_i64..253_402_300_800_000_000, exact: bool) {
            let at = Instant::from_micros(if exact { micros - micros % 1_000_000 } else { micros });
            let rfc_3339 = at.utc().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
            proptest::prop_assert_eq!(at.to_string(), rfc_3339);
        }
    }

    #[test]
    fn an_id_is_read_in_any_case_and_written_in_one() {
        let id: IdText = "0190AAAA-0000-7000-8000-00000000000A".parse().unwrap();
        assert_eq!(&*id.written(), "0190aaaa-0000-7000-8000-00000000000a");
    }
}
