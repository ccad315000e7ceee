use super::{CheckResult, ExampleText, Proposal, ProposalId, ProposalState, Ratings};
use crate::{RegisteredSkill, TrainingId};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Caller, Overtaken, Page, SkillId, Slice, Unavailable};
use std::sync::Arc;

/// What became of accepting proposals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// They are as they stand here, in the order of asking. Those that were taken already are as they were.
    Done(Vec<Proposal>),
    /// The skill has no proposal with this identifier; nothing was stored.
    Unknown(ProposalId),
    /// The skill is not published, or gone; nothing was stored.
    NotPublished,
    /// Who asks is signed in no more, or not as they were; nothing was stored.
    Overtaken,
}

/// Proposals of one skill that wait to be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingCheck {
    /// The skill.
    pub skill: SkillId,
    /// The training that it is published with; `None` where it is not published.
    pub training: Option<TrainingId>,
    /// The proposals, the one that was proposed first before others.
    pub proposals: Vec<(ProposalId, ExampleText)>,
}

/// A proposal that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedCheck {
    /// The proposal.
    pub id: ProposalId,
    /// What is added to the skill's examples where it is taken; `None` where it is among them already.
    pub example: Option<ExampleText>,
    /// What came of it.
    pub result: CheckResult,
}

/// What askers say of skills' answers, as skills' owners see it. Each method is one transaction.
///
/// A proposal rests on the questions that propose it and that their askers have kept. Once none is left it MUST be gone, whatever
/// it stands at. It MUST NOT be there twice for questions with one [`ExampleKey`](super::ExampleKey).
#[async_trait]
pub trait ProposalStore: Send + Sync {
    /// How often a skill's answers were rated, and how many proposals are [open](ProposalState::is_open).
    async fn ratings(&self, skill: SkillId) -> Result<Ratings, Unavailable>;

    /// Proposals of a skill, newest first: those that stand at `state`, or all.
    async fn proposals(
        &self,
        skill: SkillId,
        state: Option<ProposalState>,
        page: Page<ProposalId>,
    ) -> Result<Slice<Proposal, ProposalId>, Unavailable>;

    /// One proposal of a skill.
    async fn proposal(&self, skill: SkillId, id: ProposalId) -> Result<Option<Proposal>, Unavailable>;

    /// Has proposals tried: all of them, or none. What came of earlier trials is forgotten. Every instance is told. `Overtaken` where `by`
    /// is somebody who does not hold what they asked with any more.
    async fn accept(
        &self,
        skill: SkillId,
        ids: &[ProposalId],
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Accepted, Unavailable>;

    /// Puts a proposal aside; one that is tried at the moment is not taken then. One that was taken stays as it is. Gives it as it stands
    /// now; `None` when there is none. [`Overtaken`], and nothing stored, as with [`Self::accept`].
    async fn dismiss(
        &self,
        skill: SkillId,
        id: ProposalId,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Result<Option<Proposal>, Overtaken>, Unavailable>;

    /// What waits to be tried, also from a process that died: at most `at_most` proposals, of the skill of which one has waited
    /// longest.
    async fn pending_check(&self, at_most: u32) -> Result<Option<PendingCheck>, Unavailable>;

    /// The questions that are held out to measure with, for every published skill.
    async fn held_out(&self) -> Result<Vec<(SkillId, Arc<[String]>)>, Unavailable>;

    /// Ends trials. Those proposals to be taken become `Taken`, their examples are added behind those that `training` published the skill
    /// with, and the skill's `updated_at` follows, of which everybody is told who is told of skills. Its samples stay: they are for anybody to
    /// see, and what askers wrote is not. The others become `Declined`, where they are still [`ProposalState::Checking`].
    ///
    /// What was measured is true of all that is added together. MUST change nothing and return `None` when one whose example is to be added is
    /// not `Checking` any more, when the skill is gone, when it is not published with `training` any more (`None`: is published after all), or
    /// when another training of it is running, whose examples take the place of these; otherwise the skill as it is now.
    async fn finish_check(
        &self,
        skill: SkillId,
        training: Option<TrainingId>,
        ended: &[EndedCheck],
        at: Timestamp,
    ) -> Result<Option<RegisteredSkill>, Unavailable>;
}
