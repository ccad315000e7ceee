use crate::app::{Person, Reply, TestApp};
use actix_web::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};
use square_kernel::jiff::SignedDuration;
use square_skills::ResultItem;
use square_skills::testing::ScriptedSkill;

/// A published skill of Olga's that answers everything, and Ann who asks.
struct Stage {
    app: TestApp,
    olga: Person,
    ann: Person,
    skill: String,
}

impl Stage {
    async fn new() -> Self {
        let app = TestApp::new();
        let (olga, ann) = (app.person("olga").await, app.person("ann").await);
        let skill = app.skill(&olga, "Films", ScriptedSkill::always(Ok(vec![ResultItem::text("Me.")]))).await;
        app.publish(&olga, &skill).await;
        Self { app, olga, ann, skill }
    }

    async fn asked(&self, by: &Person, text: &str) -> String {
        self.app.people.clock.advance(SignedDuration::from_millis(1));
        let reply = self.app.post("/api/question", json!({"question": text})).by(by).send().await;
        reply.header("X-Question-Id").unwrap().to_owned()
    }

    async fn rate(&self, by: &Person, question: &str, body: Value) -> Reply {
        self.app.post(&format!("/api/question/{question}/feedback"), body).by(by).send().await
    }

    /// Ann asks and is helped. The question's id.
    async fn helped(&self, text: &str) -> String {
        let question = self.asked(&self.ann, text).await;
        let reply = self.rate(&self.ann, &question, json!({"rating": "helpful"})).await;
        assert_eq!(reply.status, 200, "{reply}");
        question
    }

    fn of_skill(&self, path: &str) -> String {
        format!("/api/skill/{}/{path}", self.skill)
    }

    async fn proposals(&self, query: &str) -> Value {
        let path = self.of_skill(&format!("proposals{query}"));
        let reply = self.app.get(&path).by(&self.olga).send().await;
        assert_eq!(reply.status, 200, "{reply}");
        reply.json()
    }

    /// The id of the newest proposal.
    async fn newest(&self) -> String {
        let proposals = self.proposals("").await;
        proposals["proposals"][0]["proposal_id"].as_str().unwrap().to_owned()
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        self.app.post(&self.of_skill(path), body).by(&self.olga).send().await
    }

    async fn checked(&self) {
        self.app.proposals.check_next().await.unwrap().unwrap();
    }
}

#[actix_web::test]
async fn an_answer_is_judged_shown_with_it_and_taken_back() {
    let stage = Stage::new().await;
    let question = stage.asked(&stage.ann, "Who?").await;
    let body = json!({"skill_id": stage.skill, "rating": "not_helpful", "comment": " Not me. "});
    let mut given = stage.rate(&stage.ann, &question, body).await.json();
    assert_eq!(given["question_id"].take(), question.as_str());
    assert_eq!(given["skill_id"].take(), stage.skill.as_str());
    assert_snapshot!(format!("{given:#}"), @r#"
    {
      "comment": "Not me.",
      "given_at": "2026-01-01T00:00:00.001Z",
      "question_id": null,
      "rating": "not_helpful",
      "skill_id": null
    }
    "#);
    stage.rate(&stage.ann, &question, json!({"rating": "helpful"})).await;
    let path = format!("/api/question/{question}");
    let feedback = json!({"rating": "helpful", "comment": null, "given_at": "2026-01-01T00:00:00.001Z"});
    let shown = stage.app.get(&path).by(&stage.ann).send().await.json();
    assert_eq!(shown["results"][0]["feedback"], feedback);
    let history = stage.app.get("/api/questions").by(&stage.ann).send().await.json();
    assert_eq!(history["questions"][0]["results"][0]["feedback"], feedback);
    let export = stage.app.get("/api/me/export").by(&stage.ann).send().await.json();
    assert_eq!(export["questions"][0]["results"][0]["feedback"], feedback);

    let of_answer = format!("{path}/feedback/{}", stage.skill);
    let take_back = || stage.app.call(Method::DELETE, &of_answer);
    assert_eq!(take_back().by(&stage.olga).send().await.status, 404);
    assert_eq!(take_back().by(&stage.ann).send().await.status, 200);
    assert_eq!(take_back().by(&stage.ann).send().await.json()["message"], "there is no such verdict");
    let shown = stage.app.get(&path).by(&stage.ann).send().await.json();
    assert_eq!(shown["results"][0].get("feedback"), None);
}

#[actix_web::test]
async fn what_is_no_verdict_is_refused_by_name() {
    let stage = Stage::new().await;
    let question = stage.asked(&stage.ann, "Who?").await;
    let long = "x".repeat(1001);
    let body = json!({"skill_id": "films", "rating": "5 stars", "comment": long});
    let reply = stage.rate(&stage.ann, &question, body).await;
    assert_eq!(reply.status, 422);
    let messages: Vec<_> = reply.json()["details"].as_array().unwrap().clone();
    assert_eq!(
        json!(messages),
        json!([
            {"field": "skill_id", "message": "must be a UUID, hyphenated or as 32 hex digits"},
            {"field": "rating", "message": "must be helpful or not_helpful"},
            {"field": "comment", "message": "must have at most 1000 characters"},
        ])
    );
    let reply = stage.rate(&stage.ann, &question, json!({})).await;
    assert_eq!((reply.status, &reply.json()["details"][0]["message"]), (422, &json!("is required")));
    let stranger = json!({"skill_id": question, "rating": "helpful"});
    let reply = stage.rate(&stage.ann, &question, stranger).await;
    assert_eq!(reply.json()["message"], "skill_id must be a skill that has answered the question");
    let reply = stage.rate(&stage.olga, &question, json!({"rating": "helpful"})).await;
    assert_eq!((reply.status, &reply.json()["code"]), (404, &json!("not_found")));
}

#[actix_web::test]
async fn owners_see_numbers_and_questions_but_not_who_asked() {
    let stage = Stage::new().await;
    stage.helped("Who played\nin Heat?").await;
    let poor = stage.asked(&stage.ann, "A secret?").await;
    stage.rate(&stage.ann, &poor, json!({"rating": "not_helpful", "comment": "my business"})).await;
    let anonymous = stage.app.post("/api/question", json!({"question": "Nobody's?"})).send().await;
    let path = format!("/api/question/{}/feedback", anonymous.header("X-Question-Id").unwrap());
    assert_eq!(stage.app.post(&path, json!({"rating": "helpful"})).send().await.status, 200);

    let mut ratings = stage.app.get(&stage.of_skill("feedback")).by(&stage.olga).send().await.json();
    ratings["skill_id"].take();
    assert_eq!(ratings, json!({"skill_id": null, "helpful": 2, "not_helpful": 1, "proposed": 1}));
    let mut proposals = stage.proposals("?limit=1").await;
    let text = proposals.to_string();
    assert!(!text.contains(&stage.ann.id.to_string()) && !text.contains("ann\""), "{text}");
    for id in ["proposal_id", "skill_id"] {
        proposals["proposals"][0][id].take();
    }
    assert_snapshot!(format!("{proposals:#}"), @r#"
    {
      "next_cursor": null,
      "proposals": [
        {
          "changed_at": "2026-01-01T00:00:00.001Z",
          "proposal_id": null,
          "proposed_at": "2026-01-01T00:00:00.001Z",
          "question": "Who played in Heat?",
          "questions": 1,
          "skill_id": null,
          "state": "proposed"
        }
      ]
    }
    "#);
    for path in ["feedback", "proposals"] {
        let path = stage.of_skill(path);
        assert_eq!(stage.app.get(&path).by(&stage.ann).send().await.json()["code"], "not_owner");
        assert_eq!(stage.app.get(&path).send().await.status, 401);
    }
}

#[actix_web::test]
async fn what_is_accepted_is_tried_and_becomes_an_example() {
    let stage = Stage::new().await;
    stage.helped("Where?").await;
    let id = stage.newest().await;
    let accepted = stage.post(&format!("proposals/{id}/accept"), json!({})).await;
    assert_eq!((accepted.status, &accepted.json()["state"]), (202, &json!("checking")));
    stage.checked().await;
    let path = stage.of_skill(&format!("proposals/{id}"));
    let taken = stage.app.get(&path).by(&stage.olga).send().await.json();
    assert_eq!(taken["state"], "taken");
    assert_eq!(taken["measured"], json!({"Order": {"held_out": 1, "before": 1, "after": 1}}));
    let skill = stage.app.get(&format!("/api/skill/{}", stage.skill)).by(&stage.olga).send().await.json();
    assert_eq!(skill["examples"], json!(["Who?", "What?"]), "what askers wrote is not for everybody to see");
    let training = stage.app.get(&stage.of_skill("training")).by(&stage.olga).send().await.json();
    assert_eq!(training["train_examples"], 3);
    let again = stage.post(&format!("proposals/{id}/accept"), json!({})).await;
    assert_eq!((again.status, &again.json()["state"]), (200, &json!("taken")));
    let dismissed = stage.post(&format!("proposals/{id}/dismiss"), json!({})).await;
    assert_eq!((dismissed.status, &dismissed.json()["code"]), (409, &json!("already_taken")));
    stage.helped("WHERE").await;
    assert_eq!(stage.proposals("?state=proposed").await["proposals"], json!([]));
}

#[actix_web::test]
async fn whoever_waits_hears_why_it_is_declined() {
    let stage = Stage::new().await;
    stage.helped("Something misleading?").await;
    let id = stage.newest().await;
    let path = stage.of_skill(&format!("proposals/{id}/accept"));
    let call = stage.app.post(&path, json!({})).by(&stage.olga).header("Prefer", "wait=30");
    let check = async {
        while stage.app.proposals.check_next().await.unwrap().is_none() {
            actix_web::rt::task::yield_now().await;
        }
    };
    let (reply, ()) = futures::join!(call.send(), check);
    assert_snapshot!(reply, @r#"
    409
    {
      "code": "proposal_declined",
      "error": 409,
      "message": "accuracy would fall: Order sends 0 of the 1 held-out questions to the right skill with it, and 1 without it",
      "msg": "accuracy would fall: Order sends 0 of the 1 held-out questions to the right skill with it, and 1 without it",
      "request_id": "test",
      "success": false
    }
    "#);
    let declined = stage.proposals("?state=declined").await;
    assert_eq!(declined["proposals"][0]["measured"]["Order"]["after"], 0);
    let skill = stage.app.get(&format!("/api/skill/{}", stage.skill)).by(&stage.olga).send().await.json();
    assert_eq!(skill["examples"], json!(["Who?", "What?"]));
}

#[actix_web::test]
async fn several_are_accepted_at_once_all_or_none() {
    let stage = Stage::new().await;
    for text in ["One?", "Two?", "Misguided and misleading?"] {
        stage.helped(text).await;
    }
    let proposals = stage.proposals("").await;
    let ids: Vec<_> =
        proposals["proposals"].as_array().unwrap().iter().map(|one| &one["proposal_id"]).collect();
    let unknown = stage.post("proposals/accept", json!({"proposals": [ids[0], stage.skill]})).await;
    assert_eq!(unknown.status, 404);
    for wrong in [json!({}), json!({"proposals": []}), json!({"proposals": ["one"]})] {
        let reply = stage.post("proposals/accept", wrong).await;
        assert_eq!((reply.status, &reply.json()["details"][0]["field"]), (422, &json!("proposals")));
    }
    assert_eq!(stage.proposals("?state=proposed").await["proposals"].as_array().unwrap().len(), 3);
    let accepted = stage.post("proposals/accept", json!({"proposals": ids})).await;
    assert_eq!((accepted.status, accepted.json()["proposals"].as_array().unwrap().len()), (202, 3));
    stage.checked().await;
    assert_eq!(stage.proposals("?state=taken").await["proposals"].as_array().unwrap().len(), 2);
    assert_eq!(stage.proposals("?state=declined").await["proposals"].as_array().unwrap().len(), 1);
    let wrong = stage.app.get(&stage.of_skill("proposals?state=new")).by(&stage.olga).send().await;
    assert_eq!((wrong.status, &wrong.json()["details"][0]["field"]), (422, &json!("state")));
}

#[actix_web::test]
async fn nothing_is_accepted_for_a_skill_that_is_not_published() {
    let stage = Stage::new().await;
    stage.helped("One?").await;
    let id = stage.newest().await;
    stage.post("unpublish", json!({})).await;
    let reply = stage.post(&format!("proposals/{id}/accept"), json!({})).await;
    assert_eq!((reply.status, &reply.json()["code"]), (409, &json!("not_published")));
}

#[actix_web::test]
async fn whoever_finds_everything_helpful_has_to_wait() {
    let stage = Stage::new().await;
    let question = stage.asked(&stage.ann, "One?").await;
    let helpful = async || stage.rate(&stage.ann, &question, json!({"rating": "helpful"})).await;
    for _ in 0..60 {
        assert_eq!(helpful().await.status, 200);
    }
    let refused = helpful().await;
    assert_eq!((refused.status, &refused.json()["code"]), (429, &json!("too_many_attempts")), "{refused}");
    assert_eq!(refused.header("Retry-After"), Some("60"));
    let not = stage.rate(&stage.ann, &question, json!({"rating": "not_helpful"})).await;
    assert_eq!(not.status, 200, "{not}");
}

#[actix_web::test]
async fn one_asker_proposes_only_so_much_and_what_was_dismissed_counts() {
    let stage = Stage::new().await;
    for number in 1..=4 {
        stage.helped(&format!("Question {number}?")).await;
    }
    assert_eq!(stage.proposals("").await["proposals"].as_array().unwrap().len(), 3);
    let id = stage.newest().await;
    let dismissed = stage.post(&format!("proposals/{id}/dismiss"), json!({})).await;
    assert_eq!((dismissed.status, &dismissed.json()["state"]), (200, &json!("dismissed")));
    stage.helped("Question 5?").await;
    assert_eq!(stage.proposals("").await["proposals"].as_array().unwrap().len(), 3);
}

#[actix_web::test]
async fn proposals_go_with_the_question_and_examples_stay() {
    let stage = Stage::new().await;
    let (taken, open) = (stage.helped("Where?").await, stage.helped("When?").await);
    let proposals = stage.proposals("").await;
    let id = proposals["proposals"][1]["proposal_id"].as_str().unwrap();
    stage.post(&format!("proposals/{id}/accept"), json!({})).await;
    stage.checked().await;
    for question in [taken, open] {
        let path = format!("/api/question/{question}");
        assert_eq!(stage.app.call(Method::DELETE, &path).by(&stage.ann).send().await.status, 200);
    }
    assert_eq!(stage.proposals("").await["proposals"], json!([]));
    let training = stage.app.get(&stage.of_skill("training")).by(&stage.olga).send().await.json();
    assert_eq!(training["train_examples"], 3);
}
