use crate::error::{CastingError, done};
use crate::model::{Movie, MovieId, Title};
use crate::rights::{Thing, Verb, may};
use crate::service::Casting;
use jiff::civil::Date;
use square_kernel::Asker;

/// What is to change about a film; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MoviePatch {
    /// Its title.
    pub title: Option<Title>,
    /// The day it came out.
    pub release_date: Option<Date>,
}

impl MoviePatch {
    /// A film with the changes made.
    #[must_use]
    pub fn applied(&self, movie: &Movie) -> Movie {
        Movie {
            id: movie.id,
            title: self.title.clone().unwrap_or_else(|| movie.title.clone()),
            release_date: self.release_date.unwrap_or(movie.release_date),
        }
    }
}

impl Casting {
    /// Changes some of what is said of a film.
    pub async fn change_movie(
        &self,
        asker: &Asker,
        id: MovieId,
        patch: &MoviePatch,
    ) -> Result<Movie, CastingError> {
        let by = may(asker, Verb::Change, Thing::Movie)?;
        done(self.records.change_movie(id, patch, Some(by), self.clock.now()).await?, Thing::Movie)
    }
}
