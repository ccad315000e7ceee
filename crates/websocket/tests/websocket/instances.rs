//! Questions that another instance works on.

use crate::support::{TestServer, brief, in_time};
use serde_json::json;
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_kernel::{Clock, UserId};
use square_routing::testing::MemoryLog;
use square_routing::{Choice, Ending, Finish, LogEntry, LogEvent, QuestionId, QuestionLog, QuestionRecord};
use std::sync::Arc;
use std::time::Duration;

/// A question without skills.
fn question(asker: Option<UserId>) -> QuestionRecord {
    let clock = ManualClock::default();
    QuestionRecord {
        id: QuestionId::new(&clock, &SeededRandomness::default()),
        asker,
        text: "Well?".into(),
        choice: Choice { selector: "Square".to_owned(), ..Choice::default() },
        asked_at: clock.now(),
        deadline: Duration::from_secs(10),
        opening: true,
    }
}

fn cancelled() -> Arc<LogEntry> {
    let event = LogEvent::Finished(Finish { ending: Ending::Cancelled, took: Duration::from_secs(1) });
    Arc::new(LogEntry { seq: 3, at: ManualClock::default().now(), event })
}

/// Returns when so many questions were to be cancelled.
async fn requested(log: &MemoryLog, times: usize) {
    in_time(async {
        while log.cancel_requests().len() < times {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[actix_web::test]
async fn a_question_of_another_instance_is_cancelled_there_and_its_end_is_seen_here() {
    let server = TestServer::start();
    let (other, question) = (server.log.at_another_instance(), question(None));
    other.open(&question).await.unwrap();
    let mut client = server.connect().await;
    client.send(json!({"type": "resume", "ref": "q", "question_id": question.id.to_string()})).await;
    client.send(json!({"type": "cancel", "question_id": question.id.to_string()})).await;
    requested(&other, 1).await;
    client.send(json!({"type": "cancel", "ref": "q"})).await;
    requested(&other, 2).await;
    assert_eq!(other.cancel_requests(), [question.id; 2]);
    other.append(question.id, &[cancelled()]).await.unwrap();
    assert_eq!(brief(&client.next().await), "q finished 3 cancelled");
}

#[actix_web::test]
async fn only_the_asker_cancels_a_question_of_another_instance_and_only_while_the_log_works() {
    let server = TestServer::start();
    let (ada, token) = server.sign_in("ada").await;
    let (other, question) = (server.log.at_another_instance(), question(Some(ada)));
    other.open(&question).await.unwrap();
    let mut client = server.connect().await;
    let cancel = json!({"type": "cancel", "ref": "c", "question_id": question.id.to_string()});
    let refused = client.ask(cancel.clone()).await;
    assert_eq!((&refused["error"], &refused["ref"]), (&json!(404), &json!("c")));
    client.ask(json!({"type": "auth", "token": token})).await;
    server.log.break_down();
    assert_eq!(client.ask(cancel.clone()).await["error"], json!(503));
    server.log.repair();
    assert_eq!(other.cancel_requests(), []);
    client.send(cancel).await;
    requested(&other, 1).await;
}
