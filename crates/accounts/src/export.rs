use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::limits::{Counted, TooMany, limited};
use crate::ports::{SessionRecord, WaysIn};
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Identity, Page, SessionId, Slice, Unavailable};

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
        let noted = self.noted(AuditAction::DataExported, Actor::user(who.user, device), who.user);
        self.parts.store.record(&noted).await?;
        Ok(AccountData { account, ways_in, recovery_codes })
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
