use super::TestDatabase;
use super::skills::account;
use diesel::RunQueryDsl;
use jiff::SignedDuration;
use square_accounts::ports::{AccountStore, Administration, Consequences, NewAccount};
use square_accounts::{Actor, AuditAction, AuditEntry, AuditId};
use square_kernel::{OsRandomness, SystemClock};

#[tokio::test]
async fn a_migration_that_was_done_but_not_noted_is_done_again() {
    let test = TestDatabase::new().await;
    if test.is_sqlite() || test.is_postgres() {
        // These undo what was not noted.
        return;
    }
    let forget = "DELETE FROM __diesel_schema_migrations";
    let forgotten = test.database.write(move |connection| diesel::sql_query(forget).execute(connection));
    let forgotten = forgotten.await.unwrap();
    assert!(forgotten > 0);
    assert_eq!(test.database.migrate().await.unwrap(), forgotten);
}

#[tokio::test]
async fn of_older_accounts_it_is_found_out_until_when_nobody_had_shown_that_they_have_the_mailbox() {
    let test = TestDatabase::new().await;
    let stores = test.stores();
    let [late, at_once, never, moved, mut old] = ["late", "at_once", "never", "moved", "old"].map(account);
    let at = late.created_at + SignedDuration::from_hours(1);
    // Its beginning is forgotten: whether its address was changed cannot be told.
    old.created_at -= SignedDuration::from_hours(1);
    for new in [&late, &at_once, &never, &moved, &old] {
        let confirmed_at = (new.id == at_once.id).then_some(new.created_at);
        let new = NewAccount { confirmed_at, ..new.clone() };
        stores.register(&new, None, Consequences::none()).await.unwrap();
    }
    for new in [&late, &moved, &old] {
        assert!(stores.vouch(new.id, at, Consequences::none()).await.unwrap());
    }
    let first = [&late, &at_once, &never, &moved].map(|new| new.created_at).into_iter().min().unwrap();
    for (at, action) in [(first, AuditAction::Registered), (at, AuditAction::EmailChanged)] {
        let entry = AuditEntry {
            id: AuditId::new(&SystemClock, &OsRandomness),
            at,
            action,
            actor: Actor::default(),
            user: Some(moved.id),
            detail: None,
        };
        stores.record(&Consequences::noted(entry)).await.unwrap();
    }
    for statement in [
        "ALTER TABLE accounts DROP COLUMN unproved_until",
        "ALTER TABLE accounts DROP COLUMN credentials",
        "DELETE FROM __diesel_schema_migrations WHERE version = '20260101000015'",
    ] {
        let undone = test.database.write(move |connection| diesel::sql_query(statement).execute(connection));
        undone.await.unwrap();
    }
    assert_eq!(test.database.migrate().await.unwrap(), 1);
    for (new, until) in [(late, Some(at)), (at_once, None), (never, None), (moved, None), (old, None)] {
        let account = stores.by_id(new.id).await.unwrap().unwrap();
        // To the microsecond, as it is stored.
        let micros = |at: jiff::Timestamp| at.as_microsecond();
        assert_eq!(account.unproved_until.map(micros), until.map(micros), "{}", new.username);
        assert_eq!(account.credentials, 0);
    }
}
