//! Proposed example questions, where the server that tries one is killed.

use crate::process::Server;
use crate::stub::Stub;
use crate::waiting::within;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// How long learning may take on a machine that is busy.
const LIMIT: Duration = Duration::from_mins(2);

/// So many examples and held-out questions that trying a proposal takes much longer than to kill the server.
const EXAMPLES: usize = 5000;
const HELD_OUT: usize = 5000;

/// A file with so many questions.
fn file(name: &str, questions: usize) -> String {
    let lines: Vec<String> =
        (0..questions).map(|number| format!("Who played part {number} in the film of {number}?")).collect();
    format!(
        "--cut\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"questions.txt\"\r\n\r\n{}\r\n",
        lines.join("\n")
    )
}

/// Publishes the skill.
async fn publish(server: &Server, skill: &str) {
    let form = format!("{}{}--cut--\r\n", file("train_file", EXAMPLES), file("dev_file", HELD_OUT));
    let train = server.request(Method::POST, &format!("/api/skill/{skill}/train"));
    let train = train.header("Content-Type", "multipart/form-data; boundary=cut").body(form);
    assert_eq!(server.send(train).await.expect("an answer").status, 200);
    let path = format!("/api/skill/{skill}/training");
    let published = async || (server.get(&path).await["state"] == "published").then_some(());
    within(LIMIT, "the skill is published", published).await;
}

/// Has a question answered by the skill, and proposed by its asker. Where the proposal is.
async fn proposed(server: &Server, skill: &str) -> String {
    let question = json!({"question": "Who directed it?", "options": {"selectedSkills": [skill]}});
    let asked = server.post("/api/question?envelope=1", &question).await;
    let path = format!("/api/question/{}/feedback", asked["question_id"].as_str().expect("a text"));
    server.post(&path, &json!({"rating": "helpful"})).await;
    let proposals = server.get(&format!("/api/skill/{skill}/proposals")).await;
    let id = proposals["proposals"][0]["proposal_id"].as_str().expect("a text");
    format!("/api/skill/{skill}/proposals/{id}")
}

/// How the only proposal stands in the file, which nobody serves.
fn stored(folder: &Path) -> String {
    let path = folder.join("data/square.db");
    let mut file = SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("it opens");
    sql::<Text>("SELECT state FROM proposals").get_result(&mut file).expect("there is one")
}

#[tokio::test]
async fn a_trial_in_the_middle_of_which_the_server_is_killed_is_made_by_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_account(folder.path()).await;
    let token = server.token().to_owned();
    let stub = Stub::start("Michael Mann").await;
    stub.answer_all();
    let skill = server.register("Films", &stub.url).await;
    publish(&server, &skill).await;
    let proposal = proposed(&server, &skill).await;
    let accepted = server.post(&format!("{proposal}/accept"), &json!({})).await;
    assert_eq!(accepted["state"], "checking");
    server.kill();
    assert_eq!(stored(folder.path()), "checking", "it was killed too late to tell anything");

    let mut server = Server::start(folder.path(), &[]);
    server.sign_in_by(token);
    let settled = async || {
        let proposal: Value = server.get(&proposal).await;
        (proposal["state"] != "checking").then_some(proposal)
    };
    let settled = within(LIMIT, "the trial is made", settled).await;
    assert_eq!(settled["state"], "taken", "{settled}");
    assert_eq!(settled["measured"]["Square"]["held_out"], HELD_OUT);
    assert_eq!(server.get(&format!("/api/skill/{skill}/training")).await["train_examples"], EXAMPLES + 1);
}
