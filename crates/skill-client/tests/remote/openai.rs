use crate::{client, request, settings, skill};
use square_scripted_server::{Script, Stub, reply};
use square_skills::{DeltaSink, Protocol, ResultItem, Skill, SkillFailure, SkillModel};
use std::sync::{Arc, Mutex};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n";
const MODELS: &str = r#"{"object": "list", "data": [{"id": "small"}, {"id": "large"}]}"#;

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl DeltaSink for Heard {
    fn grown(&self, piece: &str) {
        self.0.lock().unwrap().push(piece.to_owned());
    }
}

fn chunk(text: &str) -> String {
    format!("data: {{\"choices\": [{{\"delta\": {{\"content\": {text:?}}}}}]}}\n\n")
}

fn stream(events: &[&str]) -> Vec<u8> {
    [HEAD, &events.concat()].concat().into_bytes()
}

/// A server whose list of models has two, and which answers a question with `answer`.
async fn server(answer: Vec<u8>) -> Stub {
    // Each answer ends with its connection.
    Stub::start(Script::RouteOnce(Arc::new(move |request| match request {
        "GET /v1/models" => reply("200 OK", "application/json", MODELS),
        _ => answer.clone(),
    })))
    .await
}

fn asked(stub: &Stub, model: Option<&str>) -> Arc<dyn Skill> {
    let mut skill = skill(&format!("{}/v1", stub.url()), Protocol::OpenAi, Some("open-sesame"));
    skill.model = model.map(|model| SkillModel::parse(model).unwrap());
    client(settings()).connect_remote(&skill)
}

#[tokio::test]
async fn an_answer_is_told_as_it_grows_and_given_whole_in_the_end() {
    let stub = server(stream(&[": hi\n\n", &chunk("Al "), &chunk("Pacino"), "data: [DONE]\n\n"])).await;
    let heard = Heard::default();
    let answer = asked(&stub, None).answer_in_parts(&request(), &heard).await;
    assert_eq!(answer, Ok(vec![ResultItem::text("Al Pacino")]));
    assert_eq!(*heard.0.lock().unwrap(), ["Al ", "Pacino"]);

    let requests = stub.requests();
    let (lines, body) = requests[1].split_once("\r\n\r\n").unwrap();
    assert!(lines.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{lines}");
    assert!(lines.contains("\r\nauthorization: Bearer open-sesame\r\n"), "{lines}");
    let messages = r#"[{"content":"Who played in \"Heat\"?","role":"user"}]"#;
    assert_eq!(body, format!(r#"{{"messages":{messages},"model":"small","stream":true}}"#));
}

#[tokio::test]
async fn a_model_that_was_chosen_is_asked_without_looking_for_others() {
    let stub = server(stream(&[&chunk("Heat"), "data: [DONE]\n\n"])).await;
    asked(&stub, Some("large")).answer(&request()).await.unwrap();
    assert_eq!(stub.requests().len(), 1);
    assert!(stub.requests()[0].contains(r#""model":"large""#));
}

#[tokio::test]
async fn the_models_are_looked_at_once() {
    let stub = server(stream(&[&chunk("Heat"), "data: [DONE]\n\n"])).await;
    let skill = asked(&stub, None);
    for _ in 0..3 {
        skill.answer(&request()).await.unwrap();
    }
    let lists = stub.requests().iter().filter(|request| request.starts_with("GET")).count();
    assert_eq!((lists, stub.requests().len()), (1, 4));
}

#[tokio::test]
async fn an_answer_that_comes_at_once_is_taken_too() {
    let answer = r#"{"choices": [{"message": {"role": "assistant", "content": "Heat"}}]}"#;
    let stub = server(reply("200 OK", "application/json", answer)).await;
    let heard = Heard::default();
    let answer = asked(&stub, None).answer_in_parts(&request(), &heard).await;
    assert_eq!(answer, Ok(vec![ResultItem::text("Heat")]));
    assert_eq!(*heard.0.lock().unwrap(), ["Heat"]);
}

#[tokio::test]
async fn a_stream_that_is_cut_off_is_no_answer() {
    let cut = SkillFailure::Malformed("its body is cut off or damaged".into());
    let stub = server(stream(&[&chunk("Al ")])).await;
    let heard = Heard::default();
    assert_eq!(asked(&stub, None).answer_in_parts(&request(), &heard).await, Err(cut));
    assert_eq!(*heard.0.lock().unwrap(), ["Al "]);
    // Some end without a last word, but say that the text has ended.
    let ended = "data: {\"choices\": [{\"delta\": {}, \"finish_reason\": \"stop\"}]}\n\n";
    let stub = server(stream(&[&chunk("Heat"), ended])).await;
    assert_eq!(asked(&stub, None).answer(&request()).await, Ok(vec![ResultItem::text("Heat")]));
}

#[tokio::test]
async fn streams_that_are_none_are_told() {
    for (events, wanted) in [
        ("data: secret\n\n", SkillFailure::Malformed("it is not JSON at line 1, column 1".into())),
        ("data: []\n\n", SkillFailure::Malformed("a piece of its stream is not an object".into())),
        ("data: {}\n\n", SkillFailure::Malformed("a piece of its stream has no \"choices\"".into())),
        (
            "data: {\"error\": {\"message\": \"secret\"}}\n\n",
            SkillFailure::Reported("its answer is an error".into()),
        ),
        ("", SkillFailure::Malformed("its body is cut off or damaged".into())),
    ] {
        let stub = server(stream(&[events])).await;
        assert_eq!(asked(&stub, None).answer(&request()).await, Err(wanted), "{events}");
    }
}

#[tokio::test]
async fn an_answer_without_text_is_empty() {
    let stub = server(stream(&["data: {\"choices\": []}\n\n", "data: [DONE]\n\n"])).await;
    assert_eq!(asked(&stub, None).answer(&request()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_server_is_up_with_or_without_a_list_of_models() {
    let stub = server(Vec::new()).await;
    asked(&stub, None).ping().await.unwrap();
    let without = Stub::start(Script::Send(reply("404 Not Found", "text/plain", ""))).await;
    asked(&without, None).ping().await.unwrap();
    let broken = Stub::start(Script::Send(reply("502 Bad Gateway", "text/plain", ""))).await;
    assert_eq!(asked(&broken, None).ping().await, Err(SkillFailure::Status(502)));
}
