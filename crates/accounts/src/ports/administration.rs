use super::{Asked, Caller, Consequences};
use crate::account::{Account, Standing};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Page, SessionId, Slice, Unavailable, UserId};

/// The permission that makes an administrator: whoever holds it can give any other to anybody.
pub const ADMINISTER: &str = "patch:users";

/// Which accounts are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Those whose name or address has this text in it, in lower case. No character of it stands for others.
    pub search: Option<String>,
    /// Those that may be used, or those that are suspended.
    pub standing: Option<Standing>,
    /// Those that have this role.
    pub role: Option<String>,
}

/// What an account may do, as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// Whether it may be used.
    pub standing: Standing,
    /// Names of its roles, all of them.
    pub roles: Vec<String>,
}

/// What became of a change of rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RightsChange {
    /// They are as they were to be.
    Changed {
        /// The account as it is now.
        account: Box<Account>,
        /// The sessions that ended with it.
        ended: Vec<SessionId>,
    },
    /// Nothing was stored: the account is another than the one that was seen. Whoever asked looks again.
    Moved,
    /// Nothing was stored: there is no role of that name.
    NoSuchRole(String),
    /// Nothing was stored: nobody would be left who may [`ADMINISTER`].
    LastAdministrator,
}

/// Whether there has to be an administrator left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// One that may be used.
    OneAdministrator,
    /// The operator may take away the last one too, since they can make another.
    Nobody,
}

/// Keeps accounts as those see them who manage them. Each method is one transaction.
#[async_trait]
pub trait Administration: Send + Sync {
    /// One page of the accounts that match, newest first (by identifier).
    async fn users(
        &self,
        filter: &UserFilter,
        page: Page<UserId>,
    ) -> Result<Slice<Account, UserId>, Unavailable>;

    /// Gives an account that is still as `seen`, in standing, roles and [`Account::rights`], the rights `wanted`. Where the roles are
    /// others than before, [`Account::rights`] MUST be counted up as changed at `at`; where it is suspended, its sessions end at `at`. With
    /// [`Keep::OneAdministrator`] an account that may [`ADMINISTER`] and be used MUST be left where there was one, also under concurrency.
    /// `by` is `None` for the operator.
    async fn change_rights(
        &self,
        seen: &Account,
        wanted: &Rights,
        keep: Keep,
        by: Option<Caller>,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<RightsChange>;

    /// Confirms the address of an account at `at`; `false`, and nothing stored, when it was confirmed or does not exist. Links that would
    /// confirm it are spent.
    async fn vouch(
        &self,
        user: UserId,
        at: Timestamp,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable>;
}
