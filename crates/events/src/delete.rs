use crate::event::{Event, EventId};
use crate::ports::Written;
use crate::service::{ChangeError, Events};
use square_kernel::{Asker, Caller, Overtaken};

/// The permission to delete other people's events.
const DELETE_ANY: &str = "delete:events";

impl Events {
    /// Deletes an event, for its owner and for whoever may `delete:events`, and gives it as it was.
    pub async fn delete(&self, asker: &Asker, id: EventId) -> Result<Event, ChangeError> {
        let by = Caller::from(self.permitted(asker, id, DELETE_ANY).await?);
        match self.parts.store.remove(id, by, self.parts.clock.now()).await? {
            Written::Done(event) => Ok(event),
            Written::Overtaken => Err(Overtaken.into()),
            Written::Gone | Written::TooMany => Err(ChangeError::NotFound),
        }
    }
}
