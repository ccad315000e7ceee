//! Films, actors and roles as they stand in their tables.

use crate::columns::{Key, corrupt};
use crate::names::NameColumns;
use crate::schema::casting::{actor_words, actors, casting_roles, movie_words, movies};
use diesel::prelude::*;
use square_casting::{Actor, ActorName, Age, Character, Credit, Gender, Movie, Role, Title};
use square_kernel::parse_date;

pub(super) type CreditRow = (RoleRow, MovieRow, ActorRow);

pub(super) fn credit((role, movie, actor): CreditRow) -> QueryResult<Credit> {
    Ok(Credit { role: role.role()?, movie: movie.movie()?, actor: actor.actor()? })
}

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = movies, treat_none_as_default_value = false)]
pub(super) struct MovieRow {
    pub(super) id: Key,
    pub(super) title: String,
    pub(super) title_key: String,
    title_key_reversed: String,
    title_key_length: i64,
    pub(super) release_date: String,
}

impl MovieRow {
    pub(super) fn from(movie: &Movie) -> Self {
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

    pub(super) fn movie(self) -> QueryResult<Movie> {
        Ok(Movie {
            id: self.id.0.into(),
            title: Title::parse(&self.title).map_err(|e| corrupt("movies.title", e))?,
            release_date: parse_date("release_date", &self.release_date)
                .map_err(|e| corrupt("movies.release_date", e))?,
        })
    }
}

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = actors, treat_none_as_default_value = false)]
pub(super) struct ActorRow {
    pub(super) id: Key,
    pub(super) name: String,
    pub(super) name_key: String,
    name_key_reversed: String,
    name_key_length: i64,
    pub(super) age: i64,
    pub(super) gender: String,
    gender_key: String,
}

impl ActorRow {
    pub(super) fn from(actor: &Actor) -> Self {
        let NameColumns { key, reversed, length } = (&actor.key()).into();
        Self {
            id: Key(actor.id.uuid()),
            name: actor.name.as_str().to_owned(),
            name_key: key,
            name_key_reversed: reversed,
            name_key_length: length,
            age: actor.age.get().into(),
            gender: actor.gender.as_str().to_owned(),
            gender_key: actor.gender.key(),
        }
    }

    pub(super) fn actor(self) -> QueryResult<Actor> {
        Ok(Actor {
            id: self.id.0.into(),
            name: ActorName::parse(&self.name).map_err(|e| corrupt("actors.name", e))?,
            age: Age::parse(self.age).map_err(|e| corrupt("actors.age", e))?,
            gender: Gender::parse(&self.gender).map_err(|e| corrupt("actors.gender", e))?,
        })
    }
}

#[derive(Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = casting_roles, treat_none_as_default_value = false)]
pub(super) struct RoleRow {
    pub(super) id: Key,
    pub(super) movie_id: Key,
    pub(super) actor_id: Key,
    pub(super) character: String,
    pub(super) character_key: String,
    character_key_reversed: String,
    character_key_length: i64,
}

impl RoleRow {
    pub(super) fn from(role: &Role) -> Self {
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

    pub(super) fn role(self) -> QueryResult<Role> {
        Ok(Role {
            id: self.id.0.into(),
            movie: self.movie_id.0.into(),
            actor: self.actor_id.0.into(),
            character: Character::parse(&self.character)
                .map_err(|e| corrupt("casting_roles.character", e))?,
        })
    }
}

/// A word of a title.
#[derive(Insertable)]
#[diesel(table_name = movie_words)]
pub(super) struct MovieWord {
    word: String,
    movie_id: Key,
}

impl MovieWord {
    pub(super) fn all_of(movie: &Movie) -> impl Iterator<Item = Self> {
        let movie_id = Key(movie.id.uuid());
        movie.key().words().into_iter().map(move |word| Self { word, movie_id })
    }
}

/// A word of an actor's name.
#[derive(Insertable)]
#[diesel(table_name = actor_words)]
pub(super) struct ActorWord {
    word: String,
    actor_id: Key,
}

impl ActorWord {
    pub(super) fn all_of(actor: &Actor) -> impl Iterator<Item = Self> {
        let actor_id = Key(actor.id.uuid());
        actor.key().words().into_iter().map(move |word| Self { word, actor_id })
    }
}
