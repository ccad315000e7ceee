use crate::error::CompanyError;
use crate::model::{BankAccount, BankAccountId};
use crate::service::{CHANGE, Companies, alone, caller};
use square_kernel::Asker;

impl Companies {
    /// Removes an account, which changes its company, and gives it as it was.
    pub async fn remove_account(
        &self,
        asker: &Asker,
        id: BankAccountId,
    ) -> Result<BankAccount, CompanyError> {
        self.visible_account(asker, id, CHANGE).await?;
        let written = self.store.remove_account(id, self.clock.now(), caller(asker)).await?;
        written.done(CompanyError::AccountNotFound, alone)
    }
}
