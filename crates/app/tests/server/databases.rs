use crate::process::{complaint, run, square};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use std::path::Path;
use std::process::{Command, Stdio};

const SOURCE: &str = "sqlite:source.db";
const TARGET: &str = "sqlite:target.db";
const COPY: [&str; 6] = ["db", "copy", "--from", SOURCE, "--to", TARGET];
const VERIFY: [&str; 6] = ["db", "verify", "--from", SOURCE, "--to", TARGET];

/// Any command, on the database at `url`.
fn square_on(folder: &Path, url: &str, command: &str) -> Command {
    let mut square = square(folder, [command]);
    square.env("DATABASE_URL", url);
    square
}

/// Opens a file that [`square_on`] has migrated.
fn open(folder: &Path, file: &str) -> SqliteConnection {
    let path = folder.join(file);
    let mut connection =
        SqliteConnection::establish(path.to_str().expect("it is UTF-8")).expect("it can be opened");
    connection.batch_execute("PRAGMA busy_timeout = 5000").expect("it can be set");
    connection
}

/// Makes the source, with so many questions, and the target, which is empty.
fn databases(folder: &Path, questions: u32) {
    for url in [SOURCE, TARGET] {
        let migrated = square_on(folder, url, "migrate").output().expect("square starts");
        assert!(migrated.status.success(), "{}", complaint(&migrated));
    }
    let questions = format!(
        "INSERT INTO questions (id, question, choice, deadline_us, asked_at)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {questions})
         SELECT CAST(printf('%016d', n) AS BLOB), 'Question ' || n || ' 😀?', '{{}}', 1, n FROM numbers"
    );
    open(folder, "source.db").batch_execute(&questions).expect("they can be made");
}

#[test]
fn a_copy_that_was_killed_goes_on_and_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    databases(folder.path(), 40_000);
    let mut target = open(folder.path(), "target.db");
    let mut copied = || {
        let look = sql::<BigInt>("SELECT sum(copied) FROM copy_progress");
        // The table is not there at first.
        look.get_result::<i64>(&mut target).unwrap_or_default()
    };
    for rows in [1, 12_000, 25_000] {
        let mut copying =
            square(folder.path(), COPY).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while copied() < rows {
            assert!(copying.try_wait().unwrap().is_none(), "it ended before it could be killed");
        }
        copying.kill().unwrap();
        assert!(!copying.wait().unwrap().success());
        let serving = square_on(folder.path(), TARGET, "serve").output().unwrap();
        assert!(complaint(&serving).contains("interrupted"), "{}", complaint(&serving));
    }
    let done = run(folder.path(), COPY);
    assert!(done.status.success(), "{}", complaint(&done));
    let verified = run(folder.path(), VERIFY);
    assert!(verified.status.success(), "{}", complaint(&verified));
    let (done, verified) =
        (String::from_utf8(done.stdout).unwrap(), String::from_utf8(verified.stdout).unwrap());
    assert!(done.contains("       40000  questions\n") && done.contains("hold the same"), "{done}");
    assert_eq!(done.lines().last(), verified.lines().last());
}

#[test]
fn copying_tells_how_far_it_is() {
    let folder = tempfile::tempdir().unwrap();
    databases(folder.path(), 1);
    let heard = complaint(&run(folder.path(), COPY));
    assert!(
        heard.contains("copying ") && heard.contains("checking ") && heard.contains("(100 %)"),
        "{heard}"
    );
}

#[test]
fn a_damaged_row_is_found() {
    let folder = tempfile::tempdir().unwrap();
    databases(folder.path(), 3);
    assert!(run(folder.path(), COPY).status.success());
    open(folder.path(), "target.db")
        .batch_execute("UPDATE questions SET asked_at = 0 WHERE asked_at = 2")
        .unwrap();
    let verified = run(folder.path(), VERIFY);
    assert_eq!(verified.status.code(), Some(1));
    let complaint = complaint(&verified);
    assert!(complaint.contains("questions has 3 rows in both, but not the same"), "{complaint}");
}

#[test]
fn what_cannot_be_copied_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    databases(folder.path(), 1);
    let refused = |from: &str, to: &str, reason: &str| {
        let refused = run(folder.path(), ["db", "copy", "--from", from, "--to", to]);
        let complaint = complaint(&refused);
        assert_eq!(refused.status.code(), Some(1), "{complaint}");
        assert!(complaint.contains(reason) && !complaint.contains("geheim"), "{complaint}");
    };
    refused("sqlite:missing.db", TARGET, "missing.db");
    assert!(!folder.path().join("missing.db").exists());
    refused("source.db", TARGET, "--from: the database URL must look like");
    refused(SOURCE, "oracle:x", "--to: databases of the kind \"oracle\"");
    refused(TARGET, SOURCE, "has data already (in the table questions)");
    refused(SOURCE, SOURCE, "both are the same database");
    // Port 9 (discard) of this machine: nobody listens there.
    refused("postgres://me:geheim@127.0.0.1:9/x", TARGET, "postgres://127.0.0.1:9/x");
    refused(SOURCE, "mysql://me:geheim@127.0.0.1:9/x", "mysql://127.0.0.1:9/x");
    open(folder.path(), "source.db")
        .batch_execute("DELETE FROM __diesel_schema_migrations WHERE version > '2'")
        .unwrap();
    refused(SOURCE, TARGET, "migrate it first (`square migrate`");
}
