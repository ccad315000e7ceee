//! The log of changes. What the stores write into it, each change in the transaction of what it tells of:
//!
//! | what happened | change | who may be told |
//! |---|---|---|
//! | an account was made | `person` `create` | its owner and whoever may `get:users` |
//! | its address was confirmed, it got other roles, it was suspended or readmitted | `person` `update` | the same |
//! | a session ended, by itself or with a suspension | `session` `delete` | instances |
//! | an identity became a way to sign in, says something else of itself, was taken away | `login_method` `create`, `update`, `delete` | its owner |
//! | a secret for one-time codes was made | `otp_method` `create` | its owner |
//! | it was verified or switched on | `otp_method` `update` | the same |
//! | another one took its place, or it was switched off | `otp_method` `delete` | the same |
//! | a recovery code was made | `recovery_code` `create` | the same |
//! | it was used, or it is good no more | `recovery_code` `delete` | the same |
//! | a password was set | `session` `delete` of all sessions, or of the others | instances |
//! | names or address were changed | `person` `update` | as above |
//! | an account was deleted | `person` `delete`, and `delete` of each of its sessions, skills, events, companies and ways to sign in | as above |
//! | a second factor was switched on or off | `person` `update`, `session` `delete` of the other sessions | as above |
//! | a role was made, deleted, or allows other things | `role` | instances |
//! | a skill was registered | `skill` `create` | its owner; everybody once it is or was published |
//! | it was edited, published or unpublished, or took proposed examples | `skill` `update` | the same |
//! | it was removed | `skill` `delete` | the same |
//! | a training began | `training` `create` | instances |
//! | a training failed, or proposed examples are to be tried | `training` `update` | instances |
//! | a film or an actor was made, changed, deleted | `movie` or `actor` `create`, `update`, `delete` | whoever may `get:movies`, `get:actors` |
//! | a role was made, changed, deleted, by itself or with its film or actor | `movie` `update` of its film, `actor` `update` of its actor, as far as they stay | the same |
//! | events were stored | `event` `create` | everybody |
//! | one was edited | `event` `update` | the same |
//! | it was deleted, or went with its owner | `event` `delete` | the same |
//! | a company was entered, changed (also in its bank accounts), removed | `company` `create`, `update`, `delete` | its owner |
//! | a question was given up by its asker, or deleted while it was under way | `question` `delete` | instances |
//! | a signing key was made, or is good no more | `signing_key` `create`, `delete` | instances |
//!
//! The entity of a training's change is its skill; that of a role's or of signing keys is nobody. What changes nothing is no change, and what
//! forgets old rows is none either.

mod recording;

use crate::Stores;
use crate::columns::{Key, Moment, corrupt, count, from_counter, to_counter};
use crate::connection::DbConnection;
use crate::counters;
use crate::schema::changes::{changes, receivers, set_aside_changes};
use async_trait::async_trait;
use diesel::dsl::{exists, min, not};
use diesel::prelude::*;
use jiff::Timestamp;
use square_changes::ports::ChangeLog;
use square_changes::{Audience, Change};
use square_kernel::Unavailable;

pub(crate) use recording::{Changes, Record};

#[async_trait]
impl ChangeLog for Stores {
    async fn head(&self) -> Result<u64, Unavailable> {
        // Counted up by the very transaction that stores the change, so both become visible together.
        let head = self.database.read(|connection| counters::at(connection, counters::CHANGES)).await?;
        from_counter("counters.value", head).map_err(Unavailable::new)
    }

    async fn after(&self, number: u64, at_most: u32) -> Result<Vec<Change>, Unavailable> {
        let number = to_counter(number);
        self.database
            .read(move |connection| {
                let later = changes::table.filter(changes::number.gt(number));
                let rows: Vec<ChangeRow> =
                    later.order(changes::number).limit(at_most.into()).load(connection)?;
                rows.into_iter().map(ChangeRow::change).collect()
            })
            .await
    }

    async fn hint(&self) {
        self.database.news(&self.heard).await;
    }

    async fn forget(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let before = Moment::from(before);
        self.database
            .write(move |connection| {
                // Whoever of these is waited for or set aside was so before they were chosen: receivers begin behind
                // the newest change, and none goes back.
                let numbers = forgettable(connection, before, at_most)?;
                let these = changes::table.filter(changes::number.eq_any(numbers));
                diesel::delete(these).execute(connection).map(count)
            })
            .await
    }
}

fn forgettable(connection: &mut DbConnection, before: Moment, at_most: u32) -> QueryResult<Vec<i64>> {
    let newest = counters::at(connection, counters::CHANGES)?;
    let slowest: Option<i64> = receivers::table.select(min(receivers::position)).first(connection)?;
    let of_this = set_aside_changes::table.filter(set_aside_changes::number.eq(changes::number));
    changes::table
        .filter(changes::number.le(slowest.unwrap_or(newest).min(newest - 1)))
        .filter(changes::changed_at.lt(before))
        .filter(not(exists(of_this)))
        .order(changes::number)
        .limit(at_most.into())
        .select(changes::number)
        .load(connection)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = changes, treat_none_as_default_value = false)]
pub(crate) struct ChangeRow {
    number: i64,
    id: Key,
    channel: String,
    action: String,
    entity_id: Key,
    everybody: bool,
    owner_id: Option<Key>,
    permission: Option<String>,
    changed_at: Moment,
}

impl ChangeRow {
    pub(crate) fn change(self) -> QueryResult<Change> {
        let Self { everybody, permission, .. } = self;
        let owner = self.owner_id.map(|owner| owner.0.into());
        Ok(Change {
            number: from_counter("changes.number", self.number)?,
            id: self.id.0.into(),
            channel: self.channel.parse().map_err(|error| corrupt("changes.channel", error))?,
            action: self.action.parse().map_err(|error| corrupt("changes.action", error))?,
            entity: self.entity_id.0,
            audience: Audience { everybody, owner, permission },
            at: self.changed_at.at,
        })
    }
}
