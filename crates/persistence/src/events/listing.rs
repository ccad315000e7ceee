//! Pages of events by day, time and identifier.

use super::EventRow;
use crate::columns::Key;
use crate::connection::{DbConnection, MultiBackend};
use crate::schema::events::events;
use diesel::helper_types::IntoBoxed;
use diesel::prelude::*;
use square_events::Event;
use square_events::ports::{EventFilter, EventPosition};
use square_kernel::{Page, Slice};

/// How many events are looked at for one page, and how many at once, where it is looked for a text: letters' case is for each database
/// another matter, so texts are compared here.
const LOOKED_AT: usize = 1000;
const AT_ONCE: usize = 250;

pub(super) fn page_of(
    connection: &mut DbConnection,
    filter: &EventFilter,
    page: Page<EventPosition>,
) -> QueryResult<Slice<Event, EventPosition>> {
    let limit = usize::from(page.limit.get());
    if filter.text.is_none() {
        let events = part(connection, filter, page.after, limit + 1)?;
        return Ok(Slice::from_surplus(events, page.limit, Event::position));
    }
    let (mut fitting, mut last) = (Vec::new(), page.after);
    for _ in 0..LOOKED_AT / AT_ONCE {
        let looked_at = part(connection, filter, last, AT_ONCE)?;
        let all = looked_at.len() < AT_ONCE;
        last = looked_at.last().map(Event::position).or(last);
        fitting.extend(looked_at.into_iter().filter(|event| filter.fits(event)));
        if fitting.len() > limit {
            return Ok(Slice::from_surplus(fitting, page.limit, Event::position));
        }
        if all {
            return Ok(Slice { items: fitting, next: None });
        }
    }
    Ok(Slice { items: fitting, next: last })
}

/// The next events, whatever text they have.
fn part(
    connection: &mut DbConnection,
    filter: &EventFilter,
    after: Option<EventPosition>,
    at_most: usize,
) -> QueryResult<Vec<Event>> {
    let mut rows: Vec<EventRow> = Vec::new();
    for behind in Behind::all(after) {
        let left = at_most - rows.len();
        if left == 0 {
            break;
        }
        let found: Vec<EventRow> = behind
            .within(wanted(filter))
            .order((events::date, events::minute, events::id))
            .limit(i64::try_from(left).unwrap_or(i64::MAX))
            .load(connection)?;
        rows.extend(found);
    }
    rows.into_iter().map(EventRow::event).collect()
}

type Query<'a> = IntoBoxed<'a, events::table, MultiBackend>;

fn wanted(filter: &EventFilter) -> Query<'_> {
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
    wanted
}

/// What comes behind a position, as ranges of an index, one behind the other: databases do not make them of one condition.
enum Behind {
    /// All there is.
    Nothing,
    /// What begins at the same time, with later identifiers.
    Event(EventPosition),
    /// What begins later on that day.
    Time(EventPosition),
    /// Later days.
    Day(EventPosition),
}

impl Behind {
    fn all(after: Option<EventPosition>) -> Vec<Self> {
        match after {
            None => vec![Self::Nothing],
            Some(after) => vec![Self::Event(after), Self::Time(after), Self::Day(after)],
        }
    }

    fn within<'a>(&self, query: Query<'a>) -> Query<'a> {
        match self {
            Self::Nothing => query,
            Self::Event(after) => query
                .filter(events::date.eq(after.date.to_string()))
                .filter(events::minute.eq(super::minute(after.at)))
                .filter(events::id.gt(Key(after.id.uuid()))),
            Self::Time(after) => query
                .filter(events::date.eq(after.date.to_string()))
                .filter(events::minute.gt(super::minute(after.at))),
            Self::Day(after) => query.filter(events::date.gt(after.date.to_string())),
        }
    }
}
