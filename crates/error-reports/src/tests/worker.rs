use super::error;
use crate::groups::WINDOW;
use crate::intake::{Intake, Occurrence};
use crate::report::Report;
use crate::worker::{Carried, Carrier, Worker};
use square_kernel::testing::{ManualClock, lock};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Carries as the script says and, when it has ended, well. Tells when it began.
struct Scripted {
    script: Mutex<VecDeque<Carried>>,
    takes: Duration,
    carried: mpsc::UnboundedSender<(Instant, Report)>,
}

impl Carrier for Scripted {
    async fn carry(&self, report: &Report) -> Carried {
        self.carried.send((Instant::now(), report.clone())).ok();
        tokio::time::sleep(self.takes).await;
        lock(&self.script).pop_front().unwrap_or(Carried::Delivered)
    }
}

struct World {
    intake: Intake,
    occurrences: Option<mpsc::Receiver<Occurrence>>,
    begun: Instant,
    carried: mpsc::UnboundedReceiver<(Instant, Report)>,
    finish: Option<oneshot::Sender<()>>,
    work: Option<JoinHandle<()>>,
}

impl World {
    /// A worker that has not begun.
    fn idle(room: usize) -> Self {
        let (intake, occurrences) = Intake::new(room, Arc::new(ManualClock::default()));
        let (_, carried) = mpsc::unbounded_channel();
        let begun = Instant::now();
        Self { intake, occurrences: Some(occurrences), begun, carried, finish: None, work: None }
    }

    fn begin(&mut self, script: impl IntoIterator<Item = Carried>, takes: Duration) {
        let (out, reports) = mpsc::unbounded_channel();
        let (finish, finished) = oneshot::channel();
        let carrier = Scripted { script: Mutex::new(script.into_iter().collect()), takes, carried: out };
        let number = AtomicU64::new(0);
        let new_id = move || number.fetch_add(1, Ordering::Relaxed).to_string();
        let dropped = self.intake.dropped().clone();
        let worker = Worker::new(carrier, self.occurrences.take().unwrap(), finished, dropped, new_id);
        (self.carried, self.finish) = (reports, Some(finish));
        self.work = Some(tokio::spawn(worker.run()));
    }

    fn working(script: impl IntoIterator<Item = Carried>) -> Self {
        let mut world = Self::idle(64);
        world.begin(script, Duration::ZERO);
        world
    }

    /// Hands in and lets the worker do what can be done at once.
    async fn put(&self, message: &str) {
        self.intake.put(error(message));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    /// The next report carried and the seconds since the beginning.
    async fn next(&mut self) -> (u64, Report) {
        let (at, report) = self.carried.recv().await.unwrap();
        ((at - self.begun).as_secs(), report)
    }

    fn nothing_more(&mut self) -> bool {
        self.carried.try_recv().is_err()
    }

    /// Ends the worker; gives what was carried that nobody asked for before.
    async fn finish(mut self) -> Vec<Report> {
        drop(self.finish.take());
        self.work.take().unwrap().await.unwrap();
        std::iter::from_fn(|| self.carried.try_recv().ok()).map(|(_, report)| report).collect()
    }
}

fn later(after: Option<u64>) -> Carried {
    Carried::Later { after: after.map(Duration::from_secs), why: "no".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn equal_errors_of_a_minute_are_one_report() {
    let mut world = World::working([]);
    for number in 0..51 {
        world.put(&format!("the {number}th time")).await;
    }
    let (at, first) = world.next().await;
    assert_eq!((at, first.occurrences), (0, 1));
    assert!(world.nothing_more());
    let (at, rest) = world.next().await;
    assert_eq!((at, rest.occurrences), (WINDOW.as_secs(), 50));
    assert_eq!(rest.fingerprint, first.fingerprint);
    assert_eq!(rest.message, "the 50th time");

    // The group goes on for the next minute, and ends after one without.
    world.put("the 9th time").await;
    assert!(world.nothing_more());
    assert_eq!(world.next().await.0, 2 * WINDOW.as_secs());
    tokio::time::sleep(2 * WINDOW).await;
    world.put("the 9th time").await;
    assert_eq!(world.next().await.0, 4 * WINDOW.as_secs());
}

#[tokio::test(start_paused = true)]
async fn different_errors_are_reports_of_their_own() {
    let mut world = World::working([]);
    world.put("one").await;
    world.put("other").await;
    let mut panic = error("one");
    panic.kind = crate::intake::Kind::Panic;
    world.intake.put(panic);
    let mut caused = error("one");
    caused.fields.set("cause", "disk full".to_owned());
    world.intake.put(caused);
    for _ in 0..4 {
        assert_eq!(world.next().await.0, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_handed_over_is_sent_again_ever_more_seldom() {
    let mut world = World::working((0..11).map(|_| later(None)));
    world.put("lost").await;
    let mut times = Vec::new();
    for _ in 0..12 {
        let (at, report) = world.next().await;
        assert_eq!(report.id, "0");
        times.push(at);
    }
    let pauses: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);

    // All is forgotten once it went well.
    let before = world.begun.elapsed().as_secs();
    world.put("other").await;
    assert_eq!(world.next().await.0, before);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_for_a_pause_gets_it_within_reason() {
    let mut world = World::working([later(Some(30)), later(Some(1_000_000))]);
    world.put("lost").await;
    let times = [world.next().await.0, world.next().await.0, world.next().await.0];
    assert_eq!(times, [0, 30, 630]);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_not_sent_again_but_counted() {
    let mut world = World::working([Carried::Refused { why: "no".to_owned() }]);
    world.put("refused").await;
    assert_eq!(world.next().await.1.dropped_before, 0);
    tokio::time::sleep(WINDOW).await;
    assert!(world.nothing_more());
    world.put("next").await;
    assert_eq!(world.next().await.1.dropped_before, 1);
    world.put("third").await;
    assert_eq!(world.next().await.1.dropped_before, 0);
}

#[tokio::test(start_paused = true)]
async fn what_finds_the_queue_full_is_counted() {
    let mut world = World::idle(4);
    for number in 0..10 {
        world.intake.put(error(&"x".repeat(number)));
    }
    world.begin([], Duration::ZERO);
    assert_eq!(world.next().await.1.dropped_before, 6);
    assert_eq!(world.finish().await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_emptied_while_a_report_is_under_way() {
    let mut world = World::idle(4);
    world.begin([], Duration::from_secs(10));
    for _ in 0..100 {
        world.put("again").await;
    }
    assert_eq!(world.next().await.1.occurrences, 1);
    let rest = world.finish().await;
    assert_eq!(
        rest.iter().map(|report| (report.occurrences, report.dropped_before)).collect::<Vec<_>>(),
        [(99, 0)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_different_errors_is_cut_off() {
    let mut world = World::working([]);
    for number in 0..1_000 {
        world.put(&"x".repeat(number)).await;
    }
    let mut carried = 0;
    while world.carried.try_recv().is_ok() {
        carried += 1;
    }
    assert_eq!(carried, 100);
    tokio::time::sleep(WINDOW).await;
    world.put("after the storm").await;
    assert_eq!(world.next().await.1.dropped_before, 900);
}

#[tokio::test(start_paused = true)]
async fn equal_errors_of_a_long_outage_wait_as_one() {
    let world = World::working((0..6).map(|_| later(Some(600))));
    world.put("first").await;
    for _ in 0..50 {
        world.put("again").await;
        tokio::time::sleep(WINDOW).await;
    }
    world.intake.dropped().add(5);
    let rest = world.finish().await;
    let last = rest.last().unwrap();
    assert_eq!((last.message.as_str(), last.occurrences), ("again", 50));
    let told: u64 = rest.iter().filter(|report| report.message == "again").map(|r| r.occurrences).sum();
    assert_eq!(told, 50, "each is told once");
}

#[tokio::test(start_paused = true)]
async fn at_the_end_everything_is_handed_over() {
    let world = World::working([]);
    for _ in 0..3 {
        world.put("again").await;
    }
    world.intake.put(error("just before"));
    let all = world.finish().await;
    let told: Vec<_> = all.iter().map(|report| (report.message.as_str(), report.occurrences)).collect();
    assert_eq!(told, [("again", 1), ("just before", 1), ("again", 2)]);
}

#[tokio::test(start_paused = true)]
async fn at_the_end_the_first_failure_is_the_last_attempt() {
    let mut world = World::working([later(None), later(None)]);
    world.put("one").await;
    world.put("two").await;
    world.next().await;
    let attempts = world.finish().await;
    assert_eq!(attempts.iter().map(|report| report.message.as_str()).collect::<Vec<_>>(), ["one"]);
}

#[tokio::test(start_paused = true)]
async fn at_the_end_what_is_under_way_has_a_second_chance() {
    let mut world = World::idle(4);
    world.begin([later(None)], Duration::from_secs(1));
    world.put("one").await;
    world.next().await;
    let attempts = world.finish().await;
    assert_eq!(attempts.iter().map(|report| report.id.as_str()).collect::<Vec<_>>(), ["0"]);
}

#[test]
fn a_report_says_where_without_saying_who_built_it() {
    let place = |file: &str| {
        let mut occurrence = error("x");
        occurrence.place = Some((file.to_owned(), 3));
        Report::of(&occurrence, String::new()).place.unwrap().0
    };
    assert_eq!(place("crates/http/src/envelope.rs"), "crates/http/src/envelope.rs");
    assert_eq!(place("/home/anna/.cargo/x/hyper-1.0.0/src/lib.rs"), "x/hyper-1.0.0/src/lib.rs");
    assert_eq!(place(r"C:\Users\anna\a\b\c\d.rs"), "a/b/c/d.rs");
}

#[test]
fn a_request_id_stays_as_long_as_it_looks_like_one() {
    let id = |text: &str| {
        let mut occurrence = error("x");
        occurrence.fields.set("request_id", text.to_owned());
        Report::of(&occurrence, String::new()).fields["request_id"].clone()
    };
    assert_eq!(id("9f86d081884c7d659a2feaa0c55ad015"), "9f86d081884c7d659a2feaa0c55ad015");
    assert_eq!(id("anna@example.org"), "[e-mail]");
}
