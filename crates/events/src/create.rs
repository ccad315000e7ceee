use crate::event::{Event, EventId};
use crate::ports::Written;
use crate::service::{EventFields, Events};
use square_kernel::{Asker, Caller, Overtaken, Unavailable, UserId};

/// Why an event was not entered.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CreateError {
    /// Nobody is signed in.
    #[error("sign in first")]
    SignInRequired,
    /// The account has as many events as it may have.
    #[error("an account may have {0} events; delete some first")]
    TooMany(u32),
    /// They are signed in no more, or not as they were.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Events {
    /// Enters an event; it belongs to whoever does.
    pub async fn create(&self, asker: &Asker, fields: EventFields) -> Result<Event, CreateError> {
        let identity = asker.identity.as_ref().ok_or(CreateError::SignInRequired)?;
        let event = self.entered(identity.user, fields);
        let most = self.parts.policy.per_owner;
        match self.parts.store.add(&event, most, Caller::from(identity)).await? {
            Written::Done(event) => Ok(event),
            Written::TooMany => Err(CreateError::TooMany(most)),
            Written::Overtaken => Err(Overtaken.into()),
            Written::Gone => Err(Unavailable::new("the store says a new event is gone already").into()),
        }
    }

    pub(crate) fn entered(&self, owner: UserId, fields: EventFields) -> Event {
        let EventFields { date, time, venue, address } = fields;
        let (clock, randomness) = (&*self.parts.clock, &*self.parts.randomness);
        let created_at = clock.now();
        Event { id: EventId::new(clock, randomness), owner, date, time, venue, address, created_at }
    }
}
