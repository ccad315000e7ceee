use super::{Proposal, ProposalId, ProposalState, Proposals, Ratings};
use crate::OwnerError;
use square_kernel::{Asker, Page, SkillId, Slice};

impl Proposals {
    /// How a skill's answers are rated, for its owner.
    pub async fn ratings(&self, asker: &Asker, skill: SkillId) -> Result<Ratings, OwnerError> {
        self.shared.owned(asker, skill).await?;
        Ok(self.store.ratings(skill).await?)
    }

    /// A skill's proposals, newest first: those that stand at `state`, or all. For its owner.
    pub async fn list(
        &self,
        asker: &Asker,
        skill: SkillId,
        state: Option<ProposalState>,
        page: Page<ProposalId>,
    ) -> Result<Slice<Proposal, ProposalId>, OwnerError> {
        self.shared.owned(asker, skill).await?;
        Ok(self.store.proposals(skill, state, page).await?)
    }

    /// One proposal of a skill, for its owner.
    pub async fn find(
        &self,
        asker: &Asker,
        skill: SkillId,
        id: ProposalId,
    ) -> Result<Option<Proposal>, OwnerError> {
        self.shared.owned(asker, skill).await?;
        Ok(self.store.proposal(skill, id).await?)
    }
}
