use crate::Stores;
use crate::changes::ChangeRow;
use crate::columns::{Moment, count, from_counter, to_counter};
use crate::connection::DbConnection;
use crate::counters;
use crate::schema::changes::{changes, receivers, set_aside_changes};
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::Timestamp;
use square_changes::Change;
use square_changes::ports::{DeliveryStore, SetAside};
use square_kernel::Unavailable;

#[async_trait]
impl DeliveryStore for Stores {
    async fn position(&self, receiver: &str) -> Result<u64, Unavailable> {
        let name = receiver.to_owned();
        let known = self.database.read(move |connection| position(connection, &name)).await?;
        let position = match known {
            Some(position) => position,
            None => self.begin(receiver).await?,
        };
        from_counter("receivers.position", position).map_err(Unavailable::new)
    }

    async fn advance(&self, receiver: &str, from: u64, to: u64) -> Result<bool, Unavailable> {
        let (receiver, from, to) = (receiver.to_owned(), to_counter(from), to_counter(to));
        self.database.write(move |connection| advance(connection, &receiver, from, to)).await
    }

    async fn set_aside(
        &self,
        receiver: &str,
        from: u64,
        refused: &Change,
        reason: &str,
        at: Timestamp,
    ) -> Result<bool, Unavailable> {
        let from = to_counter(from);
        let row = SetAsideRow {
            receiver: receiver.to_owned(),
            number: to_counter(refused.number),
            reason: reason.to_owned(),
            set_aside_at: at.into(),
            replay: false,
        };
        self.database
            .write(move |connection| {
                if !advance(connection, &row.receiver, from, row.number)? {
                    return Ok(false);
                }
                diesel::insert_into(set_aside_changes::table).values(&row).execute(connection)?;
                Ok(true)
            })
            .await
    }

    async fn all_set_aside(&self, at_most: u32) -> Result<Vec<SetAside>, Unavailable> {
        self.database
            .read(move |connection| {
                let rows: Vec<(SetAsideRow, ChangeRow)> = set_aside_changes::table
                    .inner_join(changes::table)
                    .filter(set_aside_changes::replay.eq(false))
                    .order((set_aside_changes::number, set_aside_changes::receiver))
                    .limit(at_most.into())
                    .load(connection)?;
                rows.into_iter().map(|(aside, change)| aside.with(change)).collect()
            })
            .await
    }

    async fn replay(&self, receiver: &str) -> Result<u32, Unavailable> {
        let receiver = receiver.to_owned();
        self.database
            .write(move |connection| {
                let refused = set_aside_changes::table.filter(set_aside_changes::receiver.eq(&receiver));
                diesel::update(refused.filter(set_aside_changes::replay.eq(false)))
                    .set(set_aside_changes::replay.eq(true))
                    .execute(connection)
                    .map(count)
            })
            .await
    }

    async fn to_replay(&self, receiver: &str, at_most: u32) -> Result<Vec<Change>, Unavailable> {
        let receiver = receiver.to_owned();
        self.database
            .read(move |connection| {
                let rows: Vec<ChangeRow> = set_aside_changes::table
                    .inner_join(changes::table)
                    .filter(set_aside_changes::receiver.eq(&receiver))
                    .filter(set_aside_changes::replay.eq(true))
                    .order(set_aside_changes::number)
                    .limit(at_most.into())
                    .select(changes::all_columns)
                    .load(connection)?;
                rows.into_iter().map(ChangeRow::change).collect()
            })
            .await
    }

    async fn replayed(&self, receiver: &str, number: u64) -> Result<(), Unavailable> {
        let (receiver, number) = (receiver.to_owned(), to_counter(number));
        self.database
            .write(move |connection| {
                let row = set_aside_changes::table.find((&receiver, number));
                diesel::delete(row).execute(connection).map(drop)
            })
            .await
    }

    async fn refused_again(
        &self,
        receiver: &str,
        number: u64,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), Unavailable> {
        let (receiver, number) = (receiver.to_owned(), to_counter(number));
        let (reason, at) = (reason.to_owned(), Moment::from(at));
        self.database
            .write(move |connection| {
                let change = (
                    set_aside_changes::reason.eq(&reason),
                    set_aside_changes::set_aside_at.eq(at),
                    set_aside_changes::replay.eq(false),
                );
                let row = set_aside_changes::table.find((&receiver, number));
                diesel::update(row).set(change).execute(connection).map(drop)
            })
            .await
    }

    async fn retire(&self, receiver: &str) -> Result<bool, Unavailable> {
        let receiver = receiver.to_owned();
        self.database
            .write(move |connection| {
                let known = receivers::table.find(&receiver);
                // Changes nothing, but nobody sets anything aside for it from here on.
                diesel::update(known).set(receivers::position.eq(receivers::position)).execute(connection)?;
                let refused = set_aside_changes::table.filter(set_aside_changes::receiver.eq(&receiver));
                diesel::delete(refused).execute(connection)?;
                Ok(diesel::delete(known).execute(connection)? == 1)
            })
            .await
    }
}

impl Stores {
    /// Has a new receiver begin behind the newest change; gives its position, also where somebody else was faster.
    async fn begin(&self, receiver: &str) -> Result<i64, Unavailable> {
        let name = receiver.to_owned();
        self.database
            .write(move |connection| {
                // Held, so that nothing happens until the receiver is there to wait for it.
                let head = counters::hold(connection, counters::CHANGES)?;
                if let Some(position) = position(connection, &name)? {
                    return Ok(position);
                }
                let row = (receivers::name.eq(&name), receivers::position.eq(head));
                diesel::insert_into(receivers::table).values(row).execute(connection)?;
                Ok(head)
            })
            .await
    }
}

fn position(connection: &mut DbConnection, receiver: &str) -> QueryResult<Option<i64>> {
    receivers::table.find(receiver).select(receivers::position).first(connection).optional()
}

fn advance(connection: &mut DbConnection, receiver: &str, from: i64, to: i64) -> QueryResult<bool> {
    let there = receivers::table.find(receiver).filter(receivers::position.eq(from));
    Ok(diesel::update(there).set(receivers::position.eq(to)).execute(connection)? == 1)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = set_aside_changes, treat_none_as_default_value = false)]
struct SetAsideRow {
    receiver: String,
    number: i64,
    reason: String,
    set_aside_at: Moment,
    replay: bool,
}

impl SetAsideRow {
    fn with(self, change: ChangeRow) -> QueryResult<SetAside> {
        let Self { receiver, reason, .. } = self;
        Ok(SetAside { receiver, change: change.change()?, reason, at: self.set_aside_at.at })
    }
}
