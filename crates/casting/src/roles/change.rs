use crate::error::{CastingError, done};
use crate::model::{ActorId, Character, MovieId, Role, RoleId};
use crate::rights::{Thing, Verb, may};
use crate::service::Casting;
use square_kernel::Asker;

/// What is to change about a role; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolePatch {
    /// The film.
    pub movie: Option<MovieId>,
    /// Who played.
    pub actor: Option<ActorId>,
    /// Who was played.
    pub character: Option<Character>,
}

impl RolePatch {
    /// A role with the changes made.
    #[must_use]
    pub fn applied(&self, role: &Role) -> Role {
        Role {
            id: role.id,
            movie: self.movie.unwrap_or(role.movie),
            actor: self.actor.unwrap_or(role.actor),
            character: self.character.clone().unwrap_or_else(|| role.character.clone()),
        }
    }
}

impl Casting {
    /// Changes some of what is said of a role.
    pub async fn change_role(
        &self,
        asker: &Asker,
        id: RoleId,
        patch: &RolePatch,
    ) -> Result<Role, CastingError> {
        let by = may(asker, Verb::Change, Thing::Role)?;
        done(self.records.change_role(id, patch, Some(by), self.clock.now()).await?, Thing::Role)
    }
}
