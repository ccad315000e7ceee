use crate::Stores;
use crate::changes::Record;
use crate::columns::{Key, corrupt};
use crate::connection::DbConnection;
use crate::counters;
use crate::names::{NameColumns, Wanted, is_meant, rows_named};
use crate::rows::insert_all;
use crate::schema::casting::{actors, casting_roles, movies};
use async_trait::async_trait;
use diesel::prelude::*;
use jiff::civil::Date;
use square_casting::ports::{CastingStore, FOUND_AT_MOST};
use square_casting::{
    Actor, ActorId, ActorName, Age, Catalogue, Character, Credit, Gender, Movie, MovieId, Role, Title,
};
use square_changes::{Action, Audience, Channel};
use square_kernel::{Clock, SystemClock, Unavailable, parse_date};
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
                for film in &films {
                    changes.add(created(Channel::Movie, film.id, "get:movies"));
                }
                for person in &people {
                    changes.add(created(Channel::Actor, person.id, "get:actors"));
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

/// Something new that only who has `permission` may be told of.
fn created(channel: Channel, id: Key, permission: &str) -> Record {
    let audience = Audience { permission: Some(permission.to_owned()), ..Audience::default() };
    Record { channel, action: Action::Create, entity: id.0, audience, at: SystemClock.now() }
}

/// Each row once, the oldest first, not more than a look-up gives.
fn oldest<T>(rows: impl Iterator<Item = T>, id: impl Fn(&T) -> Key) -> Vec<T> {
    let mut rows: Vec<T> = rows.collect();
    rows.sort_by_key(|row| id(row).0);
    rows.dedup_by_key(|row| id(row));
    rows.truncate(FOUND_AT_MOST.into());
    rows
}

type CreditRow = (RoleRow, MovieRow, ActorRow);

fn credit((role, movie, actor): CreditRow) -> QueryResult<Credit> {
    Ok(Credit { role: role.role()?, movie: movie.movie()?, actor: actor.actor()? })
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = movies, treat_none_as_default_value = false)]
struct MovieRow {
    id: Key,
    title: String,
    title_key: String,
    title_key_reversed: String,
    title_key_length: i64,
    release_date: String,
}

impl MovieRow {
    fn from(movie: &Movie) -> Self {
        let NameColumns { key, reversed, length } = (&movie.key()).into();
        Self {
            id: Key(movie.id.uuid()),
            title: movie.title.as_str().to_owned(),
            title_key: key,
            title_key_reversed: reversed,
            title_key_length: length,
            release_date: movie.release_date.to_string(),
        }
    }

    fn movie(self) -> QueryResult<Movie> {
        Ok(Movie {
            id: self.id.0.into(),
            title: Title::parse(&self.title).map_err(|e| corrupt("movies.title", e))?,
            release_date: parse_date("release_date", &self.release_date)
                .map_err(|e| corrupt("movies.release_date", e))?,
        })
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = actors, treat_none_as_default_value = false)]
struct ActorRow {
    id: Key,
    name: String,
    name_key: String,
    name_key_reversed: String,
    name_key_length: i64,
    age: i64,
    gender: String,
}

impl ActorRow {
    fn from(actor: &Actor) -> Self {
        let NameColumns { key, reversed, length } = (&actor.key()).into();
        Self {
            id: Key(actor.id.uuid()),
            name: actor.name.as_str().to_owned(),
            name_key: key,
            name_key_reversed: reversed,
            name_key_length: length,
            age: actor.age.get().into(),
            gender: actor.gender.as_str().to_owned(),
        }
    }

    fn actor(self) -> QueryResult<Actor> {
        Ok(Actor {
            id: self.id.0.into(),
            name: ActorName::parse(&self.name).map_err(|e| corrupt("actors.name", e))?,
            age: Age::parse(self.age).map_err(|e| corrupt("actors.age", e))?,
            gender: Gender::parse(&self.gender).map_err(|e| corrupt("actors.gender", e))?,
        })
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = casting_roles, treat_none_as_default_value = false)]
struct RoleRow {
    id: Key,
    movie_id: Key,
    actor_id: Key,
    character: String,
    character_key: String,
    character_key_reversed: String,
    character_key_length: i64,
}

impl RoleRow {
    fn from(role: &Role) -> Self {
        let NameColumns { key, reversed, length } = (&role.key()).into();
        Self {
            id: Key(role.id.uuid()),
            movie_id: Key(role.movie.uuid()),
            actor_id: Key(role.actor.uuid()),
            character: role.character.as_str().to_owned(),
            character_key: key,
            character_key_reversed: reversed,
            character_key_length: length,
        }
    }

    fn role(self) -> QueryResult<Role> {
        Ok(Role {
            id: self.id.0.into(),
            movie: self.movie_id.0.into(),
            actor: self.actor_id.0.into(),
            character: Character::parse(&self.character)
                .map_err(|e| corrupt("casting_roles.character", e))?,
        })
    }
}
