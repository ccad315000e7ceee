use crate::error::{CastingError, done};
use crate::model::{Actor, ActorId, ActorName, Age, Gender};
use crate::rights::{Thing, Verb, may};
use crate::service::Casting;
use square_kernel::Asker;

/// What is said of an actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorFields {
    /// Their name.
    pub name: ActorName,
    /// Their age.
    pub age: Age,
    /// Their gender.
    pub gender: Gender,
}

impl Casting {
    /// Adds an actor.
    pub async fn add_actor(&self, asker: &Asker, fields: ActorFields) -> Result<Actor, CastingError> {
        let by = may(asker, Verb::Make, Thing::Actor)?;
        let ActorFields { name, age, gender } = fields;
        let actor = Actor { id: ActorId::new(&*self.clock, &*self.randomness), name, age, gender };
        let written = self.records.add_actor(&actor, Some(by), self.clock.now()).await?;
        done(written, Thing::Actor)?;
        Ok(actor)
    }
}
