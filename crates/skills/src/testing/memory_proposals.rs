use super::memory_skills::{MemorySkills, State};
use crate::ports::{Accepted, EndedCheck, PendingCheck, ProposalStore};
use crate::training::TrainingId;
use crate::{
    ExampleKey, ExampleText, NewProposal, Proposal, ProposalId, ProposalState, Ratings, RegisteredSkill,
};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::testing::lock;
use square_kernel::uuid::Uuid;
use square_kernel::{Caller, Overtaken, Page, SkillId, Slice, Unavailable, UserId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What askers say of skills.
#[derive(Debug, Default)]
pub(super) struct Feedback {
    /// By question and skill, whether the answer helped.
    ratings: BTreeMap<(Uuid, SkillId), bool>,
    proposals: BTreeMap<ProposalId, Proposed>,
}

#[derive(Debug)]
struct Proposed {
    proposal: Proposal,
    key: ExampleKey,
    /// What proposes it.
    questions: BTreeMap<Uuid, (UserId, ExampleText)>,
}

impl Proposed {
    fn shown(&self) -> Option<Proposal> {
        let (_, text) = self.questions.values().next()?;
        let questions = u32::try_from(self.questions.len()).ok()?;
        Some(Proposal { text: text.clone(), questions, ..self.proposal.clone() })
    }

    fn stands_at(&mut self, state: ProposalState, at: Timestamp) {
        self.proposal.state = state;
        self.proposal.check = None;
        self.proposal.changed_at = at;
    }
}

impl Feedback {
    pub(super) fn forget_skill(&mut self, skill: SkillId) {
        self.proposals.retain(|_, known| known.proposal.skill != skill);
    }

    fn of(&self, skill: SkillId) -> impl Iterator<Item = &Proposed> {
        self.proposals.values().filter(move |known| known.proposal.skill == skill)
    }

    fn has_room(&self, new: &NewProposal, asker: UserId) -> bool {
        let theirs = |known: &&Proposed| known.questions.values().any(|(by, _)| *by == asker);
        let open = self.of(new.skill).filter(|known| known.proposal.state.is_open()).count();
        let not_taken = |known: &&Proposed| known.proposal.state != ProposalState::Taken;
        let own = self.of(new.skill).filter(theirs).filter(not_taken).count();
        open < new.policy.per_skill as usize && own < new.policy.per_asker as usize
    }

    fn find(&mut self, skill: SkillId, id: ProposalId) -> Option<&mut Proposed> {
        self.proposals.get_mut(&id).filter(|known| known.proposal.skill == skill)
    }

    fn drop_unsupported(&mut self) {
        self.proposals.retain(|_, known| !known.questions.is_empty());
    }
}

/// What happens to questions, which this crate does not know.
impl MemorySkills {
    /// A skill's answer to a question was rated: whether it helped; `None` takes that back.
    pub fn rate(&self, question: Uuid, skill: SkillId, helpful: Option<bool>) {
        let ratings = &mut lock(&self.0).feedback.ratings;
        match helpful {
            Some(helpful) => _ = ratings.insert((question, skill), helpful),
            None => _ = ratings.remove(&(question, skill)),
        }
    }

    /// A question of `asker` with this text proposes itself as an example.
    pub fn propose(&self, question: Uuid, asker: UserId, text: &str, new: &NewProposal) {
        let Some(text) = ExampleText::of(text) else { return };
        let mut state = lock(&self.0);
        if !state.skills.get(&new.skill).is_some_and(|skill| skill.published) || state.is_example(new) {
            return;
        }
        let feedback = &mut state.feedback;
        let has_room = feedback.has_room(new, asker);
        let mut same = feedback.proposals.values_mut();
        if let Some(known) = same.find(|known| known.proposal.skill == new.skill && known.key == new.key) {
            if known.proposal.state == ProposalState::Taken {
                known.stands_at(ProposalState::Proposed, new.at);
            }
            known.questions.insert(question, (asker, text));
        } else if has_room {
            let proposal = Proposal {
                id: new.id,
                skill: new.skill,
                text: text.clone(),
                questions: 1,
                state: ProposalState::Proposed,
                check: None,
                proposed_at: new.at,
                changed_at: new.at,
            };
            let questions = BTreeMap::from([(question, (asker, text))]);
            feedback.proposals.insert(new.id, Proposed { proposal, key: new.key, questions });
        }
    }

    /// A question proposes itself no more; where that is settled it stays so.
    pub fn withdraw(&self, question: Uuid, skill: SkillId) {
        let feedback = &mut lock(&self.0).feedback;
        let open = feedback.proposals.values_mut().filter(|known| known.proposal.state.is_open());
        for known in open.filter(|known| known.proposal.skill == skill) {
            known.questions.remove(&question);
        }
        feedback.drop_unsupported();
    }

    /// A question is gone.
    pub fn forget_question(&self, question: Uuid) {
        let feedback = &mut lock(&self.0).feedback;
        feedback.ratings.retain(|(of, _), _| *of != question);
        for known in feedback.proposals.values_mut() {
            known.questions.remove(&question);
        }
        feedback.drop_unsupported();
    }
}

impl State {
    fn published_with(&self, skill: SkillId) -> Option<TrainingId> {
        self.published(skill).map(|training| training.record.id)
    }

    fn is_example(&self, new: &NewProposal) -> bool {
        let set = self.published(new.skill).and_then(|training| training.examples.as_ref());
        set.is_some_and(|set| set.train.iter().any(|example| ExampleKey::of(example) == new.key))
    }

    /// Whether an example that is to be added is not wanted any more, or will be replaced.
    fn is_overtaken(&self, skill: SkillId, ended: &[EndedCheck]) -> bool {
        let waits = |id: &ProposalId| {
            let known = self.feedback.proposals.get(id).map(|known| &known.proposal);
            known.is_some_and(|known| known.skill == skill && known.state == ProposalState::Checking)
        };
        let mut adding = ended.iter().filter(|one| one.result.declined.is_none() && one.example.is_some());
        let trained = self.trainings.iter().any(|one| one.record.skill == skill && one.is_running());
        trained || adding.any(|one| !waits(&one.id))
    }

    fn add_example(&mut self, training: TrainingId, example: &ExampleText) {
        let Some(training) = self.trainings.iter_mut().find(|one| one.record.id == training) else { return };
        let Some(set) = &mut training.examples else { return };
        set.train = set.train.iter().cloned().chain([example.as_str().to_owned()]).collect();
        training.record.train_examples += 1;
    }
}

#[async_trait]
impl ProposalStore for MemorySkills {
    async fn ratings(&self, skill: SkillId) -> Result<Ratings, Unavailable> {
        let state = self.state()?;
        let rated = |helpful: bool| {
            let ratings = state.feedback.ratings.iter();
            ratings.filter(|((_, of), rating)| *of == skill && **rating == helpful).count() as u64
        };
        let open = state.feedback.of(skill).filter(|known| known.proposal.state.is_open()).count();
        Ok(Ratings { helpful: rated(true), not_helpful: rated(false), proposed: open as u64 })
    }

    async fn proposals(
        &self,
        skill: SkillId,
        wanted: Option<ProposalState>,
        page: Page<ProposalId>,
    ) -> Result<Slice<Proposal, ProposalId>, Unavailable> {
        let state = self.state()?;
        let shown = state.feedback.of(skill).filter_map(Proposed::shown);
        let mut found: Vec<_> = shown
            .filter(|proposal| wanted.is_none_or(|wanted| proposal.state == wanted))
            .filter(|proposal| page.after.is_none_or(|after| proposal.id < after))
            .collect();
        found.reverse();
        found.truncate(usize::from(page.limit.get()) + 1);
        Ok(Slice::from_surplus(found, page.limit, |proposal| proposal.id))
    }

    async fn proposal(&self, skill: SkillId, id: ProposalId) -> Result<Option<Proposal>, Unavailable> {
        Ok(self.state()?.feedback.find(skill, id).and_then(|known| known.shown()))
    }

    async fn accept(
        &self,
        skill: SkillId,
        ids: &[ProposalId],
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Accepted, Unavailable> {
        let mut state = self.state()?;
        if !state.is_still(by) {
            return Ok(Accepted::Overtaken);
        }
        if state.published_with(skill).is_none() {
            return Ok(Accepted::NotPublished);
        }
        if let Some(unknown) = ids.iter().find(|id| state.feedback.find(skill, **id).is_none()) {
            return Ok(Accepted::Unknown(*unknown));
        }
        let mut accepted = Vec::new();
        for id in ids {
            let Some(known) = state.feedback.find(skill, *id) else { continue };
            if !matches!(known.proposal.state, ProposalState::Taken | ProposalState::Checking) {
                known.stands_at(ProposalState::Checking, at);
            }
            accepted.extend(known.shown());
        }
        Ok(Accepted::Done(accepted))
    }

    async fn dismiss(
        &self,
        skill: SkillId,
        id: ProposalId,
        at: Timestamp,
        by: Option<Caller>,
    ) -> Result<Result<Option<Proposal>, Overtaken>, Unavailable> {
        let mut state = self.state()?;
        if !state.is_still(by) {
            return Ok(Err(Overtaken));
        }
        let Some(known) = state.feedback.find(skill, id) else { return Ok(Ok(None)) };
        if !matches!(known.proposal.state, ProposalState::Taken | ProposalState::Dismissed) {
            known.stands_at(ProposalState::Dismissed, at);
        }
        Ok(Ok(known.shown()))
    }

    async fn pending_check(&self, at_most: u32) -> Result<Option<PendingCheck>, Unavailable> {
        let state = self.state()?;
        let waiting =
            state.feedback.proposals.values().filter(|known| known.proposal.state == ProposalState::Checking);
        let waiting: Vec<Proposal> = waiting.filter_map(Proposed::shown).collect();
        let Some(first) = waiting.iter().min_by_key(|proposal| (proposal.changed_at, proposal.id)) else {
            return Ok(None);
        };
        let skill = first.skill;
        let of_skill = waiting.iter().filter(|proposal| proposal.skill == skill).take(at_most as usize);
        let proposals = of_skill.map(|proposal| (proposal.id, proposal.text.clone())).collect();
        Ok(Some(PendingCheck { skill, training: state.published_with(skill), proposals }))
    }

    async fn held_out(&self) -> Result<Vec<(SkillId, Arc<[String]>)>, Unavailable> {
        let state = self.state()?;
        let published = state.trainings.iter().filter(|training| training.is_published());
        let held_out = published.filter_map(|training| {
            Some((training.record.skill, Arc::clone(&training.examples.as_ref()?.dev)))
        });
        Ok(held_out.collect())
    }

    async fn finish_check(
        &self,
        skill: SkillId,
        training: Option<TrainingId>,
        ended: &[EndedCheck],
        at: Timestamp,
    ) -> Result<Option<RegisteredSkill>, Unavailable> {
        let mut state = self.state()?;
        if state.published_with(skill) != training || state.is_overtaken(skill, ended) {
            return Ok(None);
        }
        for EndedCheck { id, example, result } in ended {
            let Some(known) = state.feedback.find(skill, *id) else { continue };
            if known.proposal.state != ProposalState::Checking {
                continue;
            }
            let declined = result.declined.is_some();
            known.stands_at(if declined { ProposalState::Declined } else { ProposalState::Taken }, at);
            known.proposal.check = Some(result.clone());
            if let (false, Some(example), Some(training)) = (declined, example, training) {
                state.add_example(training, example);
                if let Some(skill) = state.skills.get_mut(&skill) {
                    skill.updated_at = at;
                }
            }
        }
        Ok(state.skills.get(&skill).cloned())
    }
}
