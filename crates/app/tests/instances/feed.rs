//! Changes on their way to receivers outside, while receivers are away and an instance is killed.

use crate::client::Client;
use crate::proxy::Proxy;
use crate::pusher::PusherServer;
use crate::rabbitmq::Exchange;
use crate::told::Heard;
use crate::waiting::{looked_for, within};
use crate::world::{Instance, World};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, interval, sleep_until};
use tokio_util::sync::CancellationToken;

/// How many writers there are, and how often each makes a change: 50 changes a second together.
const WRITERS: usize = 10;
const PACE: Duration = Duration::from_millis(200);

/// How many times a writer edits a skill before it deletes it.
const EDITS: usize = 5;

/// What happened to a skill, as far as the writers know.
#[derive(Debug, Clone, Default)]
struct Story {
    /// What was acknowledged, in order.
    known: Vec<&'static str>,
    /// What may have come last: the connection broke before it was acknowledged.
    perhaps: Option<&'static str>,
}

#[derive(Debug, Default)]
struct Ledger {
    /// Skills that were made before, and are not looked at.
    others: BTreeSet<String>,
    skills: BTreeMap<String, Story>,
    /// How many skills may have been registered whose ids nobody was told.
    nameless: usize,
}

impl Ledger {
    fn changes(&self) -> usize {
        self.skills.values().map(|story| story.known.len()).sum()
    }

    /// What is wrong with what a receiver has heard; nothing when it is all that happened, in order.
    fn fault(&self, heard: &Heard) -> Option<String> {
        let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for change in heard.firsts() {
            assert_eq!(change.channel, "skill", "nothing else changed");
            if !self.others.contains(&change.entity) {
                told.entry(change.entity).or_default().push(change.event);
            }
        }
        for (skill, story) in &self.skills {
            let told = told.remove(skill).unwrap_or_default();
            let (known, rest) = told.split_at(story.known.len().min(told.len()));
            let rest_fits = rest.is_empty() || story.perhaps.is_some_and(|perhaps| rest == [perhaps]);
            if known != story.known || !rest_fits {
                return Some(format!("{skill}: {story:?} was told as {told:?}"));
            }
        }
        let nameless = told.len() <= self.nameless && told.values().all(|told| told == &["create"]);
        (!nameless).then(|| format!("never happened: {told:?}"))
    }
}

/// Makes changes to skills, one after the other, through the first of `instances` until that one is gone.
struct Writer {
    name: String,
    instances: Vec<Client>,
    ledger: Arc<Mutex<Ledger>>,
}

impl Writer {
    async fn run(mut self, stop: CancellationToken) {
        let mut pace = interval(PACE);
        let mut skill: Option<String> = None;
        for step in 0.. {
            pace.tick().await;
            if stop.is_cancelled() {
                return;
            }
            let (action, reply) = self.change(skill.as_deref(), step).await;
            let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
            match (reply, &skill) {
                (Some(reply), _) => {
                    let id = reply["id"].as_str().expect("an id").to_owned();
                    let story = ledger.skills.entry(entity(&id)).or_default();
                    story.known.push(action);
                    skill = (action != "delete").then_some(id);
                }
                (None, Some(id)) => {
                    ledger.skills.entry(entity(id)).or_default().perhaps = Some(action);
                    skill = None;
                }
                (None, None) => ledger.nameless += 1,
            }
        }
    }

    /// Makes the `step`th change; what it was, and the reply unless the instance is gone.
    async fn change(&mut self, skill: Option<&str>, step: usize) -> (&'static str, Option<Value>) {
        let instance = &self.instances[0];
        let path = skill.map(|skill| format!("/api/skill/{skill}"));
        let (action, reply) = match path {
            None => {
                let new = json!({"name": format!("{} {step}", self.name), "url": "http://127.0.0.1:9", "protocol": "square"});
                ("create", instance.call_with(Method::POST, "/api/skill", &new).await)
            }
            Some(path) if step % (EDITS + 2) == EDITS + 1 => {
                ("delete", instance.call(Method::DELETE, &path).await)
            }
            Some(path) => {
                let edit = json!({"description": format!("Step {step}.")});
                ("update", instance.call_with(Method::PATCH, &path, &edit).await)
            }
        };
        let Ok(reply) = reply else {
            self.instances.remove(0);
            return (action, None);
        };
        assert!((200..300).contains(&reply.status), "{action}: {} {}", reply.status, reply.body);
        (action, Some(reply.body))
    }
}

/// Makes skills until both receivers have heard of one, since a receiver hears of what happens after it was set up. Gives
/// all of them.
async fn hear_first(ann: &Client, receivers: [&Heard; 2]) -> BTreeSet<String> {
    let mut made = BTreeSet::new();
    within(Duration::from_secs(20), "both receivers hear", async || {
        let id = ann.register(&format!("First {}", made.len()), "http://127.0.0.1:9").await;
        made.insert(entity(&id));
        let heard = async || receivers.iter().all(|heard| !heard.firsts().is_empty()).then_some(());
        looked_for(Duration::from_millis(500), heard).await
    })
    .await;
    made
}

/// A skill's id as changes name it.
fn entity(id: &str) -> String {
    id.replace('-', "")
}

#[tokio::test]
async fn every_change_reaches_every_receiver_in_order_whatever_is_away_meanwhile() {
    let mut world = World::new().await;
    let (exchange, pusher) = (Exchange::new(), PusherServer::start().await);
    let mut to_broker = Proxy::start(exchange.place());
    let mut to_pusher = Proxy::start(pusher.place());
    exchange.set_up(&mut world, to_broker.port());
    PusherServer::set_up(&mut world, to_pusher.port());
    let from_broker = exchange.listen().await;
    world.account("ann").await;
    // The first one gets the duty to tell the receivers, and is the one to be killed.
    let a = world.instance().await;
    let ann = a.signed_in("ann").await;
    let others = hear_first(&ann, [&from_broker, &pusher.heard]).await;
    let b = world.instance().await;

    let ledger = Arc::new(Mutex::new(Ledger { others, ..Ledger::default() }));
    let stop = CancellationToken::new();
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            let both = [&a, &b].map(|instance: &Instance| instance.by(ann.token()));
            // Half of them begin at A.
            let instances = both.into_iter().skip(number % 2).collect();
            let writer = Writer { name: format!("W{number}"), instances, ledger: Arc::clone(&ledger) };
            tokio::spawn(writer.run(stop.clone()))
        })
        .collect();

    let begun = Instant::now();
    let at = |seconds: f64| sleep_until(begun + Duration::from_secs_f64(seconds));
    at(1.0).await;
    to_broker.cut();
    at(2.0).await;
    to_pusher.cut();
    at(3.0).await;
    a.strike_down();
    at(4.0).await;
    to_pusher.restore();
    at(6.0).await;
    to_broker.restore();
    let a = world.instance_in(a.kill()).await;
    at(9.0).await;
    stop.cancel();
    for writer in writers {
        writer.await.expect("every change succeeds or breaks off");
    }
    drop(a);

    let ledger = Arc::into_inner(ledger).expect("the writers are gone").into_inner();
    let ledger = ledger.expect("no writer panicked");
    assert!(ledger.changes() > 350, "only {} changes", ledger.changes());
    let lost = ledger.skills.values().filter(|story| story.perhaps.is_some()).count() + ledger.nameless;
    assert!(lost <= WRITERS / 2, "{lost} changes broke off");
    for heard in [&from_broker, &pusher.heard] {
        let complete = async || ledger.fault(heard).is_none().then_some(());
        let complete = looked_for(Duration::from_secs(30), complete).await;
        assert!(complete.is_some(), "{}", ledger.fault(heard).unwrap_or_default());
    }
    assert!(pusher.requests() > 50, "too few for many troubles");
}
