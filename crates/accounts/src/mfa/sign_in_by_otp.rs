use super::challenge::SecondFactorError;
use super::totp::OtpCode;
use crate::ports::{Consequences, LoginName, OtpProof};
use crate::service::Accounts;
use crate::session_tokens::{Device, SignedIn};
use square_kernel::Secret;

impl Accounts {
    /// Answers a challenge by the code that an authenticator app shows, and opens a session. Code and challenge are spent
    /// together.
    pub async fn sign_in_by_otp(
        &self,
        login: &LoginName,
        challenge: &Secret,
        code: &OtpCode,
        device: &Device,
    ) -> Result<SignedIn, SecondFactorError> {
        let trial = self.try_challenge(login, challenge).await?;
        let (user, at) = (trial.account.id, self.now());
        let method = self.parts.mfa.otp_method(user).await?.filter(|method| method.verified);
        let found = method.and_then(|method| Some((method.id, method.secret.step_of(code, at)?)));
        let Some((method, step)) = found else { return self.wrong_second_factor(&trial, device).await };
        let proof = OtpProof { user, method, step, attempt: trial.attempt, at };
        // The session's own entry in the audit log says that somebody signed in.
        if !self.parts.mfa.pass_otp(&trial.challenge, &proof, &Consequences::default()).await? {
            return self.wrong_second_factor(&trial, device).await;
        }
        self.let_in(trial, device).await
    }
}
