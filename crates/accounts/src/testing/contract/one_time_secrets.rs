//! Rules of [`crate::ports::OneTimeSecrets`].

use super::{CALLS, Samples, Stores, at_once};
use crate::ports::{Consequences, NewSecret, Purpose};
use jiff::SignedDuration;
use square_kernel::{Secret, UserId};

/// Makes a test of every rule on one-time secrets; see [`crate::testing::contract`].
#[macro_export]
macro_rules! one_time_secrets_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            one_time_secrets,
            $make,
            [
                a_secret_is_good_once_and_for_its_purpose_only,
                a_secret_is_good_up_to_its_last_moment,
                of_many_who_spend_a_secret_one_gets_it,
                a_secret_allows_so_many_attempts_and_no_more,
                an_account_has_no_more_good_secrets_than_allowed,
                secrets_of_several_purposes_and_accounts_do_not_count_together,
                what_goes_with_a_secret_is_stored_with_it_or_not_at_all,
                expired_secrets_are_forgotten,
                the_newest_secret_of_a_kind_is_found_while_it_is_good,
            ]
        );
    };
}

/// A secret of `user` for resetting a password, good for a minute.
fn secret(samples: &Samples, user: Option<UserId>) -> NewSecret {
    NewSecret {
        digest: samples.digest(),
        purpose: Purpose::ResetPassword,
        user,
        payload: Some(Secret::new("päyload")),
        attempts: 3,
        created_at: samples.now(),
        expires_at: samples.at(60),
    }
}

async fn issued(stores: &Stores, samples: &Samples, user: Option<UserId>) -> NewSecret {
    let secret = secret(samples, user);
    assert!(stores.secrets.issue(&secret, 9, Consequences::none()).await.expect("asked"));
    secret
}

/// It says whose it is and what it carries, until it is spent.
pub async fn a_secret_is_good_once_and_for_its_purpose_only(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let new = issued(stores, &samples, Some(account.id)).await;
    for purpose in Purpose::ALL.iter().copied().filter(|purpose| *purpose != Purpose::ResetPassword) {
        let looked = stores.secrets.look(&new.digest, purpose, samples.at(1)).await.expect("asked");
        let attempted = stores.secrets.attempt(&new.digest, purpose, samples.at(1)).await.expect("asked");
        let spend = stores.secrets.spend(&new.digest, purpose, samples.at(1), Consequences::none());
        assert!(looked.is_none() && attempted.is_none() && spend.await.expect("asked").is_none());
    }
    let look = || stores.secrets.look(&new.digest, Purpose::ResetPassword, samples.at(1));
    let spend =
        || stores.secrets.spend(&new.digest, Purpose::ResetPassword, samples.at(1), Consequences::none());
    for held in [look().await, look().await, spend().await] {
        let held = held.expect("asked").expect("good");
        assert_eq!((held.user, held.attempts_left), (Some(account.id), 3));
        assert_eq!(held.payload, Some(Secret::new("päyload")));
    }
    assert!(look().await.expect("asked").is_none());
    assert!(spend().await.expect("asked").is_none());
}

/// And not beyond; an expired one stays unspent.
pub async fn a_secret_is_good_up_to_its_last_moment(stores: &Stores) {
    let samples = Samples::default();
    let new = issued(stores, &samples, None).await;
    let moment = SignedDuration::from_micros(1);
    let spend = |at| stores.secrets.spend(&new.digest, new.purpose, at, Consequences::none());
    for at in [new.expires_at + moment, new.expires_at] {
        assert!(stores.secrets.look(&new.digest, new.purpose, at).await.expect("asked").is_none());
        assert!(stores.secrets.attempt(&new.digest, new.purpose, at).await.expect("asked").is_none());
        assert!(spend(at).await.expect("asked").is_none());
    }
    assert_eq!(spend(new.expires_at - moment).await.expect("asked").expect("good").user, None);
}

/// At once.
pub async fn of_many_who_spend_a_secret_one_gets_it(stores: &Stores) {
    let samples = Samples::default();
    let new = issued(stores, &samples, None).await;
    let at = samples.at(1);
    let spent = at_once(|_| {
        let (stores, digest) = (stores.clone(), new.digest);
        async move {
            let spend = stores.secrets.spend(&digest, Purpose::ResetPassword, at, Consequences::none());
            spend.await.expect("asked").is_some()
        }
    });
    assert_eq!(spent.await.into_iter().filter(|won| *won).count(), 1);
}

/// Also at once; looking and spending cost none.
pub async fn a_secret_allows_so_many_attempts_and_no_more(stores: &Stores) {
    let samples = Samples::default();
    let new = issued(stores, &samples, None).await;
    let at = samples.at(1);
    let attempts = at_once(|_| {
        let (stores, digest) = (stores.clone(), new.digest);
        async move {
            let attempt = stores.secrets.attempt(&digest, Purpose::ResetPassword, at);
            attempt.await.expect("asked").map(|held| held.attempts_left)
        }
    });
    let left: Vec<u32> = attempts.await.into_iter().flatten().collect();
    assert_eq!(left.len(), 3, "of {CALLS}");
    let held = stores.secrets.spend(&new.digest, new.purpose, at, Consequences::none()).await.expect("asked");
    assert_eq!(held.expect("still there").attempts_left, 0);
}

/// At a time, even when they are asked for at once.
pub async fn an_account_has_no_more_good_secrets_than_allowed(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let further: Vec<_> = (0..CALLS).map(|_| secret(&samples, Some(account.id))).collect();
    let issued = at_once(|call| {
        let (stores, secret) = (stores.clone(), further[call].clone());
        async move { stores.secrets.issue(&secret, 5, Consequences::none()).await.expect("asked") }
    });
    assert_eq!(issued.await.into_iter().filter(|issued| *issued).count(), 5);
    let mut later = secret(&samples, Some(account.id));
    later.created_at = samples.at(59);
    later.expires_at = samples.at(120);
    assert!(!stores.secrets.issue(&later, 5, Consequences::none()).await.expect("asked"));
    later.created_at = samples.at(60);
    assert!(
        stores.secrets.issue(&later, 5, Consequences::none()).await.expect("asked"),
        "the others expired"
    );
    let nobody = secret(&samples, Some(samples.user_id()));
    assert!(!stores.secrets.issue(&nobody, 5, Consequences::none()).await.expect("asked"));
}

/// Those of nobody are not limited.
pub async fn secrets_of_several_purposes_and_accounts_do_not_count_together(stores: &Stores) {
    let samples = Samples::default();
    let (one, two) = (samples.registered(stores, "one").await, samples.registered(stores, "two").await);
    for user in [Some(one.id), Some(two.id), None, None] {
        for purpose in Purpose::ALL.iter().copied() {
            let new = NewSecret { purpose, ..secret(&samples, user) };
            assert!(stores.secrets.issue(&new, 1, Consequences::none()).await.expect("asked"));
        }
    }
}

/// With the making, and with the spending.
pub async fn what_goes_with_a_secret_is_stored_with_it_or_not_at_all(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let letter = samples.letter(0);
    let claim = || stores.letters.claim(samples.at(1), samples.at(99));

    let (new, posted) = (secret(&samples, Some(account.id)), Consequences::posted(&letter));
    assert!(!stores.secrets.issue(&new, 0, &posted).await.expect("asked"));
    assert!(claim().await.expect("claimed").is_none());
    assert!(stores.secrets.issue(&new, 1, &posted).await.expect("asked"));
    assert_eq!(claim().await.expect("claimed").map(|claimed| claimed.id), Some(letter.id));

    let letter = samples.letter(0);
    let posted = Consequences::posted(&letter);
    let spend = |digest| {
        let (stores, posted, at) = (stores.clone(), posted.clone(), samples.at(1));
        async move { stores.secrets.spend(&digest, Purpose::ResetPassword, at, &posted).await }
    };
    assert!(spend(samples.digest()).await.expect("asked").is_none());
    assert!(claim().await.expect("claimed").is_none());
    assert!(spend(new.digest).await.expect("asked").is_some());
    assert_eq!(claim().await.expect("claimed").map(|claimed| claimed.id), Some(letter.id));
}

/// So many at a time.
pub async fn expired_secrets_are_forgotten(stores: &Stores) {
    let samples = Samples::default();
    for _ in 0..3 {
        issued(stores, &samples, None).await;
    }
    let later = NewSecret { expires_at: samples.at(61), ..secret(&samples, None) };
    assert!(stores.secrets.issue(&later, 1, Consequences::none()).await.expect("asked"));
    let forget = || stores.secrets.forget_expired_secrets(samples.at(61), 2);
    for forgotten in [2, 1, 0] {
        assert_eq!(forget().await.expect("forgotten"), forgotten);
    }
    assert!(
        stores.secrets.look(&later.digest, later.purpose, samples.at(60)).await.expect("asked").is_some()
    );
}

/// Not those of others, and none of other kinds.
pub async fn the_newest_secret_of_a_kind_is_found_while_it_is_good(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let other = samples.registered(stores, "other").await.id;
    let issue = async |seconds, payload: &str, user, purpose| {
        let new = NewSecret {
            payload: Some(Secret::new(payload)),
            purpose,
            created_at: samples.at(seconds),
            expires_at: samples.at(seconds + 60),
            ..secret(&samples, Some(user))
        };
        assert!(stores.secrets.issue(&new, 9, Consequences::none()).await.expect("asked"));
    };
    let newest = async |seconds| {
        let found = stores.secrets.newest_secret(user, Purpose::ChangeEmail, samples.at(seconds)).await;
        found.expect("read").and_then(|held| held.payload).map(|payload| payload.expose().to_owned())
    };
    assert_eq!(newest(0).await, None);
    issue(1, "second", user, Purpose::ChangeEmail).await;
    issue(0, "first", user, Purpose::ChangeEmail).await;
    issue(2, "another's", other, Purpose::ChangeEmail).await;
    issue(2, "of another kind", user, Purpose::ResetPassword).await;
    for seconds in [2, 60] {
        assert_eq!(newest(seconds).await.as_deref(), Some("second"));
    }
    assert_eq!(newest(61).await, None);
}
