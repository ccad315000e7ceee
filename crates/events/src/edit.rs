use crate::event::{Address, Event, EventId, Venue};
use crate::ports::Written;
use crate::service::{ChangeError, EventFields, Events};
use crate::time::EventTime;
use jiff::civil::Date;
use square_kernel::{Asker, Caller, Overtaken};

/// The permission to change other people's events.
const CHANGE_ANY: &str = "patch:events";

/// Some of what is said of an event; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventPatch {
    /// The day.
    pub date: Option<Date>,
    /// When it begins.
    pub time: Option<EventTime>,
    /// Where.
    pub venue: Option<Venue>,
    /// Where that is.
    pub address: Option<Address>,
}

impl EventPatch {
    /// The event as it is with this.
    #[must_use]
    pub fn applied_to(&self, event: Event) -> Event {
        Event {
            date: self.date.unwrap_or(event.date),
            time: self.time.clone().unwrap_or(event.time),
            venue: self.venue.clone().unwrap_or(event.venue),
            address: self.address.clone().unwrap_or(event.address),
            ..event
        }
    }
}

impl From<EventFields> for EventPatch {
    fn from(fields: EventFields) -> Self {
        let EventFields { date, time, venue, address } = fields;
        Self { date: Some(date), time: Some(time), venue: Some(venue), address: Some(address) }
    }
}

impl Events {
    /// Changes what is said of an event, for its owner and for whoever may `patch:events`, and gives it as it is now. What two
    /// change at once in different fields is both kept.
    pub async fn edit(&self, asker: &Asker, id: EventId, patch: &EventPatch) -> Result<Event, ChangeError> {
        let by = Caller::from(self.permitted(asker, id, CHANGE_ANY).await?);
        match self.parts.store.change(id, patch, by, self.parts.clock.now()).await? {
            Written::Done(event) => Ok(event),
            Written::Overtaken => Err(Overtaken.into()),
            Written::Gone | Written::TooMany => Err(ChangeError::NotFound),
        }
    }
}
