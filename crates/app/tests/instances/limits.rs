//! What is tried too often, on all instances together.

use crate::world::{Instance, PASSWORD, World, login, soon};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

async fn attempt(instance: &Instance, body: &Value) -> u16 {
    let reply = instance.call_with(Method::POST, "/api/login", body).await.expect("the server answers");
    assert_eq!(reply.retry_after.is_some(), reply.status == 429);
    reply.status
}

#[tokio::test]
async fn attempts_at_all_instances_count_together() {
    let mut world = World::new().await;
    world.set("SQUARE__ACCOUNTS__LIMITS__SIGN_INS_PER_NAME", "6");
    world.set("SQUARE__ACCOUNTS__LIMITS__SIGN_INS_PER_DEVICE", "6");
    let (a, b) = world.two_instances().await;
    world.account("ann").await;

    let first = a.request(Method::POST, "/api/login").json(&login("ann")).send().await.expect("an answer");
    let device = first.headers()["x-device-token"].clone();
    for name in ["ann", "nobody"] {
        let wrong = json!({"username": name, "password": "wrong horse battery"});
        let attempts = (0..8).flat_map(|_| [attempt(&a, &wrong), attempt(&b, &wrong)]);
        let statuses = join_all(attempts).await;
        let count = |status: u16| statuses.iter().filter(|answered| **answered == status).count();
        assert_eq!((count(401), count(429)), (6, 10), "{name}: {statuses:?}");
    }
    let right = json!({"username": "ann", "password": PASSWORD});
    assert_eq!((attempt(&a, &right).await, attempt(&b, &right).await), (429, 429));

    // The device that signed in at one of them is not locked out of any.
    for instance in [&a, &b] {
        let request = instance.request(Method::POST, "/api/login").json(&right);
        let reply = request.header("X-Device-Token", &device).send().await.expect("an answer");
        assert_eq!(reply.status(), 200);
    }
}

/// Whether a question may be asked without an account; it costs one.
async fn may_ask(instance: &Instance) -> bool {
    let body = json!({"question": "Will it rain?"});
    let reply = instance.call_with(Method::POST, "/api/route", &body).await.expect("the server answers");
    match reply.status {
        200 => true,
        429 => {
            assert_eq!(reply.body["code"], "too_many_questions");
            assert!(reply.retry_after.is_some());
            false
        }
        other => panic!("{other}: {}", reply.body),
    }
}

#[tokio::test]
async fn questions_at_all_instances_count_together_within_a_second() {
    // More than one instance can be asked one after another in a second while this test looks.
    const BURST: usize = 300;
    let mut world = World::new().await;
    world.set("SQUARE__QUESTIONS__LIMITS__ANONYMOUS__PER_MINUTE", "1");
    world.set("SQUARE__QUESTIONS__LIMITS__ANONYMOUS__BURST", BURST.to_string());
    let (a, b) = world.two_instances().await;
    world.account("ann").await;
    let ann = b.signed_in("ann").await;

    // One by itself is exact.
    let asked = join_all((0..BURST + 20).map(|_| may_ask(&a))).await;
    assert_eq!(asked.iter().filter(|asked| **asked).count(), BURST);
    // The other has never seen this asker, and has a whole budget left as far as it knows by itself.
    let mut passed = 0;
    soon("the other instance knows", async || {
        let asked = may_ask(&b).await;
        passed += usize::from(asked);
        (!asked).then_some(())
    })
    .await;
    assert!(passed < BURST, "it was refused for what it let pass by itself");
    // So does one that comes later, and what each let pass too much is no gift to anybody.
    let c = world.instance().await;
    soon("a new instance knows", async || (!may_ask(&c).await).then_some(())).await;
    assert_eq!((may_ask(&a).await, may_ask(&b).await), (false, false));
    let question = json!({"question": "Will it rain?"});
    assert!(
        ann.post("/api/question", &question).await.is_array(),
        "who is signed in has limits of their own"
    );
}
