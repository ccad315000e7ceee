//! Questions over a socket.

use crate::support::{TestServer, brief, in_time};
use serde_json::json;
use square_kernel::Asker;
use square_limits::Quota;
use square_routing::{Ending, FairUse, RouterPolicy};
use square_skills::SkillFailure;
use std::time::Duration;

#[actix_web::test]
async fn answers_come_in_order_of_completion() {
    let server = TestServer::start();
    let mut slow = server.skill(1, "Slow").await;
    let mut middle = server.skill(2, "Middle").await;
    let mut fast = server.skill(3, "Fast").await;
    let mut client = server.connect().await;
    client.send(json!({"type": "query", "ref": "q", "question": "Which?"})).await;
    let (slow, middle, fast) = (slow.asked().await, middle.asked().await, fast.asked().await);
    let mut seen = Vec::new();
    fast.say("first");
    seen.push(brief(&client.next().await));
    middle.answer(Err(SkillFailure::Status(500)));
    seen.push(brief(&client.next().await));
    slow.say("last");
    seen.push(brief(&client.next().await));
    seen.push(brief(&client.next().await));
    let expected = [
        "q skill_result 6 Fast first",
        "q skill_result 7 Middle bad_status",
        "q skill_result 8 Slow last",
        "q finished 9 complete",
    ];
    assert_eq!(seen, expected);
}

#[actix_web::test]
async fn events_have_the_shape_of_the_protocol() {
    let server = TestServer::start();
    let mut skill = server.skill(1, "Weather").await;
    let mut client = server.connect().await;
    client.send(json!({"type": "query", "ref": "a1", "query": "Rain?", "num_results": 2, "ack": true})).await;
    let asked = skill.asked().await;
    assert_eq!((&*asked.request.question, asked.request.max_results), ("Rain?", 2));
    asked.say("No.");
    insta::assert_json_snapshot!(client.next().await, { ".question_id" => "[id]" }, @r#"
    {
      "question_id": "[id]",
      "ref": "a1",
      "selector": "Square",
      "skills": [
        "Weather"
      ],
      "type": "accepted"
    }
    "#);
    insta::assert_json_snapshot!(client.next().await, { ".question_id" => "[id]", ".took_ms" => "[ms]" }, @r#"
    {
      "name": "Weather",
      "question_id": "[id]",
      "ref": "a1",
      "results": [
        {
          "text": "No.",
          "type": "plain_text"
        }
      ],
      "score": 0.9,
      "seq": 4,
      "skill_description": "Knows Weather.",
      "skill_id": "00000000-0000-0000-0000-000000000001",
      "took_ms": "[ms]",
      "type": "skill_result"
    }
    "#);
    insta::assert_json_snapshot!(client.next().await, { ".question_id" => "[id]", ".took_ms" => "[ms]" }, @r#"
    {
      "ending": "complete",
      "question_id": "[id]",
      "ref": "a1",
      "seq": 5,
      "took_ms": "[ms]",
      "type": "finished"
    }
    "#);
}

#[actix_web::test]
async fn two_questions_at_once_are_told_apart_by_ref() {
    let server = TestServer::start();
    let mut skill = server.skill(1, "Weather").await;
    let mut client = server.connect().await;
    client.send(json!({"type": "query", "ref": "one", "question": "First?"})).await;
    let one = skill.asked().await;
    client.send(json!({"type": "query", "ref": "two", "question": "Second?"})).await;
    let two = skill.asked().await;
    two.say("2");
    let mut seen = vec![brief(&client.next().await), brief(&client.next().await)];
    one.say("1");
    seen.extend([brief(&client.next().await), brief(&client.next().await)]);
    let expected = [
        "two skill_result 4 Weather 2",
        "two finished 5 complete",
        "one skill_result 4 Weather 1",
        "one finished 5 complete",
    ];
    assert_eq!(seen, expected);
    // What has ended can be used again at once.
    client.send(json!({"type": "query", "ref": "two", "question": "Third?"})).await;
    skill.asked().await.say("3");
    assert_eq!(brief(&client.next().await), "two skill_result 4 Weather 3");
}

#[actix_web::test]
async fn cancelling_ends_a_question() {
    let server = TestServer::start();
    let mut skill = server.skill(1, "Hanging").await;
    let mut client = server.connect().await;
    for cancel in ["ref", "question_id"] {
        let query = json!({"type": "query", "ref": "q", "question": "Well?", "ack": true});
        let id = client.ask(query).await["question_id"].clone();
        let mut asked = skill.asked().await;
        client
            .send(match cancel {
                "ref" => json!({"type": "cancel", "ref": "q"}),
                _ => json!({"type": "cancel", "question_id": id}),
            })
            .await;
        in_time(asked.given_up()).await;
        assert_eq!(brief(&client.next().await), "q skill_result 4 Hanging cancelled");
        assert_eq!(brief(&client.next().await), "q finished 5 cancelled");
    }
}

#[actix_web::test]
async fn a_deadline_ends_a_question() {
    let server = TestServer::start();
    let _hanging = server.skill(1, "Hanging").await;
    let mut client = server.connect().await;
    client.send(json!({"type": "query", "ref": "q", "question": "Well?", "deadline_ms": 1})).await;
    assert_eq!(brief(&client.next().await), "q skill_result 5 Hanging timed_out");
    assert_eq!(brief(&client.next().await), "q finished 6 deadline");
}

#[actix_web::test]
async fn a_question_goes_on_without_its_socket_and_can_be_resumed() {
    let server = TestServer::start();
    let mut first = server.skill(1, "First").await;
    let mut second = server.skill(2, "Second").await;
    let mut client = server.connect().await;
    let query = json!({"type": "query", "ref": "q", "question": "Well?", "ack": true});
    let id = client.ask(query).await["question_id"].clone();
    let (first, second) = (first.asked().await, second.asked().await);
    first.say("1");
    assert_eq!(brief(&client.next().await), "q skill_result 5 First 1");
    drop(client);
    let mut other = server.connect().await;
    other.send(json!({"type": "resume", "ref": "r", "question_id": id, "after": 5})).await;
    second.say("2");
    assert_eq!(brief(&other.next().await), "r skill_result 6 Second 2");
    assert_eq!(brief(&other.next().await), "r finished 7 complete");
    other.send(json!({"type": "resume", "ref": "all", "question_id": id})).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(brief(&other.next().await));
    }
    assert_eq!(
        seen,
        ["all skill_result 5 First 1", "all skill_result 6 Second 2", "all finished 7 complete"]
    );
    // After the last event there is nothing new, but the end is told.
    let end = other.ask(json!({"type": "resume", "ref": "end", "question_id": id, "after": 7})).await;
    assert_eq!(brief(&end), "end finished 7 complete");
}

#[actix_web::test]
async fn somebody_else_s_question_does_not_exist() {
    let server = TestServer::start();
    let mut skill = server.skill(1, "Weather").await;
    let (_, token) = server.sign_in("ada").await;
    let mut ada = server.connect().await;
    ada.ask(json!({"type": "auth", "token": token})).await;
    let query = json!({"type": "query", "ref": "q", "question": "Secret?", "ack": true});
    let id = ada.ask(query).await["question_id"].clone();
    let asked = skill.asked().await;
    let mut other = server.connect().await;
    for kind in ["resume", "cancel"] {
        let error = other.ask(json!({"type": kind, "ref": "x", "question_id": id})).await;
        assert_eq!((&error["error"], &error["ref"]), (&json!(404), &json!("x")), "{kind}");
    }
    asked.say("for ada only");
    assert_eq!(brief(&ada.next().await), "q skill_result 4 Weather for ada only");
}

#[actix_web::test]
async fn all_events_come_where_they_are_asked_for_under_the_same_numbers() {
    let server = TestServer::start();
    let mut skill = server.skill(1, "Failing").await;
    let mut client = server.connect().await;
    client.send(json!({"type": "query", "ref": "q", "question": "Well?", "events": "all"})).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(client.next().await);
    }
    skill.asked().await.answer(Err(SkillFailure::Status(500)));
    for _ in 0..2 {
        seen.push(client.next().await);
    }
    let told = [
        "q question_accepted 1",
        "q route_decided 2",
        "q skill_started 3 Failing",
        "q skill_failed 4 Failing bad_status",
        "q finished 5 complete",
    ];
    assert_eq!(seen.iter().map(brief).collect::<Vec<_>>(), told);
    assert_eq!((&seen[0]["question"], &seen[1]["chosen"][0]["name"]), (&json!("Well?"), &json!("Failing")));
    // Cut anywhere, it goes on with the next one.
    let id = seen[0]["question_id"].clone();
    for after in 0..5 {
        let resume =
            json!({"type": "resume", "ref": "q", "question_id": id, "after": after, "events": "all"});
        client.send(resume).await;
        for event in &seen[after..] {
            assert_eq!(client.next().await, *event);
        }
    }
    let wrong = json!({"type": "query", "ref": "q", "question": "Well?", "events": "some"});
    let error = client.ask(wrong).await;
    assert_eq!((&error["error"], &error["details"][0]["field"]), (&json!(422), &json!("events")));
}

#[actix_web::test]
async fn a_question_that_is_to_be_answered_anyway_outlives_its_socket() {
    let policy = RouterPolicy { grace: Duration::from_millis(1), ..RouterPolicy::default() };
    let server = TestServer::with_policy(policy);
    let mut skill = server.skill(1, "Slow").await;
    let ask = async |respond_async: bool| {
        let mut client = server.connect().await;
        let query =
            json!({"type": "query", "question": "Well?", "ack": true, "respond_async": respond_async});
        client.ask(query).await["question_id"].as_str().unwrap().parse().unwrap()
    };
    let id = ask(false).await;
    in_time(skill.asked().await.given_up()).await;
    let id_of_other = ask(true).await;
    skill.asked().await.say("At last.");
    in_time(server.services.router.idle()).await;
    let ending = async |id| {
        let answered = server.services.router.find(&Asker::default(), id).await.unwrap();
        answered.finish().unwrap().ending
    };
    assert_eq!((ending(id).await, ending(id_of_other).await), (Ending::Cancelled, Ending::Complete));
}

#[actix_web::test]
async fn who_asks_too_often_is_told_when_to_ask_again_on_whatever_socket() {
    let mut fair_use = FairUse::UNLIMITED;
    fair_use.anonymous.rate = Quota::per_minute(2, 2);
    let server = TestServer::with_policy(RouterPolicy { fair_use, ..RouterPolicy::default() });
    let mut skill = server.skill(1, "Weather").await;
    let query = json!({"type": "query", "ref": "q", "question": "Rain?"});
    for _ in 0..2 {
        let mut client = server.connect().await;
        client.send(query.clone()).await;
        in_time(skill.asked()).await;
    }
    let mut client = server.connect().await;
    let error = client.ask(query.clone()).await;
    assert_eq!((&error["type"], &error["ref"]), (&json!("error"), &json!("q")));
    assert_eq!((&error["error"], &error["code"]), (&json!(429), &json!("too_many_questions")));
    assert_eq!(error["retry_after"], 30);
    let (_, token) = server.sign_in("ada").await;
    client.ask(json!({"type": "auth", "token": token})).await;
    client.send(query).await;
    assert!(in_time(skill.asked()).await.request.asker.user().is_some());
}
