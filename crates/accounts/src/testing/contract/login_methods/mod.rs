//! Rules of [`crate::ports::LoginMethodStore`].

mod concurrency;
mod identities;
mod links;

pub use concurrency::*;
pub use identities::*;
pub use links::*;

use super::samples::email;
use super::{Samples, Stores};
use crate::account::{Account, LoginMethod};
use crate::audit::{Actor, AuditAction, AuditEntry, AuditId};
use crate::password::PasswordHash;
use crate::ports::identity::{ExternalIdentity, Grant, KnownAddress, ShownText, Subject};
use crate::ports::{
    AuditFilter, Caller, Consequences, LinkedBy, Linking, LoginMethodId, NewAccount, NewLoginMethod,
    NewSocialLink, SocialRegistration, WaysIn,
};
use crate::social::Provider;
use crate::tokens::TokenDigest;
use square_kernel::{Secret, UserId};

/// Makes a test of every rule on ways to sign in; see [`crate::testing::contract`].
#[macro_export]
macro_rules! login_methods_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            login_methods,
            $make,
            [
                an_account_is_made_with_its_identity_or_not_at_all,
                an_identity_belongs_to_one_account,
                provider_and_subject_tell_identities_apart_letter_by_letter,
                what_is_known_of_an_identity_is_what_the_provider_said_last,
                an_account_may_have_several_ways_in,
                the_last_way_in_stays,
                taking_a_way_in_away_ends_the_other_sessions,
                a_link_stands_for_an_identity_until_it_is_spent_or_expires,
                a_link_is_good_for_its_account_alone,
                an_account_has_no_more_good_links_than_allowed,
                a_link_to_a_confirmed_account_leaves_it_as_it_is,
                a_link_to_an_unconfirmed_account_leaves_nothing_of_whoever_made_it,
                a_link_makes_the_account_it_names,
                a_link_that_cannot_be_followed_is_not_spent,
                of_many_who_come_with_one_identity_one_gets_an_account,
                of_many_accounts_that_want_one_identity_one_gets_it,
                of_many_who_use_one_link_one_gets_in,
                of_many_who_use_one_link_to_a_new_account_one_makes_it,
                of_many_who_spend_one_state_one_gets_it,
                of_the_last_ways_in_that_are_taken_away_at_once_one_stays,
            ]
        );
    };
}

fn method(samples: &Samples, provider: Provider, subject: &str) -> NewLoginMethod {
    let token = |text: &str| Some(Secret::new(format!("{text} of {subject} \"ü\\\n")));
    NewLoginMethod {
        id: LoginMethodId::from(samples.user_id().uuid()),
        provider,
        identity: ExternalIdentity {
            subject: Subject::parse(subject).expect("a good subject"),
            email: Some(KnownAddress { address: email("somebody"), vouched: true }),
            name: ShownText::new("Zoë \"O'Neil\" \\"),
            first_name: ShownText::new("Zoë"),
            last_name: ShownText::new("O'Neil"),
            user_name: ShownText::new("zoe"),
            grant: Grant {
                access_token: token("access"),
                expires_at: Some(samples.at(3600)),
                refresh_token: token("refresh"),
                refresh_expires_at: None,
                scope: ShownText::new("read:user"),
                token_type: ShownText::new("bearer"),
            },
        },
        at: samples.now(),
    }
}

/// Without a password.
fn passwordless(samples: &Samples, name: &str) -> NewAccount {
    let mut new = samples.account(name);
    new.password = PasswordHash::none();
    new.confirmed_at = Some(samples.now());
    new.login_method = LoginMethod::Social(Provider::Github);
    new
}

fn consequences(samples: &Samples) -> Consequences {
    let entry = AuditEntry {
        id: AuditId::from(samples.user_id().uuid()),
        at: samples.now(),
        action: AuditAction::LoginMethodAdded,
        actor: Actor::default(),
        user: None,
        detail: Some("github".to_owned()),
    };
    Consequences::noted(entry)
}

/// How often consequences were stored.
async fn noted(stores: &Stores) -> usize {
    stores.audit.entries(&AuditFilter::default(), None, 99).await.expect("read").len()
}

async fn made(stores: &Stores, samples: &Samples, name: &str, method: &NewLoginMethod) -> Account {
    let new = passwordless(samples, name);
    let made = stores.login_methods.register_by(method, &new, None, Consequences::none()).await;
    match made.expect("asked") {
        SocialRegistration::Created(account) => *account,
        other => unreachable!("not made: {other:?}"),
    }
}

async fn recognised(stores: &Stores, samples: &Samples, method: &NewLoginMethod) -> Option<UserId> {
    let found = stores.login_methods.recognise(method.provider, &method.identity, samples.now()).await;
    found.expect("asked").map(|account| account.id)
}

async fn ways_in(stores: &Stores, user: UserId) -> WaysIn {
    stores.login_methods.ways_in(user).await.expect("read").expect("there")
}

async fn linked(stores: &Stores, samples: &Samples, user: UserId, method: &NewLoginMethod) -> Linking {
    let by = samples.caller(stores, user).await;
    let linking = linked_by(stores, by, method, Consequences::none()).await;
    samples.leave(stores, by).await;
    linking
}

async fn linked_by(stores: &Stores, by: Caller, method: &NewLoginMethod, noted: &Consequences) -> Linking {
    let linking = stores.login_methods.link(by.user, method, LinkedBy::Owner(by), noted).await;
    linking.expect("asked").expect("they are signed in")
}

/// By a mailed link.
async fn linked_mailed(
    stores: &Stores,
    user: UserId,
    method: &NewLoginMethod,
    link: &TokenDigest,
    noted: &Consequences,
) -> Linking {
    let linking = stores.login_methods.link(user, method, LinkedBy::Mailbox(link), noted).await;
    linking.expect("asked").expect("nobody has to be signed in")
}

fn is_linked(linking: &Linking) -> bool {
    matches!(linking, Linking::Linked { .. })
}

/// A link by which `method` becomes a way in, good for a minute.
async fn held(
    stores: &Stores,
    samples: &Samples,
    user: UserId,
    exists: bool,
    method: &NewLoginMethod,
) -> TokenDigest {
    let link = NewSocialLink { digest: samples.digest(), user, exists, expires_at: samples.at(60) };
    assert!(stores.login_methods.hold(&link, method, 99, Consequences::none()).await.expect("asked"));
    link.digest
}
