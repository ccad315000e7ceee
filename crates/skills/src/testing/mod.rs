//! Stand-ins for the ports of this crate, for tests, and the rules that every [`crate::ports::SkillStore`],
//! [`crate::ports::ModelStore`] and [`crate::ports::ProposalStore`] keeps ([`contract`]).

#[expect(clippy::unwrap_used, reason = "a rule that is broken ends its test by a panic")]
pub mod contract;
mod guard;
mod learner;
mod memory_models;
mod memory_proposals;
mod memory_skills;
mod prober;
mod scripted;

pub use guard::RefusingGuard;
pub use learner::{HeldLearning, LearnerScript, MemoryLearner};
pub use memory_models::MemoryModels;
pub use memory_skills::MemorySkills;
pub use prober::ScriptedProber;
pub use scripted::{Asked, ScriptedConnector, ScriptedSkill, SkillScript};
