use crate::event::Event;
use crate::service::{EventFields, Events};
use square_kernel::{Unavailable, UserId};

impl Events {
    /// Enters events of these owners, all or none, for the operator: nobody has signed in, and no account is too small.
    pub async fn import(&self, events: Vec<(UserId, EventFields)>) -> Result<(), Unavailable> {
        let entered = |(owner, fields)| self.entered(owner, fields);
        let events: Vec<Event> = events.into_iter().map(entered).collect();
        self.parts.store.add_all(&events).await
    }
}
