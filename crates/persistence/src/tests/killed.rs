//! What the log acknowledged survives the sudden death of the process.

use super::settings;
use crate::{Database, DatabaseQuestionLog};
use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use square_cluster::InstanceId;
use square_kernel::{Clock, OsRandomness, SystemClock};
use square_routing::{
    AppendError, Choice, Ending, Finish, LogEntry, LogEvent, QuestionId, QuestionLog, QuestionRecord,
    SkillError, SkillOutcome,
};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const FOLDER: &str = "SQUARE_TEST_FOLDER";
const ENTRIES: u32 = 3;

async fn log_in(folder: &Path) -> (Database, DatabaseQuestionLog) {
    let database = Database::open(settings(&folder.join("square.db"))).await.unwrap();
    database.migrate().await.unwrap();
    let instance = InstanceId::new(&SystemClock, &OsRandomness);
    (database.clone(), DatabaseQuestionLog::new(database, instance).unwrap())
}

fn question() -> QuestionRecord {
    QuestionRecord {
        id: QuestionId::new(&SystemClock, &OsRandomness),
        asker: None,
        text: "Who played in Heat?".into(),
        choice: Choice { selector: "Square".to_owned(), ..Choice::default() },
        asked_at: SystemClock.now(),
        deadline: Duration::from_secs(10),
        opening: true,
    }
}

fn entry(seq: u32) -> Arc<LogEntry> {
    let event = LogEvent::Finished(Finish { ending: Ending::Complete, took: Duration::from_millis(1) });
    Arc::new(LogEntry { seq, at: SystemClock.now(), event })
}

#[tokio::test]
#[ignore = "runs only in the process that the test below starts and kills"]
async fn child() {
    let folder = std::env::var_os(FOLDER).unwrap();
    let (_database, log) = log_in(Path::new(&folder)).await;
    // Bounded, so that it ends also where nobody kills it.
    for _ in 0..100_000 {
        let question = question();
        log.open(&question).await.unwrap();
        for seq in 1..=ENTRIES {
            log.append(question.id, &[entry(seq)]).await.unwrap();
            println!("acknowledged {} {seq}", question.id);
        }
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_process_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::killed::child", "--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged: Vec<(QuestionId, u32)> = Vec::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(Ok(line)) = lines.next() {
        // The first line of all may stand behind the test's name.
        let Some((_, rest)) = line.split_once("acknowledged ") else { continue };
        let (id, seq) = rest.split_once(' ').unwrap();
        acknowledged.push((id.parse().unwrap(), seq.parse().unwrap()));
        if acknowledged.len() == 100 {
            child.kill().unwrap();
        }
    }
    assert!(!child.wait().unwrap().success());
    assert!(acknowledged.len() >= 100);

    let (database, log) = log_in(folder.path()).await;
    for (id, seq) in acknowledged {
        let stored = log.find(id).await.unwrap().unwrap();
        assert!(stored.entries.iter().any(|entry| entry.seq == seq), "{id} {seq}");
    }
    let check = |connection: &mut _| sql::<Text>("PRAGMA integrity_check").get_result::<String>(connection);
    assert_eq!(database.read(check).await.unwrap(), "ok");
}

#[tokio::test]
async fn what_was_handed_over_is_written_also_when_nobody_waits_for_it() {
    use futures::FutureExt;
    let folder = tempfile::tempdir().unwrap();
    let (_database, log) = log_in(folder.path()).await;
    let questions: Vec<QuestionRecord> = (0..50).map(|_| question()).collect();
    for question in &questions {
        // Polled once and dropped.
        let _ = log.open(question).now_or_never();
        let _ = log.append(question.id, &[entry(1)]).now_or_never();
    }
    drop(log);
    let (_database, log) = log_in(folder.path()).await;
    for question in &questions {
        let stored = log.find(question.id).await.unwrap().unwrap();
        assert_eq!((stored.question, stored.entries.len()), (question.clone(), 1));
    }
}

#[tokio::test]
async fn flushing_waits_for_what_was_handed_over_before() {
    use futures::FutureExt;
    let folder = tempfile::tempdir().unwrap();
    let (_database, log) = log_in(folder.path()).await;
    let question = question();
    let _ = log.open(&question).now_or_never();
    log.flush().await.unwrap();
    assert!(log.find(question.id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_full_disk_is_reported_and_the_log_works_again_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (database, log) = log_in(folder.path()).await;
    let question = question();
    log.open(&question).await.unwrap();
    let limit = |pages: u32| {
        let pragma = format!("PRAGMA max_page_count = {pages}");
        database
            .write(move |connection| diesel::connection::SimpleConnection::batch_execute(connection, &pragma))
    };
    limit(1).await.unwrap();
    let message = "long ".repeat(100_000);
    let outcome = SkillOutcome {
        skill: square_routing::Chosen {
            skill: square_kernel::SkillId::new(&SystemClock, &OsRandomness),
            name: "casting".to_owned(),
            description: String::new(),
            score: 1.0,
        },
        took: Duration::ZERO,
        answer: Err(SkillError { code: "internal".to_owned(), message }),
    };
    let large = Arc::new(LogEntry { seq: 2, at: SystemClock.now(), event: LogEvent::SkillResult(outcome) });
    let full = log.append(question.id, &[entry(1), Arc::clone(&large)]).await.unwrap_err();
    let AppendError::Unavailable(full) = full else { panic!("{full}") };
    assert!(full.chain().contains("database or disk is full"), "{}", full.chain());
    assert_eq!(log.find(question.id).await.unwrap().unwrap().entries, []);
    limit(u32::MAX / 4).await.unwrap();
    log.append(question.id, &[entry(1), large]).await.unwrap();
    assert_eq!(log.find(question.id).await.unwrap().unwrap().entries.len(), 2);
}
