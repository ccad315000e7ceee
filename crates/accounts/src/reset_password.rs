use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::letter::Occasion;
use crate::limits::{Counted, TooMany, limited};
use crate::password::Password;
use crate::ports::{Consequences, Purpose};
use crate::service::Accounts;
use crate::session_tokens::Device;
use crate::tokens::MailToken;
use jiff::Timestamp;
use square_kernel::{FieldError, Invalid, SessionId, Unavailable, UserId};
use std::sync::Arc;

/// Why no password was set.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// The link is unknown, used, expired or another account's.
    #[error("the link is not good, or not any more")]
    Rejected,
    /// The password will not do; the link stays good.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Too many links were tried of late.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

limited!(ResetPasswordError);

impl Accounts {
    /// Sets the password of the account that `token` was mailed to; where the link names an account, it has to be `user`.
    ///
    /// Nobody is signed in, and everybody who was is no more. A second factor stays, unless the address was never confirmed before.
    pub async fn reset_password(
        &self,
        token: &MailToken,
        user: Option<UserId>,
        password: &Password,
        device: &Device,
    ) -> Result<(), ResetPasswordError> {
        self.count(Counted::LinkFromAddress, device).await?;
        let (digest, now) = (token.digest(), self.now());
        let held = self.parts.secrets.look(&digest, Purpose::ResetPassword, now).await?;
        let owner = held.and_then(|held| held.user).filter(|owner| user.is_none_or(|user| user == *owner));
        let owner = owner.ok_or(ResetPasswordError::Rejected)?;
        let account = self.parts.store.by_id(owner).await?.ok_or(ResetPasswordError::Rejected)?;
        account.refuse_as_password("password", password).map_err(Invalid::from)?;
        let hash = self.parts.hasher.hash(password).await?;
        let told = self.told_of_password(&account, AuditAction::PasswordReset, Actor::stranger(device));
        let store = Arc::clone(&self.parts.credentials);
        let now = self.now();
        let setting = async move { store.reset_password(&digest, owner, &hash, now, &told).await };
        let set = self.ending_sessions(now, setting).await?;
        set.then_some(()).ok_or(ResetPasswordError::Rejected)
    }

    /// What a new password leads to beside itself.
    pub(crate) fn told_of_password(
        &self,
        account: &Account,
        action: AuditAction,
        actor: Actor,
    ) -> Consequences {
        let to = account.email.as_ref();
        let letter = to.map(|to| self.new_letter(to, &account.username, Occasion::PasswordChanged));
        self.noted(action, actor, account.id).with_letter(letter)
    }

    /// Carries a change through that ends sessions, which are refused from the next request on; `false` where there was none.
    pub(crate) async fn ending_sessions(
        &self,
        at: Timestamp,
        change: impl Future<Output = Result<Option<Vec<SessionId>>, Unavailable>> + Send + 'static,
    ) -> Result<bool, Unavailable> {
        let revocations = Arc::clone(&self.revocations);
        let done = self.to_the_end(async move {
            let ended = change.await?;
            for session in ended.iter().flatten() {
                revocations.note(*session, at);
            }
            Ok(ended.is_some())
        });
        done.await
    }
}

impl Account {
    /// Refuses its own names as a password, sent as `field`.
    pub(crate) fn refuse_as_password(
        &self,
        field: &'static str,
        password: &Password,
    ) -> Result<(), FieldError> {
        let email = self.email.as_ref().map(|email| email.as_str());
        password.is_none_of(field, std::iter::once(self.username.as_str()).chain(email))
    }
}
