//! Rules of [`crate::ports::DeliveryStore`].

use super::samples::Samples;
use super::{CALLS, Stores, at_once};
use crate::ports::SetAside;

/// Makes a test of every rule on deliveries; see [`crate::testing::contract`].
#[macro_export]
macro_rules! delivery_store_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            delivery_store,
            $make,
            [
                a_receiver_begins_behind_the_newest_change,
                a_receiver_before_the_first_change_gets_it,
                receivers_that_come_at_once_begin_at_one_place,
                each_receiver_has_a_position_of_its_own,
                a_position_moves_only_from_where_it_is,
                one_of_many_moves_a_position,
                what_is_set_aside_reads_back_whole,
                setting_aside_moves_the_position_past_the_refused,
                nothing_is_set_aside_from_elsewhere,
                one_of_many_sets_a_change_aside,
                what_is_set_aside_comes_in_order_and_bounded,
                what_is_asked_for_is_delivered_again_in_order,
                a_receiver_gets_again_only_what_it_refused,
                what_was_delivered_again_is_not_set_aside,
                what_was_refused_again_waits_to_be_asked_for,
                what_is_not_set_aside_cannot_be_noted,
                a_retired_receiver_is_as_one_never_seen,
            ]
        );
    };
}

/// From then on it has a position, whatever else changes.
pub async fn a_receiver_begins_behind_the_newest_change(stores: &Stores) {
    let samples = Samples::of(stores);
    samples.recorded(3, 0).await;
    assert_eq!(samples.position("new").await, 3);
    samples.newer().await;
    assert_eq!(samples.position("new").await, 3);
}

/// Its position is stored also where there is nothing to be behind of.
pub async fn a_receiver_before_the_first_change_gets_it(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!(samples.position("early").await, 0);
    samples.newer().await;
    assert_eq!(samples.position("early").await, 0);
}

/// Seen first by many at once, while things change: it gets everything behind what all of them are told.
pub async fn receivers_that_come_at_once_begin_at_one_place(stores: &Stores) {
    let samples = Samples::of(stores);
    samples.recorded(2, 0).await;
    let draft = samples.draft(0);
    let positions = at_once(|call| {
        let (stores, draft) = (stores.clone(), draft.clone());
        async move {
            if call % 2 == 0 {
                stores.recorder.record_all(&[draft]).await.expect("stored");
            }
            stores.deliveries.position("new").await.expect("a position")
        }
    });
    let positions = positions.await;
    let begins = samples.position("new").await;
    assert_eq!(positions, [begins; CALLS]);
    assert!((2..=2 + CALLS as u64 / 2).contains(&begins), "it begins at {begins}");
}

/// Names that differ in case alone are different names.
pub async fn each_receiver_has_a_position_of_its_own(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!(samples.position("rabbitmq").await, 0);
    samples.recorded(3, 0).await;
    assert_eq!(samples.position("RabbitMQ").await, 3);
    assert!(samples.advance("rabbitmq", 0, 2).await);
    assert_eq!((samples.position("rabbitmq").await, samples.position("RabbitMQ").await), (2, 3));
}

/// Somebody who works from another position, or for a receiver that was never seen, notes nothing.
pub async fn a_position_moves_only_from_where_it_is(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!(samples.position("one").await, 0);
    samples.recorded(9, 0).await;
    assert!(samples.advance("one", 0, 4).await);
    for elsewhere in [0, 3, 5] {
        assert!(!samples.advance("one", elsewhere, 7).await);
    }
    assert_eq!(samples.position("one").await, 4);
    assert!(samples.advance("one", 4, 9).await);
    assert!(!samples.advance("never seen", 0, 9).await);
    assert_eq!(samples.position("one").await, 9);
}

/// All from the same position.
pub async fn one_of_many_moves_a_position(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!(samples.position("one").await, 0);
    samples.recorded(2, 0).await;
    let moved = at_once(|call| {
        let stores = stores.clone();
        let to = 1 + call as u64 % 2;
        async move { stores.deliveries.advance("one", 0, to).await.expect("asked").then_some(to) }
    });
    let moved: Vec<u64> = moved.await.into_iter().flatten().collect();
    assert_eq!(moved, [samples.position("one").await]);
}

/// Receiver, change, reason and time, as they were stored.
pub async fn what_is_set_aside_reads_back_whole(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!(samples.position("picky").await, 0);
    stores.recorder.record_all(&samples.all_kinds()).await.expect("stored");
    let reason = format!("“413” – zu groß 🎬 {}", "x".repeat(1000));
    let mut expected = Vec::new();
    for change in samples.after(0, 100).await {
        samples.set_aside("picky", &change, &reason).await;
        let (receiver, reason) = ("picky".to_owned(), reason.clone());
        expected.push(SetAside { receiver, change, reason, at: samples.at(60) });
    }
    assert_eq!(stores.deliveries.all_set_aside(100).await.expect("read"), expected);
}

/// Also past what lies between, which was delivered.
pub async fn setting_aside_moves_the_position_past_the_refused(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!(samples.position("picky").await, 0);
    let changes = samples.recorded(4, 0).await;
    samples.set_aside("picky", &changes[2], "no").await;
    assert_eq!(samples.position("picky").await, 3);
    assert_eq!(samples.aside().await, [("picky".to_owned(), 3)]);
}

/// Somebody else was quicker and may have had it delivered.
pub async fn nothing_is_set_aside_from_elsewhere(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!(samples.position("picky").await, 0);
    let changes = samples.recorded(4, 0).await;
    assert!(samples.advance("picky", 0, 2).await);
    for elsewhere in [0, 1, 3] {
        let set = stores.deliveries.set_aside("picky", elsewhere, &changes[3], "no", samples.at(0)).await;
        assert!(!set.expect("asked"));
    }
    assert_eq!((samples.position("picky").await, samples.aside().await), (2, vec![]));
}

/// It is there once.
pub async fn one_of_many_sets_a_change_aside(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!(samples.position("picky").await, 0);
    let changes = samples.recorded(2, 0).await;
    let at = samples.at(0);
    let set = at_once(|_| {
        let (stores, refused) = (stores.clone(), changes[0].clone());
        async move { stores.deliveries.set_aside("picky", 0, &refused, "no", at).await.expect("asked") }
    });
    assert_eq!(set.await.into_iter().filter(|set| *set).count(), 1);
    assert_eq!(samples.aside().await, [("picky".to_owned(), 1)]);
}

/// By number, whoever refused it and whenever.
pub async fn what_is_set_aside_comes_in_order_and_bounded(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!((samples.position("a").await, samples.position("b").await), (0, 0));
    let changes = samples.recorded(4, 0).await;
    for (receiver, index) in [("b", 1), ("b", 3), ("a", 0), ("a", 2)] {
        samples.set_aside(receiver, &changes[index], "no").await;
    }
    let expected = [("a", 1), ("b", 2), ("a", 3), ("b", 4)];
    assert_eq!(samples.aside().await, expected.map(|(receiver, number)| (receiver.to_owned(), number)));
    let few = stores.deliveries.all_set_aside(2).await.expect("read");
    assert_eq!(few.iter().map(|aside| aside.change.number).collect::<Vec<_>>(), [1, 2]);
}

/// Until it was, it is neither set aside nor lost.
pub async fn what_is_asked_for_is_delivered_again_in_order(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!(samples.position("picky").await, 0);
    let changes = samples.recorded(4, 0).await;
    for change in &changes[..3] {
        samples.set_aside("picky", change, "no").await;
    }
    assert_eq!(samples.to_replay("picky", 10).await, []);
    assert_eq!(samples.replay("picky").await, 3);
    assert_eq!(samples.to_replay("picky", 10).await, changes[..3]);
    assert_eq!(samples.to_replay("picky", 2).await, changes[..2]);
    assert_eq!(samples.aside().await, []);
    // What was asked for already is not counted again.
    samples.set_aside("picky", &changes[3], "no").await;
    assert_eq!(samples.replay("picky").await, 1);
    assert_eq!(samples.to_replay("picky", 10).await, changes);
    assert_eq!(samples.position("picky").await, 4);
}

/// What another one refused stays aside, also where it is the same change.
pub async fn a_receiver_gets_again_only_what_it_refused(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!((samples.position("a").await, samples.position("b").await), (0, 0));
    let changes = samples.recorded(2, 0).await;
    samples.set_aside("a", &changes[0], "no").await;
    samples.set_aside("b", &changes[0], "no").await;
    samples.set_aside("b", &changes[1], "no").await;
    assert_eq!(samples.replay("nobody").await, 0);
    assert_eq!(samples.replay("a").await, 1);
    assert_eq!(samples.to_replay("a", 10).await, changes[..1]);
    assert_eq!(samples.to_replay("b", 10).await, []);
    samples.replayed("a", 1).await;
    assert_eq!(samples.aside().await, [("b".to_owned(), 1), ("b".to_owned(), 2)]);
}

/// Nor asked for any more; the others still are.
pub async fn what_was_delivered_again_is_not_set_aside(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!(samples.position("picky").await, 0);
    let changes = samples.recorded(2, 0).await;
    for change in &changes {
        samples.set_aside("picky", change, "no").await;
    }
    assert_eq!(samples.replay("picky").await, 2);
    samples.replayed("picky", 1).await;
    assert_eq!(samples.to_replay("picky", 10).await, changes[1..]);
    samples.replayed("picky", 2).await;
    // Somebody who does not know that it was noted.
    samples.replayed("picky", 2).await;
    assert_eq!((samples.to_replay("picky", 10).await, samples.aside().await), (vec![], vec![]));
    assert_eq!(samples.replay("picky").await, 0);
}

/// With its new reason.
pub async fn what_was_refused_again_waits_to_be_asked_for(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!(samples.position("picky").await, 0);
    let changes = samples.recorded(1, 0).await;
    samples.set_aside("picky", &changes[0], "no").await;
    assert_eq!(samples.replay("picky").await, 1);
    samples.refused_again("picky", 1, "still no").await;
    assert_eq!(samples.to_replay("picky", 10).await, []);
    let aside = stores.deliveries.all_set_aside(10).await.expect("read");
    let expected = SetAside {
        receiver: "picky".to_owned(),
        change: changes[0].clone(),
        reason: "still no".to_owned(),
        at: samples.at(90),
    };
    assert_eq!(aside, [expected]);
    assert_eq!(samples.replay("picky").await, 1);
    assert_eq!(samples.to_replay("picky", 10).await, changes);
}

/// Somebody who is late sets nothing aside that another one has delivered.
pub async fn what_is_not_set_aside_cannot_be_noted(stores: &Stores) {
    let samples = Samples::of(stores);
    assert_eq!(samples.position("picky").await, 0);
    samples.recorded(2, 0).await;
    samples.refused_again("picky", 1, "no").await;
    samples.replayed("picky", 2).await;
    assert_eq!((samples.aside().await, samples.to_replay("picky", 10).await), (vec![], vec![]));
    assert_eq!(samples.replay("picky").await, 0);
}

/// Nothing is kept for it, and others keep theirs.
pub async fn a_retired_receiver_is_as_one_never_seen(stores: &Stores) {
    let samples = Samples::of(stores);
    for receiver in ["retired", "other"] {
        assert_eq!(samples.position(receiver).await, 0);
    }
    let changes = samples.recorded(2, 0).await;
    for receiver in ["retired", "other"] {
        samples.set_aside(receiver, &changes[0], "no").await;
    }
    assert!(stores.deliveries.retire("retired").await.expect("stored"));
    assert!(!stores.deliveries.retire("retired").await.expect("stored"));
    assert_eq!(samples.aside().await, [("other".to_owned(), 1)]);
    assert_eq!((samples.position("retired").await, samples.position("other").await), (2, 1));
}
