use crate::draft::AccountDraft;
use crate::error::CompanyError;
use crate::model::{BankAccount, Company, CompanyId};
use crate::service::{CHANGE, Companies, alone, caller};
use square_kernel::{Asker, Unavailable};

impl Companies {
    /// Gives a company one more account, of at most [`Company::MOST_ACCOUNTS`].
    pub async fn add_account(
        &self,
        asker: &Asker,
        id: CompanyId,
        draft: AccountDraft,
    ) -> Result<BankAccount, CompanyError> {
        self.visible(asker, id, CHANGE).await?;
        let account = self.checked_account(&draft).await?;
        let (most, now) = (Company::MOST_ACCOUNTS, self.clock.now());
        let written = self.store.add_account(id, &account, most, now, caller(asker)).await?;
        written.done(CompanyError::NotFound, alone)?;
        Ok(account)
    }

    /// A new account that is right.
    pub(crate) async fn checked_account(&self, draft: &AccountDraft) -> Result<BankAccount, CompanyError> {
        let account =
            self.checked(draft.read()).await?.accounts.and_then(|accounts| accounts.into_iter().next());
        account.ok_or_else(|| Unavailable::new("a draft that is right has no account").into())
    }
}
