//! Rules of [`crate::ports::LetterRequests`].

use super::samples::email;
use super::{CALLS, Samples, Stores, at_once};
use crate::ports::{LetterRequest, RequestedLetter};
use std::collections::BTreeSet;

/// Makes a test of every rule on asking for letters; see [`crate::testing::contract`].
#[macro_export]
macro_rules! letter_requests_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            letter_requests,
            $make,
            [
                what_was_asked_for_reads_back,
                the_oldest_comes_first_and_hides_for_its_lease,
                what_was_answered_is_gone,
                of_many_who_look_at_once_each_gets_another_one,
            ]
        );
    };
}

async fn ask(stores: &Stores, samples: &Samples, seconds: i64) -> LetterRequest {
    let request = samples.letter_request(seconds);
    stores.letter_requests.ask(&request).await.expect("stored");
    request
}

async fn take(stores: &Stores, from: i64, until: i64) -> Option<LetterRequest> {
    let samples = Samples::default();
    let taken = stores.letter_requests.take_request(samples.at(from), samples.at(until));
    taken.await.expect("asked")
}

/// Every kind, and from wherever.
pub async fn what_was_asked_for_reads_back(stores: &Stores) {
    let samples = Samples::default();
    assert_eq!(take(stores, 0, 1).await, None);
    for (seconds, letter) in (1..).zip(RequestedLetter::ALL) {
        let mut request = LetterRequest { letter, ..samples.letter_request(seconds) };
        request.to = email(letter.as_str());
        if seconds == 1 {
            (request.device.address, request.device.agent) = (None, None);
        }
        stores.letter_requests.ask(&request).await.expect("stored");
        assert_eq!(take(stores, seconds - 1, 100).await, None, "it is not asked for yet");
        assert_eq!(take(stores, seconds, 100).await, Some(request));
    }
}

/// One that was never answered comes again.
pub async fn the_oldest_comes_first_and_hides_for_its_lease(stores: &Stores) {
    let samples = Samples::default();
    let (newer, older) = (ask(stores, &samples, 2).await, ask(stores, &samples, 1).await);
    assert_eq!(take(stores, 5, 10).await.as_ref(), Some(&older));
    assert_eq!(take(stores, 5, 20).await.as_ref(), Some(&newer));
    assert_eq!(take(stores, 9, 30).await, None);
    assert_eq!(take(stores, 10, 40).await, Some(older));
    assert_eq!(take(stores, 20, 40).await, Some(newer));
}

/// Also when it is answered again.
pub async fn what_was_answered_is_gone(stores: &Stores) {
    let samples = Samples::default();
    let (first, second) = (ask(stores, &samples, 1).await, ask(stores, &samples, 2).await);
    for _ in 0..2 {
        stores.letter_requests.answered(first.id).await.expect("asked");
    }
    assert_eq!(take(stores, 5, 10).await, Some(second));
    assert_eq!(take(stores, 5, 10).await, None);
}

/// Until there are none left.
pub async fn of_many_who_look_at_once_each_gets_another_one(stores: &Stores) {
    let samples = Samples::default();
    for _ in 0..CALLS / 2 {
        ask(stores, &samples, 0).await;
    }
    let taken = at_once(|_| {
        let stores = stores.clone();
        async move { take(&stores, 1, 60).await }
    });
    let taken = taken.await;
    assert_eq!(taken.iter().flatten().count(), CALLS / 2);
    let different: BTreeSet<_> = taken.into_iter().flatten().map(|request| request.id).collect();
    assert_eq!(different.len(), CALLS / 2);
}
