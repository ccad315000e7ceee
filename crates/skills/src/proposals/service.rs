use super::{ProposalPolicy, ProposalStore};
use crate::service::{Shared, Skills};
use std::sync::Arc;
use tokio::sync::Notify;

/// Everything that can be done with proposed examples; one file per use case.
///
/// They are tried by [`Proposals::check_next`], on the instance that works off trainings. What is taken is stored with the
/// skill's examples, and reaches the learners of every instance as any change of a skill does.
pub struct Proposals {
    pub(super) shared: Arc<Shared>,
    pub(super) store: Arc<dyn ProposalStore>,
    pub(super) policy: ProposalPolicy,
    /// Notified when trials have ended here.
    pub(super) checked: Notify,
}

impl Proposals {
    /// Of these skills.
    pub fn new(skills: &Skills, store: Arc<dyn ProposalStore>, policy: ProposalPolicy) -> Self {
        Self { shared: Arc::clone(&skills.shared), store, policy, checked: Notify::new() }
    }
}
