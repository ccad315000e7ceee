//! A stand-in for the store, and the rules that every store has to keep.

pub mod contract;
mod memory_records;

use crate::model::{Actor, ActorId, Catalogue, Credit, Movie, MovieId, Role};
use crate::ports::{CastingStore, FOUND_AT_MOST};
use async_trait::async_trait;
use jiff::civil::Date;
use square_kernel::testing::lock;
use square_kernel::{Unavailable, UserId};
use square_naming::{Matching, NameKey};
use std::collections::HashSet;
use std::sync::Mutex;

/// Films, actors and roles in memory.
#[derive(Debug, Default)]
pub struct InMemoryCasting {
    catalogue: Mutex<Catalogue>,
    signed_in: Mutex<HashSet<UserId>>,
}

impl InMemoryCasting {
    /// Everything stored.
    pub fn catalogue(&self) -> Catalogue {
        lock(&self.catalogue).clone()
    }

    /// From now on `user` counts as signed in, in whatever session.
    pub fn let_in(&self, user: UserId) {
        lock(&self.signed_in).insert(user);
    }

    /// From now on `user` counts as signed out.
    pub fn shut_out(&self, user: UserId) {
        lock(&self.signed_in).remove(&user);
    }

    fn credits(&self, wanted: impl Fn(&Role) -> bool) -> Vec<Credit> {
        let catalogue = lock(&self.catalogue);
        let credit = |role: &Role| {
            let movie = catalogue.movies.iter().find(|movie| movie.id == role.movie)?.clone();
            let actor = catalogue.actors.iter().find(|actor| actor.id == role.actor)?.clone();
            Some(Credit { role: role.clone(), movie, actor })
        };
        let mut credits: Vec<Credit> =
            catalogue.roles.iter().filter(|role| wanted(role)).filter_map(credit).collect();
        credits.sort_by_key(|credit| credit.role.id);
        credits
    }
}

fn fits(key: &NameKey, keys: &[NameKey], matching: Matching) -> bool {
    keys.iter().any(|wanted| match matching {
        Matching::Exact => wanted == key,
        Matching::Resembling => wanted.resembles(key),
    })
}

fn first<T>(rows: impl IntoIterator<Item = T>, limit: u16) -> Vec<T> {
    rows.into_iter().take(usize::from(limit)).collect()
}

#[async_trait]
impl CastingStore for InMemoryCasting {
    async fn movies_by_title(&self, keys: &[NameKey], matching: Matching) -> Result<Vec<Movie>, Unavailable> {
        let mut movies = self.catalogue().movies;
        movies.retain(|movie| fits(&movie.key(), keys, matching));
        movies.sort_by_key(|movie| movie.id);
        Ok(first(movies, FOUND_AT_MOST))
    }

    async fn actors_by_name(&self, keys: &[NameKey], matching: Matching) -> Result<Vec<Actor>, Unavailable> {
        let mut actors = self.catalogue().actors;
        actors.retain(|actor| fits(&actor.key(), keys, matching));
        actors.sort_by_key(|actor| actor.id);
        Ok(first(actors, FOUND_AT_MOST))
    }

    async fn credits_by_character(
        &self,
        keys: &[NameKey],
        matching: Matching,
    ) -> Result<Vec<Credit>, Unavailable> {
        Ok(first(self.credits(|role| fits(&role.key(), keys, matching)), FOUND_AT_MOST))
    }

    async fn cast_of(&self, movie: MovieId, limit: u16) -> Result<Vec<Credit>, Unavailable> {
        Ok(first(self.credits(|role| role.movie == movie), limit))
    }

    async fn films_of(&self, actor: ActorId, limit: u16) -> Result<Vec<Credit>, Unavailable> {
        let mut credits = self.credits(|role| role.actor == actor);
        credits.sort_by_key(|credit| credit.movie.release_date);
        Ok(first(credits, limit))
    }

    async fn released_between(&self, from: Date, to: Date, limit: u16) -> Result<Vec<Movie>, Unavailable> {
        let mut movies = self.catalogue().movies;
        movies.retain(|movie| (from..=to).contains(&movie.release_date));
        movies.sort_by_key(|movie| (movie.release_date, movie.id));
        Ok(first(movies, limit))
    }

    async fn first_credits(&self, limit: u16) -> Result<Vec<Credit>, Unavailable> {
        Ok(first(self.credits(|_| true), limit))
    }

    async fn fill_if_empty(&self, catalogue: &Catalogue) -> Result<bool, Unavailable> {
        let mut stored = lock(&self.catalogue);
        let empty = stored.movies.is_empty() && stored.actors.is_empty();
        if empty {
            *stored = catalogue.clone();
        }
        Ok(empty)
    }
}

#[cfg(test)]
mod tests {
    use super::InMemoryCasting;
    use super::contract::Stage;
    use crate::ports::CastingStore;
    use std::sync::Arc;

    fn store() -> (Arc<dyn CastingStore>, ()) {
        (Arc::new(InMemoryCasting::default()), ())
    }

    crate::casting_store_contract!(std::future::ready(store()));

    fn stage() -> (Stage, ()) {
        let memory = Arc::new(InMemoryCasting::default());
        (Stage { records: memory.clone(), store: memory }, ())
    }

    crate::casting_records_contract!(std::future::ready(stage()));
}
