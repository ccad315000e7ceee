use super::TestAccounts;
use crate::mfa::{Entry, MfaChallenge, OtpCode, OtpSecret, RecoveryCode, SecondFactorError};
use crate::ports::{LoginName, MfaStore};
use crate::session_tokens::{Device, SignedIn};
use jiff::SignedDuration;
use square_kernel::{Clock, Identity, Secret};

/// Somebody with a second factor.
pub struct WithMfa {
    /// The session in which it was switched on.
    pub session: SignedIn,
    /// What the app holds.
    pub secret: OtpSecret,
    /// The recovery codes.
    pub codes: Vec<RecoveryCode>,
}

impl TestAccounts {
    /// Moves on to the next code of everybody's app.
    pub fn next_code(&self) {
        self.clock.advance(SignedDuration::from_secs(30));
    }

    /// What an app shows now.
    pub fn code(&self, secret: &OtpSecret) -> OtpCode {
        OtpCode::parse(&secret.code_at(self.clock.now())).expect("a good code")
    }

    /// Who holds the tokens of a session.
    pub fn caller(&self, signed_in: &SignedIn) -> Identity {
        let asker = self.accounts.authenticate(signed_in.tokens.access.expose());
        asker.expect("a good token").identity.expect("somebody")
    }

    /// Has `who`, whose address is confirmed now, begin with an app; gives what the app holds.
    pub async fn begin_otp(&self, who: &Identity) -> OtpSecret {
        self.vouch_for(who.user).await;
        let password = Secret::new(Self::PASSWORD);
        self.accounts.begin_otp(who, Some(&password), &Device::default()).await.expect("begun");
        self.store.otp_method(who.user).await.expect("read").expect("there").secret
    }

    /// Signs `name` in and switches their second factor on. Takes a minute and a half.
    pub async fn with_mfa(&self, name: &str) -> WithMfa {
        let session = self.sign_in(name).await;
        let (who, device) = (self.caller(&session), Device::default());
        let secret = self.begin_otp(&who).await;
        let codes = self.accounts.verify_otp(&who, &self.code(&secret), &device).await.expect("verified");
        self.next_code();
        self.accounts.enable_mfa(&who, &self.code(&secret), &device).await.expect("on");
        self.next_code();
        WithMfa { session, secret, codes }
    }

    /// Gives the password of `name`, who has a second factor.
    pub async fn challenge(&self, name: &str) -> MfaChallenge {
        let login = LoginName::Username(name.to_lowercase());
        let password = Secret::new(Self::PASSWORD);
        match self.accounts.sign_in(&login, &password, &Device::default()).await.expect("the right password")
        {
            Entry::Challenge(challenge) => challenge,
            Entry::SignedIn(_) => unreachable!("{name} has no second factor"),
        }
    }

    /// Answers a challenge of `name` by a code.
    pub async fn answer(
        &self,
        name: &str,
        challenge: &MfaChallenge,
        code: &OtpCode,
    ) -> Result<SignedIn, SecondFactorError> {
        let login = LoginName::Email(Self::email(name));
        self.accounts.sign_in_by_otp(&login, &challenge.token, code, &Device::default()).await
    }

    /// Answers a challenge of `name` by a recovery code.
    pub async fn recover(
        &self,
        name: &str,
        challenge: &MfaChallenge,
        code: &RecoveryCode,
    ) -> Result<SignedIn, SecondFactorError> {
        let login = LoginName::Email(Self::email(name));
        self.accounts.sign_in_by_recovery_code(&login, &challenge.token, code, &Device::default()).await
    }
}
