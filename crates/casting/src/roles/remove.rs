use crate::error::{CastingError, done};
use crate::model::RoleId;
use crate::rights::{Thing, Verb, may};
use crate::service::Casting;
use square_kernel::Asker;

impl Casting {
    /// Deletes a role.
    pub async fn remove_role(&self, asker: &Asker, id: RoleId) -> Result<(), CastingError> {
        let by = may(asker, Verb::Delete, Thing::Role)?;
        done(self.records.remove_role(id, Some(by), self.clock.now()).await?, Thing::Role)
    }
}
