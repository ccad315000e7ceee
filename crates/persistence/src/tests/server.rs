//! Databases for tests on a server that others use too.

use crate::DatabaseSettings;
use crate::connection::{DbConnection, Limits, Purpose, Server};
use crate::mysql::MysqlServer;
use crate::postgres::PostgresServer;
use diesel::connection::SimpleConnection;
use std::time::Duration;
use uuid::Uuid;

/// A schema of a PostgreSQL database, or a database of a MySQL server, that is dropped with this.
pub(crate) struct Scratch {
    server: Server,
    name: String,
    url: String,
}

impl Scratch {
    /// A new one on the server at `url`.
    pub(crate) fn on(url: &str) -> Self {
        let limits = Limits { connect: Duration::from_secs(10), statement: None };
        let name = format!("square_test_{}", Uuid::now_v7().simple());
        let (server, url) = if url.starts_with("postgres") {
            let separator = if url.contains('?') { '&' } else { '?' };
            let server = Server::Postgres(Box::new(PostgresServer::at(url, limits).unwrap()));
            // Nothing of a test has to survive a crash of the machine.
            let options = format!("-c%20search_path%3D{name}%20-c%20synchronous_commit%3Doff");
            (server, format!("{url}{separator}application_name={name}&options={options}"))
        } else {
            let (base, _) = url.rsplit_once('/').unwrap();
            (Server::Mysql(Box::new(MysqlServer::at(url, limits).unwrap())), format!("{base}/{name}"))
        };
        let scratch = Self { server, name, url };
        scratch.execute(match scratch.server {
            Server::Postgres(_) => "CREATE SCHEMA",
            _ => "CREATE DATABASE",
        });
        scratch
    }

    pub(crate) fn settings(&self) -> DatabaseSettings {
        // More writers at once than are usual get in one another's way more often.
        DatabaseSettings { write_connections: 8, ..DatabaseSettings::new(&self.url) }
    }

    fn execute(&self, what: &str) {
        let statement = match (what, &self.server) {
            ("DROP", Server::Postgres(_)) => format!("DROP SCHEMA {} CASCADE", self.name),
            ("DROP", _) => format!("DROP DATABASE {}", self.name),
            (what, _) => format!("{what} {}", self.name),
        };
        let server = self.server.clone();
        // A thread of its own: these connections cannot be waited for where a test's tasks run.
        let done = std::thread::spawn(move || {
            let mut connection: DbConnection = server.connect(Purpose::Migrating).unwrap();
            connection.batch_execute(&statement).unwrap();
        });
        done.join().unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.execute("DROP");
    }
}
