use crate::error::CastingError;
use crate::lists::{ActorCursor, ActorFilter};
use crate::model::Actor;
use crate::rights::{Thing, may_see};
use crate::service::Casting;
use square_kernel::{Asker, Page, Slice};

impl Casting {
    /// One page of the actors that fit.
    pub async fn actors(
        &self,
        asker: &Asker,
        filter: &ActorFilter,
        page: Page<ActorCursor>,
    ) -> Result<Slice<Actor, ActorCursor>, CastingError> {
        may_see(asker, Thing::Actor)?;
        filter.check()?;
        Ok(self.records.actors(filter, page).await?)
    }
}
