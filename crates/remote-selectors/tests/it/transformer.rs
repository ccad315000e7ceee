use crate::server::{Reply, Request, Server, nobody};
use crate::{ranked, skill, texts, trouble};
use serde_json::{Value, json};
use square_remote_selectors::{TransformerSelector, TransformerSettings};
use square_routing::Selector;
use square_skills::ports::Learner;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn selector(url: &str) -> TransformerSelector {
    TransformerSelector::new(&TransformerSettings {
        url: url.to_owned(),
        time_limit: Duration::from_secs(1),
        training_limit: Duration::from_secs(5),
    })
    .unwrap()
}

/// A model server that scores a skill by whether the question is among its examples.
#[derive(Default, Clone)]
struct Model {
    known: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Model {
    async fn start(&self) -> Server {
        let model = self.clone();
        Server::start(move |request| model.answer(request)).await
    }

    fn answer(&self, request: &Request) -> Reply {
        let mut known = self.known.lock().unwrap();
        let id = request.query.get("id").cloned();
        let reply = match (request.method.as_str(), request.path.as_str()) {
            ("GET", "api/ping") => json!({"msg": "Pong"}),
            ("GET", "api/scores") => {
                let question = &request.query["question"];
                let score = |examples: &String| if examples.contains(question) { 0.9 } else { 0.1 };
                known.iter().map(|(id, examples)| json!([id, score(examples)])).collect()
            }
            ("POST", "api/train") => {
                for file in ["train_file", "dev_file"] {
                    assert!(
                        request.body.contains(&format!("name=\"{file}\"; filename=")),
                        "{}",
                        request.body
                    );
                }
                known.insert(id.unwrap(), request.body.clone());
                json!({"success": true})
            }
            ("POST", "api/unpublish") => match known.remove(&id.unwrap()) {
                Some(_) => json!({"success": true}),
                None => json!({"success": false, "msg": "unknown skill"}),
            },
            other => panic!("no such call: {other:?}"),
        };
        Reply::Json(200, reply)
    }

    fn knows(&self) -> Vec<String> {
        self.known.lock().unwrap().keys().cloned().collect()
    }
}

#[tokio::test]
async fn it_is_trained_asked_and_untrained() {
    let model = Model::default();
    let server = model.start().await;
    let selector = selector(&server.url);
    selector.learn(skill(1), &texts(&["who directed heat"]), &|_| ()).await.unwrap();
    selector.learn(skill(2), &texts(&["will it rain & snow?"]), &|_| ()).await.unwrap();
    let both = [skill(2), skill(1)];
    assert_eq!(ranked(&selector, "who directed heat", &both).await, [(1, 0.9), (0, 0.1)]);
    assert_eq!(ranked(&selector, "will it rain & snow?", &both).await, [(0, 0.9), (1, 0.1)]);
    let questions = texts(&["who directed heat", "will it rain & snow?"]);
    assert!((selector.accuracy(skill(1), &questions).await.unwrap() - 0.5).abs() < 1e-9);
    selector.forget(skill(1)).await.unwrap();
    assert_eq!(model.knows(), [skill(2).to_string()]);
    assert_eq!(ranked(&selector, "who directed heat", &both).await, [(0, 0.1)]);
}

#[tokio::test]
async fn what_it_does_not_know_is_trained_and_what_it_should_not_is_unpublished() {
    let model = Model::default();
    let server = model.start().await;
    let selector = selector(&server.url);
    for number in 1..=2 {
        selector.learn(skill(number), &texts(&["old"]), &|_| ()).await.unwrap();
    }
    let examples: Arc<[String]> = texts(&["new"]).into();
    selector.learn_all(&[(skill(2), examples.clone()), (skill(3), examples)]).await.unwrap();
    assert_eq!(model.knows(), [skill(2).to_string(), skill(3).to_string()]);
    assert_eq!(server.count("POST", "api/train"), 3);
}

#[tokio::test]
async fn trouble_of_every_kind_is_told_in_words() {
    let cases: Vec<(Reply, &str)> = vec![
        (Reply::Silence, "did not answer within 1000 ms"),
        (Reply::HalfWay(b"[[\"".to_vec()), "broke off in the middle"),
        (Reply::Raw(200, "", b"pong".to_vec()), "it is not JSON"),
        (Reply::Json(200, json!("busy")), "its scores are a text"),
        (Reply::Json(200, json!([[skill(1).to_string(), 7]])), "no number from 0 to 1"),
        (Reply::Json(200, json!([])), "it knows no skill"),
        (Reply::Raw(200, "", vec![b' '; 5 << 20]), "more than 4194304 bytes"),
        (Reply::Json(429, Value::Null), "status 429"),
        (Reply::Json(500, json!({"error": "CUDA out of memory"})), "status 500"),
    ];
    for (reply, said) in cases {
        let answered = reply.clone();
        let server = Server::start(move |_| answered.clone()).await;
        let told = trouble(&selector(&server.url)).await;
        assert!(told.contains(said), "{reply:?}: {told}");
    }
    assert_eq!(trouble(&selector(&nobody().await)).await, "its server cannot be reached");
}

#[tokio::test]
async fn a_training_that_fails_is_told_in_the_servers_words() {
    let refusal = json!({"success": false, "msg": "no GPU\nTraceback: /srv/model.py"});
    let server = Server::start(move |_| Reply::Json(200, refusal.clone())).await;
    let failed = selector(&server.url).learn(skill(1), &texts(&["a"]), &|_| ()).await.unwrap_err();
    assert_eq!(failed.0, "its server could not do it: no GPU");
}

#[tokio::test]
async fn a_skill_that_it_does_not_know_is_left_out_and_no_trouble() {
    let server = Server::start(|_| Reply::Json(200, json!([[skill(9).to_string(), 0.5]]))).await;
    assert_eq!(ranked(&selector(&server.url), "Who?", &[skill(1)]).await, []);
}

#[tokio::test]
async fn with_no_candidates_nothing_is_missing() {
    let server = Server::start(|_| Reply::Json(200, json!([]))).await;
    assert_eq!(ranked(&selector(&server.url), "Who?", &[]).await, []);
}

#[test]
fn impossible_settings_are_named() {
    let fault = |url: &str, limit: u64, training: u64| {
        let settings = TransformerSettings {
            url: url.to_owned(),
            time_limit: Duration::from_millis(limit),
            training_limit: Duration::from_secs(training),
        };
        TransformerSelector::new(&settings).err().map(|error| error.key)
    };
    assert_eq!(fault("http://model.example", 500, 60), None);
    assert_eq!(fault("model", 500, 60), Some("selectors.transformer.url"));
    assert_eq!(fault("http://model.example", 0, 60), Some("selectors.transformer.timeout_ms"));
    assert_eq!(fault("http://model.example", 500, 7200), Some("selectors.transformer.training_timeout_s"));
}

#[tokio::test]
async fn it_tells_who_it_is() {
    let selector = selector("http://model.example");
    assert_eq!(Selector::name(&selector), "Transformer");
    assert!(selector.is_outside());
}
