//! Questions that one instance works on, seen and steered through the other one.

use crate::client::{Client, Event, Events};
use crate::socket::Socket;
use crate::stub::Stub;
use crate::world::{World, soon};
use serde_json::{Value, json};

/// Three skills that answer when the test says so.
struct Skills {
    stubs: [Stub; 3],
    ids: Vec<String>,
}

impl Skills {
    async fn of(owner: &Client) -> Self {
        let stubs = [Stub::start("one").await, Stub::start("two").await, Stub::start("three").await];
        let mut ids = Vec::new();
        for (stub, name) in stubs.iter().zip(["one", "two", "three"]) {
            ids.push(owner.register(name, &stub.url).await);
        }
        Self { stubs, ids }
    }

    fn question(&self) -> Value {
        json!({"question": "Anything?", "options": {"selector": "Base", "selectedSkills": self.ids}})
    }
}

/// The next event, which has to come soon.
async fn soon_next(events: &mut Events) -> Event {
    let next = tokio::time::timeout(crate::world::SOON, events.next_event()).await;
    next.expect("an event comes soon").expect("the stream goes on")
}

fn told(event: &Event) -> (Option<u32>, &str, &str) {
    let data = &event.data;
    let said = data["results"][0]["text"].as_str().or(data["error_code"].as_str());
    (event.id, event.name.as_str(), said.or(data["ending"].as_str()).unwrap_or_default())
}

#[tokio::test]
async fn a_stream_cut_on_one_instance_goes_on_at_the_other() {
    let world = World::new().await;
    let (a, b) = world.two_instances().await;
    tokio::join!(world.account("ann"), world.account("bob"));
    let (ann_a, bob_b) = (a.signed_in("ann").await, b.signed_in("bob").await);
    let ann_b = b.by(ann_a.token());
    let skills = Skills::of(&ann_a).await;

    let mut events = ann_a.stream(&skills.question()).await;
    skills.stubs[0].answer();
    let first = soon_next(&mut events).await;
    assert_eq!(told(&first), (Some(6), "skill_result", "one"));
    let question = first.data["question_id"].as_str().unwrap().to_owned();
    drop(events);

    let path = format!("/api/question/{question}");
    let so_far = ann_b.get(&path).await;
    assert_eq!((&so_far["finished"], so_far["results"].as_array().unwrap().len()), (&json!(false), 1));
    assert_eq!(bob_b.status(&path).await, 404, "it is nobody else's");
    assert_eq!(bob_b.status(&format!("{path}/events")).await, 404);

    let (mut resumed, mut from_the_start) =
        (ann_b.resume(&question, 6).await, ann_b.resume(&question, 0).await);
    assert_eq!(soon_next(&mut from_the_start).await, first, "the same event under the same number");
    skills.stubs[1].answer();
    let second = soon_next(&mut resumed).await;
    assert_eq!(told(&second), (Some(7), "skill_result", "two"));
    // Cut again, between two instances' worth of events, and taken up at both.
    drop(resumed);
    let resumed = [ann_a.resume(&question, 7).await, ann_b.resume(&question, 7).await];
    skills.stubs[2].answer();
    for events in resumed {
        let rest = events.rest().await;
        let rest: Vec<_> = rest.iter().map(told).collect();
        assert_eq!(rest, [(Some(8), "skill_result", "three"), (Some(9), "finished", "complete")]);
    }
    let ids: Vec<_> = from_the_start.rest().await.iter().map(|event| event.id.unwrap()).collect();
    assert_eq!(ids, [7, 8, 9]);
    let whole = ann_b.get(&path).await;
    assert_eq!((&whole["ending"], &whole), (&json!("complete"), &ann_a.get(&path).await));
}

#[tokio::test]
async fn a_question_is_cancelled_through_the_other_instance() {
    let world = World::new().await;
    let (a, b) = world.two_instances().await;
    tokio::join!(world.account("ann"), world.account("bob"));
    let ann_a = a.signed_in("ann").await;
    let skills = Skills::of(&ann_a).await;

    let mut events = ann_a.stream(&skills.question()).await;
    skills.stubs[0].answer();
    let first = soon_next(&mut events).await;
    let question = first.data["question_id"].as_str().unwrap().to_owned();
    let cancel = json!({"type": "cancel", "question_id": question});

    let mut of_bob = Socket::connect_as(&b.signed_in("bob").await).await;
    let refused = of_bob.ask(cancel.clone()).await;
    assert_eq!((&refused["type"], &refused["error"]), (&json!("error"), &json!(404)));

    let ann_b = b.by(ann_a.token());
    let mut of_ann = Socket::connect_as(&ann_b).await;
    let resume = json!({"type": "resume", "ref": "r", "question_id": question, "after": 6});
    of_ann.send(resume).await;
    of_ann.send(cancel.clone()).await;
    for expected in [(7, "cancelled"), (8, "cancelled"), (9, "cancelled")] {
        let event = soon_next(&mut events).await;
        assert_eq!((event.id.unwrap(), told(&event).2), expected);
        let event = of_ann.next().await;
        assert_eq!(event["seq"], expected.0, "{event}");
    }
    assert_eq!(events.next_event().await, None);
    soon("it is seen as cancelled", async || {
        let view = ann_b.get(&format!("/api/question/{question}")).await;
        (view["ending"] == "cancelled").then_some(())
    })
    .await;
    let too_late = of_ann.ask(cancel).await;
    assert_eq!(too_late["error"], 404, "{too_late}");
}
