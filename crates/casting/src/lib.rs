//! The built-in casting service: films, actors, and who played whom.
//!
//! - [`Movie`], [`Actor`], [`Role`] are what it knows; [`ports::CastingStore`] keeps them.
//! - [`CastingSkill`] answers questions from them ("Who played in Heat?").
//! - [`seed()`] fills an empty store with [`sample_data()`], [`example_questions()`] writes what the skill is
//!   trained with.
//!
//! Casting data is not for everybody: an answer never holds or hints at what its asker may not see.

mod answering;
mod example_questions;
mod intent;
mod model;
pub mod ports;
mod replies;
mod sample_data;
mod seed;
mod sight;

#[cfg(feature = "testing")]
pub mod testing;

pub use answering::CastingSkill;
pub use example_questions::example_questions;
pub use model::{
    Actor, ActorId, ActorName, Age, Catalogue, Character, Credit, Gender, Movie, MovieId, Role, RoleId, Title,
};
pub use sample_data::sample_data;
pub use seed::seed;
