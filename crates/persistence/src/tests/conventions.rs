//! What holds for every table, also for those that are yet to come.

use super::TestDatabase;
use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Text};

/// What every database has under some name; wider types than needed, since not all count alike.
const TYPES: [&str; 5] = ["BIGINT", "BLOB", "BOOLEAN", "DOUBLE", "TEXT"];

struct Column {
    table: String,
    name: String,
    kind: String,
    primary: bool,
}

async fn columns(test: &TestDatabase) -> Vec<Column> {
    let look = "SELECT t.name, c.name, c.type, c.pk FROM sqlite_master t, pragma_table_info(t.name) c
                WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> '__diesel_schema_migrations'";
    let rows = test.database.read(move |connection| {
        sql::<(Text, Text, Text, BigInt)>(look).load::<(String, String, String, i64)>(connection)
    });
    let column = |(table, name, kind, position)| Column { table, name, kind, primary: position > 0 };
    rows.await.unwrap().into_iter().map(column).collect()
}

#[tokio::test]
async fn columns_have_portable_types_that_their_names_tell() {
    let test = TestDatabase::sqlite().await;
    let columns = columns(&test).await;
    assert!(!columns.is_empty());
    for Column { table, name, kind, .. } in &columns {
        assert!(TYPES.contains(&kind.as_str()), "{table}.{name} has the type {kind}");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(table.chars().chain(name.chars()).all(plain), "{table}.{name} is not in snake case");
        if name.ends_with("_at") || name.ends_with("_us") {
            assert_eq!(kind, "BIGINT", "{table}.{name} is a time and counts microseconds");
        }
        if name == "id" || name.ends_with("_id") {
            assert_eq!(kind, "BLOB", "{table}.{name} is an identifier and holds its 16 bytes");
        }
    }
}

#[tokio::test]
async fn every_table_has_a_primary_key() {
    let test = TestDatabase::sqlite().await;
    let columns = columns(&test).await;
    for Column { table, .. } in &columns {
        assert!(columns.iter().any(|column| column.table == *table && column.primary), "{table}");
    }
}

#[tokio::test]
async fn every_reference_has_an_index_so_that_deleting_does_not_read_whole_tables() {
    let test = TestDatabase::sqlite().await;
    let look = "SELECT t.name || '.' || f.\"from\" FROM sqlite_master t, pragma_foreign_key_list(t.name) f
                WHERE t.type = 'table' AND NOT EXISTS (
                    SELECT 1 FROM pragma_index_list(t.name) i, pragma_index_info(i.name) c
                    WHERE c.seqno = 0 AND c.name = f.\"from\")";
    let bare = test.database.read(move |connection| sql::<Text>(look).load::<String>(connection));
    assert_eq!(bare.await.unwrap(), Vec::<String>::new());
}
