//! Rules of [`crate::ports::ChangeLog`].

use super::samples::Samples;
use super::{CALLS, Stores, at_once};
use crate::change::{Change, ChangeId};
use crate::testing::Draft;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Makes a test of every rule on the log of changes; see [`crate::testing::contract`].
#[macro_export]
macro_rules! change_log_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            change_log,
            $make,
            [
                there_is_nothing_at_first,
                changes_read_back_whole,
                changes_are_numbered_from_one_in_their_order,
                what_changes_together_is_numbered_together,
                reading_begins_behind_a_number_and_is_bounded,
                a_reader_beside_many_writers_sees_every_change_once,
                the_head_can_be_seen,
                what_is_old_is_forgotten_a_few_at_a_time,
                the_newest_change_is_never_forgotten,
                a_number_is_never_used_again,
                what_a_receiver_waits_for_is_kept,
                what_is_set_aside_is_kept,
                many_forgetting_at_once_forget_each_change_once,
            ]
        );
    };
}

/// How often each writer of a race changes its own thing.
const ROUNDS: i64 = 8;

/// No head, no change.
pub async fn there_is_nothing_at_first(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!(samples.head().await, 0);
    assert_eq!(samples.after(0, 10).await, []);
    assert_eq!(samples.forget(1000, 10).await, 0);
}

/// Every field comes back as it was; no two have the same id.
pub async fn changes_read_back_whole(stores: &Stores) {
    let samples = Samples::of(stores);
    let drafts = samples.all_kinds();
    for draft in &drafts {
        stores.recorder.record_all(std::slice::from_ref(draft)).await.expect("stored");
    }
    let changes = samples.after(0, 100).await;
    assert_eq!(changes.iter().map(as_draft).collect::<Vec<_>>(), drafts);
    let ids: BTreeSet<ChangeId> = changes.iter().map(|change| change.id).collect();
    assert_eq!(ids.len(), drafts.len());
}

/// The head follows.
pub async fn changes_are_numbered_from_one_in_their_order(stores: &Stores) {
    let samples = Samples::of(stores);
    for number in 1..=3 {
        let changes = samples.recorded(1, 0).await;
        assert_eq!(changes.iter().map(|change| change.number).collect::<Vec<_>>(), [number]);
        assert_eq!(samples.head().await, number);
    }
}

/// Changes of one transaction keep their order, and no other comes between them.
pub async fn what_changes_together_is_numbered_together(stores: &Stores) {
    let samples = Samples::of(stores);
    let together: Vec<Vec<Draft>> =
        (0..CALLS).map(|_| (0..3).map(|second| samples.draft(second)).collect()).collect();
    at_once(|call| {
        let (stores, drafts) = (stores.clone(), together[call].clone());
        async move { stores.recorder.record_all(&drafts).await.expect("stored") }
    })
    .await;
    let changes = samples.after(0, 1000).await;
    let drafts: Vec<Draft> = changes.iter().map(as_draft).collect();
    for three in drafts.chunks(3) {
        assert!(together.contains(&three.to_vec()), "another change came between: {changes:?}");
    }
    assert_eq!(drafts.len(), CALLS * 3);
}

/// The number itself is not given again, and behind the head there is nothing.
pub async fn reading_begins_behind_a_number_and_is_bounded(stores: &Stores) {
    let samples = Samples::of(stores);
    let changes = samples.recorded(5, 0).await;
    assert_eq!(samples.after(0, 2).await, changes[..2]);
    assert_eq!(samples.after(2, 2).await, changes[2..4]);
    assert_eq!(samples.after(4, 2).await, changes[4..]);
    assert_eq!(samples.after(5, 2).await, []);
    assert_eq!(samples.after(1000, 2).await, []);
}

/// Whoever goes by the last number seen sees all changes, however they are interleaved: no smaller one turns up later, and
/// each writer's changes come in the order in which that writer made them.
pub async fn a_reader_beside_many_writers_sees_every_change_once(stores: &Stores) {
    let samples = Samples::of(stores);
    let all_written = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(follow(stores.clone(), Arc::clone(&all_written)));
    write_at_once(stores, &samples).await;
    all_written.store(true, Ordering::Release);
    let seen = reader.await.expect("the reader panicked");

    assert_eq!(seen, samples.after(0, 10_000).await, "left: as it was followed; right: as it is in the end");
    assert_eq!(seen.len(), CALLS * usize::try_from(ROUNDS).expect("a small number"));
    let mut of_entity: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for change in &seen {
        of_entity.entry(change.entity).or_default().push(change.at);
    }
    assert_eq!(of_entity.len(), CALLS);
    assert!(of_entity.values().all(|times| times.is_sorted()), "changes of one entity change their order");
}

/// A head that is told is there to be read, and so is everything before it.
pub async fn the_head_can_be_seen(stores: &Stores) {
    let samples = Samples::of(stores);
    let all_written = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(look_at_heads(stores.clone(), Arc::clone(&all_written)));
    write_at_once(stores, &samples).await;
    all_written.store(true, Ordering::Release);
    reader.await.expect("a head could not be seen");
}

/// The smallest numbers go first. What happened at the moment asked for, or later, stays.
pub async fn what_is_old_is_forgotten_a_few_at_a_time(stores: &Stores) {
    let samples = Samples::of(stores);
    for (count, second) in [(3, 1), (1, 2), (1, 9)] {
        samples.recorded(count, second).await;
    }
    assert_eq!(samples.forget(1, 2).await, 0);
    assert_eq!(samples.forget(2, 2).await, 2);
    assert_eq!(samples.numbers().await, [3, 4, 5]);
    assert_eq!((samples.forget(2, 2).await, samples.forget(2, 2).await), (1, 0));
    assert_eq!(samples.numbers().await, [4, 5]);
}

/// However old it is: it tells a follower of the log from another log.
pub async fn the_newest_change_is_never_forgotten(stores: &Stores) {
    let samples = Samples::of(stores);
    let changes = samples.recorded(3, 0).await;
    assert_eq!(samples.forget(1000, 10).await, 2);
    assert_eq!(samples.forget(1000, 10).await, 0);
    assert_eq!(samples.after(0, 10).await, changes[2..]);
    assert_eq!(samples.head().await, 3);
}

/// Numbers go on behind those that were forgotten.
pub async fn a_number_is_never_used_again(stores: &Stores) {
    let samples = Samples::of(stores);
    samples.recorded(3, 0).await;
    assert_eq!(samples.forget(1000, 10).await, 2);
    samples.newer().await;
    assert_eq!(samples.forget(1000, 10).await, 1);
    assert_eq!((samples.numbers().await, samples.head().await), (vec![4], 4));
}

/// The slowest receiver counts, and one that has not begun.
pub async fn what_a_receiver_waits_for_is_kept(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!((samples.position("quick").await, samples.position("slow").await), (0, 0));
    samples.recorded(6, 0).await;
    assert_eq!(samples.forget(1000, 10).await, 0);
    assert!(samples.advance("quick", 0, 6).await);
    assert_eq!(samples.forget(1000, 10).await, 0);
    assert!(samples.advance("slow", 0, 2).await);
    assert_eq!(samples.forget(1000, 10).await, 2);
    assert_eq!(samples.numbers().await, [3, 4, 5, 6]);
    assert!(samples.advance("slow", 2, 6).await);
    assert_eq!(samples.forget(1000, 10).await, 3);
}

/// Also while it waits to be delivered again. Once that is done it is like any other.
pub async fn what_is_set_aside_is_kept(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!(samples.position("picky").await, 0);
    let changes = samples.recorded(1, 0).await;
    samples.set_aside("picky", &changes[0], "too long").await;
    samples.newer().await;
    assert!(samples.advance("picky", 1, 2).await);

    samples.forget(1000, 10).await;
    let aside = stores.deliveries.all_set_aside(10).await.expect("read");
    assert_eq!(aside.iter().map(|aside| &aside.change).collect::<Vec<_>>(), [&changes[0]]);

    assert_eq!(samples.replay("picky").await, 1);
    samples.forget(1000, 10).await;
    assert_eq!(samples.to_replay("picky", 10).await, changes);

    samples.replayed("picky", 1).await;
    samples.forget(1000, 10).await;
    assert_eq!(samples.numbers().await, [2]);
}

/// Nor do they get in one another's way, or in that of somebody who writes.
pub async fn many_forgetting_at_once_forget_each_change_once(stores: &Stores) {
    let samples = Samples::of(stores);
    samples.recorded(20, 0).await;
    let (before, draft) = (samples.at(1000), samples.draft(0));
    let forgotten = at_once(|call| {
        let (stores, draft) = (stores.clone(), draft.clone());
        async move {
            if call % 2 == 0 {
                stores.recorder.record_all(&[draft]).await.expect("stored");
            }
            stores.log.forget(before, 3).await.expect("forgotten")
        }
    });
    let forgotten: u32 = forgotten.await.into_iter().sum();
    let left = samples.numbers().await;
    let recorded = 20 + CALLS / 2;
    assert_eq!(forgotten as usize + left.len(), recorded);
    assert_eq!(left.last(), Some(&(recorded as u64)));
}

fn as_draft(change: &Change) -> Draft {
    let Change { channel, action, entity, audience, at, .. } = change.clone();
    Draft { channel, action, entity, audience, at }
}

/// [`CALLS`] writers, each of which changes a thing of its own over and over.
async fn write_at_once(stores: &Stores, samples: &Samples<'_>) {
    let of_writers: Vec<Vec<Draft>> = (0..CALLS)
        .map(|_| {
            let entity = samples.uuid();
            (0..ROUNDS).map(|round| Draft { entity, ..samples.draft(round) }).collect()
        })
        .collect();
    at_once(|writer| {
        let (stores, drafts) = (stores.clone(), of_writers[writer].clone());
        async move {
            for draft in drafts {
                stores.recorder.record_all(&[draft]).await.expect("stored");
            }
        }
    })
    .await;
}

/// What is seen by reading on behind the last number seen, a few at a time, until all is written.
async fn follow(stores: Stores, all_written: Arc<AtomicBool>) -> Vec<Change> {
    let mut seen: Vec<Change> = Vec::new();
    loop {
        let last_look = all_written.load(Ordering::Acquire);
        let position = seen.last().map_or(0, |change| change.number);
        let changes = stores.log.after(position, 5).await.expect("read");
        if changes.is_empty() && last_look {
            return seen;
        }
        seen.extend(changes);
        tokio::task::yield_now().await;
    }
}

async fn look_at_heads(stores: Stores, all_written: Arc<AtomicBool>) {
    while !all_written.load(Ordering::Acquire) {
        let head = stores.log.head().await.expect("read");
        let changes = stores.log.after(0, 10_000).await.expect("read");
        let numbers = changes.iter().map(|change| change.number).take_while(|number| *number <= head);
        assert_eq!(numbers.collect::<Vec<_>>(), (1..=head).collect::<Vec<_>>());
        tokio::task::yield_now().await;
    }
}
