use crate::{Permissions, SessionId, UserId, Whereabouts};
use std::sync::Arc;

/// Whoever makes a call: somebody signed in, or anybody. What they may see and do follows from it.
#[derive(Debug, Clone, Default)]
pub struct Asker {
    /// Who it is; `None` for anybody.
    pub identity: Option<Identity>,
    /// What they may do. Anybody may do something too, where the operator grants it.
    pub permissions: Permissions,
    /// Where the call comes from.
    pub whereabouts: Whereabouts,
}

/// A person who has proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub user: UserId,
    /// The session in which they signed in.
    pub session: SessionId,
    /// Their name as others see it.
    pub username: Arc<str>,
    /// Names of their roles.
    pub roles: Arc<[String]>,
    /// How often what they may do had been changed when they were given this: less than the account's number where it says what is
    /// true no more.
    pub rights: u32,
}

impl Asker {
    /// Anybody, holding what the operator grants to everybody.
    pub fn anonymous(permissions: Permissions) -> Self {
        Self { identity: None, permissions, whereabouts: Whereabouts::default() }
    }

    /// Somebody signed in, with what they may do.
    pub fn signed_in(identity: Identity, permissions: Permissions) -> Self {
        Self { identity: Some(identity), permissions, whereabouts: Whereabouts::default() }
    }

    /// The same, at another place.
    #[must_use]
    pub fn at(self, whereabouts: Whereabouts) -> Self {
        Self { whereabouts, ..self }
    }

    /// The account, when signed in.
    pub fn user(&self) -> Option<UserId> {
        self.identity.as_ref().map(|identity| identity.user)
    }

    /// Whether this is `user`, signed in.
    pub fn is(&self, user: UserId) -> bool {
        self.user() == Some(user)
    }

    /// Whether `permission` (`verb:thing`) is held.
    pub fn may(&self, permission: &str) -> bool {
        self.permissions.allow(permission)
    }
}
