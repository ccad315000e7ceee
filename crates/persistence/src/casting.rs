mod lists;
mod records;
mod rows;

use crate::Stores;
use crate::columns::Key;
use crate::connection::DbConnection;
use crate::counters;
use crate::names::{Wanted, is_meant, rows_named};
use crate::rows::insert_all;
use crate::schema::casting::{actor_words, actors, casting_roles, movie_words, movies};
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::civil::Date;
use records::{of_actor, of_movie};
use rows::{ActorRow, ActorWord, CreditRow, MovieRow, MovieWord, RoleRow, credit};
use square_casting::ports::{CastingStore, FOUND_AT_MOST};
use square_casting::{Actor, ActorId, Catalogue, Credit, Movie, MovieId};
use square_changes::Action;
use square_kernel::{Clock, SystemClock, Unavailable};
use square_naming::{Matching, NameKey};

#[async_trait]
impl CastingStore for Stores {
    async fn movies_by_title(&self, keys: &[NameKey], matching: Matching) -> Result<Vec<Movie>, Unavailable> {
        let wanted = Wanted::new(keys, matching);
        self.database
            .read(move |connection| {
                let rows: Vec<(Option<&NameKey>, MovieRow)> = rows_named!(
                    connection,
                    &wanted,
                    movies::table.order(movies::id),
                    movies::title_key,
                    movies::title_key_reversed,
                    movies::title_key_length,
                    i64::from(FOUND_AT_MOST)
                );
                let meant = rows.into_iter().filter(|(key, row)| is_meant(*key, &row.title_key));
                oldest(meant.map(|(_, row)| row), |row| row.id).into_iter().map(MovieRow::movie).collect()
            })
            .await
    }

    async fn actors_by_name(&self, keys: &[NameKey], matching: Matching) -> Result<Vec<Actor>, Unavailable> {
        let wanted = Wanted::new(keys, matching);
        self.database
            .read(move |connection| {
                let rows: Vec<(Option<&NameKey>, ActorRow)> = rows_named!(
                    connection,
                    &wanted,
                    actors::table.order(actors::id),
                    actors::name_key,
                    actors::name_key_reversed,
                    actors::name_key_length,
                    i64::from(FOUND_AT_MOST)
                );
                let meant = rows.into_iter().filter(|(key, row)| is_meant(*key, &row.name_key));
                oldest(meant.map(|(_, row)| row), |row| row.id).into_iter().map(ActorRow::actor).collect()
            })
            .await
    }

    async fn credits_by_character(
        &self,
        keys: &[NameKey],
        matching: Matching,
    ) -> Result<Vec<Credit>, Unavailable> {
        let wanted = Wanted::new(keys, matching);
        self.database
            .read(move |connection| {
                let rows: Vec<(Option<&NameKey>, CreditRow)> = rows_named!(
                    connection,
                    &wanted,
                    casting_roles::table
                        .inner_join(movies::table)
                        .inner_join(actors::table)
                        .order(casting_roles::id),
                    casting_roles::character_key,
                    casting_roles::character_key_reversed,
                    casting_roles::character_key_length,
                    i64::from(FOUND_AT_MOST)
                );
                let meant = rows.into_iter().filter(|(key, (role, ..))| is_meant(*key, &role.character_key));
                oldest(meant.map(|(_, row)| row), |(role, ..)| role.id).into_iter().map(credit).collect()
            })
            .await
    }

    async fn cast_of(&self, movie: MovieId, limit: u16) -> Result<Vec<Credit>, Unavailable> {
        self.database
            .read(move |connection| {
                let rows: Vec<CreditRow> = casting_roles::table
                    .inner_join(movies::table)
                    .inner_join(actors::table)
                    .filter(casting_roles::movie_id.eq(Key(movie.uuid())))
                    .order(casting_roles::id)
                    .limit(limit.into())
                    .load(connection)?;
                rows.into_iter().map(credit).collect()
            })
            .await
    }

    async fn films_of(&self, actor: ActorId, limit: u16) -> Result<Vec<Credit>, Unavailable> {
        self.database
            .read(move |connection| {
                let rows: Vec<CreditRow> = casting_roles::table
                    .inner_join(movies::table)
                    .inner_join(actors::table)
                    .filter(casting_roles::actor_id.eq(Key(actor.uuid())))
                    .order((movies::release_date, casting_roles::id))
                    .limit(limit.into())
                    .load(connection)?;
                rows.into_iter().map(credit).collect()
            })
            .await
    }

    async fn released_between(&self, from: Date, to: Date, limit: u16) -> Result<Vec<Movie>, Unavailable> {
        self.database
            .read(move |connection| {
                let rows: Vec<MovieRow> = movies::table
                    .filter(movies::release_date.between(from.to_string(), to.to_string()))
                    .order((movies::release_date, movies::id))
                    .limit(limit.into())
                    .load(connection)?;
                rows.into_iter().map(MovieRow::movie).collect()
            })
            .await
    }

    async fn first_credits(&self, limit: u16) -> Result<Vec<Credit>, Unavailable> {
        self.database
            .read(move |connection| {
                let rows: Vec<CreditRow> = casting_roles::table
                    .inner_join(movies::table)
                    .inner_join(actors::table)
                    .order(casting_roles::id)
                    .limit(limit.into())
                    .load(connection)?;
                rows.into_iter().map(credit).collect()
            })
            .await
    }

    async fn fill_if_empty(&self, catalogue: &Catalogue) -> Result<bool, Unavailable> {
        let films: Vec<MovieRow> = catalogue.movies.iter().map(MovieRow::from).collect();
        let people: Vec<ActorRow> = catalogue.actors.iter().map(ActorRow::from).collect();
        let parts: Vec<RoleRow> = catalogue.roles.iter().map(RoleRow::from).collect();
        let of_titles: Vec<MovieWord> = catalogue.movies.iter().flat_map(MovieWord::all_of).collect();
        let of_names: Vec<ActorWord> = catalogue.actors.iter().flat_map(ActorWord::all_of).collect();
        let at = SystemClock.now();
        self.database
            .change(move |connection, changes| {
                // One at a time, so that the next one finds what this one stored.
                counters::count_up(connection, counters::FILLINGS, 1)?;
                if !is_empty(connection)? {
                    return Ok(false);
                }
                insert_all!(connection, movies::table, films)?;
                insert_all!(connection, actors::table, people)?;
                insert_all!(connection, casting_roles::table, parts)?;
                insert_all!(connection, movie_words::table, of_titles)?;
                insert_all!(connection, actor_words::table, of_names)?;
                for film in &films {
                    changes.add(of_movie(Action::Create, film.id, at));
                }
                for person in &people {
                    changes.add(of_actor(Action::Create, person.id, at));
                }
                Ok(true)
            })
            .await
    }
}

fn is_empty(connection: &mut DbConnection) -> QueryResult<bool> {
    let movie: Option<Key> = movies::table.select(movies::id).first(connection).optional()?;
    let actor: Option<Key> = actors::table.select(actors::id).first(connection).optional()?;
    Ok(movie.is_none() && actor.is_none())
}

/// Each row once, the oldest first, not more than a look-up gives.
fn oldest<T>(rows: impl Iterator<Item = T>, id: impl Fn(&T) -> Key) -> Vec<T> {
    let mut rows: Vec<T> = rows.collect();
    rows.sort_by_key(|row| id(row).0);
    rows.dedup_by_key(|row| id(row));
    rows.truncate(FOUND_AT_MOST.into());
    rows
}
