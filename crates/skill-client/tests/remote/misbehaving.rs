use crate::{ask, connect, impatient, settings};
use square_scripted_server::{Script, Stub, gzip, reply};
use square_skill_client::SkillClientSettings;
use square_skills::SkillFailure;
use std::time::Duration;
use tokio::net::TcpSocket;

const ENDLESS: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[";
const GZIP: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n";

fn malformed(text: &str) -> SkillFailure {
    SkillFailure::Malformed(text.into())
}

async fn failure(settings: SkillClientSettings, script: Script) -> SkillFailure {
    let stub = Stub::start(script).await;
    ask(settings, &stub.url()).await.unwrap_err()
}

fn gzip_reply(body: &[u8]) -> Vec<u8> {
    [format!("{GZIP}content-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

#[tokio::test]
async fn nobody_listens() {
    // Kept open, so that no other test is given the port meanwhile.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    assert_eq!(ask(settings(), &url).await, Err(SkillFailure::Unreachable));
    assert_eq!(connect(settings(), &url).ping().await, Err(SkillFailure::Unreachable));
}

#[tokio::test]
async fn a_server_error_is_told_with_its_status() {
    for (status, code) in
        [("500 Internal Server Error", 500), ("404 Not Found", 404), ("304 Not Modified", 304)]
    {
        let script = Script::Send(reply(status, "application/json", "[]"));
        assert_eq!(failure(settings(), script).await, SkillFailure::Status(code));
    }
}

#[tokio::test]
async fn a_server_that_never_answers_runs_out_of_time() {
    assert_eq!(failure(impatient(), Script::SendAndHang(Vec::new())).await, SkillFailure::TimedOut);
    let at_first = SkillClientSettings { first_byte_timeout: Duration::from_millis(100), ..settings() };
    let outcome = failure(at_first, Script::SendAndHang(Vec::new())).await;
    assert_eq!(outcome, SkillFailure::NoFirstByte(Duration::from_millis(100)));
    let stub = Stub::start(Script::SendAndHang(Vec::new())).await;
    assert_eq!(connect(impatient(), &stub.url()).ping().await, Err(SkillFailure::TimedOut));
}

#[tokio::test]
async fn a_server_that_stops_in_the_middle_runs_out_of_time() {
    for part in [&b"HTTP/1.1 200 OK\r\ncontent-ty"[..], ENDLESS, &ENDLESS[..ENDLESS.len() - 1]] {
        assert_eq!(failure(impatient(), Script::SendAndHang(part.to_vec())).await, SkillFailure::TimedOut);
    }
}

#[tokio::test]
async fn a_server_that_keeps_sending_runs_out_of_time() {
    let patient_with_size = SkillClientSettings { max_response_bytes: u64::MAX, ..impatient() };
    let trickle = Script::SendEndlessly(ENDLESS.to_vec(), b" ".to_vec());
    assert_eq!(failure(patient_with_size, trickle).await, SkillFailure::TimedOut);
}

#[tokio::test]
async fn an_endless_answer_is_too_large() {
    let flood = Script::SendEndlessly(ENDLESS.to_vec(), vec![b' '; 10_000]);
    assert_eq!(failure(settings(), flood).await, SkillFailure::TooLarge(1024 * 1024));
}

#[tokio::test]
async fn an_answer_that_announces_too_much_is_not_waited_for() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1048577\r\n\r\n";
    let script = Script::SendAndHang(head.into());
    assert_eq!(failure(settings(), script).await, SkillFailure::TooLarge(1024 * 1024));
}

#[tokio::test]
async fn an_answer_of_just_the_limit_is_taken() {
    let small = SkillClientSettings { max_response_bytes: 10, ..settings() };
    let fits = Stub::answering("application/json", "[        ]").await;
    assert_eq!(ask(small.clone(), &fits.url()).await, Ok(Vec::new()));
    let larger = Script::Send(reply("200 OK", "application/json", "[         ]"));
    assert_eq!(failure(small, larger).await, SkillFailure::TooLarge(10));
}

#[tokio::test]
async fn compressed_answers_are_read_and_measured_unpacked() {
    let stub = Stub::start(Script::Send(gzip_reply(&gzip(b"[]")))).await;
    assert_eq!(ask(settings(), &stub.url()).await, Ok(Vec::new()));
    let bomb = gzip(&vec![b' '; 20 * 1024 * 1024]);
    assert!(bomb.len() < 100_000);
    let outcome = failure(settings(), Script::Send(gzip_reply(&bomb))).await;
    assert_eq!(outcome, SkillFailure::TooLarge(1024 * 1024));
}

#[tokio::test]
async fn what_is_not_compressed_as_it_says_cannot_be_decoded() {
    let outcome = failure(settings(), Script::Send(gzip_reply(b"secret, not gzip at all"))).await;
    assert_eq!(outcome, malformed("its body is cut off or damaged"));
}

#[tokio::test]
async fn a_reply_that_is_no_http_is_malformed() {
    for bytes in [&b"SSH-2.0-secret\r\n\r\n"[..], b"", b"HTTP/1.1 200 OK\r\ncontent-"] {
        let outcome = failure(settings(), Script::SendAndClose(bytes.to_vec())).await;
        assert_eq!(outcome, malformed("there is no valid HTTP reply"));
    }
}

#[tokio::test]
async fn headers_without_end_are_malformed() {
    for header in [&b"x: secret\r\n"[..], b"x"] {
        let flood = Script::SendEndlessly(b"HTTP/1.1 200 OK\r\n".to_vec(), header.repeat(1000));
        assert_eq!(failure(settings(), flood).await, malformed("there is no valid HTTP reply"));
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_malformed() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n[]";
    let outcome = failure(settings(), Script::SendAndClose(head.into())).await;
    assert_eq!(outcome, malformed("its body is cut off or damaged"));
}

#[tokio::test]
async fn other_content_types_are_malformed() {
    for content_type in ["text/html", "text/plain; charset=utf-8", "application/jsonp", "\u{ff}"] {
        let outcome = failure(settings(), Script::Send(reply("200 OK", content_type, "[]"))).await;
        assert_eq!(outcome, malformed("its content type is not JSON"), "{content_type}");
    }
    for content_type in ["text/json", "Application/JSON", "application/problem+json"] {
        let stub = Stub::answering(content_type, "[]").await;
        assert_eq!(ask(settings(), &stub.url()).await, Ok(Vec::new()), "{content_type}");
    }
}

#[tokio::test]
async fn junk_is_told_by_its_place() {
    for (body, wanted) in [
        ("", "it is empty"),
        ("secret", "it is not JSON at line 1, column 1"),
        ("{}", "the reply is not an array"),
        ("[{\"type\": \"secret\"}]", "result 1 has an unknown type"),
    ] {
        let outcome = failure(settings(), Script::Send(reply("200 OK", "application/json", body))).await;
        assert_eq!(outcome, malformed(wanted));
    }
}

#[tokio::test]
async fn html_that_would_cost_too_much_is_malformed() {
    let html = "<div>".repeat(10_000);
    let body = format!(r#"[{{"type": "raw_html", "html": "{html}"}}]"#);
    let outcome = failure(settings(), Script::Send(reply("200 OK", "application/json", &body))).await;
    assert_eq!(outcome, malformed("the HTML of result 1 is too complex"));
}
