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
