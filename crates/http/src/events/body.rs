use serde::Deserialize;
use square_events::{Address, EventFields, EventPatch, EventTime, Venue};
use square_kernel::{Invalid, parse_date};
use utoipa::ToSchema;

/// What is said of an event.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "date": "2026-12-31", "time": "8pm", "venue": "The Fillmore", "address": "1805 Geary Boulevard, San Francisco"
}))]
pub(crate) struct EventBody {
    /// The day, `YYYY-MM-DD`, one that the calendar has.
    date: Option<String>,
    /// When it begins, as people write it: `8pm`, `8 p.m.`, `8:30 PM`, `8.30pm`, `20:00`, `20h30`, `noon`; at most 40 characters.
    time: Option<String>,
    /// Where, 1 to 120 characters.
    venue: Option<String>,
    /// Where that is, 1 to 200 characters.
    address: Option<String>,
}

impl EventBody {
    /// All that is said of an event; what was left out is at fault.
    pub(crate) fn fields(self) -> Result<EventFields, Invalid> {
        let mut invalid = Invalid::default();
        let date = invalid.collect(parse_date("date", &self.date.unwrap_or_default()));
        let time = invalid.collect(EventTime::parse(&self.time.unwrap_or_default()));
        let venue = invalid.collect(Venue::parse(&self.venue.unwrap_or_default()));
        let address = invalid.collect(Address::parse(&self.address.unwrap_or_default()));
        match (date, time, venue, address) {
            (Some(date), Some(time), Some(venue), Some(address)) => {
                Ok(EventFields { date, time, venue, address })
            }
            _ => Err(invalid),
        }
    }

    /// What is to change; a field that is missing or `null` stays.
    pub(crate) fn patch(self) -> Result<EventPatch, Invalid> {
        let mut invalid = Invalid::default();
        let date = self.date.as_deref().map(|date| parse_date("date", date)).transpose();
        let date = invalid.collect(date);
        let time = invalid.collect(self.time.as_deref().map(EventTime::parse).transpose());
        let venue = invalid.collect(self.venue.as_deref().map(Venue::parse).transpose());
        let address = invalid.collect(self.address.as_deref().map(Address::parse).transpose());
        match (date, time, venue, address) {
            (Some(date), Some(time), Some(venue), Some(address)) => {
                Ok(EventPatch { date, time, venue, address })
            }
            _ => Err(invalid),
        }
    }
}
