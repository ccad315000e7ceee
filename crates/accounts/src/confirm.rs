use crate::account::Account;
use crate::letter::{Letter, LetterId, Occasion};
use crate::names::{EmailAddress, Username};
use crate::ports::{NewConfirmation, NewLetter};
use crate::service::{Accounts, later};
use crate::session_tokens::{Device, SignedIn};
use crate::tokens::MailToken;
use square_kernel::{Unavailable, UserId};

/// Why an address was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The link is unknown, used, expired or another account's, or its account is suspended.
    #[error("the link is not good, or not any more")]
    Rejected,
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Confirms the address that `token` was mailed to; where the link names an account, it has to be `user`.
    pub async fn confirm(&self, token: &MailToken, user: Option<UserId>) -> Result<Account, ConfirmError> {
        let confirmed = self.parts.store.confirm(&token.digest(), user, self.now()).await?;
        confirmed.ok_or(ConfirmError::Rejected)
    }

    /// Confirms the address of `user` and signs them in: who opens the letter has proved who they are.
    pub async fn verify(
        &self,
        token: &MailToken,
        user: UserId,
        device: &Device,
    ) -> Result<SignedIn, ConfirmError> {
        let account = self.confirm(token, Some(user)).await?;
        self.open_session(account, device).await?.ok_or(ConfirmError::Rejected)
    }

    /// A fresh confirmation secret of `user` and the letter that carries it.
    pub(crate) fn new_confirmation(
        &self,
        user: UserId,
        username: &Username,
        to: &EmailAddress,
    ) -> (NewConfirmation, NewLetter) {
        let token = MailToken::new(&*self.parts.randomness);
        let expires_at = later(self.now(), self.parts.policy.confirmation_lifetime);
        let confirmation = NewConfirmation { digest: token.digest(), expires_at };
        let occasion = Occasion::ConfirmAddress { user, token };
        (confirmation, self.new_letter(to, username, occasion))
    }

    /// A letter that is caused now.
    pub(crate) fn new_letter(&self, to: &EmailAddress, username: &Username, occasion: Occasion) -> NewLetter {
        NewLetter {
            id: LetterId::new(&*self.parts.clock, &*self.parts.randomness),
            letter: Letter { to: to.clone(), username: username.clone(), occasion },
            at: self.now(),
        }
    }
}
