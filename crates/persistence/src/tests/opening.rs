use super::{TestDatabase, settings};
use crate::{Database, DatabaseSettings, OpenError};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, RunQueryDsl};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

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
    let pending = database.pending_migrations().await.unwrap();
    assert!(pending > 0);
    assert_eq!(database.migrate().await.unwrap(), pending);
    assert_eq!(database.pending_migrations().await.unwrap(), 0);
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

/// What is said of `url` when it cannot be opened: one sentence, without the password.
async fn complaint(url: &str) -> String {
    let started = Instant::now();
    let said = Database::open(DatabaseSettings::new(url)).await.err().unwrap().to_string();
    assert!(!said.contains("hunter2") && !said.contains('\n'), "{said}");
    assert!(started.elapsed() < Duration::from_secs(20), "{said}");
    said
}

#[tokio::test]
async fn says_what_is_wrong_with_the_encryption_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (missing, empty, text) =
        (folder.path().join("missing.pem"), folder.path().join("empty.pem"), folder.path().join("text.pem"));
    fs::write(&empty, "").unwrap();
    fs::write(&text, "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n").unwrap();
    // Nobody listens there: all of this is found before anybody is called.
    let servers = [
        ("postgres://square:hunter2@127.0.0.1:1/square", "sslmode", "sslrootcert", "verify-full"),
        ("mysql://square:hunter2@127.0.0.1:1/square", "ssl-mode", "ssl-ca", "VERIFY_IDENTITY"),
    ];
    for (url, mode, authorities, verify) in servers {
        for path in [&missing, &empty, &text] {
            let path = path.display();
            let said = complaint(&format!("{url}?{mode}={verify}&{authorities}={path}")).await;
            let expected =
                format!("the database URL cannot be used: the certificates in {path} cannot be read: ");
            assert!(said.starts_with(&expected), "{said}");
        }
        for wrong in ["maybe", "", "verify-full%20"] {
            let said = complaint(&format!("{url}?{mode}={wrong}")).await;
            let expected = format!("the database URL cannot be used: {mode} must be ");
            assert!(said.starts_with(&expected) && said.contains(verify), "{said}");
        }
    }
}

#[tokio::test]
async fn says_that_a_server_cannot_be_reached() {
    // Ports on which nobody listens, one of them taken by somebody who never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap().port();
    for scheme in ["postgres", "mysql"] {
        let said = complaint(&format!("{scheme}://square:hunter2@127.0.0.1:1/square")).await;
        let expected = format!("the database {scheme}://127.0.0.1:1/square cannot be used: ");
        assert!(said.starts_with(&format!("{expected}Connection refused")), "{said}");

        let mut settings =
            DatabaseSettings::new(format!("{scheme}://square:hunter2@127.0.0.1:{silent}/square"));
        settings.connect_timeout = Duration::from_millis(50);
        let said = Database::open(settings).await.err().unwrap().to_string();
        let expected = format!("the database {scheme}://127.0.0.1:{silent}/square cannot be used: ");
        assert!(said.starts_with(&expected) && said.contains("time"), "{said}");
        assert!(!said.contains("hunter2"));
    }
}

#[tokio::test]
async fn says_what_is_missing_in_the_url_of_a_server() {
    assert!(complaint("mysql://square:hunter2@127.0.0.1").await.ends_with("it names no database"));
    let drivers_own = complaint("mysql://square:hunter2@127.0.0.1/square?require_ssl=true").await;
    assert!(drivers_own.ends_with("by ssl-mode and ssl-ca"), "{drivers_own}");
    for url in
        ["postgres://square:hunter2@127.0.0.1:nonsense/db", "mysql://square:hunter2@127.0.0.1:nonsense/db"]
    {
        assert!(complaint(url).await.starts_with("the database URL cannot be used: "));
    }
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
