use super::MemoryAccounts;
use crate::letter::{ClaimedLetter, Letter, LetterId};
use crate::ports::{Backlog, LetterQueue, LetterShelf, NewLetter, ShelvedLetter};
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
    /// When it was given up, and why.
    set_aside: Option<(Timestamp, String)>,
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
            set_aside: None,
            attempts: 0,
        }
    }

    pub(super) fn has_left(&self) -> bool {
        self.sent_at.is_some()
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
        self.note(id, |stored| (stored.due_at, stored.set_aside, stored.sent_at) = (None, None, Some(at)));
        Ok(())
    }

    async fn retry(&self, id: LetterId, retry_at: Timestamp, _reason: &str) -> Result<(), Unavailable> {
        self.note(id, |stored| stored.due_at = stored.due_at.map(|_| retry_at));
        Ok(())
    }

    async fn set_aside(&self, id: LetterId, at: Timestamp, reason: &str) -> Result<(), Unavailable> {
        self.note(id, |stored| {
            if stored.due_at.take().is_some() {
                stored.set_aside = Some((at, reason.to_owned()));
            }
        });
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

#[async_trait]
impl LetterShelf for MemoryAccounts {
    async fn backlog(&self) -> Result<Backlog, Unavailable> {
        let state = self.state();
        let waiting = || state.letters.iter().filter(|stored| stored.due_at.is_some());
        Ok(Backlog {
            waiting: waiting().count() as u64,
            oldest: waiting().map(|stored| stored.caused_at).min(),
            set_aside: state.letters.iter().filter(|stored| stored.set_aside.is_some()).count() as u64,
        })
    }

    async fn shelved(&self, at_most: u32) -> Result<Vec<ShelvedLetter>, Unavailable> {
        let state = self.state();
        let shelved = |stored: &StoredLetter| {
            let (set_aside_at, reason) = stored.set_aside.clone()?;
            let occasion = stored.letter.occasion.name().to_owned();
            let (id, attempts, caused_at) = (stored.id, stored.attempts, stored.caused_at);
            Some(ShelvedLetter { id, occasion, attempts, caused_at, set_aside_at, reason })
        };
        let mut all: Vec<_> = state.letters.iter().filter_map(shelved).collect();
        all.sort_by_key(|letter| (letter.set_aside_at, letter.id));
        all.truncate(at_most as usize);
        Ok(all)
    }

    async fn replay_letters(&self, which: Option<LetterId>, at: Timestamp) -> Result<u32, Unavailable> {
        let mut replayed = 0;
        for stored in &mut self.state().letters {
            if which.is_none_or(|which| stored.id == which) && stored.set_aside.take().is_some() {
                (stored.due_at, stored.attempts) = (Some(at), 0);
                replayed += 1;
            }
        }
        Ok(replayed)
    }

    async fn discard_letters(&self, which: Option<LetterId>) -> Result<u32, Unavailable> {
        let mut discarded = 0;
        self.state().letters.retain(|stored| {
            let goes = stored.set_aside.is_some() && which.is_none_or(|which| stored.id == which);
            discarded += u32::from(goes);
            !goes
        });
        Ok(discarded)
    }
}
