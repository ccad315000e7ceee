use crate::error::{CastingError, found};
use crate::model::{Movie, MovieId};
use crate::rights::{Thing, may_see};
use crate::service::Casting;
use square_kernel::Asker;

impl Casting {
    /// One film.
    pub async fn movie(&self, asker: &Asker, id: MovieId) -> Result<Movie, CastingError> {
        may_see(asker, Thing::Movie)?;
        found(self.records.movie(id).await?, Thing::Movie)
    }
}
