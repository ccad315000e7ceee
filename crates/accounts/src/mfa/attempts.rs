use crate::ports::{AttemptBudget, AttemptKind, Attempted, MfaAttemptId, NewAttempt};
use crate::service::Accounts;
use jiff::SignedDuration;
use square_kernel::{Unavailable, UserId};

/// So many wrong codes an account bears, wherever they come from: of a million codes three are good at a time, so whoever knows the
/// password and guesses on for a day has a chance of 1 in 700.
const BUDGET: AttemptBudget = AttemptBudget { most: 20, within: SignedDuration::from_hours(1) };

/// Nobody may try again before so much time has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts, please wait")]
pub struct TooManyAttempts {
    /// In how many whole seconds the next one is taken, at least 1.
    pub retry_after: u32,
}

/// Why an attempt was not counted.
pub(super) enum NotCounted {
    TooMany(TooManyAttempts),
    Unavailable(Unavailable),
}

impl Accounts {
    /// Counts an attempt before it is known what comes of it, so that no number of them made at once exceeds the budget. Who
    /// succeeds gives it back.
    pub(super) async fn count_attempt(
        &self,
        user: UserId,
        kind: AttemptKind,
    ) -> Result<MfaAttemptId, NotCounted> {
        let id = MfaAttemptId::new(&*self.parts.clock, &*self.parts.randomness);
        let at = self.now();
        let attempted = self.parts.mfa.begin_attempt(&NewAttempt { id, user, kind, at }, BUDGET).await;
        match attempted.map_err(NotCounted::Unavailable)? {
            Attempted::Counted => Ok(id),
            Attempted::NotBefore(moment) => {
                let seconds = moment.duration_since(at).as_secs().saturating_add(1);
                let retry_after = u32::try_from(seconds).unwrap_or(1).max(1);
                Err(NotCounted::TooMany(TooManyAttempts { retry_after }))
            }
        }
    }
}

/// Lets an error say that attempts ran out or that something does not work.
macro_rules! from_not_counted {
    ($($error:ty),+) => {
        $(impl From<$crate::mfa::attempts::NotCounted> for $error {
            fn from(error: $crate::mfa::attempts::NotCounted) -> Self {
                match error {
                    $crate::mfa::attempts::NotCounted::TooMany(error) => Self::TooManyAttempts(error),
                    $crate::mfa::attempts::NotCounted::Unavailable(error) => Self::Unavailable(error),
                }
            }
        })+
    };
}
pub(super) use from_not_counted;
