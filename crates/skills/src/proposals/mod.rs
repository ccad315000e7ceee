//! Questions that askers found well answered become example questions of a skill, if its owner wants that and no selector
//! gets worse by it.

mod accept;
mod check;
mod dismiss;
mod list;
mod proposal;
mod propose;
mod service;
mod store;
mod train_builtin_anew;
mod trial;

pub use accept::AcceptError;
pub use dismiss::DismissError;
pub use proposal::{
    CheckResult, Compared, ExampleKey, ExampleText, Figures, NewProposal, Proposal, ProposalId,
    ProposalPolicy, ProposalState, Ratings,
};
pub use service::Proposals;
pub use store::{Accepted, EndedCheck, PendingCheck, ProposalStore};
