use jiff::civil::Date;
use square_kernel::FieldError;
use square_naming::NameKey;

square_kernel::id!(
    /// A film.
    MovieId
);
square_kernel::id!(
    /// An actor or actress.
    ActorId
);
square_kernel::id!(
    /// A part in a film, played by somebody.
    RoleId
);

square_kernel::line!(
    /// The title of a film: 1 to 120 characters.
    Title,
    "title",
    120
);
square_kernel::line!(
    /// The name of an actor: 1 to 80 characters.
    ActorName,
    "name",
    80
);
square_kernel::line!(
    /// The name of somebody in a film: 1 to 120 characters.
    Character,
    "character",
    120
);
square_kernel::line!(
    /// A gender in the words of whoever entered it: 1 to 30 characters.
    Gender,
    "gender",
    30
);

impl Gender {
    /// The form under which genders are compared: in lower case.
    pub fn key(&self) -> String {
        self.as_str().to_lowercase()
    }
}

/// An age in years, 0 to 150.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age(u8);

impl Age {
    /// The highest.
    pub const MAX: u8 = 150;

    /// Parses what a client sent as `age`.
    pub fn parse(years: i64) -> Result<Self, FieldError> {
        match u8::try_from(years) {
            Ok(years @ 0..=Self::MAX) => Ok(Self(years)),
            _ => Err(FieldError::new("age", "must be between 0 and 150")),
        }
    }

    /// The years.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// A film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movie {
    /// Its identifier.
    pub id: MovieId,
    /// Its title. Several films may have the same.
    pub title: Title,
    /// The day it came out.
    pub release_date: Date,
}

impl Movie {
    /// What it is looked up by.
    pub fn key(&self) -> NameKey {
        NameKey::of(self.title.as_str())
    }
}

/// An actor or actress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Their identifier.
    pub id: ActorId,
    /// Their name. Several may have the same.
    pub name: ActorName,
    /// Their age as it was entered; it does not grow by itself.
    pub age: Age,
    /// Their gender.
    pub gender: Gender,
}

impl Actor {
    /// What they are looked up by.
    pub fn key(&self) -> NameKey {
        NameKey::of(self.name.as_str())
    }
}

/// Who played whom in which film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its identifier.
    pub id: RoleId,
    /// The film.
    pub movie: MovieId,
    /// Who played.
    pub actor: ActorId,
    /// Who was played.
    pub character: Character,
}

impl Role {
    /// What the character is looked up by.
    pub fn key(&self) -> NameKey {
        NameKey::of(self.character.as_str())
    }
}

/// A role with the film and the actor it ties together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    /// The role.
    pub role: Role,
    /// Its film.
    pub movie: Movie,
    /// Its actor.
    pub actor: Actor,
}

/// Films, actors and roles that belong together: each role's film and actor are among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// The films.
    pub movies: Vec<Movie>,
    /// The actors.
    pub actors: Vec<Actor>,
    /// The roles.
    pub roles: Vec<Role>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_ages_outside_their_bounds_are_refused() {
        assert_eq!(Title::parse(&"x".repeat(120)).map(|title| title.as_str().len()), Ok(120));
        assert_eq!(
            Title::parse(&"x".repeat(121)),
            Err(FieldError::new("title", "must have at most 120 characters"))
        );
        assert_eq!(ActorName::parse(" "), Err(FieldError::new("name", "must not be empty")));
        assert!(ActorName::parse(&"x".repeat(81)).is_err());
        assert!(Gender::parse(&"x".repeat(31)).is_err());
        assert_eq!(Age::parse(150).map(Age::get), Ok(150));
        assert_eq!(Age::parse(0).map(Age::get), Ok(0));
        for wrong in [-1, 151, 256] {
            assert_eq!(Age::parse(wrong), Err(FieldError::new("age", "must be between 0 and 150")));
        }
    }
}
