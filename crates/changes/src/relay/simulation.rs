//! Whatever is killed when: a receiver that drops repeats has every public change once and in order.
//!
//! Several relays of each receiver run at once, as if each believed that the duty was theirs. Every call of a port
//! stops before and after it takes effect; chance decides who goes on, who is killed where it stands, when the store is
//! away and what the receivers make of what they get. Each seed is another run and gives the same one again.

use super::{Relay, Step};
use crate::change::{Action, Change, ChangeId, Channel};
use crate::ports::{ChangeLog, DeliveryStore, Outcome, Receiver, Refusal, SetAside};
use crate::testing::{Draft, MemoryChanges};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::testing::{ManualClock, SeededRandomness, lock};
use square_kernel::{Randomness, Unavailable};
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use uuid::Uuid;

const SEEDS: u64 = 150;
const TURNS: u32 = 1500;
const RECEIVERS: usize = 3;
const RELAYS_EACH: usize = 3;

#[test]
fn a_receiver_that_drops_repeats_has_every_change_once_and_in_order() {
    let mut seen = Happened::default();
    for seed in 0..SEEDS {
        let mut run = Run::new(seed);
        for _ in 0..TURNS {
            run.turn();
        }
        run.end(seed);
        seen.add(&run.happened);
    }
    // A run in which nothing goes wrong shows nothing.
    let Happened { killed, outages, repeats, aside, overtaken } = seen;
    for (what, count) in [
        ("killed", killed),
        ("outages", outages),
        ("repeats", repeats),
        ("aside", aside),
        ("overtaken", overtaken),
    ] {
        assert!(count > SEEDS, "{what}: {count}");
    }
}

#[derive(Default)]
struct Happened {
    killed: u64,
    outages: u64,
    repeats: u64,
    aside: u64,
    /// Advances that somebody else was quicker with.
    overtaken: u64,
}

impl Happened {
    fn add(&mut self, other: &Self) {
        self.killed += other.killed;
        self.outages += other.outages;
        self.repeats += other.repeats;
        self.aside += other.aside;
        self.overtaken += other.overtaken;
    }
}

/// Chance that repeats.
#[derive(Clone)]
struct Dice(Arc<SeededRandomness>);

impl Dice {
    fn new(seed: u64) -> Self {
        let randomness = SeededRandomness::default();
        randomness.fill(&mut vec![0; 8 * usize::try_from(seed).unwrap() * 1_000]);
        Self(Arc::new(randomness))
    }

    /// Less than `sides`.
    fn roll(&self, sides: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % sides as u64).unwrap()
    }

    fn one_in(&self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

type Working = Pin<Box<dyn Future<Output = ()>>>;

struct Run {
    dice: Dice,
    changes: Arc<MemoryChanges>,
    stopping: Arc<Stopping>,
    receivers: Vec<Arc<Whimsical>>,
    /// The relay of each and what it is at.
    working: Vec<(usize, Working)>,
    public: Vec<Change>,
    happened: Happened,
}

impl Run {
    fn new(seed: u64) -> Self {
        let dice = Dice::new(seed);
        let changes = Arc::new(MemoryChanges::default());
        let stopping = Arc::new(Stopping { inner: changes.clone(), overtaken: Mutex::default() });
        let receivers = (0..RECEIVERS).map(|index| Arc::new(Whimsical::new(index, dice.clone()))).collect();
        let mut run = Self {
            dice,
            changes,
            stopping,
            receivers,
            working: Vec::new(),
            public: Vec::new(),
            happened: Happened::default(),
        };
        for index in 0..RECEIVERS * RELAYS_EACH {
            let receiver = index % RECEIVERS;
            now(run.changes.position(run.receivers[receiver].name())).unwrap();
            let working = run.start(receiver);
            run.working.push((receiver, working));
        }
        run
    }

    /// A new relay, which works on and on.
    fn start(&self, receiver: usize) -> Working {
        let mut relay = self.relay(receiver);
        Box::pin(async move {
            loop {
                let _ = relay.step().await;
                stop().await;
            }
        })
    }

    fn relay(&self, receiver: usize) -> Relay {
        let receiver = self.receivers[receiver].clone();
        Relay::new(self.stopping.clone(), self.stopping.clone(), receiver, Arc::new(ManualClock::default()))
    }

    fn turn(&mut self) {
        if self.dice.one_in(10) {
            self.record();
        }
        if self.dice.one_in(100) {
            self.changes.break_down();
            self.happened.outages += 1;
        }
        if self.dice.one_in(20) {
            self.changes.repair();
        }
        if self.dice.one_in(100) {
            let receiver = &self.receivers[self.dice.roll(RECEIVERS)];
            let away = &mut lock(&receiver.state).away;
            *away = !*away;
        }
        let one = self.dice.roll(self.working.len());
        let (receiver, working) = &mut self.working[one];
        let receiver = *receiver;
        if self.dice.one_in(30) {
            self.happened.killed += 1;
            self.working[one].1 = self.start(receiver);
        } else {
            assert!(poll(working.as_mut()).is_pending());
        }
    }

    /// Some change, sometimes one that a receiver will never take.
    fn record(&mut self) {
        let channel = Channel::ALL[self.dice.roll(Channel::ALL.len())];
        let entity = Uuid::from_u128(self.dice.roll(4) as u128);
        let change = self.changes.record(Draft::of(channel, Action::Update, entity));
        if !channel.is_public() {
            return;
        }
        if self.dice.one_in(8) {
            let receiver = &self.receivers[self.dice.roll(RECEIVERS)];
            lock(&receiver.state).poison.insert(change.id);
        }
        self.public.push(change);
    }

    /// Everything works again; one relay of each receiver, new like after a start, works until nothing is left.
    fn end(&mut self, seed: u64) {
        self.working.clear();
        self.changes.repair();
        self.happened.overtaken = *lock(&self.stopping.overtaken);
        for index in 0..RECEIVERS {
            lock(&self.receivers[index].state).sober = true;
            self.until_idle(index);
        }
        for index in 0..RECEIVERS {
            self.has_all_but_poison(index, seed);
            self.has_the_rest_when_asked(index, seed);
        }
    }

    fn until_idle(&self, index: usize) {
        let mut relay = self.relay(index);
        while now(relay.step()).unwrap() != Step::Idle {}
    }

    fn has_all_but_poison(&mut self, index: usize, seed: u64) {
        let receiver = &self.receivers[index];
        let mut state = lock(&receiver.state);
        let (edible, poison): (Vec<&Change>, Vec<&Change>) =
            self.public.iter().partition(|change| !state.poison.contains(&change.id));
        assert!(state.got.iter().eq(edible), "seed {seed}, receiver {index}: {:?}", state.got);
        let aside = now(self.changes.all_set_aside(10_000)).unwrap();
        let own = aside.iter().filter(|aside| aside.receiver == receiver.name).map(|aside| &aside.change);
        assert!(own.eq(poison.iter().copied()), "seed {seed}, receiver {index}: {aside:?}");
        self.happened.aside += poison.len() as u64;
        self.happened.repeats += state.repeats;
        state.poison.clear();
    }

    fn has_the_rest_when_asked(&self, index: usize, seed: u64) {
        let receiver = &self.receivers[index];
        now(self.changes.replay(receiver.name())).unwrap();
        self.until_idle(index);
        let mut got: Vec<u64> = lock(&receiver.state).got.iter().map(|change| change.number).collect();
        got.sort_unstable();
        let all = self.public.iter().map(|change| change.number);
        assert!(all.eq(got), "seed {seed}, receiver {index}");
    }
}

/// Drops repeats. Away at times, takes what it never confirms, never takes poison.
struct Whimsical {
    name: String,
    dice: Dice,
    state: Mutex<Whims>,
}

#[derive(Default)]
struct Whims {
    away: bool,
    sober: bool,
    poison: BTreeSet<ChangeId>,
    got: Vec<Change>,
    ids: BTreeSet<ChangeId>,
    repeats: u64,
}

impl Whimsical {
    fn new(index: usize, dice: Dice) -> Self {
        Self { name: format!("receiver {index}"), dice, state: Mutex::default() }
    }
}

impl Whims {
    fn take(&mut self, change: &Change) {
        if self.ids.insert(change.id) {
            self.got.push(change.clone());
        } else {
            self.repeats += 1;
        }
    }
}

#[async_trait]
impl Receiver for Whimsical {
    fn name(&self) -> &str {
        &self.name
    }

    fn batch(&self) -> u32 {
        4
    }

    async fn deliver(&self, changes: &[Change]) -> Outcome {
        let away = || Some(Refusal::Temporary("away".to_owned()));
        for (delivered, change) in changes.iter().enumerate() {
            stop().await;
            let mut state = lock(&self.state);
            if !state.sober && (state.away || self.dice.one_in(10)) {
                return Outcome { delivered, refusal: away() };
            }
            if state.poison.contains(&change.id) {
                let refusal = Some(Refusal::Permanent("poison".to_owned()));
                return Outcome { delivered, refusal };
            }
            state.take(change);
            // It took one more than it says.
            if !state.sober && self.dice.one_in(10) {
                return Outcome { delivered, refusal: away() };
            }
        }
        stop().await;
        Outcome { delivered: changes.len(), refusal: None }
    }
}

/// Stops before and after each call takes effect, so that it can be killed there.
struct Stopping {
    inner: Arc<MemoryChanges>,
    overtaken: Mutex<u64>,
}

impl Stopping {
    async fn around<T>(&self, call: impl Future<Output = T>) -> T {
        stop().await;
        let result = call.await;
        stop().await;
        result
    }

    fn count(&self, moved: Result<bool, Unavailable>) -> Result<bool, Unavailable> {
        *lock(&self.overtaken) += u64::from(matches!(moved, Ok(false)));
        moved
    }
}

#[async_trait]
impl ChangeLog for Stopping {
    async fn head(&self) -> Result<u64, Unavailable> {
        self.around(self.inner.head()).await
    }

    async fn after(&self, number: u64, at_most: u32) -> Result<Vec<Change>, Unavailable> {
        self.around(self.inner.after(number, at_most)).await
    }

    async fn hint(&self) {
        self.inner.hint().await;
    }

    async fn forget(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        self.around(self.inner.forget(before, at_most)).await
    }
}

#[async_trait]
impl DeliveryStore for Stopping {
    async fn position(&self, receiver: &str) -> Result<u64, Unavailable> {
        self.around(self.inner.position(receiver)).await
    }

    async fn advance(&self, receiver: &str, from: u64, to: u64) -> Result<bool, Unavailable> {
        self.count(self.around(self.inner.advance(receiver, from, to)).await)
    }

    async fn set_aside(
        &self,
        receiver: &str,
        from: u64,
        refused: &Change,
        reason: &str,
        at: Timestamp,
    ) -> Result<bool, Unavailable> {
        self.count(self.around(self.inner.set_aside(receiver, from, refused, reason, at)).await)
    }

    async fn all_set_aside(&self, at_most: u32) -> Result<Vec<SetAside>, Unavailable> {
        self.around(self.inner.all_set_aside(at_most)).await
    }

    async fn replay(&self, receiver: &str) -> Result<u32, Unavailable> {
        self.around(self.inner.replay(receiver)).await
    }

    async fn to_replay(&self, receiver: &str, at_most: u32) -> Result<Vec<Change>, Unavailable> {
        self.around(self.inner.to_replay(receiver, at_most)).await
    }

    async fn replayed(&self, receiver: &str, number: u64) -> Result<(), Unavailable> {
        self.around(self.inner.replayed(receiver, number)).await
    }

    async fn refused_again(
        &self,
        receiver: &str,
        number: u64,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), Unavailable> {
        self.around(self.inner.refused_again(receiver, number, reason, at)).await
    }

    async fn retire(&self, receiver: &str) -> Result<bool, Unavailable> {
        self.around(self.inner.retire(receiver)).await
    }
}

/// Lets others go on, once.
async fn stop() {
    let mut stopped = false;
    std::future::poll_fn(
        |_| if std::mem::replace(&mut stopped, true) { Poll::Ready(()) } else { Poll::Pending },
    )
    .await;
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs `future` alone to its end.
fn now<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return output;
        }
    }
}
