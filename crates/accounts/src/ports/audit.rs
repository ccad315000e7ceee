use crate::audit::{AuditAction, AuditEntry, AuditId};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Unavailable, UserId};

/// Which entries of the audit log are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Those that concern this account or were caused by it.
    pub user: Option<UserId>,
    /// Those of this kind.
    pub action: Option<AuditAction>,
    /// Those at or after this moment.
    pub from: Option<Timestamp>,
    /// Those before this moment.
    pub until: Option<Timestamp>,
}

/// Where a page of the audit log ended: the next one begins behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditPosition {
    /// When the last entry happened.
    pub at: Timestamp,
    /// Which it is.
    pub id: AuditId,
}

/// Reads the audit log. Entries are stored by those who change something, as [`Consequences`](super::Consequences).
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// At most `at_most` entries that match, newest first (by moment, then by identifier), behind `after`.
    async fn entries(
        &self,
        filter: &AuditFilter,
        after: Option<AuditPosition>,
        at_most: u32,
    ) -> Result<Vec<AuditEntry>, Unavailable>;

    /// Deletes entries from before `before`, `at_most` of them, and tells how many.
    async fn forget_entries(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable>;
}
