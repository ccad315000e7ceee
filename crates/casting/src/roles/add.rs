use crate::error::{CastingError, done};
use crate::model::{ActorId, Character, MovieId, Role, RoleId};
use crate::rights::{Thing, Verb, may};
use crate::service::Casting;
use square_kernel::Asker;

/// What is said of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleFields {
    /// The film.
    pub movie: MovieId,
    /// Who played.
    pub actor: ActorId,
    /// Who was played.
    pub character: Character,
}

impl Casting {
    /// Adds a role.
    pub async fn add_role(&self, asker: &Asker, fields: RoleFields) -> Result<Role, CastingError> {
        let by = may(asker, Verb::Make, Thing::Role)?;
        let RoleFields { movie, actor, character } = fields;
        let role = Role { id: RoleId::new(&*self.clock, &*self.randomness), movie, actor, character };
        let written = self.records.add_role(&role, Some(by), self.clock.now()).await?;
        done(written, Thing::Role)?;
        Ok(role)
    }
}
