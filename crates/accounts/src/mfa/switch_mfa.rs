use super::attempts::{TooManyAttempts, from_not_counted};
use super::totp::OtpCode;
use crate::account::{Account, NotConfirmed};
use crate::audit::{Actor, AuditAction};
use crate::letter::Occasion;
use crate::ports::{AttemptKind, Caller, Consequences, MfaSwitch, MfaSwitched, OtpProof, Overtaken};
use crate::revocations::Revocations;
use crate::service::Accounts;
use crate::session_tokens::Device;
use square_kernel::{Identity, Secret, Unavailable};
use std::sync::Arc;

/// Why the second factor was not switched on.
#[derive(Debug, thiserror::Error)]
pub enum EnableMfaError {
    /// It is on.
    #[error("the second factor is on already")]
    AlreadyOn,
    /// There is no secret of which its owner has shown that their app knows it.
    #[error("there is no verified authenticator app; ask for a QR code and verify it first")]
    NotVerified,
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

from_not_counted!(EnableMfaError);

/// Why the second factor was not switched off.
#[derive(Debug, thiserror::Error)]
pub enum DisableMfaError {
    /// The sign-in is too long ago.
    #[error("sign in again to do this")]
    ReauthenticationRequired,
    /// Whoever asks is signed in no more, or not as they were.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Has every sign-in to the account of `who` ask for a second factor from now on. Their other sessions end, and the owner
    /// is told by letter. Gives what the device is to show at sign-ins.
    pub async fn enable_mfa(
        &self,
        who: &Identity,
        code: &OtpCode,
        device: &Device,
    ) -> Result<Vec<Secret>, EnableMfaError> {
        let user = who.user;
        let account = self.parts.store.by_id(user).await?.ok_or(EnableMfaError::NotVerified)?;
        account.confirmed()?;
        if account.mfa_enabled_at.is_some() {
            return Err(EnableMfaError::AlreadyOn);
        }
        let method = self.parts.mfa.otp_method(user).await?.filter(|method| method.verified);
        let method = method.ok_or(EnableMfaError::NotVerified)?;
        let attempt = self.count_attempt(user, AttemptKind::SetUp).await?;
        let switch = self.switch(who);
        let step = method.secret.step_of(code, switch.at).ok_or(EnableMfaError::WrongCode)?;
        let proof = OtpProof { user, method: method.id, step, attempt, at: switch.at };
        let told =
            self.told_of_switch(&account, AuditAction::MfaEnabled, Occasion::MfaEnabled, device).await?;
        let (store, revocations) = (Arc::clone(&self.parts.mfa), Arc::clone(&self.revocations));
        let switched = self.to_the_end(async move {
            let switched = store.enable_mfa(&proof, &switch, &told).await?;
            note_switch(&revocations, &switch, &switched);
            Ok(switched)
        });
        let switched = switched.await??.ok_or(EnableMfaError::WrongCode)?;
        Ok(self.remembered(user, switched.credentials, device))
    }

    /// Has signing in to the account of `who` ask for no second factor any more and forgets secret and recovery codes. Their
    /// other sessions end, and the owner is told by letter. Where it was off it stays off. Gives what the device is to show at sign-ins.
    pub async fn disable_mfa(&self, who: &Identity, device: &Device) -> Result<Vec<Secret>, DisableMfaError> {
        if !self.signed_in_lately(who).await? {
            return Err(DisableMfaError::ReauthenticationRequired);
        }
        let Some(account) = self.parts.store.by_id(who.user).await? else { return Ok(Vec::new()) };
        let told =
            self.told_of_switch(&account, AuditAction::MfaDisabled, Occasion::MfaDisabled, device).await?;
        let switch = self.switch(who);
        let (store, revocations) = (Arc::clone(&self.parts.mfa), Arc::clone(&self.revocations));
        let switched = self.to_the_end(async move {
            let switched = store.disable_mfa(&switch, &told).await?;
            note_switch(&revocations, &switch, &switched);
            Ok(switched)
        });
        // An account that is gone asks for no second factor either.
        let Some(switched) = switched.await?? else { return Ok(Vec::new()) };
        Ok(self.remembered(who.user, switched.credentials, device))
    }

    fn switch(&self, who: &Identity) -> MfaSwitch {
        let required_roles = self.parts.policy.mfa_required_roles.clone();
        MfaSwitch { user: who.user, by: Some(Caller::from(who)), required_roles, at: self.now() }
    }

    async fn told_of_switch(
        &self,
        account: &Account,
        action: AuditAction,
        occasion: Occasion,
        device: &Device,
    ) -> Result<Consequences, Unavailable> {
        let letter = self.notice(account, occasion).await?;
        Ok(self.noted(action, Actor::user(account.id, device), account.id).with_letter(letter))
    }
}

/// Has it bite on the very next request here, where anything was switched; other instances read it.
pub(crate) fn note_switch(
    revocations: &Revocations,
    switch: &MfaSwitch,
    switched: &Result<Option<MfaSwitched>, Overtaken>,
) {
    let Ok(Some(switched)) = switched else { return };
    for session in &switched.ended {
        revocations.note(*session, switch.at);
    }
    if let Some(rights) = switched.rights {
        revocations.note_rights(switch.user, rights, switch.at);
    }
}
