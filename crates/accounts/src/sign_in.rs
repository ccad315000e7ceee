use crate::account::Account;
use crate::password::{Password, PasswordHash};
use crate::ports::{LoginName, PasswordCheck};
use crate::service::Accounts;
use crate::session_tokens::{Device, SignedIn};
use square_kernel::{Secret, Unavailable};

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// There is no such account, or it has another password, or it is suspended: which, is not told.
    #[error("the name or the password is wrong")]
    WrongCredentials,
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Checks a password and opens a session. A name without an account takes as long as a wrong password.
    pub async fn sign_in(
        &self,
        login: &LoginName,
        password: &Secret,
        device: &Device,
    ) -> Result<SignedIn, SignInError> {
        let found = self.parts.store.credentials(login).await?;
        let (account, hash) = match found {
            Some((account, hash)) => (Some(account), hash),
            None => (None, self.parts.hasher.decoy()),
        };
        let check = self.parts.hasher.verify(password, &hash).await?;
        let (Some(account), PasswordCheck::Right { outdated }) = (account, check) else {
            return Err(SignInError::WrongCredentials);
        };
        if !account.is_active() {
            return Err(SignInError::WrongCredentials);
        }
        if outdated {
            self.upgrade(&account, password, &hash).await;
        }
        self.open_session(account, device).await?.ok_or(SignInError::WrongCredentials)
    }

    /// Hashes the password anew by the present settings. A failure costs nothing but the next attempt.
    async fn upgrade(&self, account: &Account, password: &Secret, old: &PasswordHash) {
        // One that was set under looser rules stays as it is.
        let Ok(password) = Password::parse("password", password.expose()) else { return };
        let upgraded = match self.parts.hasher.hash(&password).await {
            Ok(new) => self.parts.store.upgrade_hash(account.id, old, &new).await,
            Err(error) => Err(error),
        };
        if let Err(error) = upgraded {
            tracing::warn!(user = %account.id, cause = error.chain(), "an outdated password hash stays");
        }
    }
}
