use crate::ports::RoleStore;
use crate::service::{AccountPolicy, Accounts};
use square_kernel::Unavailable;

/// A role that the operator's choice names and that does not exist, so that what was chosen would not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingRole {
    /// Which choice: the name of a field of [`AccountPolicy`].
    pub choice: &'static str,
    /// The role.
    pub role: String,
}

impl AccountPolicy {
    /// The roles that it names, each with the name of the field.
    fn named_roles(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let required = self.mfa_required_roles.iter().map(|role| ("mfa_required_roles", role.as_str()));
        std::iter::once(("anonymous_role", self.anonymous_role.as_str())).chain(required)
    }

    /// The field that names a role, if one does.
    pub(crate) fn naming(&self, role: &str) -> Option<&'static str> {
        self.named_roles().find(|(_, named)| *named == role).map(|(choice, _)| choice)
    }

    /// The first role that it names and that is not in `roles`.
    pub async fn missing_role(&self, roles: &dyn RoleStore) -> Result<Option<MissingRole>, Unavailable> {
        let known = roles.roles().await?;
        let missing = self.named_roles().find(|(_, named)| known.iter().all(|role| role.name != *named));
        Ok(missing.map(|(choice, role)| MissingRole { choice, role: role.to_owned() }))
    }
}

impl Accounts {
    /// A role that the policy names and that does not exist: a server that went on would ask nobody for a second factor, or let nobody do
    /// what everybody should.
    pub async fn missing_role(&self) -> Result<Option<MissingRole>, Unavailable> {
        self.parts.policy.missing_role(&*self.parts.roles).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Actor;
    use crate::operator::RoleError;
    use crate::role::RoleName;
    use crate::testing::TestAccounts;

    fn with(anonymous: &str, required: &[&str]) -> TestAccounts {
        TestAccounts::with(|parts| {
            anonymous.clone_into(&mut parts.policy.anonymous_role);
            parts.policy.mfa_required_roles = required.iter().map(|role| (*role).to_owned()).collect();
        })
    }

    #[tokio::test]
    async fn a_role_that_is_named_and_does_not_exist_is_found() {
        let missing =
            async |anonymous, required| with(anonymous, required).accounts.missing_role().await.unwrap();
        assert_eq!(missing("anonymous", &["admin", "casting_director"]).await, None);
        let admn = MissingRole { choice: "mfa_required_roles", role: "admn".to_owned() };
        assert_eq!(missing("anonymous", &["admin", "admn"]).await, Some(admn));
        let guests = MissingRole { choice: "anonymous_role", role: "guests".to_owned() };
        assert_eq!(missing("guests", &[]).await, Some(guests));
    }

    #[tokio::test]
    async fn a_role_that_is_named_is_not_deleted() {
        let test = with("casting_assistant", &["admin"]);
        let delete = async |name: &str| {
            test.accounts.delete_role(&RoleName::parse("role", name).unwrap(), &Actor::default()).await
        };
        for (role, choice) in [("admin", "mfa_required_roles"), ("casting_assistant", "anonymous_role")] {
            let Err(RoleError::Chosen { choice: told, .. }) = delete(role).await else {
                unreachable!("{role} was deleted")
            };
            assert_eq!(told, choice);
        }
        assert_eq!(test.accounts.missing_role().await.unwrap(), None);
        assert!(delete("anonymous").await.is_ok(), "here it is no more than any other");
    }
}
