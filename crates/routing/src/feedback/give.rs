use super::{Comment, Feedback, Rating, Verdict};
use crate::{AnsweredQuestion, QuestionId, WatchError};
use square_kernel::{Asker, Invalid, SkillId, Unavailable};
use square_limits::{LimitError, TooMany};
use square_skills::NewProposal;

/// What somebody wants to say of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    /// Whose answer it is; may be left out where one skill alone has answered.
    pub skill: Option<SkillId>,
    /// Whether it was of help.
    pub rating: Rating,
    /// What else there is to say.
    pub comment: Option<Comment>,
}

/// Why a verdict was not stored or forgotten.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FeedbackError {
    /// There is no such question, or it is somebody else's.
    #[error("there is no such question")]
    NotFound,
    /// There is nothing that it could be a verdict on.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// They found so many answers helpful of late that they have to wait.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// There is no verdict on this skill's answer.
    #[error("there is no such verdict")]
    NoVerdict,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<LimitError> for FeedbackError {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::TooMany(error) => Self::TooMany(error),
            LimitError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl From<WatchError> for FeedbackError {
    fn from(error: WatchError) -> Self {
        match error {
            WatchError::NotFound => Self::NotFound,
            WatchError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl Feedback {
    /// Stores what the asker of a question says of an answer to it, in the place of what they said before; whoever knows the id may where
    /// nobody signed in for it.
    ///
    /// An answer that was helpful to somebody signed in proposes the question as an example to the skill's owner. Others propose nothing:
    /// nobody could tell how many of them are one person.
    pub async fn give(
        &self,
        asker: &Asker,
        id: QuestionId,
        opinion: Opinion,
    ) -> Result<Verdict, FeedbackError> {
        let question = self.router.find(asker, id).await?;
        let verdict = Verdict {
            question: id,
            skill: answering(&question, opinion.skill)?,
            rating: opinion.rating,
            comment: opinion.comment,
            given_at: self.router.parts.clock.now(),
        };
        let proposal = self.proposal(&question, &verdict).await?;
        let stored = self.store.give(&verdict, proposal.as_ref()).await?;
        stored.then_some(verdict).ok_or(FeedbackError::NotFound)
    }

    async fn proposal(
        &self,
        question: &AnsweredQuestion,
        verdict: &Verdict,
    ) -> Result<Option<NewProposal>, LimitError> {
        let question = &question.question;
        match question.asker {
            Some(asker) if verdict.rating == Rating::Helpful => {
                self.proposals.proposed_by(asker, verdict.skill, &question.text).await
            }
            _ => Ok(None),
        }
    }
}

/// The skill that is meant, which has answered.
fn answering(question: &AnsweredQuestion, wanted: Option<SkillId>) -> Result<SkillId, Invalid> {
    let outcomes = question.outcomes().into_iter();
    let answered: Vec<_> =
        outcomes.filter(|outcome| outcome.answer.is_ok()).map(|outcome| outcome.skill.skill).collect();
    match (wanted, answered.as_slice()) {
        (Some(skill), answered) if answered.contains(&skill) => Ok(skill),
        (Some(_), _) => Err(Invalid::field("skill_id", "must be a skill that has answered the question")),
        (None, [only]) => Ok(*only),
        (None, []) => Err(Invalid::field("skill_id", "is of no use: no skill has answered the question")),
        (None, _) => {
            Err(Invalid::field("skill_id", "is required where several skills have answered the question"))
        }
    }
}
