use crate::InstanceId;
use crate::ports::{Beat, InstanceStore};
use square_kernel::Unavailable;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// This instance's place among the others.
pub struct Membership {
    store: Arc<dyn InstanceStore>,
    me: InstanceId,
    seen: HashMap<InstanceId, Seen>,
}

/// What is known of another instance.
struct Seen {
    beats: u64,
    /// How often this instance has looked since that number was new.
    unchanged: u32,
}

impl Membership {
    /// How long to rest between two steps.
    pub const PAUSE: Duration = Duration::from_secs(1);

    /// An instance whose number is the same at so many looks in a row is dead.
    pub const PATIENCE: u32 = 8;

    /// `me` among those that `store` lists. It is put on the list with the first step.
    pub fn new(store: Arc<dyn InstanceStore>, me: InstanceId) -> Self {
        Self { store, me, seen: HashMap::new() }
    }

    /// Counts, looks at the others and strikes off who has died; tells whom. Whatever these had to do may be done
    /// by others from then on.
    pub async fn step(&mut self) -> Result<Vec<InstanceId>, Unavailable> {
        self.store.beat(self.me).await?;
        let beats = self.store.beats().await?;
        let mut dead = Vec::new();
        for beat in self.still(&beats) {
            if self.store.strike_off(beat).await? {
                dead.push(beat.instance);
            }
        }
        Ok(dead)
    }

    /// Takes this instance off the list, at an orderly end.
    pub async fn leave(&self) -> Result<(), Unavailable> {
        self.store.leave(self.me).await
    }

    /// Takes note of what the others have counted to; gives those who have stood still for too long.
    fn still(&mut self, beats: &[Beat]) -> Vec<Beat> {
        let mut seen = HashMap::with_capacity(beats.len());
        let mut still = Vec::new();
        for beat in beats.iter().filter(|beat| beat.instance != self.me) {
            let unchanged = match self.seen.get(&beat.instance) {
                Some(before) if before.beats == beat.beats => before.unchanged + 1,
                _ => 0,
            };
            if unchanged >= Self::PATIENCE {
                still.push(*beat);
            }
            seen.insert(beat.instance, Seen { beats: beat.beats, unchanged });
        }
        self.seen = seen;
        still
    }
}
