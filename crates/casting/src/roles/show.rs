use crate::error::{CastingError, found};
use crate::model::{Role, RoleId};
use crate::rights::{Thing, may_see};
use crate::service::Casting;
use square_kernel::Asker;

impl Casting {
    /// One role.
    pub async fn role(&self, asker: &Asker, id: RoleId) -> Result<Role, CastingError> {
        may_see(asker, Thing::Role)?;
        found(self.records.role(id).await?, Thing::Role)
    }
}
