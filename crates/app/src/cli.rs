use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Square routes questions: people register answering services ("skills"), anyone asks a question once, and
/// the skills that fit answer side by side.
#[derive(Debug, Parser)]
#[command(name = "square", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    /// The folder with default.toml and the files for each environment; none of them needs to exist.
    #[arg(long, global = true, value_name = "FOLDER", env = "SQUARE_CONFIG", default_value = "config")]
    pub(crate) config: PathBuf,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do; `serve` when nothing is said.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server (the default command).
    ///
    /// On a fresh machine this needs nothing: it listens on 127.0.0.1:8080 and keeps a SQLite database, its
    /// secrets and outgoing mail under data/. config/default.toml lists every setting.
    Serve(Serve),
    /// Ask a running server a question and show the answers as they arrive.
    Ask(Ask),
    /// Bring the database to this version's tables; `serve` does so by itself.
    Migrate,
    /// Move everything from one database to another.
    #[command(subcommand)]
    Db(Db),
    /// Make, promote, suspend and readmit accounts.
    #[command(subcommand)]
    User(User),
    /// Look after changes that a receiver (RabbitMQ, Pusher) refused for good.
    #[command(subcommand)]
    Outbox(Outbox),
    /// Ask the server on this machine whether it can serve requests; fails when it cannot.
    Health,
    /// Print the OpenAPI document.
    Openapi,
    /// Check the settings and say which values are in force, without secrets.
    CheckConfig,
}

#[derive(Debug, Args, Default)]
pub(crate) struct Serve {
    /// Add a demo user, demo data and the built-in skills, published, so that a question gets answers at once.
    #[arg(long)]
    pub(crate) demo: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// The question.
    #[arg(value_name = "QUESTION", required = true, num_args = 1..)]
    pub(crate) question: Vec<String>,

    /// Where the server is, with its base path. [default: as the settings say]
    #[arg(long, value_name = "URL", env = "SQUARE_SERVER")]
    pub(crate) server: Option<String>,

    /// An access token, to ask as somebody.
    #[arg(long, value_name = "TOKEN", env = "SQUARE_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,

    /// The selector that chooses the skills.
    #[arg(long, value_name = "NAME")]
    pub(crate) selector: Option<String>,

    /// Ask only this skill, by name or id; may be given several times.
    #[arg(long = "skill", value_name = "SKILL")]
    pub(crate) skills: Vec<String>,

    /// How many skills to ask at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    pub(crate) max_skills: u16,

    /// How long to wait, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    pub(crate) deadline_ms: u32,

    /// Print each event as a line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Db {
    /// Copy all data to an empty database, and compare both in the end.
    ///
    /// Each of the two may be SQLite, PostgreSQL or MySQL/MariaDB. Stop the servers on the source first: what they write
    /// while it is copied would be missing. The target is made ready by this command; one that has data is refused.
    /// A copy that was interrupted goes on when the same command is run again.
    ///
    /// Passwords, sessions and whatever else is sealed work on the copy with the same `SECRET_KEY` and
    /// `SECURITY_PASSWORD_SALT`, or the same files `secret_key` and `password_salt` in the data folder.
    Copy {
        #[command(flatten)]
        ends: Ends,
        /// Copy although servers are running on the source.
        #[arg(long)]
        force: bool,
    },
    /// Say whether two databases hold the same, table by table.
    Verify {
        #[command(flatten)]
        ends: Ends,
    },
}

/// Two databases. By the environment, passwords do not show in the list of processes.
#[derive(Debug, Args)]
pub(crate) struct Ends {
    /// The source: `sqlite:path`, `postgres://user:password@host/database` or
    /// `mysql://user:password@host/database`.
    #[arg(long, value_name = "URL", env = "SQUARE_DB_FROM", hide_env_values = true)]
    pub(crate) from: String,

    /// The target, in the same form.
    #[arg(long, value_name = "URL", env = "SQUARE_DB_TO", hide_env_values = true)]
    pub(crate) to: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Make an account that is confirmed at once. Without --password-stdin a password is made up and printed.
    Create {
        /// Its public name.
        username: String,
        /// Its e-mail address.
        #[arg(long)]
        email: Option<String>,
        /// A role beyond `user`; may be given several times.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give an account a role.
    Promote {
        /// Its name or e-mail address.
        login: String,
        /// The role.
        #[arg(long, default_value = "admin")]
        role: String,
    },
    /// Keep an account from being used and end its sessions.
    Suspend {
        /// Its name or e-mail address.
        login: String,
    },
    /// Let a suspended account be used again.
    Readmit {
        /// Its name or e-mail address.
        login: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Outbox {
    /// Show what is set aside, oldest first, and why.
    List {
        /// How many at most.
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        limit: u32,
    },
    /// Have what a receiver refused delivered again, once the cause is mended. A running server does it soon.
    Replay {
        /// The receiver, as `list` names it.
        receiver: String,
    },
    /// Keep nothing more for a receiver that is not in use any longer. Otherwise every change is kept for it.
    Retire {
        /// The receiver, such as rabbitmq or pusher.
        receiver: String,
    },
}
