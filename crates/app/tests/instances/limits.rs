//! What is tried too often, on all instances together.

use crate::world::{Instance, PASSWORD, World, login};
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
