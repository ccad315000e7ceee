//! Rules of [`crate::ports::RoleStore`].

use super::{CALLS, Samples, Stores, at_once};
use crate::account::Account;
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::ports::{AuditFilter, Consequences, Role};
use square_kernel::UserId;

/// Makes a test of every rule on roles; see [`crate::testing::contract`].
#[macro_export]
macro_rules! roles_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            roles,
            $make,
            [
                roles_come_in_order_with_what_they_allow_and_how_many_have_them,
                a_role_is_made_once,
                what_a_role_allows_is_counted_for_its_holders_only,
                what_is_so_already_changes_nothing,
                a_deleted_role_is_taken_from_everybody,
                a_permission_that_is_given_and_taken_at_once_is_counted_as_often_as_it_changed,
                nobody_who_is_given_a_role_while_it_changes_is_forgotten,
            ]
        );
    };
}

fn noted(samples: &Samples, action: AuditAction) -> Consequences {
    Consequences::noted(AuditEntry {
        id: samples.audit_id(),
        at: samples.now(),
        action,
        actor: Actor::default(),
        user: None,
        detail: Some("critic".to_owned()),
    })
}

async fn times_noted(stores: &Stores) -> usize {
    stores.audit.entries(&AuditFilter::default(), None, 100).await.expect("read").len()
}

async fn role(stores: &Stores, name: &str) -> Option<Role> {
    stores.roles.roles().await.expect("read").into_iter().find(|role| role.name == name)
}

async fn by_id(stores: &Stores, user: UserId) -> Account {
    stores.accounts.by_id(user).await.expect("read").expect("there")
}

async fn holder(stores: &Stores, samples: &Samples, name: &str, role: &str) -> Account {
    let user = samples.registered(stores, name).await.id;
    let granted = stores.accounts.grant_role(user, role, samples.now(), Consequences::none());
    assert!(granted.await.expect("given"));
    by_id(stores, user).await
}

async fn made(stores: &Stores, samples: &Samples, name: &str) {
    assert!(stores.roles.create_role(name, samples.now(), Consequences::none()).await.expect("made"));
}

/// Alphabetical order, whatever the database's own.
pub async fn roles_come_in_order_with_what_they_allow_and_how_many_have_them(stores: &Stores) {
    let samples = Samples::default();
    holder(stores, &samples, "ada", "casting_assistant").await;
    holder(stores, &samples, "bob", "casting_assistant").await;
    let roles = stores.roles.roles().await.expect("read");
    let names: Vec<_> = roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(
        names,
        ["admin", "anonymous", "casting_assistant", "casting_director", "executive_producer", "user"]
    );
    let holders: Vec<_> = roles.iter().map(|role| role.holders).collect();
    assert_eq!(holders, [0, 0, 2, 0, 0, 2]);
    for role in &roles {
        assert_eq!(role.permissions, stores.accounts.permissions_of(&role.name).await.expect("read"));
    }
}

/// Of many at once one makes it.
pub async fn a_role_is_made_once(stores: &Stores) {
    let samples = Samples::default();
    let at = samples.at(1);
    let consequences: Vec<_> = (0..CALLS).map(|_| noted(&samples, AuditAction::RoleCreated)).collect();
    let made = at_once(|call| {
        let (stores, noted) = (stores.clone(), consequences[call].clone());
        async move { stores.roles.create_role("critic", at, &noted).await.expect("asked") }
    });
    assert_eq!(made.await.into_iter().filter(|made| *made).count(), 1);
    let expected = Role { name: "critic".to_owned(), permissions: Vec::new(), holders: 0 };
    assert_eq!((role(stores, "critic").await, times_noted(stores).await), (Some(expected), 1));
}

/// Once for each change.
pub async fn what_a_role_allows_is_counted_for_its_holders_only(stores: &Stores) {
    let samples = Samples::default();
    made(stores, &samples, "critic").await;
    let (ada, bob) = (
        holder(stores, &samples, "ada", "critic").await,
        holder(stores, &samples, "bob", "casting_assistant").await,
    );
    let allowed =
        stores.roles.set_permission("critic", "post:reviews", true, samples.at(1), Consequences::none());
    assert_eq!(allowed.await.expect("asked"), Some(true));
    let now = by_id(stores, ada.id).await;
    assert_eq!((now.rights, now.permissions.allow("post:reviews")), (ada.rights + 1, true));
    assert_eq!(by_id(stores, bob.id).await, bob);
    let changed = stores.accounts.rights_changed_since(samples.at(1)).await.expect("read");
    assert_eq!(changed, [(ada.id, now.rights, samples.at(1))]);

    let denied =
        stores.roles.set_permission("critic", "post:reviews", false, samples.at(2), Consequences::none());
    assert_eq!(denied.await.expect("asked"), Some(true));
    let now = by_id(stores, ada.id).await;
    assert_eq!((now.rights, now.permissions.allow("post:reviews")), (ada.rights + 2, false));
}

/// Nor is it noted.
pub async fn what_is_so_already_changes_nothing(stores: &Stores) {
    let samples = Samples::default();
    let ada = holder(stores, &samples, "ada", "casting_assistant").await;
    let set = async |role: &str, permission: &str, allowed| {
        let noted = noted(&samples, AuditAction::PermissionAllowed);
        let set = stores.roles.set_permission(role, permission, allowed, samples.at(1), &noted);
        set.await.expect("asked")
    };
    assert_eq!(set("casting_assistant", "get:movies", true).await, Some(false));
    assert_eq!(set("casting_assistant", "post:movies", false).await, Some(false));
    assert_eq!(set("king", "get:movies", true).await, None);
    let deleted = noted(&samples, AuditAction::RoleDeleted);
    assert!(!stores.roles.delete_role("king", samples.at(1), &deleted).await.expect("asked"));
    assert_eq!((by_id(stores, ada.id).await, times_noted(stores).await), (ada, 0));
}

/// With what it allowed; one of the same name that is made later has nothing to do with it.
pub async fn a_deleted_role_is_taken_from_everybody(stores: &Stores) {
    let samples = Samples::default();
    let (ada, bob) =
        (holder(stores, &samples, "ada", "casting_assistant").await, samples.registered(stores, "bob").await);
    let noted = noted(&samples, AuditAction::RoleDeleted);
    assert!(stores.roles.delete_role("casting_assistant", samples.at(1), &noted).await.expect("deleted"));
    let now = by_id(stores, ada.id).await;
    assert_eq!((&*now.roles, now.rights), (&["user".to_owned()][..], ada.rights + 1));
    assert_eq!(now.permissions.iter().count(), 0);
    assert_eq!(by_id(stores, bob.id).await, bob);
    assert_eq!((role(stores, "casting_assistant").await, times_noted(stores).await), (None, 1));

    made(stores, &samples, "casting_assistant").await;
    let anew = role(stores, "casting_assistant").await.expect("made");
    assert_eq!((anew.permissions.len(), anew.holders), (0, 0));
    assert_eq!(by_id(stores, ada.id).await, now);
}

/// Each call that says that it changed something did, and no other.
pub async fn a_permission_that_is_given_and_taken_at_once_is_counted_as_often_as_it_changed(stores: &Stores) {
    let samples = Samples::default();
    made(stores, &samples, "critic").await;
    let ada = holder(stores, &samples, "ada", "critic").await;
    let at = samples.at(1);
    let changed = at_once(|call| {
        let stores = stores.clone();
        async move {
            let none = Consequences::none();
            let set = stores.roles.set_permission("critic", "post:reviews", call % 2 == 0, at, none);
            set.await.expect("asked").expect("there is the role")
        }
    });
    let times = changed.await.into_iter().filter(|changed| *changed).count();
    let now = by_id(stores, ada.id).await;
    assert_eq!((now.rights - ada.rights) as usize, times);
    assert_eq!(now.permissions.allow("post:reviews"), times % 2 == 1);
}

/// Whatever they read after they were given it and before the change holds is counted as out of date: somebody who saw less than the role
/// allows now had fewer rights counted.
pub async fn nobody_who_is_given_a_role_while_it_changes_is_forgotten(stores: &Stores) {
    let samples = Samples::default();
    for round in 0..4 {
        let name = format!("critic{round}");
        made(stores, &samples, &name).await;
        let mut users = Vec::new();
        for call in 0..CALLS {
            users.push(samples.registered(stores, &format!("user{round}-{call}")).await.id);
        }
        let at = samples.at(1);
        let seen = at_once(|call| {
            let (stores, name, user) = (stores.clone(), name.clone(), users[call]);
            async move {
                if call == CALLS / 8 {
                    let none = Consequences::none();
                    let set = stores.roles.set_permission(&name, "post:reviews", true, at, none);
                    assert_eq!(set.await.expect("asked"), Some(true));
                }
                let granted = stores.accounts.grant_role(user, &name, at, Consequences::none());
                assert!(granted.await.expect("given"));
                by_id(&stores, user).await
            }
        });
        for seen in seen.await {
            let now = by_id(stores, seen.id).await;
            assert!(now.permissions.allow("post:reviews"));
            let saw_all = seen.permissions == now.permissions;
            assert!(saw_all || seen.rights < now.rights, "{seen:?} became {now:?}");
        }
    }
}
