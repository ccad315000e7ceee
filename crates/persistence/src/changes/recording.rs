//! How changes get into the log: within the transaction of what they tell of.

use super::ChangeRow;
use crate::columns::{Key, Moment};
use crate::connection::DbConnection;
use crate::counters;
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::rows::insert_all;
use crate::schema::changes::changes;
use diesel::prelude::*;
use jiff::Timestamp;
use square_changes::{Action, Audience, ChangeId, Channel};
use square_kernel::{OsRandomness, SystemClock};
use uuid::Uuid;

/// A change that is about to be stored.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) channel: Channel,
    pub(crate) action: Action,
    pub(crate) entity: Uuid,
    pub(crate) audience: Audience,
    pub(crate) at: Timestamp,
}

impl Record {
    /// One that instances tell one another.
    pub(crate) fn internal(channel: Channel, action: Action, entity: Uuid, at: Timestamp) -> Self {
        Self { channel, action, entity, audience: Audience::default(), at }
    }
}

/// What a transaction has changed so far. Collected, so that all of it is numbered as the last thing that the transaction
/// does: others who change something wait from then on.
#[derive(Debug, Default)]
pub(crate) struct Changes(Vec<Record>);

impl Changes {
    pub(crate) fn add(&mut self, record: Record) {
        self.0.push(record);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Numbers and stores all of it. MUST come right before the commit.
    pub(crate) fn store(&self, connection: &mut DbConnection) -> QueryResult<()> {
        if self.is_empty() {
            return Ok(());
        }
        #[cfg(feature = "postgres")]
        if let DbConnection::Postgres(connection) = connection {
            postgres::notify(connection)?;
        }
        let mut number = i64::try_from(self.0.len()).unwrap_or(i64::MAX);
        number = counters::count_up(connection, counters::CHANGES, number)? - number;
        let mut row = |record: &Record| {
            number += 1;
            ChangeRow::new(number, record)
        };
        match self.0.as_slice() {
            // The common case, by a statement that the connection knows already.
            [record] => {
                diesel::insert_into(changes::table).values(&row(record)).execute(connection).map(drop)
            }
            records => {
                let rows: Vec<ChangeRow> = records.iter().map(row).collect();
                insert_all!(connection, changes::table, rows)
            }
        }
    }
}

impl ChangeRow {
    fn new(number: i64, record: &Record) -> Self {
        let Audience { everybody, owner, permission } = record.audience.clone();
        Self {
            number,
            id: Key(ChangeId::new(&SystemClock, &OsRandomness).uuid()),
            channel: record.channel.as_str().to_owned(),
            action: record.action.as_str().to_owned(),
            entity_id: Key(record.entity),
            everybody,
            owner_id: owner.map(|owner| Key(owner.uuid())),
            permission,
            changed_at: Moment::from(record.at),
        }
    }
}
