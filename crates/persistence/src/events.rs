mod listing;

use crate::Stores;
use crate::changes::{Changes, Record};
use crate::columns::{Key, Moment, corrupt};
use crate::connection::DbConnection;
use crate::counters;
use crate::names::{NameColumns, Wanted, is_meant, rows_named};
use crate::rows::insert_all;
use crate::schema::events::events;
use crate::sessions;
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use square_changes::{Action, Audience, Channel};
use square_events::ports::{EventFilter, EventPosition, EventStore, FOUND_AT_MOST, Written};
use square_events::{Address, Event, EventId, EventPatch, EventTime, Place, Venue};
use square_kernel::{Caller, Page, Slice, Unavailable, UserId, parse_date};
use square_naming::{Matching, NameKey};

#[async_trait]
impl EventStore for Stores {
    async fn venues(&self, keys: &[NameKey], matching: Matching) -> Result<Vec<Place>, Unavailable> {
        let wanted = Wanted::new(keys, matching);
        self.database
            .read(move |connection| {
                let found: Vec<(Option<&NameKey>, String)> = rows_named!(
                    connection,
                    &wanted,
                    events::table.select(events::venue_key).distinct().order(events::venue_key),
                    events::venue_key,
                    events::venue_key_reversed,
                    events::venue_key_length,
                    i64::from(FOUND_AT_MOST)
                );
                let meant = found.into_iter().filter(|(wanted, key)| is_meant(*wanted, key));
                let mut keys: Vec<String> = meant.map(|(_, key)| key).collect();
                keys.sort_unstable();
                keys.dedup();
                keys.truncate(FOUND_AT_MOST.into());
                keys.iter().map(|key| place(connection, key)).collect()
            })
            .await
    }

    async fn list(
        &self,
        filter: &EventFilter,
        page: Page<EventPosition>,
    ) -> Result<Slice<Event, EventPosition>, Unavailable> {
        let filter = filter.clone();
        self.database.read(move |connection| listing::page_of(connection, &filter, page)).await
    }

    async fn event(&self, id: EventId) -> Result<Option<Event>, Unavailable> {
        self.database.read(move |connection| event(connection, Key(id.uuid()))).await
    }

    async fn add(&self, event: &Event, most: u32, by: Caller) -> Result<Written, Unavailable> {
        let (row, event) = (EventRow::from(event), event.clone());
        self.database
            .change(move |connection, changes| {
                // Holds the account, so that the owner enters one after another.
                if !sessions::is_current(connection, by)? {
                    return Ok(Written::Overtaken);
                }
                let own = events::table.filter(events::owner_id.eq(row.owner_id));
                if own.count().get_result::<i64>(connection)? >= i64::from(most) {
                    return Ok(Written::TooMany);
                }
                diesel::insert_into(events::table).values(&row).execute(connection)?;
                changes.add(row.created());
                Ok(Written::Done(event.clone()))
            })
            .await
    }

    async fn change(
        &self,
        id: EventId,
        patch: &EventPatch,
        by: Caller,
        at: Timestamp,
    ) -> Result<Written, Unavailable> {
        let (key, patch) = (Key(id.uuid()), patch.clone());
        self.database
            .change(move |connection, changes| {
                if !sessions::is_current(connection, by)? {
                    return Ok(Written::Overtaken);
                }
                let Some(stored) = hold(connection, key)? else { return Ok(Written::Gone) };
                let changed = patch.applied_to(stored.clone());
                if changed != stored {
                    let row = EventRow::from(&changed);
                    let said = (
                        events::date.eq(&row.date),
                        events::time.eq(&row.time),
                        events::minute.eq(row.minute),
                        events::venue.eq(&row.venue),
                        events::venue_key.eq(&row.venue_key),
                        events::venue_key_reversed.eq(&row.venue_key_reversed),
                        events::venue_key_length.eq(row.venue_key_length),
                        events::address.eq(&row.address),
                    );
                    diesel::update(events::table.find(key)).set(said).execute(connection)?;
                    changes.add(record(Action::Update, key, at));
                }
                Ok(Written::Done(changed))
            })
            .await
    }

    async fn remove(&self, id: EventId, by: Caller, at: Timestamp) -> Result<Written, Unavailable> {
        let key = Key(id.uuid());
        self.database
            .change(move |connection, changes| {
                if !sessions::is_current(connection, by)? {
                    return Ok(Written::Overtaken);
                }
                let Some(stored) = hold(connection, key)? else { return Ok(Written::Gone) };
                diesel::delete(events::table.find(key)).execute(connection)?;
                changes.add(record(Action::Delete, key, at));
                Ok(Written::Done(stored))
            })
            .await
    }

    async fn add_all(&self, events: &[Event]) -> Result<(), Unavailable> {
        let rows: Vec<EventRow> = events.iter().map(EventRow::from).collect();
        self.database
            .change(move |connection, changes| {
                insert_all!(connection, events::table, rows)?;
                for row in &rows {
                    changes.add(row.created());
                }
                Ok(())
            })
            .await
    }

    async fn of_owner(
        &self,
        owner: UserId,
        page: Page<EventId>,
    ) -> Result<Slice<Event, EventId>, Unavailable> {
        let owner = Key(owner.uuid());
        let rows = self.database.read(move |connection| {
            let mut own = events::table
                .filter(events::owner_id.eq(owner))
                .order(events::id.desc())
                .limit(i64::from(page.limit.get()) + 1)
                .into_boxed();
            if let Some(after) = page.after {
                own = own.filter(events::id.lt(Key(after.uuid())));
            }
            let rows: Vec<EventRow> = own.load(connection)?;
            rows.into_iter().map(EventRow::event).collect::<QueryResult<Vec<_>>>()
        });
        Ok(Slice::from_surplus(rows.await?, page.limit, |event| event.id))
    }

    async fn fill_if_none_from(&self, day: Date, events: &[Event]) -> Result<bool, Unavailable> {
        let rows: Vec<EventRow> = events.iter().map(EventRow::from).collect();
        self.database
            .change(move |connection, changes| {
                // One at a time, so that the next one finds what this one stored.
                counters::count_up(connection, counters::FILLINGS, 1)?;
                let ahead = events::table.select(events::id).filter(events::date.ge(day.to_string()));
                if ahead.first::<Key>(connection).optional()?.is_some() {
                    return Ok(false);
                }
                insert_all!(connection, events::table, rows)?;
                for row in &rows {
                    changes.add(row.created());
                }
                Ok(true)
            })
            .await
    }
}

/// Removes all events of an account that is locked.
pub(crate) fn remove_all_of(
    connection: &mut DbConnection,
    owner: Key,
    at: Timestamp,
    changes: &mut Changes,
) -> QueryResult<()> {
    let own = events::table.filter(events::owner_id.eq(owner));
    for id in own.select(events::id).order(events::id).load::<Key>(connection)? {
        changes.add(record(Action::Delete, id, at));
    }
    diesel::delete(own).execute(connection).map(drop)
}

fn event(connection: &mut DbConnection, id: Key) -> QueryResult<Option<Event>> {
    let row: Option<EventRow> = events::table.find(id).first(connection).optional()?;
    row.map(EventRow::event).transpose()
}

/// One event, which nobody else changes until the end of the transaction.
fn hold(connection: &mut DbConnection, id: Key) -> QueryResult<Option<Event>> {
    let itself = events::minute.eq(events::minute);
    diesel::update(events::table.find(id)).set(itself).execute(connection)?;
    event(connection, id)
}

fn record(action: Action, id: Key, at: Timestamp) -> Record {
    let audience = Audience { everybody: true, ..Audience::default() };
    Record { channel: Channel::Event, action, entity: id.0, audience, at }
}

/// Counted from midnight.
fn minute(at: Time) -> i64 {
    i64::from(at.hour()) * 60 + i64::from(at.minute())
}

/// A venue as in its newest event.
fn place(connection: &mut DbConnection, key: &str) -> QueryResult<Place> {
    let (venue, address): (String, String) = events::table
        .filter(events::venue_key.eq(key))
        .order(events::id.desc())
        .select((events::venue, events::address))
        .first(connection)?;
    Ok(Place {
        venue: Venue::parse(&venue).map_err(|e| corrupt("events.venue", e))?,
        address: Address::parse(&address).map_err(|e| corrupt("events.address", e))?,
    })
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
struct EventRow {
    id: Key,
    owner_id: Key,
    date: String,
    time: String,
    minute: i64,
    venue: String,
    venue_key: String,
    venue_key_reversed: String,
    venue_key_length: i64,
    address: String,
    created_at: Moment,
}

impl EventRow {
    fn from(event: &Event) -> Self {
        let NameColumns { key, reversed, length } = (&event.venue.key()).into();
        Self {
            id: Key(event.id.uuid()),
            owner_id: Key(event.owner.uuid()),
            date: event.date.to_string(),
            time: event.time.as_sent().to_owned(),
            minute: minute(event.time.at()),
            venue: event.venue.as_str().to_owned(),
            venue_key: key,
            venue_key_reversed: reversed,
            venue_key_length: length,
            address: event.address.as_str().to_owned(),
            created_at: event.created_at.into(),
        }
    }

    fn created(&self) -> Record {
        record(Action::Create, self.id, self.created_at.at)
    }

    fn event(self) -> QueryResult<Event> {
        Ok(Event {
            id: self.id.0.into(),
            owner: self.owner_id.0.into(),
            date: parse_date("date", &self.date).map_err(|e| corrupt("events.date", e))?,
            time: EventTime::parse(&self.time).map_err(|e| corrupt("events.time", e))?,
            venue: Venue::parse(&self.venue).map_err(|e| corrupt("events.venue", e))?,
            address: Address::parse(&self.address).map_err(|e| corrupt("events.address", e))?,
            created_at: self.created_at.at,
        })
    }
}
