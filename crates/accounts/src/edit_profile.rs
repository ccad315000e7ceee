use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::names::PersonName;
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Identity, Unavailable};

/// What is to be another in an account; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct ProfilePatch {
    /// First name; may be empty.
    pub first_name: Option<PersonName>,
    /// Last name; may be empty.
    pub last_name: Option<PersonName>,
}

impl Accounts {
    /// Changes names and gives the account as it is now; `None` when it is gone. Access tokens show the names from the next
    /// refresh on.
    pub async fn edit_profile(
        &self,
        who: &Identity,
        patch: ProfilePatch,
        device: &Device,
    ) -> Result<Option<Account>, Unavailable> {
        let Some(account) = self.parts.store.by_id(who.user).await? else { return Ok(None) };
        let first_name = patch.first_name.unwrap_or_else(|| account.first_name.clone());
        let last_name = patch.last_name.unwrap_or_else(|| account.last_name.clone());
        let noted = self.noted(AuditAction::ProfileChanged, Actor::user(who.user, device), who.user);
        let store = &self.parts.credentials;
        store.rename(who.user, &first_name, &last_name, self.now(), &noted).await
    }
}
