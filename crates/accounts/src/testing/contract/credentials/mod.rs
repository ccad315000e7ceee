//! Rules of [`crate::ports::CredentialStore`].

mod addresses;
mod deletions;
mod passwords;
mod profile;

pub use addresses::*;
pub use deletions::*;
pub use passwords::*;
pub use profile::*;

use super::{Samples, Stores};
use crate::account::Account;
use crate::mfa::OtpSecret;
use crate::names::EmailAddress;
use crate::password::PasswordHash;
use crate::ports::{Consequences, NewOtpMethod, NewSecret, OtpMethodId, Purpose};
use crate::tokens::TokenDigest;
use square_kernel::{Secret, SessionId, UserId};

/// Makes a test of every rule on what owners change; see [`crate::testing::contract`].
#[macro_export]
macro_rules! credentials_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            credentials,
            $make,
            [
                a_reset_sets_the_password_and_ends_every_session,
                one_of_many_uses_of_a_reset_link_sets_the_password,
                of_many_reset_links_of_an_account_one_sets_the_password,
                a_reset_link_that_is_not_good_does_nothing,
                a_reset_confirms_the_address_and_takes_what_strangers_left,
                a_reset_leaves_the_second_factor_of_a_confirmed_account,
                a_reset_takes_what_was_set_up_before_the_address_was_confirmed,
                another_address_is_no_reason_to_take_anything,
                a_changed_password_keeps_one_session,
                of_many_changes_of_one_password_one_happens,
                a_new_password_drops_what_the_old_one_led_to,
                another_address_holds_once_it_is_confirmed,
                one_of_many_uses_of_an_address_link_changes_the_address,
                a_later_address_takes_the_place_of_an_earlier_one,
                an_address_link_that_is_not_good_does_nothing,
                an_address_that_is_taken_meanwhile_stays_where_it_is,
                of_many_who_confirm_one_address_one_gets_it,
                names_are_changed_and_noted_once,
                all_sessions_come_page_by_page,
                a_deleted_account_leaves_nothing_but_that_it_was,
                of_many_deletions_one_happens,
                what_is_opened_beside_a_deletion_ends_with_it,
            ]
        );
    };
}

/// A secret of `user` that is good for a minute.
fn secret(samples: &Samples, user: UserId, purpose: Purpose) -> NewSecret {
    NewSecret {
        digest: samples.digest(),
        purpose,
        user: Some(user),
        payload: None,
        attempts: 1,
        created_at: samples.now(),
        expires_at: samples.at(60),
    }
}

async fn issued(stores: &Stores, samples: &Samples, user: UserId, purpose: Purpose) -> TokenDigest {
    let secret = secret(samples, user, purpose);
    assert!(stores.secrets.issue(&secret, 99, Consequences::none()).await.expect("asked"));
    secret.digest
}

async fn asked(stores: &Stores, samples: &Samples, user: UserId, new: &EmailAddress) -> TokenDigest {
    let payload = Some(Secret::new(new.as_str()));
    let secret = NewSecret { payload, ..secret(samples, user, Purpose::ChangeEmail) };
    let by = samples.caller(stores, user).await;
    let asked = stores.credentials.ask_for_address(&secret, by, Consequences::none()).await;
    assert_eq!(asked.expect("asked"), Ok(true));
    samples.leave(stores, by).await;
    secret.digest
}

async fn is_good(stores: &Stores, samples: &Samples, digest: &TokenDigest, purpose: Purpose) -> bool {
    stores.secrets.look(digest, purpose, samples.at(1)).await.expect("read").is_some()
}

async fn opened(stores: &Stores, samples: &Samples, user: UserId) -> SessionId {
    let session = samples.session(user);
    assert!(stores.sessions.open(&session, 0, Consequences::none()).await.expect("opened"));
    session.id
}

async fn hash_of(stores: &Stores, user: UserId) -> PasswordHash {
    stores.credentials.own_credentials(user).await.expect("read").expect("there").1
}

async fn confirmed(stores: &Stores, samples: &Samples, name: &str) -> Account {
    let account = samples.registered(stores, name).await;
    let digest = issued(stores, samples, account.id, Purpose::Confirm).await;
    let confirmed = stores.accounts.confirm(&digest, None, samples.at(0), Consequences::none()).await;
    confirmed.expect("asked").expect("confirmed")
}

/// Whether a letter waits; it waits no more.
async fn letter_waits(stores: &Stores, samples: &Samples) -> bool {
    stores.letters.claim(samples.at(1), samples.at(3600)).await.expect("asked").is_some()
}

fn sorted(mut sessions: Vec<SessionId>) -> Vec<SessionId> {
    sessions.sort_unstable();
    sessions
}

async fn with_second_factor(stores: &Stores, samples: &Samples, user: UserId) {
    let method = NewOtpMethod {
        id: OtpMethodId::new(samples.clock(), samples.randomness()),
        user,
        secret: OtpSecret::new(samples.randomness()),
        at: samples.now(),
    };
    let by = samples.caller(stores, user).await;
    let begun = stores.mfa.begin_otp(&method, by, Consequences::none()).await;
    assert_eq!(begun.expect("asked"), Ok(true));
    samples.leave(stores, by).await;
}
