//! What is tried too often, and from where.

use crate::app::{Chosen, Reply, TestApp};
use insta::assert_snapshot;
use jiff::SignedDuration;
use serde_json::json;
use square_accounts::testing::TestAccounts;
use square_accounts::{AuditAction, LimitPolicy};
use square_http::{ForwardedHeader, Proxies};
use square_limits::Quota;

/// The application for people who may try things so often an hour.
fn limited(change: impl FnOnce(&mut LimitPolicy)) -> TestApp {
    let people = TestAccounts::with(|parts| change(&mut parts.policy.limits));
    TestApp::of(people, |settings| {
        let trusted = vec!["10.0.0.0/8".parse().unwrap()];
        settings.proxies = Proxies { trusted, header: ForwardedHeader::XForwardedFor };
    })
}

impl TestApp {
    async fn login(&self, name: &str, password: &str, headers: &[(&str, &str)]) -> Reply {
        let body = json!({"username": name, "password": password});
        let call = self.post("/api/login", body).from("192.0.2.1");
        let reply = headers.iter().fold(call, |call, (name, value)| call.header(name, value)).send().await;
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        reply
    }
}

#[actix_web::test]
async fn the_same_429_comes_for_known_and_unknown_names() {
    let app = limited(|limits| limits.sign_ins_per_name = Quota::per_hour(2));
    app.people.register("ada").await;
    let mut refused = Vec::new();
    for name in ["ada", "eve", "ada@example.org", "eve@example.org"] {
        for _ in 0..2 {
            assert_eq!(app.login(name, "wrong horse", &[]).await.status, 401);
        }
        // Also with the right password.
        let reply = app.login(name, TestAccounts::PASSWORD, &[]).await;
        assert_eq!(reply.header("retry-after"), Some("1800"));
        refused.push(reply.to_string());
    }
    assert!(refused.iter().all(|reply| *reply == refused[0]));
    assert_snapshot!(refused[0], @r#"
    429
    {
      "code": "too_many_attempts",
      "error": 429,
      "message": "too many attempts, please try again later",
      "msg": "too many attempts, please try again later",
      "request_id": "test",
      "success": false
    }
    "#);
}

#[actix_web::test]
async fn a_device_that_signed_in_before_is_not_locked_out() {
    let app = limited(|limits| {
        limits.sign_ins_per_name = Quota::per_hour(2);
        limits.sign_ins_per_device = Quota::per_hour(2);
    });
    app.people.register("ada").await;
    let first = app.login("ada", TestAccounts::PASSWORD, &[]).await;
    assert_eq!(first.status, 200);
    let token = first.header("x-device-token").unwrap().to_owned();
    let cookie = first.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(cookie, format!("square_device={token}"));
    for _ in 0..2 {
        app.login("ada", "wrong horse", &[]).await;
    }
    assert_eq!(app.login("ada", TestAccounts::PASSWORD, &[]).await.status, 429);
    assert_eq!(app.login("ada", TestAccounts::PASSWORD, &[("X-Device-Token", "made.up")]).await.status, 429);
    for header in [("X-Device-Token", token.as_str()), ("Cookie", cookie.as_str())] {
        let again = app.login("ada", TestAccounts::PASSWORD, &[header]).await;
        assert_eq!((again.status, again.header("x-device-token")), (200, Some(token.as_str())));
    }
}

#[actix_web::test]
async fn a_proxy_that_is_trusted_says_who_tries() {
    let app = limited(|limits| limits.registrations_per_address = Quota::per_hour(1));
    let register = async |name: &str, peer: &str, forwarded: &str| {
        let body = json!({
            "username": name, "email": format!("{name}@example.org"), "password": TestAccounts::PASSWORD,
        });
        let call = app.post("/api/register", body).from(peer).header("X-Forwarded-For", forwarded);
        call.send().await.status
    };
    assert_eq!(register("one", "10.0.0.1", "198.51.100.1").await, 201);
    assert_eq!(register("two", "10.0.0.2", "203.0.113.1, 198.51.100.1").await, 429);
    assert_eq!(register("three", "10.0.0.1", "198.51.100.2").await, 201);
    assert_eq!(register("four", "203.0.113.7", "198.51.100.3").await, 201);
    assert_eq!(register("five", "203.0.113.7", "198.51.100.4").await, 429, "nobody else is believed");
    let noted = app.people.store.audit();
    let from: Vec<_> = noted
        .iter()
        .filter(|entry| entry.action == AuditAction::Registered)
        .filter_map(|entry| entry.actor.device.address.as_deref())
        .collect();
    assert_eq!(from, ["198.51.100.1", "198.51.100.2", "203.0.113.7"]);
}

#[actix_web::test]
async fn too_many_letters_for_a_mailbox_are_not_sent_and_the_reply_is_the_same() {
    let app = limited(|limits| limits.letters_per_mailbox = Quota::per_hour(2));
    app.people.register("ada").await;
    app.people.clock.advance(SignedDuration::from_hours(1));
    let mut replies = Vec::new();
    for email in ["ada@example.org", "eve@example.org"] {
        for _ in 0..4 {
            let reply = app.post("/api/resend_confirmation", json!({"email": email})).send().await;
            replies.push(reply.to_string());
        }
    }
    assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:?}");
    app.people.answer_letter_requests().await;
    assert_eq!(app.people.store.letters().len(), 3);
}

/// Two questions at once from one address and one more each half a minute.
fn two_questions(chosen: &mut Chosen) {
    chosen.policy.fair_use.anonymous.rate = Quota::per_minute(2, 2);
}

#[actix_web::test]
async fn who_asks_too_often_is_told_when_to_ask_again() {
    let app = TestApp::chosen(two_questions);
    let ada = app.person("ada").await;
    let ask = |path: &str, from: &str, forwarded: &str| {
        let call = app.post(path, json!({"question": "Who?"})).from(from);
        call.header("X-Forwarded-For", forwarded)
    };
    assert_eq!(ask("/api/question", "10.0.0.1", "198.51.100.1").send().await.status, 200);
    assert_eq!(ask("/api/route", "10.0.0.1", "198.51.100.1").send().await.status, 200);
    let refused = ask("/api/question", "10.0.0.1", "198.51.100.1").send().await;
    assert_eq!(refused.header("retry-after"), Some("30"));
    assert_snapshot!(refused, @r#"
    429
    {
      "code": "too_many_questions",
      "error": 429,
      "message": "too many questions, please ask again later",
      "msg": "too many questions, please ask again later",
      "request_id": "test",
      "success": false
    }
    "#);
    for path in ["/api/route", "/api/question"] {
        let stream = ask(path, "10.0.0.1", "198.51.100.1").header("Accept", "text/event-stream");
        assert_eq!(stream.send().await.status, 429, "{path}");
    }
    assert_eq!(ask("/api/question", "10.0.0.1", "198.51.100.2").send().await.status, 200);
    for number in 1..=3 {
        let made_up = format!("198.51.100.{number}");
        let status = ask("/api/question", "203.0.113.7", &made_up).send().await.status;
        assert_eq!(status, if number < 3 { 200 } else { 429 }, "nobody else is believed");
    }
    assert_eq!(ask("/api/question", "10.0.0.1", "198.51.100.1").by(&ada).send().await.status, 200);
    app.people.clock.advance(SignedDuration::from_secs(30));
    assert_eq!(ask("/api/question", "10.0.0.1", "198.51.100.1").send().await.status, 200);
}

#[actix_web::test]
async fn who_has_too_many_questions_under_way_is_told_so() {
    let app = TestApp::chosen(|chosen| chosen.policy.fair_use.anonymous.at_once = Some(1));
    let ada = app.person("ada").await;
    let mut films = app.scripted(&ada, "Films").await;
    let ask = || app.post("/api/question", json!({"question": "Who?"})).from("192.0.2.1");
    let first = ask().header("Prefer", "respond-async").send().await;
    assert_eq!(first.status, 202);
    let _waiting = films.asked().await;
    let refused = ask().send().await;
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!((refused.status, &refused.json()["code"]), (429, &json!("too_many_requests")));
}

#[actix_web::test]
async fn who_has_too_many_addresses_called_is_told_when_to_try_again() {
    let app = TestApp::chosen(|chosen| chosen.probing.per_owner = Quota::per_hour(2));
    let ada = app.person("ada").await;
    let skill = |name: &str| json!({"name": name, "url": format!("http://{name}.example")});
    let films = app.post("/api/skill", skill("films")).by(&ada).send().await;
    let id = films.json()["id"].as_str().unwrap().to_owned();
    let check = || app.post(&format!("/api/skill/{id}/check"), json!({})).by(&ada);
    assert_eq!(check().send().await.status, 200);
    let moved = app.call(actix_web::http::Method::PUT, &format!("/api/skill/{id}")).json(&skill("songs"));
    for refused in [
        check().send().await,
        moved.by(&ada).send().await,
        app.post("/api/skill", skill("books")).by(&ada).send().await,
    ] {
        assert_eq!((refused.status, &refused.json()["code"]), (429, &json!("too_many_attempts")));
        assert_eq!(refused.header("retry-after"), Some("1800"));
    }
}

#[actix_web::test]
async fn who_owns_as_many_skills_as_they_may_registers_no_more() {
    let app = TestApp::chosen(|chosen| chosen.most_skills = Some(1));
    let ada = app.person("ada").await;
    let register = |name: &str| {
        let skill = json!({"name": name, "url": format!("http://{name}.example"), "protocol": "square"});
        app.post("/api/skill", skill).by(&ada).send()
    };
    assert_eq!(register("films").await.status, 201);
    let refused = register("songs").await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("too_many_skills")));
    assert_eq!(refused.json()["message"], "an account may own at most 1 skills");
}
