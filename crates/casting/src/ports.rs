//! What this crate needs from outside: what answers are found in ([`CastingStore`]), and what is kept one by one ([`CastingRecords`]).

mod records;

pub use records::{CastingRecords, Missing, Written};

use crate::model::{Actor, ActorId, Catalogue, Credit, Movie, MovieId};
use async_trait::async_trait;
use jiff::civil::Date;
use square_kernel::Unavailable;
use square_naming::{Matching, NameKey};

/// Keeps films, actors and roles. Each method is one transaction.
///
/// The three look-ups by name MUST give everything whose key is one of `keys` or, with
/// [`Matching::Resembling`], resembles one of them ([`NameKey::resembles`]), and nothing else; oldest (by id)
/// first, at most [`FOUND_AT_MOST`]. They MUST NOT read every row: [`NameKey::probes`] says where to look.
#[async_trait]
pub trait CastingStore: Send + Sync {
    /// Films by their titles' keys.
    async fn movies_by_title(&self, keys: &[NameKey], matching: Matching) -> Result<Vec<Movie>, Unavailable>;

    /// Actors by their names' keys.
    async fn actors_by_name(&self, keys: &[NameKey], matching: Matching) -> Result<Vec<Actor>, Unavailable>;

    /// Roles by their characters' keys.
    async fn credits_by_character(
        &self,
        keys: &[NameKey],
        matching: Matching,
    ) -> Result<Vec<Credit>, Unavailable>;

    /// The first `limit` roles of a film, oldest first. Empty when there is no such film.
    async fn cast_of(&self, movie: MovieId, limit: u16) -> Result<Vec<Credit>, Unavailable>;

    /// The first `limit` roles of an actor, by the release of the film. Empty when there is no such actor.
    async fn films_of(&self, actor: ActorId, limit: u16) -> Result<Vec<Credit>, Unavailable>;

    /// The first `limit` films that came out from `from` to `to`, both days included, by release, then by id.
    async fn released_between(&self, from: Date, to: Date, limit: u16) -> Result<Vec<Movie>, Unavailable>;

    /// The first `limit` roles of all, oldest first.
    async fn first_credits(&self, limit: u16) -> Result<Vec<Credit>, Unavailable>;

    /// Stores all of `catalogue`, or nothing and returns `false` where there is any film or actor already.
    async fn fill_if_empty(&self, catalogue: &Catalogue) -> Result<bool, Unavailable>;
}

/// The most rows a look-up by name gives.
pub const FOUND_AT_MOST: u16 = 200;
