use square_kernel::{Identity, SessionId, Unavailable, UserId};

/// Who asks for a change, as their access token showed them when the request came in.
///
/// Its body, or what a provider says of it, may come seconds later. So stores look again, with the account held and in the transaction
/// of the change: where the session has ended since, or the number of the account's rights is another, they store nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// [`Account::rights`](crate::Account::rights), as the token had it.
    pub rights: u32,
}

impl From<&Identity> for Caller {
    fn from(who: &Identity) -> Self {
        Self { user: who.user, session: who.session, rights: who.rights }
    }
}

/// The session has ended since the request came in, or what its account may do has changed; nothing was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the session is over, or its rights have changed")]
pub struct Overtaken;

/// What came of a change that a [`Caller`] asked for.
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
