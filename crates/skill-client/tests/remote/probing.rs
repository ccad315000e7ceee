use crate::{client, impatient, settings};
use square_kernel::Secret;
use square_scripted_server::{Script, Stub, reply};
use square_skills::ports::SkillProber;
use square_skills::{Protocol, SkillUrl};
use tokio::net::TcpSocket;

async fn detected(stub: &Stub) -> Option<Protocol> {
    client(settings()).detect(&SkillUrl::parse(&stub.url()).unwrap(), None).await
}

/// A server that answers only these requests, with JSON.
async fn server(answers: &'static [(&'static str, &'static str)]) -> Stub {
    Stub::routing(move |request| match answers.iter().find(|(wanted, _)| *wanted == request) {
        Some((_, body)) => reply("200 OK", "application/json", body),
        None => reply("404 Not Found", "text/plain", "nothing here"),
    })
    .await
}

#[tokio::test]
async fn each_protocol_is_told_by_what_it_alone_has() {
    let square = server(&[("POST /query", r#"[{"type": "plain_text", "text": "Yes."}]"#)]).await;
    assert_eq!(detected(&square).await, Some(Protocol::Square));
    let square2 = server(&[("POST /query", r#"{"predictions": []}"#)]).await;
    assert_eq!(detected(&square2).await, Some(Protocol::Square2));
    let openai = server(&[("GET /models", r#"{"object": "list", "data": [{"id": "small"}]}"#)]).await;
    assert_eq!(detected(&openai).await, Some(Protocol::OpenAi));
    let card = r#"{"name": "a", "supportedInterfaces": [{"url": "/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}]}"#;
    let agent = server(Box::leak(Box::new([("GET /.well-known/agent-card.json", card)]))).await;
    assert_eq!(detected(&agent).await, Some(Protocol::A2a));
}

#[tokio::test]
async fn a_skill_that_refuses_what_it_does_not_know_is_asked_in_its_own_words() {
    let strict = Stub::start(Script::Answer(std::sync::Arc::new(|request: &str| {
        if request.starts_with("POST") && request.contains("\"query\"") && !request.contains("\"question\"") {
            reply("200 OK", "application/json", r#"{"predictions": []}"#)
        } else {
            reply("422 Unprocessable Entity", "application/json", "{}")
        }
    })))
    .await;
    assert_eq!(detected(&strict).await, Some(Protocol::Square2));
}

#[tokio::test]
async fn what_answers_everything_in_the_same_way_is_nothing_known() {
    for body in ["{}", "null", "<html></html>", "{\"data\": []}", "{\"url\": 7}"] {
        let stub = Stub::answering("application/json", body).await;
        assert_eq!(detected(&stub).await, None, "{body}");
    }
}

#[tokio::test]
async fn the_secret_is_shown() {
    let stub = server(&[("POST /query", "[]")]).await;
    let url = SkillUrl::parse(&stub.url()).unwrap();
    client(settings()).detect(&url, Some(&Secret::new("open-sesame"))).await;
    assert!(
        stub.requests().iter().all(|request| request.contains("\r\nauthorization: Bearer open-sesame\r\n"))
    );
}

#[tokio::test]
async fn at_the_root_of_the_host_it_is_not() {
    let stub = server(&[("POST /films/query", "[]")]).await;
    let url = SkillUrl::parse(&format!("{}/films", stub.url())).unwrap();
    assert_eq!(
        client(settings()).detect(&url, Some(&Secret::new("open-sesame"))).await,
        Some(Protocol::Square)
    );
    let (below, at_root): (Vec<_>, Vec<_>) =
        stub.requests().into_iter().partition(|request| request.contains(" /films/"));
    assert!(below.iter().all(|request| request.contains("Bearer open-sesame")));
    assert!(at_root.len() == 1 && !at_root[0].contains("open-sesame"), "{at_root:?}");
}

#[tokio::test]
async fn where_nobody_answers_it_ends_soon() {
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = SkillUrl::parse(&format!("http://{}", taken.local_addr().unwrap())).unwrap();
    assert_eq!(client(settings()).detect(&nobody, None).await, None);
    let hanging = Stub::start(Script::SendAndHang(Vec::new())).await;
    let url = SkillUrl::parse(&hanging.url()).unwrap();
    assert_eq!(client(impatient()).detect(&url, None).await, None);
    assert_eq!(hanging.requests().len(), 1);
}
