use crate::lists::{ActorCursor, ActorFilter, MovieCursor, MovieFilter, RoleFilter};
use crate::model::{Actor, ActorId, Movie, MovieId, Role, RoleId};
use crate::{ActorPatch, MoviePatch, RolePatch};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Caller, Page, Slice, Unavailable};

/// What became of writing a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written<T> {
    /// It is stored; and what is to be told of it.
    Done(T),
    /// There is no such thing; nothing was stored.
    Gone,
    /// What it belongs to does not exist; nothing was stored.
    Missing(Missing),
    /// Who asks is signed in no more, or not as they were; nothing was stored.
    Overtaken,
}

/// What a role belongs to and there is not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Missing {
    /// The film.
    pub movie: bool,
    /// The actor.
    pub actor: bool,
}

/// Keeps films, actors and roles one by one. Each method is one transaction.
///
/// Lists are in the order of ids, which is that of entering; films asked for by release come by release first, actors asked for by age by age
/// first, each then by id. A page holds what follows the cursor in that order, whatever was entered, changed or deleted meanwhile. Lists MUST NOT
/// read every row where a filter can be looked up.
///
/// Writes MUST give `Overtaken` where `by` is somebody who does not hold what they asked with any more, as it is in their transaction, and `Gone`
/// where there is no such thing. A patch changes what it names, of the thing as it is then: patches of different fields at once all last. What
/// changed is told of by the time `at`; a patch that changes nothing tells nothing.
#[async_trait]
pub trait CastingRecords: Send + Sync {
    /// One film.
    async fn movie(&self, id: MovieId) -> Result<Option<Movie>, Unavailable>;

    /// One page of the films that fit.
    async fn movies(
        &self,
        filter: &MovieFilter,
        page: Page<MovieCursor>,
    ) -> Result<Slice<Movie, MovieCursor>, Unavailable>;

    /// Stores a new film; never `Gone`.
    async fn add_movie(
        &self,
        movie: &Movie,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<()>, Unavailable>;

    /// Changes a film; gives it as it is now.
    async fn change_movie(
        &self,
        id: MovieId,
        patch: &MoviePatch,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<Movie>, Unavailable>;

    /// Deletes a film with the roles in it; gives how many these were. Of several calls at once one finds it.
    async fn remove_movie(
        &self,
        id: MovieId,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<u64>, Unavailable>;

    /// One actor.
    async fn actor(&self, id: ActorId) -> Result<Option<Actor>, Unavailable>;

    /// One page of the actors that fit.
    async fn actors(
        &self,
        filter: &ActorFilter,
        page: Page<ActorCursor>,
    ) -> Result<Slice<Actor, ActorCursor>, Unavailable>;

    /// Stores a new actor; never `Gone`.
    async fn add_actor(
        &self,
        actor: &Actor,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<()>, Unavailable>;

    /// Changes an actor; gives them as they are now.
    async fn change_actor(
        &self,
        id: ActorId,
        patch: &ActorPatch,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<Actor>, Unavailable>;

    /// Deletes an actor with their roles; gives how many these were. Of several calls at once one finds them.
    async fn remove_actor(
        &self,
        id: ActorId,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<u64>, Unavailable>;

    /// One role.
    async fn role(&self, id: RoleId) -> Result<Option<Role>, Unavailable>;

    /// One page of the roles that fit.
    async fn roles(&self, filter: RoleFilter, page: Page<RoleId>)
    -> Result<Slice<Role, RoleId>, Unavailable>;

    /// Stores a new role; never `Gone`. MUST give `Missing` where its film or its actor does not exist, also where they are deleted at
    /// the same time.
    async fn add_role(
        &self,
        role: &Role,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<()>, Unavailable>;

    /// Changes a role; gives it as it is now. `Missing` as for [`CastingRecords::add_role`].
    async fn change_role(
        &self,
        id: RoleId,
        patch: &RolePatch,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<Role>, Unavailable>;

    /// Deletes a role.
    async fn remove_role(
        &self,
        id: RoleId,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<()>, Unavailable>;
}
