use crate::fan_out::{Call, FanOut};
use crate::live::LiveQuestion;
use crate::route::Decision;
use crate::{AnswerStream, Question, QuestionId, QuestionRecord, Router};
use square_kernel::{Asker, Invalid, Unavailable};
use square_limits::TooMany;
use square_skills::SkillRequest;
use std::sync::Arc;
use tokio::time::Instant;
use tracing::Instrument;

/// Why a question was not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AskError {
    /// Asking needs an account here.
    #[error("sign in to ask")]
    SignInRequired,
    /// The asker asks too often.
    #[error("too many questions, please ask again later")]
    TooMany(TooMany),
    /// The asker has as many questions under way as they may.
    #[error("at most {0} questions may be under way at once")]
    TooManyAtOnce(u32),
    /// It names a selector or a skill that does not exist.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The selector cannot rank at the moment.
    #[error(transparent)]
    Selector(#[from] crate::SelectorUnavailable),
    /// It could not be stored.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<TooMany> for AskError {
    fn from(error: TooMany) -> Self {
        Self::TooMany(error)
    }
}

/// A question that was taken and stored.
pub struct Asked {
    /// The question, with the routing decision.
    pub record: Arc<QuestionRecord>,
    /// Its answers as they come.
    pub answers: AnswerStream,
}

impl Router {
    /// Takes a question: chooses skills, asks them at once, returns as soon as the question is stored. Whatever transport it
    /// comes by, it counts towards what its asker [may ask](crate::FairUse), also when it is refused for another reason.
    ///
    /// The question then goes on by itself until every skill has answered or its deadline passes. When the last one who
    /// watches it, at any instance, has been gone for the grace time, it is cancelled, unless it was asked to be
    /// [unattended](Question::unattended). Must be called within a tokio runtime.
    pub async fn ask(&self, asker: &Asker, question: Question) -> Result<Asked, AskError> {
        let begun = Instant::now();
        let place = self.admit(asker)?;
        let Decision { choice, skills, reserve } = self.decide(asker, &question).await?;
        self.hedging.question_asked();
        let parts = &self.parts;
        let record = Arc::new(QuestionRecord {
            id: QuestionId::new(parts.clock.as_ref(), parts.randomness.as_ref()),
            asker: asker.user(),
            text: question.text.shared(),
            choice,
            asked_at: parts.clock.now(),
            deadline: question.deadline.get(),
            opening: true,
        });
        let request = SkillRequest {
            question: question.text.shared(),
            max_results: question.max_results.get(),
            asker: asker.clone(),
            skill_args: question.skill_args.clone(),
        };
        let live = Arc::new(LiveQuestion::new(Arc::clone(&record)));
        // Before its task begins, so that it is watched from the beginning.
        let answers = AnswerStream::live(&live, 0);
        self.live.insert(&live);
        let calls = record.choice.chosen.iter().cloned().zip(skills);
        let fan_out = FanOut {
            live: Arc::clone(&live),
            all_live: Arc::clone(&self.live),
            log: Arc::clone(&parts.log),
            clock: Arc::clone(&parts.clock),
            request: Arc::new(request),
            calls: calls
                .map(|(chosen, listed)| Call { chosen, skill: Arc::clone(&listed.answers) })
                .collect(),
            reserve,
            hedging: Arc::clone(&self.hedging),
            begun,
            place: place.into(),
            grace: (!question.unattended).then_some(parts.policy.grace),
        };
        let span = tracing::info_span!("question", id = %record.id);
        tokio::spawn(fan_out.run().instrument(span));
        live.opened().await?;
        Ok(Asked { record, answers })
    }
}
