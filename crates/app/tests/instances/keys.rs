//! Secrets and signing keys are replaced on instances that go on.

use crate::waiting::within;
use crate::world::{Instance, World, soon};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::time::Duration;

const A: &str = "Xh3vQ8Lw2Rt6Yp9Zk4Nm7Bc1Df5Gj0Aa";
const B: &str = "Bq7wE2rT9yU4iO1pL6kJ3hG8fD5sA0zX";

fn kid(token: &str) -> String {
    let head = URL_SAFE_NO_PAD.decode(token.split('.').next().expect("a header")).expect("base64url");
    let head: Value = serde_json::from_slice(&head).expect("JSON");
    head["kid"].as_str().expect("a key").to_owned()
}

async fn listed(instance: &Instance) -> Vec<String> {
    let jwks = instance.get("/.well-known/jwks.json").await;
    let keys = jwks["keys"].as_array().expect("keys");
    keys.iter().map(|key| key["kid"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_instance_knows_a_signing_key_before_any_signs_by_it() {
    let mut world = World::new().await;
    world.set("SQUARE__AUTH__SIGNING_KEY_LEAD_S", "3");
    world.account("ann").await;
    let (one, other) = world.two_instances().await;
    let mut session = one.sign_in("ann").await;
    let before = session.access.clone();
    assert_eq!(listed(&one).await, listed(&other).await);

    world.run(&["keys", "rotate-signing"], "").await;
    let keys = soon("both know the new key", async || {
        let (one, other) = (listed(&one).await, listed(&other).await);
        (one.len() == 2 && one == other).then_some(one)
    });
    let keys = keys.await;
    assert_eq!(keys[1], kid(&before));
    let signed = within(Duration::from_secs(20), "it signs", async || {
        session = one.refresh(&session).await;
        // Whichever key it was: the other one takes it at once.
        assert_eq!(other.by(&session.access).status("/api/me").await, 200);
        (kid(&session.access) == keys[0]).then(|| session.access.clone())
    });
    let signed = signed.await;
    let at_other = other.sign_in("ann").await;
    assert_eq!(kid(&at_other.access), keys[0], "both choose the same");
    for instance in [&one, &other] {
        for token in [&before, &signed, &at_other.access] {
            assert_eq!(instance.by(token).status("/api/me").await, 200);
        }
    }

    world.run(&["keys", "rotate-signing", "--replace"], "").await;
    one.refuses(&signed).await;
    other.refuses(&signed).await;
    let next = one.refresh(&session).await;
    assert_eq!(other.by(&next.access).status("/api/me").await, 200, "the session goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_restarted_one_by_one_with_another_secret_take_each_others_tokens() {
    let mut world = World::new().await;
    world.set("SECRET_KEY", A);
    world.set("SECRET_KEY_PREVIOUS", B);
    world.account("ann").await;
    let (one, other) = world.two_instances().await;
    let mut session = one.sign_in("ann").await;

    let mut next = world;
    next.set("SECRET_KEY", B);
    next.set("SECRET_KEY_PREVIOUS", A);
    drop(other);
    let other = next.instance().await;
    for instance in [&other, &one, &other] {
        session = instance.refresh(&session).await;
        assert_eq!(one.by(&session.access).status("/api/me").await, 200);
        assert_eq!(other.by(&session.access).status("/api/me").await, 200);
    }
    let (code, said) = next.ended(&["keys", "reseal"]).await;
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("1 server runs with another SECRET_KEY"), "{said}");

    drop(one);
    let one = next.instance().await;
    session = one.refresh(&session).await;
    assert_eq!(next.ended(&["keys", "reseal"]).await.0, Some(0));
    next.set("SECRET_KEY_PREVIOUS", "");
    drop((one, other));
    let alone = next.instance().await;
    session = alone.refresh(&session).await;
    assert_eq!(alone.by(&session.access).status("/api/me").await, 200);
}
