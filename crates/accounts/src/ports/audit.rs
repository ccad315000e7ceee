use crate::audit::{AuditAction, AuditEntry, AuditId};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::{Unavailable, UserId};
use std::fmt;
use std::str::FromStr;

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

/// Written as microseconds since 1970 and identifier, for clients that carry it from page to page.
impl fmt::Display for AuditPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.at.as_microsecond(), self.id.uuid().simple())
    }
}

/// What is no position that was given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a position that was given out")]
pub struct PositionSyntax;

impl FromStr for AuditPosition {
    type Err = PositionSyntax;

    fn from_str(text: &str) -> Result<Self, PositionSyntax> {
        let (at, id) = text.split_once('_').ok_or(PositionSyntax)?;
        let at = Timestamp::from_microsecond(at.parse().map_err(|_| PositionSyntax)?);
        Ok(Self { at: at.map_err(|_| PositionSyntax)?, id: id.parse().map_err(|_| PositionSyntax)? })
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::Clock;
    use square_kernel::testing::{ManualClock, SeededRandomness};

    #[test]
    fn a_position_is_read_as_it_is_written() {
        let (clock, randomness) = (ManualClock::default(), SeededRandomness::default());
        let position = AuditPosition { at: clock.now(), id: AuditId::new(&clock, &randomness) };
        assert_eq!(position.to_string().parse(), Ok(position));
        for wrong in ["", "_", "1_", "1", "x_0190", "99999999999999999999_0", "1_{}"] {
            assert_eq!(wrong.parse::<AuditPosition>(), Err(PositionSyntax), "{wrong:?}");
        }
    }
}
