use crate::error::CompanyError;
use crate::model::{Company, CompanyId};
use crate::service::{Companies, LOOK};
use square_kernel::Asker;

impl Companies {
    /// One company.
    pub async fn show(&self, asker: &Asker, id: CompanyId) -> Result<Company, CompanyError> {
        self.visible(asker, id, LOOK).await
    }
}
