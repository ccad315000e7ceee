//! A search server as Elasticsearch documents itself, with one index: what is written is found after a refresh, writes
//! are told of one by one, deleting works on what is visible. Nearness is the number of common words.

use crate::server::{Reply, Request, Server};
use serde_json::{Map, Value, json};
use square_remote_selectors::{Access, ElasticsearchSelector, ElasticsearchSettings, Votes};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Fault = Box<dyn FnMut(&Request) -> Option<Reply> + Send>;

#[derive(Default)]
struct State {
    mapping: Option<Value>,
    documents: BTreeMap<String, Document>,
    fault: Option<Fault>,
}

struct Document {
    source: Value,
    visible: bool,
}

pub(crate) struct Elastic {
    pub(crate) server: Server,
    state: Arc<Mutex<State>>,
}

/// Settings that fit any server.
pub(crate) fn settings(url: &str) -> ElasticsearchSettings {
    ElasticsearchSettings {
        url: url.to_owned(),
        index: "examples".to_owned(),
        access: Access::Open,
        k: 10,
        votes: Votes::Uniform,
        time_limit: Duration::from_secs(5),
    }
}

impl Elastic {
    pub(crate) async fn start() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        let server = Server::start(move |request| {
            let mut state = shared.lock().unwrap();
            let fault = state.fault.as_mut().and_then(|fault| fault(request));
            fault.unwrap_or_else(|| state.answer(request))
        });
        Self { server: server.await, state }
    }

    pub(crate) fn selector(&self) -> ElasticsearchSelector {
        ElasticsearchSelector::new(settings(&self.server.url)).unwrap()
    }

    /// Answers in the place of the server where it gives something.
    pub(crate) fn fault(&self, fault: impl FnMut(&Request) -> Option<Reply> + Send + 'static) {
        self.state.lock().unwrap().fault = Some(Box::new(fault));
    }

    /// Behaves well again.
    pub(crate) fn recover(&self) {
        self.state.lock().unwrap().fault = None;
    }

    pub(crate) fn set_mapping(&self, properties: &Value) {
        self.state.lock().unwrap().mapping = Some(json!({"properties": properties}));
    }

    pub(crate) fn mapping(&self) -> Option<Value> {
        self.state.lock().unwrap().mapping.clone()
    }

    /// The questions that searches find, in order.
    pub(crate) fn questions(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let visible = state.documents.values().filter(|document| document.visible);
        let mut questions: Vec<String> =
            visible.map(|document| document.source["question"].as_str().unwrap().to_owned()).collect();
        questions.sort();
        questions
    }
}

pub(crate) fn error(status: u16, kind: &str) -> Reply {
    let cause = json!({"type": kind, "reason": "for a test, at 10.0.0.7"});
    Reply::Json(status, json!({"error": {"type": kind, "root_cause": [cause]}, "status": status}))
}

/// A search's answer with these hits.
pub(crate) fn found(hits: &[Value]) -> Value {
    let shards = json!({"total": 1, "successful": 1, "skipped": 0, "failed": 0});
    json!({"took": 1, "timed_out": false, "_shards": shards, "hits": {"max_score": null, "hits": hits}})
}

impl State {
    fn answer(&mut self, request: &Request) -> Reply {
        let call = request.path.strip_prefix("examples").expect("the index is meant");
        if self.mapping.is_none() && !call.is_empty() {
            return error(404, "index_not_found_exception");
        }
        match (request.method.as_str(), call) {
            ("GET", "/_mapping") => Reply::Json(200, json!({"examples": {"mappings": self.mapping}})),
            ("PUT", "") if self.mapping.is_some() => error(400, "resource_already_exists_exception"),
            ("PUT", "") => {
                self.mapping = Some(parsed(request)["mappings"].clone());
                Reply::Json(
                    200,
                    json!({"acknowledged": true, "shards_acknowledged": true, "index": "examples"}),
                )
            }
            ("POST", "/_refresh") => {
                self.documents.values_mut().for_each(|document| document.visible = true);
                Reply::Json(200, json!({"_shards": {"total": 2, "successful": 1, "failed": 0}}))
            }
            ("POST", "/_bulk") => self.bulk(&request.body),
            ("POST", "/_search") => Reply::Json(200, self.search(&parsed(request))),
            ("POST", "/_msearch") => {
                let lines: Vec<Value> =
                    request.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                let answers: Vec<Value> =
                    lines.chunks(2).map(|pair| with_status(self.search(&pair[1]))).collect();
                Reply::Json(200, json!({"took": 3, "responses": answers}))
            }
            ("POST", "/_delete_by_query") => {
                let query = parsed(request)["query"].clone();
                let before = self.documents.len();
                self.documents
                    .retain(|_, document| !document.visible || nearness(&query, &document.source).is_none());
                let deleted = before - self.documents.len();
                Reply::Json(
                    200,
                    json!({"took": 1, "timed_out": false, "deleted": deleted, "version_conflicts": 0, "failures": []}),
                )
            }
            other => panic!("no such call: {other:?}"),
        }
    }

    fn bulk(&mut self, body: &str) -> Reply {
        assert!(body.ends_with('\n'), "the last line ends too");
        let lines: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut items = Vec::new();
        for pair in lines.chunks(2) {
            let id = pair[0]["create"]["_id"].as_str().expect("documents are created").to_owned();
            let item = match self.documents.entry(id) {
                Entry::Occupied(_) => {
                    json!({"status": 409, "error": {"type": "version_conflict_engine_exception"}})
                }
                Entry::Vacant(place) => {
                    place.insert(Document { source: pair[1].clone(), visible: false });
                    json!({"status": 201})
                }
            };
            items.push(json!({"create": item}));
        }
        let errors = items.iter().any(|item| item["create"]["status"] != 201);
        Reply::Json(200, json!({"errors": errors, "items": items}))
    }

    fn search(&self, body: &Value) -> Value {
        let visible = self.documents.values().filter(|document| document.visible);
        let mut hits: Vec<(f64, &Value)> = visible
            .filter_map(|document| Some((nearness(&body["query"], &document.source)?, &document.source)))
            .collect();
        if let Some(composite) = body["aggs"]["versions"].get("composite") {
            return versions(composite, &hits);
        }
        hits.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let size = usize::try_from(body["size"].as_u64().unwrap()).unwrap();
        let hit = |(score, source): &(f64, &Value)| json!({"_score": score, "_source": source});
        found(&hits.iter().take(size).map(hit).collect::<Vec<_>>())
    }
}

fn parsed(request: &Request) -> Value {
    serde_json::from_str(&request.body).unwrap()
}

fn with_status(mut answer: Value) -> Value {
    answer["status"] = json!(200);
    answer
}

/// One bucket a page, so that pages are turned.
fn versions(composite: &Value, hits: &[(f64, &Value)]) -> Value {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (_, source) in hits {
        let text = |field: &str| source[field].as_str().unwrap().to_owned();
        *counts.entry((text("skill"), text("version"))).or_default() += 1;
    }
    let after = composite.get("after").map(|after| {
        let text = |field: &str| after[field].as_str().unwrap().to_owned();
        (text("skill"), text("version"))
    });
    let mut answer = Map::new();
    let next = counts.into_iter().find(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    answer.insert("buckets".to_owned(), json!([]));
    if let Some(((skill, version), count)) = next {
        let key = json!({"skill": skill, "version": version});
        answer.insert("buckets".to_owned(), json!([{"key": key.clone(), "doc_count": count}]));
        answer.insert("after_key".to_owned(), key);
    }
    let mut reply = found(&[]);
    reply["aggregations"] = json!({"versions": answer});
    reply
}

/// How near a document is to a query; `None` where it is not found.
fn nearness(query: &Value, source: &Value) -> Option<f64> {
    let (kind, content) = query.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "match_all" => Some(1.0),
        "match" => {
            let common = words(&content["question"]).intersection(&words(&source["question"])).count();
            (common > 0).then_some(f64::from(u32::try_from(common).unwrap()))
        }
        "term" => {
            let (field, value) = content.as_object().unwrap().iter().next().unwrap();
            (source[field] == *value).then_some(0.0)
        }
        "terms" => {
            let (field, values) = content.as_object().unwrap().iter().next().unwrap();
            values.as_array().unwrap().contains(&source[field]).then_some(0.0)
        }
        "bool" => {
            let clauses = |name: &str| content.get(name).map(listed).unwrap_or_default();
            if clauses("must_not").iter().any(|clause| nearness(clause, source).is_some()) {
                return None;
            }
            clauses("filter").iter().try_for_each(|clause| nearness(clause, source).map(drop))?;
            clauses("must").iter().map(|clause| nearness(clause, source)).sum()
        }
        other => panic!("no such query: {other}"),
    }
}

fn listed(clauses: &Value) -> Vec<Value> {
    clauses.as_array().unwrap().clone()
}

fn words(text: &Value) -> BTreeSet<String> {
    let text = text.as_str().unwrap().to_lowercase();
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
