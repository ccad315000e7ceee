use super::challenge::{SecondFactorError, Trial};
use super::recovery_code::{CODES, RecoveryCode};
use crate::audit::{Actor, AuditAction};
use crate::letter::Occasion;
use crate::ports::{Consequences, LoginName, RecoveryPass, RecoveryProof};
use crate::service::Accounts;
use crate::session_tokens::{Device, SignedIn};
use square_kernel::{Secret, Unavailable};

/// With so many codes left, or fewer, the owner is told to make new ones.
const FEW: u32 = 2;

impl Accounts {
    /// Answers a challenge by a recovery code, which is gone then, and opens a session. The owner is told by letter.
    pub async fn sign_in_by_recovery_code(
        &self,
        login: &LoginName,
        challenge: &Secret,
        code: &RecoveryCode,
        device: &Device,
    ) -> Result<SignedIn, SecondFactorError> {
        let trial = self.try_challenge(login, challenge).await?;
        if self.spend(&trial, code, device).await? {
            self.let_in(trial, device).await
        } else {
            self.wrong_second_factor(&trial, device).await
        }
    }

    async fn spend(&self, trial: &Trial, code: &RecoveryCode, device: &Device) -> Result<bool, Unavailable> {
        let user = trial.account.id;
        let digests = code.digests(user, &*self.parts.keyed_hash);
        // Whoever counts wrong was overtaken by somebody who used another code, which happens once per code at most.
        for _ in 0..=CODES {
            let codes = self.parts.mfa.recovery_codes(user).await?.len();
            let Some(left) = codes.checked_sub(1).and_then(|left| u32::try_from(left).ok()) else {
                return Ok(false);
            };
            let (digests, at) = (digests.clone(), self.now());
            let proof = RecoveryProof { user, digests, left, attempt: trial.attempt, at };
            let told = self.told_of_use(trial, left, device).await?;
            match self.parts.mfa.pass_recovery_code(&trial.challenge, &proof, &told).await? {
                RecoveryPass::Passed => return Ok(true),
                RecoveryPass::Refused => return Ok(false),
                RecoveryPass::Miscounted => {}
            }
        }
        Ok(false)
    }

    async fn told_of_use(
        &self,
        trial: &Trial,
        left: u32,
        device: &Device,
    ) -> Result<Consequences, Unavailable> {
        let account = &trial.account;
        let actor = Actor::user(account.id, device);
        let told = self.noted(AuditAction::RecoveryCodeUsed, actor, account.id);
        let told = told.with_letter(self.notice(account, Occasion::RecoveryCodeUsed { left }).await?);
        if left > FEW {
            return Ok(told);
        }
        Ok(told.with_letter(self.notice(account, Occasion::FewRecoveryCodes { left }).await?))
    }
}
