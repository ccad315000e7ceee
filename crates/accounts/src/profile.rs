use crate::account::Account;
use crate::service::Accounts;
use square_kernel::{Unavailable, UserId};

impl Accounts {
    /// An account as it is now; `None` when it is gone.
    pub async fn profile(&self, user: UserId) -> Result<Option<Account>, Unavailable> {
        self.parts.store.by_id(user).await
    }
}
