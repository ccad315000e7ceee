use crate::secrets::SecretFile;
use clap::{Args, Parser, Subcommand, ValueEnum};
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
    /// Look after accounts.
    ///
    /// Works on the database that the settings name; running servers on it follow within a second. The operator may do what no administrator may:
    /// suspend or delete the last one.
    #[command(subcommand, after_help = USER_EXAMPLES)]
    User(User),
    /// Look after roles: what each allows, everybody who has it may do.
    #[command(subcommand, after_help = ROLE_EXAMPLES)]
    Role(Role),
    /// Look after skills: add those that are part of this program.
    #[command(subcommand, after_help = SKILL_EXAMPLES)]
    Skill(Skill),
    /// Look after keys: replace the installation's secrets and the keys that sign access tokens, without signing anybody out.
    ///
    /// Works on the database that the settings name, also beside running servers. Never shows a secret. docs/operations.md, "Keys and
    /// secrets", goes through it step by step.
    #[command(subcommand, after_help = KEYS_EXAMPLES)]
    Keys(Keys),
    /// Look after letters that could not be sent, and changes that a receiver (RabbitMQ, Pusher) refused for good.
    #[command(subcommand, after_help = OUTBOX_EXAMPLES)]
    Outbox(Outbox),
    /// Take in data of the built-in services from a file.
    ///
    /// A file is CSV with a header, a JSON array, or JSON lines; `-` stands for standard input. Works on the database that the settings
    /// name; running servers on it follow. Of each bad row it tells the line and what is wrong, and then stores nothing, unless
    /// --keep-good is given.
    #[command(subcommand, after_help = IMPORT_EXAMPLES)]
    Import(Import),
    /// Write data of the built-in services to standard output, in a format that `import` takes.
    #[command(subcommand, after_help = EXPORT_EXAMPLES)]
    Export(Export),
    /// See how well questions are routed.
    #[command(subcommand, after_help = ROUTING_EXAMPLES)]
    Routing(Routing),
    /// Ask the server on this machine whether it can serve requests; fails when it cannot.
    Health,
    /// Print the OpenAPI document.
    Openapi,
    /// Check the settings, say which values are in force, without secrets, and try out what they name.
    ///
    /// Connects to the database, the mail server, the broker and so on as a server would, each within ten seconds, and says of each
    /// whether that went well; fails when one did not. Sends no letter, publishes nothing and runs no migration.
    CheckConfig(CheckConfig),
}

const USER_EXAMPLES: &str = "Examples:
  square user create ada --email ada@example.org --role admin
  square user list --search example.org --role admin
  square user revoke ada --role admin
  echo 'a long pass phrase' | square user set-password ada --password-stdin
  square user reset-mfa ada
  square user delete ada --yes";

const ROLE_EXAMPLES: &str = "Examples:
  square role list
  square role create critic
  square role allow critic get:movies
  square role allow anonymous get:movies    (everybody, signed in or not)
  square role deny critic get:movies";

const SKILL_EXAMPLES: &str = "Examples:
  square skill add-builtin events --owner ada
  square skill add-builtin casting --owner ada@example.org --name Films";

const KEYS_EXAMPLES: &str = "Examples:
  square keys status
  SECRET_KEY=$new SECRET_KEY_PREVIOUS=$old square keys reseal && echo 'the old one may go'
  square keys renew secret-key              (for a secret that lies in the data folder)
  square keys rotate-signing
  square keys rotate-signing --replace      (others have got hold of a signing key)";

const OUTBOX_EXAMPLES: &str = "Examples:
  square outbox list --json
  square outbox replay letters
  square outbox replay rabbitmq
  square outbox retire 01932c071c2b7d3e8f4a5b6c7d8e9fa0";

const IMPORT_EXAMPLES: &str = "Examples:
  square import events events.csv --owner ada
  square import events - --keep-good < events.jsonl

Ends with 0 where all rows were stored, with 3 where --keep-good left some out, and with 1 where nothing was stored.";

const EXPORT_EXAMPLES: &str = "Examples:
  square export events > events.csv
  square export events --format jsonl | gzip > events.jsonl.gz";

const ROUTING_EXAMPLES: &str = "Examples:
  square routing eval questions.jsonl
  square routing eval questions.jsonl --confusion=20
  square routing eval questions.jsonl --train ten-examples-a-skill.jsonl";

const EVAL_FIGURES: &str = "\
The last line printed is a JSON object. Of the questions that a skill fits:
  top1                   the share for which the right skill came first
  top3                   the share for which it was among the first three
  in_scope_at_threshold  the share for which it came first and passed the threshold
Of the questions that no skill fits:
  oos_recall             the share for which no skill passed the threshold
  oos_auroc              how probable it is that a question that a skill fits has a
                         higher best score (area under the ROC curve)
Of all of them:
  ece                    how far best scores are from the share of right ones, on
                         average over ten bands (expected calibration error)
  train_ms               how long learning took, in milliseconds
  p50_us, p99_us         half, and 99 of 100, were ranked in so many microseconds
  model_bytes            memory that what was learnt takes for ranking
  skills, examples       how many were learnt, and from how many questions
Shares lie between 0 and 1; null stands where there was nothing to measure.";

#[derive(Debug, Subcommand)]
pub(crate) enum Routing {
    /// Measure a selector on questions whose skills are known. Needs no server and no database.
    ///
    /// A file has one question a line, `{"split": "train" | "val" | "test", "skill": "…", "question": "…"}`, where
    /// `"skill": null` stands for a question that no skill fits. The selector learns from `train`, its
    /// probabilities are fitted to `val`, and `test` is measured.
    #[command(after_help = EVAL_FIGURES)]
    Eval(Eval),
}

#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// Questions, as JSON lines. Several files are taken as one.
    #[arg(value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) files: Vec<PathBuf>,

    /// Take the split `train` from this file alone.
    #[arg(long, value_name = "FILE")]
    pub(crate) train: Option<PathBuf>,

    /// The selector to measure.
    #[arg(long, value_name = "NAME", value_enum, ignore_case = true, default_value_t = SelectorName::Square)]
    pub(crate) selector: SelectorName,

    /// Show the pairs of skills that are confused most, with questions. [default number: 10]
    #[arg(long, value_name = "PAIRS", num_args = 0..=1, require_equals = true, default_missing_value = "10")]
    pub(crate) confusion: Option<usize>,

    /// Write what became of each test question to this file, as JSON lines.
    #[arg(long, value_name = "FILE")]
    pub(crate) predictions: Option<PathBuf>,
}

/// Selectors that can be measured without the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SelectorName {
    /// Learns from the examples, inside this process.
    Square,
    /// Takes the skills in the order given: what guessing comes to.
    Base,
    /// Learns from the examples and their embeddings, from where the settings `selectors.embedding` say.
    Embedding,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// Events: the columns date, time, venue, address and owner. They are entered anew; what is there already stays.
    Events {
        #[command(flatten)]
        file: ImportFile,
        /// Whose the events are that no row names an owner of: a name or an e-mail address.
        #[arg(long, value_name = "USER")]
        owner: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ImportFile {
    /// The file; `-` for standard input. At most 64 MiB and 100000 rows.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Store the good rows of a file that has bad ones.
    #[arg(long)]
    pub(crate) keep_good: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// All events, by day and time, with the names of their owners.
    Events {
        /// The format.
        #[arg(long, value_enum, default_value_t = FileFormat::Csv)]
        format: FileFormat,
    },
}

/// A format of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// Comma-separated, with a header.
    Csv,
    /// One array of objects.
    Json,
    /// An object a line.
    Jsonl,
}

#[derive(Debug, Args, Default)]
pub(crate) struct Serve {
    /// Add a demo user, demo data and the built-in skills, published, so that a question gets answers at once.
    #[arg(long)]
    pub(crate) demo: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckConfig {
    /// Look at the settings alone, as where a configuration is made for another machine: nobody is called.
    #[arg(long)]
    pub(crate) offline: bool,
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
    /// Show accounts, newest first.
    List {
        /// Only those whose name or address has this text in it.
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only those that have this role.
        #[arg(long, value_name = "ROLE")]
        role: Option<String>,
        /// Only those that are suspended.
        #[arg(long)]
        suspended: bool,
        /// How many at most; all of them where it is left out.
        #[arg(long, value_name = "NUMBER")]
        limit: Option<usize>,
        /// Print them as a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Show all that there is to know of an account.
    Show {
        /// Its name or e-mail address.
        login: String,
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a role away from an account.
    Revoke {
        /// Its name or e-mail address.
        login: String,
        /// The role.
        #[arg(long)]
        role: String,
    },
    /// Set the password of an account, end its sessions and tell its owner by letter. Without --password-stdin a password is made up and
    /// printed.
    SetPassword {
        /// Its name or e-mail address.
        login: String,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Vouch for the address of an account, so that its owner need not confirm it.
    Confirm {
        /// Its name or e-mail address.
        login: String,
    },
    /// Switch the second factor of an account off, for somebody who has lost it, end its sessions and tell its owner by letter.
    ResetMfa {
        /// Its name or e-mail address.
        login: String,
    },
    /// Show the live sessions of an account, newest first.
    Sessions {
        /// Its name or e-mail address.
        login: String,
    },
    /// End all sessions of an account.
    SignOut {
        /// Its name or e-mail address.
        login: String,
    },
    /// Delete an account and all that belongs to it, and tell its owner by letter.
    Delete {
        /// Its name or e-mail address.
        login: String,
        /// Needed, since nothing brings it back.
        #[arg(long, required = true)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// Show all roles, what they allow and how many accounts have them.
    List {
        /// Print them as a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Make a role that allows nothing yet.
    Create {
        /// Its name: lower-case letters, digits, `_` and `-`.
        role: String,
    },
    /// Delete a role, also from everybody who has it.
    Delete {
        /// Its name.
        role: String,
    },
    /// Have a role allow something. Everybody who has it may do that within a second.
    Allow {
        /// Its name.
        role: String,
        /// What it allows, written verb:thing, such as get:movies.
        permission: String,
    },
    /// Have a role allow something no more.
    Deny {
        /// Its name.
        role: String,
        /// What it allowed.
        permission: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Skill {
    /// Register a built-in skill and have it trained with questions about the data that there is, and so published.
    ///
    /// `serve --demo` does this by itself. What changes in the data later is learnt by the servers.
    AddBuiltin {
        /// Which one: casting, events or companies.
        #[arg(value_name = "NAME")]
        part: String,
        /// Whose it is to be: a name or an e-mail address.
        #[arg(long, value_name = "USER")]
        owner: String,
        /// What it is called; Casting, Events or Companies where it is left out.
        #[arg(long)]
        name: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Say which keys are in use: what is sealed under which, how many sessions and passwords hang on which, and which sign tokens.
    Status {
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Seal everything anew under the key of `SECRET_KEY`, and say whether previous secrets may be dropped.
    ///
    /// Set `SECRET_KEY` to the new secret and `SECRET_KEY_PREVIOUS` to the old one, for the servers and for this command. It may run beside
    /// servers, be killed, and be run again.
    ///
    /// Ends with 0 where all previous secrets may be dropped and nobody is signed out by that, with 3 where not yet, saying why, and
    /// with 1 where it could not do its work.
    Reseal,
    /// Make another key that signs access tokens; needs `auth.algorithm = "EdDSA"`.
    ///
    /// Every server and /.well-known/jwks.json know it at once; it signs after `auth.signing_key_lead_s`. The one before verifies for as
    /// long as tokens of it are good, and is deleted then. Servers do this by themselves every `auth.signing_key_days`.
    RotateSigning {
        /// Sign with it at once and delete all others: tokens that they signed are refused. Clients get new ones by their refresh
        /// token; services that keep the public keys refuse these until they have fetched them again.
        #[arg(long)]
        replace: bool,
    },
    /// Make a new secret in the data folder, and keep the one before beside it, in a file that ends with .previous.
    ///
    /// For secrets that no setting names. Restart the server right after it.
    Renew {
        /// Which one.
        secret: SecretFile,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Outbox {
    /// Show what is set aside, oldest first, and why; and how many letters wait.
    List {
        /// How many letters and how many changes at most.
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        limit: u32,
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Have letters sent again, or what a receiver refused delivered again, once the cause is mended. A running server does it soon.
    Replay {
        /// `letters` for all letters, the identifier of one, or the receiver, as `list` names it.
        what: String,
    },
    /// Delete letters that are set aside, or keep nothing more for a receiver that is not in use any longer. Otherwise every change is kept
    /// for it.
    Retire {
        /// `letters` for all letters, the identifier of one, or the receiver, such as rabbitmq or pusher.
        what: String,
    },
}
