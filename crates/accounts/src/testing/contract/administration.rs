//! Rules of [`crate::ports::Administration`].

use super::{CALLS, Samples, Stores, at_once};
use crate::account::{Account, Standing};
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::ports::{AuditFilter, Consequences, Keep, NewConfirmation, Rights, RightsChange, UserFilter};
use square_kernel::{Limit, Page, UserId};

/// Makes a test of every rule on administration; see [`crate::testing::contract`].
#[macro_export]
macro_rules! administration_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            administration,
            $make,
            [
                the_newest_accounts_come_first_page_by_page,
                accounts_are_found_by_any_part_of_name_or_address,
                accounts_are_found_by_standing_and_role,
                roles_are_exchanged_and_counted,
                a_suspension_ends_the_sessions_of_the_account_only,
                what_is_another_account_by_now_stays_as_it_is,
                an_unknown_role_leaves_everything_as_it_was,
                the_last_administrator_stays,
                of_administrators_who_step_down_at_once_one_stays,
                of_many_changes_at_once_none_is_lost,
                an_address_is_vouched_for_once,
            ]
        );
    };
}

async fn found(stores: &Stores, filter: &UserFilter) -> Vec<Account> {
    stores.administration.users(filter, Page::default()).await.expect("read").items
}

async fn by_id(stores: &Stores, user: UserId) -> Account {
    stores.accounts.by_id(user).await.expect("read").expect("there")
}

fn rights(standing: Standing, roles: &[&str]) -> Rights {
    Rights { standing, roles: roles.iter().map(ToString::to_string).collect() }
}

/// That `user` was suspended.
fn noted(samples: &Samples, user: UserId) -> Consequences {
    Consequences::noted(AuditEntry {
        id: samples.audit_id(),
        at: samples.now(),
        action: AuditAction::Suspended,
        actor: Actor::default(),
        user: Some(user),
        detail: None,
    })
}

async fn times_noted(stores: &Stores) -> usize {
    stores.audit.entries(&AuditFilter::default(), None, 100).await.expect("read").len()
}

/// Gives `seen` other rights where there has to be an administrator left.
async fn change(stores: &Stores, samples: &Samples, seen: &Account, wanted: &Rights) -> RightsChange {
    let noted = noted(samples, seen.id);
    let changed = stores.administration.change_rights(
        seen,
        wanted,
        Keep::OneAdministrator,
        None,
        samples.at(1),
        &noted,
    );
    changed.await.expect("asked").expect("the operator does it")
}

async fn administrator(stores: &Stores, samples: &Samples, name: &str) -> Account {
    let user = samples.registered(stores, name).await.id;
    let granted = stores.accounts.grant_role(user, "admin", samples.now(), Consequences::none());
    assert!(granted.await.expect("given"));
    by_id(stores, user).await
}

/// None twice and none left out, each as it reads by itself.
pub async fn the_newest_accounts_come_first_page_by_page(stores: &Stores) {
    let samples = Samples::default();
    let mut expected = vec![administrator(stores, &samples, "root").await];
    for name in ["ada", "bob", "eve", "zoe"] {
        expected.push(samples.registered(stores, name).await);
    }
    expected.sort_by_key(|account| std::cmp::Reverse(account.id));
    let (mut seen, mut page) = (Vec::new(), Page { limit: Limit::new(2).expect("a limit"), after: None });
    loop {
        let slice = stores.administration.users(&UserFilter::default(), page).await.expect("read");
        assert!(slice.items.len() <= 2);
        seen.extend(slice.items);
        page.after = slice.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(seen, expected);
}

/// In any case, also where the part means something to the database.
pub async fn accounts_are_found_by_any_part_of_name_or_address(stores: &Stores) {
    let samples = Samples::default();
    let mut zoe = samples.account("Zoë.Under_score");
    zoe.email = None;
    let registered = stores.accounts.register(&zoe, None, Consequences::none()).await;
    registered.expect("registered");
    let mut bob = samples.account("bob");
    bob.email = Some(crate::EmailAddress::parse("50%off!@shop.example").expect("a good address"));
    stores.accounts.register(&bob, None, Consequences::none()).await.expect("registered");
    for (part, names) in [
        ("zoë", &["Zoë.Under_score"][..]),
        ("under_", &["Zoë.Under_score"]),
        ("o", &["Zoë.Under_score", "bob"]),
        ("bob", &["bob"]),
        ("@shop.ex", &["bob"]),
        ("50%off!@", &["bob"]),
        ("%", &["bob"]),
        ("_", &["Zoë.Under_score"]),
        ("!", &["bob"]),
        ("\\", &[]),
        ("'", &[]),
        ("b_b", &[]),
        ("nobody", &[]),
    ] {
        let filter = UserFilter { search: Some(part.to_owned()), ..UserFilter::default() };
        let mut seen: Vec<_> = found(stores, &filter).await.iter().map(|a| a.username.to_string()).collect();
        seen.sort_unstable();
        assert_eq!(seen, names, "{part:?}");
    }
}

/// And by all of it together.
pub async fn accounts_are_found_by_standing_and_role(stores: &Stores) {
    let samples = Samples::default();
    let (root, ada) =
        (administrator(stores, &samples, "root").await, samples.registered(stores, "ada").await);
    change(stores, &samples, &ada, &rights(Standing::Suspended, &["user"])).await;
    let ids = async |filter: UserFilter| {
        let mut ids: Vec<_> = found(stores, &filter).await.iter().map(|account| account.id).collect();
        ids.sort_unstable();
        ids
    };
    let (active, suspended) = (Some(Standing::Active), Some(Standing::Suspended));
    let role = |name: &str| Some(name.to_owned());
    assert_eq!(ids(UserFilter { standing: active, ..UserFilter::default() }).await, [root.id]);
    assert_eq!(ids(UserFilter { standing: suspended, ..UserFilter::default() }).await, [ada.id]);
    assert_eq!(ids(UserFilter { role: role("admin"), ..UserFilter::default() }).await, [root.id]);
    assert_eq!(ids(UserFilter { role: role("user"), ..UserFilter::default() }).await.len(), 2);
    assert_eq!(ids(UserFilter { role: role("king"), ..UserFilter::default() }).await, []);
    let all = UserFilter { search: Some("ada".to_owned()), standing: suspended, role: role("user") };
    assert_eq!(ids(all).await, [ada.id]);
}

/// Once for all of them; the same roles again change nothing.
pub async fn roles_are_exchanged_and_counted(stores: &Stores) {
    let samples = Samples::default();
    let ada = samples.registered(stores, "ada").await;
    let wanted = rights(Standing::Active, &["casting_assistant", "executive_producer"]);
    let RightsChange::Changed { account, ended } = change(stores, &samples, &ada, &wanted).await else {
        unreachable!("not changed")
    };
    assert_eq!(
        (account.roles.to_vec(), account.rights, ended),
        (wanted.roles.clone(), ada.rights + 1, vec![])
    );
    assert!(account.permissions.allow("post:movies"));
    assert_eq!(*account, by_id(stores, ada.id).await);
    let since = stores.accounts.rights_changed_since(samples.at(1)).await.expect("read");
    assert_eq!(since, [(ada.id, ada.rights + 1, samples.at(1))]);
    assert_eq!(times_noted(stores).await, 1);

    let none = change(stores, &samples, &account, &rights(Standing::Active, &[])).await;
    assert!(matches!(none, RightsChange::Changed { account, .. } if account.roles.is_empty()));
}

/// And says which.
pub async fn a_suspension_ends_the_sessions_of_the_account_only(stores: &Stores) {
    let samples = Samples::default();
    let (ada, bob) = (samples.registered(stores, "ada").await, samples.registered(stores, "bob").await);
    let (hers, his) = (samples.session(ada.id), samples.session(bob.id));
    for session in [&hers, &his] {
        assert!(stores.sessions.open(session, 0, Consequences::none()).await.expect("opened"));
    }
    let RightsChange::Changed { account, ended } =
        change(stores, &samples, &ada, &rights(Standing::Suspended, &["user"])).await
    else {
        unreachable!("not changed")
    };
    assert_eq!((account.standing, account.rights, ended), (Standing::Suspended, ada.rights, vec![hers.id]));
    let ended = stores.sessions.ended_since(samples.now()).await.expect("read");
    assert_eq!(ended, [(hers.id, samples.at(1))]);
    assert!(!stores.sessions.open(&samples.session(ada.id), 0, Consequences::none()).await.expect("asked"));
}

/// In standing or roles; or it is gone.
pub async fn what_is_another_account_by_now_stays_as_it_is(stores: &Stores) {
    let samples = Samples::default();
    let seen = samples.registered(stores, "ada").await;
    let suspended = rights(Standing::Suspended, &["user"]);
    assert!(
        stores
            .accounts
            .grant_role(seen.id, "admin", samples.now(), Consequences::none())
            .await
            .expect("given")
    );
    assert_eq!(change(stores, &samples, &seen, &suspended).await, RightsChange::Moved);

    administrator(stores, &samples, "root").await;
    let seen = by_id(stores, seen.id).await;
    stores
        .accounts
        .set_suspended(seen.id, true, samples.now(), Consequences::none())
        .await
        .expect("suspended");
    let active = rights(Standing::Active, &["admin", "user"]);
    assert_eq!(change(stores, &samples, &seen, &active).await, RightsChange::Moved);

    let gone = Account { id: samples.user_id(), ..seen };
    assert_eq!(change(stores, &samples, &gone, &suspended).await, RightsChange::Moved);
    assert_eq!(times_noted(stores).await, 0);
}

/// Also what else was to change.
pub async fn an_unknown_role_leaves_everything_as_it_was(stores: &Stores) {
    let samples = Samples::default();
    let ada = samples.registered(stores, "ada").await;
    let changed =
        change(stores, &samples, &ada, &rights(Standing::Suspended, &["casting_assistant", "king"])).await;
    assert_eq!(changed, RightsChange::NoSuchRole("king".to_owned()));
    assert_eq!((by_id(stores, ada.id).await, times_noted(stores).await), (ada, 0));
}

/// Unless the operator takes them away; and whoever is suspended does not count as one.
pub async fn the_last_administrator_stays(stores: &Stores) {
    let samples = Samples::default();
    let (root, ada) =
        (administrator(stores, &samples, "root").await, administrator(stores, &samples, "ada").await);
    let changed = change(stores, &samples, &ada, &rights(Standing::Suspended, &["admin"])).await;
    assert!(matches!(changed, RightsChange::Changed { .. }));
    for wanted in [rights(Standing::Suspended, &["admin", "user"]), rights(Standing::Active, &["user"])] {
        assert_eq!(change(stores, &samples, &root, &wanted).await, RightsChange::LastAdministrator);
    }
    assert_eq!(by_id(stores, root.id).await, root);

    // Whoever stays one may change in all else, and there is no harm in what concerns others.
    let wanted = rights(Standing::Active, &["admin", "casting_assistant"]);
    assert!(matches!(change(stores, &samples, &root, &wanted).await, RightsChange::Changed { .. }));
    let root = by_id(stores, root.id).await;
    let wanted = rights(Standing::Suspended, &[]);
    let changed = stores.administration.change_rights(
        &root,
        &wanted,
        Keep::Nobody,
        None,
        samples.at(2),
        Consequences::none(),
    );
    assert!(matches!(changed.await.expect("asked"), Ok(RightsChange::Changed { .. })));
}

/// However their steps come to lie.
pub async fn of_administrators_who_step_down_at_once_one_stays(stores: &Stores) {
    let samples = Samples::default();
    let mut all = Vec::new();
    for number in 0..CALLS {
        all.push(administrator(stores, &samples, &format!("admin{number}")).await);
    }
    let at = samples.at(1);
    let outcomes = at_once(|call| {
        let (stores, seen) = (stores.clone(), all[call].clone());
        async move {
            let wanted = match call % 2 {
                0 => rights(Standing::Active, &["user"]),
                _ => rights(Standing::Suspended, &["admin", "user"]),
            };
            let none = Consequences::none();
            let changed =
                stores.administration.change_rights(&seen, &wanted, Keep::OneAdministrator, None, at, none);
            changed.await.expect("asked").expect("the operator does it")
        }
    });
    let outcomes = outcomes.await;
    let kept = outcomes.iter().filter(|outcome| **outcome == RightsChange::LastAdministrator).count();
    let changed = outcomes.iter().filter(|outcome| matches!(outcome, RightsChange::Changed { .. })).count();
    assert_eq!((kept, changed), (1, CALLS - 1));
    let filter = UserFilter {
        standing: Some(Standing::Active),
        role: Some("admin".to_owned()),
        ..UserFilter::default()
    };
    assert_eq!(found(stores, &filter).await.len(), 1);
}

/// Each either happened as it was asked for, with what was noted of it, or was told that the account is another one.
pub async fn of_many_changes_at_once_none_is_lost(stores: &Stores) {
    const ROLES: [&str; 4] = ["admin", "casting_assistant", "casting_director", "executive_producer"];
    let samples = Samples::default();
    let user = samples.registered(stores, "ada").await.id;
    at_once(|call| {
        let (stores, role) = (stores.clone(), ROLES[call % 4]);
        async move {
            let samples = Samples::default();
            loop {
                let seen = by_id(&stores, user).await;
                if seen.roles.iter().any(|held| held == role) {
                    return;
                }
                let mut wanted = Rights { standing: seen.standing, roles: seen.roles.to_vec() };
                wanted.roles.push(role.to_owned());
                wanted.roles.sort_unstable();
                let none = Consequences::none();
                let at = samples.at(1);
                stores
                    .administration
                    .change_rights(&seen, &wanted, Keep::Nobody, None, at, none)
                    .await
                    .expect("asked")
                    .expect("the operator does it");
            }
        }
    })
    .await;
    let account = by_id(stores, user).await;
    assert_eq!((account.roles.len(), account.rights), (ROLES.len() + 1, 4));
}

/// Its links are spent with it.
pub async fn an_address_is_vouched_for_once(stores: &Stores) {
    let samples = Samples::default();
    let link: NewConfirmation = samples.confirmation();
    let ada = samples.account("ada");
    let registered = stores.accounts.register(&ada, Some(&link), Consequences::none()).await;
    let user = super::samples::created(registered.expect("registered")).id;
    let at = samples.at(1);
    let consequences: Vec<_> = (0..CALLS).map(|_| noted(&samples, user)).collect();
    let vouched = at_once(|call| {
        let (stores, noted) = (stores.clone(), consequences[call].clone());
        async move { stores.administration.vouch(user, at, &noted).await.expect("asked") }
    });
    assert_eq!(vouched.await.into_iter().filter(|vouched| *vouched).count(), 1);
    assert_eq!(by_id(stores, user).await.confirmed_at, Some(at));
    let confirmed = stores.accounts.confirm(&link.digest, None, samples.at(2), Consequences::none()).await;
    assert_eq!(confirmed.expect("asked"), None);
    let nobody = stores.administration.vouch(samples.user_id(), at, &noted(&samples, user)).await;
    assert!(!nobody.expect("asked"));
    assert_eq!(times_noted(stores).await, 1);
}
