use super::rows::{self, Row, Value};
use super::tables::{Kind, SEEDED, TABLES, Table};
use super::{CopyError, CopyPhase, CopyProgress, CopySummary, TableDifference};
use crate::Database;
use crate::connection::DbConnection;
use crate::tests::{TestDatabase, settings};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryResult, RunQueryDsl};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Tables that are not copied.
const LEFT: [&str; 2] = ["duties", "instances"];

/// Texts that databases have been known to change, to take for equal or to sort in different ways.
const TEXTS: [&str; 14] = [
    "",
    " ",
    "a",
    "A",
    "a ",
    "a\t",
    "ä",
    "a\u{308}",
    "ß",
    "\u{ffff}",
    "😀",
    r#"{"nul":"\u0000","x":"\\"}"#,
    "'\"`%_\\",
    "line\r\nline\n",
];

const INTEGERS: [i64; 6] = [0, -1, 1, i64::MAX, i64::MIN, 1_700_000_000_000_000];

/// More rows than one page has.
const ROWS: usize = rows::MAX_ROWS + 3;

/// What the catalogue of the database lists.
async fn catalogue(database: &Database) -> BTreeSet<(String, String)> {
    let columns = database.read(|connection| {
        let look = match connection {
            DbConnection::Sqlite(_) => {
                "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'"
            }
            DbConnection::Postgres(_) => {
                "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns
                 WHERE table_schema = current_schema()"
            }
            DbConnection::Mysql(_) => {
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
            }
        };
        sql::<(Text, Text)>(look).load::<(String, String)>(connection)
    });
    let of_others = |table: &str| {
        LEFT.contains(&table) || table.starts_with("sqlite") || table == "__diesel_schema_migrations"
    };
    columns.await.unwrap().into_iter().filter(|(table, _)| !of_others(table)).collect()
}

#[tokio::test]
async fn every_table_is_listed_with_every_column() {
    let listed = TABLES
        .iter()
        .flat_map(|table| table.columns.iter().map(|column| (table.name.to_owned(), column.name.to_owned())));
    let listed: BTreeSet<(String, String)> = listed.collect();
    let test = TestDatabase::new().await;
    let there = catalogue(&test.database).await;
    assert_eq!(
        listed.difference(&there).collect::<Vec<_>>(),
        Vec::<&(String, String)>::new(),
        "do not exist"
    );
    assert_eq!(there.difference(&listed).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "are missing");
}

/// Of a SQLite table: the columns with their types, places in the primary key and whether they may be NULL.
async fn columns(database: &Database, table: &'static str) -> Vec<(String, String, i64, bool)> {
    let look = format!("SELECT name, type, pk, \"notnull\" FROM pragma_table_info('{table}')");
    let columns = database.read(move |connection| {
        sql::<(Text, Text, BigInt, BigInt)>(&look).load::<(String, String, i64, i64)>(connection)
    });
    let columns = columns.await.unwrap().into_iter();
    columns.map(|(name, kind, key, filled)| (name, kind, key, filled == 0)).collect()
}

#[tokio::test]
async fn kinds_and_keys_are_those_of_the_schema() {
    let test = TestDatabase::sqlite().await;
    for table in TABLES {
        let there = columns(&test.database, table.name).await;
        let mut key: Vec<(i64, &str)> = Vec::new();
        for (name, kind, place, _) in &there {
            let listed = table.columns.iter().find(|column| column.name == name).unwrap();
            let expected = match listed.kind {
                Kind::Bytes => "BLOB",
                Kind::Text => "TEXT",
                Kind::Integer => "BIGINT",
                Kind::Bool => "BOOLEAN",
            };
            assert_eq!(kind, expected, "{}.{name}", table.name);
            key.extend((*place > 0).then_some((*place, name.as_str())));
        }
        key.sort_unstable();
        let key: Vec<&str> = key.into_iter().map(|(_, name)| name).collect();
        assert_eq!(table.key().iter().map(|column| column.name).collect::<Vec<_>>(), key, "{}", table.name);
    }
}

#[tokio::test]
async fn those_that_others_refer_to_come_first() {
    let test = TestDatabase::sqlite().await;
    for (place, table) in TABLES.iter().enumerate() {
        let look = format!("SELECT \"table\" FROM pragma_foreign_key_list('{}')", table.name);
        let parents = test.database.read(move |connection| sql::<Text>(&look).load::<String>(connection));
        for parent in parents.await.unwrap() {
            assert!(
                TABLES[..place].iter().any(|table| table.name == parent),
                "{parent} before {}",
                table.name
            );
        }
    }
}

#[tokio::test]
async fn migrations_fill_the_tables_that_are_said_to_be_filled() {
    let test = TestDatabase::new().await;
    let filled = test.database.read(|connection| {
        let counts = TABLES.iter().map(|table| Ok((table.name, rows::count(connection, table)?)));
        counts.collect::<QueryResult<Vec<_>>>()
    });
    let filled: BTreeSet<&str> =
        filled.await.unwrap().into_iter().filter(|(_, rows)| *rows > 0).map(|(table, _)| table).collect();
    assert_eq!(filled, BTreeSet::from(SEEDED));
}

/// A value for the row `number`: the same in columns that refer to one another.
fn value(table: &Table, column: &str, kind: Kind, number: usize) -> Value {
    let mut id = vec![0xff; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    match (kind, column) {
        (Kind::Bytes, "content" | "secret" | "private") => {
            let bytes = (0..=u8::MAX).cycle();
            Value::Bytes(Some(bytes.take(if number == 2 { 2_500_000 } else { number }).collect()))
        }
        (Kind::Bytes, "digest") => Value::Bytes(Some([id.as_slice(), id.as_slice()].concat())),
        (Kind::Bytes, _) => Value::Bytes(Some(id)),
        (Kind::Text, "date" | "release_date") => Value::Text(Some("2026-02-03".to_owned())),
        (Kind::Text, "train" | "dev") if number == 1 => Value::Text(Some("ü".repeat(3_000_000))),
        // Keys are told apart by what they begin with; what they end with is to survive too.
        (Kind::Text, "name" | "role" | "receiver" | "kid" | "selector") => {
            let text = TEXTS[number % TEXTS.len()];
            Value::Text(Some(format!("{text}{number}{text}")))
        }
        // Beside the codes of three digits that migrations have stored.
        (Kind::Text, "code" | "bank_code") => {
            Value::Text(Some(format!("code {number}{}", TEXTS[number % TEXTS.len()])))
        }
        (Kind::Text, name) if name.ends_with("_key") || matches!(name, "email" | "subject") => {
            Value::Text(Some(format!("{}{number}", TEXTS[number % TEXTS.len()])))
        }
        (Kind::Text, _) => Value::Text(Some(TEXTS[number % TEXTS.len()].to_owned())),
        (Kind::Integer, "number" | "seq") => {
            // As a key of its own a number may be anything.
            let number = i64::try_from(number).unwrap();
            Value::Integer(Some(if table.name == "log_entries" && number % 2 == 1 {
                i64::MIN + number
            } else {
                number
            }))
        }
        (Kind::Integer, _) => Value::Integer(Some(INTEGERS[number % INTEGERS.len()])),
        (Kind::Bool, _) => Value::Bool(Some(number.is_multiple_of(2))),
    }
}

fn nothing(kind: Kind) -> Value {
    match kind {
        Kind::Bytes => Value::Bytes(None),
        Kind::Text => Value::Text(None),
        Kind::Integer => Value::Integer(None),
        Kind::Bool => Value::Bool(None),
    }
}

/// A SQLite database with `count` rows in each table.
async fn filled(count: usize) -> TestDatabase {
    let test = TestDatabase::sqlite().await;
    for table in TABLES {
        let nullable = columns(&test.database, table.name).await.into_iter();
        let nullable: Vec<String> = nullable.filter(|column| column.3).map(|column| column.0).collect();
        let row = |number: usize| -> Row {
            let values = table.columns.iter().map(|column| {
                let is_null = number.is_multiple_of(3) && nullable.iter().any(|name| name == column.name);
                if is_null { nothing(column.kind) } else { value(table, column.name, column.kind, number) }
            });
            values.collect()
        };
        let made: Vec<Row> = (0..count).map(row).collect();
        let written = test.database.write(move |connection| {
            made.chunks(rows::MAX_ROWS).try_for_each(|rows| rows::insert(connection, table, rows).map(drop))
        });
        written.await.unwrap();
    }
    test
}

/// All that a SQLite database holds, table by table, as its own SQL.
async fn dump(database: &Database) -> BTreeMap<String, Vec<String>> {
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in catalogue(database).await {
        tables.entry(table).or_default().push(format!("quote(\"{column}\")"));
    }
    let mut dumped = BTreeMap::new();
    for (table, columns) in tables {
        let look = format!("SELECT {} AS line FROM {table} ORDER BY line", columns.join(" || ',' || "));
        let lines = database.read(move |connection| sql::<Text>(&look).load::<String>(connection));
        dumped.insert(table, lines.await.unwrap());
    }
    dumped
}

async fn execute(database: &Database, statement: &str) {
    let statement = statement.to_owned();
    database.write(move |connection| connection.batch_execute(&statement)).await.unwrap();
}

fn quiet(_: CopyProgress) {}

async fn copied(source: &TestDatabase, target: &TestDatabase) -> CopySummary {
    source.database.copy_to(&target.database, false, quiet).await.unwrap()
}

#[tokio::test]
async fn there_and_back_again_everything_is_the_same() {
    let source = filled(ROWS).await;
    let (middle, back) = (TestDatabase::empty().await, TestDatabase::sqlite().await);
    let there = copied(&source, &middle).await;
    assert!(there.tables.contains(&("log_entries", ROWS as u64)), "{there:?}");
    assert_eq!(there, copied(&middle, &back).await);
    assert_eq!(dump(&source.database).await, dump(&back.database).await);
    assert_eq!(there, source.database.compare_with(&middle.database, quiet).await.unwrap());
    for database in [&middle.database, &back.database] {
        assert!(!database.is_unfinished_copy().await.unwrap());
    }
}

#[tokio::test]
async fn an_empty_database_is_copied_with_the_roles_that_it_has() {
    let (source, target) = (TestDatabase::sqlite().await, TestDatabase::new().await);
    execute(&source.database, "DELETE FROM role_permissions; DELETE FROM roles WHERE name <> 'user'").await;
    let summary = copied(&source, &target).await;
    assert!(summary.tables.contains(&("roles", 1)) && summary.tables.contains(&("role_permissions", 0)));
}

#[tokio::test]
async fn progress_counts_up_to_all_rows_in_both_phases() {
    let (source, target) = (filled(ROWS).await, TestDatabase::new().await);
    let heard: Arc<Mutex<Vec<CopyProgress>>> = Arc::default();
    let tell = {
        let heard = Arc::clone(&heard);
        move |progress| heard.lock().unwrap().push(progress)
    };
    let summary = source.database.copy_to(&target.database, false, tell).await.unwrap();
    let all: u64 = summary.tables.iter().map(|(_, rows)| rows).sum();
    let heard = heard.lock().unwrap();
    for phase in [CopyPhase::Copying, CopyPhase::Checking] {
        let of_phase: Vec<&CopyProgress> = heard.iter().filter(|progress| progress.phase == phase).collect();
        assert!(of_phase.iter().all(|progress| progress.total == all));
        assert!(of_phase.is_sorted_by(|one, next| one.done < next.done));
        assert_eq!(of_phase.last().unwrap().done, all);
    }
}

/// Copies until `pages` pages were done, and breaks off then as a process that dies.
async fn broken_off(
    source: &TestDatabase,
    target: &TestDatabase,
    pages: usize,
) -> Result<CopySummary, CopyError> {
    let mut done = 0;
    let tell = move |_| {
        done += 1;
        assert!(done < pages, "dies here, as it should");
    };
    source.database.copy_to(&target.database, false, tell).await
}

#[tokio::test]
async fn a_copy_goes_on_wherever_it_was_interrupted() {
    let source = filled(ROWS).await;
    let (target, back) = (TestDatabase::empty().await, TestDatabase::sqlite().await);
    let mut interruptions = 0;
    // Each run gets a few pages further than the one before it, in the end through the check.
    while let Err(error) = broken_off(&source, &target, 1 + 5 * interruptions).await {
        assert!(matches!(error, CopyError::Panicked(_)), "{error}");
        assert!(target.database.is_unfinished_copy().await.unwrap());
        interruptions += 1;
    }
    assert!(interruptions > 10, "{interruptions}");
    assert!(!target.database.is_unfinished_copy().await.unwrap());
    copied(&target, &back).await;
    assert_eq!(dump(&source.database).await, dump(&back.database).await);
}

#[tokio::test]
async fn an_interrupted_copy_goes_on_from_the_same_source_only() {
    let (source, target) = (filled(ROWS).await, TestDatabase::new().await);
    broken_off(&source, &target, 20).await.unwrap_err();
    let other = TestDatabase::sqlite().await;
    let refused = other.database.copy_to(&target.database, false, quiet).await.unwrap_err();
    assert!(matches!(refused, CopyError::OtherSource { table: "roles", .. }), "{refused}");

    let half = target.database.copy_to(&other.database, false, quiet).await.unwrap_err();
    assert!(matches!(half, CopyError::HalfSource(_)), "{half}");

    execute(
        &source.database,
        "UPDATE accounts SET last_name = 'changed' WHERE id = (SELECT max(id) FROM accounts)",
    )
    .await;
    let changed = source.database.copy_to(&target.database, false, quiet).await.unwrap_err();
    assert!(matches!(changed, CopyError::OtherSource { table: "accounts", .. }), "{changed}");
}

#[tokio::test]
async fn a_copy_that_another_version_has_begun_is_left_alone() {
    let (source, target) = (filled(2).await, TestDatabase::new().await);
    broken_off(&source, &target, 3).await.unwrap_err();
    execute(&target.database, "DELETE FROM copy_progress WHERE table_name = 'events'").await;
    let refused = source.database.copy_to(&target.database, false, quiet).await.unwrap_err();
    assert!(matches!(refused, CopyError::OtherVersion(_)), "{refused}");
}

#[tokio::test]
async fn what_was_damaged_on_its_way_is_found_in_the_end() {
    let (source, target) = (filled(ROWS).await, TestDatabase::new().await);
    let questions = TABLES.iter().position(|table| table.name == "questions").unwrap();
    // Two pages of each table or more.
    let pages = 2 * (questions + 1) + 8;
    broken_off(&source, &target, pages).await.unwrap_err();
    execute(&target.database, "UPDATE questions SET choice = 'x' WHERE asker_id IS NULL").await;
    let found = source.database.copy_to(&target.database, false, quiet).await.unwrap_err();
    let CopyError::Different(differences) = found else { panic!("{found}") };
    let rows = ROWS as u64;
    assert_eq!(differences, [TableDifference { table: "questions", source: rows, target: rows }]);
    assert!(target.database.is_unfinished_copy().await.unwrap());
}

#[tokio::test]
async fn comparing_finds_each_table_that_differs() {
    let (source, target) = (filled(ROWS).await, TestDatabase::new().await);
    copied(&source, &target).await;
    let one = "(SELECT id FROM (SELECT id FROM questions ORDER BY id DESC LIMIT 1) AS newest)";
    execute(&target.database, &format!("UPDATE questions SET asked_at = asked_at + 1 WHERE id = {one}"))
        .await;
    execute(&target.database, "DELETE FROM role_permissions").await;
    let different = source.database.compare_with(&target.database, quiet).await.unwrap_err();
    let CopyError::Different(differences) = &different else { panic!("{different}") };
    let tables: Vec<&str> = differences.iter().map(|difference| difference.table).collect();
    assert_eq!(tables, ["role_permissions", "questions"]);
    let text = different.to_string();
    assert!(text.contains(&format!("questions has {ROWS} rows in both, but not the same")), "{text}");
    assert!(text.contains("and 0 in the target"), "{text}");
}

#[tokio::test]
async fn a_target_with_data_is_refused_and_left_as_it_is() {
    let (source, target) = (filled(2).await, filled(1).await);
    let before = dump(&target.database).await;
    let refused = source.database.copy_to(&target.database, false, quiet).await.unwrap_err();
    assert!(matches!(refused, CopyError::NotEmpty { table: "accounts", .. }), "{refused}");
    assert!(!target.database.is_unfinished_copy().await.unwrap());
    assert_eq!(dump(&target.database).await, before);
}

#[tokio::test]
async fn a_source_without_the_tables_of_this_version_is_refused() {
    let (source, target) = (TestDatabase::empty().await, TestDatabase::sqlite().await);
    let behind = |error: CopyError| matches!(error, CopyError::Behind(_));
    assert!(behind(source.database.copy_to(&target.database, false, quiet).await.unwrap_err()));
    assert!(behind(source.database.compare_with(&target.database, quiet).await.unwrap_err()));
    assert!(behind(target.database.compare_with(&source.database, quiet).await.unwrap_err()));
    let same = target.opened_again().await;
    let refused = target.database.copy_to(&same, false, quiet).await.unwrap_err();
    assert!(matches!(refused, CopyError::Same(_)), "{refused}");
}

#[tokio::test]
async fn a_file_that_is_missing_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("typo.db");
    let missing = Database::open_existing(settings(&path)).await.err().unwrap();
    assert!(missing.to_string().contains("typo.db"), "{missing}");
    assert!(!path.exists());
}

#[tokio::test(start_paused = true)]
async fn servers_that_run_on_the_source_are_noticed_and_dead_ones_are_not() {
    let (source, target) = (TestDatabase::new().await, TestDatabase::sqlite().await);
    execute(&source.database, "INSERT INTO instances (id, beats) VALUES ('0123456789abcdef', 7)").await;
    let beating = {
        let database = source.database.clone();
        tokio::spawn(async move {
            loop {
                execute(&database, "UPDATE instances SET beats = beats + 1").await;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        })
    };
    let refused = source.database.copy_to(&target.database, false, quiet).await.unwrap_err();
    assert!(matches!(refused, CopyError::InUse { running: 1, .. }), "{refused}");
    assert!(refused.to_string().contains("in use by a server that"), "{refused}");
    let forced = TestDatabase::sqlite().await;
    source.database.copy_to(&forced.database, true, quiet).await.unwrap();
    beating.abort();
    let _ = beating.await;
    copied(&source, &target).await;
}

/// Does `work` with the database from within a copy.
fn meanwhile(database: &Database, statement: &'static str) -> impl Fn() + Send + 'static {
    let database = database.clone();
    move || tokio::runtime::Handle::current().block_on(execute(&database, statement))
}

#[tokio::test]
async fn the_copy_is_of_one_moment() {
    let (source, target) = (TestDatabase::new().await, TestDatabase::sqlite().await);
    let write = meanwhile(&source.database, "INSERT INTO receivers (name, position) VALUES ('late', 1)");
    let mut write = Some(write);
    let tell = move |_| {
        if let Some(write) = write.take() {
            write();
        }
    };
    let summary = source.database.copy_to(&target.database, false, tell).await.unwrap();
    assert!(summary.tables.contains(&("receivers", 0)), "{summary:?}");
}

#[tokio::test]
async fn two_copies_to_one_target_do_not_mix() {
    let (source, target) = (filled(ROWS).await, TestDatabase::new().await);
    let write =
        meanwhile(&target.database, "UPDATE copy_progress SET copied = 1 WHERE table_name = 'accounts'");
    let tell = move |progress: CopyProgress| {
        if progress.table == "role_permissions" {
            write();
        }
    };
    let crowded = source.database.copy_to(&target.database, false, tell).await.unwrap_err();
    assert!(matches!(crowded, CopyError::Crowded(_)), "{crowded}");
}
