//! Rules of [`crate::ports::AccountStore`] on confirming an address.

use super::samples::created;
use super::{Samples, Stores, at_once};
use crate::account::Account;
use crate::ports::{Consequences, NewConfirmation, NewSecret, Purpose};
use jiff::SignedDuration;
use square_kernel::Secret;

/// Makes a test of every rule on confirming an address; see [`crate::testing::contract`].
#[macro_export]
macro_rules! confirmations_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            confirmations,
            $make,
            [
                a_secret_confirms_its_account_once,
                one_of_many_spends_a_secret,
                a_secret_of_somebody_else_stays_unspent,
                an_expired_secret_is_no_good,
                an_unknown_secret_is_no_good,
                the_letter_comes_with_the_account,
                a_further_secret_leaves_the_first_good,
                confirming_spends_all_secrets_of_the_account,
                no_more_secrets_than_allowed_are_good_at_a_time,
                a_confirmed_account_gets_no_further_secret,
                confirming_drops_the_other_address_that_was_asked_for_before,
            ]
        );
    };
}

async fn unconfirmed(stores: &Stores, samples: &Samples) -> (Account, NewConfirmation) {
    let secret = samples.confirmation();
    let registered =
        stores.accounts.register(&samples.account("somebody"), Some(&secret), Consequences::none()).await;
    (created(registered.expect("registered")), secret)
}

/// The first use gives the confirmed account, the second nothing.
pub async fn a_secret_confirms_its_account_once(stores: &Stores) {
    let samples = Samples::default();
    let (account, secret) = unconfirmed(stores, &samples).await;
    let confirm =
        || stores.accounts.confirm(&secret.digest, Some(account.id), samples.at(1), Consequences::none());
    let at = Some(samples.at(1));
    let confirmed = Account { confirmed_at: at, unproved_until: at, ..account.clone() };
    assert_eq!(confirm().await.expect("asked"), Some(confirmed.clone()));
    assert_eq!(stores.accounts.by_id(account.id).await.expect("read"), Some(confirmed));
    assert_eq!(confirm().await.expect("asked"), None);
}

/// Of concurrent uses one gets the account.
pub async fn one_of_many_spends_a_secret(stores: &Stores) {
    let samples = Samples::default();
    let (_, secret) = unconfirmed(stores, &samples).await;
    let at = samples.at(1);
    let results = at_once(|_| {
        let stores = stores.clone();
        async move {
            stores.accounts.confirm(&secret.digest, None, at, Consequences::none()).await.expect("asked")
        }
    });
    assert_eq!(results.await.into_iter().flatten().count(), 1);
}

/// A link that names another account does nothing, and the right one still works.
pub async fn a_secret_of_somebody_else_stays_unspent(stores: &Stores) {
    let samples = Samples::default();
    let (account, secret) = unconfirmed(stores, &samples).await;
    let other = samples.registered(stores, "other").await;
    let confirm =
        |user| stores.accounts.confirm(&secret.digest, Some(user), samples.at(1), Consequences::none());
    assert_eq!(confirm(other.id).await.expect("asked"), None);
    assert_eq!(stores.accounts.by_id(other.id).await.expect("read"), Some(other));
    assert!(confirm(account.id).await.expect("asked").is_some());
}

/// A secret is good up to its last moment and not beyond.
pub async fn an_expired_secret_is_no_good(stores: &Stores) {
    let samples = Samples::default();
    let (account, secret) = unconfirmed(stores, &samples).await;
    let moment = SignedDuration::from_micros(1);
    let confirm = |at| stores.accounts.confirm(&secret.digest, Some(account.id), at, Consequences::none());
    for at in [secret.expires_at + moment, secret.expires_at] {
        assert_eq!(confirm(at).await.expect("asked"), None);
    }
    assert_eq!(stores.accounts.by_id(account.id).await.expect("read"), Some(account.clone()));
    assert!(confirm(secret.expires_at - moment).await.expect("asked").is_some());
}

/// What was never given out confirms nothing.
pub async fn an_unknown_secret_is_no_good(stores: &Stores) {
    let samples = Samples::default();
    unconfirmed(stores, &samples).await;
    let confirmed =
        stores.accounts.confirm(&samples.digest(), None, samples.now(), Consequences::none()).await;
    assert_eq!(confirmed.expect("asked"), None);
}

/// The letter given with a registration can be claimed.
pub async fn the_letter_comes_with_the_account(stores: &Stores) {
    let samples = Samples::default();
    let (secret, letter) = (samples.confirmation(), samples.letter(0));
    let account = samples.account("somebody");
    created(
        stores
            .accounts
            .register(&account, Some(&secret), &Consequences::posted(&letter))
            .await
            .expect("registered"),
    );
    let claimed = stores.letters.claim(samples.at(1), samples.at(2)).await.expect("claimed");
    assert_eq!(claimed.map(|claimed| claimed.id), Some(letter.id));
}

/// The new secret comes with its letter; the first one still works.
pub async fn a_further_secret_leaves_the_first_good(stores: &Stores) {
    let samples = Samples::default();
    let (account, first) = unconfirmed(stores, &samples).await;
    let (second, letter) = (samples.confirmation(), samples.letter(0));
    assert!(
        stores
            .accounts
            .renew_confirmation(account.id, &second, 2, letter.at, &Consequences::posted(&letter))
            .await
            .expect("asked")
    );
    let claimed = stores.letters.claim(samples.at(1), samples.at(2)).await.expect("claimed");
    assert_eq!(claimed.map(|claimed| claimed.id), Some(letter.id));
    let confirmed =
        stores.accounts.confirm(&first.digest, Some(account.id), samples.at(1), Consequences::none()).await;
    assert_eq!(confirmed.expect("asked").map(|confirmed| confirmed.id), Some(account.id));
}

/// Once an address is confirmed no further secret of its account is good; those of others are.
pub async fn confirming_spends_all_secrets_of_the_account(stores: &Stores) {
    let samples = Samples::default();
    let (account, first) = unconfirmed(stores, &samples).await;
    let elsewhere = samples.confirmation();
    let other =
        stores.accounts.register(&samples.account("other"), Some(&elsewhere), Consequences::none()).await;
    let other = created(other.expect("registered"));
    let (second, letter) = (samples.confirmation(), samples.letter(0));
    assert!(
        stores
            .accounts
            .renew_confirmation(account.id, &second, 2, letter.at, &Consequences::posted(&letter))
            .await
            .expect("asked")
    );
    let confirm = async |secret: NewConfirmation| {
        let confirmed =
            stores.accounts.confirm(&secret.digest, None, samples.at(1), Consequences::none()).await;
        confirmed.expect("asked").map(|confirmed| confirmed.id)
    };
    assert_eq!(confirm(second).await, Some(account.id));
    assert_eq!(confirm(first).await, None);
    assert_eq!(confirm(elsewhere).await, Some(other.id));
}

/// Where as many as allowed are good, neither secret nor letter is stored; those that have expired do not count.
pub async fn no_more_secrets_than_allowed_are_good_at_a_time(stores: &Stores) {
    let samples = Samples::default();
    let (account, _) = unconfirmed(stores, &samples).await;
    let renew = async |seconds: i64, at_most: u32| {
        let (secret, letter) = (samples.confirmation(), samples.letter(seconds));
        stores
            .accounts
            .renew_confirmation(account.id, &secret, at_most, letter.at, &Consequences::posted(&letter))
            .await
            .expect("asked")
    };
    assert!(!renew(59, 1).await);
    assert!(stores.letters.claim(samples.at(59), samples.at(60)).await.expect("asked").is_none());
    assert!(renew(59, 2).await);
    assert!(!renew(59, 2).await);
    assert!(renew(60, 1).await, "the first two have expired");
}

/// Where there is nothing to confirm, neither secret nor letter is stored.
pub async fn a_confirmed_account_gets_no_further_secret(stores: &Stores) {
    let samples = Samples::default();
    let (account, first) = unconfirmed(stores, &samples).await;
    assert!(
        stores
            .accounts
            .confirm(&first.digest, None, samples.now(), Consequences::none())
            .await
            .expect("asked")
            .is_some()
    );
    for user in [account.id, samples.user_id()] {
        let (secret, letter) = (samples.confirmation(), samples.letter(0));
        assert!(
            !stores
                .accounts
                .renew_confirmation(user, &secret, 9, letter.at, &Consequences::posted(&letter))
                .await
                .expect("asked")
        );
        assert_eq!(
            stores
                .accounts
                .confirm(&secret.digest, None, samples.now(), Consequences::none())
                .await
                .expect("asked"),
            None
        );
        assert!(stores.letters.claim(samples.at(1), samples.at(2)).await.expect("asked").is_none());
    }
}

/// Whoever asked for it need not have had the mailbox. One that is asked for later stays.
pub async fn confirming_drops_the_other_address_that_was_asked_for_before(stores: &Stores) {
    let samples = Samples::default();
    let (account, secret) = unconfirmed(stores, &samples).await;
    let by = samples.caller(stores, account.id).await;
    let ask = async || {
        let secret = NewSecret {
            digest: samples.digest(),
            purpose: Purpose::ChangeEmail,
            user: Some(account.id),
            payload: Some(Secret::new("thief@example.org")),
            attempts: 1,
            created_at: samples.now(),
            expires_at: samples.at(60),
        };
        let asked = stores.credentials.ask_for_address(&secret, by, Consequences::none()).await;
        assert_eq!(asked.expect("asked"), Ok(true));
        secret.digest
    };
    let is_good = async |digest| {
        let held = stores.secrets.look(&digest, Purpose::ChangeEmail, samples.at(1)).await;
        held.expect("read").is_some()
    };
    let before = ask().await;
    let confirmed = stores.accounts.confirm(&secret.digest, None, samples.at(1), Consequences::none()).await;
    assert!(confirmed.expect("asked").is_some());
    assert!(!is_good(before).await);
    assert!(is_good(ask().await).await);
}
