//! What askers say of answers, and what comes of it.

use crate::world::{World, anybody, question};
use square_kernel::testing::{PlainHash, SeededRandomness, TransparentSealer};
use square_kernel::{Asker, Clock, Page, SkillId};
use square_limits::testing::MemoryLimits;
use square_routing::testing::MemoryLog;
use square_routing::{
    Comment, Feedback, FeedbackError, Opinion, Question, QuestionId, QuestionText, Rating, Router, Verdict,
};
use square_skills::ports::{ProposalStore, SkillStore, Written};
use square_skills::testing::{MemoryModels, MemorySkills, RefusingGuard, ScriptedConnector, ScriptedProber};
use square_skills::{
    Accuracy, Failures, ProbePolicy, ProposalPolicy, Proposals, SkillDirectory, SkillFailure, Skills,
    SkillsParts, TrainingId, TrainingSet, TrainingState,
};
use std::sync::Arc;

/// A world in which verdicts are taken, whose skills are published with one example each.
struct Rated {
    world: World,
    router: Arc<Router>,
    skills: Arc<MemorySkills>,
    feedback: Feedback,
}

impl Rated {
    async fn new(scores: &[f32]) -> Self {
        let skills = Arc::new(MemorySkills::new());
        let world = World::beside(scores, MemoryLog::beside(skills.clone()));
        for skill in &world.skills {
            assert_eq!(skills.insert(skill, None, None).await.unwrap(), Written::Done);
            let training = TrainingId::new(&*world.clock, &SeededRandomness::default());
            let set = TrainingSet::parse("Known already?", "b").unwrap();
            let begun = skills.begin_training(training, skill.id, &set, world.clock.now(), None);
            assert_eq!(begun.await.unwrap(), Written::Done);
            let published = TrainingState::Published { accuracy: Accuracy::new(), failures: Failures::new() };
            skills.finish_training(training, &published, world.clock.now()).await.unwrap().unwrap();
        }
        let parts = SkillsParts {
            store: skills.clone(),
            models: Arc::new(MemoryModels::default()),
            directory: Arc::new(SkillDirectory::new(Arc::new(ScriptedConnector::default()))),
            guard: Arc::new(RefusingGuard::of([])),
            prober: Arc::new(ScriptedProber::default()),
            learners: Vec::new(),
            sealer: Arc::new(TransparentSealer),
            limits: Arc::new(MemoryLimits::default()),
            keyed_hash: Arc::new(PlainHash),
            probing: ProbePolicy::default(),
            most_per_owner: None,
            clock: world.clock.clone(),
            randomness: Arc::new(SeededRandomness::default()),
        };
        let proposals = Proposals::new(&Skills::new(parts), skills.clone(), ProposalPolicy::default());
        let router = world.router.clone();
        let feedback = Feedback::new(router.clone(), Arc::new(proposals), world.log.clone());
        Self { world, router, skills, feedback }
    }

    /// A question that the first `answering` skills answer and the others fail.
    async fn asked(&mut self, asker: &Asker, text: &str, answering: usize) -> QuestionId {
        let question = Question { text: QuestionText::parse("question", text).unwrap(), ..question() };
        let asked = self.router.ask(asker, question).await.unwrap();
        let id = asked.record.id;
        for (index, script) in self.world.scripts.iter_mut().enumerate() {
            let waiting = script.asked().await;
            if index < answering { waiting.say("yes") } else { waiting.answer(Err(SkillFailure::TimedOut)) }
        }
        asked.answers.all().await.unwrap();
        self.router.idle().await;
        self.world.clock.advance(square_kernel::jiff::SignedDuration::from_millis(1));
        id
    }

    async fn give(&self, asker: &Asker, id: QuestionId, opinion: Opinion) -> Result<Verdict, String> {
        self.feedback.give(asker, id, opinion).await.map_err(|error| error.to_string())
    }

    async fn on(&self, asker: &Asker, id: QuestionId) -> Vec<Verdict> {
        let question = self.router.find(asker, id).await.unwrap();
        self.feedback.on(&[question]).await.unwrap().pop().unwrap()
    }

    fn skill(&self, index: usize) -> SkillId {
        self.world.skills[index].id
    }

    async fn proposed(&self, index: usize) -> Vec<String> {
        let found = self.skills.proposals(self.skill(index), None, Page::default()).await.unwrap();
        found.items.iter().map(|proposal| proposal.text.as_str().to_owned()).collect()
    }
}

fn helpful(skill: Option<SkillId>) -> Opinion {
    Opinion { skill, rating: Rating::Helpful, comment: None }
}

#[tokio::test(start_paused = true)]
async fn the_asker_says_what_they_think_and_thinks_again() {
    let mut rated = Rated::new(&[0.9]).await;
    let ann = rated.world.signed_in();
    let id = rated.asked(&ann, "Who?", 1).await;
    let comment = Comment::parse("Thanks.").unwrap();
    let first = Opinion { comment, ..helpful(Some(rated.skill(0))) };
    let given = rated.give(&ann, id, first.clone()).await.unwrap();
    assert_eq!((given.skill, given.rating, &given.comment), (rated.skill(0), first.rating, &first.comment));
    assert_eq!(rated.on(&ann, id).await, [given]);
    assert_eq!(rated.proposed(0).await, ["Who?"]);

    let worse = Opinion { rating: Rating::NotHelpful, ..helpful(None) };
    let given = rated.give(&ann, id, worse).await.unwrap();
    assert_eq!(rated.on(&ann, id).await, [given]);
    assert_eq!(rated.proposed(0).await, [""; 0]);
    rated.feedback.take_back(&ann, id, rated.skill(0)).await.unwrap();
    assert_eq!(rated.on(&ann, id).await, []);
    let again = rated.feedback.take_back(&ann, id, rated.skill(0)).await;
    assert!(matches!(again, Err(FeedbackError::NoVerdict)), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_else_says_anything() {
    let mut rated = Rated::new(&[0.9]).await;
    let ann = rated.world.signed_in();
    let id = rated.asked(&ann, "Who?", 1).await;
    let none = "there is no such question".to_owned();
    assert_eq!(rated.give(&anybody(), id, helpful(None)).await, Err(none.clone()));
    let taken_back = rated.feedback.take_back(&anybody(), id, rated.skill(0)).await;
    assert_eq!(taken_back.unwrap_err().to_string(), none);
}

#[tokio::test(start_paused = true)]
async fn a_verdict_is_on_a_skill_that_has_answered() {
    let mut rated = Rated::new(&[0.9, 0.8, 0.7]).await;
    let anybody = anybody();
    let id = rated.asked(&anybody, "Who?", 2).await;
    let refused = |message: &str| Err(format!("skill_id {message}"));
    let silent = rated.give(&anybody, id, helpful(Some(rated.skill(2)))).await;
    assert_eq!(silent, refused("must be a skill that has answered the question"));
    let which = rated.give(&anybody, id, helpful(None)).await;
    assert_eq!(which, refused("is required where several skills have answered the question"));
    rated.give(&anybody, id, helpful(Some(rated.skill(1)))).await.unwrap();

    let alone = rated.asked(&anybody, "Who?", 1).await;
    assert_eq!(rated.give(&anybody, alone, helpful(None)).await.unwrap().skill, rated.skill(0));
    let unanswered = rated.asked(&anybody, "Who?", 0).await;
    let none = rated.give(&anybody, unanswered, helpful(None)).await;
    assert_eq!(none, refused("is of no use: no skill has answered the question"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_judged_while_others_are_awaited() {
    let mut rated = Rated::new(&[0.9, 0.8]).await;
    let mut asked = rated.router.ask(&anybody(), question()).await.unwrap();
    rated.world.scripts[0].asked().await.say("yes");
    asked.answers.next().await.unwrap().unwrap();
    let id = asked.record.id;
    let given = rated.give(&anybody(), id, helpful(None)).await.unwrap();
    assert_eq!(rated.on(&anybody(), id).await, [given]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_become_an_example_is_not_proposed() {
    let mut rated = Rated::new(&[0.9]).await;
    let ann = rated.world.signed_in();
    let long = "x".repeat(1001);
    for (asker, text) in [(&ann, " known ALREADY!"), (&ann, long.as_str()), (&anybody(), "Who?")] {
        let id = rated.asked(asker, text, 1).await;
        rated.give(asker, id, helpful(None)).await.unwrap();
        assert_eq!(rated.proposed(0).await, [""; 0], "{text}");
    }
    assert_eq!(rated.skills.ratings(rated.skill(0)).await.unwrap().helpful, 3);
}
