//! Numbers that are counted up one by one, whoever counts.

use crate::connection::DbConnection;
use crate::schema::changes::counters;
use diesel::prelude::*;

/// The number of the newest change.
pub(crate) const CHANGES: &str = "changes";

/// How often sample data was to be stored.
pub(crate) const FILLINGS: &str = "fillings";

/// Held by whoever changes who may manage accounts; counts nothing.
pub(crate) const ADMINISTRATORS: &str = "administrators";

/// How often instances have told what they let be used.
pub(crate) const EXCHANGES: &str = "exchanges";

/// Counts `name` up by `by` and gives the new number. Everybody else who counts it waits from here on until this
/// transaction has ended: numbers are given in the order of commits, and one that is undone is given again.
pub(crate) fn count_up(connection: &mut DbConnection, name: &str, by: i64) -> QueryResult<i64> {
    let counter = counters::table.find(name);
    diesel::update(counter).set(counters::value.eq(counters::value + by)).execute(connection)?;
    counter.select(counters::value).first(connection)
}

/// Where `name` is, and stays until this transaction has ended.
pub(crate) fn hold(connection: &mut DbConnection, name: &str) -> QueryResult<i64> {
    count_up(connection, name, 0)
}

/// Where `name` is.
pub(crate) fn at(connection: &mut DbConnection, name: &str) -> QueryResult<i64> {
    counters::table.find(name).select(counters::value).first(connection)
}
