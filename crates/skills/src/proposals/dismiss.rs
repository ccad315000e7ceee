use super::{Proposal, ProposalId, ProposalState, Proposals};
use crate::OwnerError;
use crate::service::caller;
use square_kernel::{Asker, SkillId, Unavailable};

/// Why a proposal was not dismissed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DismissError {
    /// Whoever asks may not.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// There is no such proposal of this skill, or none any more.
    #[error("there is no such proposal")]
    Unknown,
    /// The skill has learnt it.
    #[error("it is an example of the skill already; train the skill without it")]
    Taken,
}

impl From<Unavailable> for DismissError {
    fn from(error: Unavailable) -> Self {
        Self::Owner(error.into())
    }
}

impl Proposals {
    /// Puts a proposal aside, also while it is tried.
    pub async fn dismiss(
        &self,
        asker: &Asker,
        skill: SkillId,
        id: ProposalId,
    ) -> Result<Proposal, DismissError> {
        self.shared.owned(asker, skill).await?;
        let now = self.shared.parts.clock.now();
        let dismissed = self.store.dismiss(skill, id, now, caller(asker)).await?;
        match dismissed.map_err(OwnerError::from)? {
            Some(proposal) if proposal.state == ProposalState::Taken => Err(DismissError::Taken),
            Some(proposal) => Ok(proposal),
            None => Err(DismissError::Unknown),
        }
    }
}
