use crate::draft::CompanyDraft;
use crate::error::CompanyError;
use crate::model::{Company, CompanyId};
use crate::service::{CHANGE, Companies, caller, place};
use square_kernel::Asker;

impl Companies {
    /// Replaces what is said of a company. Its accounts stay where they are left out; else those that are named take their place,
    /// and which it has already keep their identifiers.
    pub async fn replace(
        &self,
        asker: &Asker,
        id: CompanyId,
        draft: CompanyDraft,
    ) -> Result<Company, CompanyError> {
        self.edit(asker, id, draft.whole()).await
    }

    /// Replaces some of what is said of a company; what is left out stays.
    pub async fn patch(
        &self,
        asker: &Asker,
        id: CompanyId,
        draft: CompanyDraft,
    ) -> Result<Company, CompanyError> {
        self.edit(asker, id, draft).await
    }

    async fn edit(&self, asker: &Asker, id: CompanyId, draft: CompanyDraft) -> Result<Company, CompanyError> {
        self.visible(asker, id, CHANGE).await?;
        let change = self.checked(draft.read(Company::MOST_ACCOUNTS)).await?;
        let written = self.store.update(id, &change, self.clock.now(), caller(asker)).await?;
        written.done(CompanyError::NotFound, place)
    }
}
