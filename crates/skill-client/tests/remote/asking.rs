use crate::{ask, client, connect, request, settings, skill};
use square_kernel::Sealed;
use square_scripted_server::{Script, Stub, reply};
use square_skills::ports::Connector;
use square_skills::{BuiltinName, Protocol, ResultItem, SkillAddress, SkillFailure, SkillRequest};

const ANSWER: &str = r#"[{"type": "plain_text", "text": "Al Pacino", "score": 0.5},
    {"type": "plain_text", "text": "Robert De Niro"}, {"type": "plain_text", "text": "Val Kilmer"}]"#;

#[tokio::test]
async fn a_square_skill_is_asked_and_its_answer_cut_to_what_was_wanted() {
    let stub = Stub::answering("application/json; charset=utf-8", ANSWER).await;
    let items = ask(settings(), &format!("{}/films/", stub.url())).await.unwrap();
    let pacino = ResultItem { score: Some(0.5), ..ResultItem::text("Al Pacino") };
    assert_eq!(items, [pacino, ResultItem::text("Robert De Niro")]);

    let requests = stub.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /films/query HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: application/json\r\n"), "{head}");
    assert!(!head.to_lowercase().contains("authorization"), "{head}");
    assert_eq!(body, r#"{"question":"Who played in \"Heat\"?","options":{"maxResults":2}}"#);
}

#[tokio::test]
async fn a_square2_skill_is_asked_with_its_arguments() {
    let answer = r#"{"predictions": [{"prediction_score": 1, "prediction_output": {"output": "Heat"}}]}"#;
    let stub = Stub::answering("application/json", answer).await;
    let registered = skill(&stub.url(), Protocol::Square2, None);
    let (id, skill) = (registered.id, client(settings()).connect_remote(&registered));
    let with_args = SkillRequest { skill_args: Some("{\"a\": [1.50]}".into()), ..request() };
    let wanted = [ResultItem { score: Some(1.0), ..ResultItem::text("Heat") }];
    assert_eq!(skill.answer(&with_args).await.unwrap(), wanted);
    assert_eq!(skill.answer(&request()).await.unwrap(), wanted);

    let requests = stub.requests();
    let body = |number: usize| requests[number].split_once("\r\n\r\n").unwrap().1;
    let rest = r#""user_id":"","explain_kwargs":{},"model_kwargs":{},"num_results":2}"#;
    let head = format!(r#"{{"query":"Who played in \"Heat\"?","skill":{{"id":"{id}"}},"skill_args":"#);
    assert_eq!(body(0), format!("{head}{{\"a\": [1.50]}},{rest}"));
    assert_eq!(body(1), format!("{head}{{}},{rest}"));
}

#[tokio::test]
async fn a_secret_is_shown_to_its_skill_as_a_bearer_token() {
    let stub = Stub::answering("application/json", "[]").await;
    let skill = client(settings()).connect_remote(&skill(&stub.url(), Protocol::Square, Some("open-sesame")));
    skill.answer(&request()).await.unwrap();
    skill.ping().await.unwrap();
    for request in stub.requests() {
        assert!(request.contains("\r\nauthorization: Bearer open-sesame\r\n"), "{request}");
    }
}

#[tokio::test]
async fn a_skill_whose_secret_cannot_be_opened_is_not_asked() {
    let stub = Stub::answering("application/json", "[]").await;
    let mut skill = skill(&stub.url(), Protocol::Square, None);
    skill.secret = Some(Sealed(b"of another installation".to_vec()));
    let outcome = client(settings()).connect(&skill).answer(&request()).await;
    assert_eq!(outcome, Err(SkillFailure::Internal));
    assert_eq!(stub.connections(), 0);
}

#[tokio::test]
async fn a_part_of_this_process_is_no_remote_skill() {
    let mut skill = skill("http://a.example", Protocol::Square, None);
    skill.address = SkillAddress::Builtin(BuiltinName::new("casting"));
    let outcome = client(settings()).connect(&skill).answer(&request()).await;
    assert_eq!(outcome, Err(SkillFailure::Internal));
}

#[tokio::test]
async fn questions_to_one_skill_share_a_connection() {
    let stub = Stub::answering("application/json", ANSWER).await;
    let skill = connect(settings(), &stub.url());
    for _ in 0..3 {
        skill.answer(&request()).await.unwrap();
    }
    assert_eq!((stub.requests().len(), stub.connections()), (3, 1));
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_costs_no_answer() {
    let closing = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]";
    let stub = Stub::start(Script::SendAndClose(closing.into())).await;
    let skill = connect(settings(), &stub.url());
    for number in 1..=3 {
        assert_eq!(skill.answer(&request()).await, Ok(Vec::new()));
        stub.closed(number).await;
    }
    assert_eq!((stub.requests().len(), stub.connections()), (3, 3));
}

#[tokio::test]
async fn what_a_skill_has_heard_is_not_said_again() {
    let stub = Stub::start(Script::SendOncePerConnection(reply("200 OK", "application/json", "[]"))).await;
    let skill = connect(settings(), &stub.url());
    assert_eq!(skill.answer(&request()).await, Ok(Vec::new()));
    let outcome = skill.answer(&request()).await;
    assert_eq!(outcome, Err(SkillFailure::Malformed("there is no valid HTTP reply".into())));
    assert_eq!((stub.requests().len(), stub.connections()), (2, 1));
}

#[tokio::test]
async fn an_answer_that_does_not_say_what_it_is_is_taken_for_json() {
    let stub = Stub::start(Script::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]".to_vec())).await;
    assert_eq!(ask(settings(), &stub.url()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn large_answers_and_html_are_read_too() {
    let long = "x".repeat(100_000);
    let answer = format!(
        r#"[{{"type": "plain_text", "text": "{long}"}}, {{"type": "raw_html", "html": "\u003cb>Heat\u003c/b>"}}]"#
    );
    let stub = Stub::answering("application/json", &answer).await;
    let items = ask(settings(), &stub.url()).await.unwrap();
    assert_eq!(items[0], ResultItem::text(long));
    assert_eq!(items[1].body, square_skills::ResultBody::RawHtml("<b>Heat</b>".into()));
}

#[tokio::test]
async fn a_square2_skill_without_ping_is_asked_for_its_heartbeat() {
    let stub = Stub::routing(|request| match request {
        "GET /films/health/heartbeat" => reply("200 OK", "application/json", r#"{"is_alive": true}"#),
        _ => reply("404 Not Found", "text/plain", ""),
    })
    .await;
    let skill = skill(&format!("{}/films", stub.url()), Protocol::Square2, None);
    client(settings()).connect_remote(&skill).ping().await.unwrap();
}

#[tokio::test]
async fn a_ping_asks_for_ping_and_takes_any_2xx() {
    let stub = Stub::start(Script::Send(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())).await;
    connect(settings(), &format!("{}/films", stub.url())).ping().await.unwrap();
    assert!(stub.requests()[0].starts_with("GET /films/ping HTTP/1.1\r\n"));

    let stub = Stub::start(Script::Send(reply("503 Service Unavailable", "text/plain", "no"))).await;
    assert_eq!(connect(settings(), &stub.url()).ping().await, Err(SkillFailure::Status(503)));
}
