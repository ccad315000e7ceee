use super::MemoryAccounts;
use crate::letter::{ClaimedLetter, Letter, LetterId};
use crate::ports::{LetterQueue, NewLetter};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::Unavailable;

/// A letter in memory. Its content is kept when it has left, for tests to look at.
pub(super) struct StoredLetter {
    id: LetterId,
    pub(super) letter: Letter,
    caused_at: Timestamp,
    /// `None` when it was sent or set aside.
    due_at: Option<Timestamp>,
    sent_at: Option<Timestamp>,
    attempts: u32,
}

impl StoredLetter {
    pub(super) fn new(new: &NewLetter) -> Self {
        Self {
            id: new.id,
            letter: new.letter.clone(),
            caused_at: new.at,
            due_at: Some(new.at),
            sent_at: None,
            attempts: 0,
        }
    }
}

impl MemoryAccounts {
    fn note(&self, id: LetterId, change: impl Fn(&mut StoredLetter)) {
        self.state().letters.iter_mut().filter(|stored| stored.id == id).for_each(change);
    }
}

#[async_trait]
impl LetterQueue for MemoryAccounts {
    async fn claim(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<ClaimedLetter>, Unavailable> {
        let mut state = self.state();
        let due = state.letters.iter_mut().filter(|stored| stored.due_at.is_some_and(|due| due <= now));
        let Some(stored) = due.min_by_key(|stored| (stored.caused_at, stored.id)) else { return Ok(None) };
        let claimed =
            ClaimedLetter { id: stored.id, letter: stored.letter.clone(), attempts: stored.attempts };
        stored.due_at = Some(lease_until);
        stored.attempts += 1;
        Ok(Some(claimed))
    }

    async fn sent(&self, id: LetterId, at: Timestamp) -> Result<(), Unavailable> {
        self.note(id, |stored| (stored.due_at, stored.sent_at) = (None, Some(at)));
        Ok(())
    }

    async fn retry(&self, id: LetterId, retry_at: Timestamp, _reason: &str) -> Result<(), Unavailable> {
        self.note(id, |stored| stored.due_at = stored.due_at.map(|_| retry_at));
        Ok(())
    }

    async fn set_aside(&self, id: LetterId, _at: Timestamp, _reason: &str) -> Result<(), Unavailable> {
        self.note(id, |stored| stored.due_at = None);
        Ok(())
    }

    async fn forget_sent(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let mut forgotten = 0;
        self.state().letters.retain(|stored| {
            let kept = stored.sent_at.is_none_or(|sent| sent >= before) || forgotten == at_most;
            forgotten += u32::from(!kept);
            kept
        });
        Ok(forgotten)
    }
}
