//! The calls that are like OpenAI's.

use crate::app::{Call, TestApp};
use crate::streams::next;
use insta::assert_snapshot;
use serde_json::{Value, json};
use square_kernel::jiff::SignedDuration;
use square_skills::testing::{ScriptedSkill, SkillScript};
use square_skills::{ResultBody, ResultItem, SkillFailure};
use std::pin::pin;

fn chat(model: &str, question: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": question}]})
}

impl TestApp {
    fn complete(&self, body: Value) -> Call<'_> {
        self.post("/v1/chat/completions", body)
    }

    /// A published skill of Ada's that always answers this. Its id.
    async fn saying(&self, name: &str, answer: Result<Vec<ResultItem>, SkillFailure>) -> String {
        let ada = self.person(&format!("ada-{}", name.to_lowercase())).await;
        let id = self.skill(&ada, name, ScriptedSkill::always(answer)).await;
        self.publish(&ada, &id).await;
        self.later();
        id
    }

    /// Two published skills that answer as their scripts say; the first is the older one, so it fits best.
    async fn two(&self) -> [SkillScript; 2] {
        let ada = self.person("ada").await;
        let first = self.scripted(&ada, "First").await;
        self.later();
        [first, self.scripted(&ada, "Second").await]
    }

    fn later(&self) {
        self.people.clock.advance(SignedDuration::from_secs(1));
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as scripts take it")]
fn said(text: &str) -> Result<Vec<ResultItem>, SkillFailure> {
    Ok(vec![ResultItem::text(text)])
}

/// A reply without what differs from run to run.
fn shown(mut reply: Value) -> Value {
    fn clear(value: &mut Value) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    match key.as_str() {
                        "id" | "question_id" | "skill_id" | "owned_by" if value.is_string() => {
                            *value = json!(format!("[{key}]"));
                        }
                        "took_ms" | "created" => *value = json!(0),
                        _ => clear(value),
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(clear),
            _ => {}
        }
    }
    clear(&mut reply);
    reply
}

/// The data of a stream's events.
fn data(stream: &str) -> Vec<String> {
    stream.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect()
}

/// The chunks of a stream: index, what it brings, and why it ends.
fn pieces(stream: &str) -> Vec<String> {
    let piece = |data: String| {
        let Ok(chunk) = serde_json::from_str::<Value>(&data) else { return data };
        let choice = &chunk["choices"][0];
        if choice.is_null() {
            return chunk.get("error").map_or_else(|| chunk["usage"].to_string(), Value::to_string);
        }
        let end = choice["finish_reason"].as_str().map(|reason| format!(" {reason}"));
        format!("{} {}{}", choice["index"], choice["delta"], end.unwrap_or_default())
    };
    data(stream).into_iter().map(piece).collect()
}

#[actix_web::test]
async fn the_models_are_square_and_the_published_skills() {
    let app = TestApp::new();
    let id = app.saying("Films", said("Heat.")).await;
    let ada = app.person("ada").await;
    app.skill(&ada, "Draft", ScriptedSkill::always(said("No."))).await;
    let twin = app.saying("SQUARE", said("Four.")).await;
    let list = app.get("/v1/models").by(&ada).send().await.json();
    assert_eq!((&list["object"], &list["data"][0]["id"]), (&json!("list"), &json!("square")));
    // The name stands for something else already.
    assert_eq!(list["data"][2]["id"], json!(twin));
    assert_eq!(list["data"].as_array().unwrap().len(), 3);
    for name in ["Films", "films", &id] {
        let model = app.get(&format!("/v1/models/{name}")).send().await;
        assert_eq!(model.json(), list["data"][1], "{name}");
    }
    assert_snapshot!(format!("{:#}", shown(list["data"][1].clone())), @r#"
    {
      "created": 0,
      "id": "[id]",
      "object": "model",
      "owned_by": "[owned_by]",
      "square": {
        "description": "Films answers.",
        "skill_id": "[skill_id]"
      }
    }
    "#);
    assert_eq!(app.get("/v1/models/square").send().await.json(), list["data"][0]);
    assert_eq!(app.get(&format!("/v1/models/{twin}")).send().await.json(), list["data"][2]);
    for unknown in ["Draft", "gpt-4o", "a%2Fb"] {
        let reply = app.get(&format!("/v1/models/{unknown}")).by(&ada).send().await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (404, &json!("model_not_found")));
    }
}

#[actix_web::test]
async fn the_last_thing_the_user_said_is_answered_by_the_best_skill() {
    let app = TestApp::new();
    let [mut films, mut plays] = app.two().await;
    let messages = json!([
        {"role": "system", "content": "Answer like a pirate."},
        {"role": "user", "content": "Hello!"},
        {"role": "assistant", "content": null, "tool_calls": []},
        {"role": "user", "content": [{"type": "text", "text": "Who made"}, {"type": "text", "text": "Heat?"}]},
        {"role": "assistant", "content": "Well,"},
    ]);
    let body = json!({"model": "square", "messages": messages, "temperature": 0.2, "seed": 1, "tools": [], "user": "x"});
    let script = async {
        let asked = films.asked().await;
        assert_eq!(&*asked.request.question, "Who made\nHeat?");
        asked.say("Michael Mann.");
    };
    let (reply, ()) = tokio::join!(app.complete(body).send(), script);
    let id = format!("chatcmpl-{}", reply.header("X-Question-Id").unwrap());
    assert_eq!(reply.json()["id"], json!(id));
    assert_snapshot!(format!("{}\n{:#}", reply.status, shown(reply.json())), @r#"
    200
    {
      "choices": [
        {
          "finish_reason": "stop",
          "index": 0,
          "logprobs": null,
          "message": {
            "content": "Michael Mann.",
            "refusal": null,
            "role": "assistant"
          },
          "square": {
            "name": "First",
            "score": 0.9,
            "skill_id": "[skill_id]",
            "took_ms": 0
          }
        }
      ],
      "created": 0,
      "id": "[id]",
      "model": "square",
      "object": "chat.completion",
      "square": {
        "question_id": "[question_id]"
      },
      "usage": {
        "completion_tokens": 2,
        "prompt_tokens": 3,
        "total_tokens": 5
      }
    }
    "#);
    assert!(plays.already_asked().is_none(), "one answer is wanted");
}

#[actix_web::test]
async fn a_skill_is_a_model() {
    let app = TestApp::new();
    app.saying("Films", said("Heat.")).await;
    let id = app.saying("Plays", said("Faust.")).await;
    for model in ["Plays", " plays", &id] {
        let reply = app.complete(chat(model, "nothing fits this")).send().await.json();
        let choice = &reply["choices"][0];
        assert_eq!((&choice["message"]["content"], &reply["model"]), (&json!("Faust."), &json!("Plays")));
        assert_eq!(choice["square"]["skill_id"], json!(id));
    }
    let three = json!({"n": 3, "model": "Plays", "messages": [{"role": "user", "content": "Who?"}]});
    assert_eq!(app.complete(three).send().await.json()["choices"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn unknown_and_unpublished_skills_are_no_models() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let draft = app.skill(&ada, "Draft", ScriptedSkill::always(said("No."))).await;
    for model in ["Draft", &draft] {
        assert_eq!(app.complete(chat(model, "Who?")).by(&ada).send().await.status, 404, "{model}");
    }
    assert_snapshot!(app.complete(chat("gpt-4o", "Who?")).send().await, @r#"
    404
    {
      "error": {
        "code": "model_not_found",
        "message": "there is no published skill called gpt-4o",
        "param": "model",
        "type": "invalid_request_error"
      }
    }
    "#);
}

#[actix_web::test]
async fn so_many_answers_come_as_are_wanted_and_fit() {
    let app = TestApp::new();
    app.saying("Films", said("One.")).await;
    app.saying("Broken", Err(SkillFailure::Unreachable)).await;
    app.saying("Plays", said("Two words.")).await;
    app.saying("Books", said("Three.")).await;
    let mut body = chat("square", "Who?");
    body["n"] = json!(3);
    let reply = app.complete(body).send().await.json();
    let texts: Vec<_> = reply["choices"].as_array().unwrap().iter().collect();
    let texts: Vec<_> =
        texts.iter().map(|choice| (&choice["index"], &choice["message"]["content"])).collect();
    assert_eq!(texts, [(&json!(0), &json!("One.")), (&json!(1), &json!("Two words."))]);
    assert_eq!(reply["usage"], json!({"prompt_tokens": 1, "completion_tokens": 3, "total_tokens": 4}));
    let failed = &reply["square"]["failed"][0];
    assert_eq!((&failed["name"], &failed["error_code"]), (&json!("Broken"), &json!("unreachable")));
}

#[actix_web::test]
async fn that_no_skill_fits_or_has_found_anything_is_said() {
    let app = TestApp::new();
    app.saying("Films", Ok(Vec::new())).await;
    let message = |reply: Value| reply["choices"][0]["message"].clone();
    let none = app.complete(chat("square", "nothing")).send().await.json();
    assert_eq!(none["square"]["nearest"]["name"], json!("Films"));
    assert_snapshot!(message(none), @r#"
    {"content":"No skill fits this question. The nearest is Films (0.10).","refusal":"No skill fits this question. The nearest is Films (0.10).","role":"assistant"}
    "#);
    assert_snapshot!(message(app.complete(chat("square", "Who?")).send().await.json()), @r#"
    {"content":"Films has found no answer.","refusal":"Films has found no answer.","role":"assistant"}
    "#);
    let mut body = chat("square", "nothing");
    body["stream"] = json!(true);
    let stream = app.complete(body.clone()).send().await;
    assert_snapshot!(pieces(stream.text()).join("\n"), @r#"
    0 {"content":"No skill fits this question. The nearest is Films (0.10).","refusal":"No skill fits this question. The nearest is Films (0.10).","role":"assistant"}
    0 {} stop
    [DONE]
    "#);
    body["messages"][0]["content"] = json!("Who?");
    assert_snapshot!(pieces(app.complete(body).send().await.text()).join("\n"), @r#"
    0 {"content":"","role":"assistant"}
    0 {"content":"Films has found no answer.","refusal":"Films has found no answer."}
    0 {} stop
    [DONE]
    "#);
}

#[actix_web::test]
async fn when_all_have_failed_that_is_an_error() {
    let app = TestApp::new();
    app.saying("Films", Err(SkillFailure::Unreachable)).await;
    app.saying("Plays", Err(SkillFailure::TimedOut)).await;
    assert_snapshot!(app.complete(chat("Films", "Who?")).send().await, @r#"
    502
    {
      "error": {
        "code": "skills_failed",
        "message": "no skill has answered: Films (the skill could not be reached)",
        "param": null,
        "type": "server_error"
      }
    }
    "#);
    assert_snapshot!(app.complete(chat("Plays", "Who?")).send().await, @r#"
    504
    {
      "error": {
        "code": "skills_timed_out",
        "message": "no skill has answered: Plays (the skill did not answer in time)",
        "param": null,
        "type": "server_error"
      }
    }
    "#);
    let mut body = chat("Films", "Who?");
    body["stream"] = json!(true);
    let stream = app.complete(body).send().await;
    assert_eq!(stream.status, 200, "it has begun");
    assert_snapshot!(pieces(stream.text()).join("\n"), @r#"
    {"code":"skills_failed","message":"no skill has answered: Films (the skill could not be reached)","param":null,"type":"server_error"}
    "#);
}

#[actix_web::test]
async fn a_chat_takes_as_long_as_it_takes_unless_told() {
    tokio::time::pause();
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let _hanging = app.scripted(&ada, "Hanging").await;
    let begun = tokio::time::Instant::now();
    assert_eq!(app.complete(chat("square", "Who?")).send().await.status, 504);
    assert_eq!(begun.elapsed().as_secs(), 60);
    let short = app.post("/v1/chat/completions?deadline_ms=1500", chat("square", "Who?")).send().await;
    assert_eq!((short.status, begun.elapsed().as_secs()), (504, 61));
    for wrong in ["0", "x"] {
        let path = format!("/v1/chat/completions?deadline_ms={wrong}");
        let reply = app.post(&path, chat("square", "Who?")).send().await;
        assert_eq!((reply.status, &reply.json()["error"]["param"]), (400, &json!("deadline_ms")), "{wrong}");
    }
}

#[actix_web::test]
async fn pieces_come_as_the_answers_grow() {
    tokio::time::pause();
    let app = TestApp::new();
    let [mut first, mut second] = app.two().await;
    let mut body = chat("square", "Who are you?");
    body["n"] = json!(2);
    body["stream"] = json!(true);
    body["stream_options"] = json!({"include_usage": true});
    let response = app.complete(body).open().await;
    let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("Content-Type"), "text/event-stream");
    let question = header("X-Question-Id");
    let mut body = pin!(response.into_body());
    assert_eq!(next(&mut body).await.unwrap(), ":\n\n", "it comes before any answer");
    let (slow, quick) = (first.asked().await, second.asked().await);
    quick.grow("I am ");
    let mut stream = next(&mut body).await.unwrap();
    slow.grow("It is me");
    stream.push_str(&next(&mut body).await.unwrap());
    quick.answer(Ok(vec![ResultItem::text("I am two."), ResultItem::text("Really.")]));
    stream.push_str(&next(&mut body).await.unwrap());
    slow.answer(said("It is me."));
    while let Some(piece) = next(&mut body).await {
        stream.push_str(&piece);
    }
    assert_snapshot!(pieces(&stream).join("\n"), @r#"
    0 {"content":"","role":"assistant"}
    0 {"content":"I am "}
    1 {"content":"","role":"assistant"}
    1 {"content":"It is me"}
    0 {"content":"two.\n\nReally."}
    0 {} stop
    1 {"content":"."}
    1 {} stop
    {"completion_tokens":7,"prompt_tokens":3,"total_tokens":10}
    [DONE]
    "#);
    let chunks: Vec<Value> =
        data(&stream).iter().filter_map(|data| serde_json::from_str(data).ok()).collect();
    assert_eq!(chunks[0]["square"]["question_id"], json!(question));
    let last = &chunks[chunks.len() - 2]["choices"][0];
    assert_eq!((&last["square"]["name"], &last["square"]["score"]), (&json!("First"), &json!(0.9)));
    assert!(chunks.iter().all(|chunk| chunk["id"] == json!(format!("chatcmpl-{question}"))));
    assert!(
        chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk" && chunk.get("usage").is_some())
    );
}

#[actix_web::test]
async fn an_answer_that_breaks_off_is_marked_where_another_one_is_whole() {
    tokio::time::pause();
    let app = TestApp::new();
    let [mut first, mut second] = app.two().await;
    for (n, whole) in [(2, true), (1, false)] {
        let mut body = chat("square", "Who?");
        body["n"] = json!(n);
        body["stream"] = json!(true);
        let script = async {
            let broken = first.asked().await;
            broken.grow("Half of");
            tokio::time::sleep(std::time::Duration::from_millis(60)).await;
            broken.answer(Err(SkillFailure::Unreachable));
            if whole {
                second.asked().await.say("Whole.");
            }
        };
        let (reply, ()) = tokio::join!(app.complete(body).send(), script);
        let pieces = pieces(reply.text()).join("\n");
        if whole {
            assert_snapshot!(pieces, @r#"
            0 {"content":"","role":"assistant"}
            0 {"content":"Half of"}
            1 {"content":"","role":"assistant"}
            1 {"content":"Whole."}
            1 {} stop
            0 {} length
            [DONE]
            "#);
        } else {
            assert_snapshot!(pieces, @r#"
            0 {"content":"","role":"assistant"}
            0 {"content":"Half of"}
            {"code":"skills_failed","message":"no skill has answered: First (the skill could not be reached)","param":null,"type":"server_error"}
            "#);
        }
    }
}

#[actix_web::test]
async fn results_of_every_kind_become_text() {
    let app = TestApp::new();
    let item = |body| ResultItem { body, score: None, documents: Vec::new() };
    let pairs = vec![("Film".to_owned(), "Heat".to_owned()), ("Year".to_owned(), "1995".to_owned())];
    let items = vec![
        item(ResultBody::KeyValue(pairs)),
        item(ResultBody::RawHtml("<ul><li>Al <b>Pacino</b></li></ul>".to_owned())),
    ];
    app.saying("Films", Ok(items)).await;
    let reply = app.complete(chat("square", "Who?")).send().await.json();
    assert_eq!(reply["choices"][0]["message"]["content"], "Film: Heat\nYear: 1995\n\n* Al **Pacino**");
}

#[actix_web::test]
async fn impossible_parameters_are_named() {
    let app = TestApp::new();
    app.saying("Films", said("Heat.")).await;
    let with = |key: &str, value: Value| {
        let mut body = chat("square", "Who?");
        body[key] = value;
        body
    };
    let said_by = |role: &str, content: Value| json!([{"role": role, "content": content}]);
    let image = json!([{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": "data:,"}}]);
    for (body, param) in [
        (with("model", Value::Null), "model"),
        (with("model", json!(" ")), "model"),
        (with("model", json!(5)), "model"),
        (with("n", json!(0)), "n"),
        (with("n", json!(51)), "n"),
        (with("n", json!("3")), "n"),
        (with("stream", json!("yes")), "stream"),
        (with("stream_options", json!({"include_usage": true})), "stream_options"),
        (with("temperature", json!(2.1)), "temperature"),
        (with("top_p", json!(-0.1)), "top_p"),
        (with("max_tokens", json!(0)), "max_tokens"),
        (with("response_format", json!({"type": "json_object"})), "response_format"),
        (with("tool_choice", json!("required")), "tool_choice"),
        (with("messages", Value::Null), "messages"),
        (with("messages", json!([])), "messages"),
        (with("messages", json!("Who?")), "messages"),
        (with("messages", said_by("system", json!("Who?"))), "messages"),
        (with("messages", said_by("user", json!(" "))), "messages[0].content"),
        (with("messages", said_by("user", json!("x".repeat(4001)))), "messages[0].content"),
        (with("messages", said_by("user", json!(5))), "messages[0].content"),
        (with("messages", said_by("user", json!([{"type": "text"}]))), "messages[0].content[0].text"),
        (with("messages", said_by("user", image)), "messages[0].content[1].type"),
    ] {
        let reply = app.complete(body).send().await;
        let error = &reply.json()["error"];
        assert_eq!((reply.status, &error["param"]), (400, &json!(param)), "{reply}");
        assert_eq!(error["type"], "invalid_request_error");
    }
    let image = json!([{"type": "input_audio", "input_audio": {}}]);
    assert_snapshot!(app.complete(with("messages", said_by("user", image))).send().await, @r#"
    400
    {
      "error": {
        "code": "invalid_value",
        "message": "messages[0].content[0].type must be text, not input_audio: skills are asked in words alone",
        "param": "messages[0].content[0].type",
        "type": "invalid_request_error"
      }
    }
    "#);
}

#[actix_web::test]
async fn every_error_of_these_paths_has_their_form() {
    let app = TestApp::chosen(|chosen| chosen.policy.fair_use.account_required = true);
    let shape = |reply: &crate::app::Reply| {
        let error = reply.json()["error"].clone();
        let kind = error["type"].as_str().unwrap().to_owned();
        (reply.status, kind, error["code"].as_str().unwrap().to_owned())
    };
    let told = |status, kind: &str, code: &str| (status, kind.to_owned(), code.to_owned());
    let invalid = "invalid_request_error";
    let reply = app.get("/v1/embeddings").send().await;
    assert_eq!(shape(&reply), told(404, invalid, "not_found"));
    let reply = app.get("/v1/chat/completions").send().await;
    assert_eq!(reply.header("Allow"), Some("POST"));
    assert_eq!(shape(&reply), told(405, invalid, "method_not_allowed"));
    let path = "/v1/chat/completions";
    let reply = app.complete(chat("square", "Who?")).send().await;
    assert_eq!(shape(&reply), told(401, "authentication_error", "authentication_required"));
    let signed_in = app.person("ada").await;
    let post = |media_type, text: &str| {
        let call = app.call(actix_web::http::Method::POST, path).by(&signed_in);
        call.text(media_type, text)
    };
    assert_eq!(shape(&post("text/plain", "{}").send().await), told(415, invalid, "unsupported_media_type"));
    assert_eq!(shape(&post("application/json", "{").send().await), told(400, invalid, "malformed_request"));
    let large = format!("{{\"model\": \"{}\"}}", "x".repeat(1024 * 1024));
    assert_eq!(
        shape(&post("application/json", &large).send().await),
        told(413, invalid, "payload_too_large")
    );
    let reply = app.complete(chat("square", "broken")).by(&signed_in).send().await;
    assert_eq!(shape(&reply), told(503, "server_error", "selector_unavailable"));
    assert_eq!(reply.header("Retry-After"), Some("5"));
    // Others have the form that they always had.
    for path in ["/v1x", "/api/v1/models", "/nowhere"] {
        assert_eq!(app.get(path).send().await.json()["success"], false, "{path}");
    }
}

#[actix_web::test]
async fn the_key_is_an_access_token_or_none() {
    let app = TestApp::new();
    app.saying("Films", said("Heat.")).await;
    let ada = app.person("ada").await;
    let ask = |key: &str| {
        let call = app.complete(chat("square", "Who?"));
        call.header("Authorization", &format!("Bearer {key}"))
    };
    let own = ask(&ada.token).send().await;
    let path = format!("/api/question/{}", own.header("X-Question-Id").unwrap());
    assert_eq!(app.get(&path).by(&ada).send().await.status, 200);
    assert_eq!(app.get(&path).send().await.status, 404, "it is Ada's");
    for key in ["none", "None"] {
        let reply = ask(key).send().await;
        let path = format!("/api/question/{}", reply.header("X-Question-Id").unwrap());
        assert_eq!(app.get(&path).send().await.status, 200, "it is nobody's");
    }
    assert_eq!(app.get("/v1/models").header("Authorization", "Bearer none").send().await.status, 200);
    assert_snapshot!(ask("sk-1234").send().await, @r#"
    401
    {
      "error": {
        "code": "invalid_token",
        "message": "the token is not valid",
        "param": null,
        "type": "authentication_error"
      }
    }
    "#);
    assert_eq!(app.get("/api/skills").header("Authorization", "Bearer none").send().await.status, 401);
    let closed = TestApp::chosen(|chosen| chosen.policy.fair_use.account_required = true);
    let call = closed.complete(chat("square", "Who?")).header("Authorization", "Bearer none");
    assert_eq!(call.send().await.status, 401);
}

#[actix_web::test]
async fn who_has_no_key_is_counted_by_the_address_whether_they_say_so_or_not() {
    let app = TestApp::chosen(|chosen| {
        chosen.policy.fair_use.anonymous.rate = square_limits::Quota::per_minute(2, 2);
    });
    app.saying("Films", said("Heat.")).await;
    let ask = async |from: &str, key: Option<&str>| {
        let call = app.complete(chat("square", "Who?")).from(from);
        let call = match key {
            Some(key) => call.header("Authorization", &format!("Bearer {key}")),
            None => call,
        };
        call.send().await.status
    };
    for from in ["192.0.2.1", "192.0.2.2"] {
        assert_eq!((ask(from, Some("none")).await, ask(from, None).await), (200, 200), "{from}");
        assert_eq!((ask(from, Some("none")).await, ask(from, None).await), (429, 429), "{from}");
    }
}

#[actix_web::test]
async fn they_stand_where_the_settings_say_or_nowhere() {
    let app = TestApp::with(|settings| {
        settings.base_path = String::new();
        settings.openai_path = Some("/openai/v1".to_owned());
    });
    let get = async |app: &TestApp, path| app.get(path).send_with(&|_| {}).await;
    assert_eq!(get(&app, "/openai/v1/models").await.status, 200);
    assert_eq!(get(&app, "/skills").await.status, 200);
    assert_eq!(get(&app, "/v1/models").await.json()["code"], "not_found");
    let without = TestApp::with(|settings| settings.openai_path = None);
    assert_eq!(get(&without, "/v1/models").await.json()["code"], "not_found");
}

#[actix_web::test]
async fn a_log_that_breaks_is_told_within_the_stream() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let mut slow = app.scripted(&ada, "Slow").await;
    let mut body = chat("square", "Who?");
    body["stream"] = json!(true);
    let script = async {
        let asked = slow.asked().await;
        app.log.break_down();
        asked.say("Lost.");
    };
    let (reply, ()) = tokio::join!(app.complete(body).send(), script);
    assert_snapshot!(reply, @r#"
    200
    :

    data: {"error":{"message":"temporarily unavailable, please try again","type":"server_error","param":null,"code":"unavailable"}}
    "#);
}
