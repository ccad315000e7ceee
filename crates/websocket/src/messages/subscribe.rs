use super::Outcome;
use square_wire::Fault;

/// `subscribe`: a word of the protocol that this server does not serve.
pub(super) fn subscribe() -> Outcome {
    Err(Fault::not_supported("subscribe"))
}
