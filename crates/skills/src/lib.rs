//! Answering services ("skills"): what one is, who owns it, how it is published.
//!
//! - [`Skill`] is what answers: a remote service, or a part of this process.
//! - [`RegisteredSkill`] is what its owner told us about it.
//! - [`SkillDirectory`] is the in-memory snapshot of all of them that questions are routed by.
//! - [`ports`] is what this crate needs from outside.

mod answering;
mod directory;
pub mod ports;
mod registered;
mod training;

pub use answering::{ResultBody, ResultItem, Skill, SkillFailure, SkillRequest};
pub use directory::{Listed, SkillDirectory, Snapshot};
pub use registered::{
    BuiltinName, Health, Protocol, RegisteredSkill, SkillAddress, SkillDescription, SkillName, SkillUrl,
};
pub use training::{Accuracy, TrainingId, TrainingProgress, TrainingRecord, TrainingSet, TrainingState};
