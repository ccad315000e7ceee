//! A password that is changed, by its owner or by a mailed link.

use super::super::samples::email;
use super::super::{Samples, Stores, at_once};
use super::{asked, confirmed, hash_of, is_good, issued, letter_waits, opened, sorted, with_second_factor};
use crate::account::Account;
use crate::password::PasswordHash;
use crate::ports::{AddressChange, Consequences, CredentialChange, Purpose};
use crate::tokens::TokenDigest;
use square_kernel::UserId;

/// With what it leads to.
pub async fn a_reset_sets_the_password_and_ends_every_session(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let sessions = vec![opened(stores, &samples, user).await, opened(stores, &samples, user).await];
    let bystander = opened(stores, &samples, samples.registered(stores, "bystander").await.id).await;
    let digest = issued(stores, &samples, user, Purpose::ResetPassword).await;
    let (new, letter) = (PasswordHash::new("new"), Consequences::posted(&samples.letter(0)));
    let reset = stores.credentials.reset_password(&digest, user, &new, samples.at(1), &letter).await;
    let change = reset.expect("asked").expect("reset");
    assert_eq!(sorted(change.ended), sorted(sessions));
    let account = stores.accounts.by_id(user).await.expect("read").expect("there");
    assert!(account.credentials > 0 && account.credentials == change.credentials);
    assert_eq!(hash_of(stores, user).await, new);
    assert!(letter_waits(stores, &samples).await);
    let ended = stores.sessions.ended_since(samples.now()).await.expect("read");
    assert!(ended.len() == 2 && ended.iter().all(|(id, at)| *id != bystander && *at == samples.at(1)));
}

/// The others get nothing, and nothing is stored for them.
pub async fn one_of_many_uses_of_a_reset_link_sets_the_password(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let digest = issued(stores, &samples, user, Purpose::ResetPassword).await;
    let winner = reset_at_once(stores, &samples, user, &[digest]).await;
    assert_eq!(hash_of(stores, user).await, PasswordHash::new(format!("new {winner}")));
    assert!(letter_waits(stores, &samples).await);
    assert!(!letter_waits(stores, &samples).await);
}

/// All the others are spent with it.
pub async fn of_many_reset_links_of_an_account_one_sets_the_password(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let mut digests = Vec::new();
    for _ in 0..8 {
        digests.push(issued(stores, &samples, user, Purpose::ResetPassword).await);
    }
    let winner = reset_at_once(stores, &samples, user, &digests).await;
    assert_eq!(hash_of(stores, user).await, PasswordHash::new(format!("new {winner}")));
}

/// Uses the links at once and in turn; gives the number of the only call that got through.
async fn reset_at_once(stores: &Stores, samples: &Samples, user: UserId, digests: &[TokenDigest]) -> usize {
    let at = samples.at(1);
    let done = at_once(|call| {
        let (stores, digest) = (stores.clone(), digests[call % digests.len()]);
        let letter = Consequences::posted(&samples.letter(0));
        async move {
            let new = PasswordHash::new(format!("new {call}"));
            let reset = stores.credentials.reset_password(&digest, user, &new, at, &letter).await;
            reset.expect("asked").map(|_| call)
        }
    });
    let winners: Vec<usize> = done.await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    winners[0]
}

/// One of somebody else stays unspent.
pub async fn a_reset_link_that_is_not_good_does_nothing(stores: &Stores) {
    let samples = Samples::default();
    let account = confirmed(stores, &samples, "somebody").await;
    let other = samples.registered(stores, "other").await.id;
    let session = opened(stores, &samples, account.id).await;
    let theirs = issued(stores, &samples, other, Purpose::ResetPassword).await;
    let own = issued(stores, &samples, account.id, Purpose::ResetPassword).await;
    let mut attempts = vec![(samples.digest(), 1), (theirs, 1), (own, 60)];
    for purpose in Purpose::ALL.iter().filter(|purpose| **purpose != Purpose::ResetPassword) {
        attempts.push((issued(stores, &samples, account.id, *purpose).await, 1));
    }
    for (digest, seconds) in attempts {
        let (new, letter) = (PasswordHash::new("new"), Consequences::posted(&samples.letter(0)));
        let at = samples.at(seconds);
        let reset = stores.credentials.reset_password(&digest, account.id, &new, at, &letter).await;
        assert_eq!(reset.expect("asked"), None);
    }
    assert_eq!(hash_of(stores, account.id).await, PasswordHash::new("hash of somebody"));
    assert_eq!(stores.accounts.by_id(account.id).await.expect("read"), Some(account));
    assert!(!letter_waits(stores, &samples).await);
    assert!(is_good(stores, &samples, &theirs, Purpose::ResetPassword).await);
    let session = stores.sessions.session(session).await.expect("read").expect("there");
    assert_eq!(session.ended_at, None);
}

/// Whoever made the account need not have had the mailbox.
pub async fn a_reset_confirms_the_address_and_takes_what_strangers_left(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    with_second_factor(stores, &samples, user).await;
    let confirmation = issued(stores, &samples, user, Purpose::Confirm).await;
    let digest = issued(stores, &samples, user, Purpose::ResetPassword).await;
    let new = PasswordHash::new("new");
    let reset = stores.credentials.reset_password(&digest, user, &new, samples.at(1), Consequences::none());
    assert_eq!(reset.await.expect("asked").expect("reset").ended, []);
    let account = stores.accounts.by_id(user).await.expect("read").expect("there");
    assert_eq!((account.confirmed_at, account.mfa_enabled_at), (Some(samples.at(1)), None));
    assert!(stores.mfa.otp_method(user).await.expect("read").is_none());
    assert!(!is_good(stores, &samples, &confirmation, Purpose::Confirm).await);
}

/// A mailbox is not two factors.
pub async fn a_reset_leaves_the_second_factor_of_a_confirmed_account(stores: &Stores) {
    let samples = Samples::default();
    let account = confirmed(stores, &samples, "somebody").await;
    samples.switch_second_factor_on(stores, account.id).await;
    let account = stores.accounts.by_id(account.id).await.expect("read").expect("there");
    let digest = issued(stores, &samples, account.id, Purpose::ResetPassword).await;
    let new = PasswordHash::new("new");
    let reset =
        stores.credentials.reset_password(&digest, account.id, &new, samples.at(1), Consequences::none());
    assert!(reset.await.expect("asked").is_some());
    assert!(stores.mfa.otp_method(account.id).await.expect("read").is_some());
    let after = Account { credentials: account.credentials + 1, ..account.clone() };
    assert_eq!(stores.accounts.by_id(account.id).await.expect("read"), Some(after));
}

/// By whoever registered with somebody else's address and waited for them to confirm it.
pub async fn a_reset_takes_what_was_set_up_before_the_address_was_confirmed(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    samples.linked(stores, user).await;
    samples.switch_second_factor_on(stores, user).await;
    let digest = issued(stores, &samples, user, Purpose::Confirm).await;
    let confirmed = stores.accounts.confirm(&digest, None, samples.at(1), Consequences::none()).await;
    let account = confirmed.expect("asked").expect("confirmed");
    assert_eq!(account.unproved_until, Some(samples.at(1)));
    let digest = samples.reset_link(stores, user).await;
    let new = PasswordHash::new("new");
    let reset = stores.credentials.reset_password(&digest, user, &new, samples.at(2), Consequences::none());
    assert!(reset.await.expect("asked").is_some());
    let ways = stores.login_methods.ways_in(user).await.expect("read").expect("there");
    assert!(ways.password && ways.identities.is_empty());
    let account = stores.accounts.by_id(user).await.expect("read").expect("there");
    assert_eq!((account.mfa_enabled_at, account.confirmed_at), (None, Some(samples.at(1))));
    assert!(stores.mfa.otp_method(user).await.expect("read").is_none());
}

/// What was set up before it was confirmed is the owner's, who had the mailbox before.
pub async fn another_address_is_no_reason_to_take_anything(stores: &Stores) {
    let samples = Samples::default();
    let user = confirmed(stores, &samples, "somebody").await.id;
    let method = samples.linked(stores, user).await;
    samples.switch_second_factor_on(stores, user).await;
    let (new, at) = (email("new"), samples.at(1));
    let digest = asked(stores, &samples, user, &new).await;
    let changed = stores.credentials.change_address(&digest, user, &new, at, Consequences::none()).await;
    assert!(matches!(changed.expect("asked"), AddressChange::Changed(_)));
    let digest = samples.reset_link(stores, user).await;
    let new = PasswordHash::new("new");
    let reset = stores.credentials.reset_password(&digest, user, &new, samples.at(2), Consequences::none());
    assert!(reset.await.expect("asked").is_some());
    let ways = stores.login_methods.ways_in(user).await.expect("read").expect("there");
    assert_eq!(ways.identities.iter().map(|linked| linked.id).collect::<Vec<_>>(), [method]);
    let account = stores.accounts.by_id(user).await.expect("read").expect("there");
    assert!(account.mfa_enabled_at.is_some() && account.unproved_until == Some(samples.at(0)));
}

/// The one that it was changed in.
pub async fn a_changed_password_keeps_one_session(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let (by, other) = (samples.caller(stores, user).await, opened(stores, &samples, user).await);
    let (old, new) = (PasswordHash::new("hash of somebody"), PasswordHash::new("new"));
    let change = async |old: &PasswordHash| {
        let letter = Consequences::posted(&samples.letter(0));
        let changed =
            stores.credentials.change_password(user, Some(by), old, &new, samples.at(1), &letter).await;
        changed.expect("asked").expect("they are signed in")
    };
    assert_eq!(change(&PasswordHash::new("another")).await, None);
    assert!(!letter_waits(stores, &samples).await);
    assert_eq!(change(&old).await, Some(CredentialChange { ended: vec![other], credentials: 1 }));
    assert_eq!(change(&old).await, None);
    assert_eq!(hash_of(stores, user).await, new);
    assert!(letter_waits(stores, &samples).await && !letter_waits(stores, &samples).await);
    let ended = stores.sessions.ended_since(samples.now()).await.expect("read");
    assert_eq!(ended, [(other, samples.at(1))]);
}

/// The others find that the old one is not it any more.
pub async fn of_many_changes_of_one_password_one_happens(stores: &Stores) {
    let samples = Samples::default();
    let user = samples.registered(stores, "somebody").await.id;
    let (by, at) = (Some(samples.caller(stores, user).await), samples.at(1));
    let done = at_once(|call| {
        let stores = stores.clone();
        async move {
            let (old, new) =
                (PasswordHash::new("hash of somebody"), PasswordHash::new(format!("new {call}")));
            let changed =
                stores.credentials.change_password(user, by, &old, &new, at, Consequences::none()).await;
            changed.expect("asked").expect("they are signed in").map(|_| new)
        }
    });
    let done: Vec<PasswordHash> = done.await.into_iter().flatten().collect();
    assert_eq!(done, [hash_of(stores, user).await]);
}

/// Links that set a password, challenges, addresses that nobody has confirmed, and a second factor that is half set up; not those of
/// others, and none of other kinds.
pub async fn a_new_password_drops_what_the_old_one_led_to(stores: &Stores) {
    let samples = Samples::default();
    let account = confirmed(stores, &samples, "somebody").await;
    let (user, other) = (account.id, samples.registered(stores, "other").await.id);
    let by = samples.caller(stores, user).await;
    let dropped = [Purpose::ResetPassword, Purpose::ChangeEmail, Purpose::Mfa];
    let (mut hash, next) = (PasswordHash::new("hash of somebody"), ["by change", "by reset"]);
    for (number, next) in next.into_iter().enumerate() {
        let mut secrets = Vec::new();
        for purpose in Purpose::ALL {
            secrets.push((issued(stores, &samples, user, *purpose).await, *purpose));
        }
        with_second_factor(stores, &samples, user).await;
        let theirs = issued(stores, &samples, other, Purpose::ResetPassword).await;
        let new = PasswordHash::new(next);
        let changed = if number == 0 {
            stores
                .credentials
                .change_password(user, Some(by), &hash, &new, samples.at(1), Consequences::none())
                .await
                .map(|changed| changed.expect("they are signed in"))
        } else {
            let digest = issued(stores, &samples, user, Purpose::ResetPassword).await;
            // With the address itself goes what would have confirmed it.
            secrets.retain(|(_, purpose)| *purpose != Purpose::Confirm);
            stores.credentials.reset_password(&digest, user, &new, samples.at(1), Consequences::none()).await
        };
        assert!(changed.expect("asked").is_some(), "{next}");
        for (digest, purpose) in secrets {
            let good = is_good(stores, &samples, &digest, purpose).await;
            assert_eq!(good, !dropped.contains(&purpose), "{next}: {purpose:?}");
        }
        assert!(is_good(stores, &samples, &theirs, Purpose::ResetPassword).await, "{next}");
        assert!(stores.mfa.otp_method(user).await.expect("read").is_none(), "{next}");
        hash = new;
    }
}
