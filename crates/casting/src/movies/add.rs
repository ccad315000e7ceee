use crate::error::{CastingError, done};
use crate::model::{Movie, MovieId, Title};
use crate::rights::{Thing, Verb, may};
use crate::service::Casting;
use jiff::civil::Date;
use square_kernel::Asker;

/// What is said of a film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovieFields {
    /// Its title.
    pub title: Title,
    /// The day it came out.
    pub release_date: Date,
}

impl Casting {
    /// Adds a film.
    pub async fn add_movie(&self, asker: &Asker, fields: MovieFields) -> Result<Movie, CastingError> {
        let by = may(asker, Verb::Make, Thing::Movie)?;
        let MovieFields { title, release_date } = fields;
        let movie = Movie { id: MovieId::new(&*self.clock, &*self.randomness), title, release_date };
        let written = self.records.add_movie(&movie, Some(by), self.clock.now()).await?;
        done(written, Thing::Movie)?;
        Ok(movie)
    }
}
