use crate::error::{CastingError, done};
use crate::model::ActorId;
use crate::rights::{Thing, Verb, may};
use crate::service::Casting;
use square_kernel::Asker;

impl Casting {
    /// Deletes an actor with their roles; gives how many these were.
    pub async fn remove_actor(&self, asker: &Asker, id: ActorId) -> Result<u64, CastingError> {
        let by = may(asker, Verb::Delete, Thing::Actor)?;
        done(self.records.remove_actor(id, Some(by), self.clock.now()).await?, Thing::Actor)
    }
}
