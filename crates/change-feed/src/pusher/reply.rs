use super::PusherServer;
use reqwest::StatusCode;
use square_changes::ports::Refusal;
use std::error::Error;
use std::time::Duration;

/// What a status means; `None` when everything was taken.
pub(super) fn refusal(status: StatusCode, server: &PusherServer) -> Option<Refusal> {
    let code = status.as_u16();
    let what = match code {
        200..=299 => return None,
        400 | 413 | 422 => {
            return Some(Refusal::Permanent(format!(
                "Pusher at {server} refused the event with status {code}"
            )));
        }
        300..=399 => "sends us elsewhere; its address must be the final one",
        401 => "does not accept our signature; check the key, the secret and this machine's clock",
        403 => "does not let the app in; it may be disabled or over its quota",
        404 => "knows no such app; check the app's id and the server's address",
        429 => "asks us to slow down",
        500..=599 => "is in trouble",
        _ => "answered something unexpected",
    };
    Some(temporary(server, &format!("{what} (status {code})")))
}

/// What a request that got no reply means.
pub(super) fn failed(error: &reqwest::Error, server: &PusherServer) -> Refusal {
    // The error's own text has the whole address, signature included; its last cause says what happened.
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let what = if error.is_connect() { "cannot be reached" } else { "broke off" };
    if error.source().is_none() {
        return temporary(server, what);
    }
    temporary(server, &format!("{what}: {cause}"))
}

/// The time limit passed.
pub(super) fn late(limit: Duration, server: &PusherServer) -> Refusal {
    temporary(server, &format!("did not answer within {limit:?}"))
}

/// A change that has no JSON.
pub(super) fn unwritable() -> Refusal {
    Refusal::Permanent("Pusher cannot be told of this change".to_owned())
}

fn temporary(server: &PusherServer, what: &str) -> Refusal {
    Refusal::Temporary(format!("Pusher at {server} {what}"))
}
