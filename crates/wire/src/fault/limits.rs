//! What it looks like when something was tried too often.

use super::Fault;
use jiff::SignedDuration;
use square_accounts::EndSessionError;
use square_limits::{LimitError, TooMany};

impl From<&TooMany> for Fault {
    fn from(error: &TooMany) -> Self {
        Self::limited("too_many_attempts", error.to_string(), error.retry_after)
    }
}

impl Fault {
    /// Something was done so often that it has to wait.
    pub(super) fn limited(code: &'static str, message: String, retry_after: SignedDuration) -> Self {
        // Rounded up: who comes back then is not sent away again.
        let whole = retry_after.as_secs() + i64::from(retry_after.subsec_nanos() > 0);
        let seconds = u32::try_from(whole.max(1)).unwrap_or(u32::MAX);
        Self { retry_after: Some(seconds), ..Self::new(429, code, message) }
    }
}

impl From<&LimitError> for Fault {
    fn from(error: &LimitError) -> Self {
        match error {
            LimitError::TooMany(error) => Self::from(error),
            LimitError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<&EndSessionError> for Fault {
    fn from(error: &EndSessionError) -> Self {
        match error {
            EndSessionError::NotFound => Self::not_found("session"),
            EndSessionError::Unavailable(error) => Self::from(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_told_in_whole_seconds_that_suffice() {
        for (micros, seconds) in [(0, 1), (1, 1), (1_000_000, 1), (1_000_001, 2), (59_999_999, 60)] {
            let retry_after = SignedDuration::from_micros(micros);
            assert_eq!(Fault::from(&TooMany { retry_after }).retry_after, Some(seconds), "{micros}");
        }
    }
}
