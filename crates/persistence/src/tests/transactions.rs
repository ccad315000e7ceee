use super::TestDatabase;
use crate::connection::DbConnection;
use crate::counters::{FILLINGS, count_up};
use crate::schema::accounts::roles;
use crate::schema::changes::counters;
use crate::transaction::savepoint;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
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
async fn a_statement_can_be_run_again_however_many_came_in_between() {
    let test = TestDatabase::new().await;
    let counts = test.database.write(|connection| {
        // Each further condition makes another statement, which the connection keeps.
        let statement = |conditions: usize| {
            let all = roles::table.select(diesel::dsl::count_star()).into_boxed();
            (0..conditions).fold(all, |query, _| query.filter(roles::name.ne("nobody")))
        };
        let mut counts = Vec::new();
        for conditions in (0..100).chain(0..100) {
            counts.push(statement(conditions).first::<i64>(connection)?);
        }
        Ok(counts)
    });
    let counts = counts.await.unwrap();
    assert!(counts[0] > 0 && counts.iter().all(|count| *count == counts[0]));
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

/// Counts two numbers up in opposite orders and at the same time: each of the two transactions has the row that the
/// other one wants. `second` is how the second one is counted.
async fn cross(second: fn(&mut DbConnection, &str) -> QueryResult<()>) {
    let test = TestDatabase::new().await;
    test.database
        .write(|connection| {
            for name in ["cook", "gardener"] {
                let row = (counters::name.eq(name), counters::value.eq(0_i64));
                diesel::insert_into(counters::table).values(row).execute(connection)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let tries = Arc::new(AtomicU32::new(0));
    // On SQLite there is one writer at a time.
    let both_have_one = Arc::new(Barrier::new(if test.is_sqlite() { 1 } else { 2 }));
    let crossing = [["cook", "gardener"], ["gardener", "cook"]].map(|[one, other]| {
        let (database, tries) = (test.database.clone(), Arc::clone(&tries));
        let (both_have_one, first_try) = (Arc::clone(&both_have_one), AtomicBool::new(true));
        tokio::spawn(async move {
            database
                .write(move |connection| {
                    tries.fetch_add(1, Ordering::Relaxed);
                    count(connection, one)?;
                    if first_try.swap(false, Ordering::Relaxed) {
                        both_have_one.wait();
                    }
                    second(connection, other)
                })
                .await
        })
    });
    for crossing in crossing {
        crossing.await.unwrap().unwrap();
    }
    let values = test.database.read(|connection| {
        let both = counters::table.filter(counters::name.eq_any(["cook", "gardener"]));
        both.select(counters::value).load::<i64>(connection)
    });
    assert_eq!(values.await.unwrap(), [2, 2]);
    let tries = tries.load(Ordering::Relaxed);
    assert!(tries > 2 || test.is_sqlite(), "nobody gave way");
}

fn count(connection: &mut DbConnection, name: &str) -> QueryResult<()> {
    count_up(connection, name, 1).map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_wait_for_each_other_both_succeed() {
    cross(count).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn they_do_so_also_where_a_failure_was_expected() {
    cross(|connection, name| savepoint(connection, |connection| count(connection, name))).await;
}

#[tokio::test]
async fn a_failure_that_was_expected_undoes_nothing_else() {
    let test = TestDatabase::new().await;
    let done = test.database.write(|connection| {
        add(connection, "cook")?;
        let twice = savepoint(connection, |connection| {
            add(connection, "gardener")?;
            add(connection, "cook")
        });
        assert!(matches!(twice, Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))));
        savepoint(connection, |connection| add(connection, "driver"))
    });
    done.await.unwrap();
    for (role, there) in [("cook", true), ("gardener", false), ("driver", true)] {
        assert_eq!(
            test.database.read(move |connection| has(connection, role)).await.unwrap(),
            there,
            "{role}"
        );
    }
}

#[tokio::test]
async fn a_violation_that_nobody_expected_is_tried_again_and_then_told() {
    let test = TestDatabase::new().await;
    let tries = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&tries);
    let taken = test.database.write(move |connection| {
        counter.fetch_add(1, Ordering::Relaxed);
        add(connection, "admin")
    });
    assert!(taken.await.is_err());
    assert_eq!(tries.load(Ordering::Relaxed), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_count_none_is_lost_and_no_number_is_given_twice() {
    let test = TestDatabase::new().await;
    let counting: Vec<_> = (0..32)
        .map(|_| {
            let database = test.database.clone();
            tokio::spawn(async move {
                database.write(|connection| count_up(connection, FILLINGS, 1)).await.unwrap()
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for counting in counting {
        numbers.push(counting.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=32).collect::<Vec<i64>>());
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
