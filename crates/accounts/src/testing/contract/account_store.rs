//! Rules of [`crate::ports::AccountStore`] on accounts and roles; those on confirmation stand in `confirmations`.

use super::samples::{created, email};
use super::{CALLS, Samples, Stores, at_once};
use crate::account::Standing;
use crate::password::PasswordHash;
use crate::ports::{Consequences, LoginName, Registration};
use std::sync::Arc;

/// Makes a test of every rule on accounts; see [`crate::testing::contract`].
#[macro_export]
macro_rules! account_store_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            account_store,
            $make,
            [
                an_account_reads_back_by_every_name,
                a_name_is_taken_in_any_case,
                an_address_is_taken_once,
                a_taken_name_wins_over_a_taken_address,
                many_accounts_have_no_address,
                one_of_many_gets_a_name,
                one_of_many_gets_an_address,
                an_unknown_role_is_an_error,
                a_refused_registration_stores_nothing,
                a_letter_may_be_stored_alone,
                a_hash_is_replaced_only_where_it_is_the_old_one,
                a_role_adds_its_permissions,
                a_new_role_counts_the_rights_up,
                one_of_many_grants_counts,
                suspending_ends_the_live_sessions,
                an_unknown_account_is_none,
            ]
        );
    };
}

/// What was registered is what every look-up gives.
pub async fn an_account_reads_back_by_every_name(stores: &Stores) {
    let samples = Samples::default();
    let mut new = samples.account("Ada.Lovelace");
    new.roles.push("casting_assistant".to_owned());
    let account =
        created(stores.accounts.register(&new, None, Consequences::none()).await.expect("registered"));

    assert_eq!(account.id, new.id);
    assert_eq!(account.username, new.username);
    assert_eq!(account.email, new.email);
    assert_eq!((&account.first_name, &account.last_name), (&new.first_name, &new.last_name));
    assert_eq!((account.standing, account.confirmed_at), (Standing::Active, None));
    assert_eq!((account.login_method, account.created_at), (new.login_method, new.created_at));
    assert_eq!(*account.roles, ["casting_assistant", "user"]);
    assert!(account.permissions.allow("get:movies"));

    assert_eq!(stores.accounts.by_id(new.id).await.expect("read"), Some(account.clone()));
    let address = email("ada.lovelace");
    assert_eq!(stores.accounts.by_email(&address).await.expect("read"), Some(account.clone()));
    for login in [LoginName::Username("ada.lovelace".to_owned()), LoginName::Email(address)] {
        let found = stores.accounts.credentials(&login).await.expect("read");
        assert_eq!(found, Some((account.clone(), new.password.clone())), "{login:?}");
    }
}

/// Names that differ in case only are one name.
pub async fn a_name_is_taken_in_any_case(stores: &Stores) {
    let samples = Samples::default();
    samples.registered(stores, "Émile").await;
    let mut other = samples.account("éMILE");
    other.email = Some(email("other"));
    let registration = stores.accounts.register(&other, None, Consequences::none()).await.expect("asked");
    assert_eq!(registration, Registration::UsernameTaken);
}

/// An address has one account.
pub async fn an_address_is_taken_once(stores: &Stores) {
    let samples = Samples::default();
    samples.registered(stores, "first").await;
    let mut other = samples.account("second");
    other.email = Some(email("FIRST"));
    let registration = stores.accounts.register(&other, None, Consequences::none()).await.expect("asked");
    assert_eq!(registration, Registration::EmailTaken);
}

/// Where both are taken the name is told, whoever holds the address.
pub async fn a_taken_name_wins_over_a_taken_address(stores: &Stores) {
    let samples = Samples::default();
    samples.registered(stores, "first").await;
    samples.registered(stores, "second").await;
    for address in ["first", "second"] {
        let mut other = samples.account("first");
        other.email = Some(email(address));
        let registration = stores.accounts.register(&other, None, Consequences::none()).await.expect("asked");
        assert_eq!(registration, Registration::UsernameTaken, "{address}");
    }
}

/// No address is no address that could be taken.
pub async fn many_accounts_have_no_address(stores: &Stores) {
    let samples = Samples::default();
    for name in ["first", "second"] {
        let mut new = samples.account(name);
        (new.email, new.confirmed_at) = (None, Some(samples.now()));
        let account =
            created(stores.accounts.register(&new, None, Consequences::none()).await.expect("registered"));
        assert_eq!((account.email, account.confirmed_at), (None, Some(samples.now())));
    }
}

/// Of concurrent registrations of one name one succeeds.
pub async fn one_of_many_gets_a_name(stores: &Stores) {
    let samples = Arc::new(Samples::default());
    let results = at_once(|number| {
        let (stores, samples) = (stores.clone(), samples.clone());
        async move {
            let mut new = samples.account("wanted");
            new.email = Some(email(&format!("number{number}")));
            stores.accounts.register(&new, None, Consequences::none()).await.expect("asked")
        }
    });
    let results = results.await;
    assert_eq!(results.iter().filter(|result| matches!(result, Registration::Created(_))).count(), 1);
    assert_eq!(results.iter().filter(|result| **result == Registration::UsernameTaken).count(), CALLS - 1);
}

/// Of concurrent registrations with one address one succeeds.
pub async fn one_of_many_gets_an_address(stores: &Stores) {
    let samples = Arc::new(Samples::default());
    let results = at_once(|number| {
        let (stores, samples) = (stores.clone(), samples.clone());
        async move {
            let mut new = samples.account(&format!("number{number}"));
            new.email = Some(email("wanted"));
            stores.accounts.register(&new, None, Consequences::none()).await.expect("asked")
        }
    });
    let results = results.await;
    assert_eq!(results.iter().filter(|result| matches!(result, Registration::Created(_))).count(), 1);
    assert_eq!(results.iter().filter(|result| **result == Registration::EmailTaken).count(), CALLS - 1);
}

/// A role that does not exist fails the registration, whole.
pub async fn an_unknown_role_is_an_error(stores: &Stores) {
    let samples = Samples::default();
    let mut new = samples.account("somebody");
    new.roles.push("no_such_role".to_owned());
    assert!(stores.accounts.register(&new, None, &Consequences::posted(&samples.letter(0))).await.is_err());
    assert_eq!(stores.accounts.by_id(new.id).await.expect("read"), None);
    assert!(stores.letters.claim(samples.at(1), samples.at(2)).await.expect("asked").is_none());
    samples.registered(stores, "somebody").await;
}

/// Neither account nor secret nor letter of a refused registration is there.
pub async fn a_refused_registration_stores_nothing(stores: &Stores) {
    let samples = Samples::default();
    samples.registered(stores, "first").await;
    let mut name_taken = samples.account("first");
    name_taken.email = Some(email("second"));
    let mut address_taken = samples.account("second");
    address_taken.email = Some(email("first"));
    for new in [name_taken, address_taken] {
        let (secret, letter) = (samples.confirmation(), samples.letter(0));
        let refused = stores
            .accounts
            .register(&new, Some(&secret), &Consequences::posted(&letter))
            .await
            .expect("asked");
        assert!(!matches!(refused, Registration::Created(_)));
        assert_eq!(stores.accounts.by_id(new.id).await.expect("read"), None);
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

/// A letter that no other change goes with can be claimed.
pub async fn a_letter_may_be_stored_alone(stores: &Stores) {
    let samples = Samples::default();
    let letter = samples.letter(0);
    stores.accounts.record(&Consequences::posted(&letter)).await.expect("stored");
    let claimed = stores.letters.claim(samples.at(1), samples.at(2)).await.expect("claimed");
    assert_eq!(claimed.map(|claimed| claimed.id), Some(letter.id));
}

/// Of two upgrades of one hash the later one changes nothing.
pub async fn a_hash_is_replaced_only_where_it_is_the_old_one(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let (old, new) = (PasswordHash::new("hash of somebody"), PasswordHash::new("new"));
    assert!(stores.accounts.upgrade_hash(account.id, &old, &new).await.expect("asked"));
    let late = PasswordHash::new("late");
    assert!(!stores.accounts.upgrade_hash(account.id, &old, &late).await.expect("asked"));
    assert!(!stores.accounts.upgrade_hash(samples.user_id(), &new, &late).await.expect("asked"));
    let login = LoginName::Username("somebody".to_owned());
    assert_eq!(stores.accounts.credentials(&login).await.expect("read"), Some((account, new)));
}

/// Granting is seen at once, may be repeated, and is refused where account or role is unknown.
pub async fn a_role_adds_its_permissions(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    assert!(!account.permissions.allow("get:movies"));
    for _ in 0..2 {
        assert!(
            stores
                .accounts
                .grant_role(account.id, "casting_assistant", samples.at(1), Consequences::none())
                .await
                .expect("asked")
        );
    }
    let account = stores.accounts.by_id(account.id).await.expect("read").expect("there");
    assert_eq!(*account.roles, ["casting_assistant", "user"]);
    let allowed = stores.accounts.permissions_of("casting_assistant").await.expect("read");
    assert!(allowed.iter().any(|permission| permission == "get:movies"));
    assert!(allowed.iter().all(|permission| account.permissions.allow(permission)));

    assert!(
        !stores
            .accounts
            .grant_role(account.id, "no_such_role", samples.at(1), Consequences::none())
            .await
            .expect("asked")
    );
    assert!(
        !stores
            .accounts
            .grant_role(samples.user_id(), "user", samples.at(1), Consequences::none())
            .await
            .expect("asked")
    );
    assert!(stores.accounts.permissions_of("no_such_role").await.expect("read").is_empty());
}

/// Each role that an account did not have counts its rights up, at the moment of the change; nothing else does.
pub async fn a_new_role_counts_the_rights_up(stores: &Stores) {
    let samples = Samples::default();
    let (account, bystander) =
        (samples.registered(stores, "somebody").await, samples.registered(stores, "bystander").await);
    assert_eq!((account.rights, bystander.rights), (0, 0));
    for (role, at) in [("admin", 1), ("casting_assistant", 2), ("admin", 3), ("no_such_role", 4)] {
        stores
            .accounts
            .grant_role(account.id, role, samples.at(at), Consequences::none())
            .await
            .expect("asked");
    }
    let rights = stores.accounts.by_id(account.id).await.expect("read").expect("there").rights;
    assert_eq!(rights, 2);
    let changed = async |since| stores.accounts.rights_changed_since(samples.at(since)).await.expect("read");
    assert_eq!(changed(2).await, [(account.id, 2, samples.at(2))]);
    assert_eq!(changed(3).await, []);
}

/// Many grants of one role at once count once.
pub async fn one_of_many_grants_counts(stores: &Stores) {
    let samples = Samples::default();
    let account = samples.registered(stores, "somebody").await;
    let granted = at_once(|_| {
        let (accounts, at) = (stores.accounts.clone(), samples.at(1));
        async move { accounts.grant_role(account.id, "admin", at, Consequences::none()).await.expect("asked") }
    });
    assert!(granted.await.into_iter().all(|granted| granted));
    let account = stores.accounts.by_id(account.id).await.expect("read").expect("there");
    assert_eq!((&*account.roles, account.rights), (&["admin".to_owned(), "user".to_owned()][..], 1));
}

/// Suspending names the sessions it ended, once; readmitting ends none and gives the account back.
pub async fn suspending_ends_the_live_sessions(stores: &Stores) {
    let samples = Samples::default();
    let live = samples.opened(stores).await;
    let over = samples.session(live.user);
    assert!(stores.sessions.open(&over, 0, Consequences::none()).await.expect("opened"));
    assert!(stores.sessions.end(over.id, samples.at(1), Consequences::none()).await.expect("ended"));
    let other = samples.session(samples.registered(stores, "bystander").await.id);
    assert!(stores.sessions.open(&other, 0, Consequences::none()).await.expect("opened"));

    let suspend =
        |suspended| stores.accounts.set_suspended(live.user, suspended, samples.at(2), Consequences::none());
    assert_eq!(suspend(true).await.expect("asked"), Some(vec![live.id]));
    let account = stores.accounts.by_id(live.user).await.expect("read").expect("there");
    assert_eq!(account.standing, Standing::Suspended);
    assert_eq!(stores.sessions.ended_since(samples.at(2)).await.expect("read"), [(live.id, samples.at(2))]);

    assert_eq!(suspend(true).await.expect("asked"), Some(Vec::new()));
    assert_eq!(suspend(false).await.expect("asked"), Some(Vec::new()));
    let account = stores.accounts.by_id(live.user).await.expect("read").expect("there");
    assert_eq!(account.standing, Standing::Active);
}

/// Absent is no error.
pub async fn an_unknown_account_is_none(stores: &Stores) {
    let samples = Samples::default();
    assert_eq!(stores.accounts.by_id(samples.user_id()).await.expect("read"), None);
    assert_eq!(stores.accounts.by_email(&email("nobody")).await.expect("read"), None);
    for login in [LoginName::Username("nobody".to_owned()), LoginName::Email(email("nobody"))] {
        assert_eq!(stores.accounts.credentials(&login).await.expect("read"), None);
    }
    let suspended =
        stores.accounts.set_suspended(samples.user_id(), true, samples.now(), Consequences::none()).await;
    assert_eq!(suspended.expect("asked"), None);
}
