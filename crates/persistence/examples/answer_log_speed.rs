//! How long an answer waits to be stored, alone, among many, and beside other writers, and what a question costs:
//! `cargo run --release -p square-persistence --example answer_log_speed [URL]`. Without a URL of an empty database, a
//! SQLite file that is gone afterwards.

use jiff::Timestamp;
use square_accounts::ports::{Consequences, SessionStore};
use square_cluster::InstanceId;
use square_kernel::{
    Clock, KeyId, OsRandomness, SealBroken, Sealed, Sealer, SessionId, SkillId, SystemClock,
};
use square_persistence::{Database, DatabaseQuestionLog, DatabaseSettings, Stores};
use square_routing::{
    Choice, Chosen, Ending, Finish, LogEntry, LogEvent, QuestionId, QuestionLog, QuestionRecord, SkillOutcome,
};
use square_skills::ResultItem;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

type Fault = Box<dyn Error + Send + Sync>;

const APPENDS: u32 = 5000;
const TASKS: u32 = 32;
const QUESTIONS: u32 = 20_000;
/// How many questions are under way at a time.
const UNDER_WAY: [u32; 3] = [1, 32, 256];

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

async fn opened(log: &DatabaseQuestionLog) -> Result<QuestionId, Fault> {
    let id = QuestionId::new(&SystemClock, &OsRandomness);
    let choice = Choice { selector: "Square".to_owned(), chosen: vec![skill()], ..Choice::default() };
    let (text, asked_at) = ("Who played in Heat?".into(), SystemClock.now());
    let deadline = Duration::from_secs(10);
    log.open(&QuestionRecord { id, asker: None, text, choice, asked_at, deadline, opening: true }).await?;
    Ok(id)
}

fn finished(seq: u32) -> Arc<LogEntry> {
    let finish = Finish { ending: Ending::Complete, took: Duration::from_millis(20) };
    Arc::new(LogEntry { seq, at: SystemClock.now(), event: LogEvent::Finished(finish) })
}

/// Questions one after the other, each with the answer of one skill and its end: how long each takes to be stored.
async fn ask_all(log: &DatabaseQuestionLog, questions: u32) -> Result<Vec<Duration>, Fault> {
    let mut times = Vec::new();
    for _ in 0..questions {
        let entries = [answer(1), finished(2)];
        let start = Instant::now();
        let id = opened(log).await?;
        log.append(id, &entries).await?;
        times.push(start.elapsed());
    }
    Ok(times)
}

/// The time that this process has computed, where the system tells; in hundredths of a second.
fn computed() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().ok());
    Some(Duration::from_millis(10 * ticks.sum::<Option<u64>>()?))
}

async fn append_all(log: &DatabaseQuestionLog, appends: u32) -> Result<Vec<Duration>, Fault> {
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

/// Tells how fast questions are stored, `under_way` of them at a time.
#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
async fn report_questions(log: &Arc<DatabaseQuestionLog>, under_way: u32) -> Result<(), Fault> {
    let (start, before) = (Instant::now(), computed());
    let tasks: Vec<_> = (0..under_way)
        .map(|_| {
            let log = Arc::clone(log);
            tokio::spawn(async move { ask_all(&log, QUESTIONS / under_way.max(4)).await })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let (questions, took) = (u32::try_from(times.len())?, start.elapsed());
    report(&format!("questions, {under_way} at a time"), times, took);
    if let (Some(before), Some(after)) = (before, computed()) {
        println!("{:<26} {:?} of computing each", "", after.saturating_sub(before) / questions);
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let file = format!("sqlite:{}", folder.path().join("square.db").display());
    let url = std::env::args().nth(1).unwrap_or(file);
    let database = Database::open(DatabaseSettings::new(url)).await?;
    database.migrate().await?;
    let stores = Stores::new(database.clone(), Arc::new(NoSealer));
    let log = Arc::new(DatabaseQuestionLog::new(database, InstanceId::new(&SystemClock, &OsRandomness))?);

    for under_way in UNDER_WAY {
        report_questions(&log, under_way).await?;
    }

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
                    stores.end(session, Timestamp::now(), Consequences::none()).await?;
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
