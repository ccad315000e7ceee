//! Who may still come in, and as what.

use crate::letters;
use crate::waiting::within;
use crate::world::{PASSWORD, World, login};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn what_ends_or_changes_a_sign_in_holds_everywhere_within_a_second() {
    let world = World::new().await;
    let (a, b) = world.two_instances().await;
    tokio::join!(world.account("ann"), world.account("bob"));

    // Signing out, both ways and again and again: once may be luck.
    let bystander = a.sign_in("bob").await;
    for (here, there) in [(&a, &b), (&b, &a), (&a, &b), (&b, &a)] {
        let session = here.sign_in("ann").await;
        assert_eq!(there.by(&session.access).status("/api/me").await, 200, "good everywhere at once");
        here.by(&session.access).post("/api/logout", &json!({})).await;
        there.refuses(&session.access).await;
        assert_eq!(here.by(&session.access).status("/api/me").await, 401);
        assert_eq!(there.refresh_status(&session).await, 401);
    }

    // Ending a session from another one.
    let (kept, other) = (a.sign_in("ann").await, b.sign_in("ann").await);
    let list = a.by(&kept.access).get("/api/sessions").await;
    let sessions = list["sessions"].as_array().expect("a list");
    let id = sessions.iter().find(|session| session["current"] == false).expect("another one")["id"].clone();
    a.by(&kept.access).delete(&format!("/api/sessions/{}", id.as_str().expect("an id"))).await;
    b.refuses(&other.access).await;
    let third = b.sign_in("ann").await;
    b.by(&third.access).delete("/api/sessions").await;
    a.refuses(&kept.access).await;
    assert_eq!(a.by(&third.access).status("/api/me").await, 200);

    // A new role, given by a process that is no server.
    let before = a.sign_in("ann").await;
    assert_eq!(before.roles, json!(["user"]));
    assert_eq!(b.by(&before.access).status("/api/me").await, 200);
    world.run(&["user", "promote", "ann"], "").await;
    tokio::join!(a.refuses(&before.access), b.refuses(&before.access));
    let promoted = b.refresh(&before).await;
    assert_eq!(promoted.roles, json!(["admin", "user"]));
    for instance in [&a, &b] {
        assert_eq!(instance.by(&promoted.access).status("/api/me").await, 200);
    }

    world.run(&["user", "suspend", "ann"], "").await;
    tokio::join!(a.refuses(&promoted.access), b.refuses(&promoted.access));
    for instance in [&a, &b] {
        assert_eq!(instance.refresh_status(&promoted).await, 401);
        let reply = instance.call_with(Method::POST, "/api/login", &login("ann")).await.unwrap();
        assert_eq!(reply.status, 401, "{}", reply.body);
    }
    world.run(&["user", "readmit", "ann"], "").await;
    let readmitted = b.sign_in("ann").await;
    for instance in [&a, &b] {
        assert_eq!(instance.by(&readmitted.access).status("/api/me").await, 200);
        assert_eq!(instance.by(&promoted.access).status("/api/me").await, 401, "what ended stays ended");
        assert_eq!(instance.by(&bystander.access).status("/api/me").await, 200, "nobody else is meant");
    }
}

#[tokio::test]
async fn a_link_from_a_letter_works_on_any_instance() {
    let world = World::new().await;
    let (a, b) = world.two_instances().await;
    let cid = json!({"username": "cid", "email": "cid@example.org", "password": PASSWORD});
    a.post("/api/register", &cid).await;
    let letter = within(Duration::from_secs(5), "the letter is sent", async || {
        letters::in_all(&[a.folder(), b.folder()]).pop()
    })
    .await;
    b.post("/api/confirmEmail", &json!({"token": letter.secret()})).await;
    // Only who has confirmed may own skills.
    let skill = json!({"name": "Cid's", "url": "http://127.0.0.1:9"});
    a.signed_in("cid").await.post("/api/skill", &skill).await;
}
