//! Rows of any table, and the statements that read and write them.

use crate::connection::{DbConnection, MultiBackend};
use crate::copy::tables::{Column, Kind, Table};
use diesel::connection::LoadConnection;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::row::Row as _;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text, Untyped};
use diesel::{QueryResult, RunQueryDsl};

/// How many rows one statement writes at most. With 13 columns, these are 6500 parameters; SQLite takes 32 766.
pub(crate) const MAX_ROWS: usize = 500;

/// A column's value; nothing where it is NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Bytes(Option<Vec<u8>>),
    Text(Option<String>),
    Integer(Option<i64>),
    Bool(Option<bool>),
}

/// The values of a table's columns, in their order.
pub(crate) type Row = Vec<Value>;

type Pass<'a, 'b> = AstPass<'a, 'b, MultiBackend>;

impl Value {
    fn read<'a>(
        kind: Kind,
        row: &impl diesel::row::Row<'a, MultiBackend>,
        index: usize,
    ) -> QueryResult<Self> {
        let read = match kind {
            Kind::Bytes => row.get_value::<Nullable<Binary>, _, _>(index).map(Self::Bytes),
            Kind::Text => row.get_value::<Nullable<Text>, _, _>(index).map(Self::Text),
            Kind::Integer => row.get_value::<Nullable<BigInt>, _, _>(index).map(Self::Integer),
            Kind::Bool => row.get_value::<Nullable<Bool>, _, _>(index).map(Self::Bool),
        };
        read.map_err(Error::DeserializationError)
    }

    fn bind<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        match self {
            Self::Bytes(value) => out.push_bind_param::<Nullable<Binary>, _>(value),
            Self::Text(value) => out.push_bind_param::<Nullable<Text>, _>(value),
            Self::Integer(value) => out.push_bind_param::<Nullable<BigInt>, _>(value),
            Self::Bool(value) => out.push_bind_param::<Nullable<Bool>, _>(value),
        }
    }
}

/// The first `rows` rows of `table` behind the key `after`; from the start where that is empty.
pub(crate) fn read(
    connection: &mut DbConnection,
    table: &Table,
    after: &[Value],
    rows: usize,
) -> QueryResult<Vec<Row>> {
    load(connection, Select { what: What::Rows, table, after, rows: limit(rows) }, |row| {
        let values = table.columns.iter().enumerate();
        values.map(|(index, column)| Value::read(column.kind, row, index)).collect()
    })
}

/// About how many bytes each of the rows takes that [`read`] would give.
pub(crate) fn sizes(
    connection: &mut DbConnection,
    table: &Table,
    after: &[Value],
    rows: usize,
) -> QueryResult<Vec<usize>> {
    let integer = match connection {
        DbConnection::Sqlite(_) => "BIGINT",
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => "BIGINT",
        #[cfg(feature = "mysql")]
        DbConnection::Mysql(_) => "SIGNED",
    };
    let select = Select { what: What::Sizes { integer }, table, after, rows: limit(rows) };
    load(connection, select, |row| {
        let size = row.get_value::<BigInt, i64, _>(0).map_err(Error::DeserializationError)?;
        Ok(usize::try_from(size).unwrap_or(usize::MAX))
    })
}

/// The number of rows in `table`.
pub(crate) fn count(connection: &mut DbConnection, table: &Table) -> QueryResult<u64> {
    let select = Select { what: What::Count, table, after: &[], rows: 1 };
    let counted = load(connection, select, |row| {
        row.get_value::<BigInt, i64, _>(0).map_err(Error::DeserializationError)
    });
    Ok(counted?.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or_default())
}

/// Writes `rows`, [`MAX_ROWS`] at most, by one statement.
pub(crate) fn insert(connection: &mut DbConnection, table: &Table, rows: &[Row]) -> QueryResult<usize> {
    Insert { table, rows }.execute(connection)
}

/// Deletes all rows of `table`.
pub(crate) fn clear(connection: &mut DbConnection, table: &Table) -> QueryResult<usize> {
    Clear { table }.execute(connection)
}

fn load<T>(
    connection: &mut DbConnection,
    select: Select<'_>,
    of_row: impl Fn(&<DbConnection as LoadConnection>::Row<'_, '_>) -> QueryResult<T>,
) -> QueryResult<Vec<T>> {
    LoadConnection::load(connection, select)?.map(|row| of_row(&row?)).collect()
}

fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

struct Select<'a> {
    what: What,
    table: &'a Table,
    after: &'a [Value],
    rows: i64,
}

enum What {
    Rows,
    /// In an integer of 64 bits, called `integer` here.
    Sizes {
        integer: &'static str,
    },
    Count,
}

impl Select<'_> {
    fn what(&self, out: &mut Pass<'_, '_>) -> QueryResult<()> {
        match self.what {
            What::Rows => names(out, self.table.columns),
            What::Sizes { integer } => {
                out.push_sql("CAST(8");
                for column in self.table.columns.iter().filter(|column| column.is_long()) {
                    out.push_sql(" + COALESCE(octet_length(");
                    out.push_identifier(column.name)?;
                    out.push_sql("), 0)");
                }
                out.push_sql(" AS ");
                out.push_sql(integer);
                out.push_sql(")");
                Ok(())
            }
            What::Count => {
                out.push_sql("count(*)");
                Ok(())
            }
        }
    }

    /// Rows are compared column by column: not all databases find `(a, b) > (?, ?)` by an index. `key` and
    /// `after` are what is left of both.
    fn behind<'b>(out: &mut Pass<'_, 'b>, key: &[Column], after: &'b [Value]) -> QueryResult<()> {
        let ([column, key @ ..], [value, after @ ..]) = (key, after) else { return Ok(()) };
        out.push_identifier(column.name)?;
        if key.is_empty() {
            out.push_sql(" > ");
            return value.bind(out);
        }
        out.push_sql(" >= ");
        value.bind(out)?;
        out.push_sql(" AND (");
        out.push_identifier(column.name)?;
        out.push_sql(" > ");
        value.bind(out)?;
        out.push_sql(" OR ");
        Self::behind(out, key, after)?;
        out.push_sql(")");
        Ok(())
    }
}

impl Column {
    fn is_long(&self) -> bool {
        matches!(self.kind, Kind::Bytes | Kind::Text)
    }
}

impl QueryFragment<MultiBackend> for Select<'_> {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        self.what(&mut out)?;
        out.push_sql(" FROM ");
        out.push_identifier(self.table.name)?;
        if matches!(self.what, What::Count) {
            return Ok(());
        }
        if !self.after.is_empty() {
            out.push_sql(" WHERE ");
            Self::behind(&mut out, self.table.key(), self.after)?;
        }
        out.push_sql(" ORDER BY ");
        names(&mut out, self.table.key())?;
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.rows)
    }
}

struct Insert<'a> {
    table: &'a Table,
    rows: &'a [Row],
}

impl QueryFragment<MultiBackend> for Insert<'_> {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        if self.rows.len() < MAX_ROWS {
            // One statement for each number of rows would be kept otherwise.
            out.unsafe_to_cache_prepared();
        }
        out.push_sql("INSERT INTO ");
        out.push_identifier(self.table.name)?;
        out.push_sql(" (");
        names(&mut out, self.table.columns)?;
        out.push_sql(") VALUES ");
        for (number, row) in self.rows.iter().enumerate() {
            out.push_sql(if number == 0 { "(" } else { ", (" });
            for (index, value) in row.iter().enumerate() {
                separate(&mut out, index);
                value.bind(&mut out)?;
            }
            out.push_sql(")");
        }
        Ok(())
    }
}

struct Clear<'a> {
    table: &'a Table,
}

impl QueryFragment<MultiBackend> for Clear<'_> {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        out.push_sql("DELETE FROM ");
        out.push_identifier(self.table.name)
    }
}

fn names(out: &mut Pass<'_, '_>, columns: &[Column]) -> QueryResult<()> {
    for (index, column) in columns.iter().enumerate() {
        separate(out, index);
        out.push_identifier(column.name)?;
    }
    Ok(())
}

fn separate(out: &mut Pass<'_, '_>, index: usize) {
    if index > 0 {
        out.push_sql(", ");
    }
}

macro_rules! has_no_static_id {
    ($($statement:ident),+) => {$(
        impl QueryId for $statement<'_> {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }
    )+};
}
has_no_static_id!(Select, Insert, Clear);

impl Query for Select<'_> {
    type SqlType = Untyped;
}

impl RunQueryDsl<DbConnection> for Insert<'_> {}
impl RunQueryDsl<DbConnection> for Clear<'_> {}
