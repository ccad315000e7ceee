use super::attempts::{TooManyAttempts, from_not_counted};
use super::recovery_code::{CODES, RecoveryCode, RecoveryCodeId};
use super::totp::OtpCode;
use crate::account::NotConfirmed;
use crate::audit::{Actor, AuditAction};
use crate::ports::{AttemptKind, Caller, NewRecoveryCode, OtpProof, Overtaken};
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Identity, Unavailable, UserId};

/// Why a secret was not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyOtpError {
    /// There is no secret.
    #[error("there is no secret to check the code against; ask for a QR code first")]
    NotBegun,
    /// It is verified; the codes were given then.
    #[error("the authenticator app is verified already")]
    AlreadyVerified,
    /// The code is wrong or was used before.
    #[error("the code is wrong, or was used already")]
    WrongCode,
    /// Too many wrong codes of late.
    #[error(transparent)]
    TooManyAttempts(#[from] TooManyAttempts),
    /// The account's address was not confirmed yet: who made it need not have the mailbox.
    #[error(transparent)]
    NotConfirmed(#[from] NotConfirmed),
    /// Whoever asks is signed in no more, or not as they were.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

from_not_counted!(VerifyOtpError);

impl Accounts {
    /// Checks that the app of somebody signed in shows the right code and gives them recovery codes. The second factor is not
    /// on by that.
    pub async fn verify_otp(
        &self,
        who: &Identity,
        code: &OtpCode,
        device: &Device,
    ) -> Result<Vec<RecoveryCode>, VerifyOtpError> {
        let (user, at) = (who.user, self.now());
        let account = self.parts.store.by_id(user).await?.ok_or(VerifyOtpError::NotBegun)?;
        account.confirmed()?;
        let method = self.parts.mfa.otp_method(user).await?.ok_or(VerifyOtpError::NotBegun)?;
        if method.verified {
            return Err(VerifyOtpError::AlreadyVerified);
        }
        let attempt = self.count_attempt(user, AttemptKind::SetUp).await?;
        let step = method.secret.step_of(code, at).ok_or(VerifyOtpError::WrongCode)?;
        let proof = OtpProof { user, method: method.id, step, attempt, at };
        let codes = self.new_recovery_codes(user);
        let noted = self.noted(AuditAction::RecoveryCodesCreated, Actor::user(user, device), user);
        if !self.parts.mfa.verify_otp(&proof, Caller::from(who), &codes, &noted).await?? {
            return Err(VerifyOtpError::WrongCode);
        }
        Ok(codes.into_iter().map(|new| new.code).collect())
    }

    /// A new set, not stored yet.
    pub(super) fn new_recovery_codes(&self, user: UserId) -> Vec<NewRecoveryCode> {
        let (clock, randomness) = (&*self.parts.clock, &*self.parts.randomness);
        let new = || {
            let code = RecoveryCode::new(randomness);
            let digest = code.digest(user, &*self.parts.keyed_hash);
            NewRecoveryCode { id: RecoveryCodeId::new(clock, randomness), digest, code }
        };
        (0..CODES).map(|_| new()).collect()
    }
}
