use crate::{Identity, SessionId, UserId};

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
    /// The account's number of rights, as the token had it: see [`Identity::rights`].
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
