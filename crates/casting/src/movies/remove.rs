use crate::error::{CastingError, done};
use crate::model::MovieId;
use crate::rights::{Thing, Verb, may};
use crate::service::Casting;
use square_kernel::Asker;

impl Casting {
    /// Deletes a film with the roles in it; gives how many these were.
    pub async fn remove_movie(&self, asker: &Asker, id: MovieId) -> Result<u64, CastingError> {
        let by = may(asker, Verb::Delete, Thing::Movie)?;
        done(self.records.remove_movie(id, Some(by), self.clock.now()).await?, Thing::Movie)
    }
}
