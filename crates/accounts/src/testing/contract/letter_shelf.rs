//! Rules of [`crate::ports::LetterShelf`].

use super::{Samples, Stores, at_once};
use crate::letter::LetterId;
use crate::ports::{Backlog, Consequences, NewLetter, ShelvedLetter};

/// Makes a test of every rule on letters that were given up; see [`crate::testing::contract`].
#[macro_export]
macro_rules! letter_shelf_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            letter_shelf,
            $make,
            [
                the_backlog_tells_how_much_waits_and_since_when,
                what_was_given_up_is_listed_with_the_reason,
                a_replayed_letter_is_sent_as_if_it_were_new,
                each_letter_is_replayed_once,
                a_discarded_letter_is_gone,
                what_waits_or_was_sent_is_let_alone,
            ]
        );
    };
}

async fn posted(stores: &Stores, samples: &Samples, seconds: i64) -> NewLetter {
    let letter = samples.letter(seconds);
    stores.accounts.record(&Consequences::posted(&letter)).await.expect("stored");
    letter
}

/// One that was tried once and given up `seconds` from now.
async fn given_up(stores: &Stores, samples: &Samples, seconds: i64) -> NewLetter {
    let letter = posted(stores, samples, seconds - 1).await;
    let claimed =
        stores.letters.claim(samples.at(seconds - 1), samples.at(seconds + 60)).await.expect("asked");
    assert_eq!(claimed.expect("it is due").id, letter.id);
    stores.letters.set_aside(letter.id, samples.at(seconds), "no such mailbox").await.expect("noted");
    letter
}

async fn shelved(stores: &Stores) -> Vec<LetterId> {
    stores.letter_shelf.shelved(100).await.expect("read").iter().map(|letter| letter.id).collect()
}

/// A letter that is being sent waits, too.
pub async fn the_backlog_tells_how_much_waits_and_since_when(stores: &Stores) {
    let samples = Samples::default();
    let backlog = async || stores.letter_shelf.backlog().await.expect("read");
    assert_eq!(backlog().await, Backlog::default());
    given_up(stores, &samples, 1).await;
    for seconds in [30, 20, 10] {
        posted(stores, &samples, seconds).await;
    }
    let expected = Backlog { waiting: 3, oldest: Some(samples.at(10)), set_aside: 1 };
    assert_eq!(backlog().await, expected);
    let claimed = stores.letters.claim(samples.at(40), samples.at(60)).await.expect("asked").expect("due");
    assert_eq!(backlog().await, expected);
    stores.letters.sent(claimed.id, samples.at(41)).await.expect("noted");
    assert_eq!(backlog().await, Backlog { waiting: 2, oldest: Some(samples.at(20)), set_aside: 1 });
}

/// Those first that were so longest, and so many at most.
pub async fn what_was_given_up_is_listed_with_the_reason(stores: &Stores) {
    let samples = Samples::default();
    let (first, second) = (given_up(stores, &samples, 1).await, given_up(stores, &samples, 5).await);
    posted(stores, &samples, 9).await;
    let listed = stores.letter_shelf.shelved(100).await.expect("read");
    assert_eq!(
        listed[0],
        ShelvedLetter {
            id: first.id,
            occasion: "confirm_address".to_owned(),
            attempts: 1,
            caused_at: samples.at(0),
            set_aside_at: samples.at(1),
            reason: "no such mailbox".to_owned(),
        }
    );
    assert_eq!((listed.len(), listed[1].id), (2, second.id));
    assert_eq!(stores.letter_shelf.shelved(1).await.expect("read"), listed[..1]);
}

/// With its content, and with no attempt behind it.
pub async fn a_replayed_letter_is_sent_as_if_it_were_new(stores: &Stores) {
    let samples = Samples::default();
    let (one, other) = (given_up(stores, &samples, 1).await, given_up(stores, &samples, 2).await);
    assert_eq!(stores.letter_shelf.replay_letters(Some(one.id), samples.at(100)).await.expect("asked"), 1);
    assert_eq!(shelved(stores).await, [other.id]);
    assert!(stores.letters.claim(samples.at(99), samples.at(200)).await.expect("asked").is_none());
    let claimed = stores.letters.claim(samples.at(100), samples.at(200)).await.expect("asked").expect("due");
    assert_eq!((claimed.id, claimed.attempts, claimed.letter), (one.id, 0, one.letter));
}

/// However many replay them at once; those that are claimed meanwhile included.
pub async fn each_letter_is_replayed_once(stores: &Stores) {
    let samples = Samples::default();
    for seconds in 1..=10 {
        given_up(stores, &samples, seconds).await;
    }
    let at = samples.at(100);
    let replayed = at_once(|_| {
        let stores = stores.clone();
        async move { stores.letter_shelf.replay_letters(None, at).await.expect("asked") }
    });
    assert_eq!(replayed.await.into_iter().sum::<u32>(), 10);
    assert_eq!(shelved(stores).await, []);
}

/// One, or all of them.
pub async fn a_discarded_letter_is_gone(stores: &Stores) {
    let samples = Samples::default();
    let (one, other) = (given_up(stores, &samples, 1).await, given_up(stores, &samples, 2).await);
    let discard = async |which| stores.letter_shelf.discard_letters(which).await.expect("asked");
    assert_eq!((discard(Some(one.id)).await, discard(Some(one.id)).await), (1, 0));
    assert_eq!(shelved(stores).await, [other.id]);
    assert_eq!((discard(None).await, discard(None).await), (1, 0));
    assert_eq!(stores.letter_shelf.replay_letters(None, samples.at(9)).await.expect("asked"), 0);
}

/// Also by its identifier; and where it was sent although it was given up elsewhere, since another one took longer.
pub async fn what_waits_or_was_sent_is_let_alone(stores: &Stores) {
    let samples = Samples::default();
    let both = given_up(stores, &samples, 1).await;
    stores.letters.sent(both.id, samples.at(2)).await.expect("noted");
    let sent = posted(stores, &samples, 3).await;
    stores.letters.sent(sent.id, samples.at(3)).await.expect("noted");
    let waiting = posted(stores, &samples, 4).await;
    for which in [None, Some(both.id), Some(sent.id), Some(waiting.id)] {
        let shelf = &stores.letter_shelf;
        assert_eq!(shelf.replay_letters(which, samples.at(100)).await.expect("asked"), 0);
        assert_eq!(shelf.discard_letters(which).await.expect("asked"), 0);
    }
    assert_eq!(shelved(stores).await, []);
    let claimed = stores.letters.claim(samples.at(4), samples.at(60)).await.expect("asked").expect("due");
    assert_eq!(claimed.id, waiting.id);
}
