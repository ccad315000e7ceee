//! What is particular to PostgreSQL: its URL, TLS, the settings of a connection.

mod listening;

use crate::connection::{Limits, Purpose};
use crate::database::OpenError;
use crate::network::{Blocking, root_cause};
use crate::tls::{self, Protection, Tls};
use crate::url::{TlsWords, split};
use diesel::connection::SimpleConnection;
use diesel::internal::derives::multiconnection::MultiConnectionHelper;
use diesel::pg::{Pg, PgMetadataLookup, PgTypeMetadata};
use diesel::r2d2::Error as ConnectError;
use diesel::result::{ConnectionError, ConnectionResult};
use diesel::sql_types::TypeMetadata;
use diesel_async::AsyncPgConnection;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use std::any::Any;
use std::fmt;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

#[cfg(test)]
pub(crate) use listening::CHANNEL;
pub(crate) use listening::{listen, notify};

/// The migrations of PostgreSQL databases, compiled in.
pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// "SQUARE", as a number: who migrates holds the advisory lock of this name.
const MIGRATION_LOCK: i64 = 0x5351_5541_5245;

/// The parameters of libpq.
const TLS_WORDS: TlsWords = TlsWords {
    mode: "sslmode",
    authorities: "sslrootcert",
    modes: &[
        ("disable", Protection::None),
        ("prefer", Protection::Preferred),
        ("require", Protection::Encrypted),
        ("verify-full", Protection::Verified),
    ],
};

/// A connection by the driver in pure Rust.
pub(crate) type PostgresConnection = Blocking<AsyncPgConnection>;

/// A PostgreSQL database and how to reach it.
#[derive(Clone)]
pub(crate) struct PostgresServer {
    config: tokio_postgres::Config,
    tls: MakeRustlsConnect,
    limits: Limits,
    shown: String,
}

impl fmt::Debug for PostgresServer {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl PostgresServer {
    /// Names the database of a URL as libpq takes it; the parameters about TLS are `sslmode` (`disable`, `prefer`,
    /// `require` or `verify-full`) and `sslrootcert`.
    pub(crate) fn at(url: &str, limits: Limits) -> Result<Self, OpenError> {
        let split = split(url, &TLS_WORDS)?;
        let config: tokio_postgres::Config = split.rest.parse().map_err(|error: tokio_postgres::Error| {
            // The error's own text names a parameter at most, never a value.
            OpenError::BadUrl { reason: root_cause(&error) }
        })?;
        Self::new(config, &split.tls, limits)
    }

    fn new(mut config: tokio_postgres::Config, tls: &Tls, limits: Limits) -> Result<Self, OpenError> {
        config.ssl_mode(match tls.protection {
            Protection::None => SslMode::Disable,
            Protection::Preferred => SslMode::Prefer,
            Protection::Encrypted | Protection::Verified => SslMode::Require,
        });
        config.connect_timeout(limits.connect);
        config.keepalives(true);
        if config.get_application_name().is_none() {
            config.application_name("square");
        }
        let shown = shown(&config);
        let client = tls::client_config(tls);
        let client = client.map_err(|error| OpenError::BadUrl { reason: error.to_string() })?;
        Ok(Self { config, tls: MakeRustlsConnect::new(client), limits, shown })
    }

    /// How to reach it for the connection that listens; on the server it is told from the others by its name.
    fn listening(&self) -> tokio_postgres::Config {
        let mut config = self.config.clone();
        config.application_name(format!("{} listening", config.get_application_name().unwrap_or_default()));
        config
    }

    /// What is called `host:port/database` in messages.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Opens one connection.
    pub(crate) fn connect(&self, purpose: Purpose) -> Result<PostgresConnection, ConnectError> {
        let limits = self.limits.of(purpose);
        let connecting = async {
            let (client, connection) = self
                .config
                .connect(self.tls.clone())
                .await
                .map_err(|error| ConnectionError::BadConnection(root_cause(&error)))?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        };
        let connection: ConnectionResult<_> = Blocking::connect(limits, connecting);
        let mut connection = connection.map_err(ConnectError::ConnectionError)?;
        connection.batch_execute(&settings(purpose, limits))?;
        Ok(connection)
    }
}

/// Waits until nobody else migrates; the lock ends with the transaction.
pub(crate) fn lock_migrations(connection: &mut PostgresConnection) -> diesel::QueryResult<()> {
    connection.batch_execute(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
}

/// A reading transaction sees one moment. A writing one sees with each statement what others have committed, so
/// that a conditional update whose row count is 0 can be followed by a look at why.
fn settings(purpose: Purpose, limits: Limits) -> String {
    let characteristics = match purpose {
        Purpose::Reading => "ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        Purpose::Writing | Purpose::Migrating => "ISOLATION LEVEL READ COMMITTED, READ WRITE",
    };
    let milliseconds = limits.statement.map_or(0, |limit| limit.as_millis());
    format!(
        "SET SESSION CHARACTERISTICS AS TRANSACTION {characteristics};
         SET statement_timeout = {milliseconds};
         SET idle_in_transaction_session_timeout = {milliseconds};"
    )
}

fn shown(config: &tokio_postgres::Config) -> String {
    let mut ports = config.get_ports().iter().copied().chain(std::iter::repeat(5432));
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => format!("{name}:{}", ports.next().unwrap_or(5432)),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    });
    let hosts: Vec<String> = hosts.collect();
    format!("postgres://{}/{}", hosts.join(","), config.get_dbname().unwrap_or_default())
}

/// What diesel asks for the number of a type that the database made up, such as an enum. This crate's tables have none;
/// 0 leaves the type to the server.
struct NoOwnTypes;

impl PgMetadataLookup for NoOwnTypes {
    fn lookup_type(&mut self, _name: &str, _schema: Option<&str>) -> PgTypeMetadata {
        PgTypeMetadata::new(0, 0)
    }
}

/// What the derived `MultiConnection` passes a connection's look-up of types around by.
impl MultiConnectionHelper for PostgresConnection {
    fn to_any<'a>(_lookup: &mut <Pg as TypeMetadata>::MetadataLookup) -> &mut (dyn Any + 'a) {
        // The driver's own look-up cannot be passed around. This one takes no space, so nothing leaks.
        Box::leak(Box::new(NoOwnTypes))
    }

    fn from_any(lookup: &mut dyn Any) -> Option<&mut <Pg as TypeMetadata>::MetadataLookup> {
        lookup.downcast_mut::<NoOwnTypes>().map(|lookup| lookup as &mut dyn PgMetadataLookup)
    }
}
