//! Rules of [`crate::ports::LetterQueue`].

use super::{CALLS, Samples, Stores, at_once};
use crate::letter::{ClaimedLetter, Occasion};
use crate::ports::{Consequences, NewLetter};
use jiff::Timestamp;
use std::collections::HashSet;

/// Makes a test of every rule on the queue of letters; see [`crate::testing::contract`].
#[macro_export]
macro_rules! letter_queue_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            letter_queue,
            $make,
            [
                a_letter_reads_back_whole,
                the_oldest_goes_first,
                a_letter_waits_until_it_is_due,
                a_claimed_letter_is_hidden_until_its_lease_ends,
                one_of_many_claims_a_letter,
                many_claims_take_different_letters,
                a_sent_letter_is_gone,
                a_failed_letter_comes_again_when_it_is_due,
                a_letter_set_aside_stays_there,
                what_is_noted_too_late_changes_nothing,
                what_was_sent_is_forgotten_a_few_at_a_time,
            ]
        );
    };
}

async fn posted(stores: &Stores, samples: &Samples, seconds: i64) -> NewLetter {
    let letter = samples.letter(seconds);
    stores.accounts.record(&Consequences::posted(&letter)).await.expect("stored");
    letter
}

async fn claim(stores: &Stores, now: Timestamp, lease_until: Timestamp) -> Option<ClaimedLetter> {
    stores.letters.claim(now, lease_until).await.expect("asked")
}

/// Addressee, occasion and secret arrive as they were stored, whatever the occasion.
pub async fn a_letter_reads_back_whole(stores: &Stores) {
    let samples = Samples::default();
    for (seconds, occasion) in (0..).zip(Occasion::one_of_each()) {
        let mut letter = samples.letter(seconds);
        letter.letter.occasion = occasion;
        stores.accounts.record(&Consequences::posted(&letter)).await.expect("stored");
        let claimed = claim(stores, samples.at(seconds), samples.at(99)).await.expect("a letter");
        assert_eq!((claimed.id, claimed.attempts), (letter.id, 0));
        assert_eq!(claimed.letter, letter.letter);
    }
}

/// Letters leave in the order in which they were caused.
pub async fn the_oldest_goes_first(stores: &Stores) {
    let samples = Samples::default();
    let mut posted_ids = Vec::new();
    for seconds in [2, 1, 3] {
        posted_ids.push(posted(stores, &samples, seconds).await.id);
    }
    let mut claimed = Vec::new();
    while let Some(letter) = claim(stores, samples.at(5), samples.at(60)).await {
        claimed.push(letter.id);
    }
    assert_eq!(claimed, [posted_ids[1], posted_ids[0], posted_ids[2]]);
}

/// Nothing is claimed before its time; its time is included.
pub async fn a_letter_waits_until_it_is_due(stores: &Stores) {
    let samples = Samples::default();
    let letter = posted(stores, &samples, 10).await;
    assert!(claim(stores, samples.at(9), samples.at(60)).await.is_none());
    assert_eq!(
        claim(stores, samples.at(10), samples.at(60)).await.map(|claimed| claimed.id),
        Some(letter.id)
    );
}

/// A claim whose outcome is never noted counts as an attempt.
pub async fn a_claimed_letter_is_hidden_until_its_lease_ends(stores: &Stores) {
    let samples = Samples::default();
    let letter = posted(stores, &samples, 0).await;
    assert!(claim(stores, samples.at(0), samples.at(10)).await.is_some());
    assert!(claim(stores, samples.at(9), samples.at(20)).await.is_none());
    let again = claim(stores, samples.at(10), samples.at(20)).await.expect("its lease has ended");
    assert_eq!((again.id, again.attempts), (letter.id, 1));
}

/// Of concurrent claims one gets the letter.
pub async fn one_of_many_claims_a_letter(stores: &Stores) {
    let samples = Samples::default();
    posted(stores, &samples, 0).await;
    let (now, lease_until) = (samples.at(1), samples.at(10));
    let results = at_once(|_| {
        let stores = stores.clone();
        async move { claim(&stores, now, lease_until).await }
    });
    assert_eq!(results.await.into_iter().flatten().count(), 1);
}

/// Concurrent claims of as many letters get one each.
pub async fn many_claims_take_different_letters(stores: &Stores) {
    let samples = Samples::default();
    for _ in 0..CALLS {
        posted(stores, &samples, 0).await;
    }
    let (now, lease_until) = (samples.at(1), samples.at(10));
    let results = at_once(|_| {
        let stores = stores.clone();
        async move { claim(&stores, now, lease_until).await }
    });
    let ids: HashSet<_> = results.await.into_iter().flatten().map(|letter| letter.id).collect();
    assert_eq!(ids.len(), CALLS);
}

/// It is not claimed again, however late.
pub async fn a_sent_letter_is_gone(stores: &Stores) {
    let samples = Samples::default();
    let letter = posted(stores, &samples, 0).await;
    assert!(claim(stores, samples.at(0), samples.at(10)).await.is_some());
    stores.letters.sent(letter.id, samples.at(1)).await.expect("noted");
    assert!(claim(stores, samples.at(1000), samples.at(2000)).await.is_none());
}

/// It comes at the time that was noted, also before its lease would have ended, and tells how often it was tried.
pub async fn a_failed_letter_comes_again_when_it_is_due(stores: &Stores) {
    let samples = Samples::default();
    let letter = posted(stores, &samples, 0).await;
    for attempts in 0..3_u32 {
        let now = i64::from(attempts) * 10;
        assert!(claim(stores, samples.at(now - 1), samples.at(now + 60)).await.is_none());
        let claimed = claim(stores, samples.at(now), samples.at(now + 60)).await.expect("due");
        assert_eq!((claimed.id, claimed.attempts), (letter.id, attempts));
        stores.letters.retry(letter.id, samples.at(now + 10), "the server is asleep").await.expect("noted");
    }
}

/// It is not claimed again, and does not hold up those behind it.
pub async fn a_letter_set_aside_stays_there(stores: &Stores) {
    let samples = Samples::default();
    let letter = posted(stores, &samples, 0).await;
    let next = posted(stores, &samples, 1).await;
    assert!(claim(stores, samples.at(1), samples.at(10)).await.is_some());
    stores.letters.set_aside(letter.id, samples.at(1), "no such mailbox").await.expect("noted");
    assert_eq!(claim(stores, samples.at(9), samples.at(5000)).await.map(|claimed| claimed.id), Some(next.id));
    assert!(claim(stores, samples.at(1000), samples.at(2000)).await.is_none());
}

/// Whoever outlived their lease brings back neither what another one has sent nor what was set aside.
pub async fn what_is_noted_too_late_changes_nothing(stores: &Stores) {
    let samples = Samples::default();
    let (sent, aside) = (posted(stores, &samples, 0).await, posted(stores, &samples, 0).await);
    stores.letters.sent(sent.id, samples.at(1)).await.expect("noted");
    stores.letters.set_aside(aside.id, samples.at(1), "no such mailbox").await.expect("noted");
    for letter in [sent.id, aside.id] {
        stores.letters.retry(letter, samples.at(2), "the server is asleep").await.expect("noted");
    }
    assert!(claim(stores, samples.at(1000), samples.at(2000)).await.is_none());
}

/// Letters that wait, that are set aside or were sent at the moment asked for, or later, stay.
pub async fn what_was_sent_is_forgotten_a_few_at_a_time(stores: &Stores) {
    let samples = Samples::default();
    for seconds in [1, 1, 1, 2] {
        let letter = posted(stores, &samples, 0).await;
        stores.letters.sent(letter.id, samples.at(seconds)).await.expect("noted");
    }
    let aside = posted(stores, &samples, 0).await;
    stores.letters.set_aside(aside.id, samples.at(1), "no such mailbox").await.expect("noted");
    let waiting = posted(stores, &samples, 0).await;

    let forget = async |seconds| stores.letters.forget_sent(samples.at(seconds), 2).await.expect("asked");
    assert_eq!(forget(1).await, 0);
    assert_eq!((forget(2).await, forget(2).await, forget(2).await), (2, 1, 0));
    assert_eq!((forget(1000).await, forget(1000).await), (1, 0));
    assert_eq!(claim(stores, samples.at(1), samples.at(2)).await.map(|claimed| claimed.id), Some(waiting.id));
}
