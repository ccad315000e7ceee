use crate::error::{CastingError, found};
use crate::model::{Actor, ActorId};
use crate::rights::{Thing, may_see};
use crate::service::Casting;
use square_kernel::Asker;

impl Casting {
    /// One actor.
    pub async fn actor(&self, asker: &Asker, id: ActorId) -> Result<Actor, CastingError> {
        may_see(asker, Thing::Actor)?;
        found(self.records.actor(id).await?, Thing::Actor)
    }
}
