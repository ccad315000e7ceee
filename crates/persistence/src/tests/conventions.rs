//! What holds for every table, also for those that are yet to come.

use super::TestDatabase;
use crate::connection::Server;
use crate::schema::changes::counters;
use diesel::dsl::sql;
use diesel::prelude::*;
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

/// What a database says of its own tables, each fact as one line: columns, keys, references.
async fn schema(test: &TestDatabase) -> Vec<String> {
    let (columns, keys, references) = match &test.database.server {
        Server::Sqlite(_) => (SQLITE_COLUMNS, SQLITE_KEYS, SQLITE_REFERENCES),
        Server::Postgres(_) => (POSTGRES_COLUMNS, POSTGRES_KEYS, POSTGRES_REFERENCES),
        Server::Mysql(_) => (MYSQL_COLUMNS, MYSQL_KEYS, MYSQL_REFERENCES),
    };
    let mut facts = Vec::new();
    for (look, name) in [(columns, "column"), (keys, "key"), (references, "reference")] {
        let rows = test.database.read(move |connection| {
            sql::<(Text, Text, Text, Text)>(look).load::<(String, String, String, String)>(connection)
        });
        let rows = rows.await.unwrap();
        assert!(!rows.is_empty(), "{name}");
        let known = rows.into_iter().filter(|(table, ..)| table != "__diesel_schema_migrations");
        facts.extend(known.map(|(table, a, b, c)| format!("{name} {table}: {a} {b} {c}").to_lowercase()));
    }
    facts.sort_unstable();
    facts
}

const SQLITE_COLUMNS: &str = r#"SELECT t.name, c.name, CASE c."notnull" WHEN 1 THEN 'NO' ELSE 'YES' END, c.type
    FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'"#;
const SQLITE_KEYS: &str = r#"SELECT t.name, 'PRIMARY KEY', '', (
        SELECT group_concat(k.name) FROM (SELECT c.name FROM pragma_table_info(t.name) c WHERE c.pk > 0 ORDER BY c.pk) k)
    FROM sqlite_master t WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'
    UNION ALL
    SELECT t.name, 'UNIQUE', '', (
        SELECT group_concat(k.name) FROM (SELECT c.name FROM pragma_index_info(i.name) c ORDER BY c.seqno) k)
    FROM sqlite_master t, pragma_index_list(t.name) i WHERE t.type = 'table' AND i."unique" AND i.origin <> 'pk'"#;
const SQLITE_REFERENCES: &str = r#"SELECT t.name, f."from", f."table" || '.' || f."to", f.on_delete
    FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'"#;

const POSTGRES_COLUMNS: &str = "SELECT table_name::text, column_name::text, is_nullable::text,
        CASE data_type WHEN 'bytea' THEN 'BLOB' ELSE data_type END
    FROM information_schema.columns WHERE table_schema = current_schema()";
const POSTGRES_KEYS: &str = "SELECT c.table_name::text, c.constraint_type::text, '',
        string_agg(k.column_name::text, ',' ORDER BY k.ordinal_position)
    FROM information_schema.table_constraints c
    JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name, table_name)
    WHERE c.table_schema = current_schema() AND c.constraint_type IN ('PRIMARY KEY', 'UNIQUE')
    GROUP BY c.table_name, c.constraint_type, c.constraint_name";
const POSTGRES_REFERENCES: &str = "SELECT k.table_name::text, k.column_name::text,
        (u.table_name || '.' || u.column_name)::text, r.delete_rule::text
    FROM information_schema.referential_constraints r
    JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name)
    JOIN information_schema.key_column_usage u ON u.constraint_schema = r.unique_constraint_schema
        AND u.constraint_name = r.unique_constraint_name
        AND u.ordinal_position = k.position_in_unique_constraint
    WHERE r.constraint_schema = current_schema()";

const MYSQL_COLUMNS: &str = "SELECT table_name, column_name, is_nullable, CASE
        WHEN data_type IN ('binary', 'varbinary', 'longblob') THEN 'BLOB'
        WHEN data_type IN ('char', 'varchar', 'longtext') THEN 'TEXT'
        WHEN column_type = 'tinyint(1)' THEN 'BOOLEAN'
        ELSE data_type END
    FROM information_schema.columns WHERE table_schema = DATABASE()";
const MYSQL_KEYS: &str =
    "SELECT table_name, CASE index_name WHEN 'PRIMARY' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END, '',
        GROUP_CONCAT(column_name ORDER BY seq_in_index)
    FROM information_schema.statistics WHERE table_schema = DATABASE() AND non_unique = 0
    GROUP BY table_name, index_name";
// Not to say what happens is NO ACTION, which these servers treat like RESTRICT and call so. Each side names its schema:
// else the server looks through those of everybody.
const MYSQL_REFERENCES: &str = "SELECT k.table_name, k.column_name,
        CONCAT(k.referenced_table_name, '.', k.referenced_column_name),
        CASE r.delete_rule WHEN 'RESTRICT' THEN 'NO ACTION' ELSE r.delete_rule END
    FROM information_schema.referential_constraints r
    JOIN information_schema.key_column_usage k ON k.constraint_name = r.constraint_name
        AND k.table_name = r.table_name
    WHERE r.constraint_schema = DATABASE() AND k.table_schema = DATABASE()";

#[tokio::test]
async fn every_database_has_the_same_tables_columns_keys_and_references() {
    let (here, there) =
        (schema(&TestDatabase::sqlite().await).await, schema(&TestDatabase::new().await).await);
    let only = |one: &[String], other: &[String]| -> Vec<String> {
        one.iter().filter(|fact| !other.contains(fact)).cloned().collect()
    };
    assert_eq!((only(&here, &there), only(&there, &here)), (vec![], vec![]), "on SQLite only; there only");
    assert_eq!(here, there);
}

#[tokio::test]
async fn every_reference_has_an_index_on_postgresql_too() {
    let test = TestDatabase::new().await;
    // MySQL makes them by itself.
    if !test.is_postgres() {
        return;
    }
    let look = "SELECT c.conrelid::regclass::text || '.' || c.conname FROM pg_constraint c
                WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace AND NOT EXISTS (
                    SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indpred IS NULL
                    AND (i.indkey::int2[])[0 : cardinality(c.conkey) - 1] @> c.conkey)";
    let bare = test.database.read(move |connection| sql::<Text>(look).load::<String>(connection));
    assert_eq!(bare.await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn texts_are_told_apart_by_every_byte() {
    let test = TestDatabase::new().await;
    let rows = ["a", "A", "a ", "á", "a\u{301}", "ａ"];
    test.database
        .write(move |connection| {
            rows.iter().try_for_each(|name| {
                let row = (counters::name.eq(name), counters::value.eq(1_i64));
                diesel::insert_into(counters::table).values(row).execute(connection).map(drop)
            })
        })
        .await
        .unwrap();
    for name in rows {
        let found = test.database.read(move |connection| {
            counters::table.filter(counters::name.eq(name)).select(counters::name).load::<String>(connection)
        });
        assert_eq!(found.await.unwrap(), [name]);
    }
}

#[tokio::test]
async fn connections_to_mysql_know_the_time_of_the_world_and_speak_english() {
    let test = TestDatabase::new().await;
    if !matches!(test.database.server, Server::Mysql(_)) {
        return;
    }
    let look = "CONCAT(@@session.time_zone, ' ', @@session.lc_messages)";
    let look = move |connection: &mut _| diesel::select(sql::<Text>(look)).get_result::<String>(connection);
    for said in [test.database.read(look).await, test.database.write(look).await] {
        assert_eq!(said.unwrap(), "+00:00 en_US");
    }
}
