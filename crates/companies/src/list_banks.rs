use crate::model::{Bank, BankCode};
use crate::ports::BankFilter;
use crate::service::Companies;
use square_kernel::{Page, Slice, Unavailable};

impl Companies {
    /// Banks by code, for anybody.
    pub async fn banks(
        &self,
        filter: &BankFilter,
        page: Page<BankCode>,
    ) -> Result<Slice<Bank, BankCode>, Unavailable> {
        self.store.banks(filter, page).await
    }
}
