//! Built-in skills whose example questions follow their data.

use crate::world::{World, examples};
use square_kernel::jiff::SignedDuration;
use square_kernel::uuid::Uuid;
use square_kernel::{OsRandomness, SkillId, new_uuid};
use square_skills::ports::SkillStore;
use square_skills::{
    BuiltinName, NewProposal, ProposalPolicy, Proposals, SkillDescription, SkillName, TrainingSet,
    TrainingState,
};

fn part() -> BuiltinName {
    BuiltinName::new("events")
}

fn about(venues: &[&str]) -> TrainingSet {
    let train = venues.iter().map(|venue| format!("What is on at {venue}?")).collect();
    TrainingSet { train, dev: examples("a").dev }
}

struct Stage {
    world: World,
    proposals: Proposals,
}

impl Stage {
    fn new() -> Self {
        let world = World::new();
        let proposals = Proposals::new(&world.skills, world.store.clone(), ProposalPolicy::default());
        Self { world, proposals }
    }

    async fn registered(&self, name: &str) -> SkillId {
        let (owner, name) = (self.world.owner.user().unwrap(), SkillName::parse(name).unwrap());
        let registered = self.world.skills.register_builtin(owner, name, SkillDescription::default(), part());
        registered.await.unwrap().skill.id
    }

    async fn trained(&self, skill: SkillId, set: TrainingSet) {
        self.world.skills.train_builtin(skill, set).await.unwrap();
        self.work_off().await;
    }

    async fn work_off(&self) {
        while self.world.skills.train_next().await.unwrap().is_some() {}
    }

    async fn anew(&self, venues: &[&str]) -> Vec<SkillId> {
        self.proposals.train_builtin_anew(&part(), &about(venues)).await.unwrap()
    }

    async fn learnt(&self, skill: SkillId) -> Vec<String> {
        self.world.store.examples_of_published(skill).await.unwrap().unwrap().train.to_vec()
    }
}

#[tokio::test]
async fn other_questions_are_learnt_and_the_same_are_not() {
    let stage = Stage::new();
    let (events, other) = (stage.registered("Events").await, stage.registered("Other").await);
    let remote = stage.world.published("Remote").await;
    stage.trained(events, about(&["the Hall"])).await;
    stage.trained(other, about(&["the Hall", "the Barn"])).await;

    assert_eq!(
        stage.anew(&["the Barn", "the Hall"]).await,
        [events],
        "the other one has them, in another order"
    );
    assert_eq!(stage.anew(&["the Barn", "the Hall"]).await, [], "they are being learnt");
    assert_eq!(stage.learnt(events).await, ["What is on at the Hall?"], "and it answers meanwhile");
    stage.work_off().await;
    assert_eq!(stage.learnt(events).await, ["What is on at the Barn?", "What is on at the Hall?"]);
    assert_eq!(stage.world.known(events), Some(stage.learnt(events).await));
    assert_eq!(stage.anew(&["the Hall", "the Barn"]).await, []);
    assert_eq!(stage.learnt(remote).await, examples("a").train.to_vec());
}

#[tokio::test]
async fn what_its_owner_has_not_published_stays_so() {
    let stage = Stage::new();
    let (fresh, given_up) = (stage.registered("Fresh").await, stage.registered("Given up").await);
    stage.trained(given_up, about(&["the Hall"])).await;
    stage.world.skills.unpublish(&stage.world.owner, given_up).await.unwrap();
    assert_eq!(stage.anew(&["the Barn"]).await, []);
    for skill in [fresh, given_up] {
        assert!(!stage.world.listed(skill).skill.published);
    }
    stage.world.skills.train_builtin(fresh, about(&["the Hall"])).await.unwrap();
    assert_eq!(stage.anew(&["the Barn"]).await, [fresh], "it is on its way, with what is known now");
    stage.work_off().await;
    assert_eq!(stage.learnt(fresh).await, ["What is on at the Barn?"]);
}

#[tokio::test]
async fn what_was_taken_of_proposals_stays() {
    let stage = Stage::new();
    let events = stage.registered("Events").await;
    stage.trained(events, about(&["the Hall"])).await;
    let mut questions = Vec::new();
    let asker = stage.world.other.user().unwrap();
    for text in ["Any bands?", "what is on at the BARN"] {
        stage.world.clock.advance(SignedDuration::from_millis(1));
        let new: NewProposal = stage.proposals.proposed_by(asker, events, text).await.unwrap().unwrap();
        let question: Uuid = new_uuid(&*stage.world.clock, &OsRandomness);
        stage.world.store.propose(question, asker, text, &new);
        stage.proposals.accept(&stage.world.owner, events, &[new.id]).await.unwrap();
        questions.push(question);
    }
    assert_eq!(stage.proposals.check_next().await.unwrap(), Some(events));
    assert_eq!(stage.learnt(events).await.len(), 3);
    assert_eq!(stage.anew(&["the Hall"]).await, [], "nothing but what was taken is new");
    assert_eq!(stage.anew(&["the Hall", "the Barn"]).await, [], "one of them says the same");
    assert_eq!(stage.anew(&["the Barn", "the Shed"]).await, [events]);
    stage.work_off().await;
    let mut learnt = stage.learnt(events).await;
    learnt.sort();
    assert_eq!(learnt, ["Any bands?", "What is on at the Barn?", "What is on at the Shed?"]);
}

#[tokio::test]
async fn a_training_that_failed_is_tried_again() {
    let stage = Stage::new();
    let events = stage.registered("Events").await;
    stage.trained(events, about(&["the Hall"])).await;
    stage.world.skills.train_builtin(events, about(&["the Barn"])).await.unwrap();
    let record = stage.world.store.training(events).await.unwrap().unwrap();
    let failed = TrainingState::Failed { reason: "the disk is full".into() };
    let at = square_kernel::Clock::now(&*stage.world.clock);
    stage.world.store.finish_training(record.id, &failed, at).await.unwrap();
    assert_eq!(stage.anew(&["the Hall"]).await, [], "these it has");
    assert_eq!(stage.anew(&["the Barn"]).await, [events]);
}
