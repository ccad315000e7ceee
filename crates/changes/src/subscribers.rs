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

#[cfg(test)]
mod tests {
    use super::{BACKLOG, Received, Subscribers, Subscription};
    use crate::change::{Action, Change, Channel};
    use crate::testing::{Draft, MemoryChanges};
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};
    use uuid::Uuid;

    #[derive(Default)]
    struct Stage {
        changes: MemoryChanges,
        subscribers: Subscribers,
    }

    impl Stage {
        fn publish(&self, channel: Channel) -> Arc<Change> {
            let draft = Draft::of(channel, Action::Update, Uuid::from_u128(1));
            let change = Arc::new(self.changes.record(draft));
            self.subscribers.publish(&change);
            change
        }

        fn subscribe<const N: usize>(&self, channels: [Channel; N]) -> Subscription {
            self.subscribers.subscribe(channels.into())
        }
    }

    /// What is there already.
    fn received(subscription: &mut Subscription) -> Vec<Received> {
        let mut all = Vec::new();
        loop {
            let next = std::pin::pin!(subscription.next());
            match next.poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Some(received)) => all.push(received),
                Poll::Ready(None) | Poll::Pending => return all,
            }
        }
    }

    #[test]
    fn a_subscriber_hears_of_its_channels_from_then_on() {
        let stage = Stage::default();
        stage.publish(Channel::Skill);
        let mut one = stage.subscribe([Channel::Skill, Channel::Event]);
        let mut other = stage.subscribe([Channel::Event]);
        let (skill, _, event) =
            (stage.publish(Channel::Skill), stage.publish(Channel::Movie), stage.publish(Channel::Event));
        let changes = [skill, event].map(Received::Change);
        assert_eq!(received(&mut one), changes);
        assert_eq!(received(&mut other), changes[1..]);
        assert_eq!(received(&mut one), []);
    }

    #[test]
    fn what_instances_tell_one_another_goes_to_nobody() {
        let stage = Stage::default();
        let mut all = stage.subscribers.subscribe(Channel::ALL.iter().copied().collect());
        for channel in Channel::ALL {
            stage.publish(*channel);
        }
        let heard = received(&mut all);
        let channels: Vec<Channel> = heard
            .iter()
            .map(|received| match received {
                Received::Change(change) => change.channel,
                Received::Missed(_) => panic!("{heard:?}"),
            })
            .collect();
        let public: Vec<Channel> =
            Channel::ALL.iter().copied().filter(|channel| channel.is_public()).collect();
        assert_eq!(channels, public);
    }

    #[test]
    fn one_that_lags_is_told_how_many_it_missed_and_goes_on_behind_them() {
        let stage = Stage::default();
        let mut slow = stage.subscribe([Channel::Skill]);
        let all: Vec<_> = (0..BACKLOG + 3).map(|_| stage.publish(Channel::Skill)).collect();
        let heard = received(&mut slow);
        assert_eq!(heard[0], Received::Missed(3));
        assert!(heard[1..].iter().eq(&all[3..].iter().cloned().map(Received::Change).collect::<Vec<_>>()));
        let next = stage.publish(Channel::Skill);
        assert_eq!(received(&mut slow), [Received::Change(next)]);
    }

    #[test]
    fn one_that_keeps_up_misses_nothing_because_of_one_that_lags() {
        let stage = Stage::default();
        let _slow = stage.subscribe([Channel::Skill]);
        let mut quick = stage.subscribe([Channel::Skill]);
        for _ in 0..3 * BACKLOG {
            let change = stage.publish(Channel::Skill);
            assert_eq!(received(&mut quick), [Received::Change(change)]);
        }
    }

    #[tokio::test]
    async fn a_subscription_ends_when_nothing_can_come_any_more() {
        let stage = Stage::default();
        let mut subscription = stage.subscribe([Channel::Skill]);
        let last = stage.publish(Channel::Skill);
        drop(stage);
        assert_eq!(subscription.next().await, Some(Received::Change(last)));
        assert_eq!(subscription.next().await, None);
    }
}
