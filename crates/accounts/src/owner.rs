use crate::account::Account;
use crate::limits::{Counted, limited};
use crate::password::PasswordHash;
use crate::ports::{Overtaken, PasswordCheck};
use crate::service::Accounts;
use square_kernel::{Identity, Secret, Unavailable};
use square_limits::TooMany;

/// Why somebody signed in was not taken for the account's owner. A stolen session is not enough for what asks for this.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    /// The account is gone.
    #[error("the account is gone")]
    Gone,
    /// It has a password, which was not given.
    #[error("the password must be given")]
    PasswordRequired,
    /// It has another password.
    #[error("the password is wrong")]
    WrongPassword,
    /// It has no password, and the sign-in is too long ago.
    #[error("sign in again to do this")]
    ReauthenticationRequired,
    /// They are signed in no more, or not as they were.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// Too many wrong passwords were given of late.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

limited!(OwnerError);

impl Accounts {
    /// Has somebody signed in show that the account is theirs: by its password or, where it has none, by having signed in just now.
    pub(crate) async fn prove_owner(
        &self,
        who: &Identity,
        password: Option<&Secret>,
    ) -> Result<(Account, PasswordHash), OwnerError> {
        let found = self.parts.credentials.own_credentials(who.user).await?;
        let (account, hash) = found.ok_or(OwnerError::Gone)?;
        if !hash.is_set() {
            return if self.signed_in_lately(who).await? {
                Ok((account, hash))
            } else {
                Err(OwnerError::ReauthenticationRequired)
            };
        }
        let password = password.ok_or(OwnerError::PasswordRequired)?;
        let charge = self.charge(Counted::OwnPassword, account.id.uuid().as_bytes());
        self.spend_budgets([charge]).await?;
        match self.parts.hasher.verify(password, &hash).await? {
            PasswordCheck::Wrong => Err(OwnerError::WrongPassword),
            PasswordCheck::Right { .. } => {
                let charges: Vec<_> = charge.into_iter().collect();
                self.parts.limits.give_back(&charges, self.now()).await?;
                Ok((account, hash))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::AccountStore;
    use crate::testing::{FastHasher, TestAccounts};
    use jiff::SignedDuration;

    #[tokio::test]
    async fn who_has_no_password_shows_it_by_having_signed_in_lately() {
        let test = TestAccounts::default();
        let account = test.register("ada").await;
        let signed_in = test.sign_in("ada").await;
        let who = test.caller(&signed_in);
        let current = FastHasher::current(TestAccounts::PASSWORD);
        assert!(test.store.upgrade_hash(account.id, &current, &PasswordHash::none()).await.unwrap());
        let prove = async |password: Option<&Secret>| test.accounts.prove_owner(&who, password).await;
        assert!(prove(None).await.is_ok());
        assert!(prove(Some(&Secret::new("whatever"))).await.is_ok());
        test.clock.advance(SignedDuration::from_mins(10) + SignedDuration::from_micros(1));
        test.accounts.refresh(&signed_in.tokens.refresh, &crate::Device::default()).await.unwrap();
        for password in [None, Some(&Secret::new(TestAccounts::PASSWORD))] {
            assert!(matches!(prove(password).await, Err(OwnerError::ReauthenticationRequired)));
        }
    }
}
