use crate::InstanceId;
use crate::ports::{Beat, InstanceStore};
use async_trait::async_trait;
use square_kernel::Unavailable;
use square_kernel::testing::lock;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

/// The list of instances in memory, behind one lock, so that each call is one transaction. Can be told to fail.
#[derive(Default)]
pub struct MemoryInstances {
    state: Mutex<State>,
    broken: Mutex<bool>,
}

#[derive(Default)]
struct State {
    beats: BTreeMap<InstanceId, u64>,
    duties: HashMap<String, InstanceId>,
}

impl MemoryInstances {
    /// Who is on the list.
    pub fn listed(&self) -> Vec<InstanceId> {
        lock(&self.state).beats.keys().copied().collect()
    }

    /// Who has `duty`.
    pub fn holder(&self, duty: &str) -> Option<InstanceId> {
        lock(&self.state).duties.get(duty).copied()
    }

    /// From now on every call fails.
    pub fn break_down(&self) {
        *lock(&self.broken) = true;
    }

    /// From now on every call works.
    pub fn repair(&self) {
        *lock(&self.broken) = false;
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, Unavailable> {
        if *lock(&self.broken) {
            return Err(Unavailable::new("the list of instances is broken"));
        }
        Ok(lock(&self.state))
    }
}

impl State {
    fn remove(&mut self, instance: InstanceId) {
        self.beats.remove(&instance);
        self.duties.retain(|_, holder| *holder != instance);
    }
}

#[async_trait]
impl InstanceStore for MemoryInstances {
    async fn beat(&self, instance: InstanceId) -> Result<(), Unavailable> {
        *self.state()?.beats.entry(instance).or_default() += 1;
        Ok(())
    }

    async fn beats(&self) -> Result<Vec<Beat>, Unavailable> {
        let state = self.state()?;
        Ok(state.beats.iter().map(|(instance, beats)| Beat { instance: *instance, beats: *beats }).collect())
    }

    async fn strike_off(&self, seen: Beat) -> Result<bool, Unavailable> {
        let mut state = self.state()?;
        let still = state.beats.get(&seen.instance) == Some(&seen.beats);
        if still {
            state.remove(seen.instance);
        }
        Ok(still)
    }

    async fn leave(&self, instance: InstanceId) -> Result<(), Unavailable> {
        self.state()?.remove(instance);
        Ok(())
    }

    async fn take(&self, duty: &str, instance: InstanceId) -> Result<bool, Unavailable> {
        let mut state = self.state()?;
        if !state.beats.contains_key(&instance) {
            return Ok(false);
        }
        Ok(*state.duties.entry(duty.to_owned()).or_insert(instance) == instance)
    }
}
