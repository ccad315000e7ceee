use super::{Accepted, Proposal, ProposalId, ProposalState, Proposals};
use crate::OwnerError;
use crate::service::caller;
use square_kernel::{Asker, Overtaken, SkillId, Unavailable};
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// How often it is looked in the store whether another instance has ended a trial.
const PAUSE: Duration = Duration::from_millis(200);

/// Why proposals were not accepted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AcceptError {
    /// Whoever asks may not.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// There is no such proposal of this skill, or none any more.
    #[error("there is no such proposal: {0}")]
    Unknown(ProposalId),
    /// There are no examples to which one could be added.
    #[error("the skill is not published; train it first")]
    NotPublished,
}

impl From<Unavailable> for AcceptError {
    fn from(error: Unavailable) -> Self {
        Self::Owner(error.into())
    }
}

impl Proposals {
    /// Has proposals tried, and those taken with which no selector gets worse: all of `ids`, or none and an error. They come back as they
    /// stand, to be tried in the background.
    pub async fn accept(
        &self,
        asker: &Asker,
        skill: SkillId,
        ids: &[ProposalId],
    ) -> Result<Vec<Proposal>, AcceptError> {
        self.shared.owned(asker, skill).await?;
        let now = self.shared.parts.clock.now();
        match self.store.accept(skill, ids, now, caller(asker)).await? {
            Accepted::Done(proposals) => {
                self.shared.work.notify_one();
                Ok(proposals)
            }
            Accepted::Unknown(id) => Err(AcceptError::Unknown(id)),
            Accepted::NotPublished => Err(AcceptError::NotPublished),
            Accepted::Overtaken => Err(OwnerError::from(Overtaken).into()),
        }
    }

    /// A proposal once it has been tried, at whichever instance, or as it is when that takes longer than `patience`.
    pub async fn settled(
        &self,
        asker: &Asker,
        skill: SkillId,
        id: ProposalId,
        patience: Duration,
    ) -> Result<Option<Proposal>, OwnerError> {
        let until = Instant::now() + patience;
        loop {
            let checked = self.checked.notified();
            tokio::pin!(checked);
            // From here on nothing is missed.
            checked.as_mut().enable();
            let found = self.find(asker, skill, id).await?;
            let waits = found.as_ref().is_some_and(|found| found.state == ProposalState::Checking);
            if !waits || Instant::now() >= until {
                return Ok(found);
            }
            let _ = timeout_at(until, timeout(PAUSE, checked)).await;
        }
    }
}
