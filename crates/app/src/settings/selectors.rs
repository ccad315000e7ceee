//! Selectors that need something from outside, a server or a folder; each is off until that is named.

use super::environment::SettingsError;
use super::types::{SecretSetting, text};
use super::validate::check;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Selectors {
    pub(crate) elasticsearch: Elasticsearch,
    pub(crate) transformer: Transformer,
    pub(crate) embedding: Embedding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VotesSetting {
    Uniform,
    Score,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Elasticsearch {
    pub(crate) url: String,
    #[serde(deserialize_with = "text")]
    pub(crate) index: String,
    #[serde(deserialize_with = "text")]
    pub(crate) username: String,
    pub(crate) password: SecretSetting,
    pub(crate) api_key: SecretSetting,
    pub(crate) k: u32,
    pub(crate) votes: VotesSetting,
    pub(crate) timeout_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transformer {
    pub(crate) url: String,
    pub(crate) timeout_ms: u64,
    pub(crate) training_timeout_s: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Embedding {
    #[serde(deserialize_with = "text")]
    pub(crate) folder: String,
    pub(crate) url: String,
    #[serde(deserialize_with = "text")]
    pub(crate) model: String,
    pub(crate) key: SecretSetting,
    pub(crate) timeout_ms: u64,
    pub(crate) batch: u32,
}

/// What the selectors themselves cannot say about their settings.
pub(super) fn validate(selectors: &Selectors) -> Result<(), SettingsError> {
    embedding(&selectors.embedding)?;
    let server = &selectors.elasticsearch;
    let one_password = server.username.is_empty() == server.password.get().is_none();
    let rule = "must be set with selectors.elasticsearch.username, and only then";
    check(one_password, "selectors.elasticsearch.password", rule)?;
    let one_way = server.username.is_empty() || server.api_key.get().is_none();
    check(one_way, "selectors.elasticsearch.api_key", "must not be set beside a username")
}

fn embedding(embedding: &Embedding) -> Result<(), SettingsError> {
    let one = embedding.folder.is_empty() || embedding.url.is_empty();
    check(one, "selectors.embedding.folder", "must not be set beside selectors.embedding.url")?;
    let rule = "must be set with selectors.embedding.url, and only then";
    check(embedding.model.is_empty() == embedding.url.is_empty(), "selectors.embedding.model", rule)?;
    let of_server = embedding.key.get().is_none() || !embedding.url.is_empty();
    check(of_server, "selectors.embedding.key", "must be set with selectors.embedding.url only")
}
