use super::{Relay, Step};
use crate::change::{Action, Change, Channel};
use crate::ports::{DeliveryStore, Outcome, Receiver, Refusal};
use crate::testing::{Draft, MemoryChanges, ScriptedReceiver};
use square_kernel::testing::ManualClock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// A relay to a receiver that likes to get three changes at once and has been seen before anything changed.
struct Stage {
    changes: Arc<MemoryChanges>,
    receiver: Arc<ScriptedReceiver>,
    relay: Relay,
    entities: AtomicU64,
}

impl Stage {
    async fn new() -> Self {
        Self::with_batch(3).await
    }

    async fn with_batch(batch: u32) -> Self {
        let changes = Arc::new(MemoryChanges::default());
        let receiver = Arc::new(ScriptedReceiver::new("there", batch));
        let relay = relay(&changes, &receiver);
        assert_eq!(changes.position("there").await.unwrap(), 0);
        Self { changes, receiver, relay, entities: AtomicU64::new(1000) }
    }

    /// Changes, each of an entity of its own.
    fn record(&self, channels: &[Channel]) -> Vec<Change> {
        let record = |channel: &Channel| {
            let entity = self.entities.fetch_add(1, Ordering::Relaxed);
            self.changes.record(Draft::of(*channel, Action::Update, Uuid::from_u128(entity.into())))
        };
        channels.iter().map(record).collect()
    }

    fn record_of(&self, entity: u128) {
        self.changes.record(Draft::of(Channel::Skill, Action::Update, Uuid::from_u128(entity)));
    }

    async fn step(&mut self) -> Step {
        self.relay.step().await.unwrap()
    }

    async fn until_idle(&mut self) {
        while self.step().await != Step::Idle {}
    }

    fn overtaken(&self, to: u64) -> Arc<Overtaken> {
        Arc::new(Overtaken { inner: self.receiver.clone(), changes: self.changes.clone(), to })
    }

    async fn position(&self) -> u64 {
        self.changes.position("there").await.unwrap()
    }

    async fn aside(&self) -> Vec<(u64, String)> {
        let aside = self.changes.all_set_aside(100).await.unwrap();
        aside.into_iter().map(|aside| (aside.change.number, aside.reason)).collect()
    }

    fn handed(&self) -> Vec<Vec<u64>> {
        self.receiver.handed().iter().map(|changes| numbers(changes)).collect()
    }

    fn taken(&self) -> Vec<u64> {
        numbers(&self.receiver.taken())
    }
}

fn relay(changes: &Arc<MemoryChanges>, receiver: &Arc<ScriptedReceiver>) -> Relay {
    Relay::new(changes.clone(), changes.clone(), receiver.clone(), Arc::new(ManualClock::default()))
}

fn numbers(changes: &[Change]) -> Vec<u64> {
    changes.iter().map(|change| change.number).collect()
}

/// Away after it has taken so many.
fn away(delivered: usize) -> Outcome {
    Outcome { delivered, refusal: Some(Refusal::Temporary("asleep".to_owned())) }
}

/// Refuses what comes after the first so many.
fn refused(delivered: usize, reason: &str) -> Outcome {
    Outcome { delivered, refusal: Some(Refusal::Permanent(reason.to_owned())) }
}

/// Takes so many and says no more.
fn silent(delivered: usize) -> Outcome {
    Outcome { delivered, refusal: None }
}

const PUBLIC: Channel = Channel::Person;
const PRIVATE: Channel = Channel::Session;

#[tokio::test]
async fn everything_is_delivered_once_and_in_batches() {
    let mut stage = Stage::new().await;
    assert_eq!(stage.step().await, Step::Idle);
    stage.record(&[PUBLIC; 7]);
    for _ in 0..3 {
        assert_eq!(stage.step().await, Step::Progress);
    }
    assert_eq!(stage.step().await, Step::Idle);
    assert_eq!(stage.handed(), [vec![1, 2, 3], vec![4, 5, 6], vec![7]]);
    assert_eq!(stage.position().await, 7);
}

#[tokio::test]
async fn a_receiver_that_wants_no_batch_gets_them_one_by_one() {
    let mut stage = Stage::with_batch(0).await;
    stage.record(&[PUBLIC; 2]);
    stage.until_idle().await;
    assert_eq!(stage.handed(), [[1], [2]]);
}

#[tokio::test]
async fn what_instances_tell_one_another_is_passed_over() {
    let mut stage = Stage::new().await;
    stage.record(&[PRIVATE, PUBLIC, PRIVATE, PRIVATE, PRIVATE, PRIVATE, PUBLIC, PRIVATE]);
    stage.until_idle().await;
    assert_eq!(stage.handed(), [[2], [7]]);
    assert_eq!(stage.position().await, 8);
}

#[tokio::test]
async fn whoever_takes_over_begins_behind_what_was_confirmed() {
    let mut stage = Stage::new().await;
    stage.record(&[PUBLIC, PRIVATE, PUBLIC, PUBLIC]);
    stage.receiver.script(away(1));
    assert!(matches!(stage.step().await, Step::Wait(_)));
    assert_eq!(stage.position().await, 2, "past what has nobody to be delivered to");
    stage.relay = relay(&stage.changes, &stage.receiver);
    stage.until_idle().await;
    assert_eq!(stage.handed(), [vec![1, 3], vec![3, 4]]);
}

#[tokio::test]
async fn the_waits_for_a_receiver_that_is_away_grow_to_a_limit() {
    let mut stage = Stage::new().await;
    stage.record(&[PUBLIC; 2]);
    let mut waits = Vec::new();
    for _ in 0..9 {
        stage.receiver.script(away(0));
        waits.push(stage.step().await);
    }
    let expected = [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000];
    assert_eq!(waits, expected.map(|millis| Step::Wait(Duration::from_millis(millis))));
    stage.relay.failures = u32::MAX;
    stage.receiver.script(away(0));
    assert_eq!(stage.step().await, Step::Wait(Relay::LONGEST_WAIT));

    stage.until_idle().await;
    stage.record(&[PUBLIC]);
    stage.receiver.script(away(0));
    assert_eq!(stage.step().await, Step::Wait(Relay::FIRST_WAIT));
    assert_eq!(stage.taken(), [1, 2]);
}

#[tokio::test]
async fn a_receiver_that_takes_a_few_at_a_time_is_not_left_alone_for_long() {
    let mut stage = Stage::with_batch(10).await;
    stage.record(&[PUBLIC; 6]);
    for _ in 0..3 {
        stage.receiver.script(away(0));
        stage.step().await;
    }
    for _ in 0..3 {
        stage.receiver.script(away(1));
        assert_eq!(stage.step().await, Step::Wait(Relay::FIRST_WAIT));
    }
    assert_eq!(stage.position().await, 3);
}

#[tokio::test]
async fn what_is_refused_for_good_is_set_aside_and_holds_nobody_up() {
    let mut stage = Stage::new().await;
    let changes = stage.record(&[PRIVATE, PUBLIC, PUBLIC, PUBLIC]);
    stage.receiver.refuse(changes[2].id, Refusal::Permanent("too\0long\n".to_owned()));
    assert_eq!(stage.step().await, Step::Progress);
    assert_eq!(stage.position().await, 3);
    stage.until_idle().await;
    assert_eq!(stage.taken(), [2, 4]);
    assert_eq!(stage.aside().await, [(3, "too long ".to_owned())]);
}

#[tokio::test]
async fn the_reason_of_a_refusal_is_kept_in_part_when_it_is_endless() {
    let mut stage = Stage::new().await;
    stage.record(&[PUBLIC]);
    stage.receiver.script(refused(0, &"ü".repeat(5000)));
    stage.until_idle().await;
    assert_eq!(stage.aside().await, [(1, "ü".repeat(1000))]);
}

#[tokio::test]
async fn a_refused_change_whose_place_is_not_ours_any_more_is_left_to_the_other() {
    let mut stage = Stage::new().await;
    stage.record(&[PUBLIC; 3]);
    stage.relay.receiver = stage.overtaken(1);
    stage.receiver.script(refused(1, "no"));
    assert_eq!(stage.step().await, Step::Progress);
    assert_eq!((stage.position().await, stage.aside().await), (1, vec![]));
    stage.relay.receiver = stage.receiver.clone();
    stage.until_idle().await;
    assert_eq!(stage.handed(), [vec![1, 2, 3], vec![2, 3]]);
}

#[tokio::test]
async fn a_position_that_somebody_else_moved_on_is_taken_up_from_there() {
    let mut stage = Stage::new().await;
    stage.record(&[PUBLIC; 3]);
    stage.relay.receiver = stage.overtaken(2);
    assert_eq!(stage.step().await, Step::Progress);
    assert_eq!(stage.position().await, 2);
    stage.relay.receiver = stage.receiver.clone();
    stage.until_idle().await;
    assert_eq!(stage.handed(), [vec![1, 2, 3], vec![3]]);
}

#[tokio::test]
async fn a_receiver_that_counts_too_many_gets_no_further_than_what_it_was_handed() {
    let mut stage = Stage::new().await;
    stage.record(&[PUBLIC; 5]);
    stage.receiver.script(refused(99, "whatever"));
    assert_eq!(stage.step().await, Step::Progress);
    assert_eq!((stage.position().await, stage.aside().await), (3, vec![]));
    stage.receiver.script(away(99));
    assert_eq!(stage.step().await, Step::Wait(Relay::FIRST_WAIT));
    assert_eq!(stage.position().await, 5);
}

#[tokio::test]
async fn a_receiver_that_stops_without_a_reason_gets_the_rest_later() {
    let mut stage = Stage::new().await;
    stage.record(&[PUBLIC; 3]);
    stage.receiver.script(silent(1));
    assert_eq!(stage.step().await, Step::Progress);
    stage.receiver.script(silent(0));
    assert_eq!(stage.step().await, Step::Wait(Relay::FIRST_WAIT), "it would be asked without a pause");
    stage.until_idle().await;
    assert_eq!(stage.handed(), [vec![1, 2, 3], vec![2, 3], vec![2, 3]]);
}

#[tokio::test]
async fn a_store_that_is_away_loses_nothing() {
    let mut stage = Stage::new().await;
    stage.record(&[PUBLIC; 2]);
    stage.changes.break_down();
    assert!(stage.relay.step().await.is_err());
    stage.changes.repair();
    stage.until_idle().await;
    assert_eq!(stage.taken(), [1, 2]);
}

#[tokio::test]
async fn what_is_asked_for_is_delivered_again_and_put_away() {
    let mut stage = Stage::with_batch(2).await;
    let changes = stage.record(&[PUBLIC; 4]);
    for change in &changes[..3] {
        stage.receiver.refuse(change.id, Refusal::Permanent("no".to_owned()));
    }
    stage.until_idle().await;
    assert_eq!(stage.aside().await.len(), 3);
    stage.receiver.relent();
    assert_eq!(stage.step().await, Step::Idle, "nobody has asked for them");
    assert_eq!(stage.changes.replay("there").await.unwrap(), 3);
    stage.until_idle().await;
    assert_eq!(stage.taken(), [4, 1, 2, 3]);
    assert_eq!(stage.changes.replay("there").await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_refused_once_more_stays_aside_and_holds_nobody_up() {
    let mut stage = Stage::new().await;
    let changes = stage.record(&[PUBLIC; 3]);
    for change in &changes {
        stage.receiver.refuse(change.id, Refusal::Permanent("no".to_owned()));
    }
    stage.until_idle().await;
    stage.receiver.relent();
    stage.receiver.refuse(changes[1].id, Refusal::Permanent("still\tno".to_owned()));
    stage.changes.replay("there").await.unwrap();
    stage.until_idle().await;
    assert_eq!(stage.taken(), [1, 3]);
    assert_eq!(stage.aside().await, [(2, "still no".to_owned())]);
}

#[tokio::test]
async fn a_receiver_that_goes_away_during_a_replay_gets_the_rest_later() {
    let mut stage = Stage::new().await;
    stage.record(&[PUBLIC; 3]);
    for _ in 0..3 {
        stage.receiver.script(refused(0, "no"));
    }
    stage.until_idle().await;
    stage.changes.replay("there").await.unwrap();
    stage.receiver.script(away(1));
    assert_eq!(stage.step().await, Step::Wait(Relay::FIRST_WAIT));
    stage.receiver.script(silent(0));
    assert!(matches!(stage.step().await, Step::Wait(_)));
    stage.until_idle().await;
    assert_eq!(stage.taken(), [1, 2, 3]);
    assert_eq!(stage.changes.replay("there").await.unwrap(), 0);
}

#[tokio::test]
async fn a_replay_goes_ahead_while_things_change_and_behind_a_full_batch() {
    let mut stage = Stage::with_batch(2).await;
    let changes = stage.record(&[PUBLIC]);
    stage.receiver.refuse(changes[0].id, Refusal::Permanent("no".to_owned()));
    stage.until_idle().await;
    stage.receiver.relent();
    stage.changes.replay("there").await.unwrap();
    stage.record(&[PUBLIC; 3]);
    assert_eq!(stage.step().await, Step::Progress);
    assert_eq!(stage.taken(), [2, 3]);
    assert_eq!(stage.step().await, Step::Progress);
    assert_eq!(stage.taken(), [2, 3, 4, 1], "although there was never nothing new");
}

#[tokio::test]
async fn a_receiver_without_anything_new_is_not_called() {
    let mut stage = Stage::new().await;
    stage.record(&[PRIVATE; 4]);
    stage.until_idle().await;
    assert_eq!(stage.handed(), Vec::<Vec<u64>>::new());
    assert_eq!(stage.position().await, 4);
}

#[tokio::test]
async fn a_hint_comes_when_something_changes() {
    let stage = Stage::new().await;
    let relay = stage.relay;
    let hint = relay.hint();
    tokio::pin!(hint);
    let now = std::future::poll_fn(|context| std::task::Poll::Ready(hint.as_mut().poll(context).is_ready()));
    assert!(!now.await);
    stage.changes.record(Draft::of(PUBLIC, Action::Create, Uuid::from_u128(1)));
    hint.await;
}

/// While it is handed changes, somebody else moves its position on from the beginning.
struct Overtaken {
    inner: Arc<ScriptedReceiver>,
    changes: Arc<MemoryChanges>,
    to: u64,
}

#[async_trait::async_trait]
impl Receiver for Overtaken {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn batch(&self) -> u32 {
        self.inner.batch()
    }

    async fn deliver(&self, changes: &[Change]) -> Outcome {
        assert!(self.changes.advance(self.name(), 0, self.to).await.unwrap());
        self.inner.deliver(changes).await
    }
}

#[tokio::test]
async fn a_receiver_never_has_two_changes_of_one_entity_in_hand() {
    let mut stage = Stage::with_batch(10).await;
    for entity in [1, 2, 1, 1, 3, 2] {
        stage.record_of(entity);
    }
    stage.until_idle().await;
    assert_eq!(stage.handed(), [vec![1, 2], vec![3], vec![4, 5, 6]]);
    assert_eq!(stage.position().await, 6);
}
