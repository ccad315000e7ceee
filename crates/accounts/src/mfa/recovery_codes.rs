use super::recovery_code::RecoveryCode;
use crate::audit::{Actor, AuditAction};
use crate::limits::{Counted, limited};
use crate::ports::{Caller, Overtaken};
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Identity, Unavailable};
use square_limits::TooMany;

/// Why no recovery codes are shown.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryCodesError {
    /// The sign-in is too long ago.
    #[error("sign in again to do this")]
    ReauthenticationRequired,
    /// There is no authenticator app that could be lost.
    #[error("there is no verified authenticator app; ask for a QR code and verify it first")]
    NotVerified,
    /// New ones were made often of late.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Whoever asks is signed in no more, or not as they were.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

limited!(RecoveryCodesError);

impl Accounts {
    /// The recovery codes of `who` that were not used, in the order in which they were given.
    pub async fn recovery_codes(&self, who: &Identity) -> Result<Vec<RecoveryCode>, RecoveryCodesError> {
        if !self.signed_in_lately(who).await? {
            return Err(RecoveryCodesError::ReauthenticationRequired);
        }
        Ok(self.parts.mfa.recovery_codes(who.user).await?)
    }

    /// Makes new recovery codes; those from before are good no more.
    pub async fn renew_recovery_codes(
        &self,
        who: &Identity,
        device: &Device,
    ) -> Result<Vec<RecoveryCode>, RecoveryCodesError> {
        if !self.signed_in_lately(who).await? {
            return Err(RecoveryCodesError::ReauthenticationRequired);
        }
        self.spend_budgets([self.charge(Counted::NewRecoveryCodes, who.user.uuid().as_bytes())]).await?;
        let (user, codes) = (who.user, self.new_recovery_codes(who.user));
        let noted = self.noted(AuditAction::RecoveryCodesCreated, Actor::user(user, device), user);
        let (by, now) = (Caller::from(who), self.now());
        if !self.parts.mfa.replace_recovery_codes(by, &codes, now, &noted).await?? {
            return Err(RecoveryCodesError::NotVerified);
        }
        Ok(codes.into_iter().map(|new| new.code).collect())
    }
}
