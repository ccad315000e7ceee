use crate::elastic::{Elastic, error, found, settings};
use crate::server::{Reply, Server, nobody};
use crate::{ranked, skill, texts, trouble};
use serde_json::{Value, json};
use square_kernel::Secret;
use square_remote_selectors::{Access, ElasticsearchSelector, Votes};
use square_routing::Selector;
use square_skills::ports::Learner;
use std::time::Duration;

async fn answering(reply: Reply) -> (Server, ElasticsearchSelector) {
    let server = Server::start(move |_| reply.clone()).await;
    let mut settings = settings(&server.url);
    settings.time_limit = Duration::from_secs(1);
    let selector = ElasticsearchSelector::new(settings).unwrap();
    (server, selector)
}

fn hit(of: u128, score: &Value) -> Value {
    let of = skill(of).uuid().simple().to_string();
    json!({"_score": score, "_source": {"skill": of, "version": "0000000001-a", "examples": 2}})
}

fn with(change: impl FnOnce(&mut Value)) -> Reply {
    let mut answer = found(&[hit(1, &json!(2.5))]);
    change(&mut answer);
    Reply::Json(200, answer)
}

#[tokio::test]
async fn trouble_of_every_kind_is_told_in_words_without_addresses() {
    let cases: Vec<(Reply, &str)> = vec![
        (Reply::Silence, "did not answer within 1000 ms"),
        (Reply::HalfWay(b"{\"took\": 1, \"hits\": {".to_vec()), "broke off in the middle"),
        (Reply::Raw(200, "", b"<html>Welcome to nginx</html>".to_vec()), "it is not JSON at line 1"),
        (Reply::Raw(200, "", Vec::new()), "it is not JSON"),
        (Reply::Json(200, json!({"hits": {"hits": [{}]}})), "another shape than expected"),
        (Reply::Json(200, json!({"took": 1})), "another shape than expected"),
        (Reply::Raw(200, "", vec![b' '; 3 << 20]), "more than 1048576 bytes"),
        (Reply::Raw(302, "location: http://10.0.0.7/\r\n", Vec::new()), "status 302"),
        (error(401, "security_exception"), "status 401 (security_exception)"),
        (error(404, "index_not_found_exception"), "status 404 (index_not_found_exception)"),
        (error(429, "circuit_breaking_exception"), "status 429 (circuit_breaking_exception)"),
        (error(500, "Null <b>Pointer</b>"), "status 500"),
        // A red cluster.
        (error(503, "search_phase_execution_exception"), "status 503 (search_phase_execution_exception)"),
        (with(|answer| answer["timed_out"] = json!(true)), "a part of its data only"),
        (with(|answer| answer["_shards"]["failed"] = json!(1)), "a part of its data only"),
        (with(|answer| answer["hits"]["hits"][0] = hit(1, &Value::Null)), "a hit has no score"),
        (with(|answer| answer["hits"]["hits"][0] = hit(1, &json!(-1.0))), "a hit has no score"),
        (with(|answer| answer["hits"]["hits"][0]["_source"]["skill"] = json!("?")), "a hit is of no skill"),
    ];
    for (reply, said) in cases {
        let (server, selector) = answering(reply.clone()).await;
        let told = trouble(&selector).await;
        assert!(told.contains(said), "{reply:?}: {told}");
        let address = server.url.trim_start_matches("http://").split('/').next().unwrap();
        assert!(!told.contains(address) && !told.contains("10.0.0.7") && !told.contains('<'), "{told}");
    }
    let refusing = ElasticsearchSelector::new(settings(&nobody().await)).unwrap();
    assert_eq!(trouble(&refusing).await, "its server cannot be reached");
}

#[tokio::test]
async fn only_candidates_are_voted_for() {
    let elastic = Elastic::start().await;
    let selector = elastic.selector();
    for number in 1..=3 {
        selector.learn(skill(number), &texts(&["who is it"]), &|_| ()).await.unwrap();
    }
    assert_eq!(ranked(&selector, "Who?", &[skill(3), skill(1)]).await.len(), 2);
    let mut many: Vec<_> = (100..1200).map(skill).collect();
    many.push(skill(2));
    assert_eq!(ranked(&selector, "Who?", &many).await, [(1100, 1.0)]);
    let searches = elastic.server.seen();
    let filters = |body: &str| body.contains("\"terms\"");
    let searches: Vec<bool> = searches
        .iter()
        .filter(|request| request.body.contains("\"match\""))
        .map(|request| filters(&request.body))
        .collect();
    assert_eq!(
        searches,
        [true, false],
        "with a great many candidates the answer is narrowed and not the search"
    );
    assert_eq!(ranked(&selector, "Who?", &[]).await, []);
}

#[tokio::test]
async fn the_search_is_as_set_up_and_partial_answers_are_declined() {
    let server = Server::start(|_| Reply::Json(200, found(&[]))).await;
    let mut settings = settings(&server.url);
    (settings.k, settings.votes) = (7, Votes::ByScore);
    settings.access = Access::Password { username: "ann".to_owned(), password: Secret::new("p:w") };
    let selector = ElasticsearchSelector::new(settings).unwrap();
    assert_eq!(ranked(&selector, &"x ".repeat(2000), &[skill(1)]).await, []);
    let request = &server.seen()[0];
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!((request.path.as_str(), &body["size"]), ("examples/_search", &json!(7)));
    assert_eq!(request.query["allow_partial_search_results"], "false");
    assert_eq!(request.headers["authorization"], "Basic YW5uOnA6dw==");
    let searched = body["query"]["bool"]["must"][0]["match"]["question"].as_str().unwrap();
    assert_eq!(searched.len(), 1000);
}

#[tokio::test]
async fn an_api_key_is_sent_as_it_is() {
    let server = Server::start(|_| Reply::Json(200, found(&[]))).await;
    let mut settings = settings(&server.url);
    settings.access = Access::ApiKey(Secret::new("VnVhQ2ZHY0JDZGJrUW0="));
    ranked(&ElasticsearchSelector::new(settings).unwrap(), "Who?", &[skill(1)]).await;
    assert_eq!(server.seen()[0].headers["authorization"], "ApiKey VnVhQ2ZHY0JDZGJrUW0=");
}

#[tokio::test]
async fn votes_by_score_follow_nearness() {
    let hits = [hit(1, &json!(9.0)), hit(2, &json!(3.0)), hit(2, &json!(0.0))];
    let server = Server::start(move |_| Reply::Json(200, found(&hits))).await;
    let mut settings = settings(&server.url);
    settings.votes = Votes::ByScore;
    let selector = ElasticsearchSelector::new(settings).unwrap();
    assert_eq!(ranked(&selector, "Who?", &[skill(1), skill(2)]).await, [(0, 0.75), (1, 0.25)]);
}

#[test]
fn impossible_settings_are_named() {
    let fault = |change: fn(&mut square_remote_selectors::ElasticsearchSettings)| {
        let mut settings = settings("http://es.example:9200");
        change(&mut settings);
        ElasticsearchSelector::new(settings).err().map(|error| error.key)
    };
    assert_eq!(fault(|_| ()), None);
    assert_eq!(fault(|settings| settings.url = "es.example".to_owned()), Some("selectors.elasticsearch.url"));
    for index in ["", "_x", "Upper", "a b", "a/b", "a,b", "*"] {
        let mut settings = settings("http://es.example:9200");
        settings.index = index.to_owned();
        let key = ElasticsearchSelector::new(settings).err().map(|error| error.key);
        assert_eq!(key, Some("selectors.elasticsearch.index"), "{index:?}");
    }
    assert_eq!(fault(|settings| settings.k = 0), Some("selectors.elasticsearch.k"));
    assert_eq!(
        fault(|settings| settings.time_limit = Duration::ZERO),
        Some("selectors.elasticsearch.timeout_ms")
    );
    let secret = |settings: &mut square_remote_selectors::ElasticsearchSettings| {
        settings.access = Access::ApiKey(Secret::new("a\nb"));
    };
    assert_eq!(fault(secret), Some("selectors.elasticsearch.api_key"));
}

#[tokio::test]
async fn it_tells_who_it_is() {
    let selector = ElasticsearchSelector::new(settings("http://es.example")).unwrap();
    assert_eq!(Selector::name(&selector), "Elasticsearch");
    assert!(selector.is_outside() && !selector.asks_unpublished());
}
