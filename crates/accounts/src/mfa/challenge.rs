use super::attempts::{TooManyAttempts, from_not_counted};
use crate::account::Account;
use crate::audit::{Actor, AuditAction};
use crate::ports::{AttemptKind, Consequences, LoginName, MfaAttemptId, NewSecret, Purpose};
use crate::service::{Accounts, later};
use crate::session_tokens::{Device, SecondFactor, SignedIn};
use crate::tokens::{MailToken, TokenDigest};
use jiff::{SignedDuration, Timestamp};
use square_kernel::{Secret, Unavailable};

/// For so long the second factor may be given after the first.
const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// So many codes may be tried per challenge.
const ATTEMPTS: u32 = 5;

/// So many challenges of one account are good at a time; only somebody who knows the password can make any.
const CHALLENGES: u32 = 1000;

/// How far a sign-in has come.
#[derive(Debug, Clone)]
pub enum Entry {
    /// All the way.
    SignedIn(Box<SignedIn>),
    /// The second factor is asked for.
    Challenge(MfaChallenge),
}

/// What somebody gets who has given the first factor of two.
#[derive(Debug, Clone)]
pub struct MfaChallenge {
    /// To be sent along with the second factor; good once, for that account only, and for nothing else.
    pub token: Secret,
    /// From this moment on it is good no more.
    pub expires_at: Timestamp,
}

/// Why the second factor signed nobody in.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// The challenge is unknown, spent, expired, another account's or from before its credentials changed, or five codes were tried on it.
    #[error("the mfa_token is not good, or not any more: sign in again")]
    ChallengeRejected,
    /// The code is wrong or was used before.
    #[error("the code is wrong, or was used already")]
    WrongCode,
    /// The account has had too many wrong codes of late.
    #[error(transparent)]
    TooManyAttempts(#[from] TooManyAttempts),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

from_not_counted!(SecondFactorError);

/// An attempt at a challenge, counted.
pub(super) struct Trial {
    pub(super) account: Account,
    pub(super) challenge: TokenDigest,
    pub(super) attempt: MfaAttemptId,
}

impl Accounts {
    /// What every sign-in comes to once the password, the mailed link or another provider has told who it is: a session, or a
    /// challenge where the account has a second factor. `None` when the account is gone or suspended.
    pub(crate) async fn sign_in_proved(
        &self,
        account: Account,
        device: &Device,
    ) -> Result<Option<Entry>, Unavailable> {
        if !account.is_active() {
            return Ok(None);
        }
        if account.mfa_enabled_at.is_some() {
            return Ok(self.challenge(&account).await?.map(Entry::Challenge));
        }
        let signed_in = self.open_session(account, device, SecondFactor::NotAsked).await?;
        Ok(signed_in.map(|signed_in| Entry::SignedIn(Box::new(signed_in))))
    }

    async fn challenge(&self, account: &Account) -> Result<Option<MfaChallenge>, Unavailable> {
        let token = MailToken::new(&*self.parts.randomness);
        let (now, expires_at) = (self.now(), later(self.now(), LIFETIME));
        let secret = NewSecret {
            digest: token.digest(),
            purpose: Purpose::Mfa,
            user: Some(account.id),
            // Who is shut out between the two factors stays out.
            payload: Some(Secret::new(account.credentials.to_string())),
            attempts: ATTEMPTS,
            created_at: now,
            expires_at,
        };
        let issued = self.parts.secrets.issue(&secret, CHALLENGES, &Consequences::default()).await?;
        Ok(issued.then(|| MfaChallenge { token: Secret::new(token.expose()), expires_at }))
    }

    /// Counts an attempt of whoever names themselves `login`, on the challenge and on the account. The account's other
    /// challenges and where the request comes from make no difference.
    pub(super) async fn try_challenge(
        &self,
        login: &LoginName,
        challenge: &Secret,
    ) -> Result<Trial, SecondFactorError> {
        let challenge = MailToken::received(challenge.expose()).digest();
        let held = self.parts.secrets.attempt(&challenge, Purpose::Mfa, self.now()).await?;
        let held = held.and_then(|held| Some((held.user?, held.payload?)));
        let Some((user, credentials)) = held else { return Err(SecondFactorError::ChallengeRejected) };
        let account = self.parts.store.by_id(user).await?;
        let account = account.filter(|account| {
            account.is_active()
                && account.mfa_enabled_at.is_some()
                && account.credentials.to_string() == credentials.expose()
                && is_named(account, login)
        });
        let account = account.ok_or(SecondFactorError::ChallengeRejected)?;
        let attempt = self.count_attempt(user, AttemptKind::SignIn).await?;
        Ok(Trial { account, challenge, attempt })
    }

    /// Notes that a code was wrong.
    pub(super) async fn wrong_second_factor(
        &self,
        trial: &Trial,
        device: &Device,
    ) -> Result<SignedIn, SecondFactorError> {
        let noted = self.noted(AuditAction::MfaFailed, Actor::stranger(device), trial.account.id);
        self.parts.store.record(&noted).await?;
        Err(SecondFactorError::WrongCode)
    }

    /// Opens the session of somebody who has given the second factor.
    pub(super) async fn let_in(&self, trial: Trial, device: &Device) -> Result<SignedIn, SecondFactorError> {
        let signed_in = self.open_session(trial.account, device, SecondFactor::Given).await?;
        signed_in.ok_or(SecondFactorError::ChallengeRejected)
    }
}

fn is_named(account: &Account, login: &LoginName) -> bool {
    match login {
        LoginName::Username(key) => account.username.key() == *key,
        LoginName::Email(email) => account.email.as_ref() == Some(email),
    }
}
