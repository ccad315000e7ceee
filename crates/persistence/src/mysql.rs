//! What is particular to MySQL and MariaDB: the URL, TLS, the settings of a connection.

use crate::connection::{Limits, Purpose};
use crate::database::OpenError;
use crate::network::{Blocking, root_cause};
use crate::tls::{self, Protection, Tls};
use crate::url::{TlsWords, split};
use diesel::connection::SimpleConnection;
use diesel::internal::derives::multiconnection::MultiConnectionHelper;
use diesel::mysql::Mysql;
use diesel::r2d2::Error as ConnectError;
use diesel::result::{ConnectionError, ConnectionResult, Error};
use diesel::sql_types::{Integer, Nullable, TypeMetadata};
use diesel::{QueryResult, RunQueryDsl, dsl::sql};
use diesel_async::AsyncMysqlConnection;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use mysql_async::{DriverError, Opts, OptsBuilder, SslOpts};
use rustls::crypto::aws_lc_rs;
use std::any::Any;
use std::fmt;

/// The migrations of MySQL databases, compiled in.
pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/mysql");

/// How long to wait for another instance that migrates, in seconds.
const MIGRATION_PATIENCE: u32 = 600;

/// The parameters of MySQL's own clients.
const TLS_WORDS: TlsWords = TlsWords {
    mode: "ssl-mode",
    authorities: "ssl-ca",
    modes: &[
        ("DISABLED", Protection::None),
        ("PREFERRED", Protection::Preferred),
        ("REQUIRED", Protection::Encrypted),
        ("VERIFY_IDENTITY", Protection::Verified),
    ],
};

/// A connection by the driver in pure Rust.
pub(crate) type MysqlConnection = Blocking<AsyncMysqlConnection>;

/// A MySQL or MariaDB database and how to reach it.
#[derive(Clone)]
pub(crate) struct MysqlServer {
    options: Opts,
    /// Set where encryption is preferred only: how to connect to a server that has none.
    unencrypted: Option<Opts>,
    limits: Limits,
    shown: String,
}

impl fmt::Debug for MysqlServer {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl MysqlServer {
    /// Names the database of a URL `mysql://user:password@host:port/database`; the parameters about TLS are `ssl-mode`
    /// (`DISABLED`, `PREFERRED`, `REQUIRED` or `VERIFY_IDENTITY`) and `ssl-ca`.
    pub(crate) fn at(url: &str, limits: Limits) -> Result<Self, OpenError> {
        let split = split(url, &TLS_WORDS)?;
        let bad = |reason: String| OpenError::BadUrl { reason };
        // The driver reads the certificates when it connects; what is wrong with them shows now.
        tls::client_config(&split.tls).map_err(|error| bad(error.to_string()))?;
        let options = Opts::from_url(&split.rest).map_err(|error| bad(error.to_string()))?;
        if options.ssl_opts().is_some() {
            // The driver's own words would be overruled, by less protection than they ask for.
            return Err(bad("encryption is asked for by ssl-mode and ssl-ca".to_owned()));
        }
        if options.db_name().is_none_or(str::is_empty) {
            return Err(bad("it names no database".to_owned()));
        }
        let shown = format!(
            "mysql://{}:{}/{}",
            options.ip_or_hostname(),
            options.tcp_port(),
            options.db_name().unwrap_or_default()
        );
        let options = OptsBuilder::from_opts(options)
            // A conditional update counts the rows that it found, as everywhere else.
            .client_found_rows(true)
            .tcp_nodelay(true)
            // diesel keeps the statements that it prepared. A cache below it would close some of them behind its back.
            .stmt_cache_size(0)
            // The socket file that the server tells of would be used on its own machine, whatever the URL says.
            .prefer_socket(false);
        let unencrypted = (split.tls.protection == Protection::Preferred).then(|| options.clone().into());
        Ok(Self { options: options.ssl_opts(ssl(&split.tls)).into(), unencrypted, limits, shown })
    }

    /// What is called `host:port/database` in messages.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Opens one connection.
    pub(crate) fn connect(&self, purpose: Purpose) -> Result<MysqlConnection, ConnectError> {
        // The driver takes the process's own; an error says that there is one already.
        let _ = aws_lc_rs::default_provider().install_default();
        let limits = self.limits.of(purpose);
        let connecting = async {
            let connection = match mysql_async::Conn::new(self.options.clone()).await {
                Err(mysql_async::Error::Driver(DriverError::NoClientSslFlagFromServer))
                    if self.unencrypted.is_some() =>
                {
                    mysql_async::Conn::new(self.unencrypted.clone().unwrap_or_default()).await
                }
                connection => connection,
            };
            let connection =
                connection.map_err(|error| ConnectionError::BadConnection(root_cause(&error)))?;
            AsyncMysqlConnection::try_from(connection).await
        };
        let connection: ConnectionResult<_> = Blocking::connect(limits, connecting);
        let mut connection = connection.map_err(ConnectError::ConnectionError)?;
        for setting in settings(purpose, limits) {
            connection.batch_execute(&setting)?;
        }
        Ok(connection)
    }
}

fn ssl(tls: &Tls) -> Option<SslOpts> {
    let options = match tls.protection {
        Protection::None => return None,
        Protection::Preferred | Protection::Encrypted => SslOpts::default()
            .with_danger_accept_invalid_certs(tls.authorities.is_none())
            .with_danger_skip_domain_validation(true),
        Protection::Verified => SslOpts::default(),
    };
    Some(match &tls.authorities {
        Some(path) => options.with_root_certs(vec![path.clone().into()]).with_disable_built_in_roots(true),
        None => options,
    })
}

/// Waits until nobody else migrates; the lock ends with the connection at the latest.
pub(crate) fn lock_migrations(connection: &mut MysqlConnection) -> QueryResult<()> {
    // Names of locks are the server's, not the database's.
    let lock = format!("GET_LOCK(CONCAT('square ', MD5(DATABASE())), {MIGRATION_PATIENCE})");
    let got: Option<i32> = diesel::select(sql::<Nullable<Integer>>(&lock)).get_result(connection)?;
    if got == Some(1) {
        return Ok(());
    }
    Err(Error::QueryBuilderError("another instance has been migrating for too long".into()))
}

/// Gives back what [`lock_migrations`] took.
pub(crate) fn unlock_migrations(connection: &mut MysqlConnection) -> QueryResult<()> {
    connection.batch_execute("DO RELEASE_LOCK(CONCAT('square ', MD5(DATABASE())))")
}

/// A reading transaction sees one moment. A writing one sees with each statement what others have committed, so
/// that a conditional update whose row count is 0 can be followed by a look at why.
fn settings(purpose: Purpose, limits: Limits) -> Vec<String> {
    let characteristics = match purpose {
        Purpose::Reading => "ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        Purpose::Writing | Purpose::Migrating => "ISOLATION LEVEL READ COMMITTED, READ WRITE",
    };
    let mut settings = vec![
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'"
            .to_owned(),
        // An hour that comes twice when summer ends would be told wrong; and conflicts are told by their English messages.
        "SET SESSION time_zone = '+00:00', SESSION lc_messages = 'en_US'".to_owned(),
        // What is not a column's own is compared byte by byte too.
        "SET collation_connection = 'utf8mb4_bin'".to_owned(),
        format!("SET SESSION TRANSACTION {characteristics}"),
    ];
    if let Some(limit) = limits.statement {
        let (seconds, milliseconds) = (limit.as_secs_f64(), limit.as_millis());
        // Each of the two servers knows its own way to limit a statement, and skips the other's.
        settings.push(format!(
            "SET SESSION innodb_lock_wait_timeout = {}
                 /*M! , SESSION max_statement_time = {seconds} */
                 /*!80000 , SESSION max_execution_time = {milliseconds} */",
            limit.as_secs().max(1)
        ));
    }
    settings
}

impl MultiConnectionHelper for MysqlConnection {
    fn to_any<'a>(lookup: &mut <Mysql as TypeMetadata>::MetadataLookup) -> &mut (dyn Any + 'a) {
        lookup
    }

    fn from_any(lookup: &mut dyn Any) -> Option<&mut <Mysql as TypeMetadata>::MetadataLookup> {
        lookup.downcast_mut()
    }
}
