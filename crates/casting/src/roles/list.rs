use crate::error::CastingError;
use crate::lists::RoleFilter;
use crate::model::{Role, RoleId};
use crate::rights::{Thing, may_see};
use crate::service::Casting;
use square_kernel::{Asker, Page, Slice};

impl Casting {
    /// One page of the roles that fit.
    pub async fn roles(
        &self,
        asker: &Asker,
        filter: RoleFilter,
        page: Page<RoleId>,
    ) -> Result<Slice<Role, RoleId>, CastingError> {
        may_see(asker, Thing::Role)?;
        Ok(self.records.roles(filter, page).await?)
    }
}
