use crate::error::CompanyError;
use crate::model::{Company, CompanyId};
use crate::service::{Companies, REMOVE, caller, place};
use square_kernel::Asker;

impl Companies {
    /// Removes a company with its accounts, and gives it as it was.
    pub async fn remove(&self, asker: &Asker, id: CompanyId) -> Result<Company, CompanyError> {
        self.visible(asker, id, REMOVE).await?;
        let written = self.store.delete(id, self.clock.now(), caller(asker)).await?;
        written.done(CompanyError::NotFound, place)
    }
}
