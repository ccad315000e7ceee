//! Storing many rows.

/// How many rows are stored by one statement; databases limit its length and the number of its parameters.
pub(crate) const ROWS_AT_ONCE: usize = 200;

/// Inserts all of `$rows` into `$table`. Slices of rows do not go through `MultiConnection`, so their parts must be
/// known to every database by itself.
macro_rules! insert_all {
    ($connection:expr, $table:expr, $rows:expr) => {
        $rows.chunks($crate::rows::ROWS_AT_ONCE).try_for_each(|rows| {
            let insert = diesel::insert_into($table).values(rows);
            let stored = match &mut *$connection {
                $crate::connection::DbConnection::Sqlite(connection) => insert.execute(connection),
                #[cfg(feature = "postgres")]
                $crate::connection::DbConnection::Postgres(connection) => insert.execute(connection),
                #[cfg(feature = "mysql")]
                $crate::connection::DbConnection::Mysql(connection) => insert.execute(connection),
            };
            stored.map(drop)
        })
    };
}
pub(crate) use insert_all;
