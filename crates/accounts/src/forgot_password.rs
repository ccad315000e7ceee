use crate::audit::{Actor, AuditAction};
use crate::letter::Occasion;
use crate::limits::LimitError;
use crate::names::EmailAddress;
use crate::ports::{LetterRequest, NewSecret, Purpose, RequestedLetter};
use crate::service::{Accounts, later};
use crate::session_tokens::Device;
use crate::tokens::MailToken;
use square_kernel::Unavailable;

/// So many links of one account are good at a time; asking for more sends no letter.
const LINKS: u32 = 5;

impl Accounts {
    /// Has a link that sets a new password sent to an address; also where the account has no password yet. The result and its
    /// time are the same where the address has no account, or one that is suspended, neither of which gets a letter.
    pub async fn forgot_password(&self, email: &EmailAddress, device: &Device) -> Result<(), LimitError> {
        self.ask_for_letter(RequestedLetter::PasswordReset, email, device).await
    }

    /// Sends the link, where there is an account to use it.
    pub(crate) async fn send_password_reset(&self, request: &LetterRequest) -> Result<(), Unavailable> {
        let account = self.parts.store.by_email(&request.to).await?;
        let Some(account) = account.filter(|account| account.is_active()) else { return Ok(()) };
        let (token, now) = (MailToken::new(&*self.parts.randomness), self.now());
        let secret = NewSecret {
            digest: token.digest(),
            purpose: Purpose::ResetPassword,
            user: Some(account.id),
            payload: None,
            attempts: 1,
            created_at: now,
            expires_at: later(now, self.parts.policy.reset_lifetime),
        };
        let occasion = Occasion::ResetPassword { user: account.id, token };
        let letter = self.new_letter(&request.to, &account.username, occasion);
        let actor = Actor::stranger(&request.device);
        let told = self.noted(AuditAction::PasswordResetRequested, actor, account.id);
        // Where none is stored there are enough.
        self.parts.secrets.issue(&secret, LINKS, &told.with_letter(Some(letter))).await.map(drop)
    }
}
