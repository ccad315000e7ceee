//! The selectors that questions can ask for, as the settings say.

use crate::settings::{Settings, SettingsError, VotesSetting};
use square_remote_selectors::{
    Access, ElasticsearchSelector, ElasticsearchSettings, EmbeddingServer, EmbeddingServerSettings,
    EmbeddingTable, Guarded, SetupError, TransformerSelector, TransformerSettings, Votes,
};
use square_routing::{Embedder, Selector};
use square_selectors::{BaseSelector, EmbeddingSelector, SquareSelector};
use square_skills::ports::Learner;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The selectors, and which of them learn.
pub(crate) struct Selectors {
    /// The default one first.
    pub(crate) all: Vec<Arc<dyn Selector>>,
    pub(crate) learners: Vec<Arc<dyn Learner>>,
    /// Who ranks where another one cannot.
    pub(crate) fallback: Arc<dyn Selector>,
}

pub(crate) fn selectors(settings: &Settings) -> Result<Selectors, SettingsError> {
    let square = Arc::new(SquareSelector::new());
    let mut selectors = Selectors {
        all: vec![square.clone(), Arc::new(BaseSelector)],
        learners: vec![square.clone()],
        fallback: square.clone(),
    };
    if let Some(embedder) = embedder(settings)? {
        let selector = Arc::new(EmbeddingSelector::beside(&square, embedder));
        if selector.is_outside() {
            selectors.add(selector, Duration::from_millis(settings.selectors.embedding.timeout_ms));
        } else {
            selectors.learners.push(selector.clone());
            selectors.all.push(selector);
        }
    }
    if !settings.selectors.elasticsearch.url.is_empty() {
        let selector = elasticsearch(settings).map_err(|error| sentence(&error))?;
        let limit = Duration::from_millis(settings.selectors.elasticsearch.timeout_ms);
        selectors.add(Arc::new(selector), limit);
    }
    if !settings.selectors.transformer.url.is_empty() {
        let selector = transformer(settings).map_err(|error| sentence(&error))?;
        let limit = Duration::from_millis(settings.selectors.transformer.timeout_ms);
        selectors.add(Arc::new(selector), limit);
    }
    Ok(selectors)
}

impl Selectors {
    /// Adds a selector that needs a server outside, and so fails at times.
    fn add<S: Selector + Learner + 'static>(&mut self, selector: Arc<S>, limit: Duration) {
        self.learners.push(selector.clone());
        self.all.push(Arc::new(Guarded::new(selector, limit)));
    }
}

/// What makes embeddings, where the settings name it.
pub(crate) fn embedder(settings: &Settings) -> Result<Option<Arc<dyn Embedder>>, SettingsError> {
    let embedding = &settings.selectors.embedding;
    if !embedding.folder.is_empty() {
        let table = EmbeddingTable::open(Path::new(&embedding.folder)).map_err(|error| {
            SettingsError(format!("the setting selectors.embedding.folder is impossible: there, {error}"))
        })?;
        return Ok(Some(Arc::new(table)));
    }
    if embedding.url.is_empty() {
        return Ok(None);
    }
    let server = EmbeddingServer::new(EmbeddingServerSettings {
        url: embedding.url.clone(),
        model: embedding.model.clone(),
        api_key: embedding.key.get().cloned(),
        time_limit: Duration::from_millis(embedding.timeout_ms),
        batch: embedding.batch,
    });
    Ok(Some(Arc::new(server.map_err(|error| sentence(&error))?)))
}

fn elasticsearch(settings: &Settings) -> Result<ElasticsearchSelector, SetupError> {
    let server = &settings.selectors.elasticsearch;
    let access = match (server.password.get(), server.api_key.get()) {
        (Some(password), _) => {
            Access::Password { username: server.username.clone(), password: password.clone() }
        }
        (None, Some(key)) => Access::ApiKey(key.clone()),
        (None, None) => Access::Open,
    };
    ElasticsearchSelector::new(ElasticsearchSettings {
        url: server.url.clone(),
        index: server.index.clone(),
        access,
        k: server.k,
        votes: match server.votes {
            VotesSetting::Uniform => Votes::Uniform,
            VotesSetting::Score => Votes::ByScore,
        },
        time_limit: Duration::from_millis(server.timeout_ms),
    })
}

fn transformer(settings: &Settings) -> Result<TransformerSelector, SetupError> {
    let server = &settings.selectors.transformer;
    TransformerSelector::new(&TransformerSettings {
        url: server.url.clone(),
        time_limit: Duration::from_millis(server.timeout_ms),
        training_limit: Duration::from_secs(server.training_timeout_s),
    })
}

fn sentence(error: &SetupError) -> SettingsError {
    SettingsError(format!("the setting {} is impossible: it {}", error.key, error.reason))
}
