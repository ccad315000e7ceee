use std::time::Duration;

/// A setting that no change could be delivered with. The text is one sentence that names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} {reason}")]
pub struct SetupError {
    /// The setting, such as `pusher.cluster`.
    pub key: &'static str,
    /// What is wrong, phrased to follow the name.
    pub reason: &'static str,
}

impl SetupError {
    pub(crate) const fn new(key: &'static str, reason: &'static str) -> Self {
        Self { key, reason }
    }
}

/// Whether a receiver may be waited for so long: more than an hour is a slip of the pen.
pub(crate) fn is_time_limit(limit: Duration) -> bool {
    !limit.is_zero() && limit <= Duration::from_hours(1)
}
