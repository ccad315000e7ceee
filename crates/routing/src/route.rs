use crate::candidates::Candidates;
use crate::choose::{least_score, pick};
use crate::fallback::Ranked;
use crate::fan_out::Call;
use crate::{
    AskError, Choice, Chosen, Example, Exclusion, LeftOut, Question, Ranking, Router, Score, Selector,
};
use square_kernel::{Asker, SkillId};
use square_skills::Listed;
use std::sync::Arc;

/// How many skills that are not asked a dry run tells of.
const SHOWN: usize = 50;

/// How many of them are kept with a question.
const KEPT: usize = 5;

/// How many more skills a question may be asked of.
const RESERVE: usize = 2;

/// What was decided for one question.
pub(crate) struct Decision {
    pub(crate) choice: Choice,
    /// The skills that answer, in the order of `choice.chosen`.
    pub(crate) skills: Vec<Arc<Listed>>,
    /// The next best ones.
    pub(crate) reserve: Vec<Call>,
}

impl Router {
    /// A dry run: tells which skills the question would go to now and why, and asks none. What the asker named and does
    /// not exist is left out for that reason, where asking would be refused. It counts as a question of its asker.
    pub async fn route(&self, asker: &Asker, question: &Question) -> Result<Choice, AskError> {
        self.admit_dry_run(asker)?;
        let selector = self.selector(question)?;
        let candidates = self.candidates(asker, question, selector.as_ref());
        let most = self.most_skills(asker, question);
        Ok(self.decide_among(selector, &candidates, question, most, SHOWN).await?.choice)
    }

    /// Which skills the question goes to.
    pub(crate) async fn decide(&self, asker: &Asker, question: &Question) -> Result<Decision, AskError> {
        let selector = self.selector(question)?;
        let mut candidates = self.candidates(asker, question, selector.as_ref());
        if let Some(unknown) = candidates.unknown.take() {
            return Err(unknown.into());
        }
        let most = self.most_skills(asker, question);
        self.decide_among(selector, &candidates, question, most, KEPT).await
    }

    /// Has the candidates ranked and tells what is asked, `most` of them, and of `shown` others at most why they are not.
    async fn decide_among(
        &self,
        selector: &Arc<dyn Selector>,
        candidates: &Candidates,
        question: &Question,
        most: usize,
        shown: usize,
    ) -> Result<Decision, AskError> {
        let text = question.text.as_str();
        let Ranked { mut ranking, selector, fallback_from } =
            self.rank(selector, text, &candidates.ids()).await?;
        if candidates.named {
            add_unranked(&mut ranking, candidates.skills.len());
        }
        let exhausted = take_exhausted(candidates, &mut ranking, most);
        let picked = pick(&ranking, most, candidates.named);
        let chosen = |score: &Score| chosen(candidates, score);
        let best = exhausted.first().or(ranking.scores.first());
        let mut choice = Choice {
            selector: selector.name().to_owned(),
            fallback_from,
            chosen: picked.iter().map(chosen).collect(),
            nearest: if picked.is_empty() { best.map(chosen) } else { None },
            examples: Vec::new(),
            least_score: least_score(&ranking, candidates.named),
            candidates: u32::try_from(candidates.skills.len()).unwrap_or(u32::MAX),
            left_out: left_out(candidates, &ranking, picked.len(), &exhausted, shown),
        };
        add_examples(selector.as_ref(), text, &mut choice).await;
        let skills = picked.iter().map(|score| Arc::clone(&candidates.skills[score.candidate])).collect();
        let reserve = reserve(candidates, &ranking, picked.len());
        Ok(Decision { choice, skills, reserve })
    }
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

/// Takes those out of a ranking that would be asked and were asked as often as they may be, so that the next best take their
/// places. One that was named is asked all the same and says so itself.
fn take_exhausted(candidates: &Candidates, ranking: &mut Ranking, most: usize) -> Vec<Score> {
    if candidates.named {
        return Vec::new();
    }
    let (threshold, mut free, mut exhausted) = (ranking.threshold, 0, Vec::new());
    ranking.scores.retain(|score| {
        if free == most || score.score < threshold {
            return true;
        }
        let left = !candidates.skills[score.candidate].answers.is_exhausted();
        if left {
            free += 1;
        } else {
            exhausted.push(*score);
        }
        left
    });
    // Those that would not have been asked beside the best one that is left.
    let least = least_score(ranking, false);
    let unfit = exhausted.partition_point(|score| score.score >= least);
    ranking.scores.extend(exhausted.drain(unfit..));
    ranking.scores.sort_by(|a, b| b.score.total_cmp(&a.score));
    exhausted
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
        (skill.outage().is_none() && !skill.is_exhausted())
            .then(|| Call { chosen: chosen(candidates, score), skill })
    };
    fitting.filter_map(call).take(RESERVE).collect()
}

/// A selector leaves out what it knows nothing of; whoever names a skill wants it asked all the same.
fn add_unranked(ranking: &mut Ranking, candidates: usize) {
    let unranked = unranked(&ranking.scores, candidates);
    ranking.scores.extend(unranked.into_iter().map(|candidate| Score { candidate, score: 0.0 }));
}

/// The candidates without a score.
fn unranked<'a>(scores: impl IntoIterator<Item = &'a Score>, candidates: usize) -> Vec<usize> {
    let mut ranked = vec![false; candidates];
    for score in scores {
        ranked[score.candidate] = true;
    }
    (0..candidates).filter(|candidate| !ranked[*candidate]).collect()
}

/// The first `at_most` of those that are not asked.
fn left_out(
    candidates: &Candidates,
    ranking: &Ranking,
    picked: usize,
    exhausted: &[Score],
    at_most: usize,
) -> Vec<LeftOut> {
    let least = least_score(ranking, candidates.named);
    let listed = |candidate: usize, score, reason| {
        let skill = &candidates.skills[candidate].skill;
        LeftOut { skill: Some(skill.id), name: skill.name.to_string(), score, reason, examples: Vec::new() }
    };
    let barred = candidates.barred.iter().map(|barred| LeftOut {
        skill: barred.skill.as_ref().map(|listed| listed.skill.id),
        name: barred.name.clone(),
        score: None,
        reason: barred.reason,
        examples: Vec::new(),
    });
    let limited =
        exhausted.iter().map(|score| listed(score.candidate, Some(score.score), Exclusion::RateLimited));
    let ranked = ranking.scores[picked..].iter().map(|score| {
        let reason = if score.score < least { Exclusion::Score } else { Exclusion::Maximum };
        listed(score.candidate, Some(score.score), reason)
    });
    let mut left_out: Vec<LeftOut> = barred.chain(limited).chain(ranked).take(at_most).collect();
    let room = at_most - left_out.len();
    if room > 0 && ranking.scores.len() + exhausted.len() < candidates.skills.len() {
        let ranked = ranking.scores.iter().chain(exhausted);
        let unranked = unranked(ranked, candidates.skills.len()).into_iter().take(room);
        left_out.extend(unranked.map(|candidate| listed(candidate, None, Exclusion::Unranked)));
    }
    left_out
}

/// Adds the examples that the selector compared the question with.
async fn add_examples(selector: &dyn Selector, question: &str, choice: &mut Choice) {
    let asked = choice.chosen.iter().map(|chosen| chosen.skill);
    let others = choice.left_out.iter().filter_map(|left_out| left_out.skill);
    let skills: Vec<SkillId> = asked.chain(others).collect();
    let mut examples = selector.nearest_examples(question, &skills).await.into_iter().map(bounded);
    choice.examples = choice.chosen.iter().map(|_| examples.next().unwrap_or_default()).collect();
    for left_out in choice.left_out.iter_mut().filter(|left_out| left_out.skill.is_some()) {
        left_out.examples = examples.next().unwrap_or_default();
    }
}

/// How many examples of a skill are shown, and how many characters of each.
const EXAMPLES: usize = 3;
const EXAMPLE_CHARS: usize = 200;

fn bounded(mut examples: Vec<Example>) -> Vec<Example> {
    examples.truncate(EXAMPLES);
    for example in &mut examples {
        if let Some((end, _)) = example.text.char_indices().nth(EXAMPLE_CHARS) {
            example.text.truncate(end);
            example.text.push('…');
        }
    }
    examples
}
