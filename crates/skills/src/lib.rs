//! Answering services ("skills"): what one is, who owns it, how it is published.
//!
//! - [`Skill`] is what answers: a remote service, or a part of this process.
//! - [`protection`] has the decorators of it that keep a bad skill from doing harm.
//! - [`RegisteredSkill`] is what its owner told us about it.
//! - [`SkillDirectory`] is the in-memory snapshot of all of them that questions are routed by.
//! - [`Skills`] is all that can be done with them; the store is the truth, directory and selectors follow.
//! - [`Proposals`] are questions that askers found well answered, and that become examples where nothing gets worse by it.
//! - [`ports`] is what this crate needs from outside.

mod answering;
mod catch_up;
mod check;
mod directory;
mod edit;
mod health;
mod keep;
mod kept;
mod measured;
mod outside;
pub mod ports;
mod probing;
mod progress;
mod proposals;
pub mod protection;
mod publish;
mod register;
mod registered;
mod remove;
mod service;
mod signing;
mod train;
mod training;
mod training_reports;
mod unpublish;
mod view;

#[cfg(feature = "testing")]
pub mod testing;

pub use answering::{
    DeltaSink, Document, Outage, ResultBody, ResultItem, Skill, SkillFailure, SkillRequest, Unheard,
};
pub use check::{CheckError, CheckReport, CheckStage, CheckStep};
pub use directory::{Listed, SkillDirectory, Snapshot};
pub use edit::{EditError, SkillPatch};
pub use kept::{ExamplesVersion, KeptModel};
pub use measured::Measured;
pub use probing::ProbePolicy;
pub use proposals::{
    AcceptError, CheckResult, Compared, DismissError, ExampleKey, ExampleText, Figures, NewProposal,
    Proposal, ProposalId, ProposalPolicy, ProposalState, Proposals, Ratings,
};
pub use register::{RegisterError, SkillFields};
pub use registered::{
    BuiltinName, Health, Protocol, RegisteredSkill, SkillAddress, SkillDescription, SkillModel, SkillName,
    SkillUrl,
};
pub use service::{OwnerError, Skills, SkillsParts};
pub use signing::SigningKey;
pub use training::{
    Accuracy, Failures, TrainingId, TrainingProgress, TrainingRecord, TrainingSet, TrainingState,
};
pub use training_reports::TrainingReports;
