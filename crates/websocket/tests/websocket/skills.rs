//! Publishing skills over a socket.

use crate::support::{Client, TestServer, skill_id};
use serde_json::{Value, json};
use square_kernel::UserId;
use square_skills::testing::{LearnerScript, MemoryLearner};
use square_websocket::WebSocketSettings;
use std::sync::Arc;

struct Owner {
    server: TestServer,
    learner: LearnerScript,
    client: Client,
    ada: UserId,
}

/// Ada, signed in, with an unpublished skill 1.
async fn owner() -> Owner {
    let (learner, script) = MemoryLearner::held("Square");
    let server = TestServer::with(WebSocketSettings::default(), vec![Arc::new(learner)]);
    let (ada, token) = server.sign_in("ada").await;
    server.register(1, "Weather", ada, false).await;
    let skills = Arc::clone(&server.services.skills);
    actix_web::rt::spawn(async move {
        loop {
            skills.work_waits().await;
            while skills.train_next().await.expect("the store works").is_some() {}
        }
    });
    let mut client = server.connect().await;
    client.ask(json!({"type": "auth", "token": token})).await;
    Owner { server, learner: script, client, ada }
}

fn train() -> Value {
    let id = skill_id(1).to_string();
    json!({"type": "train", "ref": "t", "id": id, "train_file": "Rain?\nSnow?\n", "dev_file": "Rain?\nSun?\n"})
}

/// Messages up to the one that says it is the last; each that only tells how far it is as its progress.
async fn until_finished(client: &mut Client) -> Vec<Value> {
    let mut seen = Vec::new();
    loop {
        let message = client.next().await;
        let over = message["finished"] == true;
        seen.push(message);
        if over {
            return seen;
        }
    }
}

#[actix_web::test]
async fn a_training_tells_how_it_goes_and_publishes() {
    let mut owner = owner().await;
    let started = owner.client.ask(train()).await;
    insta::assert_json_snapshot!(started, @r#"
    {
      "id": "00000000-0000-0000-0000-000000000001",
      "msg": "Started training for the skill",
      "ref": "t",
      "type": "train"
    }
    "#);
    owner.learner.learning().await.go();
    let mut seen = until_finished(&mut owner.client).await;
    insta::assert_json_snapshot!(seen.pop(), @r#"
    {
      "accuracy": {
        "Square": 0.5
      },
      "finished": true,
      "id": "00000000-0000-0000-0000-000000000001",
      "msg": "The skill is published",
      "progress": 1.0,
      "ref": "t",
      "type": "train"
    }
    "#);
    let progress: Vec<f64> = seen.iter().map(|message| message["progress"].as_f64().unwrap()).collect();
    assert!(!progress.is_empty() && progress.is_sorted() && progress.iter().all(|done| *done <= 1.0));
    assert!(seen.iter().all(|message| message["ref"] == "t" && message["type"] == "train"), "{seen:?}");
    let anybody = owner.server.services.accounts.anonymous();
    assert!(owner.server.services.skills.find(&anybody, skill_id(1)).is_some());

    let unpublish = json!({"type": "unpublish", "ref": "u", "id": skill_id(1).to_string()});
    insta::assert_json_snapshot!(owner.client.ask(unpublish).await, @r#"
    {
      "finished": true,
      "id": "00000000-0000-0000-0000-000000000001",
      "msg": "The skill is unpublished",
      "ref": "u",
      "type": "unpublish"
    }
    "#);
    assert!(owner.server.services.skills.find(&anybody, skill_id(1)).is_none());
}

#[actix_web::test]
async fn a_training_that_fails_says_why() {
    let mut owner = owner().await;
    owner.client.send(train()).await;
    owner.learner.learning().await.fail("the examples make no sense");
    let last = until_finished(&mut owner.client).await.pop().unwrap();
    insta::assert_json_snapshot!(last, @r#"
    {
      "error": "the examples make no sense",
      "finished": true,
      "id": "00000000-0000-0000-0000-000000000001",
      "ref": "t",
      "type": "train"
    }
    "#);
}

#[actix_web::test]
async fn a_training_that_a_newer_one_replaces_ends() {
    let mut owner = owner().await;
    owner.client.send(train()).await;
    let _held = owner.learner.learning().await;
    let mut second = train();
    second["ref"] = "t2".into();
    owner.client.send(second).await;
    let mut seen = until_finished(&mut owner.client).await;
    let last = seen.pop().unwrap();
    assert_eq!((&last["ref"], &last["error"]), (&json!("t"), &json!("a newer training took its place")));
}

#[actix_web::test]
async fn what_may_not_or_cannot_be_trained_is_refused() {
    let mut owner = owner().await;
    owner.server.register(2, "Elsewhere", UserId::from(square_kernel::uuid::Uuid::nil()), true).await;
    assert_ne!(owner.ada, UserId::from(square_kernel::uuid::Uuid::nil()));
    let with = |change: fn(&mut Value)| {
        let mut message = train();
        change(&mut message);
        message
    };
    let mut report = Vec::new();
    for message in [
        with(|m| m["id"] = skill_id(2).to_string().into()),
        with(|m| m["id"] = skill_id(3).to_string().into()),
        with(|m| drop(m.as_object_mut().unwrap().remove("dev_file"))),
        with(|m| m["train_file"] = " \n".into()),
        with(|m| m["train_file"] = "x".repeat(5 * 1024 * 1024 + 1).into()),
        json!({"type": "unpublish", "ref": "t", "id": skill_id(2).to_string()}),
    ] {
        let error = owner.client.ask(message).await;
        report.push(format!("{} {} {}", error["error"], error["code"], error["message"]));
    }
    insta::assert_snapshot!(report.join("\n"), @r#"
    403 "not_owner" "the skill belongs to somebody else"
    404 "not_found" "there is no such skill"
    404 "file_missing" "dev_file is missing"
    400 "malformed_request" "train_file must have at least one example question"
    413 "payload_too_large" "train_file must have at most 5242880 bytes"
    403 "not_owner" "the skill belongs to somebody else"
    "#);
    let mut anybody = owner.server.connect().await;
    let error = anybody.ask(train()).await;
    assert_eq!((&error["type"], &error["error"]), (&json!("error"), &json!(401)));
}
