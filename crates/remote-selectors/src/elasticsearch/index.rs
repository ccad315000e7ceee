use crate::patience::{goes_on, patiently, pause};
use crate::server::{Body, Call, Server};
use crate::trouble::{Trouble, word};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How long a call that changes the index may take.
const LIMIT: Duration = Duration::from_secs(10);
/// The longest answer to such a call.
const ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// How many documents are written in one call, and how many bytes at most, but for the last document.
const BATCH: usize = 1000;
const BATCH_BYTES: usize = 1024 * 1024;
/// How often what conflicts hindered is deleted again.
const DELETIONS: u32 = 3;
/// How many versions are read in one call.
const PAGE: usize = 1000;

/// The fields of a document, one for each example question, and their types.
const FIELDS: [(&str, &str); 4] =
    [("skill", "keyword"), ("version", "keyword"), ("examples", "integer"), ("question", "text")];

/// An index of example questions at a search server.
pub(super) struct Index {
    server: Server,
    name: String,
}

/// A version of a skill's examples that the index holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) skill: String,
    pub(super) version: String,
    pub(super) documents: usize,
}

impl Index {
    pub(super) fn new(server: Server, name: String) -> Self {
        Self { server, name }
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn path(&self, call: &str) -> String {
        format!("{}/{call}", self.name)
    }

    async fn call<T: serde::de::DeserializeOwned>(
        &self,
        (method, path): (Method, &str),
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<T, Trouble> {
        patiently(|| {
            let body = body.map_or(Body::Nothing, |body| Body::Json(body.to_string()));
            self.server.json(Call {
                method: method.clone(),
                path,
                query,
                body,
                limit: LIMIT,
                max_bytes: ANSWER_BYTES,
            })
        })
        .await
    }

    /// Makes the index where it is missing, and sees to it that its fields are those of this selector.
    pub(super) async fn ensure(&self) -> Result<(), Trouble> {
        let mapping = self.path("_mapping");
        match self.call::<Value>((Method::GET, &mapping), &[], None).await {
            Ok(answer) => return check(&answer),
            Err(trouble) if trouble.is(404, "") => {}
            Err(trouble) => return Err(trouble),
        }
        let properties: Map<String, Value> =
            FIELDS.iter().map(|(field, kind)| ((*field).to_owned(), json!({"type": kind}))).collect();
        let body = json!({"mappings": {"dynamic": "strict", "properties": properties}});
        match self.call::<Value>((Method::PUT, &self.name), &[], Some(&body)).await {
            // Another instance was faster.
            Err(trouble) if trouble.is(400, "resource_already_exists_exception") => {
                check(&self.call((Method::GET, &mapping), &[], None).await?)
            }
            outcome => outcome.map(drop),
        }
    }

    /// Has searches find what was written before.
    pub(super) async fn refresh(&self) -> Result<(), Trouble> {
        let path = self.path("_refresh");
        self.call::<Value>((Method::POST, &path), &[], None).await.map(drop)
    }

    /// Writes documents with their ids, but for those that are there already: one with the same id is the same. `progress`
    /// is told how many are through.
    pub(super) async fn write(
        &self,
        documents: &[(String, Value)],
        progress: &(dyn Fn(usize) + Send + Sync),
    ) -> Result<(), Trouble> {
        let mut written = 0;
        while written < documents.len() {
            let (lines, count) = batch(&documents[written..]);
            self.write_batch(lines).await?;
            written += count;
            progress(written);
        }
        Ok(())
    }

    /// Writes a batch of lines, two a document; those that the server is too busy for are sent again.
    async fn write_batch(&self, mut lines: Vec<String>) -> Result<(), Trouble> {
        let path = self.path("_bulk");
        for attempt in 0.. {
            let body: String = lines.concat();
            let answer: BulkAnswer = patiently(|| {
                self.server.json(Call {
                    method: Method::POST,
                    path: &path,
                    query: &[("filter_path", "errors,items.*.status,items.*.error.type")],
                    body: Body::JsonLines(body.clone()),
                    limit: LIMIT,
                    max_bytes: ANSWER_BYTES,
                })
            })
            .await?;
            let busy = answer.busy(lines.len())?;
            if busy.is_empty() {
                return Ok(());
            }
            if !goes_on(attempt) {
                return Err(Trouble::Status { status: 429, kind: String::new(), retry_after: None });
            }
            lines = busy.into_iter().map(|place| std::mem::take(&mut lines[place])).collect();
            tokio::time::sleep(pause(attempt, None)).await;
        }
        Ok(())
    }

    /// Deletes what `query` finds, and has searches know.
    pub(super) async fn delete(&self, query: &Value) -> Result<(), Trouble> {
        let path = self.path("_delete_by_query");
        let body = json!({"query": query});
        for _ in 0..DELETIONS {
            let parameters = [("conflicts", "proceed"), ("refresh", "true")];
            let deleted: Deleted = self.call((Method::POST, &path), &parameters, Some(&body)).await?;
            if deleted.timed_out || !deleted.failures.is_empty() {
                return Err(Trouble::Partial);
            }
            if deleted.version_conflicts == 0 {
                return Ok(());
            }
        }
        Err(Trouble::Refused("somebody else kept changing what was to be deleted".to_owned()))
    }

    /// The versions that are there, of one skill or of all.
    pub(super) async fn versions(&self, skill: Option<&str>) -> Result<Vec<Held>, Trouble> {
        let path = self.path("_search");
        let (mut held, mut after) = (Vec::new(), None);
        loop {
            let body = versions_query(skill, after.as_ref());
            let parameters = [("allow_partial_search_results", "false")];
            let answer: VersionsAnswer = self.call((Method::POST, &path), &parameters, Some(&body)).await?;
            let versions = answer.aggregations.versions;
            held.extend(versions.buckets.into_iter().map(|bucket| Held {
                skill: bucket.key.skill,
                version: bucket.key.version,
                documents: bucket.doc_count,
            }));
            after = versions.after_key;
            if after.is_none() {
                return Ok(held);
            }
        }
    }
}

/// A page of the distinct pairs of skill and version, from after a pair on.
fn versions_query(skill: Option<&str>, after: Option<&Value>) -> Value {
    let sources =
        json!([{"skill": {"terms": {"field": "skill"}}}, {"version": {"terms": {"field": "version"}}}]);
    let mut composite = json!({"size": PAGE, "sources": sources});
    if let Some(after) = after {
        composite["after"] = after.clone();
    }
    let query = skill.map_or(json!({"match_all": {}}), |skill| json!({"term": {"skill": skill}}));
    let aggregation = json!({"versions": {"composite": composite}});
    json!({"size": 0, "track_total_hits": false, "query": query, "aggs": aggregation})
}

/// The lines for the first of `documents`, and how many those are.
fn batch(documents: &[(String, Value)]) -> (Vec<String>, usize) {
    let (mut lines, mut bytes) = (Vec::new(), 0);
    for (id, document) in documents.iter().take(BATCH) {
        if bytes >= BATCH_BYTES {
            break;
        }
        let lines_of_one = format!("{}\n{document}\n", json!({"create": {"_id": id}}));
        bytes += lines_of_one.len();
        lines.push(lines_of_one);
    }
    let count = lines.len();
    (lines, count)
}

/// Whether an index that is there can be used. Its name may be an alias, so the answer may name another one.
fn check(answer: &Value) -> Result<(), Trouble> {
    let properties = answer.as_object().and_then(|indices| indices.values().next());
    let properties = properties.map(|index| &index["mappings"]["properties"]);
    for (field, expected) in FIELDS {
        let kind = properties.and_then(|properties| properties[field]["type"].as_str());
        if kind != Some(expected) {
            let text =
                format!("the index holds something else: its field {field} is not of the type {expected}");
            return Err(Trouble::Refused(text));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct BulkAnswer {
    errors: bool,
    #[serde(default)]
    items: Vec<Map<String, Value>>,
}

impl BulkAnswer {
    /// The places of the items that the server was too busy for, of so many; an error where another one failed.
    fn busy(&self, items: usize) -> Result<Vec<usize>, Trouble> {
        if self.items.len() != items {
            return Err(Trouble::Malformed("it does not tell what became of each document".to_owned()));
        }
        let mut busy = Vec::new();
        for (place, item) in self.items.iter().enumerate() {
            let item = item.values().next().unwrap_or(&Value::Null);
            let status = item["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(0);
            match status {
                // With 409 it is there already.
                200..=299 | 409 => {}
                429 | 503 => busy.push(place),
                status => {
                    let kind = word(item["error"]["type"].as_str().unwrap_or_default());
                    return Err(Trouble::Status { status, kind, retry_after: None });
                }
            }
        }
        if !busy.is_empty() && !self.errors {
            return Err(Trouble::Malformed(
                "it says both that there were errors and that there were none".to_owned(),
            ));
        }
        Ok(busy)
    }
}

#[derive(Deserialize)]
struct Deleted {
    #[serde(default)]
    timed_out: bool,
    #[serde(default)]
    version_conflicts: u64,
    #[serde(default)]
    failures: Vec<Value>,
}

#[derive(Deserialize)]
struct VersionsAnswer {
    aggregations: Aggregations,
}

#[derive(Deserialize)]
struct Aggregations {
    versions: Versions,
}

#[derive(Deserialize)]
struct Versions {
    buckets: Vec<Bucket>,
    after_key: Option<Value>,
}

#[derive(Deserialize)]
struct Bucket {
    key: Key,
    doc_count: usize,
}

#[derive(Deserialize)]
struct Key {
    skill: String,
    version: String,
}
