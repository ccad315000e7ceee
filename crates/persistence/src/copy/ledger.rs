//! How far a copy has come: a table in the target, there for as long as the copy is not finished.

use crate::connection::DbConnection;
use crate::copy::checksum::Checksum;
use crate::copy::rows;
use crate::copy::tables::{TABLES, Table};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::collections::{HashMap, HashSet};

diesel::table! {
    copy_progress (table_name) {
        table_name -> Text,
        copied -> BigInt,
        checksum -> Binary,
    }
}

const NAME: &str = "copy_progress";

/// What was copied of each table; of those of another version too, should the copy have been begun by one.
pub(crate) type Ledger = HashMap<String, Checksum>;

/// The tables that the database has.
pub(crate) fn tables(connection: &mut DbConnection) -> QueryResult<HashSet<String>> {
    let look = match connection {
        DbConnection::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table'",
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = current_schema()"
        }
        #[cfg(feature = "mysql")]
        DbConnection::Mysql(_) => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        }
    };
    let names: Vec<String> = sql::<Text>(look).load(connection)?;
    Ok(names.into_iter().collect())
}

/// What an interrupted copy has noted; `None` where there is none.
pub(crate) fn read(connection: &mut DbConnection) -> QueryResult<Option<Ledger>> {
    if !tables(connection)?.contains(NAME) {
        return Ok(None);
    }
    let rows: Vec<(String, i64, Vec<u8>)> = copy_progress::table.load(connection)?;
    let ledger = rows.into_iter().map(|(table, copied, digest)| {
        // What is damaged fits no source.
        let rows = u64::try_from(copied).unwrap_or(u64::MAX);
        (table, Checksum { rows, digest: digest.try_into().unwrap_or([0; 32]) })
    });
    Ok(Some(ledger.collect()))
}

/// Begins a copy: from here on the target holds part of the source and nothing else.
pub(crate) fn begin(connection: &mut DbConnection) -> QueryResult<()> {
    connection.batch_execute(match connection {
        DbConnection::Sqlite(_) => {
            "CREATE TABLE IF NOT EXISTS copy_progress (
                table_name TEXT NOT NULL PRIMARY KEY, copied BIGINT NOT NULL, checksum BLOB NOT NULL)"
        }
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            "CREATE TABLE IF NOT EXISTS copy_progress (
                table_name TEXT NOT NULL PRIMARY KEY, copied BIGINT NOT NULL, checksum BYTEA NOT NULL)"
        }
        #[cfg(feature = "mysql")]
        DbConnection::Mysql(_) => {
            "CREATE TABLE IF NOT EXISTS copy_progress (
                table_name VARCHAR(255) NOT NULL PRIMARY KEY, copied BIGINT NOT NULL, checksum BINARY(32) NOT NULL
            ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4"
        }
    })?;
    connection.transaction(|connection| {
        let nothing = Checksum::default();
        for table in TABLES {
            diesel::insert_into(copy_progress::table)
                .values((
                    copy_progress::table_name.eq(table.name),
                    copy_progress::copied.eq(stored(nothing.rows)),
                    copy_progress::checksum.eq(nothing.digest.as_slice()),
                ))
                .execute(connection)?;
        }
        TABLES.iter().rev().filter(|table| table.is_seeded()).try_for_each(|table| {
            rows::clear(connection, table)?;
            Ok(())
        })
    })
}

/// Notes that `table` has been copied as far as `to`; `false` where somebody else has done so since `from`. The first
/// statement of a transaction: it makes others wait.
pub(crate) fn advance(
    connection: &mut DbConnection,
    table: &Table,
    from: &Checksum,
    to: &Checksum,
) -> QueryResult<bool> {
    let as_known = copy_progress::table
        .filter(copy_progress::table_name.eq(table.name))
        .filter(copy_progress::copied.eq(stored(from.rows)));
    let advanced = diesel::update(as_known)
        .set((copy_progress::copied.eq(stored(to.rows)), copy_progress::checksum.eq(to.digest.as_slice())))
        .execute(connection)?;
    Ok(advanced == 1)
}

/// Ends a copy.
pub(crate) fn end(connection: &mut DbConnection) -> QueryResult<()> {
    connection.batch_execute("DROP TABLE copy_progress")
}

fn stored(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
