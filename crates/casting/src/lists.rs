//! Which part of a list is wanted: what it is searched by, and where it goes on.

use crate::model::{Actor, ActorId, Age, Gender, Movie, MovieId};
use jiff::civil::Date;
use square_kernel::{FieldError, Invalid, parse_date, parse_line};
use square_naming::{NameKey, NameSearch};
use std::fmt;
use std::str::FromStr;

/// Parses what a list of names is to be searched by.
pub fn parse_search(field: &'static str, text: &str) -> Result<NameSearch, FieldError> {
    let text = parse_line(field, text, 120)?;
    let rule = || FieldError::new(field, format!("must have 1 to {} words", NameSearch::MAX_WORDS));
    NameSearch::of(&text).ok_or_else(rule)
}

/// Which films are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MovieFilter {
    /// Those whose titles are found by this.
    pub title: Option<NameSearch>,
    /// Those that came out on this day or later.
    pub released_from: Option<Date>,
    /// Those that came out on this day or earlier.
    pub released_to: Option<Date>,
}

impl MovieFilter {
    /// Whether a film is among the wanted.
    pub fn fits(&self, movie: &Movie) -> bool {
        finds(self.title.as_ref(), &movie.key())
            && self.released_from.is_none_or(|from| from <= movie.release_date)
            && self.released_to.is_none_or(|to| movie.release_date <= to)
    }

    /// Whether the films come by release rather than as they were entered.
    pub fn is_by_release(&self) -> bool {
        self.released_from.is_some() || self.released_to.is_some()
    }

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        ascending("released_from", self.released_from, self.released_to)
    }
}

/// Which actors are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActorFilter {
    /// Those whose names are found by this.
    pub name: Option<NameSearch>,
    /// Those of this gender, in any case.
    pub gender: Option<Gender>,
    /// Those of this age or older.
    pub age_from: Option<Age>,
    /// Those of this age or younger.
    pub age_to: Option<Age>,
}

impl ActorFilter {
    /// Whether an actor is among the wanted.
    pub fn fits(&self, actor: &Actor) -> bool {
        finds(self.name.as_ref(), &actor.key())
            && self.gender.as_ref().is_none_or(|gender| gender.key() == actor.gender.key())
            && self.age_from.is_none_or(|from| from <= actor.age)
            && self.age_to.is_none_or(|to| actor.age <= to)
    }

    /// Whether the actors come by age rather than as they were entered.
    pub fn is_by_age(&self) -> bool {
        self.age_from.is_some() || self.age_to.is_some()
    }

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        ascending("age_from", self.age_from, self.age_to)
    }
}

/// Which roles are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoleFilter {
    /// Those in this film.
    pub movie: Option<MovieId>,
    /// Those of this actor.
    pub actor: Option<ActorId>,
}

fn finds(search: Option<&NameSearch>, key: &NameKey) -> bool {
    search.is_none_or(|search| search.finds(key))
}

fn ascending<T: Ord>(field: &'static str, from: Option<T>, to: Option<T>) -> Result<(), Invalid> {
    match (from, to) {
        (Some(from), Some(to)) if from > to => {
            Err(Invalid::field(field, "must not be beyond the other end of the range"))
        }
        _ => Ok(()),
    }
}

/// Text that is no place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a next_cursor that was given out")]
pub struct CursorSyntax;

/// A place in a list of films. It holds what every order of them goes by, so it is good in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MovieCursor {
    /// When the film came out.
    pub released: Date,
    /// Which film.
    pub id: MovieId,
}

impl MovieCursor {
    /// The place of a film.
    pub fn of(movie: &Movie) -> Self {
        Self { released: movie.release_date, id: movie.id }
    }
}

impl fmt::Display for MovieCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.released, self.id)
    }
}

impl FromStr for MovieCursor {
    type Err = CursorSyntax;

    fn from_str(text: &str) -> Result<Self, CursorSyntax> {
        let (released, id) = text.split_once('.').ok_or(CursorSyntax)?;
        let released = parse_date("cursor", released).map_err(|_| CursorSyntax)?;
        Ok(Self { released, id: id.parse().map_err(|_| CursorSyntax)? })
    }
}

/// A place in a list of actors. It holds what every order of them goes by, so it is good in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActorCursor {
    /// How old the actor is.
    pub age: Age,
    /// Which actor.
    pub id: ActorId,
}

impl ActorCursor {
    /// The place of an actor.
    pub fn of(actor: &Actor) -> Self {
        Self { age: actor.age, id: actor.id }
    }
}

impl fmt::Display for ActorCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.age.get(), self.id)
    }
}

impl FromStr for ActorCursor {
    type Err = CursorSyntax;

    fn from_str(text: &str) -> Result<Self, CursorSyntax> {
        let (age, id) = text.split_once('.').ok_or(CursorSyntax)?;
        let age = age.parse().ok().and_then(|age| Age::parse(age).ok()).ok_or(CursorSyntax)?;
        Ok(Self { age, id: id.parse().map_err(|_| CursorSyntax)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use square_kernel::testing::{ManualClock, SeededRandomness};

    #[test]
    fn cursors_are_read_as_they_are_written() {
        let (clock, randomness) = (ManualClock::default(), SeededRandomness::default());
        let movie = MovieCursor { released: date(1995, 12, 15), id: MovieId::new(&clock, &randomness) };
        assert_eq!(movie.to_string().parse(), Ok(movie));
        let actor = ActorCursor { age: Age::parse(85).unwrap(), id: ActorId::new(&clock, &randomness) };
        assert_eq!(actor.to_string().parse(), Ok(actor));
        let id = actor.id;
        for wrong in
            [String::new(), id.to_string(), format!("151.{id}"), format!("1995-13-01.{id}"), "85.x".into()]
        {
            assert_eq!(wrong.parse::<MovieCursor>(), Err(CursorSyntax), "{wrong}");
            assert_eq!(wrong.parse::<ActorCursor>(), Err(CursorSyntax), "{wrong}");
        }
    }

    #[test]
    fn a_search_is_a_line_of_a_few_words() {
        assert!(parse_search("title", " the godfather ").is_ok());
        for wrong in ["", " ", "a\0b", &"x".repeat(121), "ab cd ef gh ij kl mn op qr st uv"] {
            assert_eq!(parse_search("title", wrong).unwrap_err().field, "title", "{wrong:?}");
        }
    }
}
