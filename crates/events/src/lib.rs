//! The built-in events service: what is on, when and where.
//!
//! - [`Event`] is what it knows; [`ports::EventStore`] keeps them.
//! - [`Events`] is all that can be done with them: anybody may look, and who enters an event may change it.
//! - [`EventsSkill`] answers questions from them ("What is on at the Fillmore this weekend?"). Anyone may ask.
//! - [`seed()`] fills a store that has nothing ahead with [`sample_data()`], [`example_questions()`] writes what the
//!   skill is trained with.
//!
//! Days and times of events are those of the place where they are; "today" in a question is the day in UTC.

mod answering;
mod calendar;
mod create;
mod delete;
mod edit;
mod event;
mod example_questions;
mod import;
mod list;
pub mod ports;
mod position;
mod replies;
mod sample_data;
mod seed;
mod service;
mod time;
mod when;

#[cfg(feature = "testing")]
pub mod testing;

pub use answering::EventsSkill;
pub use create::CreateError;
pub use edit::EventPatch;
pub use event::{Address, Event, EventId, Place, Venue};
pub use example_questions::example_questions;
pub use sample_data::sample_data;
pub use seed::seed;
pub use service::{ChangeError, EventFields, EventPolicy, Events, EventsParts};
pub use time::EventTime;
