//! How long an answer waits to be stored, alone, among many, and beside other writers:
//! `cargo run --release -p square-persistence --example answer_log_speed`.

use jiff::Timestamp;
use square_accounts::ports::SessionStore;
use square_kernel::{Clock, OsRandomness, SealBroken, Sealed, Sealer, SessionId, SkillId, SystemClock};
use square_persistence::{Database, DatabaseQuestionLog, DatabaseSettings, Stores};
use square_routing::{
    Choice, Chosen, LogEntry, LogEvent, QuestionId, QuestionLog, QuestionRecord, SkillOutcome,
};
use square_skills::ResultItem;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

const APPENDS: u32 = 5000;
const TASKS: u32 = 32;

struct NoSealer;

impl Sealer for NoSealer {
    fn seal(&self, _purpose: &str, plain: &[u8]) -> Sealed {
        Sealed(plain.to_vec())
    }

    fn open(&self, _purpose: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        Ok(Zeroizing::new(sealed.0.clone()))
    }
}

fn skill() -> Chosen {
    Chosen {
        skill: SkillId::new(&SystemClock, &OsRandomness),
        name: "casting".to_owned(),
        description: "Knows films.".to_owned(),
        score: 0.75,
    }
}

fn answer(seq: u32) -> Arc<LogEntry> {
    let answer =
        Ok((0..5).map(|_| ResultItem::text("Al Pacino and Robert De Niro played in Heat.")).collect());
    let outcome = SkillOutcome { skill: skill(), took: Duration::from_millis(20), answer };
    Arc::new(LogEntry { seq, at: SystemClock.now(), event: LogEvent::SkillResult(outcome) })
}

async fn opened(log: &DatabaseQuestionLog) -> Result<QuestionId, Box<dyn Error + Send + Sync>> {
    let id = QuestionId::new(&SystemClock, &OsRandomness);
    let choice = Choice { selector: "Square".to_owned(), chosen: vec![skill()], nearest: None };
    let (text, asked_at) = ("Who played in Heat?".into(), SystemClock.now());
    let deadline = Duration::from_secs(10);
    log.open(&QuestionRecord { id, asker: None, text, choice, asked_at, deadline }).await?;
    Ok(id)
}

async fn append_all(
    log: &DatabaseQuestionLog,
    appends: u32,
) -> Result<Vec<Duration>, Box<dyn Error + Send + Sync>> {
    let id = opened(log).await?;
    let mut times = Vec::new();
    for seq in 1..=appends {
        let entry = [answer(seq)];
        let start = Instant::now();
        log.append(id, &entry).await?;
        times.push(start.elapsed());
    }
    Ok(times)
}

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index in a short list"
)]
fn report(what: &str, mut times: Vec<Duration>, took: Duration) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let rate = times.len() as f64 / took.as_secs_f64();
    println!("{what:<26} {rate:>8.0}/s   median {:?}, 99 % {:?}, worst {:?}", at(0.5), at(0.99), at(1.0));
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("square.db").display());
    let database = Database::open(DatabaseSettings::new(url)).await?;
    database.migrate().await?;
    let stores = Stores::new(database.clone(), Arc::new(NoSealer));
    let log = Arc::new(DatabaseQuestionLog::new(database)?);

    let start = Instant::now();
    report("one asker", append_all(&log, APPENDS).await?, start.elapsed());

    let start = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { append_all(&log, APPENDS / 4).await })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    report("32 askers", times, start.elapsed());

    let done = Arc::new(AtomicBool::new(false));
    let others: Vec<_> = (0..4)
        .map(|_| {
            let (stores, done) = (stores.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let mut times = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    let start = Instant::now();
                    let session = SessionId::new(&SystemClock, &OsRandomness);
                    stores.end(session, Timestamp::now()).await?;
                    times.push(start.elapsed());
                }
                Ok::<_, square_kernel::Unavailable>(times)
            })
        })
        .collect();
    let start = Instant::now();
    report("one beside 4 other writers", append_all(&log, APPENDS).await?, start.elapsed());
    let took = start.elapsed();
    done.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for other in others {
        times.extend(other.await??);
    }
    report("those other writers", times, took);
    Ok(())
}
