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
    /// How long to rest between two steps, at least: a look that comes sooner takes others for dead sooner.
    pub const PAUSE: Duration = Duration::from_secs(1);

    /// An instance whose number is still the same at so many looks after the one that saw it first is dead.
    pub const PATIENCE: u32 = 8;

    /// `me` among those that `store` lists. It is put on the list with the first step, and again with the next one
    /// should others have taken it for dead.
    pub fn new(store: Arc<dyn InstanceStore>, me: InstanceId) -> Self {
        Self { store, me, seen: HashMap::new() }
    }

    /// Strikes off everybody who is on the list: for a process that knows it is the only one, such as the one that
    /// serves a file.
    pub async fn replace_all(&self) -> Result<(), Unavailable> {
        for beat in self.store.beats().await? {
            self.store.strike_off(beat).await?;
        }
        Ok(())
    }

    /// Counts, looks at the others and strikes off who has died; tells whom. Whatever these had to do may be done
    /// by others from then on. Nobody else is told, and nobody at all when this process ends here: what a death leaves
    /// behind is to be found by what the store holds.
    ///
    /// A step that fails has not looked, so it counts against nobody.
    pub async fn step(&mut self) -> Result<Vec<InstanceId>, Unavailable> {
        self.store.beat(self.me).await?;
        let beats = self.store.beats().await?;
        let mut dead = Vec::new();
        for beat in self.still(&beats) {
            match self.store.strike_off(beat).await {
                Ok(struck) => {
                    // Should it come back, then as a newcomer, also where it gets to the same number.
                    self.seen.remove(&beat.instance);
                    dead.extend(struck.then_some(beat.instance));
                }
                // The rest is tried again with the next step; those that were struck off can be told now only.
                Err(_) if !dead.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(dead)
    }

    /// Takes this instance off the list, at an orderly end.
    pub async fn leave(self) -> Result<(), Unavailable> {
        self.store.leave(self.me).await
    }

    /// Takes note of what the others have counted to; gives those who have stood still for too long.
    fn still(&mut self, beats: &[Beat]) -> Vec<Beat> {
        let mut seen = HashMap::with_capacity(beats.len());
        let mut still = Vec::new();
        for beat in beats.iter().filter(|beat| beat.instance != self.me) {
            let unchanged = match self.seen.get(&beat.instance) {
                Some(before) if before.beats == beat.beats => before.unchanged.saturating_add(1),
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

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
