use super::TestDatabase;
use crate::connection::DbConnection;
use crate::schema::accounts::roles;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tracing::Instrument;

fn add(connection: &mut DbConnection, role: &str) -> QueryResult<()> {
    diesel::insert_into(roles::table).values(roles::name.eq(role)).execute(connection).map(drop)
}

fn has(connection: &mut DbConnection, role: &str) -> QueryResult<bool> {
    let found = roles::table.find(role).count().get_result::<i64>(connection)?;
    Ok(found == 1)
}

#[tokio::test]
async fn an_error_undoes_everything() {
    let test = TestDatabase::new().await;
    let failed = test.database.write(|connection| {
        add(connection, "cook")?;
        add(connection, "cook")
    });
    let cause = failed.await.unwrap_err().chain();
    // SQLite, PostgreSQL, MariaDB.
    let unique = ["UNIQUE constraint failed", "duplicate key value", "Duplicate entry"];
    assert!(unique.iter().any(|said| cause.contains(said)), "{cause}");
    assert!(!test.database.read(|connection| has(connection, "cook")).await.unwrap());
}

#[tokio::test]
async fn a_panic_is_an_error_undoes_everything_and_spoils_nothing() {
    let test = TestDatabase::new().await;
    let panicked = test.database.write(|connection| -> QueryResult<()> {
        add(connection, "cook")?;
        panic!("a defect")
    });
    assert!(panicked.await.unwrap_err().chain().contains("a defect"));
    assert!(!test.database.read(|connection| has(connection, "cook")).await.unwrap());
    test.database.write(|connection| add(connection, "cook")).await.unwrap();
}

#[tokio::test]
async fn what_is_logged_in_a_transaction_belongs_to_the_callers_span() {
    tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap();
    let test = TestDatabase::new().await;
    let request = tracing::info_span!("request");
    let inside = test.database.read(|_| Ok(tracing::Span::current().id())).instrument(request.clone());
    assert_eq!(inside.await.unwrap(), request.id());
    assert!(request.id().is_some());
}

#[tokio::test]
async fn reading_transactions_cannot_write() {
    let test = TestDatabase::new().await;
    let refused = test.database.read(|connection| add(connection, "cook")).await;
    let cause = refused.unwrap_err().chain().to_lowercase().replace([' ', '-'], "");
    assert!(cause.contains("readonly"), "{cause}");
}

#[tokio::test]
async fn a_transaction_that_others_got_in_the_way_of_is_tried_again_a_few_times() {
    let test = TestDatabase::new().await;
    let tries = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&tries);
    let busy = move || {
        Error::DatabaseError(
            diesel::result::DatabaseErrorKind::Unknown,
            Box::new("database is locked".to_owned()),
        )
    };
    let third = test.database.write(move |connection| {
        add(connection, "cook")?;
        if counter.fetch_add(1, Ordering::Relaxed) < 2 { Err(busy()) } else { Ok(()) }
    });
    third.await.unwrap();
    assert_eq!(tries.load(Ordering::Relaxed), 3);
    let never = test.database.write(move |_| -> QueryResult<()> { Err(busy()) });
    assert!(never.await.unwrap_err().chain().contains("locked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_at_once_all_succeed() {
    let test = TestDatabase::new().await;
    let writers: Vec<_> = (0..32)
        .map(|writer| {
            let database = test.database.clone();
            tokio::spawn(async move {
                for round in 0..20 {
                    let role = format!("{writer}-{round}");
                    database
                        .write(move |connection| {
                            // Reads before it writes, which deferred transactions would fail on.
                            assert!(!has(connection, &role)?);
                            add(connection, &role)
                        })
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let count = test.database.read(|connection| roles::table.count().get_result::<i64>(connection));
    assert_eq!(count.await.unwrap(), 32 * 20 + 6);
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_leaves_nothing_half_written() {
    let test = TestDatabase::sqlite().await;
    let filled = test.database.write(|connection| {
        connection.batch_execute("PRAGMA max_page_count = 1")?;
        add(connection, "cook")?;
        for number in 0..10_000 {
            add(connection, &format!("{number}"))?;
        }
        Ok(())
    });
    let cause = filled.await.unwrap_err().chain();
    assert!(cause.contains("database or disk is full"), "{cause}");
    assert!(!test.database.read(|connection| has(connection, "cook")).await.unwrap());
}
