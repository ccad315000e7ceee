use crate::EventTime;
use jiff::Timestamp;
use jiff::civil::Date;
use square_kernel::UserId;
use square_naming::NameKey;

square_kernel::id!(
    /// An event.
    EventId
);

square_kernel::line!(
    /// The name of the place where an event is: 1 to 120 characters.
    Venue,
    "venue",
    120
);
square_kernel::line!(
    /// Where that place is: 1 to 200 characters.
    Address,
    "address",
    200
);

impl Venue {
    /// What the venue is looked up by; names with one key are one venue.
    pub fn key(&self) -> NameKey {
        NameKey::of(self.as_str())
    }
}

/// Something that is on at a place on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its identifier.
    pub id: EventId,
    /// Who entered it.
    pub owner: UserId,
    /// The day, as they count it there.
    pub date: Date,
    /// When it begins, by the clocks there.
    pub time: EventTime,
    /// Where.
    pub venue: Venue,
    /// Where that is.
    pub address: Address,
    /// When it was entered.
    pub created_at: Timestamp,
}

/// A venue with its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub venue: Venue,
    /// Where it is.
    pub address: Address,
}
