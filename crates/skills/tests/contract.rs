//! The in-memory stores keep the rules of their ports.

use square_kernel::{OsRandomness, SystemClock, UserId};
use square_skills::testing::{MemoryModels, MemorySkills};
use std::future::{Ready, ready};

square_skills::skill_store_contract!(make);

fn make() -> Ready<(Box<MemorySkills>, UserId, ())> {
    let owner = UserId::new(&SystemClock, &OsRandomness);
    let store = MemorySkills::new();
    store.let_own(owner);
    ready((Box::new(store), owner, ()))
}

mod models {
    use super::{MemoryModels, Ready, ready};

    square_skills::model_store_contract!(make);

    fn make() -> Ready<(Box<MemoryModels>, ())> {
        ready((Box::default(), ()))
    }
}

mod proposals {
    use super::{MemorySkills, OsRandomness, Ready, SystemClock, UserId, ready};
    use async_trait::async_trait;
    use square_kernel::SkillId;
    use square_kernel::jiff::SignedDuration;
    use square_kernel::testing::ManualClock;
    use square_kernel::uuid::Uuid;
    use square_skills::NewProposal;
    use square_skills::ports::{ProposalStore, SkillStore};
    use square_skills::testing::contract::ProposalSite;

    square_skills::proposal_store_contract!(make);

    struct Memory {
        store: MemorySkills,
        owner: UserId,
        clock: ManualClock,
    }

    fn make() -> Ready<Memory> {
        let owner = UserId::new(&SystemClock, &OsRandomness);
        let store = MemorySkills::new();
        store.let_own(owner);
        ready(Memory { store, owner, clock: ManualClock::default() })
    }

    impl Memory {
        fn question(&self) -> Uuid {
            self.clock.advance(SignedDuration::from_millis(1));
            square_kernel::new_uuid(&self.clock, &OsRandomness)
        }
    }

    #[async_trait]
    impl ProposalSite for Memory {
        fn proposals(&self) -> &dyn ProposalStore {
            &self.store
        }

        fn skills(&self) -> &dyn SkillStore {
            &self.store
        }

        fn owner(&self) -> UserId {
            self.owner
        }

        async fn helpful(&self, asker: UserId, text: &str, new: &NewProposal) -> Uuid {
            let question = self.question();
            self.store.rate(question, new.skill, Some(true));
            self.store.propose(question, asker, text, new);
            question
        }

        async fn not_helpful(&self, skill: SkillId) {
            self.store.rate(self.question(), skill, Some(false));
        }

        async fn take_back(&self, question: Uuid, skill: SkillId) {
            self.store.rate(question, skill, None);
            self.store.withdraw(question, skill);
        }

        async fn forget(&self, question: Uuid) {
            self.store.forget_question(question);
        }
    }
}
