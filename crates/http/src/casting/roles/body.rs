use crate::extract::id;
use serde::Deserialize;
use square_casting::{Character, RoleFields, RolePatch};
use square_kernel::Invalid;
use utoipa::ToSchema;

/// What is said of a role.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"movie_id": "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0", "actor_id": "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa1", "character": "Vincent Hanna"}))]
pub(super) struct RoleBody {
    /// The film.
    #[schema(format = Uuid)]
    movie_id: Option<String>,
    /// Who played.
    #[schema(format = Uuid)]
    actor_id: Option<String>,
    /// Who was played, 1 to 120 characters.
    character: Option<String>,
}

impl RoleBody {
    pub(super) fn fields(self) -> Result<RoleFields, Invalid> {
        let mut invalid = Invalid::default();
        let movie = invalid.collect(id("movie_id", &self.movie_id.unwrap_or_default()));
        let actor = invalid.collect(id("actor_id", &self.actor_id.unwrap_or_default()));
        let character = invalid.collect(Character::parse(&self.character.unwrap_or_default()));
        match (movie, actor, character) {
            (Some(movie), Some(actor), Some(character)) => Ok(RoleFields { movie, actor, character }),
            _ => Err(invalid),
        }
    }
}

/// What is to change about a role; what is left out or `null` stays.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"character": "Vincent Hanna"}))]
pub(super) struct RolePatchBody {
    /// The film.
    #[schema(format = Uuid)]
    movie_id: Option<String>,
    /// Who played.
    #[schema(format = Uuid)]
    actor_id: Option<String>,
    /// Who was played, 1 to 120 characters.
    character: Option<String>,
}

impl RolePatchBody {
    pub(super) fn patch(self) -> Result<RolePatch, Invalid> {
        let mut invalid = Invalid::default();
        let movie = invalid.collect(self.movie_id.as_deref().map(|text| id("movie_id", text)).transpose());
        let actor = invalid.collect(self.actor_id.as_deref().map(|text| id("actor_id", text)).transpose());
        let character = invalid.collect(self.character.as_deref().map(Character::parse).transpose());
        match (movie, actor, character) {
            (Some(movie), Some(actor), Some(character)) => Ok(RolePatch { movie, actor, character }),
            _ => Err(invalid),
        }
    }
}
