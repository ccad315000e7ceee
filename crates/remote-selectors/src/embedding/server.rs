use super::normalise;
use crate::patience::patiently;
use crate::server::{Body, Call, Server};
use crate::setup::{SetupError, address, time_limit};
use crate::trouble::Trouble;
use async_trait::async_trait;
use lru::LruCache;
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::json;
use square_kernel::Secret;
use square_routing::{Embedder, Embedding, EmbeddingFailed, Waiting};
use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// How many texts go into one call.
const BATCH: usize = 64;
/// How long a call for a batch may take that no question waits for.
const LEARNING_LIMIT: Duration = Duration::from_secs(30);
/// The longest answer to one call: 64 embeddings of 4096 numbers, written out, are 6 MB.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// How many embeddings are kept. With 1024 numbers each these are 16 MiB.
const KEPT: NonZeroUsize = NonZeroUsize::new(4096).expect("more than none");

/// A server with the call `POST {url}/embeddings` as `OpenAI` documents it: Ollama, TEI, vLLM and others.
#[derive(Debug, Clone)]
pub struct EmbeddingServerSettings {
    /// Its address up to `/v1`.
    pub url: String,
    /// The model, as the server calls it.
    pub model: String,
    /// The key to sign in with, where one is needed.
    pub api_key: Option<Secret>,
    /// How long a question may wait.
    pub time_limit: Duration,
}

/// Asks a server for embeddings, many at a time, and keeps those of late.
pub struct EmbeddingServer {
    server: Server,
    model: String,
    limit: Duration,
    kept: Mutex<LruCache<String, Embedding>>,
    dims: OnceLock<usize>,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    index: usize,
    embedding: Vec<f64>,
}

impl EmbeddingServer {
    /// Checks the settings. Nothing is asked of the server yet.
    pub fn new(settings: EmbeddingServerSettings) -> Result<Self, SetupError> {
        let url = address("selectors.embedding.url", &settings.url)?;
        let limit = time_limit("selectors.embedding.timeout_ms", settings.time_limit)?;
        if settings.model.is_empty() {
            return Err(SetupError::new(
                "selectors.embedding.model",
                "must be the model's name at the server",
            ));
        }
        let bearer = |key: &Secret| {
            let mut value = HeaderValue::try_from(format!("Bearer {}", key.expose())).map_err(|_| {
                SetupError::new("selectors.embedding.api_key", "must not hold line breaks or the like")
            })?;
            value.set_sensitive(true);
            Ok(value)
        };
        let authorization = settings.api_key.as_ref().map(bearer).transpose()?;
        Ok(Self {
            server: Server::new("selectors.embedding.url", url, authorization)?,
            model: settings.model,
            limit,
            kept: Mutex::new(LruCache::new(KEPT)),
            dims: OnceLock::new(),
        })
    }

    /// The embeddings of at most [`BATCH`] texts.
    async fn fetch(&self, texts: &[&str], waiting: Waiting) -> Result<Vec<Embedding>, Trouble> {
        let body = json!({"model": self.model, "input": texts, "encoding_format": "float"}).to_string();
        let call = |limit| {
            self.server.json(Call {
                method: Method::POST,
                path: "embeddings",
                query: &[],
                body: Body::Json(body.clone()),
                limit,
                max_bytes: ANSWER_BYTES,
            })
        };
        let answer: Answer = match waiting {
            Waiting::Asker => call(self.limit).await?,
            Waiting::Learner => patiently(|| call(LEARNING_LIMIT)).await?,
        };
        self.read(answer, texts.len())
    }

    fn read(&self, answer: Answer, wanted: usize) -> Result<Vec<Embedding>, Trouble> {
        let malformed = |what: &str| Trouble::Malformed(what.to_owned());
        let mut items = answer.data;
        items.sort_by_key(|item| item.index);
        if items.len() != wanted || !items.iter().map(|item| item.index).eq(0..wanted) {
            return Err(malformed("it does not hold one embedding for each text"));
        }
        let mut embeddings = Vec::with_capacity(wanted);
        for Item { embedding, .. } in items {
            #[expect(clippy::cast_possible_truncation, reason = "what becomes infinite is refused below")]
            let mut embedding: Vec<f32> = embedding.into_iter().map(|number| number as f32).collect();
            let dims = *self.dims.get_or_init(|| embedding.len());
            if embedding.is_empty() || embedding.len() != dims {
                return Err(malformed("its embeddings are not all of one length"));
            }
            if !embedding.iter().all(|number| number.is_finite()) {
                return Err(malformed("an embedding holds what is no number"));
            }
            normalise(&mut embedding);
            embeddings.push(embedding.into());
        }
        Ok(embeddings)
    }

    fn kept(&self) -> MutexGuard<'_, LruCache<String, Embedding>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Embedder for EmbeddingServer {
    async fn embed(&self, texts: &[String], waiting: Waiting) -> Result<Vec<Embedding>, EmbeddingFailed> {
        let mut found: HashMap<&str, Embedding> = HashMap::new();
        let mut missing = BTreeSet::new();
        for text in texts {
            match self.kept().get(text) {
                Some(embedding) => drop(found.insert(text, embedding.clone())),
                None => drop(missing.insert(text.as_str())),
            }
        }
        let missing: Vec<&str> = missing.into_iter().collect();
        for missing in missing.chunks(BATCH) {
            let embeddings = self.fetch(missing, waiting).await;
            let embeddings = embeddings.map_err(|trouble| EmbeddingFailed(trouble.to_string()))?;
            for (text, embedding) in missing.iter().zip(embeddings) {
                self.kept().put((*text).to_owned(), embedding.clone());
                found.insert(text, embedding);
            }
        }
        Ok(texts.iter().filter_map(|text| found.get(text.as_str()).cloned()).collect())
    }
}
