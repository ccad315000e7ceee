//! The keys that access tokens are signed by, and how one takes over from another without anybody noticing: a key is known
//! everywhere before it signs, and goes when nothing that it has signed is good any more.

use crate::ports::{KeyRing, SigningKeyError, SigningKeyStore, StoredSigningKey};
use crate::service::later;
use jiff::{SignedDuration, Timestamp};
use square_kernel::{Clock, Unavailable};
use std::sync::Arc;

/// So much longer than its tokens a key is kept, for clocks that disagree.
const MARGIN: SignedDuration = SignedDuration::from_mins(1);

/// What the operator chooses about signing keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningKeyPolicy {
    /// How long a key is known before it signs.
    pub lead: SignedDuration,
    /// How long it signs before the next one is made; `None` where only the operator makes any.
    pub lifetime: Option<SignedDuration>,
    /// How long an access token is good.
    pub access_token_lifetime: SignedDuration,
}

/// Why signing keys cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadKeysError {
    /// They cannot be used.
    #[error(transparent)]
    Unusable(#[from] SigningKeyError),
    /// Something needed does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<LoadKeysError> for Unavailable {
    fn from(error: LoadKeysError) -> Self {
        match error {
            LoadKeysError::Unusable(error) => Self::new(error),
            LoadKeysError::Unavailable(error) => error,
        }
    }
}

/// What became of a wish for another signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// This one is made, and signs from its moment on.
    Made(StoredSigningKey),
    /// There is one already whose moment has not come yet.
    Waits(StoredSigningKey),
}

/// What was done for the keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tended {
    /// The key that was made.
    pub made: Option<String>,
    /// How many went.
    pub retired: u32,
}

/// What a signing key is for at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// It verifies, and signs from this moment on.
    SignsFrom(Timestamp),
    /// It signs.
    Signs,
    /// It only verifies, until this moment.
    VerifiesUntil(Timestamp),
}

/// The use cases on signing keys. Share it behind an `Arc`.
pub struct SigningKeys {
    store: Arc<dyn SigningKeyStore>,
    ring: Arc<dyn KeyRing>,
    clock: Arc<dyn Clock>,
    policy: SigningKeyPolicy,
}

impl SigningKeys {
    /// Keeps keys in `store` and holds them in `ring`.
    pub fn new(
        store: Arc<dyn SigningKeyStore>,
        ring: Arc<dyn KeyRing>,
        clock: Arc<dyn Clock>,
        policy: SigningKeyPolicy,
    ) -> Self {
        Self { store, ring, clock, policy }
    }

    /// Has tokens signed and verified by the keys that are stored; makes the first where there is none yet. Of several instances
    /// that start at once each gets the same keys.
    pub async fn load(&self) -> Result<(), LoadKeysError> {
        let mut keys = self.store.all().await?;
        if keys.is_empty() {
            let now = self.clock.now();
            // Nobody has signed anything: it need not wait.
            self.store.add_first(&self.ring.make(now, now)).await?;
            keys = self.store.all().await?;
        }
        Ok(self.ring.hold(&keys)?)
    }

    /// All keys, newest first, and what each is for now.
    pub async fn list(&self) -> Result<Vec<(StoredSigningKey, KeyUse)>, Unavailable> {
        let keys = self.store.all().await?;
        let uses: Vec<_> = (0..keys.len()).map(|place| self.use_of(&keys, place)).collect();
        Ok(keys.into_iter().zip(uses).collect())
    }

    /// Makes the next key, which signs once every instance has long known it.
    pub async fn rotate(&self) -> Result<Rotated, Unavailable> {
        loop {
            let now = self.clock.now();
            let newest = self.newest().await?;
            if newest.signs_from > now {
                return Ok(Rotated::Waits(newest));
            }
            let next = self.ring.make(now, later(now, self.policy.lead));
            if self.store.add_next(&next, &newest.id).await? {
                return Ok(Rotated::Made(next));
            }
            // Another one was faster: theirs waits now.
        }
    }

    /// Makes the next key, which signs at once, and takes all others away: whatever they have signed is refused from now on. For keys
    /// that others have got hold of. Sessions go on, with new tokens. Gives the key and how many went.
    pub async fn replace(&self) -> Result<(StoredSigningKey, u32), Unavailable> {
        loop {
            let now = self.clock.now();
            let newest = self.newest().await?;
            let next = self.ring.make(now, now);
            if let Some(gone) = self.store.replace_all(&next, &newest.id).await? {
                return Ok((next, gone));
            }
            // Another one was made meanwhile, and has to go too.
        }
    }

    /// Makes the next key where the newest has signed long enough, and takes away those of which no token can be good any more.
    pub async fn tend(&self) -> Result<Tended, Unavailable> {
        let mut tended = Tended::default();
        let (keys, now) = (self.all().await?, self.clock.now());
        let due = |lifetime| later(keys[0].signs_from, lifetime) <= now;
        if self.policy.lifetime.is_some_and(due)
            && let Rotated::Made(key) = self.rotate().await?
        {
            tended.made = Some(key.id);
        }
        let over = |place: &usize| match self.use_of(&keys, *place) {
            KeyUse::VerifiesUntil(until) => until <= now,
            KeyUse::Signs | KeyUse::SignsFrom(_) => false,
        };
        let gone: Vec<_> = (0..keys.len()).filter(over).map(|place| keys[place].id.clone()).collect();
        if !gone.is_empty() {
            tended.retired = self.store.retire(&gone, now).await?;
        }
        Ok(tended)
    }

    /// What the key at `place` in all of them, newest first, is for.
    fn use_of(&self, keys: &[StoredSigningKey], place: usize) -> KeyUse {
        let (now, key) = (self.clock.now(), &keys[place]);
        let successor = place.checked_sub(1).map(|next| keys[next].signs_from);
        match successor {
            Some(over) if over <= now => {
                KeyUse::VerifiesUntil(later(later(over, self.policy.access_token_lifetime), MARGIN))
            }
            _ if key.signs_from > now => KeyUse::SignsFrom(key.signs_from),
            _ => KeyUse::Signs,
        }
    }

    async fn newest(&self) -> Result<StoredSigningKey, Unavailable> {
        Ok(self.all().await?.swap_remove(0))
    }

    /// At least one.
    async fn all(&self) -> Result<Vec<StoredSigningKey>, Unavailable> {
        let keys = self.store.all().await?;
        if keys.is_empty() { Err(Unavailable::new(SigningKeyError::NoKey)) } else { Ok(keys) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FakeRing, MemoryAccounts};
    use square_kernel::testing::ManualClock;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);
    const LEAD: SignedDuration = SignedDuration::from_mins(10);
    const DAY: SignedDuration = SignedDuration::from_hours(24);

    struct Scene {
        keys: SigningKeys,
        ring: Arc<FakeRing>,
        clock: Arc<ManualClock>,
        store: Arc<MemoryAccounts>,
    }

    impl Scene {
        async fn new(lifetime: Option<SignedDuration>) -> Self {
            let (store, clock) = (Arc::new(MemoryAccounts::default()), Arc::new(ManualClock::default()));
            let scene = Self::on(&store, &clock, lifetime);
            scene.keys.load().await.unwrap();
            scene
        }

        fn on(
            store: &Arc<MemoryAccounts>,
            clock: &Arc<ManualClock>,
            lifetime: Option<SignedDuration>,
        ) -> Self {
            let ring = Arc::new(FakeRing::default());
            let policy = SigningKeyPolicy { lead: LEAD, lifetime, access_token_lifetime: HOUR };
            let keys = SigningKeys::new(store.clone(), ring.clone(), clock.clone(), policy);
            Self { keys, ring, clock: clock.clone(), store: store.clone() }
        }

        async fn rotate(&self) -> StoredSigningKey {
            match self.keys.rotate().await.unwrap() {
                Rotated::Made(key) => key,
                Rotated::Waits(key) => panic!("{key:?} waits"),
            }
        }

        async fn uses(&self) -> Vec<KeyUse> {
            self.keys.list().await.unwrap().into_iter().map(|(_, purpose)| purpose).collect()
        }

        async fn ids(&self) -> Vec<String> {
            self.store.all().await.unwrap().into_iter().map(|key| key.id).collect()
        }
    }

    #[tokio::test]
    async fn the_first_start_makes_a_key_that_signs_at_once_and_later_ones_load_it() {
        let scene = Scene::new(None).await;
        assert_eq!(scene.uses().await, [KeyUse::Signs]);
        let other = Scene::on(&scene.store, &scene.clock, None);
        other.keys.load().await.unwrap();
        assert_eq!(other.ring.held(), scene.ids().await);
        assert_eq!(other.ring.made(), 0);
    }

    #[tokio::test]
    async fn a_new_key_verifies_at_once_signs_later_and_the_old_one_goes_after_its_last_token() {
        let scene = Scene::new(None).await;
        let old = scene.ids().await.remove(0);
        let new = scene.rotate().await;
        scene.keys.load().await.unwrap();
        assert_eq!(scene.ring.held(), [new.id.clone(), old.clone()], "both are known");
        assert_eq!(scene.uses().await, [KeyUse::SignsFrom(new.signs_from), KeyUse::Signs]);
        assert_eq!(new.signs_from.duration_since(scene.clock.now()), LEAD);

        scene.clock.advance(LEAD);
        let until = scene.clock.now() + HOUR + MARGIN;
        assert_eq!(scene.uses().await, [KeyUse::Signs, KeyUse::VerifiesUntil(until)]);
        scene.clock.advance(HOUR + MARGIN - SignedDuration::from_micros(1));
        assert_eq!(scene.keys.tend().await.unwrap(), Tended::default());
        scene.clock.advance(SignedDuration::from_micros(1));
        assert_eq!(scene.keys.tend().await.unwrap(), Tended { made: None, retired: 1 });
        assert_eq!(scene.ids().await, [new.id]);
        assert_eq!(scene.keys.tend().await.unwrap(), Tended::default());
    }

    #[tokio::test]
    async fn one_key_at_a_time_waits() {
        let scene = Scene::new(None).await;
        let waiting = scene.rotate().await;
        let other = Scene::on(&scene.store, &scene.clock, None);
        assert_eq!(other.keys.rotate().await.unwrap(), Rotated::Waits(waiting));
        assert_eq!(scene.ids().await.len(), 2);
        scene.clock.advance(LEAD);
        scene.rotate().await;
        assert_eq!(scene.ids().await.len(), 3);
    }

    #[tokio::test]
    async fn a_key_that_has_signed_long_enough_makes_way() {
        let scene = Scene::new(Some(DAY)).await;
        scene.clock.advance(DAY - SignedDuration::from_micros(1));
        assert_eq!(scene.keys.tend().await.unwrap(), Tended::default());
        scene.clock.advance(SignedDuration::from_micros(1));
        let made = scene.keys.tend().await.unwrap().made.unwrap();
        assert_eq!(scene.ids().await[0], made);
        scene.clock.advance(DAY);
        assert_eq!(scene.keys.tend().await.unwrap(), Tended { made: None, retired: 1 });
        scene.clock.advance(LEAD);
        assert!(scene.keys.tend().await.unwrap().made.is_some(), "a day from when it began to sign");

        let never = Scene::new(None).await;
        never.clock.advance(DAY * 1000);
        assert_eq!(never.keys.tend().await.unwrap(), Tended::default());
    }

    #[tokio::test]
    async fn a_replaced_key_is_gone_at_once() {
        let scene = Scene::new(None).await;
        let waiting = scene.rotate().await;
        let (new, gone) = scene.keys.replace().await.unwrap();
        assert_eq!((scene.ids().await, gone), (vec![new.id.clone()], 2));
        assert_ne!(new.id, waiting.id);
        assert_eq!(scene.uses().await, [KeyUse::Signs]);
    }

    #[tokio::test]
    async fn keys_that_cannot_be_used_leave_those_that_are_held() {
        let scene = Scene::new(None).await;
        scene.ring.refuse("key-1");
        scene.rotate().await;
        let refused = scene.keys.load().await;
        assert!(
            matches!(refused, Err(LoadKeysError::Unusable(SigningKeyError::Damaged(id))) if id == "key-1")
        );
        assert_eq!(scene.ring.held(), ["key-0"]);
    }
}
