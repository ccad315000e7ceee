//! Whether good answers arrive, and in time, while skills of every bad kind are asked beside the good ones.
//!
//! Questions come at a fixed rate, whatever becomes of those before them, by turns over REST and as a stream. Each goes to good skills
//! and to bad ones that take turns. The breaker pauses so briefly that bad skills are asked nearly all the time: with its
//! usual pauses there would be next to nothing to bear.

mod kinds;
mod question;

use crate::client::block_on_for;
use crate::options::Options;
use crate::process::{Footprint, Process};
use crate::server::{Binary, Server};
use crate::statistics::{quantile, sorted};
use crate::world::{ACCOUNT, Owner};
use crate::{Outcome, stubs};
use futures::future::join_all;
use kinds::kinds;
use question::{Asked, Outcomes};
use serde::Serialize;
use square_scripted_server::Stub;
use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Questions a second.
const RATE: u64 = 100;
/// How many good and how many bad skills each question goes to.
const GOOD: usize = 3;
const BAD: usize = 3;
/// What each question is given, and how much later its answer may be.
const DEADLINE: Duration = Duration::from_secs(1);
const GRACE: Duration = Duration::from_millis(50);
/// How often the server's memory is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// How long after the last question everything that was held for one must be gone.
const SETTLING: Duration = Duration::from_secs(5);
/// Longer than all of it takes.
const LIMIT: Duration = Duration::from_mins(30);

/// What was measured. Times are in milliseconds, memory is in megabytes.
#[derive(Debug, Serialize)]
pub(crate) struct Hostile {
    kinds: usize,
    seconds: u64,
    questions: usize,
    /// Questions that lacked a good answer or were not answered at all.
    short: Vec<String>,
    whole: Times,
    /// Until the last good answer was there, where answers are streamed.
    good: Times,
    before: Footprint,
    /// The most in each third of the time.
    thirds: [Footprint; 3],
    after: Footprint,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Times {
    median: f64,
    p99: f64,
    max: f64,
}

impl Times {
    fn of(times: &[Duration]) -> Self {
        let sorted = sorted(times.iter().map(|time| time.as_secs_f64() * 1e3));
        Self { median: quantile(&sorted, 0.5), p99: quantile(&sorted, 0.99), max: quantile(&sorted, 1.0) }
    }
}

/// Lets them loose for as long as `options` say: the rounds, each so many seconds.
pub(crate) fn hostile(binary: &Binary, options: &Options) -> Outcome<Hostile> {
    let mut settings = vec![
        ("APP_ENV", "test".to_owned()),
        ("SQUARE__SKILLS__BREAKER_FIRST_PAUSE_MS", "50".to_owned()),
        ("SQUARE__SKILLS__BREAKER_LONGEST_PAUSE_MS", "50".to_owned()),
    ];
    settings.extend(options.database.clone().map(|url| ("DATABASE_URL", url)));
    let server = Server::start(binary, settings, Some(&ACCOUNT))?;
    let good = stubs::instant(GOOD)?;
    let seconds = options.seconds * u64::from(options.rounds);
    // The bad ones have a thread of their own, so that they take no time from those who ask.
    let bad = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let kinds = kinds();
    let stubs = bad.block_on(join_all(kinds.iter().map(|kind| Stub::start(kind.script.clone()))));
    let registered: Vec<_> = kinds.iter().zip(&stubs).map(|(kind, stub)| (kind, stub.url())).collect();
    block_on_for(LIMIT, async {
        let mut owner = Owner::sign_in(crate::client::Connection::open(server.address).await?).await?;
        let mut asked = Asked::new(server.address, DEADLINE);
        for (number, url) in good.iter().enumerate() {
            asked.good.push(owner.publish(number, "square", url).await?);
        }
        for (number, (kind, url)) in registered.iter().enumerate() {
            anstream::eprintln!("hostile: letting loose a skill that {}", kind.what);
            asked.bad.push(owner.publish(GOOD + number, kind.protocol, url).await?);
        }
        owner.wait_until_published(GOOD + registered.len()).await?;
        anstream::eprintln!("hostile: {} kinds, {seconds} s, {RATE} questions a second", registered.len());
        measure(Arc::new(asked), server.process(), seconds).await
    })
}

async fn measure(asked: Arc<Asked>, process: Process, seconds: u64) -> Outcome<Hostile> {
    let before = process.footprint()?;
    let time = Duration::from_secs(seconds);
    let (outcomes, thirds) = tokio::join!(press(&asked, time), watch(process, time));
    let outcomes = outcomes?;
    sleep(SETTLING).await;
    Ok(Hostile {
        kinds: asked.bad.len(),
        seconds,
        questions: outcomes.whole.len() + outcomes.short.len(),
        whole: Times::of(&outcomes.whole),
        good: Times::of(&outcomes.good),
        short: outcomes.short,
        before,
        thirds: thirds?,
        after: process.footprint()?,
    })
}

/// Asks at the fixed rate and waits for all that was asked.
async fn press(asked: &Arc<Asked>, time: Duration) -> Outcome<Outcomes> {
    let mut tick = interval(Duration::from_secs(1) / u32::try_from(RATE)?);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let begun = Instant::now();
    let mut questions = Vec::new();
    while begun.elapsed() < time {
        tick.tick().await;
        let (asked, number) = (Arc::clone(asked), questions.len());
        questions.push(tokio::spawn(async move { asked.ask(number, BAD).await }));
    }
    let mut outcomes = Outcomes::default();
    for question in questions {
        outcomes.note(question.await?);
    }
    Ok(outcomes)
}

async fn watch(process: Process, time: Duration) -> Outcome<[Footprint; 3]> {
    let mut thirds = [Footprint::default(); 3];
    let begun = Instant::now();
    while begun.elapsed() < time {
        sleep(LOOK).await;
        let third = usize::try_from(3 * begun.elapsed().as_millis() / time.as_millis())?.min(2);
        thirds[third] = thirds[third].max(process.footprint()?);
    }
    Ok(thirds)
}

impl Hostile {
    /// Whether nothing was lost, nothing was late and nothing grew.
    pub(crate) fn is_borne(&self) -> bool {
        self.short.is_empty() && self.is_in_time() && self.is_bounded()
    }

    fn is_in_time(&self) -> bool {
        self.whole.p99 <= (DEADLINE + GRACE).as_secs_f64() * 1e3
    }

    /// No more in the last third than in the one before it but for a fifth, and sockets are given back.
    fn is_bounded(&self) -> bool {
        let [_, middle, last] = self.thirds;
        let kept = self.before.descriptors + 4 * (GOOD + self.kinds);
        last.megabytes <= middle.megabytes * 1.2 && self.after.descriptors <= kept
    }

    /// A table for people.
    pub(crate) fn markdown(&self) -> String {
        let verdict = |reached| if reached { "reached" } else { "missed" };
        let Times { median, p99, max } = self.whole;
        let [first, middle, last] = self.thirds;
        let mut text = format!(
            "{} questions in {} s to {GOOD} good skills and {BAD} of {} bad ones, deadline {} ms\n\n\
             | what | figure | aim |\n|---|---|---|\n",
            self.questions,
            self.seconds,
            self.kinds,
            DEADLINE.as_millis()
        );
        let mut row = |what, figure: String, aim: String| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "| {what} | {figure} | {aim} |");
        };
        row(
            "questions that lack a good answer",
            self.short.len().to_string(),
            format!("none: {}", verdict(self.short.is_empty())),
        );
        let aim = (DEADLINE + GRACE).as_millis();
        row(
            "whole answer, median, p99, max",
            format!("{median:.1}, {p99:.1}, {max:.1} ms"),
            format!("p99 ≤ {aim} ms: {}", verdict(self.is_in_time())),
        );
        row(
            "last good answer in a stream",
            format!("{:.1}, {:.1}, {:.1} ms", self.good.median, self.good.p99, self.good.max),
            "–".to_owned(),
        );
        row(
            "memory before, in each third, after",
            format!(
                "{:.0}, {:.0}, {:.0}, {:.0}, {:.0} MB",
                self.before.megabytes,
                first.megabytes,
                middle.megabytes,
                last.megabytes,
                self.after.megabytes
            ),
            format!("does not grow: {}", verdict(self.is_bounded())),
        );
        row(
            "open descriptors, the same",
            format!(
                "{}, {}, {}, {}, {}",
                self.before.descriptors,
                first.descriptors,
                middle.descriptors,
                last.descriptors,
                self.after.descriptors
            ),
            "–".to_owned(),
        );
        for short in self.short.iter().take(5) {
            let _ = writeln!(text, "\n{short}");
        }
        text
    }

    /// Everything, for programs.
    pub(crate) fn json(&self) -> String {
        // Numbers and words always become JSON.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}
