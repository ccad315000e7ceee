use crate::{client, settings, skill};
use square_scripted_server::{Script, Stub, reply};
use square_skill_client::SkillClientSettings;
use square_skills::ports::SkillProber;
use square_skills::{CheckReport, Protocol, ResultItem};
use std::time::Duration;
use tokio::net::TcpSocket;

async fn checked(settings: SkillClientSettings, url: &str, protocol: Protocol) -> CheckReport {
    client(settings).inspect(&skill(url, protocol, None)).await
}

/// The stages of a report, a failed one with its message.
fn told(report: &CheckReport) -> String {
    let step = |step: &square_skills::CheckStep| {
        let name = step.stage.as_str();
        if step.passed { name.to_owned() } else { format!("{name}: {}", step.message) }
    };
    report.steps.iter().map(step).collect::<Vec<_>>().join(" | ")
}

async fn of(script: Script) -> String {
    let stub = Stub::start(script).await;
    told(&checked(settings(), &stub.url(), Protocol::Square).await)
}

#[tokio::test]
async fn a_good_skill_passes_every_step_and_its_answer_is_shown() {
    let stub = Stub::answering("application/json", r#"[{"type": "plain_text", "text": "Yes."}]"#).await;
    let report = checked(settings(), &stub.url(), Protocol::Square).await;
    assert!(report.passed());
    assert_eq!(told(&report), "address | connect | status | content_type | body | json | shape");
    assert_eq!(report.results, [ResultItem::text("Yes.")]);
}

#[tokio::test]
async fn nobody_at_the_address_is_told() {
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    let report = checked(settings(), &url, Protocol::Square).await;
    let wanted = "address | connect: The skill could not be reached. Is it running, and does its port let connections in?";
    assert_eq!(told(&report), wanted);
    let unknown = checked(settings(), "http://nobody.invalid", Protocol::Square).await;
    assert_eq!(told(&unknown), "address: The skill's host name is not known.");
}

#[tokio::test]
async fn no_secure_connection_is_told() {
    let plain = Stub::start_at_once(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let report = checked(settings(), &plain.url().replace("http:", "https:"), Protocol::Square).await;
    let wanted = "address | connect | tls: No secure connection to the skill came about. \
Its certificate must be valid for the host and come from a public authority.";
    assert_eq!(told(&report), wanted);
}

#[tokio::test]
async fn statuses_are_told_with_what_may_be_behind_them() {
    let of = async |status: &str| of(Script::Send(reply(status, "application/json", "[]"))).await;
    let unauthorized = of("401 Unauthorized").await;
    assert!(
        unauthorized
            .ends_with("HTTP status 401. It wants a bearer token, or another one: set the skill's secret.")
    );
    let missing = of("404 Not Found").await;
    assert!(
        missing.contains("status 404. With the protocol square it is called at http://127.0.0.1:"),
        "{missing}"
    );
    assert!(
        of("302 Found").await.ends_with("Redirects are not followed: register the address that it leads to.")
    );
    assert!(of("422 Unprocessable Entity").await.ends_with("does it speak another?"));
    let broken = of("500 Internal Server Error").await;
    assert_eq!(broken, "address | connect | status: The skill answered with HTTP status 500.");
}

#[tokio::test]
async fn each_stage_of_an_answer_is_told() {
    let before = "address | connect | status";
    let html = of(Script::Send(reply("200 OK", "text/html", "<html>"))).await;
    let wanted =
        "The skill's answer is malformed: its content type is not JSON. It must be application/json.";
    assert_eq!(html, format!("{before} | content_type: {wanted}"));
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n[]";
    let wanted = "The skill's answer is malformed: its body is cut off or damaged.";
    assert_eq!(
        of(Script::SendAndClose(cut.to_vec())).await,
        format!("{before} | content_type | body: {wanted}")
    );
    let garbage = of(Script::Send(reply("200 OK", "application/json", "Yes."))).await;
    let wanted = "The skill's answer is malformed: it is not JSON at line 1, column 1.";
    assert_eq!(garbage, format!("{before} | content_type | body | json: {wanted}"));
    let other = of(Script::Send(reply("200 OK", "application/json", r#"[{"type": "plain_text"}]"#))).await;
    let wanted = "The skill's answer is malformed: result 1 has no \"text\". \
This is where the answer differs from the protocol square.";
    assert_eq!(other, format!("{before} | content_type | body | json | shape: {wanted}"));
    let no_http = of(Script::SendAndClose(b"SSH-2.0-secret\r\n".to_vec())).await;
    assert_eq!(
        no_http,
        "address | connect | status: The skill's answer is malformed: there is no valid HTTP reply."
    );
}

#[tokio::test]
async fn slowness_is_told() {
    let quick = SkillClientSettings { first_byte_timeout: Duration::from_millis(100), ..settings() };
    let stub = Stub::start(Script::SendAndHang(Vec::new())).await;
    let report = checked(quick, &stub.url(), Protocol::Square).await;
    assert!(told(&report).ends_with("status: The skill did not begin to answer within 0.1 s."));
}

#[tokio::test]
async fn the_other_protocols_are_checked_too() {
    let stub = Stub::answering(
        "application/json",
        r#"{"predictions": [{"prediction_output": {"output": "Yes."}}]}"#,
    )
    .await;
    assert!(checked(settings(), &stub.url(), Protocol::Square2).await.passed());
    let agent = checked(settings(), &stub.url(), Protocol::A2a).await;
    let wanted = "shape: The skill's answer is malformed: the agent's card names no JSON-RPC interface of version 1.0 or 0.3.";
    assert!(told(&agent).contains(wanted), "{}", told(&agent));
    let model = checked(settings(), &stub.url(), Protocol::OpenAi).await;
    assert!(told(&model).contains("its list of models names none"), "{}", told(&model));
    let chat = Stub::routing(|request| match request {
        "GET /models" => reply("200 OK", "application/json", r#"{"data": [{"id": "a"}]}"#),
        _ => reply("200 OK", "application/json", r#"{"choices": [{"message": {"content": "Yes."}}]}"#),
    })
    .await;
    let report = checked(settings(), &chat.url(), Protocol::OpenAi).await;
    assert!(report.passed(), "{}", told(&report));
}
