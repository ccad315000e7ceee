//! Rules of [`crate::ports::SessionList`].

use super::{CALLS, Samples, Stores, at_once};
use crate::ports::{Consequences, SessionRecord};
use square_kernel::{Limit, Page, SessionId, UserId};
use std::collections::BTreeSet;

/// Makes a test of every rule on the list of sessions; see [`crate::testing::contract`].
#[macro_export]
macro_rules! session_list_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            session_list,
            $make,
            [
                the_live_sessions_of_one_account_come_newest_first,
                they_come_page_by_page,
                the_newest_are_listed_however_they_stand,
                only_a_live_session_of_ones_own_is_ended,
                all_but_one_are_ended,
                of_many_who_end_all_others_each_session_is_ended_by_one,
                one_that_is_ended_beside_all_others_is_told_of_once,
            ]
        );
    };
}

async fn open(stores: &Stores, samples: &Samples, user: UserId) -> SessionRecord {
    let session = samples.session(user);
    assert!(stores.sessions.open(&session, 0, Consequences::none()).await.expect("opened"));
    session
}

async fn live(stores: &Stores, user: UserId, seconds: i64) -> Vec<SessionRecord> {
    let at = Samples::default().at(seconds);
    stores.session_list.live(user, at, Page::default()).await.expect("read").items
}

/// Whole, and without those that have ended or expired.
pub async fn the_live_sessions_of_one_account_come_newest_first(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    assert_eq!(live(stores, user, 0).await, []);
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(open(stores, &samples, user).await);
    }
    all.sort_unstable_by_key(|session| std::cmp::Reverse(session.id));
    open(stores, &samples, samples.registered(stores, "bystander").await.id).await;
    assert_eq!(live(stores, user, 59).await, all);
    let ended = all.remove(1);
    assert!(stores.sessions.end(ended.id, samples.at(1), Consequences::none()).await.expect("asked"));
    assert_eq!(live(stores, user, 59).await, all);
    assert_eq!(live(stores, user, 60).await, []);
    assert_eq!(live(stores, samples.user_id(), 0).await, []);
}

/// None is missed and none comes twice.
pub async fn they_come_page_by_page(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    for _ in 0..5 {
        open(stores, &samples, user).await;
    }
    let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = Page { limit: Limit::new(2).expect("a good limit"), after };
        let slice = stores.session_list.live(user, samples.now(), page).await.expect("read");
        seen.extend(slice.items);
        (after, pages) = (slice.next, pages + 1);
        if after.is_none() {
            break;
        }
    }
    assert_eq!((seen, pages), (live(stores, user, 0).await, 3));
}

/// As many as are asked for.
pub async fn the_newest_are_listed_however_they_stand(stores: &Stores) {
    let samples = Samples::default();
    let ended = samples.opened(stores).await;
    assert!(stores.sessions.end(ended.id, samples.at(1), Consequences::none()).await.expect("asked"));
    let mut all = vec![ended.id, open(stores, &samples, ended.user).await.id];
    all.push(open(stores, &samples, ended.user).await.id);
    all.sort_unstable();
    all.reverse();
    let newest = async |at_most| -> Vec<SessionId> {
        let records = stores.session_list.newest(ended.user, at_most).await.expect("read");
        records.iter().map(|record| record.id).collect()
    };
    assert_eq!(newest(10).await, all);
    assert_eq!(newest(2).await, all[..2]);
}

/// Once, and with what it leads to.
pub async fn only_a_live_session_of_ones_own_is_ended(stores: &Stores) {
    let samples = Samples::default();
    let own = samples.opened(stores).await;
    let other = samples.registered(stores, "bystander").await.id;
    let end = async |user, session, seconds| {
        let letter = Consequences::posted(&samples.letter(0));
        let ended = stores.session_list.end_own(user, session, samples.at(seconds), &letter).await;
        ended.expect("asked")
    };
    assert!(!end(other, own.id, 1).await);
    assert!(!end(own.user, samples.session_id(), 1).await);
    assert!(!end(own.user, own.id, 60).await);
    assert!(stores.letters.claim(samples.at(1), samples.at(60)).await.expect("asked").is_none());
    assert!(end(own.user, own.id, 1).await);
    assert!(!end(own.user, own.id, 2).await);
    assert!(stores.letters.claim(samples.at(1), samples.at(60)).await.expect("asked").is_some());
    assert!(stores.letters.claim(samples.at(1), samples.at(60)).await.expect("asked").is_none());
    let ended = stores.sessions.ended_since(samples.now()).await.expect("read");
    assert_eq!(ended, [(own.id, samples.at(1))]);
}

/// Of one account; where there is none nothing is stored.
pub async fn all_but_one_are_ended(stores: &Stores) {
    let samples = Samples::default();
    let kept = samples.opened(stores).await;
    let others = [open(stores, &samples, kept.user).await.id, open(stores, &samples, kept.user).await.id];
    let bystander = open(stores, &samples, samples.registered(stores, "bystander").await.id).await;
    let end = async || {
        let letter = Consequences::posted(&samples.letter(0));
        let ended = stores.session_list.end_others(kept.user, kept.id, samples.at(1), &letter).await;
        ended.expect("asked").into_iter().collect::<BTreeSet<_>>()
    };
    assert_eq!(end().await, BTreeSet::from(others));
    assert_eq!(end().await, BTreeSet::new());
    assert!(stores.letters.claim(samples.at(1), samples.at(60)).await.expect("asked").is_some());
    assert!(stores.letters.claim(samples.at(1), samples.at(60)).await.expect("asked").is_none());
    assert_eq!(live(stores, kept.user, 1).await, [kept]);
    assert_eq!(live(stores, bystander.user, 1).await, [bystander]);
}

/// Whoever is kept by one is ended by another.
pub async fn of_many_who_end_all_others_each_session_is_ended_by_one(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let mut all = Vec::new();
    for _ in 0..CALLS {
        all.push(open(stores, &samples, user).await.id);
    }
    let at = samples.at(1);
    let ended = at_once(|call| {
        let (stores, kept) = (stores.clone(), all[call]);
        async move {
            let ended = stores.session_list.end_others(user, kept, at, Consequences::none()).await;
            ended.expect("asked")
        }
    });
    let mut ended: Vec<_> = ended.await.into_iter().flatten().collect();
    ended.sort_unstable();
    all.sort_unstable();
    assert_eq!(ended, all);
}

/// By whoever came first.
pub async fn one_that_is_ended_beside_all_others_is_told_of_once(stores: &Stores) {
    let samples = Samples::default();
    let kept = samples.opened(stores).await;
    let other = open(stores, &samples, kept.user).await.id;
    let at = samples.at(1);
    let ended = at_once(|call| {
        let (stores, (user, kept)) = (stores.clone(), (kept.user, kept.id));
        async move {
            if call % 2 == 0 {
                let ended = stores.session_list.end_own(user, other, at, Consequences::none()).await;
                return usize::from(ended.expect("asked"));
            }
            let ended = stores.session_list.end_others(user, kept, at, Consequences::none()).await;
            ended.expect("asked").len()
        }
    });
    assert_eq!(ended.await.into_iter().sum::<usize>(), 1);
}
