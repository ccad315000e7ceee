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
use sha2::{Digest, Sha256};
use square_kernel::Secret;
use square_routing::{Embedder, EmbedderVersion, Embedding, EmbeddingFailed, Waiting};
use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// More texts than this take no server in one call.
const LARGEST_BATCH: u32 = 2048;
/// More of a text is not sent, in characters: models read some hundred words.
const READ_CHARS: usize = 2000;
/// A text that is refused is sent again with half its characters, if it has more than these.
const SHORT_CHARS: usize = 200;
/// How long a call for a batch may take that no question waits for.
const LEARNING_LIMIT: Duration = Duration::from_secs(30);
/// The longest answer to one call, for each text: 4096 numbers, written out, are 90 kB.
const ANSWER_BYTES: usize = 256 * 1024;
/// How many embeddings are kept. With 1024 numbers each these are 16 MiB.
const KEPT: NonZeroUsize = NonZeroUsize::new(4096).expect("more than none");
/// The most numbers of an embedding.
const LONGEST: usize = 8192;

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
    /// How many texts go into one call.
    pub batch: u32,
}

/// Asks a server for embeddings, many at a time, and keeps those of late.
pub struct EmbeddingServer {
    server: Server,
    model: String,
    limit: Duration,
    batch: usize,
    kept: Mutex<LruCache<String, Embedding>>,
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
        if !(1..=LARGEST_BATCH).contains(&settings.batch) {
            return Err(SetupError::new("selectors.embedding.batch", "must be 1 to 2048"));
        }
        let bearer = |key: &Secret| {
            let mut value = HeaderValue::try_from(format!("Bearer {}", key.expose())).map_err(|_| {
                SetupError::new("selectors.embedding.key", "must not hold line breaks or the like")
            })?;
            value.set_sensitive(true);
            Ok(value)
        };
        let authorization = settings.api_key.as_ref().map(bearer).transpose()?;
        Ok(Self {
            server: Server::new("selectors.embedding.url", url, authorization)?,
            model: settings.model,
            limit,
            batch: settings.batch as usize,
            kept: Mutex::new(LruCache::new(KEPT)),
        })
    }

    /// The embeddings of `texts`. What a server refuses may have been too much for it: it gets half of it at a time then, and of a
    /// single text the first half. For learning, a text that it makes nothing of, where another one goes well, says nothing.
    async fn fetch(&self, texts: &[&str], waiting: Waiting) -> Result<Vec<Embedding>, Trouble> {
        let cut = |text: &&str| text.chars().take(READ_CHARS).collect::<String>();
        let mut waits: Vec<Vec<String>> = vec![texts.iter().map(cut).collect()];
        let mut embeddings = Vec::with_capacity(texts.len());
        while let Some(mut texts) = waits.pop() {
            let trouble = match self.ask(&texts, waiting).await {
                Ok(some) => {
                    embeddings.extend(some);
                    continue;
                }
                Err(trouble) => trouble,
            };
            let length = texts[0].chars().count();
            let is_least = texts.len() == 1 && length <= SHORT_CHARS;
            if is_least || !is_too_much(&trouble) {
                let dims = self.dims_in_spite_of(trouble, waiting).await?;
                if is_least {
                    tracing::warn!("the server of embeddings makes nothing of a text that is learnt from");
                    embeddings.push(vec![0.0; dims].into());
                    continue;
                }
            }
            if texts.len() > 1 {
                let rest = texts.split_off(texts.len() / 2);
                waits.extend([rest, texts]);
            } else {
                waits.push(vec![texts[0].chars().take(length / 2).collect()]);
            }
        }
        Ok(embeddings)
    }

    /// How many numbers an embedding has, if that of a text with which nothing can be wrong is to be had: then a text is to blame for
    /// `trouble`. A question does not wait for that.
    async fn dims_in_spite_of(&self, trouble: Trouble, waiting: Waiting) -> Result<usize, Trouble> {
        if waiting == Waiting::Asker || !may_be_a_text(&trouble) {
            return Err(trouble);
        }
        let plain = self.ask(&["?".to_owned()], waiting).await.ok();
        plain.and_then(|embeddings| Some(embeddings.first()?.len())).ok_or(trouble)
    }

    /// One call.
    async fn ask(&self, texts: &[String], waiting: Waiting) -> Result<Vec<Embedding>, Trouble> {
        // An empty text is refused by most.
        let filled = |text: &'_ String| if text.trim().is_empty() { "?".to_owned() } else { text.clone() };
        let input: Vec<String> = texts.iter().map(filled).collect();
        let body = json!({"model": self.model, "input": input, "encoding_format": "float"}).to_string();
        let call = |limit| {
            self.server.json(Call {
                method: Method::POST,
                path: "embeddings",
                query: &[],
                body: Body::Json(body.clone()),
                limit,
                max_bytes: ANSWER_BYTES * texts.len(),
            })
        };
        let answer: Answer = match waiting {
            Waiting::Asker => call(self.limit).await?,
            Waiting::Learner => patiently(|| call(LEARNING_LIMIT)).await?,
        };
        read(answer, texts.len())
    }

    fn kept(&self) -> MutexGuard<'_, LruCache<String, Embedding>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_too_much(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Status { status: 400 | 413 | 422, .. } | Trouble::TooLarge(_))
}

/// Whether a text may be to blame: there are models that a text brings down, or to numbers that are none.
fn may_be_a_text(trouble: &Trouble) -> bool {
    let status = matches!(trouble, Trouble::Status { status: 424 | 500..=599, .. });
    status
        || is_too_much(trouble)
        || matches!(trouble, Trouble::Late(_) | Trouble::BrokeOff | Trouble::Malformed(_))
}

fn read(answer: Answer, wanted: usize) -> Result<Vec<Embedding>, Trouble> {
    let malformed = |what: &str| Trouble::Malformed(what.to_owned());
    let mut items = answer.data;
    items.sort_by_key(|item| item.index);
    if items.len() != wanted || !items.iter().map(|item| item.index).eq(0..wanted) {
        return Err(malformed("it does not hold one embedding for each text"));
    }
    let embedding = |Item { embedding, .. }: Item| {
        if embedding.is_empty() || embedding.len() > LONGEST {
            return Err(malformed("an embedding has no numbers, or too many"));
        }
        let length = embedding.iter().map(|number| number * number).sum::<f64>().sqrt();
        if !length.is_finite() {
            return Err(malformed("an embedding holds what is no number"));
        }
        let divisor = if length > 0.0 { length } else { 1.0 };
        #[expect(clippy::cast_possible_truncation, reason = "between -1 and 1, it needs no more digits")]
        let embedding = embedding.into_iter().map(|number| (number / divisor) as f32);
        Ok(embedding.collect())
    };
    let embeddings = items.into_iter().map(embedding).collect::<Result<Vec<_>, _>>()?;
    if is_of_one_length(&embeddings) { Ok(embeddings) } else { Err(several_lengths()) }
}

fn several_lengths() -> Trouble {
    Trouble::Malformed("its embeddings are not all of one length".to_owned())
}

fn is_of_one_length(embeddings: &[Embedding]) -> bool {
    embeddings.windows(2).all(|pair| pair[0].len() == pair[1].len())
}

#[async_trait]
impl Embedder for EmbeddingServer {
    fn version(&self) -> EmbedderVersion {
        EmbedderVersion(Sha256::new().chain_update("server\0").chain_update(&self.model).finalize().into())
    }

    fn is_outside(&self) -> bool {
        true
    }

    async fn embed(&self, texts: &[String], waiting: Waiting) -> Result<Vec<Embedding>, EmbeddingFailed> {
        let failed = |trouble: Trouble| EmbeddingFailed(trouble.to_string());
        // Where the server has another model under the same name now, some of the first round were kept of the earlier one.
        for _ in 0..2 {
            let embeddings = self.kept_or_fetched(texts, waiting).await.map_err(failed)?;
            if is_of_one_length(&embeddings) {
                return Ok(embeddings);
            }
        }
        Err(failed(several_lengths()))
    }

    async fn embed_anew(&self, text: &str) -> Result<Embedding, EmbeddingFailed> {
        let failed = |trouble: Trouble| EmbeddingFailed(trouble.to_string());
        let embeddings = self.fetch(&[text], Waiting::Learner).await.map_err(failed)?;
        self.kept().clear();
        let none = || EmbeddingFailed("the text got no embedding".to_owned());
        embeddings.into_iter().next().ok_or_else(none)
    }
}

impl EmbeddingServer {
    async fn kept_or_fetched(&self, texts: &[String], waiting: Waiting) -> Result<Vec<Embedding>, Trouble> {
        let mut found: HashMap<&str, Embedding> = HashMap::new();
        let mut missing = BTreeSet::new();
        for text in texts {
            match self.kept().get(text) {
                Some(embedding) => drop(found.insert(text, embedding.clone())),
                None => drop(missing.insert(text.as_str())),
            }
        }
        let missing: Vec<&str> = missing.into_iter().collect();
        for missing in missing.chunks(self.batch) {
            for (text, embedding) in missing.iter().zip(self.fetch(missing, waiting).await?) {
                self.keep(text, &embedding);
                found.insert(text, embedding);
            }
        }
        Ok(texts.iter().filter_map(|text| found.get(text.as_str()).cloned()).collect())
    }

    /// What is kept is all of one length: by another one it shows that the server has another model under the same name now, and
    /// what was kept of the earlier one is of no use any more.
    fn keep(&self, text: &str, embedding: &Embedding) {
        let mut kept = self.kept();
        if kept.peek_lru().is_some_and(|(_, other)| other.len() != embedding.len()) {
            kept.clear();
        }
        kept.put(text.to_owned(), embedding.clone());
    }
}
