use crate::candidates::Candidates;
use crate::choose::pick;
use crate::fallback::Ranked;
use crate::fan_out::{Call, FanOut};
use crate::live::LiveQuestion;
use crate::{AnswerStream, Choice, Chosen, Question, QuestionId, QuestionRecord, Ranking, Router, Score};
use square_kernel::{Asker, Invalid, Unavailable};
use square_skills::{Listed, SkillRequest};
use std::sync::Arc;
use tokio::time::Instant;
use tracing::Instrument;

/// How many more skills a question may be asked of.
const RESERVE: usize = 2;

/// Why a question was not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AskError {
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

/// A question that was taken and stored.
pub struct Asked {
    /// The question, with the routing decision.
    pub record: Arc<QuestionRecord>,
    /// Its answers as they come.
    pub answers: AnswerStream,
}

impl Router {
    /// Takes a question: chooses skills, asks them at once, returns as soon as the question is stored.
    ///
    /// The question then goes on by itself until every skill has answered or its deadline passes, whether
    /// or not anybody watches. Must be called within a tokio runtime.
    pub async fn ask(&self, asker: &Asker, question: Question) -> Result<Asked, AskError> {
        let begun = Instant::now();
        let selector = self.selector(&question)?;
        let candidates = self.candidates(asker, &question, selector.as_ref())?;
        let Ranked { ranking, selector, fallback_from } =
            self.rank(selector, question.text.as_str(), &candidates.ids()).await?;
        let (mut choice, skills) = choose(selector, &candidates, &ranking, &question);
        choice.fallback_from = fallback_from;
        let reserve = reserve(&candidates, &ranking, choice.chosen.len());
        self.hedging.question_asked();

        let parts = &self.parts;
        let record = Arc::new(QuestionRecord {
            id: QuestionId::new(parts.clock.as_ref(), parts.randomness.as_ref()),
            asker: asker.user(),
            text: question.text.shared(),
            choice,
            asked_at: parts.clock.now(),
            deadline: question.deadline.get(),
        });
        let request = SkillRequest {
            question: question.text.shared(),
            max_results: question.max_results.get(),
            asker: asker.clone(),
            skill_args: question.skill_args.clone(),
        };
        let live = Arc::new(LiveQuestion::new(Arc::clone(&record)));
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
        };
        let span = tracing::info_span!("question", id = %record.id);
        tokio::spawn(fan_out.run().instrument(span));
        live.opened().await?;
        Ok(Asked { record, answers: AnswerStream::live(live, 0) })
    }
}

/// Applies a ranking: what is asked, and the skills that answer, in the same order.
fn choose(
    selector: &str,
    candidates: &Candidates,
    ranking: &Ranking,
    question: &Question,
) -> (Choice, Vec<Arc<Listed>>) {
    let ranking =
        if candidates.named { with_unranked(ranking, candidates.skills.len()) } else { ranking.clone() };
    let picked = pick(&ranking, usize::from(question.max_skills.get()), candidates.named);
    let chosen = |score: &Score| chosen(candidates, score);
    let nearest = if picked.is_empty() { ranking.scores.first().map(chosen) } else { None };
    let choice = Choice {
        selector: selector.to_owned(),
        fallback_from: None,
        chosen: picked.iter().map(chosen).collect(),
        nearest,
    };
    let skills = picked.iter().map(|score| Arc::clone(&candidates.skills[score.candidate])).collect();
    (choice, skills)
}

fn chosen(candidates: &Candidates, score: &Score) -> Chosen {
    let skill = &candidates.skills[score.candidate].skill;
    Chosen {
        skill: skill.id,
        name: skill.name.to_string(),
        description: skill.description.as_str().to_owned(),
        score: score.score,
    }
}

/// The best ones that fit but are not among the `picked` that are asked, for the case that one of those is slow. Whoever
/// names skills wants those and no others.
fn reserve(candidates: &Candidates, ranking: &Ranking, picked: usize) -> Vec<Call> {
    if candidates.named || picked == 0 {
        return Vec::new();
    }
    let fitting = ranking.scores.iter().skip(picked).take_while(|score| score.score >= ranking.threshold);
    let call = |score: &Score| {
        let skill = Arc::clone(&candidates.skills[score.candidate].answers);
        // One that is not asked at the moment would be of no help.
        skill.outage().is_none().then(|| Call { chosen: chosen(candidates, score), skill })
    };
    fitting.filter_map(call).take(RESERVE).collect()
}

/// A selector leaves out what it knows nothing of; whoever names a skill wants it asked all the same.
fn with_unranked(ranking: &Ranking, candidates: usize) -> Ranking {
    let mut ranking = ranking.clone();
    let ranked: Vec<usize> = ranking.scores.iter().map(|score| score.candidate).collect();
    let unranked = (0..candidates).filter(|candidate| !ranked.contains(candidate));
    ranking.scores.extend(unranked.map(|candidate| Score { candidate, score: 0.0 }));
    ranking
}
