//! What it looks like when something was tried too often.

use super::Fault;
use square_accounts::{EndSessionError, LimitError, TooMany};

impl From<&TooMany> for Fault {
    fn from(error: &TooMany) -> Self {
        // Rounded up: who comes back then is not sent away again.
        let whole = error.retry_after.as_secs() + i64::from(error.retry_after.subsec_nanos() > 0);
        let seconds = u32::try_from(whole.max(1)).unwrap_or(u32::MAX);
        Self { retry_after: Some(seconds), ..Self::new(429, "too_many_attempts", error.to_string()) }
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
    use jiff::SignedDuration;

    #[test]
    fn the_wait_is_told_in_whole_seconds_that_suffice() {
        for (micros, seconds) in [(0, 1), (1, 1), (1_000_000, 1), (1_000_001, 2), (59_999_999, 60)] {
            let retry_after = SignedDuration::from_micros(micros);
            assert_eq!(Fault::from(&TooMany { retry_after }).retry_after, Some(seconds), "{micros}");
        }
    }
}
