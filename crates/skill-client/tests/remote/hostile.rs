//! Everything that a skill can do wrong, each with the failure that it is told by. No skill gets more time than its
//! limits, and none has more taken from it than the largest reply.

use crate::{client, request, settings, skill};
use square_scripted_server::{Script, Stub, bytes, closing, endless, gzip, head, json, packed, reply};
use square_skill_client::SkillClientSettings;
use square_skills::{Protocol, SkillFailure};
use std::time::Duration;

/// The largest reply, in bytes.
const LIMIT: u64 = 64 * 1024;
const FIRST_BYTE: Duration = Duration::from_millis(400);
const IDLE: Duration = Duration::from_millis(300);
const WHOLE: Duration = Duration::from_millis(500);

/// What lies between a skill and what is taken of its reply: buffers of sockets and of the HTTP client.
const BUFFERED: u64 = 16 * 1024 * 1024;

/// The one limit in time that a skill is to run into is short; the others are so long that a slow machine does not matter.
fn limits(failure: &SkillFailure) -> SkillClientSettings {
    let bounded = SkillClientSettings { max_response_bytes: LIMIT, ..settings() };
    match failure {
        SkillFailure::NoFirstByte(_) => SkillClientSettings { first_byte_timeout: FIRST_BYTE, ..bounded },
        SkillFailure::Idle(_) => SkillClientSettings { idle_timeout: IDLE, ..bounded },
        SkillFailure::TimedOut => SkillClientSettings { time_limit: WHOLE, ..bounded },
        _ => bounded,
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";

fn scored(score: &str) -> Script {
    json(&format!(r#"[{{"type": "plain_text", "text": "a", "score": {score}}}]"#))
}

fn malformed(text: &str) -> SkillFailure {
    SkillFailure::Malformed(text.into())
}

struct Case {
    what: &'static str,
    protocol: Protocol,
    script: Script,
    failure: SkillFailure,
}

fn case(what: &'static str, script: Script, failure: SkillFailure) -> Case {
    Case { what, protocol: Protocol::Square, script, failure }
}

fn in_time() -> Vec<Case> {
    vec![
        case("says nothing", Script::SendAndHang(Vec::new()), SkillFailure::NoFirstByte(FIRST_BYTE)),
        case(
            "stops in its head",
            Script::SendAndHang(b"HTTP/1.1 20".to_vec()),
            SkillFailure::NoFirstByte(FIRST_BYTE),
        ),
        case(
            "sends its head byte by byte",
            Script::Drip(OK.into(), b"x".to_vec()),
            SkillFailure::NoFirstByte(FIRST_BYTE),
        ),
        case("stops behind its head", Script::SendAndHang(head("")), SkillFailure::Idle(IDLE)),
        case(
            "stops in its body",
            Script::SendAndHang([head("content-length: 9\r\n"), b"[".to_vec()].concat()),
            SkillFailure::Idle(IDLE),
        ),
        case("sends its body byte by byte", Script::Drip(head(""), b" ".to_vec()), SkillFailure::TimedOut),
    ]
}

fn too_large() -> Vec<Case> {
    let large = || SkillFailure::TooLarge(LIMIT);
    vec![
        case("announces too much", Script::SendAndHang(head("content-length: 65537\r\n")), large()),
        case(
            "announces more than there is",
            Script::SendAndHang(head("content-length: 18446744073709551615\r\n")),
            malformed("there is no valid HTTP reply"),
        ),
        case("sends without end", endless(head(""), vec![b' '; 10_000]), large()),
        case(
            "sends chunks without end",
            endless(
                head("transfer-encoding: chunked\r\n"),
                "400\r\n".to_owned() + &" ".repeat(1024) + "\r\n",
            ),
            large(),
        ),
        case("packs a bomb", packed("gzip", &gzip(&vec![b' '; 50 * 1024 * 1024])), large()),
        case(
            "packs a bomb and does not end it",
            endless([head("content-encoding: gzip\r\n"), gzip(&vec![b' '; 5 * 1024 * 1024])].concat(), "x"),
            large(),
        ),
    ]
}

fn no_http() -> Vec<Case> {
    let none = || malformed("there is no valid HTTP reply");
    vec![
        case("closes at once", closing(""), none()),
        case("speaks another protocol", closing("SSH-2.0-secret\r\n"), none()),
        case(
            "speaks HTTP/2",
            closing(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\x10\0\0\0\x06\0\x10\0\0"),
            none(),
        ),
        case("speaks HTTP/0.9", closing("<html>secret"), none()),
        case("has a broken status", closing("HTTP/1.1 2OO OK\r\n\r\n"), none()),
        case("has a broken header", closing("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), none()),
        case(
            "has a length that is no number",
            closing("HTTP/1.1 200 OK\r\ncontent-length: secret\r\n\r\n[]"),
            none(),
        ),
        case(
            "has two lengths",
            closing("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n[]"),
            none(),
        ),
        case("has headers without end", endless("HTTP/1.1 200 OK\r\n", "x: secret\r\n".repeat(1000)), none()),
        case("has a header without end", endless("HTTP/1.1 200 OK\r\nx: ", "secret".repeat(1000)), none()),
        case(
            "sends interim replies without end",
            endless("", "HTTP/1.1 102 Processing\r\n\r\n".repeat(100)),
            none(),
        ),
        case("closes in its head", closing("HTTP/1.1 200 OK\r\ncontent-"), none()),
    ]
}

fn damaged() -> Vec<Case> {
    let cut = || malformed("its body is cut off or damaged");
    let chunked = |body: &str| closing([head("transfer-encoding: chunked\r\n"), body.into()].concat());
    vec![
        case("closes in its body", closing([head("content-length: 9\r\n"), b"[]".to_vec()].concat()), cut()),
        case(
            "resets in its body",
            Script::SendAndReset([head("content-length: 9\r\n"), b"[]".to_vec()].concat()),
            cut(),
        ),
        case("has a chunk of no size", chunked("secret\r\n[]\r\n"), cut()),
        case("has a chunk of huge size", chunked("ffffffffffffffffff\r\n[]"), cut()),
        case("ends between chunks", chunked("2\r\n[]\r\n"), cut()),
        case("packs nothing", packed("gzip", b"secret, not packed at all"), cut()),
        case("cuts what it packs", packed("gzip", &gzip(b"[]")[..15]), cut()),
        case(
            "packs otherwise",
            packed("br", b"\x0b\0\x80[]\x03"),
            malformed("it is compressed in a way that was not asked for"),
        ),
    ]
}

fn no_answer() -> Vec<Case> {
    let text = |text: &str| Script::Send(reply("200 OK", "text/html; charset=utf-8", text));
    let no_json = |column: usize| malformed(&format!("it is not JSON at line 1, column {column}"));
    let no_number = || malformed("the score of result 1 is not a number");
    vec![
        case(
            "leads elsewhere",
            closing("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n"),
            SkillFailure::Status(302),
        ),
        case(
            "leads to itself",
            closing("HTTP/1.1 308 Permanent Redirect\r\nlocation: /query\r\ncontent-length: 0\r\n\r\n"),
            SkillFailure::Status(308),
        ),
        case(
            "fails",
            Script::Send(reply("500 Internal Server Error", "text/html", "secret")),
            SkillFailure::Status(500),
        ),
        case("has nothing to say", closing("HTTP/1.1 204 No Content\r\n\r\n"), malformed("it is empty")),
        case(
            "has an odd status",
            closing("HTTP/1.1 999 Secret\r\ncontent-length: 0\r\n\r\n"),
            SkillFailure::Status(999),
        ),
        case(
            "switches protocols",
            closing("HTTP/1.1 101 Switching Protocols\r\nupgrade: secret\r\nconnection: upgrade\r\n\r\n"),
            SkillFailure::Status(101),
        ),
        case("sends HTML", text("<html>secret</html>"), malformed("its content type is not JSON")),
        case("sends HTML as JSON", json("<html>secret</html>"), no_json(1)),
        case("sends nothing", json(""), malformed("it is empty")),
        case(
            "sends half",
            json(r#"[{"type": "plain_text", "te"#),
            malformed("it ends in the middle of the JSON"),
        ),
        case("sends more than one", json("[][]"), no_json(3)),
        case("nests without end", json(&"[".repeat(60_000)), no_json(128)),
        case("nests objects without end", json(&r#"{"a":"#.repeat(10_000)), no_json(636)),
        case("sends no UTF-8", bytes(b"[{\"type\": \"plain_text\", \"text\": \"\xff\xfe\"}]"), no_json(34)),
        case("sends half a surrogate", json(r#"[{"type": "plain_text", "text": "\ud800"}]"#), no_json(40)),
        case("sends UTF-16", bytes(&[0xfe, 0xff, 0, b'[', 0, b']']), no_json(1)),
        case(
            "sends objects without end",
            json(&format!("[{}{{}}]", "{},".repeat(20_000))),
            malformed("it holds too many values"),
        ),
        case("sends an object", json("{}"), malformed("the reply is not an array")),
        case("scores NaN", scored("NaN"), no_json(47)),
        case("scores beyond numbers", scored("1e999"), no_json(51)),
        case("scores in words", scored("\"secret\""), no_number()),
        case("scores a list", scored("[1]"), no_number()),
        case(
            "sends HTML that costs",
            json(&format!(r#"[{{"type": "raw_html", "html": "{}"}}]"#, "<b>".repeat(10_000))),
            malformed("the HTML of result 1 is too complex"),
        ),
    ]
}

fn of_other_protocols() -> Vec<Case> {
    let chat = |what, script, failure| Case { what, protocol: Protocol::OpenAi, script, failure };
    let stream = |more: &str| format!("{STREAM}\r\n{more}");
    let models = |rest: Script| Script::AfterModels(Box::new(rest));
    let two = |what, script, failure| Case { what, protocol: Protocol::Square2, script, failure };
    let agent = |what, script, failure| Case { what, protocol: Protocol::A2a, script, failure };
    vec![
        chat(
            "streams without end",
            models(endless(stream(""), ": secret\n".repeat(1000))),
            SkillFailure::TooLarge(LIMIT),
        ),
        chat(
            "streams a line without end",
            models(endless(stream("data: "), "x".repeat(10_000))),
            SkillFailure::TooLarge(LIMIT),
        ),
        chat(
            "falls silent in its stream",
            models(Script::SendAndHang(stream("data: {\"choices\": []}\n\n").into())),
            SkillFailure::Idle(IDLE),
        ),
        chat(
            "streams no UTF-8",
            models(closing([stream("data: ").as_bytes(), b"\xff\n\n"].concat())),
            malformed("its stream is not UTF-8"),
        ),
        chat(
            "lists models without end",
            endless(head(""), vec![b' '; 10_000]),
            SkillFailure::TooLarge(LIMIT),
        ),
        two(
            "predicts what is no list",
            json(r#"{"predictions": {"a": 1}}"#),
            malformed("\"predictions\" is not an array"),
        ),
        two(
            "scores beyond numbers too",
            json(r#"{"predictions": [{"prediction_score": -1e999}]}"#),
            malformed("it is not JSON at line 1, column 44"),
        ),
        agent("has a card without end", endless(head(""), vec![b' '; 10_000]), SkillFailure::TooLarge(LIMIT)),
        agent("has a card that is none", json("[]"), malformed("the agent's card is not an object")),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_told_by_what_it_does_and_costs_no_more_than_its_limits() {
    let mut cases = in_time();
    for more in [too_large(), no_http(), damaged(), no_answer(), of_other_protocols()] {
        cases.extend(more);
    }
    assert!(cases.len() >= 60, "{}", cases.len());
    let checks = cases.into_iter().map(|case| tokio::spawn(check(case)));
    let faults: Vec<_> =
        futures::future::join_all(checks).await.into_iter().filter_map(Result::unwrap).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// What is other than it should be.
async fn check(case: Case) -> Option<String> {
    let stub = Stub::start(case.script).await;
    let skill = client(limits(&case.failure)).connect_remote(&skill(&stub.url(), case.protocol, None));
    let outcome = skill.answer(&request()).await;
    let sent = stub.sent();
    if outcome != Err(case.failure.clone()) {
        return Some(format!("{}: {outcome:?}, not {:?}", case.what, case.failure));
    }
    let told = case.failure.to_string();
    if told.contains("secret") {
        return Some(format!("{}: repeats what it received: {told}", case.what));
    }
    // Who runs out of time may have sent more, of which nothing was kept; of what is refused for its size no more is taken
    // than fits into buffers.
    let in_vain = case.failure.code() != "timed_out" && sent > LIMIT + BUFFERED;
    in_vain.then(|| format!("{}: {sent} bytes were taken", case.what))
}
