use super::trial::{Material, Trial};
use super::{
    CheckResult, Compared, EndedCheck, ExampleKey, ExampleText, PendingCheck, ProposalId, Proposals,
};
use crate::ports::LearningFailed;
use crate::service::Shared;
use crate::{TrainingId, TrainingSet};
use square_kernel::{SkillId, Unavailable};
use std::collections::HashSet;
use std::sync::Arc;

/// So many proposals of one skill are tried together: where each of them is a bad one, that is some sixty rounds of learning and measuring, for which
/// all trainings wait.
const AT_ONCE: u32 = 16;

type Candidate = (ProposalId, ExampleText);

impl Proposals {
    /// Tries what was accepted of one skill, and says which. `None` when nothing waited. Of several instances on one store one is to
    /// call this, the one that calls [`Skills::train_next`](crate::Skills::train_next), with nothing else between the two.
    ///
    /// What waits is what the store says is being checked, so nothing is lost with the process, and a failure here leaves it to the next
    /// step.
    pub async fn check_next(&self) -> Result<Option<SkillId>, Unavailable> {
        let Some(pending) = self.store.pending_check(AT_ONCE).await? else { return Ok(None) };
        let skill = pending.skill;
        let (training, ended) = self.try_out(pending).await?;
        self.finish(skill, training, ended).await?;
        Ok(Some(skill))
    }

    async fn try_out(
        &self,
        pending: PendingCheck,
    ) -> Result<(Option<TrainingId>, Vec<EndedCheck>), Unavailable> {
        let PendingCheck { skill, training, proposals } = pending;
        let store = &self.shared.parts.store;
        let examples = match training {
            Some(training) => store.examples(training).await?.map(|set| set.train),
            None => None,
        };
        let Some(examples) = examples else {
            return Ok((training, all_untried(&proposals, "the skill is not published")));
        };
        let (known, new) = sorted(&examples, proposals);
        let taken = |(id, _)| EndedCheck { id, example: None, result: CheckResult::of(Compared::new()) };
        let mut ended: Vec<_> = known.into_iter().map(taken).collect();
        if new.is_empty() {
            return Ok((training, ended));
        }
        let (published, held_out) = (store.published_examples().await?, self.store.held_out().await?);
        let material = Material { published, held_out };
        ended.extend(self.judged(skill, examples, material, new).await);
        Ok((training, ended))
    }

    /// On a task of its own, so that a selector that panics has these declined and not the worker ended.
    async fn judged(
        &self,
        skill: SkillId,
        examples: Arc<[String]>,
        material: Material,
        new: Vec<Candidate>,
    ) -> Vec<EndedCheck> {
        let (shared, candidates) = (Arc::clone(&self.shared), new.clone());
        let judging = tokio::spawn(async move {
            let room = TrainingSet::MAX_FILE_BYTES.saturating_sub(bytes(&examples));
            let trial = Trial::begin(&shared, skill, &examples, material).await?;
            judge(trial, room, candidates).await
        });
        match judging.await {
            Ok(Ok(ended)) => ended,
            Ok(Err(LearningFailed(reason))) => all_untried(&new, &format!("it could not be tried: {reason}")),
            Err(error) => {
                tracing::error!(%skill, %error, "trying proposed examples broke off");
                all_untried(&new, "it could not be tried: learning broke off")
            }
        }
    }

    async fn finish(
        &self,
        skill: SkillId,
        training: Option<TrainingId>,
        ended: Vec<EndedCheck>,
    ) -> Result<(), Unavailable> {
        let store = Arc::clone(&self.store);
        let finishing = self.shared.carry_through(move |shared: Arc<Shared>| async move {
            let _changing = shared.turn().await?;
            let at = shared.moment_of_change(skill);
            // Trained anew or unpublished meanwhile, or some of them gone: what was measured says nothing any more, and they are tried
            // again.
            if let Some(stored) = store.finish_check(skill, training, &ended, at).await? {
                shared.take_over(&stored);
            }
            Ok::<_, Unavailable>(())
        });
        finishing.await?;
        self.checked.notify_waiters();
        Ok(())
    }
}

/// All together first; where some selector gets worse by that, each half by itself, and so on down to the ones that do it.
async fn judge(
    mut trial: Trial,
    room: usize,
    candidates: Vec<Candidate>,
) -> Result<Vec<EndedCheck>, LearningFailed> {
    let (mut ended, mut room) = (Vec::with_capacity(candidates.len()), room);
    let mut waiting = vec![candidates];
    while let Some(mut group) = waiting.pop() {
        let texts: Vec<String> = group.iter().map(|(_, text)| text.as_str().to_owned()).collect();
        let result = if bytes(&texts) > room {
            CheckResult::untried("the skill has as many examples as it may have")
        } else {
            CheckResult::of(trial.compare(&texts).await?)
        };
        if result.declined.is_some() && group.len() > 1 {
            let second = group.split_off(group.len() / 2);
            waiting.extend([second, group]);
            continue;
        }
        if result.declined.is_none() {
            room -= bytes(&texts);
            trial.adopt(texts, &result.compared);
        }
        ended.extend(group.into_iter().map(|(id, text)| EndedCheck {
            id,
            example: Some(text),
            result: result.clone(),
        }));
    }
    Ok(ended)
}

/// Those that are examples already, and the others.
fn sorted(examples: &[String], proposals: Vec<Candidate>) -> (Vec<Candidate>, Vec<Candidate>) {
    let known: HashSet<_> = examples.iter().map(|example| ExampleKey::of(example)).collect();
    proposals.into_iter().partition(|(_, text)| known.contains(&text.key()))
}

fn all_untried(proposals: &[Candidate], reason: &str) -> Vec<EndedCheck> {
    let untried =
        |(id, _): &Candidate| EndedCheck { id: *id, example: None, result: CheckResult::untried(reason) };
    proposals.iter().map(untried).collect()
}

/// What a file of these would have.
fn bytes(questions: &[String]) -> usize {
    questions.iter().map(|question| question.len() + 1).sum()
}
