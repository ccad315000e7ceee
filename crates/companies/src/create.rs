use crate::draft::CompanyDraft;
use crate::error::CompanyError;
use crate::model::Company;
use crate::ports::CompanyChange;
use crate::service::{Companies, caller, place};
use square_kernel::{Asker, Unavailable};

impl Companies {
    /// Enters a company that belongs to the asker, with up to [`Company::ACCOUNTS_AT_FIRST`] accounts.
    pub async fn create(&self, asker: &Asker, draft: CompanyDraft) -> Result<Company, CompanyError> {
        let owner = asker.user().ok_or(CompanyError::SignInRequired)?;
        let checked = self.checked(draft.whole().read(Company::ACCOUNTS_AT_FIRST)).await?;
        let CompanyChange { name: Some(name), phone: Some(phone), billing: Some(billing), accounts } =
            checked
        else {
            return Err(Unavailable::new("a whole draft that is right lacks a field").into());
        };
        let company = Company {
            id: self.new_company_id(),
            owner,
            name,
            phone,
            billing,
            accounts: accounts.unwrap_or_default(),
            created_at: self.clock.now(),
        };
        let written = self.store.insert(&company, caller(asker)).await?;
        written.done(CompanyError::NotFound, place)?;
        Ok(company)
    }
}

#[cfg(test)]
#[path = "use_case_tests.rs"]
mod tests;
