use crate::error::CastingError;
use crate::lists::{MovieCursor, MovieFilter};
use crate::model::Movie;
use crate::rights::{Thing, may_see};
use crate::service::Casting;
use square_kernel::{Asker, Page, Slice};

impl Casting {
    /// One page of the films that fit.
    pub async fn movies(
        &self,
        asker: &Asker,
        filter: &MovieFilter,
        page: Page<MovieCursor>,
    ) -> Result<Slice<Movie, MovieCursor>, CastingError> {
        may_see(asker, Thing::Movie)?;
        filter.check()?;
        Ok(self.records.movies(filter, page).await?)
    }
}
