use super::TestAccounts;
use crate::audit::Actor;
use crate::ports::LoginName;
use square_kernel::Asker;

impl TestAccounts {
    /// An administrator, signed in.
    pub async fn admin(&self, name: &str) -> Asker {
        self.with_roles(name, &["admin"]).await
    }

    /// Somebody without any rights, signed in.
    pub async fn asker(&self, name: &str) -> Asker {
        self.with_roles(name, &[]).await
    }

    /// Somebody with these roles beside the one that everybody has, signed in.
    pub async fn with_roles(&self, name: &str, roles: &[&str]) -> Asker {
        self.register(name).await;
        let login = LoginName::Username(name.to_lowercase());
        for role in roles {
            self.accounts.grant_role(&login, role, &Actor::default()).await.expect("given");
        }
        let signed_in = self.sign_in(name).await;
        self.accounts.authenticate(signed_in.tokens.access.expose()).expect("a good token")
    }
}
