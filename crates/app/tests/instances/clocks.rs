//! Two instances whose clocks differ by half a minute.

use crate::letters;
use crate::waiting::within;
use crate::world::{Instance, PASSWORD, World};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// How far the first one's clock is ahead, in seconds.
const AHEAD: i64 = 30;

/// Where Debian's package of libfaketime puts it.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

fn library() -> String {
    let folders = [format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH), "/usr/lib".to_owned()];
    let paths = folders.map(|folder| format!("{folder}/{LIBRARY}"));
    let found = paths.into_iter().find(|path| Path::new(path).exists());
    found.unwrap_or_else(|| panic!("libfaketime is not there: apt-get install libfaketime"))
}

/// By how many seconds an instance's clock is ahead of this process's.
async fn ahead(instance: &Instance) -> i64 {
    let reply = instance.call(reqwest::Method::GET, "/health/live").await.expect("it answers");
    let date = rfc2822::parse(&reply.date).expect("a date").timestamp();
    date.duration_since(Timestamp::now()).as_secs()
}

#[tokio::test]
async fn instances_whose_clocks_differ_agree_all_the_same() {
    let mut world = World::new().await;
    let b = world.instance().await;
    for (name, value) in [
        ("LD_PRELOAD", library()),
        ("FAKETIME", format!("+{AHEAD}s")),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("FAKETIME_DISABLE_SHM", "1".to_owned()),
    ] {
        world.set(name, value);
    }
    let a = world.instance().await;
    for (instance, expected) in [(&a, AHEAD), (&b, 0)] {
        let ahead = ahead(instance).await;
        assert!((ahead - expected).abs() <= 2, "{ahead} s, not {expected} s");
    }
    world.account("ann").await;

    for (here, there) in [(&a, &b), (&b, &a)] {
        let session = here.sign_in("ann").await;
        assert_eq!(there.by(&session.access).status("/api/me").await, 200);
        let next = there.refresh(&session).await;
        assert_eq!(here.refresh(&session).await, next, "a retry elsewhere gets the same pair");
        assert_eq!(here.by(&next.access).status("/api/me").await, 200);
        there.by(&next.access).post("/api/logout", &json!({})).await;
        here.refuses(&next.access).await;
        assert_eq!(here.refresh_status(&next).await, 401);
        let again = here.sign_in("ann").await;
        assert_eq!(there.by(&again.access).status("/api/me").await, 200, "what ended is the session alone");
    }

    let names: Vec<String> = (0..20).map(|number| format!("person-{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        let body = json!({"username": name, "email": format!("{name}@example.org"), "password": PASSWORD});
        let instance = if number % 2 == 0 { &a } else { &b };
        instance.post("/api/register", &body).await;
    }
    let sent = || letters::in_all(&[a.folder(), b.folder()]).len();
    within(Duration::from_secs(10), "all letters are sent", async || (sent() >= names.len()).then_some(()))
        .await;
    let mut letters = letters::in_all(&[a.folder(), b.folder()]);
    letters.sort_by(|one, other| one.to.cmp(&other.to));
    letters.dedup_by(|one, other| one.to == other.to);
    assert_eq!((letters.len(), sent()), (names.len(), names.len()), "each once");
}
