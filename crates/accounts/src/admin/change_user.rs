use super::error::{AdminError, permitted};
use crate::account::{Account, Standing};
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::ports::{ADMINISTER, Asked, Caller, Consequences, Keep, Overtaken, Rights, RightsChange};
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Asker, Invalid, Unavailable, UserId};
use std::sync::Arc;

/// How often an account is looked at anew that others change at the same time. Each time one of them has succeeded.
const ATTEMPTS: u32 = 64;

/// What is to change about an account; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserPatch {
    /// Whether it may be used.
    pub standing: Option<Standing>,
    /// All its roles, by name.
    pub roles: Option<Vec<String>>,
}

/// Why rights were not changed.
pub(crate) enum RightsError {
    /// There is no such account.
    NotFound,
    /// There is no role of that name.
    NoSuchRole(String),
    /// Nobody would be left to manage accounts.
    LastAdministrator,
    /// Who asks is signed in no more, or may do other things by now.
    Overtaken(Overtaken),
    /// Something needed does not work.
    Unavailable(Unavailable),
}

impl From<Unavailable> for RightsError {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl From<RightsError> for AdminError {
    fn from(error: RightsError) -> Self {
        match error {
            RightsError::NotFound => Self::NotFound,
            RightsError::NoSuchRole(role) => Self::Invalid(Invalid::field(
                "roles",
                format!("must name roles that exist; there is no '{role}'"),
            )),
            RightsError::LastAdministrator => Self::LastAdministrator,
            RightsError::Overtaken(error) => Self::Overtaken(error),
            RightsError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl Accounts {
    /// Suspends or readmits an account, or gives it other roles. What it may not do any more it may not from the next request on.
    pub async fn change_user(
        &self,
        asker: &Asker,
        user: UserId,
        patch: &UserPatch,
        device: &Device,
    ) -> Result<Account, AdminError> {
        let who = permitted(asker, ADMINISTER)?;
        if who.user == user && patch.standing == Some(Standing::Suspended) {
            return Err(AdminError::Oneself);
        }
        let actor = Actor::user(who.user, device);
        let (by, keep) = (Some(Caller::from(who)), Keep::OneAdministrator);
        let account = self.change_rights(user, |seen| patch.over(seen), keep, by, &actor).await?;
        Ok(self.as_it_counts(account).await?)
    }

    /// Gives an account the rights that `wanted` makes of it as it is; `by` is `None` for the operator.
    pub(crate) async fn change_rights(
        &self,
        user: UserId,
        wanted: impl Fn(&Account) -> Rights,
        keep: Keep,
        by: Option<Caller>,
        actor: &Actor,
    ) -> Result<Account, RightsError> {
        for _ in 0..ATTEMPTS {
            let seen = self.parts.store.by_id(user).await?.ok_or(RightsError::NotFound)?;
            let mut wanted = wanted(&seen);
            wanted.roles.sort_unstable();
            wanted.roles.dedup();
            let noted = self.rights_noted(&seen, &wanted, actor);
            if noted.audit.is_empty() {
                return Ok(seen);
            }
            let stored = self.store_rights(seen, wanted, (keep, by), noted).await?;
            match stored.map_err(RightsError::Overtaken)? {
                RightsChange::Changed { account, .. } => return Ok(*account),
                // What the audit log would say was true a moment ago.
                RightsChange::Moved => {}
                RightsChange::NoSuchRole(role) => return Err(RightsError::NoSuchRole(role)),
                RightsChange::LastAdministrator => return Err(RightsError::LastAdministrator),
            }
        }
        Err(Unavailable::new("others go on changing this account").into())
    }

    async fn store_rights(
        &self,
        seen: Account,
        wanted: Rights,
        (keep, by): (Keep, Option<Caller>),
        noted: Consequences,
    ) -> Asked<RightsChange> {
        let now = self.now();
        let (store, revocations) = (Arc::clone(&self.parts.administration), Arc::clone(&self.revocations));
        self.to_the_end(async move {
            let changed = store.change_rights(&seen, &wanted, keep, by, now, &noted).await?;
            if let Ok(RightsChange::Changed { account, ended }) = &changed {
                for session in ended {
                    revocations.note(*session, now);
                }
                if account.rights != seen.rights {
                    revocations.note_rights(account.id, account.rights, now);
                }
            }
            Ok(changed)
        })
        .await
    }

    /// One entry for each role that is given or taken away, and one for another standing.
    fn rights_noted(&self, seen: &Account, wanted: &Rights, actor: &Actor) -> Consequences {
        let about = |action, role: Option<&String>| AuditEntry {
            detail: role.cloned(),
            ..self.entry(action, actor.clone(), seen.id)
        };
        let given = wanted.roles.iter().filter(|role| !seen.roles.contains(role));
        let taken = seen.roles.iter().filter(|role| !wanted.roles.contains(role));
        let mut audit: Vec<_> = given.map(|role| about(AuditAction::RoleGranted, Some(role))).collect();
        audit.extend(taken.map(|role| about(AuditAction::RoleRevoked, Some(role))));
        if wanted.standing != seen.standing {
            audit.push(match wanted.standing {
                Standing::Active => about(AuditAction::Readmitted, None),
                Standing::Suspended => about(AuditAction::Suspended, None),
            });
        }
        Consequences { letters: Vec::new(), audit }
    }
}

impl UserPatch {
    /// What this makes of an account's rights.
    fn over(&self, seen: &Account) -> Rights {
        Rights {
            standing: self.standing.unwrap_or(seen.standing),
            roles: self.roles.clone().unwrap_or_else(|| seen.roles.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{AccountStore, TokenRejected};
    use crate::testing::TestAccounts;

    fn roles(roles: &[&str]) -> UserPatch {
        let roles = Some(roles.iter().map(ToString::to_string).collect());
        UserPatch { standing: None, roles }
    }

    fn standing(standing: Standing) -> UserPatch {
        UserPatch { standing: Some(standing), roles: None }
    }

    impl TestAccounts {
        async fn change(
            &self,
            asker: &Asker,
            user: UserId,
            patch: &UserPatch,
        ) -> Result<Account, AdminError> {
            self.accounts.change_user(asker, user, patch, &Device::default()).await
        }
    }

    #[tokio::test]
    async fn other_roles_bite_on_the_very_next_request() {
        let test = TestAccounts::default();
        let admin = test.admin("root").await;
        test.register("ada").await;
        let before = test.sign_in("ada").await;
        let changed = test
            .change(&admin, before.account.id, &roles(&["executive_producer", "casting_assistant"]))
            .await
            .unwrap();
        assert_eq!(&*changed.roles, ["casting_assistant".to_owned(), "executive_producer".to_owned()]);
        let stale = test.accounts.authenticate(before.tokens.access.expose());
        assert_eq!(stale.map(|_| ()), Err(TokenRejected::Expired));
        let after = test.accounts.refresh(&before.tokens.refresh, &Device::default()).await.unwrap();
        assert!(test.accounts.authenticate(after.tokens.access.expose()).unwrap().may("post:movies"));

        test.change(&admin, before.account.id, &roles(&["user"])).await.unwrap();
        assert!(test.accounts.authenticate(after.tokens.access.expose()).is_err());
        let last = test.accounts.refresh(&after.tokens.refresh, &Device::default()).await.unwrap();
        assert!(!test.accounts.authenticate(last.tokens.access.expose()).unwrap().may("post:movies"));
    }

    #[tokio::test]
    async fn suspending_bites_on_the_very_next_request_and_can_be_undone() {
        let test = TestAccounts::default();
        let admin = test.admin("root").await;
        test.register("ada").await;
        let ada = test.sign_in("ada").await;
        let suspended = test.change(&admin, ada.account.id, &standing(Standing::Suspended)).await.unwrap();
        assert_eq!(suspended.standing, Standing::Suspended);
        assert!(test.accounts.authenticate(ada.tokens.access.expose()).is_err());
        assert!(test.accounts.refresh(&ada.tokens.refresh, &Device::default()).await.is_err());
        assert!(test.try_sign_in("ada", TestAccounts::PASSWORD).await.is_err());
        let readmitted = test.change(&admin, ada.account.id, &standing(Standing::Active)).await.unwrap();
        assert_eq!(readmitted.standing, Standing::Active);
        test.sign_in("ada").await;
    }

    #[tokio::test]
    async fn it_holds_on_other_instances_after_loading() {
        let test = TestAccounts::default();
        let admin = test.admin("root").await;
        test.register("ada").await;
        let ada = test.sign_in("ada").await;
        let other = test.restarted();
        test.change(&admin, ada.account.id, &roles(&[])).await.unwrap();
        assert!(other.accounts.authenticate(ada.tokens.access.expose()).is_ok());
        other.accounts.load().await.unwrap();
        assert!(other.accounts.authenticate(ada.tokens.access.expose()).is_err());
    }

    #[tokio::test]
    async fn each_change_is_noted_with_who_made_it_and_nothing_is_where_nothing_changed() {
        let test = TestAccounts::default();
        let admin = test.admin("root").await;
        let ada = test.register("ada").await;
        let before = test.store.audit().len();
        let patch = UserPatch {
            standing: Some(Standing::Suspended),
            roles: Some(vec!["admin".to_owned(), "casting_assistant".to_owned(), "admin".to_owned()]),
        };
        let device = Device { address: Some("192.0.2.7".to_owned()), ..Device::default() };
        for _ in 0..2 {
            test.accounts.change_user(&admin, ada.id, &patch, &device).await.unwrap();
        }
        let audit = test.store.audit();
        let noted: Vec<_> =
            audit[before..].iter().map(|entry| (entry.action, entry.detail.as_deref())).collect();
        assert_eq!(
            noted,
            [
                (AuditAction::RoleGranted, Some("admin")),
                (AuditAction::RoleGranted, Some("casting_assistant")),
                (AuditAction::RoleRevoked, Some("user")),
                (AuditAction::Suspended, None),
            ]
        );
        let by_admin = Actor::user(admin.user().unwrap(), &device);
        assert!(audit[before..].iter().all(|entry| entry.actor == by_admin && entry.user == Some(ada.id)));
    }

    #[tokio::test]
    async fn an_unknown_role_is_named_and_nothing_else_of_the_patch_happens() {
        let test = TestAccounts::default();
        let admin = test.admin("root").await;
        let ada = test.register("ada").await;
        let patch =
            UserPatch { standing: Some(Standing::Suspended), ..roles(&["casting_assistant", "king"]) };
        let Err(AdminError::Invalid(invalid)) = test.change(&admin, ada.id, &patch).await else {
            unreachable!("not refused")
        };
        assert_eq!(
            (&*invalid.0[0].field, &*invalid.0[0].message),
            ("roles", "must name roles that exist; there is no 'king'")
        );
        assert_eq!(test.store.by_id(ada.id).await.unwrap(), Some(ada));
    }

    #[tokio::test]
    async fn nobody_suspends_themselves_and_the_last_administrator_stays() {
        let test = TestAccounts::default();
        let (root, ada) = (test.admin("root").await, test.admin("ada").await);
        let (root_id, ada_id) = (root.user().unwrap(), ada.user().unwrap());
        let oneself = test.change(&root, root_id, &standing(Standing::Suspended)).await;
        assert!(matches!(oneself, Err(AdminError::Oneself)));

        test.change(&root, ada_id, &standing(Standing::Suspended)).await.unwrap();
        let last = test.change(&root, root_id, &roles(&["user"])).await;
        assert!(matches!(last, Err(AdminError::LastAdministrator)), "who is suspended is no administrator");
        test.change(&root, ada_id, &standing(Standing::Active)).await.unwrap();
        test.change(&root, root_id, &roles(&["user"])).await.unwrap();
    }

    #[tokio::test]
    async fn it_takes_the_permission() {
        let test = TestAccounts::default();
        let (ada, bob) = (test.asker("ada").await, test.register("bob").await);
        let refused = test.change(&ada, bob.id, &roles(&["admin"])).await;
        assert!(matches!(refused, Err(AdminError::NotAllowed("patch:users"))));
        let own = test.change(&ada, ada.user().unwrap(), &roles(&["admin"])).await;
        assert!(matches!(own, Err(AdminError::NotAllowed("patch:users"))));
        let nobody = test.change(&Asker::default(), bob.id, &roles(&["admin"])).await;
        assert!(matches!(nobody, Err(AdminError::SignInRequired)));
    }

    #[tokio::test]
    async fn an_administrator_who_is_one_no_more_changes_nothing_that_was_asked_for_before() {
        let test = TestAccounts::default();
        let (root, eve) = (test.admin("root").await, test.admin("eve").await);
        let ada = test.register("ada").await;
        test.change(&root, eve.user().unwrap(), &roles(&["user"])).await.unwrap();
        for patch in [roles(&["admin"]), standing(Standing::Suspended)] {
            let late = test.change(&eve, ada.id, &patch).await;
            assert!(matches!(late, Err(AdminError::Overtaken(_))));
        }
        let late = test.accounts.delete_user(&eve, ada.id, &Device::default()).await;
        assert!(matches!(late, Err(AdminError::Overtaken(_))));
        assert_eq!(test.store.by_id(ada.id).await.unwrap(), Some(ada.clone()));

        test.accounts.sign_out(root.identity.as_ref().unwrap(), &Device::default()).await.unwrap();
        let late = test.change(&root, ada.id, &roles(&["admin"])).await;
        assert!(matches!(late, Err(AdminError::Overtaken(_))));
        assert_eq!(test.store.by_id(ada.id).await.unwrap(), Some(ada));
    }
}
