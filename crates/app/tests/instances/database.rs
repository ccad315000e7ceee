//! A database of a test's own on the server that `SQUARE_TEST_DATABASE_URL` names.

use mysql_async::prelude::Queryable;
use square_kernel::{OsRandomness, SystemClock, new_uuid};
use url::Url;

const SERVER: &str = "SQUARE_TEST_DATABASE_URL";

/// Dropped with this.
pub(crate) struct Scratch {
    server: Url,
    name: String,
}

impl Scratch {
    /// A new one without tables.
    pub(crate) async fn create() -> Self {
        let server = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!("{SERVER} must name a PostgreSQL or MySQL server: .ci/services prints one of each")
        });
        let server: Url = server.parse().expect("the server has a URL");
        let name = format!("square_test_{}", new_uuid(&SystemClock, &OsRandomness).simple());
        let scratch = Self { server, name };
        execute(&scratch.server, &format!("CREATE DATABASE {}", scratch.name)).await;
        if scratch.is_postgres() {
            // Nothing of a test has to survive a crash of the machine.
            let careless = format!("ALTER DATABASE {} SET synchronous_commit = off", scratch.name);
            execute(&scratch.server, &careless).await;
        }
        scratch
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.server.scheme().starts_with("postgres")
    }

    /// How to reach it.
    pub(crate) fn url(&self) -> Url {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url
    }

    /// How to reach it by way of a port on this machine.
    pub(crate) fn url_by_way_of(&self, port: u16) -> Url {
        let mut url = self.url();
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(port)).expect("a port");
        url
    }

    /// The server's `host:port`.
    pub(crate) fn place(&self) -> String {
        let port = self.server.port().unwrap_or(if self.is_postgres() { 5432 } else { 3306 });
        format!("{}:{port}", self.server.host_str().expect("a host"))
    }

    /// Runs a statement in it.
    pub(crate) async fn execute(&self, statement: &str) {
        execute(&self.url(), statement).await;
    }
}

async fn execute(url: &Url, statement: &str) {
    if url.scheme().starts_with("postgres") {
        let connecting = tokio_postgres::connect(url.as_str(), tokio_postgres::NoTls).await;
        let (client, connection) =
            connecting.unwrap_or_else(|error| panic!("no PostgreSQL at {url}: {error:?}"));
        let connection = tokio::spawn(connection);
        client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        connection.abort();
    } else {
        let connecting = mysql_async::Conn::from_url(url.as_str()).await;
        let mut connection = connecting.unwrap_or_else(|error| panic!("no MySQL at {url}: {error}"));
        connection.query_drop(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        // What was asked for is done; how it takes its leave does not matter.
        drop(connection.disconnect().await);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let forced = if self.is_postgres() { " WITH (FORCE)" } else { "" };
        let statement = format!("DROP DATABASE {}{forced}", self.name);
        // The runtime of a test that failed is no longer to be relied on.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(execute(&self.server, &statement));
            });
        });
    }
}
