use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A film.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Movie {
    /// Its identifier.
    pub id: Uuid,
    /// Its title, 1 to 120 characters.
    #[schema(example = "Heat")]
    pub title: String,
    /// The day it came out, `YYYY-MM-DD`.
    #[schema(example = "1995-12-15", format = Date)]
    pub release_date: String,
}

impl From<&square_casting::Movie> for Movie {
    fn from(movie: &square_casting::Movie) -> Self {
        Self {
            id: movie.id.uuid(),
            title: movie.title.as_str().to_owned(),
            release_date: movie.release_date.to_string(),
        }
    }
}

/// An actor or actress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// Their identifier.
    pub id: Uuid,
    /// Their name, 1 to 80 characters.
    #[schema(example = "Al Pacino")]
    pub name: String,
    /// Their age in years as it was entered, 0 to 150.
    #[schema(example = 85)]
    pub age: u8,
    /// Their gender in the words of whoever entered it, 1 to 30 characters.
    #[schema(example = "male")]
    pub gender: String,
}

impl From<&square_casting::Actor> for Actor {
    fn from(actor: &square_casting::Actor) -> Self {
        Self {
            id: actor.id.uuid(),
            name: actor.name.as_str().to_owned(),
            age: actor.age.get(),
            gender: actor.gender.as_str().to_owned(),
        }
    }
}

/// Who played whom in which film.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Role {
    /// Its identifier.
    pub id: Uuid,
    /// The film.
    pub movie_id: Uuid,
    /// Who played.
    pub actor_id: Uuid,
    /// Who was played, 1 to 120 characters.
    #[schema(example = "Vincent Hanna")]
    pub character: String,
}

impl From<&square_casting::Role> for Role {
    fn from(role: &square_casting::Role) -> Self {
        Self {
            id: role.id.uuid(),
            movie_id: role.movie.uuid(),
            actor_id: role.actor.uuid(),
            character: role.character.as_str().to_owned(),
        }
    }
}
