use crate::draft::AccountDraft;
use crate::error::CompanyError;
use crate::model::{BankAccount, BankAccountId};
use crate::service::{CHANGE, Companies, alone, caller};
use square_kernel::Asker;

impl Companies {
    /// Replaces what is said of an account.
    pub async fn change_account(
        &self,
        asker: &Asker,
        id: BankAccountId,
        draft: AccountDraft,
    ) -> Result<BankAccount, CompanyError> {
        self.visible_account(asker, id, CHANGE).await?;
        let account = BankAccount { id, ..self.checked_account(&draft).await? };
        let written = self.store.change_account(&account, self.clock.now(), caller(asker)).await?;
        written.done(CompanyError::AccountNotFound, alone)?;
        Ok(account)
    }
}
