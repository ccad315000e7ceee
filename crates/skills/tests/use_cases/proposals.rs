use crate::world::{World, examples, signed_in};
use async_trait::async_trait;
use square_kernel::jiff::SignedDuration;
use square_kernel::uuid::Uuid;
use square_kernel::{Asker, Clock, OsRandomness, Page, SkillId, new_uuid};
use square_limits::LimitError;
use square_skills::ports::{Learner, LearningFailed, SkillStore};
use square_skills::testing::MemoryLearner;
use square_skills::{
    AcceptError, DismissError, Figures, OwnerError, Proposal, ProposalId, ProposalPolicy, ProposalState,
    Proposals,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A published skill, which has seven examples and two held-out questions, one of which is among the examples.
struct Stage {
    world: World,
    proposals: Arc<Proposals>,
    skill: SkillId,
}

impl Stage {
    async fn new() -> Self {
        Self::of(World::new()).await
    }

    async fn of(world: World) -> Self {
        let skill = world.published("Films").await;
        Self { proposals: proposals_of(&world), world, skill }
    }

    /// Somebody finds the skill's answer to this helpful.
    async fn helpful(&self, text: &str) -> Option<(Uuid, ProposalId)> {
        self.world.clock.advance(SignedDuration::from_millis(1));
        let asker = signed_in().user().unwrap();
        let new = self.proposals.proposed_by(asker, self.skill, text).await.unwrap()?;
        let question = new_uuid(&*self.world.clock, &OsRandomness);
        self.world.store.propose(question, asker, text, &new);
        let proposed = self.proposals.find(&self.world.owner, self.skill, new.id).await.unwrap();
        proposed.map(|proposed| (question, proposed.id))
    }

    async fn accepted(&self, texts: &[&str]) -> Vec<ProposalId> {
        let mut ids = Vec::new();
        for text in texts {
            ids.push(self.helpful(text).await.unwrap().1);
        }
        let accepted = self.proposals.accept(&self.world.owner, self.skill, &ids).await.unwrap();
        assert!(accepted.iter().all(|proposal| proposal.state == ProposalState::Checking));
        ids
    }

    async fn proposal(&self, id: ProposalId) -> Proposal {
        self.proposals.find(&self.world.owner, self.skill, id).await.unwrap().unwrap()
    }

    async fn checked(&self) {
        assert_eq!(self.proposals.check_next().await.unwrap(), Some(self.skill));
    }

    async fn examples(&self) -> Vec<String> {
        self.world.store.examples_of_published(self.skill).await.unwrap().unwrap().train.to_vec()
    }
}

fn proposals_of(world: &World) -> Arc<Proposals> {
    Arc::new(Proposals::new(&world.skills, world.store.clone(), ProposalPolicy::default()))
}

fn with(more: &[&str]) -> Vec<String> {
    examples("a").train.iter().map(String::as_str).chain(more.iter().copied()).map(str::to_owned).collect()
}

#[tokio::test]
async fn what_makes_nothing_worse_becomes_an_example_everywhere() {
    let stage = Stage::new().await;
    let other = stage.world.beside(MemoryLearner::new("Square"));
    other.skills.load().await.unwrap();
    let before = stage.world.listed(stage.skill).skill.updated_at;
    let ids = stage.accepted(&["Never heard\nof?"]).await;
    stage.checked().await;
    assert_eq!(stage.proposals.check_next().await.unwrap(), None);

    let proposal = stage.proposal(ids[0]).await;
    assert_eq!(proposal.state, ProposalState::Taken);
    let check = proposal.check.unwrap();
    assert_eq!(
        (check.declined, check.compared["Square"]),
        (None, Figures { held_out: 2, before: 1, after: 1 })
    );
    assert_eq!(stage.examples().await, with(&["Never heard of?"]));
    assert!(stage.world.listed(stage.skill).skill.updated_at > before);

    // The learners follow by the usual way, here and elsewhere.
    assert_eq!(stage.world.skills.train_next().await.unwrap(), None);
    assert_eq!(stage.world.known(stage.skill).unwrap(), with(&["Never heard of?"]));
    other.skills.catch_up(stage.skill).await.unwrap();
    other.skills.settle().await.unwrap();
    assert_eq!(other.known(stage.skill).unwrap(), with(&["Never heard of?"]));
}

#[tokio::test]
async fn what_makes_a_selector_worse_is_declined_with_both_figures() {
    let stage = Stage::new().await;
    let ids = stage.accepted(&["Something misleading?"]).await;
    stage.checked().await;
    let proposal = stage.proposal(ids[0]).await;
    assert_eq!(proposal.state, ProposalState::Declined);
    assert_eq!(
        proposal.check.unwrap().declined.unwrap(),
        "accuracy would fall: Square sends 0 of the 2 held-out questions to the right skill with it, and 1 without it"
    );
    assert_eq!(stage.examples().await, examples("a").train[..]);
    assert_eq!(stage.world.skills.train_next().await.unwrap(), None);
    assert_eq!(
        stage.world.known(stage.skill).unwrap(),
        examples("a").train[..],
        "nothing but a copy has learnt it"
    );
}

#[tokio::test]
async fn of_several_only_those_are_declined_that_do_it() {
    let stage = Stage::new().await;
    let texts = ["one?", "misleading, the first?", "two?", "never heard of?", "misleading, the second?"];
    let ids = stage.accepted(&texts).await;
    stage.checked().await;
    for (id, text) in ids.iter().zip(texts) {
        let wanted = if text.contains("misleading") { ProposalState::Declined } else { ProposalState::Taken };
        assert_eq!(stage.proposal(*id).await.state, wanted, "{text}");
    }
    assert_eq!(stage.examples().await, with(&["one?", "two?", "never heard of?"]));
    let last = stage.proposal(ids[4]).await.check.unwrap().compared["Square"];
    assert_eq!(last, Figures { held_out: 2, before: 2, after: 0 }, "against what was taken before");
}

#[tokio::test]
async fn a_trial_that_was_cut_off_is_made_by_who_comes_next() {
    let stage = Stage::new().await;
    let ids = stage.accepted(&["one?"]).await;
    let world = stage.world.restarted(MemoryLearner::new("Square"));
    world.skills.load().await.unwrap();
    let next = Stage { proposals: proposals_of(&world), world, skill: stage.skill };
    next.checked().await;
    assert_eq!(next.proposal(ids[0]).await.state, ProposalState::Taken);
}

#[tokio::test]
async fn a_store_that_is_away_leaves_the_trial_to_the_next_step() {
    let stage = Stage::new().await;
    let ids = stage.accepted(&["one?"]).await;
    stage.world.store.set_broken(true);
    assert!(stage.proposals.check_next().await.is_err());
    stage.world.store.set_broken(false);
    stage.checked().await;
    assert_eq!(stage.proposal(ids[0]).await.state, ProposalState::Taken);
}

#[tokio::test]
async fn what_is_an_example_by_now_counts_as_taken() {
    let stage = Stage::new().await;
    let ids = stage.accepted(&["one?"]).await;
    let mut set = examples("a");
    set.train = with(&["ONE"]).into();
    stage.world.skills.train(&stage.world.owner, stage.skill, set).await.unwrap();
    stage.world.skills.train_next().await.unwrap().unwrap();
    stage.checked().await;
    assert_eq!(stage.proposal(ids[0]).await.state, ProposalState::Taken);
    assert_eq!(stage.examples().await, with(&["ONE"]));
    assert!(stage.helpful("One!").await.is_none());
}

#[tokio::test]
async fn nothing_is_taken_where_there_is_nothing_to_add_it_to_or_to_try_it_with() {
    let stage = Stage::new().await;
    let ids = stage.accepted(&["one?"]).await;
    stage.world.skills.unpublish(&stage.world.owner, stage.skill).await.unwrap();
    stage.checked().await;
    let declined = stage.proposal(ids[0]).await.check.unwrap().declined;
    assert_eq!(declined.unwrap(), "the skill is not published");
    let refused = stage.proposals.accept(&stage.world.owner, stage.skill, &ids).await;
    assert!(matches!(refused, Err(AcceptError::NotPublished)), "{refused:?}");
    assert!(stage.helpful("two?").await.is_none());

    let stage = Stage::of(World::with(vec![MemoryLearner::new("Outside").outside()])).await;
    let ids = stage.accepted(&["one?"]).await;
    stage.checked().await;
    let declined = stage.proposal(ids[0]).await.check.unwrap().declined;
    assert_eq!(declined.unwrap(), "it could not be tried: there is no selector to try it with");
}

#[tokio::test]
async fn only_the_owner_sees_and_decides() {
    let stage = Stage::new().await;
    let (_, id) = stage.helpful("one?").await.unwrap();
    for (asker, wanted) in
        [(&Asker::default(), "sign in first"), (&stage.world.other, "the skill belongs to somebody else")]
    {
        let said = |error: OwnerError| error.to_string();
        let (proposals, skill) = (&stage.proposals, stage.skill);
        assert_eq!(proposals.ratings(asker, skill).await.map_err(said).unwrap_err(), wanted);
        let list = proposals.list(asker, skill, None, Page::default()).await;
        assert_eq!(list.map_err(said).unwrap_err(), wanted);
        assert_eq!(proposals.find(asker, skill, id).await.map_err(said).unwrap_err(), wanted);
        assert_eq!(proposals.accept(asker, skill, &[id]).await.unwrap_err().to_string(), wanted);
        assert_eq!(proposals.dismiss(asker, skill, id).await.unwrap_err().to_string(), wanted);
    }
    assert_eq!(stage.proposal(id).await.state, ProposalState::Proposed);
}

#[tokio::test]
async fn what_was_dismissed_while_it_was_to_be_tried_is_not_taken() {
    let stage = Stage::new().await;
    let ids = stage.accepted(&["one?", "two?"]).await;
    let dismissed = stage.proposals.dismiss(&stage.world.owner, stage.skill, ids[0]).await.unwrap();
    assert_eq!(dismissed.state, ProposalState::Dismissed);
    stage.checked().await;
    assert_eq!(stage.examples().await, with(&["two?"]));
    let late = stage.proposals.dismiss(&stage.world.owner, stage.skill, ids[1]).await;
    assert!(matches!(late, Err(DismissError::Taken)), "{late:?}");
    let gone = ProposalId::new(&*stage.world.clock, &OsRandomness);
    let none = stage.proposals.dismiss(&stage.world.owner, stage.skill, gone).await;
    assert!(matches!(none, Err(DismissError::Unknown)), "{none:?}");
    let none = stage.proposals.accept(&stage.world.owner, stage.skill, &[gone]).await;
    assert!(matches!(none, Err(AcceptError::Unknown(id)) if id == gone), "{none:?}");
}

#[tokio::test]
async fn whoever_is_signed_out_meanwhile_decides_nothing() {
    let stage = Stage::new().await;
    let (_, id) = stage.helpful("one?").await.unwrap();
    let (proposals, owner) = (&stage.proposals, &stage.world.owner);
    stage.world.store.end_session(owner.identity.as_ref().unwrap().session);
    let accepted = proposals.accept(owner, stage.skill, &[id]).await;
    assert!(matches!(accepted, Err(AcceptError::Owner(OwnerError::Overtaken(_)))), "{accepted:?}");
    let dismissed = proposals.dismiss(owner, stage.skill, id).await;
    assert!(matches!(dismissed, Err(DismissError::Owner(OwnerError::Overtaken(_)))), "{dismissed:?}");
    assert_eq!(stage.proposal(id).await.state, ProposalState::Proposed);
}

#[tokio::test]
async fn one_account_has_only_so_many_examples_looked_through() {
    let stage = Stage::new().await;
    let (ann, bob) = (signed_in().user().unwrap(), signed_in().user().unwrap());
    let propose = async |asker| stage.proposals.proposed_by(asker, stage.skill, "Who?").await;
    for _ in 0..60 {
        propose(ann).await.unwrap().unwrap();
    }
    assert!(matches!(propose(ann).await, Err(LimitError::TooMany(_))));
    assert!(propose(bob).await.is_ok());
    stage.world.clock.advance(SignedDuration::from_mins(1));
    assert!(propose(ann).await.is_ok());
}

#[tokio::test]
async fn a_skill_that_is_trained_while_it_is_tried_gets_the_example_afterwards() {
    let stage = Stage::new().await;
    let ids = stage.accepted(&["one?"]).await;
    let world = &stage.world;
    world.skills.train(&world.owner, stage.skill, examples("b")).await.unwrap();
    stage.checked().await;
    assert_eq!(stage.proposal(ids[0]).await.state, ProposalState::Checking);
    world.skills.train_next().await.unwrap().unwrap();
    stage.checked().await;
    assert_eq!(stage.proposal(ids[0]).await.state, ProposalState::Taken);
    assert_eq!(stage.examples().await[7..], ["one?"]);
}

#[tokio::test]
async fn an_owner_of_many_proposals_leaves_room_for_the_trainings_of_others() {
    let stage = Stage::new().await;
    let texts: Vec<String> = (0..40).map(|number| format!("misleading {number}?")).collect();
    let ids = stage.accepted(&texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    stage.checked().await;
    let mut declined = 0;
    for id in &ids {
        declined += usize::from(stage.proposal(*id).await.state == ProposalState::Declined);
    }
    assert_eq!(declined, 16);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_hears_how_it_went_or_that_it_takes_long() {
    let stage = Stage::new().await;
    let ids = stage.accepted(&["one?"]).await;
    let (proposals, owner) = (stage.proposals.clone(), stage.world.owner.clone());
    let wait = |seconds| proposals.settled(&owner, stage.skill, ids[0], Duration::from_secs(seconds));
    assert_eq!(wait(3).await.unwrap().unwrap().state, ProposalState::Checking);
    let (settled, checked) = tokio::join!(wait(3600), stage.proposals.check_next());
    checked.unwrap().unwrap();
    assert_eq!(settled.unwrap().unwrap().state, ProposalState::Taken);
}

/// Panics as soon as it is to learn something on trial.
struct Fragile(MemoryLearner);

#[async_trait]
impl Learner for Fragile {
    fn name(&self) -> &str {
        self.0.name()
    }

    async fn learn_all(&self, _: &[(SkillId, Arc<[String]>)]) -> Result<(), LearningFailed> {
        panic!("for a test")
    }

    async fn learn(
        &self,
        skill: SkillId,
        examples: &[String],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        self.0.learn(skill, examples, progress).await
    }

    async fn forget(&self, skill: SkillId) -> Result<(), LearningFailed> {
        self.0.forget(skill).await
    }

    async fn accuracy(&self, skill: SkillId, questions: &[String]) -> Result<f64, LearningFailed> {
        self.0.accuracy(skill, questions).await
    }

    fn scratch(&self) -> Option<Arc<dyn Learner>> {
        Some(Arc::new(Self(MemoryLearner::new(self.0.name()))))
    }
}

/// What a skill learnt before leaves traces in it: it answers one question less for each misleading example that it ever learnt.
struct Marked {
    inner: MemoryLearner,
    traces: AtomicU32,
}

impl Marked {
    fn new() -> Self {
        Self { inner: MemoryLearner::new("Marked"), traces: AtomicU32::new(0) }
    }
}

#[async_trait]
impl Learner for Marked {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn learn_all(&self, skills: &[(SkillId, Arc<[String]>)]) -> Result<(), LearningFailed> {
        self.inner.learn_all(skills).await
    }

    async fn learn(
        &self,
        skill: SkillId,
        examples: &[String],
        progress: &(dyn Fn(f32) + Send + Sync),
    ) -> Result<(), LearningFailed> {
        let misleading = examples.iter().filter(|example| example.contains("worse")).count();
        self.traces.fetch_add(u32::try_from(misleading).unwrap(), Ordering::Relaxed);
        self.inner.learn(skill, examples, progress).await
    }

    async fn forget(&self, skill: SkillId) -> Result<(), LearningFailed> {
        self.inner.forget(skill).await
    }

    #[expect(clippy::cast_precision_loss, reason = "tests have few questions")]
    async fn accuracy(&self, _: SkillId, questions: &[String]) -> Result<f64, LearningFailed> {
        let (all, traces) = (questions.len(), self.traces.load(Ordering::Relaxed) as usize);
        Ok(all.saturating_sub(traces) as f64 / all as f64)
    }

    fn scratch(&self) -> Option<Arc<dyn Learner>> {
        Some(Arc::new(Self::new()))
    }
}

#[tokio::test]
async fn what_another_one_has_left_in_the_copies_is_not_held_against_a_proposal() {
    let stage = Stage::of(World::learning(vec![Arc::new(Marked::new())])).await;
    let ids = stage.accepted(&["worse?", "harmless?"]).await;
    stage.checked().await;
    assert_eq!(stage.proposal(ids[0]).await.state, ProposalState::Declined);
    let harmless = stage.proposal(ids[1]).await;
    assert_eq!(harmless.state, ProposalState::Taken, "{:?}", harmless.check);
}

#[tokio::test]
async fn a_selector_that_panics_has_the_proposal_declined_and_the_worker_going_on() {
    let world = World::learning(vec![Arc::new(Fragile(MemoryLearner::new("Fragile")))]);
    let stage = Stage::of(world).await;
    let ids = stage.accepted(&["one?"]).await;
    stage.checked().await;
    let declined = stage.proposal(ids[0]).await.check.unwrap().declined;
    assert_eq!(declined.unwrap(), "it could not be tried: learning broke off");
    assert!(stage.world.clock.now() >= stage.proposal(ids[0]).await.proposed_at);
}
