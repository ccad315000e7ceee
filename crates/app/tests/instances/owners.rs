//! What owners change of their accounts, up to their end.

use crate::letters;
use crate::stub::Stub;
use crate::waiting::within;
use crate::world::{PASSWORD, World, login, names, soon, train};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

const NEW: &str = "quite another horse";

#[tokio::test]
async fn a_new_password_holds_everywhere_within_a_second() {
    let world = World::new().await;
    let (a, b) = world.two_instances().await;
    world.account("ann").await;

    let (here, there) = (a.sign_in("ann").await, b.sign_in("ann").await);
    let passwords = json!({"existing_password": PASSWORD, "new_password": NEW});
    a.by(&here.access).post("/api/update_password", &passwords).await;
    b.refuses(&there.access).await;
    assert_eq!(b.refresh_status(&there).await, 401);
    for instance in [&a, &b] {
        assert_eq!(instance.by(&here.access).status("/api/me").await, 200, "this one goes on");
        let old = instance.call_with(Method::POST, "/api/login", &login("ann")).await.unwrap();
        assert_eq!(old.status, 401, "{}", old.body);
    }

    // Whichever instance sees to the request, the letter leaves once.
    b.post("/api/forgot_password", &json!({"email": "ann@example.org"})).await;
    let token = within(Duration::from_secs(5), "the letter is sent", async || {
        let sent = letters::in_all(&[a.folder(), b.folder()]);
        sent.iter().find_map(|letter| letter.secret_for("reset_password"))
    })
    .await;
    a.post("/api/validatenewPassword", &json!({"token": token, "password": PASSWORD})).await;
    tokio::join!(a.refuses(&here.access), b.refuses(&here.access));
    b.sign_in("ann").await;
}

#[tokio::test]
async fn an_account_that_is_deleted_is_gone_everywhere_within_a_second() {
    let world = World::new().await;
    let (a, b) = world.two_instances().await;
    tokio::join!(world.account("ann"), world.account("bob"));
    let stub = Stub::start("at six").await;
    stub.answer_all();
    let (ann, elsewhere) = (a.sign_in("ann").await, b.sign_in("ann").await);
    let owner = a.by(&ann.access);
    let id = owner.register("Tides", &stub.url).await;
    train(
        &owner,
        &id,
        &["When is high tide in Whitby?", "How high is the tide?", "When does the ebb begin?"],
    )
    .await;
    let question = json!({"question": "When is high tide in Dover?"});
    within(Duration::from_secs(20), "it is asked on the other instance", async || {
        names(&b.post("/api/question", &question).await).contains(&"Tides").then_some(())
    })
    .await;

    let body = json!({"password": PASSWORD});
    let deleted = owner.call_with(Method::DELETE, "/api/me", &body).await.unwrap();
    assert_eq!(deleted.status, 200, "{}", deleted.body);
    assert_eq!(owner.status("/api/me").await, 401);
    b.refuses(&elsewhere.access).await;
    for instance in [&a, &b] {
        soon("nobody knows the skill any more", async || {
            (instance.status(&format!("/api/skill/{id}")).await == 404).then_some(())
        })
        .await;
        assert!(!names(&instance.post("/api/question", &question).await).contains(&"Tides"));
    }

    // One that starts only now has never heard of these sessions.
    let late = world.instance().await;
    for token in [&ann.access, &elsewhere.access] {
        assert_eq!(late.by(token).status("/api/me").await, 401);
    }
    assert_eq!(late.by(&late.sign_in("bob").await.access).status("/api/me").await, 200);
}
