use super::Outcome;
use crate::connection::Connection;
use crate::outbox::{Gone, Reply};
use crate::protocol::{Channels, Ref, ServerMessage, Subscribe, parts};
use crate::sign_in::SignIn;
use serde_json::Value;
use square_changes::{Channel, Received, Subscription};
use square_kernel::Invalid;
use square_wire::{ChangeMessage, Fault};
use std::collections::BTreeSet;
use tokio_util::sync::CancellationToken;

impl Connection {
    /// `subscribe`: tells what changes from now on.
    pub(super) fn subscribe(&mut self, reference: Option<Ref>, body: &Value) -> Outcome {
        self.jobs.admit_subscription(reference.as_ref())?;
        self.asker()?;
        let Subscribe { channels } = parts(body)?;
        let channels = chosen(channels.as_ref())?;
        let changes = self.services.subscribers.subscribe(channels.clone());
        let (stop, reply) = (CancellationToken::new(), self.reply(reference.clone()));
        let job = follow(channels, changes, self.sign_in.clone(), reply, stop.clone());
        self.jobs.subscribe(reference, stop, async move {
            // Where the socket is gone, nobody is left to be told.
            let _ = job.await;
        });
        Ok(None)
    }
}

/// The channels a client means; all of them where it names none.
fn chosen(channels: Option<&Channels>) -> Result<BTreeSet<Channel>, Fault> {
    match channels {
        None => Ok(known().collect()),
        Some(Channels::One(name)) => named("channels", name),
        Some(Channels::Several(names)) if names.is_empty() => {
            Err(Fault::from(&Invalid::field("channels", "must not be empty")))
        }
        Some(Channels::Several(names)) => {
            let mut chosen = BTreeSet::new();
            for (index, name) in names.iter().enumerate() {
                chosen.append(&mut named(&format!("channels[{index}]"), name)?);
            }
            Ok(chosen)
        }
    }
}

/// The channel of this name, or all of them by the name `*`.
fn named(field: &str, name: &str) -> Result<BTreeSet<Channel>, Fault> {
    let chosen: BTreeSet<Channel> =
        known().filter(|channel| name == "*" || name == channel.as_str()).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = known().map(Channel::as_str).collect();
        let message = format!("must be one of {}, or * for all", names.join(", "));
        return Err(Fault::from(&Invalid::field(field.to_owned(), message)));
    }
    Ok(chosen)
}

/// The channels that clients know of.
fn known() -> impl Iterator<Item = Channel> {
    Channel::ALL.iter().copied().filter(|channel| channel.is_public())
}

/// Tells of changes until the client has had enough.
async fn follow(
    channels: BTreeSet<Channel>,
    mut changes: Subscription,
    sign_in: SignIn,
    reply: Reply,
    stop: CancellationToken,
) -> Result<(), Gone> {
    let channels = channels.into_iter().map(Channel::as_str).collect();
    reply.send(&ServerMessage::Subscribed { channels }).await?;
    loop {
        let received = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            received = changes.next() => received,
        };
        match received {
            Some(Received::Change(change)) => {
                let tell = || ServerMessage::Change(ChangeMessage::from(&*change));
                reply.send_if(|| sign_in.may_be_told_of(&change).then(tell)).await?;
            }
            Some(Received::Missed(count)) => reply.send(&ServerMessage::Missed { count }).await?,
            None => break,
        }
    }
    reply.send(&ServerMessage::Unsubscribed {}).await
}

#[cfg(test)]
mod tests {
    use super::follow;
    use crate::outbox::{Gone, Outbox, Outgoing, Reply};
    use crate::sign_in::SignIn;
    use futures::FutureExt;
    use serde_json::{Value, json};
    use square_accounts::testing::TestAccounts;
    use square_changes::testing::{Draft, MemoryChanges};
    use square_changes::{Action, Audience, Channel, Subscribers};
    use square_kernel::uuid::Uuid;
    use square_kernel::{UserId, Whereabouts};
    use std::pin::Pin;
    use std::sync::Arc;
    use std::task::{Context, Waker};
    use tokio::sync::mpsc::Receiver;
    use tokio::task::unconstrained;
    use tokio_util::sync::CancellationToken;

    /// A subscription to skills, without a socket, whose client has read that it is there.
    struct Stage {
        accounts: TestAccounts,
        ada: UserId,
        token: String,
        changes: MemoryChanges,
        subscribers: Subscribers,
        outbox: Outbox,
        waiting: Receiver<Outgoing>,
        stop: CancellationToken,
        job: Pin<Box<dyn Future<Output = Result<(), Gone>>>>,
    }

    impl Stage {
        /// Ada is signed in.
        async fn set() -> Self {
            let accounts = TestAccounts::default();
            let ada = accounts.register("ada").await.id;
            let token = accounts.sign_in("ada").await.tokens.access.expose().to_owned();
            let sign_in = SignIn::nobody(accounts.accounts.clone(), Whereabouts::default());
            sign_in.take(&token).unwrap();
            let (outbox, waiting) = Outbox::new("request");
            let (subscribers, stop) = (Subscribers::default(), CancellationToken::new());
            let channels = [Channel::Skill];
            let changes = subscribers.subscribe(channels.into());
            let reply = Reply { outbox: outbox.clone(), reference: None };
            let job = follow(channels.into(), changes, sign_in, reply, stop.clone());
            let job = Box::pin(unconstrained(job).fuse());
            let changes = MemoryChanges::default();
            let mut stage = Self { accounts, ada, token, changes, subscribers, outbox, waiting, stop, job };
            assert_eq!(stage.read(), [json!({"type": "subscribed", "channels": ["skill"]})]);
            stage
        }

        async fn sign_out(&self) {
            let identity = self.accounts.accounts.authenticate(&self.token).unwrap().identity.unwrap();
            self.accounts.accounts.sign_out(&identity, &square_accounts::Device::default()).await.unwrap();
        }

        /// Leaves no room for anything more to be sent.
        fn fill(&mut self) {
            for _ in 0..100 {
                self.outbox.ping();
            }
        }

        fn publish(&mut self, number: u128, audience: Audience) {
            let draft = Draft::of(Channel::Skill, Action::Update, Uuid::from_u128(number));
            self.subscribers.publish(&Arc::new(self.changes.record(Draft { audience, ..draft })));
            self.go_on();
        }

        fn go_on(&mut self) {
            let _ = self.job.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }

        /// Takes out what waits and what comes in its place, to the end.
        fn read(&mut self) -> Vec<Value> {
            let mut read = Vec::new();
            loop {
                self.go_on();
                let Ok(outgoing) = self.waiting.try_recv() else { return read };
                if let Outgoing::Text(text) = outgoing {
                    read.push(serde_json::from_str(&text).unwrap());
                }
            }
        }
    }

    /// What is read of changes: number of the thing, or `type` of the message.
    fn brief(read: &[Value]) -> Vec<String> {
        let number = |id: &str| u128::from_str_radix(id, 16).unwrap().to_string();
        let brief = |message: &Value| match message["entity_id"].as_str() {
            Some(id) => number(id),
            None => message["type"].as_str().unwrap().to_owned(),
        };
        read.iter().map(brief).collect()
    }

    fn everybody() -> Audience {
        Audience { everybody: true, ..Audience::default() }
    }

    #[tokio::test]
    async fn who_signs_out_is_not_told_what_waited_for_its_turn() {
        let mut stage = Stage::set().await;
        let private = Audience { owner: Some(stage.ada), ..Audience::default() };
        stage.fill();
        stage.publish(1, private.clone());
        assert_eq!(brief(&stage.read()), ["1"]);
        stage.fill();
        stage.publish(2, private);
        stage.publish(3, everybody());
        stage.sign_out().await;
        assert_eq!(brief(&stage.read()), ["3"]);
    }

    #[tokio::test]
    async fn nothing_follows_the_end() {
        let mut stage = Stage::set().await;
        stage.fill();
        stage.publish(1, everybody());
        stage.publish(2, everybody());
        stage.stop.cancel();
        assert_eq!(brief(&stage.read()), ["1", "unsubscribed"]);
        stage.publish(3, everybody());
        assert_eq!(stage.read(), [] as [Value; 0]);
    }

    #[tokio::test]
    async fn changes_that_come_while_a_client_does_not_read_take_up_bounded_room() {
        let mut stage = Stage::set().await;
        stage.fill();
        for number in 1..=3000 {
            stage.publish(number, everybody());
        }
        let read = stage.read();
        let count = read[1]["count"].as_u64().unwrap();
        assert_eq!(read[1], json!({"type": "missed", "count": count}));
        assert!(count > 1000, "{count}");
        let mut expected = vec!["1".to_owned(), "missed".to_owned()];
        expected.extend((count + 2..=3000).map(|number| number.to_string()));
        assert_eq!(brief(&read), expected);
    }
}
