//! What subscribers are told of, and when.

use crate::support::{Client, TestServer, in_time, skill_id};
use serde_json::{Value, json};
use square_accounts::ports::LoginName;
use square_accounts::testing::TestAccounts;
use square_changes::testing::Draft;
use square_changes::{Action, Audience, Channel};
use square_kernel::UserId;
use square_kernel::uuid::Uuid;
use square_websocket::{Limits, WebSocketSettings};
use std::sync::Arc;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

/// A change of thing `number` that everybody may be told of.
fn public(channel: Channel, number: u128) -> Draft {
    Draft::of(channel, Action::Update, Uuid::from_u128(number))
}

/// A change of the account of `owner`, which admins see too.
fn person(owner: UserId) -> Draft {
    let audience =
        Audience { everybody: false, owner: Some(owner), permission: Some("get:users".to_owned()) };
    Draft { audience, ..public(Channel::Person, owner.uuid().as_u128()) }
}

/// A change of a skill that is not published.
fn unpublished(owner: UserId, number: u128) -> Draft {
    let audience = Audience { owner: Some(owner), ..Audience::default() };
    Draft { audience, ..public(Channel::Skill, number) }
}

/// Thing 99 of no channel but `company`, by which tests see that nothing comes before it.
fn marker() -> Draft {
    public(Channel::Company, 99)
}

async fn subscribe(client: &mut Client, reference: &str, channels: Value) {
    let reply = client.ask(json!({"type": "subscribe", "ref": reference, "channels": channels})).await;
    assert_eq!((&reply["type"], &reply["ref"]), (&json!("subscribed"), &json!(reference)), "{reply}");
}

async fn sign_in(client: &mut Client, token: &str) {
    assert_eq!(client.ask(json!({"type": "auth", "token": token})).await["ok"], true);
}

/// A change in few words: `ref`, channel, event and the last digits of the entity.
fn brief(message: &Value) -> String {
    let text = |field: &str| message[field].as_str().unwrap_or_else(|| panic!("{field}: {message}"));
    assert_eq!(text("type"), "change", "{message}");
    let entity = u128::from_str_radix(text("entity_id"), 16).unwrap();
    format!("{} {} {} {}", text("ref"), text("channel"), text("event"), entity % 1_000_000)
}

/// The changes that come up to the marker.
async fn until_marker(client: &mut Client) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let message = client.next().await;
        if message["channel"] == "company" {
            return seen;
        }
        seen.push(brief(&message));
    }
}

#[actix_web::test]
async fn subscribing_has_this_shape() {
    let server = TestServer::start();
    let mut client = server.connect().await;
    let subscribe = json!({"type": "subscribe", "ref": "s", "channels": ["skill", "event", "skill"]});
    insta::assert_json_snapshot!(client.ask(subscribe).await, @r#"
    {
      "channels": [
        "event",
        "skill"
      ],
      "ref": "s",
      "type": "subscribed"
    }
    "#);
    server.publish(Draft::of(Channel::Skill, Action::Create, skill_id(1).uuid()));
    insta::assert_json_snapshot!(client.next().await, @r#"
    {
      "at": "2026-01-01T00:00:00Z",
      "channel": "skill",
      "entity_id": "00000000000000000000000000000001",
      "event": "create",
      "id": "019b76da-a800-7fcd-9d7b-39a820e2f465",
      "ref": "s",
      "type": "change"
    }
    "#);
    insta::assert_json_snapshot!(client.ask(json!({"type": "unsubscribe", "ref": "s"})).await, @r#"
    {
      "ref": "s",
      "type": "unsubscribed"
    }
    "#);
}

#[actix_web::test]
async fn all_channels_can_be_asked_for_in_several_ways() {
    let server = TestServer::start();
    let mut client = server.connect().await;
    let mut replies = Vec::new();
    for message in [
        json!({"type": "subscribe"}),
        json!({"type": "subscribe", "channels": null}),
        json!({"type": "subscribe", "channels": "*"}),
        json!({"type": "subscribe", "channels": ["skill", "*"]}),
    ] {
        replies.push(client.ask(message).await["channels"].clone());
    }
    let all: Vec<&str> =
        Channel::ALL.iter().filter(|channel| channel.is_public()).map(|channel| channel.as_str()).collect();
    assert_eq!(replies, vec![json!(all); 4]);
    let one = client.ask(json!({"type": "subscribe", "channels": "movie"})).await;
    assert_eq!(one["channels"], json!(["movie"]));
}

#[actix_web::test]
async fn each_is_told_what_they_may_know() {
    let server = TestServer::start();
    let (ada, ada_s) = server.sign_in("ada").await;
    let (bob, bob_s) = server.sign_in("bob").await;
    server.accounts.register("root").await;
    let root = LoginName::Username("root".to_owned());
    server.accounts.accounts.grant_role(&root, "admin", &square_accounts::Actor::default()).await.unwrap();
    let root_s = server.accounts.sign_in("root").await.tokens.access.expose().to_owned();
    let mut clients = Vec::new();
    for token in [None, Some(ada_s), Some(bob_s), Some(root_s)] {
        let mut client = server.connect().await;
        if let Some(token) = token {
            sign_in(&mut client, &token).await;
        }
        subscribe(&mut client, "s", json!("*")).await;
        clients.push(client);
    }

    server.publish(public(Channel::Skill, 1));
    server.publish(unpublished(ada, 2));
    server.publish(Draft { action: Action::Delete, ..person(ada) });
    server.publish(unpublished(bob, 3));
    server.publish(Draft { audience: Audience::default(), ..public(Channel::Skill, 4) });
    for channel in [Channel::Session, Channel::Training, Channel::Question] {
        server.publish(Draft { audience: person(ada).audience, ..public(channel, 5) });
        server.publish(public(channel, 5));
    }
    server.publish(marker());

    let mut seen = Vec::new();
    for client in &mut clients {
        seen.push(until_marker(client).await);
    }
    let ada_s_account = format!("s person delete {}", ada.uuid().as_u128() % 1_000_000);
    let expected: [&[&str]; 4] = [
        &["s skill update 1"],
        &["s skill update 1", "s skill update 2", &ada_s_account],
        &["s skill update 1", "s skill update 3"],
        &["s skill update 1", &ada_s_account],
    ];
    assert_eq!(seen, expected);
}

#[actix_web::test]
async fn changes_come_in_order_and_on_the_chosen_channels_only() {
    let server = TestServer::start();
    server.publish(public(Channel::Movie, 1));
    let mut client = server.connect().await;
    subscribe(&mut client, "films", json!(["movie", "actor"])).await;
    let mut other = server.connect().await;
    subscribe(&mut other, "events", json!(["event"])).await;
    let mut expected = Vec::new();
    for number in 2..400 {
        let channel = if number % 3 == 0 { Channel::Actor } else { Channel::Movie };
        server.publish(public(channel, number));
        server.publish(public(Channel::Event, number));
        expected.push(format!("films {channel} update {number}"));
    }
    let mut seen = Vec::new();
    for _ in &expected {
        seen.push(brief(&client.next().await));
    }
    assert_eq!(seen, expected);
    assert_eq!(brief(&other.next().await), "events event update 2");
}

#[actix_web::test]
async fn a_socket_may_have_several_subscriptions_and_end_one() {
    let server = TestServer::start();
    let mut client = server.connect().await;
    subscribe(&mut client, "one", json!(["skill"])).await;
    subscribe(&mut client, "two", json!(["event", "company"])).await;
    server.publish(public(Channel::Skill, 1));
    server.publish(public(Channel::Event, 2));
    let mut seen = vec![brief(&client.next().await), brief(&client.next().await)];
    seen.sort();
    assert_eq!(seen, ["one skill update 1", "two event update 2"]);

    let ended = client.ask(json!({"type": "unsubscribe", "ref": "one"})).await;
    assert_eq!(ended, json!({"type": "unsubscribed", "ref": "one"}));
    server.publish(public(Channel::Skill, 3));
    server.publish(marker());
    assert_eq!(until_marker(&mut client).await, [] as [&str; 0]);

    // It is gone, and its `ref` is free again at once.
    let again = client.ask(json!({"type": "unsubscribe", "ref": "one"})).await;
    assert_eq!((&again["error"], &again["ref"]), (&json!(404), &json!("one")));
    subscribe(&mut client, "one", json!(["movie"])).await;
    server.publish(public(Channel::Skill, 4));
    server.publish(public(Channel::Movie, 5));
    assert_eq!(brief(&client.next().await), "one movie update 5");
}

#[actix_web::test]
async fn a_subscription_and_a_question_are_not_taken_for_one_another() {
    let server = TestServer::start();
    let mut skill = server.skill(1, "Weather").await;
    let mut client = server.connect().await;
    subscribe(&mut client, "s", json!(["skill"])).await;
    client.send(json!({"type": "query", "ref": "q", "question": "Rain?"})).await;
    let asked = in_time(skill.asked()).await;
    let mut codes = Vec::new();
    for message in [
        json!({"type": "cancel", "ref": "s"}),
        json!({"type": "unsubscribe", "ref": "q"}),
        json!({"type": "query", "ref": "s", "question": "Rain?"}),
        json!({"type": "subscribe", "ref": "q"}),
        json!({"type": "subscribe", "ref": "s"}),
    ] {
        codes.push(client.ask(message).await["error"].clone());
    }
    assert_eq!(codes, [404, 404, 409, 409, 409]);
    asked.say("No.");
    assert_eq!(client.next().await["type"], "skill_result");
    assert_eq!(client.next().await["type"], "finished");
    server.publish(public(Channel::Skill, 1));
    assert_eq!(brief(&client.next().await), "s skill update 1");
}

#[actix_web::test]
async fn who_signs_in_meanwhile_is_told_accordingly() {
    let server = TestServer::start();
    let (ada, ada_s) = server.sign_in("ada").await;
    let (bob, bob_s) = server.sign_in("bob").await;
    let mut client = server.connect().await;
    subscribe(&mut client, "s", json!("*")).await;
    let mut seen = Vec::new();
    for token in [None, Some(&ada_s), Some(&bob_s)] {
        if let Some(token) = token {
            sign_in(&mut client, token).await;
        }
        server.publish(unpublished(ada, 1));
        server.publish(unpublished(bob, 2));
        server.publish(marker());
        seen.push(until_marker(&mut client).await);
    }
    assert_eq!(seen, [vec![], vec!["s skill update 1"], vec!["s skill update 2"]]);
}

#[actix_web::test]
async fn signing_out_stops_private_changes_at_once() {
    let server = TestServer::start();
    let (ada, token) = server.sign_in("ada").await;
    let header = format!("Bearer {token}");
    let (mut client, _) = server.connect_with(&[("authorization", &header)]).await.unwrap();
    subscribe(&mut client, "s", json!("*")).await;
    server.publish(unpublished(ada, 1));
    assert_eq!(brief(&client.next().await), "s skill update 1");

    let accounts = &server.services.accounts;
    let identity = accounts.authenticate(&token).unwrap().identity.unwrap();
    accounts.sign_out(&identity, &square_accounts::Device::default()).await.unwrap();
    server.publish(unpublished(ada, 2));
    server.publish(person(ada));
    server.publish(public(Channel::Skill, 3));
    server.publish(marker());
    assert_eq!(until_marker(&mut client).await, ["s skill update 3"]);

    // Nothing new can be begun, but what is there can be ended and made good.
    let error = client.ask(json!({"type": "subscribe", "ref": "t"})).await;
    assert_eq!((&error["error"], &error["code"]), (&json!(401), &json!("token_expired")));
    let token = server.accounts.sign_in("ada").await.tokens.access.expose().to_owned();
    sign_in(&mut client, &token).await;
    server.publish(unpublished(ada, 4));
    assert_eq!(brief(&client.next().await), "s skill update 4");
}

#[actix_web::test]
async fn a_token_that_expires_stops_private_changes_at_once() {
    let server = TestServer::start();
    let (ada, token) = server.sign_in("ada").await;
    let mut client = server.connect().await;
    sign_in(&mut client, &token).await;
    subscribe(&mut client, "s", json!("*")).await;
    server.accounts.clock.advance(TestAccounts::policy().access_token_lifetime);
    server.publish(unpublished(ada, 1));
    server.publish(marker());
    assert_eq!(until_marker(&mut client).await, [] as [&str; 0]);
    let ended = client.ask(json!({"type": "unsubscribe", "ref": "s"})).await;
    assert_eq!(ended["type"], "unsubscribed");
}

#[actix_web::test]
async fn a_subscriber_is_told_once_that_its_sign_in_is_over() {
    let limits = Limits { ping_every: Duration::from_millis(5), ..Limits::default() };
    let server = TestServer::with(WebSocketSettings { limits, ..Default::default() }, Vec::new());
    let (_, mut token) = server.sign_in("ada").await;
    let mut client = server.connect().await;
    sign_in(&mut client, &token).await;
    subscribe(&mut client, "s", json!("*")).await;
    for _ in 0..2 {
        let accounts = &server.services.accounts;
        let identity = accounts.authenticate(&token).unwrap().identity.unwrap();
        accounts.sign_out(&identity, &square_accounts::Device::default()).await.unwrap();
        let mut error = client.next().await;
        error["request_id"] = "[id]".into();
        insta::allow_duplicates! { insta::assert_json_snapshot!(error, @r#"
        {
          "code": "token_expired",
          "error": 401,
          "message": "the token has expired",
          "msg": "the token has expired",
          "request_id": "[id]",
          "success": false,
          "type": "error"
        }
        "#); }
        pings(&mut client, 5).await;
        // A token that is good makes it worth telling anew.
        server.accounts.sign_in("ada").await.tokens.access.expose().clone_into(&mut token);
        sign_in(&mut client, &token).await;
    }
}

#[actix_web::test]
async fn who_asks_is_told_by_the_next_answer_only() {
    let limits = Limits { ping_every: Duration::from_millis(5), ..Limits::default() };
    let server = TestServer::with(WebSocketSettings { limits, ..Default::default() }, Vec::new());
    let (_, token) = server.sign_in("ada").await;
    let mut client = server.connect().await;
    sign_in(&mut client, &token).await;
    server.accounts.clock.advance(TestAccounts::policy().access_token_lifetime);
    pings(&mut client, 5).await;
}

/// Reads on until so many pings have come, and nothing else.
async fn pings(client: &mut Client, count: usize) {
    for _ in 0..count {
        let message = client.next_raw().await;
        assert!(matches!(message, Message::Ping(_)), "{message:?}");
    }
}

#[actix_web::test]
async fn a_socket_that_only_listens_stays_open() {
    let (ping_every, silence) = (Duration::from_millis(20), Duration::from_secs(1));
    let limits = Limits { ping_every, silence, ..Limits::default() };
    let server = TestServer::with(WebSocketSettings { limits, ..Default::default() }, Vec::new());
    let mut client = server.connect().await;
    subscribe(&mut client, "s", json!(["skill"])).await;
    // Longer than a client may be silent; reading answers them.
    pings(&mut client, 60).await;
    server.publish(public(Channel::Skill, 1));
    assert_eq!(brief(&client.next().await), "s skill update 1");
}

#[actix_web::test]
async fn one_that_is_too_slow_is_told_how_much_it_missed() {
    const ROUND: u64 = 20_000;
    let server = TestServer::start();
    let mut client = server.connect().await;
    subscribe(&mut client, "s", json!(["skill"])).await;
    let (mut published, mut accounted, mut last, mut missed) = (0, 0, 0, 0);
    // Changes come faster than any socket takes them, so the first round does in general.
    while missed == 0 {
        for _ in 0..ROUND {
            published += 1;
            server.publish(public(Channel::Skill, published.into()));
        }
        while accounted < published {
            let message = client.next().await;
            assert_eq!(message["ref"], "s");
            if message["type"] == "missed" {
                let count = message["count"].as_u64().unwrap();
                assert!(count > 0 && message.as_object().unwrap().len() == 3, "{message}");
                missed += count;
                accounted += count;
            } else {
                let number = u64::from_str_radix(message["entity_id"].as_str().unwrap(), 16).unwrap();
                assert!(number > last, "{number} after {last}");
                last = number;
                accounted += 1;
            }
        }
        // Whatever is the last is not among those that are passed over.
        assert_eq!((accounted, last), (published, published));
    }
}

#[actix_web::test]
async fn no_more_subscriptions_are_taken_than_may_be() {
    let limits = Limits { subscriptions: 2, under_way: 1, ..Limits::default() };
    let server = TestServer::with(WebSocketSettings { limits, ..Default::default() }, Vec::new());
    let mut skill = server.skill(1, "Weather").await;
    let mut client = server.connect().await;
    subscribe(&mut client, "1", json!(["skill"])).await;
    subscribe(&mut client, "2", json!(["skill"])).await;
    let error = client.ask(json!({"type": "subscribe", "ref": "3"})).await;
    assert_eq!((&error["error"], &error["code"]), (&json!(429), &json!("too_many_requests")));
    assert_eq!(error["message"], "at most 2 subscriptions may be under way at once");
    // They take no place from questions, nor questions from them.
    client.send(json!({"type": "query", "ref": "q", "question": "Rain?"})).await;
    let _asked = in_time(skill.asked()).await;
    client.ask(json!({"type": "unsubscribe", "ref": "1"})).await;
    subscribe(&mut client, "3", json!(["skill"])).await;
}

#[actix_web::test]
async fn nothing_is_left_of_a_socket_that_is_gone() {
    let server = TestServer::start();
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = server.connect().await;
        subscribe(&mut client, "one", json!("*")).await;
        subscribe(&mut client, "two", json!(["skill"])).await;
        clients.push(client);
    }
    drop(clients);
    server.deserted().await;
    // Nobody holds on to it, so nobody was there to hear of it.
    let change = server.publish(public(Channel::Skill, 1));
    assert_eq!(Arc::strong_count(&change), 1);
}

#[actix_web::test]
async fn a_stopping_server_does_not_wait_for_subscribers() {
    let server = TestServer::start();
    let mut client = server.connect().await;
    subscribe(&mut client, "s", json!("*")).await;
    server.services.shutdown.cancel();
    assert_eq!(client.closed().await, Some(1001));
    server.deserted().await;
}
