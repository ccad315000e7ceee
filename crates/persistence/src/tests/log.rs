use super::TestDatabase;
use crate::DatabaseQuestionLog;
use square_kernel::testing::SeededRandomness;
use square_kernel::{SystemClock, UserId};

mod contract {
    square_routing::question_log_contract!(super::fresh());
}

async fn fresh() -> (DatabaseQuestionLog, UserId, TestDatabase) {
    let test = TestDatabase::new().await;
    let log = DatabaseQuestionLog::new(test.database.clone()).unwrap();
    (log, UserId::new(&SystemClock, &SeededRandomness::default()), test)
}
