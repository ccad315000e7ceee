use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::limits::{Counted, limited};
use crate::names::EmailAddress;
use crate::ports::{Purpose, SessionRecord, WaysIn};
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Identity, Page, SessionId, Slice, Unavailable};
use square_limits::TooMany;

/// Why nothing is handed out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The account is gone.
    #[error("the account is gone")]
    Gone,
    /// It was done often of late, and costs much.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

limited!(ExportError);

/// What is stored about an account and is not a list.
#[derive(Debug, Clone)]
pub struct AccountData {
    /// The account.
    pub account: Account,
    /// The address that it is to have once that is confirmed, where another one was asked for.
    pub asked_address: Option<EmailAddress>,
    /// How one can sign in to it.
    pub ways_in: WaysIn,
    /// How many recovery codes are left; `None` where there is no authenticator app.
    pub recovery_codes: Option<usize>,
}

impl Accounts {
    /// Takes note that `who` is handed out all that is stored about them, and gives the beginning of it. The lists follow page by
    /// page: here [`Self::all_sessions`] and [`Self::own_audit`], elsewhere what else one may own.
    pub async fn begin_export(&self, who: &Identity, device: &Device) -> Result<AccountData, ExportError> {
        self.spend_budgets([self.charge(Counted::Export, who.user.uuid().as_bytes())]).await?;
        let account = self.parts.store.by_id(who.user).await?.ok_or(ExportError::Gone)?;
        let ways_in = self.parts.login_methods.ways_in(who.user).await?.ok_or(ExportError::Gone)?;
        let recovery_codes = match self.parts.mfa.otp_method(who.user).await? {
            Some(_) => Some(self.parts.mfa.recovery_codes(who.user).await?.len()),
            None => None,
        };
        let asked = self.parts.secrets.newest_secret(who.user, Purpose::ChangeEmail, self.now()).await?;
        let asked = asked.and_then(|held| held.payload);
        let asked_address = asked.and_then(|address| EmailAddress::parse(address.expose()).ok());
        let account = self.as_it_counts(account).await?;
        let noted = self.noted(AuditAction::DataExported, Actor::user(who.user, device), who.user);
        self.parts.store.record(&noted).await?;
        Ok(AccountData { account, asked_address, ways_in, recovery_codes })
    }

    /// All sessions of `who` that are stored, ended and expired ones included, newest first.
    pub async fn all_sessions(
        &self,
        who: &Identity,
        page: Page<SessionId>,
    ) -> Result<Slice<SessionRecord, SessionId>, Unavailable> {
        self.parts.credentials.all_sessions(who.user, page).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestAccounts;

    #[tokio::test]
    async fn it_begins_with_the_account_and_is_noted() {
        let test = TestAccounts::default();
        let account = test.register("ada").await;
        let who = test.caller(&test.sign_in("ada").await);
        let data = test.accounts.begin_export(&who, &Device::default()).await.unwrap();
        assert_eq!((data.account, data.recovery_codes), (account, None));
        assert!(data.ways_in.password && data.ways_in.identities.is_empty());
        assert_eq!(test.store.audit().pop().unwrap().action, AuditAction::DataExported);
        let sessions = test.accounts.all_sessions(&who, Page::default()).await.unwrap();
        assert_eq!(sessions.items.iter().map(|session| session.id).collect::<Vec<_>>(), [who.session]);
    }

    #[tokio::test]
    async fn nobody_keeps_the_database_busy_with_it() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let who = test.caller(&test.sign_in("ada").await);
        for _ in 0..10 {
            test.accounts.begin_export(&who, &Device::default()).await.unwrap();
        }
        let refused = test.accounts.begin_export(&who, &Device::default()).await;
        assert!(matches!(refused, Err(ExportError::TooMany(_))));
    }

    #[tokio::test]
    async fn the_address_that_was_asked_for_belongs_to_it() {
        let test = TestAccounts::default();
        test.register("ada").await;
        let who = test.caller(&test.sign_in("ada").await);
        let export =
            async || test.accounts.begin_export(&who, &Device::default()).await.unwrap().asked_address;
        assert_eq!(export().await, None);
        let (new, password) =
            (TestAccounts::email("new"), square_kernel::Secret::new(TestAccounts::PASSWORD));
        test.accounts.change_email(&who, &new, Some(&password), &Device::default()).await.unwrap();
        assert_eq!(export().await, Some(new));
        test.clock.advance(TestAccounts::policy().email_change_lifetime);
        assert_eq!(export().await, None);
    }
}
