//! The built-in events service: what is on, when and where.
//!
//! - [`Event`] is what it knows; [`ports::EventStore`] keeps them.
//! - [`EventsSkill`] answers questions from them ("What is on at the Fillmore this weekend?"). Anyone may ask.
//! - [`seed()`] fills a store that has nothing ahead with [`sample_data()`], [`example_questions()`] writes what the
//!   skill is trained with.
//!
//! Days and times of events are those of the place where they are; "today" in a question is the day in UTC.

mod answering;
mod calendar;
mod event;
mod example_questions;
mod owned;
pub mod ports;
mod replies;
mod sample_data;
mod seed;
mod time;
mod when;

#[cfg(feature = "testing")]
pub mod testing;

pub use answering::EventsSkill;
pub use event::{Address, Event, EventId, Place, Venue};
pub use example_questions::example_questions;
pub use owned::OwnedEvents;
pub use sample_data::sample_data;
pub use seed::seed;
pub use time::EventTime;
