use crate::error::{CastingError, done};
use crate::model::{Actor, ActorId, ActorName, Age, Gender};
use crate::rights::{Thing, Verb, may};
use crate::service::Casting;
use square_kernel::Asker;

/// What is to change about an actor; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActorPatch {
    /// Their name.
    pub name: Option<ActorName>,
    /// Their age.
    pub age: Option<Age>,
    /// Their gender.
    pub gender: Option<Gender>,
}

impl ActorPatch {
    /// An actor with the changes made.
    #[must_use]
    pub fn applied(&self, actor: &Actor) -> Actor {
        Actor {
            id: actor.id,
            name: self.name.clone().unwrap_or_else(|| actor.name.clone()),
            age: self.age.unwrap_or(actor.age),
            gender: self.gender.clone().unwrap_or_else(|| actor.gender.clone()),
        }
    }
}

impl Casting {
    /// Changes some of what is said of an actor.
    pub async fn change_actor(
        &self,
        asker: &Asker,
        id: ActorId,
        patch: &ActorPatch,
    ) -> Result<Actor, CastingError> {
        let by = may(asker, Verb::Change, Thing::Actor)?;
        done(self.records.change_actor(id, patch, Some(by), self.clock.now()).await?, Thing::Actor)
    }
}
