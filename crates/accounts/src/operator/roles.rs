use crate::audit::{Actor, AuditAction, AuditEntry, AuditId};
use crate::ports::{Consequences, Role};
use crate::register::FIRST_ROLE;
use crate::role::{PermissionName, RoleName};
use crate::service::Accounts;
use square_kernel::Unavailable;

/// Why a role is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// There is one of that name.
    #[error("there is a role '{0}' already")]
    Exists(RoleName),
    /// There is none of that name.
    #[error("there is no role '{0}'")]
    NoSuchRole(RoleName),
    /// Everybody has it.
    #[error("the role '{0}' is needed; deny it what it allows instead")]
    Needed(RoleName),
    /// The operator's choice names it.
    #[error("the role '{role}' is needed: the setting accounts.{choice} names it")]
    Chosen {
        /// The role.
        role: RoleName,
        /// Which choice: the name of a field of [`AccountPolicy`](crate::AccountPolicy).
        choice: &'static str,
    },
    /// There are so many that a list of them would have no end.
    #[error("there are {MOST_ROLES} roles already, which is as many as there may be")]
    TooManyRoles,
    /// It allows so much already that its tokens would have no end.
    #[error("the role '{0}' allows {MOST_PERMISSIONS} things already, which is as many as one may")]
    TooManyPermissions(RoleName),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// How many roles there may be, and how much one may allow: lists of them are given whole. The operator alone makes more, one by one, so it
/// is enough to look before.
const MOST_ROLES: usize = 200;
const MOST_PERMISSIONS: usize = 200;

impl Accounts {
    /// All roles, in alphabetical order, for the operator.
    pub async fn all_roles(&self) -> Result<Vec<Role>, Unavailable> {
        self.parts.roles.roles().await
    }

    /// Makes a role that allows nothing yet.
    pub async fn create_role(&self, role: &RoleName, actor: &Actor) -> Result<(), RoleError> {
        let known = self.parts.roles.roles().await?;
        if known.len() >= MOST_ROLES && known.iter().all(|known| known.name != role.as_str()) {
            return Err(RoleError::TooManyRoles);
        }
        let noted = self.role_noted(AuditAction::RoleCreated, role.to_string(), actor);
        if self.parts.roles.create_role(role.as_str(), self.now(), &noted).await? {
            return Ok(());
        }
        Err(RoleError::Exists(role.clone()))
    }

    /// Deletes a role, also from everybody who has it: what it allowed they may not do from the next request on.
    pub async fn delete_role(&self, role: &RoleName, actor: &Actor) -> Result<(), RoleError> {
        if role.as_str() == FIRST_ROLE {
            return Err(RoleError::Needed(role.clone()));
        }
        if let Some(choice) = self.parts.policy.naming(role.as_str()) {
            return Err(RoleError::Chosen { role: role.clone(), choice });
        }
        let noted = self.role_noted(AuditAction::RoleDeleted, role.to_string(), actor);
        if !self.parts.roles.delete_role(role.as_str(), self.now(), &noted).await? {
            return Err(RoleError::NoSuchRole(role.clone()));
        }
        Ok(self.load().await?)
    }

    /// Has a role allow something, or allow it no more; `false` when it was so already. Everybody who has the role may do it, or not any
    /// more, from the next request on.
    pub async fn set_permission(
        &self,
        role: &RoleName,
        permission: &PermissionName,
        allowed: bool,
        actor: &Actor,
    ) -> Result<bool, RoleError> {
        if allowed {
            self.refuse_endless(role, permission).await?;
        }
        let action = if allowed { AuditAction::PermissionAllowed } else { AuditAction::PermissionDenied };
        let noted = self.role_noted(action, format!("{role} {permission}"), actor);
        let (now, store) = (self.now(), &self.parts.roles);
        let changed = store.set_permission(role.as_str(), permission.as_str(), allowed, now, &noted).await?;
        let changed = changed.ok_or_else(|| RoleError::NoSuchRole(role.clone()))?;
        self.load().await?;
        Ok(changed)
    }

    async fn refuse_endless(&self, role: &RoleName, permission: &PermissionName) -> Result<(), RoleError> {
        let known = self.parts.roles.roles().await?;
        let allowed =
            known.into_iter().find(|known| known.name == role.as_str()).unwrap_or_default().permissions;
        if allowed.len() >= MOST_PERMISSIONS && !allowed.iter().any(|known| known == permission.as_str()) {
            return Err(RoleError::TooManyPermissions(role.clone()));
        }
        Ok(())
    }

    fn role_noted(&self, action: AuditAction, detail: String, actor: &Actor) -> Consequences {
        Consequences::noted(AuditEntry {
            id: AuditId::new(&*self.parts.clock, &*self.parts.randomness),
            at: self.now(),
            action,
            actor: actor.clone(),
            user: None,
            detail: Some(detail),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session_tokens::Device;
    use crate::testing::TestAccounts;

    fn role(name: &str) -> RoleName {
        RoleName::parse("role", name).unwrap()
    }

    impl TestAccounts {
        async fn set(&self, name: &str, permission: &str, allowed: bool) -> Result<bool, RoleError> {
            let permission = PermissionName::parse(permission).unwrap();
            self.accounts.set_permission(&role(name), &permission, allowed, &Actor::default()).await
        }
    }

    #[tokio::test]
    async fn tokens_follow_what_a_role_allows() {
        let test = TestAccounts::default();
        test.accounts.create_role(&role("critic"), &Actor::default()).await.unwrap();
        test.with_roles("ada", &["critic"]).await;
        test.register("bob").await;
        let (ada, bob) = (test.sign_in("ada").await, test.sign_in("bob").await);
        assert!(test.set("critic", "post:reviews", true).await.unwrap());
        assert!(!test.set("critic", "post:reviews", true).await.unwrap());

        assert!(test.accounts.authenticate(ada.tokens.access.expose()).is_err(), "it shows too little");
        assert!(test.accounts.authenticate(bob.tokens.access.expose()).is_ok());
        let next = test.accounts.refresh(&ada.tokens.refresh, &Device::default()).await.unwrap();
        assert!(test.accounts.authenticate(next.tokens.access.expose()).unwrap().may("post:reviews"));

        assert!(test.set("critic", "post:reviews", false).await.unwrap());
        assert!(test.accounts.authenticate(next.tokens.access.expose()).is_err(), "it shows too much");
    }

    #[tokio::test]
    async fn a_role_that_is_deleted_is_nobodys() {
        let test = TestAccounts::default();
        test.with_roles("ada", &["casting_assistant"]).await;
        let ada = test.sign_in("ada").await;
        test.accounts.delete_role(&role("casting_assistant"), &Actor::default()).await.unwrap();
        assert!(test.accounts.authenticate(ada.tokens.access.expose()).is_err());
        let next = test.accounts.refresh(&ada.tokens.refresh, &Device::default()).await.unwrap();
        assert_eq!(&*next.account.roles, ["user".to_owned()]);
    }

    #[tokio::test]
    async fn what_stands_in_the_way_is_told() {
        let test = TestAccounts::default();
        let made = test.accounts.create_role(&role("admin"), &Actor::default()).await;
        assert!(matches!(made, Err(RoleError::Exists(_))));
        let deleted = test.accounts.delete_role(&role("user"), &Actor::default()).await;
        assert!(matches!(deleted, Err(RoleError::Needed(_))));
        let deleted = test.accounts.delete_role(&role("king"), &Actor::default()).await;
        assert!(matches!(deleted, Err(RoleError::NoSuchRole(_))));
        assert!(matches!(test.set("king", "get:users", true).await, Err(RoleError::NoSuchRole(_))));
    }

    #[tokio::test]
    async fn lists_of_roles_and_of_what_they_allow_have_an_end() {
        let test = TestAccounts::default();
        let create = async |name: &str| test.accounts.create_role(&role(name), &Actor::default()).await;
        let before = test.accounts.all_roles().await.unwrap().len();
        for number in before..MOST_ROLES {
            create(&format!("role-{number}")).await.unwrap();
        }
        assert!(matches!(create("one-more").await, Err(RoleError::TooManyRoles)));
        assert!(matches!(create("admin").await, Err(RoleError::Exists(_))));
        for number in 0..MOST_PERMISSIONS {
            assert!(test.set("role-199", &format!("get:thing-{number}"), true).await.unwrap());
        }
        let more = test.set("role-199", "get:one-more", true).await;
        assert!(matches!(more, Err(RoleError::TooManyPermissions(_))));
        assert!(!test.set("role-199", "get:thing-0", true).await.unwrap(), "it is so already");
        assert!(test.set("role-199", "get:thing-0", false).await.unwrap());
        assert!(test.set("role-199", "get:one-more", true).await.unwrap());
    }

    #[tokio::test]
    async fn what_everybody_may_changes_at_once() {
        let test = TestAccounts::default();
        test.set("anonymous", "get:movies", true).await.unwrap();
        assert!(test.accounts.anonymous().may("get:movies"));
        test.set("anonymous", "get:movies", false).await.unwrap();
        assert!(!test.accounts.anonymous().may("get:movies"));
    }

    #[tokio::test]
    async fn changes_of_roles_are_noted() {
        let test = TestAccounts::default();
        test.accounts.create_role(&role("critic"), &Actor::default()).await.unwrap();
        test.set("critic", "post:reviews", true).await.unwrap();
        test.set("critic", "post:reviews", false).await.unwrap();
        test.accounts.delete_role(&role("critic"), &Actor::default()).await.unwrap();
        let audit = test.store.audit();
        let noted: Vec<_> =
            audit.iter().map(|entry| (entry.action.as_str(), entry.detail.as_deref().unwrap())).collect();
        assert_eq!(
            noted,
            [
                ("role_created", "critic"),
                ("permission_allowed", "critic post:reviews"),
                ("permission_denied", "critic post:reviews"),
                ("role_deleted", "critic"),
            ]
        );
    }
}
