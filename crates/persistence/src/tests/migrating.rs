use super::TestDatabase;
use diesel::RunQueryDsl;

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
