use super::InMemoryCasting;
use crate::lists::{ActorCursor, ActorFilter, MovieCursor, MovieFilter, RoleFilter};
use crate::model::{Actor, ActorId, Catalogue, Movie, MovieId, Role, RoleId};
use crate::ports::{CastingRecords, Missing, Written};
use crate::{ActorPatch, MoviePatch, RolePatch};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::testing::lock;
use square_kernel::{Caller, Page, Slice, Unavailable};

impl InMemoryCasting {
    /// Writes by somebody, if they are signed in.
    fn write<T>(&self, by: Option<Caller>, work: impl FnOnce(&mut Catalogue) -> Written<T>) -> Written<T> {
        if by.is_some_and(|by| !lock(&self.signed_in).contains(&by.user)) {
            return Written::Overtaken;
        }
        work(&mut lock(&self.catalogue))
    }
}

/// The page of `rows` behind the cursor, in the order of `key`.
fn paged<T, K: Ord, C>(
    mut rows: Vec<T>,
    page: &Page<C>,
    key: impl Fn(&C) -> K,
    cursor: impl Fn(&T) -> C,
) -> Slice<T, C> {
    rows.sort_by_key(|row| key(&cursor(row)));
    if let Some(after) = &page.after {
        rows.retain(|row| key(&cursor(row)) > key(after));
    }
    rows.truncate(usize::from(page.limit.get()) + 1);
    Slice::from_surplus(rows, page.limit, cursor)
}

fn missing(catalogue: &Catalogue, role: &Role) -> Option<Missing> {
    let missing = Missing {
        movie: catalogue.movies.iter().all(|movie| movie.id != role.movie),
        actor: catalogue.actors.iter().all(|actor| actor.id != role.actor),
    };
    (missing != Missing::default()).then_some(missing)
}

/// Changes the one that `is` it.
fn changed<T: Clone>(
    rows: &mut [T],
    is: impl Fn(&T) -> bool,
    change: impl FnOnce(&T) -> Result<T, Missing>,
) -> Written<T> {
    let Some(row) = rows.iter_mut().find(|row| is(row)) else { return Written::Gone };
    match change(row) {
        Ok(changed) => {
            *row = changed.clone();
            Written::Done(changed)
        }
        Err(missing) => Written::Missing(missing),
    }
}

/// Removes the one that `is` it; `false` where there is none.
fn removed<T>(rows: &mut Vec<T>, is: impl Fn(&T) -> bool) -> bool {
    let before = rows.len();
    rows.retain(|row| !is(row));
    rows.len() < before
}

fn removed_roles(catalogue: &mut Catalogue, of: impl Fn(&Role) -> bool) -> u64 {
    let before = catalogue.roles.len();
    catalogue.roles.retain(|role| !of(role));
    (before - catalogue.roles.len()) as u64
}

#[async_trait]
impl CastingRecords for InMemoryCasting {
    async fn movie(&self, id: MovieId) -> Result<Option<Movie>, Unavailable> {
        Ok(self.catalogue().movies.into_iter().find(|movie| movie.id == id))
    }

    async fn movies(
        &self,
        filter: &MovieFilter,
        page: Page<MovieCursor>,
    ) -> Result<Slice<Movie, MovieCursor>, Unavailable> {
        let mut movies = self.catalogue().movies;
        movies.retain(|movie| filter.fits(movie));
        let key = |cursor: &MovieCursor| (filter.is_by_release().then_some(cursor.released), cursor.id);
        Ok(paged(movies, &page, key, MovieCursor::of))
    }

    async fn add_movie(
        &self,
        movie: &Movie,
        by: Option<Caller>,
        _at: Timestamp,
    ) -> Result<Written<()>, Unavailable> {
        Ok(self.write(by, |catalogue| {
            catalogue.movies.push(movie.clone());
            Written::Done(())
        }))
    }

    async fn change_movie(
        &self,
        id: MovieId,
        patch: &MoviePatch,
        by: Option<Caller>,
        _at: Timestamp,
    ) -> Result<Written<Movie>, Unavailable> {
        Ok(self.write(by, |catalogue| {
            changed(&mut catalogue.movies, |movie| movie.id == id, |movie| Ok(patch.applied(movie)))
        }))
    }

    async fn remove_movie(
        &self,
        id: MovieId,
        by: Option<Caller>,
        _at: Timestamp,
    ) -> Result<Written<u64>, Unavailable> {
        Ok(self.write(by, |catalogue| {
            if removed(&mut catalogue.movies, |movie| movie.id == id) {
                Written::Done(removed_roles(catalogue, |role| role.movie == id))
            } else {
                Written::Gone
            }
        }))
    }

    async fn actor(&self, id: ActorId) -> Result<Option<Actor>, Unavailable> {
        Ok(self.catalogue().actors.into_iter().find(|actor| actor.id == id))
    }

    async fn actors(
        &self,
        filter: &ActorFilter,
        page: Page<ActorCursor>,
    ) -> Result<Slice<Actor, ActorCursor>, Unavailable> {
        let mut actors = self.catalogue().actors;
        actors.retain(|actor| filter.fits(actor));
        let key = |cursor: &ActorCursor| (filter.is_by_age().then_some(cursor.age), cursor.id);
        Ok(paged(actors, &page, key, ActorCursor::of))
    }

    async fn add_actor(
        &self,
        actor: &Actor,
        by: Option<Caller>,
        _at: Timestamp,
    ) -> Result<Written<()>, Unavailable> {
        Ok(self.write(by, |catalogue| {
            catalogue.actors.push(actor.clone());
            Written::Done(())
        }))
    }

    async fn change_actor(
        &self,
        id: ActorId,
        patch: &ActorPatch,
        by: Option<Caller>,
        _at: Timestamp,
    ) -> Result<Written<Actor>, Unavailable> {
        Ok(self.write(by, |catalogue| {
            changed(&mut catalogue.actors, |actor| actor.id == id, |actor| Ok(patch.applied(actor)))
        }))
    }

    async fn remove_actor(
        &self,
        id: ActorId,
        by: Option<Caller>,
        _at: Timestamp,
    ) -> Result<Written<u64>, Unavailable> {
        Ok(self.write(by, |catalogue| {
            if removed(&mut catalogue.actors, |actor| actor.id == id) {
                Written::Done(removed_roles(catalogue, |role| role.actor == id))
            } else {
                Written::Gone
            }
        }))
    }

    async fn role(&self, id: RoleId) -> Result<Option<Role>, Unavailable> {
        Ok(self.catalogue().roles.into_iter().find(|role| role.id == id))
    }

    async fn roles(
        &self,
        filter: RoleFilter,
        page: Page<RoleId>,
    ) -> Result<Slice<Role, RoleId>, Unavailable> {
        let mut roles = self.catalogue().roles;
        roles.retain(|role| {
            filter.movie.is_none_or(|movie| role.movie == movie)
                && filter.actor.is_none_or(|actor| role.actor == actor)
        });
        Ok(paged(roles, &page, |id| *id, |role| role.id))
    }

    async fn add_role(
        &self,
        role: &Role,
        by: Option<Caller>,
        _at: Timestamp,
    ) -> Result<Written<()>, Unavailable> {
        Ok(self.write(by, |catalogue| {
            if let Some(missing) = missing(catalogue, role) {
                return Written::Missing(missing);
            }
            catalogue.roles.push(role.clone());
            Written::Done(())
        }))
    }

    async fn change_role(
        &self,
        id: RoleId,
        patch: &RolePatch,
        by: Option<Caller>,
        _at: Timestamp,
    ) -> Result<Written<Role>, Unavailable> {
        Ok(self.write(by, |catalogue| {
            let ends = catalogue.clone();
            let change = |role: &Role| {
                let role = patch.applied(role);
                missing(&ends, &role).map_or(Ok(role), Err)
            };
            changed(&mut catalogue.roles, |role| role.id == id, change)
        }))
    }

    async fn remove_role(
        &self,
        id: RoleId,
        by: Option<Caller>,
        _at: Timestamp,
    ) -> Result<Written<()>, Unavailable> {
        Ok(self.write(by, |catalogue| {
            if removed(&mut catalogue.roles, |role| role.id == id) {
                Written::Done(())
            } else {
                Written::Gone
            }
        }))
    }
}
