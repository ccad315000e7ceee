//! What is done many times at once.

use super::super::{CALLS, Samples, Stores, at_once};
use super::{
    held, is_linked, linked, linked_by, linked_mailed, made, method, passwordless, recognised, ways_in,
};
use crate::ports::{Consequences, Linking, NewSecret, Purpose, SocialRegistration, Unlinking};
use crate::social::Provider;
use square_kernel::Secret;

/// The others are told that it has one.
pub async fn of_many_who_come_with_one_identity_one_gets_an_account(stores: &Stores) {
    let samples = Samples::default();
    let comers: Vec<_> = (0..CALLS)
        .map(|call| (method(&samples, Provider::Github, "1"), passwordless(&samples, &format!("name{call}"))))
        .collect();
    let outcomes = at_once(|call| {
        let (stores, (method, new)) = (stores.clone(), comers[call].clone());
        async move {
            stores.login_methods.register_by(&method, &new, None, Consequences::none()).await.expect("asked")
        }
    });
    let outcomes = outcomes.await;
    let made = outcomes.iter().filter(|outcome| matches!(outcome, SocialRegistration::Created(_))).count();
    let taken = outcomes.iter().filter(|outcome| **outcome == SocialRegistration::IdentityTaken).count();
    assert_eq!((made, taken), (1, CALLS - 1));
    for ((_, new), outcome) in comers.iter().zip(&outcomes) {
        let found = stores.accounts.by_id(new.id).await.expect("read").is_some();
        assert_eq!(found, *outcome != SocialRegistration::IdentityTaken);
    }
}

/// The others are told that it is elsewhere.
pub async fn of_many_accounts_that_want_one_identity_one_gets_it(stores: &Stores) {
    let samples = Samples::default();
    let mut wanting = Vec::new();
    for call in 0..CALLS {
        let account = samples.registered(stores, &format!("name{call}")).await;
        let by = samples.caller(stores, account.id).await;
        wanting.push((by, method(&samples, Provider::Github, "1")));
    }
    let outcomes = at_once(|call| {
        let (stores, (by, method)) = (stores.clone(), wanting[call].clone());
        async move { linked_by(&stores, by, &method, Consequences::none()).await }
    });
    let outcomes = outcomes.await;
    let elsewhere = outcomes.iter().filter(|outcome| **outcome == Linking::Elsewhere).count();
    assert_eq!((outcomes.iter().filter(|outcome| is_linked(outcome)).count(), elsewhere), (1, CALLS - 1));
    let winner = outcomes.iter().position(is_linked).expect("somebody");
    assert_eq!(recognised(stores, &samples, &wanting[winner].1).await, Some(wanting[winner].0.user));
}

/// The others have nothing.
pub async fn of_many_who_use_one_link_one_gets_in(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let github = method(&samples, Provider::Github, "1");
    let digest = held(stores, &samples, account.id, true, &github).await;
    let outcomes = at_once(|_| {
        let (stores, method, user) = (stores.clone(), github.clone(), account.id);
        async move { linked_mailed(&stores, user, &method, &digest, Consequences::none()).await }
    });
    let outcomes = outcomes.await;
    let refused = outcomes.iter().filter(|outcome| **outcome == Linking::LinkNotGood).count();
    assert_eq!((outcomes.iter().filter(|outcome| is_linked(outcome)).count(), refused), (1, CALLS - 1));
    assert_eq!(ways_in(stores, account.id).await.identities.len(), 1);
}

/// Nobody else gets anything by it.
pub async fn of_many_who_use_one_link_to_a_new_account_one_makes_it(stores: &Stores) {
    let samples = Samples::default();
    let facebook = method(&samples, Provider::Facebook, "1");
    let new = passwordless(&samples, "somebody");
    let digest = held(stores, &samples, new.id, false, &facebook).await;
    let outcomes = at_once(|_| {
        let (stores, method, new) = (stores.clone(), facebook.clone(), new.clone());
        async move {
            stores
                .login_methods
                .register_by(&method, &new, Some(&digest), Consequences::none())
                .await
                .expect("asked")
        }
    });
    let outcomes = outcomes.await;
    let made = outcomes.iter().filter(|outcome| matches!(outcome, SocialRegistration::Created(_))).count();
    assert_eq!(made, 1, "{outcomes:?}");
    assert_eq!(recognised(stores, &samples, &facebook).await, Some(new.id));
}

/// A proof is taken once for each sign-in that was begun.
pub async fn of_many_who_spend_one_state_one_gets_it(stores: &Stores) {
    let samples = Samples::default();
    let secret = NewSecret {
        digest: samples.digest(),
        purpose: Purpose::SocialState,
        user: None,
        payload: Some(Secret::new("github")),
        attempts: 1,
        created_at: samples.now(),
        expires_at: samples.at(60),
    };
    assert!(stores.secrets.issue(&secret, 1, Consequences::none()).await.expect("asked"));
    let (digest, now) = (secret.digest, samples.now());
    let spent = at_once(|_| {
        let stores = stores.clone();
        async move {
            let spent = stores.secrets.spend(&digest, Purpose::SocialState, now, Consequences::none()).await;
            spent.expect("asked").and_then(|held| held.payload)
        }
    });
    let spent: Vec<_> = spent.await.into_iter().flatten().collect();
    assert_eq!(spent, [Secret::new("github")]);
}

/// Whichever of them came last.
pub async fn of_the_last_ways_in_that_are_taken_away_at_once_one_stays(stores: &Stores) {
    let samples = Samples::default();
    for round in 0..4 {
        let first = method(&samples, Provider::Github, &format!("{round}"));
        let account = made(stores, &samples, &format!("name{round}"), &first).await;
        let mut methods = vec![first.id];
        for number in 1..CALLS {
            let method = method(&samples, Provider::Google, &format!("{round} {number}"));
            assert!(is_linked(&linked(stores, &samples, account.id, &method).await));
            methods.push(method.id);
        }
        let (at, by) = (samples.at(1), samples.caller(stores, account.id).await);
        let outcomes = at_once(|call| {
            let (stores, method) = (stores.clone(), methods[call]);
            async move {
                let unlinked = stores.login_methods.unlink(by, method, at, Consequences::none()).await;
                unlinked.expect("asked").expect("they are signed in")
            }
        });
        let outcomes = outcomes.await;
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Unlinking::LastWayIn).count(), 1);
        assert_eq!(ways_in(stores, account.id).await.identities.len(), 1);
    }
}
