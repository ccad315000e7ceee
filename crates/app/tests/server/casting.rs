//! Questions about films and actors, as they are routed by themselves, and what calls have made of the data meanwhile.

use crate::process::Server;
use serde_json::{Value, json};

/// What the casting skill answered to a question that was routed by itself, as text and pairs.
async fn answered(server: &Server, question: &str) -> Value {
    let answers = server.post("/api/question", &json!({"question": question})).await;
    let names: Vec<_> =
        answers.as_array().expect("a list").iter().map(|answer| answer["name"].clone()).collect();
    assert_eq!(names, ["Casting"], "{question}: {answers}");
    answers[0]["results"].clone()
}

async fn said(server: &Server, question: &str) -> String {
    answered(server, question).await[0]["text"].as_str().expect("a text").to_owned()
}

const HEAT: &str = "Al Pacino, Robert De Niro, Val Kilmer, Ashley Judd, Natalie Portman and Jon Voight \
                    played in Heat (1995).";
const PACINO: &str = "Al Pacino was in The Godfather (1972), The Godfather Part II (1974), Scarface (1983) \
                      and Heat (1995).";

#[tokio::test]
async fn questions_about_films_and_actors_are_answered_from_the_data_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &["--demo"]);
    for (question, answer) in [
        ("Who played in Heat?", HEAT),
        ("Who played in Heet?", HEAT),
        ("Which films was Al Pacino in?", PACINO),
        ("Which films was Al Pachino in?", PACINO),
        ("How old is Val Kilmer?", "The age of Val Kilmer is given as 65."),
        ("How old is Val Kilmar?", "The age of Val Kilmer is given as 65."),
    ] {
        assert_eq!(said(&server, question).await, answer, "{question}");
    }

    let signed_in = server.post("/api/login", &json!({"username": "demo", "password": "square-demo"})).await;
    server.sign_in_by(signed_in["access_token"].as_str().expect("a text").to_owned());
    let movies = server.get("/api/movies?title=heat&released_from=1995-01-01&released_to=1995-12-31").await;
    let heat = movies["movies"][0]["id"].as_str().expect("a text").to_owned();
    let body = json!({"name": "Dennis Haysbert", "age": 71, "gender": "male"});
    let actor = server.post("/api/actors", &body).await["actor"]["id"].as_str().expect("a text").to_owned();
    let body = json!({"movie_id": heat, "actor_id": actor, "character": "Donald Breedan"});
    server.post("/api/roles", &body).await;
    server.patch(&format!("/api/movies/{heat}"), &json!({"title": "Heat Wave"})).await;
    let with_him = HEAT
        .replace(" and Jon Voight played in Heat", ", Jon Voight and Dennis Haysbert played in Heat Wave");
    assert_eq!(said(&server, "Who played in Heat Wave?").await, with_him);
    assert_eq!(
        said(&server, "How old is Denis Haysbert?").await,
        "The age of Dennis Haysbert is given as 71."
    );
    let gone = server.delete(&format!("/api/movies/{heat}")).await;
    assert_eq!(gone, json!({"success": true, "deleted": heat, "deleted_roles": 7}));
    assert_eq!(said(&server, "Who played in Heat Wave?").await, "I know of no film called “Heat Wave”.");
    assert_eq!(
        said(&server, "Who played Donald Breedan?").await,
        "I know of no character called “Donald Breedan”."
    );
}

#[tokio::test]
async fn an_answer_holds_and_hints_at_nothing_that_its_asker_may_not_see() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Server::start(folder.path(), &["--demo"]).terminate().await, Some(0));
    // Without the demo, everybody holds what the role `anonymous` allows: nothing.
    let server = Server::start(folder.path(), &[]);
    let refused = json!([{"type": "plain_text", "text": "You may not see casting data; sign in with a role that may."}]);
    for question in [
        "Who played in Heat?",
        "Who played in Heet?",
        "Who played in Zorn?",
        "Which films was Al Pacino in?",
        "Which films was Zorn Zornson in?",
        "How old is Val Kilmer?",
        "How old is Zorn Zornson?",
        "Who played Vincent Hanna?",
        "Which movies came out in 1995?",
    ] {
        let body =
            json!({"question": question, "options": {"selector": "Base", "selectedSkills": ["Casting"]}});
        let answers = server.post("/api/question", &body).await;
        let results = answers[0]["results"].as_array().expect("a list").clone();
        let shown: Vec<Value> =
            results.iter().map(|item| json!({"type": item["type"], "text": item["text"]})).collect();
        assert_eq!(json!(shown), refused, "{question}");
    }
    for question in ["Who played in Heat?", "Which films was Al Pacino in?", "How old is Val Kilmer?"] {
        let answers = server.post("/api/question?envelope=1", &json!({"question": question})).await;
        let results = answers["results"].to_string();
        for hidden in ["1995", "Hanna", "Niro", "Scarface", "65"] {
            assert!(!results.contains(hidden), "{question}: {results}");
        }
    }
    for path in ["/api/movies", "/api/actors", "/api/roles"] {
        assert_eq!(server.status(path).await, 401);
    }
}
