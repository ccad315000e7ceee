//! Films, actors and roles, one by one.

use super::lists;
use super::rows::{ActorRow, ActorWord, MovieRow, MovieWord, RoleRow};
use crate::changes::{Changes, Record};
use crate::columns::Key;
use crate::connection::DbConnection;
use crate::rows::insert_all;
use crate::schema::casting::{actor_words, actors, casting_roles, movie_words, movies};
use crate::{Stores, sessions};
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::Timestamp;
use square_casting::ports::{CastingRecords, Missing, Written};
use square_casting::{
    Actor, ActorCursor, ActorFilter, ActorId, ActorPatch, Movie, MovieCursor, MovieFilter, MovieId,
    MoviePatch, Role, RoleFilter, RoleId, RolePatch,
};
use square_changes::{Action, Audience, Channel};
use square_kernel::{Caller, Limit, Page, Slice, Unavailable};

/// How many rows are read for a page: one more tells that there is another page.
fn surplus(limit: Limit) -> i64 {
    i64::from(limit.get()) + 1
}

impl Stores {
    /// Writes by somebody, if they are signed in as they were.
    async fn record<T: Send + 'static>(
        &self,
        by: Option<Caller>,
        work: impl Fn(&mut DbConnection, &mut Changes) -> QueryResult<Written<T>> + Send + 'static,
    ) -> Result<Written<T>, Unavailable> {
        let look_and_work = move |connection: &mut DbConnection, changes: &mut Changes| {
            if sessions::is_still(connection, by)? {
                work(connection, changes)
            } else {
                Ok(Written::Overtaken)
            }
        };
        self.database.change(look_and_work).await
    }
}

#[async_trait]
impl CastingRecords for Stores {
    async fn movie(&self, id: MovieId) -> Result<Option<Movie>, Unavailable> {
        let id = Key(id.uuid());
        self.database
            .read(move |connection| {
                let row: Option<MovieRow> = movies::table.find(id).first(connection).optional()?;
                row.map(MovieRow::movie).transpose()
            })
            .await
    }

    async fn movies(
        &self,
        filter: &MovieFilter,
        page: Page<MovieCursor>,
    ) -> Result<Slice<Movie, MovieCursor>, Unavailable> {
        let filter = filter.clone();
        let rows = self.database.read(move |connection| {
            let rows = lists::movies(connection, &filter, page.after, surplus(page.limit))?;
            rows.into_iter().map(MovieRow::movie).collect::<QueryResult<Vec<_>>>()
        });
        Ok(Slice::from_surplus(rows.await?, page.limit, MovieCursor::of))
    }

    async fn add_movie(
        &self,
        movie: &Movie,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<()>, Unavailable> {
        let row = MovieRow::from(movie);
        let words: Vec<MovieWord> = MovieWord::all_of(movie).collect();
        self.record(by, move |connection, changes| {
            diesel::insert_into(movies::table).values(&row).execute(connection)?;
            insert_all!(connection, movie_words::table, words)?;
            changes.add(of_movie(Action::Create, row.id, at));
            Ok(Written::Done(()))
        })
        .await
    }

    async fn change_movie(
        &self,
        id: MovieId,
        patch: &MoviePatch,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<Movie>, Unavailable> {
        let (id, patch) = (Key(id.uuid()), patch.clone());
        self.record(by, move |connection, changes| {
            if !hold_movie(connection, id)? {
                return Ok(Written::Gone);
            }
            let was = movies::table.find(id).first::<MovieRow>(connection)?.movie()?;
            let movie = patch.applied(&was);
            if movie == was {
                return Ok(Written::Done(was));
            }
            diesel::update(movies::table.find(id)).set(&MovieRow::from(&movie)).execute(connection)?;
            if movie.key() != was.key() {
                diesel::delete(movie_words::table.filter(movie_words::movie_id.eq(id)))
                    .execute(connection)?;
                let words: Vec<MovieWord> = MovieWord::all_of(&movie).collect();
                insert_all!(connection, movie_words::table, words)?;
            }
            changes.add(of_movie(Action::Update, id, at));
            Ok(Written::Done(movie))
        })
        .await
    }

    async fn remove_movie(
        &self,
        id: MovieId,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<u64>, Unavailable> {
        let id = Key(id.uuid());
        self.record(by, move |connection, changes| {
            if !hold_movie(connection, id)? {
                return Ok(Written::Gone);
            }
            let roles = casting_roles::table.filter(casting_roles::movie_id.eq(id));
            let others = roles.select(casting_roles::actor_id).distinct().order(casting_roles::actor_id);
            let others: Vec<Key> = others.load(connection)?;
            let removed = diesel::delete(roles).execute(connection)?;
            diesel::delete(movies::table.find(id)).execute(connection)?;
            changes.add(of_movie(Action::Delete, id, at));
            for other in others {
                changes.add(of_actor(Action::Update, other, at));
            }
            Ok(Written::Done(removed as u64))
        })
        .await
    }

    async fn actor(&self, id: ActorId) -> Result<Option<Actor>, Unavailable> {
        let id = Key(id.uuid());
        self.database
            .read(move |connection| {
                let row: Option<ActorRow> = actors::table.find(id).first(connection).optional()?;
                row.map(ActorRow::actor).transpose()
            })
            .await
    }

    async fn actors(
        &self,
        filter: &ActorFilter,
        page: Page<ActorCursor>,
    ) -> Result<Slice<Actor, ActorCursor>, Unavailable> {
        let filter = filter.clone();
        let rows = self.database.read(move |connection| {
            let rows = lists::actors(connection, &filter, page.after, surplus(page.limit))?;
            rows.into_iter().map(ActorRow::actor).collect::<QueryResult<Vec<_>>>()
        });
        Ok(Slice::from_surplus(rows.await?, page.limit, ActorCursor::of))
    }

    async fn add_actor(
        &self,
        actor: &Actor,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<()>, Unavailable> {
        let row = ActorRow::from(actor);
        let words: Vec<ActorWord> = ActorWord::all_of(actor).collect();
        self.record(by, move |connection, changes| {
            diesel::insert_into(actors::table).values(&row).execute(connection)?;
            insert_all!(connection, actor_words::table, words)?;
            changes.add(of_actor(Action::Create, row.id, at));
            Ok(Written::Done(()))
        })
        .await
    }

    async fn change_actor(
        &self,
        id: ActorId,
        patch: &ActorPatch,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<Actor>, Unavailable> {
        let (id, patch) = (Key(id.uuid()), patch.clone());
        self.record(by, move |connection, changes| {
            if !hold_actor(connection, id)? {
                return Ok(Written::Gone);
            }
            let was = actors::table.find(id).first::<ActorRow>(connection)?.actor()?;
            let actor = patch.applied(&was);
            if actor == was {
                return Ok(Written::Done(was));
            }
            diesel::update(actors::table.find(id)).set(&ActorRow::from(&actor)).execute(connection)?;
            if actor.key() != was.key() {
                diesel::delete(actor_words::table.filter(actor_words::actor_id.eq(id)))
                    .execute(connection)?;
                let words: Vec<ActorWord> = ActorWord::all_of(&actor).collect();
                insert_all!(connection, actor_words::table, words)?;
            }
            changes.add(of_actor(Action::Update, id, at));
            Ok(Written::Done(actor))
        })
        .await
    }

    async fn remove_actor(
        &self,
        id: ActorId,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<u64>, Unavailable> {
        let id = Key(id.uuid());
        self.record(by, move |connection, changes| {
            if !hold_actor(connection, id)? {
                return Ok(Written::Gone);
            }
            let roles = casting_roles::table.filter(casting_roles::actor_id.eq(id));
            let others = roles.select(casting_roles::movie_id).distinct().order(casting_roles::movie_id);
            let others: Vec<Key> = others.load(connection)?;
            let removed = diesel::delete(roles).execute(connection)?;
            diesel::delete(actors::table.find(id)).execute(connection)?;
            changes.add(of_actor(Action::Delete, id, at));
            for other in others {
                changes.add(of_movie(Action::Update, other, at));
            }
            Ok(Written::Done(removed as u64))
        })
        .await
    }

    async fn role(&self, id: RoleId) -> Result<Option<Role>, Unavailable> {
        let id = Key(id.uuid());
        self.database
            .read(move |connection| {
                let row: Option<RoleRow> = casting_roles::table.find(id).first(connection).optional()?;
                row.map(RoleRow::role).transpose()
            })
            .await
    }

    async fn roles(
        &self,
        filter: RoleFilter,
        page: Page<RoleId>,
    ) -> Result<Slice<Role, RoleId>, Unavailable> {
        let rows = self
            .database
            .read(move |connection| lists::roles(connection, filter, page.after, surplus(page.limit)));
        Ok(Slice::from_surplus(rows.await?, page.limit, |role| role.id))
    }

    async fn add_role(
        &self,
        role: &Role,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<()>, Unavailable> {
        let row = RoleRow::from(role);
        self.record(by, move |connection, changes| {
            if let Some(missing) = missing(connection, Some(row.movie_id), Some(row.actor_id))? {
                return Ok(Written::Missing(missing));
            }
            diesel::insert_into(casting_roles::table).values(&row).execute(connection)?;
            tell_of_role(changes, &[&row], at);
            Ok(Written::Done(()))
        })
        .await
    }

    async fn change_role(
        &self,
        id: RoleId,
        patch: &RolePatch,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<Role>, Unavailable> {
        let (id, patch) = (Key(id.uuid()), patch.clone());
        self.record(by, move |connection, changes| {
            let one = casting_roles::table.find(id);
            // Before the role is held, as where a film or an actor is deleted.
            let (movie, actor) = (patch.movie.map(|id| Key(id.uuid())), patch.actor.map(|id| Key(id.uuid())));
            let missing = missing(connection, movie, actor)?;
            let same = casting_roles::movie_id.eq(casting_roles::movie_id);
            if diesel::update(one).set(same).execute(connection)? == 0 {
                return Ok(Written::Gone);
            }
            if let Some(missing) = missing {
                return Ok(Written::Missing(missing));
            }
            let was: RoleRow = one.first(connection)?;
            let role = patch.applied(&was.clone().role()?);
            let row = RoleRow::from(&role);
            if row != was {
                diesel::update(one).set(&row).execute(connection)?;
                tell_of_role(changes, &[&was, &row], at);
            }
            Ok(Written::Done(role))
        })
        .await
    }

    async fn remove_role(
        &self,
        id: RoleId,
        by: Option<Caller>,
        at: Timestamp,
    ) -> Result<Written<()>, Unavailable> {
        let id = Key(id.uuid());
        self.record(by, move |connection, changes| {
            let one = casting_roles::table.find(id);
            let row: Option<RoleRow> = one.first(connection).optional()?;
            // Of several at once one deletes it.
            let (Some(row), 1) = (row, diesel::delete(one).execute(connection)?) else {
                return Ok(Written::Gone);
            };
            tell_of_role(changes, &[&row], at);
            Ok(Written::Done(()))
        })
        .await
    }
}

/// Keeps a film as it is until this transaction has ended; `false` where there is none.
fn hold_movie(connection: &mut DbConnection, id: Key) -> QueryResult<bool> {
    let same = movies::release_date.eq(movies::release_date);
    Ok(diesel::update(movies::table.find(id)).set(same).execute(connection)? == 1)
}

/// Keeps an actor as they are until this transaction has ended; `false` where there is none.
fn hold_actor(connection: &mut DbConnection, id: Key) -> QueryResult<bool> {
    Ok(diesel::update(actors::table.find(id)).set(actors::age.eq(actors::age)).execute(connection)? == 1)
}

/// What of these there is not; what there is stays until this transaction has ended.
fn missing(
    connection: &mut DbConnection,
    movie: Option<Key>,
    actor: Option<Key>,
) -> QueryResult<Option<Missing>> {
    let movie = movie.map(|id| hold_movie(connection, id)).transpose()? == Some(false);
    let actor = actor.map(|id| hold_actor(connection, id)).transpose()? == Some(false);
    Ok((movie || actor).then_some(Missing { movie, actor }))
}

/// A film changed in some way.
pub(super) fn of_movie(action: Action, id: Key, at: Timestamp) -> Record {
    record(Channel::Movie, action, id, "get:movies", at)
}

/// An actor changed in some way.
pub(super) fn of_actor(action: Action, id: Key, at: Timestamp) -> Record {
    record(Channel::Actor, action, id, "get:actors", at)
}

/// Something that only who has `permission` may be told of.
fn record(channel: Channel, action: Action, id: Key, permission: &str, at: Timestamp) -> Record {
    let audience = Audience { permission: Some(permission.to_owned()), ..Audience::default() };
    Record { channel, action, entity: id.0, audience, at }
}

/// A role is part of what is known of its film and of its actor; each of these is told of once.
fn tell_of_role(changes: &mut Changes, rows: &[&RoleRow], at: Timestamp) {
    let once = |ids: &mut dyn Iterator<Item = Key>| {
        let mut ids: Vec<Key> = ids.collect();
        ids.dedup();
        ids
    };
    for movie in once(&mut rows.iter().map(|row| row.movie_id)) {
        changes.add(of_movie(Action::Update, movie, at));
    }
    for actor in once(&mut rows.iter().map(|row| row.actor_id)) {
        changes.add(of_actor(Action::Update, actor, at));
    }
}
