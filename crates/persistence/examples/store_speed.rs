//! What reading through the stores costs beside bare diesel queries of the same rows, taking turns:
//! `cargo run --release -p square-persistence --example store_speed [URL]`. Without a URL of an empty database, a
//! SQLite file that is gone afterwards.

#![expect(missing_docs, reason = "the tables are this example's own")]
#![expect(clippy::print_stdout, reason = "it is a measuring program")]

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncMysqlConnection, AsyncPgConnection};
use square_accounts::ports::{AccountStore, Consequences, NewAccount, SessionStore};
use square_accounts::{LoginMethod, PasswordHash, PersonName, Username};
use square_kernel::{Clock, KeyId, OsRandomness, SealBroken, Sealed, Sealer, SkillId, SystemClock, UserId};
use square_persistence::{Database, DatabaseSettings, Stores};
use square_skills::ports::SkillStore;
use square_skills::{Protocol, RegisteredSkill, SkillAddress, SkillDescription, SkillName, SkillUrl};
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const ROUNDS: usize = 5;
const CALLS: u32 = 1000;
const SKILLS: usize = 100;

diesel::table! {
    skills (id) {
        id -> Binary,
        owner_id -> Binary,
        name -> Text,
        description -> Text,
        address -> Text,
        published -> Bool,
        samples -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        ended_at -> Nullable<BigInt>,
    }
}

type SkillRow = (Vec<u8>, Vec<u8>, String, String, String, bool, String, i64);
type SessionRow = (Vec<u8>, Option<i64>);

struct NoSealer;

impl Sealer for NoSealer {
    fn seal(&self, _purpose: &str, plain: &[u8]) -> Sealed {
        Sealed(plain.to_vec())
    }

    fn open(&self, _purpose: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        Ok(Zeroizing::new(sealed.0.clone()))
    }

    fn keys(&self) -> Vec<KeyId> {
        vec![KeyId([0; 4])]
    }

    fn key_of(&self, _sealed: &Sealed) -> Option<KeyId> {
        Some(self.current())
    }
}

/// A connection that is used without any store.
enum Bare {
    Sqlite(Box<diesel::SqliteConnection>),
    Postgres(Box<AsyncPgConnection>),
    Mysql(Box<AsyncMysqlConnection>),
}

impl Bare {
    async fn connect(url: &str) -> Outcome<Self> {
        Ok(match url.split_once(':') {
            Some(("sqlite", path)) => Self::Sqlite(Box::new(diesel::SqliteConnection::establish(path)?)),
            Some(("mysql", _)) => Self::Mysql(Box::new(AsyncMysqlConnection::establish(url).await?)),
            _ => Self::Postgres(Box::new(AsyncPgConnection::establish(url).await?)),
        })
    }

    async fn skills(&mut self) -> Outcome<usize> {
        let rows: Vec<SkillRow> = match self {
            Self::Sqlite(connection) => skills::table.order(skills::id).load(connection.as_mut())?,
            Self::Postgres(connection) => {
                diesel_async::RunQueryDsl::load(skills::table.order(skills::id), connection.as_mut()).await?
            }
            Self::Mysql(connection) => {
                diesel_async::RunQueryDsl::load(skills::table.order(skills::id), connection.as_mut()).await?
            }
        };
        Ok(rows.len())
    }

    async fn ended(&mut self, since: i64) -> Outcome<usize> {
        let query = sessions::table.filter(sessions::ended_at.ge(since));
        let rows: Vec<SessionRow> = match self {
            Self::Sqlite(connection) => query.load(connection.as_mut())?,
            Self::Postgres(connection) => diesel_async::RunQueryDsl::load(query, connection.as_mut()).await?,
            Self::Mysql(connection) => diesel_async::RunQueryDsl::load(query, connection.as_mut()).await?,
        };
        Ok(rows.len())
    }
}

fn account() -> Outcome<NewAccount> {
    let now = SystemClock.now();
    Ok(NewAccount {
        id: UserId::new(&SystemClock, &OsRandomness),
        username: Username::parse("owner")?,
        email: None,
        first_name: PersonName::default(),
        last_name: PersonName::default(),
        password: PasswordHash::new("hash"),
        confirmed_at: Some(now),
        login_method: LoginMethod::Signup,
        roles: vec!["user".to_owned()],
        created_at: now,
    })
}

fn skill(owner: UserId, number: usize) -> Outcome<RegisteredSkill> {
    let now = SystemClock.now();
    Ok(RegisteredSkill {
        id: SkillId::new(&SystemClock, &OsRandomness),
        owner,
        name: SkillName::parse(&format!("Skill {number}"))?,
        description: SkillDescription::parse("Answers questions about a subject of its own.")?,
        address: SkillAddress::Remote {
            url: SkillUrl::parse(&format!("http://skill-{number}.example"))?,
            protocol: Protocol::Square,
        },
        secret: None,
        signing: None,
        model: None,
        published: false,
        samples: Arc::default(),
        created_at: now,
        updated_at: now,
    })
}

/// The median of what the calls of a round take, in microseconds.
async fn median(mut call: impl AsyncFnMut() -> Outcome<usize>) -> Outcome<f64> {
    let mut times = Vec::new();
    for _ in 0..CALLS {
        let begun = Instant::now();
        call().await?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2].as_secs_f64() * 1e6)
}

async fn compare(
    what: &str,
    mut store: impl AsyncFnMut() -> Outcome<usize>,
    mut bare: impl AsyncFnMut() -> Outcome<usize>,
) -> Outcome<()> {
    for _ in 0..ROUNDS {
        let (through_store, alone) = (median(&mut store).await?, median(&mut bare).await?);
        println!(
            "{what:<28} store {through_store:>8.1} us   bare {alone:>8.1} us   {:.2}",
            through_store / alone
        );
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let file = format!("sqlite:{}", folder.path().join("square.db").display());
    let url = std::env::args().nth(1).unwrap_or(file);
    let database = Database::open(DatabaseSettings::new(&url)).await?;
    database.migrate().await?;
    let stores = Stores::new(database, Arc::new(NoSealer));
    let owner = account()?;
    stores.register(&owner, None, Consequences::none()).await?;
    for number in 0..SKILLS {
        stores.insert(&skill(owner.id, number)?, None, None).await?;
    }
    let bare = tokio::sync::Mutex::new(Bare::connect(&url).await?);
    let now = SystemClock.now();
    compare(
        "a list of 100 skills",
        async || Ok(stores.all().await?.len()),
        async || bare.lock().await.skills().await,
    )
    .await?;
    // What every instance asks again and again.
    let since = now - Duration::from_mins(2);
    compare(
        "sessions ended of late (none)",
        async || Ok(stores.ended_since(since).await?.len()),
        async || bare.lock().await.ended(since.as_microsecond()).await,
    )
    .await
}
