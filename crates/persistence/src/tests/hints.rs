//! Who waits for changes is told of them.

use super::TestDatabase;
use crate::{Database, Stores};
use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Text};
use futures::FutureExt;
use square_changes::ports::ChangeLog;
use square_changes::testing::{Draft, RecordsChanges};
use square_changes::{Action, Channel};
use square_kernel::testing::TransparentSealer;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Nobody waits as long as this where all is well.
const PATIENCE: Duration = Duration::from_secs(30);

fn draft() -> Draft {
    Draft::of(Channel::Skill, Action::Update, Uuid::from_u128(1))
}

async fn hinted(stores: &Stores) {
    tokio::time::timeout(PATIENCE, stores.hint()).await.expect("nobody was told");
}

/// Stores that have heard all there was, so that what comes next is news.
async fn listening(test: &TestDatabase) -> Stores {
    let stores = test.stores();
    if test.is_postgres() {
        // That the listening began.
        hinted(&stores).await;
    }
    assert!(stores.hint().now_or_never().is_none());
    stores
}

#[tokio::test]
async fn a_change_wakes_all_who_wait() {
    let test = TestDatabase::new().await;
    let stores = listening(&test).await;
    let waiting = [stores.clone(), stores.clone()];
    let waiting = waiting.map(|waiting| tokio::spawn(async move { hinted(&waiting).await }));
    tokio::task::yield_now().await;
    stores.record_all(&[draft()]).await.unwrap();
    for waiting in waiting {
        waiting.await.unwrap();
    }
}

#[tokio::test]
async fn what_changes_between_two_calls_is_told_by_the_next() {
    let test = TestDatabase::new().await;
    let stores = listening(&test).await;
    let other = stores.clone();
    for _ in 0..2 {
        stores.record_all(&[draft()]).await.unwrap();
        hinted(&stores).await;
    }
    hinted(&other).await;
}

#[tokio::test]
async fn nobody_is_told_of_what_is_undone_or_changes_nothing() {
    let test = TestDatabase::new().await;
    let stores = listening(&test).await;
    let before = stores.database.told();
    let undone = stores.database.change(|_, changes| {
        changes.add(draft().into());
        Err::<(), _>(Error::RollbackTransaction)
    });
    assert!(undone.await.is_err());
    stores.record_all(&[]).await.unwrap();
    // A server tells in the order of commits.
    stores.record_all(&[draft()]).await.unwrap();
    hinted(&stores).await;
    assert_eq!(stores.database.told(), before + 1);
}

#[tokio::test]
async fn a_change_is_told_also_when_its_caller_has_gone() {
    let test = TestDatabase::new().await;
    let stores = listening(&test).await;
    // Polled once and dropped.
    let _ = stores.record_all(&[draft()]).now_or_never();
    hinted(&stores).await;
}

/// How many connections listen for this test.
async fn listeners(database: &Database) -> i64 {
    let look =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = current_schema() || ' listening'";
    let count = database.read(move |connection| sql::<BigInt>(look).get_result(connection));
    count.await.unwrap()
}

#[tokio::test]
async fn instances_on_postgresql_hear_of_one_another_and_of_no_other_installation() {
    let test = TestDatabase::new().await;
    if !test.is_postgres() {
        return;
    }
    let stores = listening(&test).await;
    let other = Stores::new(test.opened_again().await, Arc::new(TransparentSealer));
    other.record_all(&[draft()]).await.unwrap();
    hinted(&stores).await;

    let channel = async |database: &Database| {
        let name = format!("SELECT {}", crate::postgres::CHANNEL);
        let channel = database.read(move |connection| sql::<Text>(&name).get_result::<String>(connection));
        channel.await.unwrap()
    };
    let elsewhere = TestDatabase::empty().await;
    assert_ne!(channel(&test.database).await, channel(&elsewhere.database).await);
}

#[tokio::test]
async fn a_connection_that_listens_is_replaced_and_what_it_missed_is_looked_for() {
    let test = TestDatabase::new().await;
    if !test.is_postgres() {
        return;
    }
    let stores = listening(&test).await;
    assert_eq!(listeners(&test.database).await, 1);
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE application_name = current_schema() || ' listening'";
    let ended = test.database.write(move |connection| sql::<BigInt>(end).get_result::<i64>(connection));
    assert_eq!(ended.await.unwrap(), 1);
    hinted(&stores).await;
    assert_eq!(listeners(&test.database).await, 1);
    stores.record_all(&[draft()]).await.unwrap();
    hinted(&stores).await;
}

#[tokio::test]
async fn nobody_listens_any_more_for_a_database_that_was_dropped() {
    let test = TestDatabase::new().await;
    if !test.is_postgres() {
        return;
    }
    let other = Stores::new(test.opened_again().await, Arc::new(TransparentSealer));
    hinted(&other).await;
    assert_eq!(listeners(&test.database).await, 1);
    drop(other);
    let dropped = Instant::now();
    while listeners(&test.database).await > 0 {
        assert!(dropped.elapsed() < PATIENCE, "it listens still");
    }
}
