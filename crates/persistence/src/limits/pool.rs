//! What instances let be used by themselves. The rows are those of other budgets; `noted` says by which exchange something was
//! added last. Exchanges that add something are numbered in the order of their commits, so whoever has seen all up to one of them
//! misses none.

use crate::Stores;
use crate::columns::{Moment, corrupt, from_counter, to_counter};
use crate::connection::DbConnection;
use crate::counters;
use crate::rows::insert_all;
use crate::schema::limits::limits;
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::Timestamp;
use square_kernel::Unavailable;
use square_limits::LimitKey;
use square_limits::ports::{Pool, Told, Used};
use std::collections::HashMap;

/// How many rows are named in one statement.
const AT_ONCE: usize = 500;

#[derive(Debug, Insertable)]
#[diesel(table_name = limits)]
struct NotedRow {
    digest: Vec<u8>,
    full_at: Moment,
    noted: i64,
}

#[async_trait]
impl Pool for Stores {
    async fn exchange(&self, used: &[Used], number: u64, now: Timestamp) -> Result<Told, Unavailable> {
        let since = to_counter(number);
        if used.is_empty() {
            let told = self.database.read(move |connection| {
                // Before the rows: what is added in between is told again next time.
                let number = counters::at(connection, counters::EXCHANGES)?;
                told(connection, since, number, now)
            });
            return told.await;
        }
        let used = used.to_vec();
        self.database
            .write(move |connection| {
                // From here on nobody else adds anything.
                let number = counters::count_up(connection, counters::EXCHANGES, 1)?;
                for used in used.chunks(AT_ONCE) {
                    add(connection, used, number, now)?;
                }
                told(connection, since, number, now)
            })
            .await
    }
}

fn add(connection: &mut DbConnection, used: &[Used], number: i64, now: Timestamp) -> QueryResult<()> {
    let these = limits::table.filter(limits::digest.eq_any(used.iter().map(|used| &used.key.0[..])));
    let known: Vec<(Vec<u8>, Moment)> = these.select((limits::digest, limits::full_at)).load(connection)?;
    let known: HashMap<_, _> = known.into_iter().map(|(digest, full_at)| (digest, full_at.at)).collect();
    diesel::delete(limits::table.filter(limits::digest.eq_any(known.keys().map(Vec::as_slice))))
        .execute(connection)?;
    let row = |used: &Used| {
        let digest = used.key.0.to_vec();
        let full_at = known.get(&digest).copied().unwrap_or(now);
        NotedRow { digest, full_at: used.quota.owe(full_at, now, used.debt).into(), noted: number }
    };
    let rows: Vec<NotedRow> = used.iter().map(row).collect();
    insert_all!(connection, limits::table, rows)
}

fn told(connection: &mut DbConnection, since: i64, number: i64, now: Timestamp) -> QueryResult<Told> {
    let new = limits::table.filter(limits::noted.gt(since)).filter(limits::full_at.gt(Moment::from(now)));
    let rows: Vec<(Vec<u8>, Moment)> = new.select((limits::digest, limits::full_at)).load(connection)?;
    let budget = |(digest, full_at): (Vec<u8>, Moment)| {
        let key = digest.try_into().map_err(|_| corrupt("limits.digest", "is no digest"))?;
        Ok((LimitKey(key), full_at.at))
    };
    let budgets = rows.into_iter().map(budget).collect::<QueryResult<_>>()?;
    Ok(Told { budgets, number: from_counter("counters.value", number)? })
}
