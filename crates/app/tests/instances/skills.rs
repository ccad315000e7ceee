//! What owners do with their skills on one instance, as askers on the other one see it.

use crate::client::Client;
use crate::stub::Stub;
use crate::waiting::within;
use crate::world::{World, names, soon, train};
use serde_json::{Value, json};
use std::time::Duration;

const TIDES: [&str; 6] = [
    "When is high tide in Whitby?",
    "How high is the spring tide at Dover?",
    "Tell me the tide times for Falmouth",
    "Is the tide going out in Brest?",
    "When does the ebb begin at Cuxhaven?",
    "What is the tidal range in Avonmouth?",
];

/// Asks anybody who fits; gives the answer of Tides.
async fn tides(client: &Client) -> Option<Value> {
    let question = json!({"question": "When is high tide in Dover?"});
    let answers = client.post("/api/question", &question).await;
    let at = names(&answers).iter().position(|name| *name == "Tides")?;
    Some(answers[at].clone())
}

async fn is_published(client: &Client, skill: &str) -> bool {
    client.get(&format!("/api/skill/{skill}")).await["is_published"] == true
}

#[tokio::test]
async fn what_becomes_of_a_skill_on_one_instance_holds_on_the_other_within_a_second() {
    let world = World::new().await;
    let (a, b) = world.two_instances().await;
    tokio::join!(world.account("ann"), world.account("bob"));
    let (first, second) = (Stub::start("at six").await, Stub::start("at seven").await);
    first.answer_all();
    second.answer_all();
    let (ann, bob) = (a.sign_in("ann").await.access, b.sign_in("bob").await.access);
    let (ann_a, ann_b, bob_b) = (a.by(&ann), b.by(&ann), b.by(&bob));

    let id = ann_a.register("Tides", &first.url).await;
    let path = format!("/api/skill/{id}");
    soon("its owner sees a registered skill", async || (ann_b.status(&path).await == 200).then_some(()))
        .await;
    assert_eq!(bob_b.status(&path).await, 404, "nobody else does");

    // Which of the two works on it is theirs to settle.
    train(&ann_a, &id, &TIDES).await;
    within(Duration::from_secs(20), "it is published", async || {
        let published = is_published(&ann_a, &id).await || is_published(&ann_b, &id).await;
        published.then_some(())
    })
    .await;
    for instance in [&a, &b] {
        let answer = soon("a published skill is asked", async || tides(instance).await).await;
        assert_eq!(answer["results"][0]["text"], "at six");
    }

    let moved = json!({"description": "Knows the sea.", "url": second.url});
    ann_a.patch(&path, &moved).await;
    let answer = soon("the skill is asked in its new place", async || {
        tides(&b).await.filter(|answer| answer["results"][0]["text"] == "at seven")
    })
    .await;
    assert_eq!(answer["skill_description"], "Knows the sea.");
    assert_eq!(b.get(&path).await["description"], "Knows the sea.");

    // Two changes at once, on two instances and to two things: both stay.
    let (name, description) = (json!({"name": "TIDES"}), json!({"description": "Knows it all."}));
    tokio::join!(ann_a.patch(&path, &name), ann_b.patch(&path, &description));
    for instance in [&a, &b] {
        soon("both changes are shown", async || {
            let skill = instance.get(&path).await;
            (skill["name"] == "TIDES" && skill["description"] == "Knows it all.").then_some(())
        })
        .await;
    }
    ann_b.patch(&path, &json!({"name": "Tides"})).await;

    ann_b.post(&format!("{path}/unpublish"), &json!({})).await;
    soon("an unpublished skill is not asked", async || tides(&a).await.is_none().then_some(())).await;
    soon("nobody else sees it", async || (a.status(&path).await == 404).then_some(())).await;
    assert!(tides(&b).await.is_none());

    ann_a.delete(&path).await;
    soon("a deleted skill is gone", async || (ann_b.status(&path).await == 404).then_some(())).await;
    assert_eq!(ann_b.get("/api/skills").await, json!([]));
    bob_b.register("Tides", &second.url).await;
}
