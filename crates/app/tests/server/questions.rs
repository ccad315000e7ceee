use crate::process::{Server, complaint, run};
use crate::stub::Stub;
use serde_json::{Value, json};

fn asked_of(skills: &[String]) -> Value {
    json!({"question": "Anything?", "options": {"selector": "Base", "selectedSkills": skills, "maxQuerriedSkills": 9}})
}

fn names(results: &Value) -> Vec<&str> {
    results.as_array().expect("an array").iter().filter_map(|result| result["name"].as_str()).collect()
}

#[tokio::test]
async fn a_demo_answers_from_its_built_in_skills() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--demo"]);
    let heat = server.post("/api/question", &json!({"question": "Which actors played in Heat?"})).await;
    assert_eq!(names(&heat), ["Casting"]);
    assert!(heat.to_string().contains("Al Pacino"), "{heat}");
    let fillmore = server.post("/api/question", &json!({"question": "What is on at the Fillmore?"})).await;
    assert_eq!(names(&fillmore), ["Events"]);
    let bank = server.post("/api/question", &json!({"question": "Which bank is 001?"})).await;
    assert_eq!(names(&bank), ["Companies"]);
    assert!(bank.to_string().contains("Banco do Brasil"), "{bank}");
    let bread = server.post("/api/question?envelope=1", &json!({"question": "How do I bake bread?"})).await;
    assert_eq!(bread["results"], json!([]));

    let api = format!("{}/api", server.url());
    let asked = run(folder.path(), ["ask", "--server", &api, "Which", "actors", "played", "in", "Heat?"]);
    let shown = String::from_utf8_lossy(&asked.stdout);
    assert!(asked.status.success() && shown.contains("Casting") && shown.contains("Al Pacino"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colour where there is no terminal: {shown}");
    assert!(complaint(&asked).contains("1 skill answered"));
}

#[tokio::test]
async fn a_demo_started_again_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Server::start(folder.path(), &["--demo"]).terminate().await, Some(0));
    let server = Server::start(folder.path(), &["--demo"]);
    assert_eq!(names(&server.get("/api/skills").await), ["Casting", "Events", "Companies"]);
    let heat = server.post("/api/question", &json!({"question": "Which actors played in Heat?"})).await;
    assert_eq!(names(&heat), ["Casting"]);
}

#[tokio::test]
async fn remote_skills_are_streamed_in_order_of_completion() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_account(folder.path()).await;
    let stubs = [Stub::start("slow").await, Stub::start("middle").await, Stub::start("fast").await];
    let mut skills = Vec::new();
    for (stub, name) in stubs.iter().zip(["slow", "middle", "fast"]) {
        skills.push(server.register(name, &stub.url).await);
    }
    let mut events = server.stream(&asked_of(&skills)).await;
    for stub in &stubs {
        stub.asked().await;
    }
    for (index, name) in [(2, "fast"), (1, "middle"), (0, "slow")] {
        stubs[index].answer();
        let event = events.next().await.unwrap();
        assert_eq!((event["name"].as_str(), event["results"][0]["text"].as_str()), (Some(name), Some(name)));
    }
    assert_eq!(events.next().await.unwrap()["ending"], "complete");
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_skill_that_fails_again_and_again_is_not_asked_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_account(folder.path()).await;
    let stub = Stub::with_reply("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n".to_owned()).await;
    stub.answer_all();
    let skills = [server.register("failing", &stub.url).await];
    let shown = async || server.get(&format!("/api/skill/{}", skills[0])).await["breaker"]["state"].clone();
    let asked = async || {
        let results = server.post("/api/question", &asked_of(&skills)).await;
        results[0]["error_code"].as_str().unwrap().to_owned()
    };
    assert_eq!(shown().await, json!(null));
    assert_eq!([asked().await, asked().await, asked().await], ["bad_status"; 3]);
    assert_eq!(asked().await, "breaker_open");
    assert_eq!(shown().await, json!("open"));
    // The owner has mended something, perhaps.
    server.patch(&format!("/api/skill/{}", skills[0]), &json!({"description": "mended"})).await;
    assert_eq!(asked().await, "bad_status");
}

#[tokio::test]
async fn a_protocol_that_is_not_said_is_found_out_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_account(folder.path()).await;
    let stub = Stub::start("Yes.").await;
    stub.answer_all();
    let skill = server.post("/api/skill", &json!({"name": "stub", "url": stub.url})).await;
    assert_eq!(skill["protocol"], "square");
    let check = server.post(&format!("/api/skill/{}/check", skill["id"].as_str().unwrap()), &json!({})).await;
    assert_eq!((&check["ok"], &check["results"][0]["text"]), (&json!(true), &json!("Yes.")), "{check}");
}

#[tokio::test]
async fn an_answer_that_was_seen_survives_sigkill() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_account(folder.path()).await;
    let (quick, stuck) = (Stub::start("seen").await, Stub::start("never").await);
    let skills = [server.register("quick", &quick.url).await, server.register("stuck", &stuck.url).await];
    let mut events = server.stream(&asked_of(&skills)).await;
    quick.answer();
    let event = events.next().await.unwrap();
    let question = event["question_id"].as_str().unwrap().to_owned();
    let token = server.token().to_owned();
    server.kill();

    let mut server = Server::start(folder.path(), &[]);
    server.sign_in_by(token);
    let kept = server.get(&format!("/api/question/{question}")).await;
    assert_eq!((&kept["finished"], &kept["ending"]), (&json!(true), &json!("interrupted")));
    let result = |name: &str| {
        kept["results"].as_array().unwrap().iter().find(|result| result["name"] == name).cloned().unwrap()
    };
    assert_eq!(result("quick")["results"], event["results"]);
    assert_eq!(result("stuck")["error_code"], "interrupted");
}

#[tokio::test]
async fn sigterm_lets_a_running_question_finish() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_account(folder.path()).await;
    let stub = Stub::start("finished").await;
    let skills = [server.register("stub", &stub.url).await];
    let mut events = server.stream(&asked_of(&skills)).await;
    stub.asked().await;
    let ending = tokio::spawn(server.terminate());
    stub.answer();
    assert_eq!(events.next().await.unwrap()["results"][0]["text"], "finished");
    assert_eq!(events.next().await.unwrap()["ending"], "complete");
    drop(events);
    assert_eq!(ending.await.unwrap(), Some(0));
}

#[tokio::test]
async fn at_the_deadline_good_answers_are_given_and_bad_skills_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with_account(folder.path()).await;
    let failing = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n".to_owned();
    let trickling =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n[".to_owned();
    let (good, failing) = (Stub::start("good").await, Stub::with_reply(failing).await);
    let (hanging, trickling) = (Stub::start("never").await, Stub::with_reply(trickling).await);
    let mut skills = Vec::new();
    for (name, stub) in
        [("hanging", &hanging), ("trickling", &trickling), ("failing", &failing), ("good", &good)]
    {
        skills.push(server.register(name, &stub.url).await);
    }
    for stub in [&good, &failing, &trickling] {
        stub.answer();
    }
    let results = server.post("/api/question?deadline_ms=1500", &asked_of(&skills)).await;
    let told = |name: &str| {
        let result = results.as_array().unwrap().iter().find(|result| result["name"] == name).unwrap();
        result["error_code"].as_str().or(result["results"][0]["text"].as_str()).unwrap().to_owned()
    };
    assert_eq!(
        ["hanging", "trickling", "failing", "good"].map(told),
        ["timed_out", "timed_out", "bad_status", "good"]
    );
}
