//! How values that every table has are kept, alike on every database.
//!
//! - Identifiers are the 16 bytes of the UUID (BLOB, BYTEA, BINARY(16)). Bytes are what all databases can
//!   compare the same way: a UUIDv7 sorts by time in each. A native UUID column exists in one of them only,
//!   and text would be more than twice as long in every index.
//! - Moments are microseconds since 1970 UTC (BIGINT). No database then brings a time zone, a rounding or an
//!   end of its range of its own.
//! - States are short words, text that was parsed is parsed again on its way back.

use crate::connection::MultiBackend;
use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::result::Error;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Binary};
use jiff::Timestamp;
use uuid::Uuid;

/// An identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub(crate) struct Key(pub(crate) Uuid);

impl Key {
    /// For `eq_any`, which takes only what every database knows by itself.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl<DB: Backend> ToSql<Binary, DB> for Key
where
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.bytes().to_sql(out)
    }
}

impl FromSql<Binary, MultiBackend> for Key {
    fn from_sql(value: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = value.from_sql::<Vec<u8>, Binary>()?;
        Ok(Self(Uuid::from_slice(&bytes)?))
    }
}

/// A moment, whole microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    // What is bound to a statement is borrowed from here.
    micros: i64,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self { at, micros: at.as_microsecond() }
    }
}

impl<DB: Backend> ToSql<BigInt, DB> for Moment
where
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.micros.to_sql(out)
    }
}

impl FromSql<BigInt, MultiBackend> for Moment {
    fn from_sql(value: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let micros = value.from_sql::<i64, BigInt>()?;
        Ok(Self { at: Timestamp::from_microsecond(micros)?, micros })
    }
}

/// A number of rows.
pub(crate) fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

/// A number that was counted up one by one, as it is stored.
pub(crate) fn to_counter(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that was counted up, read from `column`.
pub(crate) fn from_counter(column: &'static str, number: i64) -> QueryResult<u64> {
    u64::try_from(number).map_err(|error| corrupt(column, error))
}

/// A stored value that this version cannot read: `column` and why.
pub(crate) fn corrupt(column: &'static str, why: impl std::fmt::Display) -> Error {
    Error::DeserializationError(format!("{column}: {why}").into())
}
