//! Providers of identities.

use super::environment::{Environment, SettingsError};
use super::types::{SecretSetting, text};
use super::validate::check;
use serde::Deserialize;
use url::Url;

/// How people sign in by what a provider says of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Social {
    pub(crate) state_required: bool,
    pub(crate) connect_timeout_ms: u64,
    pub(crate) time_limit_ms: u64,
    pub(crate) max_response_bytes: usize,
    pub(crate) github: Github,
    pub(crate) linkedin: Linkedin,
    pub(crate) google: Google,
    pub(crate) facebook: Facebook,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Github {
    #[serde(deserialize_with = "text")]
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretSetting,
    pub(crate) redirect_uri: String,
    pub(crate) authorize_url: String,
    pub(crate) token_url: String,
    pub(crate) api_url: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Linkedin {
    #[serde(deserialize_with = "text")]
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretSetting,
    pub(crate) redirect_uri: String,
    pub(crate) authorize_url: String,
    pub(crate) token_url: String,
    pub(crate) userinfo_url: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Google {
    #[serde(deserialize_with = "text")]
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) authorize_url: String,
    pub(crate) keys_url: String,
    pub(crate) issuer: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Facebook {
    #[serde(deserialize_with = "text")]
    pub(crate) app_id: String,
    pub(crate) app_secret: SecretSetting,
    pub(crate) redirect_uri: String,
    pub(crate) authorize_url: String,
    pub(crate) graph_url: String,
}

/// What a type cannot say about these settings.
pub(super) fn validate(environment: Environment, social: &Social) -> Result<(), SettingsError> {
    check(social.connect_timeout_ms > 0, "social.connect_timeout_ms", "must be more than 0")?;
    check(social.time_limit_ms > 0, "social.time_limit_ms", "must be more than 0")?;
    check(social.max_response_bytes >= 1024, "social.max_response_bytes", "must be at least 1024")?;
    let Social { github, linkedin, google, facebook, .. } = social;
    for (id, secret, setting) in [
        (&github.client_id, &github.client_secret, "social.github.client_secret"),
        (&linkedin.client_id, &linkedin.client_secret, "social.linkedin.client_secret"),
        (&facebook.app_id, &facebook.app_secret, "social.facebook.app_secret"),
    ] {
        check(id.is_empty() || secret.get().is_some(), setting, "must be set where the id beside it is")?;
    }
    for (on, url, setting) in [
        (&github.client_id, &github.authorize_url, "social.github.authorize_url"),
        (&github.client_id, &github.token_url, "social.github.token_url"),
        (&github.client_id, &github.api_url, "social.github.api_url"),
        (&linkedin.client_id, &linkedin.authorize_url, "social.linkedin.authorize_url"),
        (&linkedin.client_id, &linkedin.token_url, "social.linkedin.token_url"),
        (&linkedin.client_id, &linkedin.userinfo_url, "social.linkedin.userinfo_url"),
        (&google.client_id, &google.authorize_url, "social.google.authorize_url"),
        (&google.client_id, &google.keys_url, "social.google.keys_url"),
        (&facebook.app_id, &facebook.authorize_url, "social.facebook.authorize_url"),
        (&facebook.app_id, &facebook.graph_url, "social.facebook.graph_url"),
    ] {
        let scheme = Url::parse(url).ok().map(|url| url.scheme().to_owned()).unwrap_or_default();
        check(matches!(scheme.as_str(), "http" | "https"), setting, "must be an absolute http or https URL")?;
        // Secrets and tokens go there, and what comes back is believed.
        let in_the_clear = environment == Environment::Production && !on.is_empty() && scheme != "https";
        check(!in_the_clear, setting, "must begin with https:// in production")?;
    }
    check(
        google.client_id.is_empty() || !google.issuer.is_empty(),
        "social.google.issuer",
        "must not be empty",
    )
}
