//! The in-memory log keeps the rules of its port.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]

use async_trait::async_trait;
use square_kernel::UserId;
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_routing::QuestionLog;
use square_routing::testing::MemoryLog;
use square_routing::testing::contract::Site;

struct Memory {
    log: MemoryLog,
    other: MemoryLog,
    user: UserId,
}

impl Memory {
    fn fresh() -> Self {
        let log = MemoryLog::default();
        let user = UserId::new(&ManualClock::default(), &SeededRandomness::default());
        Self { other: log.at_another_instance(), log, user }
    }
}

#[async_trait]
impl Site for Memory {
    fn log(&self) -> &dyn QuestionLog {
        &self.log
    }

    fn other(&self) -> &dyn QuestionLog {
        &self.other
    }

    async fn strike_off_other(&self) {
        self.other.strike_off();
    }

    async fn enlist_other(&self) {
        self.other.enlist();
    }

    fn user(&self) -> UserId {
        self.user
    }
}

square_routing::question_log_contract!(std::future::ready(Memory::fresh()));

mod feedback {
    use super::{Memory, MemoryLog, Site, async_trait};
    use square_kernel::jiff::Timestamp;
    use square_kernel::testing::{ManualClock, SeededRandomness};
    use square_kernel::{Clock, SkillId, UserId};
    use square_routing::testing::contract::feedback::FeedbackSite;
    use square_routing::{FeedbackStore, QuestionLog};
    use square_skills::ports::{ProposalStore, SkillStore};
    use square_skills::testing::MemorySkills;
    use square_skills::{
        Accuracy, BuiltinName, Failures, RegisteredSkill, SkillAddress, SkillDescription, SkillName,
        TrainingId, TrainingSet, TrainingState,
    };
    use std::sync::Arc;

    square_routing::feedback_store_contract!(Rated::fresh());

    struct Rated {
        memory: Memory,
        skills: Arc<MemorySkills>,
        skill: SkillId,
    }

    impl Rated {
        async fn fresh() -> Self {
            let skills = Arc::new(MemorySkills::new());
            let log = MemoryLog::beside(Arc::clone(&skills));
            let (clock, randomness) = (ManualClock::default(), SeededRandomness::default());
            let user = UserId::new(&clock, &randomness);
            let skill = registered(SkillId::new(&clock, &randomness), user, clock.now());
            skills.insert(&skill, None, None).await.unwrap();
            let (training, set) =
                (TrainingId::new(&clock, &randomness), TrainingSet::parse("a", "b").unwrap());
            skills.begin_training(training, skill.id, &set, clock.now(), None).await.unwrap();
            let state =
                TrainingState::Published { accuracy: Accuracy::default(), failures: Failures::default() };
            skills.finish_training(training, &state, clock.now()).await.unwrap().unwrap();
            let memory = Memory { other: log.at_another_instance(), log, user };
            Self { memory, skills, skill: skill.id }
        }
    }

    fn registered(id: SkillId, owner: UserId, at: Timestamp) -> RegisteredSkill {
        RegisteredSkill {
            id,
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
        }
    }

    #[async_trait]
    impl Site for Rated {
        fn log(&self) -> &dyn QuestionLog {
            self.memory.log()
        }

        fn other(&self) -> &dyn QuestionLog {
            self.memory.other()
        }

        async fn strike_off_other(&self) {
            self.memory.strike_off_other().await;
        }

        async fn enlist_other(&self) {
            self.memory.enlist_other().await;
        }

        fn user(&self) -> UserId {
            self.memory.user()
        }
    }

    #[async_trait]
    impl FeedbackSite for Rated {
        fn feedback(&self) -> &dyn FeedbackStore {
            &self.memory.log
        }

        fn proposals(&self) -> &dyn ProposalStore {
            &*self.skills
        }

        fn skill(&self) -> SkillId {
            self.skill
        }
    }
}
