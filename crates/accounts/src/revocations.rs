use crate::service::{earlier, later};
use crate::tokens::AccessClaims;
use jiff::{SignedDuration, Timestamp};
use square_kernel::{SessionId, UserId};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// By how much the clock may be set back without an ended session's token coming to life again.
const CLOCK_ERROR: SignedDuration = SignedDuration::from_hours(1);

/// How far a repeated read goes back behind the one before: longer than a transaction takes from stamping its
/// rows to being visible, and the minute by which clocks of instances may differ.
const OVERLAP: SignedDuration = SignedDuration::from_mins(2);

/// Below so many entries forgetting is not worth the walk.
const FEW: usize = 1024;

/// What ended or changed so lately that access tokens from before may not have expired, in memory: this is what makes a
/// sign-out or a new role bite on the very next request without a read of the database.
pub(crate) struct Revocations {
    keep: SignedDuration,
    known: RwLock<Known>,
}

struct Known {
    ended: HashMap<SessionId, Timestamp>,
    rights: HashMap<UserId, (u32, Timestamp)>,
    read_until: Option<Timestamp>,
    sweep_at: usize,
}

impl Revocations {
    /// Entries are kept for as long as a token made at the moment of the end could be good.
    pub(crate) fn new(access_token_lifetime: SignedDuration) -> Self {
        let keep = access_token_lifetime.saturating_add(CLOCK_ERROR);
        let known = Known { ended: HashMap::new(), rights: HashMap::new(), read_until: None, sweep_at: FEW };
        Self { keep, known: RwLock::new(known) }
    }

    /// No token of a session is good any more that could be refreshed for the last time before this moment.
    pub(crate) fn oldest(&self, now: Timestamp) -> Timestamp {
        earlier(now, self.keep)
    }

    /// Whether a token says what is true no more: its session has ended, or its account's rights have changed since.
    pub(crate) fn revoked(&self, claims: &AccessClaims) -> bool {
        let known = self.read();
        known.ended.contains_key(&claims.session)
            || known.rights.get(&claims.user).is_some_and(|(rights, _)| claims.rights < *rights)
    }

    /// Takes note that a session ended at `at`.
    pub(crate) fn note(&self, session: SessionId, at: Timestamp) {
        let mut known = self.write();
        known.ended.insert(session, at);
        self.sweep(&mut known, at);
    }

    /// Takes note that an account's rights were counted up to `rights` at `at`.
    pub(crate) fn note_rights(&self, user: UserId, rights: u32, at: Timestamp) {
        let mut known = self.write();
        known.change(user, rights, at);
        self.sweep(&mut known, at);
    }

    fn sweep(&self, known: &mut Known, at: Timestamp) {
        if known.ended.len() + known.rights.len() >= known.sweep_at {
            known.forget_before(self.oldest(at));
        }
    }

    /// From when on what ended or changed has to be read from the store at `now`.
    pub(crate) fn unread_since(&self, now: Timestamp) -> Timestamp {
        let oldest = self.oldest(now);
        match self.read().read_until {
            Some(read_until) if read_until <= later(now, OVERLAP) => {
                earlier(read_until.min(now), OVERLAP).max(oldest)
            }
            // After a clock was set back, what has been forgotten meanwhile counts again.
            _ => oldest,
        }
    }

    /// Takes over what the store had at `now`.
    pub(crate) fn absorb(
        &self,
        ended: Vec<(SessionId, Timestamp)>,
        changed: Vec<(UserId, u32, Timestamp)>,
        now: Timestamp,
    ) {
        let mut known = self.write();
        for (session, at) in ended {
            let noted = known.ended.entry(session).or_insert(at);
            *noted = at.max(*noted);
        }
        for (user, rights, at) in changed {
            known.change(user, rights, at);
        }
        known.read_until = Some(now);
        known.forget_before(self.oldest(now));
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn change(&mut self, user: UserId, rights: u32, at: Timestamp) {
        let noted = self.rights.entry(user).or_insert((rights, at));
        *noted = (rights.max(noted.0), at.max(noted.1));
    }

    fn forget_before(&mut self, oldest: Timestamp) {
        self.ended.retain(|_, at| *at >= oldest);
        self.rights.retain(|_, (_, at)| *at >= oldest);
        self.sweep_at = ((self.ended.len() + self.rights.len()) * 2).max(FEW);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::testing::{ManualClock, SeededRandomness};
    use square_kernel::{Clock, Randomness};

    const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

    fn session(randomness: &dyn Randomness) -> SessionId {
        SessionId::new(&ManualClock::default(), randomness)
    }

    fn knows(revocations: &Revocations, session: SessionId) -> bool {
        revocations.read().ended.contains_key(&session)
    }

    #[test]
    fn an_entry_outlives_the_tokens_of_its_session_and_goes_then() {
        let (revocations, randomness) = (Revocations::new(LIFETIME), SeededRandomness::default());
        let (ended, at) = (session(&randomness), ManualClock::default().now());
        revocations.note(ended, at);
        revocations.absorb(Vec::new(), Vec::new(), later(at, LIFETIME));
        assert!(knows(&revocations, ended));
        revocations.absorb(Vec::new(), Vec::new(), later(at, SignedDuration::from_secs(2 * 3600 + 1)));
        assert!(!knows(&revocations, ended));
    }

    #[test]
    fn memory_stays_bounded_without_any_reading() {
        let (revocations, randomness) = (Revocations::new(LIFETIME), SeededRandomness::default());
        let mut at = ManualClock::default().now();
        for _ in 0..10 * FEW {
            at = later(at, SignedDuration::from_mins(1));
            revocations.note(session(&randomness), at);
        }
        assert!(revocations.read().ended.len() <= FEW);
    }

    #[test]
    fn a_second_reading_goes_back_a_little_and_all_the_way_when_the_clock_was_set_back() {
        let revocations = Revocations::new(LIFETIME);
        let now = ManualClock::default().now();
        assert_eq!(revocations.unread_since(now), earlier(now, SignedDuration::from_hours(2)));
        revocations.absorb(Vec::new(), Vec::new(), now);
        let next = later(now, SignedDuration::from_secs(1));
        assert_eq!(revocations.unread_since(next), earlier(now, OVERLAP));
        let adjusted = earlier(now, OVERLAP);
        assert_eq!(revocations.unread_since(adjusted), earlier(adjusted, OVERLAP));
        let back = earlier(now, SignedDuration::from_mins(5));
        assert_eq!(revocations.unread_since(back), earlier(back, SignedDuration::from_hours(2)));
    }

    #[test]
    fn what_was_forgotten_while_the_clock_was_ahead_is_read_again() {
        let (revocations, randomness) = (Revocations::new(LIFETIME), SeededRandomness::default());
        let (ended, at) = (session(&randomness), ManualClock::default().now());
        revocations.absorb(vec![(ended, at)], Vec::new(), at);
        revocations.absorb(Vec::new(), Vec::new(), later(at, SignedDuration::from_hours(24)));
        assert!(!knows(&revocations, ended));
        assert!(revocations.unread_since(later(at, SignedDuration::from_mins(30))) <= at);
    }
}
