use super::{TestDatabase, settings};
use crate::{Database, DatabaseSettings, OpenError};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, RunQueryDsl};
use std::fs;
use std::path::Path;

async fn refusal(path: &Path) -> OpenError {
    Database::open(settings(path)).await.err().expect("the database must be refused")
}

fn raw(path: &Path) -> SqliteConnection {
    SqliteConnection::establish(path.to_str().unwrap()).unwrap()
}

#[tokio::test]
async fn makes_the_folder_and_a_file_for_its_owner_only_and_migrates_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/square.db");
    let database = Database::open(settings(&path)).await.unwrap();
    assert!(database.migrate().await.unwrap() > 0);
    assert_eq!(database.migrate().await.unwrap(), 0);
    database.is_ready().await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for name in ["square.db", "square.db-wal", "square.db-shm"] {
            let mode = fs::metadata(path.with_file_name(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}

#[tokio::test]
async fn connections_have_the_settings_that_the_stores_rely_on() {
    let test = TestDatabase::sqlite().await;
    let look = "SELECT foreign_keys || ' ' || synchronous || ' ' || journal_mode FROM
                pragma_foreign_keys, pragma_synchronous, pragma_journal_mode";
    let look = move |connection: &mut _| sql::<Text>(look).get_result::<String>(connection);
    assert_eq!(test.database.read(look).await.unwrap(), "1 1 wal");
    assert_eq!(test.database.write(look).await.unwrap(), "1 1 wal");
}

#[tokio::test]
async fn refuses_a_file_that_is_no_database_and_leaves_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    for text in ["hello".to_owned(), "a longer text ".repeat(1000)] {
        fs::write(&path, &text).unwrap();
        let refusal = refusal(&path).await;
        assert_eq!(refusal.to_string(), format!("{} is not a SQLite database", path.display()));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[tokio::test]
async fn refuses_the_database_of_another_application_and_leaves_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in
        [("tables", "CREATE TABLE cooking (recipe TEXT)"), ("mark", "PRAGMA application_id = 42")]
    {
        let path = folder.path().join(name);
        raw(&path).batch_execute(content).unwrap();
        let before = fs::read(&path).unwrap();
        assert!(matches!(refusal(&path).await, OpenError::NotOurs(_)), "{name}");
        assert_eq!(fs::read(&path).unwrap(), before, "{name}");
    }
}

#[tokio::test]
async fn refuses_a_database_that_another_process_has_locked() {
    let test = TestDatabase::sqlite().await;
    let path = test.path();
    let mut other = raw(&path);
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let refusal = refusal(&path).await;
    assert_eq!(refusal.to_string(), format!("{} is locked by another process", path.display()));
    other.batch_execute("ROLLBACK").unwrap();
    Database::open(settings(&path)).await.unwrap();
}

#[tokio::test]
async fn refuses_a_database_of_a_newer_version() {
    let test = TestDatabase::sqlite().await;
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000001')";
    raw(&test.path()).batch_execute(newer).unwrap();
    assert!(
        matches!(refusal(&test.path()).await, OpenError::Newer { migration, .. } if migration == "99990101000001")
    );
}

#[tokio::test]
async fn refuses_urls_it_cannot_use_without_repeating_their_secrets() {
    let open = async |url: &str| Database::open(DatabaseSettings::new(url)).await.err().unwrap().to_string();
    let unknown = open("oracle://square:hunter2@localhost/square").await;
    assert!(unknown.contains("\"oracle\"") && unknown.contains("sqlite"), "{unknown}");
    assert!(!unknown.contains("hunter2"));
    assert!(open("data/square.db").await.contains("sqlite:path"));
    assert!(open("sqlite:").await.contains("names no file"));
}

#[tokio::test]
async fn names_the_path_that_cannot_be_made() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let below_a_file = refusal(&folder.path().join("file/square.db")).await;
    assert!(matches!(below_a_file, OpenError::File { .. }), "{below_a_file}");
    let a_folder = refusal(folder.path()).await;
    assert!(matches!(a_folder, OpenError::Unusable { .. }), "{a_folder}");
}

#[tokio::test]
async fn every_migration_can_be_taken_back() {
    use crate::connection::DbConnection;
    use diesel_migrations::MigrationHarness;
    let test = TestDatabase::sqlite().await;
    let tables = "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'";
    let left = test.database.write(move |connection| {
        let DbConnection::Sqlite(connection) = connection else { panic!("another database") };
        connection.revert_all_migrations(crate::sqlite::MIGRATIONS).unwrap();
        sql::<BigInt>(tables).get_result::<i64>(connection)
    });
    assert_eq!(left.await.unwrap(), 0);
    assert!(test.database.migrate().await.unwrap() > 0);
}
