use square_kernel::{Overtaken, SessionId, Unavailable};

/// What came of a change that a [`Caller`](square_kernel::Caller) asked for.
pub type Asked<T> = Result<Result<T, Overtaken>, Unavailable>;

/// What a change of what lets somebody in has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialChange {
    /// The sessions that ended.
    pub ended: Vec<SessionId>,
    /// [`Account::credentials`](crate::Account::credentials), counted up.
    pub credentials: u32,
}

impl AsRef<[SessionId]> for CredentialChange {
    fn as_ref(&self) -> &[SessionId] {
        &self.ended
    }
}
