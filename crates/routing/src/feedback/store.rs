use super::Verdict;
use crate::QuestionId;
use async_trait::async_trait;
use square_kernel::{SkillId, Unavailable};
use square_skills::NewProposal;

/// Keeps verdicts, and what questions propose themselves as examples by them. Each method is one transaction.
///
/// Verdicts MUST go with their question, and what rests on no other question with them (see
/// [`ProposalStore`](square_skills::ports::ProposalStore)).
#[async_trait]
pub trait FeedbackStore: Send + Sync {
    /// Stores a verdict in the place of an earlier one of the same question on the same skill. `false`, and nothing stored, when the question
    /// is gone.
    ///
    /// With `proposal` the question proposes itself as an example of the skill, beside other questions with the same key or, where
    /// there are none, as a new proposal. One that stands at `Taken` is proposed anew. Where the skill is gone or not published, the question is an
    /// example of it at that moment, or as many proposals wait as the policy allows, the verdict is stored all the same. With a verdict that is
    /// not [helpful](super::Rating::Helpful) the question proposes itself no more, as with [`Self::take_back`].
    async fn give(&self, verdict: &Verdict, proposal: Option<&NewProposal>) -> Result<bool, Unavailable>;

    /// Forgets a verdict. A proposal that is open rests on the question no more; one that was taken or dismissed stays as it is. `false`
    /// when there was no verdict.
    async fn take_back(&self, question: QuestionId, skill: SkillId) -> Result<bool, Unavailable>;

    /// The verdicts on these questions, in any order.
    async fn verdicts(&self, questions: &[QuestionId]) -> Result<Vec<Verdict>, Unavailable>;
}
