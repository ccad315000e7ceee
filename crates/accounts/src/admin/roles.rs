use super::error::{AdminError, permitted};
use crate::ports::Role;
use crate::service::Accounts;
use square_kernel::Asker;

impl Accounts {
    /// All roles, in alphabetical order.
    pub async fn roles(&self, asker: &Asker) -> Result<Vec<Role>, AdminError> {
        permitted(asker, "get:users")?;
        Ok(self.parts.roles.roles().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestAccounts;

    #[tokio::test]
    async fn roles_are_shown_to_those_who_may_give_them() {
        let test = TestAccounts::default();
        let admin = test.admin("root").await;
        let roles = test.accounts.roles(&admin).await.unwrap();
        let assistant = roles.iter().find(|role| role.name == "casting_assistant").unwrap();
        assert_eq!(
            (&*assistant.permissions, assistant.holders),
            (&["get:actors".into(), "get:movies".into()][..], 0)
        );
        assert_eq!(roles.iter().find(|role| role.name == "admin").unwrap().holders, 1);
        let ada = test.asker("ada").await;
        assert!(matches!(test.accounts.roles(&ada).await, Err(AdminError::NotAllowed("get:users"))));
    }
}
