//! The built-in casting service: films, actors, and who played whom.
//!
//! - [`Movie`], [`Actor`], [`Role`] are what it knows; [`ports::CastingStore`] keeps them.
//! - [`Casting`] has the use cases on them, for those who may ([`CastingError`]); [`ports::CastingRecords`] keeps them one by one.
//! - [`CastingSkill`] answers questions from them ("Who played in Heat?").
//! - [`seed()`] fills an empty store with [`sample_data()`], [`example_questions()`] writes what the skill is
//!   trained with.
//!
//! Casting data is not for everybody: an answer never holds or hints at what its asker may not see.

mod actors;
mod answering;
mod error;
mod example_questions;
mod intent;
mod lists;
mod model;
mod movies;
pub mod ports;
mod replies;
mod rights;
mod roles;
mod sample_data;
mod seed;
mod service;

#[cfg(feature = "testing")]
pub mod testing;

pub use actors::{ActorFields, ActorPatch};
pub use answering::CastingSkill;
pub use error::CastingError;
pub use example_questions::example_questions;
pub use lists::{ActorCursor, ActorFilter, CursorSyntax, MovieCursor, MovieFilter, RoleFilter, parse_search};
pub use model::{
    Actor, ActorId, ActorName, Age, Catalogue, Character, Credit, Gender, Movie, MovieId, Role, RoleId, Title,
};
pub use movies::{MovieFields, MoviePatch};
pub use roles::{RoleFields, RolePatch};
pub use sample_data::sample_data;
pub use seed::seed;
pub use service::Casting;
