//! Pages of films, actors and roles.
//!
//! Each order has an index that the page is read from, beginning at the cursor: ids are in the primary key, (release, id), (age, id) and
//! (gender, age, id) in indexes of their own. In an order of two columns a page is what is left of the cursor's own group, and then the groups behind it: two
//! ranges of the index, where `a > x OR (a = x AND b > y)` would be none on some databases.

use super::rows::{ActorRow, MovieRow, RoleRow};
use crate::columns::Key;
use crate::connection::{DbConnection, MultiBackend};
use crate::names::beginning_with;
use crate::schema::casting::{actor_words, actors, casting_roles, movie_words, movies};
use diesel::prelude::*;
use square_casting::{ActorCursor, ActorFilter, Age, MovieCursor, MovieFilter, Role, RoleFilter, RoleId};
use square_naming::NameSearch;

/// The films that fit, in no order.
fn fitting_movies(filter: &MovieFilter) -> movies::BoxedQuery<'static, MultiBackend> {
    let mut films = movies::table.into_boxed();
    for beginning in filter.title.iter().flat_map(NameSearch::words) {
        let (first, end) = beginning_with(beginning.clone());
        let found = movie_words::table.filter(movie_words::word.ge(first).and(movie_words::word.lt(end)));
        films = films.filter(movies::id.eq_any(found.select(movie_words::movie_id)));
    }
    if let Some(from) = filter.released_from {
        films = films.filter(movies::release_date.ge(from.to_string()));
    }
    if let Some(to) = filter.released_to {
        films = films.filter(movies::release_date.le(to.to_string()));
    }
    films
}

/// The first `limit` films behind the cursor.
pub(super) fn movies(
    connection: &mut DbConnection,
    filter: &MovieFilter,
    after: Option<MovieCursor>,
    limit: i64,
) -> QueryResult<Vec<MovieRow>> {
    let id = |after: MovieCursor| Key(after.id.uuid());
    if !filter.is_by_release() {
        let mut films = fitting_movies(filter);
        if let Some(after) = after {
            films = films.filter(movies::id.gt(id(after)));
        }
        return films.order(movies::id).limit(limit).load(connection);
    }
    // One that lies before the range is no place in it.
    let Some(after) = after.filter(|after| filter.released_from.is_none_or(|from| from <= after.released))
    else {
        let films = fitting_movies(filter).order((movies::release_date, movies::id));
        return films.limit(limit).load(connection);
    };
    // The cursor takes the place of the range's beginning: of two beginnings SQLite would take either.
    let rest = MovieFilter { released_from: None, ..filter.clone() };
    let day = after.released.to_string();
    let same_day = movies::release_date.eq(day.clone()).and(movies::id.gt(id(after)));
    let same_day = fitting_movies(&rest).filter(same_day).order(movies::id).limit(limit);
    let mut rows: Vec<MovieRow> = same_day.load(connection)?;
    let left = left(limit, rows.len());
    if left > 0 {
        let later = fitting_movies(&rest).filter(movies::release_date.gt(day));
        let later = later.order((movies::release_date, movies::id)).limit(left);
        rows.extend(later.load::<MovieRow>(connection)?);
    }
    Ok(rows)
}

/// The actors that fit, in no order.
fn fitting_actors(filter: &ActorFilter) -> actors::BoxedQuery<'static, MultiBackend> {
    let age = |age: Age| i64::from(age.get());
    let mut people = actors::table.into_boxed();
    for beginning in filter.name.iter().flat_map(NameSearch::words) {
        let (first, end) = beginning_with(beginning.clone());
        let found = actor_words::table.filter(actor_words::word.ge(first).and(actor_words::word.lt(end)));
        people = people.filter(actors::id.eq_any(found.select(actor_words::actor_id)));
    }
    if let Some(gender) = &filter.gender {
        people = people.filter(actors::gender_key.eq(gender.key()));
    }
    if let Some(from) = filter.age_from {
        people = people.filter(actors::age.ge(age(from)));
    }
    if let Some(to) = filter.age_to {
        people = people.filter(actors::age.le(age(to)));
    }
    people
}

/// The first `limit` actors behind the cursor.
pub(super) fn actors(
    connection: &mut DbConnection,
    filter: &ActorFilter,
    after: Option<ActorCursor>,
    limit: i64,
) -> QueryResult<Vec<ActorRow>> {
    let id = |after: ActorCursor| Key(after.id.uuid());
    if !filter.is_by_age() {
        let mut people = fitting_actors(filter);
        if let Some(after) = after {
            people = people.filter(actors::id.gt(id(after)));
        }
        return people.order(actors::id).limit(limit).load(connection);
    }
    // As for films.
    let Some(after) = after.filter(|after| filter.age_from.is_none_or(|from| from <= after.age)) else {
        return fitting_actors(filter).order((actors::age, actors::id)).limit(limit).load(connection);
    };
    let rest = ActorFilter { age_from: None, ..filter.clone() };
    let age = i64::from(after.age.get());
    let same_age = actors::age.eq(age).and(actors::id.gt(id(after)));
    let same_age = fitting_actors(&rest).filter(same_age).order(actors::id).limit(limit);
    let mut rows: Vec<ActorRow> = same_age.load(connection)?;
    let left = left(limit, rows.len());
    if left > 0 {
        let older = fitting_actors(&rest).filter(actors::age.gt(age));
        let older = older.order((actors::age, actors::id)).limit(left);
        rows.extend(older.load::<ActorRow>(connection)?);
    }
    Ok(rows)
}

/// The first `limit` roles behind the cursor.
pub(super) fn roles(
    connection: &mut DbConnection,
    filter: RoleFilter,
    after: Option<RoleId>,
    limit: i64,
) -> QueryResult<Vec<Role>> {
    let mut parts = casting_roles::table.into_boxed();
    if let Some(movie) = filter.movie {
        parts = parts.filter(casting_roles::movie_id.eq(Key(movie.uuid())));
    }
    if let Some(actor) = filter.actor {
        parts = parts.filter(casting_roles::actor_id.eq(Key(actor.uuid())));
    }
    if let Some(after) = after {
        parts = parts.filter(casting_roles::id.gt(Key(after.uuid())));
    }
    let rows: Vec<RoleRow> = parts.order(casting_roles::id).limit(limit).load(connection)?;
    rows.into_iter().map(RoleRow::role).collect()
}

fn left(limit: i64, found: usize) -> i64 {
    limit.saturating_sub(i64::try_from(found).unwrap_or(i64::MAX))
}
