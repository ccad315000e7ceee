use crate::copy::checksum::Checksum;
use crate::copy::tables::TABLES;
use diesel::r2d2::Error as ConnectError;
use square_kernel::Unavailable;
use std::fmt;

/// Why a copy was not made, or not finished: one sentence for the operator, without any password.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Source and target are one.
    #[error("both are the same database, {0}")]
    Same(String),
    /// It has not all the tables of this version.
    #[error("{0} does not have the tables of this version; migrate it first")]
    Behind(String),
    /// The source is the target of another copy.
    #[error("{0} holds a copy that was interrupted; finish that one first")]
    HalfSource(String),
    /// Servers would go on writing to the source.
    #[error("{database} is in use by {} that would go on writing to it; stop them first", servers(*.running))]
    InUse {
        /// The source.
        database: String,
        /// How many servers.
        running: usize,
    },
    /// The target has data already.
    #[error("{database} has data already (in the table {table}); copy to an empty database")]
    NotEmpty {
        /// The target.
        database: String,
        /// A table that is not empty.
        table: &'static str,
    },
    /// The target holds part of something else than the source.
    #[error(
        "{database} holds an interrupted copy of another database, or of this one before it changed \
         (the table {table} is not the same); empty it and start again"
    )]
    OtherSource {
        /// The target.
        database: String,
        /// The table that tells.
        table: &'static str,
    },
    /// The target holds a copy that another version of this program has begun.
    #[error("{0} holds a copy that another version of this program has begun; empty it and start again")]
    OtherVersion(String),
    /// Somebody else copies to the same target.
    #[error("another process copies to {0} at the moment")]
    Crowded(String),
    /// The databases do not hold the same.
    #[error("the databases differ: {}", listed(.0))]
    Different(Vec<TableDifference>),
    /// A database cannot be connected to.
    #[error("{database} cannot be reached: {cause}")]
    Unreachable {
        /// Which one.
        database: String,
        /// What it said.
        cause: ConnectError,
    },
    /// A table cannot be read or written.
    #[error("the table {table} of {database} failed: {cause}")]
    Table {
        /// The table.
        table: &'static str,
        /// Of which database.
        database: String,
        /// What it said.
        cause: diesel::result::Error,
    },
    /// A database refused something else.
    #[error("{database} failed: {cause}")]
    Database {
        /// Which one.
        database: String,
        /// What it said.
        cause: diesel::result::Error,
    },
    /// A database cannot be used at the moment.
    #[error("{database} cannot be used: {}", cause.chain())]
    Unavailable {
        /// Which one.
        database: String,
        /// Why.
        cause: Unavailable,
    },
    /// A defect of ours or of a driver's.
    #[error("copying broke off: {0}")]
    Panicked(String),
}

/// A table that is not the same in both databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDifference {
    /// The table.
    pub table: &'static str,
    /// Its number of rows in the source.
    pub source: u64,
    /// Its number of rows in the target.
    pub target: u64,
}

impl fmt::Display for TableDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, source, target } = self;
        if source == target {
            write!(f, "{table} has {source} rows in both, but not the same")
        } else {
            write!(f, "{table} has {source} rows in the source and {target} in the target")
        }
    }
}

/// Compares tables, in the order of [`TABLES`].
pub(crate) fn compare(source: &[Checksum], target: &[Checksum]) -> Result<(), CopyError> {
    let pairs = TABLES.iter().zip(source.iter().zip(target));
    let differences: Vec<TableDifference> = pairs
        .filter(|(_, (source, target))| source != target)
        .map(|(table, (source, target))| TableDifference {
            table: table.name,
            source: source.rows,
            target: target.rows,
        })
        .collect();
    if differences.is_empty() { Ok(()) } else { Err(CopyError::Different(differences)) }
}

fn servers(number: usize) -> String {
    if number == 1 { "a server".to_owned() } else { format!("{number} servers") }
}

fn listed(differences: &[TableDifference]) -> String {
    let differences: Vec<String> = differences.iter().map(ToString::to_string).collect();
    differences.join("; ")
}
