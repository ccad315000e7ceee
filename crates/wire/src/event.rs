use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Something that is on at a place on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Its identifier.
    pub id: Uuid,
    /// Who entered it and, beside administrators, alone may change it.
    pub owner_id: Uuid,
    /// The day, as they count it there.
    #[schema(format = Date, example = "2026-12-31")]
    pub date: String,
    /// When it begins, by the clocks there, as it was written.
    #[schema(example = "8pm")]
    pub time: String,
    /// The same on a 24-hour clock.
    #[schema(example = "20:00")]
    pub time_24h: String,
    /// Where.
    #[schema(example = "The Fillmore")]
    pub venue: String,
    /// Where that is.
    #[schema(example = "1805 Geary Boulevard, San Francisco")]
    pub address: String,
    /// When it was entered, RFC 3339.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl From<&square_events::Event> for Event {
    fn from(event: &square_events::Event) -> Self {
        Self {
            id: event.id.uuid(),
            owner_id: event.owner.uuid(),
            date: event.date.to_string(),
            time: event.time.as_sent().to_owned(),
            time_24h: event.time.on_24_hours(),
            venue: event.venue.as_str().to_owned(),
            address: event.address.as_str().to_owned(),
            created_at: event.created_at.to_string(),
        }
    }
}
