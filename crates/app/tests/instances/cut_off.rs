//! An instance that goes on while it cannot reach the database, and is taken for dead by the other one.

use crate::proxy::Proxy;
use crate::socket::Socket;
use crate::stub::Stub;
use crate::waiting::within;
use crate::world::World;
use serde_json::json;
use std::time::Duration;

/// By then the other one has struck it off.
const MISSED: Duration = Duration::from_secs(15);

/// By then it has caught up when it reaches the database again.
const BACK: Duration = Duration::from_secs(5);

/// What a subscriber is told of a skill.
fn told_as(event: &str, skill: &str) -> (String, String) {
    (format!("skill {event}"), skill.replace('-', ""))
}

#[tokio::test]
async fn who_was_taken_for_dead_wrongly_catches_up_with_what_it_missed() {
    let mut world = World::new().await;
    let mut proxy = Proxy::start(world.database.place());
    let a = world.instance().await;
    world.account("ann").await;
    world.set("DATABASE_URL", world.database.url_by_way_of(proxy.port()));
    let b = world.instance().await;
    world.set("DATABASE_URL", world.database.url());
    let (ann_a, ended) = (a.signed_in("ann").await, b.sign_in("ann").await);
    let ann_b = b.by(ann_a.token());

    let mut socket = Socket::connect_as(&ann_b).await;
    socket.subscribe(&["skill"]).await;
    let (quick, stuck) = (Stub::start("seen").await, Stub::start("late").await);
    let skills = [ann_b.register("quick", &quick.url).await, ann_b.register("stuck", &stuck.url).await];
    let options = json!({"selector": "Base", "selectedSkills": skills});
    let question = json!({"question": "Anything?", "options": options});
    let mut at_b = ann_b.stream(&question).await;
    quick.answer();
    let seen = at_b.next_event().await.unwrap();
    stuck.asked().await;
    for skill in &skills {
        assert_eq!(socket.change().await, told_as("create", skill));
    }

    proxy.cut();
    a.by(&ended.access).post("/api/logout", &json!({})).await;
    let missed = ann_a.register("missed", "http://127.0.0.1:9").await;
    ann_a.delete(&format!("/api/skill/{}", skills[0])).await;
    within(MISSED, "it is taken for dead", async || a.said().contains("has died").then_some(())).await;
    let path = format!("/api/question/{}", seen.data["question_id"].as_str().unwrap());
    let view = within(BACK, "its question is ended", async || {
        let view = ann_a.get(&path).await;
        (view["finished"] == true).then_some(view)
    })
    .await;
    assert_eq!(view["ending"], "interrupted");

    proxy.restore();
    // It had its answer all the same, but too late: everybody is told the same.
    stuck.answer();
    let rest = tokio::time::timeout(BACK, at_b.rest()).await.expect("the stream ends");
    let told: Vec<_> = rest.iter().map(|event| (event.id.unwrap(), event.name.as_str())).collect();
    assert_eq!(told, [(6, "skill_result"), (7, "finished")]);
    assert_eq!(rest[0].data["error_code"], "interrupted");
    assert_eq!(ann_b.get(&path).await, view);

    within(BACK, "it has heard of the sign-out", async || {
        (b.by(&ended.access).status("/api/me").await == 401).then_some(())
    })
    .await;
    within(BACK, "it knows which skills there are", async || {
        let here = ann_b.status(&format!("/api/skill/{missed}")).await == 200;
        let gone = ann_b.status(&format!("/api/skill/{}", skills[0])).await == 404;
        (here && gone).then_some(())
    })
    .await;
    assert_eq!(socket.change().await, told_as("create", &missed));
    assert_eq!(socket.change().await, told_as("delete", &skills[0]));

    // It is one of them again: its work is left to it, and it is heard.
    let question =
        json!({"question": "Anything?", "options": {"selector": "Base", "selectedSkills": [skills[1]]}});
    stuck.answer_all();
    assert_eq!(ann_b.post("/api/question?envelope=1", &question).await["ending"], "complete");
    let session = b.sign_in("ann").await;
    b.by(&session.access).post("/api/logout", &json!({})).await;
    a.refuses(&session.access).await;
}
