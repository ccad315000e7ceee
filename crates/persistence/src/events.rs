use crate::Stores;
use crate::changes::{Changes, Record};
use crate::columns::{Key, Moment, corrupt};
use crate::connection::DbConnection;
use crate::counters;
use crate::names::{NameColumns, Wanted, is_meant, rows_named};
use crate::rows::insert_all;
use crate::schema::events::events;
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::Timestamp;
use jiff::civil::Date;
use square_changes::{Action, Audience, Channel};
use square_events::ports::{EventFilter, EventStore, FOUND_AT_MOST};
use square_events::{Address, Event, EventId, EventTime, Place, Venue};
use square_kernel::{Page, Slice, Unavailable, UserId, parse_date};
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

    async fn find(&self, filter: &EventFilter, limit: u16) -> Result<Vec<Event>, Unavailable> {
        let filter = filter.clone();
        self.database
            .read(move |connection| {
                let mut wanted = events::table.into_boxed();
                if let Some(from) = filter.from {
                    wanted = wanted.filter(events::date.ge(from.to_string()));
                }
                if let Some(to) = filter.to {
                    wanted = wanted.filter(events::date.le(to.to_string()));
                }
                if let Some(venue) = &filter.venue {
                    wanted = wanted.filter(events::venue_key.eq(venue.as_str()));
                }
                let rows: Vec<EventRow> = wanted
                    .order((events::date, events::minute, events::id))
                    .limit(limit.into())
                    .load(connection)?;
                rows.into_iter().map(EventRow::event).collect()
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

fn record(action: Action, id: Key, at: Timestamp) -> Record {
    let audience = Audience { everybody: true, ..Audience::default() };
    Record { channel: Channel::Event, action, entity: id.0, audience, at }
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
        let at = event.time.at();
        Self {
            id: Key(event.id.uuid()),
            owner_id: Key(event.owner.uuid()),
            date: event.date.to_string(),
            time: event.time.as_sent().to_owned(),
            minute: i64::from(at.hour()) * 60 + i64::from(at.minute()),
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
