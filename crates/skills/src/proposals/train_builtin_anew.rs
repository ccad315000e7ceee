use super::{ExampleKey, ProposalState, Proposals};
use crate::service::OwnerError;
use crate::{BuiltinName, SkillAddress, TrainingSet, TrainingState};
use square_kernel::{Limit, Page, SkillId, Unavailable};
use std::collections::BTreeSet;

impl Proposals {
    /// Has every skill that is this part of the process, and published or on its way there, trained again with `examples` and what
    /// was taken of its proposals; says which. Those that have just these questions, in whatever order, stay as they are, and so do those
    /// whose owners have unpublished them.
    pub async fn train_builtin_anew(
        &self,
        part: &BuiltinName,
        examples: &TrainingSet,
    ) -> Result<Vec<SkillId>, Unavailable> {
        let address = SkillAddress::Builtin(part.clone());
        let snapshot = self.shared.parts.directory.snapshot();
        let mut trained = Vec::new();
        for listed in snapshot.all().iter().filter(|listed| listed.skill.address == address) {
            let skill = listed.skill.id;
            let examples = self.with_taken(skill, examples).await?;
            let begun = self.shared.carry_through(move |shared| async move {
                let _changing = shared.turn().await?;
                let store = &shared.parts.store;
                let Some(newest) = store.training(skill).await? else { return Ok(false) };
                // Those of a training that failed are gone.
                let has = match newest.state {
                    TrainingState::Failed { .. } => store.examples_of_published(skill).await?,
                    _ => store.examples(newest.id).await?,
                };
                if has.is_some_and(|has| is_same(&has, &examples)) {
                    return Ok(false);
                }
                shared.begin(skill, examples, None).await.map(|_| true)
            });
            match begun.await {
                Ok(true) => trained.push(skill),
                // Unpublished or deleted meanwhile.
                Ok(false) | Err(OwnerError::NotFound) => {}
                Err(error) => return Err(unavailable(error)),
            }
        }
        Ok(trained)
    }

    /// The examples with those that were taken from proposals.
    async fn with_taken(&self, skill: SkillId, examples: &TrainingSet) -> Result<TrainingSet, Unavailable> {
        let mut known: BTreeSet<ExampleKey> = keys(&examples.train);
        let mut train = examples.train.to_vec();
        let mut page = Page { limit: Limit::new(Limit::MAX).unwrap_or_default(), after: None };
        loop {
            let taken = self.store.proposals(skill, Some(ProposalState::Taken), page).await?;
            let new = taken.items.into_iter().filter(|proposal| known.insert(proposal.text.key()));
            train.extend(new.map(|proposal| proposal.text.as_str().to_owned()));
            page.after = taken.next;
            if page.after.is_none() {
                return Ok(TrainingSet { train: train.into(), dev: examples.dev.clone() });
            }
        }
    }
}

fn keys(questions: &[String]) -> BTreeSet<ExampleKey> {
    questions.iter().map(|question| ExampleKey::of(question)).collect()
}

fn is_same(one: &TrainingSet, other: &TrainingSet) -> bool {
    keys(&one.train) == keys(&other.train) && keys(&one.dev) == keys(&other.dev)
}

/// Nobody in particular asks, so nothing else can be wrong.
fn unavailable(error: OwnerError) -> Unavailable {
    match error {
        OwnerError::Unavailable(error) => error,
        other => Unavailable::new(other),
    }
}
