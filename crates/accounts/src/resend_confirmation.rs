use crate::names::EmailAddress;
use crate::service::Accounts;
use square_kernel::Unavailable;

impl Accounts {
    /// Sends a further confirmation letter where the address has an account that is not confirmed; the result
    /// is the same where it has none, or a confirmed one.
    pub async fn resend_confirmation(&self, email: &EmailAddress) -> Result<(), Unavailable> {
        let Some(account) = self.parts.store.by_email(email).await? else { return Ok(()) };
        if account.confirmed_at.is_none() {
            let (confirmation, letter) = self.new_confirmation(account.id, &account.username, email);
            // Whether it was confirmed in between makes no difference to whoever asks.
            self.parts.store.renew_confirmation(account.id, &confirmation, &letter).await?;
        }
        Ok(())
    }
}
