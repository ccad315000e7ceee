use super::TestDatabase;
use super::log::TwoInstances;
use super::skills::account;
use crate::{DatabaseQuestionLog, Stores};
use async_trait::async_trait;
use jiff::SignedDuration;
use square_accounts::ports::{AccountStore, Consequences};
use square_changes::ports::ChangeLog;
use square_changes::{Action, Audience, Channel};
use square_cluster::InstanceId;
use square_kernel::testing::ManualClock;
use square_kernel::{Clock, OsRandomness, SkillId, SystemClock, UserId};
use square_routing::testing::contract::Site;
use square_routing::testing::contract::feedback::FeedbackSite;
use square_routing::{Choice, FeedbackStore, QuestionId, QuestionLog, QuestionRecord, Rating, Verdict};
use square_skills::ports::{EndedCheck, ProposalStore, SkillStore};
use square_skills::testing::contract::ProposalSite;
use square_skills::{
    Accuracy, BuiltinName, CheckResult, Compared, ExampleText, Failures, NewProposal, ProposalId,
    ProposalPolicy, RegisteredSkill, SkillAddress, SkillDescription, SkillName, TrainingId, TrainingSet,
    TrainingState,
};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

mod proposals {
    square_skills::proposal_store_contract!(super::rated);
}

mod verdicts {
    square_routing::feedback_store_contract!(super::Judged::fresh());
}

/// Stores whose questions are asked one millisecond after the other.
struct Rated {
    stores: Stores,
    log: DatabaseQuestionLog,
    owner: UserId,
    clock: ManualClock,
    _test: TestDatabase,
}

async fn rated() -> Rated {
    let test = TestDatabase::new().await;
    let stores = test.stores();
    let owner = account("owner");
    stores.register(&owner, None, Consequences::none()).await.unwrap();
    let instance = InstanceId::new(&SystemClock, &OsRandomness);
    let log = DatabaseQuestionLog::new(test.database.clone(), instance).unwrap();
    Rated { stores, log, owner: owner.id, clock: ManualClock::default(), _test: test }
}

impl Rated {
    async fn asked(&self, asker: Option<UserId>, text: &str) -> QuestionId {
        self.clock.advance(SignedDuration::from_millis(1));
        let record = QuestionRecord {
            id: QuestionId::new(&self.clock, &OsRandomness),
            asker,
            text: text.into(),
            choice: Choice { selector: "Square".to_owned(), ..Choice::default() },
            asked_at: self.clock.now(),
            deadline: Duration::from_secs(10),
            opening: true,
        };
        self.log.open(&record).await.unwrap();
        record.id
    }

    async fn give(
        &self,
        question: QuestionId,
        skill: SkillId,
        rating: Rating,
        proposal: Option<&NewProposal>,
    ) {
        let verdict = Verdict { question, skill, rating, comment: None, given_at: self.clock.now() };
        assert!(self.stores.give(&verdict, proposal).await.unwrap());
    }
}

#[async_trait]
impl ProposalSite for Rated {
    fn proposals(&self) -> &dyn ProposalStore {
        &self.stores
    }

    fn skills(&self) -> &dyn SkillStore {
        &self.stores
    }

    fn owner(&self) -> UserId {
        self.owner
    }

    async fn helpful(&self, asker: UserId, text: &str, new: &NewProposal) -> Uuid {
        let question = self.asked(Some(asker), text).await;
        self.give(question, new.skill, Rating::Helpful, Some(new)).await;
        question.uuid()
    }

    async fn not_helpful(&self, skill: SkillId) {
        let question = self.asked(None, "Well?").await;
        self.give(question, skill, Rating::NotHelpful, None).await;
    }

    async fn take_back(&self, question: Uuid, skill: SkillId) {
        assert!(FeedbackStore::take_back(&self.stores, question.into(), skill).await.unwrap());
    }

    async fn forget(&self, question: Uuid) {
        let asker = self.log.find(question.into()).await.unwrap().unwrap().question.asker;
        assert!(self.log.delete(question.into(), asker, self.clock.now()).await.unwrap());
    }
}

/// Two instances on one database with a published skill.
struct Judged {
    instances: TwoInstances,
    stores: Stores,
    skill: SkillId,
}

impl Judged {
    async fn fresh() -> Self {
        let instances = TwoInstances::fresh().await;
        let stores = instances.stores();
        let owner = account("owner");
        stores.register(&owner, None, Consequences::none()).await.unwrap();
        let (skill, _) = published(&stores, owner.id).await;
        Self { instances, stores, skill: skill.id }
    }
}

async fn published(stores: &Stores, owner: UserId) -> (RegisteredSkill, TrainingId) {
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    let skill = RegisteredSkill {
        id: SkillId::new(&SystemClock, &OsRandomness),
        owner,
        name: SkillName::parse("Films").unwrap(),
        description: SkillDescription::default(),
        address: SkillAddress::Builtin(BuiltinName::new("films")),
        secret: None,
        signing: None,
        model: None,
        published: false,
        samples: Arc::default(),
        created_at: at,
        updated_at: at,
    };
    SkillStore::insert(stores, &skill, None, None).await.unwrap();
    let (training, set) =
        (TrainingId::new(&SystemClock, &OsRandomness), TrainingSet::parse("a", "b").unwrap());
    stores.begin_training(training, skill.id, &set, at, None).await.unwrap();
    let state = TrainingState::Published { accuracy: Accuracy::new(), failures: Failures::new() };
    (stores.finish_training(training, &state, at).await.unwrap().unwrap(), training)
}

#[async_trait]
impl Site for Judged {
    fn log(&self) -> &dyn QuestionLog {
        self.instances.log()
    }

    fn other(&self) -> &dyn QuestionLog {
        self.instances.other()
    }

    async fn strike_off_other(&self) {
        self.instances.strike_off_other().await;
    }

    async fn enlist_other(&self) {
        self.instances.enlist_other().await;
    }

    fn user(&self) -> UserId {
        self.instances.user()
    }
}

#[async_trait]
impl FeedbackSite for Judged {
    fn feedback(&self) -> &dyn FeedbackStore {
        &self.stores
    }

    fn proposals(&self) -> &dyn ProposalStore {
        &self.stores
    }

    fn skill(&self) -> SkillId {
        self.skill
    }
}

#[tokio::test]
async fn instances_hear_what_is_to_be_tried_and_everybody_what_was_taken() {
    let rated = rated().await;
    let (skill, training) = published(&rated.stores, rated.owner).await;
    let mut ids = Vec::new();
    for text in ["One?", "Two?"] {
        let new = NewProposal {
            id: ProposalId::new(&rated.clock, &OsRandomness),
            skill: skill.id,
            key: ExampleText::of(text).unwrap().key(),
            policy: ProposalPolicy::default(),
            at: rated.clock.now(),
        };
        rated.helpful(rated.owner, text, &new).await;
        ids.push(new.id);
    }
    let before = rated.stores.head().await.unwrap();
    let at = "2026-05-01T12:00:00.000001Z".parse().unwrap();
    ProposalStore::accept(&rated.stores, skill.id, &ids, at, None).await.unwrap();
    let result = |declined: Option<&str>| CheckResult {
        declined: declined.map(str::to_owned),
        compared: Compared::new(),
    };
    let declined = EndedCheck { id: ids[0], example: None, result: result(Some("worse")) };
    let taken = EndedCheck { id: ids[1], example: ExampleText::of("Two?"), result: result(None) };
    for ended in [declined, taken] {
        rated.stores.finish_check(skill.id, Some(training), &[ended], at).await.unwrap().unwrap();
    }
    let changes = rated.stores.after(before, 10).await.unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change.channel, change.action, change.entity, &change.audience))
        .collect();
    let everybody = Audience { everybody: true, owner: Some(rated.owner), permission: None };
    assert_eq!(
        told,
        [
            (Channel::Training, Action::Update, skill.id.uuid(), &Audience::default()),
            (Channel::Skill, Action::Update, skill.id.uuid(), &everybody),
        ]
    );
}
