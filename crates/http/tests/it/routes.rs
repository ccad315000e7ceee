use crate::app::TestApp;
use insta::assert_snapshot;
use serde_json::json;
use square_skills::testing::ScriptedSkill;

#[actix_web::test]
async fn a_dry_run_tells_where_a_question_would_go_and_asks_nobody() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let mut films = app.scripted(&ada, "Films").await;
    app.skill(&ada, "Draft", ScriptedSkill::always(Ok(Vec::new()))).await;
    let options = json!({"selectedSkills": ["Films", "Draft", "Nobody"]});
    let mut decision =
        app.post("/api/route", json!({"question": "Who?", "options": options})).by(&ada).send().await.json();
    for skills in ["chosen", "left_out"] {
        decision[skills].as_array_mut().unwrap().iter_mut().for_each(|skill| drop(skill["skill_id"].take()));
    }
    assert_snapshot!(format!("{decision:#}"), @r#"
    {
      "candidates": 1,
      "chosen": [
        {
          "examples": [],
          "name": "Films",
          "score": 0.9,
          "skill_id": null
        }
      ],
      "least_score": 0.0,
      "left_out": [
        {
          "examples": [],
          "name": "Draft",
          "reason": "unpublished",
          "score": null,
          "skill_id": null
        },
        {
          "examples": [],
          "name": "Nobody",
          "reason": "not_allowed",
          "score": null,
          "skill_id": null
        }
      ],
      "selector": "Order"
    }
    "#);
    assert!(films.already_asked().is_none());
    assert_eq!(app.post("/api/route", json!({"question": ""})).send().await.status, 422);
    let closed = TestApp::chosen(|chosen| chosen.policy.fair_use.account_required = true);
    assert_eq!(closed.post("/api/route", json!({"question": "Who?"})).send().await.status, 401);
}
