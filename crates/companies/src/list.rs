use crate::error::CompanyError;
use crate::model::{Company, CompanyId};
use crate::service::{Companies, LOOK};
use square_kernel::{Asker, Page, Slice, Unavailable, UserId};

impl Companies {
    /// One's own companies, or everybody's for who may see them; newest first.
    pub async fn list(
        &self,
        asker: &Asker,
        page: Page<CompanyId>,
    ) -> Result<Slice<Company, CompanyId>, CompanyError> {
        let user = asker.user().ok_or(CompanyError::SignInRequired)?;
        let owner = (!asker.may(LOOK)).then_some(user);
        Ok(self.store.list(owner, page).await?)
    }

    /// The companies that somebody entered, newest first.
    pub async fn of_owner(
        &self,
        owner: UserId,
        page: Page<CompanyId>,
    ) -> Result<Slice<Company, CompanyId>, Unavailable> {
        self.store.list(Some(owner), page).await
    }
}
