use super::Outcome;
use crate::connection::Connection;
use crate::protocol::Ref;
use square_wire::Fault;

impl Connection {
    /// `unsubscribe`: ends a subscription, which says so itself when its last change is out. Needs no rights, since
    /// nothing is told by it.
    pub(super) fn unsubscribe(&self, reference: Option<&Ref>) -> Outcome {
        let reference =
            reference.ok_or_else(|| Fault::wrong_type("ref", "must name the subscription to end"))?;
        if self.jobs.unsubscribe(reference) { Ok(None) } else { Err(Fault::not_found("subscription")) }
    }
}
