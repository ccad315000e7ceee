//! Rules of [`crate::ports::SessionStore`].

use super::{CALLS, Samples, Stores, at_once};
use crate::password::PasswordHash;
use crate::ports::{Caller, Consequences, LoginMethodId, MfaSwitch, Rotation, SessionRecord, Unlinking};
use crate::tokens::TokenDigest;
use jiff::Timestamp;
use square_kernel::UserId;

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
                a_session_begun_before_a_change_of_credentials_is_not_opened,
                no_session_begun_before_outlives_a_change_of_credentials_beside_it,
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
    assert!(stores.sessions.open(&session, 0, Consequences::none()).await.expect("opened"));
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
        assert!(stores.sessions.open(session, 0, Consequences::none()).await.expect("opened"));
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
        assert!(!stores.sessions.open(&session, 0, Consequences::none()).await.expect("asked"));
        let rotated = stores.sessions.rotate(session.id, 0, samples.at(1), samples.at(61)).await;
        assert_eq!(rotated.expect("asked"), Rotation::Unknown);
    }
    stores
        .accounts
        .set_suspended(account.id, false, samples.now(), Consequences::none())
        .await
        .expect("readmitted");
    assert!(
        stores.sessions.open(&samples.session(account.id), 0, Consequences::none()).await.expect("asked")
    );
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
            stores.sessions.open(&session, 0, Consequences::none()).await.expect("asked")
        }
    });
    let opened = opened.await.into_iter().filter(|opened| *opened).count();
    let ended = stores.sessions.ended_since(samples.now()).await.expect("read");
    assert_eq!(ended.len(), opened);
}

/// Only one for which what lets somebody in was read since.
pub async fn a_session_begun_before_a_change_of_credentials_is_not_opened(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    for credentials in 0..3 {
        let open = async |read: u32| {
            let session = samples.session(account.id);
            let opened = stores.sessions.open(&session, read, Consequences::none()).await.expect("asked");
            let is_there = stores.sessions.session(session.id).await.expect("read").is_some();
            assert_eq!(is_there, opened);
            opened
        };
        assert!(open(credentials).await);
        assert!(!open(credentials + 1).await);
        let hash = |number: u32| match number {
            0 => PasswordHash::new("hash of somebody"),
            _ => PasswordHash::new(number.to_string()),
        };
        let (old, new, at) = (hash(credentials), hash(credentials + 1), samples.at(1));
        let changed =
            stores.credentials.change_password(account.id, None, &old, &new, at, Consequences::none()).await;
        let changed = changed.expect("asked").expect("the operator does it").expect("changed");
        assert_eq!(changed.credentials, credentials + 1);
        let account = stores.accounts.by_id(account.id).await.expect("read").expect("there");
        assert_eq!(account.credentials, credentials + 1);
        assert!(!open(credentials).await);
    }
}

/// What may happen to an account beside sign-ins.
#[derive(Debug, Clone, Copy)]
enum Change {
    Reset(TokenDigest),
    Password,
    SecondFactorOff,
    Unlinked(Caller, LoginMethodId),
}

impl Change {
    async fn make(self, stores: &Stores, user: UserId, at: Timestamp) {
        let (old, new, none) =
            (PasswordHash::new("hash of somebody"), PasswordHash::new("new"), Consequences::none());
        match self {
            Self::Reset(digest) => {
                let reset = stores.credentials.reset_password(&digest, user, &new, at, none).await;
                assert!(reset.expect("asked").is_some());
            }
            Self::Password => {
                let changed = stores.credentials.change_password(user, None, &old, &new, at, none).await;
                assert!(matches!(changed.expect("asked"), Ok(Some(_))));
            }
            Self::SecondFactorOff => {
                let switch = MfaSwitch { user, by: None, required_roles: Vec::new(), at };
                let switched = stores.mfa.disable_mfa(&switch, none).await.expect("asked");
                assert!(matches!(switched, Ok(Some(_))));
            }
            Self::Unlinked(by, method) => {
                let unlinked = stores.login_methods.unlink(by, method, at, none).await.expect("asked");
                assert!(matches!(unlinked, Ok(Unlinking::Removed(_))), "{unlinked:?}");
            }
        }
    }
}

/// Each is refused or ends with the others, whichever way somebody came and however the calls come to lie.
pub async fn no_session_begun_before_outlives_a_change_of_credentials_beside_it(stores: &Stores) {
    let samples = Samples::default();
    for number in 0..4 {
        let name = if number == 1 { "somebody".to_owned() } else { format!("somebody{number}") };
        let user = samples.registered(stores, &name).await.id;
        let change = match number {
            0 => Change::Reset(samples.reset_link(stores, user).await),
            1 => Change::Password,
            2 => {
                samples.switch_second_factor_on(stores, user).await;
                Change::SecondFactorOff
            }
            _ => {
                let method = samples.linked(stores, user).await;
                Change::Unlinked(samples.caller(stores, user).await, method)
            }
        };
        let read = stores.accounts.by_id(user).await.expect("read").expect("there").credentials;
        let sessions: Vec<SessionRecord> =
            (0..CALLS).map(|_| SessionRecord { second_factor: true, ..samples.session(user) }).collect();
        let at = samples.at(1);
        let opened = at_once(|call| {
            let (stores, session) = (stores.clone(), sessions[call].clone());
            async move {
                if call == CALLS / 2 {
                    change.make(&stores, user, at).await;
                    return None;
                }
                let opened = stores.sessions.open(&session, read, Consequences::none()).await;
                opened.expect("asked").then_some(session.id)
            }
        });
        for session in opened.await.into_iter().flatten() {
            let session = stores.sessions.session(session).await.expect("read").expect("there");
            assert_eq!(session.ended_at, Some(at), "{change:?}");
        }
        let late = SessionRecord { second_factor: true, ..samples.session(user) };
        assert!(!stores.sessions.open(&late, read, Consequences::none()).await.expect("asked"), "{change:?}");
    }
}

/// Sessions that expire at the moment asked for, or later, stay as they are.
pub async fn what_expired_is_forgotten_a_few_at_a_time(stores: &Stores) {
    let samples = Samples::default();
    let first = samples.opened(stores).await;
    for _ in 0..2 {
        assert!(
            stores
                .sessions
                .open(&samples.session(first.user), 0, Consequences::none())
                .await
                .expect("opened")
        );
    }
    let later = SessionRecord { expires_at: samples.at(61), ..samples.session(first.user) };
    assert!(stores.sessions.open(&later, 0, Consequences::none()).await.expect("opened"));
    assert!(stores.sessions.end(first.id, samples.at(1), Consequences::none()).await.expect("asked"));

    let forget = async |seconds| stores.sessions.forget_expired(samples.at(seconds), 2).await.expect("asked");
    assert_eq!(forget(60).await, 0);
    assert_eq!((forget(61).await, forget(61).await, forget(61).await), (2, 1, 0));
    assert_eq!(stores.sessions.ended_since(samples.now()).await.expect("read"), []);
    let rotate = |session| stores.sessions.rotate(session, 0, samples.at(2), samples.at(62));
    assert_eq!(rotate(first.id).await.expect("asked"), Rotation::Unknown);
    assert!(matches!(rotate(later.id).await.expect("asked"), Rotation::Rotated(_)));
}
