//! Changes as receivers outside hear of them.

use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) channel: String,
    pub(crate) event: String,
    pub(crate) entity: String,
}

impl Told {
    /// Reads the JSON of a message.
    pub(crate) fn read(json: &[u8]) -> Self {
        let message: Value = serde_json::from_slice(json).expect("messages are JSON");
        let text = |field: &str| message[field].as_str().unwrap_or_else(|| panic!("{message}")).to_owned();
        Self { id: text("id"), channel: text("channel"), event: text("event"), entity: text("entity_id") }
    }
}

/// All that a receiver was told, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<Told>>>);

impl Heard {
    pub(crate) fn push(&self, told: Told) {
        self.lock().push(told);
    }

    /// What is left when repeats are dropped.
    pub(crate) fn firsts(&self) -> Vec<Told> {
        let mut seen = BTreeSet::new();
        self.lock().iter().filter(|told| seen.insert(told.id.clone())).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Told>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
