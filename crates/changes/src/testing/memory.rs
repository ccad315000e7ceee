use super::{Draft, RecordsChanges};
use crate::change::{Change, ChangeId};
use crate::ports::{ChangeLog, DeliveryStore, SetAside};
use async_trait::async_trait;
use jiff::Timestamp;
use square_kernel::Unavailable;
use square_kernel::testing::{ManualClock, SeededRandomness, lock};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use tokio::sync::Notify;

/// Changes and how far their receivers are, in memory behind one lock, so that each call is one transaction. Can be told
/// to fail and to go back to a backup.
#[derive(Default)]
pub struct MemoryChanges {
    state: Mutex<State>,
    broken: Mutex<bool>,
    recorded: Notify,
    randomness: SeededRandomness,
}

#[derive(Clone, Default)]
struct State {
    changes: BTreeMap<u64, Change>,
    head: u64,
    positions: BTreeMap<String, u64>,
    /// By number and receiver.
    aside: BTreeMap<(u64, String), Aside>,
}

#[derive(Clone)]
struct Aside {
    reason: String,
    at: Timestamp,
    asked_for: bool,
}

/// What a [`MemoryChanges`] held at some moment.
#[derive(Clone)]
pub struct Backup(State);

impl MemoryChanges {
    /// Stores one change, also while calls fail.
    pub fn record(&self, draft: Draft) -> Change {
        let change = lock(&self.state).append(draft, self.new_id());
        self.recorded.notify_waiters();
        change
    }

    /// What is stored now.
    pub fn backup(&self) -> Backup {
        Backup(lock(&self.state).clone())
    }

    /// Puts a backup in the place of what is stored. Changes that are recorded afterwards bear other ids than those that
    /// got lost.
    pub fn restore(&self, backup: Backup) {
        *lock(&self.state) = backup.0;
    }

    /// From now on every call fails.
    pub fn break_down(&self) {
        *lock(&self.broken) = true;
    }

    /// From now on every call works.
    pub fn repair(&self) {
        *lock(&self.broken) = false;
    }

    fn new_id(&self) -> ChangeId {
        ChangeId::new(&ManualClock::default(), &self.randomness)
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, Unavailable> {
        if *lock(&self.broken) {
            return Err(Unavailable::new("the store of changes is broken"));
        }
        Ok(lock(&self.state))
    }
}

impl State {
    fn append(&mut self, draft: Draft, id: ChangeId) -> Change {
        self.head += 1;
        let Draft { channel, action, entity, audience, at } = draft;
        let change = Change { number: self.head, id, channel, action, entity, audience, at };
        self.changes.insert(self.head, change.clone());
        change
    }

    fn advance(&mut self, receiver: &str, from: u64, to: u64) -> bool {
        let position = self.positions.get_mut(receiver).filter(|position| **position == from);
        position.map(|position| *position = to).is_some()
    }

    fn note(&mut self, receiver: &str, number: u64) -> Option<&mut Aside> {
        self.aside.get_mut(&(number, receiver.to_owned()))
    }

    fn is_forgettable(&self, change: &Change, before: Timestamp) -> bool {
        change.at < before
            && change.number != self.head
            && self.positions.values().all(|position| *position >= change.number)
            && self.aside.keys().all(|(number, _)| *number != change.number)
    }
}

#[async_trait]
impl RecordsChanges for MemoryChanges {
    async fn record_all(&self, drafts: &[Draft]) -> Result<(), Unavailable> {
        {
            let mut state = self.state()?;
            for draft in drafts {
                state.append(draft.clone(), self.new_id());
            }
        }
        self.recorded.notify_waiters();
        Ok(())
    }
}

#[async_trait]
impl ChangeLog for MemoryChanges {
    async fn head(&self) -> Result<u64, Unavailable> {
        Ok(self.state()?.head)
    }

    async fn after(&self, number: u64, at_most: u32) -> Result<Vec<Change>, Unavailable> {
        let state = self.state()?;
        let later = state.changes.range(number.saturating_add(1)..).map(|(_, change)| change);
        Ok(later.take(at_most as usize).cloned().collect())
    }

    async fn hint(&self) {
        self.recorded.notified().await;
    }

    async fn forget(&self, before: Timestamp, at_most: u32) -> Result<u32, Unavailable> {
        let mut state = self.state()?;
        let old = state.changes.values().filter(|change| state.is_forgettable(change, before));
        let numbers: Vec<u64> = old.map(|change| change.number).take(at_most as usize).collect();
        state.changes.retain(|number, _| !numbers.contains(number));
        Ok(u32::try_from(numbers.len()).unwrap_or(at_most))
    }
}

#[async_trait]
impl DeliveryStore for MemoryChanges {
    async fn position(&self, receiver: &str) -> Result<u64, Unavailable> {
        let mut state = self.state()?;
        let head = state.head;
        Ok(*state.positions.entry(receiver.to_owned()).or_insert(head))
    }

    async fn advance(&self, receiver: &str, from: u64, to: u64) -> Result<bool, Unavailable> {
        Ok(self.state()?.advance(receiver, from, to))
    }

    async fn set_aside(
        &self,
        receiver: &str,
        from: u64,
        refused: &Change,
        reason: &str,
        at: Timestamp,
    ) -> Result<bool, Unavailable> {
        let mut state = self.state()?;
        if !state.advance(receiver, from, refused.number) {
            return Ok(false);
        }
        let aside = Aside { reason: reason.to_owned(), at, asked_for: false };
        state.aside.insert((refused.number, receiver.to_owned()), aside);
        Ok(true)
    }

    async fn all_set_aside(&self, at_most: u32) -> Result<Vec<SetAside>, Unavailable> {
        let state = self.state()?;
        let waiting = state.aside.iter().filter(|(_, aside)| !aside.asked_for);
        let whole = |((number, receiver), aside): (&(u64, String), &Aside)| {
            let change = state.changes.get(number)?.clone();
            let (receiver, reason) = (receiver.clone(), aside.reason.clone());
            Some(SetAside { receiver, change, reason, at: aside.at })
        };
        Ok(waiting.filter_map(whole).take(at_most as usize).collect())
    }

    async fn replay(&self, receiver: &str) -> Result<u32, Unavailable> {
        let mut asked = 0;
        for ((_, of), aside) in &mut self.state()?.aside {
            asked += u32::from(of == receiver && !aside.asked_for);
            aside.asked_for |= of == receiver;
        }
        Ok(asked)
    }

    async fn to_replay(&self, receiver: &str, at_most: u32) -> Result<Vec<Change>, Unavailable> {
        let state = self.state()?;
        let asked = state.aside.iter().filter(|((_, of), aside)| of == receiver && aside.asked_for);
        let changes = asked.filter_map(|((number, _), _)| state.changes.get(number));
        Ok(changes.take(at_most as usize).cloned().collect())
    }

    async fn replayed(&self, receiver: &str, number: u64) -> Result<(), Unavailable> {
        self.state()?.aside.remove(&(number, receiver.to_owned()));
        Ok(())
    }

    async fn refused_again(
        &self,
        receiver: &str,
        number: u64,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), Unavailable> {
        if let Some(aside) = self.state()?.note(receiver, number) {
            *aside = Aside { reason: reason.to_owned(), at, asked_for: false };
        }
        Ok(())
    }

    async fn retire(&self, receiver: &str) -> Result<bool, Unavailable> {
        let mut state = self.state()?;
        state.aside.retain(|(_, name), _| name != receiver);
        Ok(state.positions.remove(receiver).is_some())
    }
}
