use crate::resolver::{NotAllowed, Unknown};
use hyper_util::client::legacy::Error as SendError;
use square_skills::SkillFailure;
use std::error::Error;
use std::io::{self, ErrorKind};

/// What it means that no status line came back.
pub(crate) fn of_request(error: &SendError) -> SkillFailure {
    if caused_by::<NotAllowed>(error).is_some() {
        SkillFailure::AddressNotAllowed
    } else if caused_by::<Unknown>(error).is_some() {
        SkillFailure::UnknownHost
    } else if caused_by::<rustls::Error>(error).is_some() {
        SkillFailure::Tls
    } else if error.is_connect() {
        SkillFailure::Unreachable
    } else {
        malformed("there is no valid HTTP reply")
    }
}

/// Whether nobody took the connection, so that nothing was sent.
pub(crate) fn was_refused(error: &SendError) -> bool {
    let refused =
        |error: &io::Error| matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset);
    error.is_connect()
        && caused_by::<rustls::Error>(error).is_none()
        && caused_by::<io::Error>(error).is_some_and(refused)
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

/// The error of this kind that is behind another one.
fn caused_by<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // An I/O error hides the one it was made of: it gives that one's source for its own.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}
