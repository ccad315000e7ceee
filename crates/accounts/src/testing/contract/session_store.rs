//! Rules of [`crate::ports::SessionStore`].

use super::{CALLS, Samples, Stores, at_once};
use crate::ports::{Consequences, Rotation, SessionRecord};

/// Makes a test of every rule on sessions; see [`crate::testing::contract`].
#[macro_export]
macro_rules! session_store_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            session_store,
            $make,
            [
                a_session_rotates_from_generation_to_generation,
                another_generation_is_stale,
                one_of_many_rotates_a_generation,
                an_expired_session_is_stale,
                no_rotation_moves_the_end_of_a_session,
                an_ended_session_is_stale,
                an_unknown_session_is_unknown,
                a_session_ends_once,
                what_ended_is_listed_from_the_moment_asked_for,
                nobody_opens_a_session_of_an_account_that_cannot_be_used,
                no_session_slips_in_beside_a_suspension,
                what_expired_is_forgotten_a_few_at_a_time,
            ]
        );
    };
}

/// What was opened comes back one generation on, with the new times and all else unchanged.
pub async fn a_session_rotates_from_generation_to_generation(stores: &Stores) {
    let samples = Samples::default();
    let opened = samples.opened(stores).await;
    for generation in 0..3 {
        let step = 10 * i64::from(generation) + 10;
        let rotated = stores.sessions.rotate(opened.id, generation, samples.at(step), samples.at(step + 60));
        let expected = SessionRecord {
            generation: generation + 1,
            rotated_at: samples.at(step),
            expires_at: samples.at(step + 60),
            ..opened.clone()
        };
        assert_eq!(rotated.await.expect("asked"), Rotation::Rotated(expected));
    }
}

/// A spent generation, and one that is yet to come, change nothing and are told how the session stands.
pub async fn another_generation_is_stale(stores: &Stores) {
    let samples = Samples::default();
    let opened = samples.opened(stores).await;
    let rotate = |from| stores.sessions.rotate(opened.id, from, samples.at(1), samples.at(61));
    assert_eq!(rotate(1).await.expect("asked"), Rotation::Stale(opened.clone()));
    let Rotation::Rotated(current) = rotate(0).await.expect("asked") else { unreachable!("not rotated") };
    for from in [0, 2] {
        assert_eq!(rotate(from).await.expect("asked"), Rotation::Stale(current.clone()), "{from}");
    }
}

/// Of concurrent rotations of one generation one succeeds, and the others see what it did.
pub async fn one_of_many_rotates_a_generation(stores: &Stores) {
    let samples = Samples::default();
    let opened = samples.opened(stores).await;
    let (at, expires_at) = (samples.at(1), samples.at(61));
    let results = at_once(|_| {
        let stores = stores.clone();
        async move { stores.sessions.rotate(opened.id, 0, at, expires_at).await.expect("asked") }
    });
    let expected = SessionRecord { generation: 1, rotated_at: at, expires_at, ..opened };
    let results = results.await;
    let count = |wanted: &Rotation| results.iter().filter(|result| *result == wanted).count();
    assert_eq!(count(&Rotation::Rotated(expected.clone())), 1);
    assert_eq!(count(&Rotation::Stale(expected)), CALLS - 1);
}

/// From its last moment on a session cannot be rotated.
pub async fn an_expired_session_is_stale(stores: &Stores) {
    let samples = Samples::default();
    let opened = samples.opened(stores).await;
    let rotate = |at| stores.sessions.rotate(opened.id, 0, at, samples.at(1000));
    for seconds in [61, 60] {
        assert_eq!(rotate(samples.at(seconds)).await.expect("asked"), Rotation::Stale(opened.clone()));
    }
    assert!(matches!(rotate(samples.at(59)).await.expect("asked"), Rotation::Rotated(_)));
}

/// It can be refreshed until then, and each time only until then.
pub async fn no_rotation_moves_the_end_of_a_session(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let session = SessionRecord { ends_at: Some(samples.at(90)), ..samples.session(user) };
    assert!(stores.sessions.open(&session, Consequences::none()).await.expect("opened"));
    for (generation, expires) in [(0, 80), (1, 90), (2, 90)] {
        let wanted = if generation == 0 { 80 } else { 1000 };
        let rotated = stores.sessions.rotate(session.id, generation, samples.at(1), samples.at(wanted)).await;
        let Rotation::Rotated(record) = rotated.expect("asked") else { unreachable!("stale") };
        assert_eq!((record.expires_at, record.ends_at), (samples.at(expires), Some(samples.at(90))));
    }
}

/// An ended session cannot be rotated and says when it ended.
pub async fn an_ended_session_is_stale(stores: &Stores) {
    let samples = Samples::default();
    let opened = samples.opened(stores).await;
    assert!(stores.sessions.end(opened.id, samples.at(1), Consequences::none()).await.expect("asked"));
    let rotated = stores.sessions.rotate(opened.id, 0, samples.at(2), samples.at(62)).await;
    let ended = SessionRecord { ended_at: Some(samples.at(1)), ..opened };
    assert_eq!(rotated.expect("asked"), Rotation::Stale(ended));
}

/// What was never opened can neither be rotated nor ended.
pub async fn an_unknown_session_is_unknown(stores: &Stores) {
    let samples = Samples::default();
    let unknown = samples.session_id();
    let rotated = stores.sessions.rotate(unknown, 0, samples.at(1), samples.at(61)).await;
    assert_eq!(rotated.expect("asked"), Rotation::Unknown);
    assert!(!stores.sessions.end(unknown, samples.at(1), Consequences::none()).await.expect("asked"));
}

/// Ending again changes nothing.
pub async fn a_session_ends_once(stores: &Stores) {
    let samples = Samples::default();
    let opened = samples.opened(stores).await;
    assert!(stores.sessions.end(opened.id, samples.at(1), Consequences::none()).await.expect("asked"));
    assert!(!stores.sessions.end(opened.id, samples.at(2), Consequences::none()).await.expect("asked"));
    let ended = stores.sessions.ended_since(samples.now()).await.expect("read");
    assert_eq!(ended, [(opened.id, samples.at(1))]);
}

/// The moment asked for is included; live sessions are not listed.
pub async fn what_ended_is_listed_from_the_moment_asked_for(stores: &Stores) {
    let samples = Samples::default();
    let first = samples.opened(stores).await;
    let (second, live) = (samples.session(first.user), samples.session(first.user));
    for session in [&second, &live] {
        assert!(stores.sessions.open(session, Consequences::none()).await.expect("opened"));
    }
    assert!(stores.sessions.end(first.id, samples.at(1), Consequences::none()).await.expect("asked"));
    assert!(stores.sessions.end(second.id, samples.at(2), Consequences::none()).await.expect("asked"));

    let mut all = stores.sessions.ended_since(samples.at(1)).await.expect("read");
    all.sort_unstable_by_key(|(_, at)| *at);
    assert_eq!(all, [(first.id, samples.at(1)), (second.id, samples.at(2))]);
    let later = stores.sessions.ended_since(samples.at(2)).await.expect("read");
    assert_eq!(later, [(second.id, samples.at(2))]);
    assert_eq!(stores.sessions.ended_since(samples.at(3)).await.expect("read"), []);
}

/// A session of a suspended or unknown account is not stored.
pub async fn nobody_opens_a_session_of_an_account_that_cannot_be_used(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "suspended").await;
    stores
        .accounts
        .set_suspended(account.id, true, samples.now(), Consequences::none())
        .await
        .expect("suspended");
    for user in [account.id, samples.user_id()] {
        let session = samples.session(user);
        assert!(!stores.sessions.open(&session, Consequences::none()).await.expect("asked"));
        let rotated = stores.sessions.rotate(session.id, 0, samples.at(1), samples.at(61)).await;
        assert_eq!(rotated.expect("asked"), Rotation::Unknown);
    }
    stores
        .accounts
        .set_suspended(account.id, false, samples.now(), Consequences::none())
        .await
        .expect("readmitted");
    assert!(stores.sessions.open(&samples.session(account.id), Consequences::none()).await.expect("asked"));
}

/// Of sessions opened while their account is suspended none stays live: each is refused or ended.
pub async fn no_session_slips_in_beside_a_suspension(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "suspended").await;
    let sessions: Vec<SessionRecord> = (0..CALLS).map(|_| samples.session(account.id)).collect();
    let at = samples.at(1);
    let opened = at_once(|number| {
        let (stores, session) = (stores.clone(), sessions[number].clone());
        async move {
            if number == CALLS / 2 {
                stores
                    .accounts
                    .set_suspended(session.user, true, at, Consequences::none())
                    .await
                    .expect("suspended");
                return false;
            }
            stores.sessions.open(&session, Consequences::none()).await.expect("asked")
        }
    });
    let opened = opened.await.into_iter().filter(|opened| *opened).count();
    let ended = stores.sessions.ended_since(samples.now()).await.expect("read");
    assert_eq!(ended.len(), opened);
}

/// Sessions that expire at the moment asked for, or later, stay as they are.
pub async fn what_expired_is_forgotten_a_few_at_a_time(stores: &Stores) {
    let samples = Samples::default();
    let first = samples.opened(stores).await;
    for _ in 0..2 {
        assert!(
            stores.sessions.open(&samples.session(first.user), Consequences::none()).await.expect("opened")
        );
    }
    let later = SessionRecord { expires_at: samples.at(61), ..samples.session(first.user) };
    assert!(stores.sessions.open(&later, Consequences::none()).await.expect("opened"));
    assert!(stores.sessions.end(first.id, samples.at(1), Consequences::none()).await.expect("asked"));

    let forget = async |seconds| stores.sessions.forget_expired(samples.at(seconds), 2).await.expect("asked");
    assert_eq!(forget(60).await, 0);
    assert_eq!((forget(61).await, forget(61).await, forget(61).await), (2, 1, 0));
    assert_eq!(stores.sessions.ended_since(samples.now()).await.expect("read"), []);
    let rotate = |session| stores.sessions.rotate(session, 0, samples.at(2), samples.at(62));
    assert_eq!(rotate(first.id).await.expect("asked"), Rotation::Unknown);
    assert!(matches!(rotate(later.id).await.expect("asked"), Rotation::Rotated(_)));
}
