//! Rules of all storing ports on calls that get in one another's way.

use super::samples::{created, email};
use super::{CALLS, Samples, Stores, at_once};
use crate::account::Account;
use crate::names::EmailAddress;
use crate::ports::{Consequences, NewConfirmation, NewLetter, Registration, Rotation};
use std::collections::BTreeSet;

/// Makes a test of every rule on races; see [`crate::testing::contract`].
#[macro_export]
macro_rules! races_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            races,
            $make,
            [
                registrations_that_cross_all_have_an_outcome_that_is_so,
                many_further_secrets_at_once_are_no_more_than_allowed,
                one_of_many_secrets_of_an_account_confirms_it,
                no_secret_outlives_a_confirmation_beside_it,
                a_role_given_by_many_at_once_is_given_once,
                of_many_roles_given_at_once_none_is_lost,
                a_session_ends_once_beside_suspensions,
                a_session_that_ends_beside_its_rotation_stays_ended,
                no_attempt_at_a_letter_is_lost,
                a_letter_that_is_sent_beside_claims_is_not_claimed_again,
            ]
        );
    };
}

/// Of names and addresses that are asked for in all combinations each goes to one account at most, and whoever was
/// refused was refused for something that is taken.
pub async fn registrations_that_cross_all_have_an_outcome_that_is_so(stores: &Stores) {
    let samples = Samples::default();
    let wanted: Vec<_> = (0..CALLS)
        .map(|call| {
            let mut new = samples.account(&format!("name{}", call % 4));
            new.email = Some(email(&format!("address{}", (call / 4) % 4)));
            new
        })
        .collect();
    let outcomes = at_once(|call| {
        let (stores, new) = (stores.clone(), wanted[call].clone());
        async move { stores.accounts.register(&new, None, Consequences::none()).await.expect("asked") }
    });
    let outcomes = outcomes.await;
    let made: Vec<&Account> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Registration::Created(account) => Some(&**account),
            Registration::UsernameTaken | Registration::EmailTaken => None,
        })
        .collect();
    let names: BTreeSet<String> = made.iter().map(|account| account.username.key()).collect();
    let addresses: BTreeSet<_> =
        made.iter().filter_map(|account| account.email.as_ref()).map(EmailAddress::as_str).collect();
    assert_eq!((names.len(), addresses.len()), (made.len(), made.len()));
    for (new, outcome) in wanted.iter().zip(&outcomes) {
        let found = stores.accounts.by_id(new.id).await.expect("read");
        match outcome {
            Registration::Created(account) => assert_eq!(found.as_ref(), Some(&**account)),
            Registration::UsernameTaken => assert!(found.is_none() && names.contains(&new.username.key())),
            Registration::EmailTaken => {
                let address = new.email.as_ref().expect("an address").as_str();
                assert!(found.is_none() && addresses.contains(address));
            }
        }
    }
}

/// Besides the first one, which came with the registration; and each comes with its letter.
pub async fn many_further_secrets_at_once_are_no_more_than_allowed(stores: &Stores) {
    let samples = Samples::default();
    let (user, _) = unconfirmed(stores, &samples, "somebody").await;
    let further = further(&samples);
    let given = at_once(|call| {
        let (stores, (secret, letter)) = (stores.clone(), further[call].clone());
        async move {
            stores
                .accounts
                .renew_confirmation(user.id, &secret, 3, letter.at, &Consequences::posted(&letter))
                .await
                .expect("asked")
        }
    });
    assert_eq!(given.await.into_iter().filter(|given| *given).count(), 2);
    let mut letters = 0;
    while stores.letters.claim(samples.at(1), samples.at(60)).await.expect("asked").is_some() {
        letters += 1;
    }
    assert_eq!(letters, 2);
}

/// The others are spent with it.
pub async fn one_of_many_secrets_of_an_account_confirms_it(stores: &Stores) {
    let samples = Samples::default();
    let (user, _) = unconfirmed(stores, &samples, "somebody").await;
    let further = further(&samples);
    for (secret, letter) in &further {
        assert!(
            stores
                .accounts
                .renew_confirmation(user.id, secret, 99, letter.at, &Consequences::posted(letter))
                .await
                .expect("asked")
        );
    }
    let at = samples.at(1);
    let confirmed = at_once(|call| {
        let (stores, (secret, _)) = (stores.clone(), further[call].clone());
        async move {
            stores.accounts.confirm(&secret.digest, None, at, Consequences::none()).await.expect("asked")
        }
    });
    assert_eq!(confirmed.await.into_iter().flatten().count(), 1);
}

/// A secret that is given at that moment is refused or spent with the others.
pub async fn no_secret_outlives_a_confirmation_beside_it(stores: &Stores) {
    let samples = Samples::default();
    let at = samples.at(1);
    for round in 0..6 {
        let (user, first) = unconfirmed(stores, &samples, &format!("somebody{round}")).await;
        let further = further(&samples);
        at_once(|call| {
            let (stores, (secret, letter)) = (stores.clone(), further[call].clone());
            async move {
                if call == CALLS / 8 {
                    let confirmed = stores
                        .accounts
                        .confirm(&first.digest, None, at, Consequences::none())
                        .await
                        .expect("asked");
                    assert!(confirmed.is_some());
                } else {
                    let posted = Consequences::posted(&letter);
                    let renewed =
                        stores.accounts.renew_confirmation(user.id, &secret, 99, letter.at, &posted);
                    renewed.await.expect("asked");
                }
            }
        })
        .await;
        for (secret, _) in further {
            assert_eq!(
                stores.accounts.confirm(&secret.digest, None, at, Consequences::none()).await.expect("asked"),
                None
            );
        }
    }
}

/// It counts once as a change of rights.
pub async fn a_role_given_by_many_at_once_is_given_once(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let at = samples.at(1);
    let given = at_once(|_| {
        let stores = stores.clone();
        async move { stores.accounts.grant_role(user, "admin", at, Consequences::none()).await.expect("asked") }
    });
    assert_eq!(given.await, [true; CALLS]);
    let account = stores.accounts.by_id(user).await.expect("read").expect("there");
    assert_eq!((&*account.roles, account.rights), (&["admin".to_owned(), "user".to_owned()][..], 1));
}

/// Each counts as a change of rights.
pub async fn of_many_roles_given_at_once_none_is_lost(stores: &Stores) {
    const ROLES: [&str; 4] = ["admin", "casting_assistant", "casting_director", "executive_producer"];
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let at = samples.at(1);
    at_once(|call| {
        let stores = stores.clone();
        async move {
            stores.accounts.grant_role(user, ROLES[call % 4], at, Consequences::none()).await.expect("asked")
        }
    })
    .await;
    let account = stores.accounts.by_id(user).await.expect("read").expect("there");
    let mut expected = ROLES.to_vec();
    expected.push("user");
    assert_eq!(
        (account.roles.to_vec(), account.rights),
        (expected.iter().map(ToString::to_string).collect(), 4)
    );
}

/// One of those who end it is told that they did: by its own end, or by one of several suspensions.
pub async fn a_session_ends_once_beside_suspensions(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let at = samples.at(1);
    for _ in 0..8 {
        let mut all = Vec::new();
        for _ in 0..CALLS {
            let session = samples.session(user);
            assert!(stores.sessions.open(&session, 0, Consequences::none()).await.expect("opened"));
            all.push(session.id);
        }
        let ended = at_once(|call| {
            let (stores, session) = (stores.clone(), all[call]);
            async move {
                if call % 4 == 3 {
                    let ended = stores
                        .accounts
                        .set_suspended(user, true, at, Consequences::none())
                        .await
                        .expect("asked");
                    return ended.expect("there is the account");
                }
                let ended = stores.sessions.end(session, at, Consequences::none()).await.expect("asked");
                ended.then_some(session).into_iter().collect()
            }
        });
        let mut ended: Vec<_> = ended.await.into_iter().flatten().collect();
        ended.sort_unstable();
        all.sort_unstable();
        assert_eq!(ended, all);
        stores.accounts.set_suspended(user, false, at, Consequences::none()).await.expect("readmitted");
    }
}

/// Whichever came first.
pub async fn a_session_that_ends_beside_its_rotation_stays_ended(stores: &Stores) {
    let samples = Samples::default();
    let session = samples.opened(stores).await.id;
    let (at, expires_at) = (samples.at(1), samples.at(61));
    let done = at_once(|call| {
        let stores = stores.clone();
        async move {
            if call == CALLS / 2 {
                return stores.sessions.end(session, at, Consequences::none()).await.expect("asked");
            }
            let from = u32::try_from(call % 2).expect("a small number");
            stores.sessions.rotate(session, from, at, expires_at).await.expect("asked");
            false
        }
    });
    assert_eq!(done.await.into_iter().filter(|ended| *ended).count(), 1);
    for from in 0..=2 {
        let rotated = stores.sessions.rotate(session, from, at, expires_at).await.expect("asked");
        assert!(matches!(rotated, Rotation::Stale(record) if record.ended_at == Some(at)));
    }
}

/// Of claims whose lease ends at once each is told of another number of attempts.
pub async fn no_attempt_at_a_letter_is_lost(stores: &Stores) {
    let samples = Samples::default();
    stores.accounts.record(&Consequences::posted(&samples.letter(0))).await.expect("stored");
    let now = samples.at(1);
    let claimed = at_once(|_| {
        let stores = stores.clone();
        async move { stores.letters.claim(now, now).await.expect("asked").expect("it is due").attempts }
    });
    let mut attempts = claimed.await;
    attempts.sort_unstable();
    assert_eq!(attempts, (0..).take(CALLS).collect::<Vec<u32>>());
}

/// However the claims come to lie.
pub async fn a_letter_that_is_sent_beside_claims_is_not_claimed_again(stores: &Stores) {
    let samples = Samples::default();
    let letter = samples.letter(0);
    stores.accounts.record(&Consequences::posted(&letter)).await.expect("stored");
    let now = samples.at(1);
    at_once(|call| {
        let stores = stores.clone();
        async move {
            if call == CALLS / 2 {
                stores.letters.sent(letter.id, now).await.expect("noted");
            } else {
                stores.letters.claim(now, now).await.expect("asked");
            }
        }
    })
    .await;
    assert!(stores.letters.claim(samples.at(1000), samples.at(2000)).await.expect("asked").is_none());
}

async fn unconfirmed(stores: &Stores, samples: &Samples, name: &str) -> (Account, NewConfirmation) {
    let secret = samples.confirmation();
    let registered =
        stores.accounts.register(&samples.account(name), Some(&secret), Consequences::none()).await;
    (created(registered.expect("registered")), secret)
}

fn further(samples: &Samples) -> Vec<(NewConfirmation, NewLetter)> {
    (0..CALLS).map(|_| (samples.confirmation(), samples.letter(0))).collect()
}
