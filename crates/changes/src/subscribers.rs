use crate::change::{Change, Channel};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// How many changes a subscriber may be behind before it misses some.
const BACKLOG: usize = 1024;

/// Hands changes to whoever in this process wants to hear of them.
#[derive(Debug, Clone)]
pub struct Subscribers {
    sender: broadcast::Sender<Arc<Change>>,
}

impl Default for Subscribers {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG) }
    }
}

/// What a subscription brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A change. Whether the subscriber may be told of it ([`Change::visible_to`]) is theirs to ask.
    Change(Arc<Change>),
    /// So many changes, on any channel, were missed: the subscriber was too slow.
    Missed(u64),
}

impl Subscribers {
    /// Tells everybody who has subscribed to the change's channel. Never waits. Changes that only instances are told
    /// of go nowhere.
    pub fn publish(&self, change: &Arc<Change>) {
        if change.channel.is_public() {
            // An error means that nobody listens.
            let _ = self.sender.send(Arc::clone(change));
        }
    }

    /// Hears of changes on these channels from now on.
    pub fn subscribe(&self, channels: BTreeSet<Channel>) -> Subscription {
        Subscription { channels, receiver: self.sender.subscribe() }
    }
}

/// One subscriber's view of what changes.
#[derive(Debug)]
pub struct Subscription {
    channels: BTreeSet<Channel>,
    receiver: broadcast::Receiver<Arc<Change>>,
}

impl Subscription {
    /// The next change on one of the channels; `None` once nothing can come any more. Cancel-safe.
    pub async fn next(&mut self) -> Option<Received> {
        loop {
            match self.receiver.recv().await {
                Ok(change) if self.channels.contains(&change.channel) => {
                    return Some(Received::Change(change));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => return Some(Received::Missed(missed)),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
