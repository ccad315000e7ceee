//! The in-memory log keeps the rules of its port.

use square_kernel::UserId;
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_routing::testing::MemoryLog;

fn fresh() -> (MemoryLog, UserId, ()) {
    (MemoryLog::default(), UserId::new(&ManualClock::default(), &SeededRandomness::default()), ())
}

square_routing::question_log_contract!(std::future::ready(fresh()));
