//! The in-memory log keeps the rules of its port.

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
