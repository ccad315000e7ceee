use crate::change::{Change, ChangeId};
use crate::ports::{Outcome, Receiver, Refusal};
use async_trait::async_trait;
use square_kernel::testing::lock;
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

/// A receiver that takes everything, unless a test says otherwise.
pub struct ScriptedReceiver {
    name: String,
    batch: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    script: VecDeque<Outcome>,
    refusals: HashMap<ChangeId, Refusal>,
    handed: Vec<Vec<Change>>,
    taken: Vec<Change>,
}

impl ScriptedReceiver {
    /// Likes to get `batch` changes at once.
    pub fn new(name: &str, batch: u32) -> Self {
        Self { name: name.to_owned(), batch, state: Mutex::default() }
    }

    /// Another of the coming deliveries, one each in the order of calls, comes to `outcome`, whatever it brings.
    pub fn script(&self, outcome: Outcome) {
        lock(&self.state).script.push_back(outcome);
    }

    /// Refuses `change` whenever it comes.
    pub fn refuse(&self, change: ChangeId, refusal: Refusal) {
        lock(&self.state).refusals.insert(change, refusal);
    }

    /// Refuses nothing any more.
    pub fn relent(&self) {
        lock(&self.state).refusals.clear();
    }

    /// What it was handed, call by call, taken or not.
    pub fn handed(&self) -> Vec<Vec<Change>> {
        lock(&self.state).handed.clone()
    }

    /// What it has confirmed, repeats included.
    pub fn taken(&self) -> Vec<Change> {
        lock(&self.state).taken.clone()
    }
}

impl State {
    fn outcome(&mut self, changes: &[Change]) -> Outcome {
        if let Some(scripted) = self.script.pop_front() {
            return scripted;
        }
        let refused = changes.iter().position(|change| self.refusals.contains_key(&change.id));
        let refusal = refused.and_then(|at| self.refusals.get(&changes[at].id)).cloned();
        Outcome { delivered: refused.unwrap_or(changes.len()), refusal }
    }
}

#[async_trait]
impl Receiver for ScriptedReceiver {
    fn name(&self) -> &str {
        &self.name
    }

    fn batch(&self) -> u32 {
        self.batch
    }

    async fn deliver(&self, changes: &[Change]) -> Outcome {
        let mut state = lock(&self.state);
        state.handed.push(changes.to_vec());
        let outcome = state.outcome(changes);
        state.taken.extend(changes.iter().take(outcome.delivered).cloned());
        outcome
    }
}
