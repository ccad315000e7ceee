use super::totp::OtpSecret;
use crate::account::NotConfirmed;
use crate::audit::{Actor, AuditAction};
use crate::owner::OwnerError;
use crate::ports::{Caller, NewOtpMethod, OtpMethodId};
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Identity, Secret, Unavailable};

/// Why there is no new secret for one-time codes.
#[derive(Debug, thiserror::Error)]
pub enum BeginOtpError {
    /// The second factor is on; it has to be switched off first.
    #[error("the second factor is on already; switch it off first")]
    AlreadyOn,
    /// Nobody has shown that the account is theirs.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// The account's address was not confirmed yet: who made it need not have the mailbox.
    #[error(transparent)]
    NotConfirmed(#[from] NotConfirmed),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Makes a secret for one-time codes, in the place of one that was not switched on, and gives the address that a QR code
    /// for authenticator apps is to hold. Asks for the account's password, or for a fresh sign-in where it has none.
    pub async fn begin_otp(
        &self,
        who: &Identity,
        password: Option<&Secret>,
        device: &Device,
    ) -> Result<Secret, BeginOtpError> {
        let (account, _) = self.prove_owner(who, password).await?;
        account.confirmed()?;
        let secret = OtpSecret::new(&*self.parts.randomness);
        let method = NewOtpMethod {
            id: OtpMethodId::new(&*self.parts.clock, &*self.parts.randomness),
            user: account.id,
            secret: secret.clone(),
            at: self.now(),
        };
        let noted = self.noted(AuditAction::OtpMethodCreated, Actor::user(account.id, device), account.id);
        let begun = self.parts.mfa.begin_otp(&method, Caller::from(who), &noted).await?;
        if !begun.map_err(OwnerError::from)? {
            return Err(BeginOtpError::AlreadyOn);
        }
        let label = account.email.as_ref().map_or(account.username.as_str(), |email| email.as_str());
        Ok(secret.uri(&self.parts.policy.mfa_issuer, label))
    }
}
