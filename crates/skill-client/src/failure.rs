use crate::resolver::NotPublic;
use square_skills::SkillFailure;
use std::error::Error;

/// What it means that no status line came back.
pub(crate) fn of_request(error: &reqwest::Error) -> SkillFailure {
    if caused_by::<NotPublic>(error) {
        SkillFailure::AddressNotAllowed
    } else if error.is_connect() {
        SkillFailure::Unreachable
    } else if broke_off(error) {
        malformed("there is no valid HTTP reply")
    } else {
        SkillFailure::Internal
    }
}

/// Whether there was a connection, but no reply came over it.
pub(crate) fn broke_off(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_connect()
}

/// What it means that the body could not be read to its end; whether the connection or the compression is at
/// fault cannot be told apart.
pub(crate) fn of_body() -> SkillFailure {
    malformed("its body is cut off or damaged")
}

/// The reply breaks its protocol. `text` goes to the person who asked: it MUST NOT repeat what was received.
pub(crate) fn malformed(text: impl Into<String>) -> SkillFailure {
    SkillFailure::Malformed(text.into())
}

fn caused_by<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<E>() {
            return true;
        }
        next = error.source();
    }
    false
}
