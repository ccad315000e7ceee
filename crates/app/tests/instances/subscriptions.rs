//! Changes made on one instance, as they are told on sockets of the other one.

use crate::client::Client;
use crate::socket::Socket;
use crate::world::{World, train};
use serde_json::json;
use std::time::{Duration, Instant};

/// A skill's id as changes name it.
fn entity(id: &str) -> String {
    id.replace('-', "")
}

/// The next change, which has to be told soon.
async fn soon_told(socket: &mut Socket, change: &str, id: &str) {
    let begun = Instant::now();
    assert_eq!(socket.change().await, (change.to_owned(), entity(id)));
    assert!(begun.elapsed() < crate::world::SOON, "{change} took {:?}", begun.elapsed());
}

async fn edit(owner: &Client, id: &str, description: &str) {
    owner.patch(&format!("/api/skill/{id}"), &json!({"description": description})).await;
}

#[tokio::test]
async fn sockets_on_one_instance_are_told_of_changes_made_on_the_other() {
    let world = World::new().await;
    let (a, b) = world.two_instances().await;
    tokio::join!(world.account("ann"), world.account("bob"));
    let (ann, bob) = (b.signed_in("ann").await, b.signed_in("bob").await);
    let mut of_ann = Socket::connect_as(&a.by(ann.token())).await;
    let mut of_bob = Socket::connect_as(&a.by(bob.token())).await;
    let mut of_nobody = Socket::connect(&a).await;
    for socket in [&mut of_ann, &mut of_bob, &mut of_nobody] {
        socket.subscribe(&["skill"]).await;
    }

    // Something that its owner alone may know of.
    let hidden = ann.register("Hidden", "http://127.0.0.1:9").await;
    soon_told(&mut of_ann, "skill create", &hidden).await;
    edit(&ann, &hidden, "Still hidden.").await;
    soon_told(&mut of_ann, "skill update", &hidden).await;
    ann.delete(&format!("/api/skill/{hidden}")).await;
    soon_told(&mut of_ann, "skill delete", &hidden).await;

    // Something that everybody gets to see. Changes come in order, so whoever was to hear of the one above would have
    // heard of it by now.
    let open = ann.register("Open", "http://127.0.0.1:9").await;
    soon_told(&mut of_ann, "skill create", &open).await;
    train(&ann, &open, &["Is it open?", "May I come in?"]).await;
    for socket in [&mut of_ann, &mut of_bob, &mut of_nobody] {
        assert_eq!(socket.change().await, ("skill update".to_owned(), entity(&open)));
    }
    edit(&ann, &open, "Open to all.").await;
    for socket in [&mut of_ann, &mut of_bob, &mut of_nobody] {
        soon_told(socket, "skill update", &open).await;
    }
    ann.post(&format!("/api/skill/{open}/unpublish"), &json!({})).await;
    for socket in [&mut of_ann, &mut of_bob, &mut of_nobody] {
        soon_told(socket, "skill update", &open).await;
    }
    edit(&ann, &open, "Closed.").await;
    soon_told(&mut of_ann, "skill update", &open).await;
    ann.delete(&format!("/api/skill/{open}")).await;
    soon_told(&mut of_ann, "skill delete", &open).await;

    // Made on the socket's own instance, and of somebody else's: told as well, once, and nothing was left over before.
    let own = a.by(bob.token()).register("Own", "http://127.0.0.1:9").await;
    soon_told(&mut of_bob, "skill create", &own).await;
    for socket in [&mut of_ann, &mut of_bob, &mut of_nobody] {
        let pong = tokio::time::timeout(Duration::from_secs(5), socket.ask(json!({"type": "ping"}))).await;
        assert_eq!(pong.expect("a pong comes")["type"], "pong");
    }
}
