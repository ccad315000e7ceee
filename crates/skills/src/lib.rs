//! Answering services ("skills"): what one is, who owns it, how it is published.
//!
//! - [`Skill`] is what answers: a remote service, or a part of this process.
//! - [`RegisteredSkill`] is what its owner told us about it.
//! - [`SkillDirectory`] is the in-memory snapshot of all of them that questions are routed by.
//! - [`Skills`] is all that can be done with them; the store is the truth, directory and selectors follow.
//! - [`ports`] is what this crate needs from outside.

mod answering;
mod catch_up;
mod directory;
mod edit;
mod health;
pub mod ports;
mod progress;
mod publish;
mod register;
mod registered;
mod remove;
mod service;
mod train;
mod training;
mod unpublish;
mod view;

#[cfg(feature = "testing")]
pub mod testing;

pub use answering::{ResultBody, ResultItem, Skill, SkillFailure, SkillRequest};
pub use directory::{Listed, SkillDirectory, Snapshot};
pub use edit::{EditError, SkillPatch};
pub use register::{RegisterError, SkillFields};
pub use registered::{
    BuiltinName, Health, Protocol, RegisteredSkill, SkillAddress, SkillDescription, SkillName, SkillUrl,
};
pub use service::{OwnerError, Skills, SkillsParts};
pub use training::{Accuracy, TrainingId, TrainingProgress, TrainingRecord, TrainingSet, TrainingState};
