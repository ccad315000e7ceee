//! Several first starts at once.

use crate::world::{Instance, World};
use serde_json::Value;

#[tokio::test]
async fn instances_that_start_together_on_an_empty_database_all_come_up_as_one_server() {
    let world = World::new().await;
    let instances: [Instance; 3] = tokio::join!(world.instance(), world.instance(), world.instance()).into();
    let keys = instances[0].get("/.well-known/jwks.json").await;
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(1), "{keys}");
    for instance in &instances {
        assert_eq!(instance.get("/.well-known/jwks.json").await, keys);
        assert_eq!(instance.get("/health/ready").await["status"], "ok");
        assert_eq!(instance.said().lines().filter(|line| line.contains("ERROR")).count(), 0);
    }
    world.account("ann").await;
    for here in &instances {
        let session = here.sign_in("ann").await;
        for there in &instances {
            let me: Value = there.by(&session.access).get("/api/me").await;
            assert_eq!(me["username"], "ann");
        }
    }
}
